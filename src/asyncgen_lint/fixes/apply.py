"""Apply fixes to a text: all that are disjoint, in order of position."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from asyncgen_lint.rule import Diagnostic, Edit
from asyncgen_lint.source.text import Source


@dataclass(frozen=True, slots=True)
class Applied:
    """A text with fixes in it. `done` are the diagnostics whose fix is.

    `edits` are the changes by position: offsets into the old text and what stands there now.
    """

    text: str
    done: tuple[Diagnostic, ...]
    edits: tuple[tuple[int, int, str], ...]

    def origin(self, offset: int) -> tuple[int, int]:
        """Return where in the old text something at this offset of the new text comes from.

        That is one offset, twice; for what an edit wrote, the ends of the text it replaced.
        """
        shift = 0
        for start, end, content in self.edits:
            new_start = start + shift
            if offset < new_start:
                break
            if offset < new_start + len(content):
                return start, end
            shift += len(content) - (end - start)
        return offset - shift, offset - shift


def apply_fixes(source: Source, diagnostics: Iterable[Diagnostic]) -> Applied:
    """Return the source's text with the fixes of these diagnostics.

    A fix is applied whole or not at all. Equal edits of several fixes, such as the same import,
    count once; a fix that overlaps an earlier one waits for another round. So does one on a line
    that an earlier one indents: what it adds there would not be.
    """
    taken: dict[tuple[int, int], str] = {}
    done = []
    for diagnostic in diagnostics:
        if diagnostic.fix is None:
            continue
        edits = [_offsets(source, edit) for edit in diagnostic.fix.edits]
        if any(_conflicts(edit, taken, source.text) for edit in edits):
            continue
        taken.update(((start, end), content) for start, end, content in edits)
        done.append(diagnostic)
    ordered = tuple((start, end, content) for (start, end), content in sorted(taken.items()))
    text = source.text
    for start, end, content in reversed(ordered):
        text = text[:start] + content + text[end:]
    return Applied(text, tuple(done), ordered)


def _offsets(source: Source, edit: Edit) -> tuple[int, int, str]:
    index = source.index
    return index.offset(edit.span.start), index.offset(edit.span.end), edit.content


def _conflicts(edit: tuple[int, int, str], taken: dict[tuple[int, int], str], text: str) -> bool:
    start, end, content = edit
    if taken.get((start, end)) == content:
        return False
    reach = _reach(edit, text)
    return any(
        _overlaps((start, reach), (first, _reach((first, last, other), text)))
        for (first, last), other in taken.items()
    )


def _reach(edit: tuple[int, int, str], text: str) -> int:
    """Return where what an edit changes ends: the end of the line if it changes its indentation."""
    _, end, content = edit
    line = max(text.rfind("\n", 0, end), text.rfind("\r", 0, end)) + 1
    new = content[max(content.rfind("\n"), content.rfind("\r")) + 1 :]
    if text[line:end].strip(" \t\f") or new.strip(" \t\f") or not (new or line < end):
        return end
    return min(
        (at for at in (text.find("\n", end), text.find("\r", end)) if at >= 0), default=len(text)
    )


def _overlaps(one: tuple[int, int], other: tuple[int, int]) -> bool:
    if one[0] == one[1] and other[0] == other[1]:
        return one[0] == other[0]
    return one[0] == other[0] or (one[0] < other[1] and other[0] < one[1])
