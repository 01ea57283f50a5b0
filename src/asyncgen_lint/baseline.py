"""Baselines: the findings that a code base had when it took asyncgen-lint up.

A finding is known by its file, its code and the text of its line, so that it stays known when lines
are moved; of equal ones, as many as were written down. The file is JSON, an entry a line, sorted,
with paths relative to the file's own folder.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from asyncgen_lint.rule import INTERNAL_CODE, Diagnostic

VERSION = 1

_Entry = tuple[str, str, str]


class BaselineError(ValueError):
    """A baseline cannot be read; the message says why, with the file's name."""


@dataclass(frozen=True)
class Baseline:
    """Known findings: how many of each path, code and line's text. `folder` is absolute."""

    folder: Path
    counts: Mapping[_Entry, int] = field(default_factory=dict)

    @staticmethod
    def of(folder: Path, found: Iterable[tuple[Diagnostic, str]]) -> Baseline:
        """Return the baseline of findings, each with the text of its line.

        What says that a file could not be analysed is no finding.
        """
        entries = (_entry(folder, each, line) for each, line in found if _counts(each))
        return Baseline(folder, Counter(entries))

    def unknown(self, found: Iterable[tuple[Diagnostic, str]]) -> list[Diagnostic]:
        """Return the findings, given with their lines, that are not known, in their order."""
        left = Counter(self.counts)
        unknown = []
        for diagnostic, line in found:
            entry = _entry(self.folder, diagnostic, line)
            if _counts(diagnostic) and left[entry] > 0:
                left[entry] -= 1
            else:
                unknown.append(diagnostic)
        return unknown

    def dump(self) -> str:
        """Return the text of the baseline's file."""
        entries = sorted((*entry, count) for entry, count in self.counts.items())
        lines = ",\n".join(f"    {json.dumps(list(each))}" for each in entries)
        body = f"[\n{lines}\n  ]" if lines else "[]"
        return f'{{\n  "version": {VERSION},\n  "findings": {body}\n}}\n'


def read_baseline(path: Path) -> Baseline:
    """Return the baseline in a file. Raises BaselineError."""
    try:
        document = json.loads(path.read_bytes())
        if document["version"] != VERSION:
            raise BaselineError(f"{path}: is of version {document['version']}, not {VERSION}")
        counts = {_checked(each): int(each[3]) for each in document["findings"]}
    except OSError as error:
        raise BaselineError(f"{path}: cannot be read: {error.strerror}") from error
    except (KeyError, TypeError, IndexError, RecursionError) as error:
        raise BaselineError(f"{path}: is no baseline of asyncgen-lint") from error
    except ValueError as error:
        if isinstance(error, BaselineError):
            raise
        raise BaselineError(f"{path}: is no baseline of asyncgen-lint: {error}") from error
    return Baseline(Path(os.path.abspath(path)).parent, counts)


def _checked(entry: list[object]) -> _Entry:
    path, code, line = entry[:3]
    if not (isinstance(path, str) and isinstance(code, str) and isinstance(line, str)):
        raise TypeError
    return path, code, line


def _counts(diagnostic: Diagnostic) -> bool:
    return diagnostic.code != INTERNAL_CODE


def _entry(folder: Path, diagnostic: Diagnostic, line: str) -> _Entry:
    try:
        relative = os.path.relpath(diagnostic.filename, folder)
    except ValueError:
        # On Windows, a path on another drive.
        relative = os.path.abspath(diagnostic.filename)
    return PurePath(relative).as_posix(), diagnostic.code, line.strip()
