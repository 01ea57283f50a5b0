"""A container that is yielded and then emptied loses its items in the consumer's hands.

The consumer gets the generator's own list, not a copy. One that keeps it, as
`[batch async for batch in batches()]` does, finds every batch empty, and all of them the same list:
`[[], []]`.

Start a new list after the `yield`, or yield a copy.

Not reported: containers that are bound anew behind the `yield`, before anything empties them; what
is not certainly a list, dict or set, such as a parameter; generators of which every consumer is in
view and uses each item at once.

Fix safety: `NAME.clear()` becomes `NAME = []`, which is safe where NAME is a local list that
nothing else in the function refers to; else there is no fix.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.new_list import start_new_list
from asyncgen_lint.rule import Finding, Severity, Tier, rule


@rule(
    "AGN309",
    "mutated-after-yield",
    summary="a container is emptied after it was yielded",
    severity=Severity.WARNING,
    tier=Tier.STRICT,
    fixable=True,
)
def mutated_after_yield(facts: Facts) -> Iterator[Finding]:
    """Find yields of containers that are emptied behind the yield."""
    for each in facts.items_reused():
        fix = start_new_list(facts, each.emptied, each.name) if each.may_be_new else None
        yield Finding(
            f"`{each.name}` is emptied after this `yield`: a consumer that keeps it finds it empty;"
            " start a new one, or yield a copy",
            each.at,
            path=each.path,
            fix=fix,
            subject=each.name,
        )
