"""Positions, computed only for the module-level statements that hold a finding.

libcst's code generation for such a statement alone gives the place of every node in it, in code
points, relative to its own text; the ast says on which line of the file the statement stands.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import libcst as cst
from libcst._nodes.internal import CodegenState

from asyncgen_lint.source.parse import Parsed
from asyncgen_lint.source.span import Position, Span


@dataclass(frozen=True, slots=True)
class Generated:
    """The text that libcst makes of a node, and where each node inside stands in that text.

    `blank_lines` are those of its lines that hold nothing, or only space.
    """

    text: str
    spans: Mapping[cst.CSTNode, Span]
    blank_lines: Mapping[cst.CSTNode, str]


def generate(
    module: cst.Module,
    node: cst.CSTNode,
    indents: Iterable[str] = (),
    blank_lines: Mapping[cst.CSTNode, str] | None = None,
) -> Generated:
    """Return the text of a node, blocks around it indented by `indents`; its lines count from 1.

    The `blank_lines` given are written as they are, however the code around them is indented.
    Raises RecursionError where the node is nested too deeply for libcst.
    """
    state = _Recorder(module, blank_lines or {})
    for each in indents:
        state.increase_indent(each)
    node._codegen(state)
    return Generated("".join(state.tokens), state.spans, state.blank_lines)


class PositionMap:
    """Answers where a node of the parsed module stands."""

    def __init__(self, parsed: Parsed) -> None:
        self._parsed = parsed
        self._known: dict[int, tuple[Mapping[cst.CSTNode, Span], int]] = {}

    def span(self, node: cst.CSTNode, statement: int) -> Span:
        """Return the span of `node`, which stands in the module-level statement of this number.

        Where code generation recurses too deeply, it is the first line of that statement.
        """
        known = self._known.get(statement)
        if known is None:
            known = self._known[statement] = self._record(statement)
        spans, lines_before = known
        span = spans.get(node)
        if span is None:
            fallback = Position(_first_line(self._statements[statement]), 0)
            return Span(fallback, fallback)
        return Span(_lower(span.start, lines_before), _lower(span.end, lines_before))

    def _record(self, statement: int) -> tuple[Mapping[cst.CSTNode, Span], int]:
        element = self._parsed.module.body[statement]
        try:
            spans = generate(self._parsed.module, element).spans
        except RecursionError:
            return {}, 0
        # Both trees agree where the keyword of a statement stands: below its decorators, whose
        # own lines the ast does not give (a parenthesis after the `@` is in no node).
        return spans, self._statements[statement].lineno - spans[element].start.line

    @cached_property
    def _statements(self) -> list[ast.stmt]:
        """The ast's statement, for lines with several the first, for each one of libcst."""
        found = []
        following = iter(self._parsed.tree.body)
        for element in self._parsed.module.body:
            found.append(next(following))
            if isinstance(element, cst.SimpleStatementLine):
                for _ in element.body[1:]:
                    next(following)
        return found


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(each.lineno for each in decorators)])


def _lower(position: Position, lines: int) -> Position:
    return Position(position.line + lines, position.column)


class _Recorder(CodegenState):
    def __init__(self, module: cst.Module, given: Mapping[cst.CSTNode, str]) -> None:
        super().__init__(module.default_indent, module.default_newline)
        self.line = 1
        self.column = 0
        self.spans: dict[cst.CSTNode, Span] = {}
        self.blank_lines: dict[cst.CSTNode, str] = {}
        self._given = given
        self._starts: list[tuple[Position, int]] = []

    def add_indent_tokens(self) -> None:
        self.tokens.extend(self.indent_tokens)
        for token in self.indent_tokens:
            self._advance(token)

    def add_token(self, value: str) -> None:
        self.tokens.append(value)
        self._advance(value)

    def before_codegen(self, node: cst.CSTNode) -> None:
        self._starts.append((Position(self.line, self.column), len(self.tokens)))

    def after_codegen(self, node: cst.CSTNode) -> None:
        start, token = self._starts.pop()
        if node not in self.spans:
            self.spans[node] = Span(start, Position(self.line, self.column))
        if isinstance(node, cst.EmptyLine) and node.comment is None:
            self.tokens[token:] = [self._given.get(node, "".join(self.tokens[token:]))]
            self.blank_lines[node] = self.tokens[token]

    @contextmanager
    def record_syntactic_position(
        self,
        node: cst.CSTNode,
        *,
        start_node: cst.CSTNode | None = None,
        end_node: cst.CSTNode | None = None,
    ) -> Iterator[None]:
        start = Position(self.line, self.column)
        yield
        end = Position(self.line, self.column)
        if start_node is not None:
            start = self.spans[start_node].start
        if end_node is not None:
            end = self.spans[end_node].end
        self.spans[node] = Span(start, end)

    def _advance(self, token: str) -> None:
        lines = token.count("\n") + token.count("\r") - token.count("\r\n")
        if not lines:
            self.column += len(token)
            return
        self.line += lines
        self.column = len(token) - max(token.rfind("\n"), token.rfind("\r")) - 1
