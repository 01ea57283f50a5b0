"""Which context managers open a cancel scope or a task group that is still open in their body.

PEP 789: a `yield` inside one lets the scope cancel whatever the consumer does meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from asyncgen_lint.flow.graph import Call, Graph, Region, RegionKind, Yield
from asyncgen_lint.names.resolve import full_name
from asyncgen_lint.names.scopes import Scope, ScopeKind, dotted_name, is_name
from asyncgen_lint.source.walk import descendants
from asyncgen_lint.typestate.knowledge import FunctionKind, Knowledge

_ENTERING = frozenset({"enter_async_context", "enter_context"})
_STACKS = frozenset({"contextlib.AsyncExitStack", "contextlib.ExitStack"})
_MAX_DEPTH = 8


class CancelScopes:
    """Answers for the functions and classes of one module."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def open_at_yields(self, function: Scope) -> Iterator[tuple[cst.CSTNode, str, cst.CSTNode]]:
        """Yield each own `yield` inside a scope, with the scope's name and the place it opens."""
        return self._open_at_yields(function, _MAX_DEPTH)

    def _open_at_yields(
        self, function: Scope, depth: int
    ) -> Iterator[tuple[cst.CSTNode, str, cst.CSTNode]]:
        graph = self._knowledge.graph(function)
        if graph is None or depth <= 0:
            return
        seen: set[cst.CSTNode] = set()
        for block in graph.blocks:
            for each in block.instructions:
                if not isinstance(each, Yield) or each.node in seen:
                    continue
                for region in block.regions:
                    name = self._opened_by(region, function, graph, depth)
                    if name:
                        seen.add(each.node)
                        yield each.node, name, region.node
                        break

    def _opened_by(self, region: Region, function: Scope, graph: Graph, depth: int) -> str:
        if region.kind is not RegionKind.WITH:
            return ""
        assert isinstance(region.node, cst.WithItem)
        manager = region.node.item
        return self._scope_of(manager, function, depth) or self._stacked(
            region.node, function, graph, depth
        )

    def _scope_of(self, manager: cst.BaseExpression, scope: Scope, depth: int) -> str:
        """Return the name of the cancel scope that entering a manager opens, or nothing."""
        if depth <= 0:
            return ""
        if isinstance(manager, (cst.Name, cst.Attribute, cst.Await)):
            owner = self._knowledge.class_of(manager, scope)
            if owner is not None:
                return self._opened_by_class(owner, depth - 1)
        if isinstance(manager, cst.Attribute):
            return self._stored_scope(manager, scope, depth)
        if isinstance(manager, cst.Name):
            only = self._knowledge.resolver.only_value(manager.value, scope)
            return self._scope_of(*only, depth - 1) if only is not None else ""
        if not isinstance(manager, cst.Call):
            return ""
        dotted = self._knowledge.dotted(manager.func, scope)
        if dotted in self._knowledge.known.cancel_scopes:
            return dotted
        found = self._knowledge.callee(manager.func, scope)
        if found is None:
            product = self._knowledge.product(manager, scope)
            if product is None or product.kind is not FunctionKind.CONTEXT_MANAGER:
                return ""
            return self._opened_by_function(product.functions[0], depth)
        if found.kind is ScopeKind.CLASS:
            return self._opened_by_class(found, depth)
        if self._is_listed(found):
            return full_name(found)
        kind = self._knowledge.kind(found)
        if kind is FunctionKind.CONTEXT_MANAGER:
            return self._opened_by_function(found, depth)
        if kind is FunctionKind.PLAIN:
            return self._opened_by_result(manager, found, scope, depth)
        return ""

    def _opened_by_result(self, call: cst.Call, function: Scope, scope: Scope, depth: int) -> str:
        """Return the scope that entering what a function returns opens, on all its returns."""
        owner = self._knowledge.class_of(call, scope)
        if owner is not None:
            return self._opened_by_class(owner, depth - 1)
        opened = [
            self._scope_of(each.value, function, depth - 1) if each.value is not None else ""
            for each in function.returns
        ]
        return opened[0] if opened and all(opened) else ""

    def _stored_scope(self, manager: cst.Attribute, scope: Scope, depth: int) -> str:
        """Return the scope that an attribute opens, whatever its class stores there."""
        owner = self._knowledge.class_of(manager.value, scope)
        if owner is None:
            return ""
        stored = self._knowledge.instances.stored_on_self(owner, manager.attr.value)
        opened = [
            self._scope_of(value, method, depth - 1)
            for value, method in stored
            if not is_name(value, "None")
        ]
        return opened[0] if opened and all(opened) else ""

    def _is_listed(self, found: Scope) -> bool:
        known = self._knowledge.known
        return known.is_extended and full_name(found) in known.cancel_scopes

    def _opened_by_function(self, manager: Scope, depth: int) -> str:
        """Return the scope that is open at the `yield` of a context manager's function."""
        for name in self._knowledge.resolver.decorators(manager):
            if name in self._knowledge.known.cancel_scopes:
                return name
        entered = self._knowledge.entered_function(manager)
        if entered is None:
            return ""
        inner = next(self._open_at_yields(entered, depth - 1), None)
        return inner[1] if inner is not None else ""

    def _opened_by_class(self, owner: Scope, depth: int) -> str:
        """Return the scope that a class's enter method enters and leaves open."""
        for name in ("__aenter__", "__enter__"):
            method = self._knowledge.resolver.method(owner, name)
            opened = self._opened_by_method(method, owner, depth) if method is not None else ""
            if opened:
                return opened
        return ""

    def _opened_by_method(self, method: Scope, owner: Scope, depth: int) -> str:
        """Return the scope that a method enters by hand, itself or through methods of `self`."""
        if depth <= 0:
            return ""
        for call in method.calls:
            if not isinstance(call.func, cst.Attribute):
                continue
            name, receiver = call.func.attr.value, call.func.value
            if name in ("__aenter__", "__enter__"):
                opened = self._attribute_scope(receiver, owner, method, depth)
            elif name in _ENTERING and call.args:
                opened = self._scope_of(call.args[0].value, method, depth - 1)
            elif self._knowledge.class_of(receiver, method) is owner:
                called = self._knowledge.method_of(owner, name)
                opened = self._opened_by_method(called, owner, depth - 1) if called else ""
            else:
                continue
            if opened:
                return opened
        return ""

    def _attribute_scope(
        self, expression: cst.BaseExpression, owner: Scope, method: Scope, depth: int
    ) -> str:
        if not isinstance(expression, cst.Attribute):
            return self._scope_of(expression, method, depth - 1)
        wanted = dotted_name(expression)
        for each in self._knowledge.resolver.ancestry(owner):
            for node in _nodes(each.methods_storing(expression.attr.value)):
                if not isinstance(node, (cst.Assign, cst.AnnAssign)) or node.value is None:
                    continue
                targets = (
                    [target.target for target in node.targets]
                    if isinstance(node, cst.Assign)
                    else [node.target]
                )
                if any(dotted_name(target) == wanted for target in targets):
                    return self._scope_of(node.value, each, depth - 1)
        return ""

    def _stacked(self, item: cst.WithItem, function: Scope, graph: Graph, depth: int) -> str:
        """Return the scope that is entered on an exit stack in the stack's own body."""
        if not isinstance(item.item, cst.Call) or item.asname is None:
            return ""
        if self._knowledge.dotted(item.item.func, function) not in _STACKS:
            return ""
        stack = dotted_name(item.asname.name)
        for block in graph.blocks:
            for each in block.instructions:
                if not isinstance(each, Call) or each.method not in _ENTERING:
                    continue
                if each.receiver == stack and each.arguments:
                    argument = each.arguments[0].node
                    assert isinstance(argument, cst.BaseExpression)
                    opened = self._scope_of(argument, function, depth - 1)
                    if opened:
                        return opened
        return ""


def _nodes(methods: list[Scope]) -> Iterator[cst.CSTNode]:
    return (node for method in methods for node in descendants(method.node))
