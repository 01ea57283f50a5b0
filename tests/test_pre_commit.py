"""The pre-commit hooks, through the real pre-commit, on a real repository with staged files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ways_in import LEFT_OPEN, NOTHING_FOUND, Ran, asyncgen_lint, run

ROOT = Path(__file__).parent.parent


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@localhost", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
    )


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of this working tree as it is, committed or not: pre-commit clones it."""
    folder = tmp_path_factory.mktemp("hooks")
    tracked = ("LICENSE", "README.md", "pyproject.toml", ".pre-commit-hooks.yaml", "src")
    subprocess.run(["cp", "-R", *(str(ROOT / name) for name in tracked), str(folder)], check=True)
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "as it is")
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pre-commit-home")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "gen").mkdir()
    (tmp_path / "a.py").write_text(LEFT_OPEN)
    (tmp_path / "gen/excluded.py").write_text(LEFT_OPEN)
    (tmp_path / "fine.pyi").write_text(NOTHING_FOUND)
    (tmp_path / "script").write_text(f"#!/usr/bin/env python3\n{LEFT_OPEN}")
    (tmp_path / "script").chmod(0o755)
    (tmp_path / "notes.txt").write_text("async def")
    (tmp_path / "pyproject.toml").write_text("[tool.asyncgen-lint]\nexclude = ['gen/']\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    (tmp_path / "unstaged.py").write_text(LEFT_OPEN)
    return tmp_path


def try_repo(repository: Path, hooks: Path, home: Path, hook: str) -> Ran:
    return run(
        sys.executable, "-m", "pre_commit", "try-repo", str(hooks), hook, "--verbose",
        cwd=repository,
        environment={"PRE_COMMIT_HOME": str(home), "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        seconds=480,
    )  # fmt: skip


def test_check_hook(repository: Path, hooks: Path, home: Path) -> None:
    ran = try_repo(repository, hooks, home, "asyncgen-lint")
    assert ran.status == 1, ran.out + ran.err
    assert "- hook id: asyncgen-lint\n- duration:" in ran.out
    assert "- exit code: 1" in ran.out
    assert "--> a.py:13:5" in ran.out
    assert "--> script:14:5" in ran.out
    assert "Found 2 errors." in ran.out
    assert (repository / "a.py").read_text() == LEFT_OPEN


def test_staged_files_are_judged_with_those_that_are_not(
    tmp_path: Path, hooks: Path, home: Path
) -> None:
    """pre-commit hands over the staged files alone, and runs in an environment of its own."""
    shutil.copytree(ROOT / "fixtures/projects/installed_package", tmp_path, dirs_exist_ok=True)
    shutil.copytree(ROOT / "fixtures/projects/src_layout/src", tmp_path / "src")
    shutil.copy(ROOT / "fixtures/projects/src_layout/main.py", tmp_path / "use_depot.py")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "all")
    staged = ["main.py", "src/depot/service.py", "use_depot.py"]
    wanted = set()
    for name in staged:
        said = asyncgen_lint("check", name, "--output-format", "concise", cwd=tmp_path).out
        wanted |= set(re.findall(r"^(\S+:\d+:\d+): (AGN\d+)", said, re.MULTILINE))
        (tmp_path / name).write_text((tmp_path / name).read_text() + "# changed\n")
    git(tmp_path, "add", *staged)
    ran = try_repo(tmp_path, hooks, home, "asyncgen-lint")
    found = re.findall(r"^(AGN\d+) .*\n +--> (\S+)$", ran.out, re.MULTILINE)
    assert {(place, code) for code, place in found} == wanted
    assert len(wanted) == 8


def test_fix_hook(repository: Path, hooks: Path, home: Path) -> None:
    ran = try_repo(repository, hooks, home, "asyncgen-lint-fix")
    assert ran.status == 1, ran.out + ran.err
    assert "- files were modified by this hook" in ran.out
    assert "Found 2 errors (2 fixed, 0 remaining)." in ran.out
    assert "aclosing(ticks())" in (repository / "a.py").read_text()
    assert os.access(repository / "script", os.X_OK)
    assert (repository / "gen/excluded.py").read_text() == LEFT_OPEN
    assert (repository / "unstaged.py").read_text() == LEFT_OPEN
    git(repository, "add", "a.py", "script")
    again = try_repo(repository, hooks, home, "asyncgen-lint-fix")
    assert again.status == 0, again.out + again.err
