"""Callers iterate a function that its decorator has made a coroutine function, and get TypeError.

An async generator function in a wrapper written `async def` without `yield` is a coroutine
function from then on: `async for` over its call raises "TypeError: 'async for' requires an object
with __aiter__ method, got coroutine", and what the wrapper does is over before the first item. A
coroutine function in a wrapper that yields is an async generator function: awaiting its call raises
"TypeError: object async_generator can't be used in 'await' expression", and nothing of it runs.

Give the decorator a wrapper of each kind and choose by `inspect.isasyncgenfunction`.

Not reported: functions that nothing in their module uses as what they were, unless the decorator
itself is annotated to give back the type that it gets; those whose callers await first; decorators
out of view; those that tell the kinds apart; several decorators on one function. Where the wrapper
awaits the generator, AGN611 says so.

Fix safety: no automatic fix.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN616",
    "decorator-changes-kind",
    summary="a decorator makes a generator function a coroutine function, or the reverse",
    severity=Severity.WARNING,
)
def decorator_changes_kind(facts: Facts) -> Iterator[Finding]:
    """Find wrappers of another kind than their function, where a use relies on the kind."""
    for each in facts.kinds_changed():
        if each.was_generator:
            change = "a coroutine function of the async generator function"
            then = "iterating a call of it raises TypeError"
        else:
            change = "an async generator function of the coroutine function"
            then = "awaiting a call of it raises TypeError"
        yield Finding(
            f"this decorator makes {change} `{each.name}`: {then}",
            each.at,
            path=each.path,
            subject=each.name,
        )
