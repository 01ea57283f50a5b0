"""Generators that are closed in another task than the one that steps them.

A task runs in a copy of the context (asyncio documentation, "Task Object"): what a generator then
resets was set in another one. A cancel scope of anyio or trio belongs to the task that entered it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.flow.constants import blocks_after, constants
from asyncgen_lint.flow.graph import Block, Call, EdgeKind
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import BindingKind, Scope, is_name
from asyncgen_lint.typestate.cancel_scope import CancelScopes
from asyncgen_lint.typestate.knowledge import FunctionKind, Knowledge
from asyncgen_lint.typestate.made import Made

_WAIT_FOR_IN_TASK_UNTIL = (3, 12)
"""`wait_for` awaits in the calling task from this version on: What's New in Python 3.12."""


_INSIDE = "it is inside `{}` at its `yield`"


@dataclass(frozen=True, slots=True)
class Bound:
    """What ties a generator to its task: the place, and what to call it; maybe a cancel scope."""

    at: cst.CSTNode
    text: str
    is_scope: bool = False


@dataclass(frozen=True, slots=True)
class ForeignClose:
    """An `aclose()` that `spawner` runs in a task of its own, of a generator bound to another."""

    close: cst.Call
    spawner: str
    generator: cst.BaseExpression
    bound: Bound


@dataclass(frozen=True, slots=True)
class ForeignStep:
    """A step that `spawner` runs in a task of its own, of a generator bound to one task."""

    call: cst.Call
    spawner: str
    generator: cst.BaseExpression
    bound: Bound


class OtherTask:
    """Answers for one module; `parent` gives the node around a node."""

    def __init__(
        self,
        knowledge: Knowledge,
        scopes: CancelScopes,
        parent: Callable[[cst.CSTNode], cst.CSTNode | None],
        target_version: tuple[int, int],
    ) -> None:
        self._knowledge = knowledge
        self._scopes = scopes
        self._parent = parent
        self._target_version = target_version
        self._made = Made(knowledge)

    def closes(self) -> Iterator[ForeignClose]:
        """Yield each `aclose()` in another task, of a generator that is bound to its task."""
        for scope in self._knowledge.outline.module.descendants():
            for call in scope.calls:
                if not isinstance(call.func, cst.Attribute) or call.func.attr.value != "aclose":
                    continue
                spawner = self._spawner(call, scope)
                if not spawner:
                    continue
                generator = call.func.value
                bounds = [self._bound(each) for each in self._functions(generator, scope)]
                if bounds and bounds[0] is not None and None not in bounds:
                    yield ForeignClose(call, spawner, generator, bounds[0])

    def steps(self) -> Iterator[ForeignStep]:
        """Yield each step in a task of its own, of a generator that is bound to its task."""
        for scope in self._knowledge.outline.module.descendants():
            for call in scope.calls:
                generator = self._stepped(call, scope)
                if generator is None:
                    continue
                spawner = self._spawner(call, scope) or self._runner(call)
                if not spawner:
                    continue
                makers = self._made.makers(generator, scope) or self._functions(generator, scope)
                bounds = [self._bound(each) or self._bound_to_asyncio(each) for each in makers]
                if bounds and bounds[0] is not None and None not in bounds:
                    yield ForeignStep(call, spawner, generator, bounds[0])

    def _stepped(self, call: cst.Call, scope: Scope) -> cst.BaseExpression | None:
        """Return the generator that a call steps."""
        if isinstance(call.func, cst.Attribute) and call.func.attr.value in tables.STEP_METHODS:
            return call.func.value
        is_step = self._knowledge.dotted(call.func, scope) in tables.STEP_FUNCTIONS
        return call.args[0].value if is_step and call.args else None

    def _runner(self, step: cst.Call) -> str:
        """Return the name of the method of a loop that runs the step in a task, or nothing."""
        argument = self._parent(step)
        call = self._parent(argument) if isinstance(argument, cst.Arg) else None
        if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute):
            return ""
        name = call.func.attr.value
        return name if name == "run_until_complete" and len(call.args) == 1 else ""

    def _bound_to_asyncio(self, function: Scope) -> Bound | None:
        """Return the timeout or task group of asyncio that is open at a generator's `yield`."""
        for each in self._scopes.at_yields(function):
            return Bound(each.since, _INSIDE.format(each.opened.name), is_scope=True)
        return None

    def _spawner(self, close: cst.Call, scope: Scope) -> str:
        """Return the name of the call that runs the close in a task of its own, or nothing."""
        argument = self._parent(close)
        call = self._parent(argument) if isinstance(argument, cst.Arg) else None
        if not isinstance(call, cst.Call):
            return ""
        if any(each.keyword and each.keyword.value == "context" for each in call.args):
            return ""
        dotted = self._knowledge.dotted(call.func, scope)
        if dotted in tables.OTHER_TASK_RUNNERS:
            return dotted.rpartition(".")[2]
        if dotted == "asyncio.wait_for" and self._target_version < _WAIT_FOR_IN_TASK_UNTIL:
            return "wait_for"
        if dotted or self._knowledge.callee(call.func, scope) is not None:
            return ""
        # Of a loop or a task group, which are the only ones with such a method.
        is_method = isinstance(call.func, cst.Attribute) and call.func.attr.value == "create_task"
        return "create_task" if is_method else ""

    def _functions(self, generator: cst.BaseExpression, scope: Scope) -> list[Scope]:
        """Return the functions that may have made a generator; none if that is not certain."""
        if isinstance(generator, cst.Attribute):
            owner = self._knowledge.class_of(generator.value, scope)
            name = generator.attr.value
            stored = self._knowledge.instances.stored_on_self(owner, name) if owner else []
        elif isinstance(generator, cst.Name):
            bound = self._knowledge.resolver.bindings(generator.value, scope)
            if bound is None or any(each.kind is not BindingKind.VALUE for each in bound[1]):
                return []
            stored = [(each.value, bound[0]) for each in bound[1] if each.value is not None]
        else:
            return []
        found: list[Scope] = []
        for value, where in stored:
            made = self._knowledge.product(value, where)
            if made is not None and made.kind is FunctionKind.AGEN:
                found += made.functions
            elif not is_name(value, "None"):
                return []
        return found

    def _bound(self, function: Scope) -> Bound | None:
        """Return what of a generator function must end in the task it began in."""
        for each in self._scopes.at_yields(function):
            if tables.CANCEL_SCOPES.get(each.opened.name) in ("anyio", "trio"):
                return Bound(each.since, _INSIDE.format(each.opened.name), is_scope=True)
        reset = self._reset_at_close(function)
        return Bound(reset, "closing it resets a context variable") if reset is not None else None

    def _reset_at_close(self, function: Scope) -> cst.CSTNode | None:
        """Return a reset of a ContextVar that GeneratorExit at some `yield` leads to."""
        graph = self._knowledge.graph(function)
        if graph is None:
            return None
        flags = constants(graph)
        for index in sorted(flags):
            for edge in graph.blocks[index].edges:
                if edge.raised and edge.kind is EdgeKind.GENERATOR_EXIT:
                    for after, _ in blocks_after(edge, flags[index]):
                        reset = self._reset_in(after, function)
                        if reset is not None:
                            return reset
        return None

    def _reset_in(self, block: Block, function: Scope) -> cst.CSTNode | None:
        for each in block.instructions:
            if isinstance(each, Call) and each.method == "reset":
                node = each.node
                assert isinstance(node, cst.Call)
                assert isinstance(node.func, cst.Attribute)
                if self._knowledge.is_context_variable(node.func.value, function):
                    return node
        return None
