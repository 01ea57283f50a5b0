"""A cancel scope that is opened in another file is still open at the `yield` (AGN303).

The shapes are those of clients and servers on trio, anyio and asyncio: managers that enter a task
group in `__aenter__`, in a method, in a base class, on an exit stack, or in a generator.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from asyncgen_lint.config import Settings
from asyncgen_lint.engine import analyse
from asyncgen_lint.source.text import Source

TRIO_CLIENT = """
import trio

class Connection:
    async def __aenter__(self):
        return self
    async def __aexit__(self, *exc):
        await self.close()

class connect:
    async def __aenter__(self):
        await self._enter_nursery()
        self.connection = Connection()
        return await self.connection.__aenter__()
    async def __aexit__(self, *exc):
        await self._exit_nursery(*exc)
    async def _enter_nursery(self):
        self.nursery_manager = trio.open_nursery()
        self.nursery = await self.nursery_manager.__aenter__()
    async def _exit_nursery(self, *exc):
        await self.nursery_manager.__aexit__(*exc)
"""

ANYIO_CLIENT = """
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
import anyio

class Base:
    async def __aenter__(self):
        self._stack = AsyncExitStack()
        self._tasks = await self._stack.enter_async_context(anyio.create_task_group())
        return self
    async def __aexit__(self, *exc):
        return await self._stack.__aexit__(*exc)

class Session(Base):
    def messages(self):
        return []

@asynccontextmanager
async def stdio_client(command):
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(print)
        yield tasks
        tasks.cancel_scope.cancel()

@asynccontextmanager
async def streamable(url):
    async with stdio_client(url) as client, Session() as session:
        yield client, session

@asynccontextmanager
async def quick(url):
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(print)
    yield url

class Idle:
    async def __aenter__(self):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(print)
        return self
    async def __aexit__(self, *exc): ...

class Pool:
    def session(self):
        return Session()
    @asynccontextmanager
    async def limited(self):
        with anyio.fail_after(1):
            yield self

@contextmanager
def hurried(seconds):
    with anyio.fail_after(seconds):
        yield

class Hurry:
    def __enter__(self):
        self.scope = anyio.CancelScope()
        self.scope.__enter__()
    def __exit__(self, *exc):
        return self.scope.__exit__(*exc)
"""

SERVER = """
import asyncio
from functools import wraps
from contextlib import asynccontextmanager, contextmanager

@asynccontextmanager
async def deadline(seconds):
    async with asyncio.timeout(seconds):
        yield

def resource(function):
    return asynccontextmanager(function)

@resource
async def budget(seconds):
    async with deadline(seconds):
        yield

def channel(function):
    @asynccontextmanager
    @wraps(function)
    async def manager(*args):
        async with asyncio.TaskGroup() as tasks:
            yield tasks.create_task(drain(function(*args)))
    return manager

async def drain(stream):
    return [item async for item in stream]

@channel
async def events(n):
    for i in range(n):
        yield i
"""

LIBRARY = {
    "lib/__init__.py": "from .clients import *\nfrom .clients import stdio_client as open_client\n",
    "lib/clients/__init__.py": (
        "from .trio_client import connect\n"
        "from .anyio_client import Session, stdio_client, streamable, quick, Idle, Pool\n"
        "from .anyio_client import hurried, Hurry\n"
    ),
    "lib/clients/trio_client.py": TRIO_CLIENT,
    "lib/clients/anyio_client.py": ANYIO_CLIENT,
    "lib/server.py": SERVER,
}

CASES = {
    "a nursery that a method enters": ("lib.connect(n)", True),
    "a task group on a stack, in a base class": ("lib.Session()", True),
    "a task group in a generator": ("lib.stdio_client(n)", True),
    "by another name": ("lib.open_client(n)", True),
    "managers in a manager": ("lib.streamable(n)", True),
    "a timeout two generators deep": ("budget(n)", True),
    "a manager that a decorator in view makes": ("deadline(n)", True),
    "a wrapper that opens the scope": ("events(n)", True),
    "what a method gives": ("lib.Pool().session()", True),
    "a manager that is a method": ("lib.Pool().limited()", True),
    "a task group that is left before the yield": ("lib.quick(n)", False),
    "a task group that is left before the body": ("lib.Idle()", False),
    "a connection without a task group": ("Connection()", False),
    "a name that the library does not have": ("lib.missing(n)", False),
}

WAYS = {
    "async with": """
        async def ticks(n):
            async with {manager} as entered:
                for i in range(n):
                    yield i
    """,
    "an exit stack": """
        async def ticks(n):
            async with contextlib.AsyncExitStack() as stack:
                entered = await stack.enter_async_context({manager})
                for i in range(n):
                    yield i
    """,
    "a name": """
        async def ticks(n):
            manager = {manager}
            async with manager:
                for i in range(n):
                    yield i
    """,
    "an attribute": """
        class Reader:
            def __init__(self, n):
                self.manager = {manager}
            async def ticks(self, n):
                async with self.manager:
                    for i in range(n):
                        yield i
    """,
    "what a method of one's own gives": """
        class Reader:
            def __init__(self, n):
                self.manager = {manager}
            def opened(self, n):
                return self.manager
            async def ticks(self, n):
                async with self.opened(n):
                    for i in range(n):
                        yield i
    """,
}

HEAD = """
import contextlib
import lib
from lib.server import budget, deadline, events
from lib.clients.trio_client import Connection
"""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", CASES)
def test_scopes_of_other_files(name: str, way: str, tmp_path: Path) -> None:
    for path, text in LIBRARY.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    manager, is_open = CASES[name]
    text = HEAD + textwrap.dedent(WAYS[way]).format(manager=manager)
    source = Source(str(tmp_path / "case.py"), text)
    found = analyse(source, Settings(python="none"), root=tmp_path).diagnostics
    assert [each.code for each in found] == ["AGN303"] * is_open


@pytest.mark.parametrize("manager", ["lib.hurried(n)", "lib.Hurry()"])
def test_scopes_that_sync_managers_of_other_files_open(manager: str, tmp_path: Path) -> None:
    for path, text in LIBRARY.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    text = HEAD + textwrap.dedent(f"""
        async def ticks(n):
            with {manager}:
                for i in range(n):
                    yield i
    """)
    source = Source(str(tmp_path / "case.py"), text)
    found = analyse(source, Settings(python="none"), root=tmp_path).diagnostics
    assert [each.code for each in found] == ["AGN303"]
    (opening,) = (each for each in found[0].path if "and with it" in each.message)
    assert Path(opening.filename).name == "anyio_client.py"
