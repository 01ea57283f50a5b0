"""A generator is returned out of the `with` that closes what it reads from.

Calling an async generator function runs nothing of it. If the generator is returned from inside
`async with Client() as client`, the client is closed before its first step, which then fails with
"client has been closed" or, from a pool, works on a connection that somebody else has got. The same
goes for `try`/`finally: await client.aclose()`, and for a generator that a streaming response is
made of: it is iterated when the function, and its `with`, are long over.

Let the generator open what it uses: put the `async with` into it.

Not reported: generators that do not use what the `with` binds, or enter it themselves; results that
are drained inside; objects that were there before the `with`; managers that are known to close
nothing, or not known to close anything; task groups and timeouts.

Fix safety: no automatic fix; the scope has to move into the generator.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN605",
    "resource-escapes-its-scope",
    summary="a generator is returned out of the `with` that closes what it uses",
    severity=Severity.WARNING,
)
def resource_escapes_its_scope(facts: Facts) -> Iterator[Finding]:
    """Find returns of generators that use what the return itself ends."""
    for each in facts.resources_escaping():
        yield Finding(
            f"`{each.label}` is returned before it runs, and `{each.resource}`, which it uses, is"
            " closed by then; open it in the generator",
            each.at,
            path=each.path,
            subject=each.label,
        )
