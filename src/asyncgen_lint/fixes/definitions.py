"""Plans for definitions: a plain `def`, a `yield` for a stub, another exception to raise."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.facts.found import AsyncStubOfIterator
from asyncgen_lint.fixes.around import means_builtin
from asyncgen_lint.fixes.layout import appended, without_async
from asyncgen_lint.rule import FixPlan, FixSafety, Node, Rewrite
from asyncgen_lint.source.suites import last_statement


def drop_async(definition: Node, safety: FixSafety) -> FixPlan | None:
    """Return the plan that makes an `async def` a `def`."""
    if not isinstance(definition, cst.FunctionDef) or definition.asynchronous is None:
        return None
    name = definition.name.value
    return FixPlan(f"Drop `async` from `{name}`", safety, (Rewrite(definition, without_async),))


def match_overrides(stub: AsyncStubOfIterator) -> FixPlan | None:
    """Return the plan that makes a stub what its overrides are.

    What never runs by itself loses its `async`; what raises gets a `yield` behind that, so that it
    still raises when it is iterated, and not when it is called.
    """
    definition = stub.at
    if stub.is_abstract:
        return drop_async(definition, FixSafety.SAFE)
    body = definition.body
    if not isinstance(body, cst.IndentedBlock) or not isinstance(last_statement(body), cst.Raise):
        return drop_async(definition, FixSafety.UNSAFE)

    def build(block: Node) -> Node:
        return appended(block, cst.SimpleStatementLine([cst.Expr(cst.Yield())]))

    title = f"Make `{stub.name}` a generator by a `yield` behind its `raise`"
    return FixPlan(title, FixSafety.SAFE, (Rewrite(body, build),))


def raise_instead(facts: Facts, statement: Node, name: str, safety: FixSafety) -> FixPlan | None:
    """Return the plan that raises another exception, named `name`, with the same arguments.

    None where that name means something else.
    """
    if not means_builtin(facts, name, statement):
        return None
    if not isinstance(statement, cst.Raise) or statement.exc is None:
        return None
    raised = statement.exc.func if isinstance(statement.exc, cst.Call) else statement.exc

    def build(node: Node) -> Node:
        return cst.Name(name, lpar=node.lpar, rpar=node.rpar)

    return FixPlan(f"Raise `{name}`", safety, (Rewrite(raised, build),))
