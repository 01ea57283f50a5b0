"""Under anyio and trio, cleanup that awaits is cut off in a cancelled scope.

When the scope around the consumer is cancelled, `aclosing` closes the generator in time, but every
await in its `finally` raises Cancelled at once: what it should release stays taken. Plain asyncio
raises only once, and does not cut cleanup off.

Await under `CancelScope(shield=True)`, with a timeout, such as `move_on_after(5, shield=True)`.

Not reported: awaits under a shield, under a manager that may be one, or in a `try` that handles
cancellation; `aclose()`, which anyio and trio promise to work also when cancelled, and functions
named after it; functions in view that shield all they await; handlers of ordinary exceptions;
context managers and fixtures, and a single `yield` outside of loops that nothing in the module
iterates, which may be a dependency; modules that import neither anyio nor trio.

Fix safety: no automatic fix; how long cleanup may take is for a person to say.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, Tier, rule


@rule(
    "AGN209",
    "unshielded-async-cleanup",
    summary="an await in cleanup that a cancelled scope of anyio or trio cuts off",
    severity=Severity.WARNING,
    tier=Tier.STRICT,
)
def unshielded_async_cleanup(facts: Facts) -> Iterator[Finding]:
    """Find awaits without a shield in the cleanup of generators of anyio and trio code."""
    for each in facts.unshielded_cleanups():
        yield Finding(
            "this await raises Cancelled at once if the consumer was cancelled, and the cleanup is"
            " not done; shield it",
            each.at,
            path=each.path,
        )
