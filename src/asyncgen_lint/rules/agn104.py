"""A generator stepped by hand stays open unless it is closed.

After `await anext(session())` the generator is suspended, and if nothing holds it, it is dropped:
its cleanup runs at the next `await`, so the value just taken from it is closed under the caller.
One that is kept in a variable stays open until the function ends, on every path that neither
exhausts nor closes it.

Close it in a `finally`, or step it under `contextlib.aclosing`.

Not reported: generators with nothing to clean up at their `yield`; those that reached
StopAsyncIteration or the default; those closed, returned, stored, passed on or passed in.

Fix safety: what follows the first step of a generator that has a name is put under `aclosing`. That
is safe where nothing of an item goes further: neither out of the block nor into a call that may
keep it, unless the generator is annotated to yield strings or numbers. It is unsafe where
something made of an item does, such as `return session.user`. A generator without a name gets one,
for the statement that steps it, where nothing uses the item or it is a string or a number. There is
no fix for an item that is handed on itself: how long it must live is for a person to say. An error
in the cleanup then reaches the caller.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.hoist import step_closed
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN104",
    "stepped-generator-not-closed",
    summary="a generator stepped with anext(), asend() or athrow() is left open",
    severity=Severity.WARNING,
    fixable=True,
)
def stepped_generator_not_closed(facts: Facts) -> Iterator[Finding]:
    """Find generators stepped by hand that some path neither exhausts, closes nor hands on."""
    for each in facts.left_open:
        if each.is_loop or not each.is_certain:
            continue
        yield Finding(
            f"`{each.label}` is stepped by hand and left open: its cleanup runs late, in another"
            " task, or not at all; step it under `aclosing`",
            each.header,
            path=each.path,
            fix=step_closed(facts, each),
            subject=each.label,
        )
