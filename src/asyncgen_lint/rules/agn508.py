"""Two tasks cannot be inside one async generator.

While a step is suspended inside the generator, another `anext`, `asend`, `athrow` or `aclose`
raises "RuntimeError: anext(): asynchronous generator is already running". The running step goes on
and the generator stays open. A task that was told to `cancel()` is inside until it was awaited, so
that an `aclose()` right after it raises too, and closes nothing. So is the one that
`run_until_complete` ran when Ctrl-C came.

Let one task step the generator and put the items on a queue; await the cancelled task, as by
`await asyncio.gather(task, return_exceptions=True)`, before closing.

Not reported: generators that await nothing between their yields; workers that use a `with` or
`acquire`, which may be a lock; tasks with an `await`, or a run of the loop, between their starts,
which may wait for the first; a close whose RuntimeError is caught or suppressed; generators that
come from elsewhere.

Fix safety: awaiting the cancelled task before the close is unsafe, for it takes as long as that
does. Two tasks that step one generator have no fix.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.cancelled import await_cancelled
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN508",
    "concurrent-step",
    summary="two tasks step or close one async generator at once, which raises RuntimeError",
    severity=Severity.WARNING,
    fixable=True,
)
def concurrent_step(facts: Facts) -> Iterator[Finding]:
    """Find tasks started together on a generator, and closes while a cancelled one is in it."""
    for each in facts.stepped_concurrently():
        yield Finding(
            (
                f"the cancelled task may still be inside `{each.label}`, so that `aclose()` raises"
                " RuntimeError; await the task first"
                if each.is_close
                else f"another task may be inside `{each.label}`, so that this raises RuntimeError;"
                " let one task step it"
            ),
            each.at,
            path=each.path,
            fix=await_cancelled(facts, each),
            subject=each.label,
        )
