"""Closing an event loop by hand drops the generators that are still open on it.

`asyncio.run` closes them before it closes its loop. After `new_event_loop()` and
`run_until_complete(...)`, `loop.close()` alone drops them: their `finally` never runs. Python says
nothing of those that are still referenced, and of the others at most "Task was destroyed but it is
pending!".

Call `loop.run_until_complete(loop.shutdown_asyncgens())` before `loop.close()`, or use
`asyncio.run`. It closes what is still referenced; what was dropped in the last step is better
closed where it is used, under `aclosing`.

Not reported: loops that nothing in view leaves a generator open on; modules that call
`shutdown_asyncgens` anywhere; loops that are returned, stored or handed on; pytest fixtures.

Fix safety: a line that runs `shutdown_asyncgens()` above `loop.close()`, where that is a line of a
block, is unsafe: the loop runs once more, with all that still waits in it.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.shut_down import shut_down_generators
from asyncgen_lint.rule import Finding, Severity, Tier, rule


@rule(
    "AGN206",
    "loop-closed-without-shutdown-asyncgens",
    summary="an event loop is closed by hand while generators are open on it",
    severity=Severity.WARNING,
    tier=Tier.STRICT,
    fixable=True,
)
def loop_closed_without_shutdown_asyncgens(facts: Facts) -> Iterator[Finding]:
    """Find closes of hand-made loops whose coroutines leave a generator open."""
    for each in facts.loops_closed_early():
        yield Finding(
            f"the cleanup of `{each.label}` may never run: this closes the loop without"
            " `shutdown_asyncgens()`; use `asyncio.run`",
            each.at,
            path=each.path,
            fix=shut_down_generators(facts, each),
            subject=each.label,
        )
