"""A timeout around one step ends the whole async generator.

`wait_for(anext(g), 1)`, or `anext(g)` in `asyncio.timeout` or `fail_after`, cancels the step: the
CancelledError comes in where the generator's body awaits, and ends it. The next `anext(g)` raises
StopAsyncIteration, the next `async for` is empty: after the first pause the rest of the stream is
lost, and it looks like a normal end.

Keep the step in a task and wait for that without cancelling it, with `asyncio.wait({task},
timeout=1)`, or let one task put the items on a queue.

Not reported: handlers that leave, or make the generator anew; iterators that are no async
generators, such as queues; `shield` and `asyncio.wait`; generators that catch the cancellation
themselves; `move_on_after`, behind which the code may ask whether it was cancelled; generators that
come from elsewhere.

Fix safety: no automatic fix; a queue or a task changes who owns the generator.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN509",
    "timeout-around-step",
    summary="a timeout around a step ends the generator, which is stepped again",
    severity=Severity.WARNING,
)
def timeout_around_step(facts: Facts) -> Iterator[Finding]:
    """Find steps under a timeout whose handler goes on with the same generator."""
    for each in facts.stepped_after_timeout():
        yield Finding(
            f"a timeout here ends `{each.label}`, and the rest of its items is lost: the step after"
            " it finds the generator at its end",
            each.at,
            path=each.path,
            subject=each.label,
        )
