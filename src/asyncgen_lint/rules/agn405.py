"""A generator that raises StopAsyncIteration, or StopIteration, fails with RuntimeError.

Only the `__anext__` of a class ends an iteration that way. Raised in the body of an async
generator, it becomes "RuntimeError: async generator raised StopAsyncIteration" (or "...
StopIteration"), at the moment when the stream should have ended (PEP 479, PEP 525). A bare
`raise` in a handler that catches nothing else does the same.

End the generator with `return`.

Not reported: what a handler of the same function catches, or a `with` may; `__anext__` methods and
other functions that are no generators; functions whose decorator cannot be resolved; a bare
`raise` in a context manager, which passes on what came in at its `yield`.

Fix safety: safe, for the line raised every time; unsafe inside a `with`, whose exit sees no
exception any more. No fix in a `finally`, nor in a handler of a context manager, where `return`
would swallow other exceptions.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.stops import return_instead
from asyncgen_lint.rule import Finding, FixSafety, Severity, rule


@rule(
    "AGN405",
    "stop-iteration-raised",
    summary="an async generator raises StopAsyncIteration or StopIteration, which is RuntimeError",
    severity=Severity.ERROR,
    fixable=True,
)
def stop_iteration_raised(facts: Facts) -> Iterator[Finding]:
    """Find raises of StopIteration and StopAsyncIteration that leave a generator's body."""
    for each in facts.stops_raised():
        safety = FixSafety.UNSAFE if each.passes_manager else FixSafety.SAFE
        yield Finding(
            f"raising {each.name} in an async generator raises RuntimeError instead; end it with"
            " `return`",
            each.at,
            fix=return_instead(each.at, safety) if each.may_return else None,
        )
