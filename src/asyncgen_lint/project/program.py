"""The modules in view from the files of a project: its own, and installed packages, read lazily.

A module is read when a name of it is asked for, and then only as far as that name needs. Which
modules an answer rests on is recorded by the resolver, in `Outline.uses`.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import libcst as cst

from asyncgen_lint.names.known import NO_EXTENSIONS, Extensions, Known
from asyncgen_lint.names.resolve import Located
from asyncgen_lint.names.scopes import Outline
from asyncgen_lint.project.basis import Basis, Depth, Summary, Use, digest, summarise
from asyncgen_lint.project.finder import Finder, ModuleFile, Root, stub_name, stubbed_name
from asyncgen_lint.project.lazy import LazyModule, lazy_module
from asyncgen_lint.source.position import generate
from asyncgen_lint.source.span import Position, Span
from asyncgen_lint.source.text import Source, UnreadableSource, read_source
from asyncgen_lint.source.walk import descendants
from asyncgen_lint.typestate.knowledge import Knowledge
from asyncgen_lint.typestate.summary import Summaries

MAX_SIZE = 2_000_000
"""The size in bytes above which another module is not read: generated code without generators."""


class Program:
    """The modules that can be imported from some roots, and what is known of them."""

    def __init__(self, roots: Iterable[Root], extensions: Extensions = NO_EXTENSIONS) -> None:
        self.known = Known(extensions)
        self._finder = Finder(roots)
        self._sources: dict[str, Source | None] = {}
        self._modules: dict[str, LazyModule | None] = {}
        self._digests: dict[str, str] = {}
        self._summaries: dict[str, Summary | None] = {}
        self._stubs: dict[str, LazyModule | None] = {}
        self.located: dict[str, Located] = {}
        self.lines = 0

    @cached_property
    def summaries(self) -> Summaries:
        """What is known of the functions of these modules, kept from file to file."""
        return Summaries(Knowledge(None, self, self.known))

    # What the resolver asks

    def holds(self, name: str) -> bool:
        """Return whether there is a module, or a package without a file, of this name."""
        return self._finder.find(name) is not None

    def is_installed(self, name: str) -> bool:
        """Return whether a module belongs to an installed package, not to the project."""
        found = self._finder.find(name)
        return found is not None and found.is_installed

    def outline(self, name: str) -> Outline | None:
        """Return the outline of a module; None for one without Python source that can be read."""
        if name not in self._modules:
            found = self._finder.find(name)
            self._modules[name] = self._load(found) if found is not None else None
        module = self._modules[name]
        return module.outline if module is not None else None

    def stub(self, name: str) -> Outline | None:
        """Return the outline of the stub beside a module's source; None if there is none."""
        if name not in self._stubs:
            found = self._finder.find(name)
            path = self._finder.stub_of(found) if found is not None else ""
            beside = replace(found, path=path) if found is not None and path else None
            self._stubs[name] = self._load(beside) if beside is not None else None
        module = self._stubs[name]
        return module.outline if module is not None else None

    def declares(self, outline: Outline, name: str) -> bool:
        """Return whether a module defines a name by functions or classes alone."""
        module = self._modules.get(outline.name)
        return module is not None and name in module.definitions

    def may_declare(self, module: str, name: str) -> bool:
        """Return whether the text of a module mentions a name, or imports all of another."""
        found = self._finder.find(module)
        source = self._source(found) if found is not None else None
        if source is None:
            return False
        return name in source.text or _STAR.search(source.text) is not None

    def _load(self, found: ModuleFile) -> LazyModule | None:
        source = self._source(found)
        if source is None:
            return None
        module = lazy_module(source, found.name, is_package=found.is_package)
        if module is not None:
            self.lines += source.text.count("\n")
        return module

    def _source(self, found: ModuleFile) -> Source | None:
        if found.path not in self._sources:
            self._sources[found.path] = _read(found.path)
        return self._sources[found.path]

    # What a result rests on

    def basis(self, outline: Outline, shown: Iterable[tuple[str, int]] = ()) -> Basis:
        """Return what the answers about a module rest on.

        `shown` are the places, as file and line, that paths point to.
        """
        lines: dict[str, set[int]] = {}
        for path, line in shown:
            lines.setdefault(path, set()).add(line)
        uses: dict[str, Use] = {}
        pending = [*outline.uses, *self._stub_asked(outline.name)]
        while pending:
            name = pending.pop()
            if name in uses:
                continue
            found = self._finder.find(name)
            if found is None or found.path not in self._sources:
                uses[name] = Use(name, Depth.FOUND)
                continue
            module = self._known(name)
            whole = module is not None and module.outline.is_whole
            depth = Depth.WHOLE if whole else Depth.READ
            uses[name] = Use(name, depth, tuple(sorted(lines.get(found.path, ()))))
            pending += self._stub_asked(name)
            if module is not None:
                pending += module.outline.uses
        return Basis(tuple(sorted(uses.values())), self)

    def _stub_asked(self, name: str) -> tuple[str, ...]:
        """Return the name of a module's stub, if it was asked for, and of what that leads to."""
        if name not in self._stubs:
            return ()
        return (stub_name(name),) if self._stubs[name] is None else (stub_name(name), name)

    def _known(self, name: str) -> LazyModule | None:
        of_stub = stubbed_name(name)
        return self._stubs.get(of_stub) if of_stub else self._modules.get(name)

    def place(self, name: str) -> tuple[str, bool] | None:
        """Return a module's file, empty if it has none, and whether it is an installed one's."""
        found = self._finder.find(name)
        return (found.path, found.is_installed) if found is not None else None

    def text_digest(self, name: str) -> str:
        """Return the digest of a module's text as it was read, empty if it cannot be."""
        found = self._finder.find(name)
        source = self._source(found) if found is not None else None
        if source is None:
            return ""
        if name not in self._digests:
            self._digests[name] = digest(source.text)
        return self._digests[name]

    def text(self, name: str) -> str:
        """Return a module's text as it was read, empty if it cannot be."""
        found = self._finder.find(name)
        source = self._source(found) if found is not None else None
        return source.text if source is not None else ""

    def summary(self, name: str) -> Summary | None:
        """Return the summary of a module; None for one without Python source that can be read."""
        if name not in self._summaries:
            of_stub = stubbed_name(name)
            outline = self.stub(of_stub) if of_stub else self.outline(name)
            module = self._known(name) if outline is not None else None
            self._summaries[name] = summarise(module) if module is not None else None
        return self._summaries[name]

    # What the engine asks

    def name_of(self, path: Path) -> tuple[str, bool]:
        """Return the dotted name of a project's file, and whether it is a package's own file.

        The name is empty for a file that no root makes importable.
        """
        parts = [*path.parts[:-1], path.stem]
        for root in self._finder.roots:
            above = Path(root.path).parts
            inside = parts[len(above) :]
            if tuple(parts[: len(above)]) != above or not inside:
                continue
            is_package = inside[-1] == "__init__"
            names = inside[:-1] if is_package else inside
            if names and all(each.isidentifier() for each in names):
                return ".".join(names), is_package
        return "", False

    def place_of(self, node: cst.CSTNode) -> tuple[str, Span] | None:
        """Return the file and the place of a node of another module's tree."""
        for module in self._loaded():
            for parsed, before in module.trees:
                if any(each is node for each in descendants(parsed)):
                    return module.source.filename, _span(node, parsed, before)
        return None

    def _loaded(self) -> Iterator[LazyModule]:
        loaded = (*self._modules.values(), *self._stubs.values())
        return (each for each in loaded if each is not None)


_STAR = re.compile(r"^\s*from\b.*\bimport\s+\*", re.MULTILINE)


def _read(path: str) -> Source | None:
    if not path:
        return None
    try:
        found = Path(path).stat()
        # Opening a pipe or a device may never end.
        if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_SIZE:
            return None
        return read_source(Path(path), path)
    except (OSError, UnreadableSource):
        return None


def _span(node: cst.CSTNode, parsed: cst.Module, before: int) -> Span:
    try:
        span = generate(parsed, parsed).spans[node]
    except (RecursionError, KeyError):
        start = Position(before + 1, 0)
        return Span(start, start)
    return Span(
        Position(span.start.line + before, span.start.column),
        Position(span.end.line + before, span.end.column),
    )
