"""All ways in find the same in a project of many files, whatever they are given of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from project_harness import PROJECTS
from ways_in import Ran, asyncgen_lint, codemod, flake8, run

from asyncgen_lint import lint_paths
from asyncgen_lint.batch import PARALLEL_FROM

Finding = tuple[str, int, int, str, str]
"""File, line, column, code and message."""

FILLER = """\
from depot.wire import frames
from feedlib import Client


async def first_frame_{number}():
    async for frame in frames():
        return frame


async def first_event_{number}():
    async for event in Client().events():
        if event:
            break
"""

STARTED_AS = """\
import multiprocessing
import sys

from flake8.main.cli import main

if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    raise SystemExit(main(sys.argv[2:]))
"""

PLACE = re.compile(r"^(.+?):(\d+):(\d+): (AGN\d{3}) (.*)$", re.MULTILINE)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package below src, an installed one, and more files than one process gets."""
    folder = tmp_path_factory.mktemp("here") / "project"
    shutil.copytree(PROJECTS / "installed_package", folder)
    shutil.copytree(PROJECTS / "src_layout/src", folder / "src")
    shutil.copy(PROJECTS / "src_layout/main.py", folder / "use_depot.py")
    (folder / "many").mkdir()
    for number in range(PARALLEL_FROM):
        (folder / f"many/consumer_{number}.py").write_text(FILLER.format(number=number))
    return folder


@pytest.fixture(scope="module")
def wanted(project: Path) -> list[Finding]:
    """What the command line finds in the folder, in one process."""
    found = checked(project, project, "--jobs", "1")
    assert len({name for name, *_ in found}) == PARALLEL_FROM + 4
    assert len(found) == 2 * PARALLEL_FROM + 9
    return found


def inside(project: Path, cwd: Path, name: str) -> str:
    return (cwd / name).resolve().relative_to(project.resolve()).as_posix()


def checked(project: Path, cwd: Path, *arguments: str, stdin: bytes = b"") -> list[Finding]:
    ran = asyncgen_lint("check", *arguments, "--output-format", "json", cwd=cwd, stdin=stdin)
    assert ran.err == ""
    return sorted(
        (
            inside(project, cwd, each["filename"]),
            each["location"]["row"],
            each["location"]["column"],
            each["code"],
            each["message"],
        )
        for each in json.loads(ran.out)
    )


def flaked(project: Path, cwd: Path, ran: Ran) -> list[Finding]:
    assert ran.err == ""
    return sorted(
        (inside(project, cwd, name), int(row), int(column), code, message)
        for name, row, column, code, message in PLACE.findall(ran.out)
    )


def of(found: Sequence[Finding], *names: str) -> list[Finding]:
    return [each for each in found if each[0] in names]


ALONE = (
    "main.py",
    "use_depot.py",
    "many/consumer_7.py",
    "src/depot/inner/codec.py",
)


@pytest.mark.parametrize("jobs", ["2", "4"])
def test_check_with_processes(project: Path, wanted: list[Finding], jobs: str) -> None:
    assert checked(project, project, "--jobs", jobs) == wanted


def test_check_from_another_folder(project: Path, wanted: list[Finding], tmp_path: Path) -> None:
    assert checked(project, tmp_path, str(project)) == wanted
    assert checked(project, project / "src/depot", "../..") == wanted
    assert checked(project, project / "src/depot", "inner") == of(wanted, ALONE[-1])


@pytest.mark.parametrize("name", ALONE)
def test_one_file_alone(project: Path, wanted: list[Finding], tmp_path: Path, name: str) -> None:
    alone = of(wanted, name)
    data = (project / name).read_bytes()
    assert checked(project, project, name) == alone
    assert checked(project, tmp_path, str(project / name)) == alone
    assert checked(project, project, "-", "--stdin-filename", name, stdin=data) == alone
    nearby = os.path.relpath(project / name, project / "src")
    stdin = checked(project, project / "src", "-", "--stdin-filename", nearby, stdin=data)
    assert stdin == alone


@pytest.mark.parametrize("name", ALONE)
def test_flake8_with_one_file(project: Path, wanted: list[Finding], name: str) -> None:
    alone = of(wanted, name)
    ran = flake8("--select", "AGN", name, cwd=project)
    assert flaked(project, project, ran) == alone
    data = (project / name).read_bytes()
    ran = flake8("--select", "AGN", "--stdin-display-name", name, "-", cwd=project, stdin=data)
    assert flaked(project, project, ran) == alone


@pytest.mark.parametrize("jobs", ["1", "4"])
def test_flake8_with_the_folder(
    project: Path, wanted: list[Finding], tmp_path: Path, jobs: str
) -> None:
    options = ("--select", "AGN", "--extend-exclude", "env", "--jobs", jobs)
    assert flaked(project, project, flake8(*options, cwd=project)) == wanted
    ran = flake8(*options, str(project), cwd=tmp_path)
    assert flaked(project, tmp_path, ran) == wanted


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_flake8_with_processes_of_each_kind(
    project: Path, wanted: list[Finding], tmp_path: Path, method: str
) -> None:
    driver = tmp_path / "driver.py"
    driver.write_text(STARTED_AS)
    options = ("--isolated", "--select", "AGN", "--extend-exclude", "env", "--jobs", "4")
    ran = run(sys.executable, str(driver), method, *options, cwd=project)
    assert flaked(project, project, ran) == wanted


def test_the_function_for_other_tools(
    project: Path, wanted: list[Finding], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    found = [
        (each.filename, each.span.start.line, each.span.start.column + 1, each.code, each.message)
        for each in lint_paths(["."])
    ]
    assert sorted(found) == wanted


def test_codemod_and_fix_repair_the_same(project: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        shutil.copytree(project, folder)
    asyncgen_lint("fix", ".", cwd=first)
    names = [str(each.relative_to(second)) for each in sorted(second.rglob("*.py"))]
    ran = codemod(*(each for each in names if not each.startswith("env/")), cwd=second)
    assert ran.status == 0, ran.err
    repaired = 0
    for name in names:
        data = (first / name).read_bytes()
        assert data == (second / name).read_bytes(), name
        repaired += data != (project / name).read_bytes()
    assert repaired > PARALLEL_FROM
