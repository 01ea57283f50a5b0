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
    """Return `async with manager(call()) as name:` with the inner call on its own line, as by black.

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
