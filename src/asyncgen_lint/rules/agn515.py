"""Every item that answers an `asend()` is lost to the loop.

`asend(value)` resumes the generator, and returns the item of the next `yield`. In an `async for`
over the same generator that item was the loop's next one: with items 0 to 5 and an `asend` in each
turn the loop sees 0, 2 and 4. With an odd number of items the last `asend` raises
StopAsyncIteration.

Drive the generator by `asend` alone, `item = await g.asend(value)` in a `while` loop, or let the
generator answer what is sent by a bare `yield`.

Not reported: results that are used; `anext(g)` and `asend(None)`, which skip on purpose; generators
with a `yield` of nothing, which answers; an `asend` after which the loop is left, or that expects
StopAsyncIteration; generators that this module does not see made.

Fix safety: no automatic fix; what should become of the item is for a person to say.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN515",
    "discarded-asend",
    summary="the item that `asend()` gives back in a loop is dropped",
    severity=Severity.WARNING,
)
def discarded_asend(facts: Facts) -> Iterator[Finding]:
    """Find bare `await g.asend(...)` in loops over `g`."""
    for each in facts.sends_discarded():
        yield Finding(
            f"`asend()` steps `{each.label}` and returns its next item, which is dropped here: the"
            " loop never sees it; use its result",
            each.at,
            path=each.path,
            subject=each.label,
        )
