"""An endless async generator that never awaits keeps all other tasks from running.

A `yield` gives the item to the consumer, not the turn to the event loop. If the consumer does not
await either, as in `async for sample in samples(): total += sample`, then no timeout fires, no
cancellation arrives, and no other task runs: a timeout of 10 ms over a stream of 100 ms never
fired.

Await something in the loop, if only `asyncio.sleep(0)` (or `trio.lowlevel.checkpoint()`,
`anyio.lowlevel.checkpoint()`); or make the function a sync generator, which says what it is.

Not reported: loops that end by `break`, `return`, a condition, or an exception that is caught;
loops that await on some way round; generators of which every consumer in view awaits in its loop.

Fix safety: no automatic fix; how often other tasks should get a turn is for a person to say.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, Step, Tier, rule


@rule(
    "AGN311",
    "no-suspension",
    summary="an endless async generator never awaits, so that no other task may run",
    severity=Severity.WARNING,
    tier=Tier.STRICT,
)
def no_suspension(facts: Facts) -> Iterator[Finding]:
    """Find yields in endless loops that never suspend."""
    for at, loop in facts.yields_without_suspension():
        yield Finding(
            "nothing is awaited between one turn of this `yield` and the next: unless the consumer"
            " awaits, no timeout fires and no other task runs; await `sleep(0)` in the loop",
            at,
            path=(Step("this loop never ends", loop),),
        )
