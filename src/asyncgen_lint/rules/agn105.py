"""Calling an async generator function runs nothing.

The body starts at the first step. A call whose result is dropped, or kept in a variable that
nothing reads, does nothing at all, and Python gives no warning of any kind.

Iterate it (`async for _ in f(): ...`), or await the coroutine that was meant.

Not reported: results used in any way; functions with decorators that are not in view;
functions whose `yield` cannot be reached, which are stubs.

Fix safety: no automatic fix; what was meant cannot be known.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN105",
    "generator-never-iterated",
    summary="an async generator is made and never iterated, so its body never runs",
    severity=Severity.WARNING,
)
def generator_never_iterated(facts: Facts) -> Iterator[Finding]:
    """Find calls of async generator functions whose result nothing uses."""
    for each in facts.never_iterated():
        kept = f" and kept in `{each.name}`, which nothing reads" if each.name else ""
        yield Finding(
            f"`{each.label}` is called{kept}: its body never runs; iterate it with `async for`",
            each.call,
            subject=each.label,
        )
