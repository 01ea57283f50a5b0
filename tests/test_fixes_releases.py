"""Releases behind the `yield` of a generator, put into a `finally`."""

from __future__ import annotations

import pytest

from asyncgen_lint import fix_text

HEAD = "async def f(pool, n):\n    conn = await pool.acquire()\n"


def repaired(body: str) -> str:
    """Return what follows the acquisition after the fixes."""
    text = fix_text(HEAD + body, select=("AGN108",), unsafe=True).text
    assert text.startswith(HEAD)
    return text.removeprefix(HEAD)


def test_a_commit_stays_for_success() -> None:
    before = (
        "    async for row in conn.rows():\n        yield row\n    await conn.commit()  # all\n"
        "    # Give it back.\n    await pool.release(conn)  # done\n"
    )
    after = (
        "    try:\n        async for row in conn.rows():\n            yield row\n"
        "        await conn.commit()  # all\n    finally:\n        # Give it back.\n"
        "        await pool.release(conn)  # done\n"
    )
    assert repaired(before) == after
    assert repaired(after) == after


@pytest.mark.parametrize(
    "body",
    [
        # kept by who returns early
        "    yield 1\n    if n:\n        return\n    await pool.release(conn)\n",
        # released in between
        "    yield 1\n    if n:\n        await pool.release(conn)\n    await pool.release(conn)\n",
        # needs what is made in between
        "    yield 1\n    key = n()\n    await pool.release(conn, key)\n",
        # in a handler
        "    try:\n        yield 1\n    except ValueError:\n        await pool.release(conn)\n",
    ],
)
def test_left_alone(body: str) -> None:
    assert repaired(body) == body
