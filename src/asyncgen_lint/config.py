"""Settings: what `[tool.asyncgen-lint]` and the command line may say."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asyncgen_lint.names.known import NO_EXTENSIONS, Extensions
from asyncgen_lint.registry import all_codes, all_rules
from asyncgen_lint.rule import INTERNAL_CODE, Finding, Fix, FixSafety, Rule, Tier

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

DEFAULT_TARGET = (3, 10)
"""The target version of a project that names none: the oldest Python that has `aclosing`."""


DEFAULT_SRC = ("src", ".")


CACHE_FOLDER = ".asyncgen-lint-cache"

CACHE_VARIABLE = "ASYNCGEN_LINT_CACHE_DIR"
"""The environment variable that says where the cache is, `none` for nowhere."""


class SettingsError(ValueError):
    """A setting is not understood; the message says which, where, and what may have been meant."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one run, as the engine reads them.

    `select`, `extend_select` and `ignore` hold codes, code prefixes, rule names or `ALL`; an empty
    `select` means every default rule, and `extend_select` adds to it. `target_version` is the
    oldest Python the analysed code runs on. `exclude` holds patterns as in a .gitignore. `src` are
    the folders, relative to the project's root, that its modules are imported from; `python` is the
    environment that has its dependencies, empty for the active one, `none` for none. `cache_dir` is
    where results are kept, relative to the root; empty for the usual place, `none` for nowhere.
    `extensions` are the names that a project adds to what is known of libraries. `typed` says that
    a type checker runs too, so that what it reports as well is left out.

    `fixable` and `unfixable` say of which rules fixes are offered, an empty `fixable` of all;
    `extend_safe_fixes` and `extend_unsafe_fixes` of which all count as safe, or as unsafe.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    strict: bool = False
    target_version: tuple[int, int] = DEFAULT_TARGET
    exclude: tuple[str, ...] = ()
    lint_tests: bool = False
    extend_select: tuple[str, ...] = ()
    src: tuple[str, ...] = DEFAULT_SRC
    python: str = ""
    cache_dir: str = ""
    typed: bool = False
    extensions: Extensions = NO_EXTENSIONS
    fixable: tuple[str, ...] = ()
    unfixable: tuple[str, ...] = ()
    extend_safe_fixes: tuple[str, ...] = ()
    extend_unsafe_fixes: tuple[str, ...] = ()

    def enables(self, rule: Rule) -> bool:
        """Return whether findings of this rule's own tier are wanted.

        The longer of a selecting and an ignoring entry wins, as in flake8; of equals, the ignoring.
        """
        chosen = self.select + self.extend_select
        if rule.tier is Tier.STRICT and not self.strict:
            # A prefix does not turn a strict rule on: who writes AGN2 means the family's defaults.
            chosen = tuple(each for each in chosen if each in (rule.code, rule.name, "ALL"))
        elif not self.select:
            chosen = ("ALL", *chosen)
        return _reach(chosen, rule) > _reach(self.ignore, rule)

    def offered(self, rule: Rule, fix: Fix) -> Fix | None:
        """Return the fix as it is offered for a finding of the rule; None if it is not wanted.

        Of two entries that disagree, the longer counts; of equals, the more careful.
        """
        if _reach(self.fixable or ("ALL",), rule) <= _reach(self.unfixable, rule):
            return None
        safe = _reach(self.extend_safe_fixes, rule)
        unsafe = _reach(self.extend_unsafe_fixes, rule)
        if safe == unsafe == -1:
            return fix
        return replace(fix, safety=FixSafety.SAFE if safe > unsafe else FixSafety.UNSAFE)

    def leaves_to_type_checker(self, rule: Rule, finding: Finding) -> bool:
        """Return whether a type checker has the finding too, and its rule is not asked for by name.

        A finding says so itself, or its rule does.
        """
        if not self.typed or {rule.code, rule.name} & {*self.select, *self.extend_select}:
            return False
        return rule.type_checked if finding.type_checked is None else finding.type_checked


def _reach(entries: Iterable[str], rule: Rule) -> int:
    return max((_specificity(entry, rule) for entry in entries), default=-1)


def _specificity(entry: str, rule: Rule) -> int:
    if entry == "ALL":
        return 0
    if entry == rule.name:
        return len(rule.code)
    return len(entry) if rule.code.startswith(entry) else -1


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line says; None or empty leaves a project's own setting as it is.

    `ignore` adds to a project's own, over which in turn what is selected here wins. `isolated`
    leaves every pyproject.toml unread. `cache_dir` is absolute, or `none`.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    strict: bool = False
    target_version: tuple[int, int] | None = None
    isolated: bool = False
    src: tuple[str, ...] = ()
    python: str = ""
    cache_dir: str = ""
    typed: bool = False
    fixable: tuple[str, ...] = ()
    unfixable: tuple[str, ...] = ()

    def applied_to(self, settings: Settings) -> Settings:
        """Return the settings with these words of the command line over them."""
        return replace(
            settings,
            select=self.select or settings.select,
            ignore=self.ignore + self._still_ignored(settings),
            extend_select=self.extend_select,
            exclude=self.exclude or settings.exclude,
            strict=self.strict or settings.strict,
            target_version=self.target_version or settings.target_version,
            src=self.src or settings.src,
            python=self.python or settings.python,
            cache_dir=self.cache_dir or settings.cache_dir,
            typed=self.typed or settings.typed,
            fixable=self.fixable or settings.fixable,
            unfixable=self.unfixable or settings.unfixable,
        )

    def _still_ignored(self, settings: Settings) -> tuple[str, ...]:
        if self.select:
            return ()
        return tuple(each for each in settings.ignore if each not in self.extend_select)


@dataclass(frozen=True)
class Project:
    """A project: its root folder, its settings, and the folder its `exclude` is relative to.

    `named_cache` is the place of its cache if one is named, as in the settings.
    """

    root: Path
    settings: Settings
    exclude_root: Path
    named_cache: str = ""

    @property
    def cache_dir(self) -> Path | None:
        """Where results of its files are kept; None for nowhere.

        What stands in no project leaves no folder behind, unless one is named.
        """
        named = self.named_cache
        if named == "none":
            return None
        if not named and not any((self.root / each).exists() for each in _MARKS):
            return None
        return Path(os.path.normpath(self.root / (named or CACHE_FOLDER)))

    def excludes(self, path: Path, *, folder: bool = False) -> bool:
        """Return whether `exclude` names this absolute path or a folder above it."""
        if not self.settings.exclude or not path.is_relative_to(self.exclude_root):
            return False
        relative = path.relative_to(self.exclude_root).as_posix()
        return self._excluded.match_file(f"{relative}/" if folder else relative)

    @cached_property
    def _excluded(self) -> GitIgnoreSpec:
        from pathspec import GitIgnoreSpec

        return GitIgnoreSpec.from_lines(self.settings.exclude)


@dataclass(frozen=True)
class Projects:
    """Finds the project of each file, reading each pyproject.toml once."""

    overrides: Overrides = Overrides()
    _by_folder: dict[Path, Project] = field(default_factory=dict, repr=False, compare=False)
    _by_root: dict[Path, Project] = field(default_factory=dict, repr=False, compare=False)

    def of_folder(self, folder: Path) -> Project:
        """Return the project that an absolute folder belongs to.

        Its root is the nearest folder upward with a pyproject.toml, else the nearest with a .git,
        else the working directory. Raises SettingsError.
        """
        project = self._by_folder.get(folder)
        if project is None:
            found = (_nearest(folder, each) for each in _MARKS)
            root = next((each for each in found if each is not None), None) or Path.cwd()
            project = self._by_folder[folder] = self._of_root(root)
        return project

    def _of_root(self, root: Path) -> Project:
        project = self._by_root.get(root)
        if project is None:
            pyproject = root / "pyproject.toml"
            unread = self.overrides.isolated or not pyproject.is_file()
            settings = Settings() if unread else read_settings(pyproject)
            exclude_root = Path.cwd() if self.overrides.exclude else root
            cache = self.overrides.cache_dir or _told_cache() or settings.cache_dir
            project = Project(root, self.overrides.applied_to(settings), exclude_root, cache)
            self._by_root[root] = project
        return project


_MARKS = ("pyproject.toml", ".git")
"""What stands in a project's root; the first counts wherever it is."""


def _told_cache() -> str:
    named = os.environ.get(CACHE_VARIABLE, "")
    return os.path.abspath(named) if named and named != "none" else named


def _nearest(folder: Path, name: str) -> Path | None:
    for each in (folder, *folder.parents):
        if os.path.exists(each / name):
            return each
    return None


def read_settings(pyproject: Path) -> Settings:
    """Return the settings in a pyproject.toml: `[tool.asyncgen-lint]` and `requires-python`.

    Raises SettingsError when the file cannot be read or a key or value is not understood.
    """
    document = _read_toml(pyproject)
    settings = Settings(
        target_version=_required_python(document) or DEFAULT_TARGET,
        src=(*_built_from(document), *DEFAULT_SRC),
    )
    tool = document.get("tool")
    table = tool.get("asyncgen-lint", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise SettingsError(f"{pyproject}: [tool.asyncgen-lint] is not a table")
    for key, value in table.items():
        where = f"{pyproject}: [tool.asyncgen-lint] {key}"
        reader = _KEYS.get(key)
        if reader is None:
            raise SettingsError(f"{where}: unknown key{_suggested_key(key)}")
        settings = _with(settings, key.replace("-", "_"), reader(value, where))
    return settings


def _with(settings: Settings, name: str, value: Any) -> Settings:
    if name in _EXTENDING:
        return replace(settings, extensions=replace(settings.extensions, **{name: value}))
    return replace(settings, **{name: value})


def _suggested_key(key: str) -> str:
    if key.replace("_", "-") in _ELSEWHERE:
        return f"; did you mean {_ELSEWHERE[key.replace('_', '-')]!r}?"
    return _suggestion(key, _KEYS) or f"; known are {', '.join(_KEYS)}"


def parse_target(text: str, where: str) -> tuple[int, int]:
    """Return the version in a word like `py310`. Raises SettingsError, which names `where`."""
    match = re.fullmatch(r"py3(\d{1,2})", text)
    if match is None:
        raise SettingsError(f"{where}: {text!r} is no target version; write it like 'py310'")
    return (3, int(match[1]))


def check_selectors(entries: Iterable[str], where: str) -> tuple[str, ...]:
    """Return the codes, prefixes and names as they are. Raises SettingsError for an unknown one.

    Only an entry that is no code makes it import the rules, to learn their names.
    """
    checked = tuple(entries)
    for entry in checked:
        if entry == "ALL":
            continue
        if entry == INTERNAL_CODE:
            raise SettingsError(
                f"{where}: {INTERNAL_CODE} is no rule: it says that a file could not be analysed; "
                "exclude the file instead"
            )
        if entry.startswith("AGN") and any(code.startswith(entry) for code in all_codes()):
            continue
        names = [rule.name for rule in all_rules()]
        if entry not in names:
            hint = _suggestion(entry, [*all_codes(), *names])
            raise SettingsError(f"{where}: unknown rule {entry!r}{hint}")
    return checked


def _read_toml(path: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        document: dict[str, Any] = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeError as error:
        raise SettingsError(f"{path}: is not UTF-8") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(f"{path}: is no TOML: {error}") from error
    return document


def _required_python(document: Mapping[str, Any]) -> tuple[int, int] | None:
    project = document.get("project")
    text = project.get("requires-python") if isinstance(project, dict) else None
    if not isinstance(text, str):
        return None
    versions = re.findall(r"(?:>=|~=|===?)\s*(\d+)(?:\.(\d+))?", text)
    return min(((int(major), int(minor or 0)) for major, minor in versions), default=None)


def _built_from(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the folders that hatch, setuptools, poetry or pdm are told to find packages in."""
    tool = _table(document, "tool")
    wheel = _table(tool, "hatch", "build", "targets", "wheel")
    for each in _strings(wheel.get("packages")):
        yield os.path.dirname(each) or "."
    setuptools = _table(tool, "setuptools")
    yield from _strings(list(_table(setuptools, "package-dir").values()))
    yield from _strings(_table(setuptools, "packages", "find").get("where"))
    packages = _table(tool, "poetry").get("packages")
    for package in packages if isinstance(packages, list) else ():
        if isinstance(package, dict):
            yield from _strings([package.get("from")])
    yield from _strings([_table(tool, "pdm", "build").get("package-dir")])


def _table(document: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    for key in keys:
        inner = document.get(key)
        document = inner if isinstance(inner, dict) else {}
    return document


def _strings(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _truth(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise SettingsError(f"{where}: must be true or false, not {value!r}")
    return value


def _words(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise SettingsError(f"{where}: must be a list of strings, not {value!r}")
    return tuple(value)


def _word(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise SettingsError(f"{where}: must be a string, not {value!r}")
    return value


def check_patterns(patterns: Iterable[str], where: str) -> tuple[str, ...]:
    """Return the patterns as they are. Raises SettingsError for one no .gitignore may hold."""
    from pathspec import GitIgnoreSpec

    checked = tuple(patterns)
    try:
        GitIgnoreSpec.from_lines(checked)
    except ValueError as error:
        raise SettingsError(f"{where}: {error}") from error
    return checked


def _names(value: object, where: str) -> tuple[str, ...]:
    """Return dotted names, each once; the last part may be `*`, for all below."""
    names = _words(value, where)
    for each in names:
        if not re.fullmatch(r"[^\W\d]\w*(\.\w+)*\.(\w+|\w*\*)", each):
            raise SettingsError(
                f"{where}: {each!r} is no dotted name; write it with the module that it is"
                " imported from, like 'mylib.scope', or 'mylib.*' for all of its names"
            )
    return tuple(sorted(set(names)))


def _patterns(value: object, where: str) -> tuple[str, ...]:
    return check_patterns(_words(value, where), where)


def _selectors(value: object, where: str) -> tuple[str, ...]:
    return check_selectors(_words(value, where), where)


def _target(value: object, where: str) -> tuple[int, int]:
    if not isinstance(value, str):
        raise SettingsError(f"{where}: must be a string like 'py310', not {value!r}")
    return parse_target(value, where)


_KEYS: Mapping[str, Callable[[object, str], Any]] = {
    "strict": _truth,
    "select": _selectors,
    "ignore": _selectors,
    "target-version": _target,
    "exclude": _patterns,
    "lint-tests": _truth,
    "src": _words,
    "python": _word,
    "cache-dir": _word,
    "typed": _truth,
    "fixable": _selectors,
    "unfixable": _selectors,
    "extend-safe-fixes": _selectors,
    "extend-unsafe-fixes": _selectors,
    "closers": _names,
    "cancel-scopes": _names,
    "context-manager-decorators": _names,
    "transparent-decorators": _names,
    "fixture-decorators": _names,
    "dependency-markers": _names,
    "exception-suppress-context-managers": _names,
}

_EXTENDING = frozenset(each.name for each in fields(Extensions))

_ELSEWHERE = {
    # What flake8-async calls a setting that means the same.
    "transform-async-generator-decorators": "context-manager-decorators",
}


def _suggestion(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    by_lower = {each.lower(): each for each in known}
    close = get_close_matches(word.lower().replace("_", "-"), by_lower, n=1)
    return f"; did you mean {by_lower[close[0]]!r}?" if close else ""
