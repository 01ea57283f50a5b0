"""Repairs of context managers: AGN602."""

from __future__ import annotations

import pytest
from fixing import dedented, repaired

HEAD = "from contextlib import asynccontextmanager\n\n\n"


def managed(code: str, body: str, *, unsafe: bool = False) -> str:
    """Return the text after a rule's repair; both without what each of them starts with."""
    text = HEAD + dedented(body)
    return repaired(code, text, unsafe=unsafe).removeprefix(HEAD)


def is_left(code: str, body: str, *, unsafe: bool = True) -> bool:
    """Return whether a text stays as it is, even with unsafe repairs."""
    return managed(code, body, unsafe=unsafe) == dedented(body)


RETURNS = {
    "if": (
        """
        @asynccontextmanager
        async def f(shared):
            if shared:
                yield shared
            async with own() as mine:
                yield mine
        """,
        """
        @asynccontextmanager
        async def f(shared):
            if shared:
                yield shared
                return
            async with own() as mine:
                yield mine
        """,
    ),
    "more in the branch, with comments": (
        """
        @asynccontextmanager
        async def f(shared):
        \tif shared:  # given
        \t\t# first
        \t\tyield shared  # here

        \t\tlog("done")
        \t\t# end of the branch

        \t# else our own
        \tasync with own() as mine:
        \t\tyield mine
        """,
        """
        @asynccontextmanager
        async def f(shared):
        \tif shared:  # given
        \t\t# first
        \t\tyield shared  # here

        \t\tlog("done")
        \t\t# end of the branch
        \t\treturn

        \t# else our own
        \tasync with own() as mine:
        \t\tyield mine
        """,
    ),
    "elif and else": (
        """
        @asynccontextmanager
        async def f(x):
            if x == 1:
                prepare()
            elif x == 2:
                yield 2
            else:
                yield 3
            yield 1
        """,
        """
        @asynccontextmanager
        async def f(x):
            if x == 1:
                prepare()
            elif x == 2:
                yield 2
                return
            else:
                yield 3
                return
            yield 1
        """,
    ),
    "match": (
        """
        @asynccontextmanager
        async def f(x):
            match x:
                case None:
                    yield 1
            yield 2
        """,
        """
        @asynccontextmanager
        async def f(x):
            match x:
                case None:
                    yield 1
                    return
            yield 2
        """,
    ),
}


@pytest.mark.parametrize("name", RETURNS)
def test_a_branch_that_yields_returns(name: str) -> None:
    before, after = RETURNS[name]
    assert managed("AGN602", before) == dedented(after)


@pytest.mark.parametrize(
    "body",
    [
        # A loop may be meant to try again.
        """
        @asynccontextmanager
        async def f(xs):
            while True:
                if xs:
                    yield 1
        """,
        # No branch.
        """
        @asynccontextmanager
        async def f(xs):
            yield 1
            yield 2
        """,
        # Both in one branch.
        """
        @asynccontextmanager
        async def f(xs):
            if xs:
                yield 1
                yield 2
            else:
                yield 3
        """,
        # Suites on the header's line.
        """
        @asynccontextmanager
        async def f(xs):
            if xs: yield 1
            yield 2
        """,
        # Behind a handler.
        """
        @asynccontextmanager
        async def f(xs):
            try:
                if xs:
                    yield 1
            except Exception:
                yield 2
        """,
    ],
)
def test_no_return_where_something_else_may_be_meant(body: str) -> None:
    assert is_left("AGN602", body)
