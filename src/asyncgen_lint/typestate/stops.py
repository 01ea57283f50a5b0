"""StopIteration and StopAsyncIteration in generators: raised, let through, waited for in vain.

Neither can leave a generator: CPython turns it into "RuntimeError: async generator raised
StopAsyncIteration" (PEP 479, PEP 525). `async for` takes the StopAsyncIteration of what it iterates
for itself, and awaiting a step raises StopAsyncIteration, never StopIteration (PEP 492).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import libcst as cst

from asyncgen_lint.flow.constants import blocks_after, constants
from asyncgen_lint.flow.graph import (
    EXCEPTIONAL,
    Await,
    Bind,
    Block,
    Call,
    Catch,
    Edge,
    EdgeKind,
    Exit,
    Graph,
    Instruction,
    Next,
    Raise,
    RegionKind,
)
from asyncgen_lint.flow.lower import is_caught
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import (
    Scope,
    ScopeKind,
    alternatives,
    dotted_name,
    is_name,
    last_name,
)
from asyncgen_lint.source.suites import statements
from asyncgen_lint.source.walk import descendants, own_nodes
from asyncgen_lint.typestate.knowledge import FunctionKind, Knowledge
from asyncgen_lint.typestate.summary import Summaries

_STOP = "builtins.StopIteration"
_ASYNC_STOP = "builtins.StopAsyncIteration"
_STEPS = tables.STEP_METHODS
_MAY_CARRY_A_STOP = frozenset({"result", "send", "throw", "run", "run_until_complete", "__next__"})
"""Methods by which a sync call may raise StopAsyncIteration."""
_SLEEPS = frozenset({"asyncio.sleep", "anyio.sleep", "trio.sleep"})
_GATHERERS = frozenset({"asyncio.gather", "asyncio.tasks.gather"})
_MAX_ALIASES = 4


@dataclass(frozen=True, slots=True)
class StopRaised:
    """A `raise` of StopIteration or StopAsyncIteration, called `name`, that leaves a generator.

    `may_return` says that a `return` in its place does the same without failing, and
    `passes_manager` that a `with` in between sees the difference.
    """

    at: cst.CSTNode
    name: str
    may_return: bool
    passes_manager: bool


@dataclass(frozen=True, slots=True)
class StopLeak:
    """A step of another iterator, called `label`, whose end leaves a generator as an exception.

    `stop` is what the end raises; `is_certain` says that nothing but the end stops the stepping.
    `may_return` says that a `return` may stand there, and `passes_manager` that a `with` in between
    sees that it is no exception.
    """

    at: cst.CSTNode
    label: str
    stop: str
    is_certain: bool
    may_return: bool = False
    passes_manager: bool = False


@dataclass(frozen=True, slots=True)
class WrongStop:
    """A handler for StopIteration, named so at `types`, around a step of an async iterator.

    `ends_otherwise` says that another handler of the same `try` may take StopAsyncIteration,
    `raises_it` that the handler would only raise that, which comes out anyway.
    """

    handler: cst.CSTNode
    types: tuple[cst.CSTNode, ...]
    step: cst.CSTNode
    ends_otherwise: bool
    raises_it: bool


class Stops:
    """Answers for the functions of one module."""

    def __init__(self, knowledge: Knowledge, summaries: Summaries) -> None:
        self._knowledge = knowledge
        self._summaries = summaries

    # Raised

    def raised(self, function: Scope, graph: Graph) -> Iterator[StopRaised]:
        """Yield each `raise` of a stop that certainly leaves an async generator function."""
        if not any(name.startswith("Stop") for name in function.loads):
            return
        flags = constants(graph)
        seen: set[cst.CSTNode] = set()
        for index in sorted(flags):
            block = graph.blocks[index]
            for each in block.instructions:
                if not isinstance(each, Raise) or each.node in seen:
                    continue
                found = self._raised_by(each, block, function)
                for edge in block.edges:
                    if (
                        found
                        and edge.node is each.node
                        and self._leaves(graph, edge, found, function)
                    ):
                        seen.add(each.node)
                        yield self._stop_raised(each, block, found, function)

    def _raised_by(self, instruction: Raise, block: Block, function: Scope) -> str:
        """Return the stop that a `raise` certainly raises, or nothing."""
        node = instruction.node
        assert isinstance(node, cst.Raise)
        caught = _handler_around(block)
        if node.exc is None or (
            caught is not None
            and isinstance(node.exc, cst.Name)
            and caught.name is not None
            and is_name(caught.name.name, node.exc.value)
        ):
            return self._stop_caught(caught, function)
        raised = node.exc.func if isinstance(node.exc, cst.Call) else node.exc
        dotted = self._knowledge.dotted(raised, function)
        return dotted if dotted in tables.STOPS else ""

    def _stop_caught(self, handler: cst.ExceptHandler | None, function: Scope) -> str:
        """Return the stop that a handler raises again, where it catches nothing else."""
        if handler is None or handler.type is None:
            return ""
        if self._knowledge.is_driven_as_context_manager(function):
            # It may have come in at the `yield`, and `asynccontextmanager` knows it again.
            return ""
        types = {self._knowledge.dotted(each, function) for each in alternatives(handler.type)}
        return min(types) if types <= tables.STOPS else ""

    def _stop_raised(
        self, instruction: Raise, block: Block, name: str, function: Scope
    ) -> StopRaised:
        node = instruction.node
        assert isinstance(node, cst.Raise)
        made = node.exc.args if isinstance(node.exc, cst.Call) else ()
        is_plain = all(not isinstance(x, cst.Await) for each in made for x in descendants(each))
        # A handler of a context manager that returns swallows what the body raised.
        is_swallowing = self._knowledge.is_driven_as_context_manager(function) and any(
            each.kind is RegionKind.HANDLER for each in block.regions
        )
        return StopRaised(
            node,
            name.rpartition(".")[2],
            may_return=is_plain and not is_swallowing and _may_return(block),
            passes_manager=any(each.kind is RegionKind.WITH for each in block.regions),
        )

    def _leaves(self, graph: Graph, start: Edge, stop: str, scope: Scope) -> bool:
        """Return whether an exception certainly leaves the function by an edge."""
        left = False
        seen = {start.target.index}
        pending = [start.target]
        while pending:
            block = pending.pop()
            if block in graph.exits.values():
                if block is not graph.exits[start.kind]:
                    return False
                left = True
            is_passed_by = False
            for each in block.instructions:
                if isinstance(each, Catch):
                    if self._catches(each.node, stop, scope) is not False:
                        return False
                    is_passed_by = True
                elif (
                    isinstance(each, Exit)
                    and each.kind in EXCEPTIONAL
                    and self._may_swallow(each, stop, scope)
                ):
                    return False
            for edge in () if is_passed_by else block.edges:
                if edge.raised and edge.kind in EXCEPTIONAL:
                    continue
                if edge.target.index not in seen:
                    seen.add(edge.target.index)
                    pending.append(edge.target)
        return left

    def _catches(self, handler: cst.CSTNode, stop: str, scope: Scope) -> bool | None:
        kind = handler.type if isinstance(handler, cst.ExceptHandler) else None
        if kind is None:
            return True
        return is_caught(
            stop, [self._knowledge.lineage(each, scope)[0] for each in alternatives(kind)]
        )

    def _may_swallow(self, leaving: Exit, stop: str, scope: Scope) -> bool:
        """Return whether leaving a manager may end or change an exception, as far as is known."""
        item = leaving.node
        assert isinstance(item, cst.WithItem)
        manager = item.item
        if self._knowledge.swallows(manager, scope, EdgeKind.RAISE, stop) is not False:
            return True
        called = manager.func if isinstance(manager, cst.Call) else manager
        dotted = self._knowledge.dotted(called, scope)
        if dotted in tables.KNOWN_NAMES:
            return dotted in tables.EXPECTED_EXCEPTIONS
        found = self._knowledge.callee(called, scope)
        if found is None or not isinstance(manager, cst.Call):
            found = self._knowledge.class_of(manager, scope)
        if found is None:
            return not leaving.is_async
        if found.kind is ScopeKind.CLASS:
            return self._exit_may_swallow(found, is_async=leaving.is_async)
        return found.owner_class is None and bool(found.yields) and _guards_its_yield(found)

    def _exit_may_swallow(self, owner: Scope, *, is_async: bool) -> bool:
        name = "__aexit__" if is_async else "__exit__"
        method = self._knowledge.resolver.method(owner, name)
        if method is None:
            return True
        return any(
            each.value is not None and dotted_name(each.value) not in ("None", "False")
            for each in method.returns
        )

    # Let through

    def leaks(self, function: Scope, graph: Graph) -> Iterator[StopLeak]:
        """Yield each step of another iterator whose end leaves an async generator function."""
        flags = constants(graph)
        for index in sorted(flags):
            block = graph.blocks[index]
            for each in block.instructions:
                if isinstance(each, Await) and isinstance(each.node, cst.Await):
                    found = self._async_leak(each.node.expression, block, graph, function)
                elif isinstance(each, Call) and isinstance(each.node, cst.Call):
                    found = self._sync_leak(each.node, block, function)
                else:
                    continue
                if found is None:
                    continue
                stop = f"builtins.{found.stop}"
                if self._is_let_through(block, graph, stop, function):
                    kinds = {region.kind for region in block.regions}
                    yield replace(
                        found,
                        may_return=_may_return(block),
                        passes_manager=RegionKind.WITH in kinds,
                    )

    def _is_let_through(self, block: Block, graph: Graph, stop: str, scope: Scope) -> bool:
        edges = [e for e in block.edges if e.raised and e.kind is EdgeKind.MAY_RAISE]
        return bool(edges) and all(self._leaves(graph, each, stop, scope) for each in edges)

    def _async_leak(
        self, awaited: cst.BaseExpression, block: Block, graph: Graph, function: Scope
    ) -> StopLeak | None:
        for step in self._steps_in(awaited, function):
            source = self._source(step, function)
            is_fresh = not isinstance(source, cst.Name) or (
                self._is_first(step, source, block, graph, function)
            )
            made = self._entered_with(source, block, function) or source
            if made is None or not self._goes_on(made, function, is_fresh=is_fresh):
                return StopLeak(step, _label(step), "StopAsyncIteration", is_certain=True)
        return None

    def leaks_of_expression(self, expression: Scope) -> Iterator[StopLeak]:
        """Yield each step whose end leaves an async generator expression, if there is one."""
        for each in expression.awaits:
            if not isinstance(each, cst.Await):
                continue
            for step in self._steps_in(each.expression, expression):
                source = self._source(step, expression)
                is_fresh = not isinstance(source, cst.Name)
                if source is None or not self._goes_on(source, expression, is_fresh=is_fresh):
                    yield StopLeak(step, _label(step), "StopAsyncIteration", is_certain=True)

    def _steps_in(self, awaited: cst.BaseExpression, scope: Scope) -> Iterator[cst.Call]:
        """Yield the steps without a default that awaiting an expression takes."""
        if not isinstance(awaited, cst.Call):
            return
        if self._is_step(awaited, scope):
            yield awaited
            return
        dotted = self._knowledge.dotted(awaited.func, scope)
        if dotted in tables.WAITERS:
            for each in awaited.args[:1]:
                yield from self._steps_in(each.value, scope)
        elif dotted in _GATHERERS and not any(
            each.keyword is not None and each.keyword.value == "return_exceptions"
            for each in awaited.args
        ):
            for each in awaited.args:
                value = each.value
                if each.star and isinstance(value, (cst.ListComp, cst.GeneratorExp)):
                    value = value.elt
                yield from self._steps_in(value, scope)

    def _is_step(self, call: cst.Call, scope: Scope) -> bool:
        if isinstance(call.func, cst.Attribute) and call.func.attr.value in _STEPS:
            # `athrow` mostly ends in the exception that is thrown.
            return call.func.attr.value != "athrow"
        is_anext = self._knowledge.dotted(call.func, scope) in tables.STEP_FUNCTIONS
        return is_anext and len(call.args) == 1 and not call.args[0].star

    def _source(self, step: cst.Call, scope: Scope) -> cst.BaseExpression | None:
        """Return what a step steps, or what the iterator iterates that it is given."""
        stepped = _stepped(step)
        return self._iterated(stepped, scope) if stepped is not None else None

    def _goes_on(self, source: cst.BaseExpression, scope: Scope, *, is_fresh: bool) -> bool:
        """Return whether a source has an item for a step, as far as is known.

        `is_fresh` says that the step is the first.
        """
        made = self._made(source, scope, _MAX_ALIASES)
        owner = self._knowledge.class_of(made, scope)
        step = self._knowledge.resolver.method(owner, "__anext__") if owner is not None else None
        if step is not None:
            return not _may_stop(step)
        product = self._knowledge.product(made, scope) or self._knowledge.iterator_made(made, scope)
        if product is not None and product.kind is FunctionKind.AGEN:
            if all(not self._may_end(each) for each in product.functions):
                return True
            return is_fresh and all(self._summaries.yields_first(x) for x in product.functions)
        return owner is not None and self._iterators_go_on(owner)

    def _iterators_go_on(self, iterable: Scope) -> bool:
        """Return whether all that the `__aiter__` of a class gives are iterators without an end."""
        method = self._knowledge.resolver.method(iterable, "__aiter__")
        if method is None:
            return False
        given = [each.value for each in method.returns if each.value is not None]
        owners = [self._knowledge.class_of(each, method) for each in given]
        steps = [self._knowledge.resolver.method(x, "__anext__") if x else None for x in owners]
        return bool(steps) and all(each is not None and not _may_stop(each) for each in steps)

    def _is_first(
        self, step: cst.Call, source: cst.Name, block: Block, graph: Graph, scope: Scope
    ) -> bool:
        """Return whether nothing else steps a source between where it is bound and a step."""

        def is_bound(each: Block) -> bool:
            return any(isinstance(x, Bind) and x.name == source.value for x in each.instructions)

        others = {
            each
            for each in graph.reachable()
            if any(x.node is not step and self._steps(x, source, scope) for x in each.instructions)
        }
        return block not in others and not any(
            after is block and not is_bound(after)
            for each in (block, *others)
            for edge in each.edges
            for after, _ in blocks_after(edge, {}, is_bound)
        )

    def _steps(self, instruction: Instruction, source: cst.Name, scope: Scope) -> bool:
        """Return whether an instruction may take an item of a source, by a call or a loop."""
        node = instruction.node
        stepped: cst.BaseExpression | None = None
        if isinstance(instruction, Call) and isinstance(node, cst.Call):
            stepped = self._source(node, scope)
        elif isinstance(instruction, Next) and isinstance(node, (cst.For, cst.CompFor)):
            stepped = self._iterated(node.iter, scope)
        return stepped is not None and is_name(stepped, source.value)

    def _entered_with(
        self, source: cst.BaseExpression | None, block: Block, scope: Scope
    ) -> cst.BaseExpression | None:
        """Return what the manager was made with whose `with` around a block binds a source."""
        for region in reversed(block.regions):
            item = region.node
            if isinstance(item, cst.WithItem) and _binds(item, source):
                manager = item.item
                if isinstance(manager, cst.Call) and not self._gives_another(manager, scope):
                    return manager.args[0].value
        return None

    def _gives_another(self, manager: cst.Call, scope: Scope) -> bool:
        """Return whether entering a manager gives something else than what it was made with."""
        if len(manager.args) != 1:
            return True
        found = self._knowledge.callee(manager.func, scope)
        if found is not None and found.kind is ScopeKind.CLASS:
            found = self._knowledge.resolver.method(found, "__aenter__")
        if found is None:
            return False
        given = [each.value for each in found.yields] + [each.value for each in found.returns]
        return any(
            isinstance(self._made(each, found, 1), (cst.Call, cst.GeneratorExp, cst.Await))
            for each in given
            if isinstance(each, cst.BaseExpression)
        )

    def _may_end(self, function: Scope) -> bool:
        """Return whether control may leave a generator function other than by an exception."""
        graph = self._knowledge.graph(function)
        return graph is None or graph.exits[EdgeKind.RETURN].index in constants(graph)

    def _made(self, source: cst.BaseExpression, scope: Scope, depth: int) -> cst.BaseExpression:
        """Return the expression that made what a source certainly is, or iterates."""
        source = self._iterated(source, scope)
        only = None
        if isinstance(source, cst.Name) and depth:
            only = self._knowledge.resolver.only_value(source.value, scope)
        return self._made(only[0], scope, depth - 1) if only is not None else source

    def _iterated(self, source: cst.BaseExpression, scope: Scope) -> cst.BaseExpression:
        """Return what a source iterates if it is what `aiter` gives, else the source itself."""
        while (inner := self._knowledge.iterated(source, scope)) is not None:
            source = inner
        return source

    def _sync_leak(self, call: cst.Call, block: Block, function: Scope) -> StopLeak | None:
        """Return the leak of a `next(it)` over what certainly ends."""
        if len(call.args) != 1 or not is_name(call.func, "next"):
            return None
        if self._knowledge.dotted(call.func, function) != "builtins.next":
            return None
        source = call.args[0].value
        made = self._made(source, function, 1)
        is_file = isinstance(made, cst.Call) and (
            self._knowledge.dotted(made.func, function) in tables.FILE_READERS
        )
        if not is_file and not self._ends(made, function):
            return None
        is_certain = isinstance(source, cst.Name) and (is_file or _is_in_endless_loop(block))
        if not is_certain and _tells_of_items(made, function):
            return None
        return StopLeak(call, _label(call), "StopIteration", is_certain)

    def _ends(self, made: cst.BaseExpression, scope: Scope) -> bool:
        """Return whether an iterator certainly ends, because what it goes over does."""
        if isinstance(made, cst.GeneratorExp):
            source: cst.BaseExpression = made.for_in.iter
        elif isinstance(made, cst.Call):
            if self._knowledge.dotted(made.func, scope) not in tables.FINITE_ITERATOR_MAKERS:
                product = self._knowledge.product(made, scope)
                return (
                    product is not None
                    and product.kind is FunctionKind.GENERATOR
                    and all(self._may_end(each) for each in product.functions)
                )
            source = made
        else:
            return False
        return not any(
            self._knowledge.dotted(each, scope) in tables.ENDLESS_ITERATORS
            or self._knowledge.is_endless(self._made(each, scope, 2), scope)
            for each in descendants(source)
            if isinstance(each, (cst.Name, cst.Attribute))
        )

    # Waited for in vain

    def wrong_handlers(self, function: Scope) -> Iterator[WrongStop]:
        """Yield each handler for StopIteration around steps of async iterators alone."""
        for each in self._tries(function, "StopIteration"):
            step = self._only_async_step(each, function)
            if step is None:
                continue
            for handler in each.handlers:
                types = self._types(handler, function)
                found = tuple(node for name, node in types if name == _STOP)
                if found and all(name != _ASYNC_STOP for name, _ in types):
                    others = [x for x in each.handlers if x is not handler]
                    verdicts = [self._catches(x, _ASYNC_STOP, function) for x in others]
                    if self._names_async_stop(others, function):
                        continue
                    ends_otherwise = any(verdict is not False for verdict in verdicts)
                    raises_it = self._only_raises_stop(handler, function)
                    yield WrongStop(handler, found, step, ends_otherwise, raises_it)

    def _only_raises_stop(self, handler: cst.ExceptHandler, function: Scope) -> bool:
        statement = statements(handler.body)[0]
        if not isinstance(statement, cst.Raise) or statement.exc is None:
            return False
        raised = statement.exc
        raised = raised.func if isinstance(raised, cst.Call) else raised
        return self._knowledge.dotted(raised, function) == _ASYNC_STOP

    def _names_async_stop(self, handlers: list[cst.ExceptHandler], function: Scope) -> bool:
        names = {name for each in handlers for name, _ in self._types(each, function)}
        return _ASYNC_STOP in names

    def _types(
        self, handler: cst.ExceptHandler, function: Scope
    ) -> list[tuple[str, cst.BaseExpression]]:
        if handler.type is None:
            return []
        types = alternatives(handler.type)
        return [(self._knowledge.dotted(each, function), each) for each in types]

    def _only_async_step(self, node: cst.Try, function: Scope) -> cst.Call | None:
        """Return a step of an async iterator in a `try` that steps no sync one."""
        found: cst.Call | None = None
        for each in own_nodes(node.body):
            if isinstance(each, cst.Name) and each.value == "next":
                return None
            if not isinstance(each, cst.Call):
                continue
            if isinstance(each.func, cst.Attribute) and (
                each.func.attr.value in ("send", "throw", "__next__", "result")
            ):
                return None
            if found is None and self._is_step(each, function):
                found = each
        return found

    def dead_handlers(self, function: Scope) -> Iterator[cst.CSTNode]:
        """Yield each handler for StopAsyncIteration around loops that take it for themselves."""
        if self._knowledge.is_driven_as_context_manager(function):
            return
        for each in self._tries(function, "StopAsyncIteration"):
            if not self._only_loops(each, function):
                continue
            for handler in each.handlers:
                types = self._types(handler, function)
                if types and all(name == _ASYNC_STOP for name, _ in types):
                    yield handler

    def _only_loops(self, node: cst.Try, function: Scope) -> bool:
        """Return whether a `try` has an async loop, and nothing that may raise a stop itself."""
        has_loop = False
        for each in own_nodes(node.body):
            if isinstance(each, cst.Raise) or (
                isinstance(each, cst.With) and each.asynchronous is not None
            ):
                return False
            if isinstance(each, (cst.For, cst.CompFor)) and each.asynchronous is not None:
                has_loop = True
            elif isinstance(each, cst.Await):
                awaited = each.expression
                called = awaited.func if isinstance(awaited, cst.Call) else awaited
                if self._knowledge.dotted(called, function) not in _SLEEPS:
                    return False
            elif isinstance(each, cst.Call) and self._may_carry_a_stop(each, function):
                return False
        return has_loop

    def _may_carry_a_stop(self, call: cst.Call, function: Scope) -> bool:
        if isinstance(call.func, cst.Attribute):
            method = call.func.attr.value
            if method in _MAY_CARRY_A_STOP or method in _STEPS:
                return True
        elif self._is_step(call, function):
            return True
        return last_name(call.func) in self._stopping

    @cached_property
    def _stopping(self) -> frozenset[str]:
        """The names of the module's functions that speak of StopAsyncIteration."""
        functions = self._knowledge.outline.functions()
        return frozenset(x.name for x in functions if "StopAsyncIteration" in x.loads)

    def _tries(self, function: Scope, name: str) -> Iterator[cst.Try]:
        if name not in function.loads or not isinstance(function.node, cst.FunctionDef):
            return
        for each in own_nodes(function.node.body):
            if isinstance(each, cst.Try):
                yield each


def _tells_of_items(made: cst.BaseExpression, function: Scope) -> bool:
    """Return whether a test of the function looks whether there is something to iterate."""
    if isinstance(made, cst.GeneratorExp) and made.for_in.ifs:
        return False
    named = {
        dotted_name(each)
        for each in descendants(made)
        if isinstance(each, (cst.Name, cst.Attribute))
    }
    return any(
        dotted_name(each) in named
        for node in descendants(function.node)
        if isinstance(node, (cst.If, cst.While, cst.IfExp, cst.Assert))
        for each in _asked_of(node.test)
    )


def _asked_of(test: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    """Yield what a test takes for true or false, or the length of."""
    if isinstance(test, cst.BooleanOperation):
        yield from _asked_of(test.left)
        yield from _asked_of(test.right)
    elif isinstance(test, cst.UnaryOperation):
        yield from _asked_of(test.expression)
    elif isinstance(test, cst.Comparison):
        for each in (test.left, *(part.comparator for part in test.comparisons)):
            yield from _asked_of(each) if isinstance(each, cst.Call) else ()
    elif isinstance(test, cst.NamedExpr):
        yield from _asked_of(test.value)
    elif isinstance(test, cst.Call) and is_name(test.func, "len") and len(test.args) == 1:
        yield test.args[0].value
    elif isinstance(test, (cst.Name, cst.Attribute)):
        yield test


def _handler_around(block: Block) -> cst.ExceptHandler | None:
    for region in reversed(block.regions):
        if region.kind is RegionKind.HANDLER:
            return region.handler if isinstance(region.handler, cst.ExceptHandler) else None
    return None


def _may_return(block: Block) -> bool:
    """Return whether a `return` may stand in a block, and swallows nothing there."""
    return not any(
        each.kind is RegionKind.FINALLY or isinstance(each.handler, cst.ExceptStarHandler)
        for each in block.regions
    )


def _guards_its_yield(function: Scope) -> bool:
    """Return whether a context manager's generator handles what comes in at its `yield`."""
    return any(
        isinstance(each, (cst.With, cst.TryStar)) or (isinstance(each, cst.Try) and each.handlers)
        for each in own_nodes(function.node)
    )


def _stepped(step: cst.Call) -> cst.BaseExpression | None:
    """Return the iterator that a step steps."""
    if isinstance(step.func, cst.Attribute) and step.func.attr.value in _STEPS:
        return step.func.value
    return step.args[0].value if step.args else None


def _binds(item: cst.WithItem, source: cst.BaseExpression | None) -> bool:
    name = item.asname.name if item.asname is not None else None
    return (
        isinstance(name, cst.Name) and isinstance(source, cst.Name) and name.value == source.value
    )


def _label(step: cst.Call) -> str:
    source = _stepped(step)
    name = dotted_name(source) if source is not None else ""
    if isinstance(step.func, cst.Attribute) and step.func.attr.value in _STEPS:
        return f"{name or '...'}.{step.func.attr.value}()"
    return f"{dotted_name(step.func)}({name or '...'})"


def _may_stop(step: Scope) -> bool:
    """Return whether an `__anext__` method may raise StopAsyncIteration, itself or by a step."""
    for each in step.descendants():
        if "StopAsyncIteration" in each.loads or "anext" in each.loads:
            return True
        if any(
            isinstance(call.func, cst.Attribute) and call.func.attr.value in _STEPS
            for call in each.calls
        ):
            return True
    return False


def _is_in_endless_loop(block: Block) -> bool:
    """Return whether the innermost loop around a block is `while True`."""
    for region in reversed(block.regions):
        if region.kind is RegionKind.LOOP:
            node = region.node
            return isinstance(node, cst.While) and dotted_name(node.test) == "True"
    return False
