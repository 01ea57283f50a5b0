"""Plans for the loops of an `async def`: make them sync."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.awaits import may_await
from asyncgen_lint.rule import FixPlan, FixSafety, Node, Rewrite
from asyncgen_lint.source.walk import descendants


def iterate_sync(facts: Facts, loop: Node, label: str) -> FixPlan | None:
    """Return the plan that makes `async for` a `for`; safe, if the loop raised every time.

    None outside `async def`, and where a generator expression would become another thing.
    """
    if not isinstance(loop, (cst.For, cst.CompFor)) or loop.asynchronous is None:
        return None
    if not may_await(facts, loop):
        return None
    if isinstance(loop, cst.CompFor) and not _may_become_sync(facts, loop):
        return None

    def build(node: Node) -> Node:
        return node.with_changes(asynchronous=None)

    title = f"Iterate `{label}` by a plain `for`" if label else "Iterate by a plain `for`"
    return FixPlan(title, FixSafety.SAFE, (Rewrite(loop, build),))


def _may_become_sync(facts: Facts, clause: cst.CompFor) -> bool:
    """Return whether the comprehension of a clause may lose it as what makes it async.

    A generator expression would be no async generator any more. On Python 3.10 a comprehension must
    be async to hold an async one.
    """
    made: Node | None = clause
    while isinstance(made, cst.CompFor):
        made = facts.parent(made)
    if not isinstance(made, cst.BaseComp) or isinstance(made, cst.GeneratorExp):
        return False
    if any(isinstance(each, cst.BaseComp) for each in descendants(made) if each is not made):
        return False
    around = facts.parent(made)
    while around is not None and not isinstance(around, (cst.BaseSuite, cst.BaseComp)):
        around = facts.parent(around)
    return not isinstance(around, cst.BaseComp)
