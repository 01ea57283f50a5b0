"""Plan: iterate a closable stream, which is no generator, inside what closes it."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.facts.found import StreamLeftOpen
from asyncgen_lint.fixes.imports import local_name
from asyncgen_lint.fixes.items import Items
from asyncgen_lint.fixes.layout import indent_near
from asyncgen_lint.fixes.region import region_of
from asyncgen_lint.fixes.stream_names import stream_name
from asyncgen_lint.fixes.wrap import (
    ACLOSING,
    ACLOSING_SINCE,
    Manager,
    call_with,
    enter,
    spacing,
    under,
)
from asyncgen_lint.rule import FixPlan, FixSafety, ImportRequest, Node, Rewrite


def enter_stream(facts: Facts, left: StreamLeftOpen) -> FixPlan | None:
    """Return the plan that iterates a stream in its own `async with`, or else under `aclosing`.

    The former for a class whose `__aenter__` gives the object and does nothing else, the latter,
    which is unsafe, for one with a coroutine `aclose`: it also closes what came to its end. None
    for others, and where the stream or an item of it may be used behind the loop.
    """
    imports: tuple[ImportRequest, ...] = ()
    closer: cst.BaseExpression | None = None
    if not left.enters_itself:
        if left.closed_by != "aclose" or facts.target_version < ACLOSING_SINCE:
            return None
        found = local_name(facts, ACLOSING, left.header, left.function)
        if found is None:
            return None
        closer, imports = found.expression(), found.imports

    def manager(source: cst.BaseExpression) -> cst.BaseExpression:
        return call_with(closer, source) if closer is not None else source

    rewrite = _of_temporary(facts, left, manager) or _of_named(facts, left, manager)
    if rewrite is None:
        return None
    how = "in its own `async with`" if closer is None else "under `aclosing`"
    return FixPlan(
        f"Iterate `{left.label}` {how}; errors in its cleanup now reach the caller",
        FixSafety.SAFE if closer is None else FixSafety.UNSAFE,
        (rewrite,),
        imports,
    )


def _of_temporary(facts: Facts, left: StreamLeftOpen, manager: Manager) -> Rewrite | None:
    loop, function = left.header, left.function
    source = loop.iter.expression if isinstance(loop.iter, cst.Await) else loop.iter
    if source is not left.creation:
        return None
    if Items(facts, function, [loop], [loop.target]).may_escape():
        return None
    stream = stream_name(facts, source, loop, function)
    indent = indent_near(facts, loop.body)

    def build(node: Node) -> Node:
        inner = node.with_changes(iter=cst.Name(stream), **spacing(node))
        return under([(manager(node.iter), stream)], [inner], indent)

    return Rewrite(loop, build)


def _of_named(facts: Facts, left: StreamLeftOpen, manager: Manager) -> Rewrite | None:
    region = region_of(facts, left.creation, left.function, is_object=True)
    if region is None:
        return None
    for last in sorted({region.last, region.end}):
        items = Items(facts, left.function, region.statements(last), region.targets)
        if not items.may_escape():
            return enter([region], region.first, last, manager)
    return None
