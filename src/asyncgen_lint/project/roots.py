"""From which folders a file's imports are answered: the project's own, then installed packages.

A project's folders are those of its settings (`src`), those its build tool is told of, `src` and
its root, and the folder above a file's packages. Installed packages are those of the environment
that the settings, the shell or the project name, else of the interpreter that runs us.
"""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from asyncgen_lint.project.finder import Root

_ENVIRONMENTS = (".venv", "venv")


def roots_of(path: Path, project: Path, src: Iterable[str], python: str) -> tuple[Root, ...]:
    """Return where the imports of a file at an absolute path are looked up, in order.

    `src` holds folders relative to the project's root. `python` names an environment or its
    interpreter, relative to the root too; empty for the active one, `none` for none at all.
    """
    own = [str(project / each) for each in src]
    above = _above_packages(path.parent)
    inside = [each for each in own if Path(each) != project and above.is_relative_to(each)]
    # A package without a file of its own, below a source folder, is part of the module's name.
    own = [*inside, str(above), *own] if inside else [str(above), *own]
    found = [Root(os.path.normpath(each)) for each in dict.fromkeys(own) if os.path.isdir(each)]
    installed = _installed(str(project), python)
    return (*dict.fromkeys(found), *(Root(each, is_installed=True) for each in installed))


def _above_packages(folder: Path) -> Path:
    while any((folder / f"__init__{each}").is_file() for each in (".py", ".pyi")):
        if folder.parent == folder:
            break
        folder = folder.parent
    return folder


@lru_cache(maxsize=64)
def _installed(project: str, python: str) -> tuple[str, ...]:
    if python == "none":
        return ()
    environment = _environment(project, python)
    if environment is not None:
        folders = list(_site_folders(environment))
    else:
        paths = sysconfig.get_paths()
        folders = list(dict.fromkeys([paths["purelib"], paths["platlib"]]))
    return (*folders, *(each for folder in folders for each in _linked(folder)))


def _environment(project: str, python: str) -> Path | None:
    if python:
        given = Path(project, python)
        return given.parent.parent if given.is_file() else given
    active = os.environ.get("VIRTUAL_ENV") or os.environ.get("CONDA_PREFIX")
    if active:
        return Path(active)
    for name in _ENVIRONMENTS:
        if Path(project, name, "pyvenv.cfg").is_file():
            return Path(project, name)
    return None


def _site_folders(environment: Path) -> Iterator[str]:
    for pattern in ("lib/python3*/site-packages", "lib64/python3*/site-packages"):
        for each in sorted(environment.glob(pattern)):
            if not each.parent.parent.is_symlink():
                yield str(each)
    windows = environment / "Lib" / "site-packages"
    if windows.is_dir():
        yield str(windows)


def _linked(folder: str) -> Iterator[str]:
    """Yield the folders that a site folder's .pth files name (Library Reference, site)."""
    try:
        names = sorted(each for each in os.listdir(folder) if each.endswith(".pth"))
    except OSError:
        return
    for name in names:
        try:
            lines = Path(folder, name).read_text("utf-8", "replace").splitlines()
        except OSError:
            continue
        for line in lines:
            if line.strip() and not line.startswith(("#", "import ", "import\t")):
                path = os.path.join(folder, line.strip())
                if os.path.isdir(path):
                    yield path
