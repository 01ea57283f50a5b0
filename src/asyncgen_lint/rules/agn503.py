"""A coroutine cannot be iterated.

An `async def` without `yield` gives a coroutine, even if it returns an async iterator:
"TypeError: 'async for' requires an object with __aiter__ method, got coroutine".

Await it first: `async for x in await f()`.

Not reported: functions that are decorated, not in view, or stubs; overridable methods of which
some override is an async generator; functions of which the code asks `isasyncgenfunction`.

A type checker reports the same in annotated code; `typed = true` leaves it to that.

Fix safety: adding `await` is safe where the function returns an async iterator by its annotation
or its body, else unsafe. The line raised every time.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.awaits import add_await
from asyncgen_lint.rule import Finding, FixSafety, Severity, rule


@rule(
    "AGN503",
    "async-for-over-coroutine",
    summary="`async for` over a coroutine, which raises TypeError",
    severity=Severity.ERROR,
    fixable=True,
    type_checked=True,
)
def async_for_over_coroutine(facts: Facts) -> Iterator[Finding]:
    """Find async loops over calls of certain coroutine functions."""
    for each in facts.coroutines_iterated():
        safety = FixSafety.SAFE if each.gives_iterable else FixSafety.UNSAFE
        yield Finding(
            f"`{each.label}` is a coroutine, and iterating it raises TypeError; await it first",
            each.header,
            fix=add_await(
                facts, each.source, safety, f"Await `{each.label}`, and iterate its result"
            ),
            subject=each.label,
        )
