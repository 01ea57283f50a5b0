"""`async for` cannot iterate a list or another sync iterable.

"TypeError: 'async for' requires an object with __aiter__ method, got list", whenever the loop is
reached; so for ranges, views of a dict, sync generators, and what `enumerate`, `zip` and `map`
give. `asyncio.as_completed` can be iterated so from Python 3.13 on, and raises this before.

Drop the `async`: a `for` may stand in an `async def`, and `await` in its body.

Not reported: what may be something else on some path; objects of classes, which may define
`__aiter__`; `enumerate(rows())` over an async generator, which is AGN502; functions that are not
the builtin ones; `as_completed` where the target version is 3.13 or later.

A type checker reports the same in annotated code; `typed = true` leaves it to that.

Fix safety: dropping `async` is safe, since the line raised every time. There is no fix outside
`async def`, for `as_completed`, which a newer Python iterates so, and in a generator expression,
which would no longer be an async generator.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.loops import iterate_sync
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN510",
    "async-for-over-sync-iterable",
    summary="`async for` over a list or another sync iterable, which raises TypeError",
    severity=Severity.ERROR,
    fixable=True,
    type_checked=True,
)
def async_for_over_sync_iterable(facts: Facts) -> Iterator[Finding]:
    """Find async loops over what certainly is a sync iterable."""
    for each in facts.sync_iterables_iterated():
        yield Finding(
            f"`async for` over {each.by} raises TypeError; use a plain `for`",
            each.at,
            fix=None if each.is_later_right else iterate_sync(facts, each.at, each.label),
            subject=each.label,
        )
