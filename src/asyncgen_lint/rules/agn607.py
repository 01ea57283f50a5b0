"""An `__anext__` that ends by StopIteration, or yields, breaks the loop over it.

In an `async def`, StopIteration becomes "RuntimeError: coroutine raised StopIteration" (PEP 479):
the loop fails where it should end, by `raise StopIteration` or by a `next()` that comes to its end.
With a `yield`, `__anext__` gives a generator in place of an awaitable: "TypeError: 'async for'
received an invalid object from __anext__: async_generator".

Raise `StopAsyncIteration`; around `next()`, catch StopIteration and raise that.

Not reported: StopIteration that a `try` or a `with` around it may catch; `next()` with a default,
or of an iterator that is not known to end; `def __anext__` that returns an awaitable; a `yield`
where `__aiter__` does not return the object itself; decorated methods.

Fix safety: safe for `raise StopIteration`, which always failed. The rest has no automatic fix, nor
has it where StopAsyncIteration names something else.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.definitions import raise_instead
from asyncgen_lint.rule import Finding, FixSafety, Severity, rule

_HARMS = {
    "raise": "raises StopIteration, which becomes RuntimeError; raise StopAsyncIteration",
    "next": "lets the StopIteration of `next()` out, which becomes RuntimeError; catch it and"
    " raise StopAsyncIteration",
    "": "yields, so that it gives a generator and `async for` raises TypeError; return the item",
}


@rule(
    "AGN607",
    "broken-anext",
    summary="`__anext__` ends by StopIteration, or yields, and `async for` raises",
    severity=Severity.ERROR,
    fixable=True,
)
def broken_anext(facts: Facts) -> Iterator[Finding]:
    """Find `__anext__` methods that end the iteration wrongly, or give no awaitable."""
    for each in facts.broken_anexts():
        fix = None
        if each.stops_by == "raise":
            fix = raise_instead(facts, each.statement, "StopAsyncIteration", FixSafety.SAFE)
        yield Finding(
            f"`{each.owner}.__anext__` {_HARMS[each.stops_by]}",
            each.at,
            path=each.path,
            fix=fix,
            subject=each.owner,
        )
