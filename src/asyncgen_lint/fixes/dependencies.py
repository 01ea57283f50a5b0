"""Plan: enter a dependency, in place of iterating it."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.facts.found import DependencyIterated
from asyncgen_lint.fixes.blocks import leaves
from asyncgen_lint.fixes.decorate import ASYNC_MANAGER
from asyncgen_lint.fixes.imports import local_name
from asyncgen_lint.fixes.layout import loop_as_with
from asyncgen_lint.fixes.titles import cleaning_up
from asyncgen_lint.rule import FixPlan, FixSafety, Node, Rewrite
from asyncgen_lint.source.walk import own_nodes


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
    if leaves([loop.body], (cst.Break, cst.Continue)) or _holds(loop.body, cst.Yield):
        return None
    manager = local_name(facts, ASYNC_MANAGER, loop, iterated.function)
    if manager is None:
        return None

    def build(node: Node) -> Node:
        return loop_as_with(node, node.iter.with_changes(func=manager.call(node.iter.func)))

    # What stands behind the `yield` runs after a `return` from now on.
    safety = FixSafety.UNSAFE if _holds(loop.body, cst.Return) else FixSafety.SAFE
    title = cleaning_up(f"Enter `{iterated.label}` by `async with {ASYNC_MANAGER.name}`")
    return FixPlan(title, safety, (Rewrite(loop, build),), manager.imports)


def _holds(body: cst.BaseSuite, kind: type[cst.CSTNode]) -> bool:
    """Return whether a body has such a node of its own."""
    return any(isinstance(each, kind) for each in own_nodes(body))
