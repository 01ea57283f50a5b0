"""Yielding a coroutine does not await it.

JavaScript awaits what an async generator yields; Python does not. The consumer gets coroutine
objects, which are always true and never None, and "coroutine ... was never awaited" at best.

Write `yield await f(...)`.

Not reported: functions annotated to give Awaitable, Coroutine, Future or Task; tasks; functions
whose consumers in view await the items; context managers and fixtures; calls of functions that
are decorated, async generators, or not in view.

Fix safety: unsafe. The consumer then gets other values, and the calls run one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.awaits import add_await
from asyncgen_lint.rule import Finding, FixSafety, Severity, rule


@rule(
    "AGN301",
    "unawaited-yield",
    summary="a coroutine is yielded without being awaited",
    severity=Severity.WARNING,
    fixable=True,
)
def unawaited_yield(facts: Facts) -> Iterator[Finding]:
    """Find yields of a certain coroutine that no consumer in view awaits."""
    for each in facts.yielded_coroutines():
        yield Finding(
            f"`{each.label}` is a coroutine, and `yield` does not await it: the consumer gets the"
            f" coroutine object; write `yield await {each.label}`",
            each.at,
            fix=add_await(
                facts, each.call, FixSafety.UNSAFE, f"Await `{each.label}`, and yield its result"
            ),
            subject=each.label,
        )
