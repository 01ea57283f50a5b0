"""Which bindings a nested function may see: those of a name that it captured before.

A nested function reads a variable, not what it held when the function was made. So what is bound
after that may be used by it too; what was bound and let go before cannot be.
"""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.flow.graph import Bind, Block, Capture, Edge, EdgeKind, Graph, Instruction
from asyncgen_lint.flow.solve import Solution


def bound_after_capture(graph: Graph) -> frozenset[Bind]:
    """Return the bindings of names that a function made earlier may read."""
    if not graph.captured:
        return frozenset()
    bound, captured = set(), set()
    for block in graph.blocks:
        for each in block.instructions:
            if isinstance(each, Bind) and each.name in graph.captured:
                bound.add(each)
            elif isinstance(each, Capture):
                captured |= set(each.names)
    if isinstance(graph.node, cst.Module):
        # Whoever imports a module reads its names.
        return frozenset(bound)
    seen = {each for each in bound if each.name not in captured}
    problem = _Captures()
    for index, names in Solution(graph, problem, frozenset()).entries.items():
        for each in graph.blocks[index].instructions:
            if isinstance(each, Bind) and each.name in names:
                seen.add(each)
            names = problem.transfer(each, names)
    return frozenset(seen)


class _Captures:
    """The data-flow problem: the names that some function made so far captures."""

    def transfer(self, instruction: Instruction, state: frozenset[str]) -> frozenset[str]:
        """Return the names captured after an instruction."""
        return state | set(instruction.names) if isinstance(instruction, Capture) else state

    def interrupted(
        self, instruction: Instruction, state: frozenset[str], kind: EdgeKind
    ) -> frozenset[str]:
        """Return the names captured when an instruction raised: those before it."""
        del instruction, kind
        return state

    def follow(self, block: Block, edge: Edge, state: frozenset[str]) -> frozenset[str]:
        """Return the names captured on an edge: the same."""
        del block, edge
        return state

    def join(self, one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
        """Return the names captured on either of two ways."""
        return one | other
