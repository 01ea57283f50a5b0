"""Source text: what was read, decoded as Python decodes it, and the index of its lines."""

from __future__ import annotations

import codecs
import io
import tokenize
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from asyncgen_lint.source.span import Position


class UnreadableSource(Exception):
    """The bytes are not Python source text; the message says why, without the file's name."""


@dataclass(frozen=True)
class Source:
    """A file's text as Python sees it, with what is needed to write it back byte for byte.

    `text` keeps the file's own newlines and has no byte-order mark.
    """

    filename: str
    text: str
    encoding: str = "utf-8"
    has_bom: bool = False

    @cached_property
    def index(self) -> LineIndex:
        """The line index of the text."""
        return LineIndex(self.text)

    def encode(self, text: str) -> bytes:
        """Return `text` in this file's encoding, with its byte-order mark if it had one.

        Raises UnicodeEncodeError when the encoding cannot express the text.
        """
        data = text.encode(self.encoding)
        return codecs.BOM_UTF8 + data if self.has_bom else data


def decode(data: bytes, filename: str) -> Source:
    """Return the source in `data`, decoded by its byte-order mark or PEP 263 cookie.

    Raises UnreadableSource for an unknown encoding, undecodable bytes and null bytes.
    """
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except SyntaxError as error:
        raise UnreadableSource(str(error.msg)) from error
    has_bom = data.startswith(codecs.BOM_UTF8)
    if encoding == "utf-8-sig":
        encoding = "utf-8"
    try:
        text = data[3 if has_bom else 0 :].decode(encoding)
    except (UnicodeError, LookupError) as error:
        # LookupError: a codec like rot13, which exists but makes no text of bytes.
        raise UnreadableSource(f"cannot be decoded as {encoding}") from error
    if "\0" in text:
        raise UnreadableSource("source code cannot contain null bytes")
    return Source(filename, text, encoding, has_bom)


def read_source(path: Path, filename: str) -> Source:
    """Return the source of the file at `path`, to be called `filename` in reports.

    Raises UnreadableSource (see decode) and OSError.
    """
    return decode(path.read_bytes(), filename)


class LineIndex:
    """Converts between offsets into a text and positions. Lines end at CR LF, CR or LF."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *_line_starts(text)]

    @property
    def line_count(self) -> int:
        """The number of lines, counting the empty one after a last newline."""
        return len(self._starts)

    def offset(self, position: Position) -> int:
        """Return the offset of a position; one beyond the text is the text's end."""
        if position.line > len(self._starts):
            return len(self._text)
        return min(self._starts[position.line - 1] + position.column, len(self._text))

    def position(self, offset: int) -> Position:
        """Return the position of an offset."""
        line = bisect_right(self._starts, offset)
        return Position(line, offset - self._starts[line - 1])

    def line(self, number: int) -> str:
        """Return the text of a 1-based line without its newline; empty beyond the text."""
        return self._line(number).rstrip("\r\n") if 1 <= number <= len(self._starts) else ""

    def lines(self) -> list[str]:
        """Return all lines with their newlines; together they are the text."""
        return [self._line(number) for number in range(1, len(self._starts) + 1)]

    def _line(self, number: int) -> str:
        end = self._starts[number] if number < len(self._starts) else len(self._text)
        return self._text[self._starts[number - 1] : end]


def _line_starts(text: str) -> list[int]:
    if "\r" not in text:
        return _offsets_after(text, "\n")
    starts = set(_offsets_after(text, "\n"))
    starts.update(at for at in _offsets_after(text, "\r") if text[at : at + 1] != "\n")
    return sorted(starts)


def _offsets_after(text: str, newline: str) -> list[int]:
    found = []
    at = text.find(newline)
    while at >= 0:
        found.append(at + 1)
        at = text.find(newline, at + 1)
    return found
