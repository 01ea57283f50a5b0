"""Wrapping a loop in `async with aclosing(...)`."""

from __future__ import annotations

import pytest
from fixing import compiles, dedented, fixed, fixes_of, wraps

from asyncgen_lint.rule import FixSafety

IMPORT = "from contextlib import aclosing\n"


def wrapped(body: str) -> str:
    """Return the text after wrapping its loops; both without the import."""
    return fixed(IMPORT + dedented(body), wraps).removeprefix(IMPORT)


def is_offered(body: str, target_version: tuple[int, int] = (3, 10)) -> bool:
    """Return whether some loop of the text gets a fix."""
    text = IMPORT + dedented(body)
    assert compiles(text), text
    return bool(fixes_of(text, wraps, target_version))


PAIRS = {
    "plain": (
        """
        async def f():
            async for row in rows():
                break
        """,
        """
        async def f():
            async with aclosing(rows()) as rows_stream:
                async for row in rows_stream:
                    break
        """,
    ),
    "comments": (
        """
        async def f():
            before()

            # About the loop,
            # in two lines.
            async for row in rows():  # noqa: AGN101
                # inside
                if row:  # maybe
                    break
                # at the end of the loop
            # after the loop
            after()
        # below
        """,
        """
        async def f():
            before()

            # About the loop,
            # in two lines.
            async with aclosing(rows()) as rows_stream:
                async for row in rows_stream:  # noqa: AGN101
                    # inside
                    if row:  # maybe
                        break
                    # at the end of the loop
            # after the loop
            after()
        # below
        """,
    ),
    "else": (
        """
        async def f():
            async for row in rows():
                if row:
                    break
            # nothing found
            else:
                other()
            after()
        """,
        """
        async def f():
            async with aclosing(rows()) as rows_stream:
                async for row in rows_stream:
                    if row:
                        break
                # nothing found
                else:
                    other()
            after()
        """,
    ),
    "suite on the header's line": (
        """
        async def f():
          if x:
             async for row in rows(): row(); break  # first only
        """,
        """
        async def f():
          if x:
             async with aclosing(rows()) as rows_stream:
                async for row in rows_stream: row(); break  # first only
        """,
    ),
    "tabs": (
        """
        async def f():
        \tasync for row in rows():
        \t\tif row:
        \t\t\tbreak
        """,
        """
        async def f():
        \tasync with aclosing(rows()) as rows_stream:
        \t\tasync for row in rows_stream:
        \t\t\tif row:
        \t\t\t\tbreak
        """,
    ),
    "mixed indents": (
        """
        def g():
            def h():
                pass

        async def f():
          async for row in rows():
            if row:
                    break
        """,
        """
        def g():
            def h():
                pass

        async def f():
          async with aclosing(rows()) as rows_stream:
            async for row in rows_stream:
              if row:
                      break
        """,
    ),
    "strings, brackets and backslashes": (
        '''
        async def f():
            async for row in rows(
                1,  # one
                b,
            ):
                run("""
            text
        more
                """)
                x = (1 +
                     2)
                y = 1 + \\
                    2
                break
        ''',
        '''
        async def f():
            async with aclosing(rows(
                1,  # one
                b,
            )) as rows_stream:
                async for row in rows_stream:
                    run("""
            text
        more
                """)
                    x = (1 +
                         2)
                    y = 1 + \\
                    2
                    break
        ''',
    ),
    "parentheses around the call": (
        """
        async def f():
            async for row in(rows()):
                break
            async for row in (  # why
                rows()  # these
            ):
                break
            async for row in ((rows(1))):
                break
        """,
        """
        async def f():
            async with aclosing(rows()) as rows_stream:
                async for row in rows_stream:
                    break
            async with aclosing(  # why
                rows()  # these
            ) as rows_stream:
                async for row in rows_stream:
                    break
            async with aclosing((rows(1))) as rows_stream:
                async for row in rows_stream:
                    break
        """,
    ),
    "header over two lines": (
        """
        async def f():
            async  for row in \\
                    rows() :
                break
        """,
        """
        async def f():
            async with aclosing(rows()) as rows_stream:
                async  for row in \\
                    rows_stream :
                    break
        """,
    ),
    "decorated, nested, methods, blank lines": (
        """
        class A:
            @decorated
            # why
            @again()
            async def f(self):
                try:
                    async for a, (b, *c) in self.__rows(await x, y=[z for z in u]):

                        if a:

                            return 1
                finally:
                    pass

                @d
                async def inner():
                    async for _ in self.source().items(): break
        """,
        """
        class A:
            @decorated
            # why
            @again()
            async def f(self):
                try:
                    async with aclosing(self.__rows(await x, y=[z for z in u])) as rows_stream:
                        async for a, (b, *c) in rows_stream:

                            if a:

                                return 1
                finally:
                    pass

                @d
                async def inner():
                    async with aclosing(self.source().items()) as items_stream:
                        async for _ in items_stream: break
        """,
    ),
    "neighbours keep one name": (
        """
        async def f():
            async for a in rows(1):
                break
            async for a in rows(2):
                break
        """,
        """
        async def f():
            async with aclosing(rows(1)) as rows_stream:
                async for a in rows_stream:
                    break
            async with aclosing(rows(2)) as rows_stream:
                async for a in rows_stream:
                    break
        """,
    ),
    "outer one first": (
        """
        async def f():
            async for a in rows():
                async for b in rows(a):
                    break
        """,
        """
        async def f():
            async with aclosing(rows()) as rows_stream:
                async for a in rows_stream:
                    async for b in rows(a):
                        break
        """,
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_wrapped_as_a_careful_person_would(name: str) -> None:
    before, after = PAIRS[name]
    assert wrapped(before) == dedented(after)


@pytest.mark.parametrize("name", PAIRS)
def test_windows_newlines_survive(name: str) -> None:
    before, after = ((IMPORT + dedented(each)).replace("\n", "\r\n") for each in PAIRS[name])
    assert fixed(before, wraps) == after


def test_inner_loops_follow_in_the_next_round() -> None:
    once = wrapped(
        """
        async def f():
            async for a in rows():
                async for b in rows(a):
                    yield b
        """
    )
    assert wrapped(once) == dedented(
        """
        async def f():
            async with aclosing(rows()) as rows_stream:
                async for a in rows_stream:
                    async with aclosing(rows(a)) as rows_stream2:
                        async for b in rows_stream2:
                            yield b
        """
    )


def test_a_neighbour_wrapped_later_gets_the_same_name() -> None:
    text = """
        async def f():
            async with aclosing(rows(1)) as rows_stream:
                async for a in rows_stream:
                    break
            async for a in rows(2):
                break
        """
    assert wrapped(text).count("as rows_stream:") == 2


@pytest.mark.parametrize(
    "elsewhere",
    [
        "rows_stream = 1",
        "print(rows_stream)",
        "lambda: rows_stream",
        "[rows_stream for rows_stream in x]",
        "rows_stream: int",
        "def rows_stream(): pass",
        "import rows_stream",
        "def g(rows_stream): pass",
        "global rows_stream",
        "async with aclosing(x) as rows_stream, rows_stream: pass",
        "del rows_stream",
        "try: pass\n            except E as rows_stream: pass",
        "match x:\n                case [*rows_stream]: pass",
        "match x:\n                case {1: rows_stream}: pass",
        "[0 for _ in x if (rows_stream := 1)]",
        "f'{rows_stream}'",
        "for rows_stream in x: pass",
        "class rows_stream: pass",
        "class A: rows_stream = 1",
        "x.y(lambda rows_stream=1: 0)",
    ],
)
def test_a_name_in_use_is_left_alone(elsewhere: str) -> None:
    text = wrapped(
        f"""
        async def f():
            {elsewhere}
            async for row in rows():
                break
        """
    )
    assert "as rows_stream2:" in text


@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("rows()", "rows_stream"),
        ("a.b._Rows()", "Rows_stream"),
        ("_()", "stream"),
        ("make()()", "make_stream"),
        ("table['x']()", "table_stream"),
        ("(lambda: x)()", "stream"),
        ("a[0].rows[1](2)", "rows_stream"),
    ],
)
def test_the_stream_is_named_after_what_is_called(call: str, name: str) -> None:
    text = wrapped(f"async def f():\n    async for row in {call}: break\n")
    assert f"async with aclosing({call}) as {name}:" in text


@pytest.mark.parametrize(
    "body",
    [
        "async for row in rows():\n        return row",
        "async for row in rows():\n        return [row.x]",
        "async for row in rows():\n        if row: break\n    return row",
        "async for row in rows():\n        if row: break\n    print(f'{row}')",
        "async for row in rows():\n        if row: break\n    else:\n        pass\n    row.x = 1",
        "async for row in rows():\n        found = row\n        break\n    found.use()",
        "async for row in rows():\n        a = b = (1, row)\n        break\n    use(b)",
        "async for row in rows():\n        a = row\n        b = a\n        break\n    use(b)",
        "async for row in rows():\n        if (a := row or x): break\n    use(a)",
        "async for row in rows():\n        a: object = row if x else y\n        return a",
        "async for row in rows():\n        self.row = row\n        break",
        "async for row in rows():\n        cache[1] = [row]\n        break",
        "async for row in rows():\n        match row:\n            case a: break\n    use(a)",
        "async for self.row in rows():\n        break",
        "async for a, b in rows():\n        if a: break\n    use(b)",
        "async for row in rows():\n        callbacks.append(lambda: row)\n        break",
        "async for row in rows():\n        def g(): return row\n        break",
        "async for row in rows():\n        later = (row for _ in x)\n        break",
        "global row\n    async for row in rows():\n        break",
        "while x:\n        use(row)\n        async for row in rows():\n            break",
        "for row in x:\n        async for row in rows():\n            break\n        use(row)",
        "async for row in rows(): break\n    def g():\n        nonlocal row\n        row = 1",
    ],
)
def test_not_offered_where_an_item_outlives_the_loop(body: str) -> None:
    assert not is_offered(f"async def f(self):\n    {body}\n")


@pytest.mark.parametrize(
    "body",
    [
        "async for row in rows():\n        use(row)\n        break\n    return 1",
        "async for row in rows():\n        a = row.x + 1\n        break\n    return a",
        "async for row in rows():\n        found = True\n        break\n    return found",
        "async for row in rows():\n        a = row\n        use(a)\n        break",
        "async for row in rows():\n        use([row for _ in x])\n        break",
        "async for row in rows():\n        break\n    return [row for row in x]",
        "async for row in rows():\n        break\n    return lambda row: row",
        "async for row in rows():\n        break\n    for row in x:\n        return row",
        "for row in x:\n        use(row)\n    async for row in rows():\n        break",
        "async for row in rows():\n        yield row\n        break",
        "async for row in rows():\n        return",
        "return row.x\n    async for other in rows():\n        break",
    ],
)
def test_offered_where_items_stay_in_the_loop(body: str) -> None:
    name = "row" if "return row.x" in body else "_"
    assert is_offered(f"async def f({name}):\n    {body}\n".replace("return [", "x = ["))


def test_not_offered_before_python_3_10() -> None:
    assert not is_offered("async def f():\n    async for x in rows(): break\n", (3, 9))


def test_the_fix_is_safe_and_says_what_may_change() -> None:
    (fix,) = fixes_of("async def f():\n    async for x in a.rows(1): break\n", wraps)
    assert fix.safety is FixSafety.SAFE
    assert fix.title == (
        "Iterate `a.rows()` under `aclosing`; errors in its cleanup now reach the caller"
    )


def test_a_file_without_a_last_newline() -> None:
    text = IMPORT + "async def f():\n    async for x in rows(): break"
    assert fixed(text, wraps) == IMPORT + (
        "async def f():\n"
        "    async with aclosing(rows()) as rows_stream:\n"
        "        async for x in rows_stream: break"
    )


def test_nothing_else_on_the_page_changes() -> None:
    odd = "x = [ 1,2 ]   \n\x0c\nclass  A :\n  y=1 ;z = 2;\n\n\n\n"
    text = IMPORT + odd + "async def f( ):\n    async for x in rows( 1,2 ): break   \n" + odd
    assert (
        fixed(text, wraps)
        == IMPORT
        + odd
        + (
            "async def f( ):\n"
            "    async with aclosing(rows( 1,2 )) as rows_stream:\n"
            "        async for x in rows_stream: break   \n"
        )
        + odd
    )


def test_odd_layout_survives_byte_for_byte() -> None:
    before = r'''
async def f():
    async for row in rows():
        log(f"""
  {row
    } and {x!r:>10}
end""", rb"""
\x""")
   <
        # after a line of three spaces
	<
        a = "x" \
  "y"
        match row:
            # a case
            case 1: pass
     # further out
            case _:

                def g(
                    a,  # one
                      b):
                    """Doc
                  of g."""
                    return {
                  1: 2,
                    # three
                    }
    # at the header's column
        @dec
        # between
        class A: pass; x = 1
        if row: break  # out
# at the margin
        del row
    else:
        done()
'''
    after = r'''
async def f():
    async with aclosing(rows()) as rows_stream:
        async for row in rows_stream:
            log(f"""
  {row
    } and {x!r:>10}
end""", rb"""
\x""")
   <
            # after a line of three spaces
	<
            a = "x" \
  "y"
            match row:
                # a case
                case 1: pass
     # further out
                case _:

                    def g(
                        a,  # one
                          b):
                        """Doc
                  of g."""
                        return {
                  1: 2,
                        # three
                        }
    # at the header's column
            @dec
            # between
            class A: pass; x = 1
            if row: break  # out
# at the margin
            del row
        else:
            done()
'''
    made = fixed((IMPORT + before).replace("<\n", "\n"), wraps)
    assert made == (IMPORT + after).replace("<\n", "\n")
