"""Follow every generator object that a function creates, and find where one is left open.

Transfer functions are named after the instruction they model. A generator is *left* when, while
suspended, its last holder goes away: at a loop's exit for a temporary, at rebinding, `del` and
the function's end for a name. Whether it needs closing is asked later, of its function.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import libcst as cst

from asyncgen_lint.flow.captures import bound_after_capture
from asyncgen_lint.flow.constants import Constants, Flags, constants, is_possible
from asyncgen_lint.flow.graph import (
    Attribute,
    Await,
    Bind,
    Block,
    Call,
    Capture,
    Collect,
    Copy,
    Discard,
    Drop,
    Edge,
    EdgeKind,
    Enter,
    Exit,
    Graph,
    Instruction,
    Iterate,
    Look,
    MakeGenerator,
    Next,
    Operand,
    Raise,
    RegionKind,
    Return,
    StoreAttribute,
    StoreItem,
    Test,
    Unbind,
    Yield,
)
from asyncgen_lint.flow.solve import Solution, outcomes
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import BindingKind, Scope, call_of, dotted_name
from asyncgen_lint.source.walk import children
from asyncgen_lint.typestate.calls import CallEffects, Effect, ParameterSummaries, Use
from asyncgen_lint.typestate.knowledge import FunctionKind, Knowledge
from asyncgen_lint.typestate.stacks import KEEPERS, stack_operands
from asyncgen_lint.typestate.state import (
    CLOSED,
    CREATED,
    DEAD,
    EMPTY,
    ESCAPED,
    EXHAUSTED,
    KEEPING_ROLES,
    Condition,
    Holding,
    Phase,
    Role,
    Site,
    SiteKind,
    State,
    join,
)

MAX_PATHS = 2_000
"""How many steps the search for a witness path may take before the report is dropped."""

_SOUND_CALLS = tables.LOCAL_ONLY_CALLS | tables.PURE_BUILTINS

_RAISING_AT_END = frozenset({"anext", "__anext__", "asend"})
"""The steps that raise StopAsyncIteration on a generator that is finished or closed."""

_STARTED_LATER = frozenset({FunctionKind.AGEN, FunctionKind.COROUTINE, FunctionKind.GENERATOR})
"""The functions of which a call runs nothing; one without arguments cannot fail to match."""

_UNPROVEN = frozenset({EdgeKind.MAY_RAISE, EdgeKind.CANCEL})


@dataclass(frozen=True, slots=True)
class Leak:
    """A generator that may be left open.

    `step` is the loop or call that stepped it last; `exit` says how the last holder was left:
    by an explicit jump, by GENERATOR_EXIT at a yield, or by an exception that may be raised.
    `is_temporary` says that no name ever held it. `source` is what the generator reads, if that is
    what is left open, because its reader is closed or dropped.
    """

    site: Site
    step: cst.CSTNode
    left: EdgeKind | None
    exit: EdgeKind
    place: cst.CSTNode
    is_temporary: bool
    source: Site | None = None

    @property
    def open_site(self) -> Site:
        """The site of the generator that is left open."""
        return self.source or self.site

    @property
    def is_certain(self) -> bool:
        """Whether the path needs no exception that merely may be raised."""
        return self.exit not in _UNPROVEN and self.left not in _UNPROVEN


_OnLeft = Callable[[Site, frozenset[Condition], Instruction, bool], None]
"""Called when a generator's last holder goes away or, if so the last argument, it is closed."""


class Tracking:
    """The solved typestate problem of one function."""

    def __init__(
        self, knowledge: Knowledge, summaries: ParameterSummaries, scope: Scope, graph: Graph
    ) -> None:
        self._knowledge = knowledge
        self._scope = scope
        self.graph = graph
        self.sites: dict[cst.CSTNode, Site] = {}
        self._summaries = summaries
        self._stacks = stack_operands(graph, scope, knowledge)
        self._effects = CallEffects(knowledge, summaries, scope)
        # Only drivers such as asynccontextmanager throw the consumer's exceptions in (PEP 525).
        self._is_thrown_at = knowledge.is_driven_as_context_manager(
            scope
        ) or knowledge.has_unknown_decorator(scope)
        self._closed_resources = _closed_resources(graph)
        self._closed_by_resource: dict[cst.CSTNode, bool] = {}
        self._known_flags: dict[int, Flags] | None = None
        self._bound_after_capture = bound_after_capture(graph)
        self._on_left: _OnLeft | None = None
        self._transfers: Mapping[type, Callable[..., State]] = {
            Bind: self._bind,
            Unbind: self._unbind,
            Copy: self._copy,
            Discard: self._discard,
            Call: self._call,
            Attribute: self._attribute,
            StoreAttribute: self._store_attribute,
            StoreItem: self._store_item,
            Collect: self._collect,
            Capture: self._capture,
            MakeGenerator: self._make_generator,
            Iterate: self._iterate,
            Next: self._next,
            Drop: self._drop,
            Await: self._await,
            Yield: self._yield,
            Enter: self._enter,
            Exit: self._exit,
            Return: self._return,
            Raise: self._raise,
        }
        self.solution = Solution(graph, self, self._initial())

    # The problem that the solver solves

    def _initial(self) -> State:
        return EMPTY

    def transfer(self, instruction: Instruction, state: State) -> State:
        """Return the state after an instruction that did not raise."""
        handler = self._transfers.get(type(instruction)) if state is not DEAD else None
        return handler(instruction, state) if handler is not None else state

    def interrupted(self, instruction: Instruction, state: State, kind: EdgeKind) -> State | None:
        """Return the state when an instruction raised: what it would make does not exist.

        A generator whose own step raises is finished by that. Making the awaitable of a step or
        of a close does not raise.
        """
        if state is DEAD:
            return None
        if not state.conditions:
            return state
        if instruction in self._cleanup and self._is_sound_cleanup(instruction):
            return None
        if isinstance(instruction, Yield) and kind is EdgeKind.MAY_RAISE and not self._is_thrown_at:
            return None
        if isinstance(instruction, Call) and self._only_makes_awaitable(instruction, state):
            return None
        if isinstance(instruction, Call):
            state = self._hand_over_to_end(instruction, state)
        if isinstance(instruction, (Iterate, MakeGenerator)):
            source = instruction.value if isinstance(instruction, Iterate) else instruction.source
            if any(each.role is Role.OBJECT for each in state.held(source)):
                # `aiter()` of a generator gives itself.
                return None
        if isinstance(instruction, Yield):
            # What is yielded reached the consumer before the consumer can throw anything in.
            state = self._yield(instruction, state)
        stepped: Iterable[Holding] = ()
        if isinstance(instruction, Next):
            stepped = state.held(instruction.iterator)
        elif isinstance(instruction, Await):
            stepped = [each for each in state.held(instruction.value) if each.role is Role.STEP]
        elif isinstance(instruction, Exit):
            stepped = [each for each in state.held(instruction.manager) if each.role is Role.CLOSER]
        for each in stepped:
            if each.action != "look":
                state = _become(state, each.site, EXHAUSTED)
        for operand in _used_up_by(instruction):
            # A temporary does not outlive the call or the `await` that it was made for.
            state = self._consume(instruction, operand, state)
        if kind in _UNPROVEN:
            return _pass_exception(state, kind)
        return state

    def _hand_over_to_end(self, call: Call, state: State) -> State:
        """Return the state in which a call that was to end a generator got it, though it raised.

        It was if it got the generator's `aclose`, or if it stands in a `finally` or a handler.
        """
        for held, effect in self._call_effects(call, state):
            if effect.use is Use.ESCAPES and (held.action == "aclose" or call in self._cleanup):
                state = _escape(state, [held])
        return state

    @cached_property
    def _cleanup(self) -> frozenset[Instruction]:
        """The instructions of handlers and `finally` suites."""
        ends = (RegionKind.HANDLER, RegionKind.FINALLY)
        return frozenset(
            each
            for block in self.graph.blocks
            if any(region.kind in ends for region in block.regions)
            for each in block.instructions
        )

    @cached_property
    def _managers(self) -> frozenset[cst.CSTNode]:
        """The expressions whose values are entered as context managers."""
        return frozenset(
            each.node.item
            for block in self.graph.blocks
            for each in block.instructions
            if isinstance(each, Enter) and isinstance(each.node, cst.WithItem)
        )

    def _is_sound_cleanup(self, instruction: Instruction) -> bool:
        """Return whether an instruction of a `finally` is not expected to fail.

        All but awaits and calls, and of the calls those that log, count, or make a manager.
        """
        if not isinstance(instruction, Call):
            return isinstance(instruction, (Collect, Look, StoreItem, Enter))
        node = instruction.node
        assert isinstance(node, cst.Call)
        if node in self._managers:
            return True
        if isinstance(node.func, cst.Attribute) and node.func.attr.value in tables.LOGGING_METHODS:
            return "log" in dotted_name(node.func.value).rpartition(".")[2].lower()
        return self._knowledge.dotted(node.func, self._scope) in _SOUND_CALLS

    def follow(self, block: Block, edge: Edge, state: State) -> State | None:
        """Return the state on an edge; None if no generator object lets control take it."""
        if state is DEAD:
            return None
        if not state.conditions or not block.instructions:
            return state
        last = block.instructions[-1]
        if edge.kind is EdgeKind.EXHAUSTED and isinstance(last, Next):
            if self._gives_an_item(last, state):
                return None
            for held in state.held(last.iterator):
                state = _become(state, held.site, EXHAUSTED)
            return state
        if isinstance(last, Test) and edge.kind in (EdgeKind.TRUE, EdgeKind.FALSE):
            if last.is_last_use and isinstance(last.value, int):
                # What `if (x := make()):` tests is held by the name alone from here on.
                tested = _test(last, edge.kind is EdgeKind.TRUE, state)
                return _hold(tested, last.value, frozenset()) if tested is not None else None
            return _test(last, edge.kind is EdgeKind.TRUE, state)
        return state

    def _gives_an_item(self, step: Next, state: State) -> bool:
        """Return whether this was the first step of generators that begin with a `yield`."""
        held = state.held(step.iterator)
        return bool(held) and all(
            bool(each.site.functions)
            and all(how.is_first for how in state.conditions.get(each.site, ()))
            and each.site in state.conditions
            and all(map(self._summaries.yields_first, each.site.functions))
            for each in held
        )

    def join(self, one: State, other: State) -> State:
        """Return the least state that covers both."""
        return join(one, other)

    # Transfer functions

    def _bind(self, instruction: Bind, state: State) -> State:
        held = state.held(instruction.value)
        old = state.held(instruction.name)
        if not held and not old:
            return state
        state = _hold(state, instruction.name, held)
        if isinstance(instruction.value, int):
            state = _hold(state, instruction.value, frozenset())
        if instruction in self._bound_after_capture:
            state = _escape(state, held)
        return self._let_go(instruction, state, old)

    def _unbind(self, instruction: Unbind, state: State) -> State:
        old = state.held(instruction.name)
        return self._let_go(instruction, _hold(state, instruction.name, frozenset()), old)

    def _copy(self, instruction: Copy, state: State) -> State:
        held = state.held(instruction.value)
        return _hold(state, instruction.result, held) if held else state

    def _discard(self, instruction: Discard, state: State) -> State:
        for held in state.held(instruction.value):
            if held.role is Role.STEP and held.action == "aclose":
                # Meant as closing; that it is not awaited is AGN201's to report.
                state = _escape(state, [held])
        return self._consume(instruction, instruction.value, state)

    def _consume(self, instruction: Instruction, operand: Operand, state: State) -> State:
        """Return the state once a temporary has been used."""
        held = state.held(operand)
        if not held or not isinstance(operand, int):
            return state
        return self._let_go(instruction, _hold(state, operand, frozenset()), held)

    def _let_go(self, instruction: Instruction, state: State, held: frozenset[Holding]) -> State:
        for site in {each.site for each in held if each.role in KEEPING_ROLES}:
            if state.is_kept(site):
                continue
            conditions = state.conditions.get(site, frozenset())
            if self._on_left is not None:
                self._on_left(site, conditions, instruction, False)
            state = _forget(state, site)
        return state

    def _close(self, instruction: Instruction, site: Site, state: State) -> State:
        if self._on_left is not None:
            self._on_left(site, state.conditions.get(site, frozenset()), instruction, True)
        return _become(state, site, CLOSED)

    def _call(self, instruction: Call, state: State) -> State:
        node = instruction.node
        assert isinstance(node, cst.Call)
        given: set[Holding] = set()
        relayed: set[Site] = set()
        for held, effect in self._call_effects(instruction, state):
            if self._is_kept_on_stack(instruction, held):
                state = self._keep_on_stack(instruction, held, state)
                given.add(Holding(held.site, Role.STEP, "entered"))
                continue
            state = self._apply(instruction, effect, held, state)
            if effect.use is Use.RELAYS:
                relayed.add(held.site)
            if effect.result is not None:
                given.add(effect.result)
        created = self._created(node)
        if created is not None:
            state, new = self._create(created, state)
            given.add(new)
        if given:
            state = _hold(state, instruction.result, frozenset(given))
        for operand in _used_up_by(instruction):
            state = self._consume(instruction, operand, state)
        if created is not None:
            _give(created.site, relayed, state)
        return state

    def _is_kept_on_stack(self, call: Call, held: Holding) -> bool:
        if call.receiver not in self._stacks or call.method not in KEEPERS:
            return False
        is_close = held.role is Role.METHOD and held.action == "aclose"
        return held.role is Role.CLOSER or (is_close and call.method == "push_async_callback")

    def _keep_on_stack(self, call: Call, held: Holding, state: State) -> State:
        assert isinstance(call.receiver, str)
        stack = self._stacks[call.receiver]
        kept = state.held(stack) | {Holding(held.site, Role.CLOSER)}
        return _hold(state, stack, frozenset(kept))

    def _only_makes_awaitable(self, call: Call, state: State) -> bool:
        """Return whether a call runs nothing yet: what it makes is to be stepped or awaited."""
        node = call.node
        assert isinstance(node, cst.Call)
        function = self._knowledge.callee(node.func, self._scope) if not node.args else None
        if function is not None and self._knowledge.kind(function) in _STARTED_LATER:
            return not self._knowledge.has_unknown_decorator(function)
        return any(effect.use is Use.GIVES for _, effect in self._call_effects(call, state))

    def _call_effects(self, call: Call, state: State) -> Iterator[tuple[Holding, Effect]]:
        if not state.conditions:
            return
        for held in state.held(call.callee):
            yield held, self._effects.on_callee(call, held)
        for held in state.held(call.receiver):
            yield held, self._effects.on_receiver(call, held)
        for argument in call.arguments:
            for held in state.held(argument.value):
                yield held, self._effects.on_argument(call, argument, held)

    def _apply(
        self, instruction: Instruction, effect: Effect, held: Holding, state: State
    ) -> State:
        if effect.use in (Use.ESCAPES, Use.RELAYS):
            return _escape(state, [held])
        if effect.use is Use.CLOSES:
            return self._close(instruction, held.site, state)
        if effect.use is Use.EXHAUSTS:
            return _become(state, held.site, EXHAUSTED)
        return state

    def _created(self, node: cst.CSTNode) -> Holding | None:
        """Return how the result of an expression holds a generator that it creates."""
        product = self._knowledge.possible_product(node, self._scope)  # type: ignore[arg-type]
        if product is None:
            return None
        role = Role.OBJECT
        if product.kind is FunctionKind.COROUTINE and product.awaited is not None:
            product, role = product.awaited, Role.COROUTINE
        if product.kind is not FunctionKind.AGEN:
            return None
        site = self.sites.get(node)
        if site is None:
            resources = resources_of(node) | self._bound_resources(node)
            site = Site(
                SiteKind.CALL, node, product.functions, product.overrides, resources=resources
            )
            self.sites[node] = site
        return Holding(site, role)

    def _bound_resources(self, node: cst.CSTNode) -> frozenset[str]:
        """Return the names that `partial` has given to a call before."""
        if not isinstance(node, cst.Call):
            return frozenset()
        partial = self._knowledge.instances.partial_of(node.func, self._scope)
        return resources_of(partial[0]) if partial is not None else frozenset()

    def _create(self, held: Holding, state: State) -> tuple[State, Holding]:
        state = _age(state, held.site)
        conditions = dict(state.conditions)
        is_closed = self._is_closed_by_resource(held.site)
        conditions[held.site] = frozenset({ESCAPED if is_closed else CREATED})
        return State(state.holdings, conditions), held

    def _is_closed_by_resource(self, site: Site) -> bool:
        """Return whether a close of what the generator is made from does its cleanup too."""
        if site.kind is SiteKind.EXPRESSION:
            sources = site.sources
            return bool(sources) and all(self._is_closed_by_resource(each) for each in sources)
        if site.node not in self._closed_by_resource:
            self._closed_by_resource[site.node] = bool(
                site.resources & self._closed_resources
            ) or self._ends_with_what_is_entered(site)
        return self._closed_by_resource[site.node]

    def _ends_with_what_is_entered(self, site: Site) -> bool:
        if not site.resources:
            return False
        entered = set(_given_to_exit_stacks(self._scope))
        for block in self.graph.blocks:
            if any(each.node is site.node for each in block.instructions):
                for region in block.regions:
                    if isinstance(region.node, cst.WithItem):
                        entered |= self._entered_by(region.node)
        closed = frozenset(entered) & site.resources
        return any(
            self._summaries.ends_with_one_of(each, site.node, closed, self._scope)
            for each in site.functions
        )

    def _entered_by(self, item: cst.WithItem) -> set[str]:
        """Return the dotted names of what leaving a manager closes, as far as in view."""
        managed = [item.item]
        if isinstance(item.item, cst.Call):
            dotted = self._knowledge.dotted(item.item.func, self._scope)
            if dotted in tables.TRIVIAL_MANAGERS:
                return set()
            if dotted in self._knowledge.known.closers or dotted in tables.SYNC_CLOSING:
                managed += [each.value for each in item.item.args[:1]]
        if item.asname is not None:
            target = item.asname.name
            parts = target.elements if isinstance(target, (cst.Tuple, cst.List)) else ()
            managed += [target, *(each.value for each in parts)]
        return {name for each in managed if (name := dotted_name(each))}

    def _attribute(self, instruction: Attribute, state: State) -> State:
        given = {
            Holding(held.site, Role.METHOD, instruction.name)
            for held in state.held(instruction.owner)
            if held.role is Role.OBJECT
            and (instruction.name == "aclose" or instruction.name in tables.STEP_METHODS)
        }
        created = self._created(instruction.node)
        if created is not None:
            state, held = self._create(created, state)
            given.add(held)
        if given:
            state = _hold(state, instruction.result, frozenset(given))
        return self._consume(instruction, instruction.owner, state)

    def _store_attribute(self, instruction: StoreAttribute, state: State) -> State:
        return self._give_away(instruction, [instruction.value], state)

    def _store_item(self, instruction: StoreItem, state: State) -> State:
        return self._give_away(instruction, instruction.values, state)

    def _collect(self, instruction: Collect, state: State) -> State:
        return self._give_away(instruction, instruction.values, state)

    def _return(self, instruction: Return, state: State) -> State:
        return self._give_away(instruction, [instruction.value], state)

    def _raise(self, instruction: Raise, state: State) -> State:
        return self._give_away(instruction, instruction.values, state)

    def _capture(self, instruction: Capture, state: State) -> State:
        return self._give_away(instruction, instruction.names, state)

    def _yield(self, instruction: Yield, state: State) -> State:
        return self._give_away(instruction, [instruction.value], state)

    def _give_away(
        self, instruction: Instruction, operands: Iterable[Operand], state: State
    ) -> State:
        if not state.conditions:
            return state
        for operand in operands:
            held = [each for each in state.held(operand) if each.role in KEEPING_ROLES]
            state = _escape(state, held)
            state = self._consume(instruction, operand, state)
        return state

    def _make_generator(self, instruction: MakeGenerator, state: State) -> State:
        node = instruction.node
        sources = {each.site for each in state.held(instruction.source)}
        state = self._give_away(instruction, [instruction.source, *instruction.names], state)
        if not is_async_generator_expression(node):
            return state
        site = self.sites.get(node)
        if site is None:
            site = self.sites[node] = Site(SiteKind.EXPRESSION, node)
        assert isinstance(node, cst.GeneratorExp)
        if not self._may_be_closed_elsewhere(node.for_in.iter):
            site.sources |= frozenset(sources)
        _give(site, sources, state)
        state, held = self._create(Holding(site, Role.OBJECT), state)
        return _hold(state, instruction.result, frozenset({held}))

    def _may_be_closed_elsewhere(self, source: cst.BaseExpression) -> bool:
        """Return whether a source has a name by which more is done than to read it here."""
        if not isinstance(source, cst.Name):
            return False
        bindings = self._scope.bindings.get(source.value, ())
        return len(self._scope.loads.get(source.value, ())) > 1 or any(
            each.kind is BindingKind.ENTERED for each in bindings
        )

    def _iterate(self, instruction: Iterate, state: State) -> State:
        held = frozenset(each for each in state.held(instruction.value) if each.role is Role.OBJECT)
        if instruction.is_async and not state.held(instruction.value):
            state, held = self._iterator_made(instruction.node, state)
        if instruction.is_async and held:
            state = _hold(state, instruction.result, held)
        return self._consume(instruction, instruction.value, state)

    def _iterator_made(self, loop: cst.CSTNode, state: State) -> tuple[State, frozenset[Holding]]:
        """Return the state with the generator that the `__aiter__` of a loop's iterable makes."""
        assert isinstance(loop, (cst.For, cst.CompFor))
        site = self.sites.get(loop)
        if site is None:
            product = self._knowledge.iterator_made(loop.iter, self._scope)
            if product is None:
                return state, frozenset()
            resources = frozenset(each.value for each in [loop.iter] if isinstance(each, cst.Name))
            site = Site(SiteKind.ITERATOR, loop, product.functions, resources=resources)
            self.sites[loop] = site
        state, held = self._create(Holding(site, Role.OBJECT), state)
        return state, frozenset({held})

    def _next(self, instruction: Next, state: State) -> State:
        for held in state.held(instruction.iterator):
            state = _advance(state, held.site, Condition(Phase.SUSPENDED, instruction.node))
        return state

    def _drop(self, instruction: Drop, state: State) -> State:
        for held in state.held(instruction.iterator):
            state = _leave_loop(state, held.site, instruction.node, instruction.kind)
        return self._consume(instruction, instruction.iterator, state)

    def _await(self, instruction: Await, state: State) -> State:
        given = set()
        for held in state.held(instruction.value):
            if held.role is Role.COROUTINE:
                given.add(Holding(held.site, Role.OBJECT))
            elif held.role is Role.STEP:
                state, item = self._step(instruction, held, state)
                if state is DEAD:
                    return DEAD
                given |= item
        if given:
            state = _hold(state, instruction.result, frozenset(given))
        return self._consume(instruction, instruction.value, state)

    def _step(
        self, instruction: Instruction, held: Holding, state: State
    ) -> tuple[State, set[Holding]]:
        """Return the state after an awaited step, and what the awaited value holds."""
        if held.action == "look":
            return state, set()
        if held.action == "aclose":
            return self._close(instruction, held.site, state), set()
        if held.action == "entered":
            return state, {Holding(held.site, Role.OBJECT)}
        if held.action == "exhaust":
            return _become(state, held.site, EXHAUSTED), set()
        if held.action == "enter":
            state = _escape(state, [held])
            return state, {Holding(held.site, Role.OBJECT)}
        if held.action in _RAISING_AT_END and not held.default:
            conditions = state.conditions.get(held.site, frozenset())
            if conditions and conditions <= {EXHAUSTED, CLOSED}:
                return DEAD, set()
        stepped = Condition(Phase.SUSPENDED, held.step, maybe_finished=bool(held.default))
        if held.action == "athrow":
            # Whether it goes on depends on what it catches.
            state = _escape(state, [held])
        else:
            state = _advance(state, held.site, stepped)
        items = {Holding(held.site, Role.ITEM, default=held.default)} if held.default else set()
        return state, items

    def _enter(self, instruction: Enter, state: State) -> State:
        given = frozenset(
            Holding(held.site, Role.OBJECT)
            for held in state.held(instruction.manager)
            if held.role is Role.CLOSER
        )
        others = [h for h in state.held(instruction.manager) if h.role is Role.OBJECT]
        state = _escape(state, others)
        return _hold(state, instruction.result, given) if given else state

    def _exit(self, instruction: Exit, state: State) -> State:
        for held in state.held(instruction.manager):
            if held.role is Role.CLOSER:
                state = self._close(instruction, held.site, state)
        return self._consume(instruction, instruction.manager, state)

    # Reports

    def leaks(self) -> list[Leak]:
        """Return the ways in which generators made here may be left open, surest first."""
        found: dict[Leak, None] = {}

        def left(
            site: Site, conditions: frozenset[Condition], place: Instruction, is_closed: bool
        ) -> None:
            how = place.kind if isinstance(place, Drop) else EdgeKind.NEXT
            for each in conditions:
                if each.phase is Phase.SUSPENDED and each.step is not None:
                    for source in _left_with(site, is_closed):
                        leak = Leak(site, each.step, each.left, how, place.node, True, source)
                        found[leak] = None

        self._on_left = left
        try:
            for index, state in self.solution.entries.items():
                for instruction in self.graph.blocks[index].instructions:
                    if not state.conditions and not isinstance(
                        instruction, (Call, MakeGenerator, Attribute, Iterate)
                    ):
                        continue
                    state = self.transfer(instruction, state)
        finally:
            self._on_left = None
        for kind, block in self.graph.exits.items():
            state = self.solution.entries.get(block.index, EMPTY)
            for site, conditions in state.conditions.items():
                if site.kind is SiteKind.PARAMETER or not state.is_kept(site):
                    continue
                for each in conditions:
                    if each.phase is Phase.SUSPENDED and each.step is not None:
                        for source in _left_with(site, False):
                            step, how = each.step, each.left
                            leak = Leak(site, step, how, kind, self.graph.node, False, source)
                            found[leak] = None
        return sorted(found, key=self._rank)

    def _rank(self, leak: Leak) -> tuple[object, ...]:
        """Order leaks by how sure they are, then as in the text: sets have no order."""
        kinds = list(EdgeKind)
        return (
            not leak.is_certain,
            kinds.index(leak.exit),
            kinds.index(leak.left) if leak.left is not None else -1,
            self._order[leak.site.node],
            self._order[leak.open_site.node],
            self._order[leak.step],
            leak.is_temporary,
        )

    @cached_property
    def _order(self) -> dict[cst.CSTNode, int]:
        nodes = (each.node for block in self.graph.blocks for each in block.instructions)
        return {node: place for place, node in enumerate(dict.fromkeys(nodes))}

    def closes(self) -> Iterator[tuple[Site, cst.CSTNode]]:
        """Yield each awaited close of a generator that may be suspended, with the closing call.

        Closes in a handler or a `finally` are left out: an exception does not skip those.
        """
        for index, state in self.solution.entries.items():
            regions = self.graph.blocks[index].regions
            if any(region.kind in (RegionKind.HANDLER, RegionKind.FINALLY) for region in regions):
                continue
            for instruction in self.graph.blocks[index].instructions:
                if isinstance(instruction, Await):
                    yield from self._closed_by(instruction, state)
                state = self.transfer(instruction, state)

    def _closed_by(self, instruction: Await, state: State) -> Iterator[tuple[Site, cst.CSTNode]]:
        for held in state.held(instruction.value):
            if held.action == "aclose" and held.step is not None:
                conditions = state.conditions.get(held.site, frozenset())
                if any(each.phase is Phase.SUSPENDED for each in conditions):
                    yield held.site, held.step

    def suspended_at_yields(self) -> Iterator[tuple[Yield, Site]]:
        """Yield each own `yield` with each generator that may be suspended or held there."""
        for index, state in self.solution.entries.items():
            block = self.graph.blocks[index]
            for instruction in block.instructions:
                if not isinstance(instruction, Yield):
                    continue
                for site, conditions in state.conditions.items():
                    if any(each.phase is Phase.SUSPENDED for each in conditions):
                        yield instruction, site

    def witness(self, leak: Leak, *, without_faults: bool = False) -> list[Edge] | None:
        """Return the edges of a shortest path on which the leak happens; None if none is found.

        With `without_faults` no exception that merely may be raised is on it. The path is followed
        with exact states, without joining, so a leak that only exists in the join of two paths has
        no witness.
        """

        def ends(block: Block, state: State) -> list[Edge] | None:
            if not self._happens_in(leak, block, state):
                return None
            # The jump that drops a temporary comes after the dropping.
            return [e for e in block.edges if leak.is_temporary and e.kind is leak.exit][:1]

        return self._path(
            leak.site, ends, _may_still_leak, _UNPROVEN if without_faults else frozenset()
        )

    def path_to(
        self, site: Site, is_met: Callable[[Instruction, State], bool]
    ) -> list[Edge] | None:
        """Return a shortest path from where a generator is made to an instruction met so.

        States on it are exact, as in `witness`; None if there is no such path.
        """

        def ends(block: Block, state: State) -> list[Edge] | None:
            for instruction in block.instructions:
                if is_met(instruction, state):
                    return []
                state = self.transfer(instruction, state)
            return None

        return self._path(site, ends, _is_there)

    def _path(
        self,
        site: Site,
        ends: Callable[[Block, State], list[Edge] | None],
        goes_on: Callable[[State, Site], bool],
        avoided: frozenset[EdgeKind] = frozenset(),
    ) -> list[Edge] | None:
        queue: deque[tuple[Block, State, Flags, tuple[Edge, ...]]] = deque()
        for start in self._creation_blocks(site):
            first = _without(self.solution.entries[start.index], site)
            queue.append((start, first, self._flags.get(start.index, {}), ()))
        seen: set[tuple[object, ...]] = set()
        problem = Constants()
        for _ in range(MAX_PATHS):
            if not queue:
                return None
            block, state, flags, path = queue.popleft()
            last = ends(block, state)
            if last is not None:
                return [*path, *last]
            for instruction in block.instructions:
                flags = problem.transfer(instruction, flags)
            for edge, after in outcomes(self, block, state):
                if edge.kind in avoided:
                    continue
                key = (edge.target.index, _fingerprint(after, site), frozenset(flags.items()))
                if key in seen or not is_possible(block, edge, flags):
                    continue
                if not goes_on(after, site):
                    continue
                seen.add(key)
                queue.append((edge.target, after, flags, (*path, edge)))
        return None

    @property
    def _flags(self) -> dict[int, Flags]:
        if self._known_flags is None:
            self._known_flags = constants(self.graph)
        return self._known_flags

    def _creation_blocks(self, site: Site) -> Iterator[Block]:
        """Yield the blocks that make a site's objects: handlers and `finally` have copies."""
        for index in sorted(self.solution.entries):
            block = self.graph.blocks[index]
            if any(
                each.node is site.node
                and isinstance(each, (Call, MakeGenerator, Attribute, Iterate))
                for each in block.instructions
            ):
                yield block

    def _happens_in(self, leak: Leak, block: Block, state: State) -> bool:
        if block is self.graph.exits.get(leak.exit) and not leak.is_temporary:
            conditions = state.conditions.get(leak.site, frozenset())
            return state.is_kept(leak.site) and any(_is_how(leak, each) for each in conditions)
        if not leak.is_temporary:
            return False
        happened = False

        def left(
            site: Site, conditions: frozenset[Condition], place: Instruction, is_closed: bool
        ) -> None:
            nonlocal happened
            how = place.kind if isinstance(place, Drop) else EdgeKind.NEXT
            if is_closed and leak.source is None:
                return
            if site is leak.site and place.node is leak.place and how is leak.exit:
                happened = happened or any(_is_how(leak, each) for each in conditions)

        self._on_left = left
        try:
            for instruction in block.instructions:
                state = self.transfer(instruction, state)
        finally:
            self._on_left = None
        return happened


def _give(site: Site, sources: Iterable[Site], state: State) -> None:
    """Note which generators a generator was given to read, and which are still held elsewhere."""
    for each in sources:
        site.given.add(each)
        if state.is_kept(each):
            site.shared.add(each)


def _left_with(site: Site, is_closed: bool) -> Iterator[Site | None]:
    """Yield what is left open when a suspended generator is: None for itself, and its sources.

    To be told of a generator expression is to be told of what it reads.
    """
    if not is_closed:
        yield None
    if is_closed or site.kind is not SiteKind.EXPRESSION:
        yield from site.owned


def is_async_generator_expression(node: cst.CSTNode) -> bool:
    """Return whether a generator expression makes an async generator.

    It does with an `async for`, or with `await` in its element, a condition, or any iterable but
    the first (Language Reference 6.2.8).
    """
    assert isinstance(node, cst.GeneratorExp)
    parts: list[cst.CSTNode] = [node.elt]
    clause: cst.CompFor | None = node.for_in
    is_first = True
    while clause is not None:
        if clause.asynchronous is not None:
            return True
        parts += clause.ifs
        if not is_first:
            parts.append(clause.iter)
        is_first = False
        clause = clause.inner_for_in
    return any(_has_await(each) for each in parts)


def _has_await(node: cst.CSTNode) -> bool:
    pending = [node]
    while pending:
        each = pending.pop()
        if isinstance(each, cst.Await):
            return True
        if not isinstance(each, (cst.Lambda, cst.GeneratorExp)):
            pending += children(each)
    return False


def _may_still_leak(state: State, site: Site) -> bool:
    """Return whether the object made at a site is there, and neither gone, finished nor closed."""
    return any(
        each.phase in (Phase.CREATED, Phase.SUSPENDED)
        for made in (site, site.earlier)
        for each in state.conditions.get(made, ())
    )


def _is_there(state: State, site: Site) -> bool:
    return site in state.conditions or site.earlier in state.conditions


def _is_how(leak: Leak, condition: Condition) -> bool:
    return (
        condition.phase is Phase.SUSPENDED
        and condition.step is leak.step
        and condition.left is leak.left
    )


def _is_call(node: cst.CSTNode | None) -> bool:
    return isinstance(node, cst.Call)


def _used_up_by(instruction: Instruction) -> tuple[Operand, ...]:
    """Return the operands that an instruction takes, whether it raises or not."""
    if isinstance(instruction, Await):
        return (instruction.value,)
    if isinstance(instruction, Exit):
        return (instruction.manager,)
    if isinstance(instruction, Call):
        values = (each.value for each in instruction.arguments)
        return (instruction.callee, instruction.receiver, *values)
    return ()


def _hold(state: State, operand: Operand, held: frozenset[Holding]) -> State:
    if state.held(operand) == held:
        return state
    holdings = dict(state.holdings)
    if held:
        holdings[operand] = held
    else:
        holdings.pop(operand, None)
    return State(holdings, state.conditions)


def _become(state: State, site: Site, condition: Condition) -> State:
    """Return the state in which an object that has not escaped is in one condition."""
    old = state.conditions.get(site)
    if old is None:
        return state
    new = frozenset({condition}) if ESCAPED not in old else frozenset({ESCAPED})
    conditions = dict(state.conditions)
    conditions[site] = new
    return State(state.holdings, conditions)


def _advance(state: State, site: Site, condition: Condition) -> State:
    """Return the state after a step; a finished or closed generator stays what it is."""
    old = state.conditions.get(site, frozenset())
    finished = frozenset(each for each in old if each in (EXHAUSTED, CLOSED))
    if old == {CREATED}:
        condition = replace(condition, is_first=True)
    if not finished:
        return _become(state, site, condition)
    new = finished | {condition} if old - finished else finished
    return State(state.holdings, {**state.conditions, site: new})


def _escape(state: State, held: Iterable[Holding]) -> State:
    sites = {each.site for each in held}
    if not sites:
        return state
    conditions = dict(state.conditions)
    for site in sites:
        conditions[site] = frozenset({ESCAPED})
    return State(state.holdings, conditions)


def _forget(state: State, site: Site) -> State:
    conditions = dict(state.conditions)
    conditions.pop(site, None)
    holdings = {
        operand: kept
        for operand, held in state.holdings.items()
        if (kept := frozenset(each for each in held if each.site is not site))
    }
    return State(holdings, conditions)


def _without(state: State, site: Site) -> State:
    return _forget(_forget(state, site), site.earlier)


def _age(state: State, site: Site) -> State:
    """Return the state in which the site's object of an earlier turn is known as such."""
    if site not in state.conditions:
        return state
    earlier = site.earlier
    conditions = dict(state.conditions)
    old = conditions.pop(site)
    conditions[earlier] = conditions.get(earlier, frozenset()) | old
    holdings = {
        operand: frozenset(
            replace(each, site=earlier) if each.site is site else each for each in held
        )
        for operand, held in state.holdings.items()
    }
    return State(holdings, conditions)


def _pass_exception(state: State, kind: EdgeKind) -> State:
    """Mark generators that were stepped by a call as left by an exception."""
    return _map_conditions(
        state,
        lambda each: (
            replace(each, left=kind)
            if each.phase is Phase.SUSPENDED and each.left is None and _is_call(each.step)
            else each
        ),
    )


def _leave_loop(state: State, site: Site, loop: cst.CSTNode, kind: EdgeKind) -> State:
    if kind is EdgeKind.EXHAUSTED:
        return state
    return _map_conditions(
        state,
        lambda each: (
            replace(each, left=kind)
            if each.phase is Phase.SUSPENDED and each.step is loop and each.left is None
            else each
        ),
        only=site,
    )


def _map_conditions(
    state: State, change: Callable[[Condition], Condition], only: Site | None = None
) -> State:
    conditions = dict(state.conditions)
    for site, old in state.conditions.items():
        if only is None or site is only:
            conditions[site] = frozenset(change(each) for each in old)
    return state if conditions == state.conditions else State(state.holdings, conditions)


def _test(test: Test, is_true: bool, state: State) -> State | None:
    """Return the state behind a test: a generator object is true and never None."""
    if test.other not in ("", "None"):
        return _test_for_default(test, state) if is_true else state
    # The edge on which the operand is None, or false.
    is_nothing = is_true == bool(test.other)
    for held in state.held(test.value):
        if held.role is Role.ITEM:
            if is_nothing:
                state = _finish_default(state, held.site)
            continue
        if is_nothing and held.role in (Role.ALWAYS_TRUE, Role.METHOD):
            state = _forget(state, held.site)
        elif is_nothing:
            # On this edge the operand holds something else than the generator: if the
            # generator exists nowhere else, this path has none.
            remaining = frozenset(h for h in state.held(test.value) if h.site is not held.site)
            state = _hold(state, test.value, remaining)
            if not state.is_kept(held.site):
                state = _forget(state, held.site)
    return state


def _test_for_default(test: Test, state: State) -> State:
    """Return the state in which a step gave the default, which no generator yields."""
    for held in state.held(test.value):
        if held.role is Role.ITEM and held.default == test.other:
            state = _finish_default(state, held.site)
    return state


def _finish_default(state: State, site: Site) -> State:
    return _map_conditions(
        state, lambda each: EXHAUSTED if each.maybe_finished else each, only=site
    )


def _fingerprint(state: State, site: Site) -> str:
    keepers = sorted(
        f"{operand}:{held.role.value}"
        for operand, holdings in state.holdings.items()
        for held in holdings
        if held.site is site
    )
    conditions = sorted(
        str((c.phase, id(c.step), c.left, c.is_first)) for c in state.conditions.get(site, ())
    )
    return f"{keepers}{conditions}{_ends(state, site)}"


def _ends(state: State, site: Site) -> list[tuple[int, bool]]:
    """Return what else decides which edges can be taken: generators unstarted or at their end."""
    found = []
    for other, conditions in state.conditions.items():
        if other is not site and conditions == {CREATED}:
            found.append((id(other), True))
        elif other is not site and conditions <= {EXHAUSTED, CLOSED}:
            found.append((id(other), False))
    return sorted(found)


def resources_of(node: cst.CSTNode) -> frozenset[str]:
    """Return the names that a generator is made from: the receiver and the arguments."""
    if not isinstance(node, cst.Call):
        return frozenset()
    values = [each.value for each in node.args]
    if isinstance(node.func, cst.Attribute):
        values.append(node.func.value)
    return frozenset(name for each in values if (name := dotted_name(each)))


def _closed_resources(graph: Graph) -> frozenset[str]:
    """Return the dotted names that the function closes itself, or by a callback on a stack."""
    closed = set()
    for block in graph.blocks:
        for each in block.instructions:
            if not isinstance(each, Call) or not isinstance(each.node, cst.Call):
                continue
            methods = [each.node.func]
            if each.method in tables.EXIT_STACK_CLOSERS:
                methods = [argument.value for argument in each.node.args]
            closed |= {
                dotted_name(method.value)
                for method in methods
                if isinstance(method, cst.Attribute) and method.attr.value in tables.CLOSE_METHODS
            }
    return frozenset(closed - {""})


def _given_to_exit_stacks(scope: Scope) -> Iterator[str]:
    """Yield the names of what was entered on an exit stack, and is closed with it."""
    for name, bindings in scope.bindings.items():
        for each in bindings:
            call = call_of(each.value)
            if call is None or not isinstance(call.func, cst.Attribute):
                continue
            if call.func.attr.value in ("enter_async_context", "enter_context"):
                yield name
