"""JSON: an array of records with ruff's fields, and `path` for the way from creation to exit.

Rows and columns count from 1, columns in code points; ends are exclusive. `noqa_row` is the row
whose end takes a `# noqa` comment. `url` is null while there are no published pages of the rules.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from asyncgen_lint.rule import Diagnostic, Edit, Fix, PathStep
from asyncgen_lint.source.span import Position


def render(diagnostics: Iterable[Diagnostic]) -> str:
    """Return the array as text, in ASCII, with a last newline."""
    return json.dumps([_record(each) for each in diagnostics], indent=2) + "\n"


def _record(diagnostic: Diagnostic) -> dict[str, object]:
    return {
        "code": diagnostic.code,
        "name": diagnostic.name,
        "message": diagnostic.message,
        "severity": diagnostic.severity.value,
        "filename": diagnostic.filename,
        "location": _location(diagnostic.span.start),
        "end_location": _location(diagnostic.span.end),
        "fix": _fix(diagnostic.fix) if diagnostic.fix else None,
        "noqa_row": diagnostic.noqa_lines[1],
        "path": [_step(each) for each in diagnostic.path],
        "url": None,
    }


def _fix(fix: Fix) -> dict[str, object]:
    return {
        "applicability": fix.safety.value,
        "message": fix.title,
        "edits": [_edit(each) for each in fix.edits],
    }


def _edit(edit: Edit) -> dict[str, object]:
    return {
        "content": edit.content,
        "location": _location(edit.span.start),
        "end_location": _location(edit.span.end),
    }


def _step(step: PathStep) -> dict[str, object]:
    return {
        "message": step.message,
        "filename": step.filename,
        "location": _location(step.span.start),
        "end_location": _location(step.span.end),
    }


def _location(position: Position) -> dict[str, int]:
    return {"row": position.line, "column": position.column + 1}
