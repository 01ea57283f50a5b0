"""A generator can be iterated once: the second pass gets nothing.

After `async for` or a comprehension has come to its end, or the generator has raised, it is
finished. Another `async for` over the same object runs its body not once and says nothing: counts
are 0, lists are empty, and a retry after an error looks like success.

Call the function again for each pass, or keep the items in a list.

Not reported: going on after `break` or `anext`, which is what generators are for; loops that only
some turns reach, and `while` loops with a condition; names that get a new generator; iterables
whose `__aiter__` gives a new one; `aclose()` and `anext` at the end; nested loops over the same
generator, where the inner one takes the rest; a second pass that is asserted to be empty.

Fix safety: no automatic fix; whether to call again or to keep a list depends on the source.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN507",
    "generator-consumed-twice",
    summary="a generator is iterated again after its end, and gives nothing",
    severity=Severity.WARNING,
)
def generator_consumed_twice(facts: Facts) -> Iterator[Finding]:
    """Find loops over a generator that an earlier loop has exhausted."""
    for each in facts.consumed_twice():
        yield Finding(
            f"`{each.label}` is at its end here, and gives nothing; call it again for each pass",
            each.at,
            path=each.path,
            subject=each.label,
        )
