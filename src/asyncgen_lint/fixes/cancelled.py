"""Plan: await a cancelled task before what it uses is closed."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.facts.found import ConcurrentStep
from asyncgen_lint.fixes.awaits import may_await
from asyncgen_lint.fixes.blocks import place_of_line
from asyncgen_lint.fixes.imports import local_name
from asyncgen_lint.rule import FixPlan, FixSafety, ImportRequest, Node, Rewrite

_GATHER = ImportRequest("asyncio", "gather")


def await_cancelled(facts: Facts, step: ConcurrentStep) -> FixPlan | None:
    """Return the plan that awaits a task, whatever it gives, behind the line that cancels it.

    It is unsafe, for that may take long. None where `cancel()` shares its line.
    """
    call = step.cancel
    if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute):
        return None
    task = call.func.value
    statement = facts.parent(call)
    place = place_of_line(facts, statement)
    if not isinstance(task, cst.Name) or not isinstance(statement, cst.Expr):
        return None
    if place is None or not may_await(facts, place.statement):
        return None
    gather = local_name(facts, _GATHER, place.statement, step.function)
    if gather is None:
        return None
    index = place.index + 1
    returned = cst.Arg(
        cst.Name("True"),
        keyword=cst.Name("return_exceptions"),
        equal=cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace("")),
    )

    def build(node: Node) -> Node:
        awaited = cst.Await(
            cst.Call(gather.expression(), [cst.Arg(cst.Name(task.value)), returned])
        )
        added = cst.SimpleStatementLine([cst.Expr(awaited)])
        return node.with_changes(body=[*node.body[:index], added, *node.body[index:]])

    return FixPlan(
        f"Await `{task.value}` before closing `{step.label}`",
        FixSafety.UNSAFE,
        (Rewrite(place.block, build),),
        gather.imports,
    )
