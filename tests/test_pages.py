"""Catalogue, registry, fixtures and pages name the same rules, and every page has all its parts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from asyncgen_lint.further import FURTHER, OPTIONS, SOURCES
from asyncgen_lint.pages import page, write_pages
from asyncgen_lint.registry import all_codes, all_rules
from asyncgen_lint.rule import Rule

ROOT = Path(__file__).parent.parent
CATALOGUE = dict(
    line.split() for line in (ROOT / "tests" / "catalogue.txt").read_text("utf-8").splitlines()
)
NOT_YET_BUILT: frozenset[str] = frozenset()
"""Rules of the catalogue that are still to come: a row goes when its rule is there."""

PARTS = (
    "## Why",
    "## Not reported",
    "## Fix safety",
    "## Example",
    "## Repaired",
    "## Options",
    "## Other linters",
    "## References",
)

RULES = pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)


def test_the_registry_has_the_catalogue_s_rules_but_for_those_to_come() -> None:
    built = set(all_codes())
    assert built <= set(CATALOGUE)
    assert set(CATALOGUE) - built == NOT_YET_BUILT


def test_rules_are_called_as_in_the_catalogue() -> None:
    assert {each.code: each.name for each in all_rules()} == {
        code: name for code, name in CATALOGUE.items() if code not in NOT_YET_BUILT
    }


def test_every_rule_has_its_fixtures() -> None:
    folders = {each.name for each in (ROOT / "fixtures").glob("AGN*")}
    assert folders == set(all_codes())


def test_every_rule_has_its_further_reading() -> None:
    assert set(FURTHER) == set(CATALOGUE)
    assert all(each.references for each in FURTHER.values())
    used = {name for each in FURTHER.values() for name in each.references}
    assert used == set(SOURCES)


def test_options_are_of_rules() -> None:
    starts = [start for codes in OPTIONS.values() for start in codes]
    assert all(any(code.startswith(start) for code in CATALOGUE) for start in starts)


@RULES
def test_a_page_has_all_its_parts(rule: Rule) -> None:
    text = page(rule)
    title, _, harm, *_ = text.splitlines()
    assert title == f"# {rule.name} ({rule.code})"
    assert harm == rule.doc.splitlines()[0]
    places = [text.index(f"\n{part}\n") for part in (*PARTS[:1], *PARTS[3:])]
    assert places == sorted(places)
    assert all(text.count(f"\n{part}\n") == 1 for part in PARTS)
    assert not re.search(r"^## .*\n+(##|\Z)", text, re.MULTILINE), "a part without text"


def test_pages_are_written(tmp_path: Path) -> None:
    write_pages(all_rules(), tmp_path / "docs" / "rules")
    written = {each.stem for each in (tmp_path / "docs" / "rules").glob("*.md")}
    assert written == {"index", *all_codes()}


@RULES
def test_references_are_in_one_place(rule: Rule) -> None:
    # A page says what to read, and which linters report the same, from `further` alone.
    assert "References:" not in rule.doc
    assert not re.search(r"flake8-|pylint|[Nn]o other linter", rule.doc, re.IGNORECASE)
