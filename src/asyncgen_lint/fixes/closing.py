"""Plan: enter a generator by `async with aclosing(...)`."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.facts.found import WronglyEntered
from asyncgen_lint.fixes.imports import local_name
from asyncgen_lint.rule import FixPlan, FixSafety, ImportRequest, Node, Rewrite

_ACLOSING = ImportRequest("contextlib", "aclosing")
_ACLOSING_SINCE = (3, 10)


def enter_aclosing(facts: Facts, wrong: WronglyEntered) -> FixPlan | None:
    """Return the plan that makes `with closing(g)` or `with aclosing(g)` an `async with aclosing`.

    None outside `async def`, and where the statement enters something else too, which `async with`
    may not be able to enter.
    """
    statement, function = wrong.statement, wrong.function
    if facts.target_version < _ACLOSING_SINCE or not function.is_async:
        return None
    if not isinstance(statement, cst.With) or len(statement.items) != 1:
        return None
    if not isinstance(wrong.manager, cst.Call):
        return None
    closer = local_name(facts, _ACLOSING, statement, function)
    if closer is None:
        return None
    # What already is an `aclosing`, perhaps of a backport, stays what it is.
    name = wrong.manager.func if wrong.by == "with aclosing" else closer.expression()
    imports = () if wrong.by == "with aclosing" else closer.imports

    def build(node: Node) -> Node:
        return _entered(node, name)

    return FixPlan(
        f"Enter {f'`{wrong.label}`' if wrong.label else 'it'} by `async with aclosing`",
        FixSafety.SAFE,
        (Rewrite(statement, build),),
        imports,
    )


def _entered(statement: cst.With, closer: cst.BaseExpression) -> cst.With:
    (item,) = statement.items
    assert isinstance(item.item, cst.Call)
    asynchronous = statement.asynchronous or cst.Asynchronous()
    return statement.with_changes(
        items=[item.with_changes(item=item.item.with_changes(func=closer))],
        asynchronous=asynchronous,
    )
