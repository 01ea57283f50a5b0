"""Every rule's fixture is well formed, does what it says when run, and is found and repaired.

`UPDATE_FIXTURES=1 pytest tests/test_fixtures.py` rewrites `bad.fixed.py`, `bad.unsafe.py` and
`findings.txt`; read the difference before you commit it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

import pytest
from fixture_harness import (
    Fixture,
    Interpreter,
    Program,
    execution_problems,
    fixtures,
    interpreters,
    layout_problems,
    load_api,
    reason_not_to_run,
    static_problems,
)

programs = [
    pytest.param(fixture, program, id=f"{fixture.code}-{program.path.stem}")
    for fixture in fixtures()
    for program in fixture.programs
]
all_fixtures = pytest.mark.parametrize("fixture", fixtures(), ids=lambda each: each.code)
all_interpreters = pytest.mark.parametrize("interpreter", interpreters(), ids=str)


def test_there_are_fixtures_and_interpreters() -> None:
    assert fixtures()
    assert interpreters()


@all_fixtures
def test_fixture_is_well_formed(fixture: Fixture) -> None:
    report(layout_problems(fixture))


@all_interpreters
@pytest.mark.parametrize(("fixture", "program"), programs)
def test_program_does_what_it_says(
    fixture: Fixture, program: Program, interpreter: Interpreter
) -> None:
    if reason := reason_not_to_run(program, interpreter):
        pytest.skip(reason)
    report(execution_problems(fixture, program, interpreter))


@all_fixtures
def test_fixture_is_found_and_repaired(fixture: Fixture) -> None:
    update = os.environ.get("UPDATE_FIXTURES") == "1"
    report(static_problems(fixture, load_api(), update=update))


def report(problems: Iterable[str]) -> None:
    found = list(problems)
    if found:
        pytest.fail("\n".join(found), pytrace=False)
