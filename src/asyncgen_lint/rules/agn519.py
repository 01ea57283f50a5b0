"""A generator that begins in one task and ends in another cannot undo what it did.

`loop.run_until_complete(anext(g))`, `ensure_future(anext(g))`, `gather(anext(g))` and, before
Python 3.12, `wait_for(anext(g), ...)` run each step in a new task, in a copy of the context. A
context variable that is set before the `yield` is not set behind it, and `ContextVar.reset` raises
"ValueError: <Token ...> was created in a different Context". A cancel scope of anyio or trio raises
"RuntimeError: Attempted to exit cancel scope in a different task than it was entered in"; the
timeout of `asyncio.timeout` is without effect.

Run one task that makes, steps and closes the generator, and hand its items out of it by a queue.

Not reported: generators that reset no context variable and have no cancel scope or task group open
at a `yield`; loops that run within one task; tasks that are given a `context`; generators that this
module does not show.

Fix safety: no automatic fix.

AGN208 is about closing in another task, AGN303 about the `yield` in the scope itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, Tier, rule


@rule(
    "AGN519",
    "stepped-across-tasks",
    summary="a generator bound to its task is stepped by several tasks",
    severity=Severity.WARNING,
    tier=Tier.STRICT,
)
def stepped_across_tasks(facts: Facts) -> Iterator[Finding]:
    """Find steps in new tasks whose generators must be run by one."""
    for each in facts.stepped_in_other_tasks():
        yield Finding(
            f"`{each.spawner}` steps `{each.label}` in a task of its own, and what it set up there"
            " cannot be undone in another; step it in one task",
            each.at,
            path=each.path,
            subject=each.label,
        )
