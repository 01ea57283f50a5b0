"""A method of an async generator that is not awaited does nothing.

`g.aclose()`, `g.asend(x)`, `g.athrow(e)`, `g.__anext__()` and `anext(g)` only make an awaitable.
Unless it is awaited, the generator is not closed and not stepped, and what looks like an item is
an `async_generator_asend` object. Python 3.13 warns of some of these; earlier versions are silent.

Await it.

Not reported: awaitables that are awaited later, returned, stored or handed to a task, `gather`,
`wait_for` or another call; methods of objects that are not known to be generators; sync functions.

Fix safety: adding `await` is safe for an `aclose()` statement, unsafe for a step, because a step
that never happened then does. An error in the cleanup that `aclose()` now runs reaches the caller.
There is no fix where the call is no statement, or where `await` may not stand.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.awaits import await_step
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN201",
    "generator-method-not-awaited",
    summary="a method of an async generator is called and not awaited, so nothing happens",
    severity=Severity.WARNING,
    fixable=True,
)
def generator_method_not_awaited(facts: Facts) -> Iterator[Finding]:
    """Find steps and closes of a generator whose awaitable nothing awaits."""
    for each in facts.unawaited_steps():
        if each.used_as_item:
            message = (
                f"`{each.method}()` gives an awaitable, which is used here as if it were the item"
            )
        elif each.method == "aclose":
            message = "`aclose()` is not awaited: the generator is not closed"
        else:
            message = f"`{each.method}()` is not awaited: the generator is not stepped"
        yield Finding(f"{message}; await it", each.call, fix=await_step(facts, each))
