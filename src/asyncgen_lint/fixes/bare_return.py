"""Plan: return without a value."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.rule import FixPlan, FixSafety, Node, Rewrite


def drop_none(statement: Node) -> FixPlan | None:
    """Return the plan that makes `return None` a `return`; None where a comment would be lost."""
    assert isinstance(statement, cst.Return)
    value = statement.value
    if value is None or any(
        not isinstance(each.whitespace_after, cst.SimpleWhitespace) for each in value.lpar
    ):
        return None

    def build(node: Node) -> Node:
        return node.with_changes(value=None, whitespace_after_return=cst.SimpleWhitespace(""))

    return FixPlan("Return without a value", FixSafety.SAFE, (Rewrite(statement, build),))
