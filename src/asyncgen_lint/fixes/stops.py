"""Plans for StopIteration and StopAsyncIteration: return instead, or catch the right one."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.around import means_builtin
from asyncgen_lint.rule import FixPlan, FixSafety, Node, Rewrite


def return_instead(statement: Node, safety: FixSafety) -> FixPlan:
    """Return the plan that turns a `raise` into a `return`."""

    def build(node: Node) -> Node:
        return cst.Return(semicolon=node.semicolon)

    return FixPlan("Return in place of this `raise`", safety, (Rewrite(statement, build),))


def catch_async_stop(facts: Facts, types: tuple[Node, ...], safety: FixSafety) -> FixPlan | None:
    """Return the plan that lets a handler catch StopAsyncIteration; None if it has another name."""
    if not all(means_builtin(facts, "StopAsyncIteration", each) for each in types):
        return None
    if not all(isinstance(each, cst.Name) and each.value == "StopIteration" for each in types):
        return None

    def build(node: Node) -> Node:
        return node.with_changes(value="StopAsyncIteration")

    rewrites = tuple(Rewrite(each, build) for each in types)
    return FixPlan("Catch `StopAsyncIteration`", safety, rewrites)


def catch_everything(facts: Facts, type_: Node) -> FixPlan | None:
    """Return the plan that lets a handler for Exception catch BaseException."""
    if not isinstance(type_, cst.Name) or type_.value != "Exception":
        return None
    if not means_builtin(facts, "BaseException", type_):
        return None

    def build(node: Node) -> Node:
        return node.with_changes(value="BaseException")

    return FixPlan("Catch `BaseException`", FixSafety.UNSAFE, (Rewrite(type_, build),))
