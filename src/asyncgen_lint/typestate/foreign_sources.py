"""Loops that re-yield from a source that somebody else made: a parameter, or an attribute.

Closing the generator does not close such a source. Whether it should is a matter of contract, so
these are for a reader who asks for strict findings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import (
    BindingKind,
    Scope,
    ScopeKind,
    all_parameters,
    is_name,
    only_argument,
)
from asyncgen_lint.source.walk import descendants
from asyncgen_lint.typestate.knowledge import Knowledge, mentions_name

_GENERATORS = tables.ASYNC_ITERABLE_ANNOTATIONS | {"Any"}
_LOOKERS = frozenset({"builtins.isinstance", "builtins.hasattr", "builtins.callable"})
_MAX_DEPTH = 4


class ForeignSources:
    """Answers about the generator functions of one module."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def delegations(
        self, function: Scope, loops: Iterable[cst.CSTNode]
    ) -> Iterator[tuple[cst.For, str]]:
        """Yield each of a function's loops over a source that it was given, with its name.

        Left out are sources that a call gets which may close them, the object of a method, and what
        is annotated as something else than an async iterator: such objects have closing of their
        own, or none.
        """
        for loop in loops:
            if isinstance(loop, cst.For):
                name = self._given(loop.iter, function, frozenset(), _MAX_DEPTH)
                if name:
                    yield loop, name

    def _given(
        self, source: cst.BaseExpression, scope: Scope, passing: frozenset[cst.Call], depth: int
    ) -> str:
        """Return what a source that was given is called; empty if it was not, or is closed.

        `passing` are calls on the way that give back what they get.
        """
        if not depth:
            return ""
        if isinstance(source, cst.Name):
            return self._given_name(source.value, scope, passing, depth)
        if isinstance(source, cst.IfExp):
            sides = (source.body, source.orelse)
            names = (self._given(each, scope, passing, depth - 1) for each in sides)
            return next(filter(None, names), "")
        if isinstance(source, cst.Call) and self._gives_back(source, scope):
            return self._given(source.args[0].value, scope, passing | {source}, depth - 1)
        if isinstance(source, cst.Attribute):
            return self._given_attribute(source, scope)
        return ""

    def _given_name(self, name: str, scope: Scope, passing: frozenset[cst.Call], depth: int) -> str:
        bindings = scope.bindings.get(name, [])
        if len(bindings) != 1 or self._is_used(scope, name, passing):
            return ""
        only = bindings[0]
        if only.kind is BindingKind.PARAMETER:
            is_stream = self._may_be_generator(only.node, scope, is_named=bool(passing))
            return name if is_stream else ""
        if only.kind is BindingKind.VALUE and only.value is not None:
            calls = frozenset({only.value} if isinstance(only.value, cst.Call) else ())
            return self._given(only.value, scope, passing | calls, depth - 1)
        return ""

    def _is_used(self, scope: Scope, name: str, passing: frozenset[cst.Call]) -> bool:
        """Return whether a call gets the named object, or calls a method of it."""
        for call in scope.calls:
            parts = [each.value for each in call.args]
            if isinstance(call.func, cst.Attribute):
                parts.append(call.func.value)
            if call in passing or not any(is_name(each, name) for each in parts):
                continue
            if self._knowledge.dotted(call.func, scope) not in _LOOKERS:
                return True
        return False

    def _may_be_generator(
        self, parameter: cst.CSTNode, function: Scope, *, is_named: bool = False
    ) -> bool:
        """Return whether a parameter may be a generator; if `is_named`, its annotation says so."""
        if not isinstance(parameter, cst.Param) or self._gets_the_object(parameter, function):
            return False
        if parameter.annotation is None:
            return not is_named
        return self._mentions_stream(parameter.annotation.annotation, function, _MAX_DEPTH)

    def _mentions_stream(self, annotation: cst.BaseExpression, scope: Scope, depth: int) -> bool:
        """Return whether an annotation, or an alias in it, mentions an async iterator."""
        if mentions_name(annotation, _GENERATORS):
            return True
        if not depth:
            return False
        names = (each for each in descendants(annotation) if isinstance(each, cst.Name))
        aliases = (self._alias(each, scope) for each in names)
        return any(
            self._mentions_stream(value, where, depth - 1) for value, where in filter(None, aliases)
        )

    def _alias(self, name: cst.Name, scope: Scope) -> tuple[cst.BaseExpression, Scope] | None:
        found = self._knowledge.resolver.only_definition(name.value, scope)
        if found is None:
            return None
        only, where = found
        is_alias = only.kind is BindingKind.VALUE and isinstance(only.value, cst.Subscript)
        return (only.value, where) if is_alias and only.value is not None else None

    def _gets_the_object(self, parameter: cst.Param, function: Scope) -> bool:
        if function.owner_class is None or not isinstance(function.node, cst.FunctionDef):
            return False
        if "builtins.staticmethod" in self._knowledge.resolver.decorators(function):
            return False
        return all_parameters(function.node.params)[0] is parameter

    def _gives_back(self, call: cst.Call, scope: Scope) -> bool:
        """Return whether a call of a function in view may return its only argument as it is."""
        if only_argument(call) is None:
            return False
        function = self._knowledge.callee(call.func, scope)
        if function is None or function.kind is not ScopeKind.FUNCTION or function.is_async:
            return False
        if function.yields or not isinstance(function.node, cst.FunctionDef):
            return False
        names = [each.name.value for each in all_parameters(function.node.params)]
        return any(
            isinstance(each.value, cst.Name) and each.value.value in names
            for each in function.returns
        )

    def _given_attribute(self, source: cst.Attribute, scope: Scope) -> str:
        """Return the attribute's name, if a method stores in it what may be a generator."""
        owner = self._knowledge.class_of(source.value, scope)
        if (
            owner is None
            or not isinstance(source.value, cst.Name)
            or owner is not scope.owner_class
        ):
            return ""
        name = source.attr.value
        stored = self._knowledge.instances.stored_on_self(owner, name)
        if not any(self._stores_a_stream(value, method) for value, method in stored):
            return ""
        family = self._knowledge.resolver.ancestry(owner)
        if any(_is_handed_on(method, name) for each in family for method in each.methods()):
            return ""
        return f"{source.value.value}.{name}"

    def _stores_a_stream(self, value: cst.BaseExpression, method: Scope) -> bool:
        if not isinstance(value, cst.Name):
            return False
        bindings = method.bindings.get(value.value, [])
        return any(
            each.kind is BindingKind.PARAMETER
            and self._may_be_generator(each.node, method, is_named=True)
            for each in bindings
        )


def _is_handed_on(method: Scope, attribute: str) -> bool:
    """Return whether a method gives an attribute to a call, returns it, or calls a method of it."""
    for scope in method.descendants():
        parts: list[cst.CSTNode | None] = [each.value for each in scope.returns]
        for call in scope.calls:
            parts += [each.value for each in call.args]
            if isinstance(call.func, cst.Attribute):
                parts.append(call.func.value)
        if any(isinstance(each, cst.Attribute) and each.attr.value == attribute for each in parts):
            return True
    return False
