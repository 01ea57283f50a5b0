"""Awaits in the cleanup of a generator that a cancelled scope of anyio or trio ends at once.

In a cancelled scope every await raises Cancelled, also in a `finally`, unless a scope with
`shield=True` is around it (anyio documentation, "Cancellation and timeouts", "Shielding").
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from asyncgen_lint.flow.graph import Region, RegionKind, Yield
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import (
    BindingKind,
    Outline,
    Scope,
    ScopeKind,
    alternatives,
    called_name,
)
from asyncgen_lint.source.walk import OWN_SCOPES, children, descendants
from asyncgen_lint.typestate.knowledge import FunctionKind, Knowledge

_MAX_DEPTH = 5


def uses_anyio_or_trio(outline: Outline) -> bool:
    """Return whether the module imports one of the libraries."""
    return any(
        each.kind is BindingKind.IMPORT and each.target.partition(".")[0] in ("anyio", "trio")
        for scope in outline.module.descendants()
        for bindings in scope.bindings.values()
        for each in bindings
    )


class Shielding:
    """Answers for one module that uses anyio or trio."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def unshielded(self, function: Scope) -> Iterator[tuple[cst.Await, cst.CSTNode]]:
        """Yield the first unshielded await of each cleanup around a `yield`, with that `yield`."""
        graph = self._knowledge.graph(function)
        if graph is None:
            return
        seen: set[cst.CSTNode] = set()
        for block in graph.blocks:
            for each in block.instructions:
                if not isinstance(each, Yield):
                    continue
                for region in reversed(block.regions):
                    for suite in self._cleanups(region, function):
                        found = self._first_unshielded(suite, function, _MAX_DEPTH)
                        if suite not in seen and found is not None:
                            yield found, each.node
                        seen.add(suite)

    def _cleanups(self, region: Region, scope: Scope) -> Iterator[cst.CSTNode]:
        """Yield the suites that run when the generator is closed inside a region."""
        node = region.node
        if not isinstance(node, (cst.Try, cst.TryStar)) or region.kind is RegionKind.FINALLY:
            return
        if region.kind is RegionKind.TRY_BODY:
            for each in node.handlers:
                if self._catches_cancellation(each, scope):
                    yield each.body
        if node.finalbody is not None:
            yield node.finalbody.body

    def _catches_cancellation(
        self, handler: cst.ExceptHandler | cst.ExceptStarHandler, scope: Scope
    ) -> bool:
        if handler.type is None:
            return True
        types = alternatives(handler.type)
        called = [each.func if isinstance(each, cst.Call) else each for each in types]
        dotted = {self._knowledge.dotted(each, scope) for each in called}
        return bool(dotted & (tables.GENERATOR_EXIT_CATCHERS | tables.CANCELLED_ERRORS))

    def _first_unshielded(self, suite: cst.CSTNode, scope: Scope, depth: int) -> cst.Await | None:
        pending = [suite]
        while pending:
            node = pending.pop()
            if isinstance(node, OWN_SCOPES):
                continue
            if isinstance(node, cst.With) and self._may_shield(node, scope):
                continue
            if isinstance(node, cst.Try) and any(
                self._catches_cancellation(each, scope) for each in node.handlers
            ):
                # Cancellation inside cleanup has been thought of.
                continue
            if isinstance(node, cst.Await) and not self._is_safe(node.expression, scope, depth):
                return node
            pending += reversed(children(node))
        return None

    def _may_shield(self, statement: cst.With, scope: Scope) -> bool:
        """Return whether a `with` may be a shield: not if all its managers are known not to be."""
        if any(
            isinstance(node, cst.AssignTarget)
            and isinstance(node.target, cst.Attribute)
            and node.target.attr.value == "shield"
            for node in descendants(statement.body)
        ):
            return True
        return not all(self._is_no_shield(each.item, scope) for each in statement.items)

    def _is_no_shield(self, manager: cst.BaseExpression, scope: Scope) -> bool:
        if not isinstance(manager, cst.Call):
            return False
        dotted = self._knowledge.dotted(manager.func, scope)
        if dotted in self._knowledge.known.cancel_scopes:
            return not any(
                each.star or (each.keyword is not None and each.keyword.value == "shield")
                for each in manager.args
            )
        types = {self._knowledge.dotted(each.value, scope) for each in manager.args}
        return dotted in tables.TRIVIAL_MANAGERS and not types & (
            tables.GENERATOR_EXIT_CATCHERS | tables.CANCELLED_ERRORS
        )

    def _is_safe(self, awaited: cst.BaseExpression, scope: Scope, depth: int) -> bool:
        """Return whether awaiting something in a cancelled scope still does what it is for.

        `aclose()` of an anyio or trio resource does, by their documentation, and so may that of
        anything else, and a function named after it; one in view does if it shields all it awaits.
        """
        if not isinstance(awaited, cst.Call):
            # Not a call: nothing is known of it.
            return True
        function = awaited.func
        if called_name(awaited).startswith("aclose"):
            return True
        found = self._knowledge.callee(function, scope)
        if found is None or found.kind is not ScopeKind.FUNCTION:
            return False
        if self._knowledge.kind(found) is not FunctionKind.COROUTINE or not depth:
            return True
        assert isinstance(found.node, cst.FunctionDef)
        return self._first_unshielded(found.node.body, found, depth - 1) is None
