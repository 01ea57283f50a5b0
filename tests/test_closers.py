"""What closes a generator, told by what it does: home-made managers, helpers, stacks, resources.

Each form stands beside one that looks like it and does not close.
"""

from __future__ import annotations

import textwrap

import pytest
from marked import ROWS, assert_marked

HELPERS = {
    "helper getattr": """
        async def safe_close(gen):
            aclose = getattr(gen, "aclose", None)
            if aclose is not None:
                await aclose()
    """,
    "helper getattribute callable": """
        async def safe_close(gen):
            aclose = getattr(gen, "aclose", None)
            if callable(aclose):
                await aclose()
    """,
    "helper walrus getattr": """
        async def safe_close(gen):
            if aclose := getattr(gen, "aclose", None):
                await aclose()
    """,
    "helper hasattr": """
        async def safe_close(gen):
            if hasattr(gen, "aclose"):
                await gen.aclose()
    """,
    "helper try except": """
        async def safe_close(gen):
            try:
                await gen.aclose()
            except Exception:
                print("failed")
    """,
    "helper suppress": """
        async def safe_close(gen):
            with suppress(RuntimeError):
                await gen.aclose()
    """,
    "helper none test": """
        async def safe_close(gen):
            if gen is None:
                return
            await gen.aclose()
    """,
    "helper isinstance": """
        async def safe_close(gen):
            if isinstance(gen, AsyncGenerator):
                await gen.aclose()
    """,
    "helper inspect.isasyncgen": """
        async def safe_close(gen):
            if inspect.isasyncgen(gen):
                await gen.aclose()
    """,
}
"""Functions `safe_close` that close the generator they get."""

CASES = {
    "home-made closing class without as": """
        async def f(db):
            gen = rows(db)
            async with Closing(gen):
                async for row in gen:
                    return row
    """,
    "home-made manager without as": """
        async def f(db):
            gen = rows(db)
            async with closing_it(gen):
                async for row in gen:
                    return row
    """,
    "manager that does not close": """
        @asynccontextmanager
        async def logging_it(gen):
            print("begin")
            try:
                yield gen
            finally:
                print("end")
        async def f(db):
            gen = rows(db)
            async with logging_it(gen) as it:
                async for row in gen:
                    return row
    """,
    "manager method closes": """
        class Tools:
            @asynccontextmanager
            async def closing(self, gen):
                try:
                    yield gen
                finally:
                    await gen.aclose()
            async def f(self, db):
                async with self.closing(rows(db)) as gen:
                    async for row in gen:
                        return row
    """,
    "manager via aclosing inside": """
        @asynccontextmanager
        async def safe(gen):
            async with aclosing(gen) as inner:
                yield inner
        async def f(db):
            async with safe(rows(db)) as gen:
                async for row in gen:
                    return row
    """,
    "manager that creates and closes": """
        @asynccontextmanager
        async def open_rows(db):
            gen = rows(db)
            try:
                yield gen
            finally:
                await gen.aclose()
        async def f(db):
            async with open_rows(db) as gen:
                async for row in gen:
                    return row
    """,
    "manager with suppress": """
        @asynccontextmanager
        async def safe(gen):
            try:
                yield gen
            finally:
                with suppress(Exception):
                    await gen.aclose()
        async def f(db):
            async with safe(rows(db)) as gen:
                async for row in gen:
                    return row
    """,
    "closing class by getattr": """
        class Safe:
            def __init__(self, gen):
                self.gen = gen
            async def __aenter__(self):
                return self.gen
            async def __aexit__(self, *exc):
                close = getattr(self.gen, "aclose", None)
                if close is not None:
                    await close()
        async def f(db):
            async with Safe(rows(db)) as gen:
                async for row in gen:
                    return row
    """,
    "closing class through a method": """
        class Safe:
            def __init__(self, gen):
                self.gen = gen
            async def __aenter__(self):
                return self.gen
            async def __aexit__(self, *exc):
                await self.close()
            async def close(self):
                await self.gen.aclose()
        async def f(db):
            async with Safe(rows(db)) as gen:
                async for row in gen:
                    return row
    """,
    "closing class that iterates itself": """
        class Safe:
            def __init__(self, gen):
                self.gen = gen
            async def __aenter__(self):
                return self
            def __aiter__(self):
                return self
            async def __anext__(self):
                return await self.gen.__anext__()
            async def __aexit__(self, *exc):
                await self.gen.aclose()
        async def f(db):
            async with Safe(rows(db)) as safe:
                async for row in safe:
                    return row
    """,
    "subclass of aclosing": """
        class Mine(aclosing):
            pass
        async def f(db):
            async with Mine(rows(db)) as gen:
                async for row in gen:
                    return row
    """,
    "class that does not close": """
        class Span:
            def __init__(self, gen):
                self.gen = gen
            async def __aenter__(self):
                return self.gen
            async def __aexit__(self, *exc):
                print("end")
        async def f(db):
            gen = rows(db)
            async with Span(gen):
                async for row in gen:
                    return row
    """,
    "helper of varargs": """
        async def close_all(*gens):
            for gen in gens:
                await gen.aclose()
        async def f(db):
            one, two = rows(db), rows(db)
            try:
                async for row in one:
                    break
                async for row in two:
                    break
            finally:
                await close_all(one, two)
    """,
    "helper of list": """
        async def close_all(gens):
            for gen in reversed(gens):
                await gen.aclose()
        async def f(db):
            layers = [rows(db)]
            layers.append(rows(db))
            try:
                async for row in layers[-1]:
                    break
            finally:
                await close_all(layers)
    """,
    "layers closed in reverse here": """
        async def f(db):
            one = rows(db)
            two = rows(one)
            try:
                async for row in two:
                    break
            finally:
                for each in reversed([one, two]):
                    await each.aclose()
    """,
    "tuple of layers": """
        async def f(db):
            one, two = rows(db), rows(db)
            try:
                async for row in two:
                    break
                async for row in one:
                    break
            finally:
                for each in (one, two):
                    await each.aclose()
    """,
    "helper on branch only": """
        async def maybe_close(gen, really):
            if really:
                await gen.aclose()
        async def f(db):
            gen = rows(db)
            async for row in gen:
                break
            await maybe_close(gen, True)
    """,
    "helper calls helper": """
        async def outer_close(gen):
            await close_it(gen)
        async def f(db):
            gen = rows(db)
            try:
                async for row in gen:
                    return row
            finally:
                await outer_close(gen)
    """,
    "helper returns awaitable": """
        def closing_of(gen):
            return gen.aclose()
        async def f(db):
            gen = rows(db)
            try:
                async for row in gen:
                    return row
            finally:
                await closing_of(gen)
    """,
    "bound method alias called on exit": """
        async def f(db):
            gen = rows(db)
            close = gen.aclose
            async for row in gen:
                break
            await close()
    """,
    "bound method alias not called": """
        async def f(db):
            gen = rows(db)
            close = gen.aclose
            async for row in gen:  # AGN101
                break
            print(close)
    """,
    "alias of alias": """
        async def f(db):
            gen = rows(db)
            close = gen.aclose
            finish = close
            async for row in gen:
                break
            await finish()
    """,
    "class call AsyncGenerator.aclose": """
        async def f(db):
            gen = rows(db)
            async for row in gen:
                break
            await AsyncGenerator.aclose(gen)
    """,
    "stack push_async_exit": """
        async def f(db):
            async with AsyncExitStack() as stack:
                gen = rows(db)
                stack.push_async_exit(aclosing(gen))
                async for row in gen:
                    return row
    """,
    "stack push_async_exit function": """
        async def f(db):
            async with AsyncExitStack() as stack:
                gen = rows(db)
                async def end(*exc):
                    await gen.aclose()
                stack.push_async_exit(end)
                async for row in gen:
                    return row
    """,
    "stack push_async_callback helper": """
        async def f(db):
            async with AsyncExitStack() as stack:
                gen = rows(db)
                stack.push_async_callback(close_it, gen)
                async for row in gen:
                    return row
    """,
    "stack enter closing class": """
        async def f(db):
            async with AsyncExitStack() as stack:
                gen = await stack.enter_async_context(Closing(rows(db)))
                async for row in gen:
                    return row
    """,
    "stack enter home made": """
        async def f(db):
            async with AsyncExitStack() as stack:
                gen = await stack.enter_async_context(closing_it(rows(db)))
                async for row in gen:
                    return row
    """,
    "exit stack of the object": """
        class C:
            async def f(self, db):
                gen = await self.stack.enter_async_context(aclosing(rows(db)))
                async for row in gen:
                    return row
    """,
    "stack aclose by hand": """
        async def f(db):
            stack = AsyncExitStack()
            gen = rows(db)
            stack.push_async_callback(gen.aclose)
            try:
                async for row in gen:
                    return row
            finally:
                await stack.aclose()
    """,
    "stack without the generator": """
        async def f(db):
            async with AsyncExitStack() as stack:
                stack.push_async_callback(print)
                async for row in rows(db):  # AGN101
                    return row
    """,
    "response closed in finally": """
        async def f(response):
            try:
                async for row in rows(response):
                    return row
            finally:
                await response.aclose()
    """,
    "self.conn closed": """
        class C:
            async def f(self):
                try:
                    async for row in rows(self.conn):
                        return row
                finally:
                    await self.conn.aclose()
    """,
    "self.conn closed, method of it": """
        class Conn:
            async def rows(self):
                async with self.lock:
                    yield 1
            async def aclose(self):
                await self.lock.release()
        class C:
            def __init__(self):
                self.conn = Conn()
            async def f(self):
                try:
                    async for row in self.conn.rows():
                        return row
                finally:
                    await self.conn.aclose()
    """,
    "self.conn not closed": """
        class Conn:
            async def rows(self):
                async with self.lock:
                    yield 1
            async def aclose(self):
                await self.lock.release()
        class C:
            def __init__(self):
                self.conn = Conn()
                self.other = Conn()
            async def f(self):
                try:
                    async for row in self.conn.rows():  # AGN101
                        return row
                finally:
                    await self.other.aclose()
    """,
    "resource of an enclosing async with": """
        async def f(connect):
            async with connect() as conn:
                async for row in rows(conn):
                    return row
    """,
    "resource by module call in async with": """
        class Conn:
            async def __aenter__(self):
                return self
            async def __aexit__(self, *exc):
                await self.release()
            async def rows(self):
                async with self.lock:
                    yield 1
        async def f():
            async with Conn() as conn:
                async for row in conn.rows():  # AGN101
                    return row
    """,
    "enclosing async with of something else": """
        async def f(db, lock):
            async with lock as held:
                async for row in rows(db):  # AGN101
                    return row
    """,
    "resource entered by name": """
        async def f(conn):
            async with conn:
                async for row in rows(conn):
                    return row
    """,
    "with closing resource": """
        async def f(db):
            async with aclosing(db) as conn:
                async for row in rows(conn):
                    return row
    """,
    "sync with resource": """
        async def f(path):
            with open(path) as file:
                async for row in rows(file):
                    return row
    """,
    "handler for cancelled and exit, break too": """
        async def f(db):
            gen = rows(db)
            try:
                async for row in gen:
                    yield row
            except GeneratorExit:
                await gen.aclose()
                raise
    """,
    "handler base exception": """
        async def f(db):
            gen = rows(db)
            try:
                async for row in gen:
                    yield row
            except BaseException:
                await gen.aclose()
                raise
    """,
    "handler for ordinary exception only": """
        async def f(db):
            gen = rows(db)
            try:
                async for row in gen:  # AGN103
                    yield row
            except Exception:
                await gen.aclose()
                raise
    """,
    "what is entered, and what of it is left to clean up": """
        class Connection:
            async def closing(self):
                try:
                    yield 1
                finally:
                    await self.aclose()
            async def closing_a_part(self):
                async with aclosing(self.socket):
                    yield 1
            async def of_another(self):
                async with aclosing(self.closing()) as inner:
                    async for each in inner:
                        yield each
            async def locked(self):
                async with self.lock:
                    yield 1
            async def closing_and_locked(self):
                try:
                    async with self.lock:
                        yield 1
                finally:
                    await self.aclose()
            async def of_a_locked_one(self):
                async with aclosing(self.locked()) as inner:
                    async for each in inner:
                        yield each
            async def aclose(self):
                await self.socket.aclose()
            async def __aenter__(self):
                return self
            async def __aexit__(self, *exc):
                await self.aclose()
        async def f():
            async with Connection() as connection:
                async for each in connection.closing():
                    break
                async for each in connection.closing_a_part():
                    break
                async for each in connection.of_another():
                    break
                async for each in (each async for each in connection.closing()):
                    break
                async for each in connection.locked():  # AGN101
                    break
                async for each in connection.closing_and_locked():  # AGN101
                    break
                async for each in connection.of_a_locked_one():  # AGN101
                    break
        async def passed_on():
            async with Connection() as connection:
                async for each in connection.closing():
                    yield each
            async with Connection() as connection:
                async for each in connection.locked():  # AGN103
                    yield each
        async def made_before(connection: Connection):
            async for each in connection.closing():  # AGN101
                break
            async with connection:
                pass
    """,
    "what is entered on a stack": """
        async def f(stack, connect):
            db = await stack.enter_async_context(connect())
            async for row in rows(db):
                return row
        async def at_once(stack, connect):
            db = connect()
            stack.push_async_callback(db.aclose)
            async for row in rows(db):
                return row
        async def another(stack, connect, db):
            other = await stack.enter_async_context(connect())
            async for row in rows(db):  # AGN101
                return row, other
    """,
    "managers that close nothing": """
        async def f(db):
            async with nullcontext(db) as same:
                async for row in rows(same):  # AGN101
                    return row
    """,
    "pair of what is entered": """
        async def f(connect):
            async with connect() as (db, log):
                async for row in rows(db):
                    return row, log
    """,
    "recursion over what is entered": """
        async def walk(db):
            async with db:
                yield 1
                async for each in walk(db):
                    yield each
        async def f(connect):
            async with connect() as db:
                async for each in walk(db):
                    break
            async for each in walk(connect):  # AGN101
                break
    """,
}


CLOSED_BY_HELPER = """
async def f(db):
    gen = rows(db)
    try:
        async for row in gen:
            return row
    finally:
        await safe_close(gen)
"""


@pytest.mark.parametrize("name", HELPERS)
def test_a_helper_closes(name: str) -> None:
    assert_marked(ROWS + textwrap.dedent(HELPERS[name]) + CLOSED_BY_HELPER)


@pytest.mark.parametrize("name", CASES)
def test_reports_exactly_the_marked_lines(name: str) -> None:
    assert_marked(CASES[name], after=ROWS)
