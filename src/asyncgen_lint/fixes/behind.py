"""Plans: yield behind the `with` or `try` that a `yield` stands in."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.facts.found import YieldInScope
from asyncgen_lint.fixes.around import function_of
from asyncgen_lint.fixes.blocks import alone_on, leaves, place_of
from asyncgen_lint.fixes.fresh import free_name
from asyncgen_lint.fixes.layout import comments_above
from asyncgen_lint.rule import FixPlan, FixSafety, Node, Rewrite
from asyncgen_lint.source.suites import ends_by_jump
from asyncgen_lint.source.walk import descendants

_CONSTANTS = (cst.Name, cst.Integer, cst.Float, cst.SimpleString)


# Behind a `with`


def yield_behind_scope(facts: Facts, found: YieldInScope) -> FixPlan | None:
    """Return the plan that moves a `yield` at the end of a timeout's body behind it.

    What is yielded is still made inside. None where leaving the scope first may change more than
    that, where the `yield` is not the last statement or its value is used, and where nothing would
    be left in the scope.
    """
    statement = facts.parent(found.item)
    if not found.only_raises or not isinstance(statement, cst.With) or len(statement.items) != 1:
        return None
    place = place_of(facts, statement)
    if place is None or not _ends_by(statement, found.at):
        return None
    function = function_of(facts, statement)
    inside = set(descendants(statement))
    if any(each in inside and each is not found.at for each in function.yields):
        return None
    value = found.at.value
    is_made_inside = value is not None and not isinstance(value, _CONSTANTS)
    if not is_made_inside and len(statement.body.body) == 1:
        return None
    name, index = free_name("item", function), place.index

    def build(block: Node) -> Node:
        body = list(block.body)
        body[index : index + 1] = _split(body[index], name if is_made_inside else "")
        return block.with_changes(body=body)

    return FixPlan(
        "Move this `yield` behind its scope", FixSafety.SAFE, (Rewrite(place.block, build),)
    )


def _ends_by(statement: cst.With, at: Node) -> bool:
    """Return whether a `yield`, of which nothing uses the value, is the last statement inside."""
    last: Node = statement.body.body[-1]
    if isinstance(last, cst.SimpleStatementLine):
        last = alone_on(last)
    return isinstance(last, cst.Expr) and last.value is at


def _split(statement: Node, name: str) -> list[Node]:
    """Return the `with` and the `yield` behind it; with a name, the item is made under that."""
    assert isinstance(statement, cst.With)
    suite = statement.body
    others: list[Node] = list(suite.body)
    last: Node = others.pop()
    small = last.body[0] if isinstance(last, cst.SimpleStatementLine) else last
    assert isinstance(small, cst.Expr)
    assert isinstance(small.value, cst.Yield)
    if name:
        line = cst.SimpleStatementLine([cst.Expr(cst.Yield(cst.Name(name)))])
        assert isinstance(small.value.value, cst.BaseExpression)
        made = cst.Assign([cst.AssignTarget(cst.Name(name))], small.value.value)
        if isinstance(last, cst.SimpleStatementLine):
            body = [*others, last.with_changes(body=[made])]
        else:
            body = [*others, made]
    elif isinstance(last, cst.SimpleStatementLine):
        line, body = last, others
    else:
        line = cst.SimpleStatementLine([small.with_changes(semicolon=cst.MaybeSentinel.DEFAULT)])
        others[-1] = others[-1].with_changes(semicolon=cst.MaybeSentinel.DEFAULT)
        body = others
    return [statement.with_changes(body=suite.with_changes(body=body)), line]


# Behind a `try`


def yield_behind_try(facts: Facts, at: Node) -> FixPlan | None:
    """Return the plan that moves the yields that end a `finally` behind the `try`.

    None where the `try` is left by a jump: what is behind it would then not be reached.
    """
    final = facts.parent(facts.parent(at))
    while isinstance(final, (cst.BaseSuite, cst.SimpleStatementLine)):
        final = facts.parent(final)
    statement = facts.parent(final) if isinstance(final, cst.Finally) else None
    if not isinstance(statement, (cst.Try, cst.TryStar)):
        return None
    place = place_of(facts, statement)
    if place is None:
        return None
    if leaves([*statement.handlers, statement.body, *_some(statement.orelse)]):
        return None
    if ends_by_jump(statement.orelse.body if statement.orelse else statement.body):
        return None
    assert isinstance(final, cst.Finally)
    body = _lines(final.body)
    count = _trailing_yields(body)
    if not any(each.body[0].value is at for each in body[len(body) - count :]):
        return None
    index = place.index

    def build(block: Node) -> Node:
        statements = list(block.body)
        statements[index : index + 1] = _moved(statements[index], count)
        return block.with_changes(body=statements)

    return FixPlan(
        "Move this `yield` behind the `try`, for success alone",
        FixSafety.UNSAFE,
        (Rewrite(place.block, build),),
    )


def _moved(statement: Node, count: int) -> list[Node]:
    """Return a `try` without the last yields of its `finally`, and these."""
    final = statement.finalbody
    lines = _lines(final.body)
    kept, moved = lines[: len(lines) - count], lines[len(lines) - count :]
    if kept:
        shorter = final.with_changes(body=_without_last(final.body, count))
        if isinstance(final.body, cst.SimpleStatementSuite):
            # A comment behind them stays with the `finally`.
            moved[-1] = moved[-1].with_changes(trailing_whitespace=cst.TrailingWhitespace())
        return [statement.with_changes(finalbody=shorter), *moved]
    first, *rest = moved
    above = [*final.leading_lines, *comments_above(first)]
    if statement.handlers:
        first = first.with_changes(leading_lines=above)
        return [statement.with_changes(finalbody=None), first, *rest]
    body = statement.body
    footer = body.footer if isinstance(body, cst.IndentedBlock) else ()
    first = first.with_changes(leading_lines=[*footer, *above])
    outer, *others = _lines(body)
    outer = outer.with_changes(leading_lines=[*statement.leading_lines, *comments_above(outer)])
    return [outer, *others, first, *rest]


def _lines(suite: Node) -> list[Node]:
    """Return the statements of a suite, each on a line of its own."""
    if isinstance(suite, cst.IndentedBlock):
        return list(suite.body)
    *others, last = (
        cst.SimpleStatementLine([each.with_changes(semicolon=cst.MaybeSentinel.DEFAULT)])
        for each in suite.body
    )
    return [*others, last.with_changes(trailing_whitespace=suite.trailing_whitespace)]


def _without_last(suite: cst.BaseSuite, count: int) -> cst.BaseSuite:
    """Return a suite without its last statements."""
    kept: list[Node] = list(suite.body[:-count])
    if isinstance(suite, cst.SimpleStatementSuite):
        kept[-1] = kept[-1].with_changes(semicolon=cst.MaybeSentinel.DEFAULT)
    return suite.with_changes(body=kept)


def _trailing_yields(lines: list[Node]) -> int:
    """Return how many statements at the end only yield."""
    count = 0
    for each in reversed(lines):
        only = alone_on(each)
        if not isinstance(only, cst.Expr) or not isinstance(only.value, cst.Yield):
            break
        count += 1
    return count


def _some(node: Node | None) -> list[Node]:
    return [node] if node is not None else []
