"""Plans for the loops of an `async def`: make them sync, or async."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.awaits import drop_await, may_await
from asyncgen_lint.fixes.layout import with_async, without_async
from asyncgen_lint.rule import FixPlan, FixSafety, Node, Rewrite
from asyncgen_lint.source.walk import descendants


def iterate_sync(facts: Facts, loop: Node, label: str) -> FixPlan | None:
    """Return the plan that makes `async for` a `for`; safe, if the loop raised every time.

    None outside `async def`, and where a generator expression would become another thing.
    """
    if not may_lose_async(facts, loop):
        return None
    title = f"Iterate `{label}` by a plain `for`" if label else "Iterate by a plain `for`"
    return FixPlan(title, FixSafety.SAFE, (Rewrite(loop, without_async),))


def iterate_async(facts: Facts, loop: Node, label: str) -> FixPlan | None:
    """Return the plan that makes `for` an `async for`; safe, if the loop raised every time.

    None outside `async def`, and for a generator expression, which would become another thing.
    """
    if isinstance(loop, cst.For):
        if not may_await(facts, loop):
            return None
    else:
        made = comprehension_of(facts, loop)
        if made is None or isinstance(made, cst.GeneratorExp):
            return None
        if not may_await(facts, made, in_comprehension=True):
            return None
    title = f"Iterate `{label}` by `async for`" if label else "Iterate by `async for`"
    return FixPlan(title, FixSafety.SAFE, (Rewrite(loop, with_async),))


def iterate_directly(facts: Facts, awaited: Node, loop: Node | None, label: str) -> FixPlan | None:
    """Return the plan that iterates asynchronously what a loop's header awaits, not awaiting it.

    It is safe, if the line raised every time. None outside of such headers.
    """
    if not isinstance(loop, (cst.For, cst.CompFor)):
        return None
    plan = drop_await(facts, awaited, FixSafety.SAFE, f"Iterate `{label}` without `await`")
    if plan is None or loop.asynchronous is not None:
        return plan
    also = iterate_async(facts, loop, label)
    if also is None:
        return None
    return replace(also, rewrites=(*plan.rewrites, *also.rewrites))


def may_lose_async(facts: Facts, loop: Node) -> bool:
    """Return whether an async loop of an `async def` may as well be a sync one.

    A generator expression would be no async generator any more. On Python 3.10 a comprehension must
    be async to hold an async one.
    """
    if not isinstance(loop, (cst.For, cst.CompFor)) or loop.asynchronous is None:
        return False
    if not may_await(facts, loop):
        return False
    if isinstance(loop, cst.For):
        return True
    made = comprehension_of(facts, loop)
    if made is None or isinstance(made, cst.GeneratorExp):
        return False
    if any(isinstance(each, cst.BaseComp) for each in descendants(made) if each is not made):
        return False
    around = facts.parent(made)
    while around is not None and not isinstance(around, (cst.BaseSuite, cst.BaseComp)):
        around = facts.parent(around)
    return not isinstance(around, cst.BaseComp)


def comprehension_of(facts: Facts, clause: Node) -> cst.BaseComp | None:
    """Return the comprehension that a clause belongs to."""
    made: Node | None = clause
    while isinstance(made, cst.CompFor):
        made = facts.parent(made)
    return made if isinstance(made, cst.BaseComp) else None
