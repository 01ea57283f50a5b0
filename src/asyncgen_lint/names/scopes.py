"""Scopes and bindings of one module, gathered in one walk.

Python's own rules are followed (reference manual, 4.2 "Naming and binding"): class bodies are
invisible to the functions inside them, a comprehension is a scope whose first iterable belongs
outside, a walrus binds in the nearest scope that is no comprehension.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

import libcst as cst

from asyncgen_lint.source.walk import by_class, children, descendants


class ScopeKind(Enum):
    """What opened a scope."""

    MODULE = "module"
    CLASS = "class"
    FUNCTION = "function"
    LAMBDA = "lambda"
    COMPREHENSION = "comprehension"


class BindingKind(Enum):
    """How a name got its value.

    VALUE has its expression, ENTERED the manager that gave it when entered, UNKNOWN nothing. Of the
    others `origin` says where the value came from: the iterable of a loop (ITEM), the value that
    was unpacked (UNPACKED), the class of a pattern (MATCHED), the type that `type` names (ALIAS).
    """

    PARAMETER = "parameter"
    IMPORT = "import"
    FUNCTION = "function"
    CLASS = "class"
    VALUE = "value"
    ENTERED = "entered"
    ITEM = "item"
    UNPACKED = "unpacked"
    MATCHED = "matched"
    ALIAS = "alias"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """One place that binds a name.

    `target` is the dotted name of an import (relative imports keep their leading dots), of which
    `source` is the module in `from module import name` and `is_fallback` says that it stands in a
    handler; `scope` is the scope that a def or class opens, `value` the bound expression, `node`
    the place.
    `within` says at which places of a nested target a name of an ITEM or UNPACKED stands,
    `is_async` that what is ENTERED is so by an `async with`.
    """

    kind: BindingKind
    node: cst.CSTNode
    target: str = ""
    source: str = ""
    is_fallback: bool = False
    scope: Scope | None = None
    value: cst.BaseExpression | None = None
    origin: cst.BaseExpression | None = None
    within: tuple[int, ...] = ()
    is_async: bool = False


class Members(Protocol):
    """Gathers the body of a class that is made method by method."""

    def complete(self) -> None:
        """Gather all of it."""

    def storing(self, name: str) -> list[Scope]:
        """Return the methods that store an attribute of this name."""


@dataclass(slots=True, eq=False)
class Scope:
    """A scope, the names bound in it, and what a function of it holds itself.

    `loads` are the names read directly here; `yields`, `awaits` and `returns` are a function's
    own, not those of functions nested in it; `annotations` are those of names declared here;
    `discarded` are calls whose result nothing uses, `star_imports` the modules whose names a module
    imports as `*`, `bound_before_star` the names that the last of them may bind again; `outline` is
    of its module. `members` gathers what is not yet there of a class that is made method by method.
    """

    kind: ScopeKind
    node: cst.CSTNode
    parent: Scope | None
    name: str = ""
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    annotations: dict[str, cst.BaseExpression] = field(default_factory=dict)
    declared_global: set[str] = field(default_factory=set)
    declared_nonlocal: set[str] = field(default_factory=set)
    loads: dict[str, list[cst.Name]] = field(default_factory=dict)
    calls: list[cst.Call] = field(default_factory=list)
    yields: list[cst.Yield] = field(default_factory=list)
    awaits: list[cst.CSTNode] = field(default_factory=list)
    returns: list[cst.Return] = field(default_factory=list)
    discarded: list[cst.Call] = field(default_factory=list)
    children: list[Scope] = field(default_factory=list)
    star_imports: list[str] = field(default_factory=list)
    bound_before_star: set[str] = field(default_factory=set)
    members: Members | None = None
    outline: Outline = field(init=False)

    def __post_init__(self) -> None:
        if self.parent is not None:
            self.outline = self.parent.outline

    @property
    def qualname(self) -> str:
        """The dotted path of names from the module, without the module."""
        parts = []
        scope: Scope | None = self
        while scope is not None and scope.kind is not ScopeKind.MODULE:
            parts.append(scope.name)
            scope = scope.parent
        return ".".join(reversed(parts))

    @property
    def is_async(self) -> bool:
        """Whether this is the scope of an `async def`."""
        return isinstance(self.node, cst.FunctionDef) and self.node.asynchronous is not None

    @property
    def owner_class(self) -> Scope | None:
        """The class whose body holds this function directly."""
        parent = self.parent
        return parent if parent is not None and parent.kind is ScopeKind.CLASS else None

    def enclosing_function(self) -> Scope:
        """Return this scope or the nearest one around it that is no comprehension."""
        scope = self
        while scope.kind is ScopeKind.COMPREHENSION and scope.parent is not None:
            scope = scope.parent
        return scope

    def descendants(self) -> Iterator[Scope]:
        """Yield this scope and all inside it."""
        stack = [self]
        while stack:
            scope = stack.pop()
            yield scope
            stack += reversed(scope.methods())

    def methods(self) -> list[Scope]:
        """Return the scopes directly inside this one; of a class, its methods."""
        if self.members is not None:
            self.members.complete()
        return self.children

    def methods_storing(self, attribute: str) -> list[Scope]:
        """Return some scopes directly inside a class, all that store the attribute among them."""
        return self.members.storing(attribute) if self.members is not None else self.children


_CLASS_HEADER = re.compile(r"^[ \t]*class\s+\w+[^(:]*\(([^:]*)", re.MULTILINE)
_CLASS = re.compile(r"^class\s+(\w+)", re.MULTILINE)
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """A module's scopes; `scope_of` maps each node that opens a scope to it.

    `name` is the module's dotted name, empty where it cannot be imported; `filename` its file.
    `text` is its text if known, `exports` its `__all__`, None if it has none that can be read.
    `uses` gathers the names of the modules, there or not, that answers about this one rest on.
    `memo` holds what has been found out about the module's own scopes, a table a
    question. `complete` gathers what is not yet there of an outline that is made statement by
    statement, and `gives` yields the name of each function
    and alias in it with the last name of what it returns or stands for, empty for a generator.
    """

    module: Scope
    scope_of: dict[cst.CSTNode, Scope]
    name: str = ""
    is_package: bool = False
    filename: str = ""
    exports: frozenset[str] | None = None
    uses: set[str] = field(default_factory=set)
    memo: dict[str, dict[Any, Any]] = field(default_factory=dict)
    complete: Callable[[], None] | None = None
    gives: Callable[[], Iterator[tuple[str, str]]] | None = None
    text: str | None = None

    def absolute(self, target: str) -> str:
        """Return the dotted name that an import's target, maybe relative, means in this module.

        It stays relative where the module's own name is unknown or the dots lead out of it.
        """
        if not target.startswith(".") or not self.name:
            return target
        rest = target.lstrip(".")
        parts = self.name.split(".")
        above = len(target) - len(rest) - self.is_package
        if above > len(parts):
            return target
        package = parts[: len(parts) - above]
        return ".".join([*package, rest] if rest else package) if package else target

    def may_hold_subclass(self, name: str) -> bool:
        """Return whether a class of this module may have a base of this name."""
        if self.text is None:
            return True
        memo = self.memo.setdefault("bases", {})
        if not memo:
            headers = _CLASS_HEADER.findall(self.text)
            memo[None] = {word for header in headers for word in _WORD.findall(header)}
        return name in memo[None]

    def generator_names(self) -> frozenset[str]:
        """Return the names of the module's functions that are generators or return one.

        Names alone are looked at, so that some may be those of other functions; a function that
        returns what another module's gives is not among them.
        """
        memo = self.memo.setdefault("generator names", {})
        if not memo:
            if self.text is not None and "yield" not in self.text:
                return frozenset()
            memo[None] = _closed_over(self.gives() if self.gives is not None else self._gives())
        names: frozenset[str] = memo[None]
        return names

    def _gives(self) -> Iterator[tuple[str, str]]:
        for scope in self.module.descendants():
            if scope.kind is ScopeKind.FUNCTION:
                if scope.yields:
                    yield scope.name, ""
                yield from ((scope.name, last_name(each.value)) for each in scope.returns)
            for name, bindings in scope.bindings.items():
                yield from ((name, last_name(each.value)) for each in bindings if each.value)

    @property
    def is_whole(self) -> bool:
        """Whether something was asked of all statements of the module, not of some names."""
        return "whole" in self.memo

    def ask_whole(self) -> None:
        """Remember that something was asked of all statements of the module."""
        self.memo["whole"] = {}

    def functions(self) -> Iterator[Scope]:
        """Yield the scope of every function, outer ones first."""
        if self.complete is not None:
            self.complete()
        return (each for each in self.module.descendants() if each.kind is ScopeKind.FUNCTION)

    def classes(self) -> Iterator[Scope]:
        """Yield the scope of every class, outer ones first.

        Of an outline that is not complete, those at the module's own level.
        """
        if self.complete is not None:
            self.ask_whole()
            return self._module_classes()
        return (each for each in self.module.descendants() if each.kind is ScopeKind.CLASS)

    def _module_classes(self) -> Iterator[Scope]:
        for name in dict.fromkeys(_CLASS.findall(self.text or "")):
            for each in self.module.bindings.get(name, ()):
                if each.kind is BindingKind.CLASS and each.scope is not None:
                    yield each.scope


def _closed_over(gives: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Return the names that give a generator, themselves or through other names."""
    givers: dict[str, set[str]] = {}
    for name, given in gives:
        givers.setdefault(given, set()).add(name)
    found: set[str] = set()
    pending = [""]
    while pending:
        new = givers.get(pending.pop(), set()) - found
        found |= new
        pending += new
    return frozenset(found)


def last_name(expression: cst.CSTNode | None) -> str:
    """Return the last name of what an expression is, calls or awaits; else `__call__`."""
    while True:
        if isinstance(expression, cst.Await):
            expression = expression.expression
        elif isinstance(expression, cst.Call):
            expression = expression.func
        elif isinstance(expression, cst.Subscript):
            expression = expression.value
        elif isinstance(expression, cst.Attribute):
            return expression.attr.value
        else:
            return expression.value if isinstance(expression, cst.Name) else "__call__"


def called_name(call: cst.Call) -> str:
    """Return the name that a call is made by: `rows` for `db.rows()`, nothing for `make()()`."""
    function = call.func
    if isinstance(function, cst.Attribute):
        return function.attr.value
    return function.value if isinstance(function, cst.Name) else ""


def only_argument(call: cst.BaseExpression) -> cst.BaseExpression | None:
    """Return what a call gets if that is one value, by position or by name; else None."""
    if not isinstance(call, cst.Call) or len(call.args) != 1 or call.args[0].star:
        return None
    return call.args[0].value


def outline(
    module: cst.Module,
    name: str = "",
    *,
    is_package: bool = False,
    filename: str = "",
    text: str | None = None,
) -> Outline:
    """Return the scopes of a module, from one iterative walk; `text` is its text if it is known."""
    scope = Scope(ScopeKind.MODULE, module, None)
    found = Outline(scope, {module: scope}, name, is_package, filename, text=text)
    scope.outline = found
    walk_statements(module.body, scope)
    return found


def walk_statements(statements: Iterable[cst.CSTNode], scope: Scope) -> None:
    """Gather what statements of a module or class body bind and hold into its scope."""
    known = len(scope.children)
    _Walker(scope).run(statements)
    for each in scope.children[known:]:
        _share_nonlocal_bindings(each)


def _share_nonlocal_bindings(top: Scope) -> None:
    """Let a variable's own scope know what nested functions assign to it as `nonlocal`."""
    for scope in top.descendants():
        for name in scope.declared_nonlocal:
            owner = scope.parent
            while owner is not None and not _owns(owner, name):
                owner = owner.parent
            if owner is not None:
                owner.bindings[name] += scope.bindings.get(name, ())


def _owns(scope: Scope, name: str) -> bool:
    """Return whether a variable that nested functions call `nonlocal` lives in this scope."""
    return (
        scope.kind in (ScopeKind.FUNCTION, ScopeKind.LAMBDA)
        and name in scope.bindings
        and name not in scope.declared_nonlocal
    )


_Work = tuple[cst.CSTNode, Scope]


class _Walker:
    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._module = scope.outline.module
        self._stack: list[_Work] = []
        self._fallbacks: set[cst.CSTNode] = set()
        self._async_items: set[cst.CSTNode] = set()

    def run(self, statements: Iterable[cst.CSTNode]) -> None:
        stack = self._stack
        stack += [(each, self._scope) for each in reversed(list(statements))]
        while stack:
            node, scope = stack.pop()
            handler = _HANDLERS.get(type(node))
            if handler is not None:
                handler(self, node, scope)
            else:
                stack += [(child, scope) for child in reversed(children(node))]

    def _push(self, scope: Scope, *nodes: cst.CSTNode | None) -> None:
        self._stack += [(each, scope) for each in reversed(nodes) if each is not None]

    def _bind(self, scope: Scope, name: str, binding: Binding) -> None:
        if scope.kind is ScopeKind.COMPREHENSION and binding.kind is BindingKind.VALUE:
            scope = scope.enclosing_function()
        if name in scope.declared_global:
            scope = self._module
        scope.bindings.setdefault(name, []).append(binding)

    def _open(self, kind: ScopeKind, node: cst.CSTNode, parent: Scope, name: str) -> Scope:
        scope = Scope(kind, node, parent, name)
        parent.children.append(scope)
        scope.outline.scope_of[node] = scope
        return scope

    # Expressions

    def _name(self, node: cst.Name, scope: Scope) -> None:
        scope.loads.setdefault(node.value, []).append(node)

    def _attribute(self, node: cst.Attribute, scope: Scope) -> None:
        self._push(scope, node.value)

    def _arg(self, node: cst.Arg, scope: Scope) -> None:
        self._push(scope, node.value)

    def _call(self, node: cst.Call, scope: Scope) -> None:
        scope.calls.append(node)
        self._push(scope, node.func, *node.args)

    def _yield(self, node: cst.Yield, scope: Scope) -> None:
        scope.enclosing_function().yields.append(node)
        self._push(scope, node.value)

    def _await(self, node: cst.Await, scope: Scope) -> None:
        scope.awaits.append(node)
        self._push(scope, node.expression)

    def _walrus(self, node: cst.NamedExpr, scope: Scope) -> None:
        self._bind_target(node.target, scope, node.value)
        self._push(scope, node.value)

    def _comprehension(self, node: cst.BaseComp, scope: Scope) -> None:
        inner = self._open(ScopeKind.COMPREHENSION, node, scope, "<comprehension>")
        clause: cst.CompFor | None = node.for_in
        outside = scope
        while clause is not None:
            self._push(outside, clause.iter)
            outside = inner
            self._bind_parts(clause.target, inner, BindingKind.ITEM, clause.iter)
            self._push(inner, *clause.ifs)
            if clause.asynchronous is not None:
                inner.awaits.append(clause)
            clause = clause.inner_for_in
        parts = ("elt", "key", "value")
        self._push(inner, *(getattr(node, part, None) for part in parts))

    def _lambda(self, node: cst.Lambda, scope: Scope) -> None:
        inner = self._open(ScopeKind.LAMBDA, node, scope, "<lambda>")
        self._parameters(node.params, inner, scope)
        self._push(inner, node.body)

    # Statements

    def _expression(self, node: cst.Expr, scope: Scope) -> None:
        if isinstance(node.value, cst.Call):
            scope.discarded.append(node.value)
        self._push(scope, node.value)

    def _return(self, node: cst.Return, scope: Scope) -> None:
        scope.returns.append(node)
        self._push(scope, node.value)

    def _function(self, node: cst.FunctionDef, scope: Scope) -> None:
        inner = self._open(ScopeKind.FUNCTION, node, scope, node.name.value)
        self._bind(scope, node.name.value, Binding(BindingKind.FUNCTION, node, scope=inner))
        self._push(inner, node.body)
        self._parameters(node.params, inner, scope)
        self._push(scope, node.returns, *node.decorators)

    def _parameters(self, parameters: cst.Parameters, inner: Scope, outer: Scope) -> None:
        for each in all_parameters(parameters):
            self._bind(inner, each.name.value, Binding(BindingKind.PARAMETER, each))
            self._push(outer, each.annotation, each.default)

    def _class(self, node: cst.ClassDef, scope: Scope) -> None:
        inner = self._open(ScopeKind.CLASS, node, scope, node.name.value)
        self._bind(scope, node.name.value, Binding(BindingKind.CLASS, node, scope=inner))
        self._push(inner, node.body)
        self._push(scope, *node.bases, *node.keywords, *node.decorators)

    def _assign(self, node: cst.Assign, scope: Scope) -> None:
        for each in node.targets:
            self._bind_target(each.target, scope, node.value)
        self._push(scope, node.value)

    def _annotated(self, node: cst.AnnAssign, scope: Scope) -> None:
        if isinstance(node.target, cst.Name):
            scope.annotations[node.target.value] = node.annotation.annotation
        if node.value is not None:
            self._bind_target(node.target, scope, node.value)
        elif isinstance(node.target, cst.Name):
            # A bare annotation makes the name local without giving it a value.
            scope.bindings.setdefault(node.target.value, [])
        else:
            self._bind_unknown(node.target, scope)
        self._push(scope, node.annotation, node.value)

    def _augmented(self, node: cst.AugAssign, scope: Scope) -> None:
        self._bind_unknown(node.target, scope)
        self._push(scope, node.target, node.value)

    def _for(self, node: cst.For, scope: Scope) -> None:
        self._bind_parts(node.target, scope, BindingKind.ITEM, node.iter)
        if node.asynchronous is not None:
            scope.awaits.append(node)
        self._push(scope, node.iter, node.body, node.orelse)

    def _with(self, node: cst.With, scope: Scope) -> None:
        if node.asynchronous is not None:
            scope.awaits.append(node)
            self._async_items.update(node.items)
        self._push(scope, *node.items, node.body)

    def _with_item(self, node: cst.WithItem, scope: Scope) -> None:
        target = node.asname.name if node.asname is not None else None
        if isinstance(target, cst.Name):
            is_async = node in self._async_items
            binding = Binding(BindingKind.ENTERED, target, value=node.item, is_async=is_async)
            self._bind(scope, target.value, binding)
        elif target is not None:
            self._bind_unknown(target, scope)
        self._push(scope, node.item)

    def _del(self, node: cst.Del, scope: Scope) -> None:
        self._bind_unknown(node.target, scope)

    def _handler(self, node: cst.ExceptHandler | cst.ExceptStarHandler, scope: Scope) -> None:
        if node.name is not None:
            self._bind_unknown(node.name.name, scope)
        self._push(scope, node.type, node.body)

    def _try(self, node: cst.Try | cst.TryStar, scope: Scope) -> None:
        for handler in node.handlers:
            self._fallbacks.update(each for each in descendants(handler) if _is_import(each))
        self._push(scope, *children(node))

    def _global(self, node: cst.Global, scope: Scope) -> None:
        scope.declared_global.update(each.name.value for each in node.names)

    def _nonlocal(self, node: cst.Nonlocal, scope: Scope) -> None:
        scope.declared_nonlocal.update(each.name.value for each in node.names)

    def _import(self, node: cst.Import, scope: Scope) -> None:
        for alias in node.names:
            dotted = dotted_name(alias.name)
            if alias.asname is not None:
                self._bind_import(scope, dotted_name(alias.asname.name), node, dotted)
            else:
                top = dotted.split(".")[0]
                self._bind_import(scope, top, node, top)

    def _import_from(self, node: cst.ImportFrom, scope: Scope) -> None:
        module = "." * len(node.relative)
        if node.module is not None:
            module += dotted_name(node.module)
        if isinstance(node.names, cst.ImportStar):
            # What a handler imports never goes over what the `try` would have given.
            place = 0 if node in self._fallbacks else len(scope.star_imports)
            scope.star_imports.insert(place, module)
            scope.bound_before_star.update(scope.bindings)
            return
        joint = "" if module.endswith(".") else "."
        for alias in node.names:
            name = dotted_name(alias.name)
            bound = dotted_name(alias.asname.name) if alias.asname is not None else name
            self._bind_import(scope, bound, node, f"{module}{joint}{name}", module)

    def _bind_import(
        self, scope: Scope, name: str, node: cst.CSTNode, target: str, source: str = ""
    ) -> None:
        is_fallback = node in self._fallbacks
        binding = Binding(BindingKind.IMPORT, node, target, source, is_fallback)
        self._bind(scope, name, binding)

    def _match_capture(self, node: cst.MatchAs | cst.MatchStar, scope: Scope) -> None:
        pattern = node.pattern if isinstance(node, cst.MatchAs) else None
        if node.name is not None and isinstance(pattern, cst.MatchClass):
            self._bind_parts(node.name, scope, BindingKind.MATCHED, pattern.cls)
        elif node.name is not None:
            self._bind_unknown(node.name, scope)
        if isinstance(node, cst.MatchAs):
            self._push(scope, node.pattern)

    def _match_mapping(self, node: cst.MatchMapping, scope: Scope) -> None:
        if node.rest is not None:
            self._bind_unknown(node.rest, scope)
        self._push(scope, *node.elements)

    def _match_keyword(self, node: cst.MatchKeywordElement, scope: Scope) -> None:
        self._push(scope, node.pattern)

    def _type_alias(self, node: cst.TypeAlias, scope: Scope) -> None:
        self._bind_parts(node.name, scope, BindingKind.ALIAS, node.value)

    def _bind_target(
        self,
        target: cst.BaseExpression,
        scope: Scope,
        value: cst.BaseExpression,
    ) -> None:
        if isinstance(target, cst.Name):
            self._bind(scope, target.value, Binding(BindingKind.VALUE, target, value=value))
        else:
            self._bind_parts(target, scope, BindingKind.UNPACKED, value)

    def _bind_unknown(self, target: cst.CSTNode, scope: Scope) -> None:
        self._bind_parts(target, scope, BindingKind.UNKNOWN, None)

    def _bind_parts(
        self,
        target: cst.CSTNode,
        scope: Scope,
        kind: BindingKind,
        origin: cst.BaseExpression | None,
    ) -> None:
        pending: list[tuple[cst.CSTNode, tuple[int, ...]]] = [(target, ())]
        while pending:
            each, within = pending.pop()
            if isinstance(each, cst.Name):
                binding = Binding(kind, each, origin=origin, within=within)
                self._bind(scope, each.value, binding)
            elif isinstance(each, (cst.Tuple, cst.List)):
                if any(isinstance(element, cst.StarredElement) for element in each.elements):
                    # Which places the names behind a star stand for depends on the value.
                    kind = BindingKind.UNKNOWN
                pending += [
                    (element.value, (*within, place)) for place, element in enumerate(each.elements)
                ]
            else:
                self._push(scope, each)


_HANDLERS: dict[type, Callable[..., None]] = by_class(
    {
        "Name": _Walker._name,
        "Attribute": _Walker._attribute,
        "Arg": _Walker._arg,
        "Call": _Walker._call,
        "Expr": _Walker._expression,
        "Yield": _Walker._yield,
        "Await": _Walker._await,
        "Return": _Walker._return,
        "FunctionDef": _Walker._function,
        "Lambda": _Walker._lambda,
        "ClassDef": _Walker._class,
        "ListComp": _Walker._comprehension,
        "SetComp": _Walker._comprehension,
        "DictComp": _Walker._comprehension,
        "StarredDictComp": _Walker._comprehension,
        "GeneratorExp": _Walker._comprehension,
        "Assign": _Walker._assign,
        "AnnAssign": _Walker._annotated,
        "AugAssign": _Walker._augmented,
        "NamedExpr": _Walker._walrus,
        "For": _Walker._for,
        "WithItem": _Walker._with_item,
        "With": _Walker._with,
        "Del": _Walker._del,
        "Import": _Walker._import,
        "LazyImport": _Walker._import,
        "ImportFrom": _Walker._import_from,
        "LazyImportFrom": _Walker._import_from,
        "Global": _Walker._global,
        "Nonlocal": _Walker._nonlocal,
        "Try": _Walker._try,
        "TryStar": _Walker._try,
        "ExceptHandler": _Walker._handler,
        "ExceptStarHandler": _Walker._handler,
        "MatchAs": _Walker._match_capture,
        "MatchStar": _Walker._match_capture,
        "MatchMapping": _Walker._match_mapping,
        "MatchKeywordElement": _Walker._match_keyword,
        "TypeAlias": _Walker._type_alias,
    }
)
"""What to do at each kind of node; a kind without a row is only walked through."""


def _is_import(node: cst.CSTNode) -> bool:
    return _HANDLERS.get(type(node)) in (_Walker._import, _Walker._import_from)


def all_parameters(parameters: cst.Parameters) -> list[cst.Param]:
    """Return every parameter, in the order of the signature."""
    found = [*parameters.posonly_params, *parameters.params]
    if isinstance(parameters.star_arg, cst.Param):
        found.append(parameters.star_arg)
    found += parameters.kwonly_params
    if parameters.star_kwarg is not None:
        found.append(parameters.star_kwarg)
    return found


def dotted_name(expression: cst.BaseExpression) -> str:
    """Return `a.b.c` for a chain of names and attributes, else the empty string."""
    parts = []
    while isinstance(expression, cst.Attribute):
        parts.append(expression.attr.value)
        expression = expression.value
    if not isinstance(expression, cst.Name):
        return ""
    parts.append(expression.value)
    return ".".join(reversed(parts))


def call_of(value: cst.CSTNode | None) -> cst.Call | None:
    """Return the call that a value is, or that is awaited for it; None if it is no such thing."""
    if isinstance(value, cst.Await):
        value = value.expression
    return value if isinstance(value, cst.Call) else None


def is_name(expression: cst.CSTNode | None, name: str) -> bool:
    """Return whether an expression is this one name, written out."""
    return isinstance(expression, cst.Name) and expression.value == name


def alternatives(expression: cst.BaseExpression) -> list[cst.BaseExpression]:
    """Return the types of an `except` or an `isinstance`: of a tuple, or joined by `|`."""
    if isinstance(expression, (cst.Tuple, cst.List)):
        return [each.value for each in expression.elements]
    if isinstance(expression, cst.BinaryOperation):
        return [*alternatives(expression.left), *alternatives(expression.right)]
    return [expression]
