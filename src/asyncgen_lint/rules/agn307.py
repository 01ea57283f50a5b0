"""`yield from` in an `async def` does not compile.

"SyntaxError: 'yield from' inside async function", at the moment the module is imported. Python's
parser takes it, so that tools which only parse, and editors, may say nothing.

Iterate the source and yield its items: with `for` if it is a sync iterable, and with `async for`
under `contextlib.aclosing` if it is an async generator, so that closing reaches it.

Not reported: `yield from` in a sync function or lambda inside an `async def`. From Python 3.16 on,
PEP 828 makes `yield from` of an async source legal: with a target version of 3.16 nothing is
reported (no such interpreter was there to try it on).

Fix safety: safe where the value of `yield from` is not used and the kind of the source is certain;
else there is no fix. A sync source gets a plain loop, an async one a loop under `aclosing`.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.delegate import loop_over
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN307",
    "yield-from-in-async-generator",
    summary="`yield from` in an `async def`, which does not compile",
    severity=Severity.ERROR,
    fixable=True,
)
def yield_from_in_async_generator(facts: Facts) -> Iterator[Finding]:
    """Find every `yield from` whose nearest function is async."""
    for each in facts.delegations_refused():
        advice = (
            "iterate it with `for`"
            if each.is_sync
            else "iterate it with `async for` under `aclosing`"
            if each.is_async
            else "iterate it and yield its items"
        )
        yield Finding(
            "`yield from` in an `async def` is a SyntaxError when the module is imported;"
            f" {advice}",
            each.at,
            fix=loop_over(facts, each),
        )
