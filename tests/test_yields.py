"""Yields after closing, swallowed exits, scopes and releases: shapes met in released code."""

from __future__ import annotations

import pytest
from marked import assert_marked

CASES = {
    "flag from isinstance": """
        async def events(conn):
            retry = True
            while True:
                try:
                    yield await conn.recv()
                    return
                except BaseException as exc:
                    is_disconnect = isinstance(exc, Exception) and conn.wraps(exc)
                    if retry and is_disconnect:
                        retry = False
                        continue
                    raise
    """,
    "flag made of flags": """
        async def events(conn):
            retry, received = True, False
            while True:
                try:
                    received = await conn.recv()
                    yield received
                except BaseException as exc:
                    early = not received and isinstance(exc, Exception) and conn.wraps(exc)
                    retryable = early and not conn.sent
                    if retry and retryable:
                        retry = False
                        continue
                    raise
    """,
    "exception kept and raised later": """
        async def events(conn):
            while True:
                try:
                    yield await conn.recv()
                except BaseException as exc:
                    error = exc
                else:
                    error = None
                if error is not None:
                    raise error
    """,
    "type of the exception": """
        async def events(conn):
            while True:
                try:
                    yield await conn.recv()
                except BaseException as exc:  # AGN402
                    if type(exc) is GeneratorExit:
                        raise
    """,
    "match on the exception": """
        async def events(conn):
            while True:
                try:
                    yield await conn.recv()
                except BaseException as exc:  # AGN402
                    match exc:
                        case GeneratorExit():
                            raise
                        case _:
                            continue
    """,
    "manager made of a method": """
        import anyio
        from contextlib import asynccontextmanager
        class Server:
            def __init__(self):
                self.lifespan = asynccontextmanager(self._life)
            async def _life(self):
                async with anyio.create_task_group() as group:
                    yield group
                    yield group  # AGN602
    """,
    "suppressed at the yield": """
        from contextlib import asynccontextmanager, suppress
        @asynccontextmanager
        async def connection(pool):
            conn = pool.connect()
            with suppress(BaseException):  # AGN404
                yield conn
            conn.close()
    """,
    "flag for the fatal ones": """
        async def events(conn):
            while True:
                try:
                    yield await conn.recv()
                except BaseException as exc:
                    fatal = isinstance(exc, (GeneratorExit, KeyboardInterrupt))
                    if fatal:
                        raise
                    continue
    """,
    "flag that does not save it": """
        async def events(conn):
            while True:
                try:
                    yield await conn.recv()  # AGN302
                except BaseException as exc:
                    fatal = isinstance(exc, KeyboardInterrupt)
                    if fatal:
                        raise
                    continue
    """,
    "alias of the exception": """
        async def events(conn):
            while True:
                try:
                    yield await conn.recv()
                except BaseException as exc:
                    error = exc
                    if isinstance(error, GeneratorExit):
                        raise
    """,
    "exit thrown on into another generator": """
        async def run(flow, engine):
            while engine.is_running():
                gen = flow.fn()
                try:
                    while True:
                        yield await gen.__anext__()
                except (StopAsyncIteration, GeneratorExit) as exc:
                    await engine.handle_success(None)
                    if isinstance(exc, GeneratorExit):
                        gen.throw(exc)
    """,
    "coroutines for a caller that is not in view": """
        async def fail(*args):
            raise RuntimeError
        async def resolve(*args):
            yield fail(*args)
        field = Field(resolve=resolve)
    """,
    "coroutines for nobody": """
        async def fail(*args):
            raise RuntimeError
        async def resolve(*args):
            yield fail(*args)  # AGN301
            yield 1
    """,
    "task of the running loop": """
        import asyncio
        from contextlib import asynccontextmanager
        @asynccontextmanager
        async def background(work):
            task = asyncio.get_running_loop().create_task(work())
            yield  # AGN601
            task.cancel()
    """,
    "one release behind two yields": """
        import asyncio
        from contextlib import asynccontextmanager
        @asynccontextmanager
        async def background(work, quick):
            task = asyncio.create_task(work())
            if quick:
                yield 1  # AGN601
            else:
                yield 2
            task.cancel()
    """,
    "scope inherited from a generic engine": """
        import asyncio
        from contextlib import asynccontextmanager
        from typing import Generic, TypeVar
        T = TypeVar("T")
        class Engine(Generic[T]):
            @asynccontextmanager
            async def run_context(self):
                async with asyncio.timeout(5):
                    yield
        async def run():
            engine = Engine[int]()
            async with engine.run_context():
                yield 1  # AGN303
                yield 2  # AGN303
    """,
    "single yield that may be a dependency or a lifespan": """
        import anyio
        async def lifespan(app):
            async with anyio.create_task_group() as group:
                yield {"group": group}
    """,
    "scope entered by self": """
        import trio
        class Connect:
            async def __aenter__(self):
                await self._open()
                return self
            async def _open(self):
                self.manager = trio.open_nursery()
                self.nursery = await self.manager.__aenter__()
            async def __aexit__(self, *exc):
                await self.manager.__aexit__(*exc)
            async def __aiter__(self):
                while True:
                    async with self as connection:
                        yield connection  # AGN303
    """,
    "two values of a call, one of which is closed": """
        import asyncio
        async def lines(host):
            reader, writer = await asyncio.open_connection(host, 1)
            while line := await reader.readline():
                yield line
            writer.close()  # AGN108
            await writer.wait_closed()
    """,
    "acknowledged after the yield": """
        class Subscriber:
            async def events(self):
                while True:
                    item = await self.queue.get()
                    yield item
                    self.queue.task_done()  # AGN108
    """,
    "another response each round": """
        async def items(client):
            while True:
                response = await client.get("/")
                data = response.json()
                response.close()
                for item in data:
                    yield item
    """,
    "released by a handler that swallows cancellation": """
        import asyncio
        async def events(bus):
            await bus.subscribe("x")
            try:
                while True:
                    yield await bus.get()
            except asyncio.CancelledError:  # AGN402
                pass
            await bus.unsubscribe("x")  # AGN108
    """,
    "parser that is finished": """
        import contextlib
        from xml.etree import ElementTree
        class Streaming:
            def __init__(self):
                self.parser = ElementTree.XMLPullParser(["end"])
            def parse(self, chunk):
                return [chunk]
            def close(self):
                with contextlib.suppress(ValueError):
                    self.parser.close()
        async def parsed(chunks):
            parser = Streaming()
            async for chunk in chunks:
                for each in parser.parse(chunk):
                    yield each
            parser.close()
    """,
    "parser that is used again": """
        async def parsed(chunks, make):
            parser = make()
            async for chunk in chunks:
                yield parser.feed(chunk)
                parser.reset()
    """,
    "semaphore made here": """
        import asyncio
        async def mapped(source):
            slots = asyncio.Semaphore(3)
            async for item in source:
                await slots.acquire()
                yield item
                slots.release()
    """,
    "release called from elsewhere": """
        async def events(pool, on_disconnect):
            connection = await pool.connect()
            on_disconnect(lambda: connection.close())
            yield 1
            yield 2
            await connection.close()
    """,
    "generator whose closing another rule reports": """
        async def rows(db):
            try:
                yield 1
            finally:
                await db.close()
        async def again(db):
            source = rows(db)
            async for row in source:  # AGN103
                yield row
            await source.aclose()
    """,
    "task cancelled behind the yields": """
        import asyncio
        async def ticks(beat):
            task = asyncio.create_task(beat())  # AGN107
            yield 1
            yield 2
            task.cancel()  # AGN108
    """,
    "task of a loop held in a name": """
        import asyncio
        async def items(fill):
            loop, queue = asyncio.get_running_loop(), asyncio.Queue()
            task = asyncio.ensure_future(fill(queue))  # AGN107
            while True:
                yield await queue.get()
    """,
    "future that somebody else has started": """
        import asyncio
        async def items(running):
            task = asyncio.ensure_future(running)
            yield 1
            yield await task
    """,
    "task of a group": """
        import asyncio
        async def items(group, fill):
            task = group.create_task(fill())
            yield 1
            yield await task
    """,
    "task that a nested function may cancel": """
        import asyncio
        async def items(request, fill):
            task = asyncio.create_task(fill())
            def cancel():
                task.cancel()
            request.on_disconnect(cancel)
            yield 1
            yield await task
    """,
    "task whose end is asked for": """
        import asyncio
        async def items(fill):
            task = asyncio.create_task(fill())
            while True:
                await asyncio.sleep(1)
                if task.done():
                    yield task.result()
                    break
            yield 2
    """,
    "tasks that a comprehension cancels": """
        import asyncio
        async def items(jobs):
            tasks = [asyncio.create_task(job()) for job in jobs]
            try:
                for task in tasks:
                    yield await task
            finally:
                [task.cancel() for task in tasks]
    """,
    "dependency": """
        from fastapi import Depends
        async def get_session(pool):
            session = pool.acquire()
            yield session  # AGN601
            session.close()
        def route(session=Depends(get_session)):
            return session
    """,
    "calls that are expected to raise, and names that locals() reads": """
        import pytest
        async def rows(db):
            yield 1
        def check(db):
            with pytest.raises(TypeError):
                rows()
            rows(db)  # AGN105
        def names(db):
            unread = rows(db)
            return locals()
    """,
    "fixture": """
        import pytest
        @pytest.fixture
        async def session(pool):
            session = pool.acquire()
            yield session
            session.close()
    """,
    "awaited under aclosing": """
        from contextlib import aclosing
        async def work():
            return 1
        async def jobs():
            yield work()
        async def use():
            async with aclosing(jobs()) as stream:
                async for job in stream:
                    await job
    """,
    "stepped and awaited": """
        async def work():
            return 1
        async def jobs():
            yield work()
        async def use():
            stream = jobs()
            print(await (await anext(stream)))
    """,
    "renamed and awaited": """
        async def work():
            return 1
        async def jobs():
            yield work()
        async def use():
            async for job in jobs():
                task = job
                await task
    """,
    "only looked at": """
        async def work():
            return 1
        async def jobs():
            yield work()  # AGN301
        async def use():
            async for job in jobs():
                if job is not None:
                    print(job)
    """,
}


# Odd input on which a rule once failed: an internal error would be reported, and nothing is.
ODD = {
    "step kept in a global": """
        async def f(gen):
            global item
            item = anext(gen)
            print(item)
    """,
    "name that is itself": """
        from settings import *
        scope = scope
        async def ticks():
            async with scope:
                for tick in range(3):
                    yield tick
    """,
}


@pytest.mark.parametrize("name", ODD)
def test_odd_input_is_no_internal_error(name: str) -> None:
    assert_marked(ODD[name])


@pytest.mark.parametrize("name", CASES)
def test_reports_exactly_the_marked_lines(name: str) -> None:
    assert_marked(CASES[name])
