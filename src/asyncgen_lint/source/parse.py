"""Parsing: `ast` gives the verdict on syntax, then libcst gives the tree the engine works on.

libcst's native parser is quadratic in, and then crashes on, very deep expressions (LibCST#619),
and its code generation recurses; so depth is counted on the ast first, without recursion.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asyncgen_lint.source.text import Source

if TYPE_CHECKING:
    import libcst as cst

MAX_DEPTH = 1_000
"""The deepest ast that is given to libcst; CPython's own parser accepts deeper ones."""


class ParseFailure(Exception):
    """The text cannot be analysed. `line` is 1-based, `column` a 0-based code point."""

    def __init__(self, message: str, line: int = 1, column: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


@dataclass(frozen=True)
class Parsed:
    """A source with both of its trees."""

    source: Source
    tree: ast.Module
    module: cst.Module


def parse(source: Source, tree: ast.Module | None = None) -> Parsed:
    """Return both trees of the source; an ast that the caller already has is taken as it is.

    Raises ParseFailure.
    """
    if tree is None:
        tree = syntax_tree(source)
    if _is_deeper_than(tree, MAX_DEPTH):
        raise ParseFailure(f"nested more than {MAX_DEPTH} levels deep: not analysed")
    return Parsed(source, tree, _concrete_tree(source))


def check_syntax(source: Source) -> None:
    """Raise ParseFailure if the running interpreter's own parser refuses the source."""
    syntax_tree(source)


def parse_part(source: Source, trees: Sequence[ast.stmt]) -> cst.Module:
    """Return libcst's tree of a source that is a part of a module, whose ast is `trees`.

    Raises ParseFailure.
    """
    if any(_is_deeper_than(each, MAX_DEPTH) for each in trees):
        raise ParseFailure(f"nested more than {MAX_DEPTH} levels deep: not analysed")
    return _concrete_tree(source)


def syntax_tree(source: Source) -> ast.Module:
    """Return the running interpreter's own tree of the source. Raises ParseFailure."""
    try:
        with warnings.catch_warnings():
            # Invalid escapes and the like are the interpreter's to report, not ours.
            warnings.simplefilter("ignore")
            return ast.parse(source.text, source.filename)
    except SyntaxError as error:
        raise ParseFailure(
            f"syntax error: {error.msg}",
            error.lineno or 1,
            max((error.offset or 1) - 1, 0),
        ) from error
    except ValueError as error:
        raise ParseFailure(f"syntax error: {error}") from error
    except (RecursionError, MemoryError) as error:
        raise ParseFailure("nested too deeply for Python to parse: not analysed") from error


def _concrete_tree(source: Source) -> cst.Module:
    import libcst as cst

    try:
        return cst.parse_module(source.text)
    except (cst.ParserSyntaxError, cst.CSTValidationError) as error:
        line = getattr(error, "raw_line", 1)
        raise ParseFailure("libcst cannot parse this syntax: not analysed", line) from error
    except (RecursionError, MemoryError) as error:
        raise ParseFailure("nested too deeply for libcst: not analysed") from error


def _is_deeper_than(tree: ast.AST, limit: int) -> bool:
    level: list[ast.AST] = [tree]
    depth = 0
    while level:
        if depth > limit:
            return True
        depth += 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return False
