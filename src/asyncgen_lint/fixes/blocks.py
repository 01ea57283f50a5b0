"""Where a statement stands in its block, and what the statements of a block do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Node
from asyncgen_lint.source.walk import children, own_nodes


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


def place_of(facts: Facts, statement: Node) -> Place | None:
    """Return where a whole statement stands in its block; None on its header's line."""
    block = facts.parent(statement)
    if not isinstance(block, cst.IndentedBlock):
        return None
    return Place(block, block.body.index(statement))


# Lines


def line_of(facts: Facts, statement: Node) -> cst.SimpleStatementLine | None:
    """Return the line that a small statement stands on alone; None if it does not."""
    line = facts.parent(statement)
    is_alone = isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1
    return line if is_alone else None


def place_of_line(facts: Facts, statement: Node) -> Place | None:
    """Return where the line that a small statement stands on alone is in its block."""
    line = line_of(facts, statement)
    return place_of(facts, line) if line is not None else None


def alone_on(line: Node) -> Node | None:
    """Return the small statement that stands on a line alone; None if the line is none such."""
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
        return None
    return line.body[0]


def assigned_name(statement: Node) -> str:
    """Return the only name that an assignment binds, or nothing."""
    target: Node = None
    if isinstance(statement, cst.Assign) and len(statement.targets) == 1:
        target = statement.targets[0].target
    elif isinstance(statement, cst.AnnAssign):
        target = statement.target
    return target.value if isinstance(target, cst.Name) else ""


def names_in(target: cst.BaseExpression) -> set[str] | None:
    """Return the names that a target binds; None if it stores anywhere else."""
    names: set[str] = set()
    pending = [target]
    while pending:
        each = pending.pop()
        if isinstance(each, cst.Name):
            names.add(each.value)
        elif isinstance(each, (cst.Tuple, cst.List)):
            pending += [element.value for element in each.elements]
        else:
            return None
    return names


# What statements do

_LEAVING = (cst.Return, cst.Break, cst.Continue)


def leaves(
    statements: Sequence[Node], by: tuple[type[cst.BaseSmallStatement], ...] = _LEAVING
) -> bool:
    """Return whether a `return`, or a `break` or `continue` of a loop around, may leave these."""
    pending: list[tuple[cst.CSTNode, bool]] = [(each, False) for each in statements]
    while pending:
        node, in_loop = pending.pop()
        if isinstance(node, by) and (isinstance(node, cst.Return) or not in_loop):
            return True
        if isinstance(node, (cst.FunctionDef, cst.ClassDef, cst.Lambda)):
            continue
        if isinstance(node, (cst.For, cst.While)):
            pending.append((node.body, True))
            if node.orelse is not None:
                pending.append((node.orelse, in_loop))
        else:
            pending += [(each, in_loop) for each in children(node)]
    return False


def raises_again(body: cst.BaseSuite) -> bool:
    """Return whether the body of a handler has a `raise` for what it caught."""
    return any(isinstance(each, cst.Raise) and each.exc is None for each in own_nodes(body))
