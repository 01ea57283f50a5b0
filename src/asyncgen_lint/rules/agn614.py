"""An async context manager that is iterated, awaited, stepped or entered by `with` raises.

What a function with `@asynccontextmanager` gives has `__aenter__` and `__aexit__` and nothing else:
`async for` raises "TypeError: 'async for' requires an object with __aiter__ method, got
_AsyncGeneratorContextManager", `await` "object _AsyncGeneratorContextManager can't be used in
'await' expression", `with` a TypeError (AttributeError: __enter__ on Python 3.10). It can be
entered once: a second `async with` on the same object raises "AttributeError: args".

Write `async with`, and call the function anew for each.

Not reported: what a decorator other than contextlib's may have made more of; names that get
something else too; attributes; code under `pytest.raises`, `assertRaises` or a handler for the
error; second entries on one of two branches alone.

Type checkers report these in annotated code, the second entry excepted.

Fix safety: safe, since what is repaired raised every time. `with` and `async for` over a call
become `async with`; of `name = await manager()` the rest of the block goes into it, if the name is
used there alone and does not leave it. There is no fix for a second entry, nor for what only a name
holds.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.enter import enter_instead
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN614",
    "context-manager-misuse",
    summary="an async context manager is iterated, awaited, entered by `with`, or entered twice",
    severity=Severity.ERROR,
    fixable=True,
)
def context_manager_misuse(facts: Facts) -> Iterator[Finding]:
    """Find uses of async context managers that raise on every run that reaches them."""
    for each in facts.managers_misused():
        message = _MESSAGES[each.way].format(name=each.name)
        yield Finding(
            message, each.at, path=each.path, fix=enter_instead(facts, each), subject=each.name
        )


_WHAT = "`{name}()` is an async context manager"
_MESSAGES = {
    "async for": f"{_WHAT}, and iterating it raises TypeError; enter it by `async with`",
    "await": f"{_WHAT}, and awaiting it raises TypeError; enter it by `async with`",
    "anext": f"{_WHAT}, and stepping it raises TypeError; enter it by `async with`",
    "with": f"{_WHAT}, and `with` cannot enter it; use `async with`",
    "again": "this enters the same `{name}()` a second time, which raises AttributeError; call"
    " `{name}` anew",
}
