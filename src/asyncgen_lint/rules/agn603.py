"""A context manager that ends without a `yield` raises RuntimeError when it is entered.

`async with` then fails with "RuntimeError: generator didn't yield", whatever the reason: an early
`return`, a condition without `else`, attempts that all failed. Worst is a handler around the setup
that logs and goes on: the error that stopped the setup is gone, and the RuntimeError, which names
nothing, is all that the caller gets.

Raise on every way that has nothing to yield; in a handler around the setup, raise again.

Not reported: ways that end in `raise`, in a call annotated `NoReturn`, or in one that may be there
to raise; loops that would have to be empty; a chain of conditions or a `match` that may cover all
cases; generators whose `yield` is never reached, which are stubs. A handler that also stands around
the `yield` is strict where it is for chosen types, or where the setup only enters a `with`: whether
that raises, and what, is not known here.

Fix safety: no automatic fix; what to raise is for a person to say.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, Tier, rule


@rule(
    "AGN603",
    "context-manager-may-not-yield",
    summary="a context manager may end without a `yield`, which raises when it is entered",
    severity=Severity.WARNING,
)
def context_manager_may_not_yield(facts: Facts) -> Iterator[Finding]:
    """Find ways through context managers that pass no `yield` and raise nothing."""
    for each in facts.never_yielded():
        if each.swallows:
            text = f"an error of the setup is swallowed, and `{each.name}` ends without a `yield`"
        elif each.is_return:
            text = "this `return` comes before any `yield`"
        else:
            text = f"`{each.name}` may end without a `yield`"
        message = f"{text}: entering raises RuntimeError (generator didn't yield); raise instead"
        tier = Tier.DEFAULT if each.is_certain else Tier.STRICT
        yield Finding(message, each.at, path=each.path, tier=tier, subject=each.name)
