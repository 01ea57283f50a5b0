"""Facts: what the analysis knows of a module, in the words of the domain, computed when asked.

This is all that rules read. Nodes in facts are opaque anchors: a rule passes them on to findings
and to fix plans, and never looks inside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import libcst as cst

from asyncgen_lint.flow.dump import dot
from asyncgen_lint.flow.graph import Bind, Discard, Edge, EdgeKind, Graph, RegionKind, Yield
from asyncgen_lint.names import tables
from asyncgen_lint.names.resolve import Resolver
from asyncgen_lint.names.scopes import (
    BindingKind,
    Outline,
    Scope,
    ScopeKind,
    dotted_name,
    outline,
)
from asyncgen_lint.rule import Node, Step
from asyncgen_lint.source.parse import Parsed
from asyncgen_lint.source.walk import children, descendants
from asyncgen_lint.typestate.cancel_scope import CancelScopes
from asyncgen_lint.typestate.cleanup import Verdict
from asyncgen_lint.typestate.closing import Closing
from asyncgen_lint.typestate.explain import Explainer, Explanation
from asyncgen_lint.typestate.knowledge import FunctionKind, Knowledge, mentions_annotation
from asyncgen_lint.typestate.release import skipped_releases
from asyncgen_lint.typestate.state import SiteKind
from asyncgen_lint.typestate.summary import Summaries
from asyncgen_lint.typestate.track import Leak, Tracking


@dataclass(frozen=True)
class LeftOpen:
    """A generator that needs closing and is left suspended on some path.

    `header` is where the report goes: the loop or the stepping call. `exit` names what leaves it
    (`break`, `return`, `raise`, `the end`); `is_delegation` says that it is the closing of the
    function's own generator, at a `yield`. `is_certain` says that no exception need be assumed.
    """

    label: str
    header: Node
    creation: Node
    function: Scope
    exit: str
    is_loop: bool
    is_delegation: bool
    is_temporary: bool
    is_certain: bool
    path: tuple[Step, ...]


@dataclass(frozen=True)
class NeverIterated:
    """A call of an async generator function whose result nothing uses."""

    label: str
    call: Node
    name: str


@dataclass(frozen=True)
class UnawaitedStep:
    """A call of a generator's method that nothing awaits.

    `method` is `aclose`, `asend`, ...; `used_as_item` says that the awaitable is used as if it
    were the item. `is_statement` says that the result is dropped where it is made.
    """

    method: str
    call: Node
    is_statement: bool
    used_as_item: bool


@dataclass(frozen=True)
class YieldedCoroutine:
    """A `yield` of a coroutine that no consumer in view awaits."""

    label: str
    at: Node
    call: Node


@dataclass(frozen=True)
class YieldAfterClose:
    """A `yield` that is reached after the generator was told to close."""

    at: Node
    in_finally_of_error: bool
    path: tuple[Step, ...]


@dataclass(frozen=True)
class YieldInScope:
    """A `yield` inside a cancel scope or task group, called `scope`."""

    at: Node
    scope: str
    path: tuple[Step, ...]


@dataclass(frozen=True)
class ExitSwallowed:
    """A handler that absorbs GeneratorExit.

    `swallows_cancellation` says that no work follows, but that a cancellation is lost with it;
    `falls_through` that the handler's last statement is no jump.
    """

    handler: Node
    swallows_cancellation: bool
    falls_through: bool
    path: tuple[Step, ...]


@dataclass(frozen=True)
class GeneratorAwaited:
    """An `await` of an async generator; `is_iterated` if it stands in the header of a loop."""

    label: str
    at: Node
    is_iterated: bool


@dataclass(frozen=True)
class CoroutineIterated:
    """An `async for` over a coroutine; `gives_iterable` if awaiting it gives what was meant."""

    label: str
    header: Node
    source: Node
    gives_iterable: bool


@dataclass(frozen=True)
class ReleaseSkipped:
    """A release behind the `yield` of a context manager that a failing body skips."""

    at: Node
    release: str
    path: tuple[Step, ...]


class Facts:
    """Everything that rules may ask about one module."""

    def __init__(self, parsed: Parsed, target_version: tuple[int, int]) -> None:
        self.parsed = parsed
        self.target_version = target_version

    # Structure, for the engine and for plans

    @cached_property
    def outline(self) -> Outline:
        """The module's scopes."""
        return outline(self.parsed.module)

    @cached_property
    def _knowledge(self) -> Knowledge:
        return Knowledge(self.outline)

    @cached_property
    def resolver(self) -> Resolver:
        """What the module's names refer to."""
        return self._knowledge.resolver

    @cached_property
    def _summaries(self) -> Summaries:
        return Summaries(self._knowledge)

    @cached_property
    def _parents(self) -> dict[cst.CSTNode, cst.CSTNode]:
        parents: dict[cst.CSTNode, cst.CSTNode] = {}
        for node in descendants(self.parsed.module):
            for child in children(node):
                parents[child] = node
        return parents

    @cached_property
    def _statement_numbers(self) -> dict[cst.CSTNode, int]:
        return {node: number for number, node in enumerate(self.parsed.module.body)}

    def parent(self, node: Node) -> Node | None:
        """Return the node around a node; None for the module."""
        return self._parents.get(node)

    def statement_of(self, node: Node) -> int:
        """Return the number of the module-level statement that holds the node."""
        current = node
        while current not in self._statement_numbers:
            current = self._parents[current]
        return self._statement_numbers[current]

    def extent_of(self, node: Node) -> tuple[Node, Node | None]:
        """Return the first and last node of what a report underlines: a header, not its body.

        The last is None where the header is a keyword alone: a bare `except`.
        """
        if isinstance(node, (cst.For, cst.CompFor)):
            return node, node.iter
        if isinstance(node, cst.With):
            return node, node.items[-1]
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            return node, node.name
        if isinstance(node, (cst.ExceptHandler, cst.ExceptStarHandler)):
            return node, node.name or node.type
        return node, node

    def header_of(self, node: Node) -> tuple[Node, Node | None]:
        """Return the first and last node of the logical line where `# noqa` may stand.

        The last is None where the line is a keyword alone.
        """
        current = node
        while not isinstance(current, _LINES):
            parent = self._parents.get(current)
            if parent is None:
                return node, node
            current = parent
        if isinstance(current, cst.SimpleStatementLine):
            return current, current
        if isinstance(current, (cst.If, cst.While)):
            return current, current.test
        if isinstance(current, cst.FunctionDef):
            return current, current.returns or current.params or current.name
        return self.extent_of(current)

    def headline_of(self, node: Node) -> tuple[Node, Node | None]:
        """Return what `extent_of` does, of a function or class with its parameters or bases."""
        is_definition = isinstance(node, (cst.FunctionDef, cst.ClassDef))
        return self.header_of(node) if is_definition else self.extent_of(node)

    # For a reader who asks why

    def explain(self, on_line: Callable[[Node], bool]) -> Explanation:
        """Return all that is known of the nodes for which `on_line` holds."""
        return Explainer(self._knowledge, self._summaries, label_of).explain(on_line)

    def function_around(self, surrounds: Callable[[Node], bool]) -> Scope:
        """Return the innermost function for whose node `surrounds` holds, else the module."""
        around = [each for each in self.outline.functions() if surrounds(each.node)]
        return around[-1] if around else self.outline.module

    def dot(self, function: Scope, line_of: Callable[[Node], int]) -> str | None:
        """Return a function's graph in Graphviz's language; None if it is too complex."""
        graph = self._graph(function)
        return dot(graph, function.qualname or "module", line_of) if graph is not None else None

    # Generators left open

    @cached_property
    def left_open(self) -> tuple[LeftOpen, ...]:
        """Each generator that is left open, with a path that shows it; once per step."""
        found = []
        for function, tracking in self._tracked():
            seen: set[tuple[Node, str]] = set()
            for leak in tracking.leaks():
                fact = self._left_open(function, tracking, leak, seen)
                if fact is not None:
                    found.append(fact)
        return tuple(found)

    def _tracked(self) -> Iterator[tuple[Scope, Tracking]]:
        for function in self.outline.functions():
            if not self._knowledge.may_create_generators(function):
                continue
            tracking = self._summaries.tracking(function)
            if tracking is not None and tracking.sites:
                yield function, tracking

    def _left_open(
        self, function: Scope, tracking: Tracking, leak: Leak, seen: set[tuple[Node, str]]
    ) -> LeftOpen | None:
        is_delegation = EdgeKind.GENERATOR_EXIT in (leak.exit, leak.left)
        step = self._first_step(function, leak)
        key = (step, "delegation" if is_delegation else "exit")
        if key in seen:
            return None
        needs_close = self._summaries.site_needs_close(leak.site)
        if needs_close.verdict is not Verdict.YES or needs_close.reason is None:
            return None
        witness = tracking.witness(leak)
        if witness is None:
            return None
        seen.add(key)
        jump = _last_jump(witness)
        exit_text = _exit_text(jump)
        label = label_of(leak.site.node)
        left_at = jump.node if jump is not None and jump.node is not None else leak.place
        reason = needs_close.reason
        path = (
            Step(f"`{label}` is created here", leak.site.node),
            Step(f"it needs closing: it can be suspended here, {reason.text}", reason.at),
            Step(f"{exit_text} leaves it suspended", left_at),
        )
        return LeftOpen(
            label=label,
            header=step,
            creation=leak.site.node,
            function=function,
            exit=exit_text,
            is_loop=isinstance(leak.step, (cst.For, cst.CompFor)),
            is_delegation=is_delegation,
            is_temporary=leak.is_temporary and _is_iterated_in_place(leak),
            is_certain=leak.is_certain,
            path=path,
        )

    def _first_step(self, function: Scope, leak: Leak) -> Node:
        """Return the loop, or the first of the calls that step the same named generator."""
        if not isinstance(leak.step, cst.Call):
            return leak.step
        stepped = _stepped_name(leak.step)
        for call in function.calls:
            is_step = self._step_method(call, function) not in ("", "aclose")
            if is_step and stepped and _stepped_name(call) == stepped:
                return call
        return leak.step

    def is_driven_as_context_manager(self, function: Scope) -> bool:
        """Return whether the function's exceptions come in at its `yield`, and no GeneratorExit."""
        return self._knowledge.is_driven_as_context_manager(function)

    def has_unknown_decorator(self, function: Scope) -> bool:
        """Return whether a decorator may change how the function is called or driven."""
        return self._knowledge.has_unknown_decorator(function)

    # Generators never iterated

    def never_iterated(self) -> Iterator[NeverIterated]:
        """Yield each call of an async generator function whose result is dropped or never read."""
        for scope in (self.outline.module, *self.outline.functions()):
            graph = self._graph(scope)
            if graph is None:
                continue
            seen: set[Node] = set()
            for block in graph.blocks:
                for each in block.instructions:
                    if isinstance(each, (Discard, Bind)) and each.node not in seen:
                        seen.add(each.node)
                        fact = self._never_iterated(scope, each)
                        if fact is not None:
                            yield fact

    def _never_iterated(self, scope: Scope, instruction: Discard | Bind) -> NeverIterated | None:
        if isinstance(instruction, Discard):
            if not isinstance(instruction.node, cst.Expr):
                return None
            call, name = instruction.node.value, ""
        else:
            found = self._unread_value(scope, instruction)
            if found is None:
                return None
            call, name = found, instruction.name
        product = self._knowledge.product(call, scope)
        if product is None or product.kind is not FunctionKind.AGEN:
            return None
        if not isinstance(call, cst.Call) or not all(
            self._can_yield(each) for each in product.functions
        ):
            return None
        return NeverIterated(label_of(call), call, name)

    def _unread_value(self, scope: Scope, instruction: Bind) -> cst.BaseExpression | None:
        """Return the value of a local name that nothing ever reads."""
        if scope.kind is not ScopeKind.FUNCTION:
            return None
        name = instruction.name
        bindings = scope.bindings.get(name, [])
        if len(bindings) != 1 or bindings[0].kind is not BindingKind.VALUE:
            return None
        if any(
            name in each.loads or name in each.declared_nonlocal for each in scope.descendants()
        ):
            return None
        if not isinstance(self._parents[instruction.node], (cst.AssignTarget, cst.AnnAssign)):
            # A walrus has a value of its own beside the name.
            return None
        return bindings[0].value

    def _can_yield(self, function: Scope) -> bool:
        """Return whether a function has a `yield` that control can reach."""
        graph = self._graph(function)
        return graph is not None and any(
            isinstance(each, Yield) for each in _reachable_instructions(graph)
        )

    # Steps that nothing awaits

    def unawaited_steps(self) -> Iterator[UnawaitedStep]:
        """Yield each step or close of a generator, in an async def, that nothing awaits."""
        for function in self.outline.functions():
            if not function.is_async:
                continue
            for call in function.calls:
                method = self._step_method(call, function)
                if method:
                    yield from self._unawaited(method, call, function)

    def _step_method(self, call: cst.Call, scope: Scope) -> str:
        if self._knowledge.dotted(call.func, scope) == "builtins.anext":
            return "anext"
        if not isinstance(call.func, cst.Attribute):
            return ""
        method = call.func.attr.value
        if method != "aclose" and method not in tables.STEP_METHODS:
            return ""
        return method if self._knowledge.is_async_generator(call.func.value, scope) else ""

    def _unawaited(self, method: str, call: cst.Call, function: Scope) -> Iterator[UnawaitedStep]:
        parent = self._parents[call]
        if isinstance(parent, cst.Expr):
            yield UnawaitedStep(method, call, is_statement=True, used_as_item=False)
        elif self._is_item_use(call) or self._is_kept_as_item(parent, function):
            yield UnawaitedStep(method, call, is_statement=False, used_as_item=True)

    def _is_kept_as_item(self, parent: cst.CSTNode, function: Scope) -> bool:
        """Return whether a name gets the awaitable, and is then only used as an item."""
        if not isinstance(parent, cst.Assign) or len(parent.targets) != 1:
            return False
        target = parent.targets[0].target
        if not isinstance(target, cst.Name) or len(function.bindings[target.value]) != 1:
            return False
        inner = [each for each in function.descendants() if each is not function]
        if any(target.value in each.loads for each in inner):
            return False
        loads = function.loads.get(target.value, [])
        return bool(loads) and all(self._is_item_use(each) for each in loads)

    def _is_item_use(self, node: cst.CSTNode) -> bool:
        parent = self._parents[node]
        if isinstance(parent, (cst.ComparisonTarget, cst.BinaryOperation, cst.Subscript)):
            return not isinstance(parent, cst.Subscript) or parent.value is node
        if isinstance(parent, cst.Comparison):
            return not any(
                isinstance(each.operator, (cst.Is, cst.IsNot)) for each in parent.comparisons
            )
        if isinstance(parent, cst.UnaryOperation):
            return True
        if isinstance(parent, (cst.If, cst.While, cst.IfExp)):
            return parent.test is node and isinstance(node, cst.Call)
        if isinstance(parent, cst.Attribute):
            return parent.attr.value not in _AWAITABLE_METHODS
        return False

    # Coroutines where items are expected, and the reverse

    def yielded_coroutines(self) -> Iterator[YieldedCoroutine]:
        """Yield each `yield` of a certain coroutine that was not meant to be awaited later."""
        for function in self._plain_generators():
            if mentions_annotation(function, tables.AWAITABLE_ANNOTATIONS):
                continue
            if self._is_handed_on(function):
                continue
            for each in function.yields:
                if each.value is None or isinstance(each.value, cst.From):
                    continue
                product = self._knowledge.product(each.value, function)
                if product is None or product.kind is not FunctionKind.COROUTINE:
                    continue
                if isinstance(each.value, cst.Call) and not self._items_are_awaited(function):
                    yield YieldedCoroutine(label_of(each.value), each, each.value)

    def _is_handed_on(self, function: Scope) -> bool:
        """Return whether a function is used as a value, so that its callers are not all in view."""
        return any(
            not (isinstance(parent, cst.Call) and parent.func is node)
            for scope in self.outline.module.descendants()
            for node in scope.loads.get(function.name, ())
            if (parent := self._parents[node]) is not None
        )

    def _plain_generators(self) -> Iterator[Scope]:
        """Yield the async generator functions that are driven by iteration, as far as in view."""
        for function in self.outline.functions():
            if self._knowledge.body_kind(function) is not FunctionKind.AGEN:
                continue
            if self._knowledge.has_unknown_decorator(function):
                continue
            if not self._knowledge.is_driven_as_context_manager(function):
                yield function

    def _is_iterated_or_loops(self, function: Scope) -> bool:
        """Return whether a generator cannot be a dependency or a lifespan of a framework.

        Those yield once, outside of loops, and nothing in their own module iterates them.
        """
        graph = self._graph(function)
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
        return any(
            product is not None and function in product.functions
            for product in (
                self._knowledge.product(loop.iter, scope) for loop, scope in self._async_loops()
            )
        )

    def _items_are_awaited(self, function: Scope) -> bool:
        """Return whether some consumer in view awaits the items, or hands them on."""
        for loop, scope in self._async_loops():
            product = self._knowledge.product(loop.iter, scope)
            if product is None or function not in product.functions:
                continue
            if not isinstance(loop.target, cst.Name):
                return True
            around = loop if isinstance(loop, cst.For) else self._comprehension_of(loop)
            for node in descendants(around):
                if isinstance(node, cst.Name) and node.value == loop.target.value:
                    is_handed_on = isinstance(
                        self._parents[node], (cst.Await, cst.Arg, cst.Element)
                    )
                    if is_handed_on and not self._is_argument_of_builtin(node, scope):
                        return True
        return False

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

    def _async_loops(self) -> Iterator[tuple[cst.For | cst.CompFor, Scope]]:
        """Yield every `async for`, with the scope that its iterable is evaluated in."""
        for scope in self.outline.module.descendants():
            for node in scope.awaits:
                if isinstance(node, (cst.For, cst.CompFor)):
                    is_first = isinstance(node, cst.CompFor) and not isinstance(
                        self._parents[node], cst.CompFor
                    )
                    yield node, (scope.parent or scope) if is_first else scope

    def generators_awaited(self) -> Iterator[GeneratorAwaited]:
        """Yield each `await` whose operand certainly is an async generator."""
        for scope in self.outline.module.descendants():
            for node in scope.awaits:
                if not isinstance(node, cst.Await):
                    continue
                product = self._knowledge.product(node.expression, scope)
                if product is None or product.kind is not FunctionKind.AGEN:
                    continue
                parent = self._parents[node]
                is_iterated = isinstance(parent, (cst.For, cst.CompFor)) and parent.iter is node
                yield GeneratorAwaited(label_of(node.expression), node, is_iterated)

    def coroutines_iterated(self) -> Iterator[CoroutineIterated]:
        """Yield each `async for` whose iterable certainly is a coroutine."""
        for loop, scope in self._async_loops():
            product = self._knowledge.product(loop.iter, scope)
            if product is None or product.kind is not FunctionKind.COROUTINE:
                continue
            awaited = product.awaited
            gives_iterable = (awaited is not None and awaited.kind is FunctionKind.AGEN) or all(
                mentions_annotation(each, tables.ASYNC_ITERABLE_ANNOTATIONS)
                for each in product.functions
            )
            yield CoroutineIterated(label_of(loop.iter), loop, loop.iter, gives_iterable)

    # Yields in the wrong place, and swallowed exceptions

    def yields_after_close(self) -> Iterator[YieldAfterClose]:
        """Yield each `yield` that is reached after GeneratorExit, in a plain generator."""
        for _, closing in self._closings():
            for each in closing.yields_after_exit():
                path = [Step("GeneratorExit comes in at this `yield`", each.after)]
                if each.handler is not None:
                    path.append(Step("this handler absorbs it", each.handler))
                path.append(Step("and the generator yields again", each.at))
                yield YieldAfterClose(each.at, each.is_pending_error, tuple(path))

    def exits_swallowed(self) -> Iterator[ExitSwallowed]:
        """Yield each handler that absorbs GeneratorExit, in a plain generator."""
        for function, closing in self._closings():
            if not self._is_iterated_or_loops(function):
                continue
            for each in closing.swallowed_exits():
                path = [
                    Step("GeneratorExit comes in at this `yield`", each.at),
                    Step("this handler absorbs it", each.handler),
                ]
                if each.effect is not None:
                    path.append(Step("and this runs although the consumer has left", each.effect))
                yield ExitSwallowed(
                    each.handler, each.effect is None, each.falls_through, tuple(path)
                )

    def _closings(self) -> Iterator[tuple[Scope, Closing]]:
        for function in self._plain_generators():
            graph = self._graph(function)
            if graph is not None:
                yield function, Closing(graph, function, self._summaries.cleanup)

    def yields_in_scopes(self) -> Iterator[YieldInScope]:
        """Yield each `yield` of a plain generator inside a cancel scope or task group."""
        for function in self._plain_generators():
            if not self._is_iterated_or_loops(function):
                continue
            for at, name, opened in self._cancel_scopes.open_at_yields(function):
                path = (
                    Step(f"`{name}` is entered here", opened),
                    Step("and is still open at this `yield`", at),
                )
                yield YieldInScope(at, name, path)

    @cached_property
    def _cancel_scopes(self) -> CancelScopes:
        return CancelScopes(self._knowledge)

    # Context managers

    def releases_skipped(self) -> Iterator[ReleaseSkipped]:
        """Yield each `yield` of a context manager behind which a release is skipped on failure."""
        for function in self.outline.functions():
            if self._knowledge.body_kind(function) is not FunctionKind.AGEN:
                continue
            if not self._knowledge.is_driven_as_context_manager(function):
                continue
            graph = self._graph(function)
            if graph is None:
                continue
            for each in skipped_releases(graph, function):
                path = (
                    Step("it is acquired here", each.acquired),
                    Step("an exception of the body comes in at this `yield`", each.at),
                    Step("so that this is not reached", each.release),
                )
                yield ReleaseSkipped(each.at, each.text, path)

    # Sources that somebody else owns

    def delegations_to_foreign_sources(self) -> Iterator[tuple[Node, str]]:
        """Yield each loop that re-yields from a parameter and never closes it, with its name."""
        for function in self._plain_generators():
            graph = self._graph(function)
            if graph is None:
                continue
            for loop in self._yielding_loops(graph):
                if isinstance(loop, cst.For) and isinstance(loop.iter, cst.Name):
                    name = loop.iter.value
                    kinds = {each.kind for each in function.bindings.get(name, [])}
                    if kinds == {BindingKind.PARAMETER} and not _is_used_in_a_call(function, name):
                        yield loop, name

    def _yielding_loops(self, graph: Graph) -> Iterator[Node]:
        seen: set[Node] = set()
        for block in graph.blocks:
            if any(isinstance(each, Yield) for each in block.instructions):
                for region in block.regions:
                    is_async_loop = region.kind is RegionKind.LOOP and region.is_async
                    if is_async_loop and region.node not in seen:
                        seen.add(region.node)
                        yield region.node

    def returned_generator_expressions(self) -> Iterator[tuple[Node, str]]:
        """Yield each generator expression that is returned over a source that needs closing."""
        for _, tracking in self._tracked():
            for node, site in tracking.sites.items():
                if site.kind is not SiteKind.EXPRESSION or len(site.sources) != 1:
                    continue
                if not isinstance(self._parents[node], (cst.Return, cst.Yield)):
                    continue
                (source,) = site.sources
                if self._summaries.site_needs_close(source).verdict is Verdict.YES:
                    yield node, label_of(source.node)

    def _graph(self, scope: Scope) -> Graph | None:
        return self._knowledge.graph(scope)


_AWAITABLE_METHODS = frozenset(
    {"send", "throw", "close", "__await__", "cancel", "add_done_callback"}
)


def _is_used_in_a_call(function: Scope, name: str) -> bool:
    """Return whether a call gets the named object, or calls a method of it."""
    for call in function.calls:
        parts = [each.value for each in call.args]
        if isinstance(call.func, cst.Attribute):
            parts.append(call.func.value)
        if any(isinstance(each, cst.Name) and each.value == name for each in parts):
            return True
    return False


_LINES = (
    cst.SimpleStatementLine,
    cst.For,
    cst.With,
    cst.If,
    cst.While,
    cst.FunctionDef,
    cst.ClassDef,
    cst.ExceptHandler,
    cst.ExceptStarHandler,
)


def label_of(node: Node) -> str:
    """Return what a message calls the generator made at a node: `rows()`."""
    if isinstance(node, cst.Call):
        return f"{_short_name(node.func)}()"
    if isinstance(node, cst.Attribute):
        return _short_name(node)
    return "the generator expression"


def _stepped_name(call: cst.Call) -> str:
    """Return the name of the generator that a stepping call steps, if it has one."""
    if isinstance(call.func, cst.Attribute):
        return dotted_name(call.func.value)
    return dotted_name(call.args[0].value) if call.args else ""


def _short_name(node: cst.BaseExpression) -> str:
    return dotted_name(node) or (node.attr.value if isinstance(node, cst.Attribute) else "the call")


def _reachable_instructions(graph: Graph) -> Iterator[object]:
    seen = {graph.entry.index}
    pending = [graph.entry]
    while pending:
        block = pending.pop()
        yield from block.instructions
        for edge in block.edges:
            if edge.target.index not in seen:
                seen.add(edge.target.index)
                pending.append(edge.target)


def _last_jump(path: list[Edge]) -> Edge | None:
    for edge in reversed(path):
        if edge.node is not None and edge.kind in _JUMPS:
            return edge
    return None


_JUMPS = {
    EdgeKind.BREAK: "`break`",
    EdgeKind.RETURN: "`return`",
    EdgeKind.RAISE: "`raise`",
    EdgeKind.GENERATOR_EXIT: "closing at this `yield`",
}


def _exit_text(jump: Edge | None) -> str:
    return _JUMPS[jump.kind] if jump is not None else "the end of the statement"


def _is_iterated_in_place(leak: Leak) -> bool:
    return isinstance(leak.step, cst.For) and leak.step.iter is leak.site.node
