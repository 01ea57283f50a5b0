"""Settings: what pyproject.toml may say, and what is said of what it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from asyncgen_lint.config import (
    Overrides,
    Projects,
    Settings,
    SettingsError,
    check_selectors,
    parse_target,
    read_settings,
)
from asyncgen_lint.registry import all_codes, all_rules
from asyncgen_lint.rule import Rule, Severity, Tier

DEFAULT = Rule("AGN101", "early-exit", "", Severity.WARNING, lambda facts: ())
STRICT = Rule("AGN102", "may-raise", "", Severity.WARNING, lambda facts: (), Tier.STRICT)


def pyproject(folder: Path, text: str) -> Path:
    path = folder / "pyproject.toml"
    path.write_text(text, "utf-8")
    return path


def test_every_key_is_read(tmp_path: Path) -> None:
    path = pyproject(
        tmp_path,
        """
        [tool.asyncgen-lint]
        strict = true
        select = ["AGN1", "AGN103"]
        ignore = ["AGN101"]
        target-version = "py312"
        exclude = ["vendored/", "*_pb2.py"]
        lint-tests = true
        typed = true
        """,
    )
    assert read_settings(path) == Settings(
        select=("AGN1", "AGN103"),
        ignore=("AGN101",),
        strict=True,
        target_version=(3, 12),
        exclude=("vendored/", "*_pb2.py"),
        lint_tests=True,
        typed=True,
    )


@pytest.mark.parametrize(
    ("specifier", "target"),
    [
        (">=3.11", (3, 11)),
        (">=3.8,!=3.9.*,<4", (3, 8)),
        ("~=3.12.1", (3, 12)),
        ("==3.13.*", (3, 13)),
        ("<4", (3, 10)),
        (">=3", (3, 0)),
    ],
)
def test_target_comes_from_requires_python(
    tmp_path: Path, specifier: str, target: tuple[int, int]
) -> None:
    path = pyproject(tmp_path, f'[project]\nrequires-python = "{specifier}"\n')
    assert read_settings(path).target_version == target


def test_target_version_wins_over_requires_python(tmp_path: Path) -> None:
    path = pyproject(
        tmp_path,
        '[project]\nrequires-python = ">=3.8"\n[tool.asyncgen-lint]\ntarget-version = "py311"\n',
    )
    assert read_settings(path).target_version == (3, 11)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("strct = true", "unknown key; did you mean 'strict'?"),
        ("target_version = 'py310'", "unknown key; did you mean 'target-version'?"),
        ("qqqq = 1", "unknown key; known are strict, select"),
        ("strict = 1", "must be true or false, not 1"),
        ("select = 'AGN101'", "must be a list of strings, not 'AGN101'"),
        ("select = [1]", "must be a list of strings"),
        ("select = ['AGN999']", "unknown rule 'AGN999'"),
        ("ignore = ['agn101']", "unknown rule 'agn101'; did you mean 'AGN101'?"),
        ("ignore = ['AGN000']", "AGN000 is no rule"),
        ("target-version = 3.10", "must be a string like 'py310'"),
        ("target-version = '3.10'", "'3.10' is no target version; write it like 'py310'"),
        ("exclude = 'build'", "must be a list of strings"),
        ("strict = ", "is no TOML"),
    ],
)
def test_what_is_not_understood_is_said(tmp_path: Path, line: str, message: str) -> None:
    path = pyproject(tmp_path, f"[tool.asyncgen-lint]\n{line}\n")
    with pytest.raises(SettingsError) as caught:
        read_settings(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_misspelt_name_is_put_right() -> None:
    name = all_rules()[0].name
    assert check_selectors([name], "--select") == (name,)
    with pytest.raises(SettingsError, match=f"did you mean '{name}'"):
        check_selectors([name[:-1]], "--select")


def test_codes_are_known_without_importing_the_rules() -> None:
    assert all_codes() == tuple(rule.code for rule in all_rules())


@pytest.mark.parametrize("word", ["py27", "python3.10", "py3", "PY310", ""])
def test_wrong_target_is_refused(word: str) -> None:
    with pytest.raises(SettingsError, match="like 'py310'"):
        parse_target(word, "--target-version")


def test_nearest_pyproject_counts(tmp_path: Path) -> None:
    pyproject(tmp_path, "[tool.asyncgen-lint]\nstrict = true\n")
    inner = tmp_path / "inner"
    inner.mkdir()
    pyproject(inner, "")
    projects = Projects()
    (inner / "deep").mkdir()
    assert projects.of_folder(tmp_path).settings.strict
    assert not projects.of_folder(inner / "deep").settings.strict
    assert projects.of_folder(inner / "deep").root == inner


def test_root_without_pyproject(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    repository = tmp_path / "repository"
    (repository / "deep").mkdir(parents=True)
    assert Projects().of_folder(repository / "deep").root == tmp_path
    (repository / ".git").mkdir()
    assert Projects().of_folder(repository / "deep").root == repository


def test_what_the_command_line_selects_wins_over_what_a_project_ignores() -> None:
    project = Settings(ignore=("AGN101", "AGN103"))
    assert Overrides(select=("AGN101",)).applied_to(project).ignore == ()
    assert Overrides(extend_select=("AGN101",)).applied_to(project).ignore == ("AGN103",)
    assert Overrides(ignore=("AGN3",)).applied_to(project).ignore == ("AGN3", *project.ignore)


def test_command_line_goes_over_pyproject(tmp_path: Path) -> None:
    pyproject(tmp_path, "[tool.asyncgen-lint]\nselect = ['AGN101']\ntarget-version = 'py311'\n")
    overrides = Overrides(select=("AGN103",), target_version=(3, 13))
    settings = Projects(overrides).of_folder(tmp_path).settings
    assert settings.select == ("AGN103",)
    assert settings.target_version == (3, 13)
    isolated = Projects(Overrides(isolated=True)).of_folder(tmp_path)
    assert isolated.settings == Settings()
    assert isolated.root == tmp_path


@pytest.mark.parametrize(
    ("settings", "default", "strict"),
    [
        (Settings(), True, False),
        (Settings(strict=True), True, True),
        (Settings(select=("AGN1",)), True, False),
        (Settings(select=("ALL",)), True, True),
        (Settings(select=("AGN102",)), False, True),
        (Settings(select=("may-raise",)), False, True),
        (Settings(extend_select=("AGN102",)), True, True),
        (Settings(ignore=("AGN1",)), False, False),
        (Settings(ignore=("ALL",)), False, False),
        (Settings(ignore=("early-exit",)), False, False),
        (Settings(select=("AGN101",), ignore=("AGN1",)), True, False),
        (Settings(select=("AGN1",), ignore=("AGN101",)), False, False),
        (Settings(select=("AGN101",), ignore=("AGN101",)), False, False),
        (Settings(strict=True, ignore=("AGN102",)), True, False),
    ],
)
def test_what_is_enabled(settings: Settings, default: bool, strict: bool) -> None:
    assert settings.enables(DEFAULT) is default
    assert settings.enables(STRICT) is strict
