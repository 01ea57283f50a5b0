"""Follow closable streams that are no generators, made and iterated in an async generator.

A stream is an object of a class of this module that can be iterated with `async for` and has a
method that closes it and does something. It is followed as a generator is: the same loops leave
it, the same calls hand it on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.flow.graph import Attribute, Call, Graph
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import BindingKind, Scope, ScopeKind
from asyncgen_lint.source.walk import descendants
from asyncgen_lint.typestate.cleanup import Verdict
from asyncgen_lint.typestate.decorators import Way
from asyncgen_lint.typestate.knowledge import FunctionKind, Knowledge
from asyncgen_lint.typestate.state import ESCAPED, Holding, Role, Site, SiteKind, State
from asyncgen_lint.typestate.summary import Summaries
from asyncgen_lint.typestate.track import Leak, Tracking, resources_of

_CLOSING = ("aclose", "close", "__aexit__")
_ENDING = tables.RELEASE_METHODS | tables.ENDING_METHODS


@dataclass(frozen=True, slots=True, eq=False)
class OpenStream:
    """A stream that an async generator made and left open; `closed_by` is the method to call."""

    tracking: Tracking
    leak: Leak
    owner: Scope
    closed_by: Scope


def open_streams(
    knowledge: Knowledge, summaries: Summaries, function: Scope
) -> Iterator[OpenStream]:
    """Yield each stream that a function makes, iterates, and on some certain path leaves open."""
    classes: dict[cst.CSTNode, Scope] = {
        call: owner
        for call in function.calls
        if (owner := _stream_class(knowledge, summaries, call, function)) is not None
    }
    graph = knowledge.graph(function) if classes else None
    if graph is None:
        return
    tracking = _StreamTracking(knowledge, summaries, function, graph, classes)
    seen: set[cst.CSTNode] = set()
    for leak in tracking.leaks():
        if leak.is_certain and isinstance(leak.step, cst.For) and leak.site.node not in seen:
            seen.add(leak.site.node)
            owner = tracking.classes[leak.site.node]
            closing = _closing_method(knowledge, summaries, owner)
            assert closing is not None
            yield OpenStream(tracking, leak, owner, closing)


def _stream_class(
    knowledge: Knowledge, summaries: Summaries, call: cst.Call, scope: Scope
) -> Scope | None:
    """Return the class of the stream that a call makes, if it, or awaiting it, makes one."""
    owner = knowledge.class_of(call, scope)
    if owner is None:
        owner = knowledge.class_of(cst.Await(call), scope)
    if owner is None or knowledge.resolver.has_unknown_bases(owner):
        return None
    if not _makes(knowledge, call, scope, owner):
        return None
    closing = _closing_method(knowledge, summaries, owner)
    if closing is None or _belongs_elsewhere(knowledge, call, scope, closing):
        return None
    return owner


def _makes(knowledge: Knowledge, call: cst.Call, scope: Scope, owner: Scope) -> bool:
    """Return whether a call makes a new object, and does not merely return one it has.

    It does if it calls the class, or a function whose every `return` does.
    """
    called = knowledge.callee(call.func, scope)
    if called is None:
        return False
    if called.kind is ScopeKind.CLASS:
        return True
    if Way.CACHES in knowledge.decorators.ways(called):
        return False
    return bool(called.returns) and all(
        isinstance(each.value, cst.Call) and knowledge.callee(each.value.func, called) is owner
        for each in called.returns
    )


def _closing_method(knowledge: Knowledge, summaries: Summaries, owner: Scope) -> Scope | None:
    """Return the method that closes an object, if the first there is certainly does something."""
    for name in _CLOSING:
        method = knowledge.resolver.method(owner, name)
        if method is None or not isinstance(method.node, cst.FunctionDef):
            continue
        kind = knowledge.kind(method)
        if kind not in (FunctionKind.PLAIN, FunctionKind.COROUTINE):
            return None
        verdict = summaries.cleanup.suite_has_effect(method.node.body, method)
        return method if verdict is Verdict.YES else None
    return None


def _belongs_elsewhere(knowledge: Knowledge, call: cst.Call, scope: Scope, closing: Scope) -> bool:
    """Return whether closing would close what the stream is made from, and is another's."""
    owner = closing.owner_class
    if owner is None or not any(_is_given(each.value, scope) for each in call.args):
        return False
    for node in descendants(closing.node):
        if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
            continue
        inner = node.func.value
        if node.func.attr.value not in tables.RELEASE_METHODS or not isinstance(
            inner, cst.Attribute
        ):
            continue
        stored = knowledge.instances.stored_on_self(owner, inner.attr.value)
        if any(_is_given(value, method) for value, method in stored):
            return True
    return False


def _is_given(value: cst.BaseExpression, scope: Scope) -> bool:
    """Return whether a value is a parameter, or an attribute, of a function."""
    if isinstance(value, cst.Attribute):
        return True
    return isinstance(value, cst.Name) and any(
        each.kind is BindingKind.PARAMETER for each in scope.bindings.get(value.value, ())
    )


class _StreamTracking(Tracking):
    """Tracks the objects that some calls make, as if they were generators."""

    def __init__(
        self,
        knowledge: Knowledge,
        summaries: Summaries,
        scope: Scope,
        graph: Graph,
        classes: dict[cst.CSTNode, Scope],
    ) -> None:
        self.classes = classes
        super().__init__(knowledge, summaries, scope, graph)

    def _created(self, node: cst.CSTNode) -> Holding | None:
        if node not in self.classes:
            return None
        site = self.sites.get(node)
        if site is None:
            site = self.sites[node] = Site(SiteKind.CALL, node, resources=resources_of(node))
        function = self._knowledge.callee(node.func, self._scope)  # type: ignore[attr-defined]
        is_coroutine = function is not None and function.is_async
        return Holding(site, Role.COROUTINE if is_coroutine else Role.OBJECT)

    def _iterator_made(self, loop: cst.CSTNode, state: State) -> tuple[State, frozenset[Holding]]:
        return state, frozenset()

    def _call(self, instruction: Call, state: State) -> State:
        if instruction.method in _ENDING:
            state = _given_up(state, state.held(instruction.receiver))
        return super()._call(instruction, state)

    def _attribute(self, instruction: Attribute, state: State) -> State:
        if instruction.name in _ENDING:
            state = _given_up(state, state.held(instruction.owner))
        return super()._attribute(instruction, state)


def _given_up(state: State, held: frozenset[Holding]) -> State:
    """Return the state in which what ends these objects was called, or handed on."""
    conditions = {**state.conditions, **{each.site: frozenset({ESCAPED}) for each in held}}
    return State(state.holdings, conditions)
