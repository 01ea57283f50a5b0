"""A generator that yields after it was told to close.

`aclose()` throws GeneratorExit in at the `yield` where the generator is suspended. If a handler or
a `with` absorbs it, or a `finally` holds a `yield`, the generator yields once more, and `aclose()`
raises "RuntimeError: async generator ignored GeneratorExit". Without `aclosing` this is only
logged; in a loop the generator stays alive. A cancellation or an error that waits behind the
`yield` of a `finally` is lost.

Yield the last item after the `try`, not in its `finally`, and raise GeneratorExit again.

Not reported: yields that a flag set on success, or in a handler for GeneratorExit, protects;
handlers that end in `raise`, `return`, or a `break` with no yield behind it; context managers and
fixtures, which are not closed this way.

Fix safety: unsafe. A `yield` at the end of a `finally` moves behind the `try`, so that it is for
success alone, which is for a person to confirm. There is no fix where the `try` may be left by a
jump, and none for the rest.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.behind import yield_behind_try
from asyncgen_lint.rule import Finding, Severity, Tier, rule


@rule(
    "AGN302",
    "yield-after-generator-exit",
    summary="a `yield` is reached after GeneratorExit",
    severity=Severity.WARNING,
    fixable=True,
)
def yield_after_generator_exit(facts: Facts) -> Iterator[Finding]:
    """Find yields reachable after GeneratorExit was absorbed or inside a finally it entered."""
    for each in facts.yields_after_close():
        fix = None if each.is_absorbed else yield_behind_try(facts, each.at)
        if each.in_finally_of_error:
            yield Finding(
                "an exception waits behind this `yield` in `finally`, and is lost if the consumer"
                " leaves here; yield after the `try`",
                each.at,
                path=each.path,
                fix=fix,
                tier=Tier.STRICT,
            )
            continue
        yield Finding(
            "this `yield` is reached after GeneratorExit: `aclose()` then raises RuntimeError"
            " (async generator ignored GeneratorExit); raise GeneratorExit again, or yield after"
            " the `try`",
            each.at,
            path=each.path,
            fix=fix,
        )
