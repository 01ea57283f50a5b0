"""`athrow` with a type, a value and a traceback warns from Python 3.12 on, and will stop working.

"DeprecationWarning: the (type, exc, tb) signature of athrow() is deprecated, use the single-arg
signature instead." Where warnings are errors, as in many test runs, the exception is not thrown in
at all.

Give `athrow` the exception alone; its traceback is set by `with_traceback`.

Not reported: where the target Python is below 3.12; objects that are not certainly async
generators, such as those that a class of its own wraps; arguments by `*`.

Fix safety: safe where the second argument is a call of the first, as in `athrow(E, E("text"))`, or
None; there is no fix for others, or where there is a traceback.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.athrow import throw_instance
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN615",
    "athrow-signature",
    summary="`athrow` with more than one argument, deprecated since Python 3.12",
    severity=Severity.WARNING,
    fixable=True,
)
def athrow_signature(facts: Facts) -> Iterator[Finding]:
    """Find calls of `athrow` of an async generator with more than one argument."""
    for call in facts.athrows_in_parts():
        yield Finding(
            "`athrow` with a type and a value is deprecated since Python 3.12 and warns; give it"
            " the exception alone",
            call,
            fix=throw_instance(call),
        )
