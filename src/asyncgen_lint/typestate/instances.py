"""Which class in view an object is an instance of, and what a call therefore calls.

Understood are `self`, calls of a class, names and attributes that only ever get instances of one
class, annotations of parameters, variables, attributes and returns, and what entering a manager
gives. An annotation is believed: it names the class or a subclass of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

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

_MAX_DEPTH = 8

_CLASS_TAKERS = frozenset({"__new__", "__init_subclass__", "__class_getitem__"})
"""The methods that get the class without a decorator: Language Reference 3.3."""

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
            return Called(found) if found is not None and found.kind in _CALLED else None
        if not depth:
            return None
        made = self._class_made(function, scope)
        if made is not None:
            return Called(made)
        if isinstance(function, cst.Attribute):
            method = self._method(function, scope, depth)
            if method is not None:
                return method
        owner = self.class_of(function, scope, depth - 1)
        if owner is None:
            return None
        method_scope = self._resolver.method(owner, "__call__")
        return Called(method_scope, owner) if method_scope is not None else None

    def _class_made(self, function: cst.BaseExpression, scope: Scope) -> Scope | None:
        """Return the class that `cls` stands for, in a method that gets the class."""
        if not isinstance(function, cst.Name):
            return None
        bound = self._resolver.bindings(function.value, scope)
        if bound is None or len(bound[1]) != 1:
            return None
        method = bound[0]
        if method.name not in _CLASS_TAKERS and "builtins.classmethod" not in (
            self._resolver.decorators(method)
        ):
            return None
        return method.owner_class if self._is_first_parameter(bound[1][0].node, method) else None

    def _is_shadowed(self, owner: Scope, name: str) -> bool:
        """Return whether some instances have an attribute in place of a method."""
        return bool(self._stored(owner, name))

    def _method(self, function: cst.Attribute, scope: Scope, depth: int) -> Called | None:
        name = function.attr.value
        if self._is_super(function.value, scope):
            return self._inherited(name, scope)
        owner = self.class_of(function.value, scope, depth - 1)
        if owner is None:
            return None
        method = self._resolver.method(owner, name)
        if method is None or self._is_shadowed(owner, name):
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

    def class_of(
        self, expression: cst.CSTNode, scope: Scope, depth: int = _MAX_DEPTH
    ) -> Scope | None:
        """Return the class that an expression certainly gives an instance of."""
        if not depth:
            return None
        key = (expression, scope)
        memo = scope.outline.memo.setdefault("class of", {})
        if key not in memo:
            # While it is being computed, an expression that rests on itself is of no known class.
            memo[key] = None
            memo[key] = self._class_of(expression, scope, depth)
        found: Scope | None = memo[key]
        return found

    def _class_of(self, expression: cst.CSTNode, scope: Scope, depth: int) -> Scope | None:
        if isinstance(expression, cst.Call):
            return self._class_of_call(expression, scope, depth, is_awaited=False)
        if isinstance(expression, cst.Await) and isinstance(expression.expression, cst.Call):
            return self._class_of_call(expression.expression, scope, depth, is_awaited=True)
        if isinstance(expression, cst.Name):
            return self._class_of_name(expression.value, scope, depth)
        if isinstance(expression, cst.Attribute):
            return self._class_of_attribute(expression, scope, depth)
        if isinstance(expression, cst.IfExp):
            sides = (expression.body, expression.orelse)
            return _agreed(self.class_of(each, scope, depth - 1) for each in sides)
        return None

    def _class_of_call(
        self, call: cst.Call, scope: Scope, depth: int, *, is_awaited: bool
    ) -> Scope | None:
        called = self.called(call.func, scope, depth - 1)
        if called is None:
            return None
        if called.scope.kind is ScopeKind.CLASS:
            return called.scope if not is_awaited and makes_instances(called.scope) else None
        if called.scope.is_async is not is_awaited or called.scope.yields:
            return None
        if not set(self._resolver.decorators(called.scope)) <= tables.TRANSPARENT_DECORATORS:
            return None
        return self._class_returned(called.scope)

    def _class_returned(self, function: Scope) -> Scope | None:
        node = function.node
        if not isinstance(node, cst.FunctionDef) or node.returns is None:
            return None
        return self._class_of_annotation(node.returns.annotation, function)

    def _class_of_name(self, name: str, scope: Scope, depth: int) -> Scope | None:
        bound = self._resolver.bindings(name, scope)
        if bound is None:
            return None
        where, bindings = bound
        if name in where.annotations:
            return self._class_of_annotation(where.annotations[name], where)
        return _agreed(self._class_of_binding(each, where, depth) for each in bindings)

    def _class_of_binding(self, binding: Binding, scope: Scope, depth: int) -> Scope | None:
        if binding.kind is BindingKind.PARAMETER and isinstance(binding.node, cst.Param):
            if self._is_first_parameter(binding.node, scope):
                return scope.owner_class
            annotation = binding.node.annotation
            if annotation is None or binding.node.star:
                return None
            return self._class_of_annotation(annotation.annotation, scope)
        if binding.value is None:
            return None
        found = self.class_of(binding.value, scope, depth - 1)
        if binding.kind is BindingKind.VALUE:
            return found
        return self._class_entered(found) if found is not None else None

    def _class_entered(self, manager: Scope) -> Scope | None:
        """Return the class of what entering a manager gives."""
        for name in ("__aenter__", "__enter__"):
            method = self._resolver.method(manager, name)
            if method is None or not method.returns:
                continue
            if all(is_name(each.value, "self") for each in method.returns):
                return manager
            return self._class_returned(method)
        return None

    def _class_of_attribute(
        self, expression: cst.Attribute, scope: Scope, depth: int
    ) -> Scope | None:
        owner = self.class_of(expression.value, scope, depth - 1)
        if owner is None:
            return None
        name = expression.attr.value
        for each in self._resolver.ancestry(owner):
            if name in each.annotations:
                return self._class_of_annotation(each.annotations[name], each)
        values = [
            (value, method)
            for value, method in self.stored_on_self(owner, name)
            if not is_name(value, "None")
        ]
        return _agreed(self.class_of(value, method, depth - 1) for value, method in values)

    def _class_of_annotation(self, annotation: cst.BaseExpression, scope: Scope) -> Scope | None:
        """Return the class that an annotation names, for `X`, `"X"`, `X | None`, `Optional[X]`."""
        if isinstance(annotation, cst.SimpleString):
            parsed = _parsed_annotation(annotation)
            return self._class_of_annotation(parsed, scope) if parsed is not None else None
        if isinstance(annotation, cst.BinaryOperation):
            sides = [annotation.left, annotation.right]
            named = [each for each in sides if not is_name(each, "None")]
            return self._class_of_annotation(named[0], scope) if len(named) == 1 else None
        if isinstance(annotation, cst.Subscript):
            return self._class_of_subscript(annotation, scope)
        reference = self._resolver.reference(annotation, scope)
        if reference is None:
            return None
        if reference.dotted in ("typing.Self", "typing_extensions.Self"):
            return _method_around(scope).owner_class
        found = reference.scope
        return found if found is not None and found.kind is ScopeKind.CLASS else None

    def _class_of_subscript(self, annotation: cst.Subscript, scope: Scope) -> Scope | None:
        outer = self._resolver.dotted(annotation.value, scope)
        if outer not in ("typing.Optional", "typing.Annotated", "typing_extensions.Annotated"):
            return self._class_of_annotation(annotation.value, scope)
        first = annotation.slice[0].slice
        return (
            self._class_of_annotation(first.value, scope) if isinstance(first, cst.Index) else None
        )

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


def _method_around(scope: Scope) -> Scope:
    """Return the method that a scope stands in, or the scope itself."""
    current: Scope | None = scope
    while current is not None:
        if current.kind is ScopeKind.FUNCTION and current.owner_class is not None:
            return current
        current = current.parent
    return scope


def _agreed(classes: Iterable[Scope | None]) -> Scope | None:
    """Return the class that all agree on."""
    agreed: Scope | None = None
    for each in classes:
        if each is None or agreed not in (None, each):
            return None
        agreed = each
    return agreed


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


def _parsed_annotation(annotation: cst.SimpleString) -> cst.BaseExpression | None:
    try:
        return cst.parse_expression(str(annotation.evaluated_value))
    except (cst.ParserSyntaxError, RecursionError):
        return None


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
