"""Generators kept on objects, streams and resources: shapes beside those of the fixtures."""

from __future__ import annotations

import textwrap

import pytest
from marked import assert_marked

from asyncgen_lint.config import Settings
from asyncgen_lint.engine import analyse
from asyncgen_lint.source.text import Source

ROWS = """
import asyncio

async def rows(connection):
    try:
        yield 1
    finally:
        await connection.close()
"""

STORED = {
    "handed out by __aiter__ alone": """
        class Reader:
            def __init__(self, connection):
                self._rows = rows(connection)  # AGN203

            def __aiter__(self):
                return self._rows
    """,
    "made where none was passed in": """
        class Reader:
            def __init__(self, connection, given=None):
                self._rows = given if given is not None else rows(connection)  # AGN203

            async def read(self):
                return await asyncio.wait_for(self._rows.__anext__(), 3)
    """,
    "made at the first step": """
        class Reader:
            _rows = None

            async def read(self, connection):
                self._rows = self._rows or rows(connection)  # AGN203
                assert self._rows is not None, "made above"
                return await self._rows.__anext__()
    """,
    "never stepped in view, but forgotten by stop": """
        class Reader:
            def start(self, connection):
                self.rows = rows(connection)  # AGN203

            async def stop(self):
                self.rows = None
    """,
    "never stepped in view, and nothing to forget it": """
        class Reader:
            def start(self, connection):
                self.rows = rows(connection)
    """,
    "class in a function": """
        def reader(connection):
            class Reader:
                def __init__(self):
                    self._rows = rows(connection)  # AGN203

                async def read(self):
                    return await anext(self._rows)

            return Reader()
    """,
    "base out of view": """
        from framework import Component

        class Reader(Component):
            def __init__(self, connection):
                self._rows = rows(connection)

            async def read(self):
                return await anext(self._rows)
    """,
    "decorator out of view": """
        from framework import component

        @component
        class Reader:
            def __init__(self, connection):
                self._rows = rows(connection)

            async def read(self):
                return await anext(self._rows)
    """,
    "closed by a subclass": """
        class Reader:
            def __init__(self, connection):
                self._rows = rows(connection)

            async def read(self):
                return await anext(self._rows)

        class ClosingReader(Reader):
            async def aclose(self):
                await self._rows.aclose()
    """,
    "closed by another class": """
        class Reader:
            def __init__(self, connection):
                self._rows = rows(connection)

            async def read(self):
                return await anext(self._rows)

        class Library:
            async def close(self):
                for each in self.readers:
                    await each._rows.aclose()
    """,
    "closed by a method that gets it": """
        class Reader:
            def __init__(self, connection):
                self._rows = rows(connection)

            async def read(self):
                return await anext(self._rows)

            async def close(self):
                await self._finish(self._rows)

            async def _finish(self, stream):
                await stream.aclose()
    """,
    "closed in a tuple of attributes": """
        class Reader:
            def __init__(self, connection):
                self._rows = rows(connection)

            async def read(self):
                return await anext(self._rows)

            async def close(self):
                for each in (self._rows,):
                    await each.aclose()
    """,
    "all attributes closed by name": """
        class Reader:
            def __init__(self, connection):
                self._rows = rows(connection)

            async def read(self):
                return await anext(self._rows)

            async def close(self):
                for name in self.__dict__:
                    await getattr(self, name).aclose()
    """,
    "stepped to its end when closing": """
        class Reader:
            def __init__(self, connection):
                self._rows = rows(connection)

            async def read(self):
                return await anext(self._rows)

            async def close(self):
                try:
                    await anext(self._rows)
                except StopAsyncIteration:
                    pass
    """,
    "ended by athrow": """
        class Reader:
            def __init__(self, connection):
                self._rows = rows(connection)

            async def read(self):
                return await anext(self._rows)

            async def abort(self):
                await self._rows.athrow(GeneratorExit)
    """,
    "iterator of it kept too": """
        class Reader:
            def __init__(self, connection):
                self._rows = rows(connection)
                self._iterator = self._rows.__aiter__()

            async def read(self):
                return await anext(self._iterator)
    """,
    "attribute of the class": """
        class Reader:
            @classmethod
            async def open(cls, connection):
                cls._rows = rows(connection)
                return await anext(cls._rows)
    """,
    "looked at, and read by its name": """
        class Reader:
            def __init__(self, connection):
                self._rows = rows(connection)  # AGN203

            async def read(self):
                print(self._rows, f"{self._rows}")
                return await self._rows.__anext__()

        class Other:
            def __init__(self, connection):
                self._lines = rows(connection)

            async def read(self):
                return await self._lines.__anext__()

            async def stop(self):
                for name in ("_lines",):
                    await getattr(self, name).aclose()
    """,
    "of two functions, another's attribute, or a sync generator": """
        async def lines(connection):
            yield 1

        class Reader:
            def __init__(self, connection, other, as_rows):
                self._source = (rows if as_rows else lines)(connection)
                other.rows = rows(connection)
                self._names = (name for name in connection.names)

            async def read(self):
                return await self._source.__anext__(), self._names.__anext__()
    """,
    "several, given to a function": """
        class Reader:
            def __init__(self, connection):
                self._streams = [rows(connection)]

            async def read(self):
                return [await anext(each) for each in self._streams]

            async def stop(self):
                await close_all(*self._streams)
    """,
    "read by its name, unpacked, or iterated as one of several": """
        import os
        class Opened:
            def __init__(self, connection):
                self.opened = rows(connection)  # AGN203
            async def read(self):
                return await anext(self.opened)
            async def stop(self):
                os.stat(self.opened)
        class Named:
            def __init__(self, connection):
                self.named = rows(connection)
            async def read(self):
                return await anext(self.named)
            async def stop(self):
                read(self, "named")
                self.named = None
        class Unpacked:
            def __init__(self, connection):
                self.unpacked = rows(connection)
            async def read(self):
                return await anext(self.unpacked)
            async def stop(self):
                print(*self.unpacked)
        class Several:
            def __init__(self, connection):
                self.several = [rows(connection)]
            async def read(self):
                async for row in self.several:
                    return row
                return await anext(self.several[0])
        class Pairs:
            def __init__(self, connection):
                self.pairs = [rows(connection)]
            async def read(self):
                for row, other in self.pairs:
                    return row
                return await anext(self.pairs[0])
    """,
    "stored on another object, or no async generator": """
        class Builder:
            def __init__(self, connection, reader):
                reader.lines = rows(connection)
            async def read(self):
                return await anext(self.lines)
        class Synchronous:
            def __init__(self, connection):
                self.names = (row for row in rows(connection))  # AGN502
            async def read(self):
                return await anext(self.names)
        class Iterator:
            def __init__(self, connection):
                self.iterator = rows(connection).__aiter__()  # AGN203
            async def read(self):
                return await anext(self.iterator)
    """,
    "made by a method whose cleanup another may do": """
        class Reader:
            def __init__(self, connection):
                self.connection = connection
                self.rows = self._read()  # AGN203
            async def read(self):
                return await anext(self.rows)
            async def _read(self):
                try:
                    yield await self.connection.fetch()
                finally:
                    await self.connection.close()
        class Finished:
            def __init__(self, connection):
                self.connection = connection
                self.lines = self._read()
            async def read(self):
                return await anext(self.lines)
            async def _read(self):
                try:
                    yield await self.connection.fetch()
                finally:
                    await self.connection.close()
            async def finish(self):
                await self.connection.close()
    """,
    "stepped by who gets its method, or by a while loop to its end": """
        class Sending:
            def __init__(self, connection):
                self.rows = rows(connection)
                self.send = self.rows.asend
            async def read(self):
                return await anext(self.rows)
        class Draining:
            def __init__(self, connection):
                self.lines = rows(connection)
            async def read(self):
                while (line := await anext(self.lines, None)) is not None:
                    print(line)
    """,
    "made by one of two functions, or something else is kept": """
        async def more_rows(connection):
            try:
                yield 2
            finally:
                await connection.close()
        async def plain(connection):
            yield 1
        def both_need_it(connection, more):
            if more:
                return more_rows(connection)
            return rows(connection)
        def one_needs_it(connection, more):
            if more:
                return rows(connection)
            return plain(connection)
        class Both:
            def __init__(self, connection, more):
                self.rows = both_need_it(connection, more)  # AGN203
            async def read(self):
                return await anext(self.rows)
        class One:
            def __init__(self, connection, more):
                self.lines = one_needs_it(connection, more)
            async def read(self):
                return await anext(self.lines)
        class Kept:
            def __init__(self, connection, kept=None):
                self.kept = rows(connection) if kept is None else kept
            async def read(self):
                return await anext(self.kept[0])
    """,
}

STRICT = {
    "closed under another name": """
        class Reader:
            def __init__(self, connection):
                self._rows = rows(connection)

            def __aiter__(self):
                return self

            async def __anext__(self):
                return await anext(self._rows)

            async def stop(self):
                await finish(self._rows)
    """,
    "stream that a helper may keep": """
        class Stream:
            def __aiter__(self):
                return self

            async def __anext__(self):
                return 1

            async def aclose(self):
                await asyncio.sleep(0)

        def shared() -> Stream:
            return STREAM

        async def items():
            async for item in shared():
                yield item
    """,
    "released when the return fails": """
        async def read(pool):
            session = await pool.acquire()
            try:
                return session_rows(pool, session)
            except BaseException:
                await pool.release(session)
                raise

        async def session_rows(pool, session):
            try:
                yield session
            finally:
                await pool.release(session)
    """,
}


@pytest.mark.parametrize("case", STORED)
def test_stored_generator(case: str) -> None:
    assert_marked(STORED[case], after=ROWS)


@pytest.mark.parametrize("case", STRICT)
def test_silent_when_strict(case: str) -> None:
    source = Source("case.py", ROWS + textwrap.dedent(STRICT[case]))
    rules = ("AGN106", "AGN109", "AGN203", "AGN204")
    assert not analyse(source, Settings(strict=True, select=rules)).diagnostics


def test_iterators_that_have_another_way_to_be_closed() -> None:
    case = """
        class Reader:  # AGN204
            def __init__(self, connection):
                self._rows = rows(connection)  # AGN203
            def __aiter__(self):
                return self
            async def __anext__(self):
                return await anext(self._rows)
        class Delegating:
            def __init__(self, connection):
                self._lines = rows(connection)
            def __aiter__(self):
                return self
            async def __anext__(self):
                return await anext(self._lines)
            def __getattr__(self, name):
                return getattr(self._lines, name)
        class Connected:
            def __init__(self, connection):
                self._connection = connection
                self._items = rows(self._connection)
            def __aiter__(self):
                return self
            async def __anext__(self):
                return await anext(self._items)
            async def stop(self):
                await self._connection.close()
        class Forgetful:
            def __init__(self, connection):
                self._pages = rows(connection)  # AGN203
            def __aiter__(self):
                return self
            async def __anext__(self):
                return await anext(self._pages)
            async def aclose(self):
                self.is_closed = True
    """
    assert_marked(case, after=ROWS, strict=True)
