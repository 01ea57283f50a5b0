"""The command line: output, options and exit statuses, in real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ways_in import LEFT_OPEN, LOOP_COLUMN, LOOP_ROW, NOTHING_FOUND, asyncgen_lint, run

import asyncgen_lint as package

FOUND_AT = f"a.py:{LOOP_ROW}:{LOOP_COLUMN}: AGN101 [*] "


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text(LEFT_OPEN, "utf-8")
    return tmp_path


def test_nothing_found_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(NOTHING_FOUND, "utf-8")
    ran = asyncgen_lint("check", cwd=tmp_path)
    assert (ran.status, ran.out, ran.err) == (0, "", "")


def test_concise(folder: Path) -> None:
    ran = asyncgen_lint("check", "--output-format", "concise", cwd=folder)
    first, *closing = ran.out.splitlines()
    assert first.startswith(FOUND_AT)
    assert closing == ["Found 1 error.", "[*] 1 fixable with --fix."]
    assert (ran.status, ran.err) == (1, "")


def test_full_shows_lines_of_files_that_were_not_checked(tmp_path: Path) -> None:
    ticks, first = LEFT_OPEN.split("async def first")
    (tmp_path / "feeds.py").write_text(ticks, "utf-8")
    (tmp_path / "a.py").write_text(f"from feeds import ticks\n\n\nasync def first{first}", "utf-8")
    ran = asyncgen_lint("check", "a.py", cwd=tmp_path)
    assert "--> a.py:5:5" in ran.out
    assert " --> feeds.py:6:9\n  |\n6 |         yield 1\n  |         -------" in ran.out
    assert (ran.status, ran.err) == (1, "")


def test_full_shows_the_source_and_the_path(folder: Path) -> None:
    ran = asyncgen_lint("check", "a.py", cwd=folder)
    assert ran.status == 1
    lines = ran.out.splitlines()
    assert lines[0].startswith("AGN101 [*] ")
    assert lines[1] == f"  --> a.py:{LOOP_ROW}:{LOOP_COLUMN}"
    assert "13 |     async for tick in ticks():" in lines
    assert any(line.startswith("note: ") for line in lines)
    assert any(line.startswith("help: ") for line in lines)
    assert "\x1b" not in ran.out


def test_json_is_alone_on_stdout(folder: Path) -> None:
    (folder / "b.py").write_text("def (:\n")
    ran = asyncgen_lint("check", "--output-format", "json", cwd=folder)
    first, second = json.loads(ran.out)
    assert (ran.status, ran.err) == (1, "")
    assert first["code"] == "AGN101"
    assert first["location"] == {"row": LOOP_ROW, "column": LOOP_COLUMN}
    assert first["fix"]["applicability"] == "safe"
    assert first["noqa_row"] == LOOP_ROW
    assert first["path"]
    assert (second["code"], second["filename"]) == ("AGN000", "b.py")
    empty = asyncgen_lint(
        "check", "--output-format", "json", "--ignore", "AGN1", "a.py", cwd=folder
    )
    assert (empty.status, json.loads(empty.out)) == (0, [])


def test_exit_zero(folder: Path) -> None:
    assert asyncgen_lint("check", "--exit-zero", cwd=folder).status == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("check", "--output-format", "sarif"), "invalid choice: 'sarif'"),
        (("check", "--watch"), "unrecognized arguments: --watch"),
        (("check", "--select", "AGN11"), "--select: unknown rule 'AGN11'; did you mean 'AGN611'?"),
        (("check", "--ignore", "AGN000"), "AGN000 is no rule"),
        (("check", "--target-version", "3.10"), "write it like 'py310'"),
        (("check", "--exclude", "!"), "--exclude: "),
        (("check", "--jobs", "0"), "not a whole number above 0"),
        (("check", "nowhere.py"), "nowhere.py: no such file or directory"),
        (("check", "-", "a.py"), "- cannot be combined with other paths"),
        (("check", "--unsafe"), "unrecognized arguments: --unsafe"),
        (("frobnicate",), "invalid choice: 'frobnicate'"),
        ((), "the following arguments are required: COMMAND"),
        (("rule",), "name a rule by its code or name, or say --all"),
        (("rule", "AGN11"), "unknown rule 'AGN11'; did you mean 'AGN611'?"),
        (("rule", "AGN1"), "'AGN1' names several rules; name one"),
        (("rule", "AGN101", "--output-format", "full"), "invalid choice: 'full'"),
    ],
)
def test_usage_errors(folder: Path, arguments: tuple[str, ...], message: str) -> None:
    ran = asyncgen_lint(*arguments, cwd=folder)
    assert ran.status == 2
    assert message in ran.err
    assert ran.out == ""
    assert "Traceback" not in ran.err


def test_broken_link_on_the_command_line(folder: Path) -> None:
    (folder / "gone.py").symlink_to("nowhere.py")
    ran = asyncgen_lint("check", "gone.py", cwd=folder)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == "asyncgen-lint: gone.py: broken symbolic link\n"


def test_wrong_settings(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool.asyncgen-lint]\nstrikt = true\n")
    ran = asyncgen_lint("check", cwd=folder)
    assert (ran.status, ran.out) == (2, "")
    assert "unknown key; did you mean 'strict'?" in ran.err
    assert asyncgen_lint("check", "--isolated", cwd=folder).status == 1


def test_select_and_ignore(folder: Path) -> None:
    def status(*options: str) -> int:
        return asyncgen_lint("check", *options, cwd=folder).status

    assert status("--select", "AGN101") == 1
    assert status("--select", "AGN103") == 0
    assert status("--select", "AGN103", "--extend-select", "AGN101") == 1
    assert status("--ignore", "AGN103,AGN101") == 0
    (folder / "pyproject.toml").write_text("[tool.asyncgen-lint]\nignore = ['AGN101']\n")
    assert status() == 0
    assert status("--isolated") == 1


def test_tests_are_strict(tmp_path: Path) -> None:
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "a.py").write_text(LEFT_OPEN)
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text("")
    # The file's path in the project counts, wherever the command runs.
    for cwd in (tmp_path, tests):
        assert asyncgen_lint("check", cwd=cwd).status == 0
        assert asyncgen_lint("check", "--strict", cwd=cwd).status == 1
    pyproject.write_text("[tool.asyncgen-lint]\nlint-tests = true\n")
    assert asyncgen_lint("check", cwd=tests).status == 1


def test_stdin(tmp_path: Path) -> None:
    text = LEFT_OPEN.encode()
    ran = asyncgen_lint("check", "-", "--output-format", "concise", cwd=tmp_path, stdin=text)
    assert ran.status == 1
    assert ran.out.startswith(f"-:{LOOP_ROW}:{LOOP_COLUMN}: AGN101")
    for option in ("--stdin-filename", "--stdin-display-name"):
        ran = asyncgen_lint(
            "check", "-", option, "src/x.py", "--output-format=concise", cwd=tmp_path, stdin=text
        )
        assert ran.out.startswith("src/x.py:13:5: AGN101")


def test_stdin_has_the_settings_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p/pyproject.toml").write_text(
        "[tool.asyncgen-lint]\nignore = ['AGN101']\nexclude = ['gen.py']\n"
    )
    text = LEFT_OPEN.encode()
    named = ("check", "-", "--stdin-filename", "p/a.py")
    assert asyncgen_lint(*named, cwd=tmp_path, stdin=text).status == 0
    excluded = ("check", "-", "--select", "AGN101", "--stdin-filename", "p/gen.py")
    assert asyncgen_lint(*excluded, cwd=tmp_path, stdin=text).status == 1
    assert asyncgen_lint(*excluded, "--force-exclude", cwd=tmp_path, stdin=text).status == 0


def test_stdin_and_file_give_the_same(folder: Path) -> None:
    file = asyncgen_lint("check", "a.py", cwd=folder)
    stdin = asyncgen_lint(
        "check", "-", "--stdin-filename", "a.py", cwd=folder, stdin=LEFT_OPEN.encode()
    )
    assert file == stdin


def test_many_files_give_the_same_on_one_process_and_on_two(tmp_path: Path) -> None:
    for number in range(60):
        (tmp_path / f"f{number}.py").write_text(LEFT_OPEN if number % 7 == 0 else NOTHING_FOUND)
    one = asyncgen_lint("check", "--jobs", "1", cwd=tmp_path)
    two = asyncgen_lint("check", "--jobs", "2", cwd=tmp_path)
    assert one == two
    assert one.status == 1
    assert "Found 9 errors." in one.out


def test_rule_pages(tmp_path: Path) -> None:
    ran = asyncgen_lint("rule", "AGN101", cwd=tmp_path)
    assert ran.status == 0
    assert "(AGN101)" in ran.out
    assert "Tier: default. Severity: warning." in ran.out
    page = json.loads(asyncgen_lint("rule", "agn101", "--output-format=json", cwd=tmp_path).out)
    assert page["code"] == "AGN101"
    assert asyncgen_lint("rule", page["name"], cwd=tmp_path).out == ran.out
    pages = json.loads(asyncgen_lint("rule", "--all", "--output-format", "json", cwd=tmp_path).out)
    assert page in pages


def test_version(tmp_path: Path) -> None:
    ran = asyncgen_lint("--version", cwd=tmp_path)
    assert (ran.status, ran.out) == (0, f"asyncgen-lint {package.__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (("--version",), ("libcst", "rich", "flake8", "pathspec", "asyncgen_lint.registry")),
        (("check", "plain.py"), ("libcst", "rich", "flake8", "pathspec", "concurrent.futures")),
        (("check", "a.py", "--output-format", "concise"), ("rich", "flake8", "libcst.codemod")),
    ],
)  # fmt: skip
def test_imports_only_what_is_needed(
    folder: Path, arguments: tuple[str, ...], unwanted: tuple[str, ...]
) -> None:
    (folder / "plain.py").write_text("x = 1\n")
    program = (
        "import sys\n"
        "from asyncgen_lint.cli import main\n"
        "try:\n"
        f"    main({arguments!r})\n"
        "except SystemExit:\n"
        "    pass\n"
        "print(*sys.modules)\n"
    )
    loaded = run(sys.executable, "-c", program, cwd=folder).out.split()
    assert "asyncgen_lint.cli" in loaded
    assert not set(unwanted) & set(loaded)


def test_stdout_that_cannot_express_a_character(tmp_path: Path) -> None:
    (tmp_path / "é😀.py").write_text(LEFT_OPEN.replace("if tick:", 'if tick == "→😀":'), "utf-8")
    for style in ("full", "concise", "json"):
        ran = asyncgen_lint(
            "check",
            "--output-format",
            style,
            cwd=tmp_path,
            environment={"PYTHONIOENCODING": "ascii"},
        )
        assert ran.status == 1
        assert "AGN101" in ran.out
        assert ran.err == ""


def test_name_that_is_no_text(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff.py"
    with open(name, "wb") as stream:
        stream.write(LEFT_OPEN.encode())
    for style in ("full", "concise", "json"):
        ran = asyncgen_lint("check", "--output-format", style, cwd=tmp_path)
        assert (ran.status, ran.err) == (1, "")
    assert asyncgen_lint("check", "--diff", cwd=tmp_path).out_bytes.count(b"\xff.py") == 2


@pytest.mark.parametrize("style", ["full", "concise", "json"])
def test_reader_that_goes_away(tmp_path: Path, style: str) -> None:
    for number in range(300):
        (tmp_path / f"f{number}.py").write_text(LEFT_OPEN)
    process = subprocess.Popen(
        [sys.executable, "-m", "asyncgen_lint", "check", "--output-format", style],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    complaint = process.stderr.read()
    process.stderr.close()
    assert (process.wait(60), complaint) == (1, b"")


def test_terminal_gets_colour_and_whole_lines(folder: Path) -> None:
    pytest.importorskip("pty")
    import pty

    long = LEFT_OPEN.replace("if tick:", f"if tick == {'x' * 150!r}:")
    (folder / "a.py").write_text(long)
    parent, child = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "60"}
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [sys.executable, "-m", "asyncgen_lint", "check"],
        cwd=folder,
        stdout=child,
        stderr=child,
        env=environment,
    )
    os.close(child)
    shown = b""
    while True:
        try:
            part = os.read(parent, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(parent)
    assert process.wait(60) == 1
    assert b"\x1b[1;31mAGN101" in shown
    assert b"x" * 150 in shown
