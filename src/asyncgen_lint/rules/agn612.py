"""An error in the body of `async with` vanishes, and the code behind it runs as if all were well.

`@asynccontextmanager` throws the body's error in at the `yield`. A handler for `Exception`,
`BaseException` or everything that does not raise tells it that the error was dealt with: the
statements behind `async with` run with half of the body's work, on names that were never bound. A
handler for BaseException swallows cancellation too: the task cannot be stopped there. In a FastAPI
dependency an HTTPException with status 418 becomes a 500.

End the handler with `raise`.

Not reported: handlers for narrower types; handlers that raise on some path, keep the error, hand
it to something, or call what may raise; managers whose name or docstring says that they suppress,
catch or expect errors; those that raise when the body did not fail; `return` in `finally`, which is
AGN407's; `contextlib.suppress`, which is AGN404's; pytest fixtures, which get no errors.

Fix safety: unsafe. Appending `raise` lets errors through, which is the point. There is no fix for a
handler that ends in a jump, such as `return`.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.raise_again import append_raise
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN612",
    "context-manager-swallows",
    summary="a context manager swallows every error of its body",
    severity=Severity.WARNING,
    fixable=True,
)
def context_manager_swallows(facts: Facts) -> Iterator[Finding]:
    """Find handlers around the yield of a context manager that take all errors and raise none."""
    for each in facts.body_errors_swallowed():
        yield Finding(
            "this handler swallows every error of the body of `async with`, and what follows it"
            " runs as if the body had succeeded; end it with `raise`",
            each.handler,
            path=each.path,
            fix=append_raise(facts, each.handler) if each.falls_through else None,
        )
