"""Suppression comments, as the installed flake8 reads them: `# noqa` and `# flake8: noqa`.

flake8's own code decides, so that a comment means the same to both front ends. It is imported only
for a text that has the word in it.
"""

from __future__ import annotations

import io
import tokenize
from functools import cached_property

from asyncgen_lint.source.text import Source


class Suppressions:
    """Answers which findings of a source its comments hide."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.has_any = "noqa" in source.text.lower()

    @cached_property
    def hides_file(self) -> bool:
        """Whether a line `# flake8: noqa` takes the whole file out, as flake8 does."""
        if not self.has_any:
            return False
        from flake8.defaults import NOQA_FILE

        index = self._source.index
        return any(NOQA_FILE.match(index.line(at + 1)) for at in range(index.line_count))

    def lines_for(self, line: int) -> tuple[int, int]:
        """Return the first and the last line where `# noqa` counts for a finding on this line.

        That is the line alone, unless a string or a backslash continues it: flake8 does not look
        at the other lines of a parenthesis.
        """
        return self._joined_lines.get(line, (line, line))

    def hides(self, code: str, lines: tuple[int, int]) -> bool:
        """Return whether `# noqa` hides `code` on the lines from first to last, inclusive.

        flake8 searches them as one text: the first comment decides.
        """
        if not self.has_any:
            return False
        from flake8.violation import Violation

        first, last = lines
        text = "\n".join(self._source.index.line(at) for at in range(first, last + 1))
        violation = Violation(code, self._source.filename, first, 1, "", text)
        return bool(violation.is_inline_ignored(disable_noqa=False))

    @cached_property
    def _joined_lines(self) -> dict[int, tuple[int, int]]:
        # As flake8's FileProcessor._noqa_line_mapping, which joins lines up to each NL or NEWLINE.
        joined: dict[int, tuple[int, int]] = {}
        first, last = 0, 0
        try:
            lines = io.StringIO(self._source.text, newline=None)
            for token in tokenize.generate_tokens(lines.readline):
                if token.type in (tokenize.ENDMARKER, tokenize.DEDENT):
                    continue
                first = first or token.start[0]
                last = max(last, token.end[0])
                if token.type in (tokenize.NL, tokenize.NEWLINE):
                    if first != last:
                        joined.update(dict.fromkeys(range(first, last + 1), (first, last)))
                    first, last = 0, 0
        except (tokenize.TokenError, SyntaxError):
            return {}
        return joined
