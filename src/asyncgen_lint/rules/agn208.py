"""A generator closed in another task cannot undo what it did in its own.

`create_task(g.aclose())`, `gather(g.aclose())` and, before Python 3.12, `wait_for(g.aclose())` run
the generator's cleanup in a new task, in a copy of the context. `ContextVar.reset` then raises
"ValueError: <Token ...> was created in a different Context", and leaving a cancel scope of anyio
"RuntimeError: Attempted to exit cancel scope in a different task than it was entered in".

Await `g.aclose()` in the task that steps the generator; for a timeout, `async with
asyncio.timeout(...)` does not leave it.

Not reported: generators that reset no context variable and hold no cancel scope of anyio or trio
at a `yield`; tasks that are given a `context`; generators or variables this module does not show;
`wait_for` where the target is Python 3.12 or later.

Fix safety: `await g.aclose()` in place of a task that is awaited on the spot is safe, and unsafe in
place of `shield`, which keeps a cancellation from it. There is no fix for `wait_for`, for a task
that is kept or dropped, for several in one `gather`, or for a generator inside a cancel scope or
task group, which may fail in its own task as well (AGN303).
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.await_here import await_here
from asyncgen_lint.rule import Finding, Severity, Tier, rule


@rule(
    "AGN208",
    "aclose-in-other-task",
    summary="a generator bound to its task is closed in another one",
    severity=Severity.WARNING,
    tier=Tier.STRICT,
    fixable=True,
)
def aclose_in_other_task(facts: Facts) -> Iterator[Finding]:
    """Find `aclose()` calls in new tasks whose generators must end where they began."""
    for each in facts.closed_in_other_tasks():
        yield Finding(
            f"`{each.spawner}` closes `{each.label}` in another task, where its cleanup fails;"
            " await `aclose()` in the task that steps it",
            each.at,
            path=each.path,
            fix=await_here(facts, each),
            subject=each.label,
        )
