"""Endless loops of generators that yield and never suspend their task.

A `yield` hands over to the consumer, not to the event loop: between two of them other tasks run
only if something is awaited.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.flow.graph import (
    EXCEPTIONAL,
    Block,
    Graph,
    Next,
    RegionKind,
    suspends,
    yield_of,
)
from asyncgen_lint.names.scopes import Scope
from asyncgen_lint.typestate.knowledge import Knowledge


@dataclass(frozen=True, slots=True)
class BusyLoop:
    """A `yield` in an endless loop that never suspends."""

    at: cst.CSTNode
    loop: cst.CSTNode


def busy_loops(graph: Graph, function: Scope, knowledge: Knowledge) -> Iterator[BusyLoop]:
    """Yield the first `yield` of each endless loop that comes back to it without suspending."""
    seen: set[cst.CSTNode] = set()
    for block in graph.reachable():
        at = yield_of(block)
        if at is None:
            continue
        for region in block.regions:
            if region.node in seen:
                continue
            if _is_endless(region.node, function, knowledge) and _turns(block, region.node):
                seen.add(region.node)
                yield BusyLoop(at, region.node)


def _is_endless(loop: cst.CSTNode, function: Scope, knowledge: Knowledge) -> bool:
    """Return whether nothing in a loop's header ends it."""
    if isinstance(loop, cst.While):
        test = loop.test
        return (isinstance(test, cst.Name) and test.value == "True") or (
            isinstance(test, cst.Integer) and test.value == "1"
        )
    return isinstance(loop, cst.For) and knowledge.is_endless(loop.iter, function)


def _turns(at: Block, loop: cst.CSTNode) -> bool:
    """Return whether every way on from a yield stays in the loop and never suspends."""
    seen: set[int] = set()
    pending = [at]
    comes_back = False
    while pending:
        block = pending.pop()
        if _may_be_caught(block):
            return False
        for edge in block.edges:
            if edge.raised and edge.kind in EXCEPTIONAL:
                continue
            target = edge.target
            if target is at:
                comes_back = True
            if all(region.node is not loop for region in target.regions):
                if not _is_exhausted(block, loop):
                    return False
                continue
            if any(map(suspends, target.instructions)):
                return False
            if target.index not in seen:
                seen.add(target.index)
                pending.append(target)
    return comes_back


def _may_be_caught(block: Block) -> bool:
    """Return whether an exception, as of a sync iterator's end, may be what ends the loop."""
    return any(
        region.kind is RegionKind.TRY_BODY
        and isinstance(region.node, (cst.Try, cst.TryStar))
        and region.node.handlers
        for region in block.regions
    )


def _is_exhausted(block: Block, loop: cst.CSTNode) -> bool:
    """Return whether a way out of a block is the end of the loop's own iterator."""
    return any(isinstance(each, Next) and each.node is loop for each in block.instructions)
