"""`suppress(...)` around a `yield` ends a stream quietly at an error or a cancellation.

`with suppress(Exception)` around the `yield` of an async generator hides every failure of the
body: the consumer gets a short list and no error. `suppress(BaseException)` and
`suppress(CancelledError)` swallow cancellation, so that `asyncio.timeout` returns normally, or, in
a loop, never: the generator waits for its next item as if nothing had happened. In a
context manager the body of the user's `async with` is suppressed: its exception vanishes, and the
code behind it works with names that were never bound.

Put `suppress` around the one call that may fail, not around the `yield`.

Not reported: specific exceptions; `suppress` with no `yield` inside, or with nothing that can
raise beside it; errors under a `suppress` inside the loop, which goes on with the next item; a
context manager that does nothing but suppress, or is named for it. AGN302 is reported instead where
the generator yields again after GeneratorExit. Only with `strict = true`: work after
`suppress(GeneratorExit)`.

Fix safety: no automatic fix; what may fail is for a person to say.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, Step, Tier, rule

_MESSAGES = {
    "cancellation": "this `suppress` around a `yield` swallows cancellation: the consumer sees a"
    " stream that ended normally",
    "cancellation, survived": "this `suppress` around a `yield` swallows cancellation: the"
    " generator goes on, and no timeout or `cancel()` ends it",
    "errors": "this `suppress` around a `yield` ends the stream at any error as if it were"
    " complete",
    "body": "this `suppress` around the `yield` of a context manager swallows every error of its"
    " body",
    "exit": "this `suppress` absorbs GeneratorExit: what follows runs although the consumer has"
    " left",
}


@rule(
    "AGN404",
    "suppress-around-yield",
    summary="`suppress` around a `yield` hides errors, cancellation or those of the body",
    severity=Severity.WARNING,
)
def suppress_around_yield(facts: Facts) -> Iterator[Finding]:
    """Find broad suppress() around yields."""
    for each in facts.suppressions():
        yield Finding(
            f"{_MESSAGES[each.what]}; put it around the call that may fail",
            each.manager,
            path=(Step("what comes from here is suppressed", each.at),),
            tier=Tier.STRICT if each.what == "exit" else None,
        )
