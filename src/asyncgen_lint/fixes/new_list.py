"""Plan: start a new list in place of emptying one."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import FixPlan, FixSafety, Node, Rewrite


def start_new_list(facts: Facts, emptied: Node, name: str) -> FixPlan | None:
    """Return the plan that makes `NAME.clear()` or `del NAME[:]`, as a statement, `NAME = []`."""
    statement = facts.parent(emptied)
    if not isinstance(statement, (cst.Expr, cst.Del)):
        return None

    def build(node: Node) -> Node:
        target = cst.AssignTarget(cst.Name(name))
        return cst.Assign([target], cst.List([]), semicolon=node.semicolon)

    return FixPlan(f"Start a new list `{name}`", FixSafety.SAFE, (Rewrite(statement, build),))
