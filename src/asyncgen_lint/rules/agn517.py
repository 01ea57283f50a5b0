"""The rollback of a dependency never runs when a loop iterates it.

`async for session in get_session():` looks like a way to use a FastAPI dependency outside of a
request. But a loop throws nothing into the generator: when its body fails, the `except` around the
`yield` does not run, nothing is rolled back, and the generator is closed later, by the event loop
in another task, or never.

Enter it: `async with asynccontextmanager(get_session)() as session:`.

Not reported: generators that nothing in view uses as a dependency, or that have no handler around
their `yield`, or more than one `yield`; loops whose whole body is a `try` that handles failures
itself.

Fix safety: entering it is safe where its handlers raise again and the loop's body never leaves the
loop; errors in its cleanup then reach the caller. Unsafe where the body returns, for what stands
behind the `yield` then runs too. There is no fix for a body with `break`, `continue` or `yield`,
nor where a handler keeps the failure.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.dependencies import enter_dependency
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN517",
    "dependency-iterated",
    summary="a dependency is iterated with `async for`, where its handlers never run",
    severity=Severity.WARNING,
    fixable=True,
)
def dependency_iterated(facts: Facts) -> Iterator[Finding]:
    """Find loops over generators whose handlers a framework drives."""
    for each in facts.dependencies_iterated():
        yield Finding(
            f"a failure in this loop does not reach the handler in `{each.label}`, and closing it"
            " is late; use `async with asynccontextmanager(...)`",
            each.header,
            path=each.path,
            fix=enter_dependency(facts, each),
            subject=each.label,
        )
