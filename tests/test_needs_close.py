"""Which generators have something to clean up where they are suspended: a case for each shape.

In each, a generator is left early, or held: the line is reported if closing it has an effect.
"""

from __future__ import annotations

import textwrap

import pytest
from marked import ROWS, assert_marked

HAVE_CLEANUP = {
    "home-made manager that closes a generator with cleanup": """
        async def g(db):
            async with closing_it(rows(db)) as gen:
                async for row in gen:
                    yield row
    """,
    "home-made manager that does more than close": """
        @asynccontextmanager
        async def released(gen):
            try:
                yield gen
            finally:
                await gen.aclose()
                await asyncio.sleep(0)
        async def g(db):
            async with released(plain(db)) as gen:
                async for row in gen:
                    yield row
    """,
    "home-made closing class over a generator with cleanup": """
        async def g(db):
            async with Closing(rows(db)) as gen:
                async for row in gen:
                    yield row
    """,
    "except* BaseException": """
        async def g(db):
            try:
                yield 1
            except* BaseException:
                await db.rollback()
                raise
    """,
    "except* tuple with GeneratorExit": """
        async def g(db):
            try:
                yield 1
            except* (ValueError, GeneratorExit):
                await db.rollback()
                raise
    """,
    "bare except": """
        async def g(db):
            try:
                yield 1
            except:
                await db.rollback()
                raise
    """,
    "except tuple GeneratorExit": """
        async def g(db):
            try:
                yield 1
            except (asyncio.CancelledError, GeneratorExit):
                await db.rollback()
                raise
    """,
    "yield in handler with finally": """
        async def g(db):
            try:
                await db.open()
            except ValueError:
                yield 1
            finally:
                await db.close()
    """,
    "yield in else with finally": """
        async def g(db):
            try:
                await db.open()
            except ValueError:
                pass
            else:
                yield 1
            finally:
                await db.close()
    """,
    "nullcontext or real": """
        async def g(db):
            async with (db.lock if db else nullcontext()):
                yield 1
    """,
    "suppress base exception": """
        async def g(db):
            with suppress(BaseException):
                yield 1
            await db.close()
    """,
    "suppress GeneratorExit": """
        async def g(db):
            with suppress(GeneratorExit):
                yield 1
            await db.close()
    """,
    "async manager in view that releases": """
        @asynccontextmanager
        async def session(db):
            try:
                yield db
            finally:
                await db.close()
        async def g(db):
            async with session(db):
                yield 1
    """,
    "class manager that releases": """
        class Held:
            def __init__(self, db):
                self.db = db
            def __enter__(self):
                return self
            def __exit__(self, *exc):
                self.db.release()
        async def g(db):
            with Held(db):
                yield 1
    """,
    "holding an inner": """
        async def g(db):
            inner = rows(db)
            await anext(inner)  # AGN104
            yield 1
    """,
    "inner closed by aclosing": """
        async def g(db):
            async with aclosing(rows(db)) as inner:
                async for row in inner:
                    yield row
    """,
    "manager that runs a method which it holds": """
        class Hook:
            def __init__(self, logger, release):
                self.log = logger.debug if logger else release.free
            def __enter__(self):
                return self
            def __exit__(self, *exc):
                self.log("done")
        async def g(db):
            with Hook(db.logger, db):
                yield 1
    """,
    "handler for errors that yields on": """
        async def g(db):
            try:
                yield await db.fetch()
            except ValueError:
                yield 2
            finally:
                await db.close()
    """,
}
"""Generators `g` that closing has an effect on where they are suspended."""

HAVE_NONE = {
    "home-made manager that closes a generator without cleanup": """
        async def g(db):
            async with closing_it(plain(db)) as gen:
                async for row in gen:
                    yield row
    """,
    "home-made closing class over a generator without cleanup": """
        async def g(db):
            async with Closing(plain(db)) as gen:
                async for row in gen:
                    yield row
    """,
    "except* Exception": """
        async def g(db):
            try:
                yield 1
            except* Exception:
                await db.rollback()
                raise
    """,
    "except CancelledError only": """
        async def g(db):
            try:
                yield 1
            except asyncio.CancelledError:
                await db.rollback()
                raise
    """,
    "except keyboard": """
        async def g(db):
            try:
                yield 1
            except (KeyboardInterrupt, SystemExit):
                await db.rollback()
                raise
    """,
    "yield in handler without finally": """
        async def g(db):
            try:
                await db.open()
            except BaseException:
                yield 1
                raise
    """,
    "yield in the else block": """
        async def g(db):
            try:
                await db.open()
            except BaseException:
                await db.close()
                raise
            else:
                yield 1
    """,
    "yield in finally": """
        async def g(db):
            try:
                await db.open()
            finally:
                yield 1
    """,
    "yield before the try": """
        async def g(db):
            yield 1
            try:
                await db.open()
            finally:
                await db.close()
    """,
    "finally pass": """
        async def g(db):
            try:
                yield 1
            finally:
                pass
    """,
    "finally print": """
        async def g(db):
            try:
                yield 1
            finally:
                print("done", len(db))
    """,
    "nullcontext alone async": """
        async def g(db):
            async with nullcontext():
                yield 1
    """,
    "async manager that only maps": """
        @asynccontextmanager
        async def mapping():
            try:
                yield
            except KeyError as error:
                raise ValueError from error
        async def g(db):
            async with mapping():
                yield 1
    """,
    "async manager, cleanup after its yield only": """
        @asynccontextmanager
        async def session(db):
            yield db
            await db.close()
        async def g(db):
            async with session(db):
                yield 1
    """,
    "class manager that only maps": """
        class Mapping:
            def __enter__(self):
                return self
            def __exit__(self, kind, exc, tb):
                if kind is KeyError:
                    raise ValueError from exc
                return False
        async def g(db):
            with Mapping():
                yield 1
    """,
    "inner drained": """
        async def g(db):
            got = [row async for row in rows(db)]
            yield got
    """,
    "inner parameter": """
        async def g(inner):
            async for row in inner:
                yield row
    """,
    "inner under aclosing param": """
        async def g(inner):
            async with aclosing(inner):
                async for row in inner:
                    yield row
    """,
    "manager that logs by a method which it holds": """
        class Timer:
            def __init__(self, logger, level):
                self.log = logger.debug if level == 10 else logger.info
            def __enter__(self):
                return self
            def __exit__(self, *exc):
                self.log("done")
        async def g(db):
            with Timer(db.logger, 10):
                yield 1
    """,
    "finally that yields on": """
        async def g(db):
            try:
                yield 1
            finally:
                yield 2  # AGN302
    """,
    "finally that may yield on, which closing would only show": """
        async def g(db):
            try:
                yield 1
            finally:
                if db.is_open:
                    yield 2  # AGN302
                await db.close()
    """,
    "home-made manager, called by keyword, that closes what the generator was given": """
        async def g(db):
            async with closing_it(gen=plain(db)) as gen:
                async for row in gen:
                    yield row
    """,
}
"""Generators `g` that closing has no effect on."""

CASES = {
    "an exit stack that stays empty": """
        from contextlib import AsyncExitStack
        async def nameless(db):
            async with AsyncExitStack():
                yield 1
        async def unused(db):
            async with AsyncExitStack() as stack:
                yield 1
        async def used(db):
            async with AsyncExitStack() as stack:
                if db:
                    await stack.enter_async_context(db)
                yield 1
        async def given(db):
            async with AsyncExitStack() as stack:
                db.put(stack)
                yield 1
        async def f(db):
            async for row in nameless(db):
                break
            async for row in unused(db):
                break
            async for row in used(db):  # AGN101
                break
            async for row in given(db):  # AGN101
                break
    """,
    "finally global pop": """
        WAITING = {}
        async def g(key):
            WAITING[key] = 1
            try:
                yield 1
            finally:
                WAITING.pop(key, None)
        async def f(db):
            async for row in g(1):  # AGN101
                return row
    """,
    "finally self.set.discard": """
        class C:
            async def g(self, key):
                try:
                    yield 1
                finally:
                    self.waiting.discard(key)
            async def f(self):
                async for row in self.g(1):  # AGN101
                    return row
    """,
    "finally closure pop": """
        def outer():
            waiting = {}
            async def g(key):
                try:
                    yield 1
                finally:
                    waiting.pop(key)
            async def f():
                async for row in g(1):  # AGN101
                    return row
            return f
    """,
    "finally assign self": """
        class C:
            async def g(self, key):
                try:
                    yield 1
                finally:
                    self.running = False
            async def f(self):
                async for row in self.g(1):
                    return row
    """,
    "with open": """
        async def g(path):
            with open(path) as file:
                yield 1
        async def f(path):
            async for row in g(path):  # AGN101
                return row
    """,
    "async genexp": """
        async def f(db):
            async for row in (row async for row in rows(db)):  # AGN101
                return row
    """,
    "genexp over plain": """
        async def f(db):
            async for row in (row async for row in plain(db)):
                return row
    """,
    "genexp name": """
        async def f(db):
            gen = (row async for row in rows(db))
            async for row in gen:  # AGN101
                return row
    """,
    "genexp never started": """
        async def f(db):
            gen = (row async for row in rows(db))
            return 1
    """,
    "mutual recursion without": """
        async def a(n):
            yield n
            async for each in b(n - 1):
                yield each
        async def b(n):
            yield n
            async for each in a(n - 1):
                yield each
        async def f(n):
            async for each in a(n):
                return each
    """,
    "mutual recursion with": """
        async def a(n):
            yield n
            async for each in b(n - 1):  # AGN103
                yield each
        async def b(n):
            async with n:
                yield n
            async for each in a(n - 1):  # AGN103
                yield each
        async def f(n):
            async for each in a(n):  # AGN101
                return each
    """,
}


def left_early(generator: str, mark: str) -> str:
    """Return a module in which a loop over a generator is left after the first item."""
    return f"""{ROWS}{textwrap.dedent(generator)}
async def f(db):
    async for row in g(db):{mark}
        return row
"""


@pytest.mark.parametrize("name", HAVE_CLEANUP)
def test_a_generator_with_cleanup_needs_closing(name: str) -> None:
    assert_marked(left_early(HAVE_CLEANUP[name], "  # AGN101"))


@pytest.mark.parametrize("name", HAVE_NONE)
def test_a_generator_without_cleanup_needs_none(name: str) -> None:
    assert_marked(left_early(HAVE_NONE[name], ""))


@pytest.mark.parametrize("name", CASES)
def test_reports_exactly_the_marked_lines(name: str) -> None:
    assert_marked(CASES[name], after=ROWS)
