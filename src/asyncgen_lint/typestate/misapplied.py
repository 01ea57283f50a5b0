"""Decorators that do to an async generator function what they can only do to other functions.

Calling an async generator function runs nothing of its body and cannot fail. So what is done
around the call alone is done around nothing, what the call gave cannot be given twice, and a
wrapper of another kind changes what callers get.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import pairwise

import libcst as cst

from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import Scope, ScopeKind, is_name
from asyncgen_lint.source.suites import statements
from asyncgen_lint.source.walk import OWN_SCOPES, children, descendants
from asyncgen_lint.typestate.consumers import Consumers
from asyncgen_lint.typestate.decorators import Decoration, Way, Wrapper
from asyncgen_lint.typestate.knowledge import FunctionKind, Knowledge

_PLAIN_MANAGERS = tables.CONTEXT_DECORATOR_BASES | {
    "builtins.object",
    "contextlib.AbstractContextManager",
    "contextlib.AbstractAsyncContextManager",
}


class CallOnly(Enum):
    """What is done around the call of an async generator function, to no effect."""

    RETRIES = "retries"
    MANAGER = "manager"
    ASYNC_MANAGER = "async manager"
    UNCALLABLE = "uncallable"
    AWAITS = "awaits"
    WITH = "with"
    TRY = "try"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Cached:
    """A function called `name` whose async generator a cache, applied `at`, hands out again."""

    name: str
    at: cst.CSTNode
    is_generator: bool


@dataclass(frozen=True, slots=True)
class WrapsCall:
    """A decorator of a generator function; `inside` is the place in its wrapper, if it has one."""

    name: str
    at: cst.CSTNode
    way: CallOnly
    inside: cst.CSTNode | None = None


@dataclass(frozen=True, slots=True)
class ChangedKind:
    """A decorator whose wrapper changes what calling its function gives; `use` relies on it not.

    `was_generator` says which of the two the function itself is.
    """

    name: str
    at: cst.CSTNode
    wrapper: cst.CSTNode
    use: cst.CSTNode
    was_generator: bool


class Misapplied:
    """Answers for the decorators of one module's functions."""

    def __init__(
        self,
        knowledge: Knowledge,
        consumers: Consumers,
        parents: Mapping[cst.CSTNode, cst.CSTNode],
    ) -> None:
        self._knowledge = knowledge
        self._consumers = consumers
        self._parents = parents

    def _decorated(self, function: Scope) -> list[tuple[cst.Decorator, Decoration]]:
        """Return the decorators of a function and what each does, the innermost first."""
        node = function.node
        if not isinstance(node, cst.FunctionDef):
            return []
        made = self._knowledge.decorators.of(function)
        return list(zip(reversed(node.decorators), made, strict=True))

    # Caches

    def cached(self) -> Iterator[Cached]:
        """Yield each cache around a function that certainly gives async generators."""
        for function in self._knowledge.outline.functions():
            for decorator, decoration in self._decorated(function):
                if self._is_cache(decorator.decorator, function.parent or function):
                    if self._gives_generators(function):
                        yield self._cached(function, decorator)
                    break
                if decoration.way not in _STILL_GIVE:
                    break
        for scope in self._knowledge.outline.module.descendants():
            for call in scope.calls:
                given = self._given(call, scope)
                if given is not None and self._gives_generators(given):
                    yield self._cached(given, call)

    def _cached(self, function: Scope, at: cst.CSTNode) -> Cached:
        is_generator = self._knowledge.body_kind(function) is FunctionKind.AGEN
        return Cached(function.name, at, is_generator)

    def _is_cache(self, decorator: cst.BaseExpression, scope: Scope) -> bool:
        head = decorator.func if isinstance(decorator, cst.Call) else decorator
        dotted = self._knowledge.dotted(head, scope)
        if dotted not in tables.GENERATOR_CACHES:
            return False
        return not isinstance(decorator, cst.Call) or not _keeps_nothing(decorator, dotted)

    def _given(self, call: cst.Call, scope: Scope) -> Scope | None:
        """Return the function that a call gives to a cache, as in `cache(f)`."""
        if len(call.args) != 1:
            return None
        if not self._is_cache(call.func, scope):
            return None
        found = self._knowledge.instances.called(call.args[0].value, scope)
        if found is None or found.scope.kind is not ScopeKind.FUNCTION:
            return None
        ways = self._knowledge.decorators.ways(found.scope)
        return found.scope if ways <= _STILL_GIVE else None

    def _gives_generators(self, function: Scope) -> bool:
        kind = self._knowledge.body_kind(function)
        if kind is not FunctionKind.PLAIN:
            return kind is FunctionKind.AGEN
        products = [
            self._knowledge.certain_product(each.value, function)
            for each in function.returns
            if each.value is not None
        ]
        return (
            bool(products)
            and len(products) == len(function.returns)
            and all(each is not None and each.kind is FunctionKind.AGEN for each in products)
        )

    # Decorators around the call alone

    def around_calls(self) -> Iterator[WrapsCall]:
        """Yield each decorator of a generator function that acts around its call alone."""
        for function in self._knowledge.outline.functions():
            if self._knowledge.body_kind(function) is not FunctionKind.AGEN:
                continue
            for decorator, decoration in self._decorated(function):
                found = self._around_call(decorator, decoration, function)
                if found is not None:
                    yield found
                if found is not None or decoration.way not in _STILL_ONE:
                    break

    def _around_call(
        self, decorator: cst.Decorator, decoration: Decoration, function: Scope
    ) -> WrapsCall | None:
        way = self._known(decorator.decorator, function.parent or function)
        if way is not None:
            return WrapsCall(function.name, decorator, way)
        if len(decoration.wrappers) != 1 or decoration.is_kept:
            return None
        (wrapper,) = decoration.wrappers
        if decoration.way is Way.AWAITS:
            awaited = self._awaited_call(wrapper)
            if awaited is not None:
                return WrapsCall(function.name, decorator, CallOnly.AWAITS, awaited)
        if decoration.way is Way.CALLS:
            return self._in_wrapper(wrapper, function.name, decorator)
        return None

    def _known(self, decorator: cst.BaseExpression, scope: Scope) -> CallOnly | None:
        """Return what a decorator does that is known by name, or by what it is."""
        head = decorator.func if isinstance(decorator, cst.Call) else decorator
        dotted = self._knowledge.dotted(head, scope)
        if dotted in tables.RETRYING_DECORATORS:
            return CallOnly.RETRIES
        if not isinstance(decorator, cst.Call):
            return None
        if dotted in tables.MANAGERS_AROUND_CALLS:
            return CallOnly.MANAGER
        if dotted in tables.TIMEOUTS_NOT_CALLABLE:
            return CallOnly.UNCALLABLE
        if dotted:
            return None
        if isinstance(head, cst.Attribute) and head.attr.value == "start_as_current_span":
            made = self._knowledge.instances.bound_call(head.value, scope)
            if made is not None and self._knowledge.dotted(made[0].func, made[1]) in (
                tables.TRACER_MAKERS
            ):
                return CallOnly.MANAGER
        called = self._knowledge.instances.called(head, scope)
        if called is None:
            return None
        if called.scope.kind is ScopeKind.CLASS:
            return self._by_class(called.scope)
        names = self._knowledge.resolver.decorators(called.scope)
        if names == ["contextlib.contextmanager"]:
            return CallOnly.MANAGER
        return CallOnly.ASYNC_MANAGER if names == ["contextlib.asynccontextmanager"] else None

    def _by_class(self, owner: Scope) -> CallOnly | None:
        """Return what an instance does as a decorator, by contextlib's own `__call__`."""
        found: set[str] = set()
        for each in self._knowledge.resolver.ancestry(owner):
            node = each.node
            if not isinstance(node, cst.ClassDef) or node.keywords or each.parent is None:
                return None
            if each.bindings.keys() & {"__call__", "_recreate_cm", "__new__"}:
                return None
            for base in node.bases:
                dotted = self._knowledge.dotted(base.value, each.parent)
                if dotted:
                    found.add(dotted)
                elif self._knowledge.resolver.reference(base.value, each.parent) is None:
                    return None
        used = found & tables.CONTEXT_DECORATOR_BASES
        if len(used) != 1 or not found <= _PLAIN_MANAGERS:
            return None
        is_async = used == {"contextlib.AsyncContextDecorator"}
        return CallOnly.ASYNC_MANAGER if is_async else CallOnly.MANAGER

    def _awaited_call(self, wrapper: Wrapper) -> cst.CSTNode | None:
        """Return where a wrapper awaits the generator that it makes, which always raises."""
        scope = wrapper.scope
        awaited = []
        for node in scope.awaits:
            if not isinstance(node, cst.Await) or not isinstance(node.expression, cst.Call):
                continue
            call = node.expression
            if self._knowledge.dotted(call.func, scope) in tables.WAITERS and call.args:
                first = call.args[0].value
                call = first if isinstance(first, cst.Call) else call
            if is_name(call.func, wrapper.decorated):
                awaited.append(node)
        # Where the function is used in another way too, there may be one for each kind.
        uses = sum(len(each.loads.get(wrapper.decorated, ())) for each in scope.descendants())
        return awaited[0] if awaited and len(awaited) == uses else None

    def _in_wrapper(
        self, wrapper: Wrapper, name: str, decorator: cst.Decorator
    ) -> WrapsCall | None:
        """Return what a sync wrapper does around the call that it merely returns."""
        calls = [each for each in wrapper.scope.calls if is_name(each.func, wrapper.decorated)]
        if len(calls) != 1:
            return None
        around = _path_to(calls[0], wrapper.scope.node)
        for statement, inner in pairwise(around):
            if not isinstance(statement, (cst.With, cst.Try, cst.TryStar)):
                continue
            if inner is not statement.body or not _only_calls(statement.body, calls[0]):
                continue
            if isinstance(statement, cst.With):
                return WrapsCall(name, decorator, CallOnly.WITH, statement)
            if self._is_for_the_body(statement, wrapper.scope):
                return WrapsCall(name, decorator, CallOnly.TRY, statement)
        order = list(descendants(wrapper.scope.node))
        position = order.index(calls[0])
        clocks = [
            order.index(each) < position
            for each in wrapper.scope.calls
            if self._knowledge.dotted(each.func, wrapper.scope) in tables.CLOCKS
        ]
        if True in clocks and False in clocks:
            return WrapsCall(name, decorator, CallOnly.CLOCK, calls[0])
        return None

    def _is_for_the_body(self, statement: cst.Try | cst.TryStar, scope: Scope) -> bool:
        """Return whether a `try` around the call is for errors that only the body can have."""
        if statement.finalbody is not None:
            return True
        for handler in statement.handlers:
            if handler.type is None:
                return True
            dotted = self._knowledge.dotted(handler.type, scope)
            if dotted in (tables.ORDINARY_EXCEPTION_ROOT, "builtins.BaseException"):
                return True
        return False

    # Wrappers of another kind

    def changed_kinds(self) -> Iterator[ChangedKind]:
        """Yield each wrapper of another kind than its function, where a use relies on the kind."""
        for function in self._knowledge.outline.functions():
            kind = self._knowledge.body_kind(function)
            decorated = self._decorated(function)
            # What several decorators make together is not asked.
            if len(decorated) != 1 or kind not in _WORTH_ASKING:
                continue
            (decorator, decoration) = decorated[0]
            if len(decoration.wrappers) != 1 or decoration.is_kept:
                continue
            (wrapper,) = decoration.wrappers
            is_generator = kind is FunctionKind.AGEN
            use = (
                self._lost_generator(function, decoration, wrapper)
                if is_generator
                else self._lost_coroutine(function, decoration, wrapper)
            )
            if use is not None:
                yield ChangedKind(function.name, decorator, wrapper.scope.node, use, is_generator)

    def _lost_generator(
        self, function: Scope, decoration: Decoration, wrapper: Wrapper
    ) -> cst.CSTNode | None:
        """Return what iterates a generator function that a wrapper has made a coroutine one."""
        if decoration.way is not Way.AWAITS or self._awaited_call(wrapper) is not None:
            return None
        if function in self._awaited:
            return None
        return self._iterated.get(function) or self._promised(wrapper)

    def _lost_coroutine(
        self, function: Scope, decoration: Decoration, wrapper: Wrapper
    ) -> cst.CSTNode | None:
        """Return what awaits a coroutine function that a wrapper has made a generator function."""
        scope = wrapper.scope
        if decoration.way is not Way.UNKNOWN or not scope.is_async or not scope.yields:
            return None
        if function in self._iterated:
            return None
        return self._awaited.get(function)

    def _promised(self, wrapper: Wrapper) -> cst.CSTNode | None:
        """Return the annotation by which a decorator says that it keeps the type of its function.

        That is a type variable, the same for what it gets and what it gives.
        """
        decorator = wrapper.decorator
        node = decorator.node
        if not isinstance(node, cst.FunctionDef) or node.returns is None:
            return None
        promised = node.returns.annotation
        if not isinstance(promised, cst.Name) or decorator.parent is None:
            return None
        variable = self._knowledge.resolver.only_value(promised.value, decorator.parent)
        if variable is None or not isinstance(variable[0], cst.Call):
            return None
        maker = self._knowledge.dotted(variable[0].func, variable[1])
        if maker not in ("typing.TypeVar", "typing_extensions.TypeVar"):
            return None
        for each in (*node.params.posonly_params, *node.params.params):
            if each.name.value == wrapper.decorated and each.annotation is not None:
                is_same = is_name(each.annotation.annotation, promised.value)
                return promised if is_same else None
        return None

    @cached_property
    def _iterated(self) -> dict[Scope, cst.CSTNode]:
        """The functions of which some `async for` iterates a call, and one such loop of each."""
        found: dict[Scope, cst.CSTNode] = {}
        for loop, scope in self._consumers.async_loops:
            if isinstance(loop.iter, cst.Call):
                function = self._knowledge.callee(loop.iter.func, scope)
                if function is not None:
                    found.setdefault(function, loop)
        return found

    @cached_property
    def _awaited(self) -> dict[Scope, cst.CSTNode]:
        """The functions of which some call is awaited, and one such `await` of each."""
        found: dict[Scope, cst.CSTNode] = {}
        for scope in self._knowledge.outline.module.descendants():
            for node in scope.awaits:
                if isinstance(node, cst.Await) and isinstance(node.expression, cst.Call):
                    function = self._knowledge.callee(node.expression.func, scope)
                    if function is not None:
                        found.setdefault(function, node)
        return found


_STILL_ONE = frozenset({Way.ITSELF, Way.ITERATES})
"""Ways after which a generator function is one still."""

_STILL_GIVE = _STILL_ONE | {Way.CALLS}
"""Ways after which a call gives a new generator still."""

_WORTH_ASKING = frozenset({FunctionKind.AGEN, FunctionKind.COROUTINE})


def _keeps_nothing(cache: cst.Call, dotted: str) -> bool:
    """Return whether a cache keeps nothing: functools' of size 0, cachetools' of no cache."""
    is_sized = dotted.startswith("functools.")
    for each in cache.args:
        if each.keyword is not None and each.keyword.value not in ("maxsize", "cache"):
            continue
        if not is_sized:
            return is_name(each.value, "None")
        return isinstance(each.value, cst.Integer) and each.value.evaluated_value == 0
    return False


def _path_to(node: cst.CSTNode, top: cst.CSTNode) -> list[cst.CSTNode]:
    """Return the nodes from `top` down to `node`; nothing if it stands in a nested function."""
    pending: list[tuple[cst.CSTNode, tuple[cst.CSTNode, ...]]] = [(top, (top,))]
    while pending:
        current, path = pending.pop()
        if current is node:
            return list(path)
        if current is top or not isinstance(current, OWN_SCOPES):
            pending += [(each, (*path, each)) for each in children(current)]
    return []


def _only_calls(suite: cst.BaseSuite, call: cst.Call) -> bool:
    """Return whether a suite does nothing but make the call and return what it gives."""
    made, *rest = statements(suite)
    if isinstance(made, cst.Return):
        return made.value is call
    if not isinstance(made, (cst.Assign, cst.AnnAssign)) or made.value is not call:
        return False
    return all(isinstance(each, cst.Return) and isinstance(each.value, cst.Name) for each in rest)
