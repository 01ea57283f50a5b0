"""Steps of a generator under a timeout, whose handler lets the same generator be stepped again.

The timeout cancels the step: CancelledError comes in at the await where the generator's own body
stands, and ends it. From the handler that catches the timeout the normal paths are walked to the
next step, as long as no new generator takes the name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.flow.constants import blocks_after, constants
from asyncgen_lint.flow.graph import (
    Await,
    Bind,
    Block,
    Catch,
    Edge,
    EdgeKind,
    Instruction,
    Iterate,
    Next,
    Operand,
    RegionKind,
    Unbind,
)
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import Scope, alternatives, is_name
from asyncgen_lint.source.suites import last_statement
from asyncgen_lint.source.walk import descendants
from asyncgen_lint.typestate.knowledge import Knowledge
from asyncgen_lint.typestate.state import Holding, Role, Site, State
from asyncgen_lint.typestate.track import Tracking

_STEPS = frozenset({"anext", "__anext__", "asend"})
_CANCELLATION = frozenset({"CancelledError", "Cancelled", "BaseException"})


@dataclass(frozen=True, slots=True)
class TimedStep:
    """A step, the handler that catches its timeout, and the step that comes after that."""

    site: Site
    at: cst.CSTNode
    handler: cst.ExceptHandler
    again: cst.CSTNode


def timed_steps(tracking: Tracking, scope: Scope, knowledge: Knowledge) -> Iterator[TimedStep]:
    """Yield each step under a timeout after which the same generator is stepped again."""
    yield from _Timeouts(tracking, scope, knowledge).found()


class _Timeouts:
    """The timeouts of one function."""

    def __init__(self, tracking: Tracking, scope: Scope, knowledge: Knowledge) -> None:
        self._tracking = tracking
        self._graph = tracking.graph
        self._scope = scope
        self._knowledge = knowledge

    def found(self) -> Iterator[TimedStep]:
        seen = set()
        for instruction, block, state, held in self._steps():
            if instruction.node in seen or not is_ended_by_cancellation(held.site):
                continue
            handler = self._handler_of_timeout(instruction, block)
            if handler is None:
                continue
            again = self._next_step(handler, held.site, _names_of(held.site, state))
            if again is not None:
                seen.add(instruction.node)
                yield TimedStep(held.site, _place(instruction, held), handler, again)

    def _steps(self) -> Iterator[tuple[Instruction, Block, State, Holding]]:
        for index, state in sorted(self._tracking.solution.entries.items()):
            block = self._graph.blocks[index]
            for instruction in block.instructions:
                held = _stepped(instruction, state)
                if held is not None:
                    yield instruction, block, state, held
                state = self._tracking.transfer(instruction, state)

    def _handler_of_timeout(
        self, instruction: Instruction, block: Block
    ) -> cst.ExceptHandler | None:
        """Return the handler that certainly gets the timeout of a step, if there is one."""
        is_timed = self._is_waited_for(instruction)
        for region in reversed(block.regions):
            if region.kind is RegionKind.WITH and not is_timed:
                is_timed = self._is_timeout(region.node)
            elif region.kind is RegionKind.TRY_BODY and isinstance(region.node, cst.Try):
                if not is_timed and any(_absorbs_cancellation(e) for e in region.node.handlers):
                    return None
                handler, is_sure = self._first_handler(region.node) if is_timed else (None, True)
                if handler is not None or not is_sure:
                    return handler
            elif region.kind is RegionKind.WITH and self._may_swallow(region.node):
                return None
        return None

    def _is_waited_for(self, instruction: Instruction) -> bool:
        node = instruction.node
        if not isinstance(node, cst.Await) or not isinstance(node.expression, cst.Call):
            return False
        call = node.expression
        if self._knowledge.dotted(call.func, self._scope) not in tables.TIMED_WAITERS:
            return False
        return len(call.args) > 1 and not is_name(call.args[1].value, "None")

    def _is_timeout(self, item: cst.CSTNode) -> bool:
        if not isinstance(item, cst.WithItem) or not isinstance(item.item, cst.Call):
            return False
        return self._knowledge.dotted(item.item.func, self._scope) in tables.RAISING_TIMEOUTS

    def _may_swallow(self, item: cst.CSTNode) -> bool:
        if not isinstance(item, cst.WithItem):
            return True
        kind = EdgeKind.MAY_RAISE
        return self._knowledge.swallows(item.item, self._scope, kind, "") is not False

    def _first_handler(self, statement: cst.Try) -> tuple[cst.ExceptHandler | None, bool]:
        """Return the handler for a timeout, and whether that, or that there is none, is sure."""
        for handler in statement.handlers:
            if handler.type is None:
                return handler, True
            types = {self._knowledge.dotted(e, self._scope) for e in alternatives(handler.type)}
            if types & tables.TIMEOUT_ERRORS:
                return handler, True
            if "" in types:
                return None, False
        return None, True

    def _next_step(
        self, handler: cst.ExceptHandler, site: Site, names: frozenset[Operand]
    ) -> cst.CSTNode | None:
        flags = constants(self._graph)
        for start in self._edges_into(handler):
            reached = blocks_after(
                start, flags.get(start.target.index, {}), lambda each: _ends(each, site, names)
            )
            for block, _ in reached:
                again = self._step_in(block, site, names)
                if again is not None:
                    return again
        return None

    def _edges_into(self, handler: cst.ExceptHandler) -> Iterator[Edge]:
        for block in self._graph.blocks:
            for edge in block.edges:
                if any(
                    isinstance(each, Catch)
                    and each.node is handler
                    and each.kind is EdgeKind.MAY_RAISE
                    for each in edge.target.instructions
                ):
                    yield edge

    def _step_in(self, block: Block, site: Site, names: frozenset[Operand]) -> cst.CSTNode | None:
        state = self._tracking.solution.entries.get(block.index)
        if state is None:
            return None
        for instruction in block.instructions:
            if _is_end(instruction, site, names):
                return None
            held = _stepped(instruction, state) or _iterated(instruction, state)
            if held is not None and held.site is site:
                return _place(instruction, held)
            state = self._tracking.transfer(instruction, state)
        return None


def is_ended_by_cancellation(site: Site) -> bool:
    """Return whether a cancelled step ends a generator: it may be awaiting, and lets it through."""
    return bool(site.functions) and all(map(_is_ended_by_cancellation, site.functions))


def _is_ended_by_cancellation(function: Scope) -> bool:
    if not function.awaits:
        return False
    handlers = (cst.ExceptHandler, cst.ExceptStarHandler)
    return not any(
        isinstance(each, handlers) and _absorbs_cancellation(each)
        for each in descendants(function.node)
    )


def _absorbs_cancellation(handler: cst.ExceptHandler | cst.ExceptStarHandler) -> bool:
    """Return whether a handler may catch a cancellation and go on."""
    if handler.type is not None and not any(
        isinstance(each, cst.Name)
        and (each.value in _CANCELLATION or each.value == "get_cancelled_exc_class")
        for each in descendants(handler.type)
    ):
        return False
    return not isinstance(last_statement(handler.body), cst.Raise)


def _stepped(instruction: Instruction, state: State) -> Holding | None:
    """Return the generator that an instruction takes one item of."""
    if isinstance(instruction, Await):
        held = state.held(instruction.value)
        only = next(iter(held)) if len(held) == 1 else None
        is_step = only is not None and only.role is Role.STEP and only.action in _STEPS
        return only if is_step else None
    if isinstance(instruction, Next) and instruction.is_async:
        held = state.held(instruction.iterator)
        return next(iter(held)) if len(held) == 1 else None
    return None


def _iterated(instruction: Instruction, state: State) -> Holding | None:
    if not isinstance(instruction, Iterate) or not instruction.is_async:
        return None
    held = state.held(instruction.value)
    return next(iter(held)) if len(held) == 1 else None


def _place(instruction: Instruction, held: Holding) -> cst.CSTNode:
    return held.step if held.role is Role.STEP and held.step is not None else instruction.node


def _names_of(site: Site, state: State) -> frozenset[Operand]:
    return frozenset(
        operand
        for operand, held in state.holdings.items()
        if isinstance(operand, str) and any(each.site is site for each in held)
    )


def _is_end(instruction: Instruction, site: Site, names: frozenset[Operand]) -> bool:
    if isinstance(instruction, (Bind, Unbind)):
        return instruction.name in names
    return instruction.node is site.node


def _ends(block: Block, site: Site, names: frozenset[Operand]) -> bool:
    return any(_is_end(each, site, names) for each in block.instructions)
