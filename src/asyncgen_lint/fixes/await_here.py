"""Plan: await a close in the task that is there, not in one made for it."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.facts.found import ClosedInOtherTask
from asyncgen_lint.rule import FixPlan, FixSafety, Node, Rewrite

_MAKE_A_TASK = frozenset({"create_task", "ensure_future", "gather"})


def await_here(facts: Facts, closed: ClosedInOtherTask) -> FixPlan | None:
    """Return the plan that makes `await create_task(g.aclose())` a plain `await g.aclose()`.

    Unsafe for `shield`, which keeps a cancellation from the close. None where the task is not
    awaited on the spot, where its value is used, where anything else is given with the close, and
    for a cancel scope or task group, which may fail in its own task as well (AGN303).
    """
    argument = facts.parent(closed.at)
    making = facts.parent(argument)
    awaited = facts.parent(making)
    if not isinstance(argument, cst.Arg) or not isinstance(making, cst.Call):
        return None
    if len(making.args) != 1 or argument.star:
        return None
    if not isinstance(awaited, cst.Await) or not isinstance(facts.parent(awaited), cst.Expr):
        return None
    if closed.by_scope or closed.spawner not in _MAKE_A_TASK | {"shield"}:
        return None

    def build(node: Node) -> Node:
        close = node.args[0].value
        return close.with_changes(lpar=node.lpar, rpar=node.rpar) if node.lpar else close

    return FixPlan(
        f"Await `{closed.label}.aclose()` in this task",
        FixSafety.UNSAFE if closed.spawner == "shield" else FixSafety.SAFE,
        (Rewrite(making, build),),
    )
