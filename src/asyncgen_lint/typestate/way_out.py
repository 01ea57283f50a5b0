"""The ways out of a generator at its `yield`, and what certainly happens on them.

Which exceptions come in at a `yield` depends on who drives the generator: a context manager gets
those of its body, a generator that is iterated only GeneratorExit (runtime.md, (g)).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import libcst as cst

from asyncgen_lint.flow.graph import (
    EXCEPTIONAL,
    Block,
    Edge,
    EdgeKind,
    Exit,
    Graph,
    RegionKind,
)
from asyncgen_lint.names.scopes import dotted_name
from asyncgen_lint.source.walk import descendants

FAILED_BODY = frozenset({EdgeKind.MAY_RAISE, EdgeKind.CANCEL})
"""What `asynccontextmanager` throws in at the `yield`."""

CLOSED = frozenset({EdgeKind.GENERATOR_EXIT})
"""What `aclose()` throws in at the `yield`."""


def is_always_done(
    graph: Graph, at: Block, way_out: frozenset[EdgeKind], is_done: Callable[[Block], bool]
) -> bool:
    """Return whether every way out at a yield passes a block where the thing is done."""
    return all(_is_done_behind(graph, edge, is_done) for edge in _thrown(at, way_out))


def _thrown(at: Block, way_out: frozenset[EdgeKind]) -> Iterator[Edge]:
    return (edge for edge in at.edges if edge.raised and edge.kind in way_out)


def _is_done_behind(graph: Graph, thrown: Edge, is_done: Callable[[Block], bool]) -> bool:
    escaping = False
    seen = {thrown.target.index}
    pending = [thrown.target]
    while pending:
        block = pending.pop()
        if is_done(block):
            if is_in_finally(block):
                # A condition around it in the `finally` is taken to ask whether it is needed.
                return True
            continue
        if block in graph.exits.values():
            escaping = True
        for edge in block.edges:
            if edge.raised and edge.kind in EXCEPTIONAL:
                continue
            if edge.target.index not in seen:
                seen.add(edge.target.index)
                pending.append(edge.target)
    return not escaping


def is_in_finally(block: Block) -> bool:
    """Return whether a block belongs to a `finally`."""
    return any(region.kind is RegionKind.FINALLY for region in block.regions)


def leaves_manager_of(block: Block, names: frozenset[str]) -> bool:
    """Return whether the block leaves a `with` over, or bound to, one of the named objects."""
    return any(isinstance(each, Exit) and mentions(each.node, names) for each in block.instructions)


def mentions(node: cst.CSTNode, names: frozenset[str]) -> bool:
    """Return whether one of the dotted names is read somewhere in a node."""
    return any(
        isinstance(each, (cst.Name, cst.Attribute))
        and (name := dotted_name(each)) != ""
        and name in names
        for each in descendants(node)
    )
