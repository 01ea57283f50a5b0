"""Render a fix plan as text edits, by rewriting the statements it touches.

No tree is changed in place: each plan starts from the tree as parsed, so plans are independent.
Only the innermost statements around the rewrites are generated again, and only where libcst
generates the statement as it stands exactly as the file has it; the common ends are then cut off.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

import libcst as cst

from asyncgen_lint.fixes.imports import import_edits
from asyncgen_lint.fixes.layout import longest_line, over_three_lines
from asyncgen_lint.rule import Edit, Fix, FixPlan, Node, Rewrite
from asyncgen_lint.source.parse import Parsed
from asyncgen_lint.source.position import Generated, PositionMap, generate
from asyncgen_lint.source.span import Position, Span
from asyncgen_lint.source.walk import fields_of, parents

_NEWLINE = re.compile(r"\r\n|\r|\n")


class FixRenderer:
    """Turns plans over one parsed source into fixes."""

    def __init__(
        self, parsed: Parsed, positions: PositionMap, statement_of: Callable[[Node], int]
    ) -> None:
        self._parsed = parsed
        self._positions = positions
        self._statement_of = statement_of
        self._parents: dict[int, dict[cst.CSTNode, cst.CSTNode]] = {}

    def render(self, plan: FixPlan) -> Fix | None:
        """Return the plan as text edits; None when it cannot be rendered exactly."""
        try:
            edits = self._edits(plan)
        except (_Inexact, RecursionError, cst.CSTValidationError):
            return None
        return Fix(plan.title, plan.safety, edits) if edits else None

    def _edits(self, plan: FixPlan) -> tuple[Edit, ...]:
        imports = import_edits(self._parsed, self._positions, plan.imports, plan.unused)
        if imports is None:
            raise _Inexact
        edits: dict[Edit, None] = dict.fromkeys(imports)
        for statement, rewrites in self._by_statement(plan.rewrites).items():
            edits[self._statement_edit(statement, rewrites)] = None
        return _joined(edits)

    def _by_statement(self, rewrites: Sequence[Rewrite]) -> dict[cst.CSTNode, list[Rewrite]]:
        """Return the rewrites under the innermost statements that hold them, none in another."""
        chains = [(self._chain(each.node), each) for each in rewrites]
        innermost = {next(filter(self._is_statement, chain)) for chain, _ in chains}
        found: dict[cst.CSTNode, list[Rewrite]] = {}
        for chain, rewrite in chains:
            outermost = [each for each in chain if each in innermost][-1]
            found.setdefault(outermost, []).append(rewrite)
        return found

    def _statement_edit(self, statement: cst.CSTNode, rewrites: list[Rewrite]) -> Edit:
        module, source = self._parsed.module, self._parsed.source
        number = self._statement_of(statement)
        indents = self._indents(statement)
        before = generate(module, statement, indents)
        rewritten = self._rewritten(statement, rewrites)
        after = self._laid_out(rewritten, indents, before)
        old, new = before.text, after.text
        keyword_line = self._positions.span(statement, number).start.line
        first_line = keyword_line - before.spans[statement].start.line + 1
        offset = source.index.offset(Position(first_line, 0))
        if source.text[offset:] + module.default_newline == old:
            # The file's last line has no newline; neither may the new one get any.
            old = old[: -len(module.default_newline)]
            new = new.removesuffix(module.default_newline)
        if not source.text.startswith(old, offset):
            raise _Inexact
        if _comments(old) != _comments(new):
            raise _Inexact
        start, end = _common_ends(old, new)
        position = source.index.position
        span = Span(position(offset + start), position(offset + len(old) - end))
        return Edit(span, new[start : len(new) - end])

    def _laid_out(
        self, statement: cst.CSTNode, indents: Sequence[str], before: Generated
    ) -> Generated:
        """Return the text of a rewritten statement, headers that are new and too long broken."""
        module = self._parsed.module
        known = set(_NEWLINE.split(before.text))
        while True:
            after = generate(module, statement, indents, before.blank_lines)
            lines = _NEWLINE.split(after.text)
            for node, span in after.spans.items():
                if not isinstance(node, cst.With):
                    continue
                # A comment behind the colon does not count: it may be meant for this line.
                end = after.spans[node.items[-1]].end
                if end.line != span.start.line or end.column + len(":") <= self._limit:
                    continue
                if lines[end.line - 1] in known:
                    continue
                broken = over_three_lines(node, module.default_indent)
                if broken is not None:
                    statement = _exchanged(statement, node, broken)
                    break
            else:
                return after

    @cached_property
    def _limit(self) -> int:
        return longest_line(self._parsed.source.text)

    def _rewritten(self, statement: cst.CSTNode, rewrites: list[Rewrite]) -> cst.CSTNode:
        """Return the statement with all rewrites made, inner ones before outer ones."""
        builders: dict[cst.CSTNode, list[Rewrite]] = {}
        touched: dict[cst.CSTNode, int] = {}
        for each in rewrites:
            builders.setdefault(each.node, []).append(each)
            chain = self._chain(each.node)
            inside = chain[: chain.index(statement) + 1]
            touched.update((node, len(chain) - i) for i, node in enumerate(inside))
        made: dict[cst.CSTNode, cst.CSTNode] = {}
        for node in sorted(touched, key=touched.__getitem__, reverse=True):
            new = _with_children(node, made)
            for each in builders.get(node, ()):
                new = each.build(new)
            made[node] = new
        return made[statement]

    def _chain(self, node: cst.CSTNode) -> list[cst.CSTNode]:
        """Return the node and all around it, up to the module-level statement."""
        number = self._statement_of(node)
        above = self._parents.get(number)
        if above is None:
            above = self._parents[number] = parents(self._parsed.module.body[number])
        chain = [node]
        while chain[-1] in above:
            chain.append(above[chain[-1]])
        return chain

    def _is_statement(self, node: cst.CSTNode) -> bool:
        """Return whether the node is a whole statement of a block or of the module."""
        if not isinstance(node, (cst.SimpleStatementLine, cst.BaseCompoundStatement)):
            return False
        chain = self._chain(node)
        return len(chain) == 1 or isinstance(chain[1], cst.IndentedBlock)

    def _indents(self, statement: cst.CSTNode) -> list[str]:
        default = self._parsed.module.default_indent
        return [
            default if each.indent is None else each.indent
            for each in reversed(self._chain(statement)[1:])
            # The cases of a `match` are indented too, and in no block of their own.
            if isinstance(each, (cst.IndentedBlock, cst.Match))
        ]


class _Inexact(Exception):
    """The plan cannot be rendered so that nothing else in the file changes."""


def _joined(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Return the edits by position; those at one place, such as imports, as one, in their order."""
    contents: dict[Span, str] = {}
    for each in edits:
        contents[each.span] = contents.get(each.span, "") + each.content
    return tuple(Edit(span, contents[span]) for span in sorted(contents))


def _exchanged(root: cst.CSTNode, old: cst.CSTNode, new: cst.CSTNode) -> cst.CSTNode:
    """Return the tree with one node exchanged."""
    above = parents(root)
    while old is not root:
        parent = above[old]
        old, new = parent, _with_children(parent, {old: new})
    return new


def _with_children(node: cst.CSTNode, made: dict[cst.CSTNode, cst.CSTNode]) -> cst.CSTNode:
    changes: dict[str, object] = {}
    for name in fields_of(type(node)):
        value = getattr(node, name)
        if isinstance(value, cst.CSTNode):
            if value in made:
                changes[name] = made[value]
        elif isinstance(value, (list, tuple)) and any(each in made for each in value):
            changes[name] = [made.get(each, each) for each in value]
    return node.with_changes(**changes) if changes else node


def _comments(text: str) -> Counter[str]:
    """Return the comments in the text of a statement, whatever its indentation."""
    if "#" not in text:
        return Counter()
    # The statement may be indented; a newline is added where the file's last line has none.
    readline = io.StringIO(
        f"if 1:\n{text}\n" if text[0].isspace() else f"{text}\n", newline=None
    ).readline
    try:
        return Counter(
            token.string.rstrip()
            for token in tokenize.generate_tokens(readline)
            if token.type == tokenize.COMMENT
        )
    except (tokenize.TokenError, SyntaxError) as error:
        raise _Inexact from error


def _common_ends(old: str, new: str) -> tuple[int, int]:
    """Return how much the texts have in common at their start and their end, in whole words."""
    limit = min(len(old), len(new))
    start = 0
    while start < limit and old[start] == new[start]:
        start += 1
    while start and (_splits(old, start) or _splits(new, start)):
        start -= 1
    end = 0
    while end < limit - start and old[-1 - end] == new[-1 - end]:
        end += 1
    while end and (_splits(old, len(old) - end) or _splits(new, len(new) - end)):
        end -= 1
    return start, end


def _splits(text: str, at: int) -> bool:
    """Return whether a cut at this offset would split a word or a line's end."""
    around = text[at - 1 : at + 1] if at else ""
    return around == "\r\n" or (
        len(around) == 2 and all(each.isalnum() or each == "_" for each in around)
    )
