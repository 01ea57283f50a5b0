"""Plan: run at the end of a loop what stands in a handler that the end never comes to."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.blocks import raises_again
from asyncgen_lint.rule import FixPlan, FixSafety, Node, Rewrite
from asyncgen_lint.source.suites import does_nothing


def move_to_else(facts: Facts, handler: Node) -> FixPlan | None:
    """Return the plan that makes the only handler of a `try` the `else` of the loop in it.

    That is unsafe, since the handler's code runs then; a handler that does nothing is dropped,
    which is safe. None where the `try` holds anything else, or the handler needs its exception.
    """
    statement = facts.parent(handler)
    if not isinstance(statement, cst.Try) or len(statement.handlers) != 1:
        return None
    if statement.orelse is not None or not isinstance(statement.body, cst.IndentedBlock):
        return None
    if len(statement.body.body) != 1 or not isinstance(handler, cst.ExceptHandler):
        return None
    if does_nothing(handler.body):
        plan = Rewrite(statement, lambda node: _without_handler(node, node.body.body[0]))
        return FixPlan("Drop the handler, which never runs", FixSafety.SAFE, (plan,))
    loop = statement.body.body[0]
    if not isinstance(loop, cst.For) or loop.orelse is not None:
        return None
    if handler.name is not None or raises_again(handler.body):
        return None

    def build(node: Node) -> Node:
        (only,) = node.handlers
        made = node.body.body[0].with_changes(
            orelse=cst.Else(only.body, leading_lines=only.leading_lines)
        )
        return _without_handler(node, made)

    title = "Move the handler's code to the `else` of the loop"
    return FixPlan(title, FixSafety.UNSAFE, (Rewrite(statement, build),))


def _without_handler(statement: Node, inner: Node) -> Node:
    """Return a `try` with `inner` as its body and no handler; `inner` itself without a `finally`.

    Comments that have no place then are lost, which makes the plan void.
    """
    if statement.finalbody is not None:
        body = statement.body.with_changes(body=[inner])
        return statement.with_changes(body=body, handlers=())
    above = [*statement.leading_lines, *inner.leading_lines]
    return inner.with_changes(leading_lines=above)
