"""Plans: clean up in a `finally`, so that no exception at the `yield` skips it."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.facts.found import CleanupDead, ReleaseSkipped
from asyncgen_lint.fixes.around import around_in_function, function_of
from asyncgen_lint.fixes.blocks import Place, alone_on, leaves, places_around
from asyncgen_lint.fixes.layout import (
    appended,
    as_block,
    finally_of,
    in_try,
    without_blank_lines,
)
from asyncgen_lint.fixes.titles import cleaning_up
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import call_of, dotted_name
from asyncgen_lint.rule import FixPlan, FixSafety, Node, Rewrite
from asyncgen_lint.source.walk import descendants, is_same_code

_TRIES = (cst.Try, cst.TryStar)


def release_in_finally(facts: Facts, skipped: ReleaseSkipped) -> FixPlan | None:
    """Return the plan that puts a release into the `finally` of a `try` around the `yield`.

    What stands between stays in the `try`, so that a commit stays for success alone. None where a
    `return` in between keeps the resource, where the release needs what is made in between, or
    where a handler around still works on the resource.
    """
    found = _common_block(facts, skipped.at, skipped.call)
    if found is None:
        return None
    around, release = found
    block, first, last = around.block, around.index, release.index
    if not _is_only(release.statement, skipped.call):
        return None
    end = last + 1
    while end < len(block.body) and _ends_task(block.body[end], skipped.call):
        end += 1
    between, group = block.body[first:last], block.body[last:end]
    if leaves(between) or _is_released_in(between, skipped.call):
        return None
    names = _names(group)
    if names & _bound_in(facts, block, between) or _is_used_by_handlers(facts, block, names):
        return None
    owner = block.body[first] if last == first + 1 else None
    if isinstance(owner, _TRIES):
        if any(each is skipped.at for each in _descendants_of(owner.finalbody)):
            return None
    else:
        owner = None

    def build(node: Node) -> Node:
        body = list(node.body)
        inner, outside = body[first:last], body[end:]
        released = body[last:end]
        if owner is not None:
            made = _with_finally(inner[0], released, node.indent)
        else:
            made = in_try(inner, released, node.indent)
        return node.with_changes(body=[*body[:first], made, *outside])

    return FixPlan(
        cleaning_up(f"Put `{skipped.release}` into `finally`"),
        FixSafety.SAFE,
        (Rewrite(block, build),),
    )


def clean_up_in_finally(facts: Facts, dead: CleanupDead) -> FixPlan | None:
    """Return the plan that makes the handler for GeneratorExit a `finally`.

    Safe for a release; anything else may be meant for one who leaves early. None where the handler
    does more than clean up, and where what it ends is used behind it.
    """
    handler = dead.handler
    statement = facts.parent(handler)
    if not isinstance(statement, cst.Try) or statement.finalbody is not None:
        return None
    if not isinstance(handler, cst.ExceptHandler) or handler.name is not None:
        return None
    cleanup = _without_raise(handler.body)
    if cleanup is None or leaves([cleanup]):
        return None
    if any(isinstance(each, (cst.Raise, cst.Yield)) for each in descendants(cleanup)):
        return None
    names = _names([cleanup])
    if _is_used_by_handlers(facts, statement, names) or _is_used_behind(facts, statement, names):
        return None

    def build(node: Node) -> Node:
        index = statement.handlers.index(handler)
        others = [each for number, each in enumerate(node.handlers) if number != index]
        old = node.handlers[index]
        body = _without_raise(old.body)
        assert body is not None
        final = cst.Finally(body, leading_lines=old.leading_lines)
        return node.with_changes(handlers=others, finalbody=final)

    safety = FixSafety.SAFE if _only_releases(cleanup) else FixSafety.UNSAFE
    return FixPlan(
        cleaning_up("Clean up in `finally`"),
        safety,
        (Rewrite(statement, build),),
    )


def _common_block(facts: Facts, at: Node, call: Node) -> tuple[Place, Place] | None:
    """Return where two nodes stand in the innermost block around both, the first one earlier."""
    releases = list(places_around(facts, call))
    for place in places_around(facts, at):
        for release in releases:
            if release.block is place.block:
                return (place, release) if place.index < release.index else None
    return None


def _with_finally(statement: Node, released: Sequence[Node], indent: str | None) -> Node:
    """Return a `try` whose `finally` ends by what is released."""
    final = statement.finalbody
    if final is None:
        return statement.with_changes(finalbody=finally_of(released, indent))
    first, *others = released
    body = appended(as_block(final.body, indent), without_blank_lines(first), *others)
    return statement.with_changes(finalbody=final.with_changes(body=body))


# A handler that becomes a `finally`


def _without_raise(body: cst.BaseSuite) -> cst.BaseSuite | None:
    """Return a handler's body without the `raise` at its end; None if nothing else is there."""
    others: list[Node] = list(body.body)
    last: Node = others.pop()
    small = last if isinstance(body, cst.SimpleStatementSuite) else alone_on(last)
    if not isinstance(small, cst.Raise) or small.exc is not None:
        return body
    if not others:
        return None
    if isinstance(body, cst.SimpleStatementSuite):
        others[-1] = others[-1].with_changes(semicolon=cst.MaybeSentinel.DEFAULT)
    return body.with_changes(body=others)


def _only_releases(body: cst.BaseSuite) -> bool:
    """Return whether each statement calls a method that ends something."""
    return all(
        (call := _called(each)) is not None
        and isinstance(call.func, cst.Attribute)
        and call.func.attr.value in tables.RELEASE_METHODS
        for each in body.body
    )


def _called(statement: Node) -> cst.Call | None:
    """Return the call that is all of a statement, with or without `await`."""
    if isinstance(statement, cst.SimpleStatementLine):
        statement = alone_on(statement)
    return call_of(statement.value) if isinstance(statement, cst.Expr) else None


def _is_used_behind(facts: Facts, statement: Node, names: set[str]) -> bool:
    """Return whether what follows a statement in its function uses one of the names."""
    return any(
        names & _names(place.block.body[place.index + 1 :])
        for place in places_around(facts, statement)
    )


# What is released, and whether anything else needs it


def _is_only(statement: Node, call: Node) -> bool:
    """Return whether a statement does nothing but the release, perhaps under a condition."""
    if isinstance(statement, cst.SimpleStatementLine):
        only = alone_on(statement)
        return (
            isinstance(only, cst.Expr)
            and isinstance(only.value, (cst.Await, cst.Call))
            and not any(isinstance(each, (cst.Yield, cst.NamedExpr)) for each in descendants(only))
            and any(each is call for each in descendants(only))
        )
    if isinstance(statement, cst.If):
        return statement.orelse is None and _holds_only(statement.body, call)
    if isinstance(statement, cst.With):
        return _holds_only(statement.body, call)
    if isinstance(statement, cst.Try):
        # A handler that raises, or goes elsewhere, would do so in place of what the body raised.
        return (
            _holds_only(statement.body, call)
            and statement.orelse is None
            and statement.finalbody is None
            and not leaves(statement.handlers)
        )
    return False


def _holds_only(body: cst.BaseSuite, call: Node) -> bool:
    return (
        isinstance(body, cst.IndentedBlock) and len(body.body) == 1 and _is_only(body.body[0], call)
    )


def _ends_task(statement: Node, release: cst.Call) -> bool:
    """Return whether a statement behind `task.cancel()` waits for that task to end."""
    assert isinstance(release.func, cst.Attribute)
    task = release.func.value
    if release.func.attr.value != "cancel" or leaves([statement]):
        return False
    if isinstance(statement, cst.SimpleStatementLine):
        waits = isinstance(alone_on(statement), cst.Expr)
    else:
        waits = (
            isinstance(statement, (cst.With, cst.Try))
            and isinstance(statement.body, cst.IndentedBlock)
            and len(statement.body.body) == 1
        )
    nodes = list(descendants(statement))
    return (
        waits
        and any(isinstance(each, cst.Await) for each in nodes)
        and not any(isinstance(each, cst.Yield) for each in nodes)
        and any(isinstance(each, type(task)) and is_same_code(each, task) for each in nodes)
    )


def _is_released_in(statements: Sequence[Node], release: cst.Call) -> bool:
    """Return whether something in between already releases the same object."""
    assert isinstance(release.func, cst.Attribute)
    receiver = dotted_name(release.func.value)
    return any(
        isinstance(node, cst.Call)
        and isinstance(node.func, cst.Attribute)
        and node.func.attr.value in tables.RELEASE_METHODS
        and dotted_name(node.func.value) == receiver
        for statement in statements
        for node in descendants(statement)
    )


def _names(statements: Sequence[Node]) -> set[str]:
    return {
        node.value
        for statement in statements
        for node in descendants(statement)
        if isinstance(node, cst.Name)
    }


def _bound_in(facts: Facts, block: Node, statements: Sequence[Node]) -> set[str]:
    """Return the names of the function that are bound in some of its statements."""
    inside = {node for statement in statements for node in descendants(statement)}
    scope = function_of(facts, block)
    return {
        name
        for name, bindings in scope.bindings.items()
        if any(each.node in inside for each in bindings)
    }


def _is_used_by_handlers(facts: Facts, block: Node, names: set[str]) -> bool:
    """Return whether a handler or `finally` around a block uses one of the names."""
    child = block
    for parent in around_in_function(facts, block):
        if isinstance(parent, _TRIES) and child is parent.body:
            others = [*parent.handlers, *([parent.finalbody] if parent.finalbody else [])]
            if names & _names(others):
                return True
        child = parent
    return False


def _descendants_of(node: Node | None) -> Sequence[Node]:
    return list(descendants(node)) if node is not None else ()
