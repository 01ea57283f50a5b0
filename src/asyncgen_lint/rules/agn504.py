"""An async generator cannot be run as a coroutine or a task.

`asyncio.create_task(rows())`, `gather`, `wait_for`, `asyncio.run` and the like want a coroutine:
"TypeError: a coroutine was expected, got <async_generator object rows>" ("ValueError" from
`asyncio.run` before 3.12, "AttributeError" from `asyncio.wait` since 3.11). `start_soon(rows)` of
trio and anyio raises TypeError. In a thread (`await asyncio.to_thread(rows)`) nothing is raised and
nothing runs: the call only makes the generator, which is dropped.

Iterate the generator in a coroutine, and run that.

Not reported: `anext(g)`, `g.asend(...)` and `g.aclose()`, which are awaitable, though `create_task`
wants them in a coroutine; a coroutine that drains the generator; a thread whose result is used;
tasks of unknown loops and groups; generators whose kind is not certain.

A type checker reports the same in annotated code; `typed = true` leaves it to that.

Fix safety: no automatic fix; what should become of the items cannot be known.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN504",
    "generator-as-coroutine",
    summary="an async generator is run as a coroutine or task, which raises",
    severity=Severity.ERROR,
    type_checked=True,
)
def generator_as_coroutine(facts: Facts) -> Iterator[Finding]:
    """Find certain async generators given to what takes a coroutine."""
    for each in facts.taken_for_coroutines():
        yield Finding(
            f"{each.subject} is an async generator and no coroutine, so {each.by} cannot run it;"
            " iterate it in a coroutine, and run that",
            each.at,
            subject=each.label,
        )
