"""Where a statement stands in its block, and how statements move between blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.names.scopes import Scope
from asyncgen_lint.rule import Node

_JUMPS = (cst.Return, cst.Raise, cst.Break, cst.Continue)


@dataclass(frozen=True, slots=True)
class Place:
    """The statement of an indented block that holds something."""

    block: cst.IndentedBlock
    index: int

    @property
    def statement(self) -> cst.BaseStatement:
        """The statement itself."""
        return self.block.body[self.index]


def places_around(facts: Facts, node: Node) -> Iterator[Place]:
    """Yield where a node stands in each indented block around it in its function, inner first."""
    child, parent = node, facts.parent(node)
    while parent is not None:
        if isinstance(parent, cst.IndentedBlock):
            yield Place(parent, parent.body.index(child))
        if isinstance(parent, (cst.FunctionDef, cst.ClassDef)):
            return
        child, parent = parent, facts.parent(parent)


def function_of(facts: Facts, node: Node) -> Scope:
    """Return the scope of the function around a node."""
    while not isinstance(node, cst.FunctionDef):
        node = facts.parent(node)
    return facts.outline.scope_of[node]


def is_in_coroutine(facts: Facts, node: Node) -> bool:
    """Return whether the nearest function or class around a node is an `async def`."""
    while node is not None and not isinstance(node, (cst.FunctionDef, cst.ClassDef)):
        node = facts.parent(node)
    return isinstance(node, cst.FunctionDef) and node.asynchronous is not None


def line_of(facts: Facts, node: Node) -> Place | None:
    """Return where a small statement stands alone on its line; None if it does not."""
    line = facts.parent(node)
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
        return None
    return next(places_around(facts, line), None)


def ends_by_jump(block: cst.BaseSuite) -> bool:
    """Return whether a block's last statement goes elsewhere."""
    last = block.body[-1]
    if isinstance(last, cst.SimpleStatementLine):
        return isinstance(last.body[-1], _JUMPS)
    return isinstance(last, _JUMPS)


def leaves(statements: Sequence[Node], *, by_return: bool = True) -> bool:
    """Return whether a `return`, or a `break` or `continue` of a loop around, may leave these."""
    pending: list[tuple[Node, bool]] = [(each, False) for each in statements]
    while pending:
        node, in_loop = pending.pop()
        if isinstance(node, cst.Return) and by_return:
            return True
        if isinstance(node, (cst.Break, cst.Continue)) and not in_loop:
            return True
        if isinstance(node, (cst.FunctionDef, cst.ClassDef, cst.Lambda)):
            continue
        if isinstance(node, (cst.For, cst.While)):
            pending.append((node.body, True))
            if node.orelse is not None:
                pending.append((node.orelse, in_loop))
        elif isinstance(node, cst.CSTNode):
            pending += [(each, in_loop) for each in node.children]
    return False


def without_blank_lines(statement: Node) -> Node:
    """Return a statement that opens a block: no blank lines above it, its comments kept."""
    above = list(statement.leading_lines)
    while above and above[0].comment is None:
        del above[0]
    return statement.with_changes(leading_lines=above)


def appended(block: cst.IndentedBlock, statement: Node, *more: Node) -> cst.IndentedBlock:
    """Return the block with statements at its end; comments there stay above them."""
    if block.footer and all(each.indent for each in block.footer if each.comment is not None):
        above = [*block.footer, *statement.leading_lines]
        statement = statement.with_changes(leading_lines=above)
        block = block.with_changes(footer=())
    return block.with_changes(body=[*block.body, statement, *more])
