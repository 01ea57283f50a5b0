"""At the end of the iterator the program hangs, or raises RuntimeError.

`await asyncio.to_thread(next, it)` and `loop.run_in_executor(None, next, it)` run `next` in a
thread. When the iterator ends, `next` raises StopIteration there, which no future may hold. Before
Python 3.13 "TypeError: StopIteration interacts badly with generators and cannot be raised into a
Future" goes to the event loop's exception handler, and the `await` never ends: no error, no items,
no end. From 3.13 on it raises RuntimeError. With `anyio.to_thread.run_sync`,
`trio.to_thread.run_sync` and Starlette's `run_in_threadpool` it is "RuntimeError: coroutine raised
StopIteration" in all versions.

Give `next` a default: `item = await asyncio.to_thread(next, it, done)`, and stop at `done`. A
handler for StopIteration around the `await` does not help.

Not reported: `next` with a default; `itertools.count`, `cycle` and `repeat`, sync generators that
never return, and objects whose `__next__` raises no StopIteration; a handler for RuntimeError,
other than with asyncio.

Fix safety: giving a default, and testing for it, is safe where a handler for StopIteration says
what to do at the end, and where the step is the first statement of a `while True:`, which then
ends, if its body keeps nothing from one turn to the next; else unsafe. There is no fix elsewhere,
nor where a handler may take the RuntimeError.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.sentinel import add_default
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN516",
    "next-in-thread",
    summary="`next` without a default in a thread, whose StopIteration cannot be passed on",
    severity=Severity.WARNING,
    fixable=True,
)
def next_in_thread(facts: Facts) -> Iterator[Finding]:
    """Find `next` as the function that a thread runs."""
    for each in facts.nexts_in_threads():
        what = "the await never ends" if each.hangs else "the await raises RuntimeError"
        yield Finding(
            "when the iterator ends, `next` raises StopIteration in the thread of"
            f" `{each.runner}`, and {what}; give `next` a default",
            each.at,
            fix=add_default(facts, each),
        )
