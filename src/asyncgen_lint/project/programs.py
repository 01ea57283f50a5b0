"""The program that a file belongs to; files with the same roots share one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from asyncgen_lint.names.known import Extensions
from asyncgen_lint.project.finder import Root
from asyncgen_lint.project.program import Program
from asyncgen_lint.project.roots import roots_of

MAX_LINES = 150_000
"""How many lines of other modules a process keeps; above that, it forgets them between files."""

_programs: dict[tuple[tuple[Root, ...], Extensions], Program] = {}


def program_of(
    path: Path, project: Path, src: Iterable[str], python: str, extensions: Extensions
) -> Program:
    """Return the modules in view from a file at an absolute path; see `roots_of`.

    What a program knows rests on `extensions` too, so files with others have another one.
    Programs are kept in the process, so that what was read for one file serves the next.
    """
    roots = roots_of(path, project, src, python)
    if sum(each.lines for each in _programs.values()) > MAX_LINES:
        _programs.clear()
    key = (roots, extensions)
    program = _programs.get(key)
    if program is None:
        program = _programs[key] = Program(roots, extensions)
    return program


def forget() -> None:
    """Forget all programs, as when files may have changed."""
    _programs.clear()
