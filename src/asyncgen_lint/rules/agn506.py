"""A value cannot be sent to a generator that has not reached its first `yield`.

"TypeError: can't send non-None value to a just-started async generator": the value has no `yield`
to arrive at. The generator is as it was, and can still be started.

Start it first, with `await anext(g)` or `await g.asend(None)`, and send then.

Not reported: generators that another step has started on some path; values that may be None;
generators that come from elsewhere or were handed on; code that expects the TypeError.

Fix safety: no automatic fix; what the first item is for is not known.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN506",
    "asend-before-start",
    summary="a value is sent to a generator that was not started, which raises TypeError",
    severity=Severity.ERROR,
)
def asend_before_start(facts: Facts) -> Iterator[Finding]:
    """Find sends that are the first step of a generator."""
    for each in facts.sent_before_start():
        yield Finding(
            f"`{each.label}` has not been started, and sending it a value raises TypeError; start"
            " it with `await anext(...)`",
            each.call,
            path=each.path,
            subject=each.label,
        )
