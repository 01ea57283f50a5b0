"""Who consumes a generator function's items in this module, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

import libcst as cst

from asyncgen_lint.flow.graph import Region, RegionKind, Yield
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import Scope, ScopeKind, dotted_name, is_name
from asyncgen_lint.source.walk import descendants
from asyncgen_lint.typestate.knowledge import Knowledge

_HANDING_ON = (
    cst.Await,
    cst.Arg,
    cst.Element,
    cst.DictElement,
    cst.Assign,
    cst.AnnAssign,
    cst.NamedExpr,
    cst.Return,
    cst.Yield,
)
"""What an item stands in when it is awaited, or kept for somebody who may await it."""


class Consumers:
    """Answers for the async generator functions of one module."""

    def __init__(self, knowledge: Knowledge, parents: Mapping[cst.CSTNode, cst.CSTNode]) -> None:
        self._knowledge = knowledge
        self._parents = parents

    def is_handed_on(self, function: Scope) -> bool:
        """Return whether a function is used as a value, so that its callers are not all in view."""
        return any(
            not (isinstance(parent, cst.Call) and parent.func is node)
            for scope in self._knowledge.outline.module.descendants()
            for node in scope.loads.get(function.name, ())
            if (parent := self._parents[node]) is not None
        )

    def expects_exception(self, regions: tuple[Region, ...], scope: Scope) -> bool:
        """Return whether the code is there to raise: under `pytest.raises` or `assertRaises`."""
        for region in regions:
            item = region.node
            if not isinstance(item, cst.WithItem) or not isinstance(item.item, cst.Call):
                continue
            name = dotted_name(item.item.func).rpartition(".")[2]
            dotted = self._knowledge.dotted(item.item.func, scope)
            if dotted in tables.EXPECTED_EXCEPTIONS or name.startswith("assertRaises"):
                return True
        return False

    def is_iterated_or_loops(self, function: Scope) -> bool:
        """Return whether a generator cannot be a dependency or a lifespan of a framework.

        Those yield once, outside of loops, and nothing in their own module iterates them.
        """
        graph = self._knowledge.graph(function)
        if graph is None:
            return False
        blocks = [
            block
            for block in graph.blocks
            if any(isinstance(each, Yield) for each in block.instructions)
        ]
        if len({each.node for block in blocks for each in block.instructions}) > 1:
            return True
        if any(region.kind is RegionKind.LOOP for block in blocks for region in block.regions):
            return True
        return self.is_iterated(function)

    def is_iterated(self, function: Scope) -> bool:
        """Return whether some `async for` in view iterates what a call of the function gives."""
        return function in self._iterated

    @cached_property
    def _iterated(self) -> frozenset[Scope]:
        """The functions whose generators some `async for` in view iterates on the spot."""
        products = (self._knowledge.product(loop.iter, scope) for loop, scope in self.async_loops)
        return frozenset(
            function for each in products if each is not None for function in each.functions
        )

    def items_are_awaited(self, function: Scope) -> bool:
        """Return whether some consumer in view awaits the items, or may hand them on."""
        if not self._is_only_iterated(function):
            return True
        for loop, scope in self._loops_over(function):
            if not isinstance(loop.target, cst.Name):
                return True
            around = loop if isinstance(loop, cst.For) else self._comprehension_of(loop)
            for node in descendants(around):
                if isinstance(node, cst.Name) and node.value == loop.target.value:
                    is_handed_on = isinstance(self._parents[node], _HANDING_ON)
                    if is_handed_on and not self._is_argument_of_builtin(node, scope):
                        return True
        return False

    def use_items_at_once(self, function: Scope) -> bool:
        """Return whether each consumer is in view, and none keeps an item beyond its turn."""
        is_private = (
            function.name.startswith("_")
            or function.parent is None
            or (function.parent.kind is ScopeKind.FUNCTION)
        )
        if not is_private or self.is_handed_on(function) or not self._is_only_iterated(function):
            return False
        found = False
        for loop, scope in self._loops_over(function):
            found = True
            if not isinstance(loop, cst.For) or not isinstance(loop.target, cst.Name):
                return False
            for node in descendants(loop.body):
                if is_name(node, loop.target.value) and not self._is_only_read(node, scope):
                    return False
        return found

    def all_await(self, function: Scope) -> bool:
        """Return whether some consumer of a generator is in view, and each awaits in its loop."""
        found = False
        for loop, scope in self._loops_over(function):
            found = True
            inside = set(descendants(loop.body)) if isinstance(loop, cst.For) else set()
            if not any(each in inside for each in scope.awaits):
                return False
        return found

    def _is_only_read(self, node: cst.CSTNode, scope: Scope) -> bool:
        """Return whether an item is looped over, or given to a builtin that gives a value."""
        parent = self._parents[node]
        if isinstance(parent, (cst.For, cst.CompFor)):
            return parent.iter is node
        return isinstance(parent, cst.Arg) and self._is_argument_of_builtin(node, scope)

    def _is_only_iterated(self, function: Scope) -> bool:
        """Return whether each call of a generator function in view stands in a loop's header."""
        for scope in self._knowledge.outline.module.descendants():
            for call in scope.calls:
                product = self._knowledge.product(call, scope)
                if product is None or function not in product.functions:
                    continue
                parent = self._parents[call]
                if not isinstance(parent, (cst.For, cst.CompFor)) or parent.iter is not call:
                    return False
        return True

    def _is_argument_of_builtin(self, node: cst.CSTNode, scope: Scope) -> bool:
        """Return whether a builtin function, which awaits nothing, gets the value."""
        call = self._parents.get(self._parents[node])
        if not isinstance(call, cst.Call):
            return False
        return self._knowledge.dotted(call.func, scope).startswith("builtins.")

    def _comprehension_of(self, clause: cst.CSTNode) -> cst.CSTNode:
        while isinstance(clause, cst.CompFor):
            clause = self._parents[clause]
        return clause

    def _loops_over(self, function: Scope) -> Iterator[tuple[cst.For | cst.CompFor, Scope]]:
        """Yield the loops that iterate on the spot what a call of the function gives."""
        for loop, scope in self.async_loops:
            product = self._knowledge.product(loop.iter, scope)
            if product is not None and function in product.functions:
                yield loop, scope

    @cached_property
    def async_loops(self) -> tuple[tuple[cst.For | cst.CompFor, Scope], ...]:
        """Every `async for`, with the scope that its iterable is evaluated in."""
        return tuple(self._async_loops())

    def _async_loops(self) -> Iterator[tuple[cst.For | cst.CompFor, Scope]]:
        for scope in self._knowledge.outline.module.descendants():
            for node in scope.awaits:
                if isinstance(node, (cst.For, cst.CompFor)):
                    is_first = isinstance(node, cst.CompFor) and not isinstance(
                        self._parents[node], cst.CompFor
                    )
                    yield node, (scope.parent or scope) if is_first else scope
