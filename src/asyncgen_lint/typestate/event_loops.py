"""Event loops that are made, run and closed by hand, without closing the generators left on them.

`asyncio.run` calls `shutdown_asyncgens()` before it closes its loop; `loop.close()` alone drops
what still waits to be closed (asyncio documentation, "Event Loop", `loop.shutdown_asyncgens`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import Scope, ScopeKind, only_argument
from asyncgen_lint.source.walk import descendants
from asyncgen_lint.typestate.knowledge import FunctionKind, Knowledge


@dataclass(frozen=True, slots=True)
class HandRun:
    """A loop that is made and closed here; `runs` are the functions it runs, and what they call."""

    close: cst.Call
    run: cst.Call
    runs: frozenset[Scope]


class EventLoops:
    """Answers for one module; `parent` gives the node around a node."""

    def __init__(
        self, knowledge: Knowledge, parent: Callable[[cst.CSTNode], cst.CSTNode | None]
    ) -> None:
        self._knowledge = knowledge
        self._parent = parent

    def hand_runs(self) -> Iterator[HandRun]:
        """Yield each loop that is closed by hand in a module that never shuts generators down."""
        found = [each for scope in self._scopes() for each in self._hand_runs(scope)]
        if found and not self._shuts_down():
            yield from found

    def _scopes(self) -> Iterator[Scope]:
        module = self._knowledge.outline.module
        yield module
        for each in self._knowledge.outline.functions():
            if self._knowledge.kind(each) is not FunctionKind.FIXTURE:
                yield each

    def _hand_runs(self, scope: Scope) -> Iterator[HandRun]:
        for name, bindings in scope.bindings.items():
            if len(bindings) != 1:
                continue
            value = bindings[0].value
            if not isinstance(value, cst.Call) or (
                self._knowledge.dotted(value.func, scope) not in tables.LOOP_MAKERS
            ):
                continue
            if any(self._hands_on(node, scope) for node in scope.loads.get(name, ())):
                continue
            closes = list(_calls_of(scope, name, "close"))
            for run in _calls_of(scope, name, "run_until_complete"):
                functions = self._run_by(run, scope)
                if closes and functions:
                    yield HandRun(closes[-1], run, functions)
                    break

    def _hands_on(self, node: cst.CSTNode, scope: Scope) -> bool:
        """Return whether the loop goes somewhere that may shut it down."""
        parent = self._parent(node)
        if isinstance(parent, cst.Attribute):
            return False
        call = self._parent(parent) if isinstance(parent, cst.Arg) else None
        return not (
            isinstance(call, cst.Call)
            and self._knowledge.dotted(call.func, scope) == "asyncio.set_event_loop"
        )

    def _run_by(self, run: cst.Call, scope: Scope) -> frozenset[Scope]:
        """Return the functions of this module that a run enters, directly or not."""
        work = only_argument(run)
        product = self._knowledge.certain_product(work, scope) if work is not None else None
        if product is None:
            return frozenset()
        found: set[Scope] = set()
        pending = list(product.functions)
        while pending:
            function = pending.pop()
            if function in found:
                continue
            found.add(function)
            for inner in function.descendants():
                for call in inner.calls:
                    called = self._knowledge.callee(call.func, inner)
                    if called is not None and called.kind is ScopeKind.FUNCTION:
                        pending.append(called)
        return frozenset(found)

    def _shuts_down(self) -> bool:
        return any(
            isinstance(node, cst.Attribute) and node.attr.value == "shutdown_asyncgens"
            for node in descendants(self._knowledge.outline.module.node)
        )


def _calls_of(scope: Scope, name: str, method: str) -> Iterator[cst.Call]:
    for call in scope.calls:
        if (
            isinstance(call.func, cst.Attribute)
            and call.func.attr.value == method
            and isinstance(call.func.value, cst.Name)
            and call.func.value.value == name
        ):
            yield call
