"""Wrong consumption, from both sides: each exemption beside what it does not cover."""

from __future__ import annotations

import pytest
from marked import assert_marked

from asyncgen_lint.config import Settings
from asyncgen_lint.engine import analyse
from asyncgen_lint.source.text import Source

HEAD = """
import asyncio, contextlib, functools, itertools
from collections.abc import AsyncGenerator

async def rows():
    received = yield 1
    await asyncio.sleep(0)
    yield received

async def stubborn():
    while True:
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:  # AGN402
            pass
        yield 1

async def work(source):
    async for _ in source:
        print(_)

def unknown(function):
    return registry.add(function)

@unknown
async def decorated():
    yield 1

"""

CASES = {
    "names": """
    async def f():
        source = rows()
        list(source)  # AGN502
        other = rows()
        other = [x async for x in other]
        list(other)
        later = (x async for x in rows())
        list(later)  # AGN502
        plain = (x for x in other)
        list(plain)
    """,
    "parameters": """
    async def f(source: AsyncGenerator[int, None]):
        list(source)
        for x in source:
            print(x)
        async with source:
            pass
        asyncio.create_task(source)
    """,
    "unknown decorators": """
    async def f():
        list(decorated())
        async with decorated():
            pass
        asyncio.create_task(decorated())
        async for x in decorated:
            print(x)
    """,
    "shadowed names": """
    from asyncstdlib import enumerate, list, zip
    async def f():
        await list(rows())
        async for i, x in enumerate(rows()):
            print(i, x)
        tuple(rows())  # AGN502
    """,
    "await in a generator expression": """
    async def f(xs, get):
        sum(await get(x) for x in xs)  # AGN502
        sum(x for x in xs if await get(x))  # AGN502
        sum(x for y in xs for x in await get(y))  # AGN502
        sum(x for x in await get(xs))
        sum([await get(x) for x in xs])
        sum(functools.reduce(await get(x), xs) for x in xs)  # AGN502
    """,
    "positions of arguments": """
    async def f(it):
        next(it, rows())
        next(rows())  # AGN502
        max(rows())  # AGN502
        max(rows(), key=print)  # AGN502
        print(rows())
        zip(it, rows())  # AGN502
        sorted(it, key=rows())
        dict(rows())  # AGN502
        dict(source=rows())
    """,
    "expected errors": """
    import pytest
    async def f(self):
        with pytest.raises(TypeError):
            list(rows())
        with self.assertRaises(TypeError):
            async with rows():
                pass
        try:
            sum(rows())
        except TypeError:
            print("async")
        try:
            sum(rows())  # AGN502
        except ValueError:
            print("no number")
        with contextlib.suppress(TypeError):
            list(rows())
        with contextlib.suppress(Exception):
            list(rows())
        with contextlib.suppress(*self.errors):
            list(rows())
        with contextlib.suppress(OSError):
            list(rows())  # AGN502
    """,
    "other consumers": """
    def plain():
        yield from rows()  # AGN502
    async def f(x):
        first, second = rows()  # AGN502
        both = rows(), rows()
        print(*rows())  # AGN502
        x in rows()  # AGN502
        rows() in x
        rows()[0]  # AGN502
        x[rows()]
        ", ".join(rows())  # AGN502
        x.join(rows())
        return both
    """,
    "who runs coroutines": """
    async def f(self, loop, xs):
        asyncio.create_task(rows())  # AGN504
        self.create_task(rows())
        loop.create_task(rows())
        known = asyncio.get_running_loop()
        known.create_task(rows())  # AGN504
        async with asyncio.TaskGroup() as group:
            group.create_task(rows())  # AGN504
        await asyncio.gather(*[rows() for _ in xs])  # AGN504
        await asyncio.gather(*[work(rows()) for _ in xs])
        await asyncio.wait([rows(), rows()])  # AGN504
        asyncio.run(work(rows()), debug=rows())
    """,
    "trio and anyio": """
    import anyio, trio
    async def f(group):
        group.start_soon(rows)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(rows)  # AGN504
            tasks.start_soon(work, rows())
        async with trio.open_nursery() as nursery:
            nursery.start_soon(rows)  # AGN504
            nursery.start_soon(functools.partial(rows))  # AGN504
            nursery.start_soon(functools.partial(work, rows()))
        await anyio.to_thread.run_sync(rows)  # AGN504
        return await anyio.to_thread.run_sync(rows)
    """,
    "entered": """
    async def row():
        yield 1
    wrapped = contextlib.asynccontextmanager(row)
    async def f(stack):
        async with wrapped():
            pass
        async with rows():  # AGN505
            pass
        await stack.enter_async_context(rows())
        async with contextlib.AsyncExitStack() as known:
            await known.enter_async_context(rows())  # AGN505
    """,
    "sync iterables": """
    class Loaded(list):
        def __aiter__(self):
            return rows()
    async def f(found, flag):
        async for x in [1]:  # AGN510
            print(x)
        async for x in Loaded():
            print(x)
        async for x in found.items():
            print(x)
        async for x in {1: 2}.items():  # AGN510
            print(x)
        some = [1] if flag else rows()
        async for x in some:
            print(x)
        async for i, x in enumerate(rows()):  # AGN502
            print(i, x)
    """,
    "functions that are not called": """
    class Feed:
        async def entries(self):
            yield 1
        @property
        async def titles(self):
            yield 2
        async def __call__(self):
            yield 3
        def __aiter__(self):
            return self()
    async def f(take):
        feed = Feed()
        async for x in feed.entries:  # AGN511
            print(x)
        async for x in feed.titles:
            print(x)
        async for x in feed:
            print(x)
        take(rows)
        await anext(rows)  # AGN511
        async for x in functools.partial(rows):  # AGN511
            print(x)
        async for x in functools.partial(rows)():
            print(x)
        await rows.aclose()  # AGN511
        rows.calls = 1
    """,
    "sends": """
    async def f(value, flag):
        source = rows()
        await source.asend(1)  # AGN506
    async def started(value, flag):
        source = rows()
        await anext(source)
        await source.asend(1)
    async def on_some_path(value, flag):
        source = rows()
        if flag:
            await anext(source)
        await source.asend(1)
    async def maybe_none(value, flag):
        source = rows()
        await source.asend(value)
    async def by_helper(value, flag, start):
        source = rows()
        await start(source)
        await source.asend(1)
    """,
    "passes": """
    async def twice():
        source = rows()
        print([x async for x in source])
        print([x async for x in source])  # AGN507
    async def after_break():
        source = rows()
        async for x in source:
            if x:
                break
        print([x async for x in source])
    async def asserted():
        source = rows()
        print([x async for x in source])
        assert [x async for x in source] == []
    async def in_each_turn(keys):
        source = rows()
        for key in keys:
            async for x in source:  # AGN507
                print(key, x)
    async def in_some_turns(keys):
        source = rows()
        for key in keys:
            if key:
                async for x in source:
                    print(key, x)
    async def while_there_is_nothing(keys):
        source, found = rows(), None
        while found is None:
            found = [x async for x in source]
        return found
    async def handed_on(keys, refill):
        source = rows()
        print([x async for x in source])
        refill(source)
        print([x async for x in source])
    """,
    "tasks": """
    async def gathered():
        source = rows()
        await asyncio.gather(work(source), work(source))  # AGN508
    async def of_their_own():
        await asyncio.gather(work(rows()), work(rows()))
    async def awaited_between():
        source = rows()
        one = asyncio.create_task(work(source))
        await one
        two = asyncio.create_task(work(source))
        await two
    async def locked(lock):
        source = rows()
        async def guarded(source):
            async with lock:
                return await anext(source)
        await asyncio.gather(guarded(source), guarded(source))
    async def cancelled():
        source = rows()
        one = asyncio.create_task(work(source))
        await asyncio.sleep(1)
        one.cancel()
        await source.aclose()  # AGN508
    async def cancelled_and_caught():
        source = rows()
        one = asyncio.create_task(work(source))
        await asyncio.sleep(1)
        one.cancel()
        with contextlib.suppress(RuntimeError):
            await source.aclose()
    async def cancelled_and_caught_otherwise():
        source = rows()
        one = asyncio.create_task(work(source))
        await asyncio.sleep(1)
        one.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await source.aclose()  # AGN508
    async def cancelled_and_handled():
        source = rows()
        one = asyncio.create_task(work(source))
        await asyncio.sleep(1)
        one.cancel()
        try:
            await source.aclose()
        except RuntimeError:
            await asyncio.wait([one])
    async def cancelled_and_handled_otherwise():
        source = rows()
        one = asyncio.create_task(work(source))
        await asyncio.sleep(1)
        one.cancel()
        try:
            await source.aclose()  # AGN508
        except OSError:
            await asyncio.wait([one])
    async def cancelled_and_awaited():
        source = rows()
        one = asyncio.create_task(work(source))
        await asyncio.sleep(1)
        one.cancel()
        await asyncio.wait([one])
        await source.aclose()
    def by_a_loop(loop):
        source = rows()
        one = loop.create_task(anext(source))
        print(loop.run_until_complete(one))
        two = loop.create_task(anext(source))
        print(loop.run_until_complete(two))
        two.cancel()
        loop.run_until_complete(source.aclose())
    def interrupted(loop):
        source = rows()
        try:
            while True:
                one = loop.create_task(anext(source))
                yield loop.run_until_complete(one)
        except (KeyboardInterrupt, Exception):
            loop.create_task(source.aclose())  # AGN508
            one.cancel()
            raise
    def interrupted_and_awaited(loop):
        source = rows()
        try:
            while True:
                one = loop.create_task(anext(source))
                yield loop.run_until_complete(one)
        except KeyboardInterrupt:
            one.cancel()
            loop.run_until_complete(asyncio.wait([one]))
            loop.create_task(source.aclose())
            raise
    async def interrupted_while_it_waits():
        # Ctrl-C comes to the coroutine as a cancellation, or not at all.
        source = rows()
        one = asyncio.create_task(anext(source))
        try:
            await asyncio.sleep(60)
        except KeyboardInterrupt:
            asyncio.create_task(source.aclose())
    def failed(loop):
        source = rows()
        try:
            while True:
                one = loop.create_task(anext(source))
                yield loop.run_until_complete(one)
        except Exception:
            loop.create_task(source.aclose())
            raise
    """,
    "timeouts": """
    async def goes_on():
        source = rows()
        while True:
            try:
                print(await asyncio.wait_for(anext(source), 1))  # AGN509
            except TimeoutError:
                continue
    async def without_limit():
        source = rows()
        while True:
            try:
                print(await asyncio.wait_for(anext(source), None))
            except TimeoutError:
                continue
    async def without_timeout():
        source = rows()
        while True:
            try:
                print(await anext(source, "the end"))
            except TimeoutError:
                continue
    async def leaves():
        source = rows()
        while True:
            try:
                print(await asyncio.wait_for(anext(source), 1))
            except TimeoutError:
                break
            except Exception:
                continue
    async def made_anew():
        source = rows()
        while True:
            try:
                print(await asyncio.wait_for(anext(source), 1))
            except TimeoutError:
                source = rows()
    async def made_anew_in_each_turn():
        while True:
            source = rows()
            print(await anext(source))
            try:
                print(await asyncio.wait_for(anext(source), 1))
            except TimeoutError:
                continue
    async def taken_from_elsewhere(connect):
        source = rows()
        while True:
            try:
                print(await asyncio.wait_for(anext(source), 1))
            except TimeoutError:
                source = connect()
    async def never_waits():
        async def numbers():
            yield 1
            yield 2
        source = numbers()
        while True:
            try:
                print(await asyncio.wait_for(anext(source), 1))
            except TimeoutError:
                continue
    async def handles_something_else(connection):
        async def messages():
            while True:
                try:
                    yield await connection.receive()
                except ConnectionError:
                    await connection.reconnect()
        source = messages()
        while True:
            try:
                print(await asyncio.wait_for(anext(source), 1))  # AGN509
            except TimeoutError:
                continue
    async def survives():
        source = stubborn()
        while True:
            try:
                print(await asyncio.wait_for(anext(source), 1))
            except TimeoutError:
                continue
    async def flagged():
        source, is_open = rows(), True
        while is_open:
            try:
                async with asyncio.timeout(1):
                    print(await anext(source))
            except TimeoutError:
                is_open = False
    async def caught_inside():
        source = rows()
        while True:
            async with asyncio.timeout(1):
                try:
                    print(await anext(source))
                except TimeoutError:
                    continue
    """,
    "timeouts that somebody else may handle first": """
        import asyncio
        from contextlib import suppress
        async def messages():
            for number in (1, 2, 3):
                await asyncio.sleep(number)
                yield number

        async def handled():
            source = messages()
            while True:
                try:
                    async with asyncio.timeout(1):
                        await anext(source)  # AGN509
                except TimeoutError:
                    continue
        async def absorbed():
            source = messages()
            while True:
                try:
                    async with asyncio.timeout(1):
                        try:
                            await anext(source)
                        except BaseException:
                            break
                except TimeoutError:
                    continue
        async def suppressed():
            source = messages()
            while True:
                try:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(1):
                            await anext(source)
                except TimeoutError:
                    continue
        async def of_a_library(library):
            source = messages()
            while True:
                try:
                    async with asyncio.timeout(1):
                        await anext(source)
                except library.Late:
                    raise
                except TimeoutError:
                    continue
    """,
    "closing beside a reader, where its error is expected or not": """
        import asyncio
        from contextlib import suppress
        async def messages():
            for number in (1, 2, 3):
                await asyncio.sleep(number)
                yield number

        async def collect(source, done):
            async for number in source:
                done.append(number)
        async def stopped(done):
            source = messages()
            reader = asyncio.create_task(collect(source, done))
            await asyncio.sleep(1)
            reader.cancel()
            await source.aclose()  # AGN508
        async def expected(done):
            source = messages()
            reader = asyncio.create_task(collect(source, done))
            await asyncio.sleep(1)
            reader.cancel()
            try:
                await source.aclose()
            except RuntimeError:
                pass
        async def in_the_handler(done):
            source = messages()
            try:
                print()
            except RuntimeError:
                reader = asyncio.create_task(collect(source, done))
                await asyncio.sleep(1)
                reader.cancel()
                await source.aclose()  # AGN508
    """,
    "functions given to runners, and errors that tests expect": """
        import asyncio
        from contextlib import suppress
        async def messages():
            for number in (1, 2, 3):
                await asyncio.sleep(number)
                yield number

        import anyio, pytest, trio
        def run():
            anyio.run(messages)  # AGN504
            trio.run(messages)  # AGN504
        async def iterated():
            async for number in messages:  # AGN511
                print(number)
        async def refused():
            with pytest.raises(TypeError):
                async for number in messages:
                    print(number)
    """,
    "methods of which the code asks of what kind they are": """
        import inspect
        class Tool:
            async def call(self):
                return 1
            async def lines(self):
                yield 1
            async def told_apart(self):
                if inspect.isasyncgenfunction(self.call):
                    async for item in self.call():
                        yield item
                else:
                    yield await self.call()
            async def told_apart_too(self):
                if asyncio.iscoroutinefunction(self.lines):
                    return await self.lines()
                if inspect.isasyncgenfunction(self.lines):
                    return [item async for item in self.lines()]
                return list(self.lines())
            async def of_another(self):
                if inspect.isasyncgenfunction(self.lines):
                    async for item in self.call():  # AGN503
                        yield item
            async def of_another_too(self):
                if inspect.isasyncgenfunction(self.call) or inspect.signature():
                    return await self.lines()  # AGN501
                return list(self.lines())  # AGN502
    """,
}


@pytest.mark.parametrize("name", CASES)
def test_reports_exactly_the_marked_lines(name: str) -> None:
    assert_marked(CASES[name], after=HEAD)


@pytest.mark.parametrize(("version", "found"), [((3, 12), ["AGN510"]), ((3, 13), [])])
def test_as_completed_depends_on_the_target(version: tuple[int, int], found: list[str]) -> None:
    text = "import asyncio\nasync def f(jobs):\n    async for job in asyncio.as_completed(jobs):\n"
    text += "        await job\n"
    analysis = analyse(Source("x.py", text), Settings(target_version=version))
    assert [each.code for each in analysis.diagnostics] == found
