"""Iterating a closable stream inside what closes it."""

from __future__ import annotations

import pytest

from asyncgen_lint import fix_text

HEAD = """\
from contextlib import aclosing


class Feed:
    def __init__(self):
        self.n = 0

    def __aiter__(self):
        return self

    async def __anext__(self):
        return self.n

    async def aclose(self):
        await unsubscribe(self)


class Own(Feed):
    async def __aenter__(self):
        return self

    async def __aexit__(self, *exc_info):
        await self.aclose()


class Opened(Own):
    async def __aenter__(self):
        await self.open()
        return self

    aclose = None


async def made():
    return Own()


"""


def repaired(body: str, *, unsafe: bool = False) -> str:
    """Return the body of a generator after the fixes."""
    head = f"{HEAD}async def f(db):\n"
    text = fix_text(f"{head}{body}", select=("AGN109",), unsafe=unsafe).text
    assert text.startswith(head)
    return text.removeprefix(head)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "    # Why.\n    own = Own()  # this\n    async for x in own: yield x\n    # after\n",
            "    # Why.\n    async with Own() as own:  # this\n"
            "        async for x in own: yield x\n    # after\n",
        ),
        (
            "    async for x in Own():\n        yield 1\n",
            "    async with Own() as Own_stream:\n        async for x in Own_stream:\n"
            "            yield 1\n",
        ),
        (
            "    own = await made()\n    yield own.n\n    async for x in own:\n"
            "        yield x\n    yield 1\n",
            "    async with await made() as own:\n        yield own.n\n"
            "        async for x in own:\n            yield x\n    yield 1\n",
        ),
        (
            "    own = Own()\n    n = 1\n    async for x in own:\n        yield x\n",
            "    own = Own()\n    n = 1\n    async with own:\n        async for x in own:\n"
            "            yield x\n",
        ),
    ],
)
def test_in_its_own_manager(before: str, after: str) -> None:
    assert repaired(before) == after
    assert repaired(after) == after


def test_under_aclosing_is_unsafe() -> None:
    text = "    feed = Feed()\n    async for x in feed:\n        yield x\n"
    assert repaired(text) == text
    assert repaired(text, unsafe=True).startswith("    async with aclosing(Feed()) as feed:\n")


@pytest.mark.parametrize(
    "body",
    [
        "    own = Opened()\n    async for x in own:\n        yield x\n",
        "    own = Own()\n    async for x in own:\n        yield x\n    db(own)\n",
        "    own = Own()\n    async for x in own:\n        yield x\n    await own.aclose()\n",
        "    async for x in Own():\n        db.x = x\n        yield 1\n",
    ],
)
def test_left_alone(body: str) -> None:
    assert repaired(body, unsafe=True) == body
