"""Releases that stand after the `yield`, where leaving the generator there skips them.

What follows a `yield` on the normal path alone is not run when an exception comes in at it: an
error of the body of a context manager, GeneratorExit in a generator that is iterated.

A release counts for what is certainly held at the `yield`: made by a call, or acquired by the
counterpart of the release, and not released or acquired anew between there and the `yield`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.flow.constants import (
    Flags,
    blocks_after,
    constants,
    ways_on,
)
from asyncgen_lint.flow.graph import (
    Block,
    Call,
    Edge,
    EdgeKind,
    Graph,
    Instruction,
    yield_of,
)
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import BindingKind, Scope, call_of, dotted_name
from asyncgen_lint.source.walk import descendants
from asyncgen_lint.typestate.knowledge import Knowledge
from asyncgen_lint.typestate.tasks import is_own_task, known_done, may_end_task, tests_done
from asyncgen_lint.typestate.way_out import (
    is_always_done,
    is_in_finally,
    leaves_manager_of,
    mentions,
)


@dataclass(frozen=True, slots=True)
class SkippedRelease:
    """A release behind a yield that an exception coming in there skips."""

    at: cst.CSTNode
    release: cst.Call
    receiver: cst.BaseExpression
    acquired: cst.CSTNode
    text: str


@dataclass(frozen=True, slots=True)
class _Place:
    """An instruction and where it is."""

    block: Block
    instruction: Instruction


@dataclass(frozen=True, slots=True)
class _Release:
    node: cst.Call
    method: str
    receiver: str
    acquired: tuple[_Place, ...]

    def is_repeated_by(self, other: Instruction) -> bool:
        """Return whether an instruction releases the same object."""
        if not isinstance(other, Call) or other.method not in tables.RELEASE_METHODS:
            return False
        return _receiver(other) == self.receiver

    def ends_in(self, block: Block) -> bool:
        """Return whether the object is released in a block, or left to who may release it."""
        if any(self.is_repeated_by(each) for each in block.instructions):
            return True
        if leaves_manager_of(block, frozenset({self.receiver})):
            return True
        if self.method == "cancel" and tests_done(block, self.receiver):
            # A task that is done need not be cancelled.
            return True
        return is_in_finally(block) and any(
            isinstance(each, Call) and self._may_be_released_by(each) for each in block.instructions
        )

    def _may_be_released_by(self, call: Call) -> bool:
        """Return whether a call in a `finally` gets the object, or asks it or its owner to end."""
        owners = (self.receiver, self.receiver.rpartition(".")[0])
        return (_receiver(call) or None) in owners or any(
            mentions(each.node, frozenset({self.receiver})) for each in call.arguments
        )


def skipped_releases(
    graph: Graph, scope: Scope, knowledge: Knowledge, way_out: frozenset[EdgeKind]
) -> Iterator[SkippedRelease]:
    """Yield, for each yield, the first release behind it that a way out there skips; each once."""
    if not any(_may_release(call) for call in scope.calls):
        return
    held = _Held(graph, scope, knowledge)
    seen: set[cst.CSTNode] = set()
    for index in sorted(held.flags):
        block = graph.blocks[index]
        at = yield_of(block)
        if at is None:
            continue
        found = held.skipped_behind(block, way_out)
        if found is None:
            continue
        release, acquired = found
        if release.node not in seen:
            seen.add(release.node)
            text = f"{release.receiver}.{release.method}()"
            assert isinstance(release.node.func, cst.Attribute)
            yield SkippedRelease(at, release.node, release.node.func.value, acquired, text)


def _may_release(call: cst.Call) -> bool:
    return isinstance(call.func, cst.Attribute) and call.func.attr.value in tables.RELEASE_METHODS


class _Held:
    """What one function acquires, and at which yields it still holds it."""

    def __init__(self, graph: Graph, scope: Scope, knowledge: Knowledge) -> None:
        self._graph = graph
        self._scope = scope
        self._knowledge = knowledge
        self.flags = constants(graph)
        self._releases: dict[cst.CSTNode, _Release | None] = {}
        self._done: dict[str, frozenset[int]] = {}

    def skipped_behind(
        self, at: Block, way_out: frozenset[EdgeKind]
    ) -> tuple[_Release, cst.CSTNode] | None:
        """Return the first release behind a yield that is not done on every way out there."""
        for release in self._releases_behind(at, way_out):
            acquired = self._held_at(release, at)
            if acquired is None or not self._follows(release, at, way_out):
                continue
            if not is_always_done(self._graph, at, way_out, release.ends_in):
                return release, acquired
        return None

    def _releases_behind(self, at: Block, way_out: frozenset[EdgeKind]) -> Iterator[_Release]:
        """Yield the releases of what was acquired here that may follow a yield."""
        for edge in self._ways_on(at, way_out):
            for after, _ in blocks_after(edge, self.flags[at.index]):
                for each in after.instructions:
                    if isinstance(each, Call) and each.method in tables.RELEASE_METHODS:
                        release = self._release(each)
                        if release is not None:
                            yield release

    def _ways_on(self, at: Block, way_out: frozenset[EdgeKind]) -> Iterator[Edge]:
        """Yield the edges by which a generator goes on behind a yield that it is not left at.

        Where the consumer's exceptions do not come in, a handler of cancellation is one of them:
        it runs for an `await` around the `yield` alone.
        """
        for edge in at.edges:
            if not edge.raised or (edge.kind is EdgeKind.CANCEL and edge.kind not in way_out):
                yield edge

    def _follows(self, release: _Release, at: Block, way_out: frozenset[EdgeKind]) -> bool:
        """Return whether the release behind the yield is of what was held there."""
        return any(
            any(each.node is release.node for each in after.instructions)
            for edge in self._ways_on(at, way_out)
            for after, _ in blocks_after(
                edge, self.flags[at.index], lambda block: self._is_changed_in(block, release)
            )
            if not _is_acquired_first(after, release)
        )

    def _held_at(self, release: _Release, at: Block) -> cst.CSTNode | None:
        """Return where the object was acquired that is held at a yield; None if none is."""
        for place in release.acquired:
            for edge, state in self._behind(place, release):
                for block, _ in blocks_after(
                    edge, state, lambda block: self._is_changed_in(block, release)
                ):
                    if block is at:
                        return place.instruction.node
        return None

    def _behind(self, place: _Place, release: _Release) -> Iterator[tuple[Edge, Flags]]:
        """Yield the edges out of the block where the object was acquired, if held there still."""
        instructions = place.block.instructions
        rest = instructions[instructions.index(place.instruction) + 1 :]
        if place.block.index not in self.flags or any(map(release.is_repeated_by, rest)):
            return
        yield from ways_on(place.block, self.flags[place.block.index])

    def _is_changed_in(self, block: Block, release: _Release) -> bool:
        """Return whether a block releases the object, acquires it anew, or sees it end."""
        if any(release.is_repeated_by(each) for each in block.instructions):
            return True
        if any(place.block is block for place in release.acquired):
            return True
        if release.method != "cancel":
            return False
        if release.receiver not in self._done:
            self._done[release.receiver] = known_done(self._graph, release.receiver)
        return block.index in self._done[release.receiver] or any(
            may_end_task(each, release.receiver) for each in block.instructions
        )

    # What is acquired, and where

    def _release(self, call: Call) -> _Release | None:
        if call.node not in self._releases:
            self._releases[call.node] = self._new_release(call)
        return self._releases[call.node]

    def _new_release(self, call: Call) -> _Release | None:
        node = call.node
        assert isinstance(node, cst.Call)
        receiver = _receiver(call)
        if not receiver or self._is_left_to_others(receiver) or self._is_of_this_call(receiver):
            return None
        if self._keeps_only_memory(node):
            return None
        acquired = self._made(receiver, call.method) or self._counterparts(receiver, call.method)
        return _Release(node, call.method, receiver, acquired) if acquired else None

    def _made(self, name: str, method: str) -> tuple[_Place, ...]:
        """Return the places that make the object, if a local name holds what calls made."""
        bindings = self._scope.bindings.get(name, [])
        if method in tables.RELEASES_OF_PAIRS or not bindings:
            return ()
        unpacked = _unpacked_from_calls(self._scope, name)
        if any(
            each.kind is not BindingKind.VALUE and each.node not in unpacked for each in bindings
        ):
            return ()
        made = {each.node for each in bindings if call_of(each.value) is not None} | unpacked
        if method == "cancel":
            made = {
                each.node
                for each in bindings
                if each.value is not None and is_own_task(each.value, self._scope, self._knowledge)
            }
        return tuple(
            _Place(block, each)
            for block in self._graph.blocks
            for each in block.instructions
            if each.node in made
        )

    def _counterparts(self, receiver: str, method: str) -> tuple[_Place, ...]:
        wanted = tables.ACQUIRES_OF_RELEASE.get(method, frozenset())
        return tuple(
            _Place(block, each)
            for block in self._graph.blocks
            for each in block.instructions
            if isinstance(each, Call) and each.method in wanted and _receiver(each) == receiver
        )

    def _is_of_this_call(self, name: str) -> bool:
        """Return whether nothing is left when the object goes with the call that made it."""
        bindings = self._scope.bindings.get(name, [])
        return any(_is_local(each.value, self._scope, self._knowledge) for each in bindings)

    def _keeps_only_memory(self, node: cst.Call) -> bool:
        """Return whether a release, in view, ends nothing but parsers or buffers of its object."""
        method = self._knowledge.callee(node.func, self._scope)
        owner = method.owner_class if method is not None else None
        if method is None or owner is None:
            return False
        ended = [
            each.func.value
            for each in method.calls
            if self._knowledge.dotted(each.func, method) not in tables.SUPPRESSORS
            and isinstance(each.func, cst.Attribute)
        ]
        stored = [
            found
            for each in ended
            if isinstance(each, cst.Attribute)
            for found in self._knowledge.instances.stored_on_self(owner, each.attr.value)
        ]
        return (
            bool(stored)
            and all(isinstance(each, cst.Attribute) for each in ended)
            and all(_is_local(value, scope, self._knowledge) for value, scope in stored)
        )

    def _is_left_to_others(self, receiver: str) -> bool:
        """Return whether an exit stack, a callback or a nested function may release the object."""
        names = frozenset({receiver})
        for block in self._graph.blocks:
            for each in block.instructions:
                if (
                    isinstance(each, Call)
                    and each.method in tables.EXIT_STACK_CLOSERS
                    and any(mentions(argument.node, names) for argument in each.arguments)
                ):
                    return True
        own = {call.func for call in self._scope.calls}
        return any(
            isinstance(node, cst.Attribute)
            and node not in own
            and node.attr.value in tables.RELEASE_METHODS
            and dotted_name(node.value) == receiver
            for node in descendants(self._scope.node)
        )


def _is_local(value: cst.BaseExpression | None, scope: Scope, knowledge: Knowledge) -> bool:
    """Return whether a call makes an object that goes with its last reference."""
    if not isinstance(value, cst.Call):
        return False
    return knowledge.dotted(value.func, scope) in tables.LOCAL_WHEN_MADE_HERE


def _receiver(call: Call) -> str:
    """Return the dotted name of the object whose method is called."""
    node = call.node
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
        return ""
    return dotted_name(node.func.value)


def _is_acquired_first(block: Block, release: _Release) -> bool:
    """Return whether a block acquires the object anew before it releases it."""
    acquired = {place.instruction for place in release.acquired if place.block is block}
    for each in block.instructions:
        if each in acquired:
            return True
        if each.node is release.node:
            return False
    return False


def _unpacked_from_calls(scope: Scope, name: str) -> set[cst.CSTNode]:
    """Return the places that bind a name as one of several that a call gives."""
    return {
        element.value
        for node in descendants(scope.node)
        if isinstance(node, cst.Assign) and call_of(node.value) is not None
        for target in node.targets
        if isinstance(target.target, (cst.Tuple, cst.List))
        for element in target.target.elements
        if isinstance(element.value, cst.Name) and element.value.value == name
    }
