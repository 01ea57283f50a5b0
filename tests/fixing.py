"""Make the fixes of a text by hand, without a rule that asks for them."""

from __future__ import annotations

import ast
import io
import textwrap
import tokenize
from collections.abc import Callable, Iterable, Iterator

import libcst as cst

from asyncgen_lint.facts import Facts, label_of
from asyncgen_lint.facts.found import LeftOpen
from asyncgen_lint.fixes.apply import apply_fixes
from asyncgen_lint.fixes.render import FixRenderer
from asyncgen_lint.fixes.wrap import iterate_under_aclosing
from asyncgen_lint.rule import Diagnostic, Fix, FixPlan, Node, Severity, Tier
from asyncgen_lint.source.parse import parse
from asyncgen_lint.source.position import PositionMap
from asyncgen_lint.source.span import Position, Span
from asyncgen_lint.source.text import Source
from asyncgen_lint.source.walk import descendants

Planner = Callable[[Facts], Iterable[FixPlan | None]]


def facts_of(text: str, target_version: tuple[int, int] = (3, 10)) -> Facts:
    """Return the facts of a text."""
    return Facts(parse(Source("x.py", text)), target_version)


def fixes_of(text: str, planner: Planner, target_version: tuple[int, int] = (3, 10)) -> list[Fix]:
    """Return what the planner's plans come to as text edits."""
    facts = facts_of(text, target_version)
    renderer = FixRenderer(facts.parsed, PositionMap(facts.parsed), facts.statement_of)
    rendered = [renderer.render(plan) for plan in planner(facts) if plan is not None]
    return [fix for fix in rendered if fix is not None]


def applied(text: str, fixes: Iterable[Fix]) -> str:
    """Return the text with all fixes that are disjoint."""
    return apply_fixes(Source("x.py", text), map(diagnostic_of, fixes)).text


def diagnostic_of(fix: Fix) -> Diagnostic:
    """Return a diagnostic that offers the fix."""
    span = Span(Position(1, 0), Position(1, 0))
    return Diagnostic("AGN999", "x", "x", Severity.ERROR, Tier.DEFAULT, "x.py", span, fix=fix)


def fixed(text: str, planner: Planner, target_version: tuple[int, int] = (3, 10)) -> str:
    """Return the text after the planner's fixes, which must compile if it did."""
    new = applied(text, fixes_of(text, planner, target_version))
    if compiles(text):
        assert compiles(new), new
    assert sorted(comments(new)) == sorted(comments(text))
    return new


def wraps(facts: Facts) -> Iterator[FixPlan | None]:
    """Yield the plan of each `async for` over a call."""
    for function in facts.outline.functions():
        for node in descendants(function.node):
            if (
                isinstance(node, cst.For)
                and node.asynchronous is not None
                and isinstance(node.iter, cst.Call)
                and nearest_function(facts, node) is function.node
            ):
                yield iterate_under_aclosing(
                    facts,
                    LeftOpen(
                        label=label_of(node.iter),
                        header=node,
                        creation=node.iter,
                        function=function,
                        exit="`break`",
                        is_loop=True,
                        is_delegation=False,
                        is_temporary=True,
                        is_certain=True,
                        path=(),
                    ),
                )


def nearest_function(facts: Facts, node: Node) -> Node | None:
    """Return the function whose body holds the node."""
    current: Node | None = facts.parent(node)
    while current is not None and not isinstance(current, cst.FunctionDef):
        current = facts.parent(current)
    return current


def expressions(facts: Facts, text: str) -> list[Node]:
    """Return the expressions whose text this is, without parentheses around them."""
    module = facts.parsed.module
    return [
        each
        for each in descendants(module)
        if isinstance(each, cst.BaseExpression)
        and module.code_for_node(each.with_changes(lpar=(), rpar=())) == text
    ]


def dedented(text: str) -> str:
    """Return a text written indented in a test, without its first newline."""
    return textwrap.dedent(text).removeprefix("\n")


def compiles(text: str) -> bool:
    """Return whether Python accepts the text."""
    try:
        compile(text, "x.py", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError:
        return False
    return True


def comments(text: str) -> list[str]:
    """Return the comments of a text."""
    tokens = tokenize.generate_tokens(io.StringIO(text, newline=None).readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]
