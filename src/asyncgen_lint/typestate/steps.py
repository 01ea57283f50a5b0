"""Calls that step or close a generator, and whether their awaitable is taken for the item."""

from __future__ import annotations

from collections.abc import Mapping

import libcst as cst

from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import Scope, dotted_name
from asyncgen_lint.typestate.knowledge import Knowledge

_AWAITABLE_METHODS = frozenset(
    {"send", "throw", "close", "__await__", "cancel", "add_done_callback"}
)


class Steps:
    """Answers for the calls of one module."""

    def __init__(self, knowledge: Knowledge, parents: Mapping[cst.CSTNode, cst.CSTNode]) -> None:
        self._knowledge = knowledge
        self._parents = parents

    def method(self, call: cst.Call, scope: Scope) -> str:
        """Return the name of the step or close of a generator that a call makes, or nothing."""
        if self._knowledge.dotted(call.func, scope) == "builtins.anext":
            return "anext"
        if not isinstance(call.func, cst.Attribute):
            return ""
        method = call.func.attr.value
        if method != "aclose" and method not in tables.STEP_METHODS:
            return ""
        return method if self._knowledge.is_async_generator(call.func.value, scope) else ""

    def is_used_as_item(self, call: cst.Call, function: Scope) -> bool:
        """Return whether the awaitable that a call gives is used as if it were the item."""
        return self._is_item_use(call) or self._is_kept_as_item(call, function)

    def _is_kept_as_item(self, call: cst.Call, function: Scope) -> bool:
        """Return whether a name gets the awaitable, and is then only used as an item."""
        parent = self._parents[call]
        if not isinstance(parent, cst.Assign) or len(parent.targets) != 1:
            return False
        target = parent.targets[0].target
        if not isinstance(target, cst.Name) or len(function.bindings.get(target.value, ())) != 1:
            return False
        inner = [each for each in function.descendants() if each is not function]
        if any(target.value in each.loads for each in inner):
            return False
        loads = function.loads.get(target.value, [])
        return bool(loads) and all(self._is_item_use(each) for each in loads)

    def _is_item_use(self, node: cst.CSTNode) -> bool:
        parent = self._parents[node]
        if isinstance(parent, (cst.ComparisonTarget, cst.BinaryOperation, cst.Subscript)):
            return not isinstance(parent, cst.Subscript) or parent.value is node
        if isinstance(parent, cst.Comparison):
            return not any(
                isinstance(each.operator, (cst.Is, cst.IsNot)) for each in parent.comparisons
            )
        if isinstance(parent, cst.UnaryOperation):
            return True
        if isinstance(parent, (cst.If, cst.While, cst.IfExp)):
            return parent.test is node and isinstance(node, cst.Call)
        if isinstance(parent, cst.Attribute):
            return parent.attr.value not in _AWAITABLE_METHODS
        return False


def stepped(call: cst.Call) -> cst.BaseExpression | None:
    """Return the generator that a stepping call steps."""
    if isinstance(call.func, cst.Attribute) and call.func.attr.value != "anext":
        return call.func.value
    return call.args[0].value if call.args else None


def stepped_name(call: cst.Call) -> str:
    """Return the name of the generator that a stepping call steps, if it has one."""
    generator = stepped(call)
    return dotted_name(generator) if generator is not None else ""
