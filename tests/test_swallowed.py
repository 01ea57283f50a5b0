"""Swallowed exceptions and stops: each exemption beside the case that it leaves."""

from __future__ import annotations

import pytest
from marked import assert_marked

from asyncgen_lint.config import Settings
from asyncgen_lint.engine import analyse
from asyncgen_lint.source.text import Source

CASES = {
    "a cancellation that ends the stream": """
        import asyncio
        async def events(queue):
            while True:
                try:
                    item = await queue.get()
                except asyncio.CancelledError:  # AGN402
                    return
                yield item
    """,
    "a cancellation that is raised again on some path": """
        import asyncio
        async def events(queue, closing):
            while True:
                try:
                    item = await queue.get()
                except asyncio.CancelledError:
                    if not closing:
                        raise
                    return
                yield item
    """,
    "a cancellation in code for trio or anyio": """
        import anyio
        async def events(queue):
            while True:
                try:
                    item = await queue.get()
                except BaseException:
                    return
                yield item
    """,
    "a cancellation in code for asyncio and anyio": """
        import anyio, asyncio
        async def events(queue):
            while True:
                try:
                    item = await queue.get()
                except BaseException:  # AGN402
                    return
                yield item
    """,
    "a cancellation that is handed on, or undone": """
        import asyncio
        async def events(queue, done):
            while True:
                try:
                    item = await queue.get()
                except asyncio.CancelledError as error:
                    done.fail(error)
                    return
                yield item
        async def others(queue):
            while True:
                try:
                    item = await queue.get()
                except asyncio.CancelledError:
                    asyncio.current_task().uncancel()
                    return
                yield item
    """,
    "a filter for other kinds": """
        async def events(queue):
            while True:
                try:
                    item = await queue.get()
                except BaseException as error:  # AGN402
                    if isinstance(error, (GeneratorExit, KeyboardInterrupt)):
                        raise
                    return
                yield item
    """,
    "a filter for cancellation": """
        import asyncio
        async def events(queue):
            while True:
                try:
                    item = await queue.get()
                except BaseException as error:
                    if isinstance(error, asyncio.CancelledError):
                        raise
                    return
                yield item
    """,
    "waiting for what was cancelled here": """
        import asyncio
        async def events(process, queue):
            while item := queue.get():
                yield item
                process.cancel()
                try:
                    await process.wait()
                except asyncio.CancelledError:
                    pass
    """,
    "waiting for what nobody cancelled here": """
        import asyncio
        async def events(process, queue):
            while item := queue.get():
                yield item
                try:
                    await process.wait()
                except asyncio.CancelledError:  # AGN402
                    pass
    """,
    "waiting for a task, and for a coroutine": """
        import asyncio
        async def events(task, work):
            while True:
                try:
                    yield await asyncio.wait_for(task, 1)
                except asyncio.CancelledError:
                    return
        async def others(task, work):
            while True:
                try:
                    yield await asyncio.wait_for(work(), 1)
                except asyncio.CancelledError:  # AGN402
                    return
    """,
    "a lifespan": """
        import asyncio
        async def lifespan(app):
            await app.start()
            try:
                await app.warm_up()
            except asyncio.CancelledError:
                pass
            yield
    """,
    "the worker that ends, and the one that goes on": """
        import asyncio
        async def ends(stream, log):
            try:
                async for item in stream:
                    log.append(item)
            except asyncio.CancelledError:
                pass
            await stream.close()
        async def goes_on(stream, log):
            try:
                async for item in stream:
                    log.append(item)
            except asyncio.CancelledError:  # AGN402
                pass
            await log.send()
        async def reconnects(connect, log):
            while True:
                try:
                    async for item in connect():
                        log.append(item)
                except asyncio.CancelledError:  # AGN402
                    continue
    """,
    "a step that ends when cancelled": """
        import asyncio
        class Items:
            async def __anext__(self):
                try:
                    return await self.queue.get()
                except asyncio.CancelledError:  # AGN402
                    raise StopAsyncIteration
        class Others:
            async def __anext__(self):
                try:
                    return await self.queue.get()
                except EOFError:
                    raise StopAsyncIteration
    """,
    "an error that ends the stream, before and behind the loop": """
        async def rows(db):
            try:
                async for row in db.rows():
                    yield row
            except Exception:  # AGN403
                print("failed")
            finally:
                db.log("done")
        async def rows_and_more(db):
            try:
                async for row in db.rows():
                    yield row
            except Exception:
                print("failed")
            yield None
    """,
    "a single yield that may be a dependency": """
        async def get_db(pool):
            db = await pool.get()
            try:
                await db.begin()
                yield db
            except Exception:
                await db.close()
    """,
    "pure calls raise nothing": """
        async def rows(names):
            try:
                for number in range(len(names)):
                    yield number
            except Exception:
                pass
    """,
    "suppress in a context manager": """
        from contextlib import asynccontextmanager, suppress
        @asynccontextmanager
        async def locked(lock):
            await lock.take()
            with suppress(Exception):  # AGN404
                yield
            await lock.give()
        @asynccontextmanager
        async def quietly_locked(lock):
            await lock.take()
            with suppress(Exception):
                yield
            await lock.give()
        @asynccontextmanager
        async def nothing():
            with suppress(Exception):
                yield
    """,
    "suppress and a task": """
        import asyncio
        from contextlib import suppress
        async def events(task, queue):
            with suppress(asyncio.CancelledError):
                yield await task
                yield 1
        async def others(queue):
            with suppress(asyncio.CancelledError):  # AGN404
                yield await queue.get()
                yield 1
    """,
    "a suppress that a cancellation is lost in": """
        import asyncio
        from contextlib import suppress
        async def for_ever(queue):
            while True:
                with suppress(asyncio.CancelledError):  # AGN404
                    yield await queue.get()
        async def until_cancelled(queue):
            while True:
                with suppress(asyncio.CancelledError):
                    yield await queue.get()
                if asyncio.current_task().cancelling():
                    return
        async def raised_anew(queue):
            while True:
                with suppress(asyncio.CancelledError):
                    yield await queue.get()
                    continue
                raise ConnectionError
        async def until_stopped(queue):
            try:
                while True:
                    with suppress(Exception):
                        yield await queue.get()
            except asyncio.CancelledError:  # AGN402
                return
        async def until_lost(queue):
            try:
                while True:
                    with suppress(asyncio.TimeoutError):
                        yield await queue.get()
            except ConnectionError:
                return
    """,
    "a stop in a with": """
        from contextlib import suppress
        from foreign import mapping, connection
        class Swallow:
            def __enter__(self):
                return self
            def __exit__(self, *exc):
                return self.handle(*exc)
        class Keep:
            def __enter__(self):
                return self
            def __exit__(self, *exc):
                self.close()
        async def rows():
            with Swallow():
                raise StopAsyncIteration
            with mapping():
                raise StopAsyncIteration
            with suppress(StopAsyncIteration):
                raise StopAsyncIteration
            yield 1
        async def others():
            async with connection():
                raise StopAsyncIteration  # AGN405
            yield 1
        async def more():
            with Keep():
                raise StopAsyncIteration  # AGN405
            yield 1
    """,
    "a stop that is raised again by its name": """
        async def rows(source, log):
            try:
                yield await anext(source)
            except StopAsyncIteration as stop:
                log.append(stop)
                raise stop  # AGN405
        async def others(source, log):
            try:
                yield await anext(source)
            except (StopAsyncIteration, ValueError) as error:
                log.append(error)
                raise error
    """,
    "a stop in a finally that returns": """
        async def rows(number):
            try:
                if number:
                    raise StopAsyncIteration
                yield 1
            finally:
                return  # AGN407
    """,
    "handlers for other exceptions": """
        async def rows(source):
            while True:
                try:
                    yield await anext(source)  # AGN406
                except ValueError:
                    return
        async def others(source):
            while True:
                try:
                    yield await anext(source)
                except LookupError:
                    return
                except Exception:
                    raise RuntimeError
        async def unknown(source, errors):
            while True:
                try:
                    yield await anext(source)
                except errors:
                    return
    """,
    "the first of several steps": """
        import asyncio
        from contextlib import aclosing
        async def lines(text):
            yield "header"
            for line in text:
                yield line
        async def headers(texts):
            for text in texts:
                source = lines(text)
                yield await anext(source)
        async def closed_headers(texts):
            for text in texts:
                async with aclosing(lines(text)) as source:
                    yield await anext(source)
        async def two(text):
            source = lines(text)
            yield await anext(source)
            yield await anext(source)  # AGN406
        async def together(text):
            source = lines(text)
            yield await asyncio.gather(anext(source), anext(source))  # AGN406
        async def either(text, is_long):
            source = lines(text)
            if is_long:
                yield await asyncio.wait_for(anext(source), 3)
            else:
                yield await anext(source)
        async def behind_a_loop(text):
            source = lines(text)
            async for line in source:
                if not line:
                    break
            yield await anext(source)  # AGN406
        async def tried_again(text):
            source = lines(text)
            while True:
                try:
                    yield await anext(source)  # AGN406
                except ValueError:
                    continue
                return
    """,
    "the first step of what a manager gives": """
        from contextlib import asynccontextmanager, aclosing
        from elsewhere import closing as theirs
        async def lines(text):
            yield "header"
            for line in text:
                yield line

        class Closing:
            def __init__(self, source):
                self.source = source
            async def __aenter__(self):
                return self.source
            async def __aexit__(self, *exc):
                await self.source.aclose()

        class WithoutComments(Closing):
            async def __aenter__(self):
                return (line async for line in self.source if line[0] != "#")

        @asynccontextmanager
        async def closing(source):
            try:
                yield source
            finally:
                await source.aclose()

        @asynccontextmanager
        async def without_comments(source):
            kept = (line async for line in source if line[0] != "#")
            try:
                yield kept
            finally:
                await source.aclose()

        async def own(text):
            async with closing(lines(text)) as source:
                yield await anext(source)
        async def own_class(text):
            async with Closing(lines(text)) as source:
                yield await anext(source)
        async def imported(text):
            async with theirs(lines(text)) as source:
                yield await anext(source)
        async def filtered(text):
            async with without_comments(lines(text)) as source:
                yield await anext(source)  # AGN406
        async def filtered_class(text):
            async with WithoutComments(lines(text)) as source:
                yield await anext(source)  # AGN406
        async def both(text):
            async with theirs(lines(text), lines(text)) as source:
                yield await anext(source)  # AGN406
        async def entered(manager):
            async with manager as source:
                yield await anext(source)  # AGN406
        async def every(text):
            async with aclosing(lines(text)) as source:
                while True:
                    yield await anext(source)  # AGN406
    """,
    "the first step of what an iterable gives": """
        async def source(text):
            yield "header"
            for line in text:
                yield line
        class Feed:
            def __aiter__(self):
                return Endless()
        class Endless:
            async def __anext__(self):
                return 1
        class Lines(Feed):
            def __aiter__(self):
                return self.reader()
        class Pages(Feed):
            async def __aiter__(self):
                yield "cover"
                for page in self.pages:
                    yield page
        class Words(Feed):
            def __aiter__(self):
                return Few()
        class Few:
            async def __anext__(self):
                raise StopAsyncIteration
        async def of_generator(text):
            lines = source(text)
            words = lines.__aiter__()
            yield await anext(words)
            yield await anext(aiter(source(text)))
        async def behind_the_first(text):
            lines = source(text)
            await anext(aiter(lines), None)
            yield await anext(lines)  # AGN406
        async def of_feed():
            endless = Feed().__aiter__()
            while True:
                yield await anext(endless)
        async def of_pages():
            pages = aiter(Pages())
            yield await anext(pages)
        async def of_words():
            yield await anext(aiter(Words()))  # AGN406
        async def of_lines():
            yield await anext(aiter(Lines()))  # AGN406
    """,
    "a suppress in a loop without an end": """
        import asyncio
        from contextlib import suppress
        async def turns(sources):
            while True:
                for source in sources:
                    with suppress(StopAsyncIteration):
                        yield await anext(source)
                await asyncio.sleep(1)
        async def of_the_wrong_kind(sources):
            while True:
                for source in sources:
                    with suppress(StopIteration):
                        yield await anext(source)  # AGN406
                await asyncio.sleep(1)
    """,
    "the first step of a generator": """
        async def source(text):
            yield "header"
            yield text
        async def maybe(text):
            if text:
                yield text
        async def rows(text):
            lines = source(text)
            yield await anext(lines)
            await lines.aclose()
        async def twice(text):
            lines = maybe(text)
            yield await anext(lines)  # AGN406
            await lines.aclose()
    """,
    "a stop that a test expects": """
        import pytest
        async def rows(source):
            yield 1
            with pytest.raises(StopAsyncIteration):
                await anext(source)
    """,
    "steps of an expression": """
        async def rows(source, other):
            return (await anext(source) async for _ in other)  # AGN406
        async def others(source, other):
            return (await anext(source, None) async for _ in other)
    """,
    "a jump that an exception does not reach": """
        async def rows(connection, names):
            try:
                for name in names:
                    yield await connection.get(name)
            except BaseException:
                raise ValueError from None
            finally:
                for name in names:
                    if not name:
                        break
        async def others(connection, names):
            for name in names:
                try:
                    yield await connection.get(name)  # AGN302
                finally:
                    if connection.is_closed:
                        continue  # AGN407
                    connection.close()
    """,
    "a handler at a lone yield, and a class of the module": """
        class Broken(Exception): pass
        class Stop(BaseException): pass
        async def rows(names):
            for name in names:
                try:
                    yield name
                except Broken:  # AGN408
                    pass
        async def others(names):
            for name in names:
                try:
                    yield name
                except Stop:
                    pass
        async def more(names):
            for name in names:
                try:
                    yield name.upper
                except Broken:
                    pass
    """,
    "a module that throws": """
        async def rows(names):
            for name in names:
                try:
                    yield name
                except ValueError:
                    pass
        async def fail(rows):
            await rows.athrow(ValueError())
    """,
    "what is made in the try, and who else releases": """
        from contextlib import asynccontextmanager
        @asynccontextmanager
        async def early(connect):
            connection = await connect()
            try:
                await connection.login()
            except Exception:  # AGN410
                await connection.close()
                raise
            yield 1
        @asynccontextmanager
        async def late(connect):
            try:
                connection = await connect()
                await connection.login()
            except Exception:
                await connection.close()
                raise
            yield 1
        @asynccontextmanager
        async def reported(connect, report):
            connection = await connect()
            try:
                await connection.login()
            except Exception as error:
                report(error)
                await connection.close()
                raise
            yield 1
        async def plain(connect):
            connection = await connect()
            try:
                await connection.login()
            except Exception:
                await connection.close()
                raise
    """,
    "stops of the wrong kind": """
        async def first(source):
            try:
                return await source.__anext__()
            except StopIteration:  # AGN411
                return None
        async def other(source, run):
            try:
                return await run(next, await anext(source))
            except StopIteration:
                return None
        async def sent(steps, source):
            try:
                return steps.send(await anext(source))
            except StopIteration:
                return None
    """,
    "handlers at a quiet yield": """
        import asyncio
        class AbortError(asyncio.CancelledError):
            pass
        async def errors(names):
            for name in names:
                try:
                    yield name
                except ValueError:  # AGN408
                    print(name)
        async def aborted(names):
            for name in names:
                try:
                    yield name
                except AbortError:
                    raise
        async def anything(names):
            for name in names:
                try:
                    yield name
                except:
                    print(name)
                    raise
        async def told(names):
            for name in names:
                try:
                    if (yield name):
                        break
                except ValueError:
                    print(name)
        async def read():
            for stream in (errors, aborted, anything, told):
                async for name in stream(["a"]):
                    print(name)
    """,
    "what was acquired, and what else releases it": """
        from contextlib import asynccontextmanager
        @asynccontextmanager
        async def locked(lock):
            await lock.acquire()
            try:
                yield 1
            except Exception:  # AGN410
                lock.release()
                raise
        @asynccontextmanager
        async def permitted(pool):
            permit = await pool.permit()
            try:
                yield 1
            except Exception:
                permit.release()
                raise
        @asynccontextmanager
        async def twice(connect):
            connection = await connect()
            try:
                try:
                    yield connection
                except Exception:
                    await connection.close()
                    raise
            except BaseException:
                connection.abort()
                raise
        @asynccontextmanager
        async def called_back(connect, when_done):
            connection = await connect()
            when_done(lambda: connection.close())
            try:
                await connection.login()
            except Exception:
                await connection.close()
                raise
            yield connection
        async def rows(db):
            try:
                yield 1
                yield 2
            finally:
                await db.close()
        @asynccontextmanager
        async def streamed(db):
            stream = rows(db)
            try:
                await anext(stream)
            except Exception:
                await stream.aclose()
                raise
            yield stream
    """,
    "the end of an iterator under other names": """
        from enum import Enum
        class Letters:
            def __init__(self, source):
                self.source = source
            def __aiter__(self):
                return self
            async def __anext__(self):
                return await anext(self.source)
        class Words(Letters):
            async def __anext__(self):
                return await self.source.__anext__()
        class Endless(Letters):
            async def __anext__(self):
                return await self.source.read()
        async def of_letters(source):
            yield await anext(Letters(source))  # AGN406
        async def of_words(source):
            yield await anext(Words(source).__aiter__())  # AGN406
        async def of_all(source):
            yield await anext(Endless(source).__aiter__())
            yield await anext(aiter(Endless(source)))
    """,
    "errors that end the stream, and handlers that do more": """
        async def of_task(tasks):
            try:
                for task in tasks:
                    yield await task
            except Exception:  # AGN403
                return
        async def flagged(queue):
            failed = None
            try:
                while True:
                    yield await queue.get()
            except Exception:
                failed = True
        async def notified(queue, notify):
            try:
                while True:
                    yield await queue.get()
            except Exception:
                notify()
        class Reader:
            async def rows(self, queue):
                try:
                    while True:
                        yield await queue.get()
                except Exception:
                    self.has_failed = True
        async def by_call(lines, parse):
            for line in lines:
                try:
                    item = parse(line)
                finally:
                    continue  # AGN407
                yield item
    """,
    "what a suppress ends, and what other managers and handlers do": """
        import asyncio
        from contextlib import suppress
        class Quiet:
            def __init__(self, *types):
                self.types = types
            def __enter__(self):
                return self
            def __exit__(self, kind, error, traceback):
                return kind is not None and issubclass(kind, self.types)
        async def quiet(queue):
            with suppress(Exception):  # AGN404
                while True:
                    yield await queue.get()
        async def by_class(queue):
            with Quiet(Exception):
                while True:
                    yield await queue.get()
        async def closed_queue(queue):
            while True:
                item = None
                try:
                    with suppress(asyncio.CancelledError):
                        item = await queue.get()
                except OSError:
                    return
                yield item
    """,
    "a stop under managers of other kinds": """
        from contextlib import asynccontextmanager
        from elsewhere import Unseen
        class Inherited(Unseen):
            pass
        class Reader:
            @asynccontextmanager
            async def quiet(self):
                try:
                    yield
                except StopAsyncIteration:
                    pass
            @asynccontextmanager
            async def loud(self):
                yield
            async def rows(self):
                async with self.loud():
                    raise StopAsyncIteration  # AGN405
                yield 1
            async def quiet_rows(self):
                async with self.quiet():
                    raise StopAsyncIteration
                yield 1
        async def inherited():
            async with Inherited():
                raise StopAsyncIteration
            yield 1
        async def of_file(path):
            with open(path):
                raise StopAsyncIteration  # AGN405
            yield 1
        async def unseen(path):
            with Unseen(path):
                raise StopAsyncIteration
            yield 1
    """,
    "a cancelled release, and errors that are printed": """
        import asyncio, traceback
        async def events(queue):
            while True:
                try:
                    item = await queue.get()
                finally:
                    try:
                        await queue.release()
                    except asyncio.CancelledError:
                        pass
                yield item
        async def events_until_lost(queue):
            while True:
                try:
                    item = await queue.get()
                except ConnectionError:
                    try:
                        await queue.release()
                    except asyncio.CancelledError:
                        pass
                    return
                yield item
        async def printed(queue):
            try:
                while True:
                    yield await queue.get()
            except Exception:  # AGN403
                traceback.print_exc()
    """,
    "handlers that do not only release, or not for all errors": """
        from contextlib import asynccontextmanager
        @asynccontextmanager
        async def refused(connect):
            connection = await connect()
            try:
                await connection.login()
            except PermissionError:
                await connection.close()
                raise
            yield connection
        @asynccontextmanager
        async def renamed(connect):
            connection = await connect()
            try:
                await connection.login()
            except Exception:
                await connection.close()
                raise ConnectionError from None
            yield connection
        @asynccontextmanager
        async def started_anew(make_parser):
            parser = make_parser()
            try:
                await parser.feed()
            except Exception:
                parser.reset()
                raise
            yield parser
        class Pool:
            async def __aenter__(self):
                self.connection = await self.connect()
                try:
                    await self.connection.login()
                except Exception:
                    await self.connection.close()
                    raise
                finally:
                    await self.clean_up()
                return self
    """,
    "what is released by others than the handler for errors": """
        from contextlib import asynccontextmanager
        @asynccontextmanager
        async def disposed(connect, dispose):
            connection = await connect()
            try:
                await connection.login()
            except Exception:
                await connection.close()
                raise
            except BaseException:
                dispose(connection)
                raise
            yield connection
        @asynccontextmanager
        async def absent(connect):
            connection = await connect()
            try:
                await connection.login()
            except Exception:
                await connection.close()
                print("no login")
            yield connection
        @asynccontextmanager
        async def strictly(connect, is_strict):
            connection = await connect()
            try:
                await connection.login()
            except Exception:
                await connection.close()
                if is_strict:
                    raise
            yield connection
        @asynccontextmanager
        async def given_back(connect, pool):
            connection = await connect()
            try:
                try:
                    await connection.login()
                except Exception:
                    await connection.close()
                    raise
                yield connection
            finally:
                pool.put(connection)
        @asynccontextmanager
        async def watched(connect, watch):
            connection = await connect()
            async with watch(connection):
                try:
                    await connection.login()
                except Exception:
                    await connection.close()
                    raise
                yield connection
        class Pool:
            async def __aenter__(self):
                self.connection = await self.connect()
                try:
                    await self.connection.login()
                except Exception:  # AGN410
                    await self.connection.close()
                    raise
                return self
    """,
    "work behind a handler around a loop, or in it, or in a finally": """
        import asyncio
        async def behind(feed, queue):
            try:
                async for item in feed:
                    await queue.put(item)
            except asyncio.CancelledError:  # AGN402
                print("left")
            await queue.put(None)
        async def in_a_finally(feed, queue):
            try:
                async for item in feed:
                    await queue.put(item)
            except asyncio.CancelledError:
                print("left")
            finally:
                await queue.put(None)
        async def in_the_handler(feed, queue):
            try:
                async for item in feed:
                    await queue.put(item)
            except asyncio.CancelledError:
                await queue.put(None)
    """,
    "a finally whose try raises nothing, and one behind what does": """
        async def nothing_raised(feed):
            feed.check()
            try:
                yield 1
            finally:
                return
        async def something_raised(feed):
            try:
                feed.check()
                yield 1
            finally:
                return  # AGN407
        async def in_a_handler(feed):
            try:
                feed.check()
                yield 1
            except ValueError:
                return
    """,
    "errors that are told by a flag, a call, or another round": """
        async def told(feed):
            failed = False
            try:
                async for item in feed:
                    yield item
                    yield item
            except Exception:
                failed = True
            print(failed)
        class Reader:
            async def told(self, feed):
                try:
                    async for item in feed:
                        yield item
                        yield item
                except Exception:
                    self.failed = True
        async def reported(feed, report):
            try:
                async for item in feed:
                    yield item
                    yield item
            except Exception:
                report("failed")
        async def again(feeds):
            for feed in feeds:
                try:
                    async for item in feed:
                        yield item
                        yield item
                except Exception:
                    pass
        async def quiet(feed):
            try:
                async for item in feed:
                    yield item
                    yield item
            except Exception:  # AGN403
                pass
    """,
}


@pytest.mark.parametrize("name", CASES)
def test_default(name: str) -> None:
    assert_marked(CASES[name])


STRICT = {
    "dead handlers for StopAsyncIteration": """
        import asyncio
        async def read(source, log):
            try:
                async for line in source:
                    await asyncio.sleep(0)
                    log.append(line)
            except StopAsyncIteration:  # AGN409
                log.append("end")
        async def fetch(source, log):
            try:
                async for line in source:
                    await log.write(line)
            except StopAsyncIteration:
                log.append("end")
        def check():
            raise StopAsyncIteration
        async def checked(source):
            try:
                async for line in source:
                    check()
            except StopAsyncIteration:
                pass
        async def both(source):
            try:
                async for line in source:
                    print(line)
            except (StopAsyncIteration, ValueError):
                pass
    """,
    "next() over what may have no item": """
        import itertools
        async def named(names):
            yield next(name for name in names if name)  # AGN406
        async def numbered():
            yield next(iter(itertools.count()))
        async def given(names):
            yield next(names)
    """,
    "what may carry a StopAsyncIteration out of a try": """
        async def read(source, log):
            try:
                async for line in source:
                    log.append(line)
            except StopAsyncIteration:  # AGN409
                log.append("end")
        async def of_task(source, log, task):
            try:
                async for line in source:
                    log.append(line)
                log.append(task.result())
            except StopAsyncIteration:
                log.append("end")
        async def of_step(source, log, run):
            try:
                async for line in source:
                    log.append(line)
                run(anext(source))
            except StopAsyncIteration:
                log.append("end")
        async def of_method(source, log, run):
            try:
                async for line in source:
                    log.append(line)
                run(source.__anext__())
            except StopAsyncIteration:
                log.append("end")
    """,
    "next() of the module itself": """
        def next(source):
            return source.pop()
        async def popped():
            yield next(iter([1, 2]))
    """,
    "next() with a default": """
        async def first(names):
            yield next(name for name in names if name)  # AGN406
            yield next((name for name in names if name), None)
    """,
    "what is defined in a try": """
        async def read(source, log):
            try:
                def check(line):
                    raise StopAsyncIteration
                async for line in source:
                    log.append(line)
            except StopAsyncIteration:  # AGN409
                log.append("end")
    """,
    "what follows a suppress that absorbs GeneratorExit": """
        from contextlib import suppress
        async def logged(log):
            with suppress(GeneratorExit):
                yield 1
                await log.write("one")
        async def logged_at_exit(log):
            with suppress(GeneratorExit):  # AGN404
                yield 1
                yield 2
            async with log:
                pass
        async def goes_on(log):
            with suppress(GeneratorExit):
                yield 1
            await log.write("one")
            yield 2  # AGN302
    """,
    "a suppress that only GeneratorExit comes to": """
        import asyncio
        from contextlib import suppress
        async def rows(feed, log):
            try:
                with suppress(GeneratorExit):
                    for row in feed:
                        yield row
            except ConnectionError:
                await log.write("lost")
        async def told(feed, log):
            try:
                with suppress(GeneratorExit):  # AGN404
                    for row in feed:
                        yield row
                await log.write("left")
            except ConnectionError:
                await log.write("lost")
    """,
    "next() over what was looked at before": """
        import asyncio
        async def only(names):
            await asyncio.sleep(0)
            if names.default is None and len(names) == 1:
                yield next(iter(names.values()))
        async def first(names):
            if not names:
                return
            yield next(name for name in names)
        async def of_an_attribute(page):
            yield next(iter(page.names)) if page.names else None
        async def second(names):
            if 1 < len(names):
                names.pop()
                yield next(iter(names))
        async def of_another(names, others):
            if others and names is not None:
                yield next(iter(names))  # AGN406
        async def some(names):
            if names:
                yield next(name for name in names if name)  # AGN406
    """,
    "a suppress whose manager is another, or behind every yield": """
        import asyncio
        from contextlib import asynccontextmanager, suppress
        async def rows(feed):
            yield 1
            yield 2
            with suppress(asyncio.CancelledError):
                await feed.leave()
        async def around(feed):
            yield 1
            with suppress(asyncio.CancelledError):  # AGN404
                yield await feed.get()
        @asynccontextmanager
        async def ended(feed):
            await feed.start()
            with suppress(Exception):  # AGN404
                yield feed
            await feed.leave()
        @asynccontextmanager
        async def logged(feed):
            await feed.start()
            with feed.logged(Exception):
                yield feed
            await feed.leave()
    """,
    "a suppress around what turns one exception into another": """
        import asyncio
        from contextlib import suppress
        async def kept(feed):
            yield 1
            with suppress(asyncio.CancelledError):
                yield 2
                try:
                    await feed.get()
                except OSError:
                    raise asyncio.CancelledError
                except asyncio.CancelledError:
                    raise KeyError
        async def returned(feed):
            with suppress(GeneratorExit):
                try:
                    yield 1
                    yield 2
                except GeneratorExit:
                    return
            await feed.enter()
        async def absorbed(feed):
            with suppress(GeneratorExit):  # AGN404
                yield 1
                yield 2
            await feed.enter()
    """,
}


@pytest.mark.parametrize("name", STRICT)
def test_strict(name: str) -> None:
    assert_marked(STRICT[name], strict=True)


@pytest.mark.parametrize(
    ("raising", "lost"), [("await feed.get()", "cancellation"), ("feed.check()", "exception")]
)
def test_a_dropped_cancellation_is_told_from_other_exceptions(raising: str, lost: str) -> None:
    text = f"""
async def items(feed):
    try:
        {raising}
        yield 1
    finally:
        return
"""
    (found,) = analyse(Source("case.py", text), Settings()).diagnostics
    assert found.code == "AGN407"
    assert f"drops the {lost} that led here" in found.message
