"""Which class in view an object is an instance of, and what a call therefore calls.

Understood are `self`, calls of a class, names and attributes that only ever get instances of one
class, annotations of parameters, variables, attributes and returns (also those of a stub beside the
source), tests of a name's class, what functions return, items of annotated containers, and what
entering a manager gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import libcst as cst

from asyncgen_lint.names import tables
from asyncgen_lint.names.resolve import Resolver
from asyncgen_lint.names.scopes import (
    Binding,
    BindingKind,
    Scope,
    ScopeKind,
    all_parameters,
    dotted_name,
    is_name,
)
from asyncgen_lint.source.walk import descendants
from asyncgen_lint.typestate.annotations import (
    EXIT_STACKS,
    Annotations,
    Type,
    awaited_from,
    element_of,
    entered_from,
    is_without_type,
    item_of,
    result_of_function,
    result_of_method,
    unpacked_from,
    yielded_from,
)
from asyncgen_lint.typestate.decorators import Decorators, Way
from asyncgen_lint.typestate.narrowing import Evidence, narrowed_names

_MAX_DEPTH = 20

_PROPERTIES = tables.PROPERTY_DECORATORS | {"functools.cached_property"}
"""Decorators of methods that are read as attributes: Library Reference, functools."""

_WITHOUT_INSTANCE = frozenset({"builtins.classmethod", "builtins.staticmethod"})

_GIVING_ARGUMENT = tables.ACLOSING | tables.SYNC_CLOSING | {"contextlib.nullcontext"}
"""Managers that give what they were made with: contextlib documentation."""

_CLASS_TAKERS = frozenset({"__new__", "__init_subclass__", "__class_getitem__"})
"""The methods that get the class without a decorator: Language Reference 3.3."""

_ENTERING_METHODS = ("__aenter__", "__enter__")

_CALLED = frozenset({ScopeKind.FUNCTION, ScopeKind.CLASS})

_UNSEEN = cst.Ellipsis()
"""Stands for a value that is not written out where it is stored."""

_ASSIGNING = frozenset(
    {cst.Assign, cst.AnnAssign, cst.AugAssign, cst.For, cst.CompFor, cst.WithItem}
)

Stored = tuple[cst.BaseExpression, Scope]
"""A value that a method stores on `self`, and the method."""


@dataclass(frozen=True, slots=True)
class Called:
    """What is called; `owner` is the class that the method was looked up on, if it is one."""

    scope: Scope
    owner: Scope | None = None


class Instances:
    """Answers for objects; what is not sure is None. What was found is kept with its module."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self.decorators = Decorators(resolver, self.called)
        self.annotations = Annotations(resolver)
        self._pending: set[tuple[cst.CSTNode, Scope]] = set()
        self._is_cut = False

    # Calls

    def called(
        self, function: cst.BaseExpression, scope: Scope, depth: int = _MAX_DEPTH
    ) -> Called | None:
        """Return what a called expression certainly is: a function, a class, or a method."""
        if isinstance(function, cst.Subscript):
            # `Engine[int]()` makes an Engine.
            function = function.value
        reference = self._resolver.reference(function, scope)
        if reference is not None:
            found = reference.scope
            if found is not None:
                return Called(found) if found.kind in _CALLED else None
            is_listed = self._resolver.known.lists(reference.dotted)
            if is_listed or not isinstance(function, cst.Attribute):
                return None
        if not depth:
            self._is_cut = True
            return None
        partial = self.partial_of(function, scope)
        if partial is not None:
            return self.called(partial[0].args[0].value, partial[1], depth - 1)
        made = self._class_made(function, scope)
        if made is not None:
            return Called(made)
        if isinstance(function, cst.Attribute):
            method = self._method(function, scope, depth)
            if method is not None:
                return method
        value = self.type_of(function, scope, depth - 1)
        if value is None or value.owner is None:
            return None
        if value.is_class:
            return Called(value.owner)
        method_scope = self._resolver.method(value.owner, "__call__")
        return Called(method_scope, value.owner) if method_scope is not None else None

    def all_called(
        self, function: cst.BaseExpression, scope: Scope, depth: int = _MAX_DEPTH
    ) -> tuple[Called, ...]:
        """Return all that a called expression may be; nothing if one of these is not known."""
        only = self.called(function, scope, depth)
        if only is not None:
            return (only,)
        if isinstance(function, cst.Attribute) and depth:
            value = self.type_of(function.value, scope, depth - 1)
            if value is not None:
                return _all_known([self._method_of(each, function) for each in value.either])
        scopes = [each.scope for each in self._resolver.alternatives(function, scope)]
        return _all_known(
            [Called(each) if each and each.kind in _CALLED else None for each in scopes]
        )

    def partial_of(
        self, function: cst.BaseExpression, scope: Scope
    ) -> tuple[cst.Call, Scope] | None:
        """Return the `partial(f, ...)` that a called expression is, and where it stands."""
        bound = self.bound_call(function, scope)
        if bound is None:
            return None
        call, where = bound
        if not call.args or call.args[0].star or call.args[0].keyword is not None:
            return None
        is_partial = self._resolver.dotted(call.func, where) == "functools.partial"
        return (call, where) if is_partial else None

    def bound_call(
        self, function: cst.BaseExpression, scope: Scope
    ) -> tuple[cst.Call, Scope] | None:
        """Return the call that makes what is called, written in place or bound to its name."""
        if isinstance(function, cst.Call):
            return function, scope
        if not isinstance(function, cst.Name):
            return None
        value, where = self._resolver.only_value(function.value, scope) or (None, scope)
        return (value, where) if isinstance(value, cst.Call) else None

    def _class_made(self, function: cst.BaseExpression, scope: Scope) -> Scope | None:
        """Return the class that `cls` stands for, in a method that gets the class."""
        if not isinstance(function, cst.Name):
            return None
        only = self._resolver.only_binding(function.value, scope)
        if only is None:
            return None
        binding, method = only
        if not self._gets_class(method):
            return None
        return method.owner_class if self._is_first_parameter(binding.node, method) else None

    def _gets_class(self, method: Scope) -> bool:
        return method.name in _CLASS_TAKERS or "builtins.classmethod" in (
            self._resolver.decorators(method)
        )

    def _is_shadowed(self, owner: Scope, name: str) -> bool:
        """Return whether some instances have an attribute in place of a method."""
        return bool(self._stored(owner, name))

    def _method(self, function: cst.Attribute, scope: Scope, depth: int) -> Called | None:
        if self._is_super(function.value, scope):
            return self._inherited(function.attr.value, scope)
        value = self.type_of(function.value, scope, depth - 1)
        return self._method_of(value, function) if value is not None else None

    def _method_of(self, value: Type, function: cst.Attribute) -> Called | None:
        name, owner = function.attr.value, value.owner
        if owner is None:
            return None
        method = self._resolver.method(owner, name)
        if method is None or self._is_shadowed(owner, name):
            return None
        if value.is_class and not _WITHOUT_INSTANCE & set(self._resolver.decorators(method)):
            return None
        return Called(method, owner)

    def _is_super(self, expression: cst.BaseExpression, scope: Scope) -> bool:
        return (
            isinstance(expression, cst.Call)
            and not expression.args
            and self._resolver.dotted(expression.func, scope) == "builtins.super"
        )

    def _inherited(self, name: str, scope: Scope) -> Called | None:
        owner = _method_around(scope).owner_class
        if owner is None or self._resolver.has_unknown_bases(owner):
            return None
        for base in self._resolver.ancestry(owner)[1:]:
            if name in base.bindings:
                method = self._resolver.method(base, name)
                return Called(method) if method is not None else None
        return None

    # Objects

    def class_of(self, expression: cst.CSTNode, scope: Scope) -> Scope | None:
        """Return the class that an expression certainly gives an instance of."""
        found = self.type_of(expression, scope)
        return found.owner if found is not None and not found.is_class else None

    def class_of_self(self, expression: cst.CSTNode, scope: Scope) -> Scope | None:
        """Return the class whose method an expression is the first parameter of: `self`."""
        if not isinstance(expression, cst.Name):
            return None
        bound = self._resolver.bindings(expression.value, scope)
        if bound is None or len(bound[1]) != 1:
            return None
        method = bound[0]
        return method.owner_class if self._is_first_parameter(bound[1][0].node, method) else None

    def classes_of(self, expression: cst.CSTNode, scope: Scope) -> tuple[Scope, ...]:
        """Return the classes of one of which an expression certainly gives an instance."""
        found = self.type_of(expression, scope)
        if found is None or found.is_class:
            return ()
        return _all_known([each.owner for each in found.alternatives])

    def type_of(
        self, expression: cst.CSTNode, scope: Scope, depth: int = _MAX_DEPTH
    ) -> Type | None:
        """Return what is known of the value of an expression."""
        memo = scope.outline.memo.setdefault("type of", {})
        key = (expression, scope)
        if key in memo:
            known: Type | None = memo[key]
            return known
        if not depth or key in self._pending:
            # An expression that rests on itself is of no known class.
            self._is_cut = True
            return None
        is_outermost = not self._pending
        was_cut, self._is_cut = self._is_cut, False
        self._pending.add(key)
        try:
            found = self._type_of(expression, scope, depth)
        finally:
            self._pending.discard(key)
        if is_outermost or not self._is_cut:
            # What was cut short inside another question is answered anew when it is asked itself.
            memo[key] = found
        self._is_cut = (was_cut or self._is_cut) and not is_outermost
        return found

    def _type_of(self, expression: cst.CSTNode, scope: Scope, depth: int) -> Type | None:
        if isinstance(expression, cst.Call):
            return self._type_of_call(expression, scope, depth)
        if isinstance(expression, cst.Await):
            return self._type_awaited(expression.expression, scope, depth)
        if isinstance(expression, cst.Name):
            found = self._type_of_name(expression, scope, depth)
            return found or self._class_named(expression, scope)
        if isinstance(expression, cst.Attribute):
            found = self._type_of_attribute(expression, scope, depth)
            return found or self._class_named(expression, scope)
        if isinstance(expression, cst.Subscript):
            return self._type_of_element(expression, scope, depth)
        if isinstance(expression, (cst.IfExp, cst.BooleanOperation, cst.NamedExpr)):
            values = one_of(expression)
            return self._agreed(values, scope, depth) if values[0] is not expression else None
        return None

    def _agreed(
        self, values: Iterable[cst.BaseExpression], scope: Scope, depth: int
    ) -> Type | None:
        """Return the type that all values have; None does not count."""
        return self.annotations.agreed(
            self.type_of(each, scope, depth - 1)
            for value in values
            for each in one_of(value)
            if not is_name(each, "None")
        )

    def _class_named(self, expression: cst.CSTNode, scope: Scope) -> Type | None:
        """Return the class that an expression names."""
        reference = self._resolver.reference(expression, scope)
        found = reference.scope if reference is not None else None
        if found is None or found.kind is not ScopeKind.CLASS:
            return None
        return Type(found, is_class=True)

    # What calls give

    def _type_of_call(self, call: cst.Call, scope: Scope, depth: int) -> Type | None:
        called = self.all_called(call.func, scope, depth - 1)
        if not called:
            return self._type_from_library(call, scope, depth)
        return self.annotations.agreed(
            self._type_of_result(each, call, scope, depth) for each in called
        )

    def _type_of_result(
        self, called: Called, call: cst.Call, scope: Scope, depth: int
    ) -> Type | None:
        if called.scope.kind is ScopeKind.CLASS:
            return Type(called.scope) if makes_instances(called.scope) else None
        called = self._with_receiver(called, call.func, scope)
        function = called.scope
        if not self._is_transparent(function):
            return None
        if function.yields:
            return self._type_of_generator(called, depth)
        return None if function.is_async else self._type_returned(called, depth)

    def _type_from_library(self, call: cst.Call, scope: Scope, depth: int) -> Type | None:
        dotted = self._resolver.dotted(call.func, scope)
        if dotted in EXIT_STACKS:
            return Type(dotted=dotted)
        if dotted:
            return result_of_function(dotted, self._types_by_position(call, scope, depth))
        if isinstance(call.func, cst.Attribute):
            container = self.type_of(call.func.value, scope, depth - 1)
            if container is not None:
                return result_of_method(container, call.func.attr.value)
        return None

    def _types_by_position(self, call: cst.Call, scope: Scope, depth: int) -> list[Type | None]:
        """Return the types of the arguments that are certain to stand at their place."""
        found: list[Type | None] = []
        for each in call.args:
            if each.star or each.keyword:
                break
            found.append(self.type_of(each.value, scope, depth - 1))
        return found

    def _type_awaited(self, awaited: cst.BaseExpression, scope: Scope, depth: int) -> Type | None:
        if isinstance(awaited, cst.Call):
            called = self.all_called(awaited.func, scope, depth - 1)
            if called and all(each.scope.is_async and not each.scope.yields for each in called):
                if not all(self._is_transparent(each.scope) for each in called):
                    return None
                return self.annotations.agreed(
                    self._type_returned(self._with_receiver(each, awaited.func, scope), depth)
                    for each in called
                )
            if _is_entering(awaited) and isinstance(awaited.func, cst.Attribute):
                stack = self.type_of(awaited.func.value, scope, depth - 1)
                if stack is not None and stack.dotted in EXIT_STACKS:
                    return self._type_entered(awaited.args[0].value, scope, depth)
        value = self.type_of(awaited, scope, depth - 1)
        return awaited_from(value) if value is not None else None

    def _with_receiver(self, called: Called, function: cst.BaseExpression, scope: Scope) -> Called:
        """Return a call of a method through its class with the class that is named there."""
        if called.owner is not None or not isinstance(function, cst.Attribute):
            return called
        if called.scope.owner_class is None:
            return called
        named = self._class_named(function.value, scope)
        return replace(called, owner=named.owner) if named is not None else called

    def _is_transparent(self, function: Scope) -> bool:
        return self.decorators.keep_result(function)

    def _type_returned(self, called: Called, depth: int) -> Type | None:
        """Return what a function's annotation says of its result, else what its returns give."""
        function = called.scope
        if self.annotations.has_result(function):
            return self.annotations.of_result(function, called.owner)
        values = [each.value for each in function.returns if each.value is not None]
        if values and all(self._is_own(each, function) for each in values):
            return Type(called.owner or function.owner_class)
        return self._agreed(values, function, depth)

    def _is_own(self, value: cst.BaseExpression, method: Scope) -> bool:
        """Return whether a method's value is `self`, or `cls()`: of the class it is called on."""
        is_made = isinstance(value, cst.Call)
        name = value.func if isinstance(value, cst.Call) else value
        if not isinstance(name, cst.Name) or self._gets_class(method) is not is_made:
            return False
        bound = method.bindings.get(name.value, [])
        return len(bound) == 1 and self._is_first_parameter(bound[0].node, method)

    def _type_of_generator(self, called: Called, depth: int) -> Type | None:
        function = called.scope
        if self.annotations.has_result(function):
            return self.annotations.of_result(function, called.owner)
        name = "AsyncIterator" if function.is_async else "Iterator"
        return Type(dotted=f"typing.{name}", arguments=(self._type_yielded(called, depth),))

    def _type_yielded(self, called: Called, depth: int) -> Type | None:
        function = called.scope
        if self.annotations.has_result(function):
            annotated = self.annotations.of_result(function, called.owner)
            return yielded_from(annotated) if annotated is not None else None
        values = [
            each.value for each in function.yields if isinstance(each.value, cst.BaseExpression)
        ]
        if len(values) < len(function.yields):
            return None
        return self._agreed(values, function, depth)

    def _type_entered(
        self,
        manager: cst.BaseExpression,
        scope: Scope,
        depth: int,
        methods: tuple[str, ...] = _ENTERING_METHODS,
    ) -> Type | None:
        if isinstance(manager, cst.Call):
            called = self.called(manager.func, scope, depth - 1)
            if called is not None and called.scope.yields:
                is_manager = self._makes_manager(called.scope)
                return self._type_yielded(called, depth) if is_manager else None
            dotted = self._resolver.dotted(manager.func, scope)
            if dotted in _GIVING_ARGUMENT and manager.args:
                return self.type_of(manager.args[0].value, scope, depth - 1)
        value = self.type_of(manager, scope, depth - 1)
        if value is None or value.is_class:
            return None
        return self._entered(value.owner, methods, depth) if value.owner else entered_from(value)

    def _makes_manager(self, function: Scope) -> bool:
        """Return whether entering what a call of a generator function gives runs to its yield."""
        ways = self.decorators.ways(function)
        if Way.CONTEXT_MANAGER in ways:
            return ways <= {Way.CONTEXT_MANAGER, Way.ITSELF, Way.CALLS}
        decorators = set(self._resolver.decorators(function))
        rest = decorators - {"contextlib.contextmanager"}
        return rest != decorators and rest <= tables.TRANSPARENT_DECORATORS

    def _entered(self, manager: Scope, methods: tuple[str, ...], depth: int) -> Type | None:
        entering = (self._resolver.method(manager, name) for name in methods)
        found = [
            each
            for each in entering
            if each is not None and (each.returns or self.annotations.has_result(each))
        ]
        return self.annotations.agreed(
            self._type_returned(Called(each, manager), depth) for each in found
        )

    # Names

    def _type_of_name(self, name: cst.Name, scope: Scope, depth: int) -> Type | None:
        narrowed = self._narrowed(name, scope, depth)
        if narrowed is not None:
            return narrowed
        bound = self._resolver.bindings(name.value, scope)
        if bound is None:
            return None
        where, bindings = bound
        if not bindings or bindings[0].kind is not BindingKind.IMPORT:
            return self._type_of_variable(name.value, where, bindings, depth)
        if len(bindings) != 1:
            return None
        target = where.outline.absolute(bindings[0].target)
        return self._type_defined(target, scope, depth)

    def _type_defined(self, dotted: str, scope: Scope, depth: int) -> Type | None:
        """Return the type of a variable of another module."""
        defined = self._resolver.definition(dotted, scope.outline)
        if defined is None:
            return None
        where, bindings = defined
        return self._type_of_variable(dotted.rpartition(".")[2], where, bindings, depth)

    def _type_of_variable(
        self, name: str, where: Scope, bindings: list[Binding], depth: int
    ) -> Type | None:
        if name in where.annotations:
            annotated = self.annotations.of_variable(where.annotations[name], where)
            if annotated is None or not is_without_type(annotated):
                return annotated
        return self.annotations.agreed(
            self._type_of_binding(each, name, where, depth)
            for each in bindings
            if not is_name(each.value, "None")
        )

    def _type_of_binding(
        self, binding: Binding, name: str, scope: Scope, depth: int
    ) -> Type | None:
        if binding.kind is BindingKind.PARAMETER and isinstance(binding.node, cst.Param):
            if self._is_first_parameter(binding.node, scope):
                return Type(scope.owner_class, is_class=self._gets_class(scope))
            return self.annotations.of_parameter(binding.node, scope)
        if binding.value is not None:
            if binding.kind is BindingKind.ENTERED:
                method = _ENTERING_METHODS[:1] if binding.is_async else _ENTERING_METHODS[1:]
                return self._type_entered(binding.value, scope, depth, method)
            others = [each for each in one_of(binding.value) if not is_name(each, name)]
            return self._agreed(others, scope, depth)
        if binding.origin is None:
            return None
        if binding.kind is BindingKind.MATCHED:
            return self._tested([binding.origin], scope)
        if binding.kind not in (BindingKind.ITEM, BindingKind.UNPACKED):
            return None
        value = self.type_of(binding.origin, scope, depth - 1)
        if value is not None and binding.kind is BindingKind.ITEM:
            value = item_of(value)
        for place in binding.within:
            value = unpacked_from(value, place) if value is not None else None
        return value

    def _narrowed(
        self, expression: cst.Name | cst.Attribute, scope: Scope, depth: int
    ) -> Type | None:
        """Return the type that a function has made sure of where a name or attribute is used."""
        function = scope.enclosing_function()
        if not self._may_narrow(expression, function):
            return None
        memo = function.outline.memo.setdefault("narrowed", {})
        if function not in memo:
            memo[function] = narrowed_names(
                function, lambda each: self._is_isinstance(each, function)
            )
        evidence: Evidence | None = memo[function].get(expression)
        if evidence is None:
            return None
        tested = (self.annotations.of_variable(each, scope) for each in evidence.classes)
        values = (
            self._agreed([each], scope, depth)
            for each in evidence.values
            if not is_name(each, "None")
        )
        return self.annotations.agreed([*tested, *values])

    def _may_narrow(self, expression: cst.Name | cst.Attribute, function: Scope) -> bool:
        if isinstance(expression, cst.Attribute):
            if not isinstance(expression.value, cst.Name):
                return False
            if expression.attr.value in _stored_in(function):
                return True
        memo = function.outline.memo.setdefault("may narrow", {})
        if function not in memo:
            memo[function] = _has_tests(function)
        return bool(memo[function])

    def _is_isinstance(self, function: cst.BaseExpression, scope: Scope) -> bool:
        return self._resolver.dotted(function, scope) == "builtins.isinstance"

    def _tested(self, types: Iterable[cst.BaseExpression], scope: Scope) -> Type | None:
        return self.annotations.agreed(self.annotations.of_variable(each, scope) for each in types)

    # Attributes

    def _type_of_attribute(
        self, expression: cst.Attribute, scope: Scope, depth: int
    ) -> Type | None:
        narrowed = self._narrowed(expression, scope, depth)
        if narrowed is not None:
            return narrowed
        name = expression.attr.value
        value = self.type_of(expression.value, scope, depth - 1)
        if value is not None:
            return self.annotations.agreed(
                self._type_of_member(each, name, depth) for each in value.alternatives
            )
        reference = self._resolver.reference(expression, scope)
        if reference is None or not reference.dotted or reference.scope is not None:
            return None
        return self._type_defined(reference.dotted, scope, depth)

    def _type_of_member(self, value: Type, name: str, depth: int) -> Type | None:
        owner = value.owner
        if owner is None:
            return None
        annotated = self.annotations.of_attribute(name, owner) or self._declared(owner, name)
        if annotated is not None:
            return annotated
        method = self._resolver.method(owner, name)
        if method is not None:
            is_read = not value.is_class and self._is_property(method)
            return self._type_returned(Called(method, owner), depth) if is_read else None
        return self._type_stored(owner, name, depth)

    def _type_stored(self, owner: Scope, name: str, depth: int) -> Type | None:
        """Return the type of all that a class and its methods assign to an attribute."""
        if self._resolver.has_unknown_bases(owner):
            return None
        stored = list(self._stored(owner, name))
        for each in self._resolver.ancestry(owner):
            for binding in each.bindings.get(name, ()):
                if binding.kind is not BindingKind.VALUE or binding.value is None:
                    return None
                stored.append((binding.value, each))
        return self.annotations.agreed(
            self._agreed([value], method, depth)
            for value, method in stored
            if not is_name(value, "None")
        )

    def _is_property(self, method: Scope) -> bool:
        decorators = set(self._resolver.decorators(method))
        return bool(decorators & _PROPERTIES) and (
            decorators <= _PROPERTIES | tables.TRANSPARENT_DECORATORS
        )

    def _declared(self, owner: Scope, name: str) -> Type | None:
        """Return what the annotations of an attribute say that methods assign to."""
        return self.annotations.agreed(
            self.annotations.of_variable(annotation, method, owner)
            for each in self._resolver.ancestry(owner)
            for method in each.methods_storing(name)
            for annotation in _declared_in(method).get(name, ())
        )

    def _type_of_element(self, expression: cst.Subscript, scope: Scope, depth: int) -> Type | None:
        index = expression.slice[0].slice
        if len(expression.slice) != 1 or not isinstance(index, cst.Index):
            return None
        value = self.type_of(expression.value, scope, depth - 1)
        return element_of(value, _plain_number(index.value)) if value is not None else None

    def _is_first_parameter(self, parameter: cst.CSTNode, function: Scope) -> bool:
        if function.owner_class is None or not isinstance(function.node, cst.FunctionDef):
            return False
        if "builtins.staticmethod" in self._resolver.decorators(function):
            return False
        parameters = all_parameters(function.node.params)
        return bool(parameters) and parameters[0] is parameter

    # Attributes

    def stored_on_self(self, owner: Scope, name: str) -> list[Stored]:
        """Return what a class's methods assign to `self.name`, each with its method.

        Empty if the class has a base out of view, which may assign it too.
        """
        if self._resolver.has_unknown_bases(owner):
            return []
        found = self._stored(owner, name)
        return [] if any(value is _UNSEEN for value, _ in found) else found

    def _stored(self, owner: Scope, name: str) -> list[Stored]:
        memo = owner.outline.memo.setdefault("stored", {})
        key = (owner, name)
        if key not in memo:
            memo[key] = [
                (value, method)
                for each in self._resolver.ancestry(owner)
                for method in each.methods_storing(name)
                for value in _stored_in(method).get(name, ())
            ]
        found: list[Stored] = memo[key]
        return found


_Known = TypeVar("_Known")


def _all_known(found: Sequence[_Known | None]) -> tuple[_Known, ...]:
    """Return all of what was found; nothing if one is missing."""
    known = tuple(each for each in found if each is not None)
    return known if len(known) == len(found) else ()


def _stored_in(method: Scope) -> dict[str, list[cst.BaseExpression]]:
    """Return what a method stores in attributes, by the attribute's name."""
    memo = method.outline.memo.setdefault("stored in", {})
    if method not in memo:
        stored: dict[str, list[cst.BaseExpression]] = {}
        for node in descendants(method.node):
            if type(node) in _ASSIGNING:
                for name, value in _attribute_assignments(node):
                    stored.setdefault(name, []).append(value)
        memo[method] = stored
    found: dict[str, list[cst.BaseExpression]] = memo[method]
    return found


def _declared_in(method: Scope) -> dict[str, list[cst.BaseExpression]]:
    """Return the annotations that a method gives attributes of `self`, by the attribute's name."""
    memo = method.outline.memo.setdefault("declared in", {})
    if method not in memo:
        declared: dict[str, list[cst.BaseExpression]] = {}
        for node in descendants(method.node):
            if type(node) is not cst.AnnAssign:
                continue
            target = node.target
            if isinstance(target, cst.Attribute) and is_name(target.value, "self"):
                declared.setdefault(target.attr.value, []).append(node.annotation.annotation)
        memo[method] = declared
    found: dict[str, list[cst.BaseExpression]] = memo[method]
    return found


def _method_around(scope: Scope) -> Scope:
    """Return the method that a scope stands in, or the scope itself."""
    current: Scope | None = scope
    while current is not None:
        if current.kind is ScopeKind.FUNCTION and current.owner_class is not None:
            return current
        current = current.parent
    return scope


def one_of(expression: cst.BaseExpression) -> list[cst.BaseExpression]:
    """Return the expressions one of which gives an expression's value; itself if none is known."""
    if isinstance(expression, cst.IfExp):
        return [*one_of(expression.body), *one_of(expression.orelse)]
    if isinstance(expression, cst.BooleanOperation) and isinstance(expression.operator, cst.Or):
        return [*one_of(expression.left), *one_of(expression.right)]
    if isinstance(expression, cst.NamedExpr):
        return one_of(expression.value)
    return [expression]


def _is_entering(call: cst.Call) -> bool:
    return (
        isinstance(call.func, cst.Attribute)
        and call.func.attr.value in ("enter_async_context", "enter_context")
        and len(call.args) == 1
    )


def _plain_number(node: cst.BaseExpression) -> int | None:
    return int(node.value) if isinstance(node, cst.Integer) and node.value.isdecimal() else None


def _has_tests(function: Scope) -> bool:
    return any(
        "isinstance" in each.loads
        for each in function.descendants()
        if each is function or each.kind is ScopeKind.COMPREHENSION
    ) or any(isinstance(each, cst.MatchClass) for each in descendants(function.node))


def makes_instances(owner: Scope) -> bool:
    """Return whether calling a class makes an instance of it: no decorator says otherwise."""
    if not isinstance(owner.node, cst.ClassDef):
        return False
    called = (
        each.decorator.func if isinstance(each.decorator, cst.Call) else each.decorator
        for each in owner.node.decorators
    )
    names = (dotted_name(each).rpartition(".")[2] for each in called)
    return all(name in ("dataclass", "final", "define", "frozen") for name in names)


def _attribute_assignments(node: cst.CSTNode) -> list[tuple[str, cst.BaseExpression]]:
    """Return the attributes of a plain name that a node assigns, with their values.

    The value is _UNSEEN where it is not written out: in unpacking, loops, `with` and `+=`.
    """
    if isinstance(node, cst.Assign):
        return [
            found
            for each in node.targets
            for found in _attributes_in(each.target, node.value, is_whole=True)
        ]
    if isinstance(node, cst.AnnAssign):
        if node.value is None:
            return []
        return _attributes_in(node.target, node.value, is_whole=True)
    if isinstance(node, (cst.AugAssign, cst.For, cst.CompFor)):
        return _attributes_in(node.target, _UNSEEN, is_whole=True)
    if isinstance(node, cst.WithItem) and node.asname is not None:
        return _attributes_in(node.asname.name, _UNSEEN, is_whole=True)
    return []


def _attributes_in(
    target: cst.BaseExpression, value: cst.BaseExpression, *, is_whole: bool
) -> list[tuple[str, cst.BaseExpression]]:
    if isinstance(target, cst.Attribute) and isinstance(target.value, cst.Name):
        return [(target.attr.value, value if is_whole else _UNSEEN)]
    if isinstance(target, cst.StarredElement):
        return _attributes_in(target.value, value, is_whole=False)
    if not isinstance(target, (cst.Tuple, cst.List)):
        return []
    return [
        found
        for each in target.elements
        for found in _attributes_in(each.value, value, is_whole=False)
    ]
