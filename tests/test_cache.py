"""The cache: what an edit makes anew, the same answers as without, and all that can fail."""

from __future__ import annotations

import json
import os
import random
import re
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from ways_in import LEFT_OPEN, Ran, flake8, run
from ways_in import asyncgen_lint as lint

import asyncgen_lint
from asyncgen_lint import cache
from asyncgen_lint.batch import Outcome, Task, run_tasks
from asyncgen_lint.cache import Cache
from asyncgen_lint.config import Settings
from asyncgen_lint.project import programs

FOLDER = ".asyncgen-lint-cache"

SOURCE = '''\
"""Sources of ticks."""
import asyncio


async def ticks():
    """Give ticks."""
    try:
        yield 1
        yield 2
    finally:
        await asyncio.sleep(0)


async def plain():
    yield 1
'''

USES_TICKS = """\
from app.source import ticks


async def first():
    async for tick in ticks():
        if tick:
            break
"""

USES_PLAIN = """\
from app.source import plain


async def first():
    async for tick in plain():
        if tick:
            break
"""

USES_LIBRARY = """\
from library.streams import rows


async def first():
    async for row in rows():
        if row:
            break
"""

USES_MISSING = """\
from later import rows


async def first():
    async for row in rows():
        if row:
            break
"""

AT_PLAIN = "app/plain.py"
AT_TICKS = "app/ticks.py"
AT_SOURCE = "app/source.py"
LIBRARY = ".venv/lib/python3.12/site-packages/library/streams.py"


@pytest.fixture(autouse=True)
def cache_in_its_usual_place(no_cache: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASYNCGEN_LINT_CACHE_DIR")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Seven files of a project, and an environment with one library."""
    root = tmp_path / "project"
    files = {
        "pyproject.toml": "[tool.asyncgen-lint]\npython = '.venv'\n",
        "app/__init__.py": "",
        AT_SOURCE: SOURCE,
        AT_TICKS: USES_TICKS,
        AT_PLAIN: USES_PLAIN,
        "app/rows.py": USES_LIBRARY,
        "app/missing.py": USES_MISSING,
        "alone.py": LEFT_OPEN,
        ".venv/pyvenv.cfg": "",
        ".venv/lib/python3.12/site-packages/library/__init__.py": "__version__ = '1'\n",
        LIBRARY: SOURCE.replace("ticks", "rows"),
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    settle(root)
    return root


def settle(root: Path) -> None:
    """Let files look as if they were written some time ago; their change times stay."""
    for path in root.rglob("*.py"):
        os.utime(path, (1_700_000_000, 1_700_000_000))


def check(project: Path, *options: str, **places: str) -> tuple[int, list[object]]:
    """Return how many files were analysed and what was found, the same as without a cache."""
    ran = lint("check", "--verbose", "--output-format", "json", *options, cwd=project)
    assert "no cache" not in ran.err
    return analysed(ran), json.loads(ran.out)


def analysed(ran: Ran) -> int:
    match = re.search(r"analysed (\d+) of", ran.err)
    assert match, ran.err
    return int(match[1])


def without_cache(project: Path) -> list[object]:
    found: list[object] = json.loads(
        lint("check", "--no-cache", "--output-format", "json", cwd=project).out
    )
    return found


def replace_in(project: Path, name: str, old: str, new: str) -> None:
    text = (project / name).read_text()
    assert old in text
    (project / name).write_text(text.replace(old, new))


def test_an_edit_makes_anew_what_it_can_change(project: Path) -> None:
    assert check(project) == (7, without_cache(project))
    assert check(project) == (0, without_cache(project))

    def after(name: str, old: str, new: str) -> int:
        replace_in(project, name, old, new)
        number, found = check(project)
        assert found == without_cache(project), (name, old, new)
        return number

    # A comment, a docstring that shows nowhere, layout.
    assert after(AT_SOURCE, "yield 2\n", "yield 2  # the second\n") == 1
    assert after(AT_SOURCE, '"""Give ticks."""', '"""Give two ticks."""') == 2
    assert after(AT_SOURCE, "async def plain", "# no cleanup\nasync def plain") == 1
    assert after("app/plain.py", "        if tick", "        # first\n        if tick") == 1
    # The body of a generator: its file and its user.
    assert after(AT_SOURCE, "async def plain():\n", "async def plain():\n    yield 0\n") == 2
    assert after(AT_SOURCE, "yield 2", "yield 3") == 2
    # What nobody uses; above what a path points to, and below.
    assert after(AT_SOURCE, "import asyncio\n", "import asyncio\n\nLIMIT = 3\n") == 2
    assert after(AT_SOURCE, "async def plain", "LEAST = 2\n\n\nasync def plain") == 1
    # Another version of an installed package.
    assert after(LIBRARY, "yield 2", "yield 3") == 1
    assert (
        after(LIBRARY, "    finally:\n        await asyncio.sleep(0)", "    finally:\n        pass")
        == 1
    )
    assert check(project) == (0, without_cache(project))


def test_a_module_that_appears_makes_its_users_anew(project: Path) -> None:
    before = check(project)[1]
    # One that was missing, and one that hides an installed one.
    (project / "later.py").write_text(SOURCE.replace("ticks", "rows"))
    number, found = check(project)
    assert (number, found) == (2, without_cache(project))
    assert len(found) == len(before) + 1
    (project / "library").mkdir()
    (project / "library/__init__.py").write_text("")
    (project / "library/streams.py").write_text(SOURCE.replace("plain", "rows"))
    number, found = check(project)
    assert (number, found) == (3, without_cache(project))
    assert len(found) == len(before)
    (project / "later.py").unlink()
    number, found = check(project)
    assert (number, found) == (1, without_cache(project))
    # A stub beside a source that is looked into.
    (project / "app/source.pyi").write_text(
        "from typing import AsyncIterator\n\n\nasync def ticks() -> AsyncIterator[int]: ...\n"
    )
    number, found = check(project)
    assert number >= 1
    assert found == without_cache(project)
    replace_in(project, "app/source.pyi", "async def ticks", "def ticks")
    number, found = check(project)
    assert found == without_cache(project)


def test_a_finding_that_shows_another_file_keeps_its_place(project: Path) -> None:
    check(project)
    replace_in(project, AT_SOURCE, "import asyncio\n", "import asyncio\n# one more line\n")
    number, found = check(project)
    assert (number, found) == (2, without_cache(project))


# Settings, ways in


def test_settings_and_test_files_are_told_apart(project: Path) -> None:
    check(project)
    assert check(project, "--strict")[0] == 7
    assert check(project, "--target-version", "py39")[0] == 7
    assert check(project, "--exclude", "nothing/")[0] == 0
    assert check(project)[0] == 0
    (project / "pyproject.toml").write_text("[tool.asyncgen-lint]\npython = 'none'\n")
    assert check(project) == (7, without_cache(project))


def test_places_of_the_cache(project: Path, tmp_path: Path) -> None:
    def made(*options: str, **environment: str) -> list[str]:
        lint("check", *options, cwd=project, environment=environment)
        found = sorted(
            str(each.parent.relative_to(tmp_path)) for each in tmp_path.rglob("results-*.db")
        )
        for each in found:
            subprocess.run(["rm", "-r", str(tmp_path / each)], check=True)
        return found

    assert made() == [f"project/{FOLDER}"]
    assert made("--no-cache") == []
    assert made("--cache-dir", "../given") == ["given"]
    assert made("--cache-dir", "none") == []
    assert made(ASYNCGEN_LINT_CACHE_DIR="../told") == ["told"]
    assert made("--cache-dir", "../given", ASYNCGEN_LINT_CACHE_DIR="../told") == ["given"]
    assert made(ASYNCGEN_LINT_CACHE_DIR="none") == []
    (project / "pyproject.toml").write_text("[tool.asyncgen-lint]\ncache-dir = 'set'\n")
    assert made() == ["project/set"]
    assert made("--isolated") == [f"project/{FOLDER}"]


def test_the_folder_says_what_it_is(project: Path) -> None:
    check(project)
    tag = (project / FOLDER / "CACHEDIR.TAG").read_text()
    assert tag.startswith("Signature: 8a477f597d28d172789f06886806bc55\n")
    assert "\n*\n" in (project / FOLDER / ".gitignore").read_text()
    # A folder with other things in it is not hidden from git.
    lint("check", "--cache-dir", "app", cwd=project)
    assert not (project / "app/.gitignore").exists()


def test_files_outside_projects_leave_no_folder(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LEFT_OPEN)
    lint("check", cwd=tmp_path)
    flake8("a.py", cwd=tmp_path)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.py"]


def imported_by(*command: str, cwd: Path) -> str:
    ran = run(sys.executable, "-X", "importtime", "-m", *command, cwd=cwd)
    return ran.err


def test_a_warm_cache_spares_libcst(project: Path) -> None:
    check(project)
    warm = imported_by("asyncgen_lint", "check", "--output-format", "concise", cwd=project)
    assert "asyncgen_lint.cache" in warm
    assert "libcst" not in warm
    # flake8 takes what the command line found out.
    assert "libcst" not in imported_by("flake8", "--isolated", "--select=AGN", "app", cwd=project)
    replace_in(project, AT_SOURCE, "yield 2", "yield 3")
    assert "libcst" in imported_by("flake8", "--isolated", "app", cwd=project)
    assert "libcst" not in imported_by("flake8", "--isolated", "app", cwd=project)


def test_ways_in_agree(project: Path) -> None:
    def codes(ran: Ran) -> list[str]:
        return sorted(line.split(" ")[0] for line in ran.out.splitlines())

    cold = flake8("--select=AGN", "app", "alone.py", cwd=project)
    assert len(codes(cold)) == 3
    assert codes(flake8("--select=AGN", "app", "alone.py", "-j2", cwd=project)) == codes(cold)
    # flake8 keeps no fixes, which the command line shows.
    assert check(project) == (7, without_cache(project))
    assert codes(flake8("--select=AGN", "app", "alone.py", cwd=project)) == codes(cold)
    assert check(project)[0] == 0


def test_names_are_those_of_the_caller(project: Path) -> None:
    check(project)
    inside = lint("check", "--output-format", "json", "--verbose", ".", cwd=project / "app")
    assert analysed(inside) == 0
    same = lint("check", "--output-format", "json", "--no-cache", ".", cwd=project / "app")
    assert inside.out == same.out
    assert '"source.py"' in inside.out


def test_unsaved_text_and_fixes(project: Path) -> None:
    check(project)
    options = ("check", "--verbose", "--output-format", "json", "--stdin-filename", AT_TICKS, "-")
    unsaved = USES_TICKS.replace("break", "return")
    ran = lint(*options, cwd=project, stdin=unsaved.encode())
    assert analysed(ran) == 1
    assert "`return`" in ran.out
    saved = lint(*options, cwd=project, stdin=USES_TICKS.encode())
    assert analysed(saved) == 0
    assert "`break`" in saved.out
    assert check(project) == (0, without_cache(project))
    diff = lint("check", "--diff", cwd=project)
    assert diff.out == lint("check", "--diff", "--no-cache", cwd=project).out
    fixed = lint("fix", "--output-format", "json", cwd=project)
    assert json.loads(fixed.out) == without_cache(project)
    assert "aclosing" in (project / AT_TICKS).read_text()
    assert check(project)[1] == without_cache(project)


# What can fail


def many(project: Path, number: int = 60) -> None:
    for each in range(number):
        (project / f"m{each}.py").write_text(f"{USES_TICKS}\n\nX = {each}\n")


def start(project: Path, *command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "NO_COLOR": "1"},
        start_new_session=True,
    )


def test_writers_at_the_same_time(project: Path) -> None:
    many(project)
    expected = without_cache(project)
    check_all = ("asyncgen_lint", "check", "--output-format", "json", "--jobs", "2")
    lint_all = ("flake8", "--isolated", "--select=AGN", "-j2", ".")
    started = [start(project, *each) for each in (check_all, lint_all, check_all)]
    first, linted, second = (each.communicate(timeout=240) for each in started)
    for out, err in (first, second):
        assert err == b""
        assert json.loads(out) == expected
    assert (len(linted[0].splitlines()), linted[1]) == (len(expected), b"")
    assert check(project) == (0, expected)


def test_a_killed_writer(project: Path) -> None:
    many(project)
    expected = without_cache(project)
    for delay in (0.7, 1.1, 1.6):
        process = start(project, "asyncgen_lint", "check", "--jobs", "2")
        time.sleep(delay)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    assert check(project)[1] == expected
    assert check(project) == (0, expected)


def test_a_full_disk(project: Path) -> None:
    many(project)
    expected = without_cache(project)
    command = [sys.executable, "-m", "asyncgen_lint", "check", "--output-format", "json"]
    for jobs in ("1", "2"):
        ran = subprocess.run(
            [*command, "--jobs", jobs],
            cwd=project,
            capture_output=True,
            check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000)),
        )
        assert json.loads(ran.stdout) == expected
        assert ran.stderr.count(b"asyncgen-lint: no cache in .asyncgen-lint-cache: ") == 1
        assert len(ran.stderr.splitlines()) == 1
    assert check(project)[1] == expected
    assert check(project) == (0, expected)


def owned_by_another(project: Path) -> None:
    (project / FOLDER).mkdir()
    if os.geteuid() == 0:
        os.chown(project / FOLDER, 54321, 54321)
    else:
        (project / FOLDER).chmod(0o500)


def in_place_of_a_folder(project: Path) -> None:
    (project / FOLDER).write_text("")


def not_a_database(project: Path) -> None:
    (project / FOLDER).mkdir()
    (project / FOLDER / "results-1.db").write_bytes(b"nothing" * 1000)


def of_other_columns(project: Path) -> None:
    (project / FOLDER).mkdir()
    with sqlite3.connect(project / FOLDER / "results-1.db") as connection:
        connection.execute("CREATE TABLE entries (name TEXT)")
    connection.close()


def locked_for_good(project: Path) -> None:
    (project / FOLDER).mkdir()
    (project / FOLDER / "results-1.db").mkdir()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (owned_by_another, "it belongs to another user|permission denied|unable to open"),
        (in_place_of_a_folder, "file exists"),
        (not_a_database, "file is not a database; it is made anew next time"),
        (of_other_columns, "no such column"),
        (locked_for_good, "unable to open database file"),
    ],
)
def test_a_cache_that_cannot_be_used(
    project: Path, spoil: Callable[[Path], None], message: str
) -> None:
    expected = without_cache(project)
    spoil(project)
    linted = flake8("--select=AGN", "app", "alone.py", cwd=project)
    assert (len(linted.out.splitlines()), linted.err) == (len(expected), "")
    if spoil is not_a_database:
        subprocess.run(["rm", "-r", str(project / FOLDER)], check=True)
        spoil(project)
    ran = lint("check", "--output-format", "json", cwd=project)
    assert (json.loads(ran.out), ran.status) == (expected, 1)
    (line,) = ran.err.splitlines()
    assert re.search(f"^asyncgen-lint: no cache in {FOLDER}: ({message})", line)
    if spoil is not_a_database:
        assert check(project) == (7, expected)
        assert check(project) == (0, expected)


def test_damage_that_sqlite_does_not_see(project: Path) -> None:
    _, expected = check(project)
    database = project / FOLDER / "results-1.db"
    data = database.read_bytes()
    chance = random.Random(7)
    for _ in range(12):
        spoilt = bytearray(data)
        for _ in range(40):
            spoilt[chance.randrange(100, len(data))] ^= 1 << chance.randrange(8)
        database.write_bytes(spoilt)
        ran = lint("check", "--output-format", "json", cwd=project)
        assert json.loads(ran.out) == expected


def test_another_version_does_not_believe(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = [Task(project / "alone.py", "alone.py", Settings(), project, cache_dir=project / "c")]
    assert [run_tasks(task)[0].is_new for _ in range(2)] == [True, False]
    monkeypatch.setattr(asyncgen_lint, "__version__", "0.0.0")
    cache.identity.cache_clear()
    assert [run_tasks(task)[0].is_new for _ in range(2)] == [True, False]
    monkeypatch.undo()
    cache.identity.cache_clear()
    assert run_tasks(task)[0].is_new is False
    cache.forget()


def test_old_entries_are_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MAX_BYTES", 400_000)
    chance = random.Random(3)
    kept = Cache(tmp_path / "c")
    for number in range(3000):
        kept.put(f"key {number}", {"text": f"{chance.getrandbits(4000):x}"})
    kept.close()
    assert kept.trouble == ""
    assert (tmp_path / "c/results-1.db").stat().st_size < 1_000_000
    assert kept.get("key 2999") is not None
    assert kept.get("key 0") is None
    kept.close()


# No wrong answer, whatever is edited

CLEANUP = """\
    try:
        yield 1
    finally:
        await asyncio.sleep(0)"""
TICKS = f"async def ticks():\n{CLEANUP}"
PLAIN = "async def {}():\n    yield 1"
CALLED = "def {}():\n    return {}"

# Each slot of a module holds one of its statements, on the same lines whichever it is.
SLOTS: dict[str, list[tuple[str, ...]]] = {
    "base.py": [
        ("import asyncio", ""),
        ("from contextlib import asynccontextmanager", "from other import asynccontextmanager"),
        (TICKS, PLAIN.format("ticks"), "from other import ticks", ""),
        (CALLED.format("make", "ticks()"), CALLED.format("make", "None"), "make = ticks"),
        (CALLED.format("give", "make()"), CALLED.format("give", "[]")),
        ("class Feed:\n    def rows(self):\n        return ticks()", "class Feed: pass"),
        ("class Loud(Feed): pass", "class Loud(Feed):\n    async def rows(self): yield", ""),
        (f"async def session():\n{CLEANUP}",),
        ("", "opened = asynccontextmanager(session)", "opened = print(session)"),
        ("", "__all__ = ['ticks', 'Feed', 'give']", "__all__ = ['Feed', 'session']", ""),
        ("def drain(stream): pass", "async def drain(stream):\n    await stream.aclose()"),
    ],
    "middle.py": [
        ("from base import *", "from base import ticks, Feed", "import base"),
        ("from base import give as given", "from other import give as given"),
        ("from base import drain", "async def drain(stream):\n    return 3"),
        ("class Wide(Feed): pass", "class Wide: pass"),
        ("", PLAIN.format("ticks"), "ticks = 3"),
        ("", "from other import *"),
    ],
    "other.py": [
        ("import asyncio",),
        ("from contextlib import asynccontextmanager", "def asynccontextmanager(f): return f"),
        (TICKS, PLAIN.format("ticks"), "", ""),
        (CALLED.format("give", "ticks()"), CALLED.format("give", "0")),
    ],
}  # fmt: skip

USERS = (
    ("from middle import ticks", "ticks()"),
    ("from middle import given", "given()"),
    ("from middle import Wide", "Wide().rows()"),
    ("from base import give as f", "f()"),
    ("import base", "base.Feed().rows()"),
    ("from base import session", "session()"),
    ("from middle import *", "session()"),
    ("import middle", "middle.make()"),
)


def test_no_edit_gives_a_wrong_answer(tmp_path: Path) -> None:
    for number, (imports, call) in enumerate(USERS):
        (tmp_path / f"user{number}.py").write_text(
            f"{imports}\nfrom middle import drain\n\n\n"
            f"async def use():\n    async for each in {call}:\n        break\n\n\n"
            f"async def step():\n    it = {call}\n    await anext(it)\n    await drain(it)\n"
        )
    names = [*(f"user{number}.py" for number in range(len(USERS))), *SLOTS]
    settings = Settings(python="none", strict=True)
    tasks = [Task(tmp_path / name, name, settings, tmp_path) for name in names]
    kept: list[bool] = []

    def outcomes(folder: Path | None) -> list[object]:
        programs.forget()
        cache.forget()
        found = run_tasks([replace(each, cache_dir=folder) for each in tasks], jobs=1)
        kept.extend(not each.is_new for each in found)
        return [each.diagnostics for each in found]

    chance = random.Random(5)
    different = set()
    state = {name: [slot[0] for slot in slots] for name, slots in SLOTS.items()}
    for _ in range(100):
        name = chance.choice(list(SLOTS))
        at = chance.randrange(len(SLOTS[name]))
        variants = SLOTS[name][at]
        state[name][at] = chance.choice((variants[0], variants[0], *variants))
        for each, statements in state.items():
            padded = (text + "\n" * (7 - text.count("\n")) for text in statements)
            (tmp_path / each).write_text("".join(padded))
        cached = outcomes(tmp_path / "cache")
        assert cached == outcomes(None), state
        different.add(repr(cached))
    assert len(different) > 15
    assert sum(kept) > 300


BREAKS = "\n\n\nasync def use():\n    async for each in {}():\n        break\n"


@pytest.mark.parametrize(
    ("user", "before", "after"),
    [
        # No word of the statements that change stands in the user's text.
        ("from base import *" + BREAKS.format("ticks"), "__all__ = ['ticks']", "__all__ = []"),
        ("from base import *" + BREAKS.format("slow"), "", "from deep import *"),
        (
            "from base import give" + BREAKS.format("give"),
            "def give():\n    return ticks()",
            "def give():\n    return None",
        ),
        (
            "from base import Feed\n\n\nasync def f(feed: Feed):\n"
            "    async for each in feed.rows():\n        break\n",
            "class Loud(Feed): pass",
            "class Loud(Feed):\n    async def rows(self): return 3",
        ),
    ],
)
def test_what_the_words_of_a_file_do_not_lead_to(
    tmp_path: Path, user: str, before: str, after: str
) -> None:
    base = (
        "import asyncio\nfrom contextlib import asynccontextmanager\n\n\n"
        f"{TICKS}\n\n\nasync def session():\n{CLEANUP}\n\n\n"
        "class Feed:\n    def rows(self):\n        return ticks()\n\n\n"
    )
    (tmp_path / "deep.py").write_text(f"import asyncio\n\n\n{TICKS.replace('ticks', 'slow')}\n")
    (tmp_path / "user.py").write_text(user)
    settings = Settings(python="none", strict=True)
    task = Task(tmp_path / "user.py", "user.py", settings, tmp_path)

    def outcome(text: str, folder: Path | None) -> Outcome:
        (tmp_path / "base.py").write_text(base + text + "\n")
        programs.forget()
        cache.forget()
        return run_tasks([replace(task, cache_dir=folder)])[0]

    first = outcome(before, tmp_path / "c")
    assert outcome(before, tmp_path / "c").is_new is False
    second = outcome(after, tmp_path / "c")
    assert second == outcome(after, None)
    assert first == outcome(before, None)
    assert first.diagnostics != second.diagnostics
