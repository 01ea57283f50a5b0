"""Plan: enter an async context manager that is used as something else."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.facts.found import ManagerMisused
from asyncgen_lint.fixes.around import function_of
from asyncgen_lint.fixes.awaits import may_await
from asyncgen_lint.fixes.blocks import leaves, place_of_line
from asyncgen_lint.fixes.layout import loop_as_with, with_async, with_lines_in_header
from asyncgen_lint.names.scopes import Scope
from asyncgen_lint.rule import FixPlan, FixSafety, Node, Rewrite
from asyncgen_lint.source.walk import descendants

_KEEPERS = (
    cst.Return,
    cst.AnnAssign,
    cst.NamedExpr,
    cst.Element,
    cst.DictElement,
    cst.StarredElement,
    cst.IfExp,
    cst.BooleanOperation,
)


def enter_instead(facts: Facts, misused: ManagerMisused) -> FixPlan | None:
    """Return the plan that enters what a call makes by `async with`.

    None where the call is not in the statement itself, where `async with` may not stand, and where
    what is entered may be used once it has been left.
    """
    if misused.way == "with":
        rewrite = _async_with(facts, misused.at)
    elif misused.way == "async for":
        rewrite = _entered_loop(facts, misused.at)
    elif misused.way in ("await", "anext"):
        rewrite = _entered_rest(facts, misused.at)
    else:
        return None
    if rewrite is None:
        return None
    title = f"Enter `{misused.name}()` by `async with`"
    return FixPlan(title, FixSafety.SAFE, (rewrite,))


def _async_with(facts: Facts, statement: Node) -> Rewrite | None:
    if len(statement.items) != 1 or not may_await(facts, statement):
        return None
    if _lends(facts, [statement.body], function_of(facts, statement)):
        return None
    return Rewrite(statement, with_async)


def _entered_loop(facts: Facts, loop: Node) -> Rewrite | None:
    if not isinstance(loop, cst.For) or not isinstance(loop.iter, cst.Call):
        return None
    if loop.orelse is not None or leaves([loop.body], (cst.Break, cst.Continue)):
        return None
    if _lends(facts, [loop.body], function_of(facts, loop)):
        return None
    return Rewrite(loop, lambda node: loop_as_with(node, node.iter))


def _entered_rest(facts: Facts, at: Node) -> Rewrite | None:
    """Return the rewrite that puts what follows `name = await manager()` into `async with`."""
    is_step = not isinstance(at, cst.Await)
    made = at.args[0].value if is_step else at.expression
    awaited = facts.parent(at) if is_step else at
    assignment = facts.parent(awaited)
    if not isinstance(made, cst.Call) or not isinstance(awaited, cst.Await):
        return None
    if not isinstance(assignment, cst.Assign) or len(assignment.targets) != 1:
        return None
    target, place = assignment.targets[0].target, place_of_line(facts, assignment)
    if not isinstance(target, cst.Name) or place is None:
        return None
    function, index = function_of(facts, assignment), place.index
    rest = place.block.body[index + 1 :]
    if not rest or not _is_used_only_in(facts, target.value, rest, function):
        return None
    if _lends(facts, rest, function):
        return None

    def build(block: Node) -> Node:
        line, *inner = block.body[index:]
        entered = with_lines_in_header(
            [line], inner, lambda value: _made(value, is_step), block.indent
        )
        return block.with_changes(body=[*block.body[:index], entered])

    return Rewrite(place.block, build)


def _made(value: cst.BaseExpression, is_step: bool) -> cst.BaseExpression:
    """Return the call in `await manager()`, or if it is a step in `await anext(manager())`."""
    assert isinstance(value, cst.Await)
    call = value.expression
    if not is_step:
        return call
    assert isinstance(call, cst.Call)
    return call.args[0].value


def _lends(facts: Facts, body: Sequence[Node], function: Scope) -> bool:
    """Return whether a generator would yield what it has entered, which is not ours to begin."""
    inside = {node for each in body for node in descendants(each)}
    if not any(each in inside for each in function.yields):
        return False
    return not facts.is_driven_as_context_manager(function)


def _is_used_only_in(facts: Facts, name: str, statements: Sequence[Node], function: Scope) -> bool:
    """Return whether a name is bound once, and read only in statements that do not keep it."""
    inside = {node for each in statements for node in descendants(each)}
    if len(function.bindings.get(name, ())) != 1:
        return False
    for scope in function.descendants():
        reads = scope.loads.get(name, ())
        if reads and scope.enclosing_function() is not function:
            # A nested function may run later.
            return False
        if not all(each in inside and not _is_kept(facts, each) for each in reads):
            return False
    return True


def _is_kept(facts: Facts, node: Node) -> bool:
    parent = facts.parent(node)
    return isinstance(parent, (*_KEEPERS, cst.Assign))
