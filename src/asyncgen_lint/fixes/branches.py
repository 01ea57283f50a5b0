"""Plan: return at the end of a branch that yields."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.around import around_in_function
from asyncgen_lint.fixes.blocks import Place, place_of_line, places_around
from asyncgen_lint.fixes.layout import appended
from asyncgen_lint.rule import FixPlan, FixSafety, Node, Rewrite
from asyncgen_lint.source.suites import ends_by_jump

_BRANCHES = (cst.If, cst.Else, cst.MatchCase)
_LOOPS = (cst.For, cst.While)


def return_after_branch(facts: Facts, first: Node, second: Node) -> FixPlan | None:
    """Return the plan that ends the branch of the first `yield` by `return`.

    None where the `yield` is no statement directly in a branch of an `if` or `match`, or the second
    one may be in that branch too.
    """
    place = place_of_line(facts, facts.parent(first))
    if place is None or not _is_branch(facts, place) or ends_by_jump(place.block):
        return None
    if any(each.block is place.block for each in places_around(facts, second)):
        return None

    def build(block: Node) -> Node:
        return appended(block, cst.SimpleStatementLine([cst.Return()]))

    return FixPlan("Return after this `yield`", FixSafety.SAFE, (Rewrite(place.block, build),))


def _is_branch(facts: Facts, place: Place) -> bool:
    """Return whether a block is one branch of several, outside of loops."""
    current = facts.parent(place.block)
    if not isinstance(current, _BRANCHES) or isinstance(facts.parent(current), _LOOPS):
        # The `else` of a loop or of a `try` is no branch.
        return False
    if isinstance(current, cst.Else) and not isinstance(facts.parent(current), cst.If):
        return False
    return not any(isinstance(each, _LOOPS) for each in around_in_function(facts, current))
