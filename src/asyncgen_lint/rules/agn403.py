"""An error ends the stream as if it were complete.

`except Exception: return` (or `pass`, or a line in the log) around the `yield` of an async
generator turns any failure into a normal end: of five rows the consumer gets two and cannot tell.
What it computes from them is wrong, and nothing fails.

Let the error out, or catch the one exception that means the end.

Reported are handlers for Exception, BaseException and bare ones in a generator, if the `try` holds
a `yield` and something else that may raise, and the stream ends behind the handler.

Not reported: handlers for specific exceptions, such as ConnectionClosed or EOFError; that raise,
yield, go on with the loop, set a flag, hand the error to anybody but a logger, or call more than a
release; a `try` that yields an error caught before it; context managers (AGN612) and functions that
yield once and may be a dependency. AGN302, AGN401 and AGN402 go first on the same handler.

Fix safety: unsafe. Appending `raise` lets the error out, which is the point; which error means the
end is for a person to say. There is no fix for a handler that ends in `return` or `break`.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.raise_again import append_raise
from asyncgen_lint.rule import Finding, Severity, Step, rule


@rule(
    "AGN403",
    "error-ends-stream-silently",
    summary="a handler for all errors ends the stream as if it were complete",
    severity=Severity.WARNING,
    fixable=True,
)
def error_ends_stream_silently(facts: Facts) -> Iterator[Finding]:
    """Find handlers for every error after which a generator just ends."""
    for each in facts.errors_swallowed():
        yield Finding(
            "any error here ends the stream as if it were complete; raise it, or catch only what"
            " means the end",
            each.handler,
            path=(
                Step("this may fail", each.at),
                Step("and this handler ends the stream", each.handler),
            ),
            fix=append_raise(facts, each.handler) if each.falls_through else None,
        )
