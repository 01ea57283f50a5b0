"""Who owns a generator, and is it closed on every path: small functions, each with its verdict.

A case is a function over `rows(db)`, an async generator that needs closing; a line marked
`# AGN101` must be reported, and no other line.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from marked import ROWS, assert_marked

CASES = {
    "forgotten in a loop that has turns": """
        async def f(db):
            gen = rows(db)
            for _ in range(2):
                del gen
                break
            return await anext(gen)
    """,
    "forgotten in a loop that may have none": """
        async def f(db, count):
            gen = rows(db)
            for _ in range(count):
                del gen
                break
            return await anext(gen)  # AGN104
    """,
    "readers of a connection that call each other": """
        async def one(conn):
            async for row in other(conn):  # AGN103
                yield row
            async for row in locked(conn):  # AGN103
                yield row
        async def other(conn):
            async for row in one(conn):  # AGN103
                yield row
        async def locked(conn):
            async with lock:
                yield conn
        async def first(connect):
            async with connect() as conn:
                async for row in one(conn):  # AGN101
                    return row
        async def second(connect):
            async with connect() as conn:
                async for row in other(conn):  # AGN101
                    return row
    """,
    "break": """
        async def f(db):
            async for row in rows(db):  # AGN101
                break
    """,
    "continue only": """
        async def f(db):
            async for row in rows(db):
                continue
    """,
    "no cleanup": """
        async def f(db):
            async for row in plain(db):
                break
    """,
    "exhausted name": """
        async def f(db):
            gen = rows(db)
            async for row in gen:
                print(row)
    """,
    "through a plain function": """
        async def f(db):
            async for row in make(db):  # AGN101
                return 1
    """,
    "through a coroutine": """
        async def f(db):
            async for row in await make_later(db):  # AGN101
                return 1
    """,
    "aclosing": """
        async def f(db):
            async with aclosing(rows(db)) as gen:
                async for row in gen:
                    return row
    """,
    "aclosing of a name": """
        async def f(db):
            gen = rows(db)
            async with aclosing(gen):
                async for row in gen:
                    return row
    """,
    "aclosing by module": """
        async def f(db):
            async with contextlib.aclosing(rows(db)) as gen:
                async for row in gen:
                    return row
    """,
    "aclosing made before": """
        async def f(db):
            manager = aclosing(rows(db))
            async with manager as gen:
                async for row in gen:
                    return row
    """,
    "home-made closing class": """
        async def f(db):
            async with Closing(rows(db)) as gen:
                async for row in gen:
                    return row
    """,
    "home-made closing manager": """
        async def f(db):
            async with closing_it(rows(db)) as gen:
                async for row in gen:
                    return row
    """,
    "exit stack with aclosing": """
        async def f(db):
            async with AsyncExitStack() as stack:
                gen = await stack.enter_async_context(aclosing(rows(db)))
                async for row in gen:
                    return row
    """,
    "exit stack with callback": """
        async def f(db):
            async with AsyncExitStack() as stack:
                gen = rows(db)
                stack.push_async_callback(gen.aclose)
                async for row in gen:
                    return row
    """,
    "finally aclose": """
        async def f(db):
            gen = rows(db)
            try:
                async for row in gen:
                    return row
            finally:
                await gen.aclose()
    """,
    "finally aclose if not none": """
        async def f(db):
            gen = None
            try:
                gen = rows(db)
                async for row in gen:
                    return row
            finally:
                if gen is not None:
                    await gen.aclose()
    """,
    "finally aclose if true": """
        async def f(db):
            gen = rows(db)
            try:
                async for row in gen:
                    return row
            finally:
                if gen:
                    await gen.aclose()
    """,
    "methods that a metaclass wraps": """
        class Wrapping(type):
            def __new__(cls, name, bases, namespace):
                for key, value in namespace.items():
                    namespace[key] = kept(value)
                return super().__new__(cls, name, bases, namespace)
        class Naming(type):
            def __new__(cls, name, bases, namespace):
                return super().__new__(cls, name.title(), bases, namespace)
        class Server(metaclass=Wrapping):
            async def __call__(self, db):
                try:
                    yield 1
                finally:
                    await db.close()
        class Sub(Server):
            pass
        class Named(metaclass=Naming):
            async def __call__(self, db):
                try:
                    yield 1
                finally:
                    await db.close()
        async def f(db):
            async for row in Server()(db):
                break
            async for row in Sub()(db):
                break
            async for row in Named()(db):  # AGN101
                break
    """,
    "finally aclose if it has one": """
        async def f(db):
            gen = rows(db)
            try:
                async for row in gen:
                    return row
            finally:
                if hasattr(gen, "aclose"):
                    await gen.aclose()
    """,
    "finally aclose by getattr": """
        async def f(db):
            gen = rows(db)
            try:
                async for row in gen:
                    return row
            finally:
                close = getattr(gen, "aclose", None)
                if close is not None:
                    await close()
    """,
    "finally aclose by isinstance": """
        async def f(db):
            gen = rows(db)
            try:
                async for row in gen:
                    return row
            finally:
                if isinstance(gen, AsyncGenerator):
                    await gen.aclose()
    """,
    "bound method alias": """
        async def f(db):
            gen = rows(db)
            close = gen.aclose
            try:
                async for row in gen:
                    return row
            finally:
                await close()
    """,
    "aclose before break": """
        async def f(db):
            gen = rows(db)
            async for row in gen:
                if row:
                    await gen.aclose()
                    break
    """,
    "aclose right after": """
        async def f(db):
            gen = rows(db)
            async for row in gen:
                break
            await gen.aclose()
    """,
    "aclose on one branch only": """
        async def f(db, really):
            gen = rows(db)
            async for row in gen:  # AGN101
                break
            if really:
                await gen.aclose()
    """,
    "closed by a helper": """
        async def f(db):
            gen = rows(db)
            async for row in gen:
                break
            await close_it(gen)
    """,
    "two closed by a helper": """
        async def f(db):
            one, other = rows(db), rows(db)
            async for row in one:
                break
            async for row in other:
                break
            await close_both(one, other)  # AGN202
    """,
    "drained by a helper": """
        async def f(db):
            gen = rows(db)
            async for row in gen:
                break
            await drain(gen)
    """,
    "only looked at by a helper": """
        async def f(db):
            gen = rows(db)
            look_at(gen)
            async for row in gen:  # AGN101
                break
    """,
    "kept by a helper": """
        async def f(db):
            gen = rows(db)
            keep(gen)
            async for row in gen:
                break
    """,
    "handed to an unknown callee": """
        async def f(db, consume):
            gen = rows(db)
            async for row in gen:
                break
            await consume(gen)
    """,
    "returned": """
        async def f(db):
            gen = rows(db)
            async for row in gen:
                break
            return gen
    """,
    "yielded": """
        async def f(db):
            gen = rows(db)
            async for row in gen:
                break
            yield gen
    """,
    "stored on an attribute": """
        class C:
            async def f(self, db):
                self.gen = rows(db)
                async for row in self.gen:
                    break
    """,
    "stored after the loop": """
        class C:
            async def f(self, db):
                gen = rows(db)
                async for row in gen:
                    break
                self.gen = gen
    """,
    "in a list": """
        async def f(db):
            gens = [rows(db), rows(db)]
            for gen in gens:
                async for row in gen:
                    break
    """,
    "captured by a nested function": """
        async def f(db):
            gen = rows(db)
            async def step():
                return await anext(gen)
            return await step()
    """,
    "captured by a lambda": """
        async def f(db):
            gen = rows(db)
            step = lambda: gen.__anext__()
            return await step()
    """,
    "header then rest": """
        async def f(db):
            gen = rows(db)
            async for header in gen:
                break
            async for row in gen:
                print(row)
    """,
    "header by anext then rest": """
        async def f(db):
            gen = rows(db)
            header = await anext(gen)
            return [row async for row in gen]
    """,
    "header then early exit from the rest": """
        async def f(db):
            gen = rows(db)
            header = await anext(gen)
            async for row in gen:  # AGN101
                return header, row
    """,
    "parameter": """
        async def f(gen: AsyncGenerator[int, None]):
            async for row in gen:
                break
    """,
    "attribute": """
        class C:
            def __aiter__(self):
                return self
            async def __anext__(self):
                async for row in self.stream:
                    return row
                raise StopAsyncIteration
    """,
    "inner loop only": """
        async def f(db):
            async for row in rows(db):
                for item in row:
                    break
    """,
    "raise caught inside": """
        async def f(db):
            async for row in rows(db):
                try:
                    raise ValueError
                except ValueError:
                    pass
    """,
    "raise caught outside": """
        async def f(db):
            try:
                async for row in rows(db):  # AGN101
                    raise ValueError
            except ValueError:
                pass
    """,
    "rebound": """
        async def f(db):
            gen = rows(db)
            async for row in gen:  # AGN101
                break
            gen = None
            return gen
    """,
    "deleted": """
        async def f(db):
            gen = rows(db)
            async for row in gen:  # AGN101
                break
            del gen
    """,
    "made in each turn": """
        async def f(dbs):
            for db in dbs:
                gen = rows(db)
                async for row in gen:  # AGN101
                    break
    """,
    "made and closed in each turn": """
        async def f(dbs):
            for db in dbs:
                gen = rows(db)
                async for row in gen:
                    break
                await gen.aclose()
    """,
    "alias closed": """
        async def f(db):
            gen = rows(db)
            other = gen
            async for row in gen:
                break
            await other.aclose()
    """,
    "one of two": """
        async def f(db, flag):
            gen = rows(db) if flag else plain(db)
            async for row in gen:  # AGN101
                break
    """,
    "walrus": """
        async def f(db):
            async for row in (gen := rows(db)):  # AGN101
                break
            return 1
    """,
    "walrus closed": """
        async def f(db):
            async for row in (gen := rows(db)):
                break
            await gen.aclose()
    """,
    "match": """
        async def f(db):
            async for row in rows(db):  # AGN101
                match row:
                    case 1:
                        return row
                    case _:
                        pass
    """,
    "while with anext": """
        async def f(db):
            gen = rows(db)
            while True:
                row = await anext(gen)  # AGN104
                if row:
                    break
    """,
    "while with anext to the end": """
        async def f(db):
            gen = rows(db)
            while True:
                try:
                    row = await anext(gen)
                except StopAsyncIteration:
                    break
                print(row)
    """,
    "sentinel loop": """
        async def f(db):
            gen = rows(db)
            while (row := await anext(gen, None)) is not None:
                print(row)
    """,
    "sentinel by name": """
        END = object()
        class Reader:
            END = object()
            async def read(self, db):
                gen = rows(db)
                while True:
                    row = await anext(gen, self.END)
                    if row is self.END:
                        return
                    print(row)
        async def walrus(db):
            gen = rows(db)
            while (row := await anext(gen, END)) is not END:
                print(row)
        async def local(db):
            end = object()
            gen = rows(db)
            while True:
                row = await asyncio.wait_for(anext(gen, end), 1)
                if row == end:
                    break
                print(row)
        async def equal(db):
            gen = rows(db)
            while True:
                row = await anext(gen, None)
                if row == None:
                    break
        async def stops_early(db):
            gen = rows(db)
            while (row := await anext(gen, END)) is not END:  # AGN104
                if row:
                    break
        async def another(db, last):
            gen = rows(db)
            while (row := await anext(gen, END)) is not last:  # AGN104
                print(row)
    """,
    "anext in wait_for": """
        async def f(db):
            gen = rows(db)
            return await asyncio.wait_for(anext(gen), 1)  # AGN104
    """,
    "anext of aiter": """
        async def f(db):
            gen = aiter(rows(db))
            return await gen.__anext__()  # AGN104
    """,
    "asend to a generator that is closed": """
        async def f(db):
            gen = rows(db)
            try:
                await gen.asend(None)
                await gen.asend(1)
            finally:
                await gen.aclose()
    """,
    "delegation": """
        async def f(db):
            async for row in rows(db):  # AGN103
                yield row
    """,
    "delegation to a name": """
        async def f(db):
            gen = rows(db)
            async for row in gen:  # AGN103
                yield row
    """,
    "delegation under aclosing": """
        async def f(db):
            async with aclosing(rows(db)) as gen:
                async for row in gen:
                    yield row
    """,
    "delegation with finally": """
        async def f(db):
            gen = rows(db)
            try:
                async for row in gen:
                    yield row
            finally:
                await gen.aclose()
    """,
    "delegation, closed by a handler that raises": """
        async def f(db):
            gen = rows(db)
            try:
                async for row in gen:
                    yield row
            except (asyncio.CancelledError, GeneratorExit):
                await gen.aclose()
                raise
    """,
    "delegation, drained first": """
        async def f(db):
            for row in [row async for row in rows(db)]:
                yield row
    """,
    "delegation to what has no cleanup": """
        async def f(db):
            async for row in plain(db):
                yield row
    """,
    "delegation of a delegation": """
        async def g(db):
            async with aclosing(rows(db)) as gen:
                async for row in gen:
                    yield row
        async def f(db):
            async for row in g(db):  # AGN103
                yield row
    """,
    "recursion": """
        async def f(node):
            yield node
            for child in node:
                async for each in f(child):
                    yield each
    """,
    "recursion with cleanup": """
        async def f(node):
            try:
                yield node
            finally:
                await node.close()
            for child in node:
                async for each in f(child):  # AGN103
                    yield each
    """,
    "method on self": """
        class C:
            async def rows(self):
                async with self.lock:
                    yield 1
            async def f(self):
                async for row in self.rows():  # AGN101
                    return row
    """,
    "method overridden in view by another kind": """
        class C:
            async def rows(self):
                async with self.lock:
                    yield 1
            async def f(self):
                async for row in self.rows():
                    return row
        class D(C):
            def rows(self):
                return [1]
    """,
    "static method": """
        class C:
            @staticmethod
            async def rows(db):
                async with db:
                    yield 1
        async def f(db):
            async for row in C.rows(db):  # AGN101
                return 1
    """,
    "property": """
        class C:
            @property
            async def rows(self):
                async with self.lock:
                    yield 1
            async def f(self):
                async for row in self.rows:  # AGN101
                    return 1
    """,
    "unknown decorator": """
        import deco
        @deco.rator
        async def g(db):
            async with db:
                yield 1
        async def f(db):
            async for row in g(db):
                return row
    """,
    "trivial finally": """
        async def g(db):
            count = 0
            try:
                yield 1
            finally:
                count += 1
        async def f(db):
            async for row in g(db):
                return row
    """,
    "logging finally": """
        import logging
        logger = logging.getLogger(__name__)
        async def g(db):
            try:
                yield 1
            finally:
                logger.info("done")
        async def f(db):
            async for row in g(db):
                return row
    """,
    "release from a shared container": """
        async def g(listeners, queue):
            listeners.add(queue)
            try:
                yield await queue.get()
            finally:
                listeners.discard(queue)
        async def f(listeners, queue):
            async for row in g(listeners, queue):  # AGN101
                return row
    """,
    "nullcontext and suppress": """
        async def g(db):
            with nullcontext(), suppress(ValueError):
                yield 1
        async def f(db):
            async for row in g(db):
                return row
    """,
    "handler for ordinary exceptions": """
        async def g(db):
            try:
                yield 1
            except Exception:  # AGN408
                await db.rollback()
                raise
        async def f(db):
            async for row in g(db):
                return row
    """,
    "handler for everything": """
        async def g(db):
            try:
                yield 1
            except BaseException:
                await db.rollback()
                raise
        async def f(db):
            async for row in g(db):  # AGN101
                return row
    """,
    "yield after the try": """
        async def g(db):
            try:
                await db.open()
            finally:
                await db.close()
            yield 1
        async def f(db):
            async for row in g(db):
                return row
    """,
    "manager that only maps exceptions": """
        @contextlib.contextmanager
        def mapping():
            try:
                yield
            except KeyError as error:
                raise ValueError from error
        async def g(db):
            with mapping():
                yield 1
        async def f(db):
            async for row in g(db):
                return row
    """,
    "unknown sync manager": """
        async def g(db):
            with db.cursor() as cursor:
                yield 1
        async def f(db):
            async for row in g(db):
                return row
    """,
    "sync generator with cleanup inside": """
        def lines(path):
            with open(path) as file:
                yield from file
        async def g(path):
            for line in lines(path):
                yield line
        async def f(path):
            async for row in g(path):  # AGN101
                return row
    """,
    "resource closed instead": """
        async def f(response):
            stream = rows(response)
            try:
                async for row in stream:
                    return row
            finally:
                await response.aclose()
    """,
    "comprehension": """
        async def f(db):
            return [row async for row in rows(db) if row]
    """,
    "else of the loop": """
        async def f(db):
            async for row in rows(db):  # AGN101
                if row:
                    break
            else:
                return 0
            return 1
    """,
    "while else": """
        async def f(db):
            gen = rows(db)
            while db.more():
                async for row in gen:
                    if row:
                        break
                else:
                    return 0
            await gen.aclose()  # AGN202
    """,
    "never started": """
        async def f(db, wanted):
            gen = rows(db)
            if not wanted:
                return
            async for row in gen:
                print(row)
    """,
    "finished by its own exception": """
        async def f(db):
            gen = rows(db)
            try:
                row = await anext(gen)
            except StopAsyncIteration:
                return None
            await gen.aclose()
            return row
    """,
    "exit through sys.exit": """
        import sys
        async def f(db):
            gen = rows(db)
            async for row in gen:
                if row:
                    sys.exit(1)
    """,
    "attribute made in __init__": """
        class Manager:
            async def stream(self):
                async with self.lock:
                    yield 1
        class A:
            def __init__(self, source):
                self._manager = Manager()
            async def stream(self):
                async for event in self._manager.stream():  # AGN103
                    yield event
    """,
    "attribute set from outside too": """
        class Manager:
            async def stream(self):
                async with self.lock:
                    yield 1
        class A:
            def __init__(self, source):
                self._manager = Manager()
            def use(self, manager):
                self._manager = manager
            async def stream(self):
                async for event in self._manager.stream():
                    yield event
    """,
    "annotated attribute": """
        class Manager:
            async def stream(self):
                async with self.lock:
                    yield 1
        class B:
            manager: "Manager | None" = None
            async def stream(self):
                if self.manager is not None:
                    async for event in self.manager.stream():  # AGN103
                        yield event
    """,
    "annotated returns": """
        class Connection:
            async def __aenter__(self) -> "Connection":
                return self
            async def __aexit__(self, *exc):
                await self.release()
            async def iterate(self, query):
                async with self.lock:
                    yield query
        class Database:
            def connection(self) -> Connection:
                return self.current or Connection()
            async def iterate(self, query):
                async with self.connection() as connection:
                    async for row in connection.iterate(query):  # AGN103
                        yield row
    """,
    "entered instance, annotated parameter, chosen instance, call of an instance": """
        class Server:
            async def __aenter__(self):
                return self
            async def __aexit__(self, *exc):
                await self.stop()
            async def __call__(self, fn):
                try:
                    yield 1
                finally:
                    await self.stop()
        async def entered(fn):
            async with Server() as server:
                async for each in server(fn):  # AGN103
                    yield each
        async def given(server: Server):
            async for each in server(1):  # AGN101
                return each
        async def chosen(fn):
            server = Server() if fn else Server()
            async for each in server(fn):  # AGN103
                yield each
        class Auto(Server):
            async def __call__(self, fn):
                async for each in super().__call__(fn):  # AGN103
                    yield each
    """,
    "generic class": """
        from typing import Generic, TypeVar
        T = TypeVar("T")
        class Engine(Generic[T]):
            async def rows(self):
                async with self.lock:
                    yield 1
        async def f():
            async for row in Engine[int]().rows():  # AGN101
                return row
    """,
    "alias of a foreign container": """
        async def completed(tasks, buffer):
            waiters = buffer.waiters
            try:
                yield 1
            finally:
                waiters.remove(1)
        async def f(tasks, buffer):
            async for item in completed(tasks, buffer):  # AGN101
                return item
    """,
    "item deleted from a shared container": """
        WAITING = {}
        class Hub:
            async def of_self(self, key):
                try:
                    yield 1
                finally:
                    del self.waiting[key]
            async def deeper(self, key):
                try:
                    yield 1
                finally:
                    del self.waiting[key][0], key
            async def own_attribute(self):
                try:
                    yield 1
                finally:
                    del self.current
        async def given(waiting, key):
            try:
                yield 1
            finally:
                del waiting[key]
        async def shared(key):
            try:
                yield 1
            finally:
                del WAITING[key]
        async def alias(hub, key):
            waiting = hub.waiting
            try:
                yield 1
            finally:
                del waiting[key]
        async def own(key):
            waiting = {key: 1}
            try:
                yield 1
            finally:
                del waiting[key]
                del waiting
        async def made_elsewhere(hub, key):
            waiting = hub.copy()
            try:
                yield 1
            finally:
                del waiting[key]
        async def f(hub: Hub, key):
            async for item in hub.of_self(key):  # AGN101
                break
            async for item in hub.deeper(key):  # AGN101
                break
            async for item in hub.own_attribute():
                break
            async for item in given(hub.waiting, key):  # AGN101
                break
            async for item in shared(key):  # AGN101
                break
            async for item in alias(hub, key):  # AGN101
                break
            async for item in own(key):
                break
            async for item in made_elsewhere(hub, key):
                break
    """,
    "class that only maps exceptions": """
        class Mapping:
            async def __aenter__(self):
                return self
            async def __aexit__(self, kind, exc, tb):
                if kind is not None and issubclass(kind, KeyError):
                    raise LookupError(str(exc)) from exc
        class Releasing(Mapping):
            async def __aexit__(self, kind, exc, tb):
                if kind is not None and issubclass(kind, KeyError):
                    raise LookupError(self.release())
        async def mapped():
            async with Mapping():
                yield 1
        async def released():
            async with Releasing():
                yield 1
        async def f():
            async for item in mapped():
                break
            async for item in released():  # AGN101
                break
    """,
    "own container": """
        async def completed(tasks):
            waiters = []
            try:
                yield 1
            finally:
                waiters.clear()
        async def f(tasks):
            async for item in completed(tasks):
                return item
    """,
    "closed inside a with in a finally": """
        async def f(db, span):
            gen = rows(db)
            try:
                async for row in gen:
                    return row
            finally:
                with span():
                    await gen.aclose()
    """,
    "suppressed for certain": """
        async def f(db):
            gen = rows(db)
            with suppress(ValueError):
                async for row in gen:
                    raise ValueError
            await gen.aclose()
    """,
    "attribute unpacked": """
        class A:
            def __init__(self, pair):
                self.gen, self.other = pair
            async def f(self):
                self.gen.aclose()
    """,
    "method shadowed by an attribute": """
        class A:
            def __init__(self, source):
                self.rows = source
            async def rows(self):
                async with self.lock:
                    yield 1
            async def f(self):
                async for row in self.rows():
                    return row
    """,
    "maybe a generator": """
        def maybe(db):
            if db:
                return rows(db)
        async def f(db):
            maybe(db)
    """,
    "spawned and never done": """
        from typing import NoReturn
        async def forever() -> NoReturn:
            while True:
                await asyncio.sleep(1)
        async def f(db):
            task = asyncio.create_task(forever())
            async for row in rows(db):  # AGN101
                return row, task
    """,
    "flag decides": """
        async def f(db):
            gen = rows(db)
            is_open = False
            async for row in gen:
                if row:
                    is_open = True
                    break
            if is_open:
                await gen.aclose()
    """,
    "one of two names is read": """
        class Feed:
            def __init__(self, db):
                self.gen = gen = rows(db)
    """,
    "static method closes its first": """
        class Tools:
            @staticmethod
            async def close(gen, reason):
                await gen.aclose()
                print(reason)
        async def f(db):
            gen = rows(db)
            async for row in gen:
                break
            await Tools.close(gen, "done")
    """,
    "method called on the class": """
        class Tools:
            async def close(self, gen, reason):
                await gen.aclose()
                print(reason)
        async def f(db, tools):
            gen = rows(db)
            async for row in gen:
                break
            await Tools.close(tools, gen, "done")
    """,
    "object that is called": """
        class Closer:
            async def __call__(self, gen):
                await gen.aclose()
        async def f(db):
            close = Closer()
            gen = rows(db)
            async for row in gen:
                break
            await close(gen)
    """,
    "closer closed by hand": """
        class Stream:
            def __init__(self, gen):
                self.gen = gen
            async def aclose(self):
                await self.gen.aclose()
        async def f(db):
            gen = rows(db)
            stream = Stream(gen)
            async for row in gen:
                break
            await stream.aclose()
        async def g(db):
            gen = rows(db)
            stream = Stream(gen)
            async for row in gen:  # AGN101
                break
    """,
    "class method makes an instance": """
        class Feed:
            async def __call__(self, db):
                async with db:
                    yield 1
            @classmethod
            def make(cls):
                return cls()
            @classmethod
            async def first(cls, db):
                async for row in cls()(db):  # AGN101
                    return row
        def f():
            Feed.make()
    """,
    "bases in the order of their lookup": """
        class Plain:
            async def rows(self):
                yield 1
        class Left(Plain):
            pass
        class Right:
            async def rows(self):
                async with self.lock:
                    yield 1
        class Both(Left, Right):
            pass
        async def f():
            async for row in Both().rows():
                return row
        async def g():
            async for row in Right().rows():  # AGN101
                return row
    """,
    "bases that are not in view": """
        class Feed(*BASES):
            def __init__(self, db):
                self.gen = rows(db)
            async def stop(self):
                self.gen.aclose()
    """,
    "assigned in a nested function": """
        async def f(db):
            source = rows
            def choose():
                nonlocal source
                source = plain
            choose()
            async for row in source(db):
                return row
    """,
    "in a tuple": """
        async def f(db):
            pair = (rows(db), 1)
            async for row in pair[0]:
                break
    """,
    "in a dict": """
        async def f(db):
            gens = {}
            gens["x"] = rows(db)
            async for row in gens["x"]:
                break
    """,
    "appended": """
        async def f(db, gens):
            gen = rows(db)
            gens.append(gen)
            async for row in gen:
                break
    """,
    "put on queue": """
        async def f(db, queue):
            gen = rows(db)
            async for row in gen:
                break
            await queue.put(gen)
    """,
    "raised": """
        async def f(db):
            gen = rows(db)
            async for row in gen:
                break
            raise ValueError(gen)
    """,
    "partial": """
        import functools
        async def f(db, register):
            gen = rows(db)
            async for row in gen:
                break
            register(functools.partial(finish, gen))
    """,
    "in create_task of helper": """
        async def f(db):
            gen = rows(db)
            async for row in gen:
                break
            task = asyncio.create_task(drain(gen))
            return await task
    """,
    "create_task of aclose": """
        async def f(db):
            gen = rows(db)
            async for row in gen:
                break
            await asyncio.create_task(gen.aclose())
    """,
    "gather of aclose": """
        async def f(db):
            one, two = rows(db), rows(db)
            async for row in one:
                break
            async for row in two:
                break
            await asyncio.gather(one.aclose(), two.aclose())
    """,
    "shield aclose": """
        async def f(db):
            gen = rows(db)
            try:
                async for row in gen:
                    break
            finally:
                await asyncio.shield(gen.aclose())
    """,
    "wait_for aclose": """
        async def f(db):
            gen = rows(db)
            try:
                async for row in gen:
                    break
            finally:
                await asyncio.wait_for(gen.aclose(), 5)
    """,
    "break and continue over same object": """
        async def f(db):
            gen = rows(db)
            while True:
                async for row in gen:
                    if row == 1:
                        break
                    print(row)
                else:
                    break
    """,
    "continue over the same": """
        async def f(db):
            gen = rows(db)
            async for row in gen:
                if row:
                    async for other in gen:
                        print(other)
                    continue
    """,
    "break in inner loop over the same": """
        async def f(db):
            gen = rows(db)
            async for row in gen:
                async for other in gen:
                    break
    """,
    "header by loop, rest by helper": """
        async def f(db):
            gen = rows(db)
            async for header in gen:
                break
            await drain(gen)
    """,
    "header then rest, returned early between": """
        async def f(db, flag):
            gen = rows(db)
            async for header in gen:  # AGN101
                break
            if flag:
                return header
            async for row in gen:
                print(row)
    """,
    "nonlocal": """
        async def f(db):
            gen = None
            async def start():
                nonlocal gen
                gen = rows(db)
                async for row in gen:
                    break
            await start()
            await gen.aclose()
    """,
    "global": """
        async def f(db):
            global shared
            shared = rows(db)
            async for row in shared:
                break
    """,
    "self iter in __aiter__": """
        class C:
            def __aiter__(self):
                return rows(self.db)
            async def f(self):
                async for row in self:  # AGN101
                    return row
    """,
    "starred": """
        async def f(db, consume):
            gens = [rows(db)]
            await consume(*gens)
    """,
    "conditional expression of parameter": """
        async def f(db, gen=None):
            gen = gen or rows(db)
            async for row in gen:  # AGN101
                return row
    """,
    "setattr": """
        class C:
            async def f(self, db):
                gen = rows(db)
                setattr(self, "gen", gen)
                async for row in gen:
                    break
    """,
    "anext default": """
        async def f(db):
            return await anext(rows(db), None)  # AGN104
    """,
    "anext default in wait_for": """
        async def f(db):
            gen = rows(db)
            while (row := await asyncio.wait_for(anext(gen, None), 1)) is not None:
                print(row)
    """,
    "anext default in wait_for left": """
        async def f(db):
            gen = rows(db)
            while (row := await asyncio.wait_for(anext(gen, None), 1)) is not None:  # AGN104
                if row == 2:
                    break
    """,
    "anext in timeout": """
        async def f(db):
            gen = rows(db)
            async with asyncio.timeout(1):
                return await anext(gen)  # AGN104
    """,
    "anext default in timeout": """
        async def f(db):
            gen = rows(db)
            while True:
                async with asyncio.timeout(1):
                    row = await anext(gen, None)
                if row is None:
                    break
                print(row)
    """,
    "sentinel truth": """
        async def f(db):
            gen = rows(db)
            while row := await anext(gen, None):
                print(row)
    """,
    "athrow": """
        async def f(db):
            gen = rows(db)
            await anext(gen)
            await gen.athrow(ValueError)
    """,
    "asend": """
        async def f(db):
            gen = rows(db)
            await gen.asend(None)  # AGN104
            return 1
    """,
    "aiter": """
        async def f(db):
            it = aiter(rows(db))
            async for row in it:  # AGN101
                break
    """,
    "__aiter__": """
        async def f(db):
            it = rows(db).__aiter__()
            async for row in it:  # AGN101
                break
    """,
    "aiter closed": """
        async def f(db):
            it = aiter(rows(db))
            try:
                async for row in it:
                    break
            finally:
                await it.aclose()
    """,
    "stop async iteration by outer handler": """
        async def f(db):
            gen = rows(db)
            try:
                while True:
                    print(await anext(gen))
            except StopAsyncIteration:
                pass
    """,
    "step method alias": """
        async def f(db):
            gen = rows(db)
            step = gen.__anext__
            return await step()  # AGN104
    """,
    "ensure_future anext": """
        async def f(db):
            gen = rows(db)
            task = asyncio.ensure_future(anext(gen))
            done, _ = await asyncio.wait([task], timeout=1)
            return done
    """,
    "anext then closed": """
        async def f(db):
            gen = rows(db)
            try:
                return await anext(gen)
            finally:
                await gen.aclose()
    """,
    "anext under aclosing": """
        async def f(db):
            async with aclosing(rows(db)) as gen:
                return await anext(gen)
    """,
    "anext then rest by helper": """
        async def f(db):
            gen = rows(db)
            header = await anext(gen)
            await drain(gen)
            return header
    """,
    "first of helper": """
        async def f(db):
            gen = rows(db)
            return await first_of(gen)  # AGN104
    """,
    "attribute closed by base": """
        class Base:
            async def aclose(self):
                await self.gen.aclose()
        class C(Base):
            def __init__(self, db):
                self.gen = rows(db)
            async def read(self):
                return await anext(self.gen)
    """,
    "attribute closed by stack": """
        class C:
            async def start(self, db):
                self.gen = await self.stack.enter_async_context(aclosing(rows(db)))
            async def read(self):
                return await anext(self.gen)
    """,
    "attribute on stack callback": """
        class C:
            async def start(self, db):
                self.gen = rows(db)
                self.stack.push_async_callback(self.gen.aclose)
            async def read(self):
                return await anext(self.gen)
    """,
    "attribute closed by getattr": """
        class C:
            def __init__(self, db):
                self.gen = rows(db)
            async def read(self):
                return await anext(self.gen)
            async def close(self):
                close = getattr(self.gen, "aclose", None)
                if close:
                    await close()
    """,
    "attribute exhausted in same method": """
        class C:
            async def run(self, db):
                self.gen = rows(db)
                async for row in self.gen:
                    print(row)
    """,
    "attribute in dict closed": """
        class C:
            def __init__(self):
                self.gens = {}
            async def read(self, db, key):
                self.gens[key] = rows(db)
                return await anext(self.gens[key])
            async def close(self):
                for gen in self.gens.values():
                    await gen.aclose()
    """,
    "attribute not closed": """
        class C:
            def __init__(self, db):
                self.stream = rows(db)  # AGN203
            async def read(self):
                return await anext(self.stream)
            async def close(self):
                print("closed")
    """,
    "raised inside the generator": """
        async def f(db):
            gen = rows(db)
            try:
                await gen.asend(None)
            except ValueError:
                return None
            await gen.aclose()
    """,
    "assert in loop": """
        async def f(db):
            async for row in rows(db):
                assert row
    """,
    "break in try finally inside the loop": """
        async def f(db):
            async for row in rows(db):  # AGN101
                try:
                    break
                finally:
                    print(row)
    """,
    "return in finally": """
        async def f(db):
            gen = rows(db)
            try:
                async for row in gen:
                    return row
            finally:
                await gen.aclose()
                print("done")
    """,
    "with suppress around": """
        async def f(db):
            gen = rows(db)
            with suppress(Exception):
                async for row in gen:
                    print(row)
            await gen.aclose()
    """,
}

STRICT_CASES = {
    "closed where a pattern knows it for a generator": """
        async def f(db, send):
            gen = rows(db)
            try:
                async for row in gen:
                    await send(row)
            finally:
                match gen:
                    case AsyncGenerator():
                        await gen.aclose()
    """,
    "closed where a pattern says that it is not None": """
        async def f(db, send):
            gen = None
            try:
                gen = rows(db)
                async for row in gen:
                    await send(row)
            finally:
                match gen:
                    case None:
                        pass
                    case _:
                        await gen.aclose()
    """,
    "closed where a pattern may not match": """
        async def f(db, send):
            gen = rows(db)
            try:
                async for row in gen:  # AGN102
                    await send(row)
            finally:
                match send:
                    case AsyncGenerator():
                        await gen.aclose()
    """,
    "closed by another task, in a finally": """
        async def shielded(db, send):
            gen = rows(db)
            try:
                async for row in gen:
                    await send(row)
            finally:
                await asyncio.shield(gen.aclose())
        async def as_a_task(db, send):
            gen = rows(db)
            try:
                async for row in gen:
                    await send(row)
            finally:
                await asyncio.create_task(gen.aclose())
        async def gathered(db, send):
            gen = rows(db)
            try:
                async for row in gen:
                    await send(row)
            finally:
                await asyncio.gather(gen.aclose(), return_exceptions=True)
        async def in_time(db, send):
            gen = rows(db)
            try:
                async for row in gen:
                    await send(row)
            finally:
                await asyncio.wait_for(gen.aclose(), 1)
        async def by_a_stack(db, send):
            async with AsyncExitStack() as stack:
                gen = rows(db)
                stack.push_async_callback(gen.aclose)
                async for row in gen:
                    await send(row)
        async def too_late(db, send):
            gen = rows(db)
            async for row in gen:  # AGN102
                await send(row)
            await asyncio.shield(gen.aclose())
    """,
    "closed behind other cleanup": """
        import logging, time
        logger = logging.getLogger(__name__)
        async def suppressing(db):
            gen = rows(db)
            try:
                async for row in gen:
                    yield row
            finally:
                with suppress(Exception):
                    await gen.aclose()
        async def in_time(db, send):
            gen = rows(db)
            try:
                async for row in gen:
                    await send(row)
            finally:
                async with asyncio.timeout(3):
                    await gen.aclose()
        async def with_a_record(db, send):
            gen = rows(db)
            began = time.monotonic()
            try:
                async for row in gen:
                    await send(row)
            except BaseException:
                logger.exception("left after %s", time.monotonic() - began)
                await gen.aclose()
                raise
        async def behind_what_may_fail(db, send):
            gen = rows(db)
            try:
                async for row in gen:  # AGN102
                    await send(row)
            finally:
                await send(None)
                await gen.aclose()
    """,
    "closed by a helper, in a finally": """
        async def by_a_helper(db, send):
            gen = rows(db)
            try:
                async for row in gen:
                    await send(row)
            finally:
                await close_it(gen)
        async def by_an_unknown_helper(db, send, finish):
            gen = rows(db)
            try:
                async for row in gen:
                    await send(row)
            finally:
                await finish(gen)
        async def by_a_home_made_manager(db, send):
            async with closing_it(rows(db)) as gen:
                async for row in gen:
                    await send(row)
    """,
    "list of its own": """
        async def own(db):
            found = []
            async for row in rows(db):
                found.append(row)
            return found
        async def given(db, found):
            async for row in rows(db):  # AGN102
                found.append(row)
    """,
    "isinstance alone": """
        async def f(db):
            result = None
            async for row in rows(db):
                if isinstance(row, int) and callable(row):
                    result = row
            return result
        async def g(db, isinstance):
            async for row in rows(db):  # AGN102
                isinstance(row, int)
    """,
    "source from the caller": """
        from collections.abc import AsyncIterable
        from typing import Any, Optional
        async def untold(source):
            async for row in source:  # AGN103
                yield row
        async def any_of(source: Any):
            async for row in source:  # AGN103
                yield row
        async def told(source: AsyncIterable[int]):
            async for row in source:  # AGN103
                yield row
        async def told_later(source: "AsyncGenerator[int, None]"):
            async for row in source:  # AGN103
                yield row
        async def maybe(source: Optional[AsyncGenerator]):
            async for row in source:  # AGN103
                yield row
    """,
    "stream of a class from the caller": """
        from mylib import ReceiveStream
        async def received(stream: ReceiveStream[bytes]):
            async for item in stream:
                yield item
    """,
    "object that iterates itself": """
        class Stream:
            async def text(self):
                async for event in self:
                    yield event.text
            @staticmethod
            async def text_of(stream):
                async for event in stream:  # AGN103
                    yield event.text
    """,
    "parameter under another name": """
        from collections.abc import AsyncIterable
        from typing import Any, Union
        Lines = Union[list[str], AsyncIterable[str]]
        Words = Union[list[str], set[str]]
        async def relay(lines: Lines):
            stream = lines if isinstance(lines, AsyncIterable) else None
            async for line in stream:  # AGN103
                yield line
        async def spell(words: Words):
            stream = words
            async for word in stream:
                yield word
        async def closed(lines: Lines):
            stream = lines
            async for line in stream:
                yield line
            await stream.aclose()
    """,
    "parameter given back": """
        from collections.abc import AsyncIterable
        def checked(stream: AsyncIterable[str]):
            if stream is None:
                raise ValueError
            return stream
        def copied(stream: AsyncIterable[str]):
            return list(stream)
        async def relay(lines: AsyncIterable[str]):
            async for line in checked(lines):  # AGN103
                yield line
        async def listed(lines: AsyncIterable[str]):
            async for line in copied(lines):
                yield line
    """,
    "attribute from the caller": """
        from collections.abc import AsyncIterable
        class Kept:
            def __init__(self, lines: AsyncIterable[str]):
                self.lines = lines
            async def all(self):
                async for line in self.lines:  # AGN103
                    yield line
        class Closed:
            def __init__(self, lines: AsyncIterable[str]):
                self.lines = lines
            async def all(self):
                async for line in self.lines:
                    yield line
            async def aclose(self):
                await self.lines.aclose()
        class Unsaid:
            def __init__(self, lines):
                self.lines = lines
            async def all(self):
                async for line in self.lines:
                    yield line
    """,
    "await in the body": """
        async def f(db, send):
            async for row in rows(db):  # AGN102
                await send(row)
    """,
    "call in the body": """
        async def f(db, send):
            async for row in rows(db):  # AGN102
                send(row)
    """,
    "nothing in the body": """
        async def f(db):
            async for row in rows(db):
                pass
    """,
    "counting": """
        async def f(db):
            count = 0
            async for row in rows(db):  # AGN102
                count += 1
            return count
    """,
    "print in the body": """
        async def f(db):
            async for row in rows(db):  # AGN102
                print(row)
    """,
    "body under aclosing": """
        async def f(db, send):
            async with aclosing(rows(db)) as gen:
                async for row in gen:
                    await send(row)
    """,
    "body with caught": """
        async def f(db, send):
            async for row in rows(db):
                try:
                    send(row)
                except Exception:
                    continue
    """,
    "body with await caught exception but cancelled": """
        async def f(db, send):
            async for row in rows(db):  # AGN102
                try:
                    await send(row)
                except Exception:
                    continue
    """,
    "body with all caught": """
        async def f(db, send):
            async for row in rows(db):
                try:
                    await send(row)
                except BaseException:
                    continue
    """,
    "comprehension element": """
        async def f(db, send):
            return [send(row) async for row in rows(db)]  # AGN102
    """,
    "comprehension plain": """
        async def f(db):
            return [row async for row in rows(db)]
    """,
    "comprehension condition": """
        async def f(db, test):
            return [row async for row in rows(db) if test(row)]  # AGN102
    """,
    "handler closes": """
        async def f(db, send):
            gen = rows(db)
            try:
                async for row in gen:
                    await send(row)
            except BaseException:
                await gen.aclose()
                raise
    """,
    "finally closes": """
        async def f(db, send):
            gen = rows(db)
            try:
                async for row in gen:
                    await send(row)
            finally:
                await gen.aclose()
    """,
    "handler for Exception closes, cancellation remains": """
        async def f(db, send):
            gen = rows(db)
            try:
                async for row in gen:  # AGN102
                    await send(row)
            except Exception:
                await gen.aclose()
                raise
    """,
    "resource of async with": """
        async def f(connect, send):
            async with connect() as conn:
                async for row in rows(conn):
                    await send(row)
    """,
    "certain exits, steps and closes that are skipped have rules of their own": """
        async def left_by_break(db, send):
            async for row in rows(db):  # AGN101
                await send(row)
                break
        async def left_by_an_error(db, send):
            async for row in rows(db):  # AGN102
                await send(row)
        async def stepped(db, send):
            gen = rows(db)
            await send(await anext(gen))
            await gen.aclose()  # AGN202
        async def stepped_and_iterated(db, send):
            gen = rows(db)
            await send(await anext(gen))
            async for row in gen:  # AGN102
                await send(row)
    """,
    "delegation to a given source, itself or by what gives it back": """
        def same(source):
            return source
        def first(source, other):
            return source
        async def given(source: AsyncGenerator[int]):
            async for row in source:  # AGN103
                yield row
        async def given_back(source: AsyncGenerator[int]):
            async for row in same(source):  # AGN103
                yield row
        async def given_back_of_two(source: AsyncGenerator[int], other):
            async for row in first(source, other):
                yield row
        async def of_several(sources: AsyncGenerator[int]):
            async for row in same(*sources):
                yield row
    """,
    "delegation under a decorator that may close it": """
        from lib import closing_all
        async def plainly(db):
            async for row in rows(db):  # AGN103
                yield row
        @closing_all
        async def decorated(db):
            async for row in rows(db):
                yield row
    """,
}


@pytest.mark.parametrize("name", STRICT_CASES)
def test_reports_exactly_the_marked_lines_when_strict(name: str) -> None:
    assert_marked(STRICT_CASES[name], after=ROWS, strict=True)


@pytest.mark.parametrize("name", CASES)
def test_reports_exactly_the_marked_lines(name: str) -> None:
    assert_marked(CASES[name], after=ROWS)


def test_verdicts_do_not_depend_on_hashing(tmp_path: Path) -> None:
    text = ROWS + "".join(textwrap.dedent(case) for case in CASES.values())
    path = tmp_path / "cases.py"
    path.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "asyncgen_lint", "check", "--isolated", "--strict"]
    reports = {
        subprocess.run(
            [*command, "--output-format", "json", str(path)],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
        ).stdout
        for seed in range(4)
    }
    assert len(reports) == 1
    assert "AGN101" in reports.pop()
