"""How new code is laid out: like the code around it."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Node


def indent_near(facts: Facts, suite: Node) -> str | None:
    """Return how far a block is indented, or the one around it if it is on its header's line.

    None stands for the file's usual indent, as in libcst.
    """
    block: Node | None = suite
    while block is not None and not isinstance(block, cst.IndentedBlock):
        block = facts.parent(block)
    return block.indent if block is not None else None
