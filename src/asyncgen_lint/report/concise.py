"""One line a finding: `path:line:column: CODE [*] message`, columns in code points from 1."""

from __future__ import annotations

from collections.abc import Iterable

from asyncgen_lint.report.summary import is_fixable
from asyncgen_lint.rule import Diagnostic


def render(diagnostics: Iterable[Diagnostic], *, unsafe: bool = False) -> str:
    """Return the lines. `[*]` marks what `--fix` repairs, with unsafe fixes if they are allowed."""
    return "".join(_line(each, unsafe) for each in diagnostics)


def _line(diagnostic: Diagnostic, unsafe: bool) -> str:
    start = diagnostic.span.start
    mark = "[*] " if is_fixable(diagnostic, unsafe=unsafe) else ""
    place = f"{diagnostic.filename}:{start.line}:{start.column + 1}"
    return f"{place}: {diagnostic.code} {mark}{diagnostic.message}\n"
