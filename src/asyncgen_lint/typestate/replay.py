"""Generators that start their source again after an error, when some of its items are yielded.

Only a loop that is left when the source comes to its end counts: one that starts it again then,
too, reads something that goes on, such as a subscription. Whatever may keep the position makes it
quiet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.flow.constants import Flags, blocks_after, constants
from asyncgen_lint.flow.graph import (
    Block,
    Catch,
    Edge,
    EdgeKind,
    Graph,
    Iterate,
    Next,
    RegionKind,
    Yield,
    yield_of,
)
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import BindingKind, Scope, call_of, dotted_name
from asyncgen_lint.source.walk import descendants
from asyncgen_lint.typestate.knowledge import Knowledge


@dataclass(frozen=True, slots=True)
class Replay:
    """A `yield` of items of `source`, which `handler` lets start anew from the beginning."""

    at: cst.CSTNode
    source: cst.BaseExpression
    handler: cst.CSTNode


class Replays:
    """Answers for the functions of one module."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def of(self, function: Scope, graph: Graph) -> Iterator[Replay]:
        """Yield each `yield` whose item a retry of the same function yields again."""
        flags: dict[int, Flags] = {}
        for block in graph.reachable():
            at = yield_of(block)
            if at is None:
                continue
            for outer, inner in _retried(block):
                if not self._is_made_anew(inner, outer, function):
                    continue
                if _may_keep_position(outer, inner, function):
                    continue
                flags = flags or constants(graph)
                handler = _restarting_handler(graph, block, inner, flags.get(block.index, {}))
                if handler is not None:
                    yield Replay(at, inner.iter, handler)
                    break

    def _is_made_anew(self, inner: cst.For, outer: cst.CSTNode, function: Scope) -> bool:
        """Return whether the source of a loop is what a call in the outer loop gives."""
        source = inner.iter
        if isinstance(source, cst.Name):
            bindings = function.bindings.get(source.value, [])
            inside = set(descendants(outer))
            return bool(bindings) and all(
                each.kind is BindingKind.VALUE
                and each.node in inside
                and call_of(each.value) is not None
                for each in bindings
            )
        call = call_of(source)
        return call is not None and (
            self._knowledge.dotted(call.func, function) not in tables.SYNC_ITERABLE_MAKERS
        )


def _retried(block: Block) -> Iterator[tuple[cst.CSTNode, cst.For]]:
    """Yield each pair of loops around a block with a `try` body between them."""
    regions = block.regions
    for number, region in enumerate(regions):
        if not isinstance(region.node, cst.For):
            continue
        tries = [
            place for place, each in enumerate(regions[:number]) if each.kind is RegionKind.TRY_BODY
        ]
        for outer in regions[: tries[-1]] if tries else ():
            if outer.kind is RegionKind.LOOP:
                yield outer.node, region.node


# Ways


def _restarting_handler(
    graph: Graph, at: Block, inner: cst.For, flags: Flags
) -> cst.CSTNode | None:
    """Return the handler by which an error of the source, behind a yield, starts it again."""
    steps = {
        block.index: block
        for block in graph.reachable()
        if any(isinstance(each, Next) and each.node is inner for each in block.instructions)
    }
    for edge in at.edges:
        if edge.raised:
            continue
        for block, state in blocks_after(edge, flags, lambda each: each.index in steps):
            if block.index not in steps:
                continue
            if any(_starts_again(each, state, inner) for each in _exhausted(block)):
                return None
            for raised in block.edges:
                if raised.kind is not EdgeKind.MAY_RAISE:
                    continue
                handler = _starts_again(raised, state, inner)
                if handler is not None:
                    return handler
    return None


def _exhausted(block: Block) -> Iterator[Edge]:
    return (each for each in block.edges if each.kind is EdgeKind.EXHAUSTED)


def _starts_again(way: Edge, state: Flags, inner: cst.For) -> cst.CSTNode | None:
    """Return the last handler, or the loop, on a way that starts a source again unannounced."""
    handler: cst.CSTNode | None = None
    found: cst.CSTNode | None = None

    def ends(block: Block) -> bool:
        return any(
            isinstance(each, Yield) or (isinstance(each, Iterate) and each.node is inner)
            for each in block.instructions
        )

    for block, _ in blocks_after(way, state, ends):
        for each in block.instructions:
            if isinstance(each, Catch):
                handler = handler or each.node
            elif isinstance(each, Iterate) and each.node is inner:
                found = inner
    return (handler or found) if found is not None else None


# Positions


def _may_keep_position(outer: cst.CSTNode, inner: cst.For, function: Scope) -> bool:
    """Return whether the function may know, when it starts the source again, what it had."""
    inside = set(descendants(inner.body))
    if any(_acts_elsewhere(node) for node in inside):
        return True
    written = {each for node in inside for each in _names_changed(node)}
    targets = {node.value for node in descendants(inner.target) if isinstance(node, cst.Name)}
    outside = {
        node.value
        for node in descendants(outer)
        if isinstance(node, cst.Name) and node not in inside and node not in _bound_nodes(function)
    }
    if outside & (written | targets):
        return True
    kept = {
        name
        for name in written
        if any(each.node not in inside for each in function.bindings.get(name, ()))
        or name not in function.bindings
    }
    tested = {
        node.value
        for each in inside
        if isinstance(each, (cst.If, cst.While, cst.IfExp))
        for node in descendants(each.test)
        if isinstance(node, cst.Name)
    }
    return bool(tested & kept)


def _bound_nodes(function: Scope) -> set[cst.CSTNode]:
    return {each.node for bindings in function.bindings.values() for each in bindings}


def _acts_elsewhere(node: cst.CSTNode) -> bool:
    """Return whether a statement has an effect that the source may know of."""
    if isinstance(node, cst.Expr):
        call = call_of(node.value)
        return call is not None and not _only_tells(call)
    if isinstance(node, (cst.AssignTarget, cst.AnnAssign, cst.AugAssign)):
        return isinstance(node.target, (cst.Attribute, cst.Subscript))
    return False


def _only_tells(call: cst.Call) -> bool:
    """Return whether a call writes a log record, or changes a local container."""
    if not isinstance(call.func, cst.Attribute):
        return dotted_name(call.func) == "print"
    method = call.func.attr.value
    is_local = isinstance(call.func.value, cst.Name)
    return method in tables.LOGGING_METHODS or (is_local and method in tables.CONTAINER_METHODS)


def _names_changed(node: cst.CSTNode) -> Iterator[str]:
    """Yield the names that a node binds, or whose object it changes by a method."""
    if isinstance(node, (cst.AssignTarget, cst.AnnAssign, cst.AugAssign, cst.NamedExpr, cst.For)):
        for each in descendants(node.target):
            if isinstance(each, cst.Name):
                yield each.value
    elif (
        isinstance(node, cst.Call)
        and isinstance(node.func, cst.Attribute)
        and node.func.attr.value in tables.CONTAINER_METHODS
    ):
        yield dotted_name(node.func.value)
