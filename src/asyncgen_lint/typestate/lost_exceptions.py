"""Exceptions that a generator, or the consumer of one, swallows: cancellation, and its own errors.

A cancellation that is swallowed is lost: `asyncio.timeout` and `wait_for` return as if nothing had
happened (asyncio documentation, "Task Cancellation"). An error that ends a generator by a plain
return looks to the consumer like the end of the stream.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.flow.constants import blocks_after, constants
from asyncgen_lint.flow.graph import (
    EXCEPTIONAL,
    RAISING,
    Await,
    Bind,
    Block,
    Call,
    Catch,
    Edge,
    EdgeKind,
    Enter,
    Exit,
    Graph,
    Instruction,
    Next,
    Raise,
    Region,
    RegionKind,
    StoreAttribute,
    StoreItem,
    Yield,
    suspends,
    yield_of,
)
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import Scope, alternatives, dotted_name
from asyncgen_lint.source.suites import falls_through
from asyncgen_lint.source.walk import descendants, own_nodes
from asyncgen_lint.typestate.cleanup import Cleanup, Verdict
from asyncgen_lint.typestate.knowledge import Knowledge

_ERRORS = frozenset({EdgeKind.MAY_RAISE, EdgeKind.RAISE})
_GATHERERS = frozenset({"asyncio.gather", "asyncio.wait", "asyncio.wait_for", "asyncio.shield"})
_RELEASES = (
    tables.RELEASE_METHODS | tables.ENDING_METHODS | tables.CLOSE_METHODS | {"wait_closed", "join"}
)
_SUPPRESSING_WORDS = ("suppress", "ignor", "swallow", "catch", "quiet", "safe", "silen", "tolera")
_FLAGS_OF_CANCELLATION = frozenset({"uncancel", "cancelling"})


@dataclass(frozen=True, slots=True)
class Swallowed:
    """A handler that swallows an exception which comes from `at`.

    `effect` is the first thing done afterwards, if that matters; `becomes` is the exception that
    the handler raises instead, if there is one; `falls_through` says that its last statement is no
    jump.
    """

    handler: cst.CSTNode
    at: cst.CSTNode
    effect: cst.CSTNode | None = None
    becomes: str = ""
    falls_through: bool = True


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A `suppress(...)` around a `yield`, and what it swallows there.

    `what` is `cancellation`, `errors`, `exit` or `body`, or `cancellation, survived` if the
    generator goes on to a `yield`; `at` is where it comes from.
    """

    manager: cst.CSTNode
    at: cst.CSTNode
    what: str


@dataclass(frozen=True, slots=True)
class JumpInFinally:
    """A `return`, `break` or `continue` that drops the exception which led into its `finally`."""

    at: cst.CSTNode
    text: str
    source: cst.CSTNode
    is_cancellation: bool


class LostExceptions:
    """Answers for one function."""

    def __init__(self, graph: Graph, scope: Scope, knowledge: Knowledge, cleanup: Cleanup) -> None:
        self._graph = graph
        self._scope = scope
        self._knowledge = knowledge
        self._cleanup = cleanup
        self._flags = constants(graph)

    # Cancellation

    def cancellations(self) -> Iterator[Swallowed]:
        """Yield each handler of a generator that swallows a cancellation at an await."""
        for handler, entry, at in self._caught({EdgeKind.CANCEL}, self._is_cancelled_here):
            found = self._swallowed_cancellation(handler, entry, at)
            if found is not None:
                yield found

    def cancellations_of_loops(self) -> Iterator[Swallowed]:
        """Yield each handler around an `async for` after which a cancelled function works on."""
        for handler, entry, at in self._caught({EdgeKind.CANCEL}, self._is_cancelled_in_loop):
            effect = self._work_after(handler, entry)
            found = self._swallowed_cancellation(handler, entry, at)
            if effect is not None and found is not None:
                yield Swallowed(handler, at, effect, "", found.falls_through)

    def cancellations_as_end(self) -> Iterator[Swallowed]:
        """Yield each handler of an `__anext__` that turns a cancellation into the end."""
        for handler, entry, at in self._caught({EdgeKind.CANCEL}, self._is_cancelled_here):
            after = blocks_after(Edge(entry, EdgeKind.NEXT), self._flags[entry.index])
            raises_stop = any(
                self._is_stop(edge.node)
                for block, _ in after
                if _is_in(handler, block)
                for edge in block.edges
            )
            if raises_stop and not self._may_pass_on(handler):
                yield Swallowed(handler, at, None, "StopAsyncIteration", False)

    def _is_stop(self, node: cst.CSTNode | None) -> bool:
        if not isinstance(node, cst.Raise) or node.exc is None:
            return False
        raised = node.exc.func if isinstance(node.exc, cst.Call) else node.exc
        return self._knowledge.dotted(raised, self._scope) == "builtins.StopAsyncIteration"

    def _swallowed_cancellation(
        self, handler: cst.CSTNode, entry: Block, at: cst.CSTNode
    ) -> Swallowed | None:
        if self._may_pass_on(handler):
            return None
        after = self._after(entry)
        if any(self._graph.exits[kind] in after for kind in EXCEPTIONAL):
            # On some path it raises: under a condition that is not understood here.
            return None
        goes_on = self._graph.exits[EdgeKind.RETURN] in after or any(
            yield_of(block) is not None or any(map(suspends, block.instructions))
            for block in after
            if not _is_in(handler, block)
        )
        return Swallowed(handler, at, falls_through=falls_through(handler)) if goes_on else None

    def _may_pass_on(self, handler: cst.CSTNode) -> bool:
        """Return whether a handler hands the exception on, or undoes the cancellation."""
        assert isinstance(handler, (cst.ExceptHandler, cst.ExceptStarHandler))
        if any(
            isinstance(each, cst.Attribute) and each.attr.value in _FLAGS_OF_CANCELLATION
            for each in descendants(handler.body)
        ):
            return True
        return self._hands_on(handler)

    def _hands_on(self, handler: cst.ExceptHandler | cst.ExceptStarHandler) -> bool:
        """Return whether a handler keeps the exception that it caught, or gives it to somebody."""
        if handler.name is None or not isinstance(handler.name.name, cst.Name):
            return False
        name = handler.name.name.value
        for each in own_nodes(handler.body):
            values: list[cst.CSTNode | None] = []
            if isinstance(each, cst.Call) and not self._only_writes(each):
                values += each.args
            elif isinstance(each, (cst.Assign, cst.AnnAssign, cst.NamedExpr)):
                values.append(each.value)
            if any(value is not None and _reads(value, name) for value in values):
                return True
        return False

    def _only_writes(self, call: cst.CSTNode) -> bool:
        """Return whether a call does nothing but print or log."""
        assert isinstance(call, cst.Call)
        dotted = self._knowledge.dotted(call.func, self._scope)
        if dotted in tables.LOCAL_ONLY_CALLS | tables.ERROR_PRINTERS | tables.PURE_BUILTINS:
            return True
        return self._cleanup.suite_has_effect(call, self._scope) is Verdict.NO

    def _is_cancelled_here(self, block: Block) -> cst.CSTNode | None:
        """Return the suspension of a block at which only the function's own task is cancelled."""
        if any(each.kind in (RegionKind.FINALLY, RegionKind.HANDLER) for each in block.regions):
            # Cleanup is guarded against everything on purpose, and an exception may be pending.
            return None
        for each in block.instructions:
            is_task = isinstance(each, Await) and self._may_end_cancelled(each)
            if suspends(each) and not is_task:
                return each.node
        return None

    def _is_cancelled_in_loop(self, block: Block) -> cst.CSTNode | None:
        """Return the step of an `async for` in a block."""
        for each in block.instructions:
            if isinstance(each, Next) and each.is_async:
                return each.node
        return None

    def _may_end_cancelled(self, instruction: Await) -> bool:
        """Return whether what is awaited may be a task, which may have been cancelled itself."""
        node = instruction.node
        awaited = node.expression if isinstance(node, cst.Await) else node
        if isinstance(awaited, cst.Call):
            if self._knowledge.dotted(awaited.func, self._scope) in _GATHERERS:
                return any(
                    each.star or isinstance(each.value, (cst.Name, cst.Attribute))
                    for each in awaited.args
                )
            return self._is_of_cancelled(awaited)
        return True

    def _is_of_cancelled(self, awaited: cst.Call) -> bool:
        """Return whether something of a call is an object that the function cancels itself."""
        cancelled = {
            dotted_name(each.func.value)
            for each in self._scope.calls
            if isinstance(each.func, cst.Attribute) and each.func.attr.value == "cancel"
        }
        return any(
            isinstance(each, (cst.Name, cst.Attribute)) and dotted_name(each) in cancelled
            for each in descendants(awaited)
        )

    def _work_after(self, handler: cst.CSTNode, entry: Block) -> cst.CSTNode | None:
        """Return the first thing with an effect behind a handler, releases left aside."""
        for block, _ in blocks_after(Edge(entry, EdgeKind.NEXT), self._flags[entry.index]):
            if _is_in(handler, block) or any(
                each.kind is RegionKind.FINALLY for each in block.regions
            ):
                continue
            for each in block.instructions:
                if self._is_work(each):
                    return each.node
        return None

    def _is_work(self, instruction: Instruction) -> bool:
        if isinstance(instruction, (Next, Enter)) and instruction.is_async:
            return True
        if not isinstance(instruction, Call) or instruction.method in _RELEASES:
            return False
        return self._cleanup.suite_has_effect(instruction.node, self._scope) is Verdict.YES

    # Errors

    def errors(self) -> Iterator[Swallowed]:
        """Yield each handler of a generator that ends the stream at any error, and says nothing."""
        for handler, entry, at in self._caught(_ERRORS, self._fails_here):
            if not self._is_for_all(handler) or not self._is_around_yield(handler):
                continue
            if self._does_something(handler, entry) or _is_of_report(handler, entry):
                continue
            after = self._after(entry)
            if any(yield_of(block) is not None for block in after):
                continue
            exits = [each for each in self._graph.exits.values() if each in after]
            if exits == [self._graph.exits[EdgeKind.RETURN]]:
                yield Swallowed(handler, at, falls_through=falls_through(handler))

    def _fails_here(self, block: Block) -> cst.CSTNode | None:
        for each in block.instructions:
            if isinstance(each, (Await, Enter, Exit)) or (isinstance(each, Next) and each.is_async):
                return each.node
            is_call = isinstance(each, Call) and isinstance(each.node, cst.Call)
            if is_call and not self._only_writes(each.node):
                return each.node
        return None

    def _is_for_all(self, handler: cst.CSTNode) -> bool:
        assert isinstance(handler, (cst.ExceptHandler, cst.ExceptStarHandler))
        if handler.type is None:
            return True
        types = {self._knowledge.dotted(x, self._scope) for x in alternatives(handler.type)}
        return bool(types & {"builtins.Exception", "builtins.BaseException"})

    def _is_around_yield(self, handler: cst.CSTNode) -> bool:
        return any(
            region.kind is RegionKind.TRY_BODY and handler in _handlers(region)
            for index in self._flags
            if yield_of(self._graph.blocks[index]) is not None
            for region in self._graph.blocks[index].regions
        )

    def _does_something(self, handler: cst.CSTNode, entry: Block) -> bool:
        """Return whether a handler sets a flag, or does more than to write and to release."""
        assert isinstance(handler, (cst.ExceptHandler, cst.ExceptStarHandler))
        for block, _ in blocks_after(Edge(entry, EdgeKind.NEXT), self._flags[entry.index]):
            if not _is_in(handler, block):
                continue
            for each in block.instructions:
                if isinstance(each, (StoreAttribute, StoreItem)):
                    return True
                if isinstance(each, Bind) and each.node is not handler:
                    return True
                is_release = isinstance(each, Call) and each.method in _RELEASES
                if isinstance(each, Call) and not is_release and not self._only_writes(each.node):
                    return True
        return self._hands_on(handler)

    # What is caught, and where from

    def _caught(
        self,
        kinds: set[EdgeKind] | frozenset[EdgeKind],
        origin: Callable[[Block], cst.CSTNode | None],
    ) -> Iterator[tuple[cst.CSTNode, Block, cst.CSTNode]]:
        """Yield each handler that catches one of the kinds from an origin, with its first block."""
        seen: set[cst.CSTNode] = set()
        for index in sorted(self._flags):
            block = self._graph.blocks[index]
            at = origin(block)
            if at is None:
                continue
            for edge in block.edges:
                if edge.kind not in kinds:
                    continue
                for entry in self._entries(edge):
                    handler = next(x.node for x in entry.instructions if isinstance(x, Catch))
                    if handler not in seen and entry.index in self._flags:
                        seen.add(handler)
                        yield handler, entry, at

    def _entries(self, edge: Edge) -> Iterator[Block]:
        """Yield the first blocks of the handlers that an exception comes to."""
        ends: list[Block] = []
        for block, _ in blocks_after(edge, {}, _is_entry):
            if _is_entry(block):
                ends.append(block)
        yield from ends

    def _after(self, entry: Block) -> set[Block]:
        edge = Edge(entry, EdgeKind.NEXT)
        return {block for block, _ in blocks_after(edge, self._flags[entry.index])}

    # suppress()

    def suppressions(self, *, is_context_manager: bool) -> Iterator[Suppressed]:
        """Yield each `suppress` around a `yield` that swallows more than it may."""
        seen: set[cst.CSTNode] = set()
        for index in sorted(self._flags):
            block = self._graph.blocks[index]
            if yield_of(block) is None:
                continue
            for region in block.regions:
                item = region.node
                if region.kind is not RegionKind.WITH or item in seen:
                    continue
                assert isinstance(item, cst.WithItem)
                types = self._suppressed_types(item)
                found = types and self._suppressed(item, types, is_context_manager)
                if found:
                    seen.add(item)
                    at, what = found
                    yield Suppressed(item.item, at, what)

    def _suppressed_types(self, item: cst.WithItem) -> set[str]:
        manager = item.item
        if not isinstance(manager, cst.Call):
            return set()
        if self._knowledge.dotted(manager.func, self._scope) not in tables.SUPPRESSORS:
            return set()
        return {self._knowledge.dotted(each.value, self._scope) for each in manager.args}

    def _suppressed(
        self, item: cst.WithItem, types: set[str], is_context_manager: bool
    ) -> tuple[cst.CSTNode, str] | None:
        """Return what comes from where, of all that a `suppress` ends quietly."""
        inside = [
            self._graph.blocks[index]
            for index in sorted(self._flags)
            if any(each.node is item for each in self._graph.blocks[index].regions)
        ]
        is_broad = bool(types & {"builtins.BaseException", "builtins.Exception"})
        if is_context_manager:
            found = [block for block in inside if yield_of(block) is not None]
            if not is_broad or self._is_made_to_suppress():
                return None
            return yield_of(found[0]) or item, "body"
        if types & (tables.CANCELLED_ERRORS | {"builtins.BaseException"}):
            for block in inside:
                at = self._is_cancelled_here(block)
                if at is not None and self._ends_after(block, {EdgeKind.CANCEL}):
                    return at, "cancellation"
                if at is not None and self._survives(block):
                    return at, "cancellation, survived"
        if is_broad:
            for block in inside:
                at = self._fails_here(block)
                if at is not None and self._ends_after(block, _ERRORS):
                    return at, "errors"
        if types & tables.GENERATOR_EXIT_CATCHERS:
            for block in inside:
                at = yield_of(block)
                if at is not None and self._works_after_exit(block):
                    return at, "exit"
        return None

    def _is_made_to_suppress(self) -> bool:
        """Return whether a context manager does nothing else, or says so by its name."""
        node = self._scope.node
        assert isinstance(node, cst.FunctionDef)
        if any(word in node.name.value for word in _SUPPRESSING_WORDS):
            return True
        return not any(
            isinstance(each, (Await, StoreAttribute, StoreItem, Next))
            or (isinstance(each, Call) and not self._makes_suppress(each))
            for index in self._flags
            for each in self._graph.blocks[index].instructions
        )

    def _makes_suppress(self, call: Call) -> bool:
        assert isinstance(call.node, cst.Call)
        return self._knowledge.dotted(call.node.func, self._scope) in tables.SUPPRESSORS

    def _ends_after(self, block: Block, kinds: set[EdgeKind] | frozenset[EdgeKind]) -> bool:
        """Return whether a generator ends quietly after an exception raised in a block."""
        for edge in block.edges:
            if edge.kind not in kinds:
                continue
            after = {each for each, _ in blocks_after(edge, self._flags[block.index])}
            if any(yield_of(each) is not None for each in after):
                continue
            exits = [each for each in self._graph.exits.values() if each in after]
            if exits == [self._graph.exits[EdgeKind.RETURN]]:
                return True
        return False

    def _survives(self, block: Block) -> bool:
        """Return whether a generator always yields on after a cancellation in a block."""
        if any(
            isinstance(call.func, cst.Attribute) and call.func.attr.value in _FLAGS_OF_CANCELLATION
            for call in self._scope.calls
        ):
            return False
        for edge in block.edges:
            if edge.kind is EdgeKind.CANCEL:
                after = {each for each, _ in blocks_after(edge, self._flags[block.index])}
                yields_on = any(yield_of(each) is not None for each in after)
                if yields_on and not any(self._graph.exits[kind] in after for kind in EXCEPTIONAL):
                    return True
        return False

    def _works_after_exit(self, block: Block) -> bool:
        """Return whether work follows a `suppress` that absorbed GeneratorExit, but no `yield`."""
        for edge in block.edges:
            if edge.kind is not EdgeKind.GENERATOR_EXIT:
                continue
            after = [each for each, _ in blocks_after(edge, self._flags[block.index])]
            if any(yield_of(each) is not None for each in after):
                # AGN302 is about that `yield`.
                continue
            if any(
                self._is_work(instruction)
                for each in after
                if not any(x.kind is RegionKind.FINALLY for x in each.regions)
                for instruction in each.instructions
            ):
                return True
        return False

    # Jumps in a finally

    def jumps_in_finally(self) -> Iterator[JumpInFinally]:
        """Yield each jump out of a `finally` that an exception of the function led into."""
        seen: set[cst.CSTNode] = set()
        found: dict[cst.CSTNode, JumpInFinally] = {}
        for index in sorted(self._flags):
            block = self._graph.blocks[index]
            for region in block.regions:
                if region.kind is not RegionKind.FINALLY:
                    continue
                source = self._source(region)
                if source is None:
                    continue
                for edge in block.edges:
                    if edge.kind not in _JUMPS or edge.node is None:
                        continue
                    if region in edge.target.regions:
                        continue
                    is_cancellation = region.pending is EdgeKind.CANCEL
                    if edge.node not in seen or is_cancellation:
                        seen.add(edge.node)
                        text = _JUMPS[edge.kind]
                        found[edge.node] = JumpInFinally(edge.node, text, source, is_cancellation)
        yield from found.values()

    def _source(self, region: Region) -> cst.CSTNode | None:
        """Return what in the `try` of a `finally` raises the exception that is pending there."""
        for index in sorted(self._flags):
            block = self._graph.blocks[index]
            if not any(
                each.node is region.node and each.kind is not RegionKind.FINALLY
                for each in block.regions
            ):
                continue
            for each in block.instructions:
                if _raises(each, region.pending):
                    return each.node
        return None


def _raises(instruction: Instruction, kind: EdgeKind) -> bool:
    """Return whether an instruction raises this kind of exception of its own."""
    if kind is EdgeKind.CANCEL:
        return suspends(instruction)
    if kind is EdgeKind.RAISE:
        return isinstance(instruction, Raise)
    if kind is EdgeKind.MAY_RAISE:
        return type(instruction) in RAISING and not isinstance(instruction, Yield)
    return False


_JUMPS = {
    EdgeKind.RETURN: "return",
    EdgeKind.BREAK: "break",
    EdgeKind.CONTINUE: "continue",
}


def _is_entry(block: Block) -> bool:
    return any(isinstance(each, Catch) for each in block.instructions)


def _is_in(handler: cst.CSTNode, block: Block) -> bool:
    return any(region.handler is handler for region in block.regions)


def _handlers(region: Region) -> tuple[cst.CSTNode, ...]:
    node = region.node
    return tuple(node.handlers) if isinstance(node, (cst.Try, cst.TryStar)) else ()


def _is_of_report(handler: cst.CSTNode, entry: Block) -> bool:
    """Return whether the `try` of a handler tells of an error that was caught before.

    The stream has failed by then, and is not taken for complete because the report fails too.
    """
    tried = [each.node for each in entry.regions if each.handler is handler]
    return any(
        isinstance(caught := region.handler, (cst.ExceptHandler, cst.ExceptStarHandler))
        and caught is not handler
        and caught.name is not None
        and isinstance(caught.name.name, cst.Name)
        and isinstance(each, (cst.Try, cst.TryStar))
        and _reads(each.body, caught.name.name.value)
        for region in entry.regions
        for each in tried
    )


def _reads(node: cst.CSTNode, name: str) -> bool:
    return any(isinstance(each, cst.Name) and each.value == name for each in descendants(node))
