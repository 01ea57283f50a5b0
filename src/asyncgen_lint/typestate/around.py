"""What stands around a node within its own function: handlers, and managers that are entered."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import libcst as cst

Parent = Callable[[cst.CSTNode], cst.CSTNode | None]
Handler = cst.ExceptHandler | cst.ExceptStarHandler


def handlers_around(node: cst.CSTNode, parent: Parent) -> Iterator[Handler]:
    """Yield the handlers of each `try` whose body holds the node, the nearest first."""
    for child, outer in _around(node, parent):
        if isinstance(outer, (cst.Try, cst.TryStar)) and child is outer.body:
            yield from outer.handlers


def managers_around(node: cst.CSTNode, parent: Parent) -> Iterator[cst.WithItem]:
    """Yield the items of each `with` whose body holds the node, the nearest first."""
    for child, outer in _around(node, parent):
        if isinstance(outer, cst.With) and child is outer.body:
            yield from reversed(outer.items)


def _around(node: cst.CSTNode, parent: Parent) -> Iterator[tuple[cst.CSTNode, cst.CSTNode]]:
    child, outer = node, parent(node)
    while outer is not None and not isinstance(outer, (cst.FunctionDef, cst.ClassDef)):
        yield child, outer
        child, outer = outer, parent(outer)
