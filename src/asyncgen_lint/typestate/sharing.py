"""Generators that several tasks step in turn, each in its own consumer.

A lock around a step says that several tasks come here. A cancellation that arrives while one of
them waits for the step is thrown into the generator, which it finishes for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import Binding, BindingKind, Scope, is_name
from asyncgen_lint.source.walk import descendants
from asyncgen_lint.typestate.around import Handler, handlers_around, managers_around
from asyncgen_lint.typestate.knowledge import Knowledge
from asyncgen_lint.typestate.made import Made
from asyncgen_lint.typestate.steps import Steps, stepped


@dataclass(frozen=True, slots=True)
class SharedStep:
    """A step of a generator, awaited while holding the lock that `entered` enters."""

    call: cst.Call
    generator: cst.BaseExpression
    entered: cst.CSTNode


class Sharing:
    """Answers for one module; `parent` gives the node around a node."""

    def __init__(
        self,
        knowledge: Knowledge,
        steps: Steps,
        parent: Callable[[cst.CSTNode], cst.CSTNode | None],
    ) -> None:
        self._knowledge = knowledge
        self._steps = steps
        self._parent = parent
        self._made = Made(knowledge)

    def steps(self) -> Iterator[SharedStep]:
        """Yield each step of a shared generator that a consumer awaits itself."""
        for scope in self._knowledge.outline.functions():
            for node in scope.awaits:
                if not isinstance(node, cst.Await) or not isinstance(node.expression, cst.Call):
                    continue
                call = node.expression
                if self._steps.method(call, scope) in ("", "aclose"):
                    continue
                generator = stepped(call)
                if generator is None or not self._is_shared(generator, scope):
                    continue
                entered = self._lock_around(node, scope)
                if entered is not None and self._may_be_cancelled_inside(generator, scope):
                    yield SharedStep(call, generator, entered)

    def _is_shared(self, generator: cst.BaseExpression, function: Scope) -> bool:
        """Return whether a generator lives longer than a call of the function."""
        if not self._knowledge.is_async_generator(generator, function):
            return False
        if isinstance(generator, cst.Name):
            bound = self._knowledge.resolver.bindings(generator.value, function)
            if bound is None:
                return False
            is_parameter = any(each.kind is BindingKind.PARAMETER for each in bound[1])
            return bound[0] is not function or is_parameter
        return isinstance(generator, cst.Attribute) and isinstance(generator.value, cst.Name)

    def _may_be_cancelled_inside(self, generator: cst.BaseExpression, scope: Scope) -> bool:
        makers = self._made.makers(generator, scope)
        return not makers or any(each.awaits for each in makers)

    def _lock_around(self, node: cst.CSTNode, function: Scope) -> cst.CSTNode | None:
        """Return the `with` item that enters a lock shared with other calls of the function.

        None where the cancellation is handled.
        """
        for each in managers_around(node, self._parent):
            if self._is_shared_lock(each.item, function):
                handlers = handlers_around(node, self._parent)
                return None if any(_catches_cancellation(x) for x in handlers) else each
        return None

    def _is_shared_lock(self, lock: cst.BaseExpression, function: Scope) -> bool:
        if isinstance(lock, cst.Name):
            only = self._knowledge.resolver.only_binding(lock.value, function)
            return only is not None and self._is_lock(*only, function)
        if not isinstance(lock, cst.Attribute):
            return False
        owner = self._knowledge.class_of(lock.value, function)
        if owner is None:
            return False
        stored = self._knowledge.instances.stored_on_self(owner, lock.attr.value)
        return bool(stored) and all(self._makes_lock(*each) for each in stored)

    def _is_lock(self, binding: Binding, scope: Scope, function: Scope) -> bool:
        if binding.kind is BindingKind.PARAMETER and isinstance(binding.node, cst.Param):
            annotation = binding.node.annotation
            return (
                annotation is not None
                and scope.parent is not None
                and self._knowledge.dotted(annotation.annotation, scope.parent) in tables.TASK_LOCKS
            )
        if binding.kind is not BindingKind.VALUE or binding.value is None or scope is function:
            # A lock of its own keeps nobody out.
            return False
        return self._makes_lock(binding.value, scope)

    def _makes_lock(self, value: cst.BaseExpression, scope: Scope) -> bool:
        return isinstance(value, cst.Call) and (
            self._knowledge.dotted(value.func, scope) in tables.TASK_LOCKS
        )


def _catches_cancellation(handler: Handler) -> bool:
    if handler.type is None:
        return True
    named = [each for each in descendants(handler.type) if isinstance(each, cst.Name)]
    names = ("BaseException", "CancelledError", "Cancelled", "get_cancelled_exc_class")
    return any(is_name(each, name) for each in named for name in names)
