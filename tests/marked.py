"""Sources whose lines say what must be reported: `# AGN101` marks a line, and no other is."""

from __future__ import annotations

import re

from asyncgen_lint.config import Settings
from asyncgen_lint.engine import analyse
from asyncgen_lint.source.text import Source


def assert_marked(text: str, *, strict: bool = False) -> None:
    """Fail unless the findings in the text are exactly those that its lines are marked with."""
    expected = {
        (number, code)
        for number, line in enumerate(text.splitlines(), 1)
        for code in re.findall(r"# (AGN\d+)", line)
    }
    analysis = analyse(Source("case.py", text), Settings(strict=strict))
    found = {(each.span.start.line, each.code) for each in analysis.diagnostics}
    assert found == expected, [
        f"{each.span.start.line}: {each.code} {each.message}" for each in analysis.diagnostics
    ]
