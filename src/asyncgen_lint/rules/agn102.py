"""An exception in the body of `async for` leaves the generator open.

When something in the loop's body raises, or the task is cancelled at an `await` there, the loop is
left as by `break`: the generator stays suspended at its `yield`, and its cleanup runs late, in
another task, or not at all. While the exception is handled, its traceback keeps the generator
alive, so that the handler still finds the connection taken.

Iterate it under `contextlib.aclosing`.

Not reported: bodies in which nothing is awaited, called, subscripted or computed, or that only ask
`isinstance` and append to a list of their own; exceptions that the generator itself raises, which
finish it; what AGN101, AGN103 or AGN202 reports; whatever AGN101 does not report. Strict, because
most bodies may raise and few programs go on after it.

Fix safety: as for AGN101. An async comprehension moves under `aclosing` with its whole statement,
if that evaluates nothing before it.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.hoist import iterate_closed
from asyncgen_lint.rule import Finding, Severity, Tier, rule


@rule(
    "AGN102",
    "loop-body-may-abandon-generator",
    summary="an exception or cancellation in the body of `async for` leaves the generator open",
    severity=Severity.WARNING,
    tier=Tier.STRICT,
    fixable=True,
)
def loop_body_may_abandon_generator(facts: Facts) -> Iterator[Finding]:
    """Find loops over a generator that needs closing, left by an exception that may be raised."""
    reported = {each.header for each in facts.left_open if each.is_certain}
    closed = {each.creation for each in facts.closes_skipped}
    for each in facts.left_open:
        if not each.is_loop or each.is_certain:
            continue
        if each.header in reported or each.creation in closed:
            continue
        yield Finding(
            f"{each.exit} leaves `{each.label}` open: its cleanup runs late, in another task, or"
            " not at all; iterate it under `aclosing`",
            each.header,
            path=each.path,
            fix=iterate_closed(facts, each),
            subject=each.label,
        )
