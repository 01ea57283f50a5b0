"""The page for people who come from JavaScript speaks of rules that exist."""

from __future__ import annotations

import re
from pathlib import Path

from asyncgen_lint.registry import all_codes

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "javascript.md").read_text("utf-8")


def tables() -> list[list[list[str]]]:
    """Return the cells of each table's rows, its head included."""
    found = []
    for block in re.findall(r"(?:^\|.*\n)+", PAGE, re.MULTILINE):
        lines = block.splitlines()
        found.append([[cell.strip() for cell in re.split(r"(?<!\\)\|", x)[1:-1]] for x in lines])
    return found


def test_every_code_exists() -> None:
    codes = set(re.findall(r"AGN\d+", PAGE))
    assert codes
    assert codes <= set(all_codes())


def test_every_row_is_whole() -> None:
    assert len(tables()) == 6
    for head, _, *rows in tables():
        assert head == ["JavaScript", "Python", "what to know", "rules"]
        for row in rows:
            assert len(row) == 4, row
            assert re.fullmatch(r"(AGN\d{3}(, AGN\d{3})*)?", row[3]), row


def test_readme_links_to_the_page() -> None:
    assert "(docs/javascript.md)" in (ROOT / "README.md").read_text("utf-8")
