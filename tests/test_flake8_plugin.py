"""The plugin inside the real flake8, and its promise never to raise."""

from __future__ import annotations

import argparse
import ast
import re
import sys
from pathlib import Path

import pytest
from ways_in import LEFT_OPEN, LOOP_COLUMN, LOOP_ROW, Ran, asyncgen_lint, flake8, run

from asyncgen_lint import engine, flake8_plugin
from asyncgen_lint.flake8_plugin import Plugin
from asyncgen_lint.registry import all_rules
from asyncgen_lint.rule import Rule, Severity, Tier


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text(LEFT_OPEN, "utf-8")
    return tmp_path


def codes(ran: Ran) -> list[str]:
    assert ran.err == ""
    return re.findall(r"AGN\d{3}", ran.out)


def test_finding(folder: Path) -> None:
    ran = flake8("a.py", cwd=folder)
    assert ran.status == 1
    assert ran.out.startswith(f"a.py:{LOOP_ROW}:{LOOP_COLUMN}: AGN101 ")
    assert len(ran.out.splitlines()) == 1


def test_same_message_as_the_command_line(folder: Path) -> None:
    theirs = flake8("a.py", cwd=folder).out
    ours = asyncgen_lint("check", "--output-format", "concise", "a.py", cwd=folder).out
    assert theirs.splitlines()[0] == ours.splitlines()[0].replace(" [*]", "")


def test_select_ignore_and_per_file_ignores_are_flake8s(folder: Path) -> None:
    assert codes(flake8("--select", "AGN", cwd=folder)) == ["AGN101"]
    assert codes(flake8("--select", "E", cwd=folder)) == []
    assert codes(flake8("--extend-ignore", "AGN1", cwd=folder)) == []
    assert codes(flake8("--per-file-ignores", "a.py:AGN101", cwd=folder)) == []
    assert codes(flake8("--ignore", "E", cwd=folder)) == ["AGN101"]


def test_noqa_is_flake8s(folder: Path) -> None:
    text = LEFT_OPEN.replace("in ticks():", "in ticks():  # noqa: AGN101")
    (folder / "a.py").write_text(text)
    assert codes(flake8(cwd=folder)) == []
    assert codes(flake8("--disable-noqa", cwd=folder)) == ["AGN101"]


def test_own_select_and_ignore_do_not_count(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool.asyncgen-lint]\nignore = ['AGN101']\n")
    assert codes(flake8(cwd=folder)) == ["AGN101"]


def test_stdin(folder: Path) -> None:
    text = LEFT_OPEN.encode()
    ran = flake8("--stdin-display-name", "src/x.py", "-", cwd=folder, stdin=text)
    assert ran.out.startswith("src/x.py:13:5: AGN101 ")
    assert flake8("-", cwd=folder, stdin=text).out.startswith("stdin:13:5: AGN101 ")
    # An unsaved buffer in a folder that does not exist yet.
    ran = flake8("--stdin-display-name", "no/where/x.py", "-", cwd=folder, stdin=text)
    assert codes(ran) == ["AGN101"]


def test_test_files_are_strict(folder: Path) -> None:
    tests = folder / "tests"
    tests.mkdir()
    (folder / "a.py").rename(tests / "a.py")
    pyproject = folder / "pyproject.toml"
    pyproject.write_text("")
    assert codes(flake8(cwd=folder)) == []
    assert codes(flake8(cwd=tests)) == []
    for line in ("strict = true", "lint-tests = true"):
        pyproject.write_text(f"[tool.asyncgen-lint]\n{line}\n")
        assert codes(flake8(cwd=folder)) == ["AGN101"]
        stdin = ("--stdin-display-name", "tests/x.py", "-")
        assert codes(flake8(*stdin, cwd=folder, stdin=LEFT_OPEN.encode())) == ["AGN101"]


def test_jobs_give_the_same(folder: Path) -> None:
    for number in range(12):
        (folder / f"f{number}.py").write_text(LEFT_OPEN)
    one = flake8("--jobs", "1", cwd=folder)
    assert flake8("--jobs", "2", cwd=folder) == one
    assert len(codes(one)) == 13


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_spawned_workers(folder: Path, method: str) -> None:
    (folder / "b.py").write_text(LEFT_OPEN)
    program = (
        "import multiprocessing\n"
        "if __name__ == '__main__':\n"
        f"    multiprocessing.set_start_method({method!r})\n"
        "    from flake8.main.cli import main\n"
        "    raise SystemExit(main(['--isolated', '-j2', '--select', 'AGN', 'a.py', 'b.py']))"
    )
    script = folder / "script"
    script.write_text(program)
    assert codes(run(sys.executable, "script", cwd=folder)) == ["AGN101", "AGN101"]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_newlines_and_byte_order_mark(folder: Path, newline: str, mark: str) -> None:
    data = (mark + LEFT_OPEN.replace("\n", newline)).encode()
    (folder / "a.py").write_bytes(data)
    assert f"a.py:{LOOP_ROW}:{LOOP_COLUMN}: AGN101 " in flake8("a.py", cwd=folder).out
    assert f"stdin:{LOOP_ROW}:{LOOP_COLUMN}: AGN101 " in flake8("-", cwd=folder, stdin=data).out


def test_columns_are_code_points(folder: Path) -> None:
    text = LEFT_OPEN + (
        "\n\nasync def wide():\n"
        '    x = "é😀"; return [tick async for tick in ticks() if await anext(ticks()) and x]\n'
    )
    (folder / "a.py").write_text(text, "utf-8")
    theirs = flake8("--select", "AGN", "--extend-ignore", "E", cwd=folder).out
    ours = asyncgen_lint("check", "--output-format", "concise", cwd=folder).out
    places = re.compile(r"a\.py:\d+:\d+: AGN\d+")
    assert places.findall(theirs) == places.findall(ours)


def test_wrong_settings_are_told_once_a_file(folder: Path) -> None:
    (folder / "plain.py").write_text("x = 1\n")
    (folder / "pyproject.toml").write_text("[tool.asyncgen-lint]\nstrikt = true\n")
    ran = flake8(cwd=folder)
    assert codes(ran) == ["AGN000", "AGN101"]
    assert "./a.py:1:1: AGN000 settings not understood, defaults used: " in ran.out
    assert "did you mean 'strict'?" in ran.out


def test_what_python_cannot_parse_is_flake8s(folder: Path) -> None:
    (folder / "a.py").write_text(LEFT_OPEN + "async def f(:\n    yield\n")
    ran = flake8("--select", "AGN,E9", cwd=folder)
    assert "E999" in ran.out
    assert "AGN" not in ran.out


def test_code_that_only_the_compiler_refuses_is_analysed(folder: Path) -> None:
    (folder / "a.py").write_text(LEFT_OPEN + "\n\nawait ticks()\nreturn 1\n")
    assert "AGN000" not in flake8("--select", "AGN", cwd=folder).out
    assert "AGN101" in flake8("--select", "AGN", cwd=folder).out


def test_version_imports_no_engine(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from flake8.main.cli import main\n"
        "try:\n"
        "    main(['--version'])\n"
        "except SystemExit:\n"
        "    pass\n"
        "print(*sys.modules)\n"
    )
    ran = run(sys.executable, "-c", program, cwd=tmp_path)
    assert "asyncgen-lint" in ran.out
    loaded = ran.out.split()
    assert "asyncgen_lint.flake8_plugin" in loaded
    assert not {"libcst", "asyncgen_lint.engine", "asyncgen_lint.config"} & set(loaded)


def test_file_the_screen_refuses_costs_no_engine(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def f():\n    yield 1\n")
    program = (
        "import sys\n"
        "from flake8.main.cli import main\n"
        "main(['--isolated', '-j1', 'a.py'])\n"
        "print(*sys.modules)\n"
    )
    loaded = run(sys.executable, "-c", program, cwd=tmp_path).out.split()
    assert not {"libcst", "asyncgen_lint.engine", "asyncgen_lint.config"} & set(loaded)


class TestInProcess:
    """What no real file brings about."""

    def plugin(self, text: str = LEFT_OPEN, filename: str = "a.py") -> Plugin:
        return Plugin(ast.parse(text), text.splitlines(keepends=True), filename)

    @pytest.mark.parametrize("broken", ["analyse", "may_matter"])
    def test_never_raises(self, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
        def fail(*arguments: object, **options: object) -> None:
            raise RuntimeError("two\nlines")

        monkeypatch.delenv("AGN_DEBUG", raising=False)
        home = engine if broken == "analyse" else sys.modules["asyncgen_lint.source.screen"]
        monkeypatch.setattr(home, broken, fail)
        assert list(self.plugin().run()) == [
            (1, 0, "AGN000 internal error: RuntimeError: two lines (please report)", Plugin)
        ]
        monkeypatch.setenv("AGN_DEBUG", "1")
        with pytest.raises(RuntimeError):
            list(self.plugin().run())

    def test_rule_that_fails_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(facts: object) -> list[object]:
            raise RecursionError("too deep")

        rule = Rule("AGN777", "fails", "", Severity.WARNING, fail)  # type: ignore[arg-type]
        monkeypatch.setattr(engine, "all_rules", lambda: (rule,))
        assert [text for _, _, text, _ in self.plugin().run()] == [
            "AGN000 internal error in AGN777: RecursionError: too deep (please report)"
        ]

    @pytest.mark.parametrize(
        ("select", "extend_select", "wanted"),
        [
            (None, None, False),
            (["AGN"], None, False),
            (["AGN7"], [], False),
            (["E", "AGN777"], None, True),
            (None, ["AGN777"], True),
        ],
    )
    def test_strict_rules_need_their_full_code(
        self,
        monkeypatch: pytest.MonkeyPatch,
        select: list[str] | None,
        extend_select: list[str] | None,
        wanted: bool,
    ) -> None:
        rule = Rule("AGN777", "strict", "", Severity.WARNING, lambda facts: (), Tier.STRICT)
        asked: list[bool] = []
        monkeypatch.setattr(Plugin, "_selected", ())
        monkeypatch.setattr(
            engine,
            "analyse",
            lambda source, settings, **options: (
                asked.append(settings.enables(rule)) or engine.Analysis(())
            ),
        )
        options = argparse.Namespace(select=select, extend_select=extend_select)
        Plugin.parse_options(None, options, [])
        list(self.plugin().run())
        assert asked == [wanted]

    def test_options_of_another_flake8(self) -> None:
        Plugin.parse_options(None, argparse.Namespace(), [])
        assert Plugin._selected == ()

    def test_strict_codes_are_complete(self) -> None:
        strict = tuple(rule.code for rule in all_rules() if rule.tier is Tier.STRICT)
        assert strict == flake8_plugin.STRICT_CODES
