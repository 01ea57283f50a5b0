"""Generators that two tasks are inside of at once, which raises RuntimeError in the later one.

Two things are looked for: tasks that are started on the same generator one after the other, with
nothing awaited in between, and a generator that is closed after the task inside it was cancelled,
but before that was awaited.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.flow.constants import blocks_after
from asyncgen_lint.flow.graph import (
    Await,
    Bind,
    Block,
    Call,
    Catch,
    Instruction,
    Region,
    RegionKind,
    Yield,
    suspends,
)
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import Scope, alternatives
from asyncgen_lint.source.walk import descendants
from asyncgen_lint.typestate.knowledge import Knowledge
from asyncgen_lint.typestate.state import Holding, Role, Site, State
from asyncgen_lint.typestate.track import Tracking

_INSIDE = tables.STEP_METHODS | {"anext", "aclose", "step", "exhaust"}
"""What an awaitable may do that goes into the generator."""

_LOOP_RUNNERS = frozenset({"run_until_complete", "run_forever"})
"""Methods of a loop in which its tasks run, in place of `await`: asyncio documentation."""

_STARTERS = frozenset({"create_task", "ensure_future"})
_RUNTIME_ERRORS = frozenset(
    {"builtins.RuntimeError", "builtins.Exception", "builtins.BaseException"}
)


@dataclass(frozen=True, slots=True)
class ConcurrentStep:
    """A step at a place while the task from `first` is inside; `cancelled` told that to end."""

    site: Site
    first: cst.CSTNode
    at: cst.CSTNode
    cancelled: cst.CSTNode | None = None


@dataclass(frozen=True, slots=True)
class _Started:
    """A task that steps a generator, and the instruction that starts it."""

    site: Site
    call: Call
    block: Block


def concurrent_steps(
    tracking: Tracking, scope: Scope, knowledge: Knowledge
) -> Iterator[ConcurrentStep]:
    """Yield each step or close of a generator that a task beside it may be inside of."""
    yield from _Concurrent(tracking, scope, knowledge).found()


class _Concurrent:
    """The tasks of one function."""

    def __init__(self, tracking: Tracking, scope: Scope, knowledge: Knowledge) -> None:
        self._tracking = tracking
        self._graph = tracking.graph
        self._scope = scope
        self._knowledge = knowledge

    def found(self) -> Iterator[ConcurrentStep]:
        started: list[_Started] = []
        seen: set[cst.CSTNode] = set()
        for call, block, state in self._calls():
            sites = [each.site for each in self._inside(call, state)]
            twice = next((each for each in sites if sites.count(each) > 1), None)
            assert isinstance(call.node, cst.Call)
            if self._knowledge.dotted(call.node.func, self._scope) in _GATHERERS:
                if twice is not None and call.node not in seen:
                    seen.add(call.node)
                    yield ConcurrentStep(twice, call.node, call.node)
            elif sites and call.method in _STARTERS | {""} and self._starts_task(call.node):
                started.append(_Started(sites[0], call, block))
        for each in started:
            for at, cancelled in self._meets(each, started):
                if at not in seen:
                    seen.add(at)
                    yield ConcurrentStep(each.site, each.call.node, at, cancelled)

    def _calls(self) -> Iterator[tuple[Call, Block, State]]:
        for index, state in sorted(self._tracking.solution.entries.items()):
            block = self._graph.blocks[index]
            for instruction in block.instructions:
                if isinstance(instruction, Call) and state.conditions:
                    yield instruction, block, state
                state = self._tracking.transfer(instruction, state)

    def _inside(self, call: Call, state: State) -> Iterator[Holding]:
        """Yield the awaitables among a call's arguments that go into a generator and suspend."""
        for argument in call.arguments:
            held = state.held(argument.value)
            only = next(iter(held)) if len(held) == 1 else None
            if only is None or only.role is not Role.STEP or only.action not in _INSIDE:
                continue
            if _may_suspend(only.site) and not self._is_guarded(only):
                yield only

    def _is_guarded(self, step: Holding) -> bool:
        """Return whether the function that steps the generator may hold a lock meanwhile."""
        if not isinstance(step.step, cst.Call) or step.action not in ("step", "exhaust", "aclose"):
            return False
        worker = self._knowledge.callee(step.step.func, self._scope)
        if worker is None:
            return step.action != "aclose"
        return any(
            isinstance(each, cst.With)
            or (isinstance(each, cst.Attribute) and each.attr.value == "acquire")
            for each in descendants(worker.node)
        )

    def _starts_task(self, node: cst.Call) -> bool:
        if self._knowledge.dotted(node.func, self._scope) in tables.TASK_MAKERS:
            return True
        return isinstance(node.func, cst.Attribute) and node.func.attr.value == "create_task"

    def _meets(
        self, first: _Started, started: list[_Started]
    ) -> Iterator[tuple[cst.CSTNode, cst.CSTNode | None]]:
        """Yield what comes to the same generator while the task may be inside it."""
        others = {each.call for each in started if each.site is first.site}
        for each, _, _ in self._until_await(first.block, first.call, first.site):
            if isinstance(each, Call) and each in others:
                yield each.node, None
        name = self._name_of(first.call)
        for block in self._graph.blocks if name else ():
            for each in block.instructions:
                if isinstance(each, Call) and each.receiver == name and each.method == "cancel":
                    for end, where, state in self._until_await(block, each, first.site):
                        close = self._close(end, where, state, first.site)
                        if close is not None:
                            yield close, each.node

    def _name_of(self, call: Call) -> str:
        """Return the only name that gets a task and nothing else."""
        for block in self._graph.blocks:
            for each in block.instructions:
                if isinstance(each, Bind) and each.value == call.result:
                    is_only = len(self._scope.bindings.get(each.name, ())) == 1
                    return each.name if is_only else ""
        return ""

    def _close(
        self, instruction: Instruction, block: Block, state: State | None, site: Site
    ) -> cst.CSTNode | None:
        if not isinstance(instruction, Await) or state is None:
            return None
        if any(self._expects_error(each) for each in block.regions):
            return None
        held = state.held(instruction.value)
        only = next(iter(held)) if len(held) == 1 else None
        if only is None or only.site is not site or only.action != "aclose":
            return None
        return only.step

    def _expects_error(self, region: Region) -> bool:
        node = region.node
        if region.kind is not RegionKind.TRY_BODY or not isinstance(node, cst.Try):
            return False
        types = [each.type for each in node.handlers]
        return any(
            each is None
            or any(
                self._knowledge.dotted(one, self._scope) in _RUNTIME_ERRORS
                for one in alternatives(each)
            )
            for each in types
        )

    def _until_await(
        self, block: Block, after: Instruction, site: Site
    ) -> Iterator[tuple[Instruction, Block, State | None]]:
        """Yield what control may come to before, and with, the next suspension of this task."""
        seen: set[int] = set()
        place = block.instructions.index(after) + 1
        pending = [(block, place)]
        while pending:
            current, start = pending.pop()
            state = self._tracking.solution.entries.get(current.index)
            is_over = False
            for number, each in enumerate(current.instructions):
                if number >= start:
                    yield each, current, state
                    is_over = _lets_others_run(each) or each.node is site.node
                    if is_over:
                        break
                if state is not None:
                    state = self._tracking.transfer(each, state)
            following = (
                self._interrupted(current)
                if is_over
                else [edge.target for edge in current.edges if not edge.raised]
            )
            for target in following:
                if target.index not in seen:
                    seen.add(target.index)
                    pending.append((target, 0))

    def _interrupted(self, block: Block) -> list[Block]:
        """Return the handlers of Ctrl-C, which leaves pending what a loop runs in a block."""
        if not any(map(_runs_loop, block.instructions)):
            return []
        return [
            target
            for edge in block.edges
            if edge.raised
            for target, _ in blocks_after(edge, {}, _is_entry)
            if self._is_for_interrupt(target)
        ]

    def _is_for_interrupt(self, entry: Block) -> bool:
        handler = next((each.node for each in entry.instructions if isinstance(each, Catch)), None)
        if not isinstance(handler, cst.ExceptHandler) or handler.type is None:
            return False
        return any(
            self._knowledge.dotted(each, self._scope) == "builtins.KeyboardInterrupt"
            for each in alternatives(handler.type)
        )


_GATHERERS = frozenset({"asyncio.gather", "asyncio.tasks.gather"})


def _is_entry(block: Block) -> bool:
    return any(isinstance(each, Catch) for each in block.instructions)


def _runs_loop(instruction: Instruction) -> bool:
    return isinstance(instruction, Call) and instruction.method in _LOOP_RUNNERS


def _lets_others_run(instruction: Instruction) -> bool:
    return suspends(instruction) or isinstance(instruction, Yield) or _runs_loop(instruction)


def _may_suspend(site: Site) -> bool:
    """Return whether a generator awaits something between its yields."""
    return bool(site.functions) and all(each.awaits for each in site.functions)
