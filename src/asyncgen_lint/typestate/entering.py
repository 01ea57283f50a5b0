"""The ways through a context manager, each of which must pass one `yield`, and only one.

`asynccontextmanager` takes one step to enter, and one to leave: when the body is done it goes on
behind the `yield`, when the body fails it throws the exception in there. A further `yield` on
either way raises RuntimeError, and so does a first step that ends without one (contextlib,
`_AsyncGeneratorContextManager`).

A way counts only if nothing that is unknown must come true for it: behind a `yield`, all ways on
must lead to the next one; before it, at most one condition may decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import libcst as cst

from asyncgen_lint.flow.constants import Constants, Flags, blocks_after, constants, is_possible
from asyncgen_lint.flow.graph import (
    EXCEPTIONAL,
    Await,
    Bind,
    Block,
    Catch,
    Discard,
    Edge,
    EdgeKind,
    Enter,
    Graph,
    Instruction,
    Next,
    Operand,
    Test,
    yield_of,
)
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import Scope, alternatives, call_of, is_name
from asyncgen_lint.source.walk import descendants
from asyncgen_lint.typestate.knowledge import Knowledge
from asyncgen_lint.typestate.way_out import FAILED_BODY

_MAX_WAYS = 2000
"""How many places on ways to the end are looked at before a function is given up."""

_WIDE = frozenset({"builtins.Exception", "builtins.BaseException"})


@dataclass(frozen=True, slots=True)
class SecondYield:
    """A `yield` at `at` that is reached behind another one, or behind itself in a loop.

    `handler` is what catches the exception of the body on that way, if one must; `is_certain` says
    that it catches every one.
    """

    first: cst.CSTNode
    at: cst.CSTNode
    handler: cst.CSTNode | None
    is_certain: bool


@dataclass(frozen=True, slots=True)
class NoYield:
    """A way to the end of a context manager that passes no `yield`.

    `left_by` is the `return` that ends it, if one does. `handler` absorbs what `raises` before
    the `yield`, if an exception is assumed; `is_certain` says that this is what it is there for,
    or that it catches whatever an `await` raises. `test` is the condition that decides, if any.
    """

    left_by: cst.CSTNode | None
    raises: cst.CSTNode | None
    handler: cst.CSTNode | None
    test: cst.CSTNode | None
    is_certain: bool


class Entering:
    """Answers for one context manager."""

    def __init__(self, graph: Graph, scope: Scope, knowledge: Knowledge) -> None:
        self._graph = graph
        self._scope = scope
        self._knowledge = knowledge
        self._flags = constants(graph)

    # A second yield

    def second_yields(self) -> Iterator[SecondYield]:
        """Yield each `yield` that another one certainly leads to; each once, the certain first."""
        found = sorted(self._second_yields(), key=lambda each: not each.is_certain)
        seen: set[cst.CSTNode] = set()
        for each in found:
            if each.at not in seen:
                seen.add(each.at)
                yield each

    def _second_yields(self) -> Iterator[SecondYield]:
        for index in sorted(self._flags):
            block = self._graph.blocks[index]
            first = yield_of(block)
            if first is None:
                continue
            for edge in block.edges:
                if not edge.raised:
                    again = self._next_yield(edge, self._flags[index])
                    if again is not None:
                        yield SecondYield(first, again, None, True)
                elif edge.kind in FAILED_BODY:
                    yield from self._yields_of_handlers(first, edge, self._flags[index])

    def _yields_of_handlers(
        self, first: cst.CSTNode, thrown: Edge, flags: Flags
    ) -> Iterator[SecondYield]:
        """Yield the `yield` behind each handler that the body's exception may come to."""
        is_certain = self._next_yield(thrown, flags) is not None

        def ends(block: Block) -> bool:
            return yield_of(block) is not None or _catch_of(block) is not None

        for block, state in blocks_after(thrown, flags, ends):
            handler = _catch_of(block)
            if handler is None:
                if yield_of(block) is not None and is_certain:
                    # In a `finally`.
                    yield SecondYield(first, yield_of(block) or first, None, True)
                continue
            again = self._next_yield(Edge(block, EdgeKind.NEXT), state)
            if again is not None:
                yield SecondYield(first, again, handler, is_certain)

    def _next_yield(self, start: Edge, flags: Flags) -> cst.CSTNode | None:
        """Return a `yield` that control comes to next; None if it may end without one."""
        found: cst.CSTNode | None = None
        ways = blocks_after(start, flags, lambda block: yield_of(block) is not None, self._goes_on)
        for block, _ in ways:
            if block in self._graph.exits.values():
                return None
            found = found or yield_of(block)
        return found

    def _goes_on(self, block: Block, edge: Edge) -> bool:
        """Return whether an edge out of a loop is not taken after its first turn."""
        if edge.kind is not EdgeKind.EXHAUSTED:
            return False
        return any(
            isinstance(each, Next)
            and isinstance(each.node, cst.For)
            and self._gives_several(each.node.iter)
            for each in block.instructions
        )

    def _gives_several(self, iterable: cst.BaseExpression) -> bool:
        """Return whether a loop over an expression is certainly meant to turn more than once."""
        if isinstance(iterable, (cst.Tuple, cst.List)):
            values = [each for each in iterable.elements if isinstance(each, cst.Element)]
            return len(values) > 1
        if not isinstance(iterable, cst.Call):
            return False
        last = iterable.args[0].value if len(iterable.args) == 1 else None
        is_once = isinstance(last, cst.Integer) and last.evaluated_value < 2
        dotted = self._knowledge.dotted(iterable.func, self._scope)
        return dotted == "builtins.range" and not is_once

    # No yield

    def ways_without_yield(self) -> Iterator[NoYield]:
        """Yield the ways to the end without a `yield`: one for each `return`, and for the end."""
        if not any(yield_of(self._graph.blocks[index]) is not None for index in self._flags):
            # A stub: its `yield` is there to make it a generator.
            return
        found: dict[cst.CSTNode | None, NoYield] = {}
        for way, edge in self._ways_to_the_end():
            candidate = self._judged(way, edge)
            known = found.get(edge.node)
            if candidate is None or (known is not None and known.is_certain):
                continue
            found[edge.node] = candidate
        yield from found.values()

    def _judged(self, way: _Way, last: Edge) -> NoYield | None:
        test = way.tests[0] if way.tests else None
        if way.handler is None:
            if len(way.tests) > 1 or (last.node is None and way.may_have_raised):
                return None
            return NoYield(last.node, None, None, test, True)
        if way.tests or way.may_have_raised:
            return None
        is_certain = True
        if self._has_yield_in_body(way.handler):
            # It may be there for the body, and for nothing that the setup raises.
            is_wide, is_entered = self._is_wide(way.handler), isinstance(way.raises, cst.WithItem)
            if is_entered and not is_wide:
                return None
            is_certain = is_wide and not is_entered
        return NoYield(last.node, way.raises, way.handler, None, is_certain)

    def _ways_to_the_end(self) -> Iterator[tuple[_Way, Edge]]:
        """Yield each way that reaches the function's end, with its last edge."""
        entry = self._graph.entry
        pending = [_Way(entry, frozenset(self._flags[entry.index].items()))]
        seen = set(pending)
        while pending and len(seen) < _MAX_WAYS:
            way = pending.pop()
            if yield_of(way.block) is not None:
                continue
            for edge in way.block.edges:
                following = self._followed(way, edge)
                if following is None:
                    continue
                if edge.target is self._graph.exits[EdgeKind.RETURN]:
                    if not following.is_pending:
                        # Else a `return` in a `finally`, or a manager, swallows the exception.
                        yield following, edge
                elif following not in seen:
                    seen.add(following)
                    pending.append(following)

    def _followed(self, way: _Way, edge: Edge) -> _Way | None:
        """Return the way behind an edge; None if it is not taken or leads to no certain answer."""
        after = self._after_instructions(way)
        if edge.raised and edge.kind in EXCEPTIONAL:
            return self._raised(way, edge)
        if not is_possible(way.block, edge, dict(after.flags)):
            return None
        if edge.target is not self._graph.exits[EdgeKind.RETURN] and not self._may_end(edge.target):
            return None
        handler = _catch_of(edge.target)
        if handler is not None and handler is edge.node:
            if way.handler is not None and len(way.block.edges) > 1:
                # What the first handler raised may be of another type.
                return None
            after = replace(
                after, handler=handler, is_pending=False, tests=(), may_have_raised=False
            )
        elif edge.kind in EXCEPTIONAL:
            after = replace(after, is_pending=True, raises=after.raises or edge.node)
        return self._decided(way, replace(after, block=edge.target), edge)

    def _raised(self, way: _Way, edge: Edge) -> _Way | None:
        """Return the way of an exception that the setup may raise; only the first is followed."""
        if way.raises is not None:
            return None
        raising = next((each for each in way.block.instructions if self._may_fail(each)), None)
        if raising is None or not self._may_end(edge.target):
            return None
        return replace(way, block=edge.target, raises=raising.node, is_pending=True)

    def _may_fail(self, instruction: Instruction) -> bool:
        """Return whether an instruction waits for something outside."""
        node = instruction.node
        if isinstance(instruction, Enter) and isinstance(node, cst.WithItem):
            manager = node.item
            if not instruction.is_async or not isinstance(manager, cst.Call):
                return False
            return self._knowledge.dotted(manager.func, self._scope) not in tables.CANCEL_SCOPES
        return isinstance(instruction, Await) or (
            isinstance(instruction, Next) and instruction.is_async
        )

    def _after_instructions(self, way: _Way) -> _Way:
        """Return the way at the end of its block."""
        flags: Flags = dict(way.flags)
        truths, may_have_raised = way.truths, way.may_have_raised
        for each in way.block.instructions:
            flags = _CONSTANTS.transfer(each, flags)
            if isinstance(each, Bind):
                truths = frozenset(truth for truth in truths if each.name not in truth.names)
            may_have_raised |= self._is_unknown_statement(each, way.handler)
        return replace(
            way,
            flags=frozenset(flags.items()),
            truths=truths,
            may_have_raised=may_have_raised,
        )

    def _decided(self, before: _Way, after: _Way, edge: Edge) -> _Way | None:
        """Return the way with what its last test decided; None if it contradicts earlier ones."""
        block = before.block
        others = [
            each
            for each in block.edges
            if each is not edge and not each.raised and each.target is not edge.target
        ]
        others = [each for each in others if is_possible(block, each, dict(after.flags))]
        decides = any(self._is_answer(each.target, after.handler is not None) for each in others)
        last = block.instructions[-1] if block.instructions else None
        if edge.kind is EdgeKind.EXHAUSTED:
            # An empty loop is unlikely; one whose every turn failed is not.
            return after if after.handler is not None or not decides else None
        if not isinstance(last, Test):
            if edge.kind is EdgeKind.FALSE and decides:
                # No case of a `match` fits.
                return None
            return after
        truth = _Truth.of(last, edge.kind is EdgeKind.TRUE)
        if any(truth.contradicts(each) for each in after.truths):
            return None
        tests = (*after.tests, last.node) if decides and others else after.tests
        if decides:
            after = replace(after, may_have_raised=False)
        return replace(after, tests=tests[:2], truths=after.truths | {truth})

    def _is_answer(self, block: Block, is_handled: bool) -> bool:
        """Return whether a block only leads to a `yield`; in a handler, or to an exception."""
        if block.index in self._without_yield:
            return False
        return is_handled or block.index in self._leading_to_yield

    def _may_end(self, block: Block) -> bool:
        return block.index in self._ending_somehow

    @cached_property
    def _without_yield(self) -> frozenset[int]:
        """The blocks from which control may end the function without a `yield` or an exception."""
        return self._backward({self._graph.exits[EdgeKind.RETURN].index})

    @cached_property
    def _ending_somehow(self) -> frozenset[int]:
        """Those, and the blocks whose pending exception a handler may absorb on the way."""
        return self._backward({self._graph.exits[EdgeKind.RETURN].index}, with_raised=True)

    @cached_property
    def _leading_to_yield(self) -> frozenset[int]:
        yields = {index for index in self._flags if yield_of(self._graph.blocks[index])}
        return self._backward(yields) | yields

    def _backward(self, goals: set[int], *, with_raised: bool = False) -> frozenset[int]:
        """Return the blocks from which edges lead to the goals, those with a `yield` left out."""
        found = set(goals)
        grows = True
        while grows:
            grows = False
            for index in self._flags:
                block = self._graph.blocks[index]
                if index in found or yield_of(block) is not None:
                    continue
                if any(
                    edge.target.index in found
                    and (with_raised or not edge.raised or edge.kind not in EXCEPTIONAL)
                    for edge in block.edges
                ):
                    found.add(index)
                    grows = True
        return frozenset(found)

    def _is_unknown_statement(self, instruction: Instruction, handler: cst.CSTNode | None) -> bool:
        """Return whether a statement is a call that may be there to raise: `self.fail("...")`.

        In a handler, only what gets the exception may raise it.
        """
        if not isinstance(instruction, Discard) or not isinstance(instruction.node, cst.Expr):
            return False
        call = call_of(instruction.node.value)
        if call is None:
            return False
        if isinstance(call.func, cst.Attribute) and call.func.attr.value in _HARMLESS:
            return False
        if self._knowledge.dotted(call.func, self._scope) in tables.LOCAL_ONLY_CALLS:
            return False
        if handler is None:
            return True
        name = handler.name if isinstance(handler, _HANDLERS) else None
        if name is None or not isinstance(name.name, cst.Name):
            return not call.args
        caught = name.name.value
        return any(is_name(each, caught) for arg in call.args for each in descendants(arg))

    def _is_wide(self, handler: cst.CSTNode) -> bool:
        if not isinstance(handler, _HANDLERS) or handler.type is None:
            return True
        types = (self._knowledge.lineage(each, self._scope) for each in alternatives(handler.type))
        return any(each[0] in _WIDE for each in types)

    def _has_yield_in_body(self, handler: cst.CSTNode) -> bool:
        """Return whether the `try` of a handler has a `yield` in its body."""
        own = set(self._scope.yields)
        for block in self._graph.blocks:
            for region in block.regions:
                if region.handler is handler and isinstance(region.node, (cst.Try, cst.TryStar)):
                    return any(each in own for each in descendants(region.node.body))
        return True


@dataclass(frozen=True, slots=True)
class _Truth:
    """What a test was found to be: of an expression's truth, or of its being `other`."""

    subject: str
    other: str
    holds: bool
    names: frozenset[str]

    @classmethod
    def of(cls, test: Test, holds: bool) -> _Truth:
        node = test.node
        if test.other and isinstance(node, cst.Comparison):
            node = node.left
        names = {each.value for each in descendants(node) if isinstance(each, cst.Name)}
        return cls(_EMPTY.code_for_node(node), test.other, holds, frozenset(names))

    def contradicts(self, other: _Truth) -> bool:
        """Return whether both cannot be."""
        if self.subject != other.subject:
            return False
        if self.other == other.other:
            return self.holds is not other.holds
        # What is true is not None.
        return {self.other, other.other} == {"", "None"} and self.holds and other.holds


@dataclass(frozen=True, slots=True)
class _Way:
    """How far a way has come that has passed no `yield`, and what happened on it.

    `tests` are those whose other outcome leads to a `yield`; `may_have_raised` says that since the
    last of them something was called that may be there to raise.
    """

    block: Block
    flags: frozenset[tuple[Operand, frozenset[str]]]
    truths: frozenset[_Truth] = frozenset()
    tests: tuple[cst.CSTNode, ...] = ()
    raises: cst.CSTNode | None = None
    handler: cst.CSTNode | None = None
    is_pending: bool = False
    may_have_raised: bool = False


_EMPTY = cst.Module([])
_CONSTANTS = Constants()
_HANDLERS = (cst.ExceptHandler, cst.ExceptStarHandler)
_HARMLESS = tables.LOGGING_METHODS | tables.CONTAINER_METHODS | tables.RELEASE_METHODS


def _catch_of(block: Block) -> cst.CSTNode | None:
    """Return the handler that a block enters, if it does."""
    for each in block.instructions:
        if isinstance(each, Catch):
            return each.node
    return None
