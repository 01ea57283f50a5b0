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
    "scopes of this function or of another, by a name or by two": """
        import asyncio
        from contextlib import nullcontext
        async def events(queue):
            limit = asyncio.timeout(5)
            async with limit:
                while True:
                    yield await queue.get()  # AGN303
        async def events_perhaps(queue, strict):
            limit = asyncio.timeout(5)
            if not strict:
                limit = nullcontext()
            async with limit:
                while True:
                    yield await queue.get()
    """,
    "scope that an annotation tells, or only what is returned": """
        import asyncio
        class Budget:
            def __init__(self):
                self.limit = asyncio.timeout(5)
            async def __aenter__(self):
                await self.limit.__aenter__()
            async def __aexit__(self, *exc):
                await self.limit.__aexit__(*exc)
        def taken(pool) -> Budget:
            return pool.pop()
        def untold(pool):
            return pool.pop()
        async def events(pool, queue):
            async with taken(pool):
                while True:
                    yield await queue.get()  # AGN303
        async def others(pool, queue):
            async with untold(pool):
                while True:
                    yield await queue.get()
    """,
    "scope put on a stack, or noted in what is none": """
        import asyncio
        from contextlib import AsyncExitStack
        class Journal:
            async def __aenter__(self):
                return self
            async def __aexit__(self, *exc):
                return None
            def enter_context(self, manager):
                self.last = repr(manager)
        async def events(queue):
            async with AsyncExitStack() as stack:
                await stack.enter_async_context(asyncio.timeout(5))
                while True:
                    yield await queue.get()  # AGN303
        async def noted(queue):
            async with Journal() as journal:
                journal.enter_context(asyncio.timeout(5))
                while True:
                    yield await queue.get()
    """,
    "scope at the end of methods that call themselves": """
        import asyncio
        class Connection:
            async def __aenter__(self):
                await self.connect(3)
                return self
            async def connect(self, tries):
                try:
                    await self.handshake()
                except OSError:
                    await self.connect(tries - 1)
            async def __aexit__(self, *exc):
                await self.bye()
        async def events(queue):
            async with Connection():
                while True:
                    yield await queue.get()
    """,
    "state by a manager of one name or of two, by contextlib or by another decorator": """
        import contextlib
        def at_once(function): ...
        @contextlib.contextmanager
        def redirected(file):
            with contextlib.redirect_stdout(file):
                yield
        @at_once
        def redirected_before(file):
            with contextlib.redirect_stdout(file):
                yield
        @contextlib.contextmanager
        def nested(levels):
            if levels:
                with nested(levels - 1):
                    yield
            else:
                yield
        async def lines(source, file):
            to_file = redirected(file)
            with to_file:
                for line in source:
                    yield line  # AGN306
        async def lines_before(source, file):
            with redirected_before(file), nested(2):
                for line in source:
                    yield line
        async def lines_perhaps(source, file, quiet):
            to_file = contextlib.redirect_stdout(file)
            if not quiet:
                to_file = contextlib.nullcontext()
            with to_file:
                for line in source:
                    yield line
    """,
    "state by a token, or places that are given back": """
        async def rows(request_id, source):
            token = request_id.set("rows")
            try:
                for row in source:
                    yield row  # AGN306
            finally:
                request_id.reset(token)
        async def places(pool, source):
            place = pool.acquire("rows")
            try:
                for row in source:
                    yield row
            finally:
                pool.release(place)
    """,
    "state that could not be set": """
        async def rows(request_id, names):
            for name in names:
                try:
                    token = request_id.set(checked(name))
                except ValueError:
                    yield "no such name"
                    token = request_id.set("nobody")
                await work()
                request_id.reset(token)
    """,
    "releases that a manager, a finally or the next turn makes": """
        async def skipped(pool):
            connection = await pool.connect()
            yield 1
            yield 2
            await connection.close()  # AGN108
        async def entered(pool):
            connection = await pool.connect()
            async with connection:
                yield 1
                yield 2
            await connection.close()
        async def guarded(lock, log):
            await lock.acquire()
            try:
                yield 1
                yield 2
            finally:
                log.write("done")
                lock.release()
        async def by_turns(lock, names):
            for name in names:
                await lock.acquire()
                lock.release()
                yield name
    """,
    "tasks that are over, given up, or in somebody's list": """
        import asyncio
        async def left(work):
            task = asyncio.create_task(work())  # AGN107
            yield 1
            yield 2
            await task
        async def in_a_set(work):
            tasks = set()
            tasks.add(asyncio.create_task(work()))  # AGN107
            yield 1
            yield 2
            await asyncio.wait(tasks)
        async def in_the_callers_set(work, tasks):
            tasks.add(asyncio.create_task(work()))
            yield 1
            yield 2
            await asyncio.wait(tasks)
        async def given_up(work):
            task = asyncio.create_task(work())
            task = None
            yield 1
            yield 2
        async def cancelled(work):
            task = asyncio.create_task(work())
            task.cancel()
            yield 1
            yield 2
        async def awaited_each(work):
            tasks = [asyncio.create_task(work()) for _ in range(3)]
            for task in tasks:
                await task
            yield 1
            yield 2
        async def for_later(work, when_done):
            task = asyncio.create_task(work())
            when_done(lambda: task.cancel())
            yield 1
            yield 2
        async def not_started(work):
            try:
                task = asyncio.create_task(work())
            except RuntimeError:
                yield 1
                yield 2
                return
            await task
            yield 3
    """,
    "releases of what was given, pushed on a stack, or cancelled before": """
        async def of_a_caller(connect, connection=None):
            if connection is None:
                connection = await connect()
            yield 1
            yield 2
            await connection.close()
        async def pushed(connect, stack):
            connection = await connect()
            stack.push_async_exit(connection)
            yield 1
            yield 2
            await connection.close()
        async def over_before(connect):
            connection = await connect()
            await connection.close()
            yield 1
            yield 2
            await connection.close()
    """,
    "tasks that nothing here ends, and calls of a loop that start none": """
        import asyncio
        async def pooled(work):
            loop = asyncio.get_running_loop()
            done = loop.run_in_executor(None, work)
            task = loop.create_task(work())  # AGN107
            yield 1
            yield 2
            await done
            await task
        async def stopped_by_another(work, register):
            task = asyncio.create_task(work())
            def stop():
                task.cancel()
            register(stop)
            yield 1
            yield 2
        async def dropped(work):
            queue = asyncio.Queue()
            asyncio.create_task(work(queue))  # AGN107
            other().cancel()
            while True:
                try:
                    yield await queue.get()
                finally:
                    await other().state.read()
    """,
    "stacks that close what needs no closing, or what is not known": """
        from contextlib import AsyncExitStack
        async def numbers():
            yield 1
            yield 2
        async def closed():
            async with AsyncExitStack() as stack:
                source = numbers()
                stack.push_async_callback(source.aclose)
                async for x in source:
                    yield x
        async def of_another(other):
            async with AsyncExitStack() as stack:
                stack.push_async_callback(other.aclose)
                async for x in numbers():
                    yield x
        async def first():
            async for x in closed():
                if x:
                    break
        async def first_of_another(other):
            async for x in of_another(other):  # AGN101
                if x:
                    break
    """,
    "what is released behind a yield was acquired there, or released before": """
        async def read_again(db):
            conn = await db.connect()
            yield 1
            yield 2
            conn = await db.connect()
            await conn.close()
        async def connect_again(db):
            conn = db.connect()
            yield 1
            yield 2
            conn = db.connect()
            conn.close()
        async def locked_again(lock):
            await lock.acquire()
            yield 1
            yield 2
            await lock.acquire()
            lock.release()
        async def released_before(lock):
            await lock.acquire()
            lock.release()
            yield 1
            yield 2
            lock.release()
        async def read(db):
            conn = await db.connect()
            yield 1
            yield 2
            await conn.close()  # AGN108
        async def let_others_in(lock, items):
            await lock.acquire()
            for item in items:
                yield item
                lock.release()  # AGN108
                await lock.acquire()
            lock.release()
    """,
    "task that a generator expression uses": """
        import asyncio
        async def whose_result_it_gives(beat):
            task = asyncio.create_task(beat())
            last = (await task for _ in range(1))
            yield last
            yield 2
        async def handed_on_with_it(beat, keep):
            task = asyncio.create_task(beat())
            keep(await task for _ in range(1))
            yield 1
            yield 2
        async def left_alone(beat, keep):
            task = asyncio.create_task(beat())  # AGN107
            keep(await each for each in [beat])
            yield 1
            yield 2
    """,
    "context variables that are set back to what they had": """
        from contextvars import ContextVar
        depth = ContextVar("depth", default=0)
        limit = ContextVar("limit", default=0)
        async def set_back(items):
            before = depth.get()
            depth.set(before + 1)
            try:
                for item in items:
                    yield item  # AGN306
            finally:
                depth.set(before)
        async def of_another(items):
            before = limit.get()
            depth.set(before + 1)
            for item in items:
                yield item
            depth.set(before)
        async def perhaps_of_another(items, nested):
            before = depth.get()
            if nested:
                before = limit.get()
            depth.set(before + 1)
            for item in items:
                yield item
            depth.set(before)
        async def set_on(items):
            before = depth.get()
            for item in items:
                yield item
                depth.set(before + 1)
        async def set_back_before(items):
            before = depth.get()
            depth.set(before + 1)
            depth.set(before)
            for item in items:
                yield item
        async def of_a_parameter(items, depth):
            before = depth.get()
            depth.set(before + 1)
            for item in items:
                yield item
            depth.set(before)
    """,
    "task that is cancelled unless it is done, at any exception": """
        import asyncio
        async def events(work):
            task = asyncio.create_task(work())
            try:
                yield 1
                yield 2
                await task
            except BaseException:
                if not task.done():
                    task.cancel()
                raise
        async def events_of_another(work, other):
            task = asyncio.create_task(work())  # AGN107
            try:
                yield 1
                yield 2
                await task
            except BaseException:
                if not other.done():
                    task.cancel()  # AGN108
                raise
    """,
}


# Odd input on which a rule once failed: an internal error would be reported, and nothing is.
ODD = {
    "names and types that are one another": """
        import asyncio
        from contextlib import aclosing
        one = two
        two = one
        Rows = list[Lines]
        Lines = list[Rows]
        async def closes():
            async with aclosing(one):
                asyncio.create_task(one.aclose())
            return bool(one)
        async def passed(source: Rows):
            one = two
            two = one
            async for each in two:
                yield each
            async for each in source:
                yield each
    """,
    "task of nothing": """
        import asyncio
        async def f():
            task = asyncio.ensure_future()
            yield 1
            await task
    """,
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


STRICT = {
    "an exit that is swallowed with an effect, or raised again later": """
        class Feed:
            async def rows(self):
                try:
                    yield 1
                    yield 2
                except GeneratorExit:  # AGN401
                    pass
                self.is_complete = True
            async def rows_left(self):
                left = None
                try:
                    yield 1
                    yield 2
                except GeneratorExit as error:
                    left = error
                self.is_complete = left is None
                raise left or EOFError
            async def rows_awaited(self):
                try:
                    yield 1
                    yield 2
                except GeneratorExit:
                    pass
                await self.ready
    """,
    "batches that are emptied, replaced, or emptied when left": """
        async def batches(source):
            batch = []
            for item in source:
                batch.append(item)
                yield batch  # AGN309
                batch.clear()
        async def deleted(source):
            batch = []
            for item in source:
                batch.append(item)
                yield batch  # AGN309
                del batch[:]
        async def left(source):
            batch = []
            for item in source:
                batch.append(item)
            try:
                yield batch
                yield batch
            except GeneratorExit:
                batch.clear()
                raise
        async def given(source, batch=None):
            if batch is None:
                batch = []
            for item in source:
                batch.append(item)
                yield batch
                batch.clear()
        class Reader:
            def __init__(self):
                self.batch = []
            async def batches(self, source):
                for item in source:
                    self.batch.append(item)
                    yield self.batch  # AGN309
                    self.batch.clear()
            async def replaced(self, source):
                for item in source:
                    self.batch.append(item)
                    yield self.batch
                    self.batch = []
                    self.batch.clear()
    """,
    "two yields in one busy loop": """
        async def ticks():
            while True:
                yield "tick"  # AGN311
                yield "tock"
    """,
    "answers that are asked for again": """
        import asyncio
        async def answers(model):
            while True:
                try:
                    async for word in model.answer():
                        yield word  # AGN310
                        print(word)
                    return
                except OSError:
                    await asyncio.sleep(1)
        async def acknowledged(model):
            while True:
                try:
                    async for word in model.answer():
                        yield word
                        acknowledge(word)
                    return
                except OSError:
                    await asyncio.sleep(1)
        async def of_one(model):
            source = model.answer()
            while True:
                try:
                    async for word in model.source:
                        yield word
                    return
                except OSError:
                    await asyncio.sleep(1)
        class Reader:
            async def from_position(self, model):
                while True:
                    try:
                        async for word in model.answer():
                            yield word
                            self.position = word
                        return
                    except OSError:
                        await asyncio.sleep(1)
        async def first(model):
            while True:
                try:
                    async for word in model.answer():
                        yield word
                        return
                except OSError:
                    await asyncio.sleep(1)
        async def uncancelled(model):
            while True:
                try:
                    async for word in model.answer():
                        yield word
                    return
                except asyncio.CancelledError:
                    await asyncio.sleep(1)
                    raise
    """,
    "what an unstarted generator would release, or not": """
        async def read(connection):
            try:
                yield connection
            finally:
                await connection.close()
        async def told(connection):
            try:
                yield connection
            finally:
                connection.note("end")
        async def locked(connection, lock):
            async with lock():
                yield connection
        async def started(pool):
            connection = await pool.acquire()
            return read(connection)  # AGN106
        async def only_told(pool):
            connection = await pool.acquire()
            return told(connection)
        async def only_locked(pool, lock):
            connection = await pool.acquire()
            return locked(connection, lock)
        async def one_of_two(pool, other):
            connection = other.connection
            if connection is None:
                connection = await pool.acquire()
            return read(connection)
    """,
    "streams made of what is one's own, or another's, or sync": """
        class Client:
            async def aclose(self):
                await self.leave()
        class News:
            def __init__(self, client):
                self.client = client
            def __aiter__(self):
                return self
            async def __anext__(self):
                return await self.client.receive()
            async def aclose(self):
                await self.client.aclose()
        class Rows:
            def __iter__(self):
                return iter([1])
            def close(self):
                self.leave()
        class Reader:
            async def own(self):
                async for each in News(Client()):  # AGN109
                    yield each
            async def shared(self):
                async for each in News(self.client):
                    yield each
            async def rows(self):
                for each in Rows():
                    yield each
    """,
    "what is not acquired here, or not given to a generator": """
        import contextlib
        async def read(connection):
            try:
                yield connection
            finally:
                await connection.close()
        async def read_second(other, connection):
            try:
                yield connection
            finally:
                await connection.close()
        def made_of(connection, name):
            return read_second(name, connection)
        def read_sync(connection):
            try:
                yield 1
            finally:
                connection.close()
        @contextlib.asynccontextmanager
        async def lent(connection):
            try:
                yield connection
            finally:
                await connection.close()
        async def second(pool, name):
            connection = await pool.acquire()
            return read_second(name, connection)  # AGN106
        async def made(pool, name):
            connection = await pool.acquire()
            return made_of(name, connection)
        async def sync(pool):
            connection = await pool.acquire()
            return read_sync(connection)
        async def to_enter(pool):
            connection = await pool.acquire()
            return lent(connection)
        async def replaced(pool, other):
            connection = await pool.acquire()
            if other:
                connection = other.connection
            return read(connection)
        async def shared(pool):
            connection = await pool.shared
            return read(connection)
        def opened(path):
            file = open(path)
            return read(file)  # AGN106
        def opened_before_a_yield(path):
            file = open(path)
            yield
            return read(file)
        def entered(path):
            with open(path) as file:
                return read(file)  # AGN605
    """,
    "streams that are made, kept, cached, or cannot be closed": """
        import functools
        from elsewhere import Unknown
        class News:
            def __init__(self, client):
                self.client = client
            def __aiter__(self):
                return self
            async def __anext__(self):
                return await self.client.receive()
            async def aclose(self):
                await self.leave()
        class Shared(Unknown):
            def __aiter__(self):
                return self
            async def aclose(self):
                await self.leave()
        class Generating:
            def __aiter__(self):
                return self
            async def aclose(self):
                yield await self.leave()
        class NoFunction:
            def __aiter__(self):
                return self
            aclose = staticmethod(print)
            def close(self):
                self.leave()
        async def later(client):
            return News(client)
        def kept(client) -> News:
            return client.news
        @functools.cache
        def cached(client):
            return News(client)
        async def of_class(client):
            async for each in News(client):  # AGN109
                yield each
        async def of_function(client):
            async for each in await later(client):  # AGN109
                yield each
        async def of_kept(client):
            async for each in kept(client):
                yield each
        async def of_cached(client):
            async for each in cached(client):
                yield each
        async def of_unknown():
            async for each in Shared():
                yield each
        async def of_generating():
            async for each in Generating():
                yield each
        async def of_no_function():
            async for each in NoFunction():  # AGN109
                yield each
    """,
    "sources that are gone on with, left after one item, or cancelled": """
        import asyncio
        async def anew(model):
            while True:
                source = model.answer()
                try:
                    async for word in source:
                        yield word  # AGN310
                    return
                except OSError:
                    await asyncio.sleep(1)
        async def subscription(model):
            while True:
                try:
                    async for word in model.news():
                        yield word
                except OSError:
                    await asyncio.sleep(1)
        async def first(model):
            while True:
                try:
                    async for word in model.answer():
                        yield word
                        print(model.name)
                        break
                    return
                except OSError:
                    await asyncio.sleep(1)
        async def cancelled(model):
            while True:
                try:
                    async for word in model.answer():
                        yield word
                    return
                except asyncio.CancelledError:  # AGN402
                    await asyncio.sleep(1)
    """,
    "a source that a generator gets, or a function gives back": """
        from collections.abc import AsyncIterator
        def given_back(source):
            return source
        def yielded(source):
            yield 1
            return source
        async def of_given_back(source: AsyncIterator[int]):
            async for each in given_back(source):  # AGN103
                yield each
                yield each
        async def of_yielded(source: AsyncIterator[int]):
            async for each in yielded(source):  # AGN510
                yield each
                yield each
    """,
    "generators inside managers of a library": """
        async def rows(db):
            try:
                yield 1
                yield 2
            finally:
                db.close()
        async def closed(db, library):
            async with library.closing(rows(db)):
                yield 1
                yield 2
        async def held(db, library):
            async with library.opened(db):
                yield 1  # AGN305
                yield 2  # AGN305
    """,
    "cleanup that awaits in a function of its own, or what gives no coroutine": """
        import trio
        async def rows(db):
            try:
                yield 1
                yield 2
            finally:
                await db.close()  # AGN209
        async def nested(db):
            try:
                yield 1
                yield 2
            finally:
                async def left():
                    await db.close()
                db.leave(left)
        def later(db):
            return db.close()
        async def of_plain(db):
            try:
                yield 1
                yield 2
            finally:
                await later(db)
        async def again(db):
            await again(db)
        async def of_itself(db):
            try:
                yield 1
                yield 2
            finally:
                await again(db)
    """,
    "what an unstarted generator releases is what it was given": """
        from contextlib import aclosing, closing
        async def reading(connection):
            async with aclosing(connection):
                yield connection
        async def logging(connection, log):
            with closing(log), opened(connection):
                yield connection
        async def read(pool):
            connection = await pool.connect()
            return reading(connection)  # AGN106
        async def log(pool, logs):
            connection = await pool.connect()
            return logging(connection, logs)
    """,
}


@pytest.mark.parametrize("name", STRICT)
def test_strict_tier_reports_exactly_the_marked_lines(name: str) -> None:
    assert_marked(STRICT[name], strict=True)
