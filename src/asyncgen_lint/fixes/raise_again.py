"""Plan: raise a caught exception again at the end of its handler."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.layout import appended, as_block, indent_near
from asyncgen_lint.rule import FixPlan, FixSafety, Node, Rewrite
from asyncgen_lint.source.suites import does_nothing, falls_through

_TITLE = "Raise the exception again"


def append_raise(facts: Facts, handler: Node) -> FixPlan | None:
    """Return the plan that ends an `except` block with `raise`.

    None where the block already ends by leaving: what is meant to happen there is not ours to say.
    """
    if not isinstance(handler, (cst.ExceptHandler, cst.ExceptStarHandler)):
        return None
    if not falls_through(handler):
        return None
    indent = indent_near(facts, handler.body)

    def build(body: Node) -> Node:
        return _raising(body, indent)

    return FixPlan(_TITLE, FixSafety.UNSAFE, (Rewrite(handler.body, build),))


def _raising(body: Node, indent: str | None) -> Node:
    """Return the block with a `raise` at its end, or in place of a block that does nothing."""
    if does_nothing(body):
        if isinstance(body, cst.SimpleStatementSuite):
            return body.with_changes(body=[cst.Raise()])
        if len(body.body) == 1:
            (line,) = body.body
            return body.with_changes(body=[line.with_changes(body=[cst.Raise()])])
    return appended(as_block(body, indent), cst.SimpleStatementLine([cst.Raise()]))
