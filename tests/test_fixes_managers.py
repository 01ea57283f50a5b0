"""Repairs of context managers: AGN601, 602, 604, 613 and 614."""

from __future__ import annotations

import pytest
from fixing import dedented, repaired

from asyncgen_lint import lint_text

HEAD = "from contextlib import asynccontextmanager\n\n\n"


def managed(code: str, body: str, *, unsafe: bool = False) -> str:
    """Return the text after a rule's repair; both without what each of them starts with."""
    text = HEAD + dedented(body)
    return repaired(code, text, unsafe=unsafe).removeprefix(HEAD)


def is_left(code: str, body: str, *, unsafe: bool = True) -> bool:
    """Return whether a text stays as it is, even with unsafe repairs."""
    return managed(code, body, unsafe=unsafe) == dedented(body)


RETURNS = {
    "if": (
        """
        @asynccontextmanager
        async def f(shared):
            if shared:
                yield shared
            async with own() as mine:
                yield mine
        """,
        """
        @asynccontextmanager
        async def f(shared):
            if shared:
                yield shared
                return
            async with own() as mine:
                yield mine
        """,
    ),
    "more in the branch, with comments": (
        """
        @asynccontextmanager
        async def f(shared):
        \tif shared:  # given
        \t\t# first
        \t\tyield shared  # here

        \t\tlog("done")
        \t\t# end of the branch

        \t# else our own
        \tasync with own() as mine:
        \t\tyield mine
        """,
        """
        @asynccontextmanager
        async def f(shared):
        \tif shared:  # given
        \t\t# first
        \t\tyield shared  # here

        \t\tlog("done")
        \t\t# end of the branch
        \t\treturn

        \t# else our own
        \tasync with own() as mine:
        \t\tyield mine
        """,
    ),
    "elif and else": (
        """
        @asynccontextmanager
        async def f(x):
            if x == 1:
                prepare()
            elif x == 2:
                yield 2
            else:
                yield 3
            yield 1
        """,
        """
        @asynccontextmanager
        async def f(x):
            if x == 1:
                prepare()
            elif x == 2:
                yield 2
                return
            else:
                yield 3
                return
            yield 1
        """,
    ),
    "match": (
        """
        @asynccontextmanager
        async def f(x):
            match x:
                case None:
                    yield 1
            yield 2
        """,
        """
        @asynccontextmanager
        async def f(x):
            match x:
                case None:
                    yield 1
                    return
            yield 2
        """,
    ),
}


@pytest.mark.parametrize("name", RETURNS)
def test_a_branch_that_yields_returns(name: str) -> None:
    before, after = RETURNS[name]
    assert managed("AGN602", before) == dedented(after)


@pytest.mark.parametrize(
    "body",
    [
        # A loop may be meant to try again.
        """
        @asynccontextmanager
        async def f(xs):
            while True:
                if xs:
                    yield 1
        """,
        # In a loop, behind which more may follow than the second.
        """
        @asynccontextmanager
        async def f(xs):
            for x in xs:
                if x:
                    yield 1
            yield 2
        """,
        # No branch.
        """
        @asynccontextmanager
        async def f(xs):
            yield 1
            yield 2
        """,
        # Both in one branch.
        """
        @asynccontextmanager
        async def f(xs):
            if xs:
                yield 1
                yield 2
            else:
                yield 3
        """,
        # Suites on the header's line.
        """
        @asynccontextmanager
        async def f(xs):
            if xs: yield 1
            yield 2
        """,
        # Behind a handler.
        """
        @asynccontextmanager
        async def f(xs):
            try:
                if xs:
                    yield 1
            except Exception:
                yield 2
        """,
    ],
)
def test_no_return_where_something_else_may_be_meant(body: str) -> None:
    assert is_left("AGN602", body)


RELEASES = {
    "what stands between, and behind": (
        '''
        @asynccontextmanager
        async def f(pool):
            c = await pool.acquire()

            # the body
            yield c  # here

            # between
            log("""
        done""")
            # the release
            await pool.release(c)  # gone
            # behind

            tell()
            # at the end
        ''',
        '''
        @asynccontextmanager
        async def f(pool):
            c = await pool.acquire()

            # the body
            try:
                yield c  # here

                # between
                log("""
        done""")
            finally:
                # the release
                await pool.release(c)  # gone
            # behind

            tell()
            # at the end
        ''',
    ),
    "several, one after the other": (
        """
        @asynccontextmanager
        async def f():
            a = await A.connect()
            b = await B.connect(a)
            yield b
            await b.close()
            await a.close()
        """,
        """
        @asynccontextmanager
        async def f():
            a = await A.connect()
            b = await B.connect(a)
            try:
                yield b
            finally:
                await b.close()
                await a.close()
        """,
    ),
    "in branches, with tabs": (
        """
        @asynccontextmanager
        async def f(x):
        \tif x:
        \t\tc = Client(x)
        \t\tif x > 1:
        \t\t\tyield c
        \t\telse:
        \t\t\tyield None
        \t\tif c:
        \t\t\tawait c.aclose()
        \telse:
        \t\tyield
        """,
        """
        @asynccontextmanager
        async def f(x):
        \tif x:
        \t\tc = Client(x)
        \t\ttry:
        \t\t\tif x > 1:
        \t\t\t\tyield c
        \t\t\telse:
        \t\t\t\tyield None
        \t\tfinally:
        \t\t\tif c:
        \t\t\t\tawait c.aclose()
        \telse:
        \t\tyield
        """,
    ),
    "a try with a finally on its line": (
        """
        @asynccontextmanager
        async def f(x):
            c = Client(x)
            try:
                yield c
            finally: x.pop()  # once
            await c.aclose()
        """,
        """
        @asynccontextmanager
        async def f(x):
            c = Client(x)
            try:
                yield c
            finally:
                x.pop()  # once
                await c.aclose()
        """,
    ),
    "a try with handlers and else": (
        """
        @asynccontextmanager
        async def f(x):
            s = Session()
            try:
                yield s
            except ValueError:
                await s.rollback()
                raise
            else:
                await s.commit()
            await s.close()
        """,
        """
        @asynccontextmanager
        async def f(x):
            s = Session()
            try:
                yield s
            except ValueError:
                await s.rollback()
                raise
            else:
                await s.commit()
            finally:
                await s.close()
        """,
    ),
    "a task, and waiting for its end": (
        """
        import asyncio, contextlib

        @asynccontextmanager
        async def f(work):
            task = asyncio.create_task(work())
            yield task
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        """,
        """
        import asyncio, contextlib

        @asynccontextmanager
        async def f(work):
            task = asyncio.create_task(work())
            try:
                yield task
            finally:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        """,
    ),
    "a release that may fail": (
        """
        @asynccontextmanager
        async def f():
            c = Client()
            yield c
            try:
                await c.aclose()
            except OSError:
                log.warning("left open")
        """,
        """
        @asynccontextmanager
        async def f():
            c = Client()
            try:
                yield c
            finally:
                try:
                    await c.aclose()
                except OSError:
                    log.warning("left open")
        """,
    ),
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("name", RELEASES)
def test_a_release_goes_into_finally(name: str, newline: str) -> None:
    before, after = (HEAD + dedented(each) for each in RELEASES[name])
    made = repaired("AGN601", before.replace("\n", newline))
    assert made == after.replace("\n", newline)


@pytest.mark.parametrize(
    "body",
    [
        # A success-only `return` keeps the connection.
        """
        @asynccontextmanager
        async def f(pool, keep):
            c = await pool.acquire()
            yield c
            if keep:
                return
            await pool.release(c)
        """,
        # The release needs what is known only behind the body.
        """
        @asynccontextmanager
        async def f():
            c = await connect()
            yield c
            status = await c.finish()
            await c.close(status)
        """,
        # A handler has released it already.
        """
        @asynccontextmanager
        async def f():
            c = await connect()
            try:
                yield c
            except ValueError:
                await c.close()
                raise
            await c.close()
        """,
        # A handler around still needs it.
        """
        @asynccontextmanager
        async def f():
            c = await connect()
            try:
                yield c
                await c.close()
            except OSError:
                await c.rollback()
                raise
        """,
        # The release stands among what is for success alone.
        """
        @asynccontextmanager
        async def f(ok):
            c = await connect()
            yield c
            if ok:
                await c.commit()
                await c.close()
        """,
        """
        @asynccontextmanager
        async def f():
            c = await connect()
            yield c; await c.close()
        """,
    ],
)
def test_a_release_stays_where_it_is(body: str) -> None:
    assert is_left("AGN601", body)


def test_a_commit_stays_for_success_alone() -> None:
    made = managed(
        "AGN601",
        """
        @asynccontextmanager
        async def f():
            s = await connect()
            yield s
            await s.commit()
            await s.close()
        """,
    )
    assert made == dedented(
        """
        @asynccontextmanager
        async def f():
            s = await connect()
            try:
                yield s
                await s.commit()
            finally:
                await s.close()
        """
    )


DEAD = {
    "comments, other handlers and else": (
        """
        @asynccontextmanager
        async def f():
            c = await connect()
            try:
                yield c
            # left early
            except GeneratorExit:  # never

                # close it
                await c.close()  # now

                raise
            except ValueError:
                tell()
            else:
                done()
            # behind
        """,
        """
        @asynccontextmanager
        async def f():
            c = await connect()
            try:
                yield c
            except ValueError:
                tell()
            else:
                done()
            # left early
            finally:  # never

                # close it
                await c.close()  # now
            # behind
        """,
    ),
    "on the header's line, with tabs": (
        """
        @asynccontextmanager
        async def f():
        \tc = Client()
        \ttry: yield c
        \texcept GeneratorExit: c.close(); raise
        """,
        """
        @asynccontextmanager
        async def f():
        \tc = Client()
        \ttry: yield c
        \tfinally: c.close()
        """,
    ),
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("name", DEAD)
def test_cleanup_that_never_ran_goes_into_finally(name: str, newline: str) -> None:
    before, after = (HEAD + dedented(each) for each in DEAD[name])
    made = repaired("AGN613", before.replace("\n", newline))
    assert made == after.replace("\n", newline)


def test_cleanup_that_is_no_release_goes_into_finally_unsafely() -> None:
    before, after = (
        dedented(
            f"""
            @asynccontextmanager
            async def f(t):
                try:
                    yield t
                {header}
                    await t.undo()
            """
        )
        for header in ("except GeneratorExit:", "finally:")
    )
    assert is_left("AGN613", before, unsafe=False)
    assert managed("AGN613", before, unsafe=True) == after


@pytest.mark.parametrize(
    ("handler", "behind"),
    [
        ("except GeneratorExit:\n        c.close()\n        return", ""),
        ("except GeneratorExit as error:\n        c.close(error)", ""),
        ("except GeneratorExit:\n        c.close()\n        raise OSError", ""),
        ("except GeneratorExit:\n        c.close()\n        raise  # again", ""),
        ("except GeneratorExit:\n        c.close()\n    finally:\n        done()", ""),
        ("except GeneratorExit:\n        c.close()\n        raise", "    c.flush()\n"),
    ],
)
def test_a_handler_that_does_more_stays(handler: str, behind: str) -> None:
    text = (
        "@asynccontextmanager\nasync def f():\n    c = C()\n    try:\n        yield c\n"
        f"    {handler}\n{behind}"
    )
    assert is_left("AGN613", text)


MANAGER = """
@asynccontextmanager
async def manager(*args):
    yield 1, 2


"""


def entered(text: str, newline: str = "\n") -> str:
    """Return the text after repairing the uses of `manager`, without that."""
    head = HEAD + MANAGER.lstrip("\n")
    before = (head + dedented(text)).replace("\n", newline)
    return repaired("AGN614", before, unsafe=True).replace("\r\n", "\n").removeprefix(head)


ENTERED = {
    "async for": (
        """
        async def f():
            # all
            async for a, b in manager(
                1,  # one
            ):  # here

                # inside
                for x in a:
                    break
                return b
            # behind
        """,
        """
        async def f():
            # all
            async with manager(
                1,  # one
            ) as (a, b):  # here

                # inside
                for x in a:
                    break
                return b
            # behind
        """,
    ),
    "async for on a line, with tabs": (
        """
        async def f():
        \tasync for (a, b) in manager(): print(a); print(b)  # both
        """,
        """
        async def f():
        \tasync with manager() as (a, b): print(a); print(b)  # both
        """,
    ),
    "await": (
        '''
        async def f(x):
            if x:
                # ours
                m = await manager()  # here

                # first
                print(m, """
            text""")

                # second
                try:
                    return m[0]
                finally:
                    print([each for each in m])
                # at the end
            return None
        ''',
        '''
        async def f(x):
            if x:
                # ours
                async with manager() as m:  # here
                    # first
                    print(m, """
            text""")

                    # second
                    try:
                        return m[0]
                    finally:
                        print([each for each in m])
                # at the end
            return None
        ''',
    ),
    "await anext": (
        """
        import builtins

        async def f(x):
            m = await builtins.anext(manager())
            x(m)
        """,
        """
        import builtins

        async def f(x):
            async with manager() as m:
                x(m)
        """,
    ),
    "in a manager": (
        """
        @asynccontextmanager
        async def f(x):
            m = await manager()
            yield m
        """,
        """
        @asynccontextmanager
        async def f(x):
            async with manager() as m:
                yield m
        """,
    ),
    "with": (
        """
        async def f(x):
            with manager() as (a, b), : pass  # c
        """.replace(", :", ":"),
        """
        async def f(x):
            async with manager() as (a, b): pass  # c
        """,
    ),
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("name", ENTERED)
def test_a_manager_is_entered(name: str, newline: str) -> None:
    before, after = ENTERED[name]
    assert entered(before, newline) == dedented(after)


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n    with manager() as m:\n        pass\n",
        "async def f():\n    with open('x') as x, manager() as m:\n        pass\n",
        "async def f():\n    async for m in manager():\n        break\n",
        "async def f():\n    async for m in manager():\n        if m:\n            continue\n",
        "async def f():\n    async for m in manager():\n        pass\n    else:\n        print()\n",
        "async def f():\n    print([m async for m in manager()])\n",
        "async def f():\n    m = await manager()\n",
        "async def f():\n    m = await manager()\n    return m\n",
        "async def f():\n    m = n = await manager()\n    print(m, n)\n",
        "async def f(x):\n    x.m = await manager()\n    print(x)\n",
        "async def f(x):\n    m = await manager()\n    x.m = m\n",
        "async def f(x):\n    m = await manager()\n    x(lambda: m)\n",
        "async def f(x):\n    if x:\n        m = await manager()\n        x()\n    print(m)\n",
        "async def f(x):\n    m = await manager(); print(m)\n    print(m)\n",
        "async def f(x):\n    await manager()\n    x()\n",
        "async def f(x):\n    made = manager()\n    m = await made\n    print(m)\n",
        "async def f(x):\n    async for m in manager():\n        yield m\n",
    ],
)
def test_a_manager_is_not_entered(text: str) -> None:
    assert entered(text) == text


SWAPS = {
    "the only name": (
        """
        from contextlib import contextmanager

        @contextmanager
        async def f(): yield
        """,
        """
        from contextlib import asynccontextmanager

        @asynccontextmanager
        async def f(): yield
        """,
    ),
    "one name of several, in order": (
        """
        from contextlib import asynccontextmanager, closing as c, suppress

        @asynccontextmanager
        def f(): yield
        """,
        """
        from contextlib import closing as c, contextmanager, suppress

        @contextmanager
        def f(): yield
        """,
    ),
    "both there": (
        """
        import os
        from contextlib import contextmanager
        from contextlib import asynccontextmanager

        @contextmanager
        async def f(): yield
        """,
        """
        import os
        from contextlib import asynccontextmanager

        @asynccontextmanager
        async def f(): yield
        """,
    ),
    "a comment at the import": (
        """
        from contextlib import contextmanager  # noqa

        @contextmanager
        async def f(): yield
        """,
        """
        from contextlib import asynccontextmanager, contextmanager  # noqa

        @asynccontextmanager
        async def f(): yield
        """,
    ),
    "used elsewhere": (
        """
        from contextlib import contextmanager

        class A:
            @contextmanager
            async def f(self): yield

        g = contextmanager
        """,
        """
        from contextlib import asynccontextmanager, contextmanager

        class A:
            @asynccontextmanager
            async def f(self): yield

        g = contextmanager
        """,
    ),
    "exported": (
        """
        from contextlib import contextmanager

        __all__ = ["contextmanager"]

        @contextmanager
        async def f(): yield
        """,
        """
        from contextlib import asynccontextmanager, contextmanager

        __all__ = ["contextmanager"]

        @asynccontextmanager
        async def f(): yield
        """,
    ),
    "through the module, entered": (
        """
        import contextlib

        @contextlib.asynccontextmanager
        def f(): yield  # one

        async def g():
            # two
            async  with f() as x:  # three
                async with f():
                    pass
        """,
        """
        import contextlib

        @contextlib.contextmanager
        def f(): yield  # one

        async def g():
            # two
            with f() as x:  # three
                with f():
                    pass
        """,
    ),
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("name", SWAPS)
def test_the_decorator_is_swapped(name: str, newline: str) -> None:
    before, after = (dedented(each).replace("\n", newline) for each in SWAPS[name])
    assert repaired("AGN604", before) == after


SYNC = "from contextlib import asynccontextmanager\n@asynccontextmanager\ndef f(){}: yield\n"
ASYNC = "from contextlib import contextmanager\n@contextmanager\nasync def f(): yield\n"


@pytest.mark.parametrize(
    "text",
    [
        # Entered where no `async with` may stand.
        ASYNC + "def g():\n    with f(): pass\n",
        ASYNC + "with f(): pass\n",
        ASYNC + "async def g():\n    with open('x'), f(): pass\n",
        # Meant to be async, or handed to something that enters it.
        SYNC.format(" -> AsyncIterator[None]"),
        SYNC.format("") + "app = App(lifespan=f)\n",
        SYNC.format("") + "async def g():\n    async with f(), x(): pass\n",
        # It is imported too late, which a second import would hide.
        "from contextlib import contextmanager\nclass A:\n    @contextmanager\n"
        "    async def f(self): yield\nfrom contextlib import asynccontextmanager\n",
        # The name is taken.
        SYNC.format("") + "contextmanager = None\n",
    ],
)
def test_the_decorator_stays(text: str) -> None:
    assert any(each.code == "AGN604" for each in lint_text(text))
    assert repaired("AGN604", text, unsafe=True) == text
