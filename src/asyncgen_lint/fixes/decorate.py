"""Plans: decorate a function, or decorate it by something else."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.imports import local_name
from asyncgen_lint.names.scopes import Scope
from asyncgen_lint.rule import FixPlan, FixSafety, ImportRequest, Node, Rewrite


def decorate(
    facts: Facts, function: Scope, wanted: ImportRequest, safety: FixSafety
) -> FixPlan | None:
    """Return the plan that decorates a function, which has no decorator yet.

    None if the decorator's name means something else there.
    """
    definition = function.node
    if not isinstance(definition, cst.FunctionDef) or definition.decorators:
        return None
    if function.parent is None:
        return None
    found = local_name(facts, wanted, definition, function.parent)
    if found is None:
        return None

    def build(node: Node) -> Node:
        return node.with_changes(decorators=[cst.Decorator(found.expression())])

    title = f"Decorate `{function.name}` with `{wanted.name}`"
    return FixPlan(title, safety, (Rewrite(definition, build),), found.imports)


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
