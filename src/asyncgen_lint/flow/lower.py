"""Lower a function of a libcst tree to its control-flow graph.

Every Python statement and expression is lowered; one that this version does not know becomes a
`Collect` of all it mentions, so that new syntax makes the analysis quiet, never wrong.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import libcst as cst

from asyncgen_lint.flow.graph import (
    EXCEPTIONAL,
    FALSY,
    TRUTHY,
    Argument,
    Attribute,
    Await,
    Bind,
    Block,
    Call,
    Capture,
    Catch,
    Collect,
    Copy,
    Discard,
    Drop,
    Edge,
    EdgeKind,
    Enter,
    Exit,
    Graph,
    Instruction,
    Iterate,
    Look,
    MakeGenerator,
    Next,
    Operand,
    Raise,
    Region,
    RegionKind,
    Return,
    StoreAttribute,
    StoreItem,
    Test,
    Unbind,
    Yield,
)
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import (
    Outline,
    Scope,
    ScopeKind,
    all_parameters,
    alternatives,
    dotted_name,
    is_name,
)
from asyncgen_lint.source.walk import by_class, children, descendants

MAX_COPIES = 64
"""How many copies of `finally` bodies one function may have before it is given up."""


class TooComplex(Exception):
    """The function has too many exits through `finally`; nothing may be said of it."""


class Oracle(Protocol):
    """What lowering must know about names and managers."""

    def dotted(self, expression: cst.CSTNode, scope: Scope) -> str:
        """Return the dotted name of a library object, or an empty string."""

    def lineage(self, expression: cst.CSTNode, scope: Scope) -> tuple[str, ...]:
        """Return the name of a class, then those of its known bases; "" for what is unknown.

        Library classes go by their dotted name, those in view by `.` and more.
        """

    def swallows(
        self, manager: cst.BaseExpression, scope: Scope, kind: EdgeKind, raised: str
    ) -> bool | None:
        """Return whether the manager's exit swallows an exception of this kind; None for maybe.

        `raised` is the dotted type of an explicit raise, where it is known.
        """

    def never_returns(self, call: cst.Call, scope: Scope) -> bool:
        """Return whether the call is known to raise or exit always."""

    def is_endless(self, iterator: cst.BaseExpression, scope: Scope) -> bool:
        """Return whether an expression makes an iterator that never ends."""


def lower(outline: Outline, scope: Scope, oracle: Oracle) -> Graph:
    """Return the graph of a function (or of the module's own code).

    Raises TooComplex, and RecursionError for expressions nested beyond the interpreter's limit.
    """
    return _Lowerer(outline, scope, oracle).run()


@dataclass(frozen=True)
class _Caught:
    """The handler being lowered: the name it binds and the kind of exception it caught."""

    name: str
    kind: EdgeKind


@dataclass(frozen=True)
class _Context:
    """Where in the function we are: what encloses it, and what its names mean there."""

    regions: tuple[Region, ...] = ()
    caught: tuple[_Caught, ...] = ()
    renames: tuple[dict[str, str], ...] = ()

    def inside(self, region: Region) -> _Context:
        """Return the context one region further in."""
        return replace(self, regions=(*self.regions, region))


@dataclass(eq=False)
class _Frame:
    """A construct that control must pass on its way out; `pads` are its landing blocks.

    `outside` is the context that cleanup runs in.
    """

    outside: _Context
    pads: dict[tuple[object, ...], Block] = field(default_factory=dict)


@dataclass(eq=False, kw_only=True)
class _Loop(_Frame):
    node: cst.CSTNode
    after: Block
    head: Block
    iterator: int | None = None


@dataclass(eq=False, kw_only=True)
class _Finally(_Frame):
    body: cst.BaseSuite
    node: cst.Try | cst.TryStar


@dataclass(eq=False, kw_only=True)
class _Handlers(_Frame):
    node: cst.Try | cst.TryStar
    after: Block


@dataclass(eq=False, kw_only=True)
class _With(_Frame):
    item: cst.WithItem
    manager: int
    is_async: bool
    after: Block


class _Lowerer:
    def __init__(self, outline: Outline, scope: Scope, oracle: Oracle) -> None:
        self._outline = outline
        self._scope = scope
        self._oracle = oracle
        self._context = _Context()
        self._frames: list[_Frame] = []
        self._blocks: list[Block] = []
        self._temporaries = 0
        self._copies = 0
        self._locals = frozenset(
            set(scope.bindings) - scope.declared_global - scope.declared_nonlocal
        )

    def run(self) -> Graph:
        entry = self._block = self._new_block()
        # In the order of EdgeKind: that of a set differs from run to run.
        ways_out = {EdgeKind.RETURN, *EXCEPTIONAL}
        self._exits = {kind: self._new_block() for kind in EdgeKind if kind in ways_out}
        node = self._scope.node
        if isinstance(node, cst.FunctionDef):
            self._suite(node.body)
        elif isinstance(node, cst.Module):
            for each in node.body:
                self._statement(each)
        self._leave(EdgeKind.RETURN, None, None)
        return Graph(node, entry, self._exits, self._blocks, self._locals, self._captured_names())

    # Blocks and edges

    def _new_block(self) -> Block:
        block = Block(len(self._blocks), self._context.regions)
        self._blocks.append(block)
        return block

    def _start(self, block: Block) -> None:
        self._block = block

    def _edge(
        self, target: Block, kind: EdgeKind = EdgeKind.NEXT, node: cst.CSTNode | None = None
    ) -> None:
        self._block.edges.append(Edge(target, kind, node))

    def _break_block(self) -> None:
        if not self._block.instructions:
            return
        following = self._new_block()
        self._edge(following)
        self._start(following)

    def _emit(self, instruction: Instruction) -> None:
        self._block.instructions.append(instruction)

    def _emit_raising(self, instruction: Instruction, *, suspends: bool = False) -> None:
        self._emit(instruction)
        self._may_raise(EdgeKind.MAY_RAISE, instruction.node)
        if suspends:
            self._may_raise(EdgeKind.CANCEL, instruction.node)

    def _may_raise(self, kind: EdgeKind, node: cst.CSTNode | None = None) -> None:
        block = self._block
        if any(edge.kind is kind for edge in block.edges):
            return
        block.edges.append(Edge(self._pad(kind), kind, node, raised=True))

    def _temporary(self) -> int:
        self._temporaries += 1
        return self._temporaries

    # Ways out

    def _pad(self, kind: EdgeKind, raised: str = "") -> Block:
        """Return the block where an exception of this kind lands, seen from here.

        `raised` is the dotted type of an explicit raise, where it is known.
        """
        return self._land((kind, raised), len(self._frames) - 1)

    def _land(self, key: tuple[EdgeKind, str], depth: int) -> Block:
        kind, raised = key
        if depth < 0:
            return self._exits[kind]
        frame = self._frames[depth]
        pad = frame.pads.get(key)
        if pad is None:
            frames, block, context = self._frames, self._block, self._context
            self._frames, self._context = frames[:depth], frame.outside
            pad = frame.pads[key] = self._new_block()
            self._start(pad)
            self._unwind(frame, kind, raised)
            self._frames, self._block, self._context = frames, block, context
        return pad

    def _unwind(self, frame: _Frame, kind: EdgeKind, raised: str) -> None:
        """Lower what an exception does on its way through a frame, then send it on."""
        outward = (kind, raised)
        depth = len(self._frames) - 1
        if isinstance(frame, _Handlers):
            if self._dispatch(frame, kind, raised):
                return
        elif isinstance(frame, _Finally):
            self._finally_copy(frame, kind)
        elif isinstance(frame, _With):
            self._exit_manager(frame, kind)
            verdict = self._oracle.swallows(frame.item.item, self._scope, kind, raised)
            if verdict is not False:
                self._edge(frame.after, EdgeKind.TRUE)
            if verdict is True:
                return
        elif isinstance(frame, _Loop):
            self._drop(frame, kind)
        self._edge(self._land(outward, depth), kind)

    def _finally_copy(self, frame: _Finally, kind: EdgeKind) -> None:
        self._copies += 1
        if self._copies > MAX_COPIES:
            raise TooComplex
        outside = self._context
        self._move(outside.inside(Region(RegionKind.FINALLY, frame.node, kind)))
        self._suite(frame.body)
        self._move(outside)

    def _move(self, context: _Context) -> None:
        """Go on in another context, in a new block."""
        self._context = context
        following = self._new_block()
        self._edge(following)
        self._start(following)

    def _exit_manager(self, frame: _With, kind: EdgeKind) -> None:
        leaving = Exit(frame.item, frame.manager, frame.is_async, kind)
        if self._is_trivial(frame.item.item):
            self._emit(leaving)
        else:
            self._emit_raising(leaving, suspends=frame.is_async)
        self._break_block()

    def _is_trivial(self, manager: cst.BaseExpression) -> bool:
        """Return whether leaving a manager does nothing that may raise."""
        if not isinstance(manager, cst.Call):
            return False
        return self._oracle.dotted(manager.func, self._scope) in tables.TRIVIAL_MANAGERS

    def _dispatch(self, frame: _Handlers, kind: EdgeKind, raised: str) -> bool:
        """Add edges to the handlers that may catch; return whether one certainly does."""
        for handler in frame.node.handlers:
            verdict = self._catches(handler, kind, raised)
            if verdict is False:
                continue
            self._edge(self._handler_entry(frame, handler, kind), kind, handler)
            if verdict is True:
                return True
        return False

    def _handler_entry(
        self, frame: _Handlers, handler: cst.ExceptHandler | cst.ExceptStarHandler, kind: EdgeKind
    ) -> Block:
        entry = frame.pads.get((handler, kind))
        if entry is not None:
            return entry
        block, context = self._block, self._context
        region = Region(RegionKind.HANDLER, frame.node, kind, handler)
        self._context = context.inside(region)
        entry = frame.pads[(handler, kind)] = self._new_block()
        self._start(entry)
        self._emit(Catch(handler, kind))
        name = ""
        if handler.name is not None and isinstance(handler.name.name, cst.Name):
            name = handler.name.name.value
            self._emit(Bind(handler, self._variable(name), None, TRUTHY))
        caught = (*self._context.caught, _Caught(name, kind))
        self._context = replace(self._context, caught=caught)
        self._suite(handler.body)
        self._edge(frame.after)
        self._block, self._context = block, context
        return entry

    def _catches(
        self, handler: cst.ExceptHandler | cst.ExceptStarHandler, kind: EdgeKind, raised: str
    ) -> bool | None:
        """Return True, False, or None for maybe."""
        if handler.type is None:
            return True
        types = [self._exception_type(each) for each in alternatives(handler.type)]
        if "builtins.BaseException" in types:
            return True
        if kind is EdgeKind.GENERATOR_EXIT:
            return "builtins.GeneratorExit" in types
        if kind is EdgeKind.CANCEL:
            return any(each in tables.CANCELLED_ERRORS for each in types)
        found = is_caught(raised, types) if raised else None
        if found is not None:
            return found
        if tables.ORDINARY_EXCEPTION_ROOT in types:
            return True
        unraisable = tables.CANCELLED_ERRORS | {"builtins.GeneratorExit"}
        return False if all(each in unraisable for each in types) else None

    def _exception_type(self, expression: cst.BaseExpression) -> str:
        return self._lineage(expression)[0]

    def _lineage(self, expression: cst.BaseExpression) -> tuple[str, ...]:
        if isinstance(expression, cst.Call):
            expression = expression.func
        return self._oracle.lineage(expression, self._scope)

    def _leave(self, kind: EdgeKind, target: _Loop | None, node: cst.CSTNode | None) -> None:
        """End the block with a jump out of every frame up to `target`, or out of the function."""
        self._jump(kind, target, node, len(self._frames) - 1)
        self._start(self._new_block())

    def _jump(
        self, kind: EdgeKind, target: _Loop | None, node: cst.CSTNode | None, depth: int
    ) -> None:
        while depth >= 0:
            frame = self._frames[depth]
            if frame is target:
                break
            if isinstance(frame, _Loop):
                self._drop(frame, kind)
            elif isinstance(frame, (_Finally, _With)):
                self._jump_through(frame, kind, target, node, depth)
                return
            depth -= 1
        if target is None:
            self._edge(self._exits[EdgeKind.RETURN], kind, node)
            return
        if kind is EdgeKind.BREAK:
            self._drop(target, kind)
        destination = target.head if kind is EdgeKind.CONTINUE else target.after
        self._edge(destination, kind, node)

    def _drop(self, frame: _Loop, kind: EdgeKind) -> None:
        """Let go of the iterator, which a `while` has none of."""
        if frame.iterator is not None:
            self._emit(Drop(frame.node, frame.iterator, kind))

    def _jump_through(
        self,
        frame: _Finally | _With,
        kind: EdgeKind,
        target: _Loop | None,
        node: cst.CSTNode | None,
        depth: int,
    ) -> None:
        key = (kind, target)
        pad = frame.pads.get(key)
        if pad is not None:
            self._edge(pad, kind, node)
            return
        frames, context = self._frames, self._context
        self._frames, self._context = frames[:depth], frame.outside
        pad = frame.pads[key] = self._new_block()
        self._edge(pad, kind, node)
        self._start(pad)
        if isinstance(frame, _Finally):
            self._finally_copy(frame, kind)
        else:
            self._exit_manager(frame, kind)
        self._jump(kind, target, node, depth - 1)
        self._frames, self._context = frames, context

    # Statements

    def _suite(self, suite: cst.BaseSuite) -> None:
        for each in suite.body:
            self._statement(each)

    def _statement(self, node: cst.CSTNode) -> None:
        if isinstance(node, cst.SimpleStatementLine):
            for each in node.body:
                self._statement(each)
            return
        handler = _STATEMENTS.get(type(node))
        if handler is not None:
            handler(self, node)
        else:
            self._unknown(node)

    def _nothing(self, node: cst.CSTNode) -> None:
        del node

    def _unknown(self, node: cst.CSTNode) -> Operand:
        names = [each.value for each in descendants(node) if isinstance(each, cst.Name)]
        values = tuple(each for each in (self._local(name) for name in names) if each)
        result = self._temporary()
        self._emit_raising(Collect(node, result, values))
        return result

    def _expression_statement(self, node: cst.Expr) -> None:
        self._emit(Discard(node, self._value(node.value)))

    def _assign(self, node: cst.Assign) -> None:
        if len(node.targets) == 1 and self._assign_pairwise(node.targets[0].target, node.value):
            return
        value = self._value(node.value)
        constant = self._constant_name(node.value)
        self._note_alias(node)
        *others, last = node.targets
        for each in others:
            copied = self._temporary()
            self._emit(Copy(node, copied, value))
            self._store(each.target, copied, constant)
        self._store(last.target, value, constant)

    def _note_alias(self, node: cst.Assign) -> None:
        """Let another name of a caught exception mean the same."""
        if not isinstance(node.value, cst.Name):
            return
        kinds = [each.kind for each in self._context.caught if each.name == node.value.value]
        for each in node.targets:
            if kinds and isinstance(each.target, cst.Name):
                alias = _Caught(each.target.value, kinds[-1])
                self._context = replace(self._context, caught=(alias, *self._context.caught))

    def _assign_pairwise(self, target: cst.BaseExpression, value: cst.BaseExpression) -> bool:
        """Lower `a, b = x, y` one by one, so that a tuple hides nothing."""
        if not isinstance(target, (cst.Tuple, cst.List)):
            return False
        if not isinstance(value, (cst.Tuple, cst.List)):
            return False
        elements = [*target.elements, *value.elements]
        if len(target.elements) != len(value.elements):
            return False
        if any(isinstance(each, cst.StarredElement) for each in elements):
            return False
        copies = []
        for each in value.elements:
            operand = self._value(each.value)
            if isinstance(operand, str):
                copied = self._temporary()
                self._emit(Copy(each, copied, operand))
                operand = copied
            copies.append(operand)
        for each, operand in zip(target.elements, copies, strict=True):
            self._store(each.value, operand)
        return True

    def _annotated(self, node: cst.AnnAssign) -> None:
        if node.value is not None:
            self._store(node.target, self._value(node.value), self._constant_name(node.value))

    def _augmented(self, node: cst.AugAssign) -> None:
        value = self._value(node.value)
        old = self._value(node.target) if isinstance(node.target, cst.Name) else None
        result = self._temporary()
        self._emit_raising(Collect(node, result, (old, value)))
        self._store(node.target, None)

    def _store(self, target: cst.BaseExpression, value: Operand, constant: str = "") -> None:
        if isinstance(target, cst.Name):
            name = self._local(target.value)
            if name is not None:
                self._emit(Bind(target, name, value, constant))
            elif value is not None:
                self._emit(Collect(target, self._temporary(), (value,)))
        elif isinstance(target, cst.Attribute):
            owner = self._value(target.value)
            self._emit(StoreAttribute(target, owner, target.attr.value, value))
        elif isinstance(target, cst.Subscript):
            owner = self._value(target.value)
            indexes = tuple(self._parts(target.slice))
            self._emit_raising(StoreItem(target, (owner, *indexes, value)))
        elif isinstance(target, (cst.Tuple, cst.List)):
            self._emit_raising(Collect(target, self._temporary(), (value,)))
            for each in target.elements:
                self._store(each.value, None)
        else:
            self._unknown(target)

    def _return(self, node: cst.Return) -> None:
        value = self._value(node.value) if node.value is not None else None
        self._emit(Return(node, value))
        self._leave(EdgeKind.RETURN, None, node)

    def _raise(self, node: cst.Raise) -> None:
        values: list[Operand] = []
        if node.exc is not None:
            values.append(self._value(node.exc))
        if node.cause is not None:
            values.append(self._value(node.cause.item))
        self._emit(Raise(node, tuple(values)))
        kind, raised = self._raised(node)
        self._edge(self._pad(kind, raised), kind, node)
        self._start(self._new_block())

    def _raised(self, node: cst.Raise) -> tuple[EdgeKind, str]:
        caught = self._context.caught
        if node.exc is None:
            return (caught[-1].kind if caught else EdgeKind.RAISE), ""
        for each in caught:
            if isinstance(node.exc, cst.Name) and node.exc.value == each.name:
                return each.kind, ""
        lineage = self._lineage(node.exc)
        is_known = lineage[0].startswith((".", "builtins."))
        return EdgeKind.RAISE, "|".join(lineage) if is_known else ""

    def _assert(self, node: cst.Assert) -> None:
        passed, failed = self._new_block(), self._new_block()
        self._condition(node.test, passed, failed)
        self._start(failed)
        if node.msg is not None:
            self._value(node.msg)
        self._edge(self._pad(EdgeKind.MAY_RAISE), EdgeKind.MAY_RAISE, node)
        self._start(passed)

    def _del(self, node: cst.Del) -> None:
        pending: list[cst.BaseExpression] = [node.target]
        while pending:
            target = pending.pop(0)
            if isinstance(target, cst.Name):
                name = self._local(target.value)
                if name is not None:
                    self._emit(Unbind(node, name))
            elif isinstance(target, (cst.Tuple, cst.List)):
                pending += [each.value for each in target.elements]
            elif isinstance(target, cst.Attribute):
                self._value(target.value)
            else:
                self._emit_raising(Look(target, tuple(self._parts(target))))

    def _break(self, node: cst.Break) -> None:
        self._leave_loop(EdgeKind.BREAK, node)

    def _continue(self, node: cst.Continue) -> None:
        self._leave_loop(EdgeKind.CONTINUE, node)

    def _leave_loop(self, kind: EdgeKind, node: cst.CSTNode) -> None:
        loops = [frame for frame in self._frames if isinstance(frame, _Loop)]
        if not loops:
            # Only `compile` rejects a jump outside a loop; ending the path is all it can mean.
            self._start(self._new_block())
            return
        self._leave(kind, loops[-1], node)

    def _import(self, node: cst.CSTNode) -> None:
        names = getattr(node, "names", ())
        if isinstance(names, cst.ImportStar):
            return
        for alias in names:
            if alias.asname is not None:
                bound = alias.asname.name.value
            else:
                name = alias.name
                while isinstance(name, cst.Attribute):
                    name = name.value
                bound = name.value
            if (local := self._local(bound)) is not None:
                self._emit(Bind(node, local, None))

    def _if(self, node: cst.If) -> None:
        after = self._new_block()
        current: cst.If | cst.Else | None = node
        while isinstance(current, cst.If):
            taken, otherwise = self._new_block(), self._new_block()
            self._condition(current.test, taken, otherwise)
            self._start(taken)
            self._suite(current.body)
            self._edge(after)
            self._start(otherwise)
            current = current.orelse
        if current is not None:
            self._suite(current.body)
        self._edge(after)
        self._start(after)

    def _while(self, node: cst.While) -> None:
        outside = self._context
        after, otherwise = self._new_block(), self._new_block()
        self._context = outside.inside(Region(RegionKind.LOOP, node))
        head, body = self._new_block(), self._new_block()
        self._edge(head)
        self._start(head)
        self._frames.append(_Loop(outside, node=node, after=after, head=head))
        self._condition(node.test, body, otherwise)
        self._start(body)
        self._suite(node.body)
        self._edge(head)
        self._frames.pop()
        self._context = outside
        self._start(otherwise)
        if node.orelse is not None:
            self._suite(node.orelse.body)
        self._edge(after)
        self._start(after)

    def _for(self, node: cst.For) -> None:
        is_async = node.asynchronous is not None
        source = self._value(node.iter)
        self._loop(
            node,
            source,
            is_async,
            lambda item: self._store(node.target, item),
            lambda: self._suite(node.body),
            node.orelse,
        )

    def _loop(
        self,
        node: cst.For | cst.CompFor,
        source: Operand,
        is_async: bool,
        bind: Callable[[Operand], None],
        body: Callable[[], None],
        orelse: cst.Else | None = None,
    ) -> None:
        iterator = self._temporary()
        self._emit_raising(Iterate(node, iterator, source, is_async))
        outside = self._context
        after, exhausted = self._new_block(), self._new_block()
        self._context = outside.inside(Region(RegionKind.LOOP, node, is_async=is_async))
        head, turn = self._new_block(), self._new_block()
        self._edge(head)
        self._start(head)
        self._frames.append(_Loop(outside, node=node, iterator=iterator, after=after, head=head))
        item = self._temporary()
        if isinstance(node, cst.For) and not is_async and self._has_items(node.iter):
            # The end is met at a later turn, if at all.
            head = self._new_block()
            self._frames[-1] = _Loop(outside, node=node, iterator=iterator, after=after, head=head)
            self._emit_raising(Next(node, item, iterator, is_async))
            self._edge(turn)
            self._start(head)
        self._emit_raising(Next(node, item, iterator, is_async), suspends=is_async)
        self._edge(turn)
        if is_async or not self._oracle.is_endless(node.iter, self._scope):
            self._edge(exhausted, EdgeKind.EXHAUSTED)
        self._start(turn)
        bind(item)
        body()
        self._edge(head)
        self._frames.pop()
        self._context = outside
        self._start(exhausted)
        self._emit(Drop(node, iterator, EdgeKind.EXHAUSTED))
        if orelse is not None:
            self._suite(orelse.body)
        self._edge(after)
        self._start(after)

    def _has_items(self, iterable: cst.BaseExpression) -> bool:
        """Return whether what a loop goes through is seen not to be empty."""
        if isinstance(iterable, (cst.Tuple, cst.List)):
            return any(isinstance(each, cst.Element) for each in iterable.elements)
        if isinstance(iterable, cst.Attribute) and iterable.attr.value == "exceptions":
            # Of an exception group, which cannot be made of none: Library Reference, BaseException.
            return any(is_name(iterable.value, each.name) for each in self._context.caught)
        if not isinstance(iterable, cst.Call) or len(iterable.args) != 1:
            return False
        count = iterable.args[0].value
        if not isinstance(count, cst.Integer) or not count.evaluated_value:
            return False
        return self._oracle.dotted(iterable.func, self._scope) == "builtins.range"

    def _with(self, node: cst.With) -> None:
        is_async = node.asynchronous is not None
        opened: list[_With] = []
        for item in node.items:
            # A name may be bound anew in the block; the copy is what the exit will use.
            held, entered = self._temporary(), self._temporary()
            self._emit(Copy(item, held, self._value(item.item)))
            self._emit_raising(Enter(item, entered, held, is_async), suspends=is_async)
            frame = _With(
                self._context, item=item, manager=held, is_async=is_async, after=self._new_block()
            )
            opened.append(frame)
            self._frames.append(frame)
            self._move(self._context.inside(Region(RegionKind.WITH, item, is_async=is_async)))
            if item.asname is not None:
                self._store(item.asname.name, entered)
            else:
                self._emit(Discard(item, entered))
        self._suite(node.body)
        for frame in reversed(opened):
            self._frames.pop()
            self._move(frame.outside)
            self._exit_manager(frame, EdgeKind.NEXT)
            self._edge(frame.after)
            self._start(frame.after)

    def _try(self, node: cst.Try | cst.TryStar) -> None:
        outside = self._context
        after, joined = self._new_block(), self._new_block()
        cleanup: _Finally | None = None
        if node.finalbody is not None:
            cleanup = _Finally(outside, node=node, body=node.finalbody.body)
            self._frames.append(cleanup)
        if node.handlers:
            self._frames.append(_Handlers(outside, node=node, after=joined))
        self._move(outside.inside(Region(RegionKind.TRY_BODY, node)))
        self._suite(node.body)
        if node.handlers:
            self._frames.pop()
        if node.orelse is not None:
            self._move(outside.inside(Region(RegionKind.ELSE, node)))
            self._suite(node.orelse.body)
        self._edge(joined)
        self._context = outside
        self._start(joined)
        if cleanup is not None:
            self._frames.pop()
            self._finally_copy(cleanup, EdgeKind.NEXT)
        self._edge(after)
        self._start(after)

    def _match(self, node: cst.Match) -> None:
        subject = self._value(node.subject)
        after = self._new_block()
        for case in node.cases:
            matched, otherwise = self._new_block(), self._new_block()
            self._emit_raising(Look(case, (subject,)))
            tested = self._pattern_test(case.pattern)
            if tested is not None:
                self._emit(Test(case, subject, tested))
            known = self._known_match(node.subject, case.pattern)
            if known is not False:
                self._edge(matched, EdgeKind.TRUE)
            if known is not True and not _is_irrefutable(case.pattern):
                self._edge(otherwise, EdgeKind.FALSE)
            self._start(matched)
            self._capture_pattern(case.pattern, subject)
            if case.guard is not None:
                guarded = self._new_block()
                self._condition(case.guard, guarded, otherwise)
                self._start(guarded)
            self._suite(case.body)
            self._edge(after)
            self._start(otherwise)
        self._edge(after)
        self._start(after)

    def _pattern_test(self, pattern: cst.MatchPattern) -> str | None:
        """Return what a subject is compared with, as in `Test`, by a pattern that says no more."""
        if isinstance(pattern, cst.MatchSingleton) and pattern.value.value == "None":
            return "None"
        if isinstance(pattern, cst.MatchAs) and pattern.pattern is not None:
            return self._pattern_test(pattern.pattern)
        if not isinstance(pattern, cst.MatchClass) or pattern.patterns or pattern.kwds:
            return None
        # A generator is an instance of these as it is true.
        dotted = self._oracle.dotted(pattern.cls, self._scope)
        return "" if dotted in tables.GENERATOR_TYPES else None

    def _capture_pattern(self, pattern: cst.MatchPattern, subject: Operand) -> None:
        """Bind the names of a pattern; only one that stands for the whole is the subject."""
        for each in descendants(pattern):
            name: cst.Name | None = None
            if isinstance(each, (cst.MatchAs, cst.MatchStar)):
                name = each.name
            elif isinstance(each, cst.MatchMapping):
                name = each.rest
            if name is not None:
                self._store(name, subject if each is pattern else None)

    def _function(self, node: cst.FunctionDef) -> None:
        for each in node.decorators:
            self._value(each.decorator)
        self._defaults(node.params)
        self._emit(Capture(node, self._names_used_in(self._outline.scope_of[node])))
        self._store(node.name, None)

    def _defaults(self, parameters: cst.Parameters) -> None:
        for each in all_parameters(parameters):
            if each.default is not None:
                value = self._value(each.default)
                if value is not None:
                    self._emit(Collect(each, self._temporary(), (value,)))

    def _class(self, node: cst.ClassDef) -> None:
        for each in node.decorators:
            self._value(each.decorator)
        for argument in (*node.bases, *node.keywords):
            self._value(argument.value)
        self._emit(Capture(node, self._names_used_in(self._outline.scope_of[node])))
        self._store(node.name, None)

    # Conditions

    def _condition(self, test: cst.BaseExpression, taken: Block, otherwise: Block) -> None:
        """Lower a test: control goes to `taken` or to `otherwise`."""
        while isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
            test, taken, otherwise = test.expression, otherwise, taken
        known = self._known_truth(test)
        compared = _compared_with_name(test) if known is None else None
        if compared is not None:
            assert isinstance(test, cst.Comparison)
            if isinstance(compared.operator, (cst.IsNot, cst.NotEqual)):
                taken, otherwise = otherwise, taken
            value = self._value(test.left)
            if isinstance(compared.comparator, cst.Attribute):
                self._value(compared.comparator)
            self._emit(Test(test, value, dotted_name(compared.comparator), is_last_use=True))
            self._edge(taken, EdgeKind.TRUE)
            self._edge(otherwise, EdgeKind.FALSE)
            return
        if isinstance(test, cst.BooleanOperation):
            *parts, last = _spine(test)
            for part in parts:
                following = self._new_block()
                if isinstance(test.operator, cst.And):
                    self._condition(part, following, otherwise)
                else:
                    self._condition(part, taken, following)
                self._start(following)
            self._condition(last, taken, otherwise)
            return
        self._emit(Test(test, self._value(test), is_last_use=True))
        if known is not False:
            self._edge(taken, EdgeKind.TRUE)
        if known is not True:
            self._edge(otherwise, EdgeKind.FALSE)

    def _known_truth(self, test: cst.BaseExpression) -> bool | None:
        if isinstance(test, cst.Name) and test.value in ("True", "False", "None"):
            return test.value == "True"
        if isinstance(test, cst.Name) and test.value == "__debug__":
            return True
        if isinstance(test, cst.Integer):
            return test.evaluated_value != 0
        if isinstance(test, cst.Call):
            return self._known_isinstance(test)
        if isinstance(test, cst.Comparison):
            return self._known_type_test(test)
        if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
            known = self._known_truth(test.expression)
            return None if known is None else not known
        if isinstance(test, cst.BooleanOperation):
            decisive = isinstance(test.operator, cst.Or)
            return decisive if self._known_truth(_spine(test)[0]) is decisive else None
        return None

    def _cannot_raise(self, function: cst.BaseExpression) -> bool:
        """Return whether a call cannot raise: `isinstance`, or `append` to a list made here."""
        if isinstance(function, cst.Attribute) and function.attr.value == "append":
            owner = function.value.value if isinstance(function.value, cst.Name) else ""
            bindings = self._scope.bindings.get(str(owner), [])
            return bool(bindings) and all(isinstance(each.value, cst.List) for each in bindings)
        if not isinstance(function, cst.Name) or function.value not in ("isinstance", "callable"):
            return False
        return self._oracle.dotted(function, self._scope).startswith("builtins.")

    def _known_isinstance(self, test: cst.Call) -> bool | None:
        """Decide `isinstance(error, TYPE)` in the copy of a handler for one kind of exception."""
        if len(test.args) != 2 or not isinstance(test.args[0].value, cst.Name):
            return None
        if self._oracle.dotted(test.func, self._scope) != "builtins.isinstance":
            return None
        types = {self._exception_type(each) for each in alternatives(test.args[1].value)}
        return self._known_instance(test.args[0].value.value, types)

    def _known_type_test(self, test: cst.Comparison) -> bool | None:
        """Decide `type(error) is TYPE` likewise."""
        left, target = test.left, test.comparisons[0]
        if len(test.comparisons) != 1 or not isinstance(target.operator, (cst.Is, cst.Equal)):
            return None
        if not isinstance(left, cst.Call) or len(left.args) != 1:
            return None
        given = left.args[0].value
        if not isinstance(given, cst.Name):
            return None
        if self._oracle.dotted(left.func, self._scope) != "builtins.type":
            return None
        return self._known_instance(given.value, {self._exception_type(target.comparator)})

    def _known_match(self, subject: cst.BaseExpression, pattern: cst.MatchPattern) -> bool | None:
        """Decide `case TYPE():` for a caught exception likewise."""
        if not isinstance(subject, cst.Name) or not isinstance(pattern, cst.MatchClass):
            return None
        if pattern.patterns or pattern.kwds:
            return None
        return self._known_instance(subject.value, {self._exception_type(pattern.cls)})

    def _known_instance(self, name: str, types: set[str]) -> bool | None:
        """Return whether the exception that a handler calls `name` is of one of the types."""
        kinds = [each.kind for each in self._context.caught if each.name == name]
        if not kinds or "" in types:
            return None
        if "builtins.BaseException" in types:
            return True
        if kinds[-1] is EdgeKind.GENERATOR_EXIT:
            return "builtins.GeneratorExit" in types
        if kinds[-1] is EdgeKind.CANCEL:
            return bool(types & tables.CANCELLED_ERRORS)
        if types <= tables.CANCELLED_ERRORS | {"builtins.GeneratorExit"}:
            return False
        return None

    def _constant_name(self, value: cst.BaseExpression) -> str:
        """Return True, False or None where a value is known to be that, else an empty string."""
        if isinstance(value, cst.Name):
            return str(value.value) if value.value in ("True", "False", "None") else ""
        if not isinstance(value, (cst.Call, cst.BooleanOperation, cst.UnaryOperation)):
            return ""
        known = self._known_truth(value)
        return "" if known is None else str(known)

    # Expressions

    def _value(self, node: cst.BaseExpression) -> Operand:
        handler = _EXPRESSIONS.get(type(node))
        return handler(self, node) if handler is not None else self._collect(node)

    def _parts(self, *nodes: cst.CSTNode | Sequence[cst.CSTNode] | None) -> list[Operand]:
        """Evaluate the expressions below nodes that are not expressions themselves."""
        values: list[Operand] = []
        pending: list[cst.CSTNode] = []
        for each in nodes:
            pending += [each] if isinstance(each, cst.CSTNode) else (each or [])
        while pending:
            node = pending.pop(0)
            if isinstance(node, cst.BaseExpression) and type(node) in _EXPRESSIONS:
                values.append(self._value(node))
            elif isinstance(node, (cst.Tuple, cst.List, cst.Set, cst.Dict)):
                values.append(self._collect(node))
            else:
                pending = children(node) + pending
        return values

    def _constant(self, node: cst.CSTNode) -> Operand:
        del node
        return None

    def _name(self, node: cst.Name) -> Operand:
        return self._local(node.value)

    def _local(self, name: str) -> str | None:
        for renamed in reversed(self._context.renames):
            if name in renamed:
                return renamed[name]
        return name if name in self._locals else None

    def _variable(self, name: str) -> str:
        return self._local(name) or f"{name}@outside"

    def _chain(self, node: cst.BaseExpression) -> Operand:
        """Lower `a.b(c).d(e)` from the left without recursing along the chain."""
        links: list[cst.Attribute | cst.Call] = []
        while isinstance(node, (cst.Attribute, cst.Call)):
            links.append(node)
            node = node.value if isinstance(node, cst.Attribute) else node.func
        value = self._value(node)
        links.reverse()
        at = 0
        while at < len(links):
            link = links[at]
            at += 1
            if isinstance(link, cst.Call):
                value = self._lower_call(link, value, None, "")
            elif at < len(links) and isinstance(links[at], cst.Call):
                call = links[at]
                at += 1
                assert isinstance(call, cst.Call)
                value = self._lower_call(call, None, value, link.attr.value)
            elif value is not None:
                result = self._temporary()
                self._emit(Attribute(link, result, value, link.attr.value))
                value = result
        return value

    def _lower_call(
        self, node: cst.Call, callee: Operand, receiver: Operand, method: str
    ) -> Operand:
        arguments = tuple(
            Argument(
                self._value(each.value),
                each.value,
                each.keyword.value if each.keyword is not None else "",
                each.star,
            )
            for each in node.args
        )
        result = self._temporary()
        call = Call(node, result, callee, receiver, method, arguments)
        if self._cannot_raise(node.func):
            self._emit(call)
        else:
            self._emit_raising(call)
        if self._oracle.never_returns(node, self._scope):
            self._start(self._new_block())
        elif method in ("throw", "athrow") and self._throws_generator_exit(node):
            self._edge(self._pad(EdgeKind.GENERATOR_EXIT), EdgeKind.GENERATOR_EXIT, node)
            self._start(self._new_block())
        return result

    def _throws_generator_exit(self, node: cst.Call) -> bool:
        """Return whether a caught GeneratorExit is thrown into another generator, and so back."""
        given = [each.value.value for each in node.args if isinstance(each.value, cst.Name)]
        return any(
            each.name in given and each.kind is EdgeKind.GENERATOR_EXIT
            for each in self._context.caught
        )

    def _await(self, node: cst.Await) -> Operand:
        value = self._value(node.expression)
        result = self._temporary()
        self._emit_raising(Await(node, result, value), suspends=True)
        self._break_block()
        return result

    def _yield(self, node: cst.Yield) -> Operand:
        is_delegation = isinstance(node.value, cst.From)
        value: Operand = None
        if isinstance(node.value, cst.From):
            value = self._value(node.value.item)
        elif node.value is not None:
            value = self._value(node.value)
        self._break_block()
        result = self._temporary()
        self._emit_raising(Yield(node, result, value, is_delegation))
        self._may_raise(EdgeKind.GENERATOR_EXIT, node)
        self._may_raise(EdgeKind.CANCEL)
        self._break_block()
        return result

    def _choice(self, node: cst.BaseExpression) -> Operand:
        """Lower `a or b`, `a and b` and `a if c else b`: one of the values is the result."""
        result = self._temporary()
        after = self._new_block()
        if isinstance(node, cst.BooleanOperation):
            *parts, last = _spine(node)
            leaves_when = EdgeKind.FALSE if isinstance(node.operator, cst.And) else EdgeKind.TRUE
            stays_when = EdgeKind.TRUE if leaves_when is EdgeKind.FALSE else EdgeKind.FALSE
            for part in parts:
                value = self._value(part)
                self._emit(Test(part, value))
                leaving, staying = self._new_block(), self._new_block()
                known = self._known_truth(part)
                if known is not (stays_when is EdgeKind.TRUE):
                    self._edge(leaving, leaves_when)
                if known is not (leaves_when is EdgeKind.TRUE):
                    self._edge(staying, stays_when)
                self._start(leaving)
                truth = TRUTHY if leaves_when is EdgeKind.TRUE else FALSY
                self._emit(Copy(part, result, value, self._constant_name(part) or truth))
                self._edge(after)
                self._start(staying)
        else:
            last = node
            while isinstance(last, cst.IfExp):
                taken, otherwise = self._new_block(), self._new_block()
                self._condition(last.test, taken, otherwise)
                self._start(taken)
                constant = self._constant_name(last.body)
                self._emit(Copy(last, result, self._value(last.body), constant))
                self._edge(after)
                self._start(otherwise)
                last = last.orelse
        self._emit(Copy(last, result, self._value(last), self._constant_name(last)))
        self._edge(after)
        self._start(after)
        return result

    def _walrus(self, node: cst.NamedExpr) -> Operand:
        value = self._value(node.value)
        copied = self._temporary()
        self._emit(Copy(node, copied, value))
        self._store(node.target, value)
        return copied

    def _binary(self, node: cst.BinaryOperation) -> Operand:
        operands: list[cst.BaseExpression] = []
        left: cst.BaseExpression = node
        while isinstance(left, cst.BinaryOperation):
            operands.append(left.right)
            left = left.left
        operands.append(left)
        values = tuple(self._value(each) for each in reversed(operands))
        # An overloaded operator may keep what it is given (`source | pipe.map(f)`).
        result = self._temporary()
        self._emit_raising(Collect(node, result, values))
        return result

    def _look(self, node: cst.BaseExpression) -> Operand:
        instruction = Look(node, tuple(self._parts(*children(node))))
        if isinstance(node, (cst.Comparison, cst.UnaryOperation)):
            # Comparisons by `is`, `in` and `==` and `not` are taken not to raise.
            self._emit(instruction)
        else:
            self._emit_raising(instruction)
        return None

    def _collect(self, node: cst.BaseExpression) -> Operand:
        if type(node) not in _CONTAINERS:
            return self._unknown(node)
        values = tuple(self._parts(*children(node)))
        if all(value is None for value in values):
            return None
        result = self._temporary()
        self._emit(Collect(node, result, values))
        return result

    def _lambda(self, node: cst.Lambda) -> Operand:
        self._defaults(node.params)
        self._emit(Capture(node, self._names_used_in(self._outline.scope_of[node])))
        return None

    def _generator(self, node: cst.GeneratorExp) -> Operand:
        source = self._value(node.for_in.iter)
        result = self._temporary()
        names = self._names_used_in(self._outline.scope_of[node])
        self._emit_raising(MakeGenerator(node, result, source, names))
        return result

    def _comprehension(self, node: cst.ListComp | cst.SetComp | cst.DictComp) -> Operand:
        scope = self._outline.scope_of[node]
        source = self._value(node.for_in.iter)
        number = len(self._blocks)
        outside = self._context
        renamed = {name: f"{name}@{number}" for name in scope.bindings}
        self._context = replace(outside, renames=(*outside.renames, renamed))
        self._clause(node.for_in, source, node)
        self._context = replace(self._context, renames=outside.renames)
        result = self._temporary()
        self._emit(Collect(node, result, ()))
        return result

    def _clause(self, clause: cst.CompFor, source: Operand, node: cst.CSTNode) -> None:
        def body() -> None:
            skipped = self._new_block()
            for condition in clause.ifs:
                passed = self._new_block()
                self._condition(condition.test, passed, skipped)
                self._start(passed)
            if clause.inner_for_in is not None:
                inner = clause.inner_for_in
                self._clause(inner, self._value(inner.iter), node)
            else:
                parts = (getattr(node, name, None) for name in ("elt", "key", "value"))
                values = [self._value(each) for each in parts if each is not None]
                self._emit(Collect(node, self._temporary(), tuple(values)))
            self._edge(skipped)
            self._start(skipped)

        self._loop(
            clause,
            source,
            clause.asynchronous is not None,
            lambda item: self._store(clause.target, item),
            body,
        )

    # Names that outlive their block

    def _names_used_in(self, scope: Scope) -> tuple[str, ...]:
        used = set()
        for each in scope.descendants():
            names = set(each.loads) | each.declared_nonlocal
            used |= names - (set(scope.bindings) - scope.declared_nonlocal)
        operands = (self._local(name) for name in used)
        return tuple(sorted(name for name in operands if name is not None))

    def _captured_names(self) -> frozenset[str]:
        captured: set[str] = set()
        for each in self._scope.children:
            captured |= self._captured_in(each)
        if self._scope.kind is ScopeKind.MODULE:
            return self._locals
        return frozenset(captured & self._locals)

    def _captured_in(self, scope: Scope) -> set[str]:
        if scope.kind is ScopeKind.COMPREHENSION:
            inner = [self._captured_in(each) for each in scope.children]
            return set().union(*inner) - set(scope.bindings)
        used = set()
        for each in scope.descendants():
            used |= set(each.loads) | each.declared_nonlocal
        return used - (set(scope.bindings) - scope.declared_nonlocal)


_CONTAINERS = frozenset(
    getattr(cst, name)
    for name in ("Tuple", "List", "Set", "Dict", "ConcatenatedString", "TemplatedString")
    if hasattr(cst, name)
)


def _spine(node: cst.BooleanOperation) -> list[cst.BaseExpression]:
    """Return the operands of a chain of the same boolean operator, from the left."""
    operator = type(node.operator)
    right: list[cst.BaseExpression] = []
    left: cst.BaseExpression = node
    while isinstance(left, cst.BooleanOperation) and type(left.operator) is operator:
        right.append(left.right)
        left = left.left
    operands = [left, *reversed(right)]
    last = operands[-1]
    while isinstance(last, cst.BooleanOperation) and type(last.operator) is operator:
        operands[-1:] = [last.left, last.right]
        last = operands[-1]
    return operands


def is_caught(raised: str, types: Iterable[str]) -> bool | None:
    """Return whether an exception type is one of the dotted types, or below; None for maybe."""
    verdicts = [_is_subtype(raised, each) for each in types]
    if True in verdicts:
        return True
    return False if all(each is False for each in verdicts) else None


def _is_subtype(raised: str, caught: str) -> bool | None:
    """Return whether a raised class, by its lineage, is below a caught one; None if unknown."""
    verdicts = [_is_below(each, caught) for each in raised.split("|")]
    if True in verdicts:
        return True
    return None if None in verdicts else False


def _is_below(raised: str, caught: str) -> bool | None:
    if not raised or not caught:
        return None
    if raised == caught:
        return True
    if raised.startswith("."):
        # Its bases follow in the lineage.
        return False
    if raised in tables.CANCELLED_ERRORS and caught == tables.ORDINARY_EXCEPTION_ROOT:
        return raised.startswith("concurrent.")
    one = getattr(builtins, raised.rpartition(".")[2], None)
    other = getattr(builtins, caught.rpartition(".")[2], None)
    if not caught.startswith("builtins.") or not raised.startswith("builtins."):
        # A library's own exception may be a subtype of a builtin, but is never a supertype of it.
        return False if raised.startswith("builtins.") else None
    if not isinstance(one, type) or not isinstance(other, type):
        return None
    return issubclass(one, other)


def _is_irrefutable(pattern: cst.MatchPattern) -> bool:
    return isinstance(pattern, cst.MatchAs) and pattern.pattern is None


def _compared_with_name(test: cst.BaseExpression) -> cst.ComparisonTarget | None:
    """Return the other side of `x is None` or `x != END`."""
    if not isinstance(test, cst.Comparison) or len(test.comparisons) != 1:
        return None
    target = test.comparisons[0]
    if not isinstance(target.operator, (cst.Is, cst.IsNot, cst.Equal, cst.NotEqual)):
        return None
    return target if dotted_name(target.comparator) not in ("", "True", "False") else None


_EXPRESSIONS: dict[type, Callable[..., Operand]] = by_class(
    {
        "Name": _Lowerer._name,
        "Attribute": _Lowerer._chain,
        "Call": _Lowerer._chain,
        "Await": _Lowerer._await,
        "Yield": _Lowerer._yield,
        "BooleanOperation": _Lowerer._choice,
        "IfExp": _Lowerer._choice,
        "NamedExpr": _Lowerer._walrus,
        "Lambda": _Lowerer._lambda,
        "ListComp": _Lowerer._comprehension,
        "SetComp": _Lowerer._comprehension,
        "DictComp": _Lowerer._comprehension,
        "StarredDictComp": _Lowerer._comprehension,
        "GeneratorExp": _Lowerer._generator,
        "BinaryOperation": _Lowerer._binary,
        "Comparison": _Lowerer._look,
        "UnaryOperation": _Lowerer._look,
        "Subscript": _Lowerer._look,
        "FormattedString": _Lowerer._look,
        "TemplatedString": _Lowerer._collect,
        "Integer": _Lowerer._constant,
        "Float": _Lowerer._constant,
        "Imaginary": _Lowerer._constant,
        "SimpleString": _Lowerer._constant,
        "Ellipsis": _Lowerer._constant,
    }
)

_STATEMENTS: dict[type, Callable[..., None]] = by_class(
    {
        "Expr": _Lowerer._expression_statement,
        "Assign": _Lowerer._assign,
        "AnnAssign": _Lowerer._annotated,
        "AugAssign": _Lowerer._augmented,
        "Return": _Lowerer._return,
        "Raise": _Lowerer._raise,
        "Assert": _Lowerer._assert,
        "Del": _Lowerer._del,
        "Pass": _Lowerer._nothing,
        "Break": _Lowerer._break,
        "Continue": _Lowerer._continue,
        "Global": _Lowerer._nothing,
        "Nonlocal": _Lowerer._nothing,
        "Import": _Lowerer._import,
        "ImportFrom": _Lowerer._import,
        "LazyImport": _Lowerer._import,
        "LazyImportFrom": _Lowerer._import,
        "TypeAlias": _Lowerer._nothing,
        "If": _Lowerer._if,
        "While": _Lowerer._while,
        "For": _Lowerer._for,
        "With": _Lowerer._with,
        "Try": _Lowerer._try,
        "TryStar": _Lowerer._try,
        "Match": _Lowerer._match,
        "FunctionDef": _Lowerer._function,
        "ClassDef": _Lowerer._class,
    }
)
