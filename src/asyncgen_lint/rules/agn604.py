"""The wrong one of contextlib's two decorators raises TypeError when it is entered.

`@contextmanager` steps a sync generator, `@asynccontextmanager` an async one. On a function of the
other kind, importing and calling work, and entering raises: "TypeError: 'async_generator' object
is not an iterator", "'coroutine' object is not an iterator", "'generator' object is not an async
iterator", or "'coroutine' object is not an async iterator". The same happens to an `async def`
that lost its last `yield`.

Use `@asynccontextmanager` on `async def` with `yield`, `@contextmanager` on `def` with `yield`,
and enter the one by `async with`, the other by `with`.

Not reported: a plain `def` that returns an async generator, which works; stubs, overloads, abstract
methods, and functions that always raise; decorators over others that this module does not show.

Fix safety: safe for `@contextmanager` on an async generator function, which could never be
entered; it must then be entered by `async with`. The other cases have no automatic fix.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.decorate import replace_decorator
from asyncgen_lint.rule import Finding, FixSafety, ImportRequest, Severity, rule

_ASYNC = ImportRequest("contextlib", "asynccontextmanager")


@rule(
    "AGN604",
    "wrong-context-manager-decorator",
    summary="`contextmanager` on an `async def`, or `asynccontextmanager` on no async generator",
    severity=Severity.ERROR,
    fixable=True,
)
def wrong_context_manager_decorator(facts: Facts) -> Iterator[Finding]:
    """Find decorators whose functions give them no generator that they could step."""
    for each in facts.wrongly_decorated():
        fix = None
        if each.is_sync and each.is_generator:
            title = "Use `asynccontextmanager`; enter it by `async with`"
            fix = replace_decorator(facts, each.at, _ASYNC, each.function, FixSafety.SAFE, title)
        needed = "a sync" if each.is_sync else "an async"
        yield Finding(
            f"`{each.decorator}` needs {needed} generator, and `{each.name}` gives {each.kind}:"
            " entering raises TypeError",
            each.at,
            fix=fix,
            subject=each.name,
        )
