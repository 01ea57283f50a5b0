"""Facts: what the analysis knows of a module, in the words of the domain, computed when asked.

This is all that rules read. Nodes in facts are opaque anchors: a rule passes them on to findings
and to fix plans, and never looks inside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import libcst as cst

from asyncgen_lint.facts.found import (
    AclosingMisused,
    AmbientAtYield,
    AsyncAiterMethod,
    AsyncStubOfIterator,
    BodyErrorSwallowed,
    BrokenAnextMethod,
    CleanupDead,
    ClosedInOtherTask,
    CloseSkipped,
    ConcurrentStep,
    CoroutineIterated,
    DelegationRefused,
    DependencyIterated,
    EarlySend,
    ExitSwallowed,
    FunctionNotCalled,
    GeneratorAwaited,
    GeneratorCached,
    GeneratorEntered,
    GeneratorShared,
    GeneratorTested,
    ItemReused,
    IteratorWithoutAclose,
    KindChanged,
    LeftOpen,
    LoopClosedEarly,
    ManagerMisused,
    NeverIterated,
    NeverYielded,
    NextInThread,
    ReleaseNeverStarted,
    ReleaseSkipped,
    ResourceEscapes,
    SecondPass,
    SendDiscarded,
    SteppedInOtherTask,
    StepShared,
    StoredOpen,
    StreamLeftOpen,
    SyncMethodCalled,
    TaskOutlives,
    TestThatYields,
    TimedStep,
    UnawaitedStep,
    UnshieldedCleanup,
    WrappedCall,
    WronglyDecorated,
    WronglyEntered,
    WrongReturnAnnotation,
    WrongUse,
    YieldAfterClose,
    YieldedCoroutine,
    YieldedTwice,
    YieldHoldingLock,
    YieldInScope,
)
from asyncgen_lint.flow.graph import (
    Argument,
    Bind,
    Discard,
    Edge,
    EdgeKind,
    Graph,
    RegionKind,
    Yield,
)
from asyncgen_lint.names import tables
from asyncgen_lint.names.known import NO_EXTENSIONS, Extensions, Known
from asyncgen_lint.names.resolve import Resolver
from asyncgen_lint.names.scopes import (
    BindingKind,
    Outline,
    Scope,
    ScopeKind,
    dotted_name,
    is_name,
    last_name,
    outline,
)
from asyncgen_lint.rule import Node, Step
from asyncgen_lint.source.header import extent_of, header_of
from asyncgen_lint.source.parse import DELEGATION_SINCE, Parsed
from asyncgen_lint.source.span import Position, Span
from asyncgen_lint.source.walk import (
    descendants,
    parents,
)
from asyncgen_lint.typestate.ambient import AmbientStates
from asyncgen_lint.typestate.annotations import is_plain_value, yielded_from
from asyncgen_lint.typestate.calls import parameter_of
from asyncgen_lint.typestate.cancel_scope import CancelScopes
from asyncgen_lint.typestate.cleanup import Verdict
from asyncgen_lint.typestate.closing import Closing
from asyncgen_lint.typestate.concurrent import concurrent_steps
from asyncgen_lint.typestate.consumers import Consumers
from asyncgen_lint.typestate.delegation import mere_delegations
from asyncgen_lint.typestate.dependencies import iterated_dependencies
from asyncgen_lint.typestate.entered import Entered
from asyncgen_lint.typestate.entering import Entering
from asyncgen_lint.typestate.error_only import (
    DeadHandler,
    ErrorOnly,
    ReleaseForErrors,
    dead_handlers,
)
from asyncgen_lint.typestate.escaping import Escaping
from asyncgen_lint.typestate.event_loops import EventLoops
from asyncgen_lint.typestate.foreign_sources import ForeignSources
from asyncgen_lint.typestate.held import HeldResources, Locks
from asyncgen_lint.typestate.knowledge import (
    FunctionKind,
    Knowledge,
    mentions_annotation,
)
from asyncgen_lint.typestate.lost_exceptions import (
    JumpInFinally,
    LostExceptions,
    Suppressed,
    Swallowed,
)
from asyncgen_lint.typestate.manager_decorators import wrong_decorators
from asyncgen_lint.typestate.managers import Entry, Managers
from asyncgen_lint.typestate.misapplied import CallOnly, Misapplied
from asyncgen_lint.typestate.misuse import Misuse, Misused
from asyncgen_lint.typestate.objects import ASYNC_METHODS, Objects
from asyncgen_lint.typestate.openings import OpenAtYield
from asyncgen_lint.typestate.other_task import OtherTask
from asyncgen_lint.typestate.passes import early_sends, second_passes
from asyncgen_lint.typestate.protocol import IteratorProtocol
from asyncgen_lint.typestate.refused import delegations, returned_values
from asyncgen_lint.typestate.release import SkippedRelease, skipped_releases
from asyncgen_lint.typestate.replay import Replays
from asyncgen_lint.typestate.reused import ReusedItems
from asyncgen_lint.typestate.sharing import Sharing
from asyncgen_lint.typestate.shielding import Shielding, uses_anyio_or_trio
from asyncgen_lint.typestate.state import SiteKind
from asyncgen_lint.typestate.steps import Steps, stepped_name
from asyncgen_lint.typestate.stops import StopLeak, StopRaised, Stops, WrongStop
from asyncgen_lint.typestate.stored import StoredGenerators
from asyncgen_lint.typestate.streams import open_streams
from asyncgen_lint.typestate.summary import Summaries
from asyncgen_lint.typestate.suspension import busy_loops
from asyncgen_lint.typestate.tasks import outliving_tasks
from asyncgen_lint.typestate.tests_that_yield import tests_that_yield
from asyncgen_lint.typestate.threads import Threads
from asyncgen_lint.typestate.timeouts import timed_steps
from asyncgen_lint.typestate.track import Leak, Tracking
from asyncgen_lint.typestate.unstarted import late_owners
from asyncgen_lint.typestate.uses import Uses
from asyncgen_lint.typestate.way_out import CLOSED, FAILED_BODY

if TYPE_CHECKING:
    from pathlib import Path

    from asyncgen_lint.project.program import Program
    from asyncgen_lint.typestate.explain import Explanation

_AWAITABLE_METHODS = frozenset(
    {"send", "throw", "close", "__await__", "cancel", "add_done_callback"}
)

_ENTRIES = {
    Entry.CLOSING: "closing",
    Entry.ASYNC_CLOSING: "async closing",
    Entry.SYNC_ACLOSING: "with aclosing",
    Entry.SYNC_GENERATOR: "with",
}

_JUMPS = {
    EdgeKind.BREAK: "`break`",
    EdgeKind.RETURN: "`return`",
    EdgeKind.RAISE: "`raise`",
    EdgeKind.GENERATOR_EXIT: "closing at this `yield`",
    EdgeKind.MAY_RAISE: "an exception here",
    EdgeKind.CANCEL: "cancellation here",
}

_KINDS = {
    FunctionKind.AGEN: "an async generator",
    FunctionKind.COROUTINE: "a coroutine",
    FunctionKind.GENERATOR: "a sync generator",
}

_STOP_ITERATION_SET_SINCE = (3, 13)
"""A future of asyncio holds RuntimeError for a StopIteration from this version on (observed)."""


class Facts:
    """Everything that rules may ask about one module.

    `program` has the other modules in view, for a module that stands at `path`; `extensions` are
    names that settings add to the tables, the same as the program's.
    """

    def __init__(
        self,
        parsed: Parsed,
        target_version: tuple[int, int],
        program: Program | None = None,
        path: Path | None = None,
        extensions: Extensions = NO_EXTENSIONS,
    ) -> None:
        self.parsed = parsed
        self.target_version = target_version
        self.program = program
        self._path = path
        self._extensions = extensions

    # Structure, for the engine and for plans

    @cached_property
    def outline(self) -> Outline:
        """The module's scopes."""
        source = self.parsed.source
        name, is_package = "", False
        if self.program is not None and self._path is not None:
            name, is_package = self.program.name_of(self._path)
        return outline(
            self.parsed.module,
            name,
            is_package=is_package,
            filename=source.filename,
            text=source.text,
        )

    @cached_property
    def _knowledge(self) -> Knowledge:
        known = self.program.known if self.program is not None else Known(self._extensions)
        return Knowledge(self.outline, self.program, known)

    @cached_property
    def resolver(self) -> Resolver:
        """What the module's names refer to."""
        return self._knowledge.resolver

    @cached_property
    def _summaries(self) -> Summaries:
        others = self.program.summaries if self.program is not None else None
        return Summaries(self._knowledge, others)

    @cached_property
    def _steps(self) -> Steps:
        return Steps(self._knowledge, self._parents)

    @cached_property
    def _consumers(self) -> Consumers:
        return Consumers(self._knowledge, self._parents)

    @cached_property
    def _uses(self) -> Uses:
        return Uses(self._knowledge, self._parents)

    @cached_property
    def _parents(self) -> dict[cst.CSTNode, cst.CSTNode]:
        return parents(self.parsed.module)

    @cached_property
    def _statement_numbers(self) -> dict[cst.CSTNode, int]:
        return {node: number for number, node in enumerate(self.parsed.module.body)}

    def parent(self, node: Node) -> Node | None:
        """Return the node around a node; None for the module."""
        return self._parents.get(node)

    def around(self, node: Node) -> Iterator[Node]:
        """Yield the node and all that is around it, inner ones first."""
        current: Node | None = node
        while current is not None:
            yield current
            current = self.parent(current)

    def statement_of(self, node: Node) -> int:
        """Return the number of the module-level statement that holds the node."""
        current = node
        while current not in self._statement_numbers:
            current = self._parents[current]
        return self._statement_numbers[current]

    def is_foreign(self, node: Node) -> bool:
        """Return whether a node stands in another module."""
        return node not in self._parents and node is not self.parsed.module

    def foreign_place(self, node: Node) -> tuple[str, Span]:
        """Return the file and the place of a node that stands in another module."""
        place = self.program.place_of(node) if self.program is not None else None
        return place or ("", Span(Position(1, 0), Position(1, 0)))

    def extent_of(self, node: Node) -> tuple[Node, Node | None]:
        """Return the first and last node of what a report underlines: a header, not its body."""
        return extent_of(node)

    def header_of(self, node: Node) -> tuple[Node, Node | None]:
        """Return the first and last node of the logical line where `# noqa` may stand."""
        return header_of(node, self._parents)

    def headline_of(self, node: Node) -> tuple[Node, Node | None]:
        """Return what `extent_of` does, of a function or class with its parameters or bases."""
        is_definition = isinstance(node, (cst.FunctionDef, cst.ClassDef))
        return self.header_of(node) if is_definition else self.extent_of(node)

    def steps(self, call: Node, function: Scope) -> bool:
        """Return whether a call steps or closes a generator."""
        return bool(self._steps.method(call, function))

    def is_generator(self, expression: Node, function: Scope) -> bool:
        """Return whether an expression certainly is an async generator object."""
        return self._knowledge.is_async_generator(expression, function)

    def coroutine_given(
        self, call: Node, argument: Node, function: Scope
    ) -> tuple[Scope, str] | None:
        """Return the coroutine function of this module that a call runs, and a parameter's name.

        It is the parameter that gets the value of an argument.
        """
        callee = self._knowledge.callee(call.func, function)
        if callee is None or callee.outline is not self.outline:
            return None
        if self._knowledge.kind(callee) is not FunctionKind.COROUTINE:
            return None
        given = self._parents[argument]
        if not isinstance(given, cst.Arg):
            return None
        keyword = given.keyword.value if given.keyword is not None else ""
        passed = Argument(None, argument, keyword, given.star)
        name = parameter_of(self._knowledge, callee, call, passed, function)
        return (callee, name) if name is not None else None

    def gives_plain_values(self, creation: Node, function: Scope) -> bool:
        """Return whether a generator is annotated to yield nothing but strings and numbers."""
        if not isinstance(creation, cst.Call):
            return False
        product = self._knowledge.product(creation, function)
        if product is None or product.kind is not FunctionKind.AGEN or not product.functions:
            return False
        annotations = self._knowledge.instances.annotations
        results = [annotations.of_result(each) for each in product.functions]
        items = [yielded_from(each) if each is not None else None for each in results]
        return all(each is not None and is_plain_value(each) for each in items)

    def is_driven_as_context_manager(self, function: Scope) -> bool:
        """Return whether the function's exceptions come in at its `yield`, and no GeneratorExit."""
        return self._knowledge.is_driven_as_context_manager(function)

    def has_unknown_decorator(self, function: Scope) -> bool:
        """Return whether a decorator may change how the function is called or driven."""
        return self._knowledge.has_unknown_decorator(function)

    # For a reader who asks why

    def explain(self, on_line: Callable[[Node], bool]) -> Explanation:
        """Return all that is known of the nodes for which `on_line` holds."""
        # Only `asyncgen-lint explain` needs it, and checking should not wait for its import.
        from asyncgen_lint.typestate.explain import Explainer

        return Explainer(self._knowledge, self._summaries, label_of).explain(on_line)

    def function_around(self, surrounds: Callable[[Node], bool]) -> Scope:
        """Return the innermost function for whose node `surrounds` holds, else the module."""
        around = [each for each in self.outline.functions() if surrounds(each.node)]
        return around[-1] if around else self.outline.module

    def dot(self, function: Scope, line_of: Callable[[Node], int]) -> str | None:
        """Return a function's graph in Graphviz's language; None if it is too complex."""
        from asyncgen_lint.flow.dump import dot

        graph = self._graph(function)
        return dot(graph, function.qualname or "module", line_of) if graph is not None else None

    # Which functions the families below go over

    def _graph(self, scope: Scope) -> Graph | None:
        return self._knowledge.graph(scope)

    def _tracked(self) -> Iterator[tuple[Scope, Tracking]]:
        for function in self.outline.functions():
            if not self._knowledge.may_create_generators(function):
                continue
            tracking = self._summaries.tracking(function)
            if tracking is not None and tracking.sites:
                yield function, tracking

    def _plain_generators(self) -> Iterator[Scope]:
        """Yield the async generator functions that are driven by iteration, as far as in view."""
        for function in self.outline.functions():
            if self._knowledge.body_kind(function) is not FunctionKind.AGEN:
                continue
            if self._knowledge.has_unknown_decorator(function):
                continue
            if not self._knowledge.is_driven_as_context_manager(function):
                yield function

    def _bodies_of_generators(self) -> Iterator[tuple[Scope, Graph]]:
        """Yield the async generator functions, driven by whomever, with their graphs."""
        for function in self.outline.functions():
            if self._knowledge.body_kind(function) is not FunctionKind.AGEN:
                continue
            if "" in self.resolver.decorators(function):
                continue
            graph = self._graph(function)
            if graph is not None:
                yield function, graph

    def _graphs_of_iterated_generators(self) -> Iterator[tuple[Scope, Graph]]:
        """Yield the generators that no framework drives as a context manager, with their graphs."""
        for function in self._plain_generators():
            graph = self._graph(function)
            if graph is not None and self._consumers.is_iterated_or_loops(function):
                yield function, graph

    def _can_yield(self, function: Scope) -> bool:
        """Return whether a function has a `yield` that control can reach."""
        if self._knowledge.is_declared_generator(function):
            return True
        graph = self._graph(function)
        return graph is not None and any(
            isinstance(each, Yield) for block in graph.reachable() for each in block.instructions
        )

    # Generators left open

    @cached_property
    def left_open(self) -> tuple[LeftOpen, ...]:
        """Each generator that is left open, with a path that shows it; once per step."""
        found = []
        for function, tracking in self._tracked():
            seen: set[tuple[Node, Node, str]] = set()
            for leak in tracking.leaks():
                fact = self._left_open(function, tracking, leak, seen)
                if fact is not None:
                    found.append(fact)
        return tuple(found)

    def _left_open(
        self, function: Scope, tracking: Tracking, leak: Leak, seen: set[tuple[Node, Node, str]]
    ) -> LeftOpen | None:
        is_delegation = EdgeKind.GENERATOR_EXIT in (leak.exit, leak.left)
        step = self._first_step(function, leak)
        made = leak.open_site.node
        key = (step, made, "delegation" if is_delegation else "exit")
        if key in seen:
            return None
        needs_close = self._summaries.site_needs_close(leak.open_site)
        if needs_close.verdict is not Verdict.YES or needs_close.reason is None:
            return None
        witness = tracking.witness(leak)
        if witness is None:
            return None
        is_certain = leak.is_certain
        if is_certain and _ends_with_fault(witness, leak):
            # What a handler leaves open at the end counts if no exception need be assumed.
            surer = tracking.witness(leak, without_faults=True)
            is_certain, witness = surer is not None, surer or witness
        if not is_certain and leak.is_certain:
            key = (step, made, "uncertain")
            if key in seen:
                return None
        seen.add(key)
        jump = _last_jump(witness, leak)
        exit_text = _exit_text(jump)
        label = label_of(made)
        left_at = jump.node if jump is not None and jump.node is not None else leak.place
        reason = needs_close.reason
        path = [
            Step(f"`{label}` is created here", made),
            Step(f"it needs closing: it can be suspended here, {reason.text}", reason.at),
            Step(f"{exit_text} leaves it suspended", left_at),
        ]
        if leak.source is not None:
            reader = label_of(leak.site.node)
            path.insert(
                2, Step(f"closing `{reader}`, which reads it, does not close it", leak.site.node)
            )
        return LeftOpen(
            label=label,
            header=step,
            creation=made,
            function=function,
            exit=exit_text,
            is_loop=isinstance(leak.step, (cst.For, cst.CompFor)),
            is_delegation=is_delegation,
            is_temporary=leak.source is None and leak.is_temporary and _is_iterated_in_place(leak),
            is_certain=is_certain,
            by_exception=not is_certain
            and (leak.is_certain or EdgeKind.MAY_RAISE in (leak.exit, leak.left)),
            path=tuple(path),
        )

    def _first_step(self, function: Scope, leak: Leak) -> Node:
        """Return the loop, or the first of the calls that step the same named generator."""
        if not isinstance(leak.step, cst.Call):
            return leak.step
        stepped = stepped_name(leak.step)
        for call in function.calls:
            is_step = self._steps.method(call, function) not in ("", "aclose")
            if is_step and stepped and stepped_name(call) == stepped:
                return call
        return leak.step

    @cached_property
    def closes_skipped(self) -> tuple[CloseSkipped, ...]:
        """Each close of a generator made in the same function that an exception skips."""
        found = []
        certain = {each.creation for each in self.left_open if each.is_certain}
        for function, tracking in self._tracked():
            closes = dict(tracking.closes())
            for each in self.left_open:
                if each.function is not function or each.creation in certain:
                    continue
                site = tracking.sites[each.creation]
                if site in closes and each.by_exception:
                    close = closes[site]
                    found.append(
                        CloseSkipped(each.label, close, each.creation, function, each.path)
                    )
                    del closes[site]
        return tuple(found)

    def delegations_to_foreign_sources(self) -> Iterator[tuple[Node, str]]:
        """Yield each loop that re-yields from a parameter or attribute and never closes it."""
        sources = ForeignSources(self._knowledge)
        for function in self._plain_generators():
            graph = self._graph(function)
            if graph is not None:
                yield from sources.delegations(function, self._yielding_loops(graph))

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

    # Generators never iterated, and steps that nothing awaits

    def never_iterated(self) -> Iterator[NeverIterated]:
        """Yield each call of an async generator function whose result is dropped or never read."""
        for scope in (self.outline.module, *self.outline.functions()):
            if not self._may_forget_to_iterate(scope):
                continue
            graph = self._graph(scope)
            if graph is None:
                continue
            seen: set[Node] = set()
            for block in graph.blocks:
                for each in block.instructions:
                    if isinstance(each, (Discard, Bind)) and each.node not in seen:
                        seen.add(each.node)
                        if self._consumers.expects_exception(block.regions, scope):
                            continue
                        fact = self._never_iterated(scope, each)
                        if fact is not None:
                            yield fact

    def _may_forget_to_iterate(self, scope: Scope) -> bool:
        """Return whether a call of a generator function is dropped, or bound to an unread name."""
        calls: list[cst.BaseExpression] = list(scope.discarded)
        if scope.kind is ScopeKind.FUNCTION:
            for name, bindings in scope.bindings.items():
                if name not in scope.loads:
                    calls += [each.value for each in bindings if isinstance(each.value, cst.Call)]
        return any(self._is_generator_call(each, scope) for each in calls)

    def _is_generator_call(self, call: cst.BaseExpression, scope: Scope) -> bool:
        product = self._knowledge.product_of_unused(call, scope)
        return (
            product is not None
            and product.kind is FunctionKind.AGEN
            and all(self._can_yield(each) for each in product.functions)
        )

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
        if not isinstance(call, cst.Call) or not self._is_generator_call(call, scope):
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
        if "locals" in scope.loads:
            return None
        target = self._parents[instruction.node]
        statement = self._parents[target] if isinstance(target, cst.AssignTarget) else target
        if isinstance(statement, cst.Assign) and len(statement.targets) == 1:
            return statement.value
        # A walrus has a value of its own beside the name, and so has each target of `a = b = c`.
        return statement.value if isinstance(statement, cst.AnnAssign) else None

    def releases_never_started(self) -> Iterator[ReleaseNeverStarted]:
        """Yield each return of a generator whose body alone releases what was acquired before."""
        for function in self.outline.functions():
            for each in late_owners(self._knowledge, self._parents, function):
                label = label_of(each.creation)
                path = (
                    Step(f"`{each.name}` is acquired here", each.acquired),
                    Step("only this releases it, once the generator was started", each.release),
                    Step("the generator is returned without being started", each.creation),
                )
                yield ReleaseNeverStarted(label, each.name, each.creation, path)

    def unawaited_steps(self) -> Iterator[UnawaitedStep]:
        """Yield each step or close of a generator, in an async def, that nothing awaits."""
        for function in self.outline.functions():
            if not function.is_async:
                continue
            for call in function.calls:
                method = self._steps.method(call, function)
                if method:
                    yield from self._unawaited(method, call, function)

    def _unawaited(self, method: str, call: cst.Call, function: Scope) -> Iterator[UnawaitedStep]:
        if isinstance(self._parents[call], cst.Expr):
            yield UnawaitedStep(method, call, is_statement=True, used_as_item=False)
        elif self._steps.is_used_as_item(call, function):
            yield UnawaitedStep(method, call, is_statement=False, used_as_item=True)

    # What a generator leaves behind

    def tasks_outliving(self) -> Iterator[TaskOutlives]:
        """Yield each task of a plain generator that runs on when the consumer leaves."""
        for function, graph in self._graphs_of_iterated_generators():
            for each in outliving_tasks(graph, function, self._knowledge):
                path = (
                    Step("the task is started here", each.call),
                    Step("and runs on when the consumer leaves at this `yield`", each.at),
                )
                yield TaskOutlives(each.call, each.name, path)

    def releases_skipped_at_close(self) -> Iterator[ReleaseSkipped]:
        """Yield each release of a plain generator that is skipped when the consumer leaves."""
        for function, graph in self._graphs_of_iterated_generators():
            for each in skipped_releases(graph, function, self._knowledge, CLOSED):
                if not self._knowledge.is_async_generator(each.receiver, function):
                    yield _release_skipped(each, "the consumer may leave at this `yield`")

    def streams_left_open(self) -> Iterator[StreamLeftOpen]:
        """Yield each closable stream that a plain generator makes, iterates and leaves open."""
        for function in self._plain_generators():
            for each in open_streams(self._knowledge, self._summaries, function):
                leak = each.leak
                witness = each.tracking.witness(leak)
                if witness is None:
                    continue
                jump = _last_jump(witness, leak)
                label, exit_text = label_of(leak.site.node), _exit_text(jump)
                left_at = jump.node if jump is not None and jump.node is not None else leak.place
                path = (
                    Step(f"`{label}` is created here", leak.site.node),
                    Step("this would close it", each.closed_by.node),
                    Step(f"{exit_text} leaves it open", left_at),
                )
                closed_by = each.closed_by.name
                yield StreamLeftOpen(
                    label,
                    each.owner.name,
                    closed_by,
                    exit_text,
                    leak.step,
                    leak.site.node,
                    function,
                    self._enters_itself(each.owner),
                    path,
                )

    def _enters_itself(self, owner: Scope) -> bool:
        """Return whether `async with` enters an object of a class by doing nothing."""
        enter = self.resolver.method(owner, "__aenter__")
        if enter is None or self.resolver.method(owner, "__aexit__") is None:
            return False
        if not enter.is_async or not isinstance(enter.node, cst.FunctionDef):
            return False
        only = enter.node.body.body
        line = only[0] if len(only) == 1 else None
        statement = line.body[0] if isinstance(line, cst.SimpleStatementLine) else line
        return isinstance(statement, cst.Return) and is_name(statement.value, "self")

    # Generators kept on objects

    def stored_open(self) -> Iterator[StoredOpen]:
        """Yield each generator that a class stores and that nothing in view closes."""
        for each in self._stored.forgotten():
            store, label = each.store, label_of(each.store.creation)
            path = [
                Step(f"`{label}` is created here", store.creation),
                Step(
                    f"it needs closing: it can be suspended here, {each.reason.text}",
                    each.reason.at,
                ),
            ]
            if each.stepped is not None:
                path.append(Step("whoever stops after this leaves it suspended", each.stepped))
            yield StoredOpen(label, store.attribute, store.owner.name, store.at, tuple(path))

    def iterators_without_aclose(self) -> Iterator[IteratorWithoutAclose]:
        """Yield each class of async iterators over a generator of its own that has no aclose."""
        for each in self._stored.iterators_without_aclose():
            label, owner = label_of(each.creation), each.owner
            path = (Step(f"`{label}` is created here and kept", each.at),)
            yield IteratorWithoutAclose(label, each.attribute, owner.name, owner.node, path)

    @cached_property
    def _stored(self) -> StoredGenerators:
        return StoredGenerators(self._knowledge, self._summaries, self._parents)

    # Managers that close

    def wrongly_entered(self) -> Iterator[WronglyEntered]:
        """Yield each generator under `closing`, and each generator or `aclosing` under `with`."""
        for each in self._managers.wrong_entries():
            label = _name_of(each.generator) if each.generator is not None else ""
            at = each.statement or each.call
            by = _ENTRIES[each.entry]
            yield WronglyEntered(label, at, by, each.call, each.statement, each.scope)

    def aclosings_misused(self) -> Iterator[AclosingMisused]:
        """Yield each `aclosing` whose argument has no `aclose()`, or is not what is iterated."""
        for bad in self._managers.unclosable():
            at = bad.statement or bad.call
            yield AclosingMisused(_name_of(bad.argument), at, bad.kind, (), bad.call, bad.scope)
        for each in self._managers.unused():
            path = (
                Step("this generator is closed at the end", each.call.args[0].value),
                Step("and this is another one", each.loop),
            )
            label = _name_of(each.call.args[0].value)
            yield AclosingMisused(label, each.statement, "", path, each.call, each.scope, each.loop)

    @cached_property
    def _managers(self) -> Managers:
        return Managers(self._knowledge, self.parent)

    # Cleanup in another task, too late, or cancelled

    def loops_closed_early(self) -> Iterator[LoopClosedEarly]:
        """Yield each hand-made loop closed without closing the generators left open on it."""
        for each in EventLoops(self._knowledge, self.parent).hand_runs():
            for left in self.left_open:
                if left.is_certain and left.function in each.runs:
                    path = (*left.path, Step("the loop that ran this is closed", each.close))
                    yield LoopClosedEarly(left.label, each.close, path)
                    break

    def closed_in_other_tasks(self) -> Iterator[ClosedInOtherTask]:
        """Yield each `aclose()` in a new task, of a generator bound to the task that steps it."""
        tasks = OtherTask(self._knowledge, self._cancel_scopes, self.parent, self.target_version)
        for each in tasks.closes():
            path = (Step(each.bound.text, each.bound.at),)
            yield ClosedInOtherTask(
                _name_of(each.generator), each.close, each.spawner, each.bound.is_scope, path
            )

    def stepped_in_other_tasks(self) -> Iterator[SteppedInOtherTask]:
        """Yield each step in a new task, of a generator bound to the task that began it."""
        tasks = OtherTask(self._knowledge, self._cancel_scopes, self.parent, self.target_version)
        for each in tasks.steps():
            path = (Step(each.bound.text, each.bound.at),)
            label = _name_of(each.generator)
            yield SteppedInOtherTask(label, each.call, each.spawner, path)

    def unshielded_cleanups(self) -> Iterator[UnshieldedCleanup]:
        """Yield each unshielded await in the cleanup of a generator of anyio or trio code."""
        if not uses_anyio_or_trio(self.outline):
            return
        shielding = Shielding(self._knowledge)
        for function in self._plain_generators():
            if not self._consumers.is_iterated_or_loops(function):
                continue
            for at, left in shielding.unshielded(function):
                path = (
                    Step("the generator is closed at this `yield` when its consumer is", left),
                    Step("and this raises Cancelled at once", at),
                )
                yield UnshieldedCleanup(at, path)

    # Yields in the wrong place

    def yielded_coroutines(self) -> Iterator[YieldedCoroutine]:
        """Yield each `yield` of a certain coroutine that was not meant to be awaited later."""
        for function in self._plain_generators():
            if mentions_annotation(function, tables.AWAITABLE_ANNOTATIONS):
                continue
            if self._consumers.is_handed_on(function):
                continue
            for each in function.yields:
                if each.value is None or isinstance(each.value, cst.From):
                    continue
                product = self._knowledge.product(each.value, function)
                if product is None or product.kind is not FunctionKind.COROUTINE:
                    continue
                if isinstance(each.value, cst.Call) and not self._consumers.items_are_awaited(
                    function
                ):
                    yield YieldedCoroutine(label_of(each.value), each, each.value)

    def yields_after_close(self) -> Iterator[YieldAfterClose]:
        """Yield each `yield` that is reached after GeneratorExit, in a plain generator."""
        for _, closing in self._closings:
            for each in closing.yields_after_exit():
                path = [Step("GeneratorExit comes in at this `yield`", each.after)]
                if each.handler is not None:
                    path.append(Step("this handler absorbs it", each.handler))
                path.append(Step("and the generator yields again", each.at))
                is_absorbed = each.handler is not None
                yield YieldAfterClose(each.at, is_absorbed, each.is_pending_error, tuple(path))

    def yields_in_scopes(self) -> Iterator[YieldInScope]:
        """Yield each `yield` of a plain generator inside a cancel scope or task group."""
        for function in self._plain_generators():
            if not self._consumers.is_iterated_or_loops(function):
                continue
            for each in self._cancel_scopes.at_yields(function):
                steps = (
                    *_opening_steps(each, "is entered"),
                    Step("and is still open at this `yield`", each.at),
                )
                name = each.opened.name
                only_raises = self._only_raises(each.since, name, function)
                yield YieldInScope(each.at, name, each.since, only_raises, steps)

    def _only_raises(self, item: Node, name: str, function: Scope) -> bool:
        """Return whether the item of a `with` itself is a timeout that raises when it is over."""
        if name not in tables.RAISING_TIMEOUTS or not isinstance(item, cst.WithItem):
            return False
        if not isinstance(item.item, cst.Call):
            return False
        if self._knowledge.dotted(item.item.func, function) != name:
            return False
        # A scope of anyio or trio that is cancelled by its name goes on behind the `with`.
        return item.asname is None or tables.CANCEL_SCOPES[name] == "asyncio"

    @cached_property
    def _cancel_scopes(self) -> CancelScopes:
        return CancelScopes(self._knowledge)

    def yields_holding_locks(self) -> Iterator[YieldHoldingLock]:
        """Yield each `yield` of a plain generator at which it holds a lock that others want."""
        locks = Locks(self._knowledge)
        for function, graph in self._graphs_of_iterated_generators():
            for each in locks.held_at_yields(function, graph):
                label = _name_of(each.opened.item)
                path = (
                    Step(f"`{label}` is taken here", each.opened),
                    Step("and is still held at this `yield`", each.at),
                )
                blocks = each.kind in tables.BLOCKING_LOCKS
                yield YieldHoldingLock(each.at, label, each.kind, blocks, path)

    def yields_holding_resources(self) -> Iterator[tuple[Node, str, tuple[Step, ...]]]:
        """Yield each `yield` of a plain generator inside a manager, with what it is called.

        Left out are the yields at which a cancel scope, a lock or ambient state is found.
        """
        worse = {each.at for each in self.yields_in_scopes()}
        worse |= {each.at for each in self.yields_holding_locks()}
        worse |= {each.at for each in self.yields_with_ambient_state()}
        resources = HeldResources(self._knowledge, self._summaries)
        for function, graph in self._graphs_of_iterated_generators():
            for at, item in resources.held_at_yields(function, graph):
                if at not in worse:
                    label = _name_of(item.item) or "the manager"
                    path = (
                        Step(f"`{label}` is entered here", item),
                        Step("and is left only when the generator is closed at this `yield`", at),
                    )
                    yield at, label, path

    def yields_with_ambient_state(self) -> Iterator[AmbientAtYield]:
        """Yield each `yield` of a plain generator at which ambient state is set."""
        states = AmbientStates(self._knowledge)
        for function, _ in self._graphs_of_iterated_generators():
            for each in states.at_yields(function):
                path = [
                    *_opening_steps(each, "takes effect"),
                    Step("and still has it at this `yield`", each.at),
                ]
                if each.closed is not None:
                    path.append(Step("this undoes it, wherever it is run", each.closed))
                yield AmbientAtYield(each.at, each.opened.name, tuple(path))

    def yields_without_suspension(self) -> Iterator[tuple[Node, Node]]:
        """Yield a `yield` of each endless loop that never suspends, with the loop."""
        for function in self._plain_generators():
            graph = self._graph(function)
            if graph is None or self._consumers.all_await(function):
                continue
            for each in busy_loops(graph, function, self._knowledge):
                yield each.at, each.loop

    def tests_that_yield(self) -> Iterator[TestThatYields]:
        """Yield each test that is an async generator, whose body no runner runs."""
        for function, first in tests_that_yield(self._knowledge, self._can_yield):
            yield TestThatYields(function.name, function.node, first)

    # Items that are used again

    def items_reused(self) -> Iterator[ItemReused]:
        """Yield each `yield` of a container that is emptied behind it, and that may be kept."""
        reused = ReusedItems(self._knowledge, self.parent)
        for function in self._plain_generators():
            graph = self._graph(function)
            if graph is None:
                continue
            for each in reused.of(function, graph):
                if self._consumers.use_items_at_once(function):
                    break
                path = (
                    Step("the consumer gets the object itself here", each.at),
                    Step("and this empties it", each.emptied),
                )
                yield ItemReused(each.at, each.name, each.emptied, each.may_be_new, path)

    def items_replayed(self) -> Iterator[tuple[Node, tuple[Step, ...]]]:
        """Yield each `yield` of items that a retry in the same function yields again."""
        replays = Replays(self._knowledge)
        for function, graph in self._graphs_of_iterated_generators():
            for each in replays.of(function, graph):
                path = (
                    Step("the source is started here", each.source),
                    Step("some of its items are yielded", each.at),
                    Step(
                        "an error of the source is caught here, and it is started again",
                        each.handler,
                    ),
                )
                yield each.at, path

    # What the oldest version refuses, or makes shorter

    def delegations_refused(self) -> Iterator[DelegationRefused]:
        """Yield each `yield from` of an `async def`, where the target version refuses it."""
        if self.target_version >= DELEGATION_SINCE:
            return
        for function in self.outline.functions():
            for each in delegations(function, self._knowledge, self.parent):
                yield DelegationRefused(
                    _name_of(each.source),
                    each.at,
                    each.source,
                    function,
                    each.is_alone,
                    each.is_async,
                    each.is_sync,
                )

    def values_returned_by_generators(self) -> Iterator[tuple[Node, bool]]:
        """Yield each `return` with a value of an async generator, and whether that is None."""
        if self.target_version < DELEGATION_SINCE:
            for function in self.outline.functions():
                yield from returned_values(function)

    def mere_delegations(self) -> Iterator[Node]:
        """Yield each loop that only hands on what another one yields, where `yield from` may."""
        if self.target_version < DELEGATION_SINCE:
            return
        for function in self._plain_generators():
            yield from mere_delegations(self._knowledge, function)

    # Exceptions swallowed

    def exits_swallowed(self) -> Iterator[ExitSwallowed]:
        """Yield each handler that absorbs GeneratorExit, in a plain generator."""
        for function, closing in self._closings:
            if not self._consumers.is_iterated_or_loops(function):
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

    def cancellations_swallowed(self) -> Iterator[Swallowed]:
        """Yield each handler that swallows a cancellation, in a generator or around a loop."""
        if not self._is_cancelled_by_exception:
            return
        for function, swallowing in self._swallowings:
            if self._consumers.is_iterated_or_loops(function):
                for each in swallowing.cancellations():
                    if each.handler not in self._handlers_of_exit:
                        yield each
        for function in self.outline.functions():
            if self._knowledge.body_kind(function) is not FunctionKind.COROUTINE:
                continue
            is_step = function.name == "__anext__" and function.owner_class is not None
            if not is_step and not any(isinstance(each, cst.For) for each in function.awaits):
                continue
            found = self._swallowing(function)
            if found is not None:
                yield from (
                    found.cancellations_as_end() if is_step else (found.cancellations_of_loops())
                )

    def errors_swallowed(self) -> Iterator[Swallowed]:
        """Yield each handler that ends a generator quietly at any error."""
        cancelled = {each.handler for each in self.cancellations_swallowed()}
        for function, swallowing in self._swallowings:
            if self._consumers.is_iterated_or_loops(function):
                for each in swallowing.errors():
                    if each.handler not in self._handlers_of_exit | cancelled:
                        yield each

    def suppressions(self) -> Iterator[Suppressed]:
        """Yield each `suppress` around a `yield` that swallows more than it may."""
        if "suppress" not in self.parsed.source.text:
            return
        for function in self.outline.functions():
            if self._knowledge.body_kind(function) is not FunctionKind.AGEN:
                continue
            if self._knowledge.has_unknown_decorator(function):
                continue
            is_driven = self._knowledge.is_driven_as_context_manager(function)
            if not is_driven and not self._consumers.is_iterated_or_loops(function):
                continue
            swallowing = self._swallowing(function)
            if swallowing is not None:
                yield from swallowing.suppressions(is_context_manager=is_driven)

    def jumps_in_finally(self) -> Iterator[JumpInFinally]:
        """Yield each jump in a `finally` of a generator that drops a pending exception."""
        for _, swallowing in self._swallowings:
            yield from swallowing.jumps_in_finally()

    @cached_property
    def _closings(self) -> tuple[tuple[Scope, Closing], ...]:
        return tuple(
            (function, Closing(graph, function, self._summaries.cleanup))
            for function in self._plain_generators()
            if (graph := self._graph(function)) is not None
        )

    @cached_property
    def _swallowings(self) -> tuple[tuple[Scope, LostExceptions], ...]:
        return tuple(
            (function, swallowing)
            for function in self._plain_generators()
            if (swallowing := self._swallowing(function)) is not None
        )

    def _swallowing(self, function: Scope) -> LostExceptions | None:
        graph = self._graph(function)
        if graph is None or not any(block.regions for block in graph.blocks):
            return None
        return LostExceptions(graph, function, self._knowledge, self._summaries.cleanup)

    @cached_property
    def _handlers_of_exit(self) -> frozenset[Node]:
        """The handlers that AGN302 and AGN401 are about."""
        found = {each.handler for each in self.exits_swallowed()}
        for _, closing in self._closings:
            found |= {each.handler for each in closing.yields_after_exit() if each.handler}
        return frozenset(found)

    @cached_property
    def _is_cancelled_by_exception(self) -> bool:
        """Whether a swallowed cancellation is lost: trio and anyio deliver it again."""
        imported = {
            each.target.partition(".")[0]
            for scope in self.outline.module.descendants()
            for bindings in scope.bindings.values()
            for each in bindings
            if each.kind is BindingKind.IMPORT
        }
        return "asyncio" in imported or not imported & {"trio", "anyio"}

    # Handlers for others than those that come

    def dead_handlers(self) -> Iterator[DeadHandler]:
        """Yield each handler at a `yield` for exceptions that nobody throws in there."""
        if "athrow" in self.parsed.source.text:
            return
        for function in self.outline.functions():
            if self._knowledge.body_kind(function) is not FunctionKind.AGEN:
                continue
            if not self._is_never_thrown_into(function):
                continue
            graph = self._graph(function)
            if graph is not None:
                yield from dead_handlers(graph, function, self._knowledge)

    def _is_never_thrown_into(self, function: Scope) -> bool:
        decorators = self.resolver.decorators(function)
        if any(each in tables.STEPPED_FIXTURE_DECORATORS for each in decorators):
            return self._is_cancelled_by_exception
        return (
            not self._knowledge.has_unknown_decorator(function)
            and not self._knowledge.is_driven_as_context_manager(function)
            and self._consumers.is_iterated_or_loops(function)
        )

    def releases_for_errors(self) -> Iterator[ReleaseForErrors]:
        """Yield each release of a generator or an `__aenter__` that only an error leads to."""
        for function in self.outline.functions():
            is_entry = function.name == "__aenter__" and function.owner_class is not None
            if self._knowledge.body_kind(function) is not FunctionKind.AGEN and not is_entry:
                continue
            if self._knowledge.has_unknown_decorator(function):
                continue
            graph = self._graph(function) if "Exception" in function.loads else None
            if graph is not None:
                cleanup = self._summaries.cleanup
                yield from ErrorOnly(graph, function, self._knowledge, cleanup).releases()

    # StopIteration and StopAsyncIteration

    def stops_raised(self) -> Iterator[StopRaised]:
        """Yield each `raise` of a stop that leaves an async generator."""
        for function, graph in self._bodies_of_generators():
            yield from self._stops.raised(function, graph)

    def stops_let_through(self) -> Iterator[StopLeak]:
        """Yield each step of another iterator whose end leaves an async generator as an error."""
        for function, graph in self._bodies_of_generators():
            if not self._knowledge.is_driven_as_context_manager(function):
                yield from self._stops.leaks(function, graph)
        for scope in self.outline.module.descendants():
            if isinstance(scope.node, cst.GeneratorExp):
                yield from self._stops.leaks_of_expression(scope)

    def wrong_stop_handlers(self) -> Iterator[WrongStop]:
        """Yield each handler for StopIteration around steps of async iterators alone."""
        for function in self.outline.functions():
            if function.is_async:
                yield from self._stops.wrong_handlers(function)

    def dead_stop_handlers(self) -> Iterator[Node]:
        """Yield each handler for StopAsyncIteration around async loops alone."""
        for function in self.outline.functions():
            if function.is_async:
                yield from self._stops.dead_handlers(function)

    def nexts_in_threads(self) -> Iterator[NextInThread]:
        """Yield each `next` without default that runs in a thread, over what may end."""
        for each in Threads(self._knowledge, self.parent).nexts():
            hangs = each.library == "asyncio" and self.target_version < _STOP_ITERATION_SET_SINCE
            yield NextInThread(each.runner, each.call, hangs, each.giving)

    @cached_property
    def _stops(self) -> Stops:
        return Stops(self._knowledge, self._summaries)

    # Generators, coroutines and iterables in the place of one another

    def generators_awaited(self) -> Iterator[GeneratorAwaited]:
        """Yield each `await` whose operand certainly is an async generator."""
        for scope in self.outline.module.descendants():
            for node in scope.awaits:
                if not isinstance(node, cst.Await):
                    continue
                product = self._knowledge.certain_product(node.expression, scope)
                if product is None or product.kind is not FunctionKind.AGEN:
                    continue
                if self._uses.is_told_apart(node.expression, scope):
                    continue
                parent = self._parents[node]
                is_iterated = isinstance(parent, (cst.For, cst.CompFor)) and parent.iter is node
                loop = parent if is_iterated else None
                yield GeneratorAwaited(label_of(node.expression), node, loop)

    def consumed_by_sync(self) -> Iterator[WrongUse]:
        """Yield each generator given to a sync consumer, such as `for` or `list`."""
        return map(_wrong_use, self._misuse.consumed_by_sync())

    def coroutines_iterated(self) -> Iterator[CoroutineIterated]:
        """Yield each `async for` whose iterable certainly is a coroutine."""
        for loop, scope in self._consumers.async_loops:
            product = self._knowledge.product(loop.iter, scope)
            if product is None or product.kind is not FunctionKind.COROUTINE:
                continue
            if self._uses.is_told_apart(loop.iter, scope):
                continue
            awaited = product.awaited
            gives_iterable = (awaited is not None and awaited.kind is FunctionKind.AGEN) or all(
                mentions_annotation(each, tables.ASYNC_ITERABLE_ANNOTATIONS)
                for each in product.functions
            )
            yield CoroutineIterated(label_of(loop.iter), loop, loop.iter, gives_iterable)

    def taken_for_coroutines(self) -> Iterator[WrongUse]:
        """Yield each generator, or function of one, given to what runs a coroutine."""
        return map(_wrong_use, self._misuse.taken_for_coroutines())

    def generators_entered(self) -> Iterator[GeneratorEntered]:
        """Yield each generator that `async with` or an exit stack is to enter."""
        for each in self._misuse.entered():
            use, function = _wrong_use(each), self._misuse.only_entered(each.node)
            is_private = function is not None and self._misuse.is_private(function)
            yield GeneratorEntered(
                use.label, use.at, use.by, use.node, function=function, is_private=is_private
            )

    def sync_iterables_iterated(self) -> Iterator[WrongUse]:
        """Yield each sync iterable that `async for` is to iterate; `by` says what it is."""
        loops = self._consumers.async_loops
        return map(_wrong_use, self._misuse.sync_iterated_by_async(loops, self.target_version))

    def functions_not_called(self) -> Iterator[FunctionNotCalled]:
        """Yield each generator function that stands, not called, for its generator."""
        for each in self._misuse.functions_for_generators(self._consumers.async_loops):
            label = _name_of(each.node)
            yield FunctionNotCalled(label, each.at, each.by, each.node, each.is_to_be_called)

    def dependencies_iterated(self) -> Iterator[DependencyIterated]:
        """Yield each loop over a dependency that handles failures at its `yield`."""
        for each in iterated_dependencies(self._knowledge, self._consumers):
            path = (
                Step("a framework throws failures in at this `yield`, a loop does not", each.at),
                Step("so that this handler never runs", each.handler),
            )
            label, raises_again = label_of(each.loop.iter), each.raises_again
            yield DependencyIterated(label, each.loop, each.user, raises_again, path)

    @cached_property
    def _misuse(self) -> Misuse:
        kind_of = self._managers.kind_without_aclose
        return Misuse(self._knowledge, self._uses, self._parents, kind_of)

    # Steps at the wrong time, or in vain

    def sent_before_start(self) -> Iterator[EarlySend]:
        """Yield each `asend` of a value to a generator that no step has started."""
        for function, tracking in self._tracked():
            for each in early_sends(tracking):
                if not self._uses.is_expected_to_raise(each.call, function):
                    label = label_of(each.site.node)
                    path = (Step(f"`{label}` is created here, and not started", each.site.node),)
                    yield EarlySend(label, each.call, path)

    def consumed_twice(self) -> Iterator[SecondPass]:
        """Yield each loop over a generator that certainly has no item left."""
        for _, tracking in self._tracked():
            for each in second_passes(tracking):
                if self._uses.is_asserted(each.at):
                    continue
                label = label_of(each.site.node)
                path = (
                    Step(f"`{label}` is created here", each.site.node),
                    Step("this takes all its items", each.first),
                    Step("and none is left for this", each.at),
                )
                yield SecondPass(label, each.at, path)

    def stepped_concurrently(self) -> Iterator[ConcurrentStep]:
        """Yield each step or close of a generator that a task beside it may be inside of."""
        for function, tracking in self._tracked():
            for each in concurrent_steps(tracking, function, self._knowledge):
                if self._uses.is_expected_to_raise(each.at, function):
                    continue
                label = label_of(each.site.node)
                path = [
                    Step(f"`{label}` is created here", each.site.node),
                    Step("a task steps it from here on", each.first),
                ]
                if each.cancelled is not None:
                    path.append(Step("the task is told to end, and not awaited", each.cancelled))
                path.append(Step("and is still inside the generator here", each.at))
                yield ConcurrentStep(label, each.at, each.cancelled, function, tuple(path))

    def stepped_after_timeout(self) -> Iterator[TimedStep]:
        """Yield each step under a timeout after which the same generator is stepped again."""
        for function, tracking in self._tracked():
            for each in timed_steps(tracking, function, self._knowledge):
                label = label_of(each.site.node)
                path = (
                    Step("a timeout here ends the generator, in the middle of its step", each.at),
                    Step("this handler goes on", each.handler),
                    Step(f"and `{label}`, which has no more items, is stepped again", each.again),
                )
                yield TimedStep(label, each.at, path)

    def steps_shared(self) -> Iterator[StepShared]:
        """Yield each step that a consumer awaits itself, of a generator shared under a lock."""
        for each in Sharing(self._knowledge, self._steps, self.parent).steps():
            path = (Step("a lock: several tasks come here", each.entered),)
            yield StepShared(_name_of(each.generator), each.call, path)

    def sends_discarded(self) -> Iterator[SendDiscarded]:
        """Yield each `asend` in a loop over the same generator whose answer is dropped."""
        for call, loop in self._objects.discarded_sends():
            path = (Step("this loop then goes on behind it", loop),)
            yield SendDiscarded(stepped_name(call), call, path)

    # Generators taken for other objects

    def sync_methods_called(self) -> Iterator[SyncMethodCalled]:
        """Yield each call of a method that only sync generators have."""
        for call, method, scope in self._objects.sync_methods():
            is_statement = scope.is_async and isinstance(self._parents[call], cst.Expr)
            label = _name_of(call.func.value) if isinstance(call.func, cst.Attribute) else ""
            yield SyncMethodCalled(label, method, ASYNC_METHODS[method], call, is_statement)

    def generators_tested(self) -> Iterator[GeneratorTested]:
        """Yield each generator that a condition asks for its truth."""
        for generator, test in self._objects.tested():
            yield GeneratorTested(_name_of(generator), test)

    def generators_shared(self) -> Iterator[GeneratorShared]:
        """Yield each generator that is made once for all who use it."""
        for each in self._objects.shared():
            path = (Step("it is consumed here", each.use),) if each.use is not None else ()
            label = label_of(each.creation)
            yield GeneratorShared(label, each.name, each.how, each.creation, path)

    @cached_property
    def _objects(self) -> Objects:
        return Objects(self._knowledge, self._consumers, self.parent)

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
            for each in skipped_releases(graph, function, self._knowledge, FAILED_BODY):
                yield _release_skipped(each, "an exception of the body comes in at this `yield`")

    def yielded_twice(self) -> Iterator[YieldedTwice]:
        """Yield each second `yield` on a way through a context manager."""
        for _, entering in self._entered:
            for each in entering.second_yields():
                path = [Step("the body runs at this `yield`", each.first)]
                if each.handler is not None:
                    path.append(Step("this handler catches what it raises", each.handler))
                path.append(Step("and then this `yield` is reached", each.at))
                by_error = each.handler is not None
                yield YieldedTwice(each.at, each.first, by_error, each.is_certain, tuple(path))

    def never_yielded(self) -> Iterator[NeverYielded]:
        """Yield each way through a context manager that ends without a `yield`."""
        for function, entering in self._entered:
            for each in entering.ways_without_yield():
                at = each.left_by or function.node
                steps = (
                    ("this decides", each.test),
                    ("this may raise", each.raises),
                    ("this handler absorbs it", each.handler),
                )
                path = [Step(text, node) for text, node in steps if node is not None]
                if path:
                    path.append(Step("and the function ends without a `yield`", at))
                swallows = each.handler is not None
                yield NeverYielded(
                    function.name,
                    at,
                    each.left_by is not None,
                    swallows,
                    each.is_certain,
                    tuple(path),
                )

    def wrongly_decorated(self) -> Iterator[WronglyDecorated]:
        """Yield each decorator of contextlib on a function that it cannot make a manager of."""
        for each in wrong_decorators(self._knowledge):
            entries, is_only_entered = self._entries(each.function)
            yield WronglyDecorated(
                each.function.name,
                _KINDS[each.kind],
                each.name,
                each.is_sync,
                bool(each.function.yields),
                each.at,
                each.function,
                entries,
                is_only_entered,
            )

    def _entries(self, function: Scope) -> tuple[tuple[Node, ...], bool]:
        """Return the calls of a function that a `with` enters, and whether it has no other use."""
        entries, is_only_entered = [], True
        own = set()
        for scope in self.outline.module.descendants():
            for call in scope.calls:
                if last_name(call.func) != function.name:
                    continue
                if isinstance(self.parent(call), cst.WithItem) and (
                    self._knowledge.callee(call.func, scope) is function
                ):
                    entries.append(call)
                    own.add(call.func)
        for node in descendants(self.parsed.module):
            is_named = isinstance(node, cst.Attribute) and node.attr.value == function.name
            if is_named and node not in own:
                is_only_entered = False
        for scope in self.outline.module.descendants():
            if any(each not in own for each in scope.loads.get(function.name, ())):
                is_only_entered = False
        return tuple(entries), is_only_entered

    def resources_escaping(self) -> Iterator[ResourceEscapes]:
        """Yield each return of a generator out of what ends the resource it works on."""
        for each in Escaping(self._knowledge, self._summaries.cleanup, self.parent).escapes():
            path = (
                Step(f"this ends `{each.name}` when the function returns", each.scope_end),
                Step("the generator is made here, and has not run yet", each.creation),
                Step(f"it uses `{each.name}` here, when it is iterated", each.use),
            )
            yield ResourceEscapes(label_of(each.creation), each.name, each.at, path)

    def body_errors_swallowed(self) -> Iterator[BodyErrorSwallowed]:
        """Yield each handler of a context manager that swallows every error of the body."""
        for each in self._managers_entered.swallowers():
            path = (
                Step("an error of the body comes in at this `yield`", each.at),
                Step("this handler absorbs it", each.handler),
            )
            yield BodyErrorSwallowed(each.handler, each.falls_through, path)

    def dead_cleanups(self) -> Iterator[CleanupDead]:
        """Yield each handler for GeneratorExit of a context manager that alone cleans up."""
        for each in self._managers_entered.dead_cleanups():
            if self._consumers.is_iterated(each.function):
                # What is iterated as well is closed by GeneratorExit there.
                continue
            path = (
                Step("the body runs while the function is suspended here", each.at),
                Step("and this is not reached when it ends or fails", each.call),
            )
            yield CleanupDead(each.handler, path)

    def managers_misused(self) -> Iterator[ManagerMisused]:
        """Yield each use of an async context manager that always raises."""
        for each in self._managers_entered.misuses():
            path = (Step("it is entered here first", each.first),) if each.first else ()
            yield ManagerMisused(each.name, each.at, each.way, path)

    @cached_property
    def _entered(self) -> tuple[tuple[Scope, Entering], ...]:
        return tuple(
            (function, Entering(graph, function, self._knowledge))
            for function in self.outline.functions()
            if self._knowledge.body_kind(function) is FunctionKind.AGEN
            and self._knowledge.is_entered_itself(function)
            and (graph := self._graph(function)) is not None
        )

    @cached_property
    def _managers_entered(self) -> Entered:
        return Entered(self._knowledge, self.parent)

    # The iterator protocol, and its annotations

    def async_aiters(self) -> Iterator[AsyncAiterMethod]:
        """Yield each `__aiter__` that gives a coroutine or a sync generator."""
        for each in self._protocol.async_aiters():
            yield AsyncAiterMethod(
                _class_name(each.function), each.function.node, each.is_generator, each.is_plain
            )

    def broken_anexts(self) -> Iterator[BrokenAnextMethod]:
        """Yield each `__anext__` that gives no awaitable item, or lets StopIteration out."""
        for each in self._protocol.broken_anexts():
            text = "StopIteration leaves it here" if each.stops_by else "this makes it a generator"
            yield BrokenAnextMethod(
                _class_name(each.function),
                each.function.node,
                each.function.is_async,
                each.stops_by,
                each.at,
                (Step(text, each.at),),
            )

    def async_stubs(self) -> Iterator[AsyncStubOfIterator]:
        """Yield each stub that is a coroutine function where an async generator is meant."""
        for each in self._protocol.async_stubs():
            text = "this iterates it without `await`"
            if each.is_override:
                text = "this override is an async generator"
            yield AsyncStubOfIterator(
                each.function.name,
                each.function.node,
                each.is_override,
                each.is_abstract,
                (Step(text, each.used),),
            )

    def wrong_return_annotations(self) -> Iterator[WrongReturnAnnotation]:
        """Yield each async generator function that says it returns something else."""
        for function, says in self._protocol.wrong_annotations():
            yield WrongReturnAnnotation(function.name, function.node, function, says)

    def athrows_in_parts(self) -> Iterator[Node]:
        """Yield each `athrow` of a generator with more than the exception, where that warns."""
        if self.target_version < (3, 12):
            return
        for scope in self.outline.module.descendants():
            for call in scope.calls:
                is_plain = not any(each.star or each.keyword for each in call.args)
                if len(call.args) > 1 and is_plain and self._steps.method(call, scope) == "athrow":
                    yield call

    @cached_property
    def _protocol(self) -> IteratorProtocol:
        return IteratorProtocol(self._knowledge, self.parent)

    # Decorators

    def generators_cached(self) -> Iterator[GeneratorCached]:
        """Yield each cache around a function that gives async generators."""
        for each in self._misapplied.cached():
            yield GeneratorCached(each.name, each.at, each.is_generator)

    def calls_wrapped(self) -> Iterator[WrappedCall]:
        """Yield each decorator of a generator function that acts around its call alone."""
        for each in self._misapplied.around_calls():
            awaits = each.way is CallOnly.AWAITS
            text = "this awaits it" if awaits else "this is over before the body starts"
            path = (Step(text, each.inside),) if each.inside is not None else ()
            yield WrappedCall(each.name, each.at, each.way.value, path)

    def kinds_changed(self) -> Iterator[KindChanged]:
        """Yield each decorator that makes a generator function a coroutine one, or the reverse."""
        for each in self._misapplied.changed_kinds():
            path = (
                Step("this is called instead", each.wrapper),
                Step("and this relies on what it was", each.use),
            )
            yield KindChanged(each.name, each.at, each.was_generator, path)

    @cached_property
    def _misapplied(self) -> Misapplied:
        return Misapplied(self._knowledge, self._consumers, self._parents)


def _release_skipped(skipped: SkippedRelease, left: str) -> ReleaseSkipped:
    path = (
        Step("it is acquired here", skipped.acquired),
        Step(left, skipped.at),
        Step("so that this is not reached", skipped.release),
    )
    return ReleaseSkipped(skipped.at, skipped.release, skipped.text, path)


def _wrong_use(misused: Misused) -> WrongUse:
    is_expression = isinstance(misused.node, cst.GeneratorExp)
    label = "" if is_expression else _name_of(misused.node)
    return WrongUse(label, misused.at, misused.by, misused.node, misused.is_later_right)


def label_of(node: Node) -> str:
    """Return what a message calls the generator made at a node: `rows()`."""
    if isinstance(node, cst.Call):
        return f"{_short_name(node.func)}()"
    if isinstance(node, cst.Attribute):
        return _short_name(node)
    if isinstance(node, (cst.For, cst.CompFor)):
        # The iterator that the `__aiter__` of the iterable makes.
        return f"aiter({_name_of(node.iter)})"
    return _outline_of(node) if isinstance(node, cst.GeneratorExp) else dotted_name(node) or "(...)"


def _outline_of(expression: cst.GeneratorExp) -> str:
    """Return a generator expression without its parts: `(... async for row in rows())`."""
    clause = expression.for_in
    by = "async for" if clause.asynchronous is not None else "for"
    target = clause.target.value if isinstance(clause.target, cst.Name) else "..."
    return f"(... {by} {target} in {_name_of(clause.iter) or '...'})"


def _name_of(node: Node) -> str:
    """Return what a message calls an expression: its name, or what is called; or nothing."""
    if isinstance(node, (cst.Call, cst.Attribute, cst.GeneratorExp)):
        return label_of(node)
    return dotted_name(node)


def _short_name(node: cst.BaseExpression) -> str:
    if isinstance(node, cst.Call):
        return label_of(node)
    return dotted_name(node) or (node.attr.value if isinstance(node, cst.Attribute) else "(...)")


def _last_jump(path: list[Edge], leak: Leak) -> Edge | None:
    """Return the edge that leaves the generator; of an uncertain leak, the exception."""
    for edge in reversed(path):
        is_exception = edge.kind in (EdgeKind.MAY_RAISE, EdgeKind.CANCEL)
        if edge.node is None or edge.kind not in _JUMPS or is_exception is leak.is_certain:
            continue
        return edge
    return None


def _ends_with_fault(path: list[Edge], leak: Leak) -> bool:
    """Return whether an exception that merely may be raised comes after the last jump."""
    jump = _last_jump(path, leak)
    for edge in reversed(path):
        if edge is jump:
            return False
        if edge.kind in (EdgeKind.MAY_RAISE, EdgeKind.CANCEL):
            return True
    return False


def _exit_text(jump: Edge | None) -> str:
    return _JUMPS[jump.kind] if jump is not None else "the end of the statement"


def _is_iterated_in_place(leak: Leak) -> bool:
    step = leak.step
    return isinstance(step, (cst.For, cst.CompFor)) and leak.site.node in (step, step.iter)


def _class_name(method: Scope) -> str:
    return method.owner_class.name if method.owner_class is not None else ""


def _opening_steps(found: OpenAtYield, verb: str) -> list[Step]:
    """Return the steps that lead to what is open at a `yield`, the hidden place last."""
    since, opened = found.since, found.opened
    if not isinstance(since, cst.WithItem) or opened.at in (since, since.item):
        return [Step(f"`{opened.name}` {verb} here", since)]
    return [
        Step(f"`{_name_of(since.item)}` is entered here", since),
        Step(f"and with it, `{opened.name}` {verb} here", opened.at),
    ]
