"""A swallowed cancellation is lost: the task runs on, and its timeout never fires.

`task.cancel()`, `asyncio.timeout` and `asyncio.wait_for` throw CancelledError in at an `await`. A
generator that catches it there and ends, or goes on, tells its consumer that the stream is over:
"imported everything", no TimeoutError, a worker that does not stop. Around an `async for` the same
handler lets a cancelled function work on.

End the handler with `raise`; put cleanup into `finally`.

Reported in async generators, and in other functions around an `async for` with work behind the
handler; also an `__anext__` that turns CancelledError into StopAsyncIteration, and handlers for
BaseException that raise only some of what they catch.

Not reported: handlers that raise on some path, hand the exception on, or call `uncancel()`; awaits
of what may be a task, whose own cancellation comes the same way (`task.cancel()`, then `await
task`); cleanup in a `finally` or a handler; a handler at the end of a coroutine that iterates;
modules that import trio or anyio and not asyncio, where a cancellation is delivered again at the
next checkpoint; functions that yield once and may be a dependency or a lifespan. AGN302 and AGN401
go first where the handler also absorbs GeneratorExit.

Fix safety: unsafe. Appending `raise` changes what runs after the handler, which is the point. There
is no fix for a handler that ends in a jump, such as `return`.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.raise_again import append_raise
from asyncgen_lint.rule import Finding, Severity, Step, rule


@rule(
    "AGN402",
    "cancellation-swallowed",
    summary="a handler swallows a cancellation, so that timeouts and `cancel()` have no effect",
    severity=Severity.WARNING,
    fixable=True,
)
def cancellation_swallowed(facts: Facts) -> Iterator[Finding]:
    """Find handlers that catch CancelledError in a generator or around a loop, and go on."""
    for each in facts.cancellations_swallowed():
        path = [
            Step("a cancellation comes in here", each.at),
            Step("this handler swallows it", each.handler),
        ]
        message = (
            "this handler swallows cancellation: whoever cancels or times out sees a normal end"
        )
        if each.becomes:
            message = "this handler turns cancellation into the end of the iteration"
        elif each.effect is not None:
            path.append(Step("and this runs although the task was cancelled", each.effect))
            message = "this handler swallows cancellation, and the cancelled function goes on"
        yield Finding(
            f"{message}; end it with `raise`",
            each.handler,
            path=tuple(path),
            fix=append_raise(facts, each.handler) if each.falls_through else None,
        )
