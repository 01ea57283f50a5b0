"""Taking the tool up on an old code base: comments that hide, baselines, statistics."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from ways_in import LEFT_OPEN, LOOP_ROW, NOTHING_FOUND, asyncgen_lint

from asyncgen_lint.source.hide import with_noqa
from asyncgen_lint.source.suppress import Suppressions
from asyncgen_lint.source.text import Source

LOOP = "    async for tick in ticks():"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.py"
    path.write_bytes(LEFT_OPEN.encode())
    return path


class TestNoqa:
    def test_hides_each_finding_from_all_ways_in(self, file: Path) -> None:
        (file.parent / "b.py").write_text(NOTHING_FOUND)
        ran = asyncgen_lint("check", "--add-noqa", cwd=file.parent)
        assert (ran.status, ran.out, ran.err) == (0, "Hid 1 finding by comments.\n", "")
        expected = LEFT_OPEN.replace(LOOP, f"{LOOP}  # noqa: AGN101")
        assert file.read_text() == expected
        assert (file.parent / "b.py").read_text() == NOTHING_FOUND
        assert asyncgen_lint("check", cwd=file.parent).out == ""
        flake8 = [sys.executable, "-m", "flake8", "--select", "AGN", "."]
        assert subprocess.run(flake8, cwd=file.parent, check=False).returncode == 0
        asyncgen_lint("check", "--add-noqa", cwd=file.parent)
        assert file.read_text() == expected

    def test_reason(self, file: Path) -> None:
        asyncgen_lint("check", "--add-noqa", "--noqa-reason=W605 is no code", cwd=file.parent)
        line = file.read_text().splitlines()[LOOP_ROW - 1]
        assert line == f"{LOOP}  # noqa: AGN101  # W605 is no code"

    @pytest.mark.parametrize("reason", ["two\nlines", "see # noqa", "a\rb"])
    def test_reason_that_is_none(self, file: Path, reason: str) -> None:
        ran = asyncgen_lint("check", "--add-noqa", f"--noqa-reason={reason}", cwd=file.parent)
        assert (ran.status, ran.out) == (2, "")
        assert file.read_text() == LEFT_OPEN

    def test_stdin(self, file: Path) -> None:
        ran = asyncgen_lint("check", "--add-noqa", "-", cwd=file.parent, stdin=LEFT_OPEN.encode())
        assert ran.out == LEFT_OPEN.replace(LOOP, f"{LOOP}  # noqa: AGN101")
        assert (ran.status, ran.err) == (0, "Hid 1 finding by comments.\n")

    def test_bytes_are_kept(self, file: Path) -> None:
        before = f"# coding: latin-1\n# \xe9\n\x0c{LEFT_OPEN}".replace("\n", "\r\n").rstrip()
        file.write_bytes(before.encode("latin-1"))
        asyncgen_lint("check", "--add-noqa", cwd=file.parent)
        after = before.replace(LOOP, f"{LOOP}  # noqa: AGN101")
        assert file.read_bytes() == after.encode("latin-1")

    def test_what_cannot_be_analysed_stays_reported(self, file: Path) -> None:
        file.write_text("def (:\n")
        ran = asyncgen_lint("check", "--add-noqa", cwd=file.parent)
        assert ran.status == 1
        assert ran.out.startswith("a.py:1:5: AGN000 ")
        assert file.read_text() == "def (:\n"

    @pytest.mark.parametrize("option", [("--fix",), ("--diff",), ("--baseline", "b.json")])
    def test_not_with_repairs(self, file: Path, option: tuple[str, ...]) -> None:
        assert asyncgen_lint("check", "--add-noqa", *option, cwd=file.parent).status == 2
        assert file.read_text() == LEFT_OPEN

    @pytest.mark.parametrize(
        ("line", "expected"),
        [
            ("x = 1", "x = 1  # noqa: AGN101"),
            ("x = 1  ", "x = 1  # noqa: AGN101"),
            ("x = 1  # why", "x = 1  # why  # noqa: AGN101"),
            ("x = 1  # noqa: E501", "x = 1  # noqa: E501, AGN101"),
            ("x = 1  # NoQA:E501,W2 why", "x = 1  # NoQA:E501,W2, AGN101 why"),
            ("x = 1 # noqa: E501 # why", "x = 1 # noqa: E501, AGN101 # why"),
            ("x = '# noqa: E501'", "x = '# noqa: E501'"),
            ("x = '# noqa: E501'  # y", "x = '# noqa: E501'  # y"),
            ('x = """\n"""', 'x = """\n"""  # noqa: AGN101'),
            ("x = 1 + \\\n  2", "x = 1 + \\\n  2  # noqa: AGN101"),
            ("x = (1 +\n  2)", "x = (1 +  # noqa: AGN101\n  2)"),
            ("x = 1 \\\n  # noqa: E1", "x = 1 \\\n  # noqa: E1, AGN101"),
        ],
    )
    def test_forms_of_lines(self, line: str, expected: str) -> None:
        source = Source("x.py", f"a = 0\n{line}\nb = 0")
        after = with_noqa(source, {2: {"AGN101"}})
        assert after.text == f"a = 0\n{expected}\nb = 0"
        suppressions = Suppressions(after)
        hidden = suppressions.hides("AGN101", suppressions.lines_for(2))
        assert hidden == (line != expected)

    def test_two_codes_on_a_line(self) -> None:
        after = with_noqa(Source("x.py", "x = 1\n"), {1: {"AGN202", "AGN101"}}, "why")
        assert after.text == "x = 1  # noqa: AGN101, AGN202  # why\n"


class TestBaseline:
    OPTIONS = ("check", "--output-format", "concise", "--baseline", "known.json")

    def test_known_findings_are_left_out_wherever_their_lines_go(self, file: Path) -> None:
        ran = asyncgen_lint(*self.OPTIONS, "--write-baseline", cwd=file.parent)
        assert (ran.status, ran.out) == (0, "")
        assert ran.err == "asyncgen-lint: wrote 1 finding to known.json\n"
        file.write_text(f"# moved\n\n{LEFT_OPEN}")
        assert asyncgen_lint(*self.OPTIONS, cwd=file.parent).status == 0
        assert asyncgen_lint(*self.OPTIONS, "a.py", cwd=file.parent).status == 0

    def test_others_are_reported(self, file: Path) -> None:
        asyncgen_lint(*self.OPTIONS, "--write-baseline", cwd=file.parent)
        again = LEFT_OPEN[LEFT_OPEN.index("async def first") :].replace("first", "second")
        file.write_text(f"{LEFT_OPEN}\n\n{again}")
        ran = asyncgen_lint(*self.OPTIONS, cwd=file.parent)
        assert ran.status == 1
        assert ran.out.count("AGN101") == 1
        (file.parent / "b.py").write_text(LEFT_OPEN)
        ran = asyncgen_lint(*self.OPTIONS, "b.py", cwd=file.parent)
        assert (ran.status, ran.out.split(":")[0]) == (1, "b.py")

    def test_it_is_read_from_where_it_stands(self, file: Path) -> None:
        asyncgen_lint(*self.OPTIONS, "--write-baseline", cwd=file.parent)
        inside = file.parent / "inside"
        inside.mkdir()
        ran = asyncgen_lint("check", "--baseline", "../known.json", "../a.py", cwd=inside)
        assert (ran.status, ran.out) == (0, "")

    def test_stdin(self, file: Path) -> None:
        asyncgen_lint(*self.OPTIONS, "--write-baseline", cwd=file.parent)
        data = LEFT_OPEN.encode()
        options = ("--stdin-filename", "a.py", "-")
        assert asyncgen_lint(*self.OPTIONS, *options, cwd=file.parent, stdin=data).status == 0

    def test_what_cannot_be_analysed_is_never_known(self, file: Path) -> None:
        file.write_text("def (:\n")
        ran = asyncgen_lint(*self.OPTIONS, "--write-baseline", cwd=file.parent)
        assert (ran.status, "AGN000" in ran.out) == (1, True)
        assert json.loads((file.parent / "known.json").read_text())["findings"] == []
        assert asyncgen_lint(*self.OPTIONS, cwd=file.parent).status == 1

    @pytest.mark.parametrize(
        "text",
        [
            None,
            "",
            "[]",
            "{",
            '{"version": 2, "findings": []}',
            '{"version": 1}',
            '{"version": 1, "findings": [1]}',
            '{"version": 1, "findings": [["a", "b"]]}',
            '{"version": 1, "findings": [["a", "b", 3, 1]]}',
            '{"version": 1, "findings": [["a", "b", "c", "d"]]}',
            "\xff",
        ],
    )
    def test_no_baseline(self, file: Path, text: str | None) -> None:
        if text is not None:
            (file.parent / "known.json").write_bytes(text.encode("latin-1"))
        ran = asyncgen_lint(*self.OPTIONS, cwd=file.parent)
        assert (ran.status, ran.out) == (2, "")
        assert ran.err.startswith("asyncgen-lint: known.json: ")
        assert ran.err.count("\n") == 1

    def test_usage(self, file: Path) -> None:
        assert asyncgen_lint("check", "--write-baseline", cwd=file.parent).status == 2
        assert (
            asyncgen_lint("fix", *self.OPTIONS[1:], "--write-baseline", cwd=file.parent).status == 2
        )
        ran = asyncgen_lint("check", "--baseline", "no/b.json", "--write-baseline", cwd=file.parent)
        assert ran.status == 2
        assert "cannot be written: No such file or directory" in ran.err


def test_statistics(file: Path) -> None:
    (file.parent / "b.py").write_text(LEFT_OPEN + "\n\nasync def f():\n    ticks()\n")
    ran = asyncgen_lint("check", "--statistics", cwd=file.parent)
    assert ran.status == 1
    assert ran.out.splitlines()[:2] == [
        "2  AGN101  [*] early-exit-leaves-generator-open",
        "1  AGN105  [ ] generator-never-iterated",
    ]
    ran = asyncgen_lint("check", "--statistics", "--output-format", "json", cwd=file.parent)
    assert [(each["code"], each["count"], each["fixable"]) for each in json.loads(ran.out)] == [
        ("AGN101", 2, True),
        ("AGN105", 1, False),
    ]
