"""An async generator function says by its annotation that it returns something else.

Nothing fails by itself. What acts on annotations does: a framework that awaits whatever is not
annotated as an iterator fails with "TypeError: object async_generator can't be used in 'await'
expression", and a run-time checker rejects the call. Readers are told that they may use `for`.

Annotate `AsyncIterator[Item]`, or `AsyncGenerator[Item, None]` where callers should close it.

Not reported: functions without an annotation, or with one that is a string, an alias, a class or a
type variable, `Any` or `object`; decorated functions: fixtures, dependencies and context managers
are often annotated by what they yield.

Fix safety: no automatic fix; what the items are is for a person to say.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, Tier, rule


@rule(
    "AGN609",
    "wrong-return-annotation",
    summary="an async generator function is annotated as returning something else",
    severity=Severity.WARNING,
    tier=Tier.STRICT,
)
def wrong_return_annotation(facts: Facts) -> Iterator[Finding]:
    """Find async generator functions whose return annotation is of no async iterator."""
    for node, name in facts.wrong_return_annotations():
        yield Finding(
            f"`{name}` is an async generator function, and its annotation says that it is none;"
            " annotate `AsyncIterator`",
            node,
            subject=name,
        )
