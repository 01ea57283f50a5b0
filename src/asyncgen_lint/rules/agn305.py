"""What an async generator holds at a `yield`, it holds for as long as its consumer likes.

Inside `async with`, a suspended generator keeps its connection, response or file. A consumer that
is slow keeps it for long; one that leaves early keeps it until the generator is closed, which
without `aclosing` is at some later time, in another task, or not at all.

Read what is needed and yield it after the `with`; or make the function a context manager that gives
an iterator, so that its caller holds the resource knowingly (PEP 789 shows how).

Not reported: context managers, fixtures, and a single `yield` outside of loops that nothing in the
module iterates, which may be a dependency; `aclosing` and what is like it, in libraries or in view;
a stream that is iterated right inside what closes it; stacks that only close generators,
`nullcontext` and `suppress`; plain `with` over what is not known; yields that AGN303, 304 or 306
reports.

Fix safety: no automatic fix; who should hold the resource is for a person to say.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, Tier, rule


@rule(
    "AGN305",
    "yield-in-context-manager",
    summary="a `yield` inside a `with` that holds a resource until the generator is closed",
    severity=Severity.WARNING,
    tier=Tier.STRICT,
)
def yield_in_context_manager(facts: Facts) -> Iterator[Finding]:
    """Find yields of plain generators inside managers that hold something."""
    for at, label, path in facts.yields_holding_resources():
        yield Finding(
            f"`{label}` stays entered while this `yield` waits for the consumer, and what it holds"
            " is released only when the generator is closed",
            at,
            path=path,
            subject=label,
        )
