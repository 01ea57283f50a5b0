"""What a name refers to: a function or class in view, or a dotted library name.

Only sure answers are given: a name bound in more than one way refers to nothing, except where
every import of it ends in the same name (`try: from contextlib import aclosing` and a backport).
Imports are followed into the modules in view, as Python's import system does (Language Reference,
5): a package's own attribute hides a submodule of the same name.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable
from typing import Protocol

import libcst as cst

from asyncgen_lint.names import tables
from asyncgen_lint.names.known import Known
from asyncgen_lint.names.scopes import (
    Binding,
    BindingKind,
    Outline,
    Scope,
    ScopeKind,
    is_name,
)

_BUILTIN_NAMES = frozenset(dir(builtins)) | {"aiter", "anext", "BaseExceptionGroup"}
_MAX_ALIASES = 5
_LIBRARY_MODULES = sys.stdlib_module_names | {"builtins"}


class Reference:
    """What an expression certainly refers to: a scope in view, a dotted library name, or both.

    The dotted name is the one that tables are asked for. A scope in another module is loaded when
    it is asked for.
    """

    __slots__ = ("_load", "_scope", "dotted")

    def __init__(
        self,
        scope: Scope | None = None,
        dotted: str = "",
        load: Callable[[], Reference | None] | None = None,
    ) -> None:
        self.dotted = dotted
        self._scope = scope
        self._load = load

    @property
    def scope(self) -> Scope | None:
        """The function or class; None if it is not in view."""
        if self._load is not None:
            load, self._load = self._load, None
            try:
                found = load()
            except BaseException:
                self._load = load
                raise
            self._scope = found.scope if found is not None else None
        return self._scope


Located = tuple[Reference, frozenset[str], int]
"""What a dotted name refers to, the modules that this rests on, and how long the chain of imports
to it is."""

_MAX_CHAIN = 30


class _TooLong(Exception):
    """A name comes through a longer chain of imports than is followed."""


class Modules(Protocol):
    """The modules in view besides the one that is analysed; names are absolute and dotted.

    `located` keeps what dotted names were found to refer to.
    """

    located: dict[str, Located]

    def holds(self, name: str) -> bool:
        """Return whether there is a module, or a package without a file, of this name."""

    def outline(self, name: str) -> Outline | None:
        """Return the outline of a module; None for one without Python source that can be read."""

    def stub(self, name: str) -> Outline | None:
        """Return the outline of the stub beside a module's source; None if there is none."""

    def is_installed(self, name: str) -> bool:
        """Return whether a module belongs to an installed package, not to the project."""

    def declares(self, outline: Outline, name: str) -> bool:
        """Return whether a module defines a name by functions or classes alone."""

    def may_declare(self, module: str, name: str) -> bool:
        """Return whether the text of a module mentions a name at all."""


class OneModule:
    """No other module is in view."""

    def __init__(self) -> None:
        self.located: dict[str, Located] = {}

    def holds(self, name: str) -> bool:
        """Return False."""
        return False

    def outline(self, name: str) -> Outline | None:
        """Return None."""
        return None

    def stub(self, name: str) -> Outline | None:
        """Return None."""
        return None

    def is_installed(self, name: str) -> bool:
        """Return False."""
        return False

    def declares(self, outline: Outline, name: str) -> bool:
        """Return False."""
        return False

    def may_declare(self, module: str, name: str) -> bool:
        """Return False."""
        return False


class Resolver:
    """Answers what expressions refer to, by scope and import, never by spelling."""

    def __init__(self, modules: Modules | None = None, known: Known | None = None) -> None:
        self._modules: Modules = modules or OneModule()
        self.known = known or Known()
        self._pending: list[str] = []
        self._cycles: set[str] = set()
        self._in_cycle: dict[str, Located] = {}
        self._visited: list[str] = []
        self._length = 0

    def bindings(self, name: str, scope: Scope) -> tuple[Scope, list[Binding]] | None:
        """Return the scope that binds `name` as seen from `scope`, and its bindings there."""
        current: Scope | None = scope
        while current is not None:
            visible = current is scope or current.kind is not ScopeKind.CLASS
            if name in current.declared_global:
                module = current.outline.module
                found = module.bindings.get(name)
                return None if found is None else (module, found)
            if visible and name in current.bindings and name not in current.declared_nonlocal:
                return current, current.bindings[name]
            current = current.parent
        return None

    def only_binding(self, name: str, scope: Scope) -> tuple[Binding, Scope] | None:
        """Return the binding of a name that has no other, with the scope that has it."""
        bound = self.bindings(name, scope)
        if bound is None or len(bound[1]) != 1:
            return None
        return bound[1][0], bound[0]

    def only_definition(self, name: str, scope: Scope) -> tuple[Binding, Scope] | None:
        """Return the only binding of a name, in the module in view that it is imported from."""
        found = self.only_binding(name, scope)
        if found is None or found[0].kind is not BindingKind.IMPORT:
            return found
        outline = found[1].outline
        defined = self.definition(outline.absolute(found[0].target), outline)
        return (defined[1][0], defined[0]) if defined and len(defined[1]) == 1 else None

    def only_value(self, name: str, scope: Scope) -> tuple[cst.BaseExpression, Scope] | None:
        """Return the value of a name that is bound to nothing else, and where that is evaluated."""
        only = self.only_binding(name, scope)
        if only is None or only[0].kind is not BindingKind.VALUE or only[0].value is None:
            return None
        return only[0].value, only[1]

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
        return self._members(found, attributes[::-1], scope.outline)

    def _name(self, name: str, scope: Scope, aliases: int) -> Reference | None:
        bound = self.bindings(name, scope)
        if bound is None:
            return self._unbound(name, scope.outline)
        where, bindings = bound
        if name in where.bound_before_star and self._may_be_rebound(name, where.outline):
            return None
        bindings = _without_none(bindings)
        kinds = {each.kind for each in bindings}
        if kinds == {BindingKind.IMPORT}:
            return self._imported(bindings, scope.outline)
        if len(bindings) != 1:
            return self._redefined(bindings)
        only = bindings[0]
        if only.kind in (BindingKind.FUNCTION, BindingKind.CLASS):
            return Reference(scope=only.scope, dotted=self._listed(only.scope))
        if only.kind is BindingKind.VALUE and only.value is not None and aliases:
            return self._reference(only.value, where, aliases - 1)
        return None

    def alternatives(self, expression: cst.CSTNode, scope: Scope) -> list[Reference]:
        """Return all that an expression may refer to; nothing if one of these is not known.

        A name may be bound in several branches, or by alternative imports, or to None, which
        cannot be called.
        """
        return self._alternatives(expression, scope, _MAX_ALIASES)

    def _alternatives(self, expression: cst.CSTNode, scope: Scope, aliases: int) -> list[Reference]:
        certain = self._reference(expression, scope, aliases)
        if certain is not None:
            return [certain]
        if not aliases:
            return []
        if isinstance(expression, cst.IfExp):
            sides = (expression.body, expression.orelse)
            return _all_known([self._alternatives(each, scope, aliases - 1) for each in sides])
        if isinstance(expression, cst.Attribute):
            owners = self._alternatives(expression.value, scope, aliases)
            names = [expression.attr.value]
            members = [self._members(each, names, scope.outline) for each in owners]
            return [each for each in members if each is not None] if all(members) else []
        bound = self.bindings(expression.value, scope) if isinstance(expression, cst.Name) else None
        if bound is None or bound[0].bound_before_star:
            return []
        where, bindings = bound
        bindings = [each for each in bindings if not is_name(each.value, "None")]
        found = [self._bound_to(each, where, aliases) for each in bindings]
        tried = [each for each, by in zip(found, bindings, strict=True) if not by.is_fallback]
        return _all_known(tried or found)

    def _bound_to(self, binding: Binding, where: Scope, aliases: int) -> list[Reference]:
        if binding.kind is BindingKind.IMPORT:
            return [self._import(binding, where.outline)]
        if binding.kind is BindingKind.VALUE and binding.value is not None:
            return self._alternatives(binding.value, where, aliases - 1)
        if binding.kind in (BindingKind.FUNCTION, BindingKind.CLASS):
            return [Reference(scope=binding.scope, dotted=self._listed(binding.scope))]
        return []

    def _unbound(self, name: str, outline: Outline) -> Reference | None:
        """Return what a name means that a module does not bind: from `import *`, or a builtin."""
        # The last `import *` binds the name.
        for target in reversed(outline.module.star_imports):
            module = outline.absolute(target)
            self._visit(module, outline)
            if not self._modules.holds(module):
                return None
            if not self._modules.may_declare(module, name):
                continue
            source = self._modules.outline(module)
            if source is None:
                return None
            if _exports(source, name):
                found = self.locate(f"{module}.{name}", outline, module)
                if found.dotted != f"{module}.{name}":
                    return found
                if name in source.module.bindings:
                    return None
        return Reference(dotted=f"builtins.{name}") if name in _BUILTIN_NAMES else None

    def _may_be_rebound(self, name: str, outline: Outline) -> bool:
        """Return whether some module in view that is imported as `*` gives a name."""
        pending = [outline.absolute(each) for each in outline.module.star_imports]
        seen: set[str] = set()
        while pending:
            module = pending.pop()
            if module in seen:
                continue
            seen.add(module)
            self._visit(module, outline)
            source = self._modules.outline(module)
            if source is None or not _exports(source, name):
                continue
            if source.exports is not None or name in source.module.bindings:
                return True
            pending += [source.absolute(each) for each in source.module.star_imports]
        return False

    def _imported(self, bindings: list[Binding], outline: Outline) -> Reference | None:
        """Return what alternative imports of one name give, by one whose source is known.

        Else what handlers import counts only where nothing else does, and the rest must agree.
        """
        found = [self._import(each, outline) for each in bindings]
        if len({each.target.rpartition(".")[2] for each in bindings}) == 1:
            known = [each for each in found if self.known.lists(each.dotted)]
            if known:
                return known[0]
        tried = [each for each, by in zip(found, bindings, strict=True) if not by.is_fallback]
        first, *others = tried or found
        return first if all(_is_same(first, each) for each in others) else None

    # Other modules

    def _import(self, binding: Binding, outline: Outline) -> Reference:
        target = outline.absolute(binding.target)
        if not binding.source:
            return self.locate(target, outline)
        return self.locate(target, outline, outline.absolute(binding.source))

    def locate(self, dotted: str, asker: Outline, module: str = "") -> Reference:
        """Return what an absolute dotted name refers to; `asker` is recorded to rest on it.

        `module` is the part of the name that certainly is a module, as in `from module import`;
        without it the name is followed from the top-level package on.
        """
        top = dotted.partition(".")[0]
        if not top or dotted in tables.KNOWN_NAMES or top in _LIBRARY_MODULES:
            return Reference(dotted=dotted)
        self._visit(top, asker)
        if not self._modules.holds(top):
            return Reference(dotted=dotted)
        is_added = self.known.adds(dotted)
        if is_added or (
            self._modules.is_installed(top) and not self.known.is_of_known_package(top)
        ):
            # No table needs to know where the name comes from, or settings list it as it is
            # imported: it is looked up when needed.
            return Reference(dotted=dotted, load=lambda: self._follow(dotted, asker, module))
        return self._follow(dotted, asker, module)

    def definition(self, dotted: str, asker: Outline) -> tuple[Scope, list[Binding]] | None:
        """Return the module that binds a dotted name without importing it, and the bindings.

        Only modules in view are asked: None for one that is not, and for the standard library's.
        """
        for _ in range(_MAX_ALIASES):
            module, _, name = dotted.rpartition(".")
            if not module or dotted in tables.KNOWN_NAMES:
                return None
            if module.partition(".")[0] in _LIBRARY_MODULES:
                return None
            self._visit(module, asker)
            outline = self._modules.outline(module) if self._modules.holds(module) else None
            bindings = outline.module.bindings.get(name) if outline is not None else None
            if outline is None or not bindings:
                return None
            if bindings[0].kind is not BindingKind.IMPORT:
                return outline.module, bindings
            if len(bindings) != 1:
                return None
            dotted = outline.absolute(bindings[0].target)
        return None

    # Stubs beside sources

    def stubs(self, scope: Scope) -> list[Scope]:
        """Return what the stub beside a module says of a function or class: all its overloads."""
        outline = scope.outline
        stub = self._modules.stub(outline.name) if outline.name else None
        if stub is None or stub is outline or not scope.qualname:
            return []
        found = _inside(stub.module, scope.qualname)
        return [each for each in found if each.kind is scope.kind]

    def source_of(self, scope: Scope, home: Outline | None) -> Scope:
        """Return what a stub's class is in the source beside it; any other class is returned.

        `home` is the outline of that source, where it is known.
        """
        name = scope.outline.name
        if not name or self._modules.stub(name) is not scope.outline:
            return scope
        source = home if home is not None and home.name == name else self._modules.outline(name)
        if source is None or source is scope.outline:
            return scope
        found = _inside(source.module, scope.qualname)
        return found[0] if len(found) == 1 and found[0].kind is scope.kind else scope

    def _visit(self, module: str, asker: Outline) -> None:
        asker.uses.add(module)
        self._visited.append(module)

    def _follow(self, dotted: str, asker: Outline, module: str) -> Reference:
        key = f"{module}:{dotted}"
        if key in self._pending:
            # A package that imports a name from itself rests on nothing else.
            if self._pending[-1] != key:
                self._cycles.add(key)
            return Reference(dotted=dotted)
        try:
            reference, visited, length = self._found(key, dotted, module)
        except _TooLong:
            if self._pending:
                raise
            return Reference(dotted=dotted)
        asker.uses.update(visited)
        self._visited += visited
        self._length = max(self._length, length)
        return reference

    def _found(self, key: str, dotted: str, module: str) -> Located:
        """Return what a name is, and keep it. Raises _TooLong, whatever is kept already."""
        if not self._pending:
            self._cycles.clear()
            self._in_cycle.clear()
        known = self._modules.located.get(key) or self._in_cycle.get(key)
        if len(self._pending) + (known[2] if known is not None else 1) > _MAX_CHAIN:
            raise _TooLong
        if known is not None:
            return known
        outer, self._visited, self._length = (self._visited, self._length), [], 0
        self._pending.append(key)
        try:
            found = self._descend(dotted, module)
            known = (found, frozenset(self._visited), self._length + 1)
        finally:
            self._pending.pop()
            self._visited, self._length = outer
        self._keep(key, known)
        return known

    def _keep(self, key: str, found: Located) -> None:
        """Keep what was found: where imports form a cycle, only until the cycle is left.

        What a name in a cycle is may depend on where the cycle was entered.
        """
        is_entry = key in self._cycles
        self._cycles.discard(key)
        if self._cycles:
            self._in_cycle[key] = found
            return
        if not is_entry:
            self._modules.located[key] = found

    def _descend(self, dotted: str, module: str) -> Reference:
        """Follow a dotted name from a module on, attributes before submodules."""
        module = module or dotted.partition(".")[0]
        self._visited.append(module)
        rest = dotted[len(module) + 1 :].split(".") if dotted != module else []
        while rest:
            name, *rest = rest
            outline = self._modules.outline(module)
            if outline is not None:
                found = self._attribute(outline, name)
                if found is not None:
                    return self._members(found, rest, outline) or Reference(dotted=dotted)
            module = f"{module}.{name}"
            self._visited.append(module)
            if not self._modules.holds(module):
                return Reference(dotted=dotted)
        return Reference(dotted=dotted)

    def _attribute(self, outline: Outline, name: str) -> Reference | None:
        """Return what a name of a module is, None if the module gives it no meaning."""
        if self._modules.declares(outline, name):
            return Reference(load=lambda: self._name(name, outline.module, _MAX_ALIASES))
        dotted = f"{outline.name}.{name}"
        if name not in outline.module.bindings and not outline.module.star_imports:
            return None
        found = self._name(name, outline.module, _MAX_ALIASES)
        if found is None or found.dotted in (dotted, f"builtins.{name}"):
            # A package that imports a name from itself means its submodule.
            return None
        return found

    def _members(
        self, found: Reference | None, names: list[str], asker: Outline
    ) -> Reference | None:
        for each in names:
            if found is None:
                return None
            found = self._member(found, each, asker)
        return found

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

    def _member(self, owner: Reference, name: str, asker: Outline) -> Reference | None:
        if owner.dotted:
            return self.locate(f"{owner.dotted}.{name}", asker)
        if owner.scope is None or owner.scope.kind is not ScopeKind.CLASS:
            return None
        member = self.method(owner.scope, name) or self._nested_class(owner.scope, name)
        return None if member is None else Reference(scope=member, dotted=self._listed(member))

    def _listed(self, scope: Scope | None) -> str:
        """Return the name of a function or class if settings list it, else an empty string."""
        if scope is None or not self.known.is_extended:
            return ""
        name = full_name(scope)
        return name if self.known.adds(name) else ""

    def _nested_class(self, owner: Scope, name: str) -> Scope | None:
        for each in self.ancestry(owner):
            bound = each.bindings.get(name)
            if bound:
                return bound[0].scope if [b.kind for b in bound] == [BindingKind.CLASS] else None
        return None

    def method(self, owner: Scope, name: str) -> Scope | None:
        """Return the method a class certainly has under this name."""
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
        """Return a class and its bases in view, in the order of their lookup.

        Each class stands before its bases, and bases stand from the left, as in Python's order
        wherever that order exists.
        """
        known = owner.outline.memo.setdefault("ancestry", {})
        if owner not in known:
            known[owner] = self._ancestry(owner)
        found: tuple[Scope, ...] = known[owner]
        return found

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
        """Return whether some base of the class, direct or not, is out of view."""
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

        Library classes go by their dotted name, those in view by `.`, their module's and their own.
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
            names.append(f".{each.outline.name}.{each.qualname}")
            foreign = [base for base in _base_expressions(each) if not self._is_in_view(base, each)]
            if each.parent is not None:
                names += [self.dotted(base, each.parent) for base in foreign]
        return tuple(names)

    def _is_in_view(self, base: cst.BaseExpression, owner: Scope) -> bool:
        found = self.reference(base, owner.parent) if owner.parent is not None else None
        return found is not None and found.scope is not None

    def subclasses(self, owner: Scope) -> list[Scope]:
        """Return the classes of a class's own module that inherit from it, not itself."""
        if not owner.outline.may_hold_subclass(owner.name):
            return []
        memo = owner.outline.memo.setdefault("subclasses", {})
        if owner not in memo:
            memo[owner] = [
                each
                for each in owner.outline.classes()
                if each is not owner and owner in self.ancestry(each)
            ]
        found: list[Scope] = memo[owner]
        return found


def _without_none(bindings: list[Binding]) -> list[Binding]:
    """Return the imports where a name is None instead if one fails: `except ...: x = None`."""
    if len(bindings) < 2:
        return bindings
    rest = [each for each in bindings if not is_name(each.value, "None")]
    are_imports = bool(rest) and all(each.kind is BindingKind.IMPORT for each in rest)
    return rest if are_imports else bindings


def _all_known(alternatives: list[list[Reference]]) -> list[Reference]:
    return [each for group in alternatives for each in group] if all(alternatives) else []


def _exports(source: Outline, name: str) -> bool:
    """Return whether `import *` would take a name from a module, if it is bound there."""
    return name in source.exports if source.exports is not None else name[0] != "_"


def _is_same(one: Reference, other: Reference) -> bool:
    return one is other or (one.dotted == other.dotted and one.scope is other.scope)


def full_name(scope: Scope) -> str:
    """Return the dotted name of a function or class: its module's and its own."""
    module = scope.outline.name
    return f"{module}.{scope.qualname}" if module else scope.qualname


def _inside(module: Scope, qualname: str) -> list[Scope]:
    """Return the functions or classes that a dotted path of names leads to from a module."""
    *above, last = qualname.split(".")
    scope = module
    for name in above:
        inner = [each.scope for each in scope.bindings.get(name, ()) if each.scope is not None]
        if len(inner) != 1:
            return []
        scope = inner[0]
    bindings = scope.bindings.get(last) or []
    scopes = [each.scope for each in bindings if each.scope is not None]
    return scopes if len(scopes) == len(bindings) else []


def _base_expressions(owner: Scope) -> list[cst.BaseExpression]:
    assert isinstance(owner.node, cst.ClassDef)
    bases = [each.value for each in owner.node.bases if not each.star]
    return [each.value if isinstance(each, cst.Subscript) else each for each in bases]


def _has_starred_bases(owner: Scope) -> bool:
    return isinstance(owner.node, cst.ClassDef) and any(each.star for each in owner.node.bases)
