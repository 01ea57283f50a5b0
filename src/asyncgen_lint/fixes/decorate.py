"""Plan: decorate a function by something else."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.imports import local_name
from asyncgen_lint.names.scopes import Scope
from asyncgen_lint.rule import FixPlan, FixSafety, ImportRequest, Node, Rewrite


def replace_decorator(
    facts: Facts,
    decorator: Node,
    wanted: ImportRequest,
    function: Scope,
    safety: FixSafety,
    title: str,
) -> FixPlan | None:
    """Return the plan that puts another name in a decorator; None if it means something else."""
    if not isinstance(decorator, cst.Decorator) or function.parent is None:
        return None
    found = local_name(facts, wanted, function.node, function.parent)
    if found is None:
        return None
    rewrite = Rewrite(decorator.decorator, lambda _: found.expression())
    return FixPlan(title, safety, (rewrite,), found.imports)
