"""Imports that a fix needs: what a library name is called here, and where to import it if not.

The edit adds as little as it can: a name to an import that is there, in its order and layout,
else one line at the place where isort would have it.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.layout import call_with
from asyncgen_lint.names.scopes import Binding, BindingKind, Scope, ScopeKind, dotted_name
from asyncgen_lint.rule import Edit, ImportRequest, Node
from asyncgen_lint.source.parse import Parsed
from asyncgen_lint.source.position import PositionMap
from asyncgen_lint.source.span import Position, Span


@dataclass(frozen=True, slots=True)
class LocalName:
    """How to write a library name at some place, and what must be imported for it."""

    dotted: str
    imports: tuple[ImportRequest, ...] = ()

    def expression(self) -> cst.BaseExpression:
        """Return the name as a new node."""
        first, *rest = self.dotted.split(".")
        node: cst.BaseExpression = cst.Name(first)
        for each in rest:
            node = cst.Attribute(node, cst.Name(each))
        return node

    def call(self, argument: cst.BaseExpression) -> cst.Call:
        """Return a call of it; parentheses around the argument become those of the call."""
        return call_with(self.expression(), argument)


def local_name(facts: Facts, request: ImportRequest, at: Node, scope: Scope) -> LocalName | None:
    """Return how to write the requested name at a node of a scope.

    None if the name, as it would be imported, means something else there.
    """
    target = f"{request.module}.{request.name}"
    names = list(dict.fromkeys([*facts.outline.module.bindings, *scope.bindings]))
    aliases = [name for name in names if name != request.name]
    for name in (request.name, *aliases):
        if _is_available(facts, name, target, at, scope):
            return LocalName(name)
    for name in names:
        if _is_available(facts, name, request.module, at, scope):
            return LocalName(f"{name}.{request.name}")
    bound = facts.resolver.bindings(request.name, scope)
    if bound is not None and (
        bound[0] is not facts.outline.module or not all(_imports(each, target) for each in bound[1])
    ):
        return None
    if bound is not None and _runs_with_module(scope):
        # It is imported too late, and would be a second time.
        return None
    return LocalName(request.name, (request,))


def _is_available(facts: Facts, name: str, target: str, at: Node, scope: Scope) -> bool:
    """Return whether `name`, seen from the scope, is certainly the import of `target`."""
    found = facts.resolver.bindings(name, scope)
    if found is None:
        return False
    where, bindings = found
    if where is scope and where is not facts.outline.module:
        return all(_imports(each, target) for each in bindings) and any(
            _runs_before(facts, each.node, at) for each in bindings
        )
    if where is not facts.outline.module:
        return False
    sure = {
        facts.statement_of(each.node)
        for each in bindings
        if _imports(each, target) and _always_runs(facts, each.node)
    }
    if _runs_with_module(scope):
        # It may come before an import further down.
        sure = {each for each in sure if each < facts.statement_of(at)}
    # The fallback of a `try` around the import, or of a version check, is in the same statement.
    return bool(sure) and all(
        _imports(each, target) or facts.statement_of(each.node) in sure for each in bindings
    )


def _runs_with_module(scope: Scope) -> bool:
    """Return whether the statements of a scope run when the module is imported."""
    current: Scope | None = scope
    while current is not None and current.kind is ScopeKind.CLASS:
        current = current.parent
    return current is not None and current.kind is ScopeKind.MODULE


def _imports(binding: Binding, target: str) -> bool:
    return binding.kind is BindingKind.IMPORT and binding.target == target


def _always_runs(facts: Facts, statement: Node) -> bool:
    """Return whether a module-level import is sure to run; under TYPE_CHECKING it never does."""
    child, parent = statement, facts.parent(statement)
    while parent is not None:
        if isinstance(parent, (cst.Try, cst.TryStar)):
            if child is not parent.body:
                return False
        elif isinstance(parent, cst.If):
            if "version_info" not in facts.parsed.module.code_for_node(parent.test):
                return False
        elif isinstance(parent, cst.BaseCompoundStatement) and not isinstance(parent, cst.With):
            return False
        child, parent = parent, facts.parent(parent)
    return True


def _runs_before(facts: Facts, statement: Node, at: Node) -> bool:
    """Return whether a function's own import is sure to have run at a node of that function."""
    line = facts.parent(statement)
    block = facts.parent(line)
    if not isinstance(block, cst.IndentedBlock):
        return False
    current, parent = at, facts.parent(at)
    while parent is not None and parent is not block:
        current, parent = parent, facts.parent(parent)
    return parent is not None and block.body.index(line) < block.body.index(current)


def import_edits(
    parsed: Parsed,
    positions: PositionMap,
    wanted: Sequence[ImportRequest],
    unused: Sequence[ImportRequest] = (),
) -> list[Edit] | None:
    """Return the edits that import the wanted names and no longer the unused ones.

    None where no place is certain for a wanted name; an unused one may stay.
    """
    file = _File(parsed, positions)
    edits: list[Edit] = []
    pending = list(wanted)
    for each in unused:
        found = file.dropped(each, pending)
        if found is not None:
            edit, together = found
            edits.append(edit)
            pending = [other for other in pending if other not in together]
    for request in pending:
        added = file.merged(request) or file.new_line(request)
        if added is None:
            return None
        edits.append(added)
    return edits


class _File:
    """The module-level statements of a file, with their lines."""

    def __init__(self, parsed: Parsed, positions: PositionMap) -> None:
        self.source = parsed.source
        self.body = parsed.module.body
        self.newline = parsed.module.default_newline
        self._positions = positions

    # A name more in an import that is there

    def merged(self, request: ImportRequest) -> Edit | None:
        """Return the edit that adds the name to `from module import ...`, if there is one.

        One below the first definition may come too late; in a file that imports each name on a line
        of its own the name gets one too.
        """
        if self._imports_one_name_a_line():
            return None
        for number, element in enumerate(self.body):
            if isinstance(element, (cst.FunctionDef, cst.ClassDef)):
                break
            if not isinstance(element, cst.SimpleStatementLine):
                continue
            for node in element.body:
                if type(node) is cst.ImportFrom and _imports_plain_names_of(node, request.module):
                    return self._merge(number, node, request.name)
        return None

    def _merge(self, number: int, node: cst.ImportFrom, name: str) -> Edit | None:
        assert not isinstance(node.names, cst.ImportStar)
        entries = [self._entry(number, each) for each in node.names]
        names = [self.source.text[start:end] for start, end in entries]
        if [re.split(r"\W", text, maxsplit=1)[0] for text in names] != [
            dotted_name(alias.name) for alias in node.names
        ]:
            return None
        index = place_among(names, name)
        lines = {self.source.index.position(start).line for start, _ in entries}
        each_on_its_own_line = node.lpar is not None and len(lines) == len(entries)
        if index < len(entries):
            return self._before(entries[index][0], name, each_on_its_own_line)
        return self._after(*entries[-1], name, each_on_its_own_line)

    def _entry(self, number: int, alias: cst.ImportAlias) -> tuple[int, int]:
        last = alias.name if alias.asname is None else alias.asname.name
        start = self._positions.span(alias.name, number).start
        end = self._positions.span(last, number).end
        return self.source.index.offset(start), self.source.index.offset(end)

    def _before(self, start: int, name: str, own_line: bool) -> Edit:
        indent = self._text_before(start)
        if not own_line or indent.strip():
            return self._insertion(start, f"{name}, ")
        line = self._above_comments(self.source.index.position(start).line, 1)
        return self._insertion(self._line_start(line), f"{indent}{name},{self.newline}")

    def _after(self, start: int, end: int, name: str, own_line: bool) -> Edit:
        indent = self._text_before(start)
        if not own_line or indent.strip():
            return self._insertion(end, f", {name}")
        line = self.source.index.position(end).line
        rest = self.source.index.line(line)[self.source.index.position(end).column :]
        tail = re.fullmatch(r"(\s*)(,?)(\s*(?:#.*)?)", rest)
        if tail is None:
            return self._insertion(end, f",{self.newline}{indent}{name}")
        if tail[2]:
            return self._insertion(end + len(rest), f"{self.newline}{indent}{name},")
        content = f",{rest}{self.newline}{indent}{name}"
        return self._edit(end, end + len(rest), content)

    # A name less

    def dropped(
        self, unused: ImportRequest, wanted: Sequence[ImportRequest]
    ) -> tuple[Edit, list[ImportRequest]] | None:
        """Return the edit that drops an import, and what of the wanted names it brings instead.

        None where the import is not on a line of its own without comments.
        """
        for number, element in enumerate(self.body):
            if not isinstance(element, cst.SimpleStatementLine) or len(element.body) != 1:
                continue
            node = element.body[0]
            if type(node) is not cst.ImportFrom or not _imports_plain_names_of(node, unused.module):
                continue
            span = self._positions.span(element, number)
            line = self.source.index.line(span.start.line)
            if span.start.line != span.end.line or "#" in line:
                continue
            assert not isinstance(node.names, cst.ImportStar)
            entries = [self._entry(number, each) for each in node.names]
            names = [self.source.text[start:end] for start, end in entries]
            if unused.name not in names:
                continue
            first, last = entries[0][0], entries[-1][1]
            names.remove(unused.name)
            # What is to be merged elsewhere is not brought by this import.
            together = [each for each in wanted if each.module == unused.module]
            for each in together:
                names.insert(place_among(names, each.name), each.name)
            if names:
                return self._edit(first, last, ", ".join(names)), together
            above = self._line_start(span.start.line)
            return self._edit(above, self._line_start(span.start.line + 1), ""), together
        return None

    # A new line

    def new_line(self, request: ImportRequest) -> Edit | None:
        """Return the edit that adds `from module import name` where isort would have it."""
        text = f"from {request.module} import {request.name}{self.newline}"
        head = self._imports_before_definitions()
        run = next((each for each in head if any(map(self._is_stdlib, each))), None)
        if run is not None:
            return self._among([each for each in run if self._is_stdlib(each)], request, text)
        for run in head:
            others = [number for number in run if not self._is_future(number)]
            if others:
                top = self._top_of_group(others[0])
                return self._insertion(self._line_start(top), text + self.newline)
        above = head[0][-1] if head else 0 if self._is_docstring(0) else None
        return self._at_the_top(text) if above is None else self._below(above, text)

    def _among(self, numbers: list[int], request: ImportRequest, text: str) -> Edit:
        """Return the insertion among imports of the same section."""
        froms = [each for each in numbers if self._is_from(each)]
        styles = [self._is_from(each) for each in numbers]
        in_order = [self._order(each) for each in numbers]
        interleaved = styles != sorted(styles) and in_order == sorted(in_order)
        candidates = numbers if interleaved else froms
        for number in candidates:
            if self._order(number) > (_natural(request.module), _by_type(request.name)):
                return self._insertion(self._line_start(self._top_in_group(number)), text)
        last = self._last_line((candidates or numbers)[-1])
        return self._insertion(self._line_start(last + 1), text)

    def _order(self, number: int) -> tuple[list[tuple[int, str]], _Key]:
        """Return what orders an import: its module, then the first name taken from it, if any."""
        node = self._first_import(number)
        module = _natural(self._module(number))
        if isinstance(node, cst.Import):
            return module, (-1, [])
        taken = "*" if isinstance(node.names, cst.ImportStar) else dotted_name(node.names[0].name)
        return module, _by_type(taken)

    def _below(self, number: int, text: str) -> Edit:
        """Return the insertion below a docstring or `__future__` import, with blank lines."""
        line = self._last_line(number) + 1
        blank_lines = self._missing_blank_lines(number + 1, line)
        return self._insertion(self._line_start(line), self.newline + text + blank_lines)

    def _at_the_top(self, text: str) -> Edit:
        """Return the insertion above the first statement, below what must stay at the top."""
        index = self.source.index
        line = 1
        while _stays_at_the_top(index.line(line)):
            line += 1
        comments = line
        while index.line(comments).lstrip().startswith("#"):
            comments += 1
        if not index.line(comments).strip():
            line = comments
        above = ""
        if line > 1:
            # One blank line above; the others, if any, stay below.
            if index.line(line).strip():
                above = self.newline
            else:
                line += 1
        blank_lines = self._missing_blank_lines(0, line)
        return self._insertion(self._line_start(line), above + text + blank_lines)

    def _missing_blank_lines(self, following: int, line: int) -> str:
        """Return the newlines to add at `line`, above the statement that follows."""
        index = self.source.index
        there = 0
        while line + there <= index.line_count and not index.line(line + there).strip():
            there += 1
        follows_definition = following < len(self.body) and isinstance(
            self.body[following], (cst.FunctionDef, cst.ClassDef)
        )
        return self.newline * max((2 if follows_definition else 1) - there, 0)

    # What stands where

    def _imports_one_name_a_line(self) -> bool:
        """Return whether some module is imported from on several lines, none by several names."""
        modules: list[str] = []
        for element in self.body:
            if not isinstance(element, cst.SimpleStatementLine):
                continue
            for node in element.body:
                if isinstance(node, cst.ImportFrom) and node.module is not None:
                    if isinstance(node.names, cst.ImportStar) or len(node.names) > 1:
                        return False
                    modules.append("." * len(node.relative) + dotted_name(node.module))
        return len(set(modules)) < len(modules)

    def _imports_before_definitions(self) -> list[list[int]]:
        """Return the runs of module-level import statements above the first def or class."""
        runs: list[list[int]] = []
        previous = -2
        for number, element in enumerate(self.body):
            if isinstance(element, (cst.FunctionDef, cst.ClassDef)):
                break
            if _is_import(element):
                if previous != number - 1:
                    runs.append([])
                runs[-1].append(number)
                previous = number
        return runs

    def _first_import(self, number: int) -> cst.Import | cst.ImportFrom:
        node = self.body[number].body[0]  # type: ignore[index]
        assert isinstance(node, (cst.Import, cst.ImportFrom))
        return node

    def _is_from(self, number: int) -> bool:
        return isinstance(self._first_import(number), cst.ImportFrom)

    def _module(self, number: int) -> str:
        """Return the dotted name of the imported module, with its leading dots."""
        node = self._first_import(number)
        if isinstance(node, cst.Import):
            return dotted_name(node.names[0].name)
        name = dotted_name(node.module) if node.module is not None else ""
        return "." * len(node.relative) + name

    def _is_future(self, number: int) -> bool:
        return self._module(number) == "__future__"

    def _is_stdlib(self, number: int) -> bool:
        name = self._module(number).partition(".")[0]
        return name in sys.stdlib_module_names and name != "__future__"

    def _is_docstring(self, number: int) -> bool:
        element = self.body[number]
        if not isinstance(element, cst.SimpleStatementLine):
            return False
        first = element.body[0]
        return isinstance(first, cst.Expr) and isinstance(
            first.value, (cst.SimpleString, cst.ConcatenatedString)
        )

    def _first_line(self, number: int) -> int:
        element = self.body[number]
        decorators = getattr(element, "decorators", ())
        node = decorators[0] if decorators else element
        return self._positions.span(node, number).start.line

    def _last_line(self, number: int) -> int:
        return self._positions.span(self.body[number], number).end.line

    def _top_in_group(self, number: int) -> int:
        """Return the first line of an import, with its own comments but no heading of a group."""
        first = self._first_line(number)
        top = self._above_comments(first, self._end_above(number) + 1)
        heads_a_group = top == 1 or not self.source.index.line(top - 1).strip()
        return first if heads_a_group else top

    def _top_of_group(self, number: int) -> int:
        """Return the first line of a group of imports, with its heading."""
        first = self._first_line(number)
        top = self._above_comments(first, self._end_above(number) + 1)
        return first if top == 1 else top

    def _end_above(self, number: int) -> int:
        return self._last_line(number - 1) if number else 0

    def _above_comments(self, line: int, limit: int) -> int:
        """Return the first line of the comments that stand right above a line."""
        while line > limit and self.source.index.line(line - 1).lstrip().startswith("#"):
            line -= 1
        return line

    # Text

    def _line_start(self, line: int) -> int:
        return self.source.index.offset(Position(line, 0))

    def _text_before(self, offset: int) -> str:
        position = self.source.index.position(offset)
        return self.source.index.line(position.line)[: position.column]

    def _insertion(self, offset: int, content: str) -> Edit:
        return self._edit(offset, offset, content)

    def _edit(self, start: int, end: int, content: str) -> Edit:
        position = self.source.index.position
        return Edit(Span(position(start), position(end)), content)


def _is_import(element: cst.CSTNode) -> bool:
    return isinstance(element, cst.SimpleStatementLine) and all(
        isinstance(each, (cst.Import, cst.ImportFrom)) for each in element.body
    )


def _imports_plain_names_of(node: cst.ImportFrom, module: str) -> bool:
    if node.relative or node.module is None or isinstance(node.names, cst.ImportStar):
        return False
    return dotted_name(node.module) == module and any(each.asname is None for each in node.names)


def _stays_at_the_top(line: str) -> bool:
    return line.startswith("#!") or re.match(r"[ \t\f]*#.*?coding[:=]", line) is not None


_Key = tuple[int, list[tuple[int, str]]]


def place_among(names: Sequence[str], name: str) -> int:
    """Return where to put a name so that the order of the others, if they have one, is kept."""
    for order in (_by_type, _by_character, _by_letter):
        keys = [order(each) for each in names]
        if keys == sorted(keys):
            return bisect_right(keys, order(name))
    return len(names)


def _by_type(name: str) -> _Key:
    """Order as isort does: constants, then classes, then the rest."""
    if name.isupper() and len(name) > 1:
        return 0, _natural(name)
    return 1 if name[:1].isupper() else 2, _natural(name)


def _by_character(name: str) -> _Key:
    return 0, [(0, name)]


def _by_letter(name: str) -> _Key:
    return 0, _natural(name)


def _natural(name: str) -> list[tuple[int, str]]:
    """Order without regard to case, numbers by their value."""
    parts = re.split(r"(\d+)", name.lower())
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
