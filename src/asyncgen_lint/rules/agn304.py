"""A lock that is held at a `yield` stays locked for as long as the consumer likes.

While the generator is suspended, the consumer runs, and the lock is held. A consumer that takes the
same `asyncio.Lock` waits for itself for ever; with a `threading.Lock` the whole event loop stands
still. A consumer that leaves early leaves it locked until the generator is closed, which without
`aclosing` is at some later time.

Take the lock for what needs it, copy what was read, and yield after it was released.

Not reported: context managers, fixtures, and a single `yield` outside of loops that nothing in the
module iterates, which may be a dependency: they are made to lend the lock; semaphores and capacity
limiters, which are often held on purpose; locks that this call of the generator makes for itself;
locks that the function also releases by hand; names that are not certainly locks.

That an `RLock` or a `Condition` does the same follows from their documentation. Fix safety: no
automatic fix; what the lock protects is for a person to say.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN304",
    "yield-holding-lock",
    summary="a `yield` while a lock is held",
    severity=Severity.WARNING,
)
def yield_holding_lock(facts: Facts) -> Iterator[Finding]:
    """Find yields of plain generators at which a lock is held."""
    for each in facts.yields_holding_locks():
        harm = (
            "blocks the event loop when another task or the consumer wants it"
            if each.blocks
            else "deadlocks a consumer that wants it"
        )
        yield Finding(
            f"`{each.label}` ({each.kind}) is held while this `yield` waits for the consumer, and"
            f" {harm}; release it before yielding",
            each.at,
            path=each.path,
            subject=each.label,
        )
