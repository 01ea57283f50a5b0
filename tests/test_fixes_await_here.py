"""Awaiting a close in the task that is there, not in one made for it."""

from __future__ import annotations

import pytest

from asyncgen_lint import fix_text

HEAD = """\
import asyncio
from contextvars import ContextVar

name = ContextVar("name")


async def rows():
    token = name.set("x")
    try:
        yield 1
    finally:
        name.reset(token)


"""


def repaired(body: str, *, unsafe: bool = False) -> str:
    """Return a function after the fixes, both without what is around its last statement."""
    head = f"{HEAD}async def f(n):\n    g = rows()\n    await anext(g)\n    "
    text = fix_text(f"{head}{body}\n", select=("AGN208",), unsafe=unsafe).text
    assert text.startswith(head)
    return text.removeprefix(head).removesuffix("\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("await asyncio.create_task(g.aclose())  # x", "await g.aclose()  # x"),
        ("await (asyncio.ensure_future( g.aclose() ))", "await (g.aclose())"),
        ("await asyncio.get_running_loop().create_task(g.aclose())", "await g.aclose()"),
        ("n(1); await asyncio.gather(g.aclose()); n(2)", "n(1); await g.aclose(); n(2)"),
        ("if n: await asyncio.create_task(g.aclose())", "if n: await g.aclose()"),
    ],
)
def test_a_task_awaited_on_the_spot_goes(before: str, after: str) -> None:
    assert repaired(before) == after
    assert repaired(after) == after


@pytest.mark.parametrize(
    "body",
    [
        "asyncio.create_task(g.aclose())",
        "t = asyncio.create_task(g.aclose())",
        "x = await asyncio.create_task(g.aclose())",
        "return await asyncio.gather(g.aclose())",
        'await asyncio.create_task(g.aclose(), name="x")',
        "await asyncio.gather(g.aclose(), n())",
        "await asyncio.wait_for(g.aclose(), 1)",
        "await asyncio.create_task(  # why\n        g.aclose()\n    )",
    ],
)
def test_left_alone(body: str) -> None:
    assert repaired(body, unsafe=True) == body


def test_unsafe_for_a_shield() -> None:
    assert repaired("await asyncio.shield(g.aclose())") == "await asyncio.shield(g.aclose())"
    assert repaired("await asyncio.shield(g.aclose())", unsafe=True) == "await g.aclose()"
