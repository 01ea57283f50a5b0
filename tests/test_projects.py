"""Projects of several files: what a careful reader would say is said, and nothing else.

`UPDATE_FIXTURES=1 pytest tests/test_projects.py` rewrites `findings.txt`; read the difference
before you commit it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

import pytest
from project_harness import Case, cases, execution_problems, static_problems

all_cases = pytest.mark.parametrize("case", cases(), ids=lambda each: each.folder.name)


def test_there_are_cases() -> None:
    assert len(cases()) >= 15


@all_cases
def test_project_is_judged_as_marked(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case.folder)
    report(static_problems(case, update=os.environ.get("UPDATE_FIXTURES") == "1"))


@all_cases
def test_project_does_what_it_says(case: Case) -> None:
    if not case.header.allows(sys.version_info[1]):
        pytest.skip(f"{case.folder.name} is for python {case.header.python}")
    report(execution_problems(case))


def report(problems: Iterable[str]) -> None:
    found = list(problems)
    if found:
        pytest.fail("\n".join(found), pytrace=False)
