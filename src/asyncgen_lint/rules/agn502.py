"""A sync loop or function cannot consume an async generator.

`for x in rows()`, `list(rows())`, `sum`, `zip`, `enumerate`, `*rows()` and the like raise
"TypeError: 'async_generator' object is not iterable" whenever they are reached. An `await` in the
element or in a condition makes a generator expression async too, so that
`any(await f(x) for x in xs)` raises this as well; in a list display it would not.

Use `async for`, or an async comprehension: `[x async for x in rows()]`, and then `sum` or `any` of
that list. asyncstdlib has `zip`, `enumerate` and `islice` for async iterators.

Not reported: functions that are not the builtin or itertools ones, whatever their name, such as
asyncstdlib's `list`; generator expressions with `await` in their first iterable alone, which are
sync; generators whose kind is not certain, parameters among them; code that expects the TypeError,
in `pytest.raises` or by a handler for it.

A type checker reports the same in annotated code; `typed = true` leaves it to that.

Fix safety: `async for`, and an async comprehension in the place of `list` and its like, are safe,
since the line raised every time. Unsafe is a list for `any`, `sum`, `in`, `zip` and others that may
be right without the whole source: an endless one would never end. There is no fix outside
`async def`, for a generator expression that is kept, and for `islice`, `next` and others.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.collect import consume_async
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN502",
    "sync-consumption",
    summary="a sync loop or function consumes an async generator, which raises TypeError",
    severity=Severity.ERROR,
    fixable=True,
    type_checked=True,
)
def sync_consumption(facts: Facts) -> Iterator[Finding]:
    """Find certain async generators that something sync is to iterate."""
    for each in facts.consumed_by_sync():
        yield Finding(
            f"{each.subject} is an async generator, and {each.by} raises TypeError on it; use"
            " `async for` or an async comprehension",
            each.at,
            fix=consume_async(facts, each),
            subject=each.label,
        )
