"""What a decorator makes of its function: by table, or by what the decorator's source does.

A decorator in view is read like this: whatever it returns, on each path that a function of this
kind takes, is the function itself, a wrapper around it, or what another decorator makes of one of
these. A wrapper is judged by its own kind and by how it uses the function. What is not understood
is UNKNOWN, and then nothing is said of calls of the function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING

import libcst as cst

from asyncgen_lint.names import tables
from asyncgen_lint.names.resolve import Resolver, full_name
from asyncgen_lint.names.scopes import BindingKind, Scope, ScopeKind, dotted_name, is_name
from asyncgen_lint.source.suites import statements, suites
from asyncgen_lint.source.walk import descendants
from asyncgen_lint.typestate.conditions import decided

if TYPE_CHECKING:
    from asyncgen_lint.typestate.instances import Called

_MAX_DEPTH = 8


class Way(Enum):
    """What calling the decorated function does."""

    ITSELF = "calls the function itself"
    CALLS = "gives what the function gives"
    ITERATES = "gives an async generator over the function's"
    AWAITS = "gives a coroutine"
    CONTEXT_MANAGER = "gives a context manager that throws into the function's yield"
    CHANNEL = "gives a context manager that only iterates the function's generator"
    FIXTURE = "is done by a test framework"
    PROPERTY = "is done by reading an attribute"
    CACHES = "gives what an earlier call gave"
    UNKNOWN = "is not known"


@dataclass(frozen=True, slots=True)
class Wrapper:
    """A function that a decorator returns in place of its own, which it calls `decorated`.

    `decorator` is the function that has that parameter.
    """

    scope: Scope
    decorated: str
    decorator: Scope


@dataclass(frozen=True, slots=True)
class Decoration:
    """What one decorator does.

    `is_kept` says that somebody else gets the function too, and may drive its generators in a way
    of their own; `gives_result`, of AWAITS, that awaiting gives what the function gives in the end;
    `wrapper` is the function in view that is called instead, for CHANNEL; `wrappers` are all in
    view that stand around the function, if they are the same on each path, the innermost first.
    """

    way: Way
    is_kept: bool = False
    gives_result: bool = False
    wrapper: Scope | None = None
    wrappers: tuple[Wrapper, ...] = field(default=(), compare=False)


_UNKNOWN = Decoration(Way.UNKNOWN)
_ITSELF = Decoration(Way.ITSELF)
_CALLED_THROUGH = frozenset({Way.ITSELF, Way.CALLS, Way.CACHES})
"""Ways in which a decorator's own decorators leave what it does as it is."""


class _Shape(Enum):
    """What `inspect` says that a function is, and what it is if called."""

    AGEN = "isasyncgenfunction"
    COROUTINE = "iscoroutinefunction"
    GENERATOR = "isgeneratorfunction"
    PLAIN = ""


_TESTS = {
    f"{module}.{shape.value}": shape
    for shape in _Shape
    if shape.value
    for module in ("inspect", "asyncio", "asyncio.coroutines")
}
_LOOKING_MODULES = ("functools.", "inspect.", "typing.")
_LOOKERS = frozenset(
    f"builtins.{name}"
    for name in ("callable", "getattr", "hasattr", "id", "isinstance", "repr", "setattr", "type")
) | frozenset(_TESTS)


@dataclass(frozen=True, slots=True)
class _Body:
    """A decorator's own function while it runs: its parameters known to be None, or not.

    `decorated` is the parameter that has the function, empty in a factory of decorators.
    """

    scope: Scope
    decorated: str
    missing: frozenset[str]
    shape: _Shape


class Decorators:
    """Answers for the functions of all modules in view, kept with the module of each."""

    def __init__(
        self, resolver: Resolver, called: Callable[[cst.BaseExpression, Scope], Called | None]
    ) -> None:
        self._resolver = resolver
        self._called = called

    def of(self, function: Scope) -> tuple[Decoration, ...]:
        """Return what each decorator of a function does, the innermost first."""
        node = function.node
        if not isinstance(node, cst.FunctionDef) or not node.decorators:
            return ()
        memo = function.outline.memo.setdefault("decorations", {})
        if function not in memo:
            # While it is being found out, a decorator that rests on itself is unknown.
            memo[function] = (_UNKNOWN,) * len(node.decorators)
            memo[function] = self._of(function, node)
        found: tuple[Decoration, ...] = memo[function]
        return found

    def ways(self, function: Scope) -> frozenset[Way]:
        """Return what the decorators of a function do."""
        return frozenset(each.way for each in self.of(function))

    def keep_result(self, function: Scope) -> bool:
        """Return whether a call gives, awaited if it must be, what the function's body returns."""
        return all(each.way in _CALLED_THROUGH or each.gives_result for each in self.of(function))

    def applied(self, decorator: cst.BaseExpression, scope: Scope, function: Scope) -> Decoration:
        """Return what calling `decorator` with an undecorated function makes of it."""
        return self._apply(decorator, scope, _shape_of(function), _MAX_DEPTH)

    def _of(self, function: Scope, node: cst.FunctionDef) -> tuple[Decoration, ...]:
        assert function.parent is not None
        found = []
        shape: _Shape | None = _shape_of(function)
        for each in reversed(node.decorators):
            made = _UNKNOWN
            if shape is not None:
                made = self._apply(each.decorator, function.parent, shape, _MAX_DEPTH)
                shape = _shape_after(made, shape)
            else:
                # Over an unknown object, a name that is known still says what it makes of it.
                way = self._listed(self._resolver.dotted(_head(each.decorator), function.parent))
                made = Decoration(way) if way is not None else _UNKNOWN
            found.append(made)
        return tuple(found)

    # A decorator expression

    def _apply(
        self, expression: cst.BaseExpression, scope: Scope, shape: _Shape, depth: int
    ) -> Decoration:
        if not depth:
            return _UNKNOWN
        if isinstance(expression, cst.Lambda):
            return _of_lambda(expression)
        head = _head(expression)
        dotted = self._resolver.dotted(head, scope)
        way = self._listed(dotted)
        if way is not None:
            return Decoration(way)
        if dotted == "functools.partial" and isinstance(expression, cst.Call):
            return self._apply_partial(expression, scope, shape, depth)
        called = self._called(head, scope)
        if called is None or called.scope.kind is not ScopeKind.FUNCTION:
            return Decoration(self._listed(_written_name(head, scope)) or Way.UNKNOWN)
        way = self._listed(full_name(called.scope)) if self._resolver.known.is_extended else None
        if way is not None:
            return Decoration(way)
        if called.scope.is_async or not self.ways(called.scope) <= _CALLED_THROUGH:
            return _UNKNOWN
        if isinstance(expression, cst.Call):
            return self._from_factory(called, expression, shape, depth)
        return self._run(called.scope, called.owner, shape, depth)

    def _listed(self, dotted: str) -> Way | None:
        """Return what a decorator does whose name some table or setting lists."""
        if not dotted:
            return None
        known = self._resolver.known
        if dotted in known.transparent_decorators:
            return Way.ITSELF
        if dotted in known.context_manager_decorators:
            return Way.CONTEXT_MANAGER
        if dotted in known.fixture_decorators:
            return Way.FIXTURE
        return _LISTED.get(dotted)

    def _apply_partial(self, call: cst.Call, scope: Scope, shape: _Shape, depth: int) -> Decoration:
        """Return what `partial(decorator, *arguments)` makes of a function."""
        if not call.args or any(each.star for each in call.args):
            return _UNKNOWN
        called = self._called(call.args[0].value, scope)
        if called is None or called.scope.kind is not ScopeKind.FUNCTION:
            return _UNKNOWN
        given = sum(each.keyword is None for each in call.args) - 1
        return self._run(called.scope, called.owner, shape, depth - 1, given)

    def _from_factory(
        self, called: Called, call: cst.Call, shape: _Shape, depth: int
    ) -> Decoration:
        """Return what the decorator makes of a function that calling a factory gives."""
        factory = called.scope
        assert isinstance(factory.node, cst.FunctionDef)
        body = _Body(factory, "", self._missing(called, call), shape)
        return self._agreed(
            self._made_by(each, body, depth) for each in _live_returns(body, self._test)
        )

    def _made_by(self, value: cst.BaseExpression | None, body: _Body, depth: int) -> Decoration:
        """Return what a decorator does that a factory returns as `value`."""
        if value is None:
            return _UNKNOWN
        if isinstance(value, cst.Name):
            local = self._local(value.value, body)
            if local is not None:
                return self._run(local, None, body.shape, depth - 1)
        return self._apply(value, body.scope, body.shape, depth - 1)

    def _missing(self, called: Called, call: cst.Call) -> frozenset[str]:
        """Return the parameters of a called function that are left at their default None."""
        node = called.scope.node
        assert isinstance(node, cst.FunctionDef)
        if any(each.star for each in call.args):
            return frozenset()
        positional = sum(each.keyword is None for each in call.args)
        by_name = {each.keyword.value for each in call.args if each.keyword is not None}
        parameters = [*node.params.posonly_params, *node.params.params]
        rest = parameters[positional + self._offset(called.scope, called.owner) :]
        return frozenset(
            each.name.value
            for each in (*rest, *node.params.kwonly_params)
            if each.name.value not in by_name
            and each.default is not None
            and is_name(each.default, "None")
        )

    def _offset(self, function: Scope, owner: Scope | None) -> int:
        """Return how many first parameters get the object or class, not an argument."""
        if function.owner_class is None:
            return 0
        names = self._resolver.decorators(function)
        if "builtins.staticmethod" in names:
            return 0
        return int(owner is not None or "builtins.classmethod" in names)

    # A decorator's body

    def _run(
        self, decorator: Scope, owner: Scope | None, shape: _Shape, depth: int, given: int = 0
    ) -> Decoration:
        """Return what a decorator in view, called with a function after `given` others, does.

        `owner` is the class that it was looked up on, if it is a method.
        """
        node = decorator.node
        if not depth or not isinstance(node, cst.FunctionDef):
            return _UNKNOWN
        if decorator.is_async or decorator.yields:
            return _UNKNOWN
        if not self.ways(decorator) <= _CALLED_THROUGH:
            return _UNKNOWN
        parameters = [*node.params.posonly_params, *node.params.params]
        place = given + self._offset(decorator, owner)
        if place >= len(parameters):
            return _UNKNOWN
        name = parameters[place].name.value
        if len(decorator.bindings.get(name, ())) != 1:
            return _UNKNOWN
        missing = frozenset(
            each.name.value
            for each in (*parameters[place + 1 :], *node.params.kwonly_params)
            if given == 0 and each.default is not None and is_name(each.default, "None")
        )
        body = _Body(decorator, name, missing, shape)
        made = self._agreed(
            self._returned(each, body, depth) for each in _live_returns(body, self._test)
        )
        return replace(made, is_kept=True) if self._keeps(body) else made

    def _agreed(self, decorations: Iterator[Decoration]) -> Decoration:
        found = list(decorations)
        if len(set(found)) != 1:
            return _UNKNOWN
        if len({each.wrappers for each in found}) != 1:
            return replace(found[0], wrappers=())
        return found[0]

    def _returned(self, value: cst.BaseExpression | None, body: _Body, depth: int) -> Decoration:
        """Return what calling a value does that a decorator returns in place of its function."""
        if value is None or not depth:
            return _UNKNOWN
        if isinstance(value, cst.Name):
            if value.value == body.decorated:
                return _ITSELF
            local = self._local(value.value, body)
            if local is not None:
                return self._wrapper(local, body, depth)
            bound = body.scope.bindings.get(value.value, [])
            if len(bound) != 1 or bound[0].kind is not BindingKind.VALUE:
                return _UNKNOWN
            return self._returned(bound[0].value, body, depth - 1)
        if not isinstance(value, cst.Call) or any(each.star for each in value.args):
            return _UNKNOWN
        dotted = self._resolver.dotted(value.func, body.scope)
        if dotted in tables.CASTS and len(value.args) == 2:
            return self._returned(value.args[1].value, body, depth - 1)
        if dotted == "functools.update_wrapper" and value.args:
            return self._returned(value.args[0].value, body, depth - 1)
        if len(value.args) != 1 or value.args[0].keyword is not None:
            return _UNKNOWN
        inner = self._returned(value.args[0].value, body, depth - 1)
        shape = _shape_after(inner, body.shape)
        if shape is None:
            return _UNKNOWN
        return self._composed(inner, self._outer(value.func, replace(body, shape=shape), depth))

    def _outer(self, decorator: cst.BaseExpression, body: _Body, depth: int) -> Decoration:
        """Return what a decorator does that another decorator calls."""
        if isinstance(decorator, cst.Name):
            local = self._local(decorator.value, body)
            if local is not None:
                return self._run(local, None, body.shape, depth - 1)
        return self._apply(decorator, body.scope, body.shape, depth - 1)

    def _local(self, name: str, body: _Body) -> Scope | None:
        """Return the nested function that a name has on the paths that are taken."""
        bindings = body.scope.bindings.get(name, [])
        if not bindings or any(each.kind is not BindingKind.FUNCTION for each in bindings):
            return None
        live = {
            each for each in _live_statements(body, self._test) if isinstance(each, cst.FunctionDef)
        }
        scopes = [each.scope for each in bindings if each.node in live]
        return scopes[0] if len(scopes) == 1 else None

    def _composed(self, inner: Decoration, outer: Decoration) -> Decoration:
        """Return what two decorators do, of which `outer` gets what `inner` made."""
        is_kept = inner.is_kept or outer.is_kept
        wrappers = (*inner.wrappers, *outer.wrappers)
        if outer.way in (Way.ITSELF, Way.CALLS):
            return replace(inner, is_kept=is_kept, wrappers=wrappers)
        if inner.way in (Way.ITSELF, Way.CALLS):
            return replace(outer, is_kept=is_kept, wrappers=wrappers)
        if inner.way is Way.AWAITS and outer.way is Way.AWAITS:
            both = inner.gives_result and outer.gives_result
            return Decoration(Way.AWAITS, is_kept, both, wrappers=wrappers)
        if inner.way is Way.ITERATES and outer.way is Way.ITERATES:
            return replace(inner, is_kept=is_kept, wrappers=wrappers)
        return _UNKNOWN

    # Wrappers

    def _wrapper(self, wrapper: Scope, body: _Body, depth: int) -> Decoration:
        """Return what calling a wrapper does, its own decorators included."""
        node = wrapper.node
        assert isinstance(node, cst.FunctionDef)
        made = replace(
            self._undecorated(wrapper, body),
            wrappers=(Wrapper(wrapper, body.decorated, body.scope),),
        )
        shape: _Shape | None = _shape_of(wrapper)
        for each in reversed(node.decorators):
            if shape is None:
                return _UNKNOWN
            outer = self._apply(each.decorator, body.scope, shape, depth - 1)
            shape = _shape_after(outer, shape)
            if outer.way is Way.CONTEXT_MANAGER and _shape_of(wrapper) is _Shape.AGEN:
                # Whatever the wrapper does to the function, it is the wrapper that is entered.
                made = Decoration(Way.CHANNEL, is_kept=True, wrapper=wrapper)
            else:
                made = self._composed(made, outer)
        return made

    def _undecorated(self, wrapper: Scope, body: _Body) -> Decoration:
        if body.decorated in wrapper.bindings:
            return _UNKNOWN
        values = [each.value for each in wrapper.returns]
        if wrapper.is_async and not wrapper.yields:
            gives = bool(values) and all(
                self._is_result(each, wrapper, body, is_awaited=True) for each in values
            )
            return Decoration(Way.AWAITS, gives_result=gives)
        if wrapper.is_async:
            is_over = body.shape is _Shape.AGEN and self._iterates(wrapper, body)
            return Decoration(Way.ITERATES) if is_over else _UNKNOWN
        if wrapper.yields or not values:
            return _UNKNOWN
        passes = all(self._is_result(each, wrapper, body, is_awaited=False) for each in values)
        return Decoration(Way.CALLS) if passes else _UNKNOWN

    def _is_result(
        self, value: cst.BaseExpression | None, wrapper: Scope, body: _Body, *, is_awaited: bool
    ) -> bool:
        """Return whether a value is what the decorated function gives, awaited if it must be."""
        if isinstance(value, cst.Name):
            bound = wrapper.bindings.get(value.value, [])
            if len(bound) != 1 or bound[0].kind is not BindingKind.VALUE:
                return False
            value = bound[0].value
        if is_awaited and body.shape is _Shape.COROUTINE:
            if not isinstance(value, cst.Await):
                return False
            value = value.expression
        return _is_call_of(value, body.decorated)

    def _iterates(self, wrapper: Scope, body: _Body) -> bool:
        """Return whether a wrapper yields in a loop over the decorated function's generator."""
        for node in wrapper.awaits:
            if not isinstance(node, cst.For) or not self._is_source(node.iter, wrapper, body):
                continue
            inside = set(descendants(node.body))
            if any(each in inside for each in wrapper.yields):
                return True
        return False

    def _is_source(self, iterated: cst.BaseExpression, wrapper: Scope, body: _Body) -> bool:
        if _is_call_of(iterated, body.decorated):
            return True
        if not isinstance(iterated, cst.Name):
            return False
        bound = wrapper.bindings.get(iterated.value, [])
        if len(bound) != 1 or bound[0].value is None:
            return False
        value = bound[0].value
        if bound[0].kind is BindingKind.VALUE:
            return _is_call_of(value, body.decorated)
        return (
            bound[0].kind is BindingKind.ENTERED
            and isinstance(value, cst.Call)
            and self._resolver.dotted(value.func, wrapper) in self._resolver.known.closers
            and len(value.args) == 1
            and _is_call_of(value.args[0].value, body.decorated)
        )

    # Who else gets the function

    def _keeps(self, body: _Body) -> bool:
        """Return whether the decorator does more with its function than call and look at it."""
        name = body.decorated
        harmless: set[cst.CSTNode] = set()
        for scope in body.scope.descendants():
            harmless.update(each.value for each in scope.returns if each.value is not None)
            for call in scope.calls:
                harmless.add(call.func)
                if self._only_looks(call, scope):
                    harmless.update(each.value for each in call.args)
        for node in descendants(body.scope.node):
            if isinstance(node, cst.Attribute):
                harmless.add(node.value)
            elif isinstance(node, cst.Comparison):
                harmless.add(node.left)
            elif isinstance(node, (cst.If, cst.IfExp)):
                harmless.add(node.test)
            elif isinstance(node, cst.UnaryOperation):
                harmless.add(node.expression)
        return any(
            each not in harmless
            for scope in body.scope.descendants()
            for each in scope.loads.get(name, ())
            if scope is body.scope or name not in scope.bindings
        )

    def _only_looks(self, call: cst.Call, scope: Scope) -> bool:
        dotted = self._resolver.dotted(call.func, scope)
        if dotted.startswith(_LOOKING_MODULES) or dotted in _LOOKERS:
            return True
        if self._listed(dotted) is not None:
            return True
        reference = self._resolver.reference(call.func, scope)
        found = reference.scope if reference is not None else None
        # A function nested in the decorator is part of it, and judged where its result is returned.
        return found is not None and found.parent is not None and found.parent in _around(scope)

    # Which paths are taken

    def _test(self, test: cst.BaseExpression, body: _Body) -> bool | None:
        """Return whether a condition holds for the function that is decorated; None if unknown."""
        return decided(test, lambda part: self._part(part, body))

    def _part(self, test: cst.BaseExpression, body: _Body) -> bool | None:
        if isinstance(test, cst.Name):
            return self._is_given(test, body)
        if isinstance(test, cst.Comparison) and len(test.comparisons) == 1:
            only = test.comparisons[0]
            given = self._is_given(test.left, body)
            if given is None or not is_name(only.comparator, "None"):
                return None
            if isinstance(only.operator, cst.Is):
                return not given
            return given if isinstance(only.operator, cst.IsNot) else None
        if isinstance(test, cst.Call) and len(test.args) == 1:
            dotted = self._resolver.dotted(test.func, body.scope)
            argument = test.args[0].value
            if dotted == "builtins.callable":
                return self._is_given(argument, body)
            if dotted in _TESTS and body.decorated and is_name(argument, body.decorated):
                return _TESTS[dotted] is body.shape
        return None

    def _is_given(self, expression: cst.BaseExpression, body: _Body) -> bool | None:
        if not isinstance(expression, cst.Name):
            return None
        if len(body.scope.bindings.get(expression.value, ())) != 1:
            return None
        if expression.value == body.decorated:
            return True
        return False if expression.value in body.missing else None


_LISTED = {
    **dict.fromkeys(tables.PROPERTY_DECORATORS, Way.PROPERTY),
    **dict.fromkeys(tables.RESULT_KEEPING_DECORATORS, Way.CALLS),
    **dict.fromkeys(tables.CACHING_DECORATORS, Way.CACHES),
    **dict.fromkeys(tables.CHANNEL_DECORATORS, Way.CHANNEL),
    "functools.wraps": Way.ITSELF,
}

_Test = Callable[[cst.BaseExpression, _Body], bool | None]


def _live_returns(body: _Body, test: _Test) -> Iterator[cst.BaseExpression | None]:
    """Yield what a decorator's body returns on the paths that may be taken."""
    for each in _live_statements(body, test):
        if isinstance(each, cst.Return):
            yield from _live_values(each.value, body, test)


def _live_values(
    value: cst.BaseExpression | None, body: _Body, test: _Test
) -> Iterator[cst.BaseExpression | None]:
    if not isinstance(value, cst.IfExp):
        yield value
        return
    verdict = test(value.test, body)
    if verdict is not False:
        yield from _live_values(value.body, body, test)
    if verdict is not True:
        yield from _live_values(value.orelse, body, test)


def _live_statements(body: _Body, test: _Test) -> Iterator[cst.CSTNode]:
    node = body.scope.node
    assert isinstance(node, cst.FunctionDef)
    found: list[cst.CSTNode] = []
    _run_suite(node.body, body, test, found)
    return iter(found)


def _run_suite(suite: cst.BaseSuite, body: _Body, test: _Test, found: list[cst.CSTNode]) -> bool:
    """Gather the statements of a suite that may run; return whether its end is never reached."""
    for statement in statements(suite):
        found.append(statement)
        if isinstance(statement, (cst.Return, cst.Raise)):
            return True
        if isinstance(statement, cst.If) and _run_if(statement, body, test, found):
            return True
        if not isinstance(statement, (cst.If, cst.FunctionDef, cst.ClassDef)):
            for inner in suites(statement):
                _run_suite(inner, body, test, found)
    return False


def _run_if(statement: cst.If, body: _Body, test: _Test, found: list[cst.CSTNode]) -> bool:
    verdict = test(statement.test, body)
    ends = []
    if verdict is not False:
        ends.append(_run_suite(statement.body, body, test, found))
    if verdict is not True:
        otherwise = statement.orelse
        if isinstance(otherwise, cst.If):
            ends.append(_run_if(otherwise, body, test, found))
        else:
            ends.append(otherwise is not None and _run_suite(otherwise.body, body, test, found))
    return all(ends)


def _head(expression: cst.BaseExpression) -> cst.BaseExpression:
    return expression.func if isinstance(expression, cst.Call) else expression


def _written_name(head: cst.BaseExpression, scope: Scope) -> str:
    """Return what a setting calls `app.route`, where `app` is a module's own variable."""
    name = dotted_name(head)
    module = scope.outline
    if not name or name.partition(".")[0] not in module.module.bindings:
        return ""
    return f"{module.name}.{name}" if module.name else name


def _of_lambda(expression: cst.Lambda) -> Decoration:
    parameters = expression.params.params
    if len(parameters) == 1 and is_name(expression.body, parameters[0].name.value):
        return _ITSELF
    return _UNKNOWN


def _is_call_of(value: cst.BaseExpression | None, name: str) -> bool:
    return isinstance(value, cst.Call) and is_name(value.func, name)


def _around(scope: Scope) -> Sequence[Scope]:
    """Return the functions around a scope, and itself."""
    found = []
    current: Scope | None = scope
    while current is not None and current.kind is not ScopeKind.MODULE:
        found.append(current)
        current = current.parent
    return found


def _shape_of(function: Scope) -> _Shape:
    if function.is_async:
        return _Shape.AGEN if function.yields else _Shape.COROUTINE
    return _Shape.GENERATOR if function.yields else _Shape.PLAIN


_SHAPES = {
    Way.CALLS: _Shape.PLAIN,
    Way.CACHES: _Shape.PLAIN,
    Way.CONTEXT_MANAGER: _Shape.PLAIN,
    Way.CHANNEL: _Shape.PLAIN,
    Way.ITERATES: _Shape.AGEN,
    Way.AWAITS: _Shape.COROUTINE,
}


def _shape_after(decoration: Decoration, shape: _Shape) -> _Shape | None:
    """Return what `inspect` says of a decorated function; None if that is not known."""
    return shape if decoration.way is Way.ITSELF else _SHAPES.get(decoration.way)
