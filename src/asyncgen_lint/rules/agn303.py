"""A `yield` inside a cancel scope lends the scope to the consumer.

While the generator is suspended inside `asyncio.timeout`, a task group, a nursery or a
`CancelScope`, the scope is still open, and cancels whatever the consumer does meanwhile: the
consumer gets a CancelledError that no timeout of its own explains, errors of child tasks are lost,
and trio reports a corrupted scope stack (PEP 789).

Leave the scope before the `yield`, or make the function a context manager that yields a channel.

Not reported: context managers, fixtures, dependencies and functions with decorators that this
module does not show, which are driven differently, nor what may be one of these: a single `yield`
outside of loops that nothing in the module iterates; scopes that are closed before the `yield`.

Fix safety: safe where the `yield` ends the body of a timeout that raises, such as
`asyncio.timeout`: it moves behind the `with`, and what it yields is made inside. There is no fix
where the scope may swallow its cancellation, as `move_on_after` does, waits for tasks, is entered
with something else, or is opened out of sight.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.behind import yield_behind_scope
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN303",
    "yield-in-cancel-scope",
    summary="a `yield` inside a cancel scope or task group",
    severity=Severity.WARNING,
    fixable=True,
)
def yield_in_cancel_scope(facts: Facts) -> Iterator[Finding]:
    """Find yields of plain generators at which a cancel scope or task group is open."""
    for each in facts.yields_in_scopes():
        yield Finding(
            f"`{each.scope}` is still open at this `yield`, and cancels the consumer instead of"
            " this generator; leave it before yielding",
            each.at,
            path=each.path,
            fix=yield_behind_scope(facts, each),
        )
