"""Which file a module's name stands for: in the project's roots, then in installed packages.

Python's own order is followed (Language Reference, 5.3 and 5.4; PEP 420 for packages without a
file), on paths alone: nothing of the analysed code is imported.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace

_SUFFIXES = (".py", ".pyi")

_STUB = " stub"


def stub_name(name: str) -> str:
    """Return the name that stands for the stub beside a module's source."""
    return f"{name}{_STUB}"


def stubbed_name(name: str) -> str:
    """Return the module of which this is the `stub_name`, empty if it is none."""
    return name[: -len(_STUB)] if name.endswith(_STUB) else ""


@dataclass(frozen=True, slots=True)
class Root:
    """A folder that modules are imported from."""

    path: str
    is_installed: bool = False


@dataclass(frozen=True, slots=True)
class ModuleFile:
    """Where a module is: its file (empty for a package without one) and its packages' folders."""

    name: str
    path: str
    folders: tuple[Root, ...]
    is_installed: bool

    @property
    def is_package(self) -> bool:
        """Whether the module may have submodules."""
        return bool(self.folders)


class Finder:
    """Finds modules under some roots, each folder listed once."""

    def __init__(self, roots: Iterable[Root]) -> None:
        self.roots = tuple(roots)
        self._found: dict[str, ModuleFile | None] = {}
        self._entries: dict[str, frozenset[str]] = {}

    def find(self, name: str) -> ModuleFile | None:
        """Return where the module of an absolute dotted name is, None if nowhere.

        A stub is found under its `stub_name`.
        """
        if name not in self._found:
            of_stub = stubbed_name(name)
            self._found[name] = self._stub(of_stub) if of_stub else self._find(name)
        return self._found[name]

    def _stub(self, name: str) -> ModuleFile | None:
        module = self.find(name)
        path = self.stub_of(module) if module is not None else ""
        return replace(module, path=path) if module is not None and path else None

    def _find(self, name: str) -> ModuleFile | None:
        above, _, last = name.rpartition(".")
        if not above:
            return self._search(name, last, self.roots)
        package = self.find(above)
        return self._search(name, last, package.folders) if package is not None else None

    def _search(self, name: str, last: str, roots: Iterable[Root]) -> ModuleFile | None:
        portions = []
        for root in roots:
            entries = self._list(root.path)
            folder = os.path.join(root.path, last)
            if last in entries:
                inside = self._list(folder)
                for suffix in _SUFFIXES:
                    if f"__init__{suffix}" in inside:
                        path = os.path.join(folder, f"__init__{suffix}")
                        folders = (Root(folder, root.is_installed),)
                        return ModuleFile(name, path, folders, root.is_installed)
            for suffix in _SUFFIXES:
                if last + suffix in entries:
                    return ModuleFile(name, folder + suffix, (), root.is_installed)
            if last in entries and os.path.isdir(folder):
                portions.append(Root(folder, root.is_installed))
        if not portions:
            return None
        return ModuleFile(name, "", tuple(portions), all(each.is_installed for each in portions))

    def _list(self, folder: str) -> frozenset[str]:
        entries = self._entries.get(folder)
        if entries is None:
            try:
                entries = frozenset(os.listdir(folder))
            except OSError:
                entries = frozenset()
            self._entries[folder] = entries
        return entries

    def stub_of(self, module: ModuleFile) -> str:
        """Return the path of the stub beside a module's source, or in a stubs package (PEP 561)."""
        if not module.path.endswith(".py"):
            return ""
        beside = f"{module.path}i"
        if os.path.basename(beside) in self._list(os.path.dirname(beside)):
            return beside
        top, _, rest = module.name.partition(".")
        stubs = f"{top}-stubs"
        found = self._search(stubs, stubs, self.roots)
        for each in rest.split(".") if rest else ():
            found = self._search(stubs, each, found.folders) if found is not None else None
        return found.path if found is not None else ""
