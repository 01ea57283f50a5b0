"""Plan: close a generator on every way out of what uses it, not only where nothing raises."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.facts.found import CloseSkipped
from asyncgen_lint.fixes.aclosing import aclosing_at
from asyncgen_lint.fixes.blocks import line_of
from asyncgen_lint.fixes.items import Items, is_handled_around
from asyncgen_lint.fixes.layout import in_try
from asyncgen_lint.fixes.region import Region, enter, region_of
from asyncgen_lint.fixes.titles import cleaning_up
from asyncgen_lint.names.scopes import Scope
from asyncgen_lint.rule import FixPlan, FixSafety, Node, Rewrite


def close_anyway(facts: Facts, skipped: CloseSkipped) -> FixPlan | None:
    """Return the plan that puts what uses a generator into `async with aclosing` or a `try`.

    `aclosing` takes the place of an `await g.aclose()` that nothing is written about; any other
    close goes into a `finally`. None where the close is not a line of its own behind all uses, in
    the block that makes the generator, and where a handler around may use an item.
    """
    region = region_of(facts, skipped.creation, skipped.function, closing=skipped.close)
    line = _line_of(facts, skipped.close)
    if region is None or line is None or region.block.body[region.last] is not line:
        return None
    if region.first == region.last or _uses_in(facts, region, line, skipped.function) != 1:
        return None
    if not facts.gives_plain_values(skipped.creation, skipped.function) and (
        _may_be_handled(facts, region, skipped.function)
    ):
        return None
    is_bare = line.trailing_whitespace.comment is None and not any(
        each.comment for each in line.leading_lines
    )
    found = _under_aclosing(facts, skipped, region) if is_bare else None
    return found or _in_finally(skipped, region)


def _line_of(facts: Facts, close: Node) -> cst.SimpleStatementLine | None:
    """Return the line that does nothing but to await the call."""
    awaited = facts.parent(close)
    statement = facts.parent(awaited)
    if not isinstance(awaited, cst.Await) or not isinstance(statement, cst.Expr):
        return None
    return line_of(facts, statement)


def _uses_in(facts: Facts, region: Region, line: Node, function: Scope) -> int:
    """Return how often a line uses the generator."""
    return sum(line in facts.around(node) for node in function.loads[region.name])


def _may_be_handled(facts: Facts, region: Region, function: Scope) -> bool:
    """Return whether code behind the close may use an item although an exception skipped it."""
    if not is_handled_around(facts, region.block):
        return False
    items = Items(facts, function, region.statements(region.last), region.targets, region.taken)
    return items.may_escape()


def _under_aclosing(facts: Facts, skipped: CloseSkipped, region: Region) -> FixPlan | None:
    closer = aclosing_at(facts, region.block.body[region.first], skipped.function)
    if closer is None or not _is_aclose(skipped.close):
        return None

    rewrite = enter([region], region.first, region.last, closer.call, removed=region.last)
    title = cleaning_up(f"Use `aclosing` to close `{skipped.label}`")
    return FixPlan(title, FixSafety.SAFE, (rewrite,), closer.imports)


def _is_aclose(close: Node) -> bool:
    return (
        isinstance(close, cst.Call)
        and not close.args
        and isinstance(close.func, cst.Attribute)
        and isinstance(close.func.value, cst.Name)
        and close.func.attr.value == "aclose"
    )


def _in_finally(skipped: CloseSkipped, region: Region) -> FixPlan:
    first, last = region.first, region.last

    def build(block: Node) -> Node:
        body = list(block.body)
        body[first : last + 1] = [in_try(body[first:last], [body[last]], block.indent)]
        return block.with_changes(body=body)

    title = cleaning_up(f"Use `finally` to close `{skipped.label}`")
    return FixPlan(title, FixSafety.SAFE, (Rewrite(region.block, build),))
