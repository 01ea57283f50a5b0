"""What holds while a generator is suspended, what it hands out, and what never runs: both sides.

Each case is one rule's; a line is marked `# HERE` where that rule reports, and no other line is.
"""

from __future__ import annotations

import textwrap

import pytest

from asyncgen_lint.config import Settings
from asyncgen_lint.engine import analyse
from asyncgen_lint.rule import Diagnostic
from asyncgen_lint.source.text import Source

LOCKS = {
    "annotated parameter": """
        from __future__ import annotations
        import asyncio
        async def rows(lock: "asyncio.Lock | None", db):
            async with lock:
                for row in db:
                    yield row  # HERE
    """,
    "parameter of another type": """
        async def rows(lock: Block, db):
            async with lock:
                for row in db:
                    yield row
    """,
    "attribute of the class": """
        import threading
        class Table:
            _lock = threading.RLock()
            async def rows(self, db):
                with self._lock:
                    for row in db:
                        yield row  # HERE
    """,
    "attribute that may be something else": """
        import asyncio
        class Table:
            def __init__(self, lock):
                self._lock = lock or asyncio.Lock()
            def reset(self, lock):
                self._lock = lock
            async def rows(self, db):
                async with self._lock:
                    for row in db:
                        yield row
    """,
    "alias of an attribute": """
        import trio
        class Table:
            def __init__(self):
                self._lock = trio.StrictFIFOLock()
            async def rows(self, db):
                lock = self._lock
                async with lock:
                    for row in db:
                        yield row  # HERE
    """,
    "lock of this call": """
        import asyncio
        async def rows(db):
            lock = asyncio.Lock()
            async with lock, asyncio.Lock():
                for row in db:
                    yield row
    """,
    "lock of this call in a manager": """
        import asyncio
        from contextlib import asynccontextmanager
        @asynccontextmanager
        async def alone():
            lock = asyncio.Lock()
            async with lock:
                yield
        async def rows(db):
            async with alone():
                for row in db:
                    yield row
    """,
    "lock of a closure": """
        import anyio
        def reader(db):
            lock = anyio.Lock()
            async def rows():
                async with lock:
                    for row in db:
                        yield row  # HERE
            return rows
    """,
    "sync manager in view": """
        import threading
        from contextlib import contextmanager
        lock = threading.Lock()
        @contextmanager
        def locked():
            with lock:
                yield
        async def rows(db):
            with locked():
                for row in db:
                    yield row  # HERE
    """,
    "unknown decorator": """
        import asyncio
        lock = asyncio.Lock()
        @cached
        async def rows(db):
            async with lock:
                for row in db:
                    yield row
    """,
    "unreachable": """
        import asyncio
        lock = asyncio.Lock()
        async def rows(db):
            async with lock:
                return
                yield 1
                yield 2
    """,
    "released by hand": """
        import asyncio
        lock = asyncio.Lock()
        async def rows(db):
            async with lock:
                for row in db:
                    lock.release()
                    yield row
                    await lock.acquire()
    """,
    "released before, taken after": """
        import asyncio
        lock = asyncio.Lock()
        async def rows(db):
            async with lock:
                first = await db.first()
            yield first
            async with lock:
                await db.end()
    """,
}

AMBIENT = {
    "attach and detach": """
        from opentelemetry import context
        from opentelemetry.context import attach
        async def rows(db, span):
            token = attach(span)
            try:
                for row in db:
                    yield row  # HERE
            finally:
                context.detach(token)
    """,
    "a way that is never taken": """
        async def rows(user, db):
            is_traced = False
            if is_traced:
                token = user.set("admin")
                yield "header"
                user.reset(token)
            for row in db:
                yield row
    """,
    "attach of another library": """
        from storage import attach, detach
        async def rows(db, disk):
            token = attach(disk)
            try:
                for row in db:
                    yield row
            finally:
                detach(token)
    """,
    "another token": """
        async def rows(db, var, old):
            token = var.set(1)
            db.note(token)
            for row in db:
                yield row
            var.reset(old)
    """,
    "reset of another variable": """
        async def rows(db, one, other):
            token = one.set(1)
            for row in db:
                yield row
            other.reset(token)
    """,
    "yield before and behind": """
        async def rows(db, var):
            yield "header"
            token = var.set(1)
            await db.load()
            var.reset(token)
            for row in db:
                yield row
    """,
    "set and reset at each turn": """
        async def rows(db, var):
            for row in db:
                token = var.set(row)
                await db.load()
                var.reset(token)
                yield row
    """,
    "reset on one way only": """
        async def rows(db, var, early):
            token = var.set(1)
            if early:
                var.reset(token)
            for row in db:
                yield row  # HERE
            if not early:
                var.reset(token)
    """,
    "span that is not made current": """
        async def rows(db, tracer):
            with tracer.start_span("rows"):
                for row in db:
                    yield row
    """,
    "span of a tracer": """
        async def rows(db, tracer):
            with tracer.start_as_current_span("rows"):
                for row in db:
                    yield row  # HERE
    """,
    "method of that name in view": """
        class Tracer:
            def start_as_current_span(self, name):
                return self
            def __enter__(self): ...
            def __exit__(self, *exc): ...
        async def rows(db):
            with Tracer().start_as_current_span("rows"):
                for row in db:
                    yield row
    """,
    "manager bound before": """
        import warnings
        async def rows(db):
            caught = warnings.catch_warnings()
            with caught:
                for row in db:
                    yield row  # HERE
    """,
    "class that keeps no token": """
        class Named:
            def __enter__(self):
                self._name = current.set
            def __exit__(self, *exc):
                self.reset(self._name)
        async def rows(db):
            with Named():
                for row in db:
                    yield row
    """,
}

REFUSED = {
    "delegation in a nested sync function": """
        async def rows(db):
            def inner():
                yield from db
            for row in inner():
                yield row
    """,
    "value used": """
        async def rows(db):
            count = yield from db  # HERE
    """,
    "in a sync function in between": """
        def rows(db):
            async def inner():
                yield from db  # HERE
            yield from db
            return inner
    """,
}

RETURNS = {
    "sync generator": """
        def rows(db):
            yield db
            return db
        async def copy(db):
            for row in rows(db):
                yield row
    """,
    "yield in a lambda": """
        async def rows(db):
            db.register(lambda: (yield))
            return db
    """,
    "yield in a class": """
        async def rows(db):
            def inner():
                yield db
            return inner
    """,
    "async comprehension": """
        async def rows(db):
            return [row async for row in db]
    """,
    "value before an unreachable yield": """
        async def rows(db):
            return db  # HERE
            yield
    """,
    "bare": """
        async def rows(db):
            if not db:
                return
            yield db
    """,
}

RESOURCES = {
    "unknown async manager": """
        async def rows(pool):
            async with pool.acquire() as db:
                async for row in db:
                    yield row  # HERE
    """,
    "unknown sync manager": """
        async def rows(pool):
            with pool.timer():
                async for row in pool:
                    yield row
    """,
    "file": """
        async def lines(name):
            with open(name) as file:
                for line in file:
                    yield line  # HERE
    """,
    "generator in view as argument": """
        async def rows(db):
            try:
                yield 1
                yield 2
            finally:
                await db.close()
        async def copy(db, closer):
            async with closer(rows(db)) as stream:
                async for row in stream:
                    yield row
    """,
    "closing manager in view": """
        from contextlib import asynccontextmanager
        @asynccontextmanager
        async def closing_it(gen):
            try:
                yield gen
            finally:
                await gen.aclose()
        async def copy(source):
            async with closing_it(source):
                async for row in source:
                    yield row
    """,
    "closing class in view": """
        class Scoped:
            def __init__(self, source):
                self.source = aiter(source)
            async def __aenter__(self):
                return self.source
            async def __aexit__(self, *exc):
                try:
                    close = self.source.aclose()
                except AttributeError:
                    pass
                else:
                    await close
        async def copy(source):
            async with Scoped(source) as stream:
                async for row in stream:
                    yield row
    """,
    "class in view that closes something else": """
        class Session:
            def __init__(self, url):
                self.url = url
            async def __aenter__(self):
                return self
            async def __aexit__(self, *exc):
                await self.disconnect()
        async def copy(source):
            async with Session(source):
                async for row in source:
                    yield row  # HERE
    """,
    "manager in view that does something else": """
        from contextlib import asynccontextmanager
        @asynccontextmanager
        async def transaction(db):
            await db.begin()
            try:
                yield
            finally:
                await db.end()
        async def rows(db):
            async with transaction(db):
                async for row in db.query():
                    yield row  # HERE
    """,
    "class in view that closes what it made": """
        from elsewhere import connect
        class Session:
            def __init__(self):
                self.client = connect()
            async def __aenter__(self):
                return self.client
            async def __aexit__(self, *exc):
                await self.client.aclose()
        async def rows():
            async with Session() as client:
                async for row in client.rows():
                    yield row  # HERE
    """,
    "class in view that lends what is iterated": """
        class Pool:
            async def __aenter__(self):
                self.connection = await self.connect()
                return self.connection
            async def __aexit__(self, *exc):
                await self.release(self.connection)
        async def rows():
            async with Pool() as connection:
                async for row in connection:
                    yield row  # HERE
    """,
    "iterators of a library of streams": """
        import asyncstdlib
        async def pairs(source):
            async with asyncstdlib.tee(source) as (first, second):
                async for row in asyncstdlib.zip(first, second):
                    yield row
    """,
    "library of streams": """
        import asyncstdlib
        async def copy(source):
            async with asyncstdlib.scoped_iter(source) as stream:
                async for row in stream:
                    yield row
    """,
    "already a cancel scope": """
        import asyncio
        async def rows(pool):
            async with pool.acquire() as db, asyncio.timeout(5):
                async for row in db:
                    yield row
    """,
    "class in view that maps exceptions": """
        class mapped:
            def __enter__(self):
                pass
            def __exit__(self, kind, error, traceback):
                if isinstance(error, OSError):
                    raise explained(error)
        async def rows(db):
            with mapped():
                async for row in db:
                    yield row
    """,
    "stack of closes": """
        from contextlib import AsyncExitStack
        async def copy(steps):
            async with AsyncExitStack() as stack:
                for step in steps:
                    rows = step.rows()
                    if hasattr(rows, "aclose"):
                        stack.push_async_callback(rows.aclose)
                async for row in rows:
                    yield row
    """,
    "stack of more than closes": """
        from contextlib import AsyncExitStack
        async def copy(steps, pool):
            async with AsyncExitStack() as stack:
                rows = steps.rows()
                stack.push_async_callback(rows.aclose)
                await stack.enter_async_context(pool.acquire())
                async for row in rows:
                    yield row  # HERE
    """,
    "suppress": """
        from contextlib import suppress
        async def rows(db):
            with suppress(GeneratorExit):
                for row in db:
                    yield row
    """,
    "left before": """
        async def rows(pool):
            async with pool.acquire() as db:
                found = await db.all()
            for row in found:
                yield row
    """,
}

REUSED = {
    "emptied on another way": """
        async def batches(db):
            batch = []
            async for row in db:
                batch.append(row)
                if row is None:
                    batch.clear()
                    continue
                yield batch
                return
    """,
    "emptied in the next turn": """
        async def batches(db):
            batch = []
            async for row in db:
                batch.clear()
                batch.append(row)
                yield batch  # HERE
    """,
    "bound anew before": """
        async def batches(db):
            batch = []
            async for row in db:
                batch.append(row)
                yield batch
                batch = [row]
                batch.clear()
    """,
    "a part deleted": """
        async def batches(db):
            batch = []
            async for row in db:
                batch.append(row)
                yield batch
                del batch[:-1]
    """,
    "deleted name": """
        async def batches(db):
            async for row in db:
                batch = [row]
                yield batch
                del batch
    """,
    "handed on by a consumer in view": """
        async def _batches(db):
            batch = []
            async for row in db:
                batch.append(row)
                yield batch  # HERE
                batch.clear()
        async def keep(db, kept):
            async for batch in _batches(db):
                kept.append(batch)
    """,
    "used at once by every consumer": """
        async def _batches(db):
            batch = []
            async for row in db:
                batch.append(row)
                yield batch
                batch.clear()
        async def show(db):
            async for batch in _batches(db):
                print(len(batch))
                for row in batch:
                    print(row)
    """,
    "used at once by the consumers in view, and open to others": """
        async def batches(db):
            batch = []
            async for row in db:
                batch.append(row)
                yield batch  # HERE
                batch.clear()
        async def show(db):
            async for batch in batches(db):
                print(len(batch))
    """,
    "gathered elsewhere": """
        async def _batches(db):
            batch = []
            async for row in db:
                batch.append(row)
                yield batch  # HERE
                batch.clear()
        async def show(db):
            async for batch in _batches(db):
                print(len(batch))
        async def gathered(db, gather):
            return await gather(_batches(db))
    """,
    "used at once by the consumer in view, and handed on": """
        async def show(db, consume):
            async def batches():
                batch = []
                async for row in db:
                    batch.append(row)
                    yield batch  # HERE
                    batch.clear()
            async for batch in batches():
                print(len(batch))
            await consume(batches)
    """,
    "passed in": """
        async def batches(db, batch=[]):
            async for row in db:
                batch.append(row)
                yield batch
                batch.clear()
    """,
}

REPLAYS = {
    "left by break": """
        async def rows(db):
            while True:
                try:
                    async for row in db.query():
                        yield row  # HERE
                    break
                except OSError:
                    pass
    """,
    "left by else": """
        async def rows(db):
            for _ in range(3):
                try:
                    async for row in db.query():
                        yield row  # HERE
                except OSError:
                    continue
                else:
                    break
    """,
    "starts again at the end too": """
        async def rows(db):
            while True:
                try:
                    async for row in db.query():
                        yield row
                except OSError:
                    pass
    """,
    "handler that raises": """
        async def rows(db):
            for _ in range(3):
                try:
                    async for row in db.query():
                        yield row
                    return
                except OSError as error:
                    raise ValueError from error
    """,
    "try inside the loop": """
        async def rows(db):
            while True:
                async for row in db.query():
                    try:
                        yield row
                    except OSError:
                        continue
                return
    """,
    "entered connection": """
        async def messages(connect):
            while True:
                try:
                    async with connect() as socket:
                        async for message in socket:
                            yield message
                    return
                except OSError:
                    pass
    """,
    "source made before": """
        async def rows(db):
            source = db.query()
            while True:
                try:
                    async for row in source:
                        yield row
                    return
                except OSError:
                    pass
    """,
    "last item in the query": """
        async def rows(db):
            row = None
            while True:
                try:
                    async for row in db.query(after=row):
                        yield row
                    return
                except OSError:
                    pass
    """,
    "count of items": """
        async def rows(db):
            done = 0
            while True:
                try:
                    position = 0
                    async for row in db.query():
                        position += 1
                        if position <= done:
                            continue
                        done = position
                        yield row
                    return
                except OSError:
                    pass
    """,
    "position on the object": """
        class Reader:
            async def rows(self, db):
                while True:
                    try:
                        async for row in self.query():
                            self.position = row.id
                            yield row
                        return
                    except OSError:
                        pass
    """,
    "flag looked at in the handler": """
        async def rows(db):
            started = False
            while True:
                try:
                    async for row in db.query():
                        started = True
                        yield row
                    return
                except OSError:
                    if started:
                        raise
    """,
    "first item alone": """
        async def first(db):
            while True:
                try:
                    async for row in db.query():
                        yield row
                        break
                    return
                except:
                    pass
    """,
    "starts again at the end too, and looks at the items": """
        async def events(feed, log):
            while True:
                try:
                    async for event in feed.subscribe():
                        yield event
                        if event.has_gap():
                            log.warning("gap behind %s", event)
                except OSError:
                    pass
    """,
    "looks at the items": """
        async def events(feed, log):
            while True:
                try:
                    async for event in feed.subscribe():
                        yield event  # HERE
                        if event.has_gap():
                            log.warning("gap behind %s", event)
                    return
                except OSError:
                    pass
    """,
    "started again by the loop itself": """
        async def pages(feed, log):
            while True:
                try:
                    async for page in feed.pages():
                        if page.is_outdated():
                            break
                        yield page
                    else:
                        return
                finally:
                    log.info("read the pages")
    """,
}

BUSY = {
    "while 1": """
        async def numbers():
            number = 0
            while 1:
                yield number  # HERE
                number += 1
    """,
    "awaits on one way": """
        import asyncio
        async def numbers(slow):
            while True:
                if slow:
                    await asyncio.sleep(0)
                yield 1
    """,
    "returns on one way": """
        async def numbers(limit):
            number = 0
            while True:
                if number > limit:
                    return
                yield number
                number += 1
    """,
    "ends by an exception": """
        async def numbers(source):
            try:
                while True:
                    yield next(source)
            except StopIteration:
                pass
    """,
    "ends by an exception of one step": """
        async def numbers(source):
            while True:
                try:
                    number = next(source)
                except StopIteration:
                    break
                yield number
    """,
    "nothing is caught": """
        async def numbers(source):
            try:
                while True:
                    yield source.read()  # HERE
            finally:
                source.close()
    """,
    "inside a loop that awaits": """
        async def parsed(source):
            async for text in source:
                while True:
                    text, _, word = text.partition(" ")
                    if not word:
                        break
                    yield word
    """,
    "repeat of so many": """
        import itertools
        async def numbers():
            for number in itertools.repeat(1, 10):
                yield number
    """,
    "repeat": """
        import itertools
        async def numbers():
            for number in itertools.repeat(1):
                yield number  # HERE
    """,
    "consumer that awaits": """
        import asyncio
        async def numbers():
            while True:
                yield 1
        async def read():
            async for number in numbers():
                await asyncio.sleep(number)
    """,
    "consumer that does not": """
        async def numbers():
            while True:
                yield 1  # HERE
        async def read():
            async for number in numbers():
                print(number)
    """,
}

TESTS = {
    "method of a case": """
        from unittest import IsolatedAsyncioTestCase
        class Case(IsolatedAsyncioTestCase):
            async def test_it(self):  # HERE
                yield
    """,
    "case of the project": """
        import unittest
        class Base(unittest.TestCase): ...
        class Case(Base):
            @unittest.skipIf(True, "")
            async def test_it(self):  # HERE
                yield
    """,
    "marked": """
        import pytest
        @pytest.mark.asyncio
        async def test_it():  # HERE
            yield
    """,
    "fixture": """
        import pytest
        @pytest.fixture
        async def test_server():
            yield
    """,
    "unknown decorator": """
        @case
        async def test_it():
            yield
    """,
    "sync test of a generator": """
        async def rows():
            yield 1
        def test_rows(run):
            yield run(anext(rows()))
    """,
    "class with a constructor": """
        class TestIt:
            def __init__(self): ...
            async def test_it(self):
                yield
    """,
    "class that is not collected": """
        class TestIt:
            __test__ = False
            async def test_it(self):
                yield
    """,
    "function inside": """
        async def helper():
            async def test_it():
                yield
            return test_it
    """,
    "used": """
        async def test_values():
            yield 1
        async def test_it():
            assert [value async for value in test_values()] == [1]
    """,
    "stub": """
        async def test_it():
            raise NotImplementedError
            yield
    """,
}

GROUPS = {
    "AGN304": LOCKS,
    "AGN305": RESOURCES,
    "AGN306": AMBIENT,
    "AGN307": REFUSED,
    "AGN308": RETURNS,
    "AGN309": REUSED,
    "AGN310": REPLAYS,
    "AGN311": BUSY,
    "AGN312": TESTS,
}


def found(
    text: str, code: str, filename: str = "case.py", target: tuple[int, int] = (3, 10)
) -> tuple[Diagnostic, ...]:
    settings = Settings(select=(code,), strict=True, target_version=target)
    return analyse(Source(filename, text), settings).diagnostics


@pytest.mark.parametrize(
    ("code", "name"), [(code, name) for code, cases in GROUPS.items() for name in cases]
)
def test_case(code: str, name: str) -> None:
    text = textwrap.dedent(GROUPS[code][name])
    expected = [n for n, line in enumerate(text.splitlines(), 1) if line.endswith("# HERE")]
    analysis = found(text, code, "test_case.py" if code == "AGN312" else "case.py")
    assert [(each.code, each.span.start.line) for each in analysis] == [
        (code, line) for line in expected
    ]


@pytest.mark.parametrize("code", ["AGN307", "AGN308"])
def test_what_compiles_in_the_target_version_is_not_reported(code: str) -> None:
    text = "async def rows(db):\n    yield from db\n    return None\n"
    assert found(text, code, target=(3, 15))
    assert not found(text, code, target=(3, 16))


def test_tests_are_looked_for_where_pytest_does() -> None:
    text = "async def test_it():\n    yield\n"
    assert found(text, "AGN312", "tests/test_it.py")
    assert found(text, "AGN312", "it_test.py")
    assert not found(text, "AGN312", "tests/helpers.py")
    assert not found(text, "AGN312", "conftest.py")


def fix_of(text: str, code: str) -> str:
    (diagnostic,) = found(textwrap.dedent(text), code)
    return diagnostic.fix.title if diagnostic.fix is not None else ""


@pytest.mark.parametrize(
    ("use", "may_be_new"),
    [
        ("print(len(batch))", True),
        ("batch.extend(row)", True),
        ("db.kept = batch", False),
        ("db.keep(batch)", False),
        ("db.later = lambda: batch", False),
        ("batch = [row]", False),
    ],
)
def test_a_list_is_replaced_where_nothing_else_refers_to_it(use: str, may_be_new: bool) -> None:
    text = f"""
        async def batches(db):
            batch = []
            async for row in db:
                {use}
                yield batch
                batch.clear()
    """
    assert fix_of(text, "AGN309") == ("Start a new list `batch`" if may_be_new else "")


@pytest.mark.parametrize(
    ("statement", "title"),
    [
        ("yield from [1, 2]", "Iterate the source, and yield its items"),
        ("yield from sorted(db)", "Iterate `sorted()`, and yield its items"),
        ("yield from rows(db)", "Iterate `rows()` under `aclosing`, and yield its items"),
        ("yield from db", ""),
        ("value = yield from [1, 2]", ""),
        ("yield from [1, 2]; db.end()", ""),
    ],
)
def test_delegation_is_repaired_where_its_source_is_certain(statement: str, title: str) -> None:
    text = f"async def rows(db):\n    yield db\nasync def copy(db):\n    {statement}\n"
    assert fix_of(text, "AGN307") == title


def test_return_none_is_repaired_but_for_a_comment() -> None:
    assert fix_of("async def rows():\n    yield\n    return (None)\n", "AGN308")
    text = "async def rows():\n    yield\n    return (  # nothing\n        None)\n"
    assert not fix_of(text, "AGN308")
