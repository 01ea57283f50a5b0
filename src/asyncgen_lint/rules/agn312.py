"""A test with a `yield` never runs, and passes.

An `async def test_...` that yields is an async generator. The runner calls it, gets a generator,
and is done: `assert False` in it is never reached. unittest counts the test as passed (with a
DeprecationWarning from 3.11 on), pytest-asyncio as xfailed, and both exit with 0.

Take the `yield` out. If the function was meant to be a fixture, decorate it and rename it.

Not reported: fixtures, and functions with a decorator that may make something else of them;
functions that no runner collects by its defaults (pytest: `test_*.py` and `*_test.py`, functions
of the module and methods of `Test...` classes; unittest: methods of a `TestCase`); functions that
the module itself uses; a `yield` that cannot be reached.

Fix safety: no automatic fix; what the `yield` was for is for a person to say.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, Step, rule


@rule(
    "AGN312",
    "test-is-a-generator",
    summary="an `async def` test with a `yield`, whose body never runs",
    severity=Severity.WARNING,
)
def test_is_a_generator(facts: Facts) -> Iterator[Finding]:
    """Find tests that are async generators."""
    for each in facts.tests_that_yield():
        yield Finding(
            f"`{each.name}` is an async generator because of its `yield`: the test passes and its"
            " body never runs; take the `yield` out, or make it a fixture",
            each.at,
            path=(Step("this `yield` makes it a generator", each.first_yield),),
            subject=each.name,
        )
