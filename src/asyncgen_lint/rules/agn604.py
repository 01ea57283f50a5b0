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

Fix safety: safe for a generator function of the other kind, which could never be entered; each
`with` over it in the module follows. There is no fix where one of these cannot, such as a `with` in
a plain `def` that would have to be `async with`, nor for a sync generator function that is used
otherwise or annotated as async, nor for functions without `yield`.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.decorate import swap_manager_decorator
from asyncgen_lint.rule import Finding, Severity, rule


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
        needed = "a sync" if each.is_sync else "an async"
        yield Finding(
            f"`{each.decorator}` needs {needed} generator, and `{each.name}` gives {each.kind}:"
            " entering raises TypeError",
            each.at,
            fix=swap_manager_decorator(facts, each),
            subject=each.name,
        )
