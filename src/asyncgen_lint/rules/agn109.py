"""A stream that an async generator opens and does not close when it is closed itself.

Closing an async generator ends its loops, but it closes nothing that they iterate. A response, a
cursor or a subscription of a class of one's own, made in the generator, stays open when the
consumer leaves; and such an object, other than a generator, is not even handed to the event loop
when it is dropped.

Iterate it inside its own `async with`, or close it in a `finally`.

Not reported: streams closed on that path, entered, stored, returned or handed on; classes whose
close method does nothing, or closes what the caller owns; classes with a base out of view; objects
that a method returns and may keep.

Fix safety: `async with` of the stream's own is safe where its `__aenter__` does nothing but return
the stream, and neither that nor an item is used behind the block. `aclosing` of a stream with a
coroutine `aclose` is unsafe: it also closes what came to its end. Cleanup then runs at the end of
that block, so an error it raises reaches the caller.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.streams import enter_stream
from asyncgen_lint.rule import Finding, Severity, Tier, rule


@rule(
    "AGN109",
    "owned-stream-not-closed",
    summary="a closable stream that a generator makes and iterates is left open",
    severity=Severity.WARNING,
    tier=Tier.STRICT,
    fixable=True,
)
def owned_stream_not_closed(facts: Facts) -> Iterator[Finding]:
    """Find loops over a closable object, made in a generator, that leave it open."""
    for each in facts.streams_left_open():
        yield Finding(
            f"{each.exit} leaves `{each.label}` open: a loop does not call"
            f" `{each.owner}.{each.closed_by}`; close it in a `finally` or by `async with`",
            each.header,
            path=each.path,
            fix=enter_stream(facts, each),
            subject=each.label,
        )
