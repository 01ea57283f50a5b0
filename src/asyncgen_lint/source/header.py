"""The header of a statement: what a report underlines, and where `# noqa` may stand."""

from __future__ import annotations

from collections.abc import Mapping

import libcst as cst

Extent = tuple[cst.CSTNode, "cst.CSTNode | None"]
"""A first and a last node; the last is None where the line is a keyword alone: a bare `except`."""

_LINES = (
    cst.SimpleStatementLine,
    cst.For,
    cst.With,
    cst.If,
    cst.While,
    cst.Match,
    cst.MatchCase,
    cst.Decorator,
    cst.FunctionDef,
    cst.ClassDef,
    cst.ExceptHandler,
    cst.ExceptStarHandler,
)


def extent_of(node: cst.CSTNode) -> Extent:
    """Return the first and last node of what a report underlines: a header, not its body."""
    if isinstance(node, (cst.For, cst.CompFor)):
        return node, node.iter
    if isinstance(node, cst.With):
        return node, node.items[-1]
    if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
        return node, node.name
    if isinstance(node, (cst.ExceptHandler, cst.ExceptStarHandler)):
        return node, node.name or node.type
    return node, node


def header_of(node: cst.CSTNode, parents: Mapping[cst.CSTNode, cst.CSTNode]) -> Extent:
    """Return the first and last node of the logical line that a node stands on."""
    current = node
    while not isinstance(current, _LINES):
        parent = parents.get(current)
        if parent is None:
            return node, node
        current = parent
    if isinstance(current, (cst.SimpleStatementLine, cst.Decorator)):
        return current, current
    if isinstance(current, (cst.If, cst.While)):
        return current, current.test
    if isinstance(current, cst.Match):
        return current, current.subject
    if isinstance(current, cst.MatchCase):
        return current, current.guard or current.pattern
    if isinstance(current, cst.FunctionDef):
        return current, current.returns or current.params or current.name
    return extent_of(current)
