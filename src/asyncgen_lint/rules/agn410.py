"""A release in `except Exception` is skipped by a timeout, a cancellation, or a closed generator.

CancelledError and GeneratorExit are no Exception. A connection that is opened, set up under
`except Exception: await conn.close(); raise`, and cancelled meanwhile stays open: a server process
keeps running, an exit stack keeps its scopes and fails later with "attempted to exit a cancel
scope that isn't the current task's current cancel scope".

Use `except BaseException`, or `finally`, or a `with`.

Reported in async generators, context managers and `__aenter__` methods, for a handler that only
releases what was acquired before the `try`, and raises again.

Not reported: what a `finally`, another handler, a `with`, an exit stack or a nested function also
releases; handlers that do anything else than release and log; what was acquired inside the `try`;
locks and files made here, which go with their last reference; a `try` without an `await`, and
without a `yield` at which a plain generator is closed.

Fix safety: unsafe. `except BaseException` releases on more ways out, which is the point. There is
no fix for a handler of other types as well.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.stops import catch_everything
from asyncgen_lint.rule import Finding, Severity, Step, rule

_WAYS_OUT = {
    "cancellation": "a cancellation here is no Exception",
    "exit": "a consumer that leaves here raises GeneratorExit, which is no Exception",
}


@rule(
    "AGN410",
    "cleanup-only-on-exception",
    summary="a release in `except Exception`, which cancellation and closing pass by",
    severity=Severity.WARNING,
    fixable=True,
)
def cleanup_only_on_exception(facts: Facts) -> Iterator[Finding]:
    """Find handlers for Exception that alone release what was acquired before their try."""
    for each in facts.releases_for_errors():
        yield Finding(
            f"`{each.text}` is skipped on cancellation or closing, which are no Exception; catch"
            " BaseException, or use `finally`",
            each.handler,
            path=(
                Step("it is acquired here", each.acquired),
                Step(_WAYS_OUT[each.way_out], each.at),
                Step("so that this handler does not release it", each.handler),
            ),
            fix=catch_everything(facts, each.type),
        )
