"""Which local flags are True, False or None at a point, to leave out paths they exclude."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from asyncgen_lint.flow.graph import (
    EXCEPTIONAL,
    FALSY,
    TRUTHY,
    Bind,
    Block,
    Copy,
    Edge,
    EdgeKind,
    Graph,
    Instruction,
    Operand,
    Test,
    Unbind,
)
from asyncgen_lint.flow.solve import Solution

Flags = Mapping[Operand, frozenset[str]]
"""For each operand the constants it may hold; `?` stands for any other value."""

_OTHER = frozenset("?")

MAX_STATES = 16
"""How many different sets of flags at one block are told apart."""


class Constants:
    """The data-flow problem; a name that is missing holds an unknown value."""

    def transfer(self, instruction: Instruction, state: Flags) -> Flags:
        """Return the flags after an instruction."""
        if isinstance(instruction, (Bind, Copy)):
            target = instruction.name if isinstance(instruction, Bind) else instruction.result
            if instruction.constant:
                value = frozenset({instruction.constant})
            else:
                value = state.get(instruction.value, _OTHER)
            return state if state.get(target) == value else {**state, target: value}
        if isinstance(instruction, Unbind):
            return {**state, instruction.name: _OTHER}
        return state

    def interrupted(self, instruction: Instruction, state: Flags, kind: EdgeKind) -> Flags:
        """Return the flags when an instruction raised: as they were."""
        del instruction, kind
        return state

    def follow(self, block: Block, edge: Edge, state: Flags) -> Flags | None:
        """Return the flags on an edge; None if they exclude it."""
        return state if is_possible(block, edge, state) else None

    def join(self, one: Flags, other: Flags) -> Flags:
        """Return what may hold on either of two ways."""
        if one is other:
            return one
        names = one.keys() | other.keys()
        return {name: one.get(name, _OTHER) | other.get(name, _OTHER) for name in names}


def constants(graph: Graph) -> dict[int, Flags]:
    """Return the flags at the entry of each reachable block, by the block's index."""
    return Solution(graph, Constants(), {}).entries


def blocks_after(
    start: Edge,
    flags: Flags,
    ends: Callable[[Block], bool] | None = None,
    never_taken: Callable[[Block, Edge], bool] | None = None,
) -> Iterator[tuple[Block, Flags]]:
    """Yield the blocks that control may reach behind an edge, with the flags there.

    Only what happens without a further exception is followed: pending exceptions go on, explicit
    raises are taken, and calls are taken not to raise. A block that `ends` the search is the last
    of its path; edges that are `never_taken` are left out.
    """
    problem = Constants()
    seen: dict[int, list[Flags]] = {}
    pending = [(start.target, flags)]
    while pending:
        block, state = pending.pop()
        known = seen.setdefault(block.index, [])
        if len(known) >= MAX_STATES:
            # Beyond that, only what holds for all of them is kept: independent flags multiply.
            state = problem.join(known[-1], state)
        if state in known:
            continue
        known.append(state)
        yield block, state
        if ends is not None and ends(block):
            continue
        for edge, after in ways_on(block, state):
            if never_taken is None or not never_taken(block, edge):
                pending.append((edge.target, after))


def ways_on(block: Block, flags: Flags) -> Iterator[tuple[Edge, Flags]]:
    """Yield the edges that control may take out of a block, with the flags there.

    `flags` are those at the block's entry. Its instructions are taken not to raise.
    """
    problem, state = Constants(), flags
    for each in block.instructions:
        state = problem.transfer(each, state)
    for edge in block.edges:
        if not (edge.raised and edge.kind in EXCEPTIONAL) and is_possible(block, edge, state):
            yield edge, state


def is_possible(block: Block, edge: Edge, state: Flags) -> bool:
    """Return whether flags, as they are at the end of a block, let control take an edge."""
    last = block.instructions[-1] if block.instructions else None
    if not isinstance(last, Test) or last.value is None:
        return True
    values = state.get(last.value, _OTHER)
    if values & _OTHER or edge.kind not in (EdgeKind.TRUE, EdgeKind.FALSE):
        return True
    wanted = edge.kind is EdgeKind.TRUE
    return any(wanted in _outcomes(value, last.other) for value in values)


def _outcomes(value: str, other: str) -> tuple[bool, ...]:
    """Return what a test of a known value, for being another or for its truth, may give."""
    if not other:
        return (value in ("True", TRUTHY),)
    if other != "None":
        return (True, False)
    return (True, False) if value == FALSY else (value == "None",)
