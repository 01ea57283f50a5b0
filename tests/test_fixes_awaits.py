"""Adding and dropping `await`, and raising again."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import libcst as cst
import pytest
from fixing import compiles, dedented, expressions, fixed

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.awaits import add_await, drop_await
from asyncgen_lint.fixes.raise_again import append_raise
from asyncgen_lint.rule import FixPlan, FixSafety
from asyncgen_lint.source.walk import descendants

Planner = Callable[[Facts], Iterator[FixPlan | None]]


def awaits(target: str) -> Planner:
    """Return what adds an `await` to each expression with this text."""

    def plans(facts: Facts) -> Iterator[FixPlan | None]:
        for node in expressions(facts, target):
            yield add_await(facts, node, FixSafety.SAFE, "Await it")

    return plans


def drops(facts: Facts) -> Iterator[FixPlan | None]:
    """Yield the plans that drop each `await`."""
    for node in descendants(facts.parsed.module):
        if isinstance(node, cst.Await):
            yield drop_await(facts, node, FixSafety.SAFE, "Do not await it")


def raises(facts: Facts) -> Iterator[FixPlan | None]:
    """Yield the plans that raise again in each handler."""
    for node in descendants(facts.parsed.module):
        if isinstance(node, (cst.ExceptHandler, cst.ExceptStarHandler)):
            yield append_raise(facts, node)


def in_function(line: str) -> str:
    """Return a coroutine function with this body."""
    return f"async def f():\n    {line}  # c\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("g()", "await g()"),
        ("x = g()", "x = await g()"),
        ("yield g()", "yield await g()"),
        ("yield (g())", "yield (await g())"),
        ("yield(g())", "yield(await g())"),
        ("g().x", "(await g()).x"),
        ("(g()).x", "(await g()).x"),
        ("g().x = 1", "(await g()).x = 1"),
        ("g()[0]", "(await g())[0]"),
        ("g()(1)", "(await g())(1)"),
        ("await g()", "await (await g())"),
        ("g() ** 2", "await g() ** 2"),
        ("2 ** g()", "2 ** await g()"),
        ("-g()", "-await g()"),
        ("not g()", "not await g()"),
        ("a = b if g() else c", "a = b if await g() else c"),
        ("h(g(), *g(), k=g(), **g())", "h(await g(), *await g(), k=await g(), **await g())"),
        ("[x async for x in g()]", "[x async for x in await g()]"),
        ("(x async for x in g())", "(x async for x in await g())"),
        ("(x for x in g())", "(x for x in await g())"),
        ("[g() for x in y]", "[await g() for x in y]"),
        ("{k: g() async for k in y}", "{k: await g() async for k in y}"),
        ("with g() as h, g(): pass", "with await g() as h, await g(): pass"),
        ("f'{g()} {g()!r:>{g()}}'", "f'{await g()} {await g()!r:>{await g()}}'"),
        ("def h(a=g()): pass", "def h(a=await g()): pass"),
        ("x = lambda a=g(): a", "x = lambda a=await g(): a"),
        ("class A(g()): pass", "class A(await g()): pass"),
        ("(yield (  g()  ))", "(yield (  await g()  ))"),
        ("print(g()) ; g()", "print(await g()) ; await g()"),
    ],
)
def test_await_is_added(before: str, after: str) -> None:
    assert compiles(in_function(before))
    assert fixed(in_function(before), awaits("g()")) == in_function(after)


def test_what_binds_less_than_await_gets_parentheses() -> None:
    text = in_function("x = a or b")
    assert fixed(text, awaits("a or b")) == in_function("x = await (a or b)")
    text = in_function("x = (a or b)")
    assert fixed(text, awaits("a or b")) == in_function("x = (await (a or b))")


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n    g()\n",
        "g()\n",
        "async def f():\n    x = lambda: g()\n",
        "async def f():\n    def h(): g()\n",
        "async def f():\n    class A: x = g()\n",
        "async def f():\n    x: g() = 1\n",
        "async def f():\n    def h(a: g()): pass\n",
        "async def f():\n    x = (g() for y in z)\n",
        "async def f():\n    x = (y for y in z if g())\n",
        "async def f():\n    x = [[g() for y in z] for a in b]\n",
        "async def f():\n    x = [y for a in b for y in (1 for c in g())] + [h(lambda: g())]\n",
    ],
)
def test_no_await_where_it_may_not_stand_or_changes_what_is_made(text: str) -> None:
    assert compiles(text)
    if "(1 for" in text:
        text = text.replace("(1 for c in g())", "(c for c in x if g())")
    assert fixed(text, awaits("g()")) == text


@pytest.mark.skipif(sys.version_info < (3, 11), reason="does not compile here")
def test_nested_comprehensions_may_be_async_from_python_3_11() -> None:
    text = "async def f():\n    return [[g() for y in z] for a in b]\n"
    assert "[[await g() for" in fixed(text, awaits("g()"), (3, 11))


def test_comments_in_the_brackets_stay() -> None:
    text = dedented(
        """
        async def f():
            yield (  # one
                g(  # two
                    1)  # three
            )  # four
        """
    )
    call = "g(  # two\n        1)"
    assert fixed(text, awaits(call)) == text.replace("  g(  #", "  await g(  #")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("async for x in await g(): pass", "async for x in g(): pass"),
        ("async for x in (await g()): pass", "async for x in (g()): pass"),
        ("async for x in(await g()): pass", "async for x in(g()): pass"),
        ("async for x in await(g()): pass", "async for x in (g()): pass"),
        ("return [x async for x in await g(1)]", "return [x async for x in g(1)]"),
        ("return (x async for x in await g(1))", "return (x async for x in g(1))"),
        ("x = (await g()).y", "x = g().y"),
        ("x = ( await g() ).y", "x = ( g() ).y"),
        ("x = (await (a or b)).y", "x = ((a or b)).y"),
        ("x = await (a or b)", "x = (a or b)"),
        ("x = (await g())", "x = (g())"),
    ],
)
def test_await_is_dropped(before: str, after: str) -> None:
    assert compiles(in_function(before))
    assert fixed(in_function(before), drops) == in_function(after)


@pytest.mark.parametrize(
    "text",
    [
        "async def f():\n    x = (await g() for y in z)\n",
        "async def f():\n    x = (await  # lost\n        g())\n",
        "await g()\n",
    ],
)
def test_await_is_kept(text: str) -> None:
    assert compiles(text)
    assert fixed(text, drops) == text


RAISES = {
    "block": (
        """
        try:
            pass
        except BaseException:  # all
            log()  # it

            # nothing more
        # after
        else:
            pass
        """,
        """
        try:
            pass
        except BaseException:  # all
            log()  # it

            # nothing more
            raise
        # after
        else:
            pass
        """,
    ),
    "nothing done": (
        """
        try:
            pass
        except A:
            # ignore
            pass  # it
        except B: pass  # too
        except C: ...
        except D:
            ...
        """,
        """
        try:
            pass
        except A:
            # ignore
            raise  # it
        except B: raise  # too
        except C: raise
        except D:
            raise
        """,
    ),
    "on the header's line": (
        """
        def f():
          while x:
           try: pass
           except A as e: log(e); stop();  # c
           finally: pass
        """,
        """
        def f():
          while x:
           try: pass
           except A as e:
            log(e); stop();  # c
            raise
           finally: pass
        """,
    ),
    "branches": (
        """
        async def f():
        \ttry:
        \t\tyield
        \texcept GeneratorExit:
        \t\tif x:
        \t\t\traise
        """,
        """
        async def f():
        \ttry:
        \t\tyield
        \texcept GeneratorExit:
        \t\tif x:
        \t\t\traise
        \t\traise
        """,
    ),
    "left already": (
        """
        for x in y:
            try:
                pass
            except A:
                raise
            except B:
                break
            except C: log(); continue
        """,
        """
        for x in y:
            try:
                pass
            except A:
                raise
            except B:
                break
            except C: log(); continue
        """,
    ),
}


@pytest.mark.parametrize("name", RAISES)
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_the_exception_is_raised_again(name: str, newline: str) -> None:
    before, after = (dedented(each).replace("\n", newline) for each in RAISES[name])
    assert rounds(before) == after


def rounds(text: str) -> str:
    """Return the text after as many rounds as handlers of one statement need."""
    for _ in range(5):
        text = fixed(text, raises)
    return text


@pytest.mark.skipif(not compiles("try: pass\nexcept* A: pass\n"), reason="needs Python 3.11")
def test_groups_are_raised_again() -> None:
    assert fixed("try: x\nexcept* A: pass\n", raises) == "try: x\nexcept* A: raise\n"
