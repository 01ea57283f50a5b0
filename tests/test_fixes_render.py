"""Plans become edits that change nothing else, or no fix at all."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import libcst as cst
import pytest
from fixing import applied, comments, compiles, expressions, fixed, fixes_of, wraps

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Edit, FixPlan, FixSafety, Node, Rewrite
from asyncgen_lint.source.span import Position, Span
from asyncgen_lint.source.walk import descendants


def plan(*rewrites: Rewrite) -> FixPlan:
    """Return a plan of these rewrites."""
    return FixPlan("Change it", FixSafety.SAFE, rewrites)


def renames(text: str, build: Callable[[Node], Node]) -> Callable[[Facts], Iterator[FixPlan]]:
    """Return what makes one plan that rewrites all expressions with this text."""

    def plans(facts: Facts) -> Iterator[FixPlan]:
        yield plan(*(Rewrite(each, build) for each in expressions(facts, text)))

    return plans


def renamed(node: Node) -> Node:
    """Return a name with an underscore."""
    return node.with_changes(value=f"{node.value}_")


def test_far_rewrites_are_separate_edits() -> None:
    text = "def f():\n    a = 1\n    b = 2\n    print(a)\n\n\na\n"
    (fix,) = fixes_of(text, renames("a", renamed))
    assert [each.content for each in fix.edits] == ["a_", "a_", "a_"]
    assert [each.span.start.line for each in fix.edits] == [2, 4, 7]
    assert applied(text, [fix]) == "def f():\n    a_ = 1\n    b = 2\n    print(a_)\n\n\na_\n"


def test_rewrites_inside_rewrites_are_composed() -> None:
    def bracketed(node: Node) -> Node:
        return cst.List([cst.Element(node)])

    def plans(facts: Facts) -> Iterator[FixPlan]:
        rewrites = [
            Rewrite(each, bracketed)
            for text in ("f(a, g(b))", "b", "g(b)", "a")
            for each in expressions(facts, text)
        ]
        yield plan(*rewrites, *(Rewrite(each, renamed) for each in expressions(facts, "c")))

    assert fixed("if c:\n    x = f(a, g(b))\n", plans) == "if c_:\n    x = [f([a], [g([b])])]\n"


def test_an_edit_is_as_small_as_whole_words_allow() -> None:
    (fix,) = fixes_of("x = alpha + beta\n", renames("alpha", lambda _: cst.Name("alphabet")))
    assert fix.edits == (Edit(Span(Position(1, 4), Position(1, 9)), "alphabet"),)


def test_columns_are_code_points() -> None:
    (fix,) = fixes_of("x = 'é\U0001f600', a\n", renames("a", renamed))
    assert fix.edits[0].span.start == Position(1, 10)


def test_a_lost_comment_is_no_fix() -> None:
    text = "x = f(  # why\n    a)\n"
    assert not fixes_of(text, renames("f(  # why\n    a)", lambda _: cst.Name("y")))


def test_what_libcst_does_not_give_back_is_no_fix() -> None:
    # It forgets a form feed above an indented line, and spaces after a conversion.
    assert not fixes_of("if a:\n    x = 1\n\x0c    y = 2\n", renames("a", renamed))
    if sys.version_info >= (3, 12):
        assert not fixes_of("a(f'{b!r  :10}')\n", renames("a", renamed))


def test_a_plan_that_libcst_refuses_is_no_fix() -> None:
    assert not fixes_of(
        "x = not(a)\n", renames("a", lambda node: node.with_changes(lpar=(), rpar=()))
    )


def test_a_statement_nested_too_deeply_is_no_fix() -> None:
    def plans(facts: Facts) -> Iterator[FixPlan]:
        for node in descendants(facts.parsed.module):
            if isinstance(node, cst.Name) and node.value == "a":
                yield plan(Rewrite(node, renamed))

    # libcst needs about four Python frames a term.
    assert fixes_of("x = a + " + " + ".join(["b"] * 100) + "\n", plans)
    assert not fixes_of("x = a + " + " + ".join(["b"] * 900) + "\n", plans)


def test_statements_in_any_block() -> None:
    text = (
        "if x: pass\nelif y: a\nelse:\n  try: a\n  finally:\n     while z:\n"
        "        a; b  # c\n     else: a\nmatch u:\n\tcase 1: a\n\tcase _:\n\t\t# d\n\t\ta"
    )
    assert compiles(text)
    assert (
        fixed(text, renames("a", renamed))
        == text.replace("a;", "a_;").replace(": a", ": a_").removesuffix("a") + "a_"
    )


TESTS = Path(asyncio.__file__).parent.parent / "test"
SAMPLES = [
    TESTS / name for name in ("test_asyncgen.py", "test_contextlib_async.py", "test_coroutines.py")
]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_every_loop_of_the_standard_librarys_tests(path: Path) -> None:
    if not path.is_file():
        pytest.skip("this interpreter has no tests")
    text = path.read_text(encoding="utf-8")
    fixes = fixes_of(text, wraps)
    for fix in fixes:
        new = applied(text, [fix])
        assert compiles(new)
        assert comments(new) == comments(text)
    assert compiles(applied(text, fixes))
