"""Discovery: the files that paths of the command line stand for.

What is named outright is taken whatever its suffix. A folder is walked for .py and .pyi files;
symbolic links to folders are not followed, so a loop of links cannot hang a walk.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from asyncgen_lint.config import Project, Projects

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

SUFFIXES = (".py", ".pyi")

# Folders that hold no source of the project: the defaults of ruff and flake8, which users know.
# fmt: off
SKIPPED_FOLDERS = frozenset((
    ".asyncgen-lint-cache", ".bzr", ".direnv", ".eggs", ".git", ".git-rewrite", ".hg",
    ".ipynb_checkpoints", ".mypy_cache", ".nox", ".pants.d", ".pyenv", ".pytest_cache", ".pytype",
    ".ruff_cache", ".svn", ".tox", ".venv", ".vscode", "CVS", "__pycache__", "__pypackages__",
    "_build", "buck-out", "build", "dist", "node_modules", "site-packages", "venv",
))
# fmt: on


class MissingPath(Exception):
    """A path that was named outright does not exist; the message says so."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to analyse: its absolute path, its name in reports, and its project."""

    path: Path
    name: str
    project: Project


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something met in a walk that cannot be read, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Discovery:
    """What paths stand for, each file once, both lists by name."""

    files: tuple[FoundFile, ...]
    unreadable: tuple[Unreadable, ...]


def discover(paths: Sequence[str], projects: Projects, *, force_exclude: bool = False) -> Discovery:
    """Return the files that the paths stand for.

    With `force_exclude`, excluded and skipped folders hold for paths named outright too. Raises
    MissingPath and SettingsError.
    """
    search = _Search(projects, force_exclude)
    for path in paths:
        search.add(path)
    return search.result()


def is_excluded(path: Path, project: Project) -> bool:
    """Return whether an absolute path lies in an excluded or skipped place of its project."""
    if project.excludes(path):
        return True
    if not path.is_relative_to(project.root):
        return False
    return any(part in SKIPPED_FOLDERS for part in path.relative_to(project.root).parts[:-1])


class _Search:
    def __init__(self, projects: Projects, force_exclude: bool) -> None:
        self._projects = projects
        self._force_exclude = force_exclude
        self._files: dict[str, FoundFile] = {}
        self._unreadable: dict[str, Unreadable] = {}

    def add(self, given: str) -> None:
        if not os.path.exists(given):
            raise MissingPath(f"{given}: {_absence(given)}")
        path = Path(os.path.abspath(given))
        project = self._projects.of_folder(path if path.is_dir() else path.parent)
        if self._force_exclude and (is_excluded(path, project) or _is_skipped_root(path, project)):
            return
        name = os.path.normpath(given)
        if path.is_dir():
            self._walk(path, name)
        else:
            self._take(FoundFile(path, name, project))

    def result(self) -> Discovery:
        return Discovery(
            tuple(sorted(self._files.values(), key=lambda each: name_order(each.name))),
            tuple(sorted(self._unreadable.values(), key=lambda each: name_order(each.name))),
        )

    def _take(self, file: FoundFile) -> None:
        # A file and the links to it are one file. It goes by the name that was met first, unless
        # that is a link's: a repair replaces the file, and a report should say which.
        linked = file.path.is_symlink()
        key = os.path.realpath(file.path) if linked else _resolved(file.path)
        known = self._files.get(key)
        if known is None or (known.path.is_symlink() and not linked):
            self._files[key] = file

    def _walk(self, top: Path, name: str) -> None:
        ignores = _GitIgnores(top, self._projects.of_folder(top).root)
        fail = partial(self._fail, top, name)
        for folder, folders, files in os.walk(top, onerror=fail):
            path = Path(folder)
            project = self._projects.of_folder(path)
            ignores.enter(path, files)
            folders[:] = sorted(
                each for each in folders if not _skips(path / each, project, ignores)
            )
            for each in sorted(files):
                if each.endswith(SUFFIXES):
                    self._meet(path / each, _shown(path / each, top, name), project, ignores)

    def _meet(self, path: Path, name: str, project: Project, ignores: _GitIgnores) -> None:
        if ignores.ignores(path) or project.excludes(path):
            return
        try:
            mode = path.stat().st_mode
        except OSError as error:
            broken = path.is_symlink() and isinstance(error, FileNotFoundError)
            reason = "broken symbolic link" if broken else _reason(error)
            self._unreadable[name] = Unreadable(name, reason)
            return
        if not stat.S_ISREG(mode):
            # Opening a pipe would wait for a writer for ever.
            self._unreadable[name] = Unreadable(name, "not a regular file")
            return
        self._take(FoundFile(path, name, project))

    def _fail(self, top: Path, name: str, error: OSError) -> None:
        shown = _shown(Path(error.filename), top, name)
        self._unreadable[shown] = Unreadable(shown, _reason(error))


class _GitIgnores:
    """The .gitignore files that bear on a walk: those above its top, and those it enters."""

    def __init__(self, top: Path, project_root: Path) -> None:
        self._specs: dict[Path, GitIgnoreSpec] = {}
        repository = next((each for each in (top, *top.parents) if (each / ".git").exists()), None)
        limit = repository or project_root
        for folder in top.parents:
            if not folder.is_relative_to(limit):
                break
            self._load(folder)
            spec = self._specs.get(folder)
            # A walk that starts inside an ignored folder was asked for: what is ignored there is
            # the folder as a whole, which says nothing about its parts.
            if spec and _verdict(spec, top.relative_to(folder).as_posix() + "/"):
                del self._specs[folder]

    def enter(self, folder: Path, files: Iterable[str]) -> None:
        """Read the folder's own .gitignore, if its list of files has one."""
        if ".gitignore" in files:
            self._load(folder)

    def ignores(self, path: Path, *, folder: bool = False) -> bool:
        """Return whether the nearest .gitignore that mentions the path ignores it."""
        if not self._specs:
            return False
        for above in path.parents:
            spec = self._specs.get(above)
            if spec is None:
                continue
            relative = path.relative_to(above).as_posix()
            verdict = _verdict(spec, f"{relative}/" if folder else relative)
            if verdict is not None:
                return verdict
        return False

    def _load(self, folder: Path) -> None:
        try:
            lines = (folder / ".gitignore").read_text("utf-8", "surrogateescape").splitlines()
        except OSError:
            return
        from pathspec import GitIgnoreSpec

        try:
            self._specs[folder] = GitIgnoreSpec.from_lines(lines)
        except ValueError:
            # git passes over a pattern that it does not understand; pathspec refuses them all.
            self._specs[folder] = GitIgnoreSpec.from_lines(_understood(lines))


def _understood(lines: Iterable[str]) -> Iterator[str]:
    from pathspec import GitIgnoreSpec

    for line in lines:
        try:
            GitIgnoreSpec.from_lines([line])
        except ValueError:
            continue
        yield line


def _verdict(spec: GitIgnoreSpec, relative: str) -> bool | None:
    return spec.check_file(relative).include


def _skips(folder: Path, project: Project, ignores: _GitIgnores) -> bool:
    return (
        folder.name in SKIPPED_FOLDERS
        or os.path.exists(folder / "pyvenv.cfg")
        or ignores.ignores(folder, folder=True)
        or project.excludes(folder, folder=True)
    )


def _is_skipped_root(path: Path, project: Project) -> bool:
    return path.is_dir() and path != project.root and path.name in SKIPPED_FOLDERS


@lru_cache(maxsize=8)
def _resolved_folder(folder: Path) -> str:
    return os.path.realpath(folder)


def _resolved(path: Path) -> str:
    return os.path.join(_resolved_folder(path.parent), path.name)


def _shown(path: Path, top: Path, name: str) -> str:
    relative = os.path.relpath(path, top)
    return relative if name == "." else os.path.normpath(os.path.join(name, relative))


def name_order(name: str) -> list[str]:
    """Return the key that sorts names as a walk meets them, folder by folder."""
    return name.split(os.sep)


def _absence(given: str) -> str:
    return "broken symbolic link" if os.path.islink(given) else "no such file or directory"


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
