"""Where a module uses async generators: each expression that certainly is one.

Parameters are left out, whatever their annotation: those of tests and of frameworks often get what
a fixture or dependency of that type yields.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import libcst as cst

from asyncgen_lint.flow.graph import EdgeKind
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import BindingKind, Scope, ScopeKind, last_name
from asyncgen_lint.source.walk import descendants, is_same_code
from asyncgen_lint.typestate.knowledge import FunctionKind, Knowledge, Product
from asyncgen_lint.typestate.track import is_async_generator_expression

_ERRORS = ("builtins.TypeError", "builtins.AttributeError", "builtins.RuntimeError")
"""What misuse raises."""

_TAKING = (
    cst.For,
    cst.CompFor,
    cst.Arg,
    cst.StarredElement,
    cst.WithItem,
    cst.From,
    cst.Element,
    cst.ListComp,
    cst.GeneratorExp,
    cst.ComparisonTarget,
    cst.Subscript,
)
"""What a call stands in whose result is iterated, entered, or given to somebody."""


@dataclass(frozen=True, slots=True)
class Use:
    """An expression that gives an async generator, and the scope that it is evaluated in."""

    node: cst.BaseExpression
    scope: Scope


class Uses:
    """Answers for one module; `parents` gives the node around each node."""

    def __init__(self, knowledge: Knowledge, parents: Mapping[cst.CSTNode, cst.CSTNode]) -> None:
        self._knowledge = knowledge
        self._parents = parents

    @cached_property
    def of_generators(self) -> tuple[Use, ...]:
        """Every expression that certainly is a generator, where no failure is expected."""
        return tuple(
            each
            for each in self._all()
            if not self.is_expected_to_raise(each.node, each.scope)
            and not self.is_told_apart(each.node, each.scope)
        )

    @cached_property
    def nodes(self) -> frozenset[cst.CSTNode]:
        """The nodes of these."""
        return frozenset(each.node for each in self.of_generators)

    def _all(self) -> Iterator[Use]:
        scopes = list(self._knowledge.outline.module.descendants())
        names = {name for scope in scopes for name in self._names_of_generators(scope)}
        for scope in scopes:
            for call in scope.calls:
                if _gives_generator(self._product(call, scope)):
                    yield Use(call, scope)
            for name in names & scope.loads.keys():
                if self.is_named_generator(name, scope):
                    yield from (Use(node, scope) for node in scope.loads[name])
            node = scope.node
            if isinstance(node, cst.GeneratorExp) and is_async_generator_expression(node):
                yield Use(node, scope.parent or scope)

    def _product(self, call: cst.BaseExpression, scope: Scope) -> Product | None:
        product = self._knowledge.product(call, scope)
        if product is None and isinstance(call, cst.Call) and self._is_taken(call, scope):
            product = self._knowledge.product_of_unused(call, scope)
        return product

    def _is_taken(self, call: cst.Call, scope: Scope) -> bool:
        """Return whether a call, or what it is assigned to, stands where an iterable or a coroutine
        is wanted."""
        parent = self._parents[call]
        if not isinstance(parent, cst.Assign):
            return isinstance(parent, _TAKING)
        return any(self._takes(each.target, scope) for each in parent.targets)

    def _takes(self, target: cst.BaseExpression, scope: Scope) -> bool:
        if not isinstance(target, cst.Name):
            return isinstance(target, (cst.Tuple, cst.List))
        loads = scope.loads.get(target.value, ())
        return any(isinstance(self._parents[each], _TAKING) for each in loads)

    def _names_of_generators(self, scope: Scope) -> Iterator[str]:
        for name, bindings in scope.bindings.items():
            for each in bindings:
                if each.kind is BindingKind.VALUE and each.value is not None:
                    if _gives_generator(self._product(each.value, scope)):
                        yield name
                        break
                    if isinstance(each.value, cst.GeneratorExp):
                        yield name
                        break

    def is_named_generator(self, name: str, scope: Scope) -> bool:
        """Return whether all that a name ever gets are async generators made in view."""
        bound = self._knowledge.resolver.bindings(name, scope)
        return (
            bound is not None
            and bool(bound[1])
            and all(
                each.kind is BindingKind.VALUE
                and each.value is not None
                and self._is_made(each.value, bound[0])
                for each in bound[1]
            )
        )

    def _is_made(self, value: cst.BaseExpression, scope: Scope) -> bool:
        if isinstance(value, cst.GeneratorExp):
            return is_async_generator_expression(value)
        return _gives_generator(self._product(value, scope))

    def function_of(self, expression: cst.BaseExpression, scope: Scope) -> Scope | None:
        """Return the async generator function that an expression is, not called."""
        found = self._knowledge.callee(expression, scope)
        if found is None or found.kind is not ScopeKind.FUNCTION:
            return None
        if found.name != last_name(expression) and found.name == "__call__":
            # An object that can be called may be iterated too.
            return None
        if self.is_expected_to_raise(expression, scope):
            return None
        return found if self._knowledge.kind(found) is FunctionKind.AGEN else None

    def made_by(self, expression: cst.BaseExpression, scope: Scope) -> str:
        """Return the dotted name of the library call that made or entered an object, or nothing."""
        if isinstance(expression, cst.Call):
            return self._knowledge.dotted(expression.func, scope)
        if not isinstance(expression, cst.Name):
            return ""
        bound = self._knowledge.resolver.bindings(expression.value, scope)
        if bound is None:
            return ""
        makers = {
            self.made_by(each.value, bound[0]) if isinstance(each.value, cst.Call) else ""
            for each in bound[1]
        }
        return makers.pop() if len(makers) == 1 else ""

    def is_asserted(self, node: cst.CSTNode) -> bool:
        """Return whether an expression is part of an assertion."""
        current: cst.CSTNode | None = node
        while current is not None and not isinstance(current, cst.BaseSuite):
            is_call = isinstance(current, cst.Call) and last_name(current).startswith("assert")
            if is_call or isinstance(current, cst.Assert):
                return True
            current = self._parents.get(current)
        return False

    def is_told_apart(self, made: cst.BaseExpression, scope: Scope) -> bool:
        """Return whether code asks of what kind a function is whose call made an object.

        Then it is ready for overrides of another kind, out of view.
        """
        return isinstance(made, cst.Call) and any(
            each.args
            and self._knowledge.dotted(each.func, scope) in tables.FUNCTION_KIND_TESTS
            and is_same_code(each.args[0].value, made.func)
            for each in scope.enclosing_function().calls
        )

    def is_expected_to_raise(self, node: cst.CSTNode, scope: Scope) -> bool:
        """Return whether code around a node is there to see it fail."""
        child, parent = node, self._parents.get(node)
        while parent is not None and not isinstance(parent, (cst.FunctionDef, cst.Lambda)):
            if isinstance(parent, cst.With) and any(
                self._expects(each.item, scope) for each in parent.items
            ):
                return True
            if isinstance(parent, (cst.Try, cst.TryStar)) and parent.body is child:
                types = [each.type for each in parent.handlers if each.type is not None]
                if any(_names_misuse(each) for each in types):
                    return True
            child, parent = parent, self._parents.get(parent)
        return False

    def _expects(self, manager: cst.BaseExpression, scope: Scope) -> bool:
        """Return whether a manager is there to catch the errors of misuse, by its name."""
        name = last_name(manager)
        if name != "suppress":
            return name == "raises" or name.startswith("assertRaises")
        return any(
            self._knowledge.swallows(manager, scope, EdgeKind.RAISE, each) is not False
            for each in _ERRORS
        )


def _gives_generator(product: Product | None) -> bool:
    return product is not None and product.kind is FunctionKind.AGEN


def _names_misuse(caught: cst.CSTNode) -> bool:
    """Return whether a handler is for the errors of a wrong type."""
    return any(
        isinstance(each, cst.Name) and each.value in ("TypeError", "AttributeError")
        for each in descendants(caught)
    )
