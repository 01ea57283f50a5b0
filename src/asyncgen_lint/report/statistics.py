"""How many findings there are of each rule."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

from asyncgen_lint.report.summary import is_fixable
from asyncgen_lint.rule import Diagnostic


def render(diagnostics: Iterable[Diagnostic], *, unsafe: bool = False) -> str:
    """Return a line a code, the most frequent first: `12  AGN101  [*] name`, with aligned counts.

    `[*]` marks rules of which `--fix` repairs a finding, with unsafe fixes if they are allowed.
    """
    rows = _rows(diagnostics, unsafe)
    width = max((len(str(count)) for _, _, count, _ in rows), default=0)
    return "".join(
        f"{count:{width}}  {code}  {'[*]' if fixable else '[ ]'} {name}\n"
        for code, name, count, fixable in rows
    )


def render_json(diagnostics: Iterable[Diagnostic], *, unsafe: bool = False) -> str:
    """Return the same as an array of records."""
    records = [
        {"code": code, "name": name, "count": count, "fixable": bool(fixable)}
        for code, name, count, fixable in _rows(diagnostics, unsafe)
    ]
    return json.dumps(records, indent=2) + "\n"


def _rows(diagnostics: Iterable[Diagnostic], unsafe: bool) -> list[tuple[str, str, int, int]]:
    found = list(diagnostics)
    counts = Counter((each.code, each.name) for each in found)
    fixable = Counter(each.code for each in found if is_fixable(each, unsafe=unsafe))
    rows = [(code, name, count, fixable[code]) for (code, name), count in counts.items()]
    return sorted(rows, key=lambda row: (-row[2], row[0]))
