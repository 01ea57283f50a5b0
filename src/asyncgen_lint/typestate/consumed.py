"""Which expressions of a function are used as a generator, a manager or a step might be.

Only for these is it worth asking what a call of something in another module gives: most calls of
a file have nothing to do with generators, and answers from other modules cost reading them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import BindingKind, Scope, ScopeKind, called_name

_TAKERS = frozenset(
    {"aclosing", "closing", "aiter", "anext", "iter", "enter_async_context", "enter_context",
     "push_async_exit", "push_async_callback", "push", "callback", "scoped_iter"}
)  # fmt: skip
"""Last names of calls that use their arguments so; a name more costs time, never a finding."""

_METHODS = (
    tables.STEP_METHODS
    | tables.CLOSE_METHODS
    | {"__aiter__", "__aenter__", "__enter__", "__next__", "send", "throw"}
)


def consumed(function: Scope) -> frozenset[cst.CSTNode]:
    """Return the calls, awaits and attributes whose results a function, or the module, uses so."""
    memo = function.outline.memo.setdefault("consumed", {})
    if function not in memo:
        memo[function] = frozenset(_consumed(function))
    found: frozenset[cst.CSTNode] = memo[function]
    return found


def _consumed(function: Scope) -> Iterator[cst.CSTNode]:
    scopes = list(_own_scopes(function))
    pending = [each for scope in scopes for each in _uses(scope)]
    names: set[str] = set()
    while pending:
        node = pending.pop()
        if isinstance(node, cst.Name):
            if node.value not in names:
                names.add(node.value)
                pending += _values(node.value, function)
            continue
        if isinstance(node, (cst.Call, cst.Await, cst.Attribute)):
            yield node
        pending += _parts(node)


def _own_scopes(function: Scope) -> Iterator[Scope]:
    yield function
    for each in function.children:
        if each.kind is ScopeKind.COMPREHENSION:
            yield from _own_scopes(each)


def _uses(scope: Scope) -> Iterator[cst.CSTNode]:
    for node in scope.awaits:
        if isinstance(node, (cst.For, cst.CompFor)):
            yield node.iter
        elif isinstance(node, cst.With):
            yield from (each.item for each in node.items)
        elif isinstance(node, cst.Await) and isinstance(node.expression, cst.Call):
            yield from (each.value for each in node.expression.args)
    for call in scope.calls:
        name = called_name(call)
        if isinstance(call.func, cst.Attribute) and name in _METHODS:
            yield call.func.value
        if name in _TAKERS:
            yield from (each.value for each in call.args)
    for each in scope.yields:
        if isinstance(each.value, cst.Call):
            yield each.value


def _parts(node: cst.CSTNode) -> Iterable[cst.CSTNode]:
    """Return the expressions whose value the expression may have, or is made from."""
    if isinstance(node, cst.Await):
        return [node.expression]
    if isinstance(node, cst.IfExp):
        return [node.body, node.orelse]
    if isinstance(node, cst.BooleanOperation):
        return [node.left, node.right]
    if isinstance(node, cst.NamedExpr):
        return [node.value]
    return []


def _values(name: str, function: Scope) -> Iterator[cst.CSTNode]:
    """Yield what a name is bound to, in the function or, for one that is not local, around it."""
    scope: Scope | None = function
    while scope is not None and name not in scope.bindings:
        scope = scope.parent
    for each in scope.bindings[name] if scope is not None else ():
        if each.value is not None and each.kind in (BindingKind.VALUE, BindingKind.ENTERED):
            yield each.value
