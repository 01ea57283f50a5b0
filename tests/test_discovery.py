"""Discovery: which files paths stand for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from asyncgen_lint.config import Overrides, Projects
from asyncgen_lint.discovery import Discovery, MissingPath, discover


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lay(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")


def names(found: Discovery) -> list[str]:
    return [each.name for each in found.files]


def walk(*paths: str, force_exclude: bool = False, overrides: Overrides | None = None) -> list[str]:
    projects = Projects(overrides or Overrides())
    return names(discover(paths or ["."], projects, force_exclude=force_exclude))


def test_python_files_and_stubs_in_order(tree: Path) -> None:
    lay(tree, "b.py", "a.pyi", "a/z.py", "a/b/c.py", "a-b.py", "script", "notes.txt", "x.pyc")
    assert walk() == ["a/b/c.py", "a/z.py", "a-b.py", "a.pyi", "b.py"]


def test_named_file_needs_no_suffix(tree: Path) -> None:
    lay(tree, "script")
    assert walk("script") == ["script"]


@pytest.mark.parametrize(
    "folder",
    [".git", ".venv", "venv", "build", "dist", "__pycache__", "node_modules", ".tox", ".nox",
     ".mypy_cache", ".eggs", "site-packages"],
)  # fmt: skip
def test_folders_without_sources_are_skipped(tree: Path, folder: str) -> None:
    lay(tree, f"src/{folder}/deep/a.py", "src/b.py")
    assert walk() == ["src/b.py"]
    assert walk(f"src/{folder}") == [f"src/{folder}/deep/a.py"]


def test_virtual_environment_of_any_name_is_skipped(tree: Path) -> None:
    lay(tree, "env310/pyvenv.cfg", "env310/lib/a.py", "b.py")
    assert walk() == ["b.py"]


def test_folder_named_like_a_file_is_walked(tree: Path) -> None:
    lay(tree, "x.py/inner.py")
    assert walk() == ["x.py/inner.py"]
    assert walk("x.py") == ["x.py/inner.py"]


def test_each_file_once(tree: Path) -> None:
    lay(tree, "src/a.py", "src/b.py")
    assert walk("src", "./src/a.py", str(tree / "src"), "src/../src") == ["src/a.py", "src/b.py"]
    (tree / "src/aa.py").symlink_to("b.py")
    assert walk("src") == ["src/a.py", "src/b.py"]


def test_loop_of_links_does_not_hang(tree: Path) -> None:
    lay(tree, "src/a.py")
    (tree / "src/loop").symlink_to(tree / "src", target_is_directory=True)
    (tree / "src/self.py").symlink_to("self.py")
    found = discover(["src"], Projects())
    assert names(found) == ["src/a.py"]
    assert [each.name for each in found.unreadable] == ["src/self.py"]


def test_broken_link_in_a_walk_is_told(tree: Path) -> None:
    (tree / "gone.py").symlink_to("nowhere.py")
    (tree / "gone.txt").symlink_to("nowhere.txt")
    (found,) = discover(["."], Projects()).unreadable
    assert (found.name, found.reason) == ("gone.py", "broken symbolic link")


def test_pipe_in_a_walk_does_not_hang(tree: Path) -> None:
    os.mkfifo(tree / "pipe.py")
    (found,) = discover(["."], Projects()).unreadable
    assert (found.name, found.reason) == ("pipe.py", "not a regular file")


@pytest.mark.parametrize("broken", [True, False])
def test_missing_path_is_refused(tree: Path, broken: bool) -> None:
    if broken:
        (tree / "gone.py").symlink_to("nowhere.py")
    with pytest.raises(MissingPath, match=r"gone\.py: (broken symbolic link|no such file)"):
        discover(["gone.py"], Projects())


def test_gitignore_and_the_nested_ones(tree: Path) -> None:
    lay(tree, "gen/a.py", "src/gen/b.py", "src/keep/gen.py", "src/c.py", "src/d_pb2.py", "e.py")
    (tree / ".gitignore").write_text("gen/\n*_pb2.py\n/e.py\n")
    (tree / "src/.gitignore").write_text("!d_pb2.py\nc.py\n")
    assert walk() == ["src/d_pb2.py", "src/keep/gen.py"]


def test_gitignore_above_the_walk_counts_within_the_repository(tree: Path) -> None:
    lay(tree, "outer/repository/src/gen/a.py", "outer/repository/src/b.py")
    (tree / "outer/repository/.git").mkdir()
    (tree / "outer/.gitignore").write_text("b.py\n")
    (tree / "outer/repository/.gitignore").write_text("/src/gen\n")
    assert walk("outer/repository/src") == ["outer/repository/src/b.py"]


def test_ignored_folder_that_is_named_is_walked(tree: Path) -> None:
    lay(tree, ".packages/httpx/a.py")
    (tree / ".git").mkdir()
    (tree / ".gitignore").write_text(".packages/\n")
    assert walk() == []
    assert walk(".packages/httpx") == [".packages/httpx/a.py"]
    assert walk(".packages/httpx/a.py") == [".packages/httpx/a.py"]


def test_gitignore_with_a_bad_pattern_keeps_its_good_ones(tree: Path) -> None:
    lay(tree, "a.py", "b.py")
    (tree / ".gitignore").write_bytes(b"!\nb.py\n\xff\n")
    assert walk() == ["a.py"]


def test_exclude_of_the_project_is_relative_to_its_root(tree: Path) -> None:
    lay(tree, "p/vendored/a.py", "p/src/vendored/b.py", "p/src/c_pb2.py", "p/src/d.py")
    (tree / "p/pyproject.toml").write_text(
        "[tool.asyncgen-lint]\nexclude = ['/vendored', '*_pb2.py']\n"
    )
    assert walk("p") == ["p/src/d.py", "p/src/vendored/b.py"]
    assert walk("p/src") == ["p/src/d.py", "p/src/vendored/b.py"]
    assert walk("p/vendored/a.py") == ["p/vendored/a.py"]
    assert walk("p/vendored/a.py", "p/src/d.py", force_exclude=True) == ["p/src/d.py"]
    assert walk("p/vendored", force_exclude=True) == []


def test_exclude_of_the_command_line_is_relative_to_the_working_folder(tree: Path) -> None:
    lay(tree, "p/src/a.py", "p/b.py")
    (tree / "p/pyproject.toml").write_text("[tool.asyncgen-lint]\nexclude = ['b.py']\n")
    assert walk("p", overrides=Overrides(exclude=("p/src/",))) == ["p/b.py"]


def test_force_exclude_knows_the_skipped_folders(tree: Path) -> None:
    lay(tree, "build/a.py", "b.py")
    assert walk("build/a.py", "b.py", force_exclude=True) == ["b.py"]


def test_names_are_as_given(tree: Path) -> None:
    lay(tree, "src/a.py")
    assert walk(str(tree / "src")) == [str(tree / "src/a.py")]
    assert walk("./src") == ["src/a.py"]
