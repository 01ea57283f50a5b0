"""Generators that a framework drives as dependencies, iterated by a loop as well.

A framework throws the failure of a request in at the `yield`; a loop never does (runtime.md, (g)).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.flow.graph import EdgeKind
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import Scope, is_name
from asyncgen_lint.source.walk import descendants
from asyncgen_lint.typestate.consumers import Consumers
from asyncgen_lint.typestate.knowledge import FunctionKind, Knowledge


@dataclass(frozen=True, slots=True)
class IteratedDependency:
    """A loop over a dependency, whose `handler` no failure of the loop's body reaches.

    `user` is the function of the loop. `raises_again` says that a failure that came to the handler
    would leave the dependency as it came.
    """

    loop: cst.For
    user: Scope
    at: cst.CSTNode
    handler: cst.CSTNode
    raises_again: bool


def iterated_dependencies(
    knowledge: Knowledge, consumers: Consumers
) -> Iterator[IteratedDependency]:
    """Yield each `async for` over a dependency that handles the failures of its user."""
    for loop, scope in consumers.async_loops:
        if not isinstance(loop, cst.For) or not isinstance(loop.iter, cst.Call):
            continue
        product = knowledge.product(loop.iter, scope)
        if product is None or product.kind is not FunctionKind.AGEN or len(product.functions) != 1:
            continue
        (function,) = product.functions
        if len(function.yields) != 1 or _handles_failure(loop):
            continue
        found = _handler_around(function)
        if found is not None and knowledge.is_given_to_driver(function):
            user = scope.enclosing_function()
            at, raises_again = function.yields[0], _raises_again(function, knowledge)
            yield IteratedDependency(loop, user, at, found, raises_again)


def _handles_failure(loop: cst.For) -> bool:
    """Return whether the loop's body is all in a `try` that handles failures itself."""
    statements = loop.body.body
    first = statements[0] if len(statements) == 1 else None
    return isinstance(first, (cst.Try, cst.TryStar)) and any(
        _catches_failure(each) for each in first.handlers
    )


def _handler_around(function: Scope) -> cst.CSTNode | None:
    """Return the handler that a failure thrown in at a generator's only yield comes to."""
    at = function.yields[0]
    found: cst.CSTNode | None = None
    for node in descendants(function.node):
        if isinstance(node, (cst.For, cst.While)) and _holds(node, at):
            return None
        if isinstance(node, (cst.Try, cst.TryStar)) and _holds(node.body, at):
            catching = [each for each in node.handlers if _catches_failure(each)]
            found = catching[0] if catching else found
    return found


def _raises_again(function: Scope, knowledge: Knowledge) -> bool:
    """Return whether a failure thrown in at a generator's yield certainly leaves it as it came.

    Each handler ends in a bare `raise`, no `return` takes its place, and no manager swallows it.
    """
    for node in descendants(function.node):
        if isinstance(node, (cst.ExceptStarHandler, cst.Return)):
            return False
        if isinstance(node, cst.ExceptHandler) and not _ends_in_raise(node.body):
            return False
        if isinstance(node, cst.WithItem) and knowledge.swallows(
            node.item, function, EdgeKind.RAISE, tables.ORDINARY_EXCEPTION_ROOT
        ):
            return False
    return True


def _ends_in_raise(body: cst.BaseSuite) -> bool:
    last: cst.CSTNode = body.body[-1]
    if isinstance(last, cst.SimpleStatementLine):
        last = last.body[-1]
    return isinstance(last, cst.Raise) and last.exc is None


def _holds(node: cst.CSTNode, at: cst.CSTNode) -> bool:
    return any(each is at for each in descendants(node))


def _catches_failure(handler: cst.ExceptHandler | cst.ExceptStarHandler) -> bool:
    """Return whether a handler is for failures, rather than for closing or cancellation alone."""
    if handler.type is None:
        return True
    named = handler.type.elements if isinstance(handler.type, cst.Tuple) else [handler.type]
    closing = ("GeneratorExit", "CancelledError", "KeyboardInterrupt", "SystemExit")
    expressions = [each.value if isinstance(each, cst.BaseElement) else each for each in named]
    return not all(any(_ends_in(each, name) for name in closing) for each in expressions)


def _ends_in(expression: cst.CSTNode, name: str) -> bool:
    if isinstance(expression, cst.Attribute):
        return expression.attr.value == name
    return is_name(expression, name)
