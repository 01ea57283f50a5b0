"""What a generator does after GeneratorExit arrived at one of its yields.

`aclose()` throws GeneratorExit in at the `yield` (PEP 525); a generator that yields again then
makes it raise RuntimeError, and one that goes on as if the loop had ended works for nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.flow.constants import Flags, blocks_after, constants
from asyncgen_lint.flow.graph import (
    Block,
    Call,
    Catch,
    Edge,
    EdgeKind,
    Graph,
    Instruction,
    RegionKind,
    StoreAttribute,
    StoreItem,
    yield_of,
)
from asyncgen_lint.names.scopes import Scope
from asyncgen_lint.source.suites import falls_through
from asyncgen_lint.typestate.cleanup import Cleanup, Verdict


@dataclass(frozen=True, slots=True)
class YieldAfterExit:
    """A yield reached after GeneratorExit came in at another (or the same) one.

    `is_pending_error` marks the weaker case: an exception of the body, not GeneratorExit, waits
    behind a yield in a `finally`. `handler` is the handler that absorbed it, if one did.
    """

    at: cst.CSTNode
    after: cst.CSTNode
    handler: cst.CSTNode | None
    is_pending_error: bool = False


@dataclass(frozen=True, slots=True)
class SwallowedExit:
    """A handler that absorbs GeneratorExit, after which the generator goes on.

    `effect` is the first thing done afterwards; None when cancellation is swallowed with it.
    """

    handler: cst.CSTNode
    at: cst.CSTNode
    effect: cst.CSTNode | None
    falls_through: bool


class Closing:
    """Explores one function's graph behind its GeneratorExit edges."""

    def __init__(self, graph: Graph, scope: Scope, cleanup: Cleanup) -> None:
        self._graph = graph
        self._scope = scope
        self._cleanup = cleanup
        self._flags = constants(graph)

    def yields_after_exit(self) -> Iterator[YieldAfterExit]:
        """Yield each yield that is reachable after GeneratorExit, once."""
        seen: set[cst.CSTNode] = set()
        for source, edge, flags in self._exits_at_yields():
            handler: cst.CSTNode | None = None
            for block, _ in blocks_after(edge, flags):
                handler = handler or _caught(block, EdgeKind.GENERATOR_EXIT)
                found = yield_of(block)
                if found is not None and found not in seen:
                    seen.add(found)
                    yield YieldAfterExit(found, source, handler)
        for block in self._reachable():
            found = yield_of(block)
            if found is not None and found not in seen and _delays_error(block):
                seen.add(found)
                yield YieldAfterExit(found, found, None, is_pending_error=True)

    def swallowed_exits(self) -> Iterator[SwallowedExit]:
        """Yield each handler that absorbs GeneratorExit and lets work or cancellation be lost."""
        seen: set[cst.CSTNode] = set()
        for source, edge, flags in self._exits_at_yields():
            for block, state in blocks_after(edge, flags):
                handler = _caught(block, EdgeKind.GENERATOR_EXIT)
                if handler is None or handler in seen:
                    continue
                seen.add(handler)
                found = self._swallowed(handler, source, block, state)
                if found is not None:
                    yield found

    def _swallowed(
        self, handler: cst.CSTNode, source: cst.CSTNode, entry: Block, flags: Flags
    ) -> SwallowedExit | None:
        effect: cst.CSTNode | None = None
        returns = False
        for block, _ in blocks_after(Edge(entry, EdgeKind.NEXT), flags):
            if yield_of(block) is not None:
                # A yield after GeneratorExit is the graver mistake, and reported as such.
                return None
            if block is self._graph.exits[EdgeKind.RETURN]:
                returns = True
            if effect is None and not _is_cleanup(block, handler):
                effect = self._effect(block)
        if not returns:
            return None
        if effect is None and not self._swallows_cancellation(handler):
            return None
        return SwallowedExit(handler, source, effect, falls_through(handler))

    def _swallows_cancellation(self, handler: cst.CSTNode) -> bool:
        """Return whether cancellation at an await in the same try ends normally."""
        for block in self._reachable():
            if _caught(block, EdgeKind.CANCEL) is not handler:
                continue
            flags = self._flags[block.index]
            after = [each for each, _ in blocks_after(Edge(block, EdgeKind.NEXT), flags)]
            if self._graph.exits[EdgeKind.RETURN] in after:
                return True
        return False

    def _effect(self, block: Block) -> cst.CSTNode | None:
        for each in block.instructions:
            if self._has_effect(each):
                return each.node
        return None

    def _has_effect(self, instruction: Instruction) -> bool:
        if isinstance(instruction, (StoreAttribute, StoreItem)):
            return True
        if not isinstance(instruction, Call):
            return False
        return self._cleanup.suite_has_effect(instruction.node, self._scope) is Verdict.YES

    def _exits_at_yields(self) -> Iterator[tuple[cst.CSTNode, Edge, Flags]]:
        for block in self._reachable():
            found = yield_of(block)
            if found is None:
                continue
            for edge in block.edges:
                if edge.raised and edge.kind is EdgeKind.GENERATOR_EXIT:
                    yield found, edge, self._flags[block.index]

    def _reachable(self) -> Iterator[Block]:
        return (self._graph.blocks[index] for index in sorted(self._flags))


def _caught(block: Block, kind: EdgeKind) -> cst.CSTNode | None:
    for each in block.instructions:
        if isinstance(each, Catch) and each.kind is kind:
            return each.node
    return None


def _delays_error(block: Block) -> bool:
    return any(
        region.kind is RegionKind.FINALLY
        and region.pending in (EdgeKind.RAISE, EdgeKind.MAY_RAISE, EdgeKind.CANCEL)
        for region in block.regions
    )


def _is_cleanup(block: Block, handler: cst.CSTNode) -> bool:
    """Return whether the block belongs to the handler, or to a `finally` that runs anyway."""
    return any(
        region.handler is handler or region.kind is RegionKind.FINALLY for region in block.regions
    )
