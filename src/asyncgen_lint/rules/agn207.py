"""`aclosing` of what has no `aclose()`, or of a generator that is not the one iterated.

`aclosing` looks `aclose` up when it is left. A list, a coroutine, a context manager, a function
that was not called, or an object without `aclose()` raise AttributeError there, after the body,
and what it took stays open. `async with aclosing(f()):` without `as` closes a generator that never
ran, while a second `f()` in the body is the one that needs it.

Give `aclosing` the generator, name it with `as`, and iterate that name.

Not reported: arguments whose kind is not certain, instances of classes with bases or attributes
that this module does not show, and what the module itself gives an `aclose`; `aclosing(g)` where
the body iterates `g` by its name.

A type checker reports an argument without `aclose()` in annotated code; `typed = true` leaves
that to it.

Fix safety: naming the generator that is closed, and iterating that, is safe where the loop over the
other one is the first statement of the body, both calls are of plain names, and no item is used
behind the body. There is no fix for an argument without `aclose()`.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.closing import iterate_what_is_closed
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN207",
    "aclosing-misuse",
    summary="`aclosing` over what has no `aclose()`, or over a generator that nothing iterates",
    severity=Severity.ERROR,
    fixable=True,
    type_checked=True,
)
def aclosing_misuse(facts: Facts) -> Iterator[Finding]:
    """Find `aclosing` of arguments without `aclose()`, and of generators iterated anew."""
    for each in facts.aclosings_misused():
        if each.kind:
            subject = f"`{each.label}`" if each.label else "the argument"
            message = (
                f"{subject} is {each.kind}, which has no `aclose()`: `aclosing` raises"
                " AttributeError after the body"
            )
        else:
            message = (
                f"`aclosing` closes this `{each.label}`, but the body iterates another one; name"
                " it with `as`, and iterate that"
            )
        yield Finding(
            message,
            each.at,
            path=each.path,
            fix=iterate_what_is_closed(facts, each),
            subject=each.label,
            type_checked=bool(each.kind),
        )
