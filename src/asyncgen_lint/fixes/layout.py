"""How new code is laid out: like the code around it."""

from __future__ import annotations

import re

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Node

SHORTEST_LIMIT, LONGEST_LIMIT = 88, 120
"""How long a line may be: as long as the longest of its file, but at least what black allows."""


def longest_line(text: str) -> int:
    """Return how long a new line of the text may be."""
    longest = max(map(len, re.split(r"[\r\n]", text)))
    return max(SHORTEST_LIMIT, min(longest, LONGEST_LIMIT))


def indent_near(facts: Facts, suite: Node) -> str | None:
    """Return how far a block is indented, or the one around it if it is on its header's line.

    None stands for the file's usual indent, as in libcst.
    """
    block: Node | None = suite
    while block is not None and not isinstance(block, cst.IndentedBlock):
        block = facts.parent(block)
    return block.indent if block is not None else None


def over_three_lines(statement: cst.With, default_indent: str) -> cst.With | None:
    """Return `async with manager(call()) as name:` with the inner call on a line, as by black.

    None for other headers.
    """
    if len(statement.items) != 1 or not isinstance(statement.body, cst.IndentedBlock):
        return None
    item = statement.items[0]
    manager = item.item
    if not isinstance(manager, cst.Call) or len(manager.args) != 1:
        return None
    made = manager.args[0]
    if not isinstance(made.value, cst.Call):
        return None
    indent = statement.body.indent
    broken = manager.with_changes(
        whitespace_before_args=cst.ParenthesizedWhitespace(
            first_line=cst.TrailingWhitespace(),
            indent=True,
            last_line=cst.SimpleWhitespace(default_indent if indent is None else indent),
        ),
        args=[
            made.with_changes(
                whitespace_after_arg=cst.ParenthesizedWhitespace(
                    first_line=cst.TrailingWhitespace(), indent=True
                )
            )
        ],
    )
    return statement.with_changes(items=[item.with_changes(item=broken)])


def moved_out(call: cst.BaseExpression) -> cst.BaseExpression:
    """Return a call that goes to the start of a block's line, its further lines with it.

    They go as far to the left as its last line, that of its closing parenthesis, stood from there.
    """
    if not isinstance(call, cst.Call) or not call.args:
        return call
    closing = call.args[-1].whitespace_after_arg
    if call.args[-1].comma is not cst.MaybeSentinel.DEFAULT:
        closing = call.args[-1].comma.whitespace_after
    if not isinstance(closing, cst.ParenthesizedWhitespace):
        return call
    moved = call.visit(_ToTheLeft(closing.last_line.value))
    assert isinstance(moved, cst.BaseExpression)
    return moved


class _ToTheLeft(cst.CSTTransformer):
    """Takes an indentation from the lines that begin with it."""

    def __init__(self, indent: str) -> None:
        super().__init__()
        self._indent = indent

    def leave_EmptyLine(
        self, original_node: cst.EmptyLine, updated_node: cst.EmptyLine
    ) -> cst.EmptyLine:
        return updated_node.with_changes(whitespace=self._without(updated_node.whitespace))

    def leave_ParenthesizedWhitespace(
        self,
        original_node: cst.ParenthesizedWhitespace,
        updated_node: cst.ParenthesizedWhitespace,
    ) -> cst.ParenthesizedWhitespace:
        return updated_node.with_changes(last_line=self._without(updated_node.last_line))

    def _without(self, space: cst.SimpleWhitespace) -> cst.SimpleWhitespace:
        return space.with_changes(value=space.value.removeprefix(self._indent))
