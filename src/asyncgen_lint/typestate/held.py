"""What a generator holds while it is suspended: the managers that are entered at a `yield`.

A lock is known by what it was made by, or by its annotation; one that a context manager or class in
view takes is found through it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.flow.graph import Graph, Region, RegionKind, yield_of
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import (
    BindingKind,
    Scope,
    ScopeKind,
    alternatives,
    dotted_name,
    is_name,
)
from asyncgen_lint.source.walk import descendants
from asyncgen_lint.typestate.cleanup import Verdict
from asyncgen_lint.typestate.knowledge import Knowledge
from asyncgen_lint.typestate.stacks import only_closes_generators
from asyncgen_lint.typestate.summary import Summaries

_MAX_DEPTH = 5
_MANAGER_DECORATORS = tables.CONTEXT_MANAGER_DECORATORS | tables.SYNC_CONTEXT_MANAGER_DECORATORS

_STREAM_LIBRARIES = frozenset({"asyncstdlib", "aiostream"})
"""Libraries of async iterators, whose managers close the iterators that they are given."""


@dataclass(frozen=True, slots=True)
class HeldLock:
    """A lock of a library's class `kind` that is held at a `yield`; `opened` takes it."""

    at: cst.CSTNode
    kind: str
    opened: cst.WithItem


class Locks:
    """Answers for the functions of one module."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def held_at_yields(self, function: Scope, graph: Graph) -> Iterator[HeldLock]:
        """Yield each own `yield` at which a lock is held that others may wait for."""
        for at, items in entered_at_yields(graph):
            for item in reversed(items):
                kind = self._lock_of(item.item, function, _MAX_DEPTH)
                if not kind or self._is_own(item.item, function):
                    continue
                if not self._is_let_go(item.item, function):
                    yield HeldLock(at, kind, item)
                    break

    def _lock_of(self, manager: cst.BaseExpression, scope: Scope, depth: int) -> str:
        """Return the class of the lock that entering a manager takes, or nothing."""
        if not depth:
            return ""
        if isinstance(manager, cst.Call):
            dotted = self._knowledge.dotted(manager.func, scope)
            if dotted:
                return dotted if dotted in tables.LOCKS else ""
            return self._taken_by_manager(manager, scope, depth)
        if isinstance(manager, cst.Name):
            return self._lock_of_name(manager, scope, depth)
        if isinstance(manager, cst.Attribute):
            return self._lock_of_attribute(manager, scope, depth)
        return ""

    def _lock_of_name(self, name: cst.Name, scope: Scope, depth: int) -> str:
        only = self._knowledge.resolver.only_binding(name.value, scope)
        if only is None:
            return ""
        binding, where = only
        if binding.kind is BindingKind.PARAMETER and isinstance(binding.node, cst.Param):
            annotation = binding.node.annotation
            return self._annotated(annotation.annotation, where) if annotation else ""
        if binding.kind is BindingKind.VALUE and binding.value is not None:
            return self._lock_of(binding.value, where, depth - 1)
        return ""

    def _lock_of_attribute(self, attribute: cst.Attribute, scope: Scope, depth: int) -> str:
        owner = self._knowledge.class_of(attribute.value, scope)
        if owner is None:
            return ""
        name = attribute.attr.value
        for each in self._knowledge.resolver.ancestry(owner):
            if name in each.annotations:
                return self._annotated(each.annotations[name], each)
            for binding in each.bindings.get(name, ()):
                value = binding.value
                return self._lock_of(value, each, depth - 1) if value is not None else ""
        kinds = {
            self._lock_of(value, method, depth - 1)
            for value, method in self._knowledge.instances.stored_on_self(owner, name)
            if not is_name(value, "None")
        }
        return kinds.pop() if len(kinds) == 1 else ""

    def _annotated(self, annotation: cst.BaseExpression, scope: Scope) -> str:
        if isinstance(annotation, cst.SimpleString):
            try:
                annotation = cst.parse_expression(str(annotation.evaluated_value))
            except (cst.ParserSyntaxError, RecursionError):
                return ""
        sides = [each for each in alternatives(annotation) if not is_name(each, "None")]
        if len(sides) != 1:
            return ""
        dotted = self._knowledge.dotted(sides[0], scope)
        return dotted if dotted in tables.LOCKS else ""

    def _taken_by_manager(self, call: cst.Call, scope: Scope, depth: int) -> str:
        """Return the lock that is held at the `yield` of a context manager in view."""
        function = self._knowledge.callee(call.func, scope)
        if function is None or function.kind is not ScopeKind.FUNCTION:
            return ""
        names = self._knowledge.resolver.decorators(function)
        graph = self._knowledge.graph(function)
        if len(names) != 1 or names[0] not in _MANAGER_DECORATORS or graph is None:
            return ""
        held = [
            kind
            for _, items in entered_at_yields(graph)
            for item in items
            if (kind := self._lock_of(item.item, function, depth - 1))
            and not self._is_own(item.item, function)
        ]
        return held[0] if held else ""

    def _is_own(self, manager: cst.BaseExpression, function: Scope) -> bool:
        """Return whether the lock is made by this very call of the function."""
        if isinstance(manager, cst.Call):
            return self._knowledge.dotted(manager.func, function) in tables.LOCKS
        if not isinstance(manager, cst.Name):
            return False
        return any(
            isinstance(each.value, cst.Call) for each in function.bindings.get(manager.value, ())
        )

    def _is_let_go(self, manager: cst.BaseExpression, function: Scope) -> bool:
        """Return whether the function releases the lock by hand as well, perhaps for a `yield`."""
        name = dotted_name(manager)
        return bool(name) and any(
            dotted_name(call.func) == f"{name}.release" for call in function.calls
        )


def entered_at_yields(graph: Graph) -> Iterator[tuple[cst.CSTNode, tuple[cst.WithItem, ...]]]:
    """Yield each `yield` that can be reached, with the managers around it, outermost first."""
    found: dict[cst.CSTNode, tuple[cst.WithItem, ...]] = {}
    for block in graph.reachable():
        at = yield_of(block)
        if at is not None and at not in found:
            found[at] = tuple(_manager_of(each) for each in block.regions if _is_with(each))
    yield from found.items()


def _is_with(region: Region) -> bool:
    return region.kind is RegionKind.WITH


def _manager_of(region: Region) -> cst.WithItem:
    assert isinstance(region.node, cst.WithItem)
    return region.node


class HeldResources:
    """Which managers of one module's functions hold something as long as they are entered."""

    def __init__(self, knowledge: Knowledge, summaries: Summaries) -> None:
        self._knowledge = knowledge
        self._summaries = summaries

    def held_at_yields(
        self, function: Scope, graph: Graph
    ) -> Iterator[tuple[cst.CSTNode, cst.WithItem]]:
        """Yield each own `yield` with the innermost manager around it that holds something."""
        for at, items in entered_at_yields(graph):
            for item in reversed(items):
                if self._holds(item, function):
                    yield at, item
                    break

    def _holds(self, item: cst.WithItem, scope: Scope) -> bool:
        if only_closes_generators(item, scope, self._knowledge) or self._is_for_closing(
            item, scope
        ):
            return False
        if self._is_stream_read_inside(item, scope):
            return False
        manager = item.item
        called = manager.func if isinstance(manager, cst.Call) else manager
        dotted = self._knowledge.dotted(called, scope)
        if (
            dotted in tables.CLOSERS | tables.TRIVIAL_MANAGERS
            or dotted.partition(".")[0] in _STREAM_LIBRARIES
        ):
            return False
        if isinstance(manager, cst.Call) and self._closes_what_it_is_given(manager, scope):
            return False
        if self._takes_nothing(called, scope):
            return False
        verdict = self._summaries.cleanup.manager_has_effect(
            manager, scope, is_async=item in _async_items(scope)
        )
        return verdict is Verdict.YES

    def _is_stream_read_inside(self, item: cst.WithItem, scope: Scope) -> bool:
        """Return whether the manager is a stream in view, entered to be closed behind its reader.

        A pool's connection that is iterated is another matter: others wait for it.
        """
        owner = self._knowledge.class_of(item.item, scope)
        if owner is None or self._knowledge.resolver.method(owner, "__aiter__") is None:
            return False
        return _is_iterated(item, scope)

    def _takes_nothing(self, called: cst.BaseExpression, scope: Scope) -> bool:
        """Return whether entering an instance of a class in view does and gives nothing."""
        found = self._knowledge.callee(called, scope)
        if found is None or found.kind is not ScopeKind.CLASS:
            return False
        names = ("__enter__", "__aenter__")
        enters = [self._knowledge.resolver.method(found, name) for name in names]
        return any(enters) and all(
            not each.calls and not each.awaits and not each.returns for each in enters if each
        )

    def _is_for_closing(self, item: cst.WithItem, scope: Scope) -> bool:
        """Return whether all that a stack is given is an `aclose`, of whatever it may be."""
        if item.asname is None:
            return False
        name = dotted_name(item.asname.name)
        used = [
            call
            for call in scope.calls
            if isinstance(call.func, cst.Attribute) and dotted_name(call.func.value) == name
        ]
        return bool(name and used) and all(
            dotted_name(call.func) == f"{name}.push_async_callback"
            and len(call.args) == 1
            and isinstance(call.args[0].value, cst.Attribute)
            and call.args[0].value.attr.value == "aclose"
            for call in used
        )

    def _closes_what_it_is_given(self, call: cst.Call, scope: Scope) -> bool:
        """Return whether a manager in view is a home-made `aclosing`."""
        if any(self._knowledge.is_async_generator(each.value, scope) for each in call.args):
            return True
        found = self._knowledge.callee(call.func, scope)
        if found is None or not call.args:
            return False
        if found.kind is ScopeKind.CLASS:
            exits = (
                self._knowledge.resolver.method(found, name) for name in ("__aexit__", "__exit__")
            )
            return any(_mentions_aclose(each) for each in exits if each is not None)
        return any(self._closes_parameter(each, found) for each in found.calls)

    def _closes_parameter(self, call: cst.Call, function: Scope) -> bool:
        if not isinstance(call.func, cst.Attribute) or call.func.attr.value != "aclose":
            return False
        closed = call.func.value
        if isinstance(closed, cst.Call) and len(closed.args) == 2:
            is_cast = self._knowledge.dotted(closed.func, function) in tables.CASTS
            closed = closed.args[1].value if is_cast else closed
        bindings = function.bindings.get(dotted_name(closed), ())
        return any(each.kind is BindingKind.PARAMETER for each in bindings)


def _mentions_aclose(method: Scope) -> bool:
    return any(
        (isinstance(each, cst.Attribute) and each.attr.value == "aclose")
        or (isinstance(each, cst.SimpleString) and each.raw_value == "aclose")
        for each in descendants(method.node)
    )


def _is_iterated(item: cst.WithItem, scope: Scope) -> bool:
    """Return whether the body of the manager's `async with` iterates it, or what it gives."""
    stream = item.asname.name if item.asname is not None else item.item
    name = dotted_name(stream)
    return bool(name) and any(
        dotted_name(loop.iter) == name
        for statement in scope.awaits
        if isinstance(statement, cst.With) and item in statement.items
        for loop in descendants(statement.body)
        if isinstance(loop, cst.For) and loop.asynchronous is not None
    )


def _async_items(scope: Scope) -> frozenset[cst.WithItem]:
    statements = (each for each in scope.awaits if isinstance(each, cst.With))
    return frozenset(item for statement in statements for item in statement.items)
