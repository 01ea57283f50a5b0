"""A task that an async generator starts runs on after the generator is closed.

A consumer that breaks, raises or is cancelled closes the generator at its `yield`, even in time
and under `aclosing`; the task knows nothing of it. It goes on filling a queue that nobody reads,
holds its connection, and its error is never retrieved. What stands behind the `yield` on the normal
path alone, such as `await task`, does not run.

Cancel the task and await it in a `finally` around every `yield` behind its start.

Not reported: tasks awaited, or asked for their result, before the `yield`; tasks that are
yielded, returned, stored or handed on; tasks that a `finally`, a handler for GeneratorExit or the
end of a `with` may stop through what they work with; tasks of a group; tasks that nothing holds,
unless the generator waits for an object it made for them; context managers, and generators that
may be dependencies.

Fix safety: no automatic fix; whether to cancel the task or to wait for it is for a person to say.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN107",
    "task-outlives-generator",
    summary="a task started by an async generator runs on after it is closed",
    severity=Severity.WARNING,
)
def task_outlives_generator(facts: Facts) -> Iterator[Finding]:
    """Find tasks that are running at a yield and that no way out there ends."""
    for each in facts.tasks_outliving():
        yield Finding(
            "this task runs on when the consumer leaves the generator; cancel and await it in a"
            " `finally` around the `yield`",
            each.call,
            path=each.path,
            subject=each.name,
        )
