"""Yields that move behind a cancel scope, or behind a `finally`: AGN303 and AGN302."""

from __future__ import annotations

import pytest
from fixing import dedented, repaired

HEAD = "import asyncio, trio, anyio\nfrom asyncio import timeout\n\n"


def moved(code: str, body: str, *, unsafe: bool = False, newline: str = "\n") -> str:
    """Return the text after a rule's repair; both without what each of them starts with."""
    text = (HEAD + dedented(body)).replace("\n", newline)
    return repaired(code, text, unsafe=unsafe).replace("\r\n", "\n").removeprefix(HEAD)


SCOPES = {
    "comments": (
        '''
        async def f(it):
            while True:
                before()

                # in time
                async with timeout(1):  # one second

                    # the next
                    yield await anext(it, """
            none""")  # here
                    # end of the scope

                # behind
                after()
        ''',
        '''
        async def f(it):
            while True:
                before()

                # in time
                async with timeout(1):  # one second

                    # the next
                    item = await anext(it, """
            none""")  # here
                    # end of the scope
                yield item

                # behind
                after()
        ''',
    ),
    "a name of its own": (
        """
        async def f(it):
            item = 1
            while item:
                with anyio.fail_after(1):
                    async with it.lock:
                        item += 1
                    yield (await anext(it))
        """,
        """
        async def f(it):
            item = 1
            while item:
                with anyio.fail_after(1):
                    async with it.lock:
                        item += 1
                    item2 = (await anext(it))
                yield item2
        """,
    ),
    "on the header's line, with tabs, in try": (
        """
        async def f(it):
        \twhile True:
        \t\ttry:
        \t\t\tasync with timeout(1): yield await it.get()  # next
        \t\texcept TimeoutError:
        \t\t\tbreak
        """,
        """
        async def f(it):
        \twhile True:
        \t\ttry:
        \t\t\tasync with timeout(1): item = await it.get()  # next
        \t\t\tyield item
        \t\texcept TimeoutError:
        \t\t\tbreak
        """,
    ),
    "a name, and nothing": (
        """
        async def f(it):
            for _ in it:
                with trio.fail_after(1):
                    x = await it.get()

                    # hand it on
                    yield x  # here
                with trio.fail_after(1):
                    await it.get(); y = 1
                    yield
                with trio.fail_after(1): z = await it.get(); yield z
        """,
        """
        async def f(it):
            for _ in it:
                with trio.fail_after(1):
                    x = await it.get()

                # hand it on
                yield x  # here
                with trio.fail_after(1):
                    await it.get(); y = 1
                yield
                with trio.fail_after(1): z = await it.get()
                yield z
        """,
    ),
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("name", SCOPES)
def test_a_timeout_is_left_before_the_yield(name: str, newline: str) -> None:
    before, after = SCOPES[name]
    assert moved("AGN303", before, newline=newline) == dedented(after)


@pytest.mark.parametrize(
    "scope",
    [
        "with trio.move_on_after(1):",
        "with anyio.move_on_after(1):",
        "with trio.fail_after(1) as scope:",
        "with trio.CancelScope():",
        "async with asyncio.TaskGroup():",
        "async with anyio.create_task_group():",
        "async with trio.open_nursery():",
        "async with timeout(1), it.lock:",
    ],
)
def test_a_scope_that_swallows_or_waits_is_not_left(scope: str) -> None:
    text = f"async def f(it):\n    while True:\n        {scope}\n            yield await it.get()\n"
    assert moved("AGN303", text, unsafe=True) == text


@pytest.mark.parametrize(
    "body",
    [
        "got = yield await it.get()",
        "yield await it.get()\n            done()",
        "if it:\n                yield await it.get()",
        "for x in it:\n                yield x",
        "yield await it.get()\n            yield await it.get()",
        "yield it",
        "x = await it.get(); yield x",
        "async with it.lock:\n                yield await it.get()",
    ],
)
def test_a_yield_that_does_not_end_the_scope_stays(body: str) -> None:
    text = (
        "async def f(it):\n    while True:\n        async with timeout(1):\n"
        f"            {body}\n        await it.wait()\n"
    )
    assert moved("AGN303", text, unsafe=True) == text


LAST = {
    "comments, unwrapped": (
        '''
        async def f(it):
            before()

            # all of them
            try:
                # each
                async for x in it:
                    yield x, """
            text"""
                # the end of the try

            # whatever happens
            finally:

                # last
                yield None  # done
            # behind

            after()
        ''',
        '''
        async def f(it):
            before()

            # all of them
            # each
            async for x in it:
                yield x, """
            text"""
            # the end of the try

            # whatever happens
            # last
            yield None  # done
            # behind

            after()
        ''',
    ),
    "handlers and else, with tabs": (
        """
        async def f(it):
        \tif it:
        \t\ttry:
        \t\t\tyield 1
        \t\texcept OSError:
        \t\t\tlog()
        \t\telse:
        \t\t\tdone()
        \t\tfinally: yield 2
        """,
        """
        async def f(it):
        \tif it:
        \t\ttry:
        \t\t\tyield 1
        \t\texcept OSError:
        \t\t\tlog()
        \t\telse:
        \t\t\tdone()
        \t\tyield 2
        """,
    ),
    "cleanup on the header's line": (
        """
        async def f(it):
            try: yield 1
            finally: it.close(); yield 2; yield 3  # last
        """,
        """
        async def f(it):
            try: yield 1
            finally: it.close()  # last
            yield 2
            yield 3
        """,
    ),
    "everything on a line": (
        """
        async def f(it):
            try: x = 1; yield x  # one
            finally: yield 2  # two
        """,
        """
        async def f(it):
            x = 1
            yield x  # one
            yield 2  # two
        """,
    ),
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("name", LAST)
def test_the_last_words_stand_behind_the_try(name: str, newline: str) -> None:
    before, after = LAST[name]
    assert moved("AGN302", before, unsafe=False) == dedented(before)
    assert moved("AGN302", before, unsafe=True, newline=newline) == dedented(after)


@pytest.mark.parametrize(
    ("body", "last"),
    [
        ("yield 1\n        if it:\n            return", "yield 2"),
        ("while it:\n            yield 1\n        return", "yield 2"),
        ("yield 1\n        raise OSError", "yield 2"),
        ("yield 1", "yield 2\n        it.close()"),
        ("yield 1", "if it:\n            yield 2"),
        ("yield 1", "x = yield 2"),
    ],
)
def test_a_yield_stays_where_it_would_not_be_reached(body: str, last: str) -> None:
    text = f"async def f(it):\n    try:\n        {body}\n    finally:\n        {last}\n"
    assert moved("AGN302", text, unsafe=True) == text


def test_a_lost_comment_is_no_fix() -> None:
    text = "async def f():\n    try:  # why\n        yield 1\n    finally:\n        yield 2\n"
    assert moved("AGN302", text, unsafe=True) == text
