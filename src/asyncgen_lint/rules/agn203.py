"""A generator kept on `self` that no method closes.

A class that starts a generator and keeps it holds it open: its `finally` and `async with` wait
until the object goes away. If the generator is made from a method of the same object, object and
generator refer to each other, so that only a cyclic garbage collection ends them, and with the
collector off nothing does. Until then the connection or file stays open; then the cleanup runs in
another task, and under trio it is cut off at its first `await`.

Close it where the object ends: `await self._rows.aclose()` in its own `aclose` or `__aexit__`.

Not reported: generators with nothing to clean up at their `yield`, or passed in by the caller;
attributes that anything in the module closes, exhausts, or hands to something that may; generators
whose response or connection a method closes instead; classes with a base out of view.

Fix safety: no automatic fix; which method ends the object is for a person to say.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN203",
    "stored-generator-never-closed",
    summary="a generator is kept on `self` and no method closes it",
    severity=Severity.WARNING,
)
def stored_generator_never_closed(facts: Facts) -> Iterator[Finding]:
    """Find stores of a generator that needs closing, in classes that never close it."""
    for each in facts.stored_open():
        yield Finding(
            f"nothing closes `{each.label}`, which `{each.owner}` keeps in `{each.attribute}`: its"
            " cleanup waits for the garbage collector; await its `aclose()` where the object ends",
            each.at,
            path=each.path,
            subject=each.attribute,
        )
