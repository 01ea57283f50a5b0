"""What messages call the generators they are about, by how these are made."""

from __future__ import annotations

import pytest
from marked import ROWS

from asyncgen_lint.config import Settings
from asyncgen_lint.engine import analyse
from asyncgen_lint.source.text import Source

LABELS = {
    "rows(db)": "rows()",
    "Reader(db).rows": "rows",
    "Reader(db).read()": "read()",
    "partial(rows, db)()": "partial()()",
    "(row async for row in rows(db))": "(... async for row in rows())",
    "(row async for row, _ in rows(db))": "(... async for ... in rows())",
}


@pytest.mark.parametrize("made", LABELS)
def test_message_names_the_generator_as_code(made: str) -> None:
    text = f"""{ROWS}
from functools import partial
class Reader:
    def __init__(self, db):
        self.db = db
    @property
    def rows(self):
        return rows(self.db)
    def read(self):
        return rows(self.db)
async def first(db):
    return await anext({made})
"""
    found = analyse(Source("case.py", text), Settings(select=("AGN104",))).diagnostics
    assert [each.message.split(" is ")[0] for each in found] == [f"`{LABELS[made]}`"]
