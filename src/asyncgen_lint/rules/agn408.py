"""An `except` around the `yield` of a generator does not see the consumer's errors.

A loop body that fails leaves the generator suspended at its `yield`; its exception is not thrown
in. Only context managers are driven that way (runtime: `athrow`). If nothing else in the `try` can
raise, the handler never runs: no rollback when the consumer fails, and in a pytest fixture the
`else: commit` runs for a failing test.

Use `finally`, which runs when the generator is closed; or make it a context manager.

Reported for generators that are iterated in view, yield in a loop or more than once, and for
fixtures of pytest and pytest-asyncio.

Not reported: `try` blocks with anything else that may raise, or that use what is sent in;
context managers, dependencies, and functions that yield once and may be one; handlers that also
catch GeneratorExit; modules that use `athrow`.

Fix safety: no automatic fix; whether `finally` is meant is for a person to say.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, Step, rule


@rule(
    "AGN408",
    "dead-except-around-yield",
    summary="`except` around a `yield` where no exception of the consumer comes in",
    severity=Severity.WARNING,
)
def dead_except_around_yield(facts: Facts) -> Iterator[Finding]:
    """Find handlers whose try can raise only at its yield, where nothing is thrown in."""
    for each in facts.dead_handlers():
        yield Finding(
            "this handler never runs: the consumer's exceptions do not come in at the `yield`; use"
            " `finally`",
            each.handler,
            path=(Step("nothing else is in the `try`", each.at),),
        )
