"""Write `# noqa` comments that hide findings, where flake8 looks for them."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Collection, Mapping
from dataclasses import replace

from asyncgen_lint.source.suppress import Suppressions
from asyncgen_lint.source.text import Source

_CODES = re.compile(r"# noqa:\s?[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*", re.IGNORECASE)


def with_noqa(source: Source, wanted: Mapping[int, Collection[str]], reason: str = "") -> Source:
    """Return the source with comments that hide these codes, given by their 1-based lines.

    A comment goes to the end of its line, or of the last that a string or a backslash joins to it;
    codes that one already names are added to it. `reason` follows a new comment as a comment of its
    own, since flake8 might read its words as codes. Where no comment can hide a code, such as
    behind a string that holds the words of one, the line stays as it is.
    """
    suppressions = Suppressions(source)
    comments = _comments(source)
    lines = source.index.lines()
    before = list(lines)
    changed: dict[int, int] = {}
    for line, codes in wanted.items():
        first, last = suppressions.lines_for(line)
        at, text = _hidden(lines, comments, first, last, sorted(codes), reason)
        lines[at - 1] = text
        changed[line] = at
    after = Suppressions(replace(source, text="".join(lines)))
    for line, at in changed.items():
        if not all(after.hides(code, suppressions.lines_for(line)) for code in wanted[line]):
            lines[at - 1] = before[at - 1]
    return replace(source, text="".join(lines))


def _hidden(
    lines: list[str],
    comments: Mapping[int, int],
    first: int,
    last: int,
    codes: list[str],
    reason: str,
) -> tuple[int, str]:
    """Return the number of the line to change and its new text."""
    for number in range(first, last + 1):
        named = _CODES.search(lines[number - 1], comments.get(number, len(lines[number - 1])))
        if named:
            text = lines[number - 1]
            return number, f"{text[: named.end()]}, {', '.join(codes)}{text[named.end() :]}"
    text = lines[last - 1]
    bare = text.rstrip("\r\n")
    note = f"  # {reason}" if reason else ""
    return last, f"{bare.rstrip()}  # noqa: {', '.join(codes)}{note}{text[len(bare) :]}"


def _comments(source: Source) -> dict[int, int]:
    """Return the columns of comments by their lines."""
    lines = io.StringIO(source.text, newline=None)
    try:
        return {
            token.start[0]: token.start[1]
            for token in tokenize.generate_tokens(lines.readline)
            if token.type == tokenize.COMMENT
        }
    except (tokenize.TokenError, SyntaxError):
        return {}
