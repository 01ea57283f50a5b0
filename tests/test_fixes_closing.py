"""Entering a generator by `aclosing`, and iterating the one that was entered."""

from __future__ import annotations

import pytest
from fixing import comments, compiles, dedented

from asyncgen_lint import fix_text

IMPORT = "from contextlib import aclosing\n"
HEAD = f"""\
import contextlib
from collections.abc import AsyncIterator
{IMPORT}


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


# closing


RAISING = "from contextlib import AsyncExitStack, ExitStack, closing\n" + HEAD.replace(
    IMPORT, ""
).replace("import contextlib\n", "")


CLOSING = {
    "the only use": (
        """
        async def f(db):
            with closing(rows(db)) as found: return  # x
        """,
        """
        async def f(db):
            async with aclosing(rows(db)) as found: return  # x
        """,
    ),
    "in parentheses, with others": (
        """
        async def f(db):
            # Why.
            with (
                db as a,
                closing(rows(a)) as b,
                db as c,
            ):
                pass
            # after
        """,
        """
        async def f(db):
            # Why.
            with db as a:
                async with aclosing(rows(a)) as b:
                    with db as c:
                        pass
            # after
        """,
    ),
    "all of them": (
        """
        async def f(db):
            with closing(rows(db)) as a, closing(rows(a)) as b:
                pass
        """,
        """
        async def f(db):
            async with aclosing(rows(db)) as a, aclosing(rows(a)) as b:
                pass
        """,
    ),
    "async with": (
        """
        async def f(db):
            async with db, closing(rows(db)) as a:
                pass
        """,
        """
        async def f(db):
            async with db, aclosing(rows(db)) as a:
                pass
        """,
    ),
    "on a stack": (
        """
        async def f(db):
            async with AsyncExitStack() as stack:
                a = stack.enter_context(closing(rows(db)))
                use(stack.enter_context(closing(rows(db))).aclose)
        """,
        """
        async def f(db):
            async with AsyncExitStack() as stack:
                a = await stack.enter_async_context(aclosing(rows(db)))
                use((await stack.enter_async_context(aclosing(rows(db)))).aclose)
        """,
    ),
}


@pytest.mark.parametrize("name", CLOSING)
def test_closing_becomes_aclosing(name: str) -> None:
    before, after = CLOSING[name]
    whole = fix_text(RAISING + dedented(before), select=("AGN205",)).text
    head, _, rest = whole.partition("async def f")
    assert "async def f" + rest == dedented(after)
    assert "aclosing" in head
    assert fix_text(whole, select=("AGN205",)).text == whole


@pytest.mark.parametrize(
    "body",
    [
        "def f(db):\n    with closing(rows(db)): pass",
        "async def f(db):\n    with rows(db): pass",
        "async def f(db):\n    with rows(db), closing(rows(db)): pass",
        "async def f(db):\n    with ExitStack() as s: s.enter_context(closing(rows(db)))",
        "async def f(db, s):\n    s.enter_context(closing(rows(db)))",
        "async def f(db):\n    async with AsyncExitStack() as s:\n"
        "        return lambda: s.enter_context(closing(rows(db)))",
        "async def f(db):\n    with (\n        db,  # A\n        closing(rows(db)),\n    ): pass",
    ],
)
def test_closing_stays_where_aclosing_does_not_fit(body: str) -> None:
    text = f"{RAISING}{body}\n"
    assert compiles(text)
    assert fix_text(text, select=("AGN205",), unsafe=True).text == text


@pytest.mark.parametrize(
    ("before", "more", "after"),
    [
        ("from contextlib import closing", "", "from contextlib import aclosing"),
        (
            "from contextlib import asynccontextmanager, closing, suppress",
            "",
            "from contextlib import aclosing, asynccontextmanager, suppress",
        ),
        ("from contextlib import aclosing, closing", "", "from contextlib import aclosing"),
        (
            "from contextlib import closing",
            "def g(): return closing",
            "from contextlib import aclosing, closing",
        ),
        (
            "from contextlib import closing",
            '__all__ = ["closing"]',
            "from contextlib import aclosing, closing",
        ),
        (
            "from contextlib import closing",
            'x: "type[closing]"',
            "from contextlib import aclosing, closing",
        ),
        (
            "from contextlib import closing",
            'def g():\n    """See closing."""',
            "from contextlib import aclosing",
        ),
        (
            "from contextlib import closing",
            "x = 'enclosing'",
            "from contextlib import aclosing",
        ),
        (
            "from contextlib import aclosing\nfrom contextlib import closing",
            "",
            "from contextlib import aclosing",
        ),
        (
            "from contextlib import closing  # noqa: F401",
            "",
            "from contextlib import aclosing, closing  # noqa: F401",
        ),
        (
            "from contextlib import (\n    closing,\n)",
            "",
            "from contextlib import (\n    aclosing,\n    closing,\n)",
        ),
        ("import contextlib", "closing = contextlib.closing", None),
    ],
)
def test_an_import_that_nothing_else_uses_goes(before: str, more: str, after: str | None) -> None:
    body = (
        "\n\nasync def rows(db):\n    yield db\n\n\n"
        "async def f(db):\n    with closing(rows(db)):\n        pass\n"
    )
    text = f"{before}\n{more}\n{body}"
    result = fix_text(text, select=("AGN205",)).text
    assert compiles(result)
    if after is None:
        assert "closing = contextlib.closing" in result
    else:
        assert result.startswith(f"{after}\n{more}\n")


def test_an_import_stays_while_another_place_still_uses_it() -> None:
    uses = "    with closing(rows(db)):\n        with closing(rows(db)):\n            pass\n"
    text = f"{RAISING}async def f(db):\n{uses}"
    result = fix_text(text, select=("AGN205",)).text
    assert compiles(result)
    assert "with closing" not in result
    assert result.startswith("from contextlib import ")
