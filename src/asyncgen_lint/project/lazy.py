"""Outlines of modules that are only looked into: each statement is gathered when it is asked for.

The ast, ten times cheaper than libcst's tree, says which statement of a module, or of a class in
it, binds a name; libcst then parses that statement alone. A name is bound where Python's rules say
(Language Reference, 4.2.1), so nothing is imported or run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
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

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")

_IMPORT = cst.Pass()
"""Stands for the node of an import that no tree was made of."""

_SHORT = 20
"""A class of fewer lines is gathered whole."""


@dataclass(frozen=True, slots=True)
class Part:
    """One or, on a common line, several statements of a suite; its lines begin after `before`."""

    trees: tuple[ast.stmt, ...]
    before: int
    last: int


@dataclass
class LazyModule:
    """A module that is looked into: its outline, and the parts of it that were parsed.

    `parts_of` says which parts bind a name. `parsed` has the tree of each part of the module that
    was asked for, of a long class its header alone; `trees` has all trees that were made, each with
    the number of lines of the file above it.
    """

    source: Source
    outline: Outline
    parts: tuple[Part, ...]
    definitions: frozenset[str]
    parts_of: Mapping[str, list[int]]
    parsed: dict[int, cst.Module] = field(default_factory=dict)
    trees: list[tuple[cst.Module, int]] = field(default_factory=list)

    @cached_property
    def _lines(self) -> list[str]:
        # Not what str.splitlines takes for lines: a form feed ends none.
        return _LINE.findall(self.source.text)

    def text_between(self, before: int, last: int) -> str:
        """Return the lines after `before` up to `last`."""
        return "".join(self._lines[before:last])

    def parse(self, text: str, trees: tuple[ast.stmt, ...], before: int) -> cst.Module | None:
        """Return libcst's tree of a part that stands after a line; None if libcst refuses it."""
        try:
            parsed = parse_part(Source(self.source.filename, text), trees)
        except ParseFailure:
            return None
        self.trees.append((parsed, before))
        return parsed


def lazy_module(source: Source, name: str, *, is_package: bool) -> LazyModule | None:
    """Return a module whose statements are gathered when asked for; None if it cannot be parsed."""
    try:
        tree = syntax_tree(source)
    except ParseFailure:
        return None
    parts = tuple(_parts(tree.body, 0))
    found = _Names(parts, has_globals="global" in source.text)
    scope = Scope(ScopeKind.MODULE, cst.Module(body=[]), None)
    outline = Outline(
        scope,
        {},
        name,
        is_package,
        source.filename,
        exports=_exports(tree),
        complete=lambda: suite.complete(),
        gives=lambda: _gives(tree),
        text=source.text,
    )
    scope.outline = outline
    scope.star_imports += found.stars
    scope.bound_before_star |= found.bound_before_star
    module = LazyModule(source, outline, parts, found.definitions, found.parts_of)
    suite = _ModuleSuite(module, scope, parts, found)
    return module


def _parts(body: Iterable[ast.stmt], before: int) -> Iterator[Part]:
    pending: list[ast.stmt] = []
    for statement in body:
        if pending and statement.lineno > _last_line(pending):
            yield Part(tuple(pending), before, _last_line(pending))
            before, pending = _last_line(pending), []
        pending.append(statement)
    if pending:
        yield Part(tuple(pending), before, _last_line(pending))


def _last_line(statements: list[ast.stmt]) -> int:
    return statements[-1].end_lineno or statements[-1].lineno


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(each.lineno for each in decorators)])


class _Names:
    """Which parts of a suite bind which names, and what its imports mean."""

    def __init__(self, parts: Iterable[Part], *, has_globals: bool) -> None:
        self.parts_of: dict[str, list[int]] = {}
        self.annotated: set[str] = set()
        self.imports: dict[str, list[tuple[str, str, bool]]] = {}
        self.stars: list[str] = []
        self.bound_before_star: frozenset[str] = frozenset()
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

    def imported(self, name: str) -> list[tuple[str, str, bool]] | None:
        """Return target, source and `is_fallback` of a name's imports, if nothing else binds it."""
        if name in self._others or name in self._defined:
            return None
        return self.imports.get(name)

    def _add(self, name: str, number: int) -> None:
        known = self.parts_of.setdefault(name, [])
        if not known or known[-1] != number:
            known.append(number)

    def _add_statement(self, statement: ast.stmt, number: int) -> None:
        pending: list[ast.AST] = [statement]
        fallbacks: set[ast.AST] = set()
        while pending:
            node = pending.pop()
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                self._defined.add(node.name)
                self._add(node.name, number)
                continue
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self._add_import(node, number, is_fallback=node in fallbacks)
                continue
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                self.annotated.add(node.target.id)
            for name in _names_bound(node):
                self._others.add(name)
                self._add(name, number)
            if isinstance(node, ast.ExceptHandler):
                fallbacks.update(ast.walk(node))
            if not isinstance(node, ast.Lambda):
                pending += reversed(list(ast.iter_child_nodes(node)))

    def _add_import(
        self, node: ast.Import | ast.ImportFrom, number: int, *, is_fallback: bool
    ) -> None:
        if isinstance(node, ast.Import):
            for each in node.names:
                top = each.name.partition(".")[0]
                target = each.name if each.asname else top
                self._add_target(each.asname or top, number, (target, "", is_fallback))
            return
        module = "." * node.level + (node.module or "")
        joint = "" if module.endswith(".") else "."
        for each in node.names:
            if each.name == "*":
                self.stars.insert(0 if is_fallback else len(self.stars), module)
                self.bound_before_star = frozenset(self.parts_of)
            else:
                target = f"{module}{joint}{each.name}"
                self._add_target(each.asname or each.name, number, (target, module, is_fallback))

    def _add_target(self, name: str, number: int, target: tuple[str, str, bool]) -> None:
        self.imports.setdefault(name, []).append(target)
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


class _Suite:
    """The statements of a module or of a class body, gathered part by part into a scope."""

    def __init__(
        self, module: LazyModule, scope: Scope, parts: tuple[Part, ...], names: _Names
    ) -> None:
        self.names = names
        self.number = 0
        self._module = module
        self._scope = scope
        self._parts = parts
        self._made: dict[int, list[Scope]] = {}
        scope.bindings = _Bindings(self)
        scope.annotations = _Annotations(self)

    def ask_whole(self) -> None:
        """Remember that all of the suite was asked for."""

    def gather_name(self, name: str) -> None:
        """Gather the parts that bind a name, in the order of the text."""
        for number in self.names.parts_of.get(name, ()):
            self.gather(number)

    def complete(self) -> None:
        """Gather every part, and put what was gathered in the order of the text."""
        self.ask_whole()
        if len(self._made) == len(self._parts):
            return
        for number in range(len(self._parts)):
            self.gather(number)
        self._scope.children[:] = self._made_by(range(len(self._parts)))

    def _made_by(self, numbers: Iterable[int]) -> list[Scope]:
        return [scope for number in numbers for scope in self._made[number]]

    def gather(self, number: int) -> None:
        """Gather what a part binds; a part that libcst refuses binds nothing."""
        if number not in self._made:
            self._made[number] = []
            self._gather(number, self._parts[number])

    def _gather(self, number: int, part: Part) -> None:
        raise NotImplementedError

    def _walk(self, number: int, statements: Iterable[cst.CSTNode]) -> None:
        known = len(self._scope.children)
        self.number = number
        walk_statements(statements, self._scope)
        # They are known already, in the order of the text, which parts are not gathered in.
        self._scope.star_imports[:] = self.names.stars
        self._scope.bound_before_star = set(self.names.bound_before_star)
        self._made[number] = self._scope.children[known:]


class _ModuleSuite(_Suite):
    def ask_whole(self) -> None:
        self._scope.outline.ask_whole()

    def _gather(self, number: int, part: Part) -> None:
        module = self._module
        tree = part.trees[0]
        if isinstance(tree, ast.ClassDef) and part.last - part.before > _SHORT:
            header = self._gather_class(number, part, tree)
            if header is not None:
                module.parsed[number] = header
                return
        text = module.text_between(part.before, part.last)
        parsed = module.parse(text, part.trees, part.before) or cst.Module(body=[])
        module.parsed[number] = parsed
        self._walk(number, parsed.body)

    def _gather_class(self, number: int, part: Part, tree: ast.ClassDef) -> cst.Module | None:
        """Gather a class's header, and leave its body to be asked for; None if that cannot be."""
        module = self._module
        above = _first_line(tree.body[0]) - 1
        if len(part.trees) != 1 or above <= tree.lineno - 1 or tree.body[0].lineno == tree.lineno:
            return None
        header = module.text_between(part.before, above)
        indent = " " * tree.body[0].col_offset
        parsed = module.parse(f"{header}{indent}pass\n", (), part.before)
        if parsed is None or len(parsed.body) != 1:
            return None
        self._walk(number, parsed.body)
        scope = self._scope.outline.scope_of[parsed.body[0]]
        parts = tuple(_parts(tree.body, above))
        scope.members = _ClassSuite(module, scope, parts, _Names(parts, has_globals=False))
        return parsed


class _ClassSuite(_Suite):
    def storing(self, name: str) -> list[Scope]:
        """Return the methods that store an attribute of this name on some object."""
        numbers = self._storing.get(name, ())
        for number in numbers:
            self.gather(number)
        return self._made_by(dict.fromkeys(numbers))

    @cached_property
    def _storing(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for number, part in enumerate(self._parts):
            for statement in part.trees:
                for node in ast.walk(statement):
                    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                        found.setdefault(node.attr, []).append(number)
        return found

    def _gather(self, number: int, part: Part) -> None:
        text = self._module.text_between(part.before, part.last)
        parsed = self._module.parse(f"class _:\n{text}", part.trees, part.before - 1)
        if parsed is None:
            return
        body = parsed.body[0]
        if isinstance(body, cst.ClassDef):
            self._walk(number, body.body.body)


class _Bindings(dict[str, list[Binding]]):
    """The bindings of a suite's names, each made when it is looked up."""

    def __init__(self, suite: _Suite) -> None:
        super().__init__()
        self._suite = suite
        self._found: dict[str, dict[int, list[Binding]]] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._suite.names.parts_of

    def __missing__(self, name: str) -> list[Binding]:
        names = self._suite.names
        if name not in names.parts_of:
            raise KeyError(name)
        targets = names.imported(name)
        if targets is not None:
            made = [
                Binding(BindingKind.IMPORT, _IMPORT, target, source, is_fallback)
                for target, source, is_fallback in targets
            ]
        else:
            self._suite.gather_name(name)
            made = [
                each for _, found in sorted(self._found.get(name, {}).items()) for each in found
            ]
        self[name] = made
        return made

    def get(self, name: str, default: Any = None) -> Any:
        """Return the bindings of a name."""
        try:
            return self[name]
        except KeyError:
            return default

    def setdefault(self, name: str, default: Any = None) -> list[Binding]:
        """Return the list to which the walk of a part adds its bindings of a name."""
        return self._found.setdefault(name, {}).setdefault(self._suite.number, default)

    def __iter__(self) -> Iterator[str]:
        self._suite.ask_whole()
        return iter(self._suite.names.parts_of)

    def __len__(self) -> int:
        return len(self._suite.names.parts_of)

    def keys(self) -> Any:
        """Return every name."""
        self._suite.ask_whole()
        return self._suite.names.parts_of.keys()

    def values(self) -> Any:
        """Return the bindings of every name."""
        return [self[name] for name in self]

    def items(self) -> Any:
        """Return every name with its bindings."""
        return [(name, self[name]) for name in self]


class _Annotations(dict[str, cst.BaseExpression]):
    """The annotations of a suite's names, each made when it is looked up."""

    def __init__(self, suite: _Suite) -> None:
        super().__init__()
        self._suite = suite

    def __contains__(self, name: object) -> bool:
        return name in self._suite.names.annotated

    def __missing__(self, name: str) -> cst.BaseExpression:
        if name not in self._suite.names.annotated:
            raise KeyError(name)
        self._suite.gather_name(name)
        return super().__getitem__(name) if super().__contains__(name) else cst.Ellipsis()

    def get(self, name: str, default: Any = None) -> Any:
        """Return the annotation of a name."""
        try:
            return self[name]
        except KeyError:
            return default

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self._suite.names.annotated)

    def keys(self) -> Any:
        """Return every annotated name, in the order of the text."""
        return [name for name in self._suite.names.parts_of if name in self]

    def values(self) -> Any:
        """Return every annotation."""
        return [self[name] for name in self]

    def items(self) -> Any:
        """Return every annotated name with its annotation."""
        return [(name, self[name]) for name in self]


def _gives(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield each function and alias with the last name of what it gives; see Outline."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for inner in _own_nodes(node):
                if isinstance(inner, (ast.Yield, ast.YieldFrom)):
                    yield node.name, ""
                elif isinstance(inner, ast.Return):
                    yield node.name, _last_name(inner.value)
        elif isinstance(node, ast.Assign):
            for name in (each.id for each in node.targets if isinstance(each, ast.Name)):
                yield name, _last_name(node.value)


def _own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    pending = list(ast.iter_child_nodes(function))
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            pending += ast.iter_child_nodes(node)


def _last_name(expression: ast.expr | None) -> str:
    while True:
        if isinstance(expression, (ast.Await, ast.Subscript)):
            expression = expression.value
        elif isinstance(expression, ast.Call):
            expression = expression.func
        elif isinstance(expression, ast.Attribute):
            return expression.attr
        else:
            return expression.id if isinstance(expression, ast.Name) else "__call__"


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
