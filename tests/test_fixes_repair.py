"""Repairing a whole file: rounds, disjoint fixes, and what must not get worse."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fixing import compiles, dedented, diagnostic_of

from asyncgen_lint.config import Settings
from asyncgen_lint.engine import Analysis
from asyncgen_lint.fixes.apply import apply_fixes
from asyncgen_lint.repair import Repair, repair
from asyncgen_lint.rule import Diagnostic, Edit, Fix, FixSafety, Severity, Tier
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
    assert not result.refused
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
    assert not result.refused
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
    assert not result.refused
    assert not result.remaining.diagnostics
    assert "aclosing(outer(db)) as outer_stream:" in result.text


class Replacing:
    """An analysis by words: each line that is one of them is a finding, repaired by others.

    A word maps to what its fix makes of it, None where nothing repairs it (AGN998, else AGN999).
    """

    def __init__(self, **words: str | None) -> None:
        self._words = words
        self.rounds: list[str] = []

    def __call__(self, source: Source, settings: Settings, **options: object) -> Analysis:
        self.rounds.append(source.text)
        return Analysis(
            tuple(
                self._finding(number, word)
                for number, word in enumerate(source.text.splitlines(), 1)
                if word in self._words
            )
        )

    def _finding(self, line: int, word: str) -> Diagnostic:
        span = Span(Position(line, 0), Position(line, len(word)))
        new = self._words[word]
        fix = None if new is None else Fix("x", FixSafety.SAFE, (Edit(span, new),))
        code = "AGN998" if new is None else "AGN999"
        return Diagnostic(code, "x", "x", Severity.ERROR, Tier.DEFAULT, "x.py", span, fix=fix)

    def repaired(self, *lines: str) -> Repair:
        return repair(Source("x.py", "\n".join(lines)), Settings(), analyse=self)


def lines_of(result: Repair) -> list[str]:
    """Return the repaired lines."""
    return result.text.split("\n")


def refusals(result: Repair) -> list[tuple[int, str]]:
    """Return the lines of the fixes that were left out, each with the reason."""
    return [(each.diagnostic.span.start.line, each.reason) for each in result.refused]


def test_a_fix_that_causes_a_finding_is_left_out_and_others_are_not() -> None:
    analyse = Replacing(bad="good", worse="worst", worst=None)
    result = analyse.repaired("bad", "ok", "worse", "bad", "ok", "bad")
    assert lines_of(result) == ["good", "ok", "worse", "good", "ok", "good"]
    assert refusals(result) == [(3, "it would have caused AGN998")]
    assert [each.span.start.line for each in result.remaining.diagnostics] == [3]
    assert [each.span.start.line for each in result.applied] == [1, 4, 6]


def test_a_warning_in_place_of_an_error_is_none_that_a_fix_causes() -> None:
    """An `async for` that raised and now runs may leave its generator open, as others do."""
    text = dedented(
        """
        async def rows():
            try:
                yield object()
            finally:
                await release()


        async def all_rows(results):
            for row in rows():
                results.append(row)
            return results
        """
    )
    settings = Settings(select=("ALL",), strict=True)
    result = repair(Source("x.py", text), settings)
    assert not result.refused
    assert result.text == text.replace("    for", "    async for")
    assert [each.code for each in result.remaining.diagnostics] == ["AGN102"]


def test_a_fix_that_breaks_the_syntax_is_left_out_and_others_are_not() -> None:
    result = Replacing(bad="good", worse="def (:").repaired("worse", "bad")
    assert lines_of(result) == ["worse", "good"]
    assert refusals(result) == [(1, "it would have broken the syntax")]


def test_a_fix_that_overlaps_one_that_is_left_out_goes_in() -> None:
    analyse = Replacing(worse="def (:")

    def both(source: Source, settings: Settings, **options: object) -> Analysis:
        """The findings, with another one on each line, whose fix does no harm."""
        found = analyse(source, settings).diagnostics
        harmless = [
            replace(each, code="AGN998", fix=Fix("y", FixSafety.SAFE, (Edit(each.span, "good"),)))
            for each in found
        ]
        return Analysis((*found, *harmless))

    result = repair(Source("x.py", "worse"), Settings(), analyse=both)
    assert lines_of(result) == ["good"]
    assert refusals(result) == [(1, "it would have broken the syntax")]


def test_a_file_that_did_not_compile_may_be_repaired() -> None:
    assert lines_of(Replacing(bad="good").repaired("def (:", "bad")) == ["def (:", "good"]


def test_a_finding_that_moves_to_another_line_is_not_new() -> None:
    result = Replacing(bad="good\ngood", old=None).repaired("old", "bad", "old")
    assert lines_of(result) == ["old", "good", "good", "old"]
    assert not result.refused


def test_a_finding_in_place_of_one_that_is_gone_is_new() -> None:
    """As many findings of the code as before do not make it right."""
    analyse = Replacing(bad="good", worst=None)

    def elsewhere(source: Source, settings: Settings, **options: object) -> Analysis:
        seen = replace(source, text=source.text.replace("good\nok", "good\nworst"))
        found = analyse(seen, settings).diagnostics
        return Analysis(tuple(replace(each, code="AGN999") for each in found))

    result = repair(Source("x.py", "bad\nok"), Settings(), analyse=elsewhere)
    assert lines_of(result) == ["bad", "ok"]
    assert refusals(result) == [(1, "it would have caused AGN999")]


def test_what_a_fix_brings_to_light_may_be_repaired_next() -> None:
    result = Replacing(bad="better", better="good").repaired("bad")
    assert lines_of(result) == ["good"]
    assert not result.refused


def test_what_a_fix_brings_to_light_and_nothing_repairs_takes_the_file_back() -> None:
    analyse = Replacing(**{f"bad{n}": f"bad{n + 1}" for n in range(30)})

    def hidden(source: Source, settings: Settings, **options: object) -> Analysis:
        """The findings, of which those of a later round stand at another place."""
        found = analyse(source, settings).diagnostics
        return Analysis(tuple(replace(each, code=f"AGN{source.text[3:]:0>3}") for each in found))

    result = repair(Source("x.py", "bad0"), Settings(), analyse=hidden)
    assert result.text == "bad0"
    assert not result.applied
    assert {each.reason for each in result.refused} == {"it would have caused AGN010"}


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
    applied = apply_fixes(source, map(diagnostic_of, fixes))
    assert applied.text == "import 01ABE6789\n"
    assert [each.fix for each in applied.done] == [fixes[0], fixes[1], fixes[4]]
