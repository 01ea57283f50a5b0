"""An `async def` stub of an async iterator is a coroutine function, and its overrides are not.

`async def rows(self) -> AsyncIterator[Row]: ...` has no `yield`: it says that callers await it
first. An override with `yield` must not be awaited. Type checkers believe the stub, and call the
right loop wrong; whoever runs into the stub gets "TypeError: 'async for' requires an object with
__aiter__ method, got coroutine" in place of its NotImplementedError, which is never raised.

Write the stub as `def rows(self) -> AsyncIterator[Row]`; or keep `async def` and put a `yield`
behind what it raises.

Not reported: stubs whose method something in the module awaits; those with no override or loop in
the module, or with an override that is a coroutine function; stubs with a `yield`; bodies that do
something; overloads and decorated methods other than abstract ones.

Fix safety: dropping `async` is safe in a protocol and for an abstract method, which never run by
themselves, unsafe elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.definitions import drop_async
from asyncgen_lint.rule import Finding, FixSafety, Severity, rule


@rule(
    "AGN608",
    "async-stub-of-async-iterator",
    summary="an `async def` stub of an async iterator, which its overrides do not match",
    severity=Severity.WARNING,
    fixable=True,
)
def async_stub_of_async_iterator(facts: Facts) -> Iterator[Finding]:
    """Find stubs that are coroutine functions where an async generator is meant."""
    for each in facts.async_stubs():
        safety = FixSafety.SAFE if each.is_abstract else FixSafety.UNSAFE
        used = "its override is an async generator" if each.is_override else "it is iterated"
        yield Finding(
            f"`{each.name}` is a coroutine function without a `yield`, but {used}; drop `async`",
            each.at,
            path=each.path,
            fix=drop_async(each.at, safety),
            subject=each.name,
        )
