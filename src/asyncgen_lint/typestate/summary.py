"""Summaries of a module's functions: do they need closing, and what do they do to parameters?

Both are fixpoints over the calls of the module: an answer that is asked for while it is being
computed is taken to be the one that keeps the tool quiet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.flow.graph import EdgeKind, Graph, Region, RegionKind, Yield, yield_of
from asyncgen_lint.names.scopes import Scope, all_parameters
from asyncgen_lint.typestate.calls import Use
from asyncgen_lint.typestate.cleanup import Cleanup, Verdict
from asyncgen_lint.typestate.closing import Closing
from asyncgen_lint.typestate.knowledge import FunctionKind, Knowledge
from asyncgen_lint.typestate.resources import Resources
from asyncgen_lint.typestate.state import (
    CREATED,
    EMPTY,
    Condition,
    Holding,
    Phase,
    Role,
    Site,
    SiteKind,
    State,
)
from asyncgen_lint.typestate.track import Tracking


@dataclass(frozen=True, slots=True)
class Reason:
    """Why closing a generator has an effect: at this `yield`, because of this statement."""

    at: cst.CSTNode
    because: cst.CSTNode
    text: str


@dataclass(frozen=True, slots=True)
class NeedsClose:
    """Whether a generator needs closing; a YES has the first reason found."""

    verdict: Verdict
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class _Made:
    """A generator that one of `functions` makes, or in subclasses one of `overrides` instead."""

    functions: tuple[Scope, ...]
    overrides: tuple[Scope, ...] = ()

    def verdict(self, of: Callable[[Scope], Verdict]) -> Verdict:
        """Return what holds of all functions, and not merely where no subclass changes it."""
        verdicts = {of(each) for each in self.functions}
        agreed = verdicts.pop() if len(verdicts) == 1 else Verdict.UNKNOWN
        is_overridden = bool(self.overrides) and agreed not in map(of, self.overrides)
        return Verdict.UNKNOWN if is_overridden else agreed


@dataclass(frozen=True, slots=True)
class _Ground:
    """What may make a generator need closing: a verdict, or that of the generator `inner`."""

    verdict: Verdict
    reason: Reason | None = None
    inner: _Made | None = None


_NO = NeedsClose(Verdict.NO)
_UNKNOWN = NeedsClose(Verdict.UNKNOWN)


class Summaries:
    """Summaries of functions, computed when asked for and kept with their module.

    `others` has those of all modules but the one that is analysed.
    """

    def __init__(self, knowledge: Knowledge, others: Summaries | None = None) -> None:
        self.knowledge = knowledge
        self.cleanup = Cleanup(knowledge)
        self._others = others
        self._pending_uses: set[tuple[Scope, str]] = set()
        self._resources = Resources(knowledge, self.cleanup)

    def tracking(self, function: Scope) -> Tracking | None:
        """Return the solved typestate of a function; None if it is too complex."""
        if self._others is not None and function.outline is not self.knowledge.outline:
            # What is kept with another module must not keep this one alive.
            return self._others.tracking(function)
        memo = function.outline.memo.setdefault("tracking", {})
        if function not in memo:
            graph = self.knowledge.graph(function)
            memo[function] = (
                Tracking(self.knowledge, self, function, graph) if graph is not None else None
            )
        found: Tracking | None = memo[function]
        return found

    # Needs close

    def site_needs_close(self, site: Site) -> NeedsClose:
        """Return whether the generators made at a site need closing."""
        if site.kind is SiteKind.EXPRESSION:
            return self._expression_needs_close(site)
        if not site.functions:
            return _UNKNOWN
        own = self._made_needs_close(_Made(site.functions, site.overrides))
        if own.verdict is not Verdict.YES:
            for each in site.owned:
                if self.site_needs_close(each).verdict is Verdict.YES:
                    return NeedsClose(
                        Verdict.YES,
                        Reason(site.node, each.node, "over a generator that needs closing"),
                    )
        return own

    def _made_needs_close(self, made: _Made) -> NeedsClose:
        verdict = made.verdict(lambda each: self.needs_close(each).verdict)
        first = self.needs_close(made.functions[0])
        return first if first.verdict is verdict else NeedsClose(verdict)

    def _expression_needs_close(self, site: Site) -> NeedsClose:
        if len(site.sources) != 1:
            return _UNKNOWN
        (source,) = site.sources
        inner = self.site_needs_close(source)
        if inner.verdict is not Verdict.YES:
            return inner
        reason = Reason(site.node, source.node, "over a generator that needs closing")
        return NeedsClose(Verdict.YES, reason)

    def needs_close(self, function: Scope) -> NeedsClose:
        """Return whether an async generator function's objects need closing (runtime.md (b))."""
        if _solved(function) is None:
            self._solve_needs_close(function)
        return _solved(function) or _UNKNOWN

    def _solve_needs_close(self, function: Scope) -> None:
        """Solve a function and all it rests on: the least fixpoint, from NO for each."""
        grounds: dict[Scope, list[_Ground]] = {}
        pending = [function]
        while pending:
            each = pending.pop()
            if each in grounds or _solved(each) is not None:
                continue
            grounds[each] = list(self._grounds(each))
            for ground in grounds[each]:
                if ground.inner is not None:
                    pending += (*ground.inner.functions, *ground.inner.overrides)
        for each in grounds:
            _solve(each, _NO)
        is_changing = True
        while is_changing:
            is_changing = False
            # What was found last rests on fewest others.
            for each in reversed(grounds):
                answer = self._answer(grounds[each])
                if answer.verdict is not _verdict(each):
                    _solve(each, answer)
                    is_changing = True

    def _answer(self, grounds: list[_Ground]) -> NeedsClose:
        for verdict in (Verdict.YES, Verdict.UNKNOWN):
            for each in grounds:
                inner = each.inner.verdict(_verdict) if each.inner else each.verdict
                if inner is verdict:
                    return NeedsClose(verdict, each.reason)
        return _NO

    def _grounds(self, function: Scope) -> Iterator[_Ground]:
        """Yield all that may make a function's generators need closing, in the text's order."""
        if not function.yields:
            # An annotation alone says that it gives a generator.
            yield _Ground(Verdict.UNKNOWN)
            return
        graph = self.knowledge.graph(function)
        tracking = self.tracking(function)
        if graph is None or tracking is None:
            yield _Ground(Verdict.UNKNOWN)
            return
        grounds = list(self._grounds_at_yields(function, graph, tracking))
        may_need_it = any(each.inner or each.verdict is not Verdict.NO for each in grounds)
        if may_need_it and self._refuses_to_close(function, graph):
            yield _Ground(Verdict.UNKNOWN)
        else:
            yield from grounds

    def _grounds_at_yields(
        self, function: Scope, graph: Graph, tracking: Tracking
    ) -> Iterator[_Ground]:
        for index in sorted(tracking.solution.entries):
            block = graph.blocks[index]
            for instruction in block.instructions:
                if isinstance(instruction, Yield):
                    for region in block.regions:
                        yield self._region_ground(function, instruction, region)
        for at, site in tracking.suspended_at_yields():
            for each in (site, *site.owned):
                yield self._inner_ground(at, each)

    def _refuses_to_close(self, function: Scope, graph: Graph) -> bool:
        """Return whether a generator may yield after GeneratorExit, so that closing it raises."""
        yielding = Closing(graph, function, self.cleanup).yields_after_exit()
        return any(not each.is_pending_error for each in yielding)

    def _region_ground(self, function: Scope, at: Yield, region: Region) -> _Ground:
        if region.kind is RegionKind.LOOP:
            return self._sync_loop_ground(function, at, region)
        verdict = self.cleanup.region_has_effect(region, function)
        return _Ground(verdict, Reason(at.node, region.node, _region_text(region)))

    def _sync_loop_ground(self, function: Scope, at: Yield, region: Region) -> _Ground:
        """A sync generator held by a `for` is closed inline when its holder is."""
        node = region.node
        if not isinstance(node, cst.For) or region.is_async:
            return _Ground(Verdict.NO)
        product = self.knowledge.certain_product(node.iter, function)
        if product is None or product.kind is not FunctionKind.GENERATOR:
            return _Ground(Verdict.NO)
        reason = Reason(at.node, node, "in a loop over a generator with cleanup")
        return _Ground(Verdict.NO, reason, _Made(product.functions))

    def _inner_ground(self, at: Yield, site: Site) -> _Ground:
        """The generator that another holds, or that the expression it holds iterates."""
        reason = Reason(at.node, site.node, "holding another generator that needs closing")
        while site.kind is SiteKind.EXPRESSION and len(site.sources) == 1:
            (site,) = site.sources
        if not site.functions:
            return _Ground(Verdict.UNKNOWN)
        return _Ground(Verdict.NO, reason, _Made(site.functions, site.overrides))

    # Items

    def yields_first(self, function: Scope) -> bool:
        """Return whether every run of a generator function comes to a `yield` or raises."""
        memo = function.outline.memo.setdefault("yields first", {})
        if function not in memo:
            memo[function] = self._comes_to_a_yield(function)
        return bool(memo[function])

    def _comes_to_a_yield(self, function: Scope) -> bool:
        graph = self.knowledge.graph(function)
        if graph is None:
            return False
        end = graph.exits[EdgeKind.RETURN]
        pending, seen = [graph.entry], {graph.entry.index}
        while pending:
            block = pending.pop()
            if block is end:
                return False
            if yield_of(block) is not None:
                continue
            for edge in block.edges:
                if edge.target.index not in seen:
                    seen.add(edge.target.index)
                    pending.append(edge.target)
        return True

    # Parameters

    def use(self, function: Scope, parameter: str) -> Use:
        """Return what a function does with what is passed as this parameter."""
        if self._others is not None and function.outline is not self.knowledge.outline:
            return self._others.use(function, parameter)
        memo = function.outline.memo.setdefault("use", {})
        key = (function, parameter)
        if key not in memo:
            if key in self._pending_uses:
                return Use.ESCAPES
            self._pending_uses.add(key)
            try:
                memo[key] = self._compute_use(function, parameter)
            finally:
                self._pending_uses.discard(key)
        found: Use = memo[key]
        return found

    def ends_with_one_of(
        self, function: Scope, call: cst.CSTNode, closed: frozenset[str], scope: Scope
    ) -> bool:
        """Return whether closing these names does all that a generator has to clean up."""
        return self._resources.ends_with_one_of(function, call, closed, scope)

    def _compute_use(self, function: Scope, parameter: str) -> Use:
        graph = self.knowledge.graph(function)
        if graph is None or not isinstance(function.node, cst.FunctionDef):
            return Use.ESCAPES
        names = [each.name.value for each in all_parameters(function.node.params)]
        stars = (function.node.params.star_arg, function.node.params.star_kwarg)
        if parameter not in names or parameter in graph.captured:
            return Use.ESCAPES
        if any(isinstance(each, cst.Param) and each.name.value == parameter for each in stars):
            return Use.ESCAPES
        tracking = _ParameterTracking(self.knowledge, self, function, graph, parameter)
        return tracking.use()


def _solved(function: Scope) -> NeedsClose | None:
    return function.outline.memo.setdefault("needs close", {}).get(function)


def _solve(function: Scope, answer: NeedsClose) -> None:
    function.outline.memo["needs close"][function] = answer


def _verdict(function: Scope) -> Verdict:
    return (_solved(function) or _UNKNOWN).verdict


def _region_text(region: Region) -> str:
    if region.kind is RegionKind.WITH:
        return "inside an `async with`" if region.is_async else "inside a `with`"
    return "inside a `try` with cleanup"


_STEPPED = frozenset({Phase.SUSPENDED, Phase.EXHAUSTED, Phase.CLOSED})


class _ParameterTracking(Tracking):
    """Follows one parameter as if it were a generator made before the function began."""

    def __init__(
        self,
        knowledge: Knowledge,
        summaries: Summaries,
        scope: Scope,
        graph: Graph,
        parameter: str,
    ) -> None:
        self._parameter = Site(SiteKind.PARAMETER, graph.node)
        self._name = parameter
        self._is_manager = knowledge.kind(scope) is FunctionKind.CONTEXT_MANAGER
        super().__init__(knowledge, summaries, scope, graph)

    def _initial(self) -> State:
        held = frozenset({Holding(self._parameter, Role.OBJECT)})
        return State({self._name: held}, {self._parameter: frozenset({CREATED})})

    def _yield(self, instruction: Yield, state: State) -> State:
        if self._is_manager and instruction.value == self._name:
            # Lent to the body of the `with`, which is followed where that stands.
            return state
        return super()._yield(instruction, state)

    def use(self) -> Use:
        """Return what happens to the parameter on every normal way out."""
        exit_state = self.solution.entries.get(self.graph.exits[EdgeKind.RETURN].index, EMPTY)
        phases = {each.phase for each in exit_state.conditions.get(self._parameter, ())}
        if self._is_relayed():
            return Use.RELAYS
        if Phase.CLOSED in phases and phases <= {Phase.CLOSED, Phase.EXHAUSTED}:
            # A close that fails has finished the generator too.
            return Use.CLOSES
        if phases and phases <= {Phase.CLOSED, Phase.EXHAUSTED}:
            return Use.EXHAUSTS
        if phases == {Phase.CREATED}:
            return Use.LOOKS
        if Phase.SUSPENDED in phases and phases <= _STEPPED:
            return Use.STEPS
        return Use.ESCAPES

    def _is_relayed(self) -> bool:
        """Return whether closing the function's generator, at any `yield`, leaves it suspended."""
        at_yields: list[frozenset[Condition]] = []
        for index, state in self.solution.entries.items():
            if yield_of(self.graph.blocks[index]) is not None:
                at_yields.append(state.conditions.get(self._parameter, frozenset()))
        left = self.solution.entries.get(self.graph.exits[EdgeKind.GENERATOR_EXIT].index, EMPTY)
        at_yields.append(left.conditions.get(self._parameter, frozenset()))
        return len(at_yields) > 1 and all(
            {each.phase for each in conditions} == {Phase.SUSPENDED} for conditions in at_yields
        )
