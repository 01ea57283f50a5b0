"""An async generator function is not its generator: it must be called.

`async for x in rows:` without the parentheses raises "TypeError: 'async for' requires an object
with __aiter__ method, got function" (or "method"). `rows.aclose()` and `rows.asend(...)` raise
AttributeError, `anext(rows)` TypeError. `StreamingResponse(rows)` fails only while the response is
sent, after the status line.

Call it: `async for x in rows():`.

Not reported: properties, and attributes that may hold something else than the method; functions
with decorators that this module does not show; `aclosing(rows)`, which is AGN207; functions handed
on to be called later.

A type checker reports the same in annotated code; `typed = true` leaves it to that.

Fix safety: adding the parentheses is safe, since the line raised every time. There is no fix where
the function is decorated or needs arguments, nor for a method or `anext(rows)`: these would act on
a new generator each time, which nothing else can iterate or close.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.calls import call_it
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN511",
    "missing-call",
    summary="an async generator function is used without being called, which raises",
    severity=Severity.ERROR,
    fixable=True,
    type_checked=True,
)
def missing_call(facts: Facts) -> Iterator[Finding]:
    """Find async generator functions where their generator is needed."""
    for each in facts.functions_not_called():
        yield Finding(
            f"`{each.label}` is the function, not its generator, and {each.by} cannot take it;"
            f" call it: `{each.label}()`",
            each.at,
            fix=call_it(each.node, each.label) if each.is_to_be_called else None,
            subject=each.label,
        )
