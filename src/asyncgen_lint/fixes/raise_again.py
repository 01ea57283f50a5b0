"""Plan: raise a caught exception again at the end of its handler."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.layout import indent_near
from asyncgen_lint.rule import FixPlan, FixSafety, Node, Rewrite
from asyncgen_lint.source.suites import falls_through

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
    if isinstance(body, cst.SimpleStatementSuite):
        if _does_nothing(body.body):
            return body.with_changes(body=[cst.Raise()])
        line = cst.SimpleStatementLine(body.body, trailing_whitespace=body.trailing_whitespace)
        return cst.IndentedBlock([line, _raise_line()], indent=indent)
    assert isinstance(body, cst.IndentedBlock)
    last = body.body[-1]
    if (
        len(body.body) == 1
        and isinstance(last, cst.SimpleStatementLine)
        and _does_nothing(last.body)
    ):
        return body.with_changes(body=[last.with_changes(body=[cst.Raise()])])
    if all(each.indent for each in body.footer if each.comment is not None):
        # Comments at the end of the block stay above what is added.
        return body.with_changes(body=[*body.body, _raise_line(body.footer)], footer=())
    return body.with_changes(body=[*body.body, _raise_line()])


def _raise_line(leading_lines: Sequence[cst.EmptyLine] = ()) -> cst.SimpleStatementLine:
    return cst.SimpleStatementLine([cst.Raise()], leading_lines)


def _does_nothing(statements: Sequence[cst.BaseSmallStatement]) -> bool:
    return all(
        isinstance(each, cst.Pass)
        or (isinstance(each, cst.Expr) and isinstance(each.value, cst.Ellipsis))
        for each in statements
    )
