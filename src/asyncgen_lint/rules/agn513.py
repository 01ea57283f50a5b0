"""An async generator is true, whether it will yield anything or not.

`rows() or default` never takes the default, `if rows():` always runs its body, and the generator
itself is made and dropped unused.

To ask whether there is an item, take one: `first = await anext(rows(), None)`.

Not reported: names that hold anything else at some place of the code, so `None` too; parameters and
attributes; the right side of `or` and `and`; `is None`.

Fix safety: no automatic fix; what was meant cannot be known.

mypy reports the same of functions by `truthy-function` and `truthy-bool`, where these are on.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN513",
    "generator-truthiness",
    summary="the truth of an async generator is asked, and is always true",
    severity=Severity.WARNING,
)
def generator_truthiness(facts: Facts) -> Iterator[Finding]:
    """Find conditions that are async generators."""
    for each in facts.generators_tested():
        subject = f"`{each.label}`" if each.label else "this"
        yield Finding(
            f"{subject} is an async generator, which is true even when it yields nothing; iterate"
            " it to find out",
            each.at,
            subject=each.label,
        )
