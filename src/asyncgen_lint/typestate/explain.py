"""What the analysis knows of one place: for a reader who asks why something is, or is not, found.

Nothing is decided here. A function's generators are followed once more, by a tracking that does
not forget those that were let go, so that each way out of the function shows what became of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import libcst as cst

from asyncgen_lint.flow.graph import (
    Await,
    Bind,
    Call,
    Capture,
    Collect,
    Discard,
    EdgeKind,
    Enter,
    Instruction,
    MakeGenerator,
    Raise,
    Return,
    StoreAttribute,
    StoreItem,
    Yield,
)
from asyncgen_lint.names.scopes import BindingKind, Scope, ScopeKind, all_parameters, dotted_name
from asyncgen_lint.typestate.calls import Use
from asyncgen_lint.typestate.cleanup import Verdict
from asyncgen_lint.typestate.decorators import Way
from asyncgen_lint.typestate.knowledge import FunctionKind, Knowledge
from asyncgen_lint.typestate.state import (
    CLOSED,
    EMPTY,
    ESCAPED,
    KEEPING_ROLES,
    Condition,
    Holding,
    Role,
    Site,
    State,
)
from asyncgen_lint.typestate.summary import NeedsClose, Summaries
from asyncgen_lint.typestate.track import Leak, Tracking

OnLine = Callable[[cst.CSTNode], bool]
LabelOf = Callable[[cst.CSTNode], str]


@dataclass(frozen=True)
class FunctionKnown:
    """A function: what calling it gives, what says so, and whether its generators need closing.

    `needs_close` is None where the body is no generator. `consumes` are the parameters that it
    closes or exhausts.
    """

    scope: Scope
    kind: FunctionKind
    decided_by: str
    needs_close: NeedsClose | None
    consumes: tuple[tuple[str, Use], ...]


@dataclass(frozen=True)
class CallKnown:
    """A call: the function or class of this module that it calls, or the library's dotted name.

    `awaited` is what awaiting the result gives. `unfollowed` says why a generator that the call
    makes is not followed. `generator` is the place that made the generator whose method it is.
    """

    label: str
    node: cst.CSTNode
    callee: Scope | None
    library: str
    awaited: FunctionKind | None
    unfollowed: str
    generator: cst.CSTNode | None


@dataclass(frozen=True)
class LoopKnown:
    """An `async for` over something that is not followed, and what it is, as far as is known."""

    node: cst.CSTNode
    source: str


@dataclass(frozen=True)
class Event:
    """A place where a generator is handed on, or closed, and how."""

    at: cst.CSTNode
    how: str


@dataclass(frozen=True)
class WayOut:
    """The conditions that a generator may be in when its function is left this way.

    None of them means that it has not been made.
    """

    exit: EdgeKind
    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class GeneratorKnown:
    """A generator object made at a node of `owner`; one of `functions` makes it, if any does.

    `exempt` says why no rule about generators left open counts it, where that is known. `touched`
    are the nodes that change its condition. `ends_with_resource` says that what it is made from is
    closed in its place.
    """

    label: str
    node: cst.CSTNode
    owner: Scope
    functions: tuple[Scope, ...]
    needs_close: NeedsClose
    handed_on: tuple[Event, ...]
    closed: tuple[Event, ...]
    ways: tuple[WayOut, ...]
    exempt: str
    touched: frozenset[cst.CSTNode]
    ends_with_resource: bool


@dataclass(frozen=True)
class Explanation:
    """All that is known of the functions, calls and generators of one line."""

    defined: tuple[FunctionKnown, ...]
    calls: tuple[CallKnown, ...]
    loops: tuple[LoopKnown, ...]
    generators: tuple[GeneratorKnown, ...]
    called: tuple[FunctionKnown, ...]


class Explainer:
    """Gathers what one module's analysis knows."""

    def __init__(self, knowledge: Knowledge, summaries: Summaries, label_of: LabelOf) -> None:
        self._knowledge = knowledge
        self._summaries = summaries
        self._label_of = label_of
        self._methods: dict[cst.CSTNode, cst.CSTNode] = {}

    def explain(self, on_line: OnLine) -> Explanation:
        """Return what is known of the nodes for which `on_line` holds."""
        functions = list(self._knowledge.outline.functions())
        defined = [each for each in functions if on_line(each.node)]
        generators = [known for each in functions for known in self._generators(each, on_line)]
        calls = self._calls(on_line, {each.node for each in generators})
        called = [each.callee for each in calls if each.callee] + [
            function for each in generators for function in each.functions
        ]
        return Explanation(
            tuple(self.function(each) for each in defined),
            tuple(calls),
            tuple(self._loops(on_line, {node for each in generators for node in each.touched})),
            tuple(generators),
            tuple(
                self.function(each)
                for each in dict.fromkeys(called)
                if each.kind is ScopeKind.FUNCTION and each not in defined
            ),
        )

    # Functions

    def function(self, scope: Scope) -> FunctionKnown:
        """Return what is known of a function."""
        is_generator = self._knowledge.body_kind(scope) in _GENERATORS
        return FunctionKnown(
            scope,
            self._knowledge.kind(scope),
            self._decided_by(scope),
            self._summaries.needs_close(scope) if is_generator else None,
            tuple(self._consumed(scope)),
        )

    def _decided_by(self, scope: Scope) -> str:
        body = self._knowledge.body_kind(scope)
        kind = self._knowledge.kind(scope)
        names = self._knowledge.resolver.decorators(scope)
        ways = [each.way for each in self._knowledge.decorators.of(scope)]
        if kind is FunctionKind.UNKNOWN and set(ways) <= {Way.ITSELF, Way.CALLS}:
            return "its body is a stub, and a generator may be meant"
        written_names = reversed(list(zip(names, _decorators(scope), strict=True)))
        for way, (name, written) in zip(ways, written_names, strict=True):
            if way not in (Way.ITSELF, Way.CALLS):
                unknown = "which is not known, " if kind is FunctionKind.UNKNOWN else ""
                return f"`@{name or written}`, {unknown}over {_BODIES[body]}"
        return _BODIES[body]

    def _consumed(self, scope: Scope) -> Iterator[tuple[str, Use]]:
        if not isinstance(scope.node, cst.FunctionDef):
            return
        for each in all_parameters(scope.node.params):
            use = self._summaries.use(scope, each.name.value)
            if use in (Use.CLOSES, Use.EXHAUSTS, Use.STEPS):
                yield each.name.value, use

    # Calls

    def _calls(self, on_line: OnLine, followed: set[cst.CSTNode]) -> list[CallKnown]:
        return [
            self._call(call, scope, is_followed=call in followed)
            for scope in self._knowledge.outline.module.descendants()
            for call in scope.calls
            if on_line(call)
        ]

    def _call(self, call: cst.Call, scope: Scope, *, is_followed: bool) -> CallKnown:
        product = self._knowledge.product(call, scope)
        awaited = product.awaited if product is not None else None
        makes = product is not None and FunctionKind.AGEN in (
            product.kind,
            awaited.kind if awaited is not None else None,
        )
        return CallKnown(
            self._label_of(call),
            call,
            self._knowledge.callee(call.func, scope),
            self._knowledge.dotted(call.func, scope),
            awaited.kind if awaited is not None else None,
            self._why_unfollowed(scope) if makes and not is_followed else "",
            self._methods.get(call),
        )

    def _why_unfollowed(self, scope: Scope) -> str:
        around = scope.enclosing_function()
        if around.kind is not ScopeKind.FUNCTION:
            return f"generators that a {around.kind.value} makes are not followed"
        if self._knowledge.graph(around) is None:
            return f"`{around.qualname}` is too complex"
        return "control cannot get here, or several functions may make it"

    def _loops(self, on_line: OnLine, followed: set[cst.CSTNode]) -> Iterator[LoopKnown]:
        for scope in self._knowledge.outline.module.descendants():
            for node in scope.awaits:
                if not isinstance(node, (cst.For, cst.CompFor)) or node in followed:
                    continue
                if on_line(node) and not isinstance(node.iter, cst.Call):
                    yield LoopKnown(node, self._source(node.iter, scope))

    def _source(self, node: cst.BaseExpression, scope: Scope) -> str:
        if isinstance(node, cst.Attribute):
            return "an attribute: the object that has it must close it"
        name = node.value if isinstance(node, cst.Name) else ""
        bound = self._knowledge.resolver.bindings(name, scope)
        kinds = {each.kind for each in bound[1]} if bound is not None else set()
        if kinds == {BindingKind.PARAMETER}:
            return "a parameter: the caller must close it"
        return "not known to be a generator that this function makes"

    # Generators

    def _generators(self, function: Scope, on_line: OnLine) -> Iterator[GeneratorKnown]:
        graph = self._knowledge.graph(function)
        if graph is None or not self._knowledge.may_create_generators(function):
            return
        tracking = _Remembering(self._knowledge, self._summaries, function, graph)
        lives = _lives(tracking)
        for site, life in lives.items():
            self._methods.update(dict.fromkeys(life.methods, site.node))
        for node, site in tracking.sites.items():
            life = lives.get(site, _Life())
            if on_line(node) or any(on_line(each) for each in life.touched):
                yield self._generator(function, tracking, site, life)

    def _generator(
        self, function: Scope, tracking: Tracking, site: Site, life: _Life
    ) -> GeneratorKnown:
        return GeneratorKnown(
            self._label_of(site.node),
            site.node,
            function,
            site.functions,
            self._summaries.site_needs_close(site),
            tuple(life.handed_on.values()),
            tuple(life.closed.values()),
            tuple(_ways_out(tracking, site)),
            self._exemption(function, site, life),
            frozenset(life.touched),
            site.node in life.handed_on,
        )

    def _exemption(self, function: Scope, site: Site, life: _Life) -> str:
        verdict = self._summaries.site_needs_close(site).verdict
        if verdict is Verdict.NO:
            return "it has nothing to clean up where it can be suspended"
        if verdict is Verdict.UNKNOWN:
            return "it is not known whether it has anything to clean up"
        tracking = self._summaries.tracking(function)
        if tracking is None:
            return f"`{function.qualname}` is too complex"
        leaks = [each for each in tracking.leaks() if each.site.node is site.node]
        if not leaks:
            return _why_no_leak(site, life)
        return self._why_not_counted(function, tracking, leaks)

    def _why_not_counted(self, function: Scope, tracking: Tracking, leaks: list[Leak]) -> str:
        certain = [each for each in leaks if each.is_certain]
        if not certain:
            return "only an exception that may be raised, or a cancellation, leaves it open"
        if all(tracking.witness(each) is None for each in certain):
            return "no single path shows that it is left open"
        is_closing = all(EdgeKind.GENERATOR_EXIT in (each.exit, each.left) for each in certain)
        if is_closing and self._knowledge.has_unknown_decorator(function):
            return f"a decorator of `{function.qualname}` may drive it in another way"
        return ""


class _Remembering(Tracking):
    """A tracking in which a generator that is let go keeps the condition it was in."""

    def _let_go(self, instruction: Instruction, state: State, held: frozenset[Holding]) -> State:
        for site in {each.site for each in held if each.role in KEEPING_ROLES}:
            if state.is_kept(site):
                continue
            holdings = {
                operand: kept
                for operand, held in state.holdings.items()
                if (kept := frozenset(each for each in held if each.site is not site))
            }
            # Its condition is final: an exception that comes later is none of its ways out.
            final = frozenset(
                replace(each, left=each.left or EdgeKind.NEXT) if each.step is not None else each
                for each in state.conditions.get(site, ())
            )
            state = State(holdings, {**state.conditions, site: final})
        return state


class _Life:
    """What happens to one site's objects: where, by node."""

    def __init__(self) -> None:
        self.touched: set[cst.CSTNode] = set()
        self.handed_on: dict[cst.CSTNode, Event] = {}
        self.closed: dict[cst.CSTNode, Event] = {}
        self.methods: set[cst.CSTNode] = set()


def _lives(tracking: Tracking) -> dict[Site, _Life]:
    lives: dict[Site, _Life] = {site: _Life() for site in tracking.sites.values()}
    for index in sorted(tracking.solution.entries):
        state = tracking.solution.entries[index]
        for instruction in tracking.graph.blocks[index].instructions:
            after = tracking.transfer(instruction, state)
            for site, life in lives.items():
                _note(instruction, site, state, after, life)
            state = after
    return lives


def _note(instruction: Instruction, site: Site, state: State, after: State, life: _Life) -> None:
    if isinstance(instruction, Call) and instruction.receiver is not None:
        given = after.held(instruction.result)
        if any(each.site is site and each.role is Role.STEP for each in given):
            life.methods.add(instruction.node)
    old = state.conditions.get(site, frozenset())
    new = after.conditions.get(site, frozenset())
    if old == new:
        return
    at = instruction.node
    life.touched.add(at)
    if new == {ESCAPED}:
        how = _HANDED_ON.get(type(instruction), "used in an unknown way")
        life.handed_on[at] = Event(at, how)
    if new == {CLOSED}:
        how = "leaving the manager" if not isinstance(instruction, Await) else "awaiting `aclose()`"
        life.closed[at] = Event(at, how)


def _ways_out(tracking: Tracking, site: Site) -> Iterator[WayOut]:
    for kind in EdgeKind:
        block = tracking.graph.exits.get(kind)
        if block is None or block.index not in tracking.solution.entries:
            continue
        state = tracking.solution.entries.get(block.index, EMPTY)
        conditions = {
            condition: None
            for each in (site, site.earlier)
            for condition in state.conditions.get(each, ())
        }
        yield WayOut(kind, tuple(sorted(conditions, key=lambda each: each.phase.value)))


def _why_no_leak(site: Site, life: _Life) -> str:
    if site.node in life.handed_on:
        return "closing what it is made from does its cleanup"
    if life.handed_on:
        return "it is handed on, so closing it is another's part"
    if life.closed:
        return "it is closed or finished on every way out"
    return "it is finished, or never started, on every way out"


def _decorators(scope: Scope) -> list[str]:
    node = scope.node
    if not isinstance(node, cst.FunctionDef):
        return []
    found = (each.decorator for each in node.decorators)
    called = (each.func if isinstance(each, cst.Call) else each for each in found)
    return [dotted_name(each) or "..." for each in called]


_GENERATORS = frozenset({FunctionKind.AGEN, FunctionKind.GENERATOR})

_BODIES = {
    FunctionKind.AGEN: "an `async def` with a `yield`",
    FunctionKind.COROUTINE: "an `async def` without a `yield`",
    FunctionKind.GENERATOR: "a `def` with a `yield`",
    FunctionKind.PLAIN: "a `def` without a `yield`",
    FunctionKind.UNKNOWN: "no `def`",
}

_HANDED_ON: dict[type[Instruction], str] = {
    Return: "returned",
    Yield: "yielded",
    Raise: "raised",
    StoreAttribute: "stored on an attribute",
    StoreItem: "put into a container",
    Collect: "put into a container",
    Capture: "used by a nested function",
    Bind: "bound to a name that a nested function reads",
    MakeGenerator: "iterated by a generator expression",
    Call: "passed to a call that may keep or close it",
    Enter: "entered as a context manager",
    Await: "given to an exit stack",
    Discard: "given to an `aclose()` that nothing awaits",
}
