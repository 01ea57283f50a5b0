"""Repairs of definitions and of single statements: AGN307, 308, 309, 606, 607, 608, 609, 615."""

from __future__ import annotations

import pytest
from fixing import dedented, repaired

from asyncgen_lint import fix_text, lint_text

PAIRS = {
    "606: what else stands before async": (
        "AGN606",
        """
        class A:
        \t# about it
        \tasync  def __aiter__(self): return self  # one
        """,
        """
        class A:
        \t# about it
        \tdef __aiter__(self): return self  # one
        """,
    ),
    "607: with a value, in parentheses, on a line": (
        "AGN607",
        """
        class A:
            def __aiter__(self): return self
            async def __anext__(self):
                if self.n: self.n = 0; raise (StopIteration(self.n)) from None  # end
                # over
                raise StopIteration
        """,
        """
        class A:
            def __aiter__(self): return self
            async def __anext__(self):
                if self.n: self.n = 0; raise (StopAsyncIteration(self.n)) from None  # end
                # over
                raise StopAsyncIteration
        """,
    ),
    "608: protocol": (
        "AGN608",
        """
        from typing import AsyncIterator, Protocol
        class A(Protocol):
            async def f(self) -> AsyncIterator[int]: ...  # to do
        class B(A):
            async def f(self) -> AsyncIterator[int]:
                yield 1
        """,
        """
        from typing import AsyncIterator, Protocol
        class A(Protocol):
            def f(self) -> AsyncIterator[int]: ...  # to do
        class B(A):
            async def f(self) -> AsyncIterator[int]:
                yield 1
        """,
    ),
    "608: a base that raises": (
        "AGN608",
        """
        from typing import AsyncIterator
        class A:
            async def f(self) -> AsyncIterator[int]:
                '''Give numbers.'''
                # Not here.
                raise NotImplementedError(
                    "f"
                )  # overridden
                # end

            x = 1
        class B(A):
            async def f(self) -> AsyncIterator[int]:
                yield 1
        """,
        """
        from typing import AsyncIterator
        class A:
            async def f(self) -> AsyncIterator[int]:
                '''Give numbers.'''
                # Not here.
                raise NotImplementedError(
                    "f"
                )  # overridden
                # end
                yield

            x = 1
        class B(A):
            async def f(self) -> AsyncIterator[int]:
                yield 1
        """,
    ),
    "609: imports": (
        "AGN609",
        """
        from typing import Any, Iterator
        import collections.abc

        async def f() -> Iterator[int]:  # numbers
            yield 1

        async def g(x) -> collections.abc.Generator[
            int,  # item
            None, Any]:
            yield 1

        async def h() -> collections.abc.Iterable:
            yield 1
        """,
        """
        from typing import Any, AsyncIterator
        import collections.abc

        async def f() -> AsyncIterator[int]:  # numbers
            yield 1

        async def g(x) -> collections.abc.AsyncGenerator[
            int,  # item
            None]:
            yield 1

        async def h() -> collections.abc.AsyncIterable:
            yield 1
        """,
    ),
    "609: still used": (
        "AGN609",
        """
        from typing import Generator

        async def f() -> Generator[int]:
            yield 1

        def g() -> "Generator[int]":
            yield 1
        """,
        """
        from typing import AsyncGenerator, Generator

        async def f() -> AsyncGenerator[int, None]:
            yield 1

        def g() -> "Generator[int]":
            yield 1
        """,
    ),
    "308": (
        "AGN308",
        """
        async def f(x):
        \tyield x; return None  # end
        async def g(x):
            if x: return (None)
            # nothing
            return None; yield
        """,
        """
        async def f(x):
        \tyield x; return  # end
        async def g(x):
            if x: return
            # nothing
            return; yield
        """,
    ),
    "309": (
        "AGN309",
        """
        async def f(x):
            rows = []
            async for each in x:
                rows.append(each)
                if len(rows) > 2:
                    yield rows; rows.clear()  # anew
        async def g(x):
            rows = []
            async for each in x:
                rows.append(each)
                yield rows
                # anew
                del rows[:]
        """,
        """
        async def f(x):
            rows = []
            async for each in x:
                rows.append(each)
                if len(rows) > 2:
                    yield rows; rows = []  # anew
        async def g(x):
            rows = []
            async for each in x:
                rows.append(each)
                yield rows
                # anew
                rows = []
        """,
    ),
    "307": (
        "AGN307",
        """
        import contextlib
        async def inner():
            try:
                yield 1
            finally:
                await done()
        class A:
        \tasync def f(self, x):
        \t\titem = 1
        \t\tif x:
        \t\t\t# all of it

        \t\t\tyield from inner()  # inner
        \t\telse:
        \t\t\tyield from [x, item]
        """,
        """
        import contextlib
        async def inner():
            try:
                yield 1
            finally:
                await done()
        class A:
        \tasync def f(self, x):
        \t\titem = 1
        \t\tif x:
        \t\t\t# all of it

        \t\t\tasync with contextlib.aclosing(inner()) as inner_stream:  # inner
        \t\t\t\tasync for item2 in inner_stream:
        \t\t\t\t\tyield item2
        \t\telse:
        \t\t\tfor item2 in [x, item]:
        \t\t\t\tyield item2
        """,
    ),
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("name", PAIRS)
def test_repaired_as_a_careful_person_would(name: str, newline: str) -> None:
    code, *texts = PAIRS[name]
    before, after = (dedented(each).replace("\n", newline) for each in texts)
    assert repaired(code, before) == after


LEFT = {
    "606: it awaits": (
        "AGN606",
        "class A:\n    async def __aiter__(self):\n        await self.start()\n"
        "        return self\n",
    ),
    "606: it is awaited": (
        "AGN606",
        "class A:\n    async def __aiter__(self):\n        return self\n"
        "async def f():\n    return await A().__aiter__()\n",
    ),
    "606: it gives nothing": (
        "AGN606",
        "class A:\n    async def __aiter__(self):\n        self.n = 0\n",
    ),
    "606: it may give nothing": (
        "AGN606",
        "class A:\n    async def __aiter__(self):\n        if self.closed:\n"
        "            return\n        return self\n",
    ),
    "607: a name that is taken": (
        "AGN607",
        "StopAsyncIteration = StopIteration\nclass A:\n"
        "    def __aiter__(self): return self\n"
        "    async def __anext__(self):\n        raise StopIteration\n",
    ),
    "609: a list": ("AGN609", "async def f() -> list[int]:\n    yield 1\n"),
    "609: a name that is taken": (
        "AGN609",
        "from typing import Iterator\nAsyncIterator = 1\n"
        "async def f() -> Iterator[int]:\n    yield 1\n",
    ),
    "308: a value": ("AGN308", "async def f():\n    yield 1\n    return 2\n"),
    "309: a list that is kept": (
        "AGN309",
        "async def f(self, x):\n    rows = []\n    self.rows = rows\n    while x:\n"
        "        yield rows\n        rows.clear()\n",
    ),
    "309: an alias": (
        "AGN309",
        "async def f(x):\n    rows = []\n    other = rows\n    while x:\n"
        "        yield rows\n        rows.clear()\n        print(other)\n",
    ),
    "309: a parameter": (
        "AGN309",
        "async def f(rows: list):\n    while rows:\n        yield rows\n        rows.clear()\n",
    ),
    "307: its value is used": (
        "AGN307",
        "async def g():\n    yield 1\nasync def f():\n    x = yield from g()\n",
    ),
    "307: an unknown source": ("AGN307", "async def f(x):\n    yield from x\n"),
    "307: on a line with others": (
        "AGN307",
        "async def f(x):\n    if x: yield from [1]\n    x(); yield from [1]\n",
    ),
}


@pytest.mark.parametrize("name", LEFT)
def test_left_where_it_is_not_certain(name: str) -> None:
    code, text = LEFT[name]
    assert repaired(code, text, unsafe=True) == text


def test_an_override_decides_what_a_stub_is() -> None:
    text = dedented(
        """
        from typing import AsyncIterator
        class A:
            async def f(self) -> AsyncIterator[int]:
                ...
        class B(A):
            async def f(self) -> AsyncIterator[int]:
                yield 1
        """
    )
    (found,) = lint_text(text, select=("AGN608",))
    assert found.fix is not None
    assert found.fix.safety.value == "unsafe"
    assert repaired("AGN608", text) == text
    assert repaired("AGN608", text, unsafe=True) == text.replace("async def f", "def f", 1)


def test_an_exception_is_thrown_by_itself_from_python_3_12() -> None:
    text = (
        "async def f():\n    g = h()\n    await g.athrow(E, E(\n        'x'  # why\n    ))\n"
        "async def h():\n    yield\n"
    )
    assert repaired("AGN615", text) == text
    new = repaired("AGN615", text, target_version=(3, 12))
    assert new == text.replace("E, E(", "E(")
    with_traceback = text.replace("    ))", "    ), tb)")
    assert repaired("AGN615", with_traceback, unsafe=True, target_version=(3, 12)) == with_traceback


def test_a_loop_becomes_yield_from_where_python_has_that() -> None:
    before, after = (
        dedented(each)
        for each in (
            """
            from contextlib import aclosing, suppress

            async def rows():
                yield 1

            async def f():
                if x:
                    # all
                    async with aclosing(rows()) as stream:
                        async for row in stream: yield row  # each

                    # again
                    async for other in (rows()):  # anew

                        yield other
                    # behind

            async def g():
            \tasync with aclosing(rows()) as s:
            \t\tasync for row in s:
            \t\t\tyield row
            \t\tprint(s)

            async def h():
                async for row in rows():
                    # why
                    yield row
            """,
            """
            from contextlib import aclosing, suppress

            async def rows():
                yield 1

            async def f():
                if x:
                    # all
                    yield from rows()  # each

                    # again
                    yield from (rows())  # anew
                    # behind

            async def g():
            \tasync with aclosing(rows()) as s:
            \t\tyield from s
            \t\tprint(s)

            async def h():
                async for row in rows():
                    # why
                    yield row
            """,
        )
    )
    assert repaired("AGN701", before, unsafe=True) == before
    new = fix_text(before, select=("AGN701",), unsafe=True, target_version=(3, 16)).text
    assert new == after


def test_a_delegation_names_its_stream_as_loops_do() -> None:
    text = "async def row_stream():\n    yield 1\n\n\nasync def f():\n    yield from row_stream()\n"
    assert ") as row_stream2:" in repaired("AGN307", text)


def test_an_annotation_that_may_be_read_changes_only_unsafely() -> None:
    text = "from typing import Iterator\nasync def f() -> Iterator[int]:\n    yield 1\n"
    assert repaired("AGN609", text + "x = f()\n") != text + "x = f()\n"
    handed_on = text + "app.register(f)\n"
    assert repaired("AGN609", handed_on) == handed_on
    assert "AsyncIterator[int]" in repaired("AGN609", handed_on, unsafe=True)
