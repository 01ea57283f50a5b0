"""Generators stepped at the wrong time of their life: sent to too early, iterated once too often.

Both questions are about every path to a step. Where the paths disagree, a loop counts alone that
takes the step in each of its turns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.flow.graph import (
    Await,
    Block,
    Edge,
    Instruction,
    Iterate,
    Next,
    RegionKind,
)
from asyncgen_lint.names.scopes import is_name
from asyncgen_lint.typestate.state import (
    CREATED,
    EXHAUSTED,
    Condition,
    Holding,
    Phase,
    Role,
    Site,
    State,
)
from asyncgen_lint.typestate.track import Tracking


@dataclass(frozen=True, slots=True)
class SecondPass:
    """A loop, or a call that drains, over a generator that is at its end; `first` ended it."""

    site: Site
    at: cst.CSTNode
    first: cst.CSTNode


@dataclass(frozen=True, slots=True)
class EarlySend:
    """A call of `asend` with a value, on a generator that has not been started."""

    site: Site
    call: cst.Call


def early_sends(tracking: Tracking) -> Iterator[EarlySend]:
    """Yield each `asend` of a value that is the first step of a generator made here."""
    for instruction, _, state in _steps(tracking):
        held = _only(state, instruction)
        if held is None or held.action != "asend" or not _sends_value(held.step):
            continue
        conditions = state.conditions.get(held.site, frozenset())
        # A send in a loop comes after itself as well; what starts the generator is another step.
        if CREATED in conditions and all(
            each == CREATED or (each.phase is Phase.SUSPENDED and _sends_value(each.step))
            for each in conditions
        ):
            assert isinstance(held.step, cst.Call)
            yield EarlySend(held.site, held.step)


def second_passes(tracking: Tracking) -> Iterator[SecondPass]:
    """Yield each loop over a generator that an earlier loop, or turn, has certainly exhausted."""
    passes = [
        (instruction, block, state, held.site)
        for instruction, block, state in _steps(tracking)
        if (held := _only(state, instruction)) is not None and _takes_all(instruction, held)
    ]
    for instruction, block, state, site in passes:
        conditions = state.conditions.get(site, frozenset())
        is_certain = conditions == {EXHAUSTED}
        if not is_certain and not (
            conditions == {CREATED, EXHAUSTED} and _is_in_every_turn(tracking, block)
        ):
            continue
        path = tracking.path_to(site, _Met(instruction, site))
        if path is not None:
            all_passes = frozenset(each.node for each, _, _, other in passes if other is site)
            first = _ended_by(path, instruction, block, all_passes)
            yield SecondPass(site, instruction.node, first or site.node)


@dataclass(frozen=True)
class _Met:
    """Whether a generator is at its end at an instruction."""

    instruction: Instruction
    site: Site

    def __call__(self, instruction: Instruction, state: State) -> bool:
        at_end: frozenset[Condition] = frozenset({EXHAUSTED})
        return instruction is self.instruction and state.conditions.get(self.site) == at_end


def _steps(tracking: Tracking) -> Iterator[tuple[Instruction, Block, State]]:
    """Yield each instruction that takes a generator, with its block and the state before it."""
    seen = set()
    for index, state in sorted(tracking.solution.entries.items()):
        block = tracking.graph.blocks[index]
        for instruction in block.instructions:
            takes = isinstance(instruction, (Await, Iterate)) and bool(
                state.held(instruction.value)
            )
            if takes and instruction.node not in seen:
                seen.add(instruction.node)
                yield instruction, block, state
            state = tracking.transfer(instruction, state)


def _only(state: State, instruction: Instruction) -> Holding | None:
    """Return what an instruction takes, if that is one generator."""
    assert isinstance(instruction, (Await, Iterate))
    held = state.held(instruction.value)
    return next(iter(held)) if len(held) == 1 else None


def _takes_all(instruction: Instruction, held: Holding) -> bool:
    if isinstance(instruction, Iterate):
        return instruction.is_async and held.role is Role.OBJECT
    return held.role is Role.STEP and held.action == "exhaust"


def _is_in_every_turn(tracking: Tracking, block: Block) -> bool:
    """Return whether a block is part of each turn of the endless or `for` loop around it."""
    loops = [each.node for each in block.regions if each.kind is RegionKind.LOOP]
    if not loops or not (isinstance(loops[-1], cst.For) or _is_endless(loops[-1])):
        return False
    inside = [each for each in tracking.graph.blocks if _innermost_loop(each) is loops[-1]]
    return not any(_comes_back(each, block) for each in inside if each is not block)


def _innermost_loop(block: Block) -> cst.CSTNode | None:
    loops = [each.node for each in block.regions if each.kind is RegionKind.LOOP]
    return loops[-1] if loops else None


def _is_endless(loop: cst.CSTNode) -> bool:
    return isinstance(loop, cst.While) and is_name(loop.test, "True")


def _comes_back(start: Block, avoided: Block) -> bool:
    """Return whether control may come from a block to itself past another one."""
    seen: set[int] = set()
    pending = [start]
    while pending:
        for edge in pending.pop().edges:
            if edge.target is start:
                return True
            if not edge.raised and edge.target is not avoided and edge.target.index not in seen:
                seen.add(edge.target.index)
                pending.append(edge.target)
    return False


def _ended_by(
    path: list[Edge], second: Instruction, block: Block, passes: frozenset[cst.CSTNode]
) -> cst.CSTNode | None:
    """Return which of the passes over a generator is the last on a path before the second."""
    visited = [each.target.instructions for each in path if each.target is not block]
    before = block.instructions[: block.instructions.index(second)]
    for instructions in [before, *reversed(visited)]:
        for each in reversed(instructions):
            if isinstance(each, (Next, Await)) and each.node in passes:
                return each.node
    return None


def _sends_value(step: cst.CSTNode | None) -> bool:
    """Return whether a step is `asend` of what certainly is not None."""
    if not isinstance(step, cst.Call) or not isinstance(step.func, cst.Attribute):
        return False
    if step.func.attr.value != "asend" or len(step.args) != 1 or step.args[0].star:
        return False
    value = step.args[0].value
    return isinstance(value, _VALUES) or is_name(value, "True") or is_name(value, "False")


_VALUES = (
    cst.BaseNumber,
    cst.BaseString,
    cst.Tuple,
    cst.BaseList,
    cst.BaseSet,
    cst.BaseDict,
    cst.BaseComp,
    cst.Lambda,
    cst.Comparison,
)
