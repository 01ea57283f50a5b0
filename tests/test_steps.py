"""Steps of async generators whose awaitable is taken for the item: the exemptions of AGN201."""

from __future__ import annotations

import pytest
from marked import ROWS, assert_marked

CASES = {
    "used as an item at once": """
        async def first(db):
            async with aclosing(rows(db)) as stream:
                print(anext(stream)[0])  # AGN201
                print(anext(stream) + 1)  # AGN201
                print(-anext(stream))  # AGN201
                print(anext(stream).name)  # AGN201
                print(anext(stream).send(None))
    """,
    "kept under a name that is an item": """
        async def first(db):
            async with aclosing(rows(db)) as stream:
                item = anext(stream)  # AGN201
                print(item.name)
    """,
    "kept under a name that is awaited, here or in a function": """
        async def first(db):
            async with aclosing(rows(db)) as stream:
                item = anext(stream)
                item = await item
                print(item.name)
        async def later(db, when_ready):
            async with aclosing(rows(db)) as stream:
                step = anext(stream)
                async def take():
                    return await step
                when_ready(step.name, take)
                await take()
    """,
    "kept under a name that holds an item too": """
        async def first(db, more):
            async with aclosing(rows(db)) as stream:
                item = 0
                if more:
                    item = anext(stream)
                return item + 1
    """,
}


@pytest.mark.parametrize("name", CASES)
def test_reports_exactly_the_marked_lines(name: str) -> None:
    assert_marked(CASES[name], after=ROWS)
