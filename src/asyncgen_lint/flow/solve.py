"""A worklist solver for forward data-flow problems over a graph.

States are joined at blocks until nothing changes; a problem's lattice must be of finite height.
A state is never changed in place.
"""

from __future__ import annotations

import heapq
from typing import Generic, Protocol, TypeVar

from asyncgen_lint.flow.graph import Block, Edge, EdgeKind, Graph, Instruction, is_raised_by

State = TypeVar("State")


class Problem(Protocol[State]):
    """A forward data-flow problem."""

    def transfer(self, instruction: Instruction, state: State) -> State:
        """Return the state after an instruction that did not raise."""

    def interrupted(self, instruction: Instruction, state: State, kind: EdgeKind) -> State | None:
        """Return the state when an instruction, entered in `state`, raised; None if it cannot."""

    def follow(self, block: Block, edge: Edge, state: State) -> State | None:
        """Return the state on an edge; None if the edge cannot be taken."""

    def join(self, one: State, other: State) -> State:
        """Return the least state that covers both."""


class Solution(Generic[State]):
    """The fixpoint: the state at the entry of each block that can be reached."""

    def __init__(self, graph: Graph, problem: Problem[State], initial: State) -> None:
        self.graph = graph
        self.problem = problem
        self.entries: dict[int, State] = {}
        self._solve(initial)

    def _solve(self, initial: State) -> None:
        order = _reverse_postorder(self.graph)
        self.entries[self.graph.entry.index] = initial
        waiting = [(0, self.graph.entry.index)]
        queued = {self.graph.entry.index}
        blocks = self.graph.blocks
        while waiting:
            _, index = heapq.heappop(waiting)
            queued.discard(index)
            for edge, state in outcomes(self.problem, blocks[index], self.entries[index]):
                target = edge.target.index
                old = self.entries.get(target)
                new = state if old is None else self.problem.join(old, state)
                if old is not None and new == old:
                    continue
                self.entries[target] = new
                if target not in queued:
                    queued.add(target)
                    heapq.heappush(waiting, (order[target], target))


def outcomes(problem: Problem[State], block: Block, state: State) -> list[tuple[Edge, State]]:
    """Return each edge that can be taken from a block entered in `state`, and the state on it."""
    raised: dict[EdgeKind, State] = {}
    kinds = {edge.kind for edge in block.edges if edge.raised}
    for instruction in block.instructions:
        for kind in kinds:
            if is_raised_by(kind, instruction):
                broken = problem.interrupted(instruction, state, kind)
                if broken is None:
                    continue
                raised[kind] = problem.join(raised[kind], broken) if kind in raised else broken
        state = problem.transfer(instruction, state)
    found = []
    for edge in block.edges:
        start = raised.get(edge.kind) if edge.raised else state
        if start is None:
            continue
        after = problem.follow(block, edge, start)
        if after is not None:
            found.append((edge, after))
    return found


def _reverse_postorder(graph: Graph) -> dict[int, int]:
    finished: list[int] = []
    seen = {graph.entry.index}
    stack = [(graph.entry, iter(graph.entry.edges))]
    while stack:
        block, edges = stack[-1]
        for edge in edges:
            if edge.target.index not in seen:
                seen.add(edge.target.index)
                stack.append((edge.target, iter(edge.target.edges)))
                break
        else:
            stack.pop()
            finished.append(block.index)
    return {index: place for place, index in enumerate(reversed(finished))}
