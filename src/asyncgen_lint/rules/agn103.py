"""Yielding from inside `async for` does not close the inner generator.

When the outer generator is closed at its `yield`, the inner one stays suspended: closing is not
passed on, as `yield from` would do. The outer cleanup runs before the inner, and the inner runs
late, in another task, or not at all.

Wrap the loop in `contextlib.aclosing`.

Not reported: inner generators with nothing to clean up at their `yield`, or that may yield on when
they are closed (AGN302); inner generators kept on an attribute, or passed in (strict where nothing
says that what is passed in is no generator); loops without a `yield`; functions whose decorator is
not in view.

Fix safety: as for AGN101. The outer generator needs closing as before, now to the benefit of both.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.hoist import iterate_closed
from asyncgen_lint.rule import Finding, Severity, Tier, rule


@rule(
    "AGN103",
    "delegation-leaves-inner-generator-open",
    summary="closing the outer generator leaves the inner one open",
    severity=Severity.WARNING,
    fixable=True,
)
def delegation_leaves_inner_generator_open(facts: Facts) -> Iterator[Finding]:
    """Find delegating loops over a generator that needs closing, without a closer around them."""
    for each in facts.left_open:
        if not each.is_loop or not each.is_delegation or not each.is_certain:
            continue
        if facts.has_unknown_decorator(each.function):
            continue
        if facts.is_driven_as_context_manager(each.function):
            leaving = "an exception of the body of this context manager"
        else:
            leaving = "closing this generator at its `yield`"
        yield Finding(
            f"{leaving} leaves `{each.label}` open: its cleanup runs late, in another task, or not"
            " at all; wrap the loop in `aclosing`",
            each.header,
            path=each.path,
            fix=iterate_closed(facts, each),
            subject=each.label,
        )
    for header, label in facts.returned_generator_expressions():
        yield Finding(
            f"closing this generator expression leaves `{label}` open: its cleanup runs late, in"
            " another task, or not at all; make it a function that iterates under `aclosing`",
            header,
            subject=label,
        )
    for header, name in facts.delegations_to_foreign_sources():
        yield Finding(
            f"closing this generator at its `yield` does not close `{name}`, which the caller may"
            " count on",
            header,
            tier=Tier.STRICT,
            subject=name,
        )
