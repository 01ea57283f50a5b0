"""An async generator has no `close`, `send`, `throw` or `__next__`.

The call raises "AttributeError: 'async_generator' object has no attribute 'close'", and in a
`finally` that error takes the place of the one that was on its way, while the generator stays open.

Await `g.aclose()`, `g.asend(value)`, `g.athrow(error)` or `anext(g)`.

Not reported: objects that are annotated as async generators and made elsewhere, or that an
`isinstance` or `hasattr` tests; attributes that get other values too; calls in a `try` with a
handler for AttributeError, or under `pytest.raises`.

Fix safety: awaiting the async method is safe as a statement of an `async def`, since the line
raised every time. Elsewhere there is no fix.

A type checker reports the same where it knows the type.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.awaits import await_method
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN512",
    "sync-generator-method",
    summary="a method of sync generators is called on an async one, which raises AttributeError",
    severity=Severity.ERROR,
    fixable=True,
)
def sync_generator_method(facts: Facts) -> Iterator[Finding]:
    """Find `close`, `send`, `throw` and `__next__` of certain async generators."""
    for each in facts.sync_methods_called():
        fix = None
        if each.is_statement:
            title = f"Await `{each.instead}()` in place of `{each.method}()`"
            fix = await_method(facts, each.call, each.instead, title)
        subject = f"`{each.label}`" if each.label else "this"
        yield Finding(
            f"{subject} is an async generator and has no `{each.method}`: this raises"
            f" AttributeError; await `{each.instead}()`",
            each.call,
            fix=fix,
            subject=each.label,
        )
