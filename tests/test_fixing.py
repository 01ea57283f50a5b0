"""Repairs through the command line: what is written, what is shown, what is left alone."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from ways_in import LEFT_OPEN, NOTHING_FOUND, asyncgen_lint, run

from asyncgen_lint.fixes import write
from asyncgen_lint.fixes.write import NotWritten, replace_file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.py"
    path.write_bytes(LEFT_OPEN.encode())
    return path


def is_repaired(data: bytes) -> bool:
    compile(data, "a.py", "exec")
    return b"aclosing(ticks())" in data and b"from contextlib import aclosing" in data


@pytest.mark.parametrize("command", [("fix",), ("check", "--fix")])
def test_fix_writes(file: Path, command: tuple[str, ...]) -> None:
    ran = asyncgen_lint(*command, "a.py", cwd=file.parent)
    assert is_repaired(file.read_bytes())
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == "Found 1 error (1 fixed, 0 remaining).\n"
    assert os.listdir(file.parent) == ["a.py"]
    again = file.read_bytes()
    assert asyncgen_lint(*command, "a.py", cwd=file.parent).out == ""
    assert file.read_bytes() == again


def test_check_writes_nothing(file: Path) -> None:
    asyncgen_lint("check", cwd=file.parent)
    assert file.read_bytes() == LEFT_OPEN.encode()


def test_bytes_that_no_fix_touches_are_kept(file: Path) -> None:
    text = f"# -*- coding: latin-1 -*-\n# caf\xe9\n\x0c\n{LEFT_OPEN}\tx = 1\t\n".replace(
        "\tx", "def f():\n\tx"
    )
    before = text.replace("\n", "\r\n").encode("latin-1").rstrip(b"\r\n")
    file.write_bytes(before)
    assert asyncgen_lint("fix", cwd=file.parent).status == 0
    after = file.read_bytes()
    assert is_repaired(after)
    assert b"\n" not in after.replace(b"\r\n", b"")
    assert after.startswith(b"# -*- coding: latin-1 -*-\r\n# caf\xe9\r\n\x0c\r\n")
    assert after.endswith(b"def f():\r\n\tx = 1\t")


def test_byte_order_mark_is_kept(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    asyncgen_lint("fix", cwd=file.parent)
    after = file.read_bytes()
    assert after.startswith(b"\xef\xbb\xbf")
    assert after.count(b"\xef\xbb\xbf") == 1
    assert is_repaired(after)


def test_mode_is_kept_and_links_stay_links(file: Path) -> None:
    file.chmod(0o751)
    folder = file.parent / "src"
    folder.mkdir()
    link = folder / "link.py"
    link.symlink_to("../a.py")
    asyncgen_lint("fix", "src/link.py", cwd=file.parent)
    assert link.is_symlink()
    assert is_repaired(file.read_bytes())
    assert stat.S_IMODE(file.stat().st_mode) == 0o751


def test_diff_is_what_git_applies(file: Path) -> None:
    def git(*arguments: str, data: bytes = b"") -> None:
        subprocess.run(["git", *arguments], cwd=file.parent, input=data, check=True)

    odd = file.parent / "dir with space" / 'q"é\t.py'
    odd.parent.mkdir()
    odd.write_bytes(LEFT_OPEN.replace("\n", "\r\n").rstrip().encode())
    latin = file.parent / "latin.py"
    latin.write_bytes(f"# coding: latin-1\n{LEFT_OPEN}x = '\xe9'".encode("latin-1"))
    git("init", "-q")
    before = {path: path.read_bytes() for path in (file, odd, latin)}
    ran = asyncgen_lint("check", "--diff", cwd=file.parent)
    assert ran.status == 1
    assert ran.err == "asyncgen-lint: would fix 3 errors\n"
    assert {path: path.read_bytes() for path in before} == before
    git("apply", data=ran.out_bytes)
    applied = {path: path.read_bytes() for path in before}
    for path, data in before.items():
        path.write_bytes(data)
    asyncgen_lint("fix", cwd=file.parent)
    assert {path: path.read_bytes() for path in before} == applied
    assert all(is_repaired(data) for data in applied.values())


def test_diff_of_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(NOTHING_FOUND)
    ran = asyncgen_lint("check", "--diff", cwd=tmp_path)
    assert (ran.status, ran.out, ran.err) == (0, "", "")


def test_diff_tells_what_could_not_be_analysed(file: Path) -> None:
    (file.parent / "b.py").write_text("def (:\n")
    ran = asyncgen_lint("check", "--diff", "b.py", cwd=file.parent)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("b.py:1:5: AGN000 ")


def test_fix_of_stdin_goes_to_stdout(file: Path) -> None:
    data = file.read_bytes().replace(b"\n", b"\r\n")
    ran = asyncgen_lint("check", "--fix", "-", cwd=file.parent, stdin=data)
    assert (ran.status, ran.err) == (0, "Found 1 error (1 fixed, 0 remaining).\n")
    file.write_bytes(data)
    asyncgen_lint("fix", "a.py", cwd=file.parent)
    assert file.read_bytes() == ran.out_bytes


@pytest.mark.parametrize(
    "data",
    [b"def (:\n", b"x = '\xff'\n", NOTHING_FOUND.encode(), b"", b"a\0b", b"\xef\xbb\xbfx = 1\r"],
)
def test_fix_of_stdin_gives_back_what_it_cannot_repair(tmp_path: Path, data: bytes) -> None:
    ran = asyncgen_lint("fix", "-", cwd=tmp_path, stdin=data)
    assert ran.out_bytes == data
    assert "Traceback" not in ran.err


def test_noqa_is_not_repaired(file: Path) -> None:
    text = LEFT_OPEN.replace("in ticks():", "in ticks():  # noqa: AGN101")
    file.write_text(text)
    ran = asyncgen_lint("fix", cwd=file.parent)
    assert (ran.status, ran.out) == (0, "")
    assert file.read_text() == text


def test_file_that_cannot_be_written(file: Path) -> None:
    before = file.read_bytes()
    # A limit on the size of files stops root too, in the middle of writing.
    program = f"ulimit -f 0; {sys.executable} -m asyncgen_lint fix"
    ran = run("bash", "-c", program, cwd=file.parent)
    assert ran.status == 2
    assert ran.err == "asyncgen-lint: a.py: cannot be written: File too large; left as it was\n"
    assert "AGN101" in ran.out
    assert file.read_bytes() == before
    assert os.listdir(file.parent) == ["a.py"]


def test_pipe_is_not_written(file: Path) -> None:
    program = f"{sys.executable} -m asyncgen_lint fix <(cat a.py)"
    ran = run("bash", "-c", program, cwd=file.parent)
    assert ran.status == 2
    assert "is not a regular file; left as it was" in ran.err
    assert "AGN101" in ran.out


def test_encoding_that_cannot_be_written_back(file: Path) -> None:
    before = b"# coding: utf-7\n" + file.read_bytes().replace(b"if tick", b"if '+AGEAYg-' < tick")
    file.write_bytes(before)
    ran = asyncgen_lint("fix", cwd=file.parent)
    assert ran.status == 2
    assert "cannot be written back as utf-7; left as it was" in ran.err
    assert file.read_bytes() == before


@pytest.mark.parametrize("with_signal", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_run_leaves_whole_files(tmp_path: Path, with_signal: signal.Signals) -> None:
    count = 300
    for number in range(count):
        (tmp_path / f"f{number:03}.py").write_text(f"# {number}\n{LEFT_OPEN}")
    command = [sys.executable, "-m", "asyncgen_lint", "fix", "--no-cache", "--jobs", "2", "."]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while not any(is_repaired(each.read_bytes()) for each in tmp_path.glob("f*.py")):
        assert process.poll() is None
    os.killpg(process.pid, with_signal)
    process.wait(60)
    texts = [(tmp_path / f"f{number:03}.py").read_text() for number in range(count)]
    left = [text == f"# {number}\n{LEFT_OPEN}" for number, text in enumerate(texts)]
    assert any(left), "it was too late to interrupt anything"
    whole = {text.partition("\n")[2] for text in texts}
    assert len(whole) == 2
    assert all(
        is_repaired(text.encode()) or is_left for text, is_left in zip(texts, left, strict=True)
    )


class TestReplaceFile:
    def test_a_file_changed_meanwhile_is_left(self, file: Path) -> None:
        with pytest.raises(NotWritten, match="changed by another program"):
            replace_file(file, b"something else", b"new")
        assert file.read_bytes() == LEFT_OPEN.encode()

    def test_a_read_only_file_is_left(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        # Root may write anything, so the answer is put into access()'s mouth.
        monkeypatch.setattr(os, "access", lambda path, mode: False)
        with pytest.raises(NotWritten, match="is read-only"):
            replace_file(file, LEFT_OPEN.encode(), b"new")

    @pytest.mark.parametrize("step", ["fsync", "replace", "chmod"])
    def test_a_failure_on_the_way_leaves_the_file_and_nothing_else(
        self, file: Path, monkeypatch: pytest.MonkeyPatch, step: str
    ) -> None:
        def fail(*arguments: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(write.os, step, fail)
        with pytest.raises(NotWritten, match="No space left on device"):
            replace_file(file, LEFT_OPEN.encode(), b"new")
        assert file.read_bytes() == LEFT_OPEN.encode()
        assert os.listdir(file.parent) == ["a.py"]


class TestOptions:
    """Which fixes are applied, and what is said of them."""

    def test_show_fixes(self, file: Path) -> None:
        ran = asyncgen_lint("fix", "--show-fixes", cwd=file.parent)
        assert ran.out == (
            "Fixed:\n"
            "a.py:\n"
            "  1 x AGN101 Iterate `ticks()` under `aclosing`;"
            " errors in its cleanup now reach the caller\n"
            "Found 1 error (1 fixed, 0 remaining).\n"
        )

    def test_exit_non_zero_on_fix(self, file: Path) -> None:
        ran = asyncgen_lint("fix", "--exit-non-zero-on-fix", cwd=file.parent)
        assert (ran.status, is_repaired(file.read_bytes())) == (1, True)
        assert asyncgen_lint("fix", "--exit-non-zero-on-fix", cwd=file.parent).status == 0

    def test_fix_only(self, file: Path) -> None:
        file.write_text(f"{LEFT_OPEN}\n\nasync def f():\n    ticks()\n")
        ran = asyncgen_lint("check", "--fix-only", cwd=file.parent)
        assert (ran.status, ran.out) == (0, "Found 1 error (1 fixed, 0 remaining).\n")
        assert is_repaired(file.read_bytes())

    @pytest.mark.parametrize(
        ("option", "is_fixed"),
        [
            (("--fixable", "AGN2"), False),
            (("--fixable", "AGN1"), True),
            (("--unfixable", "AGN101"), False),
            (("--unfixable", "ALL"), False),
            (("--unfixable", "ALL", "--fixable", "early-exit-leaves-generator-open"), True),
        ],
    )
    def test_fixable(self, file: Path, option: tuple[str, ...], is_fixed: bool) -> None:
        ran = asyncgen_lint("fix", "--output-format", "concise", *option, cwd=file.parent)
        assert is_repaired(file.read_bytes()) == is_fixed
        assert "[*]" not in ran.out

    def test_safety_is_the_projects_to_say(self, file: Path) -> None:
        settings = file.parent / "pyproject.toml"
        settings.write_text('[tool.asyncgen-lint]\nextend-unsafe-fixes = ["AGN1"]\n')
        assert asyncgen_lint("fix", cwd=file.parent).status == 1
        assert file.read_bytes() == LEFT_OPEN.encode()
        settings.write_text(
            '[tool.asyncgen-lint]\nextend-unsafe-fixes = ["AGN"]\nextend-safe-fixes = ["AGN101"]\n'
        )
        assert asyncgen_lint("fix", cwd=file.parent).status == 0
        assert is_repaired(file.read_bytes())
