"""Context managers whose release stands after the `yield`, where a failing body skips it.

`contextlib.asynccontextmanager` throws the body's exception in at the `yield`; what follows on
the normal path alone is then not run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.flow.constants import Flags, blocks_after, constants
from asyncgen_lint.flow.graph import (
    EXCEPTIONAL,
    Block,
    Call,
    Edge,
    EdgeKind,
    Graph,
    RegionKind,
    Yield,
)
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import Binding, BindingKind, Scope, dotted_name
from asyncgen_lint.source.walk import descendants


@dataclass(frozen=True, slots=True)
class SkippedRelease:
    """A release behind a yield that an exception of the body skips."""

    at: cst.CSTNode
    release: cst.CSTNode
    acquired: cst.CSTNode
    text: str


@dataclass(frozen=True, slots=True)
class _Release:
    call: Call
    receiver: str
    acquired: cst.CSTNode

    def is_repeated_by(self, other: Call) -> bool:
        node = other.node
        assert isinstance(node, cst.Call)
        if not isinstance(node.func, cst.Attribute):
            return False
        return (
            dotted_name(node.func.value) == self.receiver and other.method in tables.RELEASE_METHODS
        )


def skipped_releases(graph: Graph, scope: Scope) -> Iterator[SkippedRelease]:
    """Yield each yield of a context manager behind which a release is skipped on failure."""
    flags = constants(graph)
    seen: set[cst.CSTNode] = set()
    for index in sorted(flags):
        block = graph.blocks[index]
        for each in block.instructions:
            if not isinstance(each, Yield):
                continue
            skipped = _skipped_behind(graph, scope, block, flags[index])
            if skipped is not None and skipped.call.node not in seen:
                seen.add(skipped.call.node)
                node = skipped.call.node
                assert isinstance(node, cst.Call)
                text = f"{skipped.receiver}.{skipped.call.method}()"
                yield SkippedRelease(each.node, node, skipped.acquired, text)


def _skipped_behind(graph: Graph, scope: Scope, block: Block, flags: Flags) -> _Release | None:
    for release in _releases_behind(graph, scope, block, flags):
        if not _is_done_on_failure(graph, block, release):
            return release
    return None


def _releases_behind(graph: Graph, scope: Scope, block: Block, flags: Flags) -> Iterator[_Release]:
    """Yield the releases on the normal path, of what was acquired before the yield."""
    for edge in block.edges:
        if edge.raised:
            continue
        for after, _ in blocks_after(edge, flags):
            for each in after.instructions:
                if isinstance(each, Call) and each.method in tables.RELEASE_METHODS:
                    release = _acquired_before(graph, scope, block, each)
                    if release is not None:
                        yield release


def _acquired_before(graph: Graph, scope: Scope, block: Block, call: Call) -> _Release | None:
    node = call.node
    assert isinstance(node, cst.Call)
    if not isinstance(node.func, cst.Attribute):
        return None
    receiver = dotted_name(node.func.value)
    if not receiver or _is_given_to_stack(graph, receiver):
        return None
    acquired = _binding_before(graph, scope, block, receiver, call.method)
    if acquired is None:
        acquired = _counterpart_before(graph, block, receiver, call.method)
    return _Release(call, receiver, acquired) if acquired is not None else None


def _binding_before(
    graph: Graph, scope: Scope, block: Block, name: str, method: str
) -> cst.CSTNode | None:
    """Return the place that made the object, if a local name holds one that a call made."""
    bindings = scope.bindings.get(name, [])
    if not bindings or any(each.kind is not BindingKind.VALUE for each in bindings):
        return None
    made = [each for each in bindings if _is_made_by_call(each)]
    if not made or (method == "cancel" and not _is_own_task(made[0])):
        return None
    if not _comes_before(graph, made[0].node, block):
        return None
    return made[0].node


def _is_made_by_call(binding: Binding) -> bool:
    value = binding.value
    if isinstance(value, cst.Await):
        value = value.expression
    return isinstance(value, cst.Call)


def _is_own_task(binding: Binding) -> bool:
    """Return whether a task is made by asyncio itself, not by a group that owns it."""
    value = binding.value
    if not isinstance(value, cst.Call):
        return False
    if isinstance(value.func, cst.Attribute) and isinstance(value.func.value, cst.Call):
        maker = dotted_name(value.func.value.func)
        return value.func.attr.value == "create_task" and maker.startswith("asyncio.get_")
    name = dotted_name(value.func)
    return name in ("asyncio.create_task", "asyncio.ensure_future", "create_task", "ensure_future")


def _counterpart_before(
    graph: Graph, block: Block, receiver: str, method: str
) -> cst.CSTNode | None:
    wanted = tables.ACQUIRES_OF_RELEASE.get(method, frozenset())
    for each in graph.blocks:
        for instruction in each.instructions:
            if not isinstance(instruction, Call) or instruction.method not in wanted:
                continue
            node = instruction.node
            assert isinstance(node, cst.Call)
            assert isinstance(node.func, cst.Attribute)
            if dotted_name(node.func.value) == receiver and _reaches(each, block):
                return node
    return None


def _comes_before(graph: Graph, bound: cst.CSTNode, block: Block) -> bool:
    return any(
        each.node is bound and _reaches(candidate, block)
        for candidate in graph.blocks
        for each in candidate.instructions
    )


def _reaches(start: Block, end: Block) -> bool:
    seen = {start.index}
    pending = [start]
    while pending:
        block = pending.pop()
        if block is end:
            return True
        for edge in block.edges:
            if edge.target.index not in seen and edge.kind not in EXCEPTIONAL:
                seen.add(edge.target.index)
                pending.append(edge.target)
    return False


def _is_given_to_stack(graph: Graph, name: str) -> bool:
    """Return whether an exit stack was told to release the object."""
    for block in graph.blocks:
        for each in block.instructions:
            if not isinstance(each, Call) or each.method not in tables.EXIT_STACK_CLOSERS:
                continue
            for argument in each.arguments:
                if any(
                    isinstance(node, cst.Name) and node.value == name
                    for node in descendants(argument.node)
                ):
                    return True
    return False


def _is_done_on_failure(graph: Graph, block: Block, release: _Release) -> bool:
    """Return whether every exception thrown in at the yield passes a release of the same."""
    thrown = [
        edge
        for edge in block.edges
        if edge.raised and edge.kind in (EdgeKind.MAY_RAISE, EdgeKind.CANCEL)
    ]
    return all(_is_done_behind(graph, edge, release) for edge in thrown)


def _is_done_behind(graph: Graph, thrown: Edge, release: _Release) -> bool:
    escaping = False
    seen = {thrown.target.index}
    pending = [thrown.target]
    while pending:
        block = pending.pop()
        if _releases(block, release):
            if any(region.kind is RegionKind.FINALLY for region in block.regions):
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


def _releases(block: Block, release: _Release) -> bool:
    return any(
        isinstance(each, Call) and release.is_repeated_by(each) for each in block.instructions
    )
