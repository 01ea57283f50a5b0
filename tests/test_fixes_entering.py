"""Decorating what is entered (AGN505), and entering what is iterated (AGN517)."""

from __future__ import annotations

import pytest
from fixing import compiles, dedented

from asyncgen_lint import fix_text, lint_text

IMPORT = "from contextlib import asynccontextmanager\n"


def repaired(text: str, code: str, *, unsafe: bool = False) -> str:
    """Return a text after the fixes of one rule, which must compile and stay as they are."""
    new = fix_text(text, select=[code], unsafe=unsafe).text
    assert compiles(new), new
    assert fix_text(new, select=[code], unsafe=unsafe).text == new
    return new


def offered(text: str, code: str) -> list[str]:
    """Return the safety of the fix of each finding, `none` without one."""
    found = lint_text(text, select=[code])
    assert {each.code for each in found} == {code}
    return [each.fix.safety.value if each.fix else "none" for each in found]


ENTERED = """
async def _rows():
    yield 1

async def f():
    async with _rows() as row:
        print(row)
"""


def test_decorator_and_its_import_come_before_the_first_line() -> None:
    # Both are put in at the same place.
    assert repaired(ENTERED.lstrip(), "AGN505") == (
        f"{IMPORT}\n\n@asynccontextmanager\n{ENTERED.lstrip()}"
    )


@pytest.mark.parametrize(
    "head",
    ["from contextlib import asynccontextmanager", "from contextlib import aclosing"],
)
def test_decorator_is_imported_once(head: str) -> None:
    new = repaired(f"{head}\n{ENTERED}", "AGN505")
    assert new.count("asynccontextmanager") == 2
    assert new.count("import") == 1


def test_decorator_of_an_imported_module() -> None:
    new = repaired(f"import contextlib as c\n{ENTERED}", "AGN505")
    assert new == f"import contextlib as c\n\n@c.asynccontextmanager{ENTERED}"


def test_no_decorator_that_is_imported_below() -> None:
    assert offered(f"{ENTERED}\n{IMPORT}", "AGN505") == ["none"]
    assert repaired(f"{ENTERED}\n{IMPORT}", "AGN505") == f"{ENTERED}\n{IMPORT}"


@pytest.mark.parametrize(
    ("change", "safety"),
    [
        (("_rows", "_rows"), "safe"),
        (("_rows", "rows"), "unsafe"),
        (("    yield 1", "    yield 1\n    yield 2"), "none"),
        (("    yield 1", "    for x in y:\n        yield 1"), "none"),
        (("print(row)", "[x async for x in _rows()]"), "none"),
        (("print(row)", "return _rows"), "none"),
        (("print(row)", "async with _rows(): pass"), "safe"),
        (("async with _rows() as row", "g = _rows()\n    async with g as row"), "none"),
        (("async def f", "class A:\n    async def _rows(self): yield 1\nasync def f"), "none"),
        (("async def f", "asynccontextmanager = 1\nasync def f"), "none"),
        (
            (
                "async def f():\n    async with _rows()",
                "async def _others(): yield 2\nasync def f(y):\n"
                "    make = _rows if y else _others\n    async with make()",
            ),
            "none",
        ),
    ],
)
def test_decorator_only_where_all_is_entered(change: tuple[str, str], safety: str) -> None:
    assert set(offered(ENTERED.replace(*change), "AGN505")) == {safety}


def test_method_and_local_function_are_decorated() -> None:
    text = dedented(
        """
        class A:
            # About it.
            async def _rows(self):  # c
                yield 1

            async def f(self):
                async def rows(): yield 1
                async with self._rows(), rows(): pass
        """
    )
    assert repaired(f"{IMPORT}\n{text}", "AGN505") == f"{IMPORT}\n" + text.replace(
        "    async def _rows", "    @asynccontextmanager\n    async def _rows"
    ).replace("        async def rows", "        @asynccontextmanager\n        async def rows")


ITERATED = """
from contextlib import asynccontextmanager

async def session(url="", *, echo=False):
    s = open(url)
    try:
        yield s
    except Exception:
        await s.rollback()
        raise
    finally:
        await s.close()

request_session = asynccontextmanager(session)

async def f():
    async for s in session():
        work(s)
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("async for s in session():", "async with asynccontextmanager(session)() as s:"),
        (
            "# a\n    async for s in session('x', echo=True):  # b",
            "# a\n    async with asynccontextmanager(session)('x', echo=True) as s:  # b",
        ),
        (
            "async for s in session():\n        while s: break",
            "async with asynccontextmanager(session)() as s:\n        while s: break",
        ),
        (
            "async for s in session():\n        def g(): return 1",
            "async with asynccontextmanager(session)() as s:\n        def g(): return 1",
        ),
    ],
)
def test_dependency_is_entered(before: str, after: str) -> None:
    text = ITERATED.replace("async for s in session():", before)
    assert repaired(text, "AGN517") == ITERATED.replace("async for s in session():", after)


@pytest.mark.parametrize(
    ("change", "safety"),
    [
        (("work(s)", "work(s)"), "safe"),
        (("work(s)", "return s"), "unsafe"),
        (("work(s)", "break"), "none"),
        (("work(s)", "while s:\n            pass\n        else:\n            break"), "none"),
        (("work(s)", "if s: continue"), "none"),
        (("work(s)", "yield s"), "none"),
        (("work(s)", "work(s)\n    else:\n        pass"), "none"),
        (("for s in", "for s.x in"), "none"),
        (("        raise\n", ""), "none"),
        (("        raise\n", "        raise ValueError\n"), "none"),
        (("    s = open(url)\n", "    if url: return\n    s = open(url)\n"), "none"),
        (("async def f():", "async def f(asynccontextmanager):"), "none"),
    ],
)
def test_dependency_is_entered_only_where_nothing_is_lost(
    change: tuple[str, str], safety: str
) -> None:
    assert set(offered(ITERATED.replace(*change), "AGN517")) == {safety}


def test_no_dependency_under_what_swallows() -> None:
    text = ITERATED.replace("        yield s", "        with suppress(Exception): yield s")
    text = text.replace("import asynccontextmanager", "import asynccontextmanager, suppress")
    assert offered(text, "AGN517") == ["none"]
