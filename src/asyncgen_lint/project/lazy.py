"""Outlines of modules that are only looked into: each statement is gathered when it is asked for.

The ast, ten times cheaper than libcst's tree, says which statement of the module binds a name;
libcst then parses that statement alone. A name is bound where Python's rules say (Language
Reference, 4.2.1), so nothing is imported or run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import libcst as cst

from asyncgen_lint.names.scopes import (
    Binding,
    BindingKind,
    Outline,
    Scope,
    ScopeKind,
    walk_statements,
)
from asyncgen_lint.source.parse import ParseFailure, parse_part, syntax_tree
from asyncgen_lint.source.text import Source

_IMPORT = cst.Pass()
"""Stands for the node of an import that no tree was made of."""


@dataclass(frozen=True, slots=True)
class Part:
    """One or, on a common line, several statements of a module; its lines begin after `before`."""

    trees: tuple[ast.stmt, ...]
    before: int
    last: int


@dataclass
class LazyModule:
    """A module that is looked into: its outline, and the parts of it that were parsed.

    `parts_of` says which parts bind a name; `is_whole`, that all of them were asked for at once.
    """

    source: Source
    outline: Outline
    parts: tuple[Part, ...]
    definitions: frozenset[str]
    parts_of: Mapping[str, list[int]]
    is_whole: bool = False
    parsed: dict[int, cst.Module] = field(default_factory=dict)

    def text_of(self, part: Part) -> str:
        """Return the lines of a part, with what stands above it."""
        return "".join(self.source.text.splitlines(keepends=True)[part.before : part.last])


def lazy_module(source: Source, name: str, *, is_package: bool) -> LazyModule | None:
    """Return a module whose statements are gathered when asked for; None if it cannot be parsed."""
    try:
        tree = syntax_tree(source)
    except ParseFailure:
        return None
    parts = tuple(_parts(tree))
    found = _Names(parts, has_globals="global" in source.text)
    scope = Scope(ScopeKind.MODULE, cst.Module(body=[]), None)
    outline = Outline(
        scope,
        {},
        name,
        is_package,
        source.filename,
        exports=_exports(tree),
        complete=lambda: gather_all(),
        text=source.text,
    )
    scope.outline = outline
    scope.star_imports += found.stars
    module = LazyModule(source, outline, parts, found.definitions, found.parts_of)
    bindings = _Bindings(module, found)
    scope.bindings = bindings

    def gather_all() -> None:
        module.is_whole = True
        for number in range(len(parts)):
            bindings.gather(number)

    return module


def _parts(tree: ast.Module) -> Iterator[Part]:
    before = 0
    pending: list[ast.stmt] = []
    for statement in tree.body:
        if pending and statement.lineno > _last_line(pending):
            yield Part(tuple(pending), before, _last_line(pending))
            before, pending = _last_line(pending), []
        pending.append(statement)
    if pending:
        yield Part(tuple(pending), before, _last_line(pending))


def _last_line(statements: list[ast.stmt]) -> int:
    return statements[-1].end_lineno or statements[-1].lineno


class _Names:
    """Which parts of a module bind which names, and what its imports mean."""

    def __init__(self, parts: Iterable[Part], *, has_globals: bool) -> None:
        self.parts_of: dict[str, list[int]] = {}
        self.imports: dict[str, list[tuple[str, str]]] = {}
        self.stars: list[str] = []
        self._others: set[str] = set()
        self._defined: set[str] = set()
        for number, part in enumerate(parts):
            for statement in part.trees:
                self._add_statement(statement, number)
                if has_globals:
                    self._add_globals(statement, number)

    @property
    def definitions(self) -> frozenset[str]:
        """The names that are bound by functions and classes alone."""
        return frozenset(self._defined - self._others - self.imports.keys())

    def imported(self, name: str) -> list[tuple[str, str]] | None:
        """Return the targets and sources of a name's imports, if nothing else binds it."""
        if name in self._others or name in self._defined:
            return None
        return self.imports.get(name)

    def _add(self, name: str, number: int) -> None:
        known = self.parts_of.setdefault(name, [])
        if not known or known[-1] != number:
            known.append(number)

    def _add_statement(self, statement: ast.stmt, number: int) -> None:
        pending: list[ast.AST] = [statement]
        while pending:
            node = pending.pop()
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                self._defined.add(node.name)
                self._add(node.name, number)
                continue
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self._add_import(node, number)
                continue
            for name in _names_bound(node):
                self._others.add(name)
                self._add(name, number)
            if not isinstance(node, ast.Lambda):
                pending += ast.iter_child_nodes(node)

    def _add_import(self, node: ast.Import | ast.ImportFrom, number: int) -> None:
        if isinstance(node, ast.Import):
            for each in node.names:
                top = each.name.partition(".")[0]
                self._add_target(each.asname or top, each.name if each.asname else top, number)
            return
        module = "." * node.level + (node.module or "")
        joint = "" if module.endswith(".") else "."
        for each in node.names:
            if each.name == "*":
                self.stars.append(module)
            else:
                target = f"{module}{joint}{each.name}"
                self._add_target(each.asname or each.name, target, number, module)

    def _add_target(self, name: str, target: str, number: int, source: str = "") -> None:
        self.imports.setdefault(name, []).append((target, source))
        self._add(name, number)

    def _add_globals(self, statement: ast.stmt, number: int) -> None:
        for node in ast.walk(statement):
            if isinstance(node, ast.Global):
                for name in node.names:
                    self._others.add(name)
                    self._add(name, number)


def _names_bound(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest


class _Bindings(dict[str, list[Binding]]):
    """The bindings of a module's names, each made when it is looked up."""

    def __init__(self, module: LazyModule, names: _Names) -> None:
        super().__init__()
        self._module = module
        self._names = names
        self._found: dict[str, dict[int, list[Binding]]] = {}
        self._number = 0

    def __contains__(self, name: object) -> bool:
        return name in self._names.parts_of

    def __missing__(self, name: str) -> list[Binding]:
        if name not in self._names.parts_of:
            raise KeyError(name)
        targets = self._names.imported(name)
        if targets is not None:
            made = [
                Binding(BindingKind.IMPORT, _IMPORT, target=target, source=source)
                for target, source in targets
            ]
        else:
            for number in self._names.parts_of[name]:
                self.gather(number)
            made = [
                each for _, found in sorted(self._found.get(name, {}).items()) for each in found
            ]
        self[name] = made
        return made

    def get(self, name: str, default: Any = None) -> Any:
        """Return the bindings of a name."""
        return self[name] if name in self else default

    def setdefault(self, name: str, default: Any = None) -> list[Binding]:
        """Return the list to which the walk of a part adds its bindings of a name."""
        return self._found.setdefault(name, {}).setdefault(self._number, default)

    def items(self) -> Any:
        """Return every name with its bindings."""
        self._module.is_whole = True
        return {name: self[name] for name in self._names.parts_of}.items()

    def gather(self, number: int) -> None:
        """Parse a part and gather what it binds; a part that libcst refuses binds nothing."""
        module = self._module
        if number in module.parsed:
            return
        part = module.parts[number]
        text = Source(module.source.filename, module.text_of(part))
        try:
            parsed = parse_part(text, part.trees)
        except ParseFailure:
            parsed = cst.Module(body=[])
        module.parsed[number] = parsed
        self._number = number
        walk_statements(parsed.body, module.outline.module)


def _exports(tree: ast.Module) -> frozenset[str] | None:
    """Return the names in a module's `__all__`, None if it has none or one that is computed."""
    names: set[str] | None = None
    for statement in tree.body:
        value = _all_assigned(statement)
        if value is None:
            continue
        if not isinstance(value, (ast.List, ast.Tuple)):
            return None
        items = [each.value for each in value.elts if isinstance(each, ast.Constant)]
        if len(items) != len(value.elts):
            return None
        names = (names or set()) | {each for each in items if isinstance(each, str)}
    return frozenset(names) if names is not None else None


def _all_assigned(statement: ast.stmt) -> ast.expr | None:
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target: ast.expr = statement.targets[0]
        value: ast.expr | None = statement.value
    elif isinstance(statement, (ast.AnnAssign, ast.AugAssign)):
        target, value = statement.target, statement.value
    else:
        return None
    return value if isinstance(target, ast.Name) and target.id == "__all__" else None
