"""Tasks that a generator starts and leaves running when it is closed at a `yield`.

A task is followed by the local name that holds it, or the local list or set of tasks. From where
it is started the normal paths are walked until it has surely ended, or may have: it is awaited,
cancelled, or asked for its result. At a `yield` on the way it is running; it outlives the
generator unless every way out there ends it, or touches what it works with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import libcst as cst

from asyncgen_lint.flow.constants import (
    Flags,
    blocks_after,
    constants,
    ways_on,
)
from asyncgen_lint.flow.graph import (
    Await,
    Bind,
    Block,
    Call,
    Collect,
    Discard,
    Drop,
    Edge,
    EdgeKind,
    Graph,
    Instruction,
    Iterate,
    MakeGenerator,
    Operand,
    Raise,
    Return,
    StoreAttribute,
    StoreItem,
    Test,
    Unbind,
    Yield,
    yield_of,
)
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import BindingKind, Scope, ScopeKind, dotted_name
from asyncgen_lint.source.walk import descendants
from asyncgen_lint.typestate.knowledge import Knowledge
from asyncgen_lint.typestate.way_out import (
    CLOSED,
    is_always_done,
    leaves_manager_of,
    mentions,
)


@dataclass(frozen=True, slots=True)
class OutlivingTask:
    """A task that runs on when the generator is closed at a yield.

    `name` is the local name that holds it, or several tasks; empty if nothing does.
    """

    call: cst.Call
    at: cst.CSTNode
    name: str


@dataclass(frozen=True, slots=True)
class _Started:
    """A task, the instruction after which its holder has it, and the names it works with."""

    call: cst.Call
    name: str
    block: Block
    instruction: Instruction
    shared: frozenset[str]


def is_own_task(value: cst.BaseExpression, scope: Scope, knowledge: Knowledge) -> bool:
    """Return whether an expression starts a task by asyncio itself, not by a group that owns it."""
    if not isinstance(value, cst.Call) or not value.args:
        return False
    made_by = knowledge.dotted(value.func, scope)
    if made_by in tables.TASK_MAKERS:
        # What `ensure_future` gets by name may be a task that somebody else has started.
        return made_by.endswith("create_task") or isinstance(value.args[0].value, cst.Call)
    if not isinstance(value.func, cst.Attribute) or value.func.attr.value != "create_task":
        return False
    return _is_running_loop(value.func.value, scope, knowledge)


def _is_running_loop(loop: cst.BaseExpression, scope: Scope, knowledge: Knowledge) -> bool:
    if isinstance(loop, cst.Call):
        return knowledge.dotted(loop.func, scope) in tables.LOOP_GETTERS
    if not isinstance(loop, cst.Name):
        return False
    bound = knowledge.resolver.bindings(loop.value, scope)
    return bound is not None and all(
        isinstance(each.value, cst.Call) and _is_running_loop(each.value, bound[0], knowledge)
        for each in bound[1]
    )


def may_end_task(instruction: Instruction, name: str) -> bool:
    """Return whether a task has ended, or may have, when control is behind an instruction."""
    if isinstance(instruction, (Bind, Unbind)):
        return instruction.name == name
    if isinstance(instruction, Await):
        return mentions(instruction.node, frozenset({name}))
    if isinstance(instruction, Call):
        return instruction.receiver == name and instruction.method in _ENDING
    if isinstance(instruction, Drop):
        return instruction.kind is EdgeKind.EXHAUSTED and _iterates(instruction.node, name)
    return False


def known_done(graph: Graph, name: str) -> frozenset[int]:
    """Return the blocks, by index, that are only reached where the task's `done()` was true."""
    reached: dict[int, bool] = {}
    for block in graph.blocks:
        for edge in block.edges:
            is_done = edge.kind is EdgeKind.TRUE and tests_done(block, name)
            reached[edge.target.index] = reached.get(edge.target.index, True) and is_done
    return frozenset(index for index, is_done in reached.items() if is_done)


def outliving_tasks(graph: Graph, scope: Scope, knowledge: Knowledge) -> Iterator[OutlivingTask]:
    """Yield each task that closing the generator leaves running, with the first such yield."""
    if any(_is_named_like_maker(call) for each in scope.descendants() for call in each.calls):
        yield from _Tasks(graph, scope, knowledge).outliving()


def _is_named_like_maker(call: cst.Call) -> bool:
    name = call.func.attr if isinstance(call.func, cst.Attribute) else call.func
    return isinstance(name, cst.Name) and name.value in ("create_task", "ensure_future")


class _Tasks:
    """The tasks that one function starts."""

    def __init__(self, graph: Graph, scope: Scope, knowledge: Knowledge) -> None:
        self._graph = graph
        self._scope = scope
        self._knowledge = knowledge
        self._flags = constants(graph)

    def outliving(self) -> Iterator[OutlivingTask]:
        seen: set[cst.Call] = set()
        for task in self._started():
            if task.call in seen or (task.name and self._is_handed_on(task.name)):
                continue
            at = self._yield_it_outlives(task)
            if at is not None:
                seen.add(task.call)
                yield OutlivingTask(task.call, at, task.name)

    def _yield_it_outlives(self, task: _Started) -> cst.CSTNode | None:
        for block in self._blocks_with(task):
            at = yield_of(block)
            if at is not None and not is_always_done(
                self._graph, block, CLOSED, lambda each: self._may_end_in(each, task)
            ):
                return at
        return None

    # Where tasks start

    def _started(self) -> Iterator[_Started]:
        for index in sorted(self._flags):
            block = self._graph.blocks[index]
            for each in block.instructions:
                for name, call in self._tasks_held_by(each):
                    shared = self._shared_with(call)
                    if name or self._waits_for(shared):
                        yield _Started(call, name, block, each, shared)

    def _tasks_held_by(self, instruction: Instruction) -> Iterator[tuple[str, cst.Call]]:
        """Yield the tasks that an instruction puts into a local name, or drops at once."""
        if isinstance(instruction, Bind):
            value = self._bound.get(instruction.node)
            for each in _elements(value) if value is not None else ():
                if isinstance(each, cst.Call) and is_own_task(each, self._scope, self._knowledge):
                    yield instruction.name, each
        elif isinstance(instruction, Discard) and isinstance(instruction.node, cst.Expr):
            value = instruction.node.value
            if not isinstance(value, cst.Call):
                return
            if is_own_task(value, self._scope, self._knowledge):
                yield "", value
            elif isinstance(value.func, cst.Attribute) and value.func.attr.value in _ADDING:
                name = dotted_name(value.func.value)
                for argument in value.args:
                    added = argument.value
                    if name not in self._containers or not isinstance(added, cst.Call):
                        continue
                    if is_own_task(added, self._scope, self._knowledge):
                        yield name, added

    @cached_property
    def _bound(self) -> Mapping[cst.CSTNode, cst.BaseExpression]:
        """The values of local names, by the place that binds them."""
        return {
            each.node: each.value
            for bindings in self._scope.bindings.values()
            for each in bindings
            if each.kind is BindingKind.VALUE and each.value is not None
        }

    @cached_property
    def _containers(self) -> frozenset[str]:
        """The names that hold a list or set made here."""
        return frozenset(
            name
            for name, bindings in self._scope.bindings.items()
            if bindings and all(self._is_container(each.value) for each in bindings)
        )

    def _is_container(self, value: cst.BaseExpression | None) -> bool:
        if isinstance(value, cst.Call):
            return self._knowledge.dotted(value.func, self._scope) in tables.CONTAINER_TYPES
        return isinstance(value, (cst.List, cst.Set))

    # What a task works with

    def _shared_with(self, call: cst.Call) -> frozenset[str]:
        """Return the names of the function that the task's coroutine uses."""
        names = set()
        for argument in call.args:
            for node in descendants(argument.value):
                if isinstance(node, cst.Name):
                    names.add(node.value)
        for name in tuple(names):
            for each in self._scope.bindings.get(name, ()):
                if each.scope is not None and each.scope.kind is ScopeKind.FUNCTION:
                    names |= self._captured_by(each.scope)
        return frozenset(names & self._scope.bindings.keys())

    def _captured_by(self, function: Scope) -> set[str]:
        return {
            name
            for each in function.descendants()
            for name in (*each.loads, *each.declared_nonlocal)
            if name not in function.bindings or name in function.declared_nonlocal
        }

    def _waits_for(self, shared: frozenset[str]) -> bool:
        """Return whether the function waits for what an object made here gets from the task."""
        made = {
            name
            for name in shared
            if all(isinstance(each.value, cst.Call) for each in self._scope.bindings[name])
        }
        return any(
            isinstance(node, cst.Await)
            and isinstance(node.expression, cst.Call)
            and isinstance(node.expression.func, cst.Attribute)
            and dotted_name(node.expression.func.value) in made
            for node in self._scope.awaits
        )

    # Where tasks run

    def _blocks_with(self, task: _Started) -> Iterator[Block]:
        """Yield the blocks where the task may still be running."""
        instructions = task.block.instructions
        rest = instructions[instructions.index(task.instruction) + 1 :]
        if any(may_end_task(each, task.name) for each in rest):
            return
        for edge, state in ways_on(task.block, self._flags[task.block.index]):
            yield from self._running_behind(edge, state, task)

    def _running_behind(self, edge: Edge, state: Flags, task: _Started) -> Iterator[Block]:
        done = known_done(self._graph, task.name)

        def has_ended(block: Block) -> bool:
            return block.index in done or any(
                may_end_task(each, task.name) for each in block.instructions
            )

        for block, _ in blocks_after(edge, state, has_ended):
            yield block

    # What else may end them

    def _may_end_in(self, block: Block, task: _Started) -> bool:
        """Return whether a block ends the task, or touches what the task works with."""
        names = task.shared | {task.name}
        if leaves_manager_of(block, names):
            return True
        return any(
            (isinstance(each, (Call, Await, Iterate)) and mentions(each.node, names))
            or (isinstance(each, StoreAttribute) and mentions(each.node, names))
            or (isinstance(each, Bind) and each.name in task.shared)
            for each in block.instructions
        )

    def _is_handed_on(self, name: str) -> bool:
        """Return whether something else gets the task, and may end it."""
        if name in self._graph.captured:
            return True
        collected: set[Operand] = set()
        for index in self._flags:
            for each in self._graph.blocks[index].instructions:
                if isinstance(each, Collect) and name in each.values:
                    collected.add(each.result)
        for index in self._flags:
            for each in self._graph.blocks[index].instructions:
                if not isinstance(each, Call) and self._keeps(each, name, collected):
                    return True
                is_given = isinstance(each, Call) and any(
                    argument.value == name or argument.value in collected
                    for argument in each.arguments
                )
                if is_given and not self._only_waits(each):
                    return True
        waited = {
            argument.value
            for index in self._flags
            for each in self._graph.blocks[index].instructions
            if isinstance(each, Call)
            for argument in each.arguments
        }
        return bool(collected - waited)

    def _keeps(self, instruction: Instruction, name: str, collected: set[Operand]) -> bool:
        values: tuple[Operand, ...] = ()
        if isinstance(instruction, (Bind, StoreAttribute, Yield, Return)):
            values = (instruction.value,)
        elif isinstance(instruction, (StoreItem, Raise)):
            values = instruction.values
        elif isinstance(instruction, MakeGenerator):
            return name in instruction.names or instruction.source == name
        return any(value == name or value in collected for value in values if value is not None)

    def _only_waits(self, instruction: Instruction) -> bool:
        assert isinstance(instruction.node, cst.Call)
        return self._knowledge.dotted(instruction.node.func, self._scope) in _WAITING


_ADDING = frozenset({"append", "add"})
_ENDING = frozenset({"cancel", "result", "exception", "clear"})
_WAITING = tables.TASK_WAITERS | tables.LOCAL_ONLY_CALLS


def _elements(value: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    """Yield the value, or what is in it if it is a display or comprehension."""
    if isinstance(value, (cst.List, cst.Set, cst.Tuple)):
        yield from (each.value for each in value.elements)
    elif isinstance(value, (cst.ListComp, cst.SetComp)):
        yield value.elt
    else:
        yield value


def _iterates(loop: cst.CSTNode, name: str) -> bool:
    return isinstance(loop, (cst.For, cst.CompFor)) and mentions(loop.iter, frozenset({name}))


def tests_done(block: Block, name: str) -> bool:
    """Return whether a block ends in a test of a task's `done()`."""
    last = block.instructions[-1] if block.instructions else None
    return isinstance(last, Test) and any(
        isinstance(each, Call)
        and each.method == "done"
        and each.receiver == name
        and each.result == last.value
        for each in block.instructions
    )
