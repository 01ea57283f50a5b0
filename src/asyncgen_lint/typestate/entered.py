"""Async generators that contextlib makes context managers: how they end, and how they are used.

`asynccontextmanager` throws what the body raised in at the `yield`; if the function then comes to
its end, the exception is taken to be dealt with, and `async with` goes on behind the body. When the
body ends by itself, nothing is thrown. The object it makes can be entered once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import libcst as cst

from asyncgen_lint.flow.constants import Flags, blocks_after, constants
from asyncgen_lint.flow.graph import (
    EXCEPTIONAL,
    Bind,
    Block,
    Catch,
    Edge,
    EdgeKind,
    Enter,
    Graph,
    Unbind,
    yield_of,
)
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import (
    BindingKind,
    Scope,
    alternatives,
    dotted_name,
    is_name,
    last_name,
)
from asyncgen_lint.source.suites import falls_through
from asyncgen_lint.source.walk import descendants, is_same_code
from asyncgen_lint.typestate.decorators import Way
from asyncgen_lint.typestate.knowledge import FunctionKind, Knowledge, mentions_name

_BROAD = frozenset({"builtins.Exception", "builtins.BaseException"})

_DELIBERATE_NAME = re.compile(
    r"suppress|ignor|swallow|silen|safe|guard|tolera|catch|handl|protect|error|exception|fail"
    r"|quiet|isolat|expect|raise|captur|shield|boundary|optional|attempt|try|trap|absorb"
)
_DELIBERATE_TEXT = re.compile(
    r"suppress|ignor|swallow|silenc|catch|absorb|(?:never|not|n't|without) (?:re-?)?rais|captur"
    r"|propagat|expect",
    re.IGNORECASE,
)
_MAY_RAISE_NAME = re.compile(r"raise|throw|abort|fail|exit|die|handl|reject|skip|check|assert")
_ENTRY_ERRORS = frozenset({"TypeError", "AttributeError"})


@dataclass(frozen=True, slots=True)
class Swallower:
    """A handler of a context manager that takes every error of its body for dealt with."""

    handler: cst.CSTNode
    at: cst.CSTNode
    falls_through: bool


@dataclass(frozen=True, slots=True)
class DeadCleanup:
    """A handler for GeneratorExit in a context manager, and what it alone does there."""

    function: Scope
    handler: cst.CSTNode
    at: cst.CSTNode
    call: cst.Call


@dataclass(frozen=True, slots=True)
class Misuse:
    """A context manager, made by calling `name`, that is used as something else.

    `way` is `async for`, `await`, `anext`, `with` or `again`; `first` is the first of two entries.
    """

    name: str
    at: cst.CSTNode
    way: str
    first: cst.CSTNode | None = None


class Entered:
    """Answers for one module; `parent` gives the node around a node."""

    def __init__(
        self, knowledge: Knowledge, parent: Callable[[cst.CSTNode], cst.CSTNode | None]
    ) -> None:
        self._knowledge = knowledge
        self._parent = parent

    def _managers(self) -> Iterator[tuple[Scope, Graph]]:
        for function in self._knowledge.outline.functions():
            if self._knowledge.body_kind(function) is not FunctionKind.AGEN:
                continue
            if not self._knowledge.is_driven_as_context_manager(function):
                continue
            graph = self._knowledge.graph(function)
            if graph is not None:
                yield function, graph

    # Handlers that swallow

    def swallowers(self) -> Iterator[Swallower]:
        """Yield each handler for all errors that ends a context manager without raising."""
        for function, graph in self._managers():
            if _is_deliberate(function):
                continue
            flags = constants(graph)
            for at, block in _yields(graph, flags):
                if self._expects_error(graph, block, flags[block.index]):
                    continue
                for handler, entry in self._broad_handlers(block, flags, function):
                    if self._swallows(handler, entry, graph, flags):
                        yield Swallower(handler, at, falls_through(handler))

    def _expects_error(self, graph: Graph, at: Block, state: Flags) -> bool:
        """Return whether a body that ends without an error makes the manager raise one."""
        return any(
            block is graph.exits[EdgeKind.RAISE]
            for edge in at.edges
            if not (edge.raised and edge.kind in EXCEPTIONAL)
            for block, _ in blocks_after(edge, state)
        )

    def _broad_handlers(
        self, at: Block, flags: dict[int, Flags], function: Scope
    ) -> Iterator[tuple[cst.ExceptHandler, Block]]:
        """Yield the handlers for all ordinary errors that an error of the body comes to."""
        for edge in at.edges:
            if not edge.raised or edge.kind is not EdgeKind.MAY_RAISE:
                continue
            for block, _ in blocks_after(edge, flags[at.index], _is_catching):
                for each in block.instructions:
                    handler = each.node if isinstance(each, Catch) else None
                    if isinstance(handler, cst.ExceptHandler) and self._is_broad(handler, function):
                        yield handler, block

    def _is_broad(self, handler: cst.ExceptHandler, function: Scope) -> bool:
        if handler.type is None:
            return True
        types = alternatives(handler.type)
        return any(self._knowledge.dotted(each, function) in _BROAD for each in types)

    def _swallows(
        self, handler: cst.ExceptHandler, entry: Block, graph: Graph, flags: dict[int, Flags]
    ) -> bool:
        reached = [
            block for block, _ in blocks_after(Edge(entry, EdgeKind.NEXT), flags[entry.index])
        ]
        if any(graph.exits[kind] in reached for kind in EXCEPTIONAL if kind in graph.exits):
            return False
        if any(yield_of(block) is not None for block in reached):
            return False
        return not self._keeps_error(handler)

    def _keeps_error(self, handler: cst.ExceptHandler) -> bool:
        """Return whether a handler hands the error on, keeps it, or may raise in some call."""
        bound = handler.name.name if handler.name is not None else None
        name = bound.value if isinstance(bound, cst.Name) else ""
        logged: set[cst.CSTNode] = set()
        for node in descendants(handler.body):
            if isinstance(node, cst.Raise):
                return True
            if isinstance(node, (cst.AssignTarget, cst.AugAssign, cst.AnnAssign)) and not (
                isinstance(node.target, cst.Name)
            ):
                return True
            if not isinstance(node, cst.Call):
                continue
            called = last_name(node.func) or ""
            if _MAY_RAISE_NAME.search(called.lower()):
                return True
            if called in tables.LOGGING_METHODS or called in _TELLING:
                logged.update(descendants(node))
        return any(is_name(node, name) and node not in logged for node in descendants(handler.body))

    # Handlers that never run

    def dead_cleanups(self) -> Iterator[DeadCleanup]:
        """Yield each handler for GeneratorExit around a manager's yield that alone cleans up."""
        for function, graph in self._managers():
            if function in self._entered_in_generators:
                continue
            for at, block in _yields(graph, constants(graph)):
                for region in block.regions:
                    if isinstance(region.node, cst.Try):
                        yield from self._dead_in(region.node, at, function)

    def _dead_in(self, node: cst.Try, at: cst.CSTNode, function: Scope) -> Iterator[DeadCleanup]:
        for handler in node.handlers:
            types = alternatives(handler.type) if handler.type is not None else []
            names = {self._knowledge.dotted(each, function) for each in types}
            if not names or "builtins.BaseException" in names:
                # Beside a handler for everything, GeneratorExit is told apart on purpose.
                return
        for handler in node.handlers:
            if handler.type is None:
                continue
            types = alternatives(handler.type)
            if {self._knowledge.dotted(each, function) for each in types} != {
                "builtins.GeneratorExit"
            }:
                continue
            call = self._only_here(handler, function)
            if call is not None:
                yield DeadCleanup(function, handler, at, call)

    def _only_here(self, handler: cst.ExceptHandler, function: Scope) -> cst.Call | None:
        """Return the first call of a handler that has an effect and is not repeated elsewhere."""
        inside = set(descendants(handler))
        others = [each for each in function.calls if each not in inside]
        for call in function.calls:
            if call not in inside or last_name(call.func) in tables.LOGGING_METHODS | _TELLING:
                continue
            if not any(is_same_code(call, each) for each in others):
                return call
        return None

    @cached_property
    def _entered_in_generators(self) -> frozenset[Scope]:
        """The functions whose managers some async generator in view has entered at a yield."""
        found = set()
        for scope in self._knowledge.outline.functions():
            if self._knowledge.body_kind(scope) is not FunctionKind.AGEN:
                continue
            for node in scope.awaits:
                if not isinstance(node, cst.With):
                    continue
                for item in node.items:
                    if isinstance(item.item, cst.Call):
                        found.add(self._knowledge.callee(item.item.func, scope))
        return frozenset(each for each in found if each is not None)

    # Managers used as something else

    def misuses(self) -> Iterator[Misuse]:
        """Yield each use of a context manager that raises TypeError or AttributeError."""
        for scope in self._knowledge.outline.module.descendants():
            for node in scope.awaits:
                if isinstance(node, (cst.For, cst.CompFor)):
                    yield from self._misuse(node.iter, scope, node, "async for")
                elif isinstance(node, cst.Await):
                    yield from self._misuse(node.expression, scope, node, "await")
            for call in scope.calls:
                dotted = self._knowledge.dotted(call.func, scope) if call.args else ""
                if dotted in tables.STEP_FUNCTIONS:
                    yield from self._misuse(call.args[0].value, scope, call, "anext")
                if (statement := self._sync_with(call)) is not None:
                    yield from self._misuse(call, scope, statement, "with")
            yield from self._second_entries(scope)

    def _misuse(
        self, expression: cst.BaseExpression, scope: Scope, at: cst.CSTNode, way: str
    ) -> Iterator[Misuse]:
        name = self._manager(expression, scope)
        if name and not self._is_expected(at):
            yield Misuse(name, at, way)

    def _manager(self, expression: cst.BaseExpression, scope: Scope) -> str:
        """Return the function that made what certainly is contextlib's context manager."""
        if isinstance(expression, cst.Name):
            only = self._knowledge.resolver.only_value(expression.value, scope)
            if only is None:
                return ""
            expression, scope = only
        product = self._knowledge.product(expression, scope)
        if product is None or product.kind is not FunctionKind.CONTEXT_MANAGER:
            return ""
        return product.functions[0].name if all(map(self._is_plain, product.functions)) else ""

    def _is_plain(self, function: Scope) -> bool:
        """Return whether nothing but contextlib's decorator says what a function gives."""
        names = self._knowledge.resolver.decorators(function)
        ways = [each.way for each in self._knowledge.decorators.of(function)]
        return "contextlib.asynccontextmanager" in names and all(
            each in (Way.ITSELF, Way.CONTEXT_MANAGER) for each in ways
        )

    def _sync_with(self, manager: cst.CSTNode) -> cst.With | None:
        item = self._parent(manager)
        if not isinstance(item, cst.WithItem):
            return None
        statement = self._parent(item)
        if not isinstance(statement, cst.With) or statement.asynchronous is not None:
            return None
        return statement

    def _is_expected(self, node: cst.CSTNode) -> bool:
        """Return whether a test or a handler waits for the error."""
        inner, current = node, self._parent(node)
        while current is not None and not isinstance(current, (cst.FunctionDef, cst.Lambda)):
            if isinstance(current, cst.With) and inner is current.body:
                for item in current.items:
                    if isinstance(item.item, cst.Call):
                        name = dotted_name(item.item.func).rpartition(".")[2]
                        if name in _EXPECTING or name.startswith("assertRaises"):
                            return True
            if isinstance(current, cst.Try) and inner is current.body:
                for handler in current.handlers:
                    if handler.type is None or mentions_name(handler.type, _ENTRY_ERRORS):
                        return True
            inner, current = current, self._parent(current)
        return False

    def _second_entries(self, scope: Scope) -> Iterator[Misuse]:
        """Yield each `async with` that enters the manager of an earlier one again."""
        names = {
            item.item.value
            for node in scope.awaits
            if isinstance(node, cst.With)
            for item in node.items
            if isinstance(item.item, cst.Name)
        }
        for name in sorted(names):
            maker = self._only_manager(name, scope)
            graph = self._knowledge.graph(scope) if maker else None
            if graph is None or name in graph.captured:
                continue
            yield from self._entered_again(name, maker, graph)

    def _only_manager(self, name: str, scope: Scope) -> str:
        """Return what makes the managers that a local name gets, if it gets nothing else."""
        found = set()
        for each in scope.bindings.get(name, ()):
            if each.kind is not BindingKind.VALUE or each.value is None:
                return ""
            found.add(self._manager(each.value, scope))
        return found.pop() if len(found) == 1 else ""

    def _entered_again(self, name: str, maker: str, graph: Graph) -> Iterator[Misuse]:
        flags = constants(graph)

        def is_renewed(block: Block) -> bool:
            return any(
                isinstance(each, (Bind, Unbind)) and each.name == name
                for each in block.instructions
            )

        seen: set[cst.CSTNode] = set()
        for index in sorted(flags):
            first = _entry(graph.blocks[index], name)
            if first is None:
                continue
            for edge in graph.blocks[index].edges:
                for block, _ in blocks_after(edge, flags[index], is_renewed):
                    again = _entry(block, name)
                    if again is None or again in seen or is_renewed(block):
                        continue
                    statement = self._parent(again)
                    if statement is not None and not self._is_expected(statement):
                        seen.add(again)
                        yield Misuse(maker, statement, "again", self._parent(first))


_TELLING = frozenset(
    {"print", "print_exc", "format_exc", "str", "repr", "type", "capture_exception"}
)
"""Calls beside those of a logger that only tell of an exception, by their last names."""

_EXPECTING = frozenset(each.rpartition(".")[2] for each in tables.EXPECTED_EXCEPTIONS)


def _entry(block: Block, name: str) -> cst.CSTNode | None:
    """Return the item of an `async with` by which a block enters a named manager."""
    for each in block.instructions:
        if isinstance(each, Enter) and each.is_async:
            assert isinstance(each.node, cst.WithItem)
            if is_name(each.node.item, name):
                return each.node
    return None


def _yields(graph: Graph, flags: dict[int, Flags]) -> Iterator[tuple[cst.CSTNode, Block]]:
    for index in sorted(flags):
        at = yield_of(graph.blocks[index])
        if at is not None:
            yield at, graph.blocks[index]


def _is_catching(block: Block) -> bool:
    return any(isinstance(each, Catch) for each in block.instructions)


def _is_deliberate(function: Scope) -> bool:
    """Return whether a function's name or text says that it is there to swallow errors."""
    if _DELIBERATE_NAME.search(function.name.lower()):
        return True
    node = function.node
    assert isinstance(node, cst.FunctionDef)
    return _DELIBERATE_TEXT.search(node.get_docstring() or "") is not None
