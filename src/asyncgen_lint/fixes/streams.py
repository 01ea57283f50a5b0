"""Plan: iterate a closable stream, which is no generator, inside what closes it."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.facts.found import StreamLeftOpen
from asyncgen_lint.fixes.aclosing import aclosing_at
from asyncgen_lint.fixes.items import Items
from asyncgen_lint.fixes.layout import Manager
from asyncgen_lint.fixes.region import enter, region_of
from asyncgen_lint.fixes.titles import cleaning_up
from asyncgen_lint.fixes.wrap import loop_under
from asyncgen_lint.rule import FixPlan, FixSafety, Rewrite


def enter_stream(facts: Facts, left: StreamLeftOpen) -> FixPlan | None:
    """Return the plan that iterates a stream in its own `async with`, or else under `aclosing`.

    The former for a class whose `__aenter__` gives the object and does nothing else, the latter,
    which is unsafe, for one with a coroutine `aclose`: it also closes what came to its end. None
    for others, and where the stream or an item of it may be used behind the loop.
    """
    closer = None
    if not left.enters_itself:
        if left.closed_by != "aclose":
            return None
        closer = aclosing_at(facts, left.header, left.function)
        if closer is None:
            return None
    manager = closer.call if closer is not None else _by_itself
    rewrite = _of_temporary(facts, left, manager) or _of_named(facts, left, manager)
    if rewrite is None:
        return None
    how = "in its own `async with`" if closer is None else "under `aclosing`"
    return FixPlan(
        cleaning_up(f"Iterate `{left.label}` {how}"),
        FixSafety.SAFE if closer is None else FixSafety.UNSAFE,
        (rewrite,),
        closer.imports if closer is not None else (),
    )


def _by_itself(source: cst.BaseExpression) -> cst.BaseExpression:
    return source


def _of_temporary(facts: Facts, left: StreamLeftOpen, manager: Manager) -> Rewrite | None:
    loop, function = left.header, left.function
    source = loop.iter.expression if isinstance(loop.iter, cst.Await) else loop.iter
    if source is not left.creation:
        return None
    if Items(facts, function, [loop], [loop.target]).may_escape():
        return None
    return loop_under(facts, loop, function, manager)


def _of_named(facts: Facts, left: StreamLeftOpen, manager: Manager) -> Rewrite | None:
    region = region_of(facts, left.creation, left.function, is_object=True)
    if region is None:
        return None
    for last in sorted({region.last, region.end}):
        items = Items(facts, left.function, region.statements(last), region.targets)
        if not items.may_escape():
            return enter([region], region.first, last, manager)
    return None
