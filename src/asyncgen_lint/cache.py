"""What files gave, kept from run to run: a file is analysed again only when its result may differ.

A result is kept under all that the analysis was given (the file's text and path, the settings,
where modules are looked up, the versions of the tool and of what it builds on) together with what
it rests on in other modules (see project.basis). It is used again while nothing of that changed.

The store is one sqlite file that any number of processes read and write at a time. It may be
deleted, damaged, locked, full or unwritable: then there is no cache for the rest of the run,
`trouble` says why, and the results are those of an analysis. Each entry has a checksum, so that
damage that sqlite does not see cannot become a wrong answer.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache, partial
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncgen_lint
from asyncgen_lint import engine
from asyncgen_lint.config import Settings
from asyncgen_lint.engine import Analysis, is_test_file, shown_name
from asyncgen_lint.project.basis import (
    Basis,
    Depth,
    Summary,
    Use,
    View,
    digest,
    digest_of_meaning,
    exact_digest,
)
from asyncgen_lint.project.finder import Finder, Root
from asyncgen_lint.project.roots import roots_of
from asyncgen_lint.rule import (
    INTERNAL_CODE,
    Diagnostic,
    Edit,
    Fix,
    FixSafety,
    PathStep,
    Severity,
    Tier,
)
from asyncgen_lint.source.screen import may_matter
from asyncgen_lint.source.span import Position, Span
from asyncgen_lint.source.text import Source, UnreadableSource, read_source

if TYPE_CHECKING:
    import ast
    import sqlite3

MAX_BYTES = 64 * 2**20
"""The size above which the half that was not used for longest is dropped."""

_SCHEMA = 1
_NAME = f"results-{_SCHEMA}.db"
_TAG = (
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# This folder is a cache of asyncgen-lint; see https://bford.info/cachedir/\n"
)
_STARTED = time.time()
_WAIT_SECONDS = 2.0
_SETTLED_SECONDS = 2.0
"""How long before this process a file must have changed last for its times to tell its text."""

_NOT_ANALYSED_BY = frozenset({"exclude", "cache_dir"})
"""The settings that no result depends on."""


def analyse_with(cache: Cache | None) -> engine.Analyse:
    """Return a function that does what `engine.analyse` does, and remembers it in the cache."""
    return engine.analyse if cache is None else partial(_analyse, cache)


def _analyse(
    cache: Cache,
    source: Source,
    settings: Settings,
    *,
    tree: ast.Module | None = None,
    with_fixes: bool = True,
    root: Path | None = None,
) -> Analysis:
    request = None
    if root is not None and not cache.trouble:
        with cache.guarded():
            request = _Request(cache, source, settings, root)
            remembered = request.remembered(with_fixes)
            if remembered is not None:
                return Analysis(remembered, is_new=False)
    analysis = engine.analyse(source, settings, tree=tree, with_fixes=with_fixes, root=root)
    if request is not None:
        with cache.guarded():
            request.remember(analysis, with_fixes)
    return analysis


class _Request:
    """One file that is to be analysed, and the entry of its result."""

    def __init__(self, cache: Cache, source: Source, settings: Settings, root: Path) -> None:
        self._cache = cache
        self._source = source
        self._path = Path(os.path.abspath(source.filename))
        self._settings = settings
        self._root = root
        # Of most files the text alone says that there is nothing to find.
        matters = may_matter(source.text)
        self._roots = roots_of(self._path, root, settings.src, settings.python) if matters else ()
        self._key = digest(
            "result",
            identity(),
            str(self._path),
            str(is_test_file(source, root)),
            _canonical(settings),
            json.dumps([[each.path, each.is_installed] for each in self._roots]),
            source.text,
        )

    def remembered(self, with_fixes: bool) -> tuple[Diagnostic, ...] | None:
        """Return the diagnostics that are kept, if they still hold."""
        # Who needs no fixes takes what has them as well.
        for key in (f"{self._key} with fixes", *(() if with_fixes else (self._key,))):
            found = self._holding(key)
            if found is not None:
                return tuple(_decoded(each, self._source.filename) for each in found)
        return None

    def _holding(self, key: str) -> list[Any] | None:
        entry = self._cache.get(key)
        if entry is None:
            return None
        uses = tuple(Use(name, Depth(depth), tuple(at)) for name, depth, at in entry["uses"])
        if uses:
            view = _Disk(self._cache, self._roots, self._program)
            try:
                exact = exact_digest(uses, view)
                if exact != entry["exact"]:
                    if digest_of_meaning(uses, view, self._source.text) != entry["meaning"]:
                        return None
                    self._cache.put(key, {**entry, "exact": exact})
            except (_Moving, UnreadableSource):
                return None
        found: list[Any] = entry["found"]
        return found

    def remember(self, analysis: Analysis, with_fixes: bool) -> None:
        """Keep what the analysis gave, except where it failed or its failing may be chance."""
        if analysis.failed or any(each.code == INTERNAL_CODE for each in analysis.diagnostics):
            return
        basis = analysis.basis or Basis((), _Disk(self._cache, self._roots, self._program))
        view = _Kept(self._cache, basis.view)
        self._cache.put(
            f"{self._key} with fixes" if with_fixes else self._key,
            {
                "uses": [[each.module, int(each.depth), each.lines] for each in basis.uses],
                "exact": exact_digest(basis.uses, view),
                "meaning": digest_of_meaning(basis.uses, view, self._source.text),
                "found": [_encoded(each, self._source.filename) for each in analysis.diagnostics],
            },
        )

    def _program(self) -> Any:
        from asyncgen_lint.project.programs import program_of

        settings = self._settings
        return program_of(
            self._path, self._root, settings.src, settings.python, settings.extensions
        )


class _Kept:
    """A view of which what was found out about texts is kept in the cache too."""

    def __init__(self, cache: Cache, view: View) -> None:
        self._cache = cache
        self._view = view
        self.place = view.place
        self.text = view.text

    def text_digest(self, name: str) -> str:
        found = self._view.text_digest(name)
        place = self.place(name)
        if place is not None and place[0] and found:
            self._cache.note_text(place[0], found)
        return found

    def summary(self, name: str) -> Summary | None:
        summary = self._view.summary(name)
        _keep_summary(self._cache, self._view.text_digest(name), summary)
        return summary


class _Moving(Exception):
    """A file changes while it is read."""


class _Disk:
    """The modules as they are on the disk now; what this process read of them counts as now."""

    def __init__(self, cache: Cache, roots: tuple[Root, ...], program: Callable[[], Any]) -> None:
        self._cache = cache
        self._finder = cache.finders.setdefault(roots, Finder(roots))
        self._program = program

    def place(self, name: str) -> tuple[str, bool] | None:
        """Return a module's file, empty if it has none, and whether it is an installed one's."""
        found = self._finder.find(name)
        return (found.path, found.is_installed) if found is not None else None

    def text_digest(self, name: str) -> str:
        """Return the digest of a module's text, empty if it cannot be read."""
        place = self.place(name)
        return self._cache.text_digest(place[0]) if place is not None and place[0] else ""

    def text(self, name: str) -> str:
        """Return a module's text, empty if it cannot be read."""
        place = self.place(name)
        of_text = self.text_digest(name)
        if place is None or not of_text:
            return ""
        text = read_source(Path(place[0]), place[0]).text
        if digest(text) != of_text:
            raise _Moving
        return text

    def summary(self, name: str) -> Summary | None:
        """Return the summary of a module, None if it cannot be parsed."""
        of_text = self.text_digest(name)
        key = _summary_key(of_text)
        known = self._cache.summaries.get(key)
        if known is None:
            entry = self._cache.get(key)
            if entry is not None:
                names = {each: (of, tuple(words)) for each, of, words in entry["names"]}
                extents = tuple((before, last) for before, last in entry["extents"])
                known = Summary(entry["shape"], names, extents)
                self._cache.summaries[key] = known
        if known is not None:
            return known
        program = self._program()
        summary: Summary | None = program.summary(name)
        if program.text_digest(name) != of_text:
            raise _Moving
        _keep_summary(self._cache, of_text, summary)
        return summary


def _summary_key(of_text: str) -> str:
    return digest("summary", identity(), of_text)


def _keep_summary(cache: Cache, of_text: str, summary: Summary | None) -> None:
    key = _summary_key(of_text)
    if summary is None or key in cache.summaries:
        return
    cache.summaries[key] = summary
    names = [[name, *kept] for name, kept in summary.names.items()]
    cache.put(key, {"shape": summary.shape, "names": names, "extents": summary.extents})


# The store


class Cache:
    """The entries in a folder, for one process. See `cache_in`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.trouble = ""
        self.finders: dict[tuple[Root, ...], Finder] = {}
        self.summaries: dict[str, Summary] = {}
        self._texts: dict[str, str] = {}
        self._connection: sqlite3.Connection | None = None
        self._new: dict[str, bytes] = {}
        self._used: list[str] = []
        self._noted: set[str] = set()
        self._today = int(_STARTED // 86_400)

    def guarded(self) -> _Guard:
        """Return a context manager that turns any failure inside into `trouble`."""
        return _Guard(self)

    def get(self, key: str) -> dict[str, Any] | None:
        """Return the entry under a key, None if there is none, or a damaged one."""
        found = self._new.get(key)
        if found is None:
            rows = self._open().execute("SELECT value, day FROM entries WHERE key = ?", (key,))
            row = rows.fetchone()
            if row is None:
                return None
            found = row[0]
            if row[1] != self._today:
                self._used.append(key)
        packed = found[_CHECK:]
        if found[:_CHECK] != _checksum(key, packed):
            return None
        entry: dict[str, Any] = json.loads(zlib.decompress(packed))
        return entry

    def put(self, key: str, entry: Mapping[str, Any]) -> None:
        """Keep an entry; it is written with the next `flush`."""
        packed = zlib.compress(json.dumps(entry, separators=(",", ":")).encode(), 1)
        self._new[key] = _checksum(key, packed) + packed
        if len(self._new) >= 200:
            self.flush()

    def flush(self) -> None:
        """Write what is new. Others may write at the same time; who waits too long, does not."""
        if self.trouble or not (self._new or self._used):
            return
        with self.guarded():
            import sqlite3

            new = [(key, self._today, value) for key, value in self._new.items()]
            used = [(self._today, key) for key in self._used]
            self._new, self._used = {}, []
            connection = self._open()
            try:
                with connection:
                    connection.execute("BEGIN IMMEDIATE")
                    connection.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?)", new)
                    connection.executemany("UPDATE entries SET day = ? WHERE key = ?", used)
                    self._drop_old(connection)
            except sqlite3.OperationalError as error:
                if not _is_busy(error):
                    raise

    def close(self) -> None:
        """Write what is new and let go of the file, as before a process is started."""
        self.flush()
        connection, self._connection = self._connection, None
        if connection is not None:
            with self.guarded():
                connection.close()

    def check(self) -> None:
        """Find out whether the folder can be written to, making it if need be."""
        with self.guarded():
            self._open().execute("SELECT key FROM entries LIMIT 1").fetchall()
        self.close()

    def text_digest(self, path: str) -> str:
        """Return the digest of the text of a file as it is now, empty if it cannot be read.

        Its times and size tell, without reading it, that it is as it was.
        """
        if path not in self._texts:
            self._texts[path] = self._text_digest(path)
        return self._texts[path]

    def _text_digest(self, path: str) -> str:
        key = digest("text", path)
        try:
            before = _stamp(path)
        except OSError:
            return ""
        entry = self.get(key)
        if entry is not None and entry["stamp"] == before:
            return str(entry["digest"])
        try:
            found = digest(read_source(Path(path), path).text)
            after = _stamp(path)
        except (OSError, UnreadableSource):
            return ""
        if before != after:
            raise _Moving
        if _is_settled(before):
            self.put(key, {"stamp": before, "digest": found})
        return found

    def note_text(self, path: str, found: str) -> None:
        """Keep the digest of a text that this process has read, if the file is still as it was."""
        if path in self._noted:
            return
        self._noted.add(path)
        try:
            stamp = _stamp(path)
        except OSError:
            return
        if _is_settled(stamp):
            self.put(digest("text", path), {"stamp": stamp, "digest": found})

    def fail(self, error: Exception) -> None:
        """Use the cache no more in this process; a damaged file is removed for the next one."""
        import sqlite3

        connection, self._connection = self._connection, None
        self._new, self._used = {}, []
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()
        reason = " ".join(str(error).split()) or type(error).__name__
        if isinstance(error, OSError) and error.strerror:
            reason = error.strerror.lower()
        self.trouble = f"no cache in {shown_name(str(self.folder))}: {reason}"
        if type(error) is sqlite3.DatabaseError:
            self._remove()
            self.trouble += "; it is made anew next time"

    def _remove(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                os.unlink(self.folder / f"{_NAME}{suffix}")

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None:
            return self._connection
        import sqlite3

        _make_folder(self.folder)
        connection = self._connection = sqlite3.connect(
            self.folder / _NAME, timeout=_WAIT_SECONDS, isolation_level=None
        )
        # sqlite does not wait for others that set the same journal mode, at the first use of all.
        until = time.monotonic() + _WAIT_SECONDS
        while True:
            try:
                self._prepare(connection)
                return connection
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or time.monotonic() > until:
                    raise
            time.sleep(0.02)

    def _prepare(self, connection: sqlite3.Connection) -> None:
        # Whoever reads does not wait for whoever writes, and a killed writer leaves nothing half.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA journal_size_limit = 1000000")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, day INTEGER, value BLOB)"
        )

    def _drop_old(self, connection: sqlite3.Connection) -> None:
        def pragma(name: str) -> int:
            return int(connection.execute(f"PRAGMA {name}").fetchone()[0])

        if (pragma("page_count") - pragma("freelist_count")) * pragma("page_size") > MAX_BYTES:
            connection.execute(
                "DELETE FROM entries WHERE rowid IN (SELECT rowid FROM entries "
                "ORDER BY day, rowid LIMIT (SELECT (count(*) + 1) / 2 FROM entries))"
            )


class _Guard:
    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> bool:
        if not isinstance(error, Exception):
            return False
        import sqlite3

        expected = isinstance(error, (sqlite3.Error, OSError))
        if not expected and os.environ.get("AGN_DEBUG") == "1":
            return False
        self._cache.fail(error)
        return True


_caches: dict[tuple[int, Path], Cache] = {}


def cache_in(folder: Path) -> Cache:
    """Return this process's cache in a folder. A forked process does not share its parent's."""
    key = (os.getpid(), folder)
    if key not in _caches:
        _caches[key] = Cache(folder)
    return _caches[key]


def flush_all() -> str:
    """Write what is new in all caches of this process; return why one cannot be used, if so."""
    trouble = ""
    for (process, _), cache in _caches.items():
        if process == os.getpid():
            cache.flush()
            trouble = trouble or cache.trouble
    return trouble


def forget() -> None:
    """Forget what this process knows of files, as when they may have changed."""
    for cache in _caches.values():
        cache.close()
    _caches.clear()


def _make_folder(folder: Path) -> None:
    """Make the folder, out of the way of backups and git, unless somebody else's is in its place.

    Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if hasattr(os, "geteuid") and folder.stat().st_uid != os.geteuid():
        raise PermissionError(0, "it belongs to another user")
    # A folder with other things in it is not ours to hide.
    ours = {"CACHEDIR.TAG": _TAG, ".gitignore": "# Made by asyncgen-lint.\n*\n"}
    others = {each for each in os.listdir(folder) if not each.startswith("results-")}
    if not others <= ours.keys():
        return
    for name in ours.keys() - others:
        (folder / name).write_text(ours[name], "utf-8")


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return "locked" in str(error) or "busy" in str(error)


_CHECK = 8


def _checksum(key: str, packed: bytes) -> bytes:
    return blake2b(packed, digest_size=_CHECK, key=key.encode()[:64]).digest()


def _stamp(path: str) -> list[int]:
    # A file put in place of another keeps that one's times, but not its own change time.
    found = os.stat(path)
    return [found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino]


def _is_settled(stamp: list[int]) -> bool:
    return max(stamp[0], stamp[1]) / 1e9 < _STARTED - _SETTLED_SECONDS


# What a result depends on besides texts


@lru_cache(maxsize=1)
def identity() -> str:
    """Return what tells this tool, with all it builds on, from others that may give other results.

    A package that is installed for good is told by its version; one that is worked on, by the times
    of its files.
    """
    import importlib.util

    own = os.path.dirname(os.path.abspath(__file__))
    libcst = importlib.util.find_spec("libcst")
    version = b""
    if libcst is not None and libcst.origin is not None:
        version = Path(libcst.origin).with_name("_version.py").read_bytes()
    installed = {"site-packages", "dist-packages"} & set(Path(own).parts)
    sources = () if installed else sorted(_sources(own))
    return digest(
        asyncgen_lint.__version__, sys.version, version.decode("utf-8", "replace"), *sources
    )


def _sources(folder: str) -> list[str]:
    found = []
    for each in os.scandir(folder):
        if each.name.endswith(".py"):
            stat = each.stat()
            found.append(f"{each.path} {stat.st_mtime_ns} {stat.st_ctime_ns} {stat.st_size}")
        elif each.is_dir() and each.name != "__pycache__":
            found += _sources(each.path)
    return found


def _canonical(settings: Settings) -> str:
    kept = {
        each.name: getattr(settings, each.name)
        for each in dataclasses.fields(settings)
        if each.name not in _NOT_ANALYSED_BY
    }
    return json.dumps(kept, sort_keys=True, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    raise TypeError(f"no canonical text for {value!r}")


# Diagnostics as JSON


def _encoded(diagnostic: Diagnostic, own_name: str) -> list[Any]:
    """Return a diagnostic as JSON, without the names of its file, which depend on the caller."""
    path = [
        [
            each.message,
            None if each.filename == own_name else os.path.abspath(each.filename),
            _span(each.span),
        ]
        for each in diagnostic.path
    ]
    fix = diagnostic.fix
    edits = [[_span(each.span), each.content] for each in fix.edits] if fix is not None else []
    return [
        diagnostic.code,
        diagnostic.name,
        diagnostic.message,
        diagnostic.severity.value,
        diagnostic.tier.value,
        _span(diagnostic.span),
        path,
        [fix.title, fix.safety.value, edits] if fix is not None else None,
        list(diagnostic.noqa_lines),
    ]


def _decoded(record: list[Any], own_name: str) -> Diagnostic:
    code, name, message, severity, tier, span, path, fix, noqa_lines = record
    return Diagnostic(
        code=code,
        name=name,
        message=message,
        severity=Severity(severity),
        tier=Tier(tier),
        filename=own_name,
        span=_unspan(span),
        path=tuple(
            PathStep(text, own_name if file is None else shown_name(file), _unspan(where))
            for text, file, where in path
        ),
        fix=None
        if fix is None
        else Fix(
            fix[0],
            FixSafety(fix[1]),
            tuple(Edit(_unspan(where), content) for where, content in fix[2]),
        ),
        noqa_lines=(noqa_lines[0], noqa_lines[1]),
    )


def _span(span: Span) -> list[int]:
    return [span.start.line, span.start.column, span.end.line, span.end.column]


def _unspan(numbers: list[int]) -> Span:
    return Span(Position(numbers[0], numbers[1]), Position(numbers[2], numbers[3]))
