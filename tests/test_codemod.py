"""The codemod under libcst's own runner: the same bytes as `asyncgen-lint fix`."""

from __future__ import annotations

import shutil
from pathlib import Path

import libcst as cst
import pytest
from libcst.codemod import CodemodContext, SkipFile
from ways_in import LEFT_OPEN, NOTHING_FOUND, asyncgen_lint, codemod

from asyncgen_lint import fix_text
from asyncgen_lint.codemod import FixAsyncGenerators

FIXTURES = Path(__file__).parent.parent / "fixtures"

HARD = {
    "plain.py": LEFT_OPEN.encode(),
    "crlf.py": LEFT_OPEN.replace("\n", "\r\n").encode(),
    "cr.py": LEFT_OPEN.replace("\n", "\r").encode(),
    "mark.py": b"\xef\xbb\xbf" + LEFT_OPEN.encode(),
    "latin.py": f"# -*- coding: latin-1 -*-\n# caf\xe9\n{LEFT_OPEN}".encode("latin-1"),
    "feed.py": f"'''x'''\n\x0c\n{LEFT_OPEN}\n\x0c\n\x0cx = 1\n# \x0c\n".encode(),
    "tabs.py": LEFT_OPEN.replace("    ", "\t").encode(),
    "end.py": LEFT_OPEN.rstrip().encode() + b"\t# end",
}


def test_same_bytes_as_fix(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for folder in (ours, theirs):
        folder.mkdir()
        for name, data in HARD.items():
            (folder / name).write_bytes(data)
    assert asyncgen_lint("fix", cwd=ours).status == 0
    ran = codemod(".", cwd=theirs)
    assert ran.status == 0
    assert f"Transformed {len(HARD)} files successfully" in ran.err
    for name, data in HARD.items():
        repaired = (ours / name).read_bytes()
        assert repaired != data, name
        assert (theirs / name).read_bytes() == repaired, name


def test_same_bytes_as_fix_on_every_fixture(tmp_path: Path) -> None:
    """With all fixes, and the rules that a project's settings turn on."""
    programs = sorted(FIXTURES.glob("AGN*/bad*.py"))
    programs = [each for each in programs if each.name.count(".") == 1]
    ways = ("fix", "codemod")
    for way in ways:
        (tmp_path / way).mkdir()
        (tmp_path / way / "pyproject.toml").write_text(
            "[tool.asyncgen-lint]\nstrict = true\npython = 'none'\n"
        )
        for each in programs:
            shutil.copy(each, tmp_path / way / f"{each.parent.name}_{each.name}")
    asyncgen_lint("fix", "--unsafe-fixes", ".", cwd=tmp_path / "fix")
    names = [f"{each.parent.name}_{each.name}" for each in programs]
    codemod("--unsafe-fixes", *names, cwd=tmp_path / "codemod")
    written = {way: [(tmp_path / way / each).read_bytes() for each in names] for way in ways}
    assert written["codemod"] == written["fix"]
    changed = [new != old.read_bytes() for new, old in zip(written["fix"], programs, strict=True)]
    assert sum(changed) > 40


def test_what_needs_no_repair_stays_as_it_is(tmp_path: Path) -> None:
    data = f"\x0c{NOTHING_FOUND}\x0c\n\x0cx = 1\n".encode()
    (tmp_path / "a.py").write_bytes(data)
    codemod("a.py", cwd=tmp_path)
    assert (tmp_path / "a.py").read_bytes() == data


def test_settings_and_noqa_count(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LEFT_OPEN)
    (tmp_path / "b.py").write_text(LEFT_OPEN.replace("in ticks():", "in ticks():  # noqa"))
    (tmp_path / "pyproject.toml").write_text("[tool.asyncgen-lint]\nignore = ['AGN101']\n")
    codemod("a.py", cwd=tmp_path)
    assert (tmp_path / "a.py").read_text() == LEFT_OPEN
    (tmp_path / "pyproject.toml").unlink()
    codemod("a.py", "b.py", cwd=tmp_path)
    assert (tmp_path / "a.py").read_text() != LEFT_OPEN
    assert "aclosing" not in (tmp_path / "b.py").read_text()


def test_files_that_cannot_be_analysed_are_left(tmp_path: Path) -> None:
    deep = f"{LEFT_OPEN}x = {'(' * 150}{'+'.join('1' * 1100)}{')' * 150}\n"
    (tmp_path / "deep.py").write_text(deep)
    (tmp_path / "syntax.py").write_text("def (:\n")
    (tmp_path / "a.py").write_text(LEFT_OPEN)
    ran = codemod(".", cwd=tmp_path)
    assert ran.status == 1
    assert "aclosing" in (tmp_path / "a.py").read_text()
    assert (tmp_path / "deep.py").read_text() == deep
    assert (tmp_path / "syntax.py").read_text() == "def (:\n"


def test_unsafe_fixes_is_an_option_of_the_command(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LEFT_OPEN)
    ran = codemod("--unsafe-fixes", "a.py", cwd=tmp_path)
    assert ran.status == 0
    assert "aclosing" in (tmp_path / "a.py").read_text()


class TestInProcess:
    def transform(self, text: str, filename: str | None = None) -> cst.Module:
        context = CodemodContext(filename=filename)
        return FixAsyncGenerators(context).transform_module(cst.parse_module(text))

    def test_without_a_file(self) -> None:
        assert self.transform(LEFT_OPEN).code == fix_text(LEFT_OPEN).text

    def test_text_that_is_not_the_files(self, tmp_path: Path) -> None:
        path = tmp_path / "a.py"
        path.write_text(NOTHING_FOUND)
        assert self.transform(LEFT_OPEN, str(path)).code == fix_text(LEFT_OPEN).text

    def test_the_result_is_a_module_to_work_on(self) -> None:
        module = self.transform(LEFT_OPEN)
        assert cst.parse_module(module.code).deep_equals(
            cst.Module(module.body, module.header, module.footer)
        )

    def test_skips_with_the_reason(self, tmp_path: Path) -> None:
        deep = f"{LEFT_OPEN}x = {'+'.join('1' * 1100)}\n"
        path = tmp_path / "deep.py"
        path.write_text(deep)
        with pytest.raises(SkipFile, match="AGN000 nested more than 1000 levels deep"):
            self.transform(deep, str(path))
        with pytest.raises(SkipFile, match="nested too deeply for libcst to write"):
            self.transform(deep)
        (tmp_path / "pyproject.toml").write_text("[tool.asyncgen-lint]\nstrikt = 1\n")
        with pytest.raises(SkipFile, match="did you mean 'strict'"):
            self.transform(LEFT_OPEN, str(tmp_path / "a.py"))
