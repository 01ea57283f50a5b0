"""Generators made inside an expression: their own header, and when they get none."""

from __future__ import annotations

import pytest
from fixing import comments, compiles, dedented

from asyncgen_lint import fix_text
from asyncgen_lint.config import Settings
from asyncgen_lint.repair import repair
from asyncgen_lint.source.text import Source

WRAPPING = ("AGN101", "AGN102", "AGN103", "AGN104")

HEAD = """\
from collections.abc import AsyncIterator
from contextlib import aclosing


async def rows(db):
    try:
        yield db
        yield db
    finally:
        await db.close()


async def names(db) -> AsyncIterator[str]:
    try:
        yield "a"
        yield "b"
    finally:
        await db.close()


async def fetch(db):
    return rows(db)


async def tagged(stream, tag=0):
    async for item in stream:
        yield item


async def first(stream):
    async for item in stream:
        return item


async def pair(stream):
    item = await anext(stream)
    try:
        return item, await stream.asend(None)
    finally:
        await stream.aclose()


async def passing(stream):
    return await first(stream)


async def keeping(stream):
    KEPT.append(await anext(stream))


async def lending(stream):
    await work(await anext(stream))


async def naming(stream):
    item = await anext(stream)

    def later():
        return item

    register(later)


async def again(stream):
    return await again(stream)


class Reader:
    pass


"""


def repaired(body: str, *, unsafe: bool = False) -> str:
    """Return a function after its repair, without what stands above it."""
    text = HEAD + dedented(body)
    assert compiles(text), text
    result = repair(Source("x.py", text), Settings(select=WRAPPING), unsafe=unsafe)
    assert compiles(result.text), result.text
    assert sorted(comments(result.text)) == sorted(comments(text))
    assert not result.refused
    return result.text.removeprefix(HEAD)


PAIRS = {
    "steps whose item nothing uses": (
        """
        async def f(db):
            # First.
            await anext(rows(db), None)  # only one
            await rows(db).__anext__()
            await (rows(db)).asend(None)
            await anext((await fetch(db)))
            await anext(aiter(rows(db)))
        """,
        """
        async def f(db):
            # First.
            async with aclosing(rows(db)) as rows_stream:
                await anext(rows_stream, None)  # only one
            async with aclosing(rows(db)) as rows_stream:
                await rows_stream.__anext__()
            async with aclosing(rows(db)) as rows_stream:
                await rows_stream.asend(None)
            async with aclosing(await fetch(db)) as fetch_stream:
                await anext(fetch_stream)
            async with aclosing(rows(db)) as rows_stream:
                await anext(aiter(rows_stream))
        """,
    ),
    "one over several lines": (
        """
        async def f(db):
            return await first(
                tagged(
                    names(
                        db,  # why
                    ),
                    2,
                )
            )
        """,
        """
        async def f(db):
            async with aclosing(names(
                db,  # why
            )) as names_stream:
                return await first(
                    tagged(
                        names_stream,
                        2,
                    )
                )
        """,
    ),
    "a plain item that is used": (
        """
        async def f(db):
            name = await anext(names(db))
            return await names(db).__anext__() + name
        """,
        """
        async def f(db):
            async with aclosing(names(db)) as names_stream:
                name = await anext(names_stream)
            async with aclosing(names(db)) as names_stream:
                return await names_stream.__anext__() + name
        """,
    ),
    "helpers that step it": (
        """
        async def f(db):
            await first(rows(db))
            await pair(stream=rows(db))
            await passing(tagged(rows(db), 1))
        """,
        """
        async def f(db):
            async with aclosing(rows(db)) as rows_stream:
                await first(rows_stream)
            await pair(stream=rows(db))
            async with aclosing(rows(db)) as rows_stream:
                await passing(tagged(rows_stream, 1))
        """,
    ),
    "a named one that a helper steps": (
        """
        async def f(db):
            stream = rows(db)
            await first(stream)
            await anext(stream)
        """,
        """
        async def f(db):
            async with aclosing(rows(db)) as stream:
                await first(stream)
                await anext(stream)
        """,
    ),
    "generator expressions": (
        """
        async def f(db):
            async for row in (row.x async for row in rows(db) if row):
                break
            async for row in (row async for row in(await fetch(db))):
                break
            await anext(row async for row in (row.x async for row in rows(db)))
        """,
        """
        async def f(db):
            async with aclosing(rows(db)) as rows_stream:
                async for row in (row.x async for row in rows_stream if row):
                    break
            async for row in (row async for row in(await fetch(db))):
                break
            async with aclosing(rows(db)) as rows_stream:
                await anext(row async for row in (row.x async for row in rows_stream))
        """,
    ),
    "comprehensions": (
        """
        async def f(db):
            print([int(row) async for row in (row.x async for row in rows(db))])
            return [int(name) async for name in tagged(names(db))]
        """,
        """
        async def f(db):
            async with aclosing(rows(db)) as rows_stream:
                print([int(row) async for row in (row.x async for row in rows_stream)])
            async with aclosing(names(db)) as names_stream:
                return [int(name) async for name in tagged(names_stream)]
        """,
    ),
    "relays": (
        """
        async def f(db):
            async for row in tagged(
                rows(db),  # those
                tag=1,
            ):
                if row:
                    return
            else:
                print("none")
        """,
        """
        async def f(db):
            async with aclosing(rows(db)) as rows_stream:
                async for row in tagged(
                    rows_stream,  # those
                    tag=1,
                ):
                    if row:
                        return
                else:
                    print("none")
        """,
    ),
    "under what closes the relay": (
        """
        async def f(db):
            async with aclosing(tagged(rows(db))) as s:
                async for row in s:
                    break
        """,
        """
        async def f(db):
            async with aclosing(rows(db)) as rows_stream, aclosing(tagged(rows_stream)) as s:
                async for row in s:
                    break
        """,
    ),
    "under what closes the relay, in a long header": (
        """
        async def f(database_of_all_customers):
            async with aclosing(tagged(rows(database_of_all_customers))) as stream:
                async for row in stream:
                    break
        """,
        """
        async def f(database_of_all_customers):
            async with aclosing(rows(database_of_all_customers)) as rows_stream:
                async with aclosing(tagged(rows_stream)) as stream:
                    async for row in stream:
                        break
        """,
    ),
    "named": (
        """
        async def f(db):
            if db:

                # Tagged.
                stream = tagged(rows(db))  # by nothing
                print(1)
                async for row in stream:
                    break
                print(2)
                found = (row.x async for row in rows(db))

                await anext(found)
        """,
        """
        async def f(db):
            if db:

                # Tagged.
                async with aclosing(rows(db)) as rows_stream:
                    stream = tagged(rows_stream)  # by nothing
                    print(1)
                    async for row in stream:
                        break
                print(2)
                async with aclosing(rows(db)) as rows_stream:
                    found = (row.x async for row in rows_stream)

                    await anext(found)
        """,
    ),
    "in a match, a loop, a handler, a nested function": (
        """
        async def f(db):
            match db:
                case 1:
                    while db:
                        try:
                            pass
                        except ValueError:
                            async def g():
                                await anext(rows(db))
                            await g()
                        else:
                            await first(rows(db))
        """,
        """
        async def f(db):
            match db:
                case 1:
                    while db:
                        try:
                            pass
                        except ValueError:
                            async def g():
                                async with aclosing(rows(db)) as rows_stream:
                                    await anext(rows_stream)
                            await g()
                        else:
                            async with aclosing(rows(db)) as rows_stream:
                                await first(rows_stream)
        """,
    ),
    "on the last line of a loop that is indented, too": (
        """
        async def f(db):
            async for row in tagged(rows(db)):
                if row:
                    break
                await first(rows(db))
        """,
        """
        async def f(db):
            async with aclosing(rows(db)) as rows_stream:
                async for row in tagged(rows_stream):
                    if row:
                        break
                    async with aclosing(rows(db)) as rows_stream2:
                        await first(rows_stream2)
        """,
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_it_gets_a_header_of_its_own(name: str) -> None:
    before, after = PAIRS[name]
    assert repaired(before) == dedented(after)
    assert repaired(after) == dedented(after)


@pytest.mark.parametrize("name", PAIRS)
def test_in_a_file_with_tabs_and_windows_newlines(name: str) -> None:
    before, after = (
        (HEAD + dedented(each)).replace("    ", "\t").replace("\n", "\r\n") for each in PAIRS[name]
    )
    assert fix_text(before, select=WRAPPING).text == after


@pytest.mark.parametrize(
    "body",
    [
        # an item is used, or may be
        "return await anext(rows(db))",
        "row = await anext(rows(db))",
        "print(await first(rows(db)))",
        "async for row in tagged(rows(db)):\n        return row",
        "async for row in (row async for row in rows(db)):\n        db.row = row\n        break",
        "async with aclosing(tagged(rows(db))) as s:\n        return await anext(s)",
        "async with aclosing(tagged(rows(db))) as s:\n        async for row in s: break\n    row()",
        "s = tagged(rows(db))\n    return await anext(s)",
        "return [row() async for row in tagged(rows(db))]",
        # a helper keeps it, or lends it, or does not end
        "await keeping(rows(db))",
        "await lending(rows(db))",
        "await naming(rows(db))",
        "await again(rows(db))",
        "s = rows(db)\n    await lending(s)\n    await anext(s)",
        # something else comes first
        "await anext(tagged(rows(db), tag=await db.tag()), await db.other())" + " if db else 0",
        "async for row in tagged(tag=db.tag(), stream=rows(db)):\n        break",
        "async for row in tagged(*db.all(), stream=rows(db)):\n        break",
        "db(); await anext(rows(db))",
        "if db: await anext(rows(db))",
        "db and await anext(rows(db))",
        "[await anext(rows(db)) for _ in db]",
        "(lambda: anext(rows(db)))()",
        # it, or what reads it, has a name that more is done with
        "async for row in (s := tagged(rows(db))):\n        break\n    await anext(s)",
        "async with aclosing(tagged(rows(db))) as s:\n        db.work(s)\n        await anext(s)",
        "async with db, aclosing(tagged(rows(db))) as s:\n        await anext(s)",
        "s = tagged(rows(db))\n    await anext(s)\n    s = None",
        "s = t = tagged(rows(db))\n    await anext(s)",
        "s, t = rows(db), 1\n    await anext(s)",
        # no room for the name
        "async for row in (row async for row in(await fetch(db))):\n        break",
        "await(await fetch(db)).__anext__()",
        # not only of it
        "async for x in (y async for x in rows(db) async for y in rows(x)):\n        break",
    ],
)
def test_it_is_left_alone(body: str) -> None:
    text = f"async def f(db):\n    {body}\n"
    assert repaired(text, unsafe=True) == text


def test_not_before_aclosing_was_there() -> None:
    text = HEAD + "async def f(db):\n    await anext(rows(db))\n"
    assert fix_text(text, select=WRAPPING, target_version=(3, 9)).text == text


def test_not_where_the_name_means_something_else() -> None:
    text = HEAD + "async def f(db, aclosing):\n    await anext(rows(db))\n"
    assert fix_text(text, select=WRAPPING).text == text
