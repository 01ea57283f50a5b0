"""Plans: yield behind the `with` or `try` that a `yield` stands in."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.facts.found import YieldInScope
from asyncgen_lint.fixes.blocks import Statement, function_of, places_around
from asyncgen_lint.fixes.fresh import free_name
from asyncgen_lint.rule import FixPlan, FixSafety, Node, Rewrite
from asyncgen_lint.source.walk import descendants

_CONSTANTS = (cst.Name, cst.Integer, cst.Float, cst.SimpleString)


def yield_behind_scope(facts: Facts, found: YieldInScope) -> FixPlan | None:
    """Return the plan that moves a `yield` at the end of a timeout's body behind it.

    What is yielded is still made inside. None where leaving the scope first may change more than
    that, where the `yield` is not the last statement or its value is used, and where nothing would
    be left in the scope.
    """
    statement = facts.parent(found.item)
    if not found.only_raises or not isinstance(statement, cst.With) or len(statement.items) != 1:
        return None
    place = next(places_around(facts, statement), None)
    if place is None or place.statement is not statement or not _ends_by(statement, found.at):
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
        "Leave the scope before this `yield`", FixSafety.SAFE, (Rewrite(place.block, build),)
    )


def _ends_by(statement: cst.With, at: Node) -> bool:
    """Return whether a `yield`, of which nothing uses the value, is the last statement inside."""
    last: Node = statement.body.body[-1]
    if isinstance(last, cst.SimpleStatementLine):
        last = last.body[0] if len(last.body) == 1 else None
    return isinstance(last, cst.Expr) and last.value is at


def _split(statement: Statement, name: str) -> list[Statement]:
    """Return the `with` and the `yield` behind it; with a name, the item is made under that."""
    assert isinstance(statement, cst.With)
    suite = statement.body
    *others, last = suite.body
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
