"""The protocol of async iteration, and resources that generators are returned out of."""

from __future__ import annotations

import pytest
from marked import assert_marked

CASES = {
    "anext gives what aiter gives": """
        class Pages:
            def __aiter__(self):
                return self.__anext__()
            async def __anext__(self):
                yield 1
        class Rows:
            def __aiter__(self):
                return self
            async def __anext__(self):  # AGN607
                yield 1
    """,
    "finite and endless": """
        import itertools
        class Replay:
            def __init__(self, items):
                self.items, self.numbers = iter(items), itertools.count()
            def __aiter__(self):
                return self
            async def __anext__(self):
                return next(self.items), next(self.numbers)
        class Counted:
            def __init__(self, items):
                self.items = iter(items)
            async def __anext__(self):  # AGN607
                return next(self.items)
        class Remaining:
            def __init__(self, items):
                self.items = iter(items)
            async def __anext__(self):
                rest = list(self.items)
                if not rest:
                    raise StopAsyncIteration
                return rest
        class Asked:
            def __init__(self, read):
                self.items = iter(read, "")
            async def __anext__(self):
                return next(self.items)
        class Another:
            def __init__(self, items):
                self.counted = Counted(items)
            async def __anext__(self):  # AGN607
                return next(self.counted.items)
        class Endless:
            def __init__(self):
                self.items = iter(itertools.cycle("ab"))
            async def __anext__(self):
                return next(self.items)
    """,
    "caught in part": """
        class Replay:
            def __init__(self, items):
                self.items = iter(items)
            async def __anext__(self):  # AGN607
                try:
                    return next(self.items)
                except LookupError:
                    return None
        class Other:
            async def __anext__(self):
                try:
                    raise StopIteration
                except unknown():
                    return None
    """,
    "shadowed": """
        class StopIteration(StopAsyncIteration): pass
        class Replay:
            async def __anext__(self):
                raise StopIteration
    """,
    "aiter": """
        class One:
            async def __aiter__(self):  # AGN606
                return self
        class Two:
            async def __aiter__(self):
                yield 1
        class Three:
            @unknown
            async def __aiter__(self):
                return self
        class Four:
            async def __aiter__(self):
                raise TypeError(self)
    """,
    "stubs": """
        from collections.abc import AsyncIterator
        class Base:
            async def rows(self) -> AsyncIterator[int]:  # AGN608
                raise NotImplementedError
            async def pages(self) -> AsyncIterator[int]:
                raise NotImplementedError
            async def words(self) -> AsyncIterator[int]:
                raise NotImplementedError
        class Store(Base):
            async def rows(self):
                yield 1
            async def pages(self):
                return self.rows()
            async def words(self):
                yield 1
        async def use(store: Base):
            async for word in await store.words():
                print(word)
    """,
    "stubs that are iterated": """
        from collections.abc import AsyncIterator
        class Feed:
            async def rows(self) -> AsyncIterator[int]:  # AGN608
                raise NotImplementedError
            async def lines(self) -> AsyncIterator[int]:
                raise NotImplementedError
        class Store(Feed):
            def lines(self):
                return numbers()
        async def numbers():
            yield 1
        async def use(feed: Feed):
            async for row in feed.rows():
                print(row)
            async for line in feed.lines():
                print(line)
    """,
    "given back too early": """
        import asyncio, contextlib
        async def rows(conn, limit=3):
            async for row in conn:
                yield row
        async def plain(limit):
            yield limit
        async def early(pool):
            async with pool.acquire() as conn:
                return rows(conn)  # AGN605
        async def another(pool):
            async with pool.acquire() as conn:
                return plain(3)
        async def shared(conn):
            async with conn as same:
                return rows(same)
        async def null(conn):
            async with contextlib.nullcontext(conn) as same:
                return rows(same)
        async def timed(conn):
            async with asyncio.timeout(3) as deadline:
                return plain(deadline)
        async def in_finally(pool):
            conn = await pool.connect()
            try:
                return rows(conn)  # AGN605
            finally:
                await pool.release(conn)
        async def of_one_or_another(pool, other):
            if other:
                conn = await other.connect()
            else:
                conn = await pool.connect()
            try:
                return rows(conn)  # AGN605
            finally:
                await conn.close()
        async def of_what_was_given(pool, conn):
            try:
                return rows(conn)
            finally:
                await pool.release(conn)
        async def of_what_is_shared(pool):
            try:
                return rows(shared_conn)
            finally:
                await pool.release(shared_conn)
        async def counted(pool, log):
            conn = await pool.connect()
            try:
                return rows(conn)
            finally:
                log.info(conn)
        async def perhaps(pool, keep):
            conn = await pool.connect()
            try:
                return rows(conn)
            finally:
                if not keep:
                    await conn.close()
        async def unused(conn, limit):
            yield limit
        async def not_used(pool):
            async with pool.acquire() as conn:
                return unused(conn, 3)
    """,
    "streamed when it is closed": """
        from starlette.responses import StreamingResponse
        async def rows(conn):
            async for row in conn:
                yield row
        async def response(pool):
            async with pool.acquire() as conn:
                return StreamingResponse(rows(conn), media_type="text/plain")  # AGN605
        async def unknown(pool):
            async with pool.acquire() as conn:
                return gathered(rows(conn))
    """,
    "resources that are replaced, or not what the generator gets": """
        import aiohttp
        async def pages(session):
            yield session.get()
            yield session.get()
        async def pages_of_its_own(session):
            session = aiohttp.ClientSession(headers=session.headers)
            yield session.get()
            await session.close()
        async def anew():
            async with aiohttp.ClientSession() as session:
                return pages_of_its_own(session)
        if aiohttp:
            async def one_of_two(session):
                yield session.get()
        else:
            async def one_of_two(session):
                yield session.post()
        def pages_of(session, other):
            return pages(other)
        async def given():
            async with aiohttp.ClientSession() as session:
                return pages(session)  # AGN605
        async def replaced(other):
            async with aiohttp.ClientSession() as session:
                if other:
                    session = other.session
                return pages(session)
        def of_either(path):
            with open(path) as session:
                return one_of_two(session)
        async def of_another(other):
            async with aiohttp.ClientSession() as session:
                return pages_of(session, other)
        async def in_an_expression():
            async with aiohttp.ClientSession() as session:
                return (page async for page in session.get())  # AGN605
        async def named_anew(other):
            async with aiohttp.ClientSession() as session:
                return (session async for session in other)
    """,
    "an anext that loops do not step, or that is made something else": """
        import functools
        class Rows:
            def __aiter__(self):
                return self
            async def __anext__(self):  # AGN607
                yield 1
        class Decorated:
            def __aiter__(self):
                return self
            @functools.cache  # AGN610
            async def __anext__(self):
                yield 1
        class Yielding:
            def __aiter__(self):  # AGN606
                yield self
            async def __anext__(self):
                yield 1
        class Refusing:
            def __aiter__(self):
                raise TypeError
            async def __anext__(self):
                yield 1
        class Alone:
            async def __anext__(self):
                yield 1
    """,
    "stops that are expected, or dropped in a finally": """
        import pytest
        class Bare:
            def __init__(self):
                self.data = iter([1, 2])
            def __aiter__(self):
                return self
            async def __anext__(self):  # AGN607
                return next(self.data)
        class Expected:
            def __init__(self):
                self.data = iter([1, 2])
            def __aiter__(self):
                return self
            async def __anext__(self):
                with pytest.raises(StopIteration):
                    return next(self.data)
                raise StopAsyncIteration
        class Dropped:
            def __init__(self):
                self.data = iter([1, 2])
            def __aiter__(self):
                return self
            async def __anext__(self):
                try:
                    pass
                finally:
                    return next(self.data)
    """,
    "stubs that are defined twice, or that a subclass repeats": """
        import abc
        from collections.abc import AsyncIterator
        class Twice(abc.ABC):
            @abc.abstractmethod
            async def rows(self) -> AsyncIterator[int]: ...
            if abc:
                async def rows(self) -> AsyncIterator[int]: ...
        class OfTwice(Twice):
            async def rows(self):
                yield 1
        class Repeated(abc.ABC):
            @abc.abstractmethod
            async def lines(self) -> AsyncIterator[int]: ...  # AGN608
        class Repeating(Repeated):
            @abc.abstractmethod
            async def lines(self): ...
        class Plain(Repeated):
            pass
        class Feed:
            async def words(self) -> AsyncIterator[int]: ...  # AGN608
            async def texts(self) -> AsyncIterator[int]: ...
        class Words:
            async def words(self):
                yield 1
            async def texts(self):
                return self.words()
        class WordFeed(Words, Feed):
            pass
        class Remote(abc.ABC):
            @remote
            async def rows(self) -> AsyncIterator[int]: ...
        class Here(Remote):
            async def rows(self):
                yield 1
        class Yielding(Repeated):
            async def lines(self):
                yield 1
    """,
}


@pytest.mark.parametrize("text", CASES.values(), ids=CASES.keys())
def test_protocol_and_scopes(text: str) -> None:
    assert_marked(text)


def test_annotations_are_strict() -> None:
    text = """
    import typing
    async def rows() -> typing.List[int]:{mark}
        yield 1
    async def names() -> typing.AsyncIterator[int] | None:
        yield 1
    async def test_rows() -> None:
        yield 1
    """
    assert_marked(text.format(mark=""))
    assert_marked(text.format(mark="  # AGN609"), strict=True)
