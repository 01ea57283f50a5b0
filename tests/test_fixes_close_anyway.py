"""Closing a generator on every way out, not only where nothing raises."""

from __future__ import annotations

import pytest
from fixing import comments, compiles, dedented

from asyncgen_lint import fix_text

HEAD = """\
from contextlib import aclosing


async def rows(*args):
    async with args[0]:
        yield args


async def close(it):
    await it.aclose()


"""


def repaired(body: str, target_version: tuple[int, int] = (3, 10)) -> str:
    """Return a text after the safe fixes; both without its head."""
    text = HEAD + dedented(body)
    assert compiles(text), text
    result = fix_text(text, select=("AGN202",), unsafe=True, target_version=target_version)
    assert compiles(result.text), result.text
    assert comments(result.text) == comments(text)
    return result.text.removeprefix(HEAD)


PAIRS = {
    "a bare close": (
        """
        async def f(db):
            # Why.
            found = rows(db)  # these
            async for row in found:
                db(row)
                break
            await found.aclose()

            # after
            return row
        """,
        """
        async def f(db):
            # Why.
            async with aclosing(rows(db)) as found:  # these
                async for row in found:
                    db(row)
                    break

            # after
            return row
        """,
    ),
    "a close with a comment": (
        """
        async def f(db):
            if db:
                found = rows(db)

                # How.
                row = db(await anext(found))

                # Done.
                await found.aclose()  # at last
            # after
            return 1
        """,
        """
        async def f(db):
            if db:
                found = rows(db)

                # How.
                try:
                    row = db(await anext(found))
                finally:
                    # Done.
                    await found.aclose()  # at last
            # after
            return 1
        """,
    ),
    "a close by a function": (
        """
        async def f(db):
            found = rows(db)
            async for row in found: db(row); break
            await close(found)
        """,
        """
        async def f(db):
            found = rows(db)
            try:
                async for row in found: db(row); break
            finally:
                await close(found)
        """,
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_closed_as_a_careful_person_would(name: str) -> None:
    before, after = PAIRS[name]
    assert repaired(before) == dedented(after)
    assert repaired(after) == dedented(after)


def test_finally_before_python_3_10() -> None:
    before = PAIRS["a bare close"][0]
    assert "    finally:\n        await found.aclose()\n" in repaired(before, (3, 9))


@pytest.mark.parametrize(
    "body",
    [
        "g = rows(db)\n    db(await anext(g))\n    if db: await g.aclose()",
        "g = rows(db)\n    db(await anext(g))\n    x = await close(g)",
        "g = rows(db)\n    db(await anext(g)); await g.aclose()",
        "g = rows(db)\n    db(await anext(g))\n    await g.aclose()\n    print(g)",
        "if db:\n        g = rows(db)\n    db(await anext(g))\n    await g.aclose()",
        "try:\n        g = rows(db)\n        x = await anext(g)\n        db(x)\n"
        "        await g.aclose()\n    except ValueError:\n        print(x)",
    ],
)
def test_left_alone(body: str) -> None:
    text = f"async def f(db):\n    {body}\n"
    assert repaired(text) == text
