"""One cancelled consumer ends the stream of all others.

Where several tasks take turns to step one generator, under a lock, each waits for the step in its
own task. If that task is cancelled meanwhile, by a timeout or a client that hangs up,
CancelledError is raised at the `await` inside the generator, which is finished by it. The others
then get StopAsyncIteration, and end as if the stream were complete: items are missing and nothing
says so.

Let one task step the generator and hand the items to queues, or await the step under
`asyncio.shield` and keep it for the next consumer.

Not reported: steps without a lock around them, or under a lock made by the same call; a step inside
`asyncio.shield`; generators that never await; handlers for the cancellation; sources that need not
be async generators.

Fix safety: no automatic fix.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, Tier, rule


@rule(
    "AGN518",
    "shared-source-cancelled",
    summary="cancelling one consumer ends a generator that several share",
    severity=Severity.WARNING,
    tier=Tier.STRICT,
)
def shared_source_cancelled(facts: Facts) -> Iterator[Finding]:
    """Find steps that consumers await themselves, under a lock."""
    for each in facts.steps_shared():
        yield Finding(
            f"cancelling the task that waits here finishes `{each.label}` for all that share it;"
            " let one task step it, or shield the step",
            each.at,
            path=each.path,
            subject=each.label,
        )
