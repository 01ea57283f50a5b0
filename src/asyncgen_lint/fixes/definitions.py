"""Plans for definitions: a plain `def`, another exception to raise."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.rule import FixPlan, FixSafety, Node, Rewrite


def drop_async(definition: Node, safety: FixSafety) -> FixPlan | None:
    """Return the plan that makes an `async def` a `def`."""
    if not isinstance(definition, cst.FunctionDef) or definition.asynchronous is None:
        return None
    name = definition.name.value

    def build(node: Node) -> Node:
        return node.with_changes(asynchronous=None)

    return FixPlan(f"Drop `async` from `{name}`", safety, (Rewrite(definition, build),))


def raise_instead(statement: Node, name: str, safety: FixSafety) -> FixPlan | None:
    """Return the plan that raises another exception, named `name`, with the same arguments."""
    if not isinstance(statement, cst.Raise) or statement.exc is None:
        return None
    raised = statement.exc.func if isinstance(statement.exc, cst.Call) else statement.exc

    def build(node: Node) -> Node:
        return cst.Name(name, lpar=node.lpar, rpar=node.rpar)

    return FixPlan(f"Raise `{name}`", safety, (Rewrite(raised, build),))
