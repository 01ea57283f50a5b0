"""An async generator cannot be awaited.

Calling an async generator function gives the generator, not a coroutine:
"TypeError: object async_generator can't be used in 'await' expression".

Iterate it with `async for`, or take one item with `await anext(...)`.

Not reported: coroutines that return a generator; calls that this module does not resolve for
certain, such as overridden methods of another kind, functions with unknown decorators, or names
with two definitions.

A type checker reports the same in annotated code; `typed = true` leaves it to that.

Fix safety: dropping the `await` in a loop's header, and making a `for` an `async for`, is safe,
since the line raised every time. As a statement, what was meant cannot be known, and there is no
fix.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.loops import iterate_directly
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN501",
    "generator-awaited",
    summary="an async generator is awaited, which raises TypeError",
    severity=Severity.ERROR,
    fixable=True,
    type_checked=True,
)
def generator_awaited(facts: Facts) -> Iterator[Finding]:
    """Find awaits of calls that certainly give an async generator."""
    for each in facts.generators_awaited():
        yield Finding(
            f"`{each.label}` is an async generator, and awaiting it raises TypeError; iterate it"
            " with `async for`",
            each.at,
            fix=iterate_directly(facts, each.at, each.loop, each.label),
            subject=each.label,
        )
