"""What was repaired, file by file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from asyncgen_lint.rule import Diagnostic


def render(applied: Mapping[str, Iterable[Diagnostic]]) -> str:
    """Return a line a file, and below it a line for each code and title: `2 x AGN101 Iterate ...`.

    `applied` holds the findings whose fix went in, by the name of the file.
    """
    return "".join(f"{name}:\n{_lines(found)}" for name, found in applied.items() if found)


def _lines(found: Iterable[Diagnostic]) -> str:
    counts = Counter((each.code, each.fix.title) for each in found if each.fix is not None)
    return "".join(
        f"  {count} x {code} {title}\n" for (code, title), count in sorted(counts.items())
    )
