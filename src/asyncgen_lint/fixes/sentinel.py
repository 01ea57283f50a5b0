"""Plan: give `next` a default in a thread, and test for it."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.facts.found import NextInThread
from asyncgen_lint.fixes.around import around_in_function, function_around
from asyncgen_lint.fixes.blocks import assigned_name, raises_again
from asyncgen_lint.fixes.fresh import free_name
from asyncgen_lint.fixes.layout import indent_near
from asyncgen_lint.fixes.steps import is_true, line_taking, taken_first, turn_of
from asyncgen_lint.names.scopes import Scope, is_name, last_name
from asyncgen_lint.rule import FixPlan, FixSafety, Node, Rewrite
from asyncgen_lint.source.walk import descendants

_LOOPS = (cst.For, cst.While)
_TAKING = ("RuntimeError", "Exception", "BaseException")


def add_default(facts: Facts, found: NextInThread) -> FixPlan | None:
    """Return the plan that stops at a default of `next`, where it is clear how to stop.

    That is what a handler for StopIteration around the step alone does, else the end of the
    `while True:` that starts with the step.
    """
    place = _place_of(facts, found.at)
    if place is None or _is_expected(facts, place.statement):
        return None
    default = free_name("done", place.function)
    item = free_name("item", place.function)
    indent = indent_near(facts, place.block)

    def give(call: Node) -> Node:
        return _with_argument(call, cst.Name(default))

    def test(block: Node) -> Node:
        old = block.body[place.index]
        line, end = (old.body.body[0], old.handlers[0].body) if place.is_handled else (old, None)
        if end is None:
            end = cst.IndentedBlock([cst.SimpleStatementLine([cst.Break()])], indent=indent)
        taken, rest = taken_first(line, item)
        name = assigned_name(taken.body[0]) or item
        is_done = cst.Comparison(
            cst.Name(name), [cst.ComparisonTarget(cst.Is(), cst.Name(default))]
        )
        if place.is_handled:
            taken = taken.with_changes(leading_lines=[*old.leading_lines, *taken.leading_lines])
        new = [taken, cst.If(is_done, end), *rest]
        return block.with_changes(
            body=[*block.body[: place.index], *new, *block.body[place.index + 1 :]]
        )

    def define(block: Node) -> Node:
        made = cst.Assign([cst.AssignTarget(cst.Name(default))], cst.Call(cst.Name("object")))
        at = place.outer_index
        line = cst.SimpleStatementLine([made])
        return block.with_changes(body=[*block.body[:at], line, *block.body[at:]])

    return FixPlan(
        "Give `next` a default, and stop at it",
        place.safety,
        (Rewrite(found.giving, give), Rewrite(place.block, test), Rewrite(place.outer, define)),
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """The statement that takes the step, or tries to, at `index` in `block`.

    What it needs is to be defined in the block `outer`, before the statement at `outer_index`.
    """

    statement: cst.CSTNode
    block: cst.IndentedBlock
    index: int
    outer: cst.IndentedBlock
    outer_index: int
    function: Scope
    is_handled: bool
    safety: FixSafety


def _place_of(facts: Facts, call: Node) -> _Place | None:
    awaited = facts.parent(call)
    line = line_taking(facts, awaited) if isinstance(awaited, cst.Await) else None
    if line is None or (not assigned_name(line.body[0]) and not _is_yield(line)):
        return None
    tried = _try_around(facts, line)
    statement: cst.CSTNode = tried or line
    safety = FixSafety.SAFE
    if tried is None:
        turn = turn_of(facts, line)
        loop = facts.parent(turn.block) if turn is not None else None
        if turn is None or not isinstance(loop, cst.While) or loop.orelse is not None:
            return None
        if not is_true(loop.test):
            return None
        if not turn.keeps_nothing or not turn.is_endless:
            safety = FixSafety.UNSAFE
    block = facts.parent(statement)
    if not isinstance(block, cst.IndentedBlock):
        return None
    outermost = _outermost(facts, statement)
    outer = facts.parent(outermost)
    function = function_around(facts, statement)
    if not isinstance(outer, cst.IndentedBlock) or function is None:
        return None
    index, outer_index = block.body.index(statement), outer.body.index(outermost)
    is_handled = tried is not None
    return _Place(statement, block, index, outer, outer_index, function, is_handled, safety)


def _try_around(facts: Facts, line: Node) -> cst.Try | None:
    """Return the `try` around a line alone whose only handler is for StopIteration."""
    block = facts.parent(line)
    found = facts.parent(block)
    if not isinstance(found, cst.Try) or found.body is not block or len(found.body.body) != 1:
        return None
    if len(found.handlers) != 1 or found.orelse is not None or found.finalbody is not None:
        return None
    (handler,) = found.handlers
    if handler.name is not None or not is_name(handler.type, "StopIteration"):
        return None
    return None if raises_again(handler.body) else found


def _outermost(facts: Facts, statement: Node) -> Node:
    """Return the outermost loop of the function around a statement, else the statement itself."""
    found = statement
    for each in around_in_function(facts, statement):
        if isinstance(each, _LOOPS):
            found = each
    return found


def _is_expected(facts: Facts, statement: Node) -> bool:
    """Return whether something around may take the RuntimeError at the end of the iterator."""
    for each in around_in_function(facts, statement):
        if isinstance(each, cst.With) and any(
            last_name(item.item) == "suppress" for item in each.items
        ):
            return True
        if isinstance(each, (cst.Try, cst.TryStar)) and any(
            handler.type is None
            or any(is_name(node, name) for name in _TAKING for node in descendants(handler.type))
            for handler in each.handlers
        ):
            return True
    return False


def _is_yield(line: cst.SimpleStatementLine) -> bool:
    (statement,) = line.body
    return isinstance(statement, cst.Expr) and isinstance(statement.value, cst.Yield)


def _with_argument(call: cst.Call, value: cst.BaseExpression) -> cst.Call:
    """Return the call with one more positional argument, laid out as its last one is."""
    number = sum(each.keyword is None for each in call.args)
    before, last, after = call.args[: number - 1], call.args[number - 1], call.args[number:]
    comma = before[-1].comma if before else cst.MaybeSentinel.DEFAULT
    kept = last.with_changes(comma=comma, whitespace_after_arg=cst.SimpleWhitespace(""))
    return call.with_changes(args=[*before, kept, last.with_changes(value=value), *after])
