"""The public functions: lint a text or paths, and repair a text, without a command line."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from asyncgen_lint.batch import Task, run_tasks, unread
from asyncgen_lint.config import DEFAULT_TARGET, Projects, Settings, check_selectors
from asyncgen_lint.discovery import MissingPath, discover
from asyncgen_lint.engine import lint
from asyncgen_lint.repair import repair
from asyncgen_lint.rule import Diagnostic
from asyncgen_lint.source.text import Source

_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class TextRepair:
    """A repaired text, the findings whose fix is in it, and those that are left."""

    text: str
    applied: tuple[Diagnostic, ...]
    remaining: tuple[Diagnostic, ...]


def lint_text(
    text: str,
    *,
    filename: str = "<text>",
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    strict: bool = False,
    target_version: tuple[int, int] = DEFAULT_TARGET,
) -> list[Diagnostic]:
    """Return the findings in a text, by position, without those that `# noqa` hides.

    No settings file is read. A text that cannot be analysed gives one diagnostic AGN000. Raises
    ValueError for an unknown code or name in `select` or `ignore`.
    """
    settings = Settings(
        select=_selectors(select, "select"),
        ignore=_selectors(ignore, "ignore"),
        strict=strict,
        target_version=target_version,
    )
    return list(lint(_source(text, filename), settings).diagnostics)


def lint_paths(paths: Iterable[str | os.PathLike[str]]) -> list[Diagnostic]:
    """Return the findings in files and in folders, as `asyncgen-lint check` would with no options.

    Each file's own pyproject.toml gives its settings. Raises FileNotFoundError for a path that does
    not exist, and ValueError for a setting that is not understood.
    """
    try:
        found = discover([os.fspath(path) for path in paths], Projects())
    except MissingPath as error:
        raise FileNotFoundError(str(error)) from None
    outcomes = [unread(each.name, each.reason) for each in found.unreadable]
    tasks = [
        Task(file.path, file.name, file.project.settings, file.project.root) for file in found.files
    ]
    outcomes += run_tasks(tasks)
    ordered = sorted(outcomes, key=lambda each: each.filename.split(os.sep))
    return [diagnostic for outcome in ordered for diagnostic in outcome.diagnostics]


def fix_text(
    text: str,
    *,
    filename: str = "<text>",
    unsafe: bool = False,
    select: Iterable[str] = (),
    target_version: tuple[int, int] = DEFAULT_TARGET,
) -> TextRepair:
    """Return the text with its safe fixes applied, with `unsafe` all fixes.

    Newlines and whatever a fix does not touch stay as they are. A fix that would break the text or
    cause another finding is left out. Raises ValueError for an unknown code or name in `select`.
    """
    settings = Settings(select=_selectors(select, "select"), target_version=target_version)
    source = _source(text, filename)
    repaired = repair(source, settings, unsafe=unsafe)
    mark = _BYTE_ORDER_MARK if source.has_bom else ""
    return TextRepair(mark + repaired.text, repaired.applied, repaired.remaining.diagnostics)


def _source(text: str, filename: str) -> Source:
    marked = text.startswith(_BYTE_ORDER_MARK)
    return Source(filename, text.removeprefix(_BYTE_ORDER_MARK), has_bom=marked)


def _selectors(entries: Iterable[str], where: str) -> tuple[str, ...]:
    return check_selectors([entries] if isinstance(entries, str) else entries, where)
