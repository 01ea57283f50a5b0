"""Entering a generator by `aclosing`, and iterating the one that was entered."""

from __future__ import annotations

import pytest
from fixing import comments, compiles, dedented

from asyncgen_lint import fix_text

HEAD = """\
import contextlib
from collections.abc import AsyncIterator
from contextlib import aclosing


async def rows(*args):
    async with args[0]:
        yield args


async def numbers(db) -> AsyncIterator[int]:
    async with db:
        yield 1


"""


def repaired(body: str, code: str, head: str = HEAD, *, unsafe: bool = False) -> str:
    """Return a text after the safe fixes of a rule; both without its head."""
    text = head + dedented(body)
    assert compiles(text), text
    result = fix_text(text, select=(code,), unsafe=unsafe)
    assert compiles(result.text), result.text
    assert comments(result.text) == comments(text)
    return result.text.removeprefix(head)


ITERATED_ANEW = {
    "plain": (
        """
        async def f(db):
            # Why.
            async with aclosing(rows(db, "a", 1)):  # these
                # How.
                async for row in rows(db, "a", 1):  # those
                    print(row)
                    break
                else:
                    print("none")
        """,
        """
        async def f(db):
            # Why.
            async with aclosing(rows(db, "a", 1)) as rows_stream:  # these
                # How.
                async for row in rows_stream:  # those
                    print(row)
                    break
                else:
                    print("none")
        """,
    ),
    "another name, tight": (
        """
        async def f(db, rows_stream):
            async with contextlib.aclosing((rows(db.x))):
                async for row in(rows(db.x)): break
        """,
        """
        async def f(db, rows_stream):
            async with contextlib.aclosing((rows(db.x))) as rows_stream2:
                async for row in rows_stream2: break
        """,
    ),
    "plain items": (
        """
        async def f(db):
            async with aclosing(numbers(db)):
                async for number in numbers(db): return number
        """,
        """
        async def f(db):
            async with aclosing(numbers(db)) as numbers_stream:
                async for number in numbers_stream: return number
        """,
    ),
}


@pytest.mark.parametrize("name", ITERATED_ANEW)
def test_what_is_closed_is_iterated(name: str) -> None:
    before, after = ITERATED_ANEW[name]
    assert repaired(before, "AGN207") == dedented(after)
    assert repaired(after, "AGN207") == dedented(after)


@pytest.mark.parametrize(
    "body",
    [
        "async with aclosing(rows(db)):\n        n = 1\n        async for row in rows(db): break",
        "async with aclosing(rows(db())):\n        async for row in rows(db()): break",
        "async with aclosing(rows(db)):\n        async for row in rows(db): return row",
        "async with aclosing(rows(db)), db:\n        async for row in rows(db): break",
        "async with aclosing(rows(db)):\n        async for row in rows(db): rows(db)",
        "async with aclosing(rows(db)):\n        return [row async for row in rows(db)]",
        "async with aclosing(rows(db)):\n        async for row in rows(db): break\n    print(row)",
        "async with aclosing(rows(*db)):\n        async for row in rows(*db): break",
        "async with aclosing([]):\n        pass",
    ],
)
def test_what_is_iterated_anew_is_left_alone_where_it_may_be_meant(body: str) -> None:
    text = f"async def f(db):\n    {body}\n"
    assert repaired(text, "AGN207", unsafe=True) == text
