"""Loops made sync or async, and what consumes a generator made to do so by a comprehension."""

from __future__ import annotations

import pytest
from fixing import compiles, dedented

from asyncgen_lint import fix_text


def repaired(
    text: str, code: str, *, unsafe: bool = False, target_version: tuple[int, int] = (3, 10)
) -> str:
    """Return a text after the fixes of one rule, which must compile."""
    result = fix_text(text, select=[code], unsafe=unsafe, target_version=target_version)
    assert compiles(result.text), result.text
    assert fix_text(result.text, select=[code], unsafe=unsafe).text == result.text
    return result.text


# AGN510


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("async for x in [1]: print(x)  # c", "for x in [1]: print(x)  # c"),
        ("async  for x in(1, 2):\n    \tprint(x)\n", "for x in(1, 2):\n    \tprint(x)\n"),
        (
            "async for x in range(3):  # c\n        # d\n        s = '''\n  e'''\n    else: pass",
            "for x in range(3):  # c\n        # d\n        s = '''\n  e'''\n    else: pass",
        ),
        ("return [x async for x in [1]]", "return [x for x in [1]]"),
        ("return {x: 1 async for x in [1] if x}", "return {x: 1 for x in [1] if x}"),
        (
            "return {x async for y in s async for x in [y]}",
            "return {x async for y in s for x in [y]}",
        ),
        ("try:\n        async for x in [1]: pass\n    finally: pass", None),
        ("match s:\n        case 1:\n            async for x in [1]: pass", None),
    ],
)
def test_async_loop_over_a_list_loses_its_async(before: str, after: str | None) -> None:
    text = f"async def f(s):\n    {before}\n"
    if after is None:
        after = before.replace("async for", "for")
    assert repaired(text, "AGN510") == f"async def f(s):\n    {after}\n"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_newlines_stay(newline: str) -> None:
    text = newline.join(["async def f():", "    async for x in [1]:", "        pass", ""])
    assert repaired(text, "AGN510") == text.replace("async for", "for")


@pytest.mark.parametrize(
    "text",
    [
        "async def f():\n    return (x async for x in [1])\n",
        "async def f():\n    return [[y async for y in g(x)] async for x in [1]]\n",
        "async def f():\n    return ([x async for x in [y]] async for y in s)\n",
        "async def f():\n    async for x in asyncio.as_completed([]): pass\n",
    ],
)
def test_async_loop_stays_where_it_makes_something_async(text: str) -> None:
    text = f"import asyncio\n{text}"
    assert repaired(text, "AGN510") == text


def test_async_loop_outside_of_async_def_stays() -> None:
    # It does not compile, so that nothing is known of what was meant.
    text = "def f():\n    async for x in [1]: pass\n"
    assert fix_text(text, select=["AGN510"]).text == text


# AGN511


ROWS = """
from starlette.responses import StreamingResponse

async def rows():
    yield 1

async def pages(number, size=2, *rest, **options):
    yield number

async def all_pages(size=2, *rest, **options):
    yield size

class Book:
    async def pages(self, size=2):
        yield size
    async def of_chapter(self, name):
        yield name
    @classmethod
    async def all(cls):
        yield cls
    async def f(self):
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("async for x in rows: pass  # c", "async for x in rows(): pass  # c"),
        ("async for x in (  # c\n            rows): pass", "async for x in (  # c\n            rows()): pass"),
        ("return [x async for x in self.pages]", "return [x async for x in self.pages()]"),
        ("return (x async for x in Book().pages)", "return (x async for x in Book().pages())"),
        ("return aiter(rows)", "return aiter(rows())"),
        ("return StreamingResponse(rows, 200)", "return StreamingResponse(rows(), 200)"),
        ("async for x in all_pages: pass", "async for x in all_pages(): pass"),
    ],
)  # fmt: skip
def test_generator_function_is_called(before: str, after: str) -> None:
    assert repaired(f"{ROWS}        {before}\n", "AGN511") == f"{ROWS}        {after}\n"


@pytest.mark.parametrize(
    "line",
    [
        "async for x in pages: pass",
        "async for x in self.of_chapter: pass",
        "async for x in Book.pages: pass",
        "async for x in Book.all: pass",
        "return await anext(rows)",
        "return await rows.aclose()",
        "return await rows.asend(None)",
    ],
)
def test_generator_function_is_not_called_where_that_may_be_wrong(line: str) -> None:
    text = f"{ROWS}        {line}\n"
    assert fix_text(text, select=["AGN511"]).remaining
    assert repaired(text, "AGN511") == text
