"""Repairing a whole file: rounds, disjoint fixes, and what must not get worse."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixing import compiles, dedented, diagnostic_of

from asyncgen_lint import engine
from asyncgen_lint.config import Settings
from asyncgen_lint.engine import Analysis, Repair, repair
from asyncgen_lint.fixes.apply import apply_fixes
from asyncgen_lint.rule import Edit, Fix, FixSafety
from asyncgen_lint.source.span import Position, Span
from asyncgen_lint.source.text import Source

FIXTURES = Path(__file__).parent.parent / "fixtures"

SOURCE = """
async def rows(db):
    try:
        yield 1
    finally:
        await db.close()
"""


def repaired(text: str) -> Repair:
    """Return the safe repair of a text."""
    return repair(Source("x.py", text), Settings())


def edit(start: int, end: int, content: str) -> Edit:
    """Return an edit within the first line."""
    return Edit(Span(Position(1, start), Position(1, end)), content)


def fix(*edits: Edit) -> Fix:
    """Return a safe fix of these edits."""
    return Fix("Change it", FixSafety.SAFE, edits)


@pytest.mark.parametrize("code", ["AGN101", "AGN103"])
def test_fixture_is_repaired_as_a_careful_person_would(code: str) -> None:
    folder = FIXTURES / code
    result = repaired((folder / "bad.py").read_text(encoding="utf-8"))
    assert result.error is None
    assert result.text == (folder / "bad.fixed.py").read_text(encoding="utf-8")
    again = repaired(result.text)
    assert again.text == result.text
    assert not again.applied


def test_nested_loops_take_a_round_each() -> None:
    result = repaired(
        SOURCE
        + dedented(
            """
            async def deep(db):
                async for a in rows(db):
                    async for b in rows(a):
                        async for c in rows(b):
                            yield c
            """
        )
    )
    assert result.error is None
    assert len(result.applied) == 3
    assert not result.remaining.diagnostics
    for name in ("rows_stream", "rows_stream2", "rows_stream3"):
        assert f" as {name}:" in result.text
        assert f" in {name}:" in result.text
    assert result.text.count("import aclosing") == 1
    assert compiles(result.text)


def test_a_loop_with_two_findings_is_wrapped_once() -> None:
    result = repaired(
        SOURCE
        + "async def some(db):\n    async for row in rows(db):\n        yield row\n        break\n"
    )
    assert {each.code for each in result.applied} == {"AGN101", "AGN103"}
    assert result.text.count("aclosing(") == 1


def test_readers_of_a_repaired_delegation_are_repaired_with_it() -> None:
    result = repaired(
        SOURCE
        + dedented(
            """
            async def outer(db):
                async for row in rows(db):
                    yield row


            async def reader(db):
                async for row in outer(db):
                    break
            """
        )
    )
    assert result.error is None
    assert not result.remaining.diagnostics
    assert "aclosing(outer(db)) as outer_stream:" in result.text


def test_a_fix_that_causes_a_finding_is_taken_back() -> None:
    text = SOURCE + "async def reader(db):\n    async for row in rows(db):\n        break\n"
    real = engine.analyse

    def analyse(source: Source, settings: Settings, **options: object) -> Analysis:
        found = real(source, settings)
        if "aclosing" not in source.text:
            return found
        return Analysis((engine.internal_diagnostic("x.py", "new"),))

    result = repair(Source("x.py", text), Settings(), analyse=analyse)
    assert result.text == text
    assert not result.applied
    assert result.error == "a fix would have caused AGN000"


def test_disjoint_fixes_go_in_together_and_others_wait() -> None:
    source = Source("x.py", "0123456789\n")
    fixes = [
        fix(edit(0, 0, "import "), edit(2, 4, "A")),
        fix(edit(0, 0, "import "), edit(4, 6, "B")),
        fix(edit(0, 0, "export "), edit(8, 9, "C")),
        fix(edit(3, 5, "D")),
        fix(edit(6, 6, "E")),
        fix(edit(6, 7, "F")),
    ]
    text, done = apply_fixes(source, map(diagnostic_of, fixes))
    assert text == "import 01ABE6789\n"
    assert [each.fix for each in done] == [fixes[0], fixes[1], fixes[4]]
