"""What the functions and classes of a module are, and what a call of them gives.

Every answer is either sure or "unknown"; an unresolved decorator, base or name makes it unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

import libcst as cst

from asyncgen_lint.flow.graph import EdgeKind, Graph
from asyncgen_lint.flow.lower import TooComplex, lower
from asyncgen_lint.names import tables
from asyncgen_lint.names.known import Known
from asyncgen_lint.names.resolve import Modules, Resolver
from asyncgen_lint.names.scopes import (
    Binding,
    BindingKind,
    Outline,
    Scope,
    ScopeKind,
    dotted_name,
    is_name,
    last_name,
    only_argument,
)
from asyncgen_lint.source.suites import statements
from asyncgen_lint.source.walk import descendants
from asyncgen_lint.typestate.annotations import ASYNC_GENERATORS, Type
from asyncgen_lint.typestate.consumed import consumed
from asyncgen_lint.typestate.decorators import Decoration, Decorators, Way
from asyncgen_lint.typestate.instances import Called, Instances, one_of
from asyncgen_lint.typestate.swallowing import Swallowing


class FunctionKind(Enum):
    """What calling a function gives, its decorators included."""

    AGEN = "async generator"
    COROUTINE = "coroutine"
    GENERATOR = "generator"
    PLAIN = "value"
    CONTEXT_MANAGER = "async context manager"
    FIXTURE = "fixture"
    UNKNOWN = "unknown"


_CREATING = frozenset({FunctionKind.AGEN, FunctionKind.COROUTINE})


@dataclass(frozen=True)
class Product:
    """What an expression certainly gives: one of the kinds, made by one of `functions`.

    A coroutine's `awaited` is what awaiting it gives, if that is known. `or_none` says that it may
    be None instead. `overrides` are the methods that subclasses in view put in place of the one
    that is called on `self`.
    """

    kind: FunctionKind
    functions: tuple[Scope, ...]
    awaited: Product | None = None
    or_none: bool = False
    overrides: tuple[Scope, ...] = ()


class Knowledge:
    """Answers about functions, classes and calls, each computed once and kept with its module.

    `outline` is of the module that is analysed, None for what is known of all others alone.
    """

    def __init__(
        self,
        outline: Outline | None,
        modules: Modules | None = None,
        known: Known | None = None,
    ) -> None:
        self._outline = outline
        self.resolver = Resolver(modules, known)
        self.instances = Instances(self.resolver)
        self._swallowing = Swallowing(self)
        self._pending: set[object] = set()

    @property
    def outline(self) -> Outline:
        """The outline of the module that is analysed."""
        assert self._outline is not None
        return self._outline

    @property
    def known(self) -> Known:
        """What is known of library callables by name."""
        return self.resolver.known

    @property
    def decorators(self) -> Decorators:
        """What decorators make of their functions."""
        return self.instances.decorators

    # The oracle of lowering

    def dotted(self, expression: cst.CSTNode, scope: Scope) -> str:
        """Return the dotted name of a library object, or an empty string."""
        return self.resolver.dotted(expression, scope)

    def is_endless(self, iterator: cst.BaseExpression, scope: Scope) -> bool:
        """Return whether an expression makes one of the library's iterators that never end."""
        if not isinstance(iterator, cst.Call):
            return False
        dotted = self.dotted(iterator.func, scope)
        if dotted == "itertools.repeat":
            return len(iterator.args) == 1
        return dotted in tables.ENDLESS_ITERATORS

    def lineage(self, expression: cst.CSTNode, scope: Scope) -> tuple[str, ...]:
        """Return the names of a class and of its known bases, as the resolver gives them."""
        return self.resolver.lineage(expression, scope)

    def swallows(
        self, manager: cst.BaseExpression, scope: Scope, kind: EdgeKind, raised: str
    ) -> bool | None:
        """Return whether the manager's exit swallows an exception of this kind; None for maybe."""
        return self._swallowing.verdict(manager, scope, kind, raised)

    def never_returns(self, call: cst.Call, scope: Scope) -> bool:
        """Return whether the call is known to raise or exit always."""
        if dotted_name(call.func) == "":
            return False
        reference = self.resolver.reference(call.func, scope)
        if reference is None:
            return False
        if reference.dotted:
            return reference.dotted in ("sys.exit", "os._exit", "builtins.exit", "builtins.quit")
        found = reference.scope
        # Calling an async function returns a coroutine, whatever awaiting that does.
        return (
            found is not None and not found.is_async and _annotation(found) in ("NoReturn", "Never")
        )

    # Functions

    def graph(self, scope: Scope) -> Graph | None:
        """Return a function's graph; None if it is too complex to say anything of it."""
        memo = scope.outline.memo.setdefault("graph", {})
        if scope not in memo:
            try:
                memo[scope] = lower(scope.outline, scope, self)
            except (TooComplex, RecursionError):
                memo[scope] = None
        found: Graph | None = memo[scope]
        return found

    def body_kind(self, scope: Scope) -> FunctionKind:
        """Return what calling the function would give without its decorators."""
        if scope.kind is not ScopeKind.FUNCTION:
            return FunctionKind.UNKNOWN
        if scope.is_async:
            return FunctionKind.AGEN if scope.yields else FunctionKind.COROUTINE
        return FunctionKind.GENERATOR if scope.yields else FunctionKind.PLAIN

    def kind(self, scope: Scope) -> FunctionKind:
        """Return what calling the function gives."""
        memo = scope.outline.memo.setdefault("kind", {})
        if scope not in memo:
            memo[scope] = self._kind(scope)
        found: FunctionKind = memo[scope]
        return found

    def _kind(self, scope: Scope) -> FunctionKind:
        body = self.body_kind(scope)
        if body is FunctionKind.COROUTINE and is_stub(scope):
            # `async def rows(self) -> AsyncIterator[Row]: ...` is often meant as a generator.
            return FunctionKind.UNKNOWN
        if scope.owner_class is not None and self._is_remade(scope.owner_class):
            return FunctionKind.UNKNOWN
        for each in self.decorators.of(scope):
            body = _kind_after(each, body)
            if body in _FINAL:
                break
        return body

    def _is_remade(self, owner: Scope) -> bool:
        """Return whether a metaclass in view may put other things in place of a class's methods."""
        memo = owner.outline.memo.setdefault("remade", {})
        if owner not in memo:
            family = self.resolver.ancestry(owner)
            memo[owner] = any(self._has_wrapping_metaclass(each) for each in family)
        return bool(memo[owner])

    def _has_wrapping_metaclass(self, owner: Scope) -> bool:
        if not isinstance(owner.node, cst.ClassDef) or owner.parent is None:
            return False
        for each in owner.node.keywords:
            if each.keyword is None or each.keyword.value != "metaclass":
                continue
            found = self.resolver.reference(each.value, owner.parent)
            metaclass = found.scope if found is not None else None
            if metaclass is None or metaclass.kind is not ScopeKind.CLASS:
                continue
            makers = (self.resolver.method(metaclass, name) for name in ("__new__", "__init__"))
            if any(maker is not None and _walks_a_namespace(maker) for maker in makers):
                return True
        return False

    def is_driven_as_context_manager(self, scope: Scope) -> bool:
        """Return whether exceptions of the consumer are thrown into the generator's yield."""
        ways = self.decorators.ways(scope)
        return Way.CONTEXT_MANAGER in ways or scope in self._wrapped_functions(scope.outline)

    def is_entered_itself(self, scope: Scope) -> bool:
        """Return whether it is the function's own `yield` that is the body of a context manager."""
        for each in self.decorators.of(scope):
            if each.way is Way.CONTEXT_MANAGER:
                return True
            if each.way is not Way.ITSELF:
                return False
        return scope in self._wrapped_functions(scope.outline)

    def has_unknown_decorator(self, scope: Scope) -> bool:
        """Return whether some decorator may change how the function is driven."""
        return any(
            each.is_kept or each.way not in _DRIVING_WAYS for each in self.decorators.of(scope)
        )

    def is_wrapped(self, scope: Scope) -> bool:
        """Return whether a call may reach the function with other arguments, or another one."""
        direct = (Way.ITSELF, Way.CONTEXT_MANAGER)
        return any(each.way not in direct for each in self.decorators.of(scope))

    def entered_function(self, manager: Scope) -> Scope | None:
        """Return the generator function whose `yield` is the body of a context manager.

        That is the function itself, or the wrapper that a decorator in view puts around it.
        """
        for each in self.decorators.of(manager):
            if each.way is Way.CHANNEL:
                return each.wrapper
        return manager

    def is_property(self, scope: Scope) -> bool:
        """Return whether the function is read as an attribute."""
        return Way.PROPERTY in self.decorators.ways(scope)

    def is_given_to_driver(self, function: Scope) -> bool:
        """Return whether a dependency marker, or asynccontextmanager, gets the function by name.

        Asked are the function's own module and the one that is analysed.
        """
        return any(
            function in self._wrapped_functions(each) for each in (function.outline, self.outline)
        )

    def _wrapped_functions(self, outline: Outline) -> frozenset[Scope]:
        """Return the functions given by name to a dependency marker or asynccontextmanager."""
        memo = outline.memo.setdefault("wrapped", {})
        if not memo:
            memo[None] = frozenset(self._functions_given_to_wrappers(outline))
        found: frozenset[Scope] = memo[None]
        return found

    def _functions_given_to_wrappers(self, outline: Outline) -> Iterator[Scope]:
        if self.known.is_extended:
            # Which words were looked for in the text does not show in it.
            outline.ask_whole()
        if outline.text is not None and not self.known.may_mention_drivers(outline.text):
            return
        if outline.complete is not None:
            outline.complete()
        for scope in outline.module.descendants():
            for call in scope.calls:
                if not call.args:
                    continue
                dotted = self.dotted(call.func, scope)
                is_marker = dotted in self.known.dependency_markers
                if is_marker or dotted in self.known.context_manager_decorators:
                    functions = (self.instances.called(each.value, scope) for each in call.args)
                    yield from (each.scope for each in functions if each is not None)

    # Calls

    def callee(self, function: cst.BaseExpression, scope: Scope) -> Scope | None:
        """Return the function or class of this module that a called expression certainly is."""
        found = self.instances.called(function, scope)
        return self._reached(found) if found is not None else None

    def _reached(self, called: Called) -> Scope | None:
        if called.owner is None:
            return called.scope
        return self.method_of(called.owner, called.scope.name)

    def method_of(self, owner: Scope, name: str) -> Scope | None:
        """Return a class's method where no subclass in view overrides it by another kind."""
        method = self.resolver.method(owner, name)
        if method is None:
            return None
        for subclass in self.resolver.subclasses(owner):
            if name in subclass.bindings:
                override = self.resolver.method(subclass, name)
                if override is None or self._given_by(override) is not self._given_by(method):
                    return None
        return method

    def class_of(self, expression: cst.BaseExpression, scope: Scope) -> Scope | None:
        """Return the class of this module that an object certainly is an instance of."""
        return self.instances.class_of(expression, scope)

    def iterated(self, expression: cst.BaseExpression, scope: Scope) -> cst.BaseExpression | None:
        """Return `g` of `aiter(g)` and `g.__aiter__()`, which give a generator back (PEP 525)."""
        if not isinstance(expression, cst.Call):
            return None
        if isinstance(expression.func, cst.Attribute) and expression.func.attr.value == "__aiter__":
            return expression.func.value
        is_iter = self.dotted(expression.func, scope) in tables.ITERATOR_FUNCTIONS
        return only_argument(expression) if is_iter else None

    def is_context_variable(self, expression: cst.BaseExpression, scope: Scope) -> bool:
        """Return whether a name certainly is of a `contextvars.ContextVar` made in view."""
        if not isinstance(expression, cst.Name):
            return False
        found = self.resolver.only_definition(expression.value, scope)
        made = found[0].value if found is not None else None
        if found is None or not isinstance(made, cst.Call):
            return False
        function = made.func.value if isinstance(made.func, cst.Subscript) else made.func
        return self.dotted(function, found[1]) == "contextvars.ContextVar"

    def is_async_generator(self, expression: cst.BaseExpression, scope: Scope) -> bool:
        """Return whether an expression certainly is an async generator object, or None.

        Understood are calls, names bound once, what is annotated `AsyncGenerator` or tested to be
        one, and attributes of `self` that only ever get one of these.
        """
        return self._is_async_generator(expression, scope, 5)

    def _is_async_generator(self, expression: cst.BaseExpression, scope: Scope, depth: int) -> bool:
        if not depth:
            return False
        product = self.product(expression, scope)
        if product is not None:
            return product.kind is FunctionKind.AGEN
        if _is_generator_type(self.instances.type_of(expression, scope)):
            return True
        if isinstance(expression, cst.Name):
            bound = self.resolver.bindings(expression.value, scope)
            return bound is not None and self._all_are_generators(bound[1], bound[0], depth - 1)
        if not isinstance(expression, cst.Attribute) or not isinstance(expression.value, cst.Name):
            return False
        owner = self.class_of(expression.value, scope)
        if owner is None:
            return False
        stored = self.instances.stored_on_self(owner, expression.attr.value)
        return bool(stored) and all(
            self._is_async_generator(value, method, depth - 1) for value, method in stored
        )

    def _all_are_generators(self, bindings: list[Binding], scope: Scope, depth: int) -> bool:
        if not bindings:
            return False
        for each in bindings:
            if each.kind is BindingKind.PARAMETER:
                if not isinstance(each.node, cst.Param):
                    return False
                if not _is_generator_type(
                    self.instances.annotations.of_parameter(each.node, scope)
                ):
                    return False
            elif (
                each.kind is not BindingKind.VALUE
                or each.value is None
                or not self._is_async_generator(each.value, scope, depth)
            ):
                return False
        return True

    def product(self, expression: cst.BaseExpression, scope: Scope) -> Product | None:
        """Return what an expression certainly gives: a call, an await of one, or a property.

        Nothing is said of calls of other modules whose result is not used as a generator might be.
        """
        return self.certain_product(expression, scope) if self._matters(expression, scope) else None

    def possible_product(self, expression: cst.BaseExpression, scope: Scope) -> Product | None:
        """Return the same also of an expression that may give None instead."""
        return self._found_product(expression, scope) if self._matters(expression, scope) else None

    def product_of_unused(self, expression: cst.BaseExpression, scope: Scope) -> Product | None:
        """Return what a call gives whose result nothing uses.

        Of other modules, functions and methods count that are async generators by themselves.
        """
        if not isinstance(expression, cst.Call):
            return None
        function = expression.func
        if not self._matters(expression, scope) and isinstance(function, cst.Attribute):
            reference = self.resolver.reference(function, scope)
            if reference is None:
                owner = self.class_of(function.value, scope)
                if owner is None or not self._may_generate(owner, function.attr.value):
                    return None
        return self.certain_product(expression, scope)

    def _may_generate(self, owner: Scope, name: str) -> bool:
        family = self.resolver.ancestry(owner)
        return any(name in each.outline.generator_names() for each in family)

    def certain_product(self, expression: cst.BaseExpression, scope: Scope) -> Product | None:
        """Return what an expression certainly gives, whatever it costs to find out."""
        found = self._found_product(expression, scope)
        if found is None or found.or_none:
            return None
        if found.awaited is not None and found.awaited.or_none:
            return replace(found, awaited=None)
        return found

    def _found_product(self, expression: cst.BaseExpression, scope: Scope) -> Product | None:
        memo = scope.outline.memo.setdefault("product", {})
        key = (expression, scope)
        if key not in memo:
            if key in self._pending:
                return None
            self._pending.add(key)
            try:
                memo[key] = self._product(expression, scope)
            except RecursionError:
                # A chain of a thousand functions that return each other's results.
                if len(self._pending) > 1:
                    raise
                memo[key] = None
            finally:
                self._pending.discard(key)
        found: Product | None = memo[key]
        return found

    def _matters(self, expression: cst.BaseExpression, scope: Scope) -> bool:
        """Return whether, by its last name or its use, an expression may give a generator."""
        if isinstance(expression, cst.Await):
            return True
        if not isinstance(expression, (cst.Attribute, cst.Call)):
            return False
        names = scope.outline.generator_names()
        if last_name(expression) in names or "__call__" in names:
            return True
        return expression in consumed(scope.enclosing_function())

    def _product(self, expression: cst.BaseExpression, scope: Scope) -> Product | None:
        if isinstance(expression, cst.Await):
            coroutine = self._found_product(expression.expression, scope)
            return coroutine.awaited if coroutine is not None else None
        if isinstance(expression, cst.Attribute):
            return self._property(expression, scope)
        if not isinstance(expression, cst.Call):
            return None
        if len(expression.args) == 1 and self.dotted(expression.func, scope) == "builtins.aiter":
            return self.iterator_made(expression.args[0].value, scope)
        called = self.instances.all_called(expression.func, scope)
        if not called:
            return self._wrapped_by_call(expression.func, scope)
        product = _joined([self._made_by(self._reached(each)) for each in called])
        if product is None or product.kind is not FunctionKind.AGEN or len(called) > 1:
            return product
        return replace(product, overrides=self._overrides(expression.func, scope))

    def _overrides(self, called: cst.BaseExpression, scope: Scope) -> tuple[Scope, ...]:
        """Return the methods by which subclasses in view override one that is called on `self`."""
        if not isinstance(called, cst.Attribute):
            return ()
        owner = self.instances.class_of_self(called.value, scope)
        if owner is None:
            return ()
        name = called.attr.value
        overriding = [each for each in self.resolver.subclasses(owner) if name in each.bindings]
        methods = (self.resolver.method(each, name) for each in overriding)
        return tuple(each for each in methods if each is not None)

    def _made_by(self, function: Scope | None) -> Product | None:
        """Return what a call of a function or class gives."""
        if function is None or function.kind is not ScopeKind.FUNCTION:
            return None
        if self.is_property(function):
            return None
        kind = self.kind(function)
        if kind is FunctionKind.PLAIN:
            return self._returned(function) or self._declared(function)
        if kind is FunctionKind.COROUTINE:
            return Product(kind, (function,), self._awaited(function))
        return Product(kind, (function,))

    def _wrapped_by_call(self, called: cst.BaseExpression, scope: Scope) -> Product | None:
        """Return what calling `decorator(function)` gives, written in place or bound to a name."""
        bound = self.instances.bound_call(called, scope)
        if bound is None:
            return None
        call, where = bound
        decorated = only_argument(call) if call.args and call.args[0].keyword is None else None
        found = self.instances.called(decorated, where) if decorated is not None else None
        if found is None or not self.decorators.ways(found.scope) <= {Way.ITSELF}:
            return None
        if found.scope.kind is not ScopeKind.FUNCTION or self.body_kind(found.scope) in _VALUES:
            return None
        decoration = self.decorators.applied(call.func, where, found.scope)
        if decoration.way is Way.CHANNEL:
            # The function whose `yield` is the body is the wrapper, which nothing here names.
            return None
        kind = _kind_after(decoration, self.kind(found.scope))
        return Product(kind, (found.scope,)) if kind is not FunctionKind.UNKNOWN else None

    def _awaited(self, function: Scope) -> Product | None:
        """Return what awaiting the coroutine that a call of a function gives does give."""
        if not self.decorators.keep_result(function):
            return None
        kind = self.body_kind(function)
        return (
            self._returned(function)
            if kind is not FunctionKind.AGEN
            else (Product(kind, (function,)))
        )

    def iterator_made(self, iterable: cst.BaseExpression, scope: Scope) -> Product | None:
        """Return the generator that iterating an object makes by its `__aiter__`, if it does."""
        owners = self.instances.classes_of(iterable, scope)
        methods = [self.method_of(each, "__aiter__") for each in owners]
        return _joined([self._iterated_by(each) for each in methods])

    def _iterated_by(self, method: Scope | None) -> Product | None:
        if method is None:
            return None
        kind = self.kind(method)
        if kind is FunctionKind.AGEN:
            return Product(kind, (method,))
        return _certain_generator(self._returned(method)) if kind is FunctionKind.PLAIN else None

    def _declared(self, function: Scope) -> Product | None:
        """Return the generator that a function's annotation alone says it returns.

        Whether it needs closing is not known of such a one.
        """
        if not _is_generator_type(self.instances.annotations.of_result(function)):
            return None
        return Product(FunctionKind.AGEN, (function,))

    def is_declared_generator(self, function: Scope) -> bool:
        """Return whether a function without a body of its own stands for a generator function."""
        is_plain = self.kind(function) is FunctionKind.PLAIN
        return is_plain and is_stub(function) and self._declared(function) is not None

    def _given_by(self, method: Scope) -> FunctionKind:
        is_declared = self.is_declared_generator(method)
        return FunctionKind.AGEN if is_declared else self.kind(method)

    def _property(self, expression: cst.Attribute, scope: Scope) -> Product | None:
        owners = self.instances.classes_of(expression.value, scope)
        methods = [self.resolver.method(each, expression.attr.value) for each in owners]
        return _joined([self._read(each) for each in methods])

    def _read(self, method: Scope | None) -> Product | None:
        """Return the generator that reading a property makes, if it does."""
        if method is None or self.decorators.ways(method) != {Way.PROPERTY}:
            return None
        if self.body_kind(method) is FunctionKind.AGEN:
            return Product(FunctionKind.AGEN, (method,))
        if self.body_kind(method) is not FunctionKind.PLAIN:
            return None
        product = self._returned(method)
        return product if product is not None and product.kind is FunctionKind.AGEN else None

    def may_create_generators(self, function: Scope) -> bool:
        """Return whether a function, or a comprehension in it, makes an async generator."""
        if self._has_generator_properties(function.outline):
            return True
        attributes = (each for each in consumed(function) if isinstance(each, cst.Attribute))
        if any(self.product(each, function) is not None for each in attributes):
            return True
        pending = [function]
        while pending:
            scope = pending.pop()
            if scope.awaits and isinstance(scope.node, cst.GeneratorExp):
                return True
            for call in scope.calls:
                product = self.possible_product(call, scope)
                if product is not None and product.kind in _CREATING:
                    return True
            for loop in scope.awaits:
                if isinstance(loop, (cst.For, cst.CompFor)) and self.iterator_made(
                    loop.iter, scope
                ):
                    return True
            pending += [inner for inner in scope.children if inner.kind is ScopeKind.COMPREHENSION]
        return False

    def _has_generator_properties(self, outline: Outline) -> bool:
        memo = outline.memo.setdefault("generator properties", {})
        if not memo:
            memo[None] = any(
                each.owner_class is not None
                and (each.yields or each.returns)
                and self.is_property(each)
                and self._read(each) is not None
                for each in outline.functions()
            )
        return bool(memo[None])

    def _falls_off(self, function: Scope) -> bool:
        """Return whether control may reach the end of a function's body, which returns None."""
        graph = self.graph(function)
        return graph is None or any(
            edge.node is None and edge.target is graph.exits[EdgeKind.RETURN]
            for block in graph.reachable()
            for edge in block.edges
        )

    def _returned(self, function: Scope) -> Product | None:
        """Return what a function that is no generator returns, if all its returns agree."""
        if not function.returns or not isinstance(function.node, cst.FunctionDef):
            return None
        if Way.CACHES in self.decorators.ways(function):
            # What it returns is shared with earlier and later callers.
            return None
        if function.owner_class is not None and _is_abstract(self.resolver, function):
            return None
        given = [
            value
            for each in function.returns
            for value in (one_of(each.value) if each.value is not None else [None])
        ]
        values = [each for each in given if each is not None and not is_name(each, "None")]
        product = _joined([self._found_product(each, function) for each in values])
        if product is None:
            return None
        or_none = product.or_none or len(values) < len(given) or self._falls_off(function)
        return replace(product, or_none=or_none)


def _joined(products: list[Product | None]) -> Product | None:
    """Return what all of them are; None if one is not known, or they differ in kind."""
    known = [each for each in products if each is not None]
    if not known or len(known) != len(products) or len({each.kind for each in known}) != 1:
        return None
    functions = tuple(dict.fromkeys(f for each in known for f in each.functions))
    awaited = _joined([each.awaited for each in known])
    overrides = tuple(dict.fromkeys(f for each in known for f in each.overrides))
    or_none = any(each.or_none for each in known)
    return Product(known[0].kind, functions, awaited, or_none, overrides)


def _certain_generator(product: Product | None) -> Product | None:
    is_generator = product is not None and product.kind is FunctionKind.AGEN
    return product if product is not None and is_generator and not product.or_none else None


_DRIVING_WAYS = frozenset({Way.ITSELF, Way.CALLS, Way.ITERATES, Way.CONTEXT_MANAGER, Way.PROPERTY})
"""Ways that say how a generator is driven: by whoever iterates it, or as a context manager."""

_VALUES = frozenset({FunctionKind.PLAIN, FunctionKind.GENERATOR})
_FINAL = frozenset({FunctionKind.CONTEXT_MANAGER, FunctionKind.FIXTURE, FunctionKind.UNKNOWN})


def _kind_after(decoration: Decoration, kind: FunctionKind) -> FunctionKind:
    """Return what calling a function of a kind gives once it is decorated."""
    way = decoration.way
    if way in (Way.ITSELF, Way.CALLS):
        return kind
    if way in (Way.CONTEXT_MANAGER, Way.CHANNEL):
        return FunctionKind.CONTEXT_MANAGER
    if way is Way.FIXTURE:
        return FunctionKind.FIXTURE
    if way is Way.AWAITS:
        return FunctionKind.COROUTINE
    stays = FunctionKind.AGEN if way is Way.ITERATES else FunctionKind.PLAIN
    return kind if way in (Way.ITERATES, Way.CACHES) and kind is stays else FunctionKind.UNKNOWN


def _walks_a_namespace(function: Scope) -> bool:
    """Return whether a function goes over the items of something, or stores into it."""
    for node in descendants(function.node):
        if isinstance(node, cst.AssignTarget) and isinstance(node.target, cst.Subscript):
            return True
        if isinstance(node, cst.Call) and last_name(node.func) in ("items", "setattr"):
            return True
    return False


def _is_generator_type(found: Type | None) -> bool:
    return found is not None and found.dotted in ASYNC_GENERATORS


def _annotation(function: Scope) -> str:
    """Return the last name of a function's return annotation, without subscripts."""
    node = function.node
    if not isinstance(node, cst.FunctionDef) or node.returns is None:
        return ""
    annotation = node.returns.annotation
    if isinstance(annotation, cst.Subscript):
        annotation = annotation.value
    if isinstance(annotation, cst.SimpleString):
        return annotation.raw_value.partition("[")[0].rpartition(".")[2].strip()
    return dotted_name(annotation).rpartition(".")[2]


def _is_abstract(resolver: Resolver, function: Scope) -> bool:
    return "abc.abstractmethod" in resolver.decorators(function)


def mentions_annotation(function: Scope, names: frozenset[str]) -> bool:
    """Return whether a function's return annotation mentions one of these names anywhere."""
    node = function.node
    if not isinstance(node, cst.FunctionDef) or node.returns is None:
        return False
    return mentions_name(node.returns.annotation, names)


def mentions_name(annotation: cst.CSTNode, names: frozenset[str]) -> bool:
    """Return whether an annotation mentions one of these names anywhere, also in a string."""
    for each in descendants(annotation):
        if isinstance(each, cst.Name) and each.value in names:
            return True
        if isinstance(each, cst.Attribute) and each.attr.value in names:
            return True
        if isinstance(each, cst.SimpleString) and any(name in each.value for name in names):
            return True
    return False


def is_stub(function: Scope) -> bool:
    """Return whether a function's body does nothing but raise NotImplementedError, or nothing."""
    node = function.node
    if not isinstance(node, cst.FunctionDef):
        return False
    return all(_is_stub_statement(each) for each in statements(node.body))


def _is_stub_statement(node: cst.CSTNode) -> bool:
    if isinstance(node, cst.Pass):
        return True
    if isinstance(node, cst.If) and node.orelse is None:
        return all(_is_stub_statement(each) for each in statements(node.body))
    if isinstance(node, cst.Expr):
        kinds = (cst.Ellipsis, cst.SimpleString, cst.ConcatenatedString)
        return isinstance(node.value, kinds)
    if not isinstance(node, cst.Raise) or node.exc is None:
        return False
    raised = node.exc.func if isinstance(node.exc, cst.Call) else node.exc
    return dotted_name(raised).rpartition(".")[2] == "NotImplementedError"
