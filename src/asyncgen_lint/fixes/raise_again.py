"""Plan: end an exception handler with `raise`."""

from __future__ import annotations

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import FixPlan, Node


def append_raise(facts: Facts, handler: Node) -> FixPlan | None:
    """Return the plan that raises the caught exception again."""
    del facts, handler
    return None
