"""Awaiting a cancelled task before closing the generator that it steps (AGN508)."""

from __future__ import annotations

import pytest
from fixing import compiles

from asyncgen_lint import fix_text, lint_text

SOURCE = """
async def rows(db):
    while True:
        yield await db.read()

async def work(source):
    async for row in source:
        print(row)

async def f(db):
    source = rows(db)
    task = asyncio.create_task(work(source))
    await db.ready()
    task.cancel()
    await source.aclose()
"""


def repaired(text: str) -> str:
    """Return a text after all fixes, which must compile and stay as they are."""
    new = fix_text(text, select=["AGN508"], unsafe=True).text
    assert compiles(new), new
    assert fix_text(new, select=["AGN508"], unsafe=True).text == new
    assert fix_text(text, select=["AGN508"]).text == text
    return new


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "    task.cancel()\n",
            "    task.cancel()\n    await asyncio.gather(task, return_exceptions=True)\n",
        ),
        (
            "    task.cancel('x')  # a\n\n    # b\n",
            "    task.cancel('x')  # a\n    await asyncio.gather(task, return_exceptions=True)\n"
            "\n    # b\n",
        ),
        (
            "    if db:\n        task.cancel()\n        # a\n",
            "    if db:\n        task.cancel()\n"
            "        await asyncio.gather(task, return_exceptions=True)\n        # a\n",
        ),
        (
            "    try:\n    \ttask.cancel()\n    finally:\n    \tprint(db)\n",
            "    try:\n    \ttask.cancel()\n"
            "    \tawait asyncio.gather(task, return_exceptions=True)\n"
            "    finally:\n    \tprint(db)\n",
        ),
    ],
)
def test_cancelled_task_is_awaited(before: str, after: str) -> None:
    text = ("import asyncio\n" + SOURCE).replace("    task.cancel()\n", before)
    assert compiles(text)
    assert repaired(text) == text.replace(before, after)


def test_gather_is_written_as_it_is_imported() -> None:
    text = "import asyncio as aio\n" + SOURCE.replace("asyncio", "aio")
    assert "    await aio.gather(task, return_exceptions=True)\n" in repaired(text)
    text = "from asyncio import create_task\n" + SOURCE.replace("asyncio.", "")
    assert repaired(text).startswith("from asyncio import create_task, gather\n")


@pytest.mark.parametrize(
    "line",
    [
        "    task.cancel(); print(db)\n",
        "    if db: task.cancel()\n",
        "    ended = task.cancel()\n",
        "    assert task.cancel()\n",
    ],
)
def test_no_await_where_the_line_is_shared(line: str) -> None:
    text = ("import asyncio\n" + SOURCE).replace("    task.cancel()\n", line)
    assert lint_text(text, select=["AGN508"])
    assert repaired(text) == text
