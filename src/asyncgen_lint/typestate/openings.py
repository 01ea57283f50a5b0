"""What entering a context manager opens and leaves open in its body, wherever that is written.

Managers are followed through functions and their decorators, classes with `__aenter__` or
`__enter__`, attributes, exit stacks and other files, down to what a library opens or a call sets.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.flow.graph import Call, Graph
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import Scope, ScopeKind, dotted_name, is_name
from asyncgen_lint.source.walk import descendants
from asyncgen_lint.typestate.held import entered_at_yields
from asyncgen_lint.typestate.knowledge import FunctionKind, Knowledge

_ENTERING = frozenset({"enter_async_context", "enter_context"})
_STACKS = frozenset({"contextlib.AsyncExitStack", "contextlib.ExitStack"})
_MAX_DEPTH = 8


@dataclass(frozen=True, slots=True)
class Opened:
    """Something called `name` that is opened at a node, of whichever file."""

    name: str
    at: cst.CSTNode


@dataclass(frozen=True, slots=True)
class OpenAtYield:
    """A `yield` at which something is open since a node of its own function.

    `closed` ends it, if a call does.
    """

    at: cst.CSTNode
    since: cst.CSTNode
    opened: Opened
    closed: cst.CSTNode | None = None


class Openings(ABC):
    """Follows managers; what opens something in the end is said by those who inherit."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    @abstractmethod
    def _by_name(self, dotted: str, method: str) -> str:
        """Return what a library's manager opens, called by its dotted name or by a method's."""

    def _by_listed(self, function: Scope) -> str:
        """Return what a function or class in view opens whatever its source says."""
        return ""

    def _by_class(self, owner: Scope) -> Opened | None:
        """Return what a class opens in other ways than by entering managers."""
        return None

    def _by_calls(self, function: Scope, graph: Graph) -> Iterable[OpenAtYield]:
        """Return what calls have opened at the own yields of a function."""
        return ()

    def at_yields(self, function: Scope) -> Iterator[OpenAtYield]:
        """Yield each own `yield` at which something is open; each once."""
        seen: set[cst.CSTNode] = set()
        for each in self._at_yields(function, _MAX_DEPTH):
            if each.at not in seen:
                seen.add(each.at)
                yield each

    def _at_yields(self, function: Scope, depth: int) -> Iterator[OpenAtYield]:
        graph = self._knowledge.graph(function)
        if graph is None:
            return
        for at, items in entered_at_yields(graph):
            for item in items:
                opened = self._opened_by(item, function, graph, depth)
                if opened is not None:
                    yield OpenAtYield(at, item, opened)
        yield from self._by_calls(function, graph)

    def _opened_by(
        self, item: cst.WithItem, function: Scope, graph: Graph, depth: int
    ) -> Opened | None:
        return self._entered(item.item, function, depth) or self._stacked(
            item, function, graph, depth
        )

    def _entered(self, manager: cst.BaseExpression, scope: Scope, depth: int) -> Opened | None:
        """Return what entering a manager opens."""
        if depth <= 0:
            return None
        if isinstance(manager, (cst.Name, cst.Attribute, cst.Await)):
            owner = self._knowledge.class_of(manager, scope)
            if owner is not None:
                return self._entered_class(owner, depth - 1)
        if isinstance(manager, cst.Attribute):
            return self._kept(manager, scope, depth)
        if isinstance(manager, cst.Name):
            only = self._knowledge.resolver.only_value(manager.value, scope)
            return self._entered(*only, depth - 1) if only is not None else None
        return self._entered_call(manager, scope, depth) if isinstance(manager, cst.Call) else None

    def _entered_call(self, manager: cst.Call, scope: Scope, depth: int) -> Opened | None:
        dotted = self._knowledge.dotted(manager.func, scope)
        name = self._by_name(dotted, "") if dotted else ""
        if name:
            return Opened(name, manager)
        found = self._knowledge.callee(manager.func, scope)
        if found is not None:
            return self._entered_found(found, manager, scope, depth)
        product = self._knowledge.product(manager, scope)
        if product is not None and product.kind is FunctionKind.CONTEXT_MANAGER:
            opened = [self._entered_function(each, depth) for each in product.functions]
            return opened[0] if all(opened) else None
        name = "" if not isinstance(manager.func, cst.Attribute) else manager.func.attr.value
        name = self._by_name("", name)
        return Opened(name, manager) if name else None

    def _entered_found(
        self, found: Scope, manager: cst.Call, scope: Scope, depth: int
    ) -> Opened | None:
        if found.kind is ScopeKind.CLASS:
            return self._entered_class(found, depth)
        listed = self._by_listed(found)
        if listed:
            return Opened(listed, manager)
        kind = self._knowledge.kind(found)
        if kind is FunctionKind.CONTEXT_MANAGER:
            return self._entered_function(found, depth)
        if kind is FunctionKind.PLAIN:
            return self._given(manager, found, scope, depth)
        decorators = self._knowledge.resolver.decorators(found)
        if len(decorators) == 1 and decorators[0] in tables.SYNC_CONTEXT_MANAGER_DECORATORS:
            return self._open_in(found, depth)
        return None

    def _given(self, call: cst.Call, function: Scope, scope: Scope, depth: int) -> Opened | None:
        """Return what entering a function's result opens, whichever of its returns it is."""
        owner = self._knowledge.class_of(call, scope)
        if owner is not None:
            return self._entered_class(owner, depth - 1)
        opened = [
            self._entered(each.value, function, depth - 1) if each.value is not None else None
            for each in function.returns
        ]
        return opened[0] if opened and all(opened) else None

    def _kept(self, manager: cst.Attribute, scope: Scope, depth: int) -> Opened | None:
        """Return what an attribute opens, whatever its class stores there."""
        owner = self._knowledge.class_of(manager.value, scope)
        if owner is None:
            return None
        stored = self._knowledge.instances.stored_on_self(owner, manager.attr.value)
        opened = [
            self._entered(value, method, depth - 1)
            for value, method in stored
            if not is_name(value, "None")
        ]
        return opened[0] if opened and all(opened) else None

    def _entered_function(self, manager: Scope, depth: int) -> Opened | None:
        """Return what is open at the `yield` of a context manager's function."""
        for name in self._knowledge.resolver.decorators(manager):
            found = self._by_name(name, "") if name else ""
            if found:
                return Opened(found, manager.node)
        entered = self._knowledge.entered_function(manager)
        return self._open_in(entered, depth) if entered is not None else None

    def _open_in(self, function: Scope, depth: int) -> Opened | None:
        found = next(self._at_yields(function, depth - 1), None)
        return found.opened if found is not None else None

    def _entered_class(self, owner: Scope, depth: int) -> Opened | None:
        """Return what a class's enter method enters and leaves open."""
        for name in ("__aenter__", "__enter__"):
            method = self._knowledge.resolver.method(owner, name)
            opened = self._entered_method(method, owner, depth) if method is not None else None
            if opened is not None:
                return opened
        return self._by_class(owner)

    def _entered_method(self, method: Scope, owner: Scope, depth: int) -> Opened | None:
        """Return what a method enters by hand, itself or through methods of `self`."""
        if depth <= 0:
            return None
        for call in method.calls:
            if not isinstance(call.func, cst.Attribute):
                continue
            name, receiver = call.func.attr.value, call.func.value
            if name in ("__aenter__", "__enter__"):
                opened = self._entered_attribute(receiver, owner, method, depth)
            elif name in _ENTERING and call.args:
                opened = self._entered(call.args[0].value, method, depth - 1)
            elif self._knowledge.class_of(receiver, method) is owner:
                called = self._knowledge.method_of(owner, name)
                opened = self._entered_method(called, owner, depth - 1) if called else None
            else:
                continue
            if opened is not None:
                return opened
        return None

    def _entered_attribute(
        self, expression: cst.BaseExpression, owner: Scope, method: Scope, depth: int
    ) -> Opened | None:
        if not isinstance(expression, cst.Attribute):
            return self._entered(expression, method, depth - 1)
        wanted = dotted_name(expression)
        for each in self._knowledge.resolver.ancestry(owner):
            for node in _nodes(each.methods_storing(expression.attr.value)):
                if not isinstance(node, (cst.Assign, cst.AnnAssign)) or node.value is None:
                    continue
                targets = (
                    [target.target for target in node.targets]
                    if isinstance(node, cst.Assign)
                    else [node.target]
                )
                if any(dotted_name(target) == wanted for target in targets):
                    return self._entered(node.value, each, depth - 1)
        return None

    def _stacked(
        self, item: cst.WithItem, function: Scope, graph: Graph, depth: int
    ) -> Opened | None:
        """Return what is entered on an exit stack in the stack's own body."""
        if not isinstance(item.item, cst.Call) or item.asname is None:
            return None
        if self._knowledge.dotted(item.item.func, function) not in _STACKS:
            return None
        stack = dotted_name(item.asname.name)
        for block in graph.blocks:
            for each in block.instructions:
                if not isinstance(each, Call) or each.method not in _ENTERING:
                    continue
                if each.receiver == stack and each.arguments:
                    argument = each.arguments[0].node
                    assert isinstance(argument, cst.BaseExpression)
                    opened = self._entered(argument, function, depth - 1)
                    if opened is not None:
                        return opened
        return None


def _nodes(methods: list[Scope]) -> Iterator[cst.CSTNode]:
    return (node for method in methods for node in descendants(method.node))
