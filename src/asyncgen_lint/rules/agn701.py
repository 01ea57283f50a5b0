"""A loop that hands on every item, where `yield from` does more.

`async for item in source: yield item` passes items out, and nothing in: `asend` and `athrow` stop
at the outer generator, and closing it leaves the inner one open (AGN103). From Python 3.16 an async
generator may `yield from source`, which forwards all three and closes the source (PEP 828).

No interpreter of today can run that, so no program shows the difference here; a loop that hands on
is not wrong, and the rule speaks only where `target-version` is "py316" or later.

Not reported: loops that do anything else, or change the item; loops with an `else`; loop variables
that are read elsewhere; sources that are not known to be async iterators; context managers.

Fix safety: no automatic fix yet; what is sent or thrown would then reach the source.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, Tier, rule

_YIELD_FROM_SINCE = (3, 16)


@rule(
    "AGN701",
    "delegation-could-be-yield-from",
    summary="a loop that only hands on items could be `yield from`",
    severity=Severity.WARNING,
    tier=Tier.STRICT,
)
def delegation_could_be_yield_from(facts: Facts) -> Iterator[Finding]:
    """Find loops that re-yield every item, where Python has a form for that."""
    if facts.target_version < _YIELD_FROM_SINCE:
        return
    for loop in facts.mere_delegations():
        yield Finding(
            "this loop only hands on what it gets; `yield from` does that, and closes the inner"
            " generator with the outer one",
            loop,
        )
