"""A retry inside a generator yields again what the consumer already has.

When the source fails in the middle, the handler starts it anew, from its beginning: the consumer
gets the first items twice, as in `a b a b c`. A generator cannot take back what it has yielded.

Retry only until the first item has come; or keep the position and ask the source to go on from
there; or collect all items of an attempt before the first is yielded; or tell the consumer.

Not reported: a position or flag that the loop keeps and that is looked at when the source is
started, in the handler, or before the `yield`; items that are acknowledged, or noted on an object;
handlers that yield, which may announce the new start; sources that are started again when they come
to their end, too, which go on rather than repeat; sources that the retry does not make anew.

Fix safety: no automatic fix; what should happen to the items is for a person to say. No other
linter reports it.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, Tier, rule


@rule(
    "AGN310",
    "retry-replays-items",
    summary="a retry starts the source again and yields the same items twice",
    severity=Severity.WARNING,
    tier=Tier.STRICT,
)
def retry_replays_items(facts: Facts) -> Iterator[Finding]:
    """Find yields inside a retry loop that starts their source anew."""
    for at, path in facts.items_replayed():
        yield Finding(
            "if the source fails after this `yield`, it is started again from its beginning, and"
            " the consumer gets the same items twice",
            at,
            path=path,
        )
