"""Plans: add and drop an `await`."""

from __future__ import annotations

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import FixPlan, FixSafety, Node


def add_await(facts: Facts, node: Node, safety: FixSafety, title: str) -> FixPlan | None:
    """Return the plan that awaits an expression; None outside async def."""
    del facts, node, safety, title
    return None


def drop_await(facts: Facts, node: Node, safety: FixSafety, title: str) -> FixPlan | None:
    """Return the plan that replaces an await by what it awaits."""
    del facts, node, safety, title
    return None
