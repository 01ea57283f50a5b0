"""Bad input through every way in: one clear word, the right exit status, nothing half-written."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from bad_texts import BAD, EMPTY
from ways_in import LEFT_OPEN, Ran, asyncgen_lint, codemod, flake8

PLACE = re.compile(r"^a\.py:\d+:\d+: (AGN\d{3}) (?:\[\*\] )?(.*)$", re.MULTILINE)


def says(ran: Ran) -> list[tuple[str, str]]:
    """The findings in concise output, after the promise that nothing went to pieces."""
    assert "Traceback" not in ran.out + ran.err
    return PLACE.findall(ran.out)


def write(folder: Path, data: bytes) -> Path:
    path = folder / "a.py"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", BAD)
def test_check(tmp_path: Path, name: str) -> None:
    data, message = BAD[name]
    write(tmp_path, data)
    ran = asyncgen_lint("check", "--output-format", "concise", cwd=tmp_path)
    (found,) = says(ran)
    assert found[0] == ("AGN101" if message is None else "AGN000")
    assert found[1].startswith(message or "")
    assert (ran.status, ran.err) == (1, "")
    stdin = asyncgen_lint(
        "check",
        "-",
        "--stdin-filename",
        "a.py",
        "--output-format=concise",
        cwd=tmp_path,
        stdin=data,
    )
    assert stdin == ran


@pytest.mark.parametrize("name", BAD)
def test_full_report(tmp_path: Path, name: str) -> None:
    write(tmp_path, BAD[name][0])
    ran = asyncgen_lint("check", cwd=tmp_path)
    assert (ran.status, ran.err) == (1, "")
    assert ran.out.startswith("AGN")


@pytest.mark.parametrize("name", BAD)
def test_fix(tmp_path: Path, name: str) -> None:
    data, message = BAD[name]
    path = write(tmp_path, data)
    ran = asyncgen_lint("fix", "--output-format", "concise", cwd=tmp_path)
    assert "Traceback" not in ran.out + ran.err
    assert os.listdir(tmp_path) == ["a.py"]
    if message is not None:
        assert ran.status == 1
        assert path.read_bytes() == data
        return
    assert ran.status == 0
    assert b"aclosing(ticks())" in path.read_bytes()
    assert path.read_bytes().count(b"\n") > data.count(b"\n")


@pytest.mark.parametrize("name", BAD)
def test_flake8(tmp_path: Path, name: str) -> None:
    data, message = BAD[name]
    write(tmp_path, data)
    ran = flake8("--select", "AGN,E9", "a.py", cwd=tmp_path)
    assert ran.status == 1
    # What flake8 makes of a file that Python refuses is its own affair: E9.., a traceback, or a
    # second try in latin-1 that lets the plugins run. Ours adds no word and no traceback.
    assert "asyncgen_lint" not in ran.err
    if "pyflakes" in ran.out + ran.err:
        # It recurses over the tree: 200 chained calls or 900 elifs end flake8's run.
        return
    found = [code for code, _ in PLACE.findall(ran.out) if code.startswith("AGN")]
    if name == "many_terms" and "RecursionError" not in ran.err:
        # CPython 3.10 and 3.11 parse it.
        assert "AGN000 nested more than 1000 levels deep: not analysed" in ran.out
        return
    assert found == ["AGN101"] or (message is not None and found == [])


@pytest.mark.parametrize("name", BAD)
def test_codemod(tmp_path: Path, name: str) -> None:
    data, message = BAD[name]
    if name == "many_terms":
        pytest.skip("the runner parses before it asks us, which takes libcst minutes")
    path = write(tmp_path, data)
    ran = codemod("a.py", cwd=tmp_path)
    if message is not None:
        assert path.read_bytes() == data
        return
    assert ran.status == 0
    repaired = path.read_bytes()
    path.write_bytes(data)
    asyncgen_lint("fix", "a.py", cwd=tmp_path)
    assert path.read_bytes() == repaired


@pytest.mark.parametrize("name", EMPTY)
def test_empty_files(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, EMPTY[name])
    for command in ("check", "fix"):
        ran = asyncgen_lint(command, cwd=tmp_path)
        assert (ran.status, ran.out, ran.err) == (0, "", "")
    assert flake8("--select", "AGN,E9", cwd=tmp_path).status == 0
    assert codemod("a.py", cwd=tmp_path).status == 0
    assert path.read_bytes() == EMPTY[name]


def test_unreadable_file(tmp_path: Path) -> None:
    write(tmp_path, LEFT_OPEN.encode())
    # Root reads any file, whatever its mode, but nobody reads a process's first page of memory.
    (tmp_path / "b.py").symlink_to("/proc/self/mem")
    for command in ("check", "fix"):
        ran = asyncgen_lint(command, "--output-format", "concise", cwd=tmp_path)
        assert "b.py:1:1: AGN000 cannot be read: input/output error\n" in ran.out
        assert (ran.status, ran.err) == (1, "")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads any file, whatever its mode")
def test_unreadable_by_its_mode(tmp_path: Path) -> None:
    write(tmp_path, LEFT_OPEN.encode()).chmod(0)
    folder = tmp_path / "closed"
    folder.mkdir(mode=0)
    ran = asyncgen_lint("check", "--output-format", "concise", cwd=tmp_path)
    folder.chmod(0o700)
    assert says(ran) == [("AGN000", "cannot be read: permission denied")]
    assert "closed:1:1: AGN000 cannot be read: permission denied" in ran.out
    assert (ran.status, ran.err) == (1, "")


def test_unreadable_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from asyncgen_lint import cli

    (tmp_path / "closed").mkdir()
    write(tmp_path, LEFT_OPEN.encode())
    scan = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["check", "--output-format", "concise"]) == 1
    out = capsys.readouterr().out
    assert "closed:1:1: AGN000 cannot be read: permission denied\n" in out
    assert "AGN101" in out


def test_broken_link_in_a_walk(tmp_path: Path) -> None:
    write(tmp_path, LEFT_OPEN.encode())
    (tmp_path / "b.py").symlink_to("nowhere")
    ran = asyncgen_lint("check", "--output-format", "concise", cwd=tmp_path)
    assert "b.py:1:1: AGN000 cannot be read: broken symbolic link\n" in ran.out
    assert (ran.status, ran.err) == (1, "")


def test_folder_named_like_a_file(tmp_path: Path) -> None:
    (tmp_path / "x.py").mkdir()
    for arguments in (("check",), ("check", "x.py")):
        ran = asyncgen_lint(*arguments, cwd=tmp_path)
        assert (ran.status, ran.out, ran.err) == (0, "", "")
