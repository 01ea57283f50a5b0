"""Reads the projects of fixtures/projects, runs them, and holds them against the linter.

A case is a folder: a small project whose pyproject.toml says in its description what it shows. The
lines of its files carry the marks of other fixtures (`# expect: AGN101`, `# ok: AGN101  why`), set
by what a careful reader with all its files open would say. `# missing: AGN101  why` marks what such
a reader would report and the linter does not know yet; that it is found is then a problem too.

`findings.txt` is the report on all files. A case with a `main.py` is run: its header says which
harm is seen, and `left-open` means as many generators as marks of AGN101, 103 and 104.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from fixture_harness import (
    FIXTURES,
    Counts,
    Header,
    Interpreter,
    Mark,
    differences,
    read,
    read_header,
    read_marks,
    run_program,
    text_difference,
    write,
)

from asyncgen_lint.batch import Task, run_tasks
from asyncgen_lint.config import Projects, Settings
from asyncgen_lint.discovery import discover
from asyncgen_lint.report.full import render
from asyncgen_lint.rule import Diagnostic

PROJECTS = FIXTURES / "projects"

MISSING = re.compile(r"# missing: (AGN\d{3})  \S.*")
LEFT_OPEN = ("AGN101", "AGN103", "AGN104")


@dataclass(frozen=True)
class Case:
    """One project."""

    folder: Path

    @cached_property
    def files(self) -> list[Path]:
        """What `asyncgen-lint check` would look at."""
        return [each.path for each in discover([str(self.folder)], Projects()).files]

    @property
    def settings(self) -> Settings:
        """The project's settings; without an environment of its own it has no packages."""
        settings = Projects().of_folder(self.folder).settings
        return replace(settings, python=settings.python or "none")

    @cached_property
    def program(self) -> Path | None:
        """The file that is run, if the project runs at all."""
        found = [each for each in self.files if each.name == "main.py"]
        return found[0] if found else None

    @property
    def header(self) -> Header:
        return read_header(read(self.program)) if self.program is not None else Header()

    @property
    def findings(self) -> Path:
        return self.folder / "findings.txt"

    def shown(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    @cached_property
    def marks(self) -> dict[str, list[Mark]]:
        return {
            self.shown(path): read_marks(MISSING.sub("#", read(path)), str(path))
            for path in self.files
        }

    def expected(self) -> Counter[tuple[str, str, int]]:
        return Counter(
            (name, mark.code, mark.line)
            for name, marks in self.marks.items()
            for mark in marks
            if mark.expected
        )

    def missing(self) -> Iterator[tuple[str, str, int]]:
        for path in self.files:
            for number, line in enumerate(read(path).splitlines(), 1):
                for match in MISSING.finditer(line):
                    yield self.shown(path), match[1], number


def cases() -> list[Case]:
    """Return all projects, by name."""
    return [Case(each.parent) for each in sorted(PROJECTS.glob("*/pyproject.toml"))]


# Statics


def found_in(case: Case, *, jobs: int = 1, backwards: bool = False) -> list[Diagnostic]:
    """Return the findings in all files, as the command line has them, in the order of files."""
    tasks = [
        Task(path, case.shown(path), case.settings, case.folder)
        for path in sorted(case.files, reverse=backwards)
    ]
    outcomes = sorted(run_tasks(tasks, jobs=jobs), key=lambda each: each.filename)
    return [each for outcome in outcomes for each in outcome.diagnostics]


def static_problems(case: Case, *, update: bool = False) -> Iterator[str]:
    """Hold a project against the linter. With `update` write the report, then hold it.

    Reports name files relative to the working directory, so this must be the project's folder.
    """
    if "description" not in read(case.folder / "pyproject.toml"):
        yield "pyproject.toml: no description, which says what the case shows"
    found = found_in(case)
    for name in case.marks:
        wanted: Counts = Counter(
            {(code, line): n for (where, code, line), n in case.expected().items() if where == name}
        )
        here = Counter((e.code, e.span.start.line) for e in found if e.filename == name)
        yield from differences(name, wanted, here)
    reported = {(each.filename, each.code, each.span.start.line) for each in found}
    for name, code, line in case.missing():
        if (name, code, line) in reported:
            yield f"{name}:{line}: {code} is found now: mark it `# expect: {code}`"
    yield from _order_problems(case, found)
    yield from _report_problems(case, found, update)


def _order_problems(case: Case, found: Sequence[Diagnostic]) -> Iterator[str]:
    """What was analysed before, in the same process, must change no finding."""
    if found_in(case, backwards=True) != found:
        yield "found otherwise when the files are analysed from the last to the first"


def _report_problems(case: Case, found: Sequence[Diagnostic], update: bool) -> Iterator[str]:
    texts = {name: read(case.folder / name) for name in names_in(found)}
    text = render(found, texts)
    if update:
        write(case.findings, text)
    if not case.findings.exists():
        yield "findings.txt: missing"
    elif read(case.findings) != text:
        difference = text_difference(read(case.findings), text)
        yield f"findings.txt: the report reads otherwise:\n{difference}"


def names_in(found: Sequence[Diagnostic]) -> set[str]:
    """Return the files that findings and the steps of their paths stand in."""
    return {name for each in found for name in (each.filename, *(s.filename for s in each.path))}


# Execution


def execution_problems(case: Case) -> Iterator[str]:
    """Run a project in our interpreter, and say where it does not do the harm it claims."""
    if case.program is None:
        return
    header = case.header
    folders = (case.folder / each for each in case.settings.src)
    packages = case.folder.glob("*/lib/python3*/site-packages")
    run = run_program(
        case.program,
        Interpreter(sys.executable, sys.version_info[:3]),
        case.folder,
        *(each for each in (*folders, *packages) if each.is_dir()),
    )
    if header.harm == "raises":
        if header.name not in run.raised and header.name not in run.stdout:
            yield f"{header.name} neither raised nor reported, but {run.raised}: {run.message}"
    elif run.raised:
        yield f"{run.stage}: {run.raised[0]}: {run.message}"
    if header.harm == "left-open":
        marks = [mark for marks in case.marks.values() for mark in marks if mark.expected]
        wanted = sum(mark.code in LEFT_OPEN for mark in marks)
        wanted += sum(code in LEFT_OPEN for _, code, _ in case.missing())
        if len(run.left_open) != wanted:
            yield f"{wanted} places are marked, left open: {run.describe_open() or 'none'}"
