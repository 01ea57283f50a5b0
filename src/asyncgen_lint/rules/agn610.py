"""The second caller of a cached async generator function gets no items: it is the same object.

`functools.cache`, `lru_cache`, `cached_property` and `cachetools.cached` keep what the first call
gave. An async generator is given at once, and can be read once: the first consumer takes the items,
the second finds it at its end and sees an empty stream, with no error. Two consumers at a time
share the items, or get "RuntimeError: anext(): asynchronous generator is already running".

Cache the items: collect them in a coroutine function and cache what it gives (a list), or keep
them in an object whose `__aiter__` starts anew each time.

Not reported: caches of coroutine functions and of what is no generator; caches that keep nothing
(`maxsize=0`, `cache=None`); `async_lru.alru_cache`, which raises when it decorates; caches that
this rule has no table row for; functions with decorators that are not understood below the cache.

Fix safety: no automatic fix; what is to be kept, and for how long, is for a person to say.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN610",
    "cached-generator",
    summary="a cache hands out one async generator again, which is empty the second time",
    severity=Severity.WARNING,
)
def cached_generator(facts: Facts) -> Iterator[Finding]:
    """Find caches around async generator functions, and around functions that return one."""
    for each in facts.generators_cached():
        kept = "" if each.is_generator else " returned"
        yield Finding(
            f"the cache keeps the async generator{kept} by the first call of `{each.name}`, and"
            " hands it out again when it is used up; cache the items",
            each.at,
            subject=each.name,
        )
