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
    "aclosing of a sync generator expression": """
        from contextlib import aclosing
        async def f(rows):
            async with aclosing(row for row in rows) as found:  # AGN207
                print(found)
            async with aclosing(row async for row in rows) as found:
                print(found)
    """,
    "aclosing of a function, not of what it gives": """
        from contextlib import aclosing
        async def rows():
            yield 1
        def make():
            return unknown()
        async def f():
            async with aclosing(rows) as found:  # AGN207
                print(found)
            async with aclosing(make()) as found:
                print(found)
    """,
    "aclosing of a name that holds a list, or something else too": """
        from contextlib import aclosing
        async def f(rows, many):
            source = [1]
            async with aclosing(source) as found:  # AGN207
                print(found)
        async def g(rows, many):
            source = [1]
            if many:
                source = rows
            async with aclosing(source) as found:
                print(found)
        async def h(rows, many):
            source = [1]
            async with rows() as source:
                async with aclosing(source) as found:
                    print(found)
        async def i():
            source = [1]
            if source:
                source = (2,)
            async with aclosing(source) as found, aclosing(range(3)):  # AGN207
                print(found)
        async def j():
            async with aclosing(undefined) as found:
                print(found)
    """,
    "aclosing of instances that may have more than their class says": """
        from contextlib import aclosing
        class Feed:
            pass
        class Registered(metaclass=Registry):
            pass
        class Mixed(*bases):
            pass
        class Wrapping:
            def __getattr__(self, name):
                return getattr(self.wrapped, name)
        async def f():
            async with aclosing(Feed()) as feed:  # AGN207
                print(feed)
            async with aclosing(Registered()) as feed, aclosing(Mixed()) as feed:
                print(feed)
            async with aclosing(Wrapping()) as feed, aclosing(print()) as feed:
                print(feed)
    """,
    "loops that are closed by hand, made or run in other ways": """
        import asyncio
        async def rows(db):
            try:
                yield 1
            finally:
                await db.close()
        async def work(db):
            async for row in rows(db):  # AGN101
                break
        class FakeLoop:
            def run_until_complete(self, main):
                main.close()
            def close(self):
                pass
        def with_a_fake(db):
            loop = FakeLoop()
            loop.run_until_complete(work(db))
            loop.close()
        def by_hand(db):
            loop = asyncio.new_event_loop()
            loop.run_until_complete(work(db))
            loop.close()  # AGN206
        def of_who_knows_where(db, given):
            loop = asyncio.new_event_loop()
            if given is not None:
                loop.close()
                loop = given
            loop.run_until_complete(work(db))
            loop.close()
        def of_what_is_given(db, main):
            loop = asyncio.new_event_loop()
            loop.run_until_complete(main)
            loop.close()
    """,
    "closed in another task, which certainly has what is bound to its own": """
        import asyncio
        from contextlib import aclosing
        from contextvars import ContextVar
        current = ContextVar("current")
        async def traced(name):
            token = current.set(name)
            try:
                yield 1  # AGN306
                yield 2  # AGN306
            finally:
                current.reset(token)

        class Kit:
            def create_task(self, work):
                work.close()
        def make(name):
            return [name]
        async def by_a_group(name, group):
            stream = traced(name)
            await anext(stream)
            group.create_task(stream.aclose())  # AGN208
        async def by_something_in_view(name):
            stream = traced(name)
            await anext(stream)
            Kit().create_task(stream.aclose())
        async def by_who_knows(name, start):
            stream = traced(name)
            await anext(stream)
            start(stream.aclose())
        async def if_there_is_one(name, wanted):
            stream = None
            if wanted:
                stream = traced(name)
                await anext(stream)
            asyncio.create_task(stream.aclose())  # AGN208
        async def of_its_own_or_another(name, other):
            stream = other()
            if name:
                stream = traced(name)
                await anext(stream)
            asyncio.create_task(stream.aclose())
        async def of_its_own_or_a_given_one(name, stream=None):
            if name:
                stream = traced(name)
                await anext(stream)
            asyncio.create_task(stream.aclose())
        async def of_something_else(name, other):
            asyncio.create_task(other().aclose())
            asyncio.create_task(make(name).aclose())
        async def never_begun(name):
            asyncio.create_task(traced(name).aclose())
    """,
    "stepped in tasks of their own, under other names": """
        import asyncio
        from contextlib import aclosing
        from contextvars import ContextVar
        current = ContextVar("current")
        async def traced(name):
            token = current.set(name)
            try:
                yield 1  # AGN306
                yield 2  # AGN306
            finally:
                current.reset(token)

        async def of_a_name(name):
            stream = traced(name)
            asyncio.create_task(anext(stream))  # AGN519
        async def by_a_method(name):
            stream = traced(name)
            asyncio.create_task(stream.asend(None))  # AGN519
        async def of_an_iterator(name):
            stream = aiter(traced(name))
            asyncio.create_task(anext(stream))  # AGN519
        async def of_its_own_iterator(name):
            stream = traced(name)
            stream = aiter(stream)
            asyncio.create_task(anext(stream))
        async def under_aclosing(name):
            async with aclosing(traced(name)) as stream:
                asyncio.create_task(anext(stream))  # AGN519
        async def under_something_else(name, wrapped):
            async with wrapped(traced(name)) as stream:
                asyncio.create_task(anext(stream))
        async def of_nothing():
            asyncio.create_task(anext())
    """,
    "aclosing of what a manager gives, of names for each other, and of attributes": """
        from contextlib import aclosing
        class Connection:
            async def __aenter__(self):
                return self.rows()
            async def __aexit__(self, *exc):
                return None
            async def rows(self):
                yield 1
            def columns(self):
                return []
        class Table(lib.Base):
            limit = 3
        async def entered():
            async with Connection() as rows:
                async with aclosing(rows):
                    print(rows)
        async def named_in_a_circle():
            this = [1]
            last = this
            this = last
            async with aclosing(this):
                print(last)
        async def of_attributes(connection: Connection):
            async with aclosing(connection.columns):  # AGN207
                print(1)
            async with aclosing(connection.rows):  # AGN207
                print(1)
            async with aclosing(connection.missing), aclosing(Table()), aclosing(Table):
                print(1)
    """,
    "aclosing that the body goes around": """
        from contextlib import aclosing
        async def rows(db):
            yield 1
        def other_rows(db):
            return iter(db)
        async def another(db):
            async with aclosing(rows(db)):  # AGN207
                async for row in rows(db):
                    print(row)
        async def named(db):
            async with aclosing(rows(db)) as found:
                async for row in rows(db):
                    print(row, found)
        async def of_another_table(db):
            async with aclosing(rows(db)):
                async for row in rows(db.other):
                    print(row)
        async def of_who_knows(db):
            async with aclosing(other_rows(db)):
                async for row in other_rows(db):
                    print(row)
        async def set_apart(db):
            closing = aclosing(rows(db))
            async with closing:
                async for row in rows(db):
                    print(row)
    """,
}


@pytest.mark.parametrize("name", CASES)
def test_reports_exactly_the_marked_lines(name: str) -> None:
    assert_marked(CASES[name], strict=True)


def test_wait_for_stays_in_its_task_from_3_12() -> None:
    text = textwrap.dedent(CASES["wait_for before Python 3.12"])
    settings = Settings(strict=True, target_version=(3, 12))
    assert not analyse(Source("case.py", text), settings).diagnostics
