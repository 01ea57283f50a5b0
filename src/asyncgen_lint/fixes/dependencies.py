"""Plan: enter a dependency, in place of iterating it."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.facts.found import DependencyIterated
from asyncgen_lint.fixes.imports import local_name
from asyncgen_lint.rule import FixPlan, FixSafety, ImportRequest, Node, Rewrite
from asyncgen_lint.source.walk import children

_MANAGER = ImportRequest("contextlib", "asynccontextmanager")
_SCOPES = (cst.FunctionDef, cst.ClassDef, cst.Lambda)


def enter_dependency(facts: Facts, iterated: DependencyIterated) -> FixPlan | None:
    """Return the plan that makes `async for x in f():` an `async with asynccontextmanager(f)()`.

    None where the body leaves the loop otherwise than by an exception or a `return`, or a handler
    of the dependency keeps the exception of the body.
    """
    loop = iterated.header
    if not iterated.raises_again or not isinstance(loop, cst.For) or loop.orelse is not None:
        return None
    if not isinstance(loop.iter, cst.Call) or not isinstance(loop.target, cst.Name):
        return None
    if _leaves_loop(loop.body) or _holds(loop.body, cst.Yield):
        return None
    manager = local_name(facts, _MANAGER, loop, iterated.function)
    if manager is None:
        return None

    def build(node: Node) -> Node:
        function = cst.Call(manager.expression(), [cst.Arg(node.iter.func)])
        made = node.iter.with_changes(func=function)
        return cst.With(
            items=[cst.WithItem(made, cst.AsName(node.target))],
            body=node.body,
            asynchronous=node.asynchronous,
            leading_lines=node.leading_lines,
        )

    # What stands behind the `yield` runs after a `return` from now on.
    safety = FixSafety.UNSAFE if _holds(loop.body, cst.Return) else FixSafety.SAFE
    title = f"Enter `{iterated.label}`; errors in its cleanup now reach the caller"
    return FixPlan(title, safety, (Rewrite(loop, build),), manager.imports)


def _leaves_loop(body: cst.BaseSuite) -> bool:
    """Return whether a `break` or `continue` in a loop's body is that loop's."""
    pending: list[cst.CSTNode] = [body]
    while pending:
        node = pending.pop()
        if isinstance(node, (cst.Break, cst.Continue)):
            return True
        if isinstance(node, (cst.For, cst.While)):
            pending += [node.orelse] if node.orelse is not None else []
        elif not isinstance(node, _SCOPES):
            pending += children(node)
    return False


def _holds(body: cst.BaseSuite, kind: type[cst.CSTNode]) -> bool:
    """Return whether a body has such a node of its own."""
    pending: list[cst.CSTNode] = [body]
    while pending:
        node = pending.pop()
        if isinstance(node, kind):
            return True
        if not isinstance(node, _SCOPES):
            pending += children(node)
    return False
