"""What the findings of a file rest on in other modules, and a digest of what of it matters.

The resolver records the modules that answers rest on (`Outline.uses`). Of such a module that was
read, a top-level name can only have been asked for if some text that was looked at has the name in
it: the file's own, or a statement that binds a name asked for before. So the statements to which
words lead in this way are all that the findings can rest on, and the same whoever was analysed
before. Questions about a whole module go into its shape, or make the whole of it count. Comments,
docstrings and layout do not count, except in a statement that a finding's path points into.

Nothing here needs libcst: whether a result still holds is decided without it.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from hashlib import blake2b
from typing import TYPE_CHECKING, Protocol

from asyncgen_lint.names import tables

if TYPE_CHECKING:
    from asyncgen_lint.project.lazy import LazyModule

_WORD = re.compile(r"[^\W\d]\w*")
_LINE_END = re.compile(r"\r\n|\r|\n")


class Depth(IntEnum):
    """How much of a module was looked at: where it is, statements by the names bound, or all."""

    FOUND = 0
    READ = 1
    WHOLE = 2


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """A module that a result rests on, there or not; `lines` are those that a path points to."""

    module: str
    depth: Depth
    lines: tuple[int, ...] = ()


Uses = tuple[Use, ...]
"""All modules that a result rests on, by name."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Of a module's text: its shape, and for each name a digest and the words of its statements.

    The empty name has the statements that bind nothing. `extents` are the lines that statements
    begin after, and their last ones.
    """

    shape: str
    names: Mapping[str, tuple[str, tuple[str, ...]]]
    extents: tuple[tuple[int, int], ...]


class View(Protocol):
    """The modules as they are now, or as an analysis saw them."""

    def place(self, name: str) -> tuple[str, bool] | None:
        """Return a module's file (empty if it has none) and whether it is an installed one's."""

    def text_digest(self, name: str) -> str:
        """Return the digest of a module's text, empty if it cannot be read."""

    def text(self, name: str) -> str:
        """Return a module's text, empty if it cannot be read."""

    def summary(self, name: str) -> Summary | None:
        """Return the summary of a module, None if it cannot be parsed."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a result rests on: modules, as the analysis saw them."""

    uses: Uses
    view: View


def digest(*parts: str) -> str:
    """Return a digest of some texts, in order."""
    hashed = blake2b(digest_size=16)
    for each in parts:
        data = each.encode("utf-8", "surrogatepass")
        hashed.update(b"%d:" % len(data))
        hashed.update(data)
    return hashed.hexdigest()


def _digest_of_layout(text: str, summary: Summary, shown: Iterable[int]) -> str:
    """Return a digest of where everything but comments is in the statements at some lines."""
    lines = [each.rstrip() for each in _without_comments(text)]
    parts: list[str] = []
    for before, last in summary.extents:
        if any(before < each <= last for each in shown):
            parts += (str(before), *lines[before:last])
    return digest(*parts)


def _without_comments(text: str) -> list[str]:
    lines = _LINE_END.split(text)
    try:
        for token in tokenize.generate_tokens(io.StringIO(text, newline=None).readline):
            if token.type == tokenize.COMMENT:
                number, column = token.start
                lines[number - 1] = lines[number - 1][:column]
    except (tokenize.TokenError, SyntaxError, IndexError):
        return _LINE_END.split(text)
    return lines


def exact_digest(uses: Uses, view: View) -> str:
    """Return a digest of where modules are and of all their text: equal means nothing changed."""
    parts: list[str] = []
    for use in uses:
        parts += _placed(use.module, view)
        if use.depth >= Depth.READ:
            parts.append(view.text_digest(use.module))
    return digest(*parts)


def digest_of_meaning(uses: Uses, view: View, text: str) -> str:
    """Return a digest of all that a result about `text` can rest on: equal means it still holds."""
    parts: list[str] = []
    found: dict[str, list[tuple[str, str, tuple[str, ...]]]] = {}
    pending: list[str] = []
    for use in uses:
        name = use.module
        parts += _placed(name, view)
        if use.depth is Depth.FOUND:
            continue
        summary = view.summary(name)
        if summary is None:
            # What cannot be parsed may be refused for any part of its text.
            parts.append(f"unparsed {view.text_digest(name)}")
            continue
        parts.append(summary.shape)
        if use.lines:
            parts.append(_digest_of_layout(view.text(name), summary, use.lines))
        for bound, (of_bound, words) in summary.names.items():
            found.setdefault(bound, []).append((name, of_bound, words))
        if use.depth is Depth.WHOLE:
            pending += summary.names
    pending += _WORD.findall(text)
    reached: set[str] = set()
    while pending:
        word = pending.pop()
        if word in reached or word not in found:
            continue
        reached.add(word)
        for _, _, words in found[word]:
            pending += words
    for word in sorted(reached):
        for name, of_bound, _ in found[word]:
            parts += (name, word, of_bound)
    return digest(*parts)


def _placed(name: str, view: View) -> tuple[str, ...]:
    place = view.place(name)
    return (name, "absent") if place is None else (name, place[0], str(place[1]))


@dataclass(frozen=True, slots=True)
class _Part:
    """A digest of statements, their words, and the words of the bases of classes in them."""

    digest: str
    words: frozenset[str]
    bases: frozenset[str]


def summarise(module: LazyModule) -> Summary:
    """Return the summary of a module that is looked into."""
    parts = [_of_statements(part.trees) for part in module.parts]
    bound = {number for numbers in module.parts_of.values() for number in numbers}
    unbound = [number for number in range(len(parts)) if number not in bound]
    names = {
        name: _joined([parts[number] for number in numbers])
        for name, numbers in (*module.parts_of.items(), ("", unbound))
    }
    extents = tuple((part.before, part.last) for part in module.parts)
    return Summary(_shape(module, parts), names, extents)


def _joined(parts: Sequence[_Part]) -> tuple[str, tuple[str, ...]]:
    if len(parts) == 1:
        return parts[0].digest, tuple(sorted(parts[0].words))
    words = frozenset[str]().union(*(each.words for each in parts))
    return digest(*(each.digest for each in parts)), tuple(sorted(words))


def _shape(module: LazyModule, parts: Iterable[_Part]) -> str:
    """Return a digest of what is asked of a module as a whole."""
    outline = module.outline
    text = outline.text or ""
    exports = "none" if outline.exports is None else " ".join(sorted(outline.exports))
    bases = frozenset[str]().union(*(each.bases for each in parts))
    # Whether functions are handed to these is only looked up where one of them is called.
    wrappers = tables.DEPENDENCY_MARKERS | tables.CONTEXT_MANAGER_DECORATORS
    last_names = {each.rpartition(".")[2] for each in wrappers}
    called = (each for each in last_names if f"{each}(" in text or f"{each} as " in text)
    return digest(
        exports,
        " ".join(outline.module.star_imports),
        " ".join(sorted(outline.module.bound_before_star)),
        " ".join(sorted(bases)),
        " ".join(sorted(called)),
        " ".join(sorted(outline.generator_names())),
    )


def _words(expression: ast.expr) -> Iterator[str]:
    for node in ast.walk(expression):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr


def _of_statements(trees: Iterable[ast.stmt]) -> _Part:
    """Return what counts of some statements: not their comments, docstrings and layout."""
    parts: list[str] = []
    words: set[str] = set()
    bases: set[str] = set()
    pending: list[object] = list(trees)
    while pending:
        value = pending.pop()
        if isinstance(value, ast.AST):
            parts.append(type(value).__name__)
            if isinstance(value, ast.Expr) and _is_string(value.value):
                parts.append("docstring")
                continue
            if isinstance(value, ast.ClassDef):
                for base in (*value.bases, *(each.value for each in value.keywords)):
                    bases.update(_words(base))
            if value._fields:
                pending += [getattr(value, each, None) for each in value._fields]
        elif isinstance(value, list):
            parts.append(f"[{len(value)}")
            pending += value
        elif isinstance(value, str):
            parts.append(f"{len(value)}'{value}")
            if value.isidentifier():
                words.add(value)
            else:
                # The module of an import, or a string that may be an annotation.
                words.update(_WORD.findall(value))
        else:
            parts.append(repr(value))
    return _Part(digest("\n".join(parts)), frozenset(words), frozenset(bases))


def _is_string(expression: ast.expr) -> bool:
    return isinstance(expression, ast.Constant) and isinstance(expression.value, str)
