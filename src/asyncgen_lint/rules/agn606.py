"""An `__aiter__` that is a coroutine function breaks every `async for` over the object.

`async for` calls `__aiter__` and does not await it (it did in Python 3.5.0 and 3.5.1): "TypeError:
'async for' received an object from __aiter__ that does not implement __anext__: coroutine". An
`__aiter__` that is a sync generator fails likewise, with "generator".

Write `def __aiter__(self)` and return `self`; or make it an async generator: `async def` and
`yield`.

Not reported: `async def __aiter__` with `yield`; `def __aiter__`, whatever it returns; stubs and
methods that always raise; decorated methods, but for `types.coroutine`.

Fix safety: dropping `async` is safe where the method awaits nothing and nothing in the module
awaits it; else there is no automatic fix.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.definitions import drop_async
from asyncgen_lint.rule import Finding, FixSafety, Severity, rule


@rule(
    "AGN606",
    "async-aiter",
    summary="`__aiter__` gives a coroutine or a sync generator, and `async for` raises",
    severity=Severity.ERROR,
    fixable=True,
)
def async_aiter(facts: Facts) -> Iterator[Finding]:
    """Find `__aiter__` methods whose result cannot be iterated."""
    for each in facts.async_aiters():
        given = "a sync generator" if each.is_generator else "a coroutine"
        fix = drop_async(each.at, FixSafety.SAFE) if each.is_plain else None
        yield Finding(
            f"`{each.owner}.__aiter__` gives {given}, and `async for` raises TypeError; it must"
            " return an async iterator without `await`",
            each.at,
            fix=fix,
            subject=each.owner,
        )
