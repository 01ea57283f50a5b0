"""Which managers swallow what leaves their body: by table, by their source, in other files too.

In `stream`, a generator that yields on after a manager has swallowed GeneratorExit (AGN302); in
`first`, a generator that is left open only where the manager swallows an ordinary error (AGN104).
"""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from marked import assert_marked

from asyncgen_lint.config import Settings
from asyncgen_lint.engine import analyse
from asyncgen_lint.source.text import Source

HEAD = """
import contextlib
from contextlib import asynccontextmanager, contextmanager, suppress
"""

STREAM = """
async def stream(n):
    for i in range(n):
        async with manager():
            yield i{stream}

async def rows(db):
    try:
        yield 1
        yield 2
    finally:
        await db.close()

async def first(db):
    gen = rows(db)
    try:
        async with manager():
            await anext(gen){first}
            raise OSError
    except BaseException:
        await gen.aclose()
        raise
"""

BOTH, ERRORS, NOTHING = "both", "ordinary errors", "nothing"

CASES = {
    "returns True": (
        BOTH,
        """
        class manager:
            async def __aenter__(self): ...
            async def __aexit__(self, *exc):
                return True
        """,
    ),
    "returns a true number": (
        BOTH,
        """
        class manager:
            async def __aenter__(self): ...
            async def __aexit__(self, kind, error, traceback):
                if kind is None:
                    return
                print(error)
                return 1
        """,
    ),
    "returns True in a try": (
        BOTH,
        """
        class manager:
            async def __aenter__(self): ...
            async def __aexit__(self, kind, error, traceback):
                try:
                    return True
                finally:
                    print(error)
        """,
    ),
    "tests for ordinary errors": (
        ERRORS,
        """
        class manager:
            async def __aenter__(self): ...
            async def __aexit__(self, kind, error, traceback):
                return isinstance(error, Exception)
        """,
    ),
    "tests the type": (
        ERRORS,
        """
        class manager:
            async def __aenter__(self): ...
            async def __aexit__(self, kind, error, traceback):
                if kind is not None and issubclass(kind, (OSError, ValueError)):
                    return True
        """,
    ),
    "leaves GeneratorExit alone": (
        ERRORS,
        """
        class manager:
            async def __aenter__(self): ...
            async def __aexit__(self, kind, error, traceback):
                if kind is GeneratorExit:
                    return False
                return True
        """,
    ),
    "a condition that nobody knows": (
        ERRORS,
        """
        class manager:
            async def __aenter__(self): ...
            async def __aexit__(self, *exc):
                if self.is_quiet:
                    return True
        """,
    ),
    "returns another error's truth": (
        NOTHING,
        """
        class manager:
            async def __aenter__(self): ...
            async def __aexit__(self, kind, error, traceback):
                return kind is KeyError
        """,
    ),
    "returns None": (
        NOTHING,
        """
        class manager:
            async def __aenter__(self): ...
            async def __aexit__(self, *exc):
                await self.close()
        """,
    ),
    "returns what cannot be read": (
        NOTHING,
        """
        class manager:
            async def __aenter__(self): ...
            async def __aexit__(self, *exc):
                return await self.close()
        """,
    ),
    "hands on to another manager": (
        BOTH,
        """
        class Quiet:
            async def __aenter__(self): ...
            async def __aexit__(self, *exc):
                return True
        class manager:
            def __init__(self):
                self.inner = Quiet()
            async def __aenter__(self): ...
            async def __aexit__(self, *exc):
                return await self.inner.__aexit__(*exc)
        """,
    ),
    "inherits its exit": (
        BOTH,
        """
        class Quiet:
            async def __aenter__(self): ...
            async def __aexit__(self, *exc):
                return True
        class manager(Quiet):
            pass
        """,
    ),
    "a generator that catches all": (
        BOTH,
        """
        @asynccontextmanager
        async def manager():
            try:
                yield
            except BaseException as error:  # AGN612
                print(error)
        """,
    ),
    "a generator that returns in finally": (
        BOTH,
        """
        @asynccontextmanager
        async def manager():
            try:
                yield
            finally:
                print("left")
                return
        """,
    ),
    "a generator that catches ordinary errors": (
        ERRORS,
        """
        @asynccontextmanager
        async def manager():
            try:
                yield
            except Exception as error:  # AGN612
                print(error)
        """,
    ),
    "a generator that raises again": (
        NOTHING,
        """
        @asynccontextmanager
        async def manager():
            try:
                yield
            except BaseException as error:
                print(error)
                raise
        """,
    ),
    "a generator that maps errors": (
        NOTHING,
        """
        @asynccontextmanager
        async def manager():
            try:
                yield
            except Exception as error:
                raise RuntimeError from error
        """,
    ),
    "a generator that raises again what is no GeneratorExit": (
        ERRORS,
        """
        @asynccontextmanager
        async def manager():
            try:
                yield
            except BaseException as error:
                if isinstance(error, GeneratorExit):
                    raise
        """,
    ),
    "a generator with a suppressor inside": (
        ERRORS,
        """
        @asynccontextmanager
        async def manager():
            with suppress(OSError):
                yield
        """,
    ),
    "a generator that suppresses another error": (
        NOTHING,
        """
        @asynccontextmanager
        async def manager():
            with suppress(KeyError):
                yield
        """,
    ),
    "a generator with a manager in view inside": (
        BOTH,
        """
        @asynccontextmanager
        async def quiet():
            try:
                yield
            except BaseException:
                pass
        @asynccontextmanager
        async def manager():
            async with quiet():
                yield
        """,
    ),
    "a manager that enters itself": (
        NOTHING,
        """
        @asynccontextmanager
        async def manager():
            async with manager():
                yield
        """,
    ),
    "a manager by a decorator in view": (
        BOTH,
        """
        def resource(f):
            return asynccontextmanager(f)
        @resource
        async def manager():
            try:
                yield
            except BaseException:  # AGN612
                pass
        """,
    ),
}


def case(managers: str, swallowed: str) -> str:
    marks = {
        "stream": "  # AGN302" if swallowed == BOTH else "",
        "first": "  # AGN104" if swallowed in (BOTH, ERRORS) else "",
    }
    return managers + STREAM.format(**marks)


@pytest.mark.parametrize("name", CASES)
def test_what_a_manager_swallows(name: str) -> None:
    swallowed, managers = CASES[name]
    assert_marked(HEAD + case(textwrap.dedent(managers), swallowed))


@pytest.mark.parametrize("name", CASES)
def test_managers_of_another_file(name: str, tmp_path: Path) -> None:
    swallowed, managers = CASES[name]
    package = tmp_path / "lib"
    package.mkdir()
    (package / "__init__.py").write_text("from lib.managers import *\n")
    (package / "managers.py").write_text(HEAD + textwrap.dedent(managers))
    text = "from lib import manager\n" + case("", swallowed)
    source = Source(str(tmp_path / "case.py"), text)
    found = analyse(source, Settings(python="none"), root=tmp_path).diagnostics
    lines = text.splitlines()
    assert [
        (number, code)
        for number, line in enumerate(lines, 1)
        for code in ("AGN302", "AGN104")
        if code in line
    ] == [(each.span.start.line, each.code) for each in found]


def test_a_sync_manager() -> None:
    assert_marked("""
from contextlib import contextmanager

@contextmanager
def quiet():
    try:
        yield
    except BaseException:
        pass

@contextmanager
def mapping():
    try:
        yield
    except OSError as error:
        raise RuntimeError from error

async def stream(n):
    for i in range(n):
        with quiet():
            yield i  # AGN302

async def others(n):
    for i in range(n):
        with mapping():
            yield i

class Quiet:
    def __enter__(self): ...
    def __exit__(self, *exc):
        return True

async def more(n):
    quiet = Quiet()
    for i in range(n):
        with quiet:
            yield i  # AGN302
""")
