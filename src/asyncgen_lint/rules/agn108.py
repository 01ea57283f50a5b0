"""Cleanup after the `yield` of a generator is skipped when the consumer leaves.

A consumer that breaks, raises or is cancelled does not come back: the generator is closed by
GeneratorExit at the `yield`, and what stands behind it on the normal path alone never runs. The
connection is not returned, the semaphore stays taken, `queue.join()` waits forever for the missing
`task_done()`. What stands in `except CancelledError` runs no more than that.

Put the `yield` into `try`, and the release into its `finally`.

Not reported: releases repeated in a `finally` or in a handler for GeneratorExit; what a `with`, an
exit stack, a callback or a call in the `finally` may release; what is acquired after the `yield`,
or released before it; actions for success alone, such as a commit; generators that may be
dependencies or lifespans of a framework, which yield once (AGN601 where they certainly are);
async generators that are held, which AGN103 and AGN104 report.

Fix safety: safe where the release is a statement of its own behind the `yield`, in a block around
both: what stands between moves into a `try` as it is, so that a commit stays for success alone.
There is no fix where a `return` in between may keep what was acquired, where it is released in
between as well, where the release needs what is made there, or where a handler around still uses
the resource. The generator needs closing then, and an error in the release reaches who closes it.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.finally_block import release_in_finally
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN108",
    "cleanup-not-in-finally",
    summary="cleanup after the yield of a generator is skipped when the consumer leaves",
    severity=Severity.WARNING,
    fixable=True,
)
def cleanup_not_in_finally(facts: Facts) -> Iterator[Finding]:
    """Find releases behind a yield of a plain generator that GeneratorExit skips."""
    for each in facts.releases_skipped_at_close():
        yield Finding(
            f"`{each.release}` is skipped when the consumer leaves this generator at a `yield`"
            " before it; put it in a `finally`",
            each.call,
            path=each.path,
            fix=release_in_finally(facts, each),
            subject=each.release,
        )
