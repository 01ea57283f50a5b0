"""A resource whose only release stands in a generator that may never start.

The body of an async generator begins at the first step. A function that acquires a connection and
returns a generator that gives it back in its `finally` leaks the connection when the caller never
takes a first item: the `finally` does not run, not even under `aclosing`, because `aclose()` on a
generator that was not started runs nothing of it.

Acquire inside the generator, or return an async context manager.

Not reported: resources that the function releases, hands on, or keeps elsewhere too; what only
holds something once it is started, such as another generator; generators that are not returned
directly.

Fix safety: no automatic fix.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, Tier, rule


@rule(
    "AGN106",
    "cleanup-only-inside-unstarted-generator",
    summary="a resource is released only by a generator that may never start",
    severity=Severity.WARNING,
    tier=Tier.STRICT,
)
def cleanup_only_inside_unstarted_generator(facts: Facts) -> Iterator[Finding]:
    """Find returned generators whose body alone releases what was acquired before them."""
    for each in facts.releases_never_started():
        yield Finding(
            f"`{each.resource}` is released only inside `{each.label}`, whose body does not run"
            " before its first step: if that never comes, it stays open; acquire it in there",
            each.at,
            path=each.path,
            subject=each.resource,
        )
