"""`typed = true`: what a type checker reports in annotated code as well is left to it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from ways_in import asyncgen_lint, flake8

from asyncgen_lint.config import Overrides, Settings
from asyncgen_lint.engine import analyse
from asyncgen_lint.registry import all_rules
from asyncgen_lint.source.text import Source

TEXT = """\
from contextlib import aclosing

async def rows():
    try:
        yield 1
    finally:
        await done()

async def awaits():
    await rows()

async def closes_a_list():
    async with aclosing([1]):
        pass

async def closes_another():
    async with aclosing(rows()):
        async for x in rows():
            print(x)

async def leaves():
    async for x in rows():
        break
"""


def found(settings: Settings) -> list[tuple[str, int]]:
    analysis = analyse(Source("x.py", TEXT), settings)
    return [(each.code, each.span.start.line) for each in analysis.diagnostics]


def test_typed_leaves_out_what_a_type_checker_has() -> None:
    everything = [("AGN501", 10), ("AGN207", 13), ("AGN207", 17), ("AGN101", 22)]
    assert found(Settings()) == everything
    # That another generator is closed than the one iterated is no matter of types.
    assert found(Settings(typed=True)) == everything[2:]


@pytest.mark.parametrize("name", ["AGN501", "generator-awaited"])
def test_a_rule_that_is_selected_by_name_stays_on(name: str) -> None:
    assert ("AGN501", 10) in found(Settings(typed=True, extend_select=(name,)))
    assert found(Settings(typed=True, select=(name,))) == [("AGN501", 10)]
    assert found(Settings(typed=True, select=("AGN5",))) == []
    assert ("AGN501", 10) not in found(Settings(typed=True, select=("ALL",)))


def test_the_command_line_goes_over_the_settings() -> None:
    assert Overrides(typed=True).applied_to(Settings()).typed
    assert Overrides().applied_to(Settings(typed=True)).typed


def test_both_ways_in(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text(TEXT)
    pyproject = tmp_path / "pyproject.toml"
    for line, by_default in (("typed = false", True), ("typed = true", False)):
        pyproject.write_text(f"[tool.asyncgen-lint]\n{line}\n")
        assert ("AGN501" in asyncgen_lint("check", cwd=tmp_path).out) is by_default
        assert ("AGN501" in flake8("--select=AGN", "x.py", cwd=tmp_path).out) is by_default
        assert "AGN501" in flake8("--select=AGN501", "x.py", cwd=tmp_path).out
    pyproject.write_text("")
    ran = asyncgen_lint("check", "--typed", "--output-format=json", cwd=tmp_path)
    assert {each["code"] for each in json.loads(ran.out)} == {"AGN207", "AGN101"}


def test_pages_and_readme_say_so() -> None:
    for each in all_rules():
        assert ("typed = true" in each.doc) is each.type_checked, each.code
    readme = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
    (sentence,) = re.findall(r"it turns off AGN(.*?), unless", readme, re.DOTALL)
    numbers: set[int] = set()
    for first, last in re.findall(r"(\d+)(?: to (\d+))?", sentence):
        numbers |= set(range(int(first), int(last or first) + 1))
    assert numbers == {int(each.code[3:]) for each in all_rules() if each.type_checked}
