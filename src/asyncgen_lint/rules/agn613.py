"""Cleanup in `except GeneratorExit` of a context manager does not run when its body ends or fails.

Nothing closes the generator of `@asynccontextmanager`. When the body of `async with` ends, the
function goes on behind its `yield`; when it fails or is cancelled, that error comes in there. A
handler for GeneratorExit runs for none of these, and what it releases stays open. It runs only
where the body itself is in an async generator that is closed while suspended there.

Put the cleanup into `finally`.

Not reported: handlers that only raise, return or log; what is done elsewhere in the function too;
handlers beside one for BaseException or for everything; managers that an async generator in the
same module enters; handlers for other types together with GeneratorExit.

Fix safety: safe where the handler only releases, as by `close()`, which then happens at last; an
error that it raises reaches the caller. Unsafe where it does something else. There is no fix beside
a `finally`, where the handler leaves otherwise than by `raise`, and where what it ends is used
behind it.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.finally_block import clean_up_in_finally
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN613",
    "context-manager-dead-generator-exit",
    summary="a context manager cleans up in `except GeneratorExit`, which does not run",
    severity=Severity.WARNING,
    fixable=True,
)
def context_manager_dead_generator_exit(facts: Facts) -> Iterator[Finding]:
    """Find handlers for GeneratorExit around the yield of a context manager that alone clean up."""
    for each in facts.dead_cleanups():
        yield Finding(
            "no GeneratorExit comes in when the body of this context manager ends, fails or is"
            " cancelled, so this cleanup does not run; put it in `finally`",
            each.handler,
            path=each.path,
            fix=clean_up_in_finally(facts, each),
        )
