"""What `[tool.asyncgen-lint]` adds to the tables, and that all ways in read it alike."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from asyncgen_lint.config import Projects, Settings, SettingsError, read_settings
from asyncgen_lint.engine import analyse
from asyncgen_lint.names.known import Extensions, Known
from asyncgen_lint.source.text import Source

HEAD = """
import mylib

async def rows(db):
    try:
        yield 1
        yield 2
    finally:
        await db.close()
"""

# A setting, a file, and what is found in it without and with the setting.
CASES = {
    "closers": (
        {"closers": ("mylib.closing_all",)},
        """
        async def first(db):
            gen = rows(db)
            async with mylib.closing_all(gen):
                async for row in gen:
                    return row
        async def second(db):
            async for row in rows(db):  # AGN101
                return row
        """,
        [],
        [],
    ),
    "cancel_scopes": (
        {"cancel_scopes": ("mylib.deadline",)},
        """
        async def ticks(n):
            async with mylib.deadline(n):
                for i in range(n):
                    yield i
        """,
        [],
        ["AGN303"],
    ),
    "cancel_scopes by *": (
        {"cancel_scopes": ("mylib.scopes.*",)},
        """
        from mylib.scopes import deadline
        async def ticks(n):
            async with deadline(n):
                for i in range(n):
                    yield i
        async def others(n):
            async with mylib.deadline(n):
                for i in range(n):
                    yield i
        """,
        [],
        ["AGN303"],
    ),
    "context_manager_decorators": (
        {"context_manager_decorators": ("mylib.resource",)},
        """
        @mylib.resource
        async def connection(pool):
            held = await pool.acquire()
            yield held
            await pool.release(held)
        """,
        [],
        ["AGN601"],
    ),
    "transparent_decorators": (
        {"transparent_decorators": ("mylib.traced",)},
        """
        @mylib.traced("ticks")
        async def ticks(db):
            try:
                yield 1
            finally:
                await db.close()
        async def first(db):
            async for tick in ticks(db):
                return tick
        """,
        [],
        ["AGN101"],
    ),
    "transparent_decorators of an object": (
        {"transparent_decorators": ("case.app.*",)},
        """
        app = mylib.App()
        @app.route("/ticks")
        async def ticks(db):
            try:
                yield 1
            finally:
                await db.close()
        async def first(db):
            async for tick in ticks(db):
                return tick
        """,
        [],
        ["AGN101"],
    ),
    "transparent_decorators in view": (
        {"transparent_decorators": ("case.span",)},
        """
        import contextlib
        @contextlib.contextmanager
        def span(name):
            yield
        @span("ticks")
        async def ticks():
            yield 1
        """,
        ["AGN611"],
        [],
    ),
    "fixture_decorators": (
        {"fixture_decorators": ("case.marked",)},
        """
        def marked(f):
            f.is_fixture = True
            return f
        import asyncio
        @marked
        async def tocks(n):
            async with asyncio.timeout(1):
                yield 1
                yield 2
        """,
        ["AGN303", "AGN303"],
        [],
    ),
    "dependency_markers": (
        {"dependency_markers": ("mylib.Inject",)},
        """
        async def connection(pool):
            held = await pool.acquire()
            yield held
            await pool.release(held)
        async def handler(connection=mylib.Inject(connection)):
            return connection
        """,
        [],
        ["AGN601"],
    ),
    "exception_suppress_context_managers": (
        {"exception_suppress_context_managers": ("mylib.ignoring",)},
        """
        async def first(db):
            gen = rows(db)
            try:
                with mylib.ignoring(OSError):
                    await anext(gen)
                    raise OSError
            except BaseException:
                await gen.aclose()
                raise
        """,
        [],
        ["AGN104"],
    ),
}


def found(text: str, tmp_path: Path, settings: Settings) -> list[str]:
    (tmp_path / "case.py").write_text(text)
    source = Source(str(tmp_path / "case.py"), text)
    return [each.code for each in analyse(source, settings, root=tmp_path).diagnostics]


@pytest.mark.parametrize("name", CASES)
def test_settings_add_to_what_is_known(name: str, tmp_path: Path) -> None:
    added, case, before, after = CASES[name]
    text = HEAD + textwrap.dedent(case)
    marked = ["AGN101"] * text.count("# AGN101")
    assert found(text, tmp_path, Settings(python="none")) == before + marked
    settings = Settings(python="none", extensions=Extensions(**added))
    assert found(text, tmp_path, settings) == after + marked


def test_a_name_counts_where_it_is_imported_from_and_where_it_is_defined(tmp_path: Path) -> None:
    package = tmp_path / "mylib"
    package.mkdir()
    (package / "__init__.py").write_text("from mylib._impl import deadline\n")
    (package / "_impl.py").write_text("class deadline:\n    pass\n")
    text = textwrap.dedent("""
        from mylib import deadline
        async def ticks(n):
            async with deadline(n):
                for i in range(n):
                    yield i
    """)
    for name in ("mylib.deadline", "mylib._impl.deadline"):
        settings = Settings(python="none", extensions=Extensions(cancel_scopes=(name,)))
        assert found(text, tmp_path, settings) == ["AGN303"]
    # Two settings in one process do not see each other's names.
    assert found(text, tmp_path, Settings(python="none")) == []


def test_what_is_listed_is_still_read(tmp_path: Path) -> None:
    (tmp_path / "sources.py").write_text(HEAD)
    text = textwrap.dedent("""
        from sources import rows
        async def first(db):
            async for row in rows(db):
                return row
    """)
    listed = Settings(python="none", extensions=Extensions(cancel_scopes=("sources.*",)))
    assert found(text, tmp_path, listed) == ["AGN101"]


def test_methods_go_by_their_class(tmp_path: Path) -> None:
    (tmp_path / "clients.py").write_text(
        "class Client:\n    def deadline(self, n):\n        return object()\n"
    )
    text = textwrap.dedent("""
        from clients import Client
        async def ticks(n):
            client = Client()
            with client.deadline(n):
                for i in range(n):
                    yield i
    """)
    names = ("clients.Client.deadline",)
    settings = Settings(python="none", extensions=Extensions(cancel_scopes=names))
    assert found(text, tmp_path, settings) == ["AGN303"]
    assert found(text, tmp_path, Settings(python="none")) == []


def test_star_stands_for_what_is_below() -> None:
    known = Known(Extensions(closers=("mylib.*", "other.close_*")))
    assert "mylib.a.b" in known.closers
    assert "other.close_all" in known.closers
    assert "mylib" not in known.closers
    assert "mylibrary.a" not in known.closers
    assert "other.open" not in known.closers
    assert "" not in known.closers


def test_keys_are_read(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(
        "[tool.asyncgen-lint]\ncancel-scopes = ['b.scope', 'a.*', 'b.scope']\ncloserz = []\n"
    )
    with pytest.raises(SettingsError, match="did you mean 'closers'"):
        read_settings(path)
    path.write_text("[tool.asyncgen-lint]\ncancel-scopes = ['b.scope', 'a.*', 'b.scope']\n")
    assert read_settings(path).extensions == Extensions(cancel_scopes=("a.*", "b.scope"))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("transform-async-generator-decorators = []", "mean 'context-manager-decorators'?"),
        ("closers = 'mylib.x'", "must be a list of strings"),
        ("closers = ['closing']", "'closing' is no dotted name; write it with the module"),
        ("closers = ['*']", "'*' is no dotted name"),
        ("closers = ['mylib.*.closing']", "is no dotted name"),
        ("closers = ['mylib.x()']", "is no dotted name"),
        ("cancel_scopes = []", "did you mean 'cancel-scopes'?"),
    ],
)
def test_what_is_not_understood_is_said(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(f"[tool.asyncgen-lint]\n{line}\n")
    with pytest.raises(SettingsError) as caught:
        read_settings(path)
    assert message in str(caught.value)


def test_flake8_and_the_command_line_read_them_alike(tmp_path: Path) -> None:
    added, case, _, after = CASES["cancel_scopes"]
    assert added
    assert after == ["AGN303"]
    (tmp_path / "pyproject.toml").write_text(
        "[tool.asyncgen-lint]\ncancel-scopes = ['mylib.deadline']\npython = 'none'\n"
    )
    (tmp_path / "case.py").write_text(HEAD + textwrap.dedent(case))
    assert Projects().of_folder(tmp_path).settings.extensions.cancel_scopes == ("mylib.deadline",)
    command = [sys.executable, "-m", "asyncgen_lint", "check", "--output-format", "json", "."]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=os.environ)
    records = [(each["location"]["row"], each["code"]) for each in json.loads(shown.stdout)]
    command = [sys.executable, "-m", "flake8", "--select", "AGN", "--format", "%(row)d %(code)s"]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=os.environ)
    assert [f"{row} {code}" for row, code in records] == shown.stdout.splitlines() == ["14 AGN303"]
