"""What is known of library callables by name: the tables, and what a project's settings add.

Everything that asks a table which settings may extend asks it here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from functools import cached_property

from asyncgen_lint.names import tables


@dataclass(frozen=True, slots=True)
class Extensions:
    """The names that a project's settings add to the tables: dotted, maybe with `*` at the end."""

    closers: tuple[str, ...] = ()
    cancel_scopes: tuple[str, ...] = ()
    context_manager_decorators: tuple[str, ...] = ()
    transparent_decorators: tuple[str, ...] = ()
    fixture_decorators: tuple[str, ...] = ()
    dependency_markers: tuple[str, ...] = ()
    exception_suppress_context_managers: tuple[str, ...] = ()


NO_EXTENSIONS = Extensions()


class _Names:
    """A set of dotted names, in which a last part `*` stands for any name below."""

    def __init__(self, names: Iterable[str]) -> None:
        listed = frozenset(names)
        self._prefixes = tuple(sorted(each[:-1] for each in listed if each.endswith("*")))
        self._exact = listed

    def __contains__(self, dotted: str) -> bool:
        return bool(dotted) and (dotted in self._exact or dotted.startswith(self._prefixes))

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._exact))


class Known:
    """Answers by dotted name, as the resolver gives it."""

    def __init__(self, extensions: Extensions = NO_EXTENSIONS) -> None:
        self.extensions = extensions
        self.closers = _Names(tables.CLOSERS | set(extensions.closers))
        self.context_manager_decorators = _Names(
            tables.CONTEXT_MANAGER_DECORATORS | set(extensions.context_manager_decorators)
        )
        self.transparent_decorators = _Names(
            tables.TRANSPARENT_DECORATORS | set(extensions.transparent_decorators)
        )
        self.fixture_decorators = _Names(
            tables.FIXTURE_DECORATORS | set(extensions.fixture_decorators)
        )
        self.dependency_markers = _Names(
            tables.DEPENDENCY_MARKERS | set(extensions.dependency_markers)
        )
        self.possible_suppressors = _Names(extensions.exception_suppress_context_managers)
        self.cancel_scopes = _Names({*tables.CANCEL_SCOPES, *extensions.cancel_scopes})

    @cached_property
    def _added(self) -> _Names:
        return _Names(name for names in astuple(self.extensions) for name in names)

    @property
    def is_extended(self) -> bool:
        """Whether settings add any name."""
        return self.extensions != NO_EXTENSIONS

    def adds(self, dotted: str) -> bool:
        """Return whether settings list a name."""
        return self.is_extended and dotted in self._added

    def lists(self, dotted: str) -> bool:
        """Return whether some table lists a name: what it means is known, its source not read."""
        return dotted in tables.KNOWN_NAMES or self.adds(dotted)

    def is_of_known_package(self, package: str) -> bool:
        """Return whether some table lists a name of a top-level package."""
        return package in tables.KNOWN_PACKAGES or (self.is_extended and package in self._packages)

    def may_mention_drivers(self, text: str) -> bool:
        """Return whether a module's text may give functions to a marker or decorator by name."""
        # Most texts have none of the names, which is told much faster than by a pattern.
        return any(each in text for each in self._drivers) and bool(self._driver_calls.search(text))

    @cached_property
    def _drivers(self) -> tuple[str, ...]:
        """The last names of markers and decorators; one that ends in `*` may be any name."""
        names = (
            tables.DEPENDENCY_MARKERS
            | tables.CONTEXT_MANAGER_DECORATORS
            | set(self.extensions.dependency_markers)
            | set(self.extensions.context_manager_decorators)
        )
        last = {each.rpartition(".")[2] for each in names}
        return ("",) if any("*" in each for each in last) else tuple(sorted(last))

    @cached_property
    def _driver_calls(self) -> re.Pattern[str]:
        if self._drivers == ("",):
            return re.compile(r"\(")
        # Called, in whatever spacing or parentheses, or imported under another name.
        return re.compile(rf"\b(?:{'|'.join(self._drivers)})(?:[\s)]*\(| as )")

    @cached_property
    def _packages(self) -> frozenset[str]:
        names = (name for names in astuple(self.extensions) for name in names)
        return frozenset(each.partition(".")[0] for each in names)
