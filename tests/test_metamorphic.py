"""Comments, odd spacing, parentheses and continued lines change no finding and survive a repair.

Each program that shows a harm is written anew in a way that Python reads as the same, at places
drawn at random (always the same ones), and repaired with all fixes. What it was to say, it still
says; what was to become of it, becomes of it; and whatever was put in is still there.

A comment may stand where a fix would lose it, and libcst loses the space in `except A :`. Then the
fix is not offered, and the finding stays.
"""

from __future__ import annotations

import ast
import io
import itertools
import random
import tokenize
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache

import libcst as cst
import pytest
from fixing import comments
from fixture_harness import Fixture, Program, fixtures

from asyncgen_lint.config import Settings
from asyncgen_lint.engine import lint
from asyncgen_lint.fixes import wrap
from asyncgen_lint.repair import Repair, repair
from asyncgen_lint.source.text import Source

Rewrite = Callable[[str, random.Random], str]

SHARE = 0.25
"""Of the places where something may be put in, how many get it."""

OF_NO_TEXT = {
    tokenize.NEWLINE,
    tokenize.NL,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.COMMENT,
    tokenize.ENDMARKER,
}
PARENTHESISED = (ast.Name, ast.Attribute, ast.Call, ast.Await, ast.BinOp, ast.Compare, ast.Constant)


def tokens(text: str) -> list[tokenize.TokenInfo]:
    """Return the tokens, an f-string being one."""
    found: list[tokenize.TokenInfo] = []
    opened: list[tokenize.TokenInfo] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        kind = tokenize.tok_name[token.type]
        if kind.endswith("STRING_START"):
            opened.append(token)
        elif kind.endswith("STRING_END"):
            first = opened.pop()
            if not opened:
                found.append(tokenize.TokenInfo(tokenize.STRING, "", first.start, token.end, ""))
        elif not opened:
            found.append(token)
    return found


def gaps(text: str) -> Iterator[tuple[int, int]]:
    """Yield the places between two tokens of a line."""
    found = tokens(text)
    for token, following in itertools.pairwise(found):
        are_text = token.type not in OF_NO_TEXT and following.type not in OF_NO_TEXT
        if are_text and token.end[0] == following.start[0]:
            yield token.end


def inserted(text: str, inserts: list[tuple[tuple[int, int], str]]) -> str:
    """Return the text with something put in at these places (line from 1, column from 0)."""
    lines = text.splitlines(keepends=True)
    for (line, column), new in sorted(inserts, reverse=True):
        lines[line - 1] = lines[line - 1][:column] + new + lines[line - 1][column:]
    return "".join(lines)


def with_spaces(text: str, draw: random.Random) -> str:
    """Put spaces between tokens."""
    return inserted(
        text, [(place, " " * draw.randint(1, 3)) for place in gaps(text) if draw.random() < SHARE]
    )


def with_continued_lines(text: str, draw: random.Random) -> str:
    """Continue lines by a backslash between tokens."""
    return inserted(text, [(place, " \\\n  ") for place in gaps(text) if draw.random() < SHARE / 3])


def with_comments(text: str, draw: random.Random) -> str:
    """Put comments behind lines and on lines of their own above statements."""
    lines = text.splitlines()
    inserts = []
    starts_statement = True
    for token in tokens(text):
        if token.type in (tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT):
            continue
        line, column = token.start
        if token.type in (tokenize.NEWLINE, tokenize.NL):
            starts_statement = starts_statement or token.type == tokenize.NEWLINE
            if "#" not in lines[line - 1] and lines[line - 1] and draw.random() < SHARE:
                inserts.append((token.start, f"  # behind {line}"))
        elif starts_statement and token.type != tokenize.ENDMARKER:
            starts_statement = False
            if draw.random() < SHARE:
                indent = lines[line - 1][:column]
                inserts.append(((line, 0), f"{indent}# above {line}\n\n"))
    return inserted(text, inserts)


def with_parentheses(text: str, draw: random.Random) -> str:
    """Put parentheses around expressions."""
    tree = ast.parse(text)
    untouched = {
        id(inner)
        for node in ast.walk(tree)
        for part in _without_parentheses(node)
        for inner in ast.walk(part)
    }
    columns = Columns(text)
    inserts = []
    for node in ast.walk(tree):
        if not isinstance(node, PARENTHESISED) or id(node) in untouched:
            continue
        if isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del)) or draw.random() > SHARE:
            continue
        start, end = columns.extent(node)
        inserts += [(start, 1, "("), (end, 0, ")")]
    # At one place, all closing ones come before the opening ones.
    ordered = sorted(inserts, key=lambda each: (each[0], each[1]))
    return inserted(text, [(place, new) for place, _, new in merged(ordered)])


def merged(
    inserts: list[tuple[tuple[int, int], int, str]],
) -> list[tuple[tuple[int, int], int, str]]:
    """Join what goes in at one place, in order."""
    joined: dict[tuple[int, int], str] = {}
    for place, _, new in inserts:
        joined[place] = joined.get(place, "") + new
    return [(place, 0, new) for place, new in joined.items()]


def _without_parentheses(node: ast.AST) -> list[ast.AST]:
    """Return the parts of a node that may have no parentheses, or in which they mean something."""
    if isinstance(node, ast.JoinedStr):
        return [node]
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return list(node.decorator_list)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return [node.value]
    if isinstance(node, (ast.match_case, ast.AnnAssign)):
        return [node.pattern if isinstance(node, ast.match_case) else node.target]
    return []


class Columns:
    """Places of nodes in characters; ast counts bytes."""

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines(keepends=True)

    def extent(self, node: ast.expr) -> tuple[tuple[int, int], tuple[int, int]]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return (
            self._place(node.lineno, node.col_offset),
            self._place(node.end_lineno, node.end_col_offset),
        )

    def _place(self, line: int, column: int) -> tuple[int, int]:
        return line, len(self._lines[line - 1].encode()[:column].decode())


def meaning(text: str) -> str:
    return ast.dump(ast.parse(text))


def settings_of(fixture: Fixture, program: Program) -> Settings:
    return Settings(strict=True, target_version=program.header.target)


@pytest.fixture(autouse=True)
def headers_of_any_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether two managers share a header is decided by its length, a matter of layout."""
    monkeypatch.setattr(wrap, "SHORTEST_LIMIT", 10_000)


@cache
def repaired(text: str, name: str, settings: Settings) -> Repair:
    return repair(Source(name, text), settings, unsafe=True)


def codes(text: str, name: str, settings: Settings) -> Counter[str]:
    """Return how often each code is found."""
    return Counter(each.code for each in lint(Source(name, text), settings).diagnostics)


def remaining(result: Repair) -> Counter[str]:
    return Counter(each.code for each in result.remaining.diagnostics)


CASES = [
    (fixture, program)
    for fixture in fixtures()
    for program in fixture.programs
    if program.path.name.startswith("bad")
]


@pytest.mark.parametrize(
    "rewrite", [with_spaces, with_continued_lines, with_parentheses, with_comments]
)
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0].code}-{case[1].path.stem}")
def test_program_written_otherwise_is_repaired_alike(
    case: tuple[Fixture, Program], rewrite: Rewrite
) -> None:
    fixture, program = case
    settings = settings_of(fixture, program)
    before = program.text
    other = rewrite(before, random.Random(fixture.code))
    assert other != before
    assert meaning(other) == meaning(before), other
    wanted = repaired(before, program.path.name, settings)
    result = repaired(other, program.path.name, settings)
    assert not result.refused
    missing = Counter(comments(other)) - Counter(comments(result.text))
    assert not missing
    assert codes(other, program.path.name, settings) == codes(before, program.path.name, settings)
    if rewrite is with_comments and remaining(result) == remaining(wanted):
        # Two managers share no header where a comment stands between them.
        return
    may_decline = rewrite is with_comments or cst.parse_module(other).code != other
    if not may_decline or len(result.applied) >= len(wanted.applied):
        assert meaning(result.text) == meaning(wanted.text)
