"""Cleanup after the `yield` of a context manager is skipped when the body fails.

`@asynccontextmanager` throws the body's exception, or its cancellation, in at the `yield`. What
stands behind it on the normal path alone does not run: the connection is not returned, the lock is
not released.

Put the `yield` into `try`, and the release into its `finally`.

Not reported: releases repeated in a `finally`, or in handlers that together catch everything;
what an enclosing `with`, an exit stack or a task group owns; actions for success alone, such as a
commit; what was acquired after the `yield`; pytest fixtures, whose code after `yield` runs.

Fix safety: safe where the release is a statement of its own behind the `yield`, in a block around
both. What stands between the `yield` and the release stays for success alone; an error that the
release raises now comes in place of the body's. There is no fix where a `return` in between keeps
the resource, where it is released in between as well, where the release needs a name that is bound
in between, or where a handler around still uses the resource.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.finally_block import release_in_finally
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN601",
    "unprotected-cleanup-after-yield",
    summary="cleanup after the yield of a context manager is skipped when the body fails",
    severity=Severity.WARNING,
    fixable=True,
)
def unprotected_cleanup_after_yield(facts: Facts) -> Iterator[Finding]:
    """Find yields of context managers behind which a release is skipped by an exception."""
    for each in facts.releases_skipped():
        yield Finding(
            f"`{each.release}` is skipped when the body of this context manager fails or is"
            " cancelled; put it in a `finally`",
            each.at,
            path=each.path,
            fix=release_in_finally(facts, each),
            subject=each.release,
        )
