"""`return` with a value in an async generator does not compile.

"SyntaxError: 'return' with value in async generator", at the moment the module is imported; also
for `return None`, and also if no run reaches the `yield`. Python's parser takes it, so that tools
which only parse, and editors, may say nothing.

Write `return` to end the stream. If the value is meant for the consumer, yield it, or keep it on an
object; if the function is meant to be a coroutine, take the `yield` out of it.

Not reported: `return` without a value; functions whose only `yield` is in a function, lambda or
class inside them; async generator expressions, which are no `yield`. From Python 3.16 on, PEP 828
allows a value: with a target version of 3.16 nothing is reported (no such interpreter was there to
try it on).

Fix safety: `return None` becomes `return`, which is safe; other values have no fix.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.bare_return import drop_none
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN308",
    "return-value-in-async-generator",
    summary="`return` with a value in an async generator, which does not compile",
    severity=Severity.ERROR,
    fixable=True,
)
def return_value_in_async_generator(facts: Facts) -> Iterator[Finding]:
    """Find every `return` with a value in an `async def` that yields."""
    for statement, is_none in facts.values_returned_by_generators():
        advice = "write `return`" if is_none else "yield the value, or return without one"
        yield Finding(
            "`return` with a value in an async generator is a SyntaxError when the module is"
            f" imported; {advice}",
            statement,
            fix=drop_none(statement) if is_none else None,
        )
