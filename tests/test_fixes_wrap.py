"""Wrapping a loop in `async with aclosing(...)`."""

from __future__ import annotations

import pytest
from fixing import comments, compiles, dedented, fixed, fixes_of, wraps

from asyncgen_lint import fix_text
from asyncgen_lint.rule import FixSafety

IMPORT = "from contextlib import aclosing\n"
ALL_WRAPPING = ("AGN101", "AGN102", "AGN103", "AGN104")


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


def test_space_on_blank_lines_survives() -> None:
    text = (
        "async def f():\n"
        "    async for row in rows():\n"
        "        first(\n"
        "    \n"
        "            row)\n"
        "     \n"
        "        break\n"
        "    \n"
        "    after()\n"
    )
    assert fixed(IMPORT + text, wraps).removeprefix(IMPORT) == (
        "async def f():\n"
        "    async with aclosing(rows()) as rows_stream:\n"
        "        async for row in rows_stream:\n"
        "            first(\n"
        "    \n"
        "                row)\n"
        "     \n"
        "            break\n"
        "    \n"
        "    after()\n"
    )


@pytest.mark.parametrize(
    ("head", "indent", "name"),
    [
        ("from x import rows_stream\n", "", "rows_stream2"),
        ("def rows_stream(): pass\n", "", "rows_stream2"),
        ("def g():\n    rows_stream = 1\n", "    ", "rows_stream2"),
        ("class A:\n    def rows_stream(self): pass\n", "    ", "rows_stream"),
        ("def g(rows_stream): pass\n", "", "rows_stream"),
    ],
)
def test_no_name_around_is_shadowed(head: str, indent: str, name: str) -> None:
    text = wrapped(
        f"{head}{indent}async def f():\n{indent}    async for row in rows():\n"
        f"{indent}        break\n"
    )
    assert f"as {name}:" in text


LONG = f"rows_of({'x' * 20}, {'y' * 14})"
"""A call for which `async with` in a function is 89 columns wide, one more than black allows."""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("indent", ["  ", "    ", "\t"])
def test_a_header_that_is_too_long_is_broken_as_by_black(indent: str, newline: str) -> None:
    text = f"async def f():\n\tasync for a in {LONG}:\n\t\t# first\n\t\tbreak\n"
    broken = (
        "async def f():\n"
        "\tasync with aclosing(\n"
        f"\t\t{LONG}\n"
        "\t) as rows_of_stream:\n"
        "\t\tasync for a in rows_of_stream:\n"
        "\t\t\t# first\n"
        "\t\t\tbreak\n"
    )
    text, broken = (each.replace("\t", indent).replace("\n", newline) for each in (text, broken))
    is_long = indent == "    "
    got = fixed(IMPORT.replace("\n", newline) + text, wraps)
    assert (got == IMPORT.replace("\n", newline) + broken) is is_long
    assert fixed(got, wraps) == got


@pytest.mark.parametrize(
    ("longest", "is_broken"), [(80, True), (88, True), (89, False), (120, False), (300, False)]
)
def test_a_header_may_be_as_long_as_the_longest_line(longest: int, is_broken: bool) -> None:
    text = wrapped(
        f"#{'-' * (longest - 1)}\nasync def f():\n    async for a in {LONG}:\n        break\n"
    )
    assert ("aclosing(\n" in text) is is_broken


def test_a_header_that_was_too_long_already_is_left_alone() -> None:
    header = f"    async with a(b({'x' * 99})) as c:\n"
    text = f"async def f():\n{header}        async for a in rows():\n            break\n"
    assert header in wrapped(text)


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
        ("self._row_stream()", "row_stream"),
        ("row_stream()", "row_stream2"),
        ("client.stream()", "stream"),
        ("upstream()", "upstream_stream"),
        ("super().__rows__()", "rows_stream"),
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


@pytest.mark.parametrize(
    "body",
    [
        "async for row in rows():\n        use(row)\n    return row",
        "a = []\n    async for row in rows():\n        a.append(row)\n        yield 1\n    use(a)",
        "async for row in rows():\n        for x in row:\n            break\n    print(row)",
        "async for row in rows():\n        if row: continue\n    print(row)",
    ],
)
def test_offered_where_items_are_used_behind_the_last_one(body: str) -> None:
    assert is_offered(f"async def f(self):\n    {body}\n".replace("return row", "use(row)"))


@pytest.mark.parametrize(
    "body",
    [
        "async for row in rows():\n        use(row)\n        if row: break\n    print(row)",
        "async for row in rows():\n        for x in row: pass\n        else: break\n    print(row)",
        "try:\n        async for row in rows():\n            use(row)\n"
        "    except ValueError:\n        print(row)",
        "async for row in rows():\n        use(row)\n    return lambda: row",
        "async for row in rows():\n        self.rows.append(row)",
    ],
)
def test_not_offered_where_items_may_be_used_sooner(body: str) -> None:
    assert not is_offered(f"async def f(self):\n    {body}\n")


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


# Generators that have a name

SOURCE = """
async def rows(*args):
    async with args[0]:
        yield args


async def numbers(db) -> AsyncIterator[int]:
    async with db:
        yield 1


"""
HEAD = f"from collections.abc import AsyncIterator\n{IMPORT}{SOURCE}"


def repaired(body: str, *, unsafe: bool = False) -> str:
    """Return a text after the fixes that rules make in it; both without its head."""
    result = fix_text(HEAD + dedented(body), select=ALL_WRAPPING, unsafe=unsafe)
    assert result.text.startswith(HEAD)
    assert compiles(result.text), result.text
    assert comments(result.text) == comments(HEAD + dedented(body))
    return result.text.removeprefix(HEAD)


NAMED = {
    "made right above": (
        """
        async def f(db):
            # Why.
            found = rows(db)  # these

            # How.
            async for row in found:
                if row: break  # first
            # after
            return 1
        """,
        """
        async def f(db):
            # Why.
            async with aclosing(rows(db)) as found:  # these
                # How.
                async for row in found:
                    if row: break  # first
            # after
            return 1
        """,
    ),
    "made further above": (
        """
        async def f(db):
            found = rows(db)
            total = 0

            # How.
            async for row in found:
                total += 1
                break
            else:
                total = 2
            return total
        """,
        """
        async def f(db):
            found = rows(db)
            total = 0

            # How.
            async with aclosing(found):
                async for row in found:
                    total += 1
                    break
                else:
                    total = 2
            return total
        """,
    ),
    "annotated": (
        """
        async def f(db):
            found: object = rows(db)
            async for row in found: break
        """,
        """
        async def f(db):
            found: object = rows(db)
            async with aclosing(found):
                async for row in found: break
        """,
    ),
    "on a line with others": (
        """
        async def f(db):
            n = 1; found = rows(db)
            async for row in found: break
        """,
        """
        async def f(db):
            n = 1; found = rows(db)
            async with aclosing(found):
                async for row in found: break
        """,
    ),
    "a type comment": (
        """
        async def f(db):
            found = rows(db)  # type: AsyncIterator[object]
            async for row in found:  # type: object
                break
        """,
        """
        async def f(db):
            async with aclosing(rows(db)) as found:  # type: AsyncIterator[object]
                async for row in found:  # type: object
                    break
        """,
    ),
    "read again": (
        """
        async def f(db):
            found = rows(db)
            async for row in found:
                break
            print("rest")
            async for row in found:
                if row:
                    break
            print("done")
        """,
        """
        async def f(db):
            async with aclosing(rows(db)) as found:
                async for row in found:
                    break
                print("rest")
                async for row in found:
                    if row:
                        break
            print("done")
        """,
    ),
    "an item is used behind the loop": (
        """
        async def f(db):
            found = rows(db)
            async for row in found:
                break
            print(row)
        """,
        """
        async def f(db):
            async with aclosing(rows(db)) as found:
                async for row in found:
                    break
                print(row)
        """,
    ),
    "an item that is plain is returned": (
        """
        async def f(db):
            async for row in numbers(db):
                return row
        """,
        """
        async def f(db):
            async with aclosing(numbers(db)) as numbers_stream:
                async for row in numbers_stream:
                    return row
        """,
    ),
    "in a try with else, in a match": (
        """
        async def f(db):
            try:
                pass
            except ValueError:
                pass
            else:
                match db:
                    case 1:
                        found = rows(db)
                        async for row in found:
                            break
            finally:
                pass
        """,
        """
        async def f(db):
            try:
                pass
            except ValueError:
                pass
            else:
                match db:
                    case 1:
                        async with aclosing(rows(db)) as found:
                            async for row in found:
                                break
            finally:
                pass
        """,
    ),
    "in a loop, a nested function, a method": (
        """
        class A:
            def g(self):
                @decorated
                async def f(db):
                    while db:
                        found = rows(db)
                        async for row in found:
                            break
                        else:
                            continue
                        break

                return f
        """,
        """
        class A:
            def g(self):
                @decorated
                async def f(db):
                    while db:
                        async with aclosing(rows(db)) as found:
                            async for row in found:
                                break
                            else:
                                continue
                        break

                return f
        """,
    ),
    "several, one after another": (
        """
        async def f(db):
            a = rows(db)
            b = rows(db, 1)
            while db:
                print(await anext(a) == await anext(b))
        """,
        """
        async def f(db):
            async with aclosing(rows(db)) as a, aclosing(rows(db, 1)) as b:
                while db:
                    print(await anext(a) == await anext(b))
        """,
    ),
    "several, with a comment between": (
        """
        async def f(db):
            a = rows(db)
            # more
            b = rows(db, 1)
            async for x in a:
                async for y in b:
                    return
        """,
        """
        async def f(db):
            a = rows(db)
            # more
            async with aclosing(rows(db, 1)) as b:
                async with aclosing(a):
                    async for x in a:
                        async for y in b:
                            return
        """,
    ),
    "a comprehension": (
        """
        async def f(db):
            # All.
            return [int(row) async for row in(rows(db))]  # of them
        """,
        """
        async def f(db):
            # All.
            async with aclosing(rows(db)) as rows_stream:
                return [int(row) async for row in rows_stream]  # of them
        """,
    ),
    "a comprehension behind names": (
        """
        async def f(db):
            seen = print("a", {int(r) async for r in rows(db)}, *db())
        """,
        """
        async def f(db):
            async with aclosing(rows(db)) as rows_stream:
                seen = print("a", {int(r) async for r in rows_stream}, *db())
        """,
    ),
    "a comprehension over several lines": (
        """
        async def f(db):
            return [
                int(row)
                async for row in rows(
                    db,  # one
                    # two
                    [
                        2,
                    ],
                )
                if row
            ]
        """,
        """
        async def f(db):
            async with aclosing(rows(
                db,  # one
                # two
                [
                    2,
                ],
            )) as rows_stream:
                return [
                    int(row)
                    async for row in rows_stream
                    if row
                ]
        """,
    ),
    "a comprehension over aligned lines": (
        """
        async def f(db):
            return {int(row) async for row in rows(db,
                                                   2)}
        """,
        """
        async def f(db):
            async with aclosing(rows(db,
                                                   2)) as rows_stream:
                return {int(row) async for row in rows_stream}
        """,
    ),
    "a comprehension over a name": (
        """
        async def f(db):
            found = rows(db)
            numbers = {int(row): 1 async for row in found}
            return numbers
        """,
        """
        async def f(db):
            async with aclosing(rows(db)) as found:
                numbers = {int(row): 1 async for row in found}
            return numbers
        """,
    ),
    "steps": (
        '''
        async def f(db):
            if db:
                found = rows(db)
                db.log("""
            a
        text""")
                size = int(await anext(found))
                # then
                row = await found.asend(None)
                if row.n == size:
                    return size
                print(f"{row}")
            # below
            return 0
        ''',
        '''
        async def f(db):
            if db:
                found = rows(db)
                db.log("""
            a
        text""")
                async with aclosing(found):
                    size = int(await anext(found))
                    # then
                    row = await found.asend(None)
                    if row.n == size:
                        return size
                    print(f"{row}")
            # below
            return 0
        ''',
    ),
}


@pytest.mark.parametrize("name", NAMED)
def test_named_ones_are_wrapped_with_all_that_uses_them(name: str) -> None:
    before, after = NAMED[name]
    assert repaired(before) == dedented(after)
    assert repaired(after) == dedented(after)


@pytest.mark.parametrize("name", NAMED)
def test_named_ones_in_a_file_with_tabs(name: str) -> None:
    before, after = (dedented(each).replace("    ", "\t") for each in NAMED[name])
    head = HEAD.replace("    ", "\t")
    assert fix_text(head + before, select=ALL_WRAPPING).text == head + after


@pytest.mark.parametrize(
    "body",
    [
        # used elsewhere, or by others
        "g = rows(db)\n    async for x in g: break\n    print(g)",
        "g = rows(db)\n    h = g\n    async for x in g: break",
        "g = h = rows(db)\n    async for x in g: break",
        "g = rows(db)\n    async for x in g: break\n    def later(): return g",
        "g = rows(db)\n    async for x in g: break\n    return (y async for y in g)",
        "global g\n    g = rows(db)\n    async for x in g: break",
        "g = rows(db)\n    g = rows(db)\n    async for x in g: break",
        "for _ in db:\n        g = rows(db)\n        async for x in g: break\n    await anext(g)",
        "if db: g = rows(db)\n    async for x in g: break",
        "g = rows(db)\n    t = create_task(anext(g))\n    await t",
        "g = rows(db)\n    async for x in g:\n        break\n    g.aclose()",
        "g = rows(db)\n    try:\n        async for x in g: db(x)\n    except ValueError: pass\n"
        "    return lambda: x",
        "while db:\n        if db.n:\n            async for x in g: break\n        g = rows(db)",
        # an item goes further
        "g = rows(db)\n    async for x in g: return x",
        "g = rows(db)\n    return await anext(g)",
        "g = rows(db)\n    x = await anext(g)\n    return [x]",
        "g = rows(db)\n    x = await anext(g)\n    db.x = x",
        "a = []\n    async for x in rows(db):\n        a.append(x)\n        break\n    return a",
        "async for x in rows(db):\n        db.append(x)\n        break",
        "async for x in rows(db):\n        await db.queue.put((1, x))\n        break",
        "if db:\n        g = rows(db)\n        x = await anext(g)\n    print(x)",
        # not evaluated first, not always, more than once, elsewhere
        "return db(), [int(x) async for x in rows(db)]",
        "return db and [int(x) async for x in rows(db)]",
        "return [y for y in z async for x in rows(y)]",
        "return [y async for x in rows(db) async for y in rows(x)]",
        "return lambda: [int(x) async for x in rows(db)]",
        "if [int(x) async for x in rows(db)]: return 1",
        "return list([int(x)] async for x in rows(db))",
        "a = 1; return [int(x) async for x in rows(db)]",
    ],
)
def test_named_ones_are_left_alone(body: str) -> None:
    text = f"async def f(db):\n    {body}\n"
    if body.startswith("return lambda"):
        assert not compiles(text)
        return
    assert repaired(text, unsafe=True) == text


@pytest.mark.parametrize(
    "last",
    [
        "return x.user",
        "return await db.load(x)",
        "y = x.rows\n    return y",
        "db.x = x.rows",
        "await work(x)",
        "return sorted(x.rows)",
    ],
)
def test_what_is_made_of_an_item_makes_it_unsafe(last: str) -> None:
    text = f"async def f(db):\n    g = rows(db)\n    x = await anext(g)\n    {last}\n"
    assert repaired(text) == text
    assert "async with aclosing(rows(db)) as g:" in repaired(text, unsafe=True)


@pytest.mark.parametrize(
    "last",
    ["return x > 1", "return f'{x.user}'", "return not x", "print(x)", "return len(x), 1", "x.f()"],
)
def test_what_refers_to_no_item_keeps_it_safe(last: str) -> None:
    text = f"async def f(db):\n    g = rows(db)\n    x = await anext(g)\n    {last}\n"
    assert "async with aclosing(rows(db)) as g:" in repaired(text)


def test_a_handler_in_between_may_leave_the_generator_open() -> None:
    body = "try:\n        async for x in g: db(x)\n    except ValueError: pass\n    print(x)"
    text = f"async def f(db):\n    g = rows(db)\n    {body}\n"
    # All that uses an item comes along.
    assert repaired(text).endswith("        except ValueError: pass\n        print(x)\n")
