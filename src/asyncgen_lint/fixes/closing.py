"""Plans: enter a generator by `async with aclosing(...)`, and iterate the one that was entered."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.facts.found import AclosingMisused, WronglyEntered
from asyncgen_lint.fixes.fresh import stream_name
from asyncgen_lint.fixes.imports import local_name
from asyncgen_lint.fixes.items import Items
from asyncgen_lint.fixes.wrap import ACLOSING, ACLOSING_SINCE, spacing
from asyncgen_lint.rule import FixPlan, FixSafety, Node, Rewrite
from asyncgen_lint.source.walk import descendants


def enter_aclosing(facts: Facts, wrong: WronglyEntered) -> FixPlan | None:
    """Return the plan that makes `with closing(g)` or `with aclosing(g)` an `async with aclosing`.

    None outside `async def`, and where the statement enters something else too, which `async with`
    may not be able to enter.
    """
    statement, function = wrong.statement, wrong.function
    if facts.target_version < ACLOSING_SINCE or not function.is_async:
        return None
    if not isinstance(statement, cst.With) or len(statement.items) != 1:
        return None
    if not isinstance(wrong.manager, cst.Call):
        return None
    closer = local_name(facts, ACLOSING, statement, function)
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


# A generator that is closed, and another one that is iterated


def iterate_what_is_closed(facts: Facts, misused: AclosingMisused) -> FixPlan | None:
    """Return the plan that names the generator given to `aclosing`, and iterates that one.

    None where the two calls may be of different things, where another loop makes a third, and where
    an item may be used once the generator is closed.
    """
    statement, loop, function = misused.at, misused.loop, misused.function
    if not isinstance(statement, cst.With) or not isinstance(loop, cst.For):
        return None
    if len(statement.items) != 1 or loop.asynchronous is None:
        return None
    first = statement.body.body[0]
    source = misused.call.args[0].value
    if first is not loop or not _is_plain_call(source):
        return None
    if sum(each.deep_equals(source) for each in _calls_in(statement)) != 2:
        return None
    if not facts.gives_plain_values(source, function) and (
        Items(facts, function, [statement], [loop.target]).may_escape()
    ):
        return None
    stream = stream_name(facts, source, statement, function)

    def name(item: Node) -> Node:
        return item.with_changes(asname=cst.AsName(cst.Name(stream)))

    def iterate(node: Node) -> Node:
        return node.with_changes(iter=cst.Name(stream), **spacing(node))

    return FixPlan(
        f"Iterate the `{misused.label}` that is closed; errors in its cleanup now reach the caller",
        FixSafety.SAFE,
        (Rewrite(statement.items[0], name), Rewrite(loop, iterate)),
    )


def _calls_in(statement: Node) -> list[cst.Call]:
    return [each for each in descendants(statement) if isinstance(each, cst.Call)]


def _is_plain_call(source: cst.BaseExpression) -> bool:
    """Return whether a call means the same, made twice in a row: of names and constants alone."""
    plain = (
        cst.Call, cst.Arg, cst.Name, cst.Attribute, cst.SimpleString, cst.Integer, cst.Float,
    )  # fmt: skip
    return (
        isinstance(source, cst.Call)
        and not any(each.star for each in source.args)
        and len(_calls_in(source)) == 1
        and all(isinstance(each, plain) for each in descendants(source))
    )
