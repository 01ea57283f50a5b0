"""Closing what is open on an event loop before the loop is closed."""

from __future__ import annotations

import pytest

from asyncgen_lint import fix_text

HEAD = """\
import asyncio


async def rows(db):
    async with db:
        yield 1


async def first(db):
    async for row in rows(db):
        return row


"""


def repaired(body: str, *, unsafe: bool = True) -> str:
    """Return a text after the fixes; both without its head."""
    return fix_text(HEAD + body, select=("AGN206",), unsafe=unsafe).text.removeprefix(HEAD)


def test_a_line_above_the_close_keeps_its_comments() -> None:
    text = (
        "def f(db):\n\tmine = asyncio.new_event_loop()\n\ttry:\n"
        "\t\tmine.run_until_complete(first(db))\n\tfinally:\n"
        "\t\t# Done.\n\t\tmine.close()  # at last\n"
    )
    line = "\t\tmine.run_until_complete(mine.shutdown_asyncgens())\n"
    assert repaired(text) == text.replace("\t\tmine.close()", line + "\t\tmine.close()")
    assert repaired(repaired(text)) == repaired(text)
    assert repaired(text, unsafe=False) == text


@pytest.mark.parametrize(
    "close",
    [
        "try: loop.run_until_complete(first(db))\n    finally: loop.close()",
        "loop.run_until_complete(first(db)); loop.close()",
        "loop.run_until_complete(first(db))\n    return loop.close()",
    ],
)
def test_left_alone_where_no_line_fits(close: str) -> None:
    text = f"def f(db):\n    loop = asyncio.new_event_loop()\n    {close}\n"
    assert repaired(text) == text


def test_left_alone_at_module_level() -> None:
    text = "loop = asyncio.new_event_loop()\nloop.run_until_complete(first(1))\nloop.close()\n"
    assert repaired(text) == text
