"""`asyncgen-lint explain`: reviewed texts, drawings, and what it does with a wrong place."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from ways_in import LEFT_OPEN, LOOP_ROW, asyncgen_lint

EXPLAIN = Path(__file__).parent.parent / "fixtures" / "explain"
SAMPLES = sorted(EXPLAIN.glob("*.py"))

NESTED = "async def deep(a):\n" + "".join(
    f"{'    ' * depth}try:\n{'    ' * depth}    await a.b()\n{'    ' * depth}finally:\n"
    for depth in range(1, 9)
)
"""A `finally` in a `finally`, and so on: too many copies to draw. Ends where a suite begins."""


def marked_lines(path: Path) -> list[int]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [number for number, line in enumerate(lines, 1) if line.endswith("# explain")]


def assert_as_reviewed(shown: str, golden: Path) -> None:
    if os.environ.get("UPDATE_FIXTURES") == "1":
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_explanation_is_as_reviewed(path: Path) -> None:
    parts = []
    for line in marked_lines(path):
        ran = asyncgen_lint("explain", "--isolated", f"{path.name}:{line}", cwd=EXPLAIN)
        assert (ran.status, ran.err) == (0, "")
        parts.append(ran.out)
    assert parts
    assert_as_reviewed("\n\n".join(parts), path.with_suffix(".txt"))


def test_drawing_is_as_reviewed() -> None:
    ran = asyncgen_lint("explain", "--isolated", "--dot", "delegation.py:11", cwd=EXPLAIN)
    assert (ran.status, ran.err) == (0, "")
    assert_as_reviewed(ran.out, EXPLAIN / "delegation.dot")


DOT_STRING = r'"(?:[^"\\\n]|\\[\\"l])*"'
DOT_ATTRIBUTES = rf"\[\w+={DOT_STRING}(?:, \w+=\w+)*\]"
DOT_LINE = re.compile(
    rf"digraph {DOT_STRING} \{{|    (?:node|edge) \[.*\];|    b\d+ {DOT_ATTRIBUTES};"
    rf"|    b\d+ -> b\d+ {DOT_ATTRIBUTES};|\}}"
)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_drawing_is_in_the_language_of_graphviz(path: Path) -> None:
    for line in marked_lines(path)[:3]:
        ran = asyncgen_lint("explain", "--isolated", "--dot", f"{path.name}:{line}", cwd=EXPLAIN)
        assert (ran.status, ran.err) == (0, "")
        assert [each for each in ran.out.splitlines() if not DOT_LINE.fullmatch(each)] == []
        drawn = set(re.findall(r"^    (b\d+) \[", ran.out, re.M))
        assert set(re.findall(r"\bb\d+(?= ->|(?<=-> )b\d+)", ran.out)) <= drawn
        if shutil.which("dot"):
            subprocess.run(
                ["dot", "-Tsvg"], input=ran.out.encode(), check=True, capture_output=True
            )


@pytest.mark.parametrize(
    ("place", "complaint"),
    [
        ("a.py", "'a.py' is not FILE:LINE"),
        ("a.py:", "'a.py:' is not FILE:LINE"),
        (":3", "':3' is not FILE:LINE"),
        ("a.py:x", "'a.py:x' is not FILE:LINE"),
        ("a.py:-1", "'a.py:-1' is not FILE:LINE"),
        ("a.py:0", "a.py: has no line 0"),
        ("a.py:9999", "a.py: has no line 9999"),
        ("b.py:1", "b.py: no such file"),
        (".:1", ".: no such file"),
    ],
)
def test_wrong_place_is_a_usage_error(tmp_path: Path, place: str, complaint: str) -> None:
    (tmp_path / "a.py").write_text(LEFT_OPEN, "utf-8")
    ran = asyncgen_lint("explain", place, cwd=tmp_path)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"asyncgen-lint: {complaint}")


@pytest.mark.parametrize("option", [(), ("--dot",)])
@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"async def f(:\n", "a.py:1:13: syntax error"),
        (b"# coding: none-such\n", "a.py: cannot be read: unknown encoding"),
        (b"a\0b\n", "a.py: cannot be read: source code cannot contain null bytes"),
    ],
)
def test_file_that_cannot_be_analysed(
    tmp_path: Path, option: tuple[str, ...], data: bytes, complaint: str
) -> None:
    (tmp_path / "a.py").write_bytes(data)
    ran = asyncgen_lint("explain", *option, "a.py:1", cwd=tmp_path)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith(f"asyncgen-lint: {complaint}")


def test_function_that_is_too_complex(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(NESTED + " " * 40 + "pass\n", "utf-8")
    drawn = asyncgen_lint("explain", "--dot", "a.py:2", cwd=tmp_path)
    assert (drawn.status, drawn.out) == (1, "")
    assert "too complex" in drawn.err
    explained = asyncgen_lint("explain", "a.py:1", cwd=tmp_path)
    assert (explained.status, explained.err) == (0, "")
    assert "function `deep`" in explained.out


def test_settings_count_unless_isolated(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LEFT_OPEN, "utf-8")
    (tmp_path / "pyproject.toml").write_text('[tool.asyncgen-lint]\nignore = ["AGN101"]\n')
    place = f"a.py:{LOOP_ROW}"
    left_out = "(the settings leave this rule out)"
    assert left_out in asyncgen_lint("explain", place, cwd=tmp_path).out
    assert left_out not in asyncgen_lint("explain", "--isolated", place, cwd=tmp_path).out
    (tmp_path / "pyproject.toml").write_text("[tool.asyncgen-lint]\nunknown = 1\n")
    assert asyncgen_lint("explain", place, cwd=tmp_path).status == 2
    assert asyncgen_lint("explain", "--target-version", "3", place, cwd=tmp_path).status == 2


def test_test_files_and_strict_findings_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(LEFT_OPEN, "utf-8")
    ran = asyncgen_lint("explain", "--isolated", f"test_a.py:{LOOP_ROW}", cwd=tmp_path)
    assert "AGN101 early-exit-leaves-generator-open (not shown in test files)" in ran.out


@pytest.mark.parametrize("text", ["", "\n", "x = 1"])
def test_nothing_to_tell(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.py").write_text(text, "utf-8")
    ran = asyncgen_lint("explain", "a.py:1", cwd=tmp_path)
    assert (ran.status, ran.err) == (0, "")
    assert "no function is defined or called here" in ran.out
    assert asyncgen_lint("explain", "--dot", "a.py:1", cwd=tmp_path).out.startswith("digraph")
