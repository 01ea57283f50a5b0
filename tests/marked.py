"""Sources whose lines say what must be reported: `# AGN101` marks a line, and no other is."""

from __future__ import annotations

import re
import textwrap

from asyncgen_lint.config import Settings
from asyncgen_lint.engine import analyse
from asyncgen_lint.source.text import Source

ROWS = """
import asyncio, contextlib, inspect
from contextlib import aclosing, AsyncExitStack, asynccontextmanager, nullcontext, suppress
from collections.abc import AsyncGenerator

async def rows(db):
    try:
        yield 1
        yield 2
    finally:
        await db.close()

async def plain(db):
    yield 1
    yield 2

async def close_it(gen):
    await gen.aclose()

async def close_both(one, other):
    try:
        await one.aclose()
    finally:
        await other.aclose()

async def drain(gen):
    async for _ in gen:
        pass

async def first_of(gen):
    async for item in gen:
        return item

def look_at(gen):
    print(repr(gen))

kept = []

def keep(gen):
    kept.append(gen)

class Closing:
    def __init__(self, gen):
        self.gen = gen
    async def __aenter__(self):
        return self.gen
    async def __aexit__(self, *exc):
        await self.gen.aclose()

@asynccontextmanager
async def closing_it(gen):
    try:
        yield gen
    finally:
        await gen.aclose()

def make(db):
    return rows(db)

async def make_later(db):
    await asyncio.sleep(0)
    return rows(db)
"""
"""A module's beginning: `rows(db)` needs closing, and functions and classes that take one."""


def assert_marked(case: str, *, after: str = "", strict: bool = False) -> None:
    """Fail unless the findings in a case are exactly those that its lines are marked with.

    The case is put `after` a beginning, and may be indented as a whole.
    """
    text = after + textwrap.dedent(case)
    expected = {
        (number, code)
        for number, line in enumerate(text.splitlines(), 1)
        for code in re.findall(r"# (AGN\d+)", line)
    }
    analysis = analyse(Source("case.py", text), Settings(strict=strict))
    found = {(each.span.start.line, each.code) for each in analysis.diagnostics}
    assert found == expected, [
        f"{each.span.start.line}: {each.code} {each.message}" for each in analysis.diagnostics
    ]
