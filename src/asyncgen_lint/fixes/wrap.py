"""Plan: iterate a generator under `contextlib.aclosing`."""

from __future__ import annotations

from asyncgen_lint.facts import Facts, LeftOpen
from asyncgen_lint.rule import FixPlan


def wrap_loop(facts: Facts, left: LeftOpen) -> FixPlan | None:
    """Return the plan that wraps a loop over a temporary generator in `async with aclosing`."""
    del facts, left
    return None
