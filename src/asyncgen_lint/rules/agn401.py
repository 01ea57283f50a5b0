"""A handler that absorbs GeneratorExit takes the consumer's leaving for the end of the stream.

`except GeneratorExit`, `except BaseException` or a bare `except` around a `yield` that does not
raise again lets the code after it run as if every item had been taken: a batch is committed, a
total is reported. If the same handler catches CancelledError at an `await`, a cancelled consumer
sees a stream that ended normally.

End the handler with `raise`, or do the work in `else`.

Not reported: handlers that raise on every path; handlers after which nothing with an effect
follows (`return`, `break`, `pass`) and no cancellation is lost; work that a flag keeps for a loop
that ended; work in `finally`, which runs anyway. AGN302 is reported instead where the generator
yields again.

Fix safety: unsafe. Appending `raise` changes what runs after the handler, which is the point. There
is no fix for a handler that ends in a jump, such as `return`.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.raise_again import append_raise
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN401",
    "generator-exit-swallowed",
    summary="a handler absorbs GeneratorExit and the generator goes on",
    severity=Severity.WARNING,
    fixable=True,
)
def generator_exit_swallowed(facts: Facts) -> Iterator[Finding]:
    """Find handlers that absorb GeneratorExit before work, or together with a cancellation."""
    for each in facts.exits_swallowed():
        if each.swallows_cancellation:
            message = (
                "this handler swallows cancellation with GeneratorExit: a cancelled consumer sees"
                " a stream that ended normally"
            )
        else:
            message = (
                "this handler absorbs GeneratorExit: what follows runs although the consumer has"
                " left"
            )
        yield Finding(
            f"{message}; end it with `raise`",
            each.handler,
            path=each.path,
            fix=append_raise(facts, each.handler) if each.falls_through else None,
        )
