"""Positions, computed only for the module-level statements that hold a finding.

The line of the i-th module-level statement comes from the ast; libcst's code generation for that
statement alone then gives the place of every node in it, in code points.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property

import libcst as cst
from libcst._nodes.internal import CodegenState

from asyncgen_lint.source.parse import Parsed
from asyncgen_lint.source.span import Position, Span


class PositionMap:
    """Answers where a node of the parsed module stands."""

    def __init__(self, parsed: Parsed) -> None:
        self._parsed = parsed
        self._known: dict[int, Mapping[cst.CSTNode, Span]] = {}

    def span(self, node: cst.CSTNode, statement: int) -> Span:
        """Return the span of `node`, which stands in the module-level statement of this number.

        Where code generation recurses too deeply, it is the first line of that statement.
        """
        spans = self._known.get(statement)
        if spans is None:
            spans = self._known[statement] = self._record(statement)
        fallback = Position(self._first_lines[statement], 0)
        return spans.get(node) or Span(fallback, fallback)

    def statement_start(self, statement: int) -> int:
        """Return the 1-based line on which the statement's generated text begins.

        That is the line of its first leading comment or blank line, if it has any.
        """
        element = self._parsed.module.body[statement]
        leading = "".join(self._parsed.module.code_for_node(line) for line in element.leading_lines)
        return self._first_lines[statement] - _newlines(leading)

    def _record(self, statement: int) -> Mapping[cst.CSTNode, Span]:
        module = self._parsed.module
        state = _Recorder(module, self.statement_start(statement))
        try:
            module.body[statement]._codegen(state)
        except RecursionError:
            return {}
        return state.spans

    @cached_property
    def _first_lines(self) -> list[int]:
        lines: list[int] = []
        following = iter(self._parsed.tree.body)
        for element in self._parsed.module.body:
            first = next(following)
            lines.append(_first_line(first))
            if isinstance(element, cst.SimpleStatementLine):
                for _ in element.body[1:]:
                    next(following)
        return lines


def _newlines(text: str) -> int:
    # Not splitlines: form feeds and the like, which may stand in a comment, end no line.
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(each.lineno for each in decorators)])


class _Recorder(CodegenState):
    def __init__(self, module: cst.Module, line: int) -> None:
        super().__init__(module.default_indent, module.default_newline)
        self.line = line
        self.column = 0
        self.spans: dict[cst.CSTNode, Span] = {}
        self._starts: list[Position] = []

    def add_indent_tokens(self) -> None:
        self.tokens.extend(self.indent_tokens)
        for token in self.indent_tokens:
            self._advance(token)

    def add_token(self, value: str) -> None:
        self.tokens.append(value)
        self._advance(value)

    def before_codegen(self, node: cst.CSTNode) -> None:
        self._starts.append(Position(self.line, self.column))

    def after_codegen(self, node: cst.CSTNode) -> None:
        start = self._starts.pop()
        if node not in self.spans:
            self.spans[node] = Span(start, Position(self.line, self.column))

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
        lines = _newlines(token)
        if not lines:
            self.column += len(token)
            return
        self.line += lines
        self.column = len(token) - max(token.rfind("\n"), token.rfind("\r")) - 1
