"""Leaving `async for` early does not close the generator.

`break`, `return` or `raise` leaves the async generator suspended at its `yield`, and Python does
not close it (JavaScript's `for await` does). Its `finally` and `async with` run later, in another
task, after what it works on may be closed; at shutdown, or under trio, they are cut off at their
first `await`. An error in them is lost. A generator kept in a variable stays open until the
function ends.

Iterate it under `contextlib.aclosing`, which closes it on every way out. An object whose
`__aiter__` is an async generator makes one that no name holds: iterate `aclosing(aiter(obj))`.

Not reported: generators with nothing to clean up at their `yield`, or that may yield on when they
are closed (AGN302); generators that are closed on that path, resumed later, passed in, stored,
returned or handed on; those made from what the function closes, or whose whole cleanup is to close
what a `with` around them closes; class-based iterators; and iterables whose source is not in view.

Fix safety: safe for a generator that is made in the loop's header, or kept in a local name that is
only iterated, stepped and closed, if no item is used after the loop; items of a generator that is
annotated to yield strings or numbers may be. One that a generator expression or another generator
reads gets a header of its own around that. Cleanup then runs at the end of the loop, so an error it
raises reaches the caller.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.hoist import iterate_closed
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN101",
    "early-exit-leaves-generator-open",
    summary="leaving `async for` early leaves the generator open",
    severity=Severity.WARNING,
    fixable=True,
)
def early_exit_leaves_generator_open(facts: Facts) -> Iterator[Finding]:
    """Find loops over a generator that needs closing, left early and not closed on that path."""
    for each in facts.left_open:
        if not each.is_loop or each.is_delegation or not each.is_certain:
            continue
        yield Finding(
            f"{each.exit} leaves `{each.label}` open: its cleanup runs late, in another task, or"
            " not at all; iterate it under `aclosing`",
            each.header,
            path=each.path,
            fix=iterate_closed(facts, each),
            subject=each.label,
        )
