"""The end of a source that a generator steps by hand comes out of it as RuntimeError.

`await anext(it)`, `it.__anext__()` and `it.asend(x)` raise StopAsyncIteration at the end of `it`,
and `next(it)` raises StopIteration. Inside an async generator or an async generator expression
nobody takes it for the end: it becomes "RuntimeError: async generator raised StopAsyncIteration"
(PEP 479, PEP 525). It happens at the end of the source, so on the last item in production, or at
the first step of an empty one. With `asyncio.gather(anext(a), anext(b))` the item that the other
source gave is lost with it, and the other is left open.

Put the step into `try`, and `return` in `except StopAsyncIteration`; or give `anext` a default.

Not reported: steps with a default; under a handler or a `with` that may catch the end; of sources
in view that never end, or whose first item is certain; `next()` over what may be endless, or is
not made in view; coroutines, out of which StopAsyncIteration comes as it is; `next` handed to a
thread (AGN516); context managers.

With `strict = true`, also `next()` over what is expected to have an item: in a `for` loop over
something else, outside of loops, and `next(x for x in ...)`; unless a test looks for items before.

Fix safety: returning at the end is safe where the step is the first statement of a `while True:`
whose body keeps nothing from one turn to the next, and in no `with`; unsafe in other loops, since
what was gathered until then may be lost. There is no fix for steps elsewhere, and for `gather`.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.steps import return_at_end
from asyncgen_lint.rule import Finding, Severity, Tier, rule


@rule(
    "AGN406",
    "stop-iteration-leaks",
    summary="the end of a source that an async generator steps becomes RuntimeError",
    severity=Severity.WARNING,
    fixable=True,
)
def stop_iteration_leaks(facts: Facts) -> Iterator[Finding]:
    """Find steps of other iterators whose end leaves an async generator as an exception."""
    for each in facts.stops_let_through():
        fix = None
        if each.may_return:
            fix = return_at_end(
                facts, each.at, each.label, each.stop, passes_manager=each.passes_manager
            )
        yield Finding(
            f"`{each.label}` raises {each.stop} at the end of its source, which leaves an async"
            " generator as RuntimeError; catch it, or give a default",
            each.at,
            fix=fix,
            tier=None if each.is_certain else Tier.STRICT,
            subject=each.label,
        )
