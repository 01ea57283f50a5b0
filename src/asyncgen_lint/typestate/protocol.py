"""Classes and functions that break the protocol of async iteration (Language Reference 3.4.4).

`__aiter__` must return an async iterator, and not a coroutine that would; `__anext__` must return
an awaitable, which ends the iteration by StopAsyncIteration. An `async def` with `yield` is called
without `await`, one without must be awaited: so a stub, its overrides and the annotation of what
they return have to agree on which of the two a function is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import libcst as cst

from asyncgen_lint.flow.graph import (
    Block,
    Call,
    EdgeKind,
    Instruction,
    Raise,
    RegionKind,
)
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import Scope, ScopeKind, alternatives, is_name
from asyncgen_lint.source.walk import descendants
from asyncgen_lint.typestate.decorators import Way
from asyncgen_lint.typestate.knowledge import FunctionKind, Knowledge, is_stub

_STOP = "builtins.StopIteration"
_STOP_CATCHERS = frozenset({_STOP, "builtins.Exception", "builtins.BaseException", ""})
"""What may catch StopIteration; an empty name stands for what is not known."""


@dataclass(frozen=True, slots=True)
class AsyncAiter:
    """An `__aiter__` that gives no async iterator: a coroutine, or a sync generator.

    `is_plain` says that it would do without its `async`, and that nothing in view awaits it.
    """

    function: Scope
    is_generator: bool
    is_plain: bool


@dataclass(frozen=True, slots=True)
class BrokenAnext:
    """An `__anext__` that gives no item, or raises RuntimeError at its end, and `at` why."""

    function: Scope
    at: cst.CSTNode
    stops_by: str


@dataclass(frozen=True, slots=True)
class AsyncStub:
    """A stub that is a coroutine function where `used` is, or needs, an async generator.

    `is_override` tells an override from a loop; `is_abstract` that the stub is never run.
    """

    function: Scope
    used: cst.CSTNode
    is_override: bool
    is_abstract: bool


class IteratorProtocol:
    """Answers for one module; `parent` gives the node around a node."""

    def __init__(
        self, knowledge: Knowledge, parent: Callable[[cst.CSTNode], cst.CSTNode | None]
    ) -> None:
        self._knowledge = knowledge
        self._parent = parent

    # __aiter__

    def async_aiters(self) -> Iterator[AsyncAiter]:
        """Yield each `__aiter__` that gives a coroutine or a sync generator."""
        for function in self._methods("__aiter__"):
            if function.is_async:
                if function.yields or is_stub(function) or not self._may_return(function):
                    continue
                if self._is_undecorated(function):
                    yield AsyncAiter(function, False, self._is_plain(function))
            elif function.yields:
                names = self._knowledge.resolver.decorators(function)
                is_coroutine = bool(set(names) & tables.COROUTINE_DECORATORS)
                if is_coroutine or (self._is_undecorated(function) and self._has_async_code):
                    yield AsyncAiter(function, not is_coroutine, False)

    @cached_property
    def _has_async_code(self) -> bool:
        return any(each.is_async for each in self._knowledge.outline.functions())

    def _methods(self, name: str) -> Iterator[Scope]:
        for owner in self._knowledge.outline.classes():
            bindings = owner.bindings.get(name, [])
            if len(bindings) == 1 and bindings[0].scope is not None:
                function = bindings[0].scope
                if function.kind is ScopeKind.FUNCTION:
                    yield function

    def _is_undecorated(self, function: Scope) -> bool:
        decorations = self._knowledge.decorators.of(function)
        return all(each.way is Way.ITSELF and not each.is_kept for each in decorations)

    def _may_return(self, function: Scope) -> bool:
        graph = self._knowledge.graph(function)
        return graph is not None and graph.exits[EdgeKind.RETURN] in graph.reachable()

    def _is_plain(self, function: Scope) -> bool:
        """Return whether a function awaits nothing, returns always, and is awaited nowhere."""
        if any(
            isinstance(each, cst.Await)
            or (isinstance(each, (cst.For, cst.CompFor, cst.With)) and each.asynchronous)
            for each in descendants(function.node)
        ):
            return False
        if not function.returns or any(each.value is None for each in function.returns):
            return False
        return function.name not in self._awaited_names

    @cached_property
    def _awaited_names(self) -> frozenset[str]:
        """The names of methods that the module calls and awaits."""
        return frozenset(
            node.expression.func.attr.value
            for scope in self._knowledge.outline.module.descendants()
            for node in scope.awaits
            if isinstance(node, cst.Await)
            and isinstance(node.expression, cst.Call)
            and isinstance(node.expression.func, cst.Attribute)
        )

    # __anext__

    def broken_anexts(self) -> Iterator[BrokenAnext]:
        """Yield each `yield` in an `__anext__`, and each StopIteration that leaves one."""
        for function in self._methods("__anext__"):
            if not self._is_undecorated(function):
                continue
            if function.yields:
                if self._is_stepped_by_loops(function):
                    yield BrokenAnext(function, function.yields[0], "")
            elif function.is_async:
                yield from self._stops(function)

    def _is_stepped_by_loops(self, function: Scope) -> bool:
        """Return whether `__aiter__` gives the object itself, and not what `__anext__` gives."""
        owner = function.owner_class
        aiter = self._knowledge.resolver.method(owner, "__aiter__") if owner is not None else None
        if aiter is None or aiter.is_async or aiter.yields or not aiter.returns:
            return False
        node = aiter.node
        assert isinstance(node, cst.FunctionDef)
        parameters = [*node.params.posonly_params, *node.params.params]
        this = parameters[0].name.value if parameters else "self"
        return all(is_name(each.value, this) for each in aiter.returns)

    def _stops(self, function: Scope) -> Iterator[BrokenAnext]:
        graph = self._knowledge.graph(function)
        if graph is None:
            return
        seen: set[cst.CSTNode] = set()
        for block in graph.reachable():
            for each in block.instructions:
                stops_by = self._stops_by(each, function)
                if not stops_by or each.node in seen or self._is_guarded(block, function):
                    continue
                seen.add(each.node)
                yield BrokenAnext(function, each.node, stops_by)

    def _stops_by(self, instruction: Instruction, function: Scope) -> str:
        """Return what raises StopIteration at an instruction: `raise`, `next`, or nothing."""
        node = instruction.node
        if isinstance(instruction, Raise) and isinstance(node, cst.Raise):
            raised = node.exc.func if isinstance(node.exc, cst.Call) else node.exc
            is_stop = raised is not None and self._knowledge.dotted(raised, function) == _STOP
            return "raise" if is_stop else ""
        if not isinstance(instruction, Call) or not isinstance(node, cst.Call):
            return ""
        if self._knowledge.dotted(node.func, function) != "builtins.next":
            return ""
        if len(node.args) != 1 or node.args[0].star:
            return ""
        return "next" if self._is_finite(node.args[0].value, function) else ""

    def _is_finite(self, iterator: cst.BaseExpression, function: Scope) -> bool:
        """Return whether an iterator is an attribute of an object that only gets finite ones."""
        if not isinstance(iterator, cst.Attribute):
            return False
        owner = self._knowledge.class_of(iterator.value, function)
        if owner is None:
            return False
        stored = self._knowledge.instances.stored_on_self(owner, iterator.attr.value)
        return bool(stored) and all(self._is_finite_value(*each) for each in stored)

    def _is_finite_value(self, value: cst.BaseExpression, scope: Scope) -> bool:
        if not isinstance(value, cst.Call) or len(value.args) != 1:
            return False
        if self._knowledge.dotted(value.func, scope) not in tables.FINITE_ITERATORS:
            return False
        source = value.args[0].value
        if isinstance(source, cst.Call):
            return self._knowledge.dotted(source.func, scope) in tables.SYNC_ITERABLE_MAKERS
        return not is_name(source, "self")

    def _is_guarded(self, block: Block, function: Scope) -> bool:
        """Return whether a StopIteration that is raised in a block may be caught."""
        for region in block.regions:
            node = region.node
            if region.kind is RegionKind.TRY_BODY and isinstance(node, (cst.Try, cst.TryStar)):
                for handler in node.handlers:
                    if handler.type is None:
                        return True
                    types = alternatives(handler.type)
                    names = {self._knowledge.lineage(each, function)[0] for each in types}
                    if names & _STOP_CATCHERS:
                        return True
            elif region.kind is RegionKind.WITH and isinstance(node, cst.WithItem):
                swallows = self._knowledge.swallows(node.item, function, EdgeKind.RAISE, _STOP)
                if swallows is not False or not isinstance(node.item, cst.Call):
                    return True
                if self._knowledge.dotted(node.item.func, function) in tables.EXPECTED_EXCEPTIONS:
                    return True
            elif region.kind is RegionKind.FINALLY:
                return True
        return False

    # Stubs

    def async_stubs(self) -> Iterator[AsyncStub]:
        """Yield each `async def` stub that says it gives an async iterator, and must not await."""
        for owner in self._knowledge.outline.classes():
            for function in owner.methods():
                if not self._is_iterator_stub(function):
                    continue
                if function.name in self._awaited_names:
                    continue
                found = self._override_of(owner, function)
                loop = None if found is not None else self._loop_over(function)
                used = found.node if found is not None else loop
                if used is not None:
                    yield AsyncStub(
                        function, used, found is not None, self._is_abstract(owner, function)
                    )

    def _is_iterator_stub(self, function: Scope) -> bool:
        node = function.node
        if not isinstance(node, cst.FunctionDef) or node.returns is None:
            return False
        if not function.is_async or function.yields or not is_stub(function):
            return False
        if not self._is_undecorated(function):
            return False
        if len((function.parent or function).bindings.get(function.name, ())) != 1:
            return False
        annotation = node.returns.annotation
        if isinstance(annotation, cst.Subscript):
            annotation = annotation.value
        return self._is_typing_name(annotation, function, tables.ASYNC_ITERABLE_ANNOTATIONS)

    def _is_typing_name(
        self, annotation: cst.BaseExpression, function: Scope, names: frozenset[str]
    ) -> bool:
        module, _, name = self._knowledge.dotted(
            annotation, function.parent or function
        ).rpartition(".")
        return module in tables.TYPING_MODULES and name in names

    def _override_of(self, owner: Scope, function: Scope) -> Scope | None:
        """Return a generator that overrides a stub, if no override is a coroutine function."""
        overrides = []
        for subclass in self._knowledge.resolver.subclasses(owner):
            override = self._knowledge.resolver.method(subclass, function.name)
            if override is None:
                return None
            if is_stub(override) and not override.yields:
                continue
            if self._knowledge.kind(override) is not FunctionKind.AGEN:
                return None
            overrides.append(override)
        return overrides[0] if overrides else None

    def _loop_over(self, function: Scope) -> cst.CSTNode | None:
        """Return an `async for` over a call of a stub, unless an override may be meant."""
        owner = function.owner_class
        if owner is None or any(
            function.name in each.bindings for each in self._knowledge.resolver.subclasses(owner)
        ):
            return None
        for scope in self._knowledge.outline.module.descendants():
            for node in scope.awaits:
                if not isinstance(node, (cst.For, cst.CompFor)):
                    continue
                if not isinstance(node.iter, cst.Call):
                    continue
                called = self._knowledge.instances.called(node.iter.func, scope)
                if called is not None and called.scope is function:
                    return node
        return None

    def _is_abstract(self, owner: Scope, function: Scope) -> bool:
        """Return whether only overrides of a stub ever run."""
        resolver = self._knowledge.resolver
        if "abc.abstractmethod" in resolver.decorators(function):
            return True
        assert isinstance(owner.node, cst.ClassDef)
        bases = [each.value for each in owner.node.bases]
        names = {
            self._knowledge.dotted(
                each.value if isinstance(each, cst.Subscript) else each, owner.parent or owner
            )
            for each in bases
        }
        return bool(names & tables.PROTOCOL_BASES)

    # Annotations

    def wrong_annotations(self) -> Iterator[tuple[Scope, str]]:
        """Yield each async generator function whose annotation certainly is of something else.

        With it comes the dotted name of what it says, where that is of a sync iterator.
        """
        for function in self._knowledge.outline.functions():
            node = function.node
            if not isinstance(node, cst.FunctionDef) or node.returns is None:
                continue
            if self._knowledge.body_kind(function) is not FunctionKind.AGEN or not (
                self._is_undecorated(function)
            ):
                continue
            if function.name.startswith("test"):
                # A test that is a generator never runs, and its annotation is the lesser evil.
                continue
            if self._is_certainly_wrong(node.returns.annotation, function):
                yield function, self._sync_annotation(node.returns.annotation, function)

    def _sync_annotation(self, annotation: cst.BaseExpression, function: Scope) -> str:
        if isinstance(annotation, cst.Subscript):
            annotation = annotation.value
        if not self._is_typing_name(annotation, function, tables.SYNC_ITERATOR_ANNOTATIONS):
            return ""
        return self._knowledge.dotted(annotation, function.parent or function)

    def _is_certainly_wrong(self, annotation: cst.BaseExpression, function: Scope) -> bool:
        if isinstance(annotation, cst.BinaryOperation):
            sides = (annotation.left, annotation.right)
            return all(self._is_certainly_wrong(each, function) for each in sides)
        if isinstance(annotation, cst.Subscript):
            annotation = annotation.value
        if self._is_typing_name(annotation, function, tables.SYNC_ANNOTATIONS):
            return True
        dotted = self._knowledge.dotted(annotation, function.parent or function)
        return dotted in tables.BUILTIN_VALUE_TYPES
