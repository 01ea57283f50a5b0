"""The statements of suites, which libcst nests by lines and by clauses."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from asyncgen_lint.source.walk import children

_CLAUSES = (cst.ExceptHandler, cst.ExceptStarHandler, cst.Else, cst.Finally, cst.MatchCase)

JUMPS = (cst.Return, cst.Break, cst.Continue, cst.Raise)
"""The statements behind which control does not go on."""


def statements(suite: cst.BaseSuite) -> list[cst.CSTNode]:
    """Return the statements of a suite, those that share a line one by one."""
    found: list[cst.CSTNode] = []
    for each in suite.body:
        found += each.body if isinstance(each, cst.SimpleStatementLine) else [each]
    return found


def last_statement(suite: cst.BaseSuite) -> cst.CSTNode | None:
    """Return the last statement of a suite; None if there is none."""
    last = suite.body[-1] if suite.body else None
    return last.body[-1] if isinstance(last, cst.SimpleStatementLine) else last


def suites(statement: cst.CSTNode) -> Iterator[cst.BaseSuite]:
    """Yield the suites of a statement and of its clauses."""
    for each in children(statement):
        if isinstance(each, cst.BaseSuite):
            yield each
        elif isinstance(each, _CLAUSES):
            yield from suites(each)


def ends_by_jump(suite: cst.BaseSuite) -> bool:
    """Return whether the last statement of a suite goes elsewhere."""
    return isinstance(last_statement(suite), JUMPS)


def falls_through(handler: cst.CSTNode) -> bool:
    """Return whether control goes on behind a handler, by its last statement."""
    assert isinstance(handler, (cst.ExceptHandler, cst.ExceptStarHandler))
    return not ends_by_jump(handler.body)


def does_nothing(suite: cst.BaseSuite) -> bool:
    """Return whether a suite is nothing but `pass` or `...`."""
    return all(
        isinstance(each, cst.Pass)
        or (isinstance(each, cst.Expr) and isinstance(each.value, cst.Ellipsis))
        for each in statements(suite)
    )
