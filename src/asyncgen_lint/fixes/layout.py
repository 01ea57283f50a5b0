"""How new code is laid out: like the code around it, with the comments where they stood."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Node

Manager = Callable[[cst.BaseExpression], cst.BaseExpression]
"""Makes of an expression for what must be closed the manager that closes it."""


# Lengths

SHORTEST_LIMIT, LONGEST_LIMIT = 88, 120
"""How long a line may be: as long as the longest of its file, but at least what black allows."""


def longest_line(text: str) -> int:
    """Return how long a new line of the text may be."""
    longest = max(map(len, re.split(r"[\r\n]", text)))
    return max(SHORTEST_LIMIT, min(longest, LONGEST_LIMIT))


# Blocks


def indent_near(facts: Facts, suite: Node) -> str | None:
    """Return how far a block is indented, or the one around it if it is on its header's line.

    None stands for the file's usual indent, as in libcst.
    """
    block: Node | None = suite
    while block is not None and not isinstance(block, cst.IndentedBlock):
        block = facts.parent(block)
    return block.indent if block is not None else None


def as_block(suite: cst.BaseSuite, indent: str | None) -> cst.IndentedBlock:
    """Return a suite as an indented block; one on its header's line gets a line of its own."""
    if isinstance(suite, cst.IndentedBlock):
        return suite
    assert isinstance(suite, cst.SimpleStatementSuite)
    line = cst.SimpleStatementLine(suite.body, trailing_whitespace=suite.trailing_whitespace)
    return cst.IndentedBlock([line], indent=indent)


def comments_above(statement: Node) -> list[cst.EmptyLine]:
    """Return the lines above a statement from the first comment on; none if there is none."""
    above = list(statement.leading_lines)
    while above and above[0].comment is None:
        del above[0]
    return above


def without_blank_lines(statement: Node) -> Node:
    """Return a statement that opens a block: no blank lines above it, its comments kept."""
    return statement.with_changes(leading_lines=comments_above(statement))


def appended(block: cst.IndentedBlock, statement: Node, *more: Node) -> cst.IndentedBlock:
    """Return the block with statements at its end; comments there stay above them."""
    if block.footer and all(each.indent for each in block.footer if each.comment is not None):
        above = [*block.footer, *statement.leading_lines]
        statement = statement.with_changes(leading_lines=above)
        block = block.with_changes(footer=())
    return block.with_changes(body=[*block.body, statement, *more])


# Statements around statements


def in_try(statements: Sequence[Node], released: Sequence[Node], indent: str | None) -> cst.Try:
    """Return `try` over statements and `finally` over what they release in the end.

    The comments above the first statement stand above it.
    """
    first, *rest = statements
    return cst.Try(
        body=cst.IndentedBlock([first.with_changes(leading_lines=()), *rest], indent=indent),
        finalbody=finally_of(released, indent),
        leading_lines=first.leading_lines,
    )


def finally_of(statements: Sequence[Node], indent: str | None) -> cst.Finally:
    """Return `finally` over statements."""
    first, *rest = statements
    return cst.Finally(cst.IndentedBlock([without_blank_lines(first), *rest], indent=indent))


def under(
    managers: Sequence[tuple[cst.BaseExpression, str | None]],
    statements: Sequence[Node],
    indent: str | None,
) -> cst.With:
    """Return `async with` over statements; the comments above the first stand above it."""
    first, *others = statements
    items = [
        cst.WithItem(manager, cst.AsName(cst.Name(name)) if name is not None else None)
        for manager, name in managers
    ]
    return cst.With(
        items=items,
        body=cst.IndentedBlock([first.with_changes(leading_lines=()), *others], indent=indent),
        asynchronous=cst.Asynchronous(),
        leading_lines=first.leading_lines,
    )


def with_lines_in_header(
    lines: Sequence[Node],
    statements: Sequence[Node],
    manager: Manager,
    indent: str | None,
) -> cst.With:
    """Return `async with manager(made) as name` over statements for lines `name = made`."""
    first, *others = statements
    inner = without_blank_lines(first)
    items = [(manager(line.body[0].value), line.body[0].targets[0].target.value) for line in lines]
    statement = under(items, [inner, *others], indent)
    body = cst.IndentedBlock([inner, *others], indent=indent, header=lines[-1].trailing_whitespace)
    return statement.with_changes(body=body, leading_lines=lines[0].leading_lines)


def loop_as_with(loop: cst.For, manager: cst.BaseExpression) -> cst.With:
    """Return `async with manager as x:` over the body of `async for x in ...:`."""
    target: Node = loop.target
    if isinstance(target, cst.Tuple) and not target.lpar:
        target = target.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return cst.With(
        items=[cst.WithItem(manager, cst.AsName(target))],
        body=loop.body,
        asynchronous=loop.asynchronous,
        leading_lines=loop.leading_lines,
        whitespace_before_colon=loop.whitespace_before_colon,
    )


# Expressions and keywords


def call_with(function: cst.BaseExpression, argument: cst.BaseExpression) -> cst.Call:
    """Return the call; parentheses around the argument become those of the call."""
    if not argument.lpar:
        return cst.Call(function, [cst.Arg(argument)])
    opening, *inner_opening = argument.lpar
    *inner_closing, closing = argument.rpar
    bare = argument.with_changes(lpar=inner_opening, rpar=inner_closing)
    return cst.Call(
        function,
        [cst.Arg(bare, whitespace_after_arg=closing.whitespace_before)],
        whitespace_before_args=opening.whitespace_after,
    )


def iterating(loop: Node, name: str) -> Node:
    """Return the loop, or clause of a comprehension, over what has this name."""
    if loop.whitespace_after_in.empty:
        # A name needs the space that an `in` before a parenthesis did not.
        loop = loop.with_changes(whitespace_after_in=cst.SimpleWhitespace(" "))
    return loop.with_changes(iter=cst.Name(name))


def with_async(statement: Node) -> Node:
    """Return a loop, a clause of a comprehension or a `with` as an async one."""
    return statement.with_changes(asynchronous=cst.Asynchronous())


def without_async(statement: Node) -> Node:
    """Return a loop, a clause of a comprehension, a `with` or a `def` as a sync one."""
    return statement.with_changes(asynchronous=None)


# Headers and calls over several lines


def over_three_lines(statement: cst.With, default_indent: str) -> cst.With | None:
    """Return `async with manager(call()) as name:` with the inner call on a line, as by black.

    None for other headers.
    """
    if len(statement.items) != 1 or not isinstance(statement.body, cst.IndentedBlock):
        return None
    item = statement.items[0]
    manager = item.item
    if not isinstance(manager, cst.Call) or len(manager.args) != 1:
        return None
    made = manager.args[0]
    if not isinstance(made.value, cst.Call):
        return None
    indent = statement.body.indent
    broken = manager.with_changes(
        whitespace_before_args=cst.ParenthesizedWhitespace(
            first_line=cst.TrailingWhitespace(),
            indent=True,
            last_line=cst.SimpleWhitespace(default_indent if indent is None else indent),
        ),
        args=[
            made.with_changes(
                whitespace_after_arg=cst.ParenthesizedWhitespace(
                    first_line=cst.TrailingWhitespace(), indent=True
                )
            )
        ],
    )
    return statement.with_changes(items=[item.with_changes(item=broken)])


def moved_out(call: cst.BaseExpression) -> cst.BaseExpression:
    """Return a call that goes to the start of a block's line, its further lines with it.

    They go as far to the left as its last line, that of its closing parenthesis, stood from there.
    """
    if not isinstance(call, cst.Call) or not call.args:
        return call
    closing = call.args[-1].whitespace_after_arg
    if call.args[-1].comma is not cst.MaybeSentinel.DEFAULT:
        closing = call.args[-1].comma.whitespace_after
    if not isinstance(closing, cst.ParenthesizedWhitespace):
        return call
    moved = call.visit(_ToTheLeft(closing.last_line.value))
    assert isinstance(moved, cst.BaseExpression)
    return moved


class _ToTheLeft(cst.CSTTransformer):
    """Takes an indentation from the lines that begin with it."""

    def __init__(self, indent: str) -> None:
        super().__init__()
        self._indent = indent

    def leave_EmptyLine(
        self, original_node: cst.EmptyLine, updated_node: cst.EmptyLine
    ) -> cst.EmptyLine:
        return updated_node.with_changes(whitespace=self._without(updated_node.whitespace))

    def leave_ParenthesizedWhitespace(
        self,
        original_node: cst.ParenthesizedWhitespace,
        updated_node: cst.ParenthesizedWhitespace,
    ) -> cst.ParenthesizedWhitespace:
        return updated_node.with_changes(last_line=self._without(updated_node.last_line))

    def _without(self, space: cst.SimpleWhitespace) -> cst.SimpleWhitespace:
        return space.with_changes(value=space.value.removeprefix(self._indent))
