"""What an `AsyncExitStack` will close, when all that happens to it stands in one function."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.flow.graph import Enter, Graph
from asyncgen_lint.names.scopes import BindingKind, Scope, only_argument
from asyncgen_lint.source.walk import descendants
from asyncgen_lint.typestate.knowledge import FunctionKind, Knowledge

KEEPERS = frozenset({"enter_async_context", "push_async_exit", "push_async_callback"})
"""The methods that take what the stack closes (contextlib documentation)."""


def stack_operands(graph: Graph, scope: Scope, knowledge: Knowledge) -> dict[str, int]:
    """Return the operand that each stack is left by, by the only name that the stack has."""
    found: dict[str, int] = {}
    twice = set()
    for block in graph.blocks:
        for each in block.instructions:
            if not isinstance(each, Enter) or not isinstance(each.manager, int):
                continue
            name = _name_of_stack(each.node, scope, knowledge)
            if name and name in found:
                # A copy of a `finally`: which of the two a call means is not known here.
                twice.add(name)
            elif name and entries(name, scope) is not None:
                found[name] = each.manager
    return {name: operand for name, operand in found.items() if name not in twice}


def only_closes_generators(item: cst.CSTNode, scope: Scope, knowledge: Knowledge) -> bool:
    """Return whether a `with` item is a stack that closes generators made in view, or nothing."""
    if not _is_stack(item, scope, knowledge):
        return False
    assert isinstance(item, cst.WithItem)
    if item.asname is None:
        # Nobody can put anything on it.
        return True
    name = _name_of_stack(item, scope, knowledge)
    kept = entries(name, scope) if name else None
    return kept is not None and all(_closes_generator(each, scope, knowledge) for each in kept)


def entries(name: str, scope: Scope) -> list[cst.Call] | None:
    """Return the calls that put something on a stack; None if it is used in another way."""
    found = []
    mentions = 0
    for node in descendants(scope.node):
        if isinstance(node, cst.Name) and node.value == name:
            mentions += 1
        if (
            isinstance(node, cst.Call)
            and isinstance(node.func, cst.Attribute)
            and isinstance(node.func.value, cst.Name)
            and node.func.value.value == name
            and node.func.attr.value in KEEPERS
            and len(node.args) == 1
        ):
            found.append(node)
    # One mention is the binding.
    return found if mentions == len(found) + 1 else None


def _name_of_stack(item: cst.CSTNode, scope: Scope, knowledge: Knowledge) -> str:
    if not _is_stack(item, scope, knowledge) or not isinstance(item, cst.WithItem):
        return ""
    target = item.asname.name if item.asname is not None else None
    return target.value if isinstance(target, cst.Name) else ""


def _is_stack(item: cst.CSTNode, scope: Scope, knowledge: Knowledge) -> bool:
    if not isinstance(item, cst.WithItem) or not isinstance(item.item, cst.Call):
        return False
    return knowledge.dotted(item.item.func, scope) == "contextlib.AsyncExitStack"


def _closes_generator(call: cst.Call, scope: Scope, knowledge: Knowledge) -> bool:
    kept = call.args[0].value
    if isinstance(kept, cst.Attribute) and kept.attr.value == "aclose":
        return _is_generator(kept.value, scope, knowledge)
    closed = only_argument(kept)
    if closed is None or not isinstance(kept, cst.Call):
        return False
    is_closer = knowledge.dotted(kept.func, scope) in knowledge.known.closers
    return is_closer and _is_generator(closed, scope, knowledge)


def _is_generator(node: cst.BaseExpression, scope: Scope, knowledge: Knowledge) -> bool:
    if isinstance(node, cst.Name):
        bindings = scope.bindings.get(node.value, [])
        return bool(bindings) and all(
            each.kind is BindingKind.VALUE
            and each.value is not None
            and not isinstance(each.value, cst.Name)
            and _is_generator(each.value, scope, knowledge)
            for each in bindings
        )
    product = knowledge.product(node, scope)
    return product is not None and product.kind is FunctionKind.AGEN
