"""Generators used as what they are not, in threads, under locks and across tasks: both sides."""

from __future__ import annotations

import pytest
from marked import ROWS, assert_marked

CASES = {
    "close of what aclosing gives": """
        async def f(db):
            async with aclosing(rows(db)) as g:
                g.close()  # AGN512
    """,
    "close of an annotated parameter": """
        async def f(g: AsyncGenerator[int, None]):
            g.close()
    """,
    "close of a name with another value": """
        async def f(db, other):
            g = other
            if db:
                g = plain(db)
            g.close()
    """,
    "close after hasattr": """
        async def f(db):
            g = plain(db)
            if hasattr(g, "close"):
                g.close()
    """,
    "close with an ordinary handler": """
        async def f(db):
            g = plain(db)
            try:
                g.close()  # AGN512
            except Exception:
                pass
    """,
    "close in the handler itself": """
        async def f(db):
            g = plain(db)
            try:
                db.ping()
            except AttributeError:
                g.close()  # AGN512
    """,
    "close expected to fail": """
        import pytest
        async def f(db):
            g = plain(db)
            with pytest.raises(AttributeError):
                g.close()
    """,
    "attribute with a default in the class": """
        class Reader:
            g = None
            def open(self, db):
                self.g = plain(db)
            def shut(self):
                self.g.close()
    """,
    "attribute that is always one": """
        class Reader:
            def __init__(self, db):
                self.g = plain(db)
            def shut(self):
                self.g.close()  # AGN512
    """,
    "truth of a call": """
        async def f(db):
            assert plain(db)  # AGN513
    """,
    "truth before the close": """
        async def f(db, given):
            g = plain(db)
            if g:
                await g.aclose()
            if g:  # AGN513
                print(given)
    """,
    "truth of an attribute": """
        class Reader:
            def __init__(self, db):
                self.g = plain(db)
            async def f(self):
                return 1 if self.g else 2
    """,
    "truth in a chain": """
        async def f(db, given):
            g = plain(db)
            return [i async for i in given or g], g and given  # AGN513
    """,
    "declared without a body": """
        class Base:
            def stream(self) -> AsyncGenerator[int, None]: ...
            async def f(self):
                return self.stream() or None
    """,
    "shared and stepped": """
        g = plain(1)  # AGN514
        async def f():
            return await anext(g)
    """,
    "made by a function for the module": """
        def open_it(db):
            global g
            g = plain(db)
        async def f():
            return await anext(g)
    """,
    "made under the main guard": """
        async def f():
            return await anext(g)
        async def h():
            return [i async for i in g]
        if __name__ == "__main__":
            g = plain(1)
    """,
    "shared, and stepped by the script itself": """
        g = plain(1)
        loop = asyncio.new_event_loop()
        loop.run_until_complete(anext(g))
        async def f():
            return await anext(g)
        async def h():
            return [i async for i in g]
        loop.run_until_complete(f())
        loop.run_until_complete(h())
    """,
    "shared and only looked at": """
        g = plain(1)
        def f(x):
            return type(x) is type(g)
    """,
    "shared with a script": """
        g = plain(1)
        async def f():
            return [i async for i in g]
        asyncio.run(f())
    """,
    "shared twice with a script": """
        g = plain(1)  # AGN514
        async def f():
            return [i async for i in g]
        async def h():
            return [i async for i in g]
        asyncio.run(f())
        asyncio.run(h())
    """,
    "a local of the same name": """
        g = plain(1)
        async def f(g):
            return [i async for i in g]
    """,
    "class attribute hidden by an instance's": """
        class Reader:
            g = plain(1)
            def __init__(self, db):
                self.g = plain(db)
            async def f(self):
                return [i async for i in self.g]
    """,
    "default of a keyword": """
        async def f(*, g=plain(1)):  # AGN514
            return [i async for i in g]
    """,
    "default that is a function": """
        async def f(make=plain):
            return [i async for i in make(1)]
    """,
    "send and leave": """
        async def f(db):
            g = plain(db)
            async for i in g:
                await g.asend(1)
                return i
    """,
    "send and go on": """
        async def f(db):
            g = plain(db)
            async for i in g:
                await g.asend(1)  # AGN515
                if i:
                    continue
    """,
    "send and go on after a failure alone": """
        async def f(db):
            g = plain(db)
            async for i in g:
                try:
                    await g.asend(1)
                except ValueError:
                    continue
                return i
    """,
    "send, and wait before going on": """
        async def f(db):
            g = plain(db)
            async for i in g:
                await g.asend(1)  # AGN515
                while db.is_busy():
                    await asyncio.sleep(1)
    """,
    "throw and go on": """
        async def f(db):
            g = plain(db)
            async for i in g:
                await g.athrow(ValueError(i))
    """,
    "send to another one that has no name": """
        async def f(db):
            async for i in plain(db):
                await db.channels[0].asend(i)
    """,
    "send to a generator from elsewhere": """
        async def f(g: AsyncGenerator[int, int]):
            async for i in g:
                await g.asend(i)
    """,
    "next in a thread": """
        async def f(it):
            with open(it) as file:
                await asyncio.to_thread(next, file)  # AGN516
            return await asyncio.to_thread(next, it, None)
    """,
    "next of somebody else in a thread": """
        def next(it):
            return None
        async def f(it):
            return await asyncio.to_thread(next, it)
    """,
    "next in a thread of sync code": """
        def f(loop, it):
            return loop.run_in_executor(None, next, it)
    """,
    "what next is not given in a thread, or an endless iterator": """
        import asyncio, functools, itertools
        async def counted():
            await asyncio.to_thread(next, iter(itertools.count()))
        async def listed():
            await asyncio.to_thread(next, iter([1, 2]))  # AGN516
        async def partial(lines):
            await asyncio.to_thread(functools.partial(next), lines)  # AGN516
        async def wrapped(wrap, lines):
            await asyncio.to_thread(wrap(next), lines)
        async def starred(parts, lines, loop):
            await loop.run_in_executor(*parts, next, lines)
        def refused():
            raise NotImplementedError
        async def of_refused():
            await asyncio.to_thread(next, refused())
    """,
    "sync and async generators of a module": """
        async def numbers():
            yield 1
            yield 2
        SYNC = (x for x in range(3))
        NUMBERS = numbers()  # AGN514
        async def all_numbers():
            async for x in NUMBERS:
                print(x)
        async def all_sync():
            for x in SYNC:
                print(x)
    """,
    "next in a thread, of a name, and with a handler": """
        import asyncio, itertools
        async def of_a_name():
            lines = iter([1, 2])
            await asyncio.to_thread(next, lines)  # AGN516
        async def of_an_endless_name():
            numbers = itertools.count()
            await asyncio.to_thread(next, numbers)
        async def handled(lines):
            try:
                await asyncio.to_thread(next, lines)  # AGN516
            except RuntimeError:
                pass
    """,
    "generators under other names": """
        def f(db):
            if (gen := rows(db)):  # AGN513
                return gen
        def g(db):
            if (row async for row in rows(db)):  # AGN513
                return db
            (row async for row in rows(db)).send(1)  # AGN512
            (row for row in db).send(1)
        def h(db):
            (gen := rows(db)).send(1)  # AGN512
            aiter(rows(db)).send(1)  # AGN512
            iter(db.rows()).send(1)
            wrapped(rows(db)).send(1)
            aiter().send(1)
        def i(db, found=(row for row in [])):
            gen = rows(db)
            gen = aiter(gen)
            gen.send(1)
        def j(db, found=(row async for row in make(0))):  # AGN514
            gen = aiter(rows(db))
            gen.send(1)  # AGN512
    """,
    "truth of a generator that the module keeps": """
        live = rows(None)
        others = [rows(None)]
        def anything():
            return 1 if live else 0  # AGN513
        def anything_else(others):
            return 1 if others else 0
    """,
    "generator of a class that is made anew, or not": """
        class Feed(lib.Feed):
            live = rows(None)
            old = rows(None)  # AGN514
            @classmethod
            def restart(cls):
                cls.live = rows(None)
            async def read(self):
                async for row in self.live:
                    print(row)
            async def read_again(self):
                async for row in self.old:
                    print(row)
    """,
}


@pytest.mark.parametrize("name", CASES)
def test_default_rules(name: str) -> None:
    assert_marked(CASES[name], after=ROWS)


STRICT_CASES = {
    "step under a lock of the object": """
        class Shared:
            def __init__(self, db):
                self.g = waiting(db)
                self.lock = asyncio.Lock()
            async def next(self):
                async with self.lock:
                    return await anext(self.g)  # AGN518
    """,
    "close under the lock of the object": """
        class Shared:
            def __init__(self, db):
                self.g = waiting(db)
                self.lock = asyncio.Lock()
            async def aclose(self):
                async with self.lock:
                    await self.g.aclose()
    """,
    "step under something that is no lock": """
        class Shared:
            def __init__(self, db):
                self.g = waiting(db)
                self.lock = db.transaction()
            async def next(self):
                async with self.lock:
                    return await anext(self.g)
    """,
    "shielded step": """
        class Shared:
            def __init__(self, db):
                self.g = waiting(db)
                self.lock = asyncio.Lock()
            async def next(self):
                async with self.lock:
                    return await asyncio.shield(self.step())
            async def step(self):
                return await anext(self.g)
    """,
    "step of a local generator": """
        lock = asyncio.Lock()
        async def first(db):
            async with lock:
                async with aclosing(waiting(db)) as g:
                    return await anext(g)
    """,
    "step in a task, bound by a reset": """
        async def f(db):
            async with aclosing(bound(db)) as g:
                await asyncio.ensure_future(anext(g))  # AGN519
    """,
    "step in a task, not bound": """
        async def f(db):
            async with aclosing(waiting(db)) as g:
                await asyncio.ensure_future(anext(g))
    """,
    "step in a task with a context": """
        async def f(db, context, tg):
            async with aclosing(bound(db)) as g:
                await tg.create_task(anext(g), context=context)
    """,
    "run until complete": """
        def f(loop, db):
            g = bound(db)
            loop.run_until_complete(anext(g))  # AGN519
    """,
}

WAITING = (
    ROWS
    + """
from contextvars import ContextVar
name = ContextVar("name")

async def waiting(db):
    while item := await db.get():
        yield item

async def bound(db):
    token = name.set(db)
    try:
        while item := await db.get():
            yield item  # AGN306
    finally:
        name.reset(token)
"""
)


@pytest.mark.parametrize("name", STRICT_CASES)
def test_strict_rules(name: str) -> None:
    assert_marked(STRICT_CASES[name], after=WAITING, strict=True)


DEPENDENCY = """
from fastapi import Depends

async def get_db():
    db = connect()
    try:
        yield db
    except {handler}
        await db.rollback()
        raise

def route(db={marker}(get_db)): ...

async def job():
    async for db in get_db():{mark}
        db.work()
"""


@pytest.mark.parametrize(
    ("handler", "marker", "mark"),
    [
        ("Exception:", "Depends", "  # AGN517"),
        ("(ValueError, OSError):", "Depends", "  # AGN517"),
        ("GeneratorExit:", "Depends", ""),
        ("Exception:  # AGN408", "print", ""),
    ],
)
def test_iterated_dependencies(handler: str, marker: str, mark: str) -> None:
    assert_marked(DEPENDENCY.format(handler=handler, marker=marker, mark=mark))
