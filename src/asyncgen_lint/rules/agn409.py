"""`except StopAsyncIteration` around `async for` never runs.

The loop takes the StopAsyncIteration of its iterator for the end, and goes on behind itself; the
handler's code, often the one that reports or flushes what was read, is never reached. It belongs
into the loop's `else`, or behind the loop.

Strict: the handler does no harm but the one of its absence.

Not reported: `try` blocks that also step an iterator by hand, raise, enter an `async with`, await
anything but a sleep, or call what may raise StopAsyncIteration itself; context managers, where the
exception may come in at the `yield`.

Fix safety: moving the handler's code to the loop's `else` is unsafe, since it runs then: whether it
was meant for the end is for a person to say. A handler that does nothing is dropped, which is safe.
There is no fix where the `try` holds more than the loop.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.loop_else import move_to_else
from asyncgen_lint.rule import Finding, Severity, Tier, rule


@rule(
    "AGN409",
    "dead-stop-async-iteration-handler",
    summary="`except StopAsyncIteration` around `async for` never runs",
    severity=Severity.WARNING,
    tier=Tier.STRICT,
    fixable=True,
)
def dead_stop_async_iteration_handler(facts: Facts) -> Iterator[Finding]:
    """Find handlers for StopAsyncIteration around nothing but async loops."""
    for handler in facts.dead_stop_handlers():
        yield Finding(
            "this handler never runs: `async for` takes StopAsyncIteration for its end; use the"
            " loop's `else`",
            handler,
            fix=move_to_else(facts, handler),
        )
