"""Unified diffs of bytes, which `git apply` takes in the folder where they were made."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator


def unified_diff(path: str, before: bytes, after: bytes) -> bytes:
    """Return what turns `before` into `after`; each byte stays as it is in the file.

    `path` names the file, absolute or relative to the working directory.
    """
    name = os.path.relpath(path).replace(os.sep, "/")
    if name.startswith("../"):
        name = os.path.abspath(path).replace(os.sep, "/").lstrip("/")
    old, new = _quoted(f"a/{name}"), _quoted(f"b/{name}")
    hunks = difflib.unified_diff(_lines(before), _lines(after), old, new)
    return "".join(_ended(hunks)).encode("latin-1")


def _lines(data: bytes) -> list[str]:
    # latin-1 maps each byte to one character and back; to git only a line feed ends a line.
    return [f"{line}\n" for line in data.decode("latin-1").split("\n")[:-1]] + _unended(data)


def _unended(data: bytes) -> list[str]:
    last = data.rpartition(b"\n")[2].decode("latin-1")
    return [last] if last else []


def _ended(hunks: Iterator[str]) -> Iterator[str]:
    for line in hunks:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _quoted(name: str) -> str:
    data = os.fsencode(name).decode("latin-1")
    if any(each in '"\\' or ord(each) < 32 or ord(each) == 127 for each in data):
        return '"' + "".join(_escaped(each) for each in data) + '"'
    # A tab ends a name that holds spaces, as in git's own diffs.
    return f"{data}\t" if " " in data else data


def _escaped(each: str) -> str:
    if each in '"\\':
        return f"\\{each}"
    return each if 32 <= ord(each) < 127 else f"\\{ord(each):03o}"
