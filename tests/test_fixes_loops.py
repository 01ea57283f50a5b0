"""Loops made sync or async, and what consumes a generator made to do so by a comprehension."""

from __future__ import annotations

import sys

import pytest
from fixing import compiles

from asyncgen_lint import fix_text, lint_text


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
    assert [each.fix for each in lint_text(text, select=["AGN510"])] == [None]
    assert repaired(text, "AGN510") == text


def test_async_loop_outside_of_async_def_stays() -> None:
    # It does not compile, so that nothing is known of what was meant.
    text = "def f():\n    async for x in [1]: pass\n"
    assert fix_text(text, select=["AGN510"]).text == text


# AGN511


ROWS = """
from functools import partial
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
    @staticmethod
    async def of_author(name):
        yield name
    async def f(self):
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("async for x in rows: pass  # c", "async for x in rows(): pass  # c"),
        (
            "async for x in (  # c\n            rows): pass",
            "async for x in (  # c\n            rows()): pass",
        ),
        ("return [x async for x in self.pages]", "return [x async for x in self.pages()]"),
        ("return (x async for x in Book().pages)", "return (x async for x in Book().pages())"),
        ("return aiter(rows)", "return aiter(rows())"),
        ("return StreamingResponse(rows, 200)", "return StreamingResponse(rows(), 200)"),
        ("async for x in all_pages: pass", "async for x in all_pages(): pass"),
        (
            "read = all_pages\n        async for x in read: pass",
            "read = all_pages\n        async for x in read(): pass",
        ),
        (
            "read = partial(all_pages, 3)\n        async for x in read: pass",
            "read = partial(all_pages, 3)\n        async for x in read(): pass",
        ),
    ],
)
def test_generator_function_is_called(before: str, after: str) -> None:
    assert repaired(f"{ROWS}        {before}\n", "AGN511") == f"{ROWS}        {after}\n"


@pytest.mark.parametrize(
    "line",
    [
        "async for x in pages: pass",
        "async for x in self.of_chapter: pass",
        "async for x in Book.pages: pass",
        "async for x in Book.all: pass",
        "async for x in self.of_author: pass",
        "read = partial(pages)\n        async for x in read: pass",
        "return await anext(rows)",
        "return await rows.aclose()",
        "return await rows.asend(None)",
    ],
)
def test_generator_function_is_not_called_where_that_may_be_wrong(line: str) -> None:
    text = f"{ROWS}        {line}\n"
    assert [each.fix for each in lint_text(text, select=["AGN511"])] == [None]
    assert repaired(text, "AGN511") == text


# AGN502


ITEMS = "[item async for item in rows()]"
SOURCE = """
async def rows(n=0):
    yield 1

async def f(*args):
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("for x in rows(): pass  # c", "async for x in rows(): pass  # c"),
        (
            "for x in rows():  # c\n\n        # d\n        s = '''\n  e'''\n    else: pass",
            "async for x in rows():  # c\n\n        # d\n        s = '''\n  e'''\n    else: pass",
        ),
        ("if args:\n    \tfor x in rows(): pass", "if args:\n    \tasync for x in rows(): pass"),
        ("return [x for x in rows() if x]", "return [x async for x in rows() if x]"),
        (
            "return {x: y for x in args for y in rows(x)}",
            "return {x: y for x in args async for y in rows(x)}",
        ),
        ("return list(rows())", "return [item async for item in rows()]"),
        ("return (list(rows()))", "return ([item async for item in rows()])"),
        (
            "return list(  # c\n        rows()  # d\n    )",
            f"return [  # c\n        {ITEMS[1:-1]}  # d\n    ]",
        ),
        ("return list((rows()))", "return [item async for item in (rows())]"),
        ("return set(rows())", "return {item async for item in rows()}"),
        ("return tuple(rows())", "return tuple([item async for item in rows()])"),
        ("return frozenset(rows())", "return frozenset([item async for item in rows()])"),
        ("return dict(rows(), a=1)", "return dict([item async for item in rows()], a=1)"),
        ("return f(*rows(), 2)", "return f(*[item async for item in rows()], 2)"),
        ("return [*rows()]", "return [*[item async for item in rows()]]"),
        ("return list(x async for x in rows())", "return [x async for x in rows()]"),
        ("return set((await x for x in args))", "return {await x for x in args}"),
        ("return ','.join((await x for x in args))", "return ','.join([await x for x in args])"),
        ("return tuple(x for x in rows())", "return tuple([x async for x in rows()])"),
        ("g = rows()\n    return list(g)", "g = rows()\n    return [item async for item in g]"),
        (
            "item = rows()\n    return list(item)",
            "item = rows()\n    return [item2 async for item2 in item]",
        ),
        (
            "try:\n        return list(rows())\n    finally: pass",
            f"try:\n        return {ITEMS}\n    finally: pass",
        ),
    ],
)
def test_what_takes_all_items_gets_them_safely(before: str, after: str) -> None:
    assert repaired(f"{SOURCE}    {before}\n", "AGN502") == f"{SOURCE}    {after}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("return any(rows())", "return any([item async for item in rows()])"),
        ("return any(await x for x in args)", "return any([await x for x in args])"),
        ("return sum(rows(), 1)", "return sum([item async for item in rows()], 1)"),
        (
            "return max((await x for x in args), default=0)",
            "return max([await x for x in args], default=0)",
        ),
        ("return sum(x for x in rows())", "return sum([x async for x in rows()])"),
        ("return 1 not in rows()", "return 1 not in [item async for item in rows()]"),
        ("a, *b = rows()", "a, *b = [item async for item in rows()]"),
        (
            "for i, x in enumerate(rows(), 1): pass",
            "for i, x in enumerate([item async for item in rows()], 1): pass",
        ),
        (
            "async for i, x in enumerate(rows()): pass",
            "for i, x in enumerate([item async for item in rows()]): pass",
        ),
        (
            "async for x in zip(rows(), rows(1)): pass",
            f"for x in zip({ITEMS}, [item2 async for item2 in rows(1)]): pass",
        ),
    ],
)
def test_what_may_not_need_all_items_gets_them_when_asked_for(before: str, after: str) -> None:
    text = f"{SOURCE}    {before}\n"
    assert repaired(text, "AGN502") == text
    assert repaired(text, "AGN502", unsafe=True) == f"{SOURCE}    {after}\n"


@pytest.mark.parametrize(
    "line",
    [
        "return next(rows())",
        "return len(rows())",
        "return rows()[0]",
        "return map(str, rows())",
        "return (x for x in rows())",
        "return f(x for x in rows())",
        "return (list(rows(x)) for x in args)",
        "return [list(rows(x)) for x in args]",
        "return [[y for y in rows(x)] for x in args]",
        "return lambda: list(rows())",
        "class A: x = list(rows())",
        "def g(): return list(rows())",
        "def g():\n        for x in rows(): pass",
        "list = f\n    return list(x for x in rows())",
        "return list(rows(),  # c\n    )",
    ],
)
def test_no_async_comprehension_where_it_may_not_stand_or_is_not_meant(line: str) -> None:
    text = f"{SOURCE}    {line}\n"
    assert [each.fix for each in lint_text(text, select=["AGN502"])] == [None]
    assert repaired(text, "AGN502", unsafe=True) == text


@pytest.mark.skipif(sys.version_info < (3, 11), reason="does not compile here")
def test_async_comprehensions_nest_from_python_3_11() -> None:
    text = f"{SOURCE}    return [list(rows(x)) for x in args]\n"
    new = fix_text(text, select=["AGN502"], target_version=(3, 11)).text
    assert new == text.replace("list(rows(x))", "[item async for item in rows(x)]")


# AGN501


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("async for x in await rows(): pass  # c", "async for x in rows(): pass  # c"),
        ("for x in await rows(): pass  # c", "async for x in rows(): pass  # c"),
        ("return [x for x in await rows() if x]", "return [x async for x in rows() if x]"),
        ("return (x async for x in await rows())", "return (x async for x in rows())"),
    ],
)
def test_what_cannot_be_awaited_is_iterated(before: str, after: str) -> None:
    assert repaired(f"{SOURCE}    {before}\n", "AGN501") == f"{SOURCE}    {after}\n"


@pytest.mark.parametrize(
    "line",
    [
        "return (x for x in await rows())",
        "return [[x for x in await rows()] for y in args]",
        "for x in [await rows()]: pass",
        "return await rows()",
    ],
)
def test_what_else_is_awaited_stays(line: str) -> None:
    text = f"{SOURCE}    {line}\n"
    assert fix_text(text, select=["AGN501"]).remaining
    assert repaired(text, "AGN501", unsafe=True) == text
