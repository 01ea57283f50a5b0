"""`async with` cannot enter an async generator.

A generator has no `__aenter__`: "TypeError: 'async_generator' object does not support the
asynchronous context manager protocol" ("AttributeError: __aenter__" on 3.10), before the body runs.
`await stack.enter_async_context(rows())` raises the same.

If the function is meant as a context manager, decorate it with `contextlib.asynccontextmanager`; if
its items are wanted, write `async with aclosing(rows()) as found:` and iterate `found`.

Not reported: functions with any decorator that does not surely leave them as they are; names that
are bound again, as in `rows = asynccontextmanager(rows)`; stacks that are not contextlib's; a plain
`with`, which is AGN205.

A type checker reports the same in annotated code; `typed = true` leaves it to that.

Fix safety: adding the decorator is safe for a function that yields once, where entering it is all
that is done with it, if its name is private; else other modules may iterate it, and the fix is
unsafe. There is none where something else is done with it, or it may yield more than once.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.decorate import decorate_as_manager
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN505",
    "async-with-generator",
    summary="`async with` enters an async generator, which raises",
    severity=Severity.ERROR,
    fixable=True,
    type_checked=True,
)
def async_with_generator(facts: Facts) -> Iterator[Finding]:
    """Find certain async generators entered as context managers."""
    for each in facts.generators_entered():
        yield Finding(
            f"{each.subject} is an async generator, which {each.by} cannot enter: it raises before"
            " the body; decorate its function with `asynccontextmanager`, or use `aclosing`",
            each.at,
            fix=decorate_as_manager(facts, each),
            subject=each.label,
        )
