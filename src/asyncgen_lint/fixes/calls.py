"""Plan: call a function that stands for what it gives."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.rule import FixPlan, FixSafety, Node, Rewrite


def call_it(function: Node, label: str) -> FixPlan | None:
    """Return the plan that calls a function by its name; safe, if the line raised every time."""
    if not isinstance(function, (cst.Name, cst.Attribute)):
        return None

    def build(node: Node) -> Node:
        # Parentheses around the name may hold comments, and become those around the call.
        bare = node.with_changes(lpar=(), rpar=())
        return cst.Call(bare, lpar=node.lpar, rpar=node.rpar)

    return FixPlan(f"Call `{label}`", FixSafety.SAFE, (Rewrite(function, build),))
