"""What decorators make of functions: by table, and by what their source does.

A case defines `deco`, or uses one of a library; its generator `rows` needs closing. A line marked
`# AGN101` must be reported, and no other line.
"""

from __future__ import annotations

import textwrap

import pytest
from marked import assert_marked

HEAD = """
import asyncio, functools, inspect
from contextlib import aclosing, asynccontextmanager

registry = {}
"""

ROWS = """
async def rows(db):
    try:
        yield 1
        yield 2
    finally:
        await db.close()
"""

LEAVES = """
async def first(db):
    async for row in rows(db):  # AGN101
        return row
"""

SILENT = """
async def first(db):
    async for row in rows(db):
        return row
"""


def decorated(deco: str, user: str, *, by: str = "@deco") -> str:
    return HEAD + textwrap.dedent(deco) + by + ROWS + user


KNOWN = {
    "returns its function": """
        def deco(f):
            registry[f.__name__] = f
            return f
    """,
    "sets an attribute": """
        def deco(f):
            f.is_route = True
            return f
    """,
    "a plain wrapper": """
        def deco(f):
            @functools.wraps(f)
            def wrapper(*args, **kwargs):
                print("called", f.__name__)
                return f(*args, **kwargs)
            return wrapper
    """,
    "a wrapper that keeps the result in a name": """
        def deco(f):
            def wrapper(*args, **kwargs):
                result = f(*args, **kwargs)
                print("called")
                return result
            return functools.update_wrapper(wrapper, f)
    """,
    "a wrapper that iterates": """
        def deco(f):
            @functools.wraps(f)
            async def wrapper(*args, **kwargs):
                async with aclosing(f(*args, **kwargs)) as items:
                    async for item in items:
                        yield item
            return wrapper
    """,
    "a wrapper chosen by the function's kind": """
        def deco(f):
            if inspect.isasyncgenfunction(f):
                @functools.wraps(f)
                async def wrapper(*args, **kwargs):
                    async with aclosing(f(*args, **kwargs)) as items:
                        async for item in items:
                            yield item
            elif inspect.iscoroutinefunction(f):
                @functools.wraps(f)
                async def wrapper(*args, **kwargs):
                    return await f(*args, **kwargs)
            else:
                raise TypeError(f)
            return wrapper
    """,
    "an optional argument": """
        def deco(f=None, *, tag=""):
            def wrap(f):
                f.tag = tag
                return f
            if f is None:
                return wrap
            return wrap(f)
    """,
    "a function that another decorates": """
        def mark(f):
            f.marked = True
            return f
        def deco(f):
            return mark(f)
    """,
}

SILENCING = {
    "a class": """
        class deco:
            def __init__(self, f):
                self.f = f
            def __call__(self, *args):
                return self.f(*args)
    """,
    "a wrapper that gives something else": """
        def deco(f):
            def wrapper(*args):
                return registry.get(args) or f(*args)
            return wrapper
    """,
    "a wrapper that drains": """
        def deco(f):
            async def wrapper(*args):
                items = [item async for item in f(*args)]
                for item in items:
                    yield item
            return wrapper
    """,
    "a function that is replaced": """
        def deco(f):
            if registry:
                f = registry["rows"]
            return f
    """,
    "returns one of two": """
        def deco(f):
            if registry:
                return asynccontextmanager(f)
            return f
    """,
    "out of view": """
        from mylib import deco
    """,
}


@pytest.mark.parametrize("name", KNOWN)
def test_what_a_decorator_does_is_read(name: str) -> None:
    assert_marked(decorated(KNOWN[name], LEAVES))


@pytest.mark.parametrize("name", SILENCING)
def test_what_is_not_understood_silences(name: str) -> None:
    assert_marked(decorated(SILENCING[name], SILENT))


FACTORIES = {
    "a factory": """
        def deco(tag):
            def wrap(f):
                registry[tag] = f
                return f
            return wrap
    """,
    "a factory of wrappers": """
        def deco(tag):
            def wrap(f):
                @functools.wraps(f)
                def wrapper(*args):
                    print(tag)
                    return f(*args)
                return wrapper
            return wrap
    """,
    "an optional argument": """
        def deco(f=None, *, tag=""):
            if f is None:
                return functools.partial(deco, tag=tag)
            f.tag = tag
            return f
    """,
    "a lambda": """
        def deco(tag=None):
            return lambda f: f
    """,
}


@pytest.mark.parametrize("name", FACTORIES)
def test_what_a_factory_gives_is_read(name: str) -> None:
    assert_marked(decorated(FACTORIES[name], LEAVES, by="@deco(tag='x')"))


LIBRARY = {
    "tenacity.retry(stop=None)": LEAVES,
    "backoff.on_exception(backoff.expo, OSError)": LEAVES,
    "stamina.retry(on=OSError)": LEAVES,
    "typing_extensions.deprecated('old')": LEAVES,
    "functools.lru_cache": SILENT,
    "trio.as_safe_channel": SILENT,
    "pytest.fixture": SILENT,
    "mylib.thing": SILENT,
}


@pytest.mark.parametrize("name", LIBRARY)
def test_decorators_of_libraries(name: str) -> None:
    text = f"import {name.partition('.')[0]}\n"
    assert_marked(decorated(text, LIBRARY[name], by=f"@{name}{MARKS.get(name, '')}"))


MARKS = {
    "tenacity.retry(stop=None)": "  # AGN611",
    "backoff.on_exception(backoff.expo, OSError)": "  # AGN611",
    "functools.lru_cache": "  # AGN610",
}
"""The decorators among them that are wrong on a generator function."""


CASES = {
    "methods of an application": """
        class App:
            def get(self, path):
                return self.route(path, "GET")
            def route(self, path, method):
                def wrap(f):
                    self.routes[path] = f
                    return f
                return wrap
        app = App()
        @app.get("/rows")
        async def rows(db):
            try:
                yield 1
            finally:
                await db.close()
        async def first(db):
            async for row in rows(db):  # AGN101
                return row
    """,
    "a static method as a decorator": """
        class Deco:
            @staticmethod
            def mark(f):
                return f
            @classmethod
            def keep(cls, f):
                cls.kept = f
                return f
        @Deco.mark
        @Deco.keep
        async def rows(db):
            try:
                yield 1
            finally:
                await db.close()
        async def first(db):
            async for row in rows(db):  # AGN101
                return row
    """,
    "a wrapper that awaits": """
        def deco(f):
            @functools.wraps(f)
            async def wrapper(*args):
                await asyncio.sleep(0)
                return await f(*args)
            return wrapper
        @deco
        async def fetch(db):
            return 1
        async def consume(db):
            async for row in fetch(db):  # AGN503
                print(row)
    """,
    "an awaiting wrapper gives what its function gives": """
        async def rows(db):
            try:
                yield 1
            finally:
                await db.close()
        def deco(f):
            async def wrapper(*args):
                return await f(*args)
            return wrapper
        @deco
        async def make(db):
            return rows(db)
        async def first(db):
            async for row in await make(db):  # AGN101
                return row
    """,
    "an awaiting wrapper that gives something else": """
        async def rows(db):
            try:
                yield 1
            finally:
                await db.close()
        def deco(f):
            async def wrapper(*args):
                return registry[await f(*args)]
            return wrapper
        @deco
        async def make(db):
            return rows(db)
        async def first(db):
            async for row in await make(db):
                return row
    """,
    "a wrapper that passes other arguments": """
        async def rows(db):
            try:
                yield 1
            finally:
                await db.close()
        def deco(f):
            def wrapper(*args):
                return f(registry, *args)
            return wrapper
        @deco
        async def finish(registry, gen):
            await gen.aclose()
        async def first(db):
            gen = rows(db)
            async for row in gen:
                await finish(gen)
                return row
    """,
    "a yield in a generator that a decorator keeps": """
        def deco(f):
            registry[f.__name__] = f
            return f
        @deco
        async def ticks(n):
            async with asyncio.timeout(1):
                for i in range(n):
                    yield i
    """,
    "a yield in a generator that a decorator only marks": """
        def deco(f):
            f.is_stream = True
            return f
        @deco
        async def ticks(n):
            async with asyncio.timeout(1):
                for i in range(n):
                    yield i  # AGN303
    """,
    "a yield in a generator that a decorator makes a manager": """
        def deco(name):
            def wrap(f):
                return asynccontextmanager(f)
            return wrap
        @deco("ticks")
        async def ticks(n):
            async with asyncio.timeout(1):
                for i in range(n):
                    yield i  # AGN602
    """,
    "a partial": """
        async def rows(db, table):
            try:
                yield 1
            finally:
                await db.close()
        fetch = functools.partial(rows, None)
        async def first(db):
            async for row in fetch("x"):  # AGN101
                return row
        async def second(db):
            async for row in functools.partial(rows, db)("x"):  # AGN101
                return row
    """,
    "a partial of a resource that is closed": """
        async def rows(db, table):
            try:
                yield 1
            finally:
                await db.close()
        async def first(db):
            fetch = functools.partial(rows, db)
            try:
                async for row in fetch("x"):
                    return row
            finally:
                await db.close()
    """,
    "a partial of a closer": """
        async def rows(db):
            try:
                yield 1
            finally:
                await db.close()
        async def close_one(one, other):
            await one.aclose()
        async def first(db, other):
            close = functools.partial(close_one, other)
            gen = rows(db)
            async for row in gen:
                await close(gen)
                return row
    """,
    "a wrapped function that a name is bound to": """
        async def rows(db):
            try:
                yield 1
            finally:
                await db.close()
        def deco(f):
            def wrapper(*args):
                return f(*args)
            return wrapper
        logged = deco(rows)
        opened = asynccontextmanager(rows)
        async def first(db):
            async for row in logged(db):  # AGN101
                return row
        async def second(db):
            async with opened(db) as row:
                return row
    """,
    "a cached factory": """
        class Client:
            async def rows(self):
                try:
                    yield 1
                finally:
                    await self.close()
        @functools.lru_cache(maxsize=None)
        def client() -> Client:
            return Client()
        async def first():
            async for row in client().rows():  # AGN101
                return row
    """,
    "a cached generator": """
        async def rows(db):
            try:
                yield 1
            finally:
                await db.close()
        @functools.cache  # AGN610
        def make(db):
            return rows(db)
        async def first(db):
            async for row in make(db):
                return row
    """,
    "decorators that decorate each other": """
        @one
        def other(f):
            return one(f)
        @other
        def one(f):
            return other(f)
        @one
        async def rows(db):
            try:
                yield 1
            finally:
                await db.close()
        async def first(db):
            async for row in rows(db):
                return row
    """,
}


@pytest.mark.parametrize("name", CASES)
def test_reports_exactly_the_marked_lines(name: str) -> None:
    assert_marked(CASES[name], after=HEAD)
