"""`except StopIteration` around an awaited `anext()` never matches; StopAsyncIteration escapes.

Async iterators end with StopAsyncIteration, which is no StopIteration: the handler that should
end a loop or give a default is passed by, and the exception goes on to the caller; inside an async
generator it becomes RuntimeError.

Catch StopAsyncIteration.

Not reported: `try` blocks that also step a sync iterator, by `next()`, `__next__()` or `send()`;
handlers beside one for StopAsyncIteration; steps with a default. Only with `strict = true`: a
handler that would raise StopAsyncIteration, which comes out anyway.

Fix safety: safe, for the handler never ran; unsafe where another handler of the same `try` takes
StopAsyncIteration until now.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.stops import catch_async_stop
from asyncgen_lint.rule import Finding, FixSafety, Severity, Step, Tier, rule


@rule(
    "AGN411",
    "wrong-stop-exception",
    summary="`except StopIteration` around steps of an async iterator, which never matches",
    severity=Severity.ERROR,
    fixable=True,
)
def wrong_stop_exception(facts: Facts) -> Iterator[Finding]:
    """Find handlers for StopIteration whose try steps async iterators alone."""
    for each in facts.wrong_stop_handlers():
        safety = FixSafety.UNSAFE if each.ends_otherwise else FixSafety.SAFE
        yield Finding(
            "this handler never matches: an async iterator ends with StopAsyncIteration",
            each.handler,
            path=(Step("this raises StopAsyncIteration at the end", each.step),),
            fix=catch_async_stop(facts, each.types, safety),
            tier=Tier.STRICT if each.raises_it else None,
        )
