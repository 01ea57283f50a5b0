"""What a name refers to: a function or class of this module, or a dotted library name.

Only sure answers are given: a name bound in more than one way refers to nothing, except where
every import of it ends in the same name (`try: from contextlib import aclosing` and a backport).
"""

from __future__ import annotations

import builtins
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import Binding, BindingKind, Outline, Scope, ScopeKind

_BUILTIN_NAMES = frozenset(dir(builtins)) | {"aiter", "anext", "BaseExceptionGroup"}
_MAX_ALIASES = 5


@dataclass(frozen=True, slots=True)
class Reference:
    """What an expression certainly refers to: exactly one of the two is set."""

    scope: Scope | None = None
    dotted: str = ""


class Resolver:
    """Answers what expressions refer to, by scope and import, never by spelling."""

    def __init__(self, outline: Outline) -> None:
        self._outline = outline
        self._ancestries: dict[Scope, tuple[Scope, ...]] = {}

    def bindings(self, name: str, scope: Scope) -> tuple[Scope, list[Binding]] | None:
        """Return the scope that binds `name` as seen from `scope`, and its bindings there."""
        current: Scope | None = scope
        while current is not None:
            visible = current is scope or current.kind is not ScopeKind.CLASS
            if name in current.declared_global:
                found = self._outline.module.bindings.get(name)
                return None if found is None else (self._outline.module, found)
            if visible and name in current.bindings and name not in current.declared_nonlocal:
                return current, current.bindings[name]
            current = current.parent
        return None

    def reference(self, expression: cst.CSTNode, scope: Scope) -> Reference | None:
        """Return what the expression refers to, if that is certain."""
        return self._reference(expression, scope, _MAX_ALIASES)

    def dotted(self, expression: cst.CSTNode, scope: Scope) -> str:
        """Return the dotted library name that the expression refers to, else an empty string.

        Builtins are called `builtins.NAME`.
        """
        found = self.reference(expression, scope)
        return found.dotted if found is not None else ""

    def _reference(self, expression: cst.CSTNode, scope: Scope, aliases: int) -> Reference | None:
        attributes: list[str] = []
        while isinstance(expression, cst.Attribute):
            attributes.append(expression.attr.value)
            expression = expression.value
        if not isinstance(expression, cst.Name):
            return None
        found = self._name(expression.value, scope, aliases)
        for attribute in reversed(attributes):
            if found is None:
                return None
            found = self._member(found, attribute)
        return found

    def _name(self, name: str, scope: Scope, aliases: int) -> Reference | None:
        bound = self.bindings(name, scope)
        if bound is None:
            if name not in _BUILTIN_NAMES or self._outline.module.has_star_import:
                return None
            return Reference(dotted=f"builtins.{name}")
        where, bindings = bound
        kinds = {each.kind for each in bindings}
        if kinds == {BindingKind.IMPORT}:
            return _imported(bindings)
        if len(bindings) != 1:
            return self._redefined(bindings)
        only = bindings[0]
        if only.kind in (BindingKind.FUNCTION, BindingKind.CLASS):
            return Reference(scope=only.scope)
        if only.kind is BindingKind.VALUE and only.value is not None and aliases:
            return self._reference(only.value, where, aliases - 1)
        return None

    def _redefined(self, bindings: list[Binding]) -> Reference | None:
        """Return the implementation where all earlier definitions are its overloads."""
        scopes = [each.scope for each in bindings if each.kind is BindingKind.FUNCTION]
        if not scopes or len(scopes) != len(bindings) or not all(scopes):
            return None
        *earlier, last = scopes
        if last is not None and all(each and self.is_overload(each) for each in earlier):
            return Reference(scope=last)
        return None

    def is_overload(self, function: Scope) -> bool:
        """Return whether a function is decorated as an overload."""
        return any(
            name.rpartition(".")[2] == "overload" for name in self.decorators(function) if name
        )

    def decorators(self, function: Scope) -> list[str]:
        """Return the dotted names of a function's decorators; an empty string where unknown.

        A decorator that is called counts by what is called.
        """
        node = function.node
        if not isinstance(node, cst.FunctionDef) or function.parent is None:
            return []
        return [self._decorator(each, function.parent) for each in node.decorators]

    def _decorator(self, decorator: cst.Decorator, scope: Scope) -> str:
        expression = decorator.decorator
        if isinstance(expression, cst.Call):
            expression = expression.func
        return self.dotted(expression, scope)

    def _member(self, owner: Reference, name: str) -> Reference | None:
        if owner.dotted:
            return Reference(dotted=f"{owner.dotted}.{name}")
        if owner.scope is None or owner.scope.kind is not ScopeKind.CLASS:
            return None
        method = self.method(owner.scope, name)
        return None if method is None else Reference(scope=method)

    def method(self, owner: Scope, name: str) -> Scope | None:
        """Return the method a class of this module certainly has under this name."""
        for each in self.ancestry(owner):
            bound = each.bindings.get(name)
            if not bound:
                continue
            if len(bound) == 1:
                return bound[0].scope if bound[0].kind is BindingKind.FUNCTION else None
            redefined = self._redefined(bound)
            return redefined.scope if redefined is not None else None
        return None

    def ancestry(self, owner: Scope) -> tuple[Scope, ...]:
        """Return a class and its bases in this module, in the order of their lookup.

        Each class stands before its bases, and bases stand from the left, as in Python's order
        wherever that order exists.
        """
        if owner not in self._ancestries:
            self._ancestries[owner] = self._ancestry(owner)
        return self._ancestries[owner]

    def _ancestry(self, owner: Scope) -> tuple[Scope, ...]:
        finished: list[Scope] = []
        seen = {owner}
        stack = [(owner, self._bases_in_view(owner))]
        while stack:
            current, bases = stack[-1]
            if not bases:
                finished.append(current)
                stack.pop()
                continue
            base = bases.pop()
            if base not in seen:
                seen.add(base)
                stack.append((base, self._bases_in_view(base)))
        return tuple(reversed(finished))

    def has_unknown_bases(self, owner: Scope) -> bool:
        """Return whether some base of the class, direct or not, is outside this module."""
        for each in self.ancestry(owner):
            if _has_starred_bases(each):
                return True
            bases = [base for base in _base_expressions(each) if not self._is_inert(base, each)]
            if len(self._bases_in_view(each)) < len(bases):
                return True
        return False

    def _is_inert(self, base: cst.BaseExpression, owner: Scope) -> bool:
        """Return whether a base brings no attributes of its own."""
        return owner.parent is not None and self.dotted(base, owner.parent) in tables.INERT_BASES

    def _bases_in_view(self, owner: Scope) -> list[Scope]:
        if owner.parent is None:
            return []
        references = [self.reference(each, owner.parent) for each in _base_expressions(owner)]
        scopes = [each.scope for each in references if each is not None]
        return [each for each in scopes if each is not None and each.kind is ScopeKind.CLASS]

    def lineage(self, expression: cst.CSTNode, scope: Scope) -> tuple[str, ...]:
        """Return the name of a class, then those of its known bases; "" for what is unknown.

        Library classes go by their dotted name, those of the module by `.` and their own.
        """
        reference = self.reference(expression, scope)
        if reference is None:
            return ("",)
        if reference.scope is None:
            return (reference.dotted,)
        if reference.scope.kind is not ScopeKind.CLASS:
            return ("",)
        names = []
        for each in self.ancestry(reference.scope):
            names.append(f".{each.qualname}")
            foreign = [base for base in _base_expressions(each) if not self._is_in_view(base, each)]
            if each.parent is not None:
                names += [self.dotted(base, each.parent) for base in foreign]
        return tuple(names)

    def _is_in_view(self, base: cst.BaseExpression, owner: Scope) -> bool:
        found = self.reference(base, owner.parent) if owner.parent is not None else None
        return found is not None and found.scope is not None

    def subclasses(self, owner: Scope) -> list[Scope]:
        """Return the classes of this module that inherit from a class, not itself."""
        return [
            each
            for each in self._outline.classes()
            if each is not owner and owner in self.ancestry(each)
        ]


def _base_expressions(owner: Scope) -> list[cst.BaseExpression]:
    assert isinstance(owner.node, cst.ClassDef)
    bases = [each.value for each in owner.node.bases if not each.star]
    return [each.value if isinstance(each, cst.Subscript) else each for each in bases]


def _has_starred_bases(owner: Scope) -> bool:
    return isinstance(owner.node, cst.ClassDef) and any(each.star for each in owner.node.bases)


def _imported(bindings: list[Binding]) -> Reference | None:
    last_names = {each.target.rpartition(".")[2] for each in bindings}
    if len(last_names) != 1:
        return None
    return Reference(dotted=bindings[0].target)
