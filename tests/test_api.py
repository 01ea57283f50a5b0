"""The public API."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import pytest
from ways_in import LEFT_OPEN, NOTHING_FOUND, run

import asyncgen_lint
from asyncgen_lint import FixSafety, Position, fix_text, lint_paths, lint_text


def test_what_is_public() -> None:
    assert sorted(asyncgen_lint.__all__) == [
        "Diagnostic", "Edit", "Fix", "FixSafety", "PathStep", "Position", "Severity", "Span",
        "Tier", "fix_text", "lint_paths", "lint_text",
    ]  # fmt: skip
    assert set(dir(asyncgen_lint)) == {*asyncgen_lint.__all__, "__version__"}
    for name in asyncgen_lint.__all__:
        assert getattr(asyncgen_lint, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = asyncgen_lint.nothing


def test_import_costs_nothing(tmp_path: Path) -> None:
    program = "import sys, asyncgen_lint; print(*[m for m in sys.modules if 'asyncgen' in m])"
    assert run(sys.executable, "-c", program, cwd=tmp_path).out.split() == ["asyncgen_lint"]


def test_lint_text() -> None:
    (found,) = lint_text(LEFT_OPEN, filename="x.py")
    assert (found.code, found.filename, found.span.start) == ("AGN101", "x.py", Position(13, 4))
    assert found.fix is not None
    assert found.fix.safety is FixSafety.SAFE
    assert found.path
    assert pickle.loads(pickle.dumps(found)) == found
    assert lint_text(NOTHING_FOUND) == []
    assert lint_text(LEFT_OPEN, ignore=["AGN101"]) == []
    assert lint_text(LEFT_OPEN, select=["AGN103"]) == []
    assert (
        lint_text(LEFT_OPEN.replace("ticks():\n        if", "ticks():  # noqa\n        if")) == []
    )
    assert lint_text(LEFT_OPEN, filename="tests/x.py") == []
    assert len(lint_text(LEFT_OPEN, filename="tests/x.py", strict=True)) == 1


def test_text_that_cannot_be_analysed() -> None:
    for text in ("def (:", "x = '\0'"):
        (found,) = lint_text(text)
        assert found.code == "AGN000"


def test_unknown_rules() -> None:
    with pytest.raises(ValueError, match="did you mean 'AGN611'"):
        lint_text("", select=["AGN11"])
    with pytest.raises(ValueError, match="unknown rule"):
        fix_text("", select="nothing-like-it")


def test_lint_paths(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.asyncgen-lint]\nexclude = ['c.py']\n")
    for name in ("b.py", "a.py", "c.py"):
        (tmp_path / name).write_text(LEFT_OPEN)
    (tmp_path / "gone.py").symlink_to("nowhere")
    found = lint_paths([tmp_path, str(tmp_path / "a.py")])
    assert [(Path(each.filename).name, each.code) for each in found] == [
        ("a.py", "AGN101"),
        ("b.py", "AGN101"),
        ("gone.py", "AGN000"),
    ]
    with pytest.raises(FileNotFoundError, match=r"nowhere\.py: no such file"):
        lint_paths([tmp_path / "nowhere.py"])


def test_fix_text() -> None:
    repaired = fix_text(LEFT_OPEN)
    assert "aclosing(ticks())" in repaired.text
    assert [each.code for each in repaired.applied] == ["AGN101"]
    assert repaired.remaining == ()
    assert fix_text(repaired.text).text == repaired.text
    assert fix_text(LEFT_OPEN, select=["AGN103"]).text == LEFT_OPEN
    windows = fix_text("\ufeff" + LEFT_OPEN.replace("\n", "\r\n")).text
    assert windows == "\ufeff" + repaired.text.replace("\n", "\r\n")
