"""Ambient state that is set across a `yield` leaks into the consumer, and may not come back.

An async generator runs in the context of whoever steps it. A context variable, the current span,
`decimal.localcontext` or a redirected standard output that is set at a `yield` is therefore set for
the consumer, too. If the consumer leaves early, cleanup runs in another context: "ValueError:
<Token ...> was created in a different Context", OpenTelemetry logs "Failed to detach context", and
the value stays set, as it does where the generator sets back what it had found. Two such generators
stepped in turn restore each other's values, even if both run to their end. On Python 3.10 and 3.11,
`asyncio.wait_for(anext(g), ...)` runs every step in a context of its own.

Set the state anew around each piece of work and reset it before the `yield`, or hand the value on
as an argument; for a span, start it without making it the current one.

Not reported: context managers, fixtures, and a single `yield` outside of loops that nothing in the
module iterates, which may be a dependency: these were all run, and reset in the right context;
state that is set and reset, or set back, between two yields; values that are set and never reset,
which are meant to stay.

Fix safety: no automatic fix.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN306",
    "ambient-state-across-yield",
    summary="a `yield` while ambient state, such as a context variable, is set",
    severity=Severity.WARNING,
)
def ambient_state_across_yield(facts: Facts) -> Iterator[Finding]:
    """Find yields of plain generators at which ambient state is set."""
    for each in facts.yields_with_ambient_state():
        yield Finding(
            f"`{each.state}` is in force at this `yield`: the consumer runs with it, and it may be"
            " undone in another context or order; undo it before yielding",
            each.at,
            path=each.path,
            subject=each.state,
        )
