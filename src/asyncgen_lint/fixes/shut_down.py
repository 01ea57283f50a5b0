"""Plan: close what is open on an event loop before the loop is closed."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.facts.found import LoopClosedEarly
from asyncgen_lint.fixes.blocks import place_of_line
from asyncgen_lint.rule import FixPlan, FixSafety, Node, Rewrite


def shut_down_generators(facts: Facts, early: LoopClosedEarly) -> FixPlan | None:
    """Return the plan that runs `shutdown_asyncgens()` on a loop, on the line above its `close()`.

    Unsafe: the loop runs once more, with all that still waits in it. None where the close is not
    a line of its own in a block.
    """
    statement = facts.parent(early.at)
    place = place_of_line(facts, statement)
    if place is None or not isinstance(statement, cst.Expr):
        return None
    loop, number = early.at.func.value, place.index

    def build(node: Node) -> Node:
        body = list(node.body)
        close = body[number]
        shutting_down = cst.Call(cst.Attribute(loop, cst.Name("shutdown_asyncgens")))
        run = cst.Call(
            cst.Attribute(loop, cst.Name("run_until_complete")), [cst.Arg(shutting_down)]
        )
        above = cst.SimpleStatementLine([cst.Expr(run)], leading_lines=close.leading_lines)
        body[number : number + 1] = [above, close.with_changes(leading_lines=())]
        return node.with_changes(body=body)

    return FixPlan(
        "Run `shutdown_asyncgens()` before the loop is closed",
        FixSafety.UNSAFE,
        (Rewrite(place.block, build),),
    )
