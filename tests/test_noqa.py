"""Suppression comments: the command line reads them as flake8 does."""

from __future__ import annotations

from pathlib import Path

import pytest
from ways_in import LEFT_OPEN, asyncgen_lint, flake8

HEADER = "    async for tick in ticks():\n"


def is_reported(text: str, folder: Path) -> bool:
    """Whether AGN101 is reported, by flake8 and by the command line alike."""
    (folder / "a.py").write_text(text, "utf-8")
    ours = asyncgen_lint("check", "--output-format", "concise", cwd=folder)
    theirs = flake8("--select", "AGN", cwd=folder)
    assert ("AGN101" in ours.out) == ("AGN101" in theirs.out)
    return "AGN101" in ours.out


@pytest.mark.parametrize(
    ("comment", "reported"),
    [
        ("# noqa", False),
        ("# noqa: AGN101", False),
        ("# NoQA:AGN101", False),
        ("# noqa: AGN1", False),
        ("# noqa: E501, AGN101 because", False),
        ("# noqa: AGN", False),
        ("# noqa AGN103", False),
        ("#noqa", True),
        ("# noqa: AGN103", True),
        ("# noqa: E501", True),
        ("# no qa", True),
        ("# noqa: AGN103  # noqa: AGN101", True),
    ],
)
def test_comment_on_the_line(tmp_path: Path, comment: str, reported: bool) -> None:
    text = LEFT_OPEN.replace(HEADER, f"{HEADER.rstrip()}  {comment}\n")
    assert is_reported(text, tmp_path) is reported


@pytest.mark.parametrize(
    ("header", "reported"),
    [
        # flake8 reads the lines of a parenthesis one by one, but what a backslash joins as one.
        ("async for (  # noqa: AGN101\n        tick\n    ) in (ticks()):\n", False),
        ("async for (\n        tick  # noqa: AGN101\n    ) in (ticks()):\n", True),
        ("async for (\n        tick\n    ) in (ticks()):  # noqa: AGN101\n", True),
        ("async for tick in \\\n        ticks():  # noqa: AGN101\n", False),
    ],
)
def test_comment_in_a_header_of_several_lines(tmp_path: Path, header: str, reported: bool) -> None:
    assert is_reported(LEFT_OPEN.replace(HEADER, f"    {header}"), tmp_path) is reported


def test_comment_after_a_string_of_several_lines(tmp_path: Path) -> None:
    text = LEFT_OPEN.replace("async def ticks():", "async def ticks(text=''):")
    text = text.replace(HEADER, '    async for tick in ticks("""\n\n"""):  # noqa: AGN101\n')
    assert not is_reported(text, tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        LEFT_OPEN.replace(HEADER, f"    # noqa: AGN101\n{HEADER}"),
        LEFT_OPEN.replace("if tick:", "if tick:  # noqa: AGN101"),
    ],
)
def test_comment_elsewhere_hides_nothing(tmp_path: Path, text: str) -> None:
    assert is_reported(text, tmp_path)


@pytest.mark.parametrize(
    ("line", "reported"),
    [
        ("# flake8: noqa\n", False),
        ("    # Flake8=NOQA\n", False),
        ("x = 1  # flake8: noqa\n", True),
        ("# flake8: yes\n", True),
    ],
)
def test_comment_for_the_file(tmp_path: Path, line: str, reported: bool) -> None:
    assert is_reported(LEFT_OPEN + line, tmp_path) is reported


def test_a_file_that_was_not_analysed_is_told_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def (:  # noqa\n")
    ran = asyncgen_lint("check", "--output-format", "concise", cwd=tmp_path)
    assert ran.status == 1
    assert "AGN000" in ran.out
