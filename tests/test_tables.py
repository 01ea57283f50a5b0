"""Every row of the tables means what it says, and a name like it means nothing."""

from __future__ import annotations

import pytest
from marked import assert_marked

from asyncgen_lint.names import tables

UNLISTED = "mylib.thing"

SCOPE = """
import {module}

async def ticks(n):
    async with {name}(n):
        for i in range(n):
            yield i{mark}
"""

MANAGER = """
import {module}

@{name}
async def connection(pool):
    held = await pool.acquire()
    yield held{mark}
    await pool.release(held)
"""

DEPENDENCY = """
import {module}

async def connection(pool):
    held = await pool.acquire()
    yield held{mark}
    await pool.release(held)

async def handler(connection={name}(connection)):
    return connection
"""

FIXTURE = """
import {module}, asyncio

@{name}
async def ticks():
    async with asyncio.timeout(1):
        yield 1{mark}
        yield 2{mark}
"""

KEPT = """
import {module}

@{name}
async def rows(db):
    try:
        yield 1
        yield 2
    finally:
        await db.close()

async def first(db):
    async for row in rows(db):{mark}
        return row
"""

CACHED = """
import {module}

class Client:
    async def rows(self):
        try:
            yield 1
        finally:
            await self.close()

@{name}
def client() -> Client:
    return Client()

async def first():
    async for row in client().rows():{mark}
        return row
"""

CHANNEL = """
import {module}

@{name}
async def rows(db):
    try:
        yield 1
        yield 2
    finally:
        await db.close()

async def all_rows(db):
    async with rows(db) as channel:
        async for row in channel:
            yield row{mark}
"""

CLOSER = """
import {module}

async def rows(db):
    try:
        yield 1
        yield 2
    finally:
        await db.close()

async def first(db):
    gen = rows(db)
    async with {name}(gen):
        async for row in gen:
            return row

async def second(db):
    async for row in rows(db):  # AGN101
        return row
"""


TAKER = """
import {module}

async def rows():
    yield b"1"
    yield b"2"

async def handler(request):
    return {name}(rows){mark}

async def called(request):
    return {name}(rows())
"""

HOLDER = """
import {module}

async def rows(client):
    async for chunk in client.stream():
        yield chunk

async def handler(request):
    async with request.client() as client:
        return {name}(rows(client)){mark}
"""


def check(template: str, name: str, code: str, listed: bool) -> None:
    mark = f"  # {code}" if code and listed else ""
    module = name.rpartition(".")[0]
    module = module if module != "builtins" else "sys"
    assert_marked(template.format(module=module, name=name, mark=mark))


@pytest.mark.parametrize("name", [*sorted(tables.CANCEL_SCOPES), UNLISTED])
def test_cancel_scopes(name: str) -> None:
    check(SCOPE, name, "AGN303", name != UNLISTED)


@pytest.mark.parametrize("name", [*sorted(tables.CONTEXT_MANAGER_DECORATORS), UNLISTED])
def test_context_manager_decorators(name: str) -> None:
    check(MANAGER, name, "AGN601", name != UNLISTED)


@pytest.mark.parametrize("name", [*sorted(tables.DEPENDENCY_MARKERS), UNLISTED])
def test_dependency_markers(name: str) -> None:
    check(DEPENDENCY, name, "AGN601", name != UNLISTED)


@pytest.mark.parametrize("name", [*sorted(tables.FIXTURE_DECORATORS), UNLISTED])
def test_fixture_decorators(name: str) -> None:
    check(FIXTURE, name, "", listed=False)


PLAIN = sorted(
    each
    for each in tables.TRANSPARENT_DECORATORS | tables.RESULT_KEEPING_DECORATORS
    # What these make of a function outside of a class is another matter.
    if each not in ("builtins.staticmethod", "builtins.classmethod", "abc.abstractmethod")
    and not each.endswith(".overload")
)


@pytest.mark.parametrize("name", [*PLAIN, UNLISTED])
def test_decorators_that_keep_the_result(name: str) -> None:
    retries = name in tables.RETRYING_DECORATORS
    template = KEPT.replace("@{name}", "@{name}  # AGN611") if retries else KEPT
    check(template, name, "AGN101", name != UNLISTED)


@pytest.mark.parametrize("name", [*sorted(tables.CACHING_DECORATORS), UNLISTED])
def test_caching_decorators(name: str) -> None:
    check(CACHED, name, "AGN101", name != UNLISTED)


@pytest.mark.parametrize("name", [*sorted(tables.CHANNEL_DECORATORS), UNLISTED])
def test_channel_decorators(name: str) -> None:
    check(CHANNEL, name, "AGN303", name != UNLISTED)


@pytest.mark.parametrize("name", [*sorted(tables.CLOSERS), UNLISTED])
def test_closers(name: str) -> None:
    check(CLOSER, name, "", listed=False)


@pytest.mark.parametrize("name", [*sorted(tables.STREAM_TAKERS), "litestar.response.Stream"])
def test_stream_takers(name: str) -> None:
    check(TAKER, name, "AGN511", not name.startswith("litestar"))


@pytest.mark.parametrize("name", [*sorted(tables.STREAM_HOLDERS), UNLISTED])
def test_stream_holders(name: str) -> None:
    check(HOLDER, name, "AGN605", name != UNLISTED)
