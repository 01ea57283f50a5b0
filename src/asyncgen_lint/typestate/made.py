"""Which expressions certainly hold an async generator object, and which functions made it.

Annotations do not count: whoever passes another object that iterates alike is not contradicted.
"""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import Binding, BindingKind, Scope, is_name, only_argument
from asyncgen_lint.typestate.knowledge import FunctionKind, Knowledge
from asyncgen_lint.typestate.track import is_async_generator_expression

_TESTS = frozenset({"builtins.isinstance", "builtins.hasattr", "inspect.isasyncgen"})
_MAX_DEPTH = 5


class Made:
    """Answers for the expressions of one module."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def makers(self, expression: cst.BaseExpression, scope: Scope) -> tuple[Scope, ...] | None:
        """Return the functions that made the generator; None if it may be something else.

        Empty for a generator expression.
        """
        return self._makers(expression, scope, _MAX_DEPTH)

    def _makers(
        self, expression: cst.BaseExpression, scope: Scope, depth: int
    ) -> tuple[Scope, ...] | None:
        if not depth:
            return None
        if isinstance(expression, cst.GeneratorExp):
            return () if is_async_generator_expression(expression) else None
        if isinstance(expression, cst.NamedExpr):
            return self._makers(expression.value, scope, depth - 1)
        product = self._knowledge.product(expression, scope)
        if product is not None:
            has_bodies = all(
                self._knowledge.body_kind(each) is FunctionKind.AGEN for each in product.functions
            )
            return product.functions if product.kind is FunctionKind.AGEN and has_bodies else None
        if isinstance(expression, cst.Call):
            return self._makers_of_call(expression, scope, depth)
        if isinstance(expression, cst.Name):
            return self._makers_of_name(expression.value, scope, depth)
        if isinstance(expression, cst.Attribute):
            return self._makers_of_attribute(expression, scope, depth)
        return None

    def _makers_of_call(self, call: cst.Call, scope: Scope, depth: int) -> tuple[Scope, ...] | None:
        """Return the makers of what `aiter(g)` gives back."""
        if self._knowledge.dotted(call.func, scope) not in tables.ITERATOR_FUNCTIONS:
            return None
        given = only_argument(call)
        return self._makers(given, scope, depth - 1) if given is not None else None

    def _makers_of_name(self, name: str, scope: Scope, depth: int) -> tuple[Scope, ...] | None:
        bound = self._knowledge.resolver.bindings(name, scope)
        if bound is None or not bound[1] or self._is_tested(name, scope):
            return None
        found: list[Scope] = []
        for each in bound[1]:
            makers = self._makers_of_binding(each, bound[0], depth)
            if makers is None:
                return None
            found += makers
        return tuple(dict.fromkeys(found))

    def _makers_of_binding(
        self, binding: Binding, scope: Scope, depth: int
    ) -> tuple[Scope, ...] | None:
        if binding.value is None:
            return None
        if binding.kind is BindingKind.VALUE:
            return self._makers(binding.value, scope, depth - 1)
        entered = binding.value
        if not isinstance(entered, cst.Call):
            return None
        if self._knowledge.dotted(entered.func, scope) not in tables.ACLOSING:
            return None
        closed = only_argument(entered)
        return self._makers(closed, scope, depth - 1) if closed is not None else None

    def _makers_of_attribute(
        self, attribute: cst.Attribute, scope: Scope, depth: int
    ) -> tuple[Scope, ...] | None:
        name = attribute.attr.value
        owner = self._knowledge.class_of(attribute.value, scope)
        if owner is None or name in owner.bindings:
            return None
        stored = self._knowledge.instances.stored_on_self(owner, name)
        found: list[Scope] = []
        for value, method in stored:
            makers = self._makers(value, method, depth - 1)
            if makers is None:
                return None
            found += makers
        return tuple(dict.fromkeys(found)) if stored else None

    def _is_tested(self, name: str, scope: Scope) -> bool:
        """Return whether the code asks what the name holds."""
        return any(
            self._knowledge.dotted(call.func, scope) in _TESTS
            for call in scope.enclosing_function().calls
            if call.args and is_name(call.args[0].value, name)
        )
