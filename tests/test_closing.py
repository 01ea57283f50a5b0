"""Ways of closing a generator that fail or come too late: what small modules must give."""

from __future__ import annotations

import textwrap

import pytest
from marked import assert_marked

from asyncgen_lint.config import Settings
from asyncgen_lint.engine import analyse
from asyncgen_lint.source.text import Source

CASES = {
    "closing of another library": """
        from mylib import closing
        async def rows():
            yield 1
        async def f():
            with closing(rows()) as found:
                async for row in found:
                    print(row)
    """,
    "closing of a generator expression": """
        from contextlib import closing
        async def f(rows):
            with closing(row async for row in rows) as found:  # AGN205
                async for row in found:
                    print(row)
    """,
    "closing of an annotated parameter": """
        from collections.abc import AsyncGenerator
        from contextlib import closing
        async def f(rows: AsyncGenerator[int, None]):
            with closing(rows):  # AGN205
                async for row in rows:
                    print(row)
    """,
    "a sync with over an attribute that is no generator": """
        class A:
            async def rows(self):
                yield 1
            def f(self):
                with self.lock, self.rows as x:
                    print(x)
    """,
    "aclosing by a sync with": """
        from contextlib import aclosing
        async def f(rows):
            with aclosing(rows):  # AGN205
                pass
    """,
    "aclosing of a method that is not called": """
        from contextlib import aclosing
        class A:
            async def rows(self):
                yield 1
            async def f(self):
                async with aclosing(self.rows) as rows:  # AGN207
                    print(rows)
    """,
    "aclosing of a property": """
        from contextlib import aclosing
        class A:
            @property
            async def rows(self):
                yield 1
            async def f(self):
                async with aclosing(self.rows) as rows:
                    print([row async for row in rows])
    """,
    "an aclose given from outside": """
        from contextlib import aclosing
        class Tail:
            async def __anext__(self):
                raise StopAsyncIteration
        async def f(done):
            tail = Tail()
            tail.aclose = done
            async with aclosing(tail):
                print(tail)
    """,
    "a class with a base out of view": """
        from contextlib import aclosing
        from mylib import Stream
        class Tail(Stream):
            pass
        async def f():
            async with aclosing(Tail()) as tail:
                print(tail)
    """,
    "another call with other arguments": """
        from contextlib import aclosing
        async def rows(n):
            yield n
        async def f():
            async with aclosing(rows(1)):
                async for row in rows(2):
                    print(row)
    """,
    "wait_for before Python 3.12": """
        import asyncio
        from contextvars import ContextVar
        user = ContextVar("user")
        async def rows():
            token = user.set("x")
            try:
                yield 1
            finally:
                user.reset(token)
        async def f():
            found = rows()
            await anext(found)
            await asyncio.wait_for(found.aclose(), 1)  # AGN208
    """,
    "a loop that is handed on": """
        import asyncio
        from mylib import finish
        async def rows(db):
            try:
                yield 1
            finally:
                await db.close()
        async def first(db):
            async for row in rows(db):  # AGN101
                return 1
        def f(db):
            loop = asyncio.new_event_loop()
            loop.run_until_complete(first(db))
            finish(loop)
            loop.close()
    """,
    "a loop closed by hand": """
        import asyncio
        async def rows(db):
            try:
                yield 1
            finally:
                await db.close()
        async def first(db):
            async for row in rows(db):  # AGN101
                return 1
        def f(db):
            loop = asyncio.new_event_loop()
            loop.run_until_complete(first(db))
            loop.close()  # AGN206
    """,
    "cancellation suppressed in cleanup": """
        import contextlib, trio
        async def rows(db):
            try:
                while True:
                    yield 1  # AGN311
            finally:
                with contextlib.suppress(trio.Cancelled):
                    await db.log()
                await trio.lowlevel.checkpoint()  # AGN209
    """,
    "helpers named after aclose": """
        import anyio
        from mylib import aclose_all
        async def rows(dbs):
            try:
                while True:
                    yield 1  # AGN311
            finally:
                await aclose_all(dbs)
    """,
    "aclosing of classes that may be made to close, and of several": """
        from contextlib import aclosing
        from somewhere import bases
        class Plain:
            def close(self): ...
        class WithMeta(metaclass=bases.Meta): ...
        class Starred(*bases): ...
        async def closes(both):
            async with aclosing(Plain()):  # AGN207
                pass
            async with aclosing(WithMeta()):
                pass
            async with aclosing(Starred()):
                pass
            async with aclosing([]):  # AGN207
                pass
            async with aclosing(*[]):
                pass
            async with aclosing([], []):
                pass
    """,
    "aclosing of a class that is given its method from outside": """
        from contextlib import aclosing
        class Plain:
            def close(self): ...
        async def closes():
            async with aclosing(Plain()):
                pass
        setattr(Plain, "aclose", print)
    """,
    "loops closed by hand that run one coroutine, or who knows what": """
        import asyncio
        async def rows(db):
            try:
                yield 1
                yield 2
            finally:
                await db.close()
        async def main():
            async for row in rows(1):  # AGN101
                break
            await main()
        def by_hand():
            loop = asyncio.new_event_loop()
            loop.run_until_complete(main())
            loop.close()  # AGN206
        def starred_or_more(more):
            loop = asyncio.new_event_loop()
            loop.run_until_complete(main(), more)
            loop.close()
    """,
}


@pytest.mark.parametrize("name", CASES)
def test_reports_exactly_the_marked_lines(name: str) -> None:
    assert_marked(CASES[name], strict=True)


def test_wait_for_stays_in_its_task_from_3_12() -> None:
    text = textwrap.dedent(CASES["wait_for before Python 3.12"])
    settings = Settings(strict=True, target_version=(3, 12))
    assert not analyse(Source("case.py", text), settings).diagnostics
