"""StopIteration and StopAsyncIteration: returning instead, and handlers that never run."""

from __future__ import annotations

import sys

import pytest
from fixing import compiles, dedented

from asyncgen_lint import fix_text, lint_text


def repaired(text: str, code: str, *, unsafe: bool = False) -> str:
    """Return a text after the fixes of one rule, which must compile and stay as they are."""
    new = fix_text(text, select=[code], unsafe=unsafe).text
    assert compiles(new), new
    assert fix_text(new, select=[code], unsafe=unsafe).text == new
    return new


def offered(text: str, code: str) -> str:
    """Return the safety of the fix of the only finding, `none` without one."""
    (found,) = lint_text(text, select=[code])
    assert found.code == code
    return found.fix.safety.value if found.fix else "none"


# AGN406: returning at the end of what is stepped


STEPPED = """
async def f(it, other):
    while True:
        x = await anext(it)
        yield x
"""
GUARDED = """
async def f(it, other):
    while True:
        try:
            x = await anext(it)
        except StopAsyncIteration:
            return
        yield x
"""


@pytest.mark.parametrize("above", ["", "# c\n        ", "\n        # c\n        "])
@pytest.mark.parametrize(
    "step",
    [
        "x = await anext(it)  # d",
        "x = await it.__anext__()",
        "x: int = await it.asend(1)",
        "x = await anext(it.source)",
        "x = (await anext(  # d\n            it))",
        "x, y = await anext(it)",
    ],
)
def test_step_at_the_start_of_a_turn_is_guarded(above: str, step: str) -> None:
    text = STEPPED.replace("x = await anext(it)", above + step)
    # Lines within parentheses are indented with what they belong to.
    inner = step.replace("\n", "\n    ")
    wanted = GUARDED.replace("try:", f"{above}try:").replace("x = await anext(it)", inner)
    assert repaired(text, "AGN406") == wanted


def test_a_yielded_step_is_taken_before_the_yield() -> None:
    text = dedented(
        """
        async def f(it):
        \twhile 1:

        \t\t# a
        \t\tyield await anext(it)  # b
        \t\tawait sleep(1)
        """
    )
    assert repaired(text, "AGN406") == dedented(
        """
        async def f(it):
        \twhile 1:

        \t\t# a
        \t\ttry:
        \t\t\titem = await anext(it)  # b
        \t\texcept StopAsyncIteration:
        \t\t\treturn
        \t\tyield item
        \t\tawait sleep(1)
        """
    )


def test_crlf_and_strings_stay() -> None:
    text = STEPPED.replace("yield x", "yield '''\n a'''\n").replace("\n", "\r\n")
    wanted = GUARDED.replace("yield x", "yield '''\n a'''\n").replace("\n", "\r\n")
    assert repaired(text, "AGN406") == wanted


@pytest.mark.parametrize(
    ("change", "safety"),
    [
        (("yield x", "yield x"), "safe"),
        (("yield x", "if x: yield x\n        else: continue"), "safe"),
        (("yield x", "y = x + 1\n        await other.send(y)\n        yield y"), "safe"),
        (("yield x", "for y in x: yield y"), "unsafe"),
        (("yield x", "other.append(x)\n        yield x"), "unsafe"),
        (("yield x", "other += x\n        yield x"), "unsafe"),
        (("yield x", "other = x\n        yield x"), "unsafe"),
        (("yield x", "other[x] = x\n        yield x"), "unsafe"),
        (("yield x", "yield x\n    print(x)"), "unsafe"),
        (("yield x", "yield (last := x)"), "unsafe"),
        (("while True", "while other"), "unsafe"),
        (("while True", "for _ in range(3)"), "unsafe"),
        (("    while True:\n", "    while other:\n      while True:\n"), "unsafe"),
        (
            ("    while True:\n", "    async with asyncio.timeout(1):\n      while True:\n"),
            "unsafe",
        ),
        (("    while True:\n", "    try: pass\n    finally:\n      while True:\n"), "none"),
        (("x = await", "print(x)\n        x = await"), "none"),
        (("x = await anext(it)", "x = await anext(it); print(x)"), "none"),
        (("x = await anext(it)", "x = 1 + await anext(it)"), "none"),
        (("x = await anext(it)", "x = [await anext(it)]"), "none"),
        (("x = await anext(it)", "x, y = await asyncio.gather(anext(it), other)"), "none"),
        (("x = await anext(it)", "x = await anext(aiter(it))"), "none"),
        (("x = await anext(it)", "print(await anext(it))"), "none"),
        (("x = await anext(it)\n        yield x", "yield await anext(it), 1"), "none"),
        (("x = await anext(it)\n        yield x", "y = yield await anext(it)"), "none"),
        (("(it, other)", "(it, StopAsyncIteration)"), "none"),
    ],
)
def test_return_at_the_end_only_where_nothing_is_lost(change: tuple[str, str], safety: str) -> None:
    text = "import asyncio\n" + STEPPED.replace(*change)
    assert compiles(text), text
    assert offered(text, "AGN406") == safety
    repaired(text, "AGN406", unsafe=True)


def test_one_line_loop_stays() -> None:
    text = "async def f(it):\n    while True: yield await anext(it)\n"
    assert repaired(text, "AGN406") == text


# AGN409: handlers that never run


HANDLED = """
async def f(source, log):
    # a
    try:
        # b
        async for x in source:  # c
            s = '''
  d'''
            # e
    except StopAsyncIteration:  # g
        log(s)
        # h
    # i
"""


def test_handler_becomes_the_else_of_the_loop() -> None:
    assert repaired(HANDLED, "AGN409") == HANDLED
    assert (
        repaired(HANDLED, "AGN409", unsafe=True)
        == """
async def f(source, log):
    # a
    # b
    async for x in source:  # c
        s = '''
  d'''
        # e
    else:  # g
        log(s)
        # h
    # i
"""
    )


def test_handler_under_a_finally_becomes_the_else_of_the_loop() -> None:
    text = HANDLED.replace("    # i\n", "    finally:  # i\n        log()\n")
    assert repaired(text, "AGN409", unsafe=True) == text.replace(
        "    except StopAsyncIteration:  # g\n        log(s)\n        # h\n",
        "        else:  # g\n            log(s)\n            # h\n",
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "try:\n        async for x in source: pass\n    except StopAsyncIteration: pass",
            "async for x in source: pass",
        ),
        (
            "try:\n        async for x in source: pass\n    except StopAsyncIteration: ...",
            "async for x in source: pass",
        ),
        (
            "try:\n        return [x async for x in source]\n    except StopAsyncIteration:\n"
            "        pass",
            "return [x async for x in source]",
        ),
        (
            "try:\n        async for x in source: pass\n    except StopAsyncIteration: pass\n"
            "    finally: log()",
            "try:\n        async for x in source: pass\n    finally: log()",
        ),
    ],
)
def test_handler_that_does_nothing_is_dropped(before: str, after: str) -> None:
    text = f"async def f(source, log):\n    {before}\n"
    assert offered(text, "AGN409") == "safe"
    assert repaired(text, "AGN409") == f"async def f(source, log):\n    {after}\n"


@pytest.mark.parametrize(
    "change",
    [
        ("    # i\n", "    except ValueError: pass\n"),
        ("    # i\n", "    else: pass\n"),
        ("try:\n", "try:\n        log.clear\n"),
        ("try:", "try:  # j"),
        ("StopAsyncIteration:", "StopAsyncIteration as e:"),
        ("log(s)", "raise"),
        ("    except", "        else: pass\n    except"),
        ("log(s)\n        # h", "pass"),
    ],
)
def test_handler_stays_where_more_would_change(change: tuple[str, str]) -> None:
    text = HANDLED.replace(*change)
    assert compiles(text), text
    assert offered(text, "AGN409") == "none"
    assert repaired(text, "AGN409", unsafe=True) == text


def test_handler_in_a_loop_of_its_own() -> None:
    text = dedented(
        """
        async def f(sources):
            while sources:
                try:
                    async for x in sources.pop(): print(x)
                except StopAsyncIteration:
                    break
        """
    )
    assert repaired(text, "AGN409", unsafe=True) == dedented(
        """
        async def f(sources):
            while sources:
                async for x in sources.pop(): print(x)
                else:
                    break
        """
    )


# AGN405: returning in place of a raise


RAISED = """
async def f(it, lock):
    try:
        async with lock:
            while x := await it():
                raise StopAsyncIteration  # a
            yield x
    finally:
        it.close()
"""


@pytest.mark.parametrize(
    ("manager", "statement", "safety"),
    [
        ("if it", "raise StopAsyncIteration", "safe"),
        ("if it", "raise StopIteration(1) from None; print(x)", "safe"),
        ("if it", "raise StopAsyncIteration(await it())", "none"),
        ("async with asyncio.timeout(1)", "raise StopAsyncIteration", "unsafe"),
    ],
)
def test_return_in_place_of_a_raise(manager: str, statement: str, safety: str) -> None:
    text = RAISED.replace("async with lock", manager)
    text = "import asyncio\n" + text.replace("raise StopAsyncIteration", statement)
    assert compiles(text), text
    assert offered(text, "AGN405") == safety
    returned = statement.partition(";")
    after = text.replace(statement, f"return{returned[1]}{returned[2]}")
    assert repaired(text, "AGN405", unsafe=True) == (text if safety == "none" else after)


@pytest.mark.parametrize(("decorator", "safety"), [("", "safe"), ("@asynccontextmanager", "none")])
def test_no_return_that_swallows_what_the_body_raised(decorator: str, safety: str) -> None:
    text = dedented(
        f"""
        from contextlib import asynccontextmanager
        {decorator}
        async def f(it):
            try:
                yield it
            except OSError:
                raise StopAsyncIteration("inside") from None
        """
    )
    assert offered(text, "AGN405") == safety
    normal = text.replace(
        "    except OSError:\n        ", "    finally:\n        pass\n    if it:\n        "
    )
    assert compiles(normal)
    assert offered(normal, "AGN405") == "safe"


@pytest.mark.parametrize("caught", ["StopAsyncIteration", "Exception", "(OSError, Exception)"])
def test_no_return_where_a_handler_takes_the_stop(caught: str) -> None:
    # The handler's code would not run any more.
    text = RAISED.replace("async with lock", "if lock")
    text = text.replace("    finally:", f"    except {caught}:\n        yield 1\n    finally:")
    assert not lint_text(text, select=["AGN405"])
    assert repaired(text, "AGN405", unsafe=True) == text
    other = text.replace(caught, "OSError")
    assert repaired(other, "AGN405") == other.replace("raise StopAsyncIteration", "return")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="except* is new in Python 3.11")
def test_no_return_in_the_handler_of_a_group() -> None:
    text = dedented(
        """
        async def f(it):
            try:
                yield 1
            except* OSError:
                raise StopAsyncIteration
        """
    )
    assert offered(text, "AGN405") == "none"
    stepping = text.replace(
        "        raise StopAsyncIteration", "        while True:\n            yield await anext(it)"
    )
    assert compiles(stepping)
    assert offered(stepping, "AGN406") == "none"


# AGN516: a default for `next` in a thread


THREAD = """
import asyncio, functools
async def f(it, log):
    while True:
        x = await asyncio.to_thread(next, it)
        yield x
"""
SENTINEL = """
import asyncio, functools
async def f(it, log):
    done = object()
    while True:
        x = await asyncio.to_thread(next, it, done)
        if x is done:
            break
        yield x
"""
STEP = "asyncio.to_thread(next, it)"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (STEP, "asyncio.to_thread(next, it, done)"),
        ("asyncio.to_thread( next, it )", "asyncio.to_thread( next, it, done )"),
        ("asyncio.to_thread(next, it,)", "asyncio.to_thread(next, it, done,)"),
        (
            "asyncio.to_thread(\\n            next,  # a\\n            it,  # b\\n        )",
            None,
        ),
        ("log.run_in_executor(None, next, it)", "log.run_in_executor(None, next, it, done)"),
        ("asyncio.to_thread(lambda: next(it))", "asyncio.to_thread(lambda: next(it, done))"),
        (
            "asyncio.to_thread(functools.partial(next, it))",
            "asyncio.to_thread(functools.partial(next, it, done))",
        ),
        (
            "asyncio.to_thread(functools.partial(next), it)",
            "asyncio.to_thread(functools.partial(next), it, done)",
        ),
    ],
)
def test_next_gets_a_default(before: str, after: str | None) -> None:
    text = THREAD.replace(STEP, before.replace("\\n", "\n"))
    new = repaired(text, "AGN516")
    if after is None:
        assert new == text
    else:
        assert new == SENTINEL.replace("asyncio.to_thread(next, it, done)", after)


def test_comments_around_the_step_stay() -> None:
    text = THREAD.replace("    while", "\n    # a\n    while").replace(
        "x = await asyncio.to_thread(next, it)",
        "# b\n        yield await asyncio.to_thread(next, it)  # c",
    )
    assert repaired(text, "AGN516") == SENTINEL.replace(
        "    while", "\n    # a\n    while"
    ).replace(
        "x = await asyncio.to_thread(next, it, done)",
        "# b\n        item = await asyncio.to_thread(next, it, done)  # c",
    ).replace("if x", "if item").replace(
        "        yield x\n", "        yield item\n        yield x\n"
    )


def test_handler_for_the_stop_becomes_the_test() -> None:
    text = dedented(
        """
        import asyncio
        async def f(it, done):
            if it:
                # a
                for n in it:
                    print(n)
                    # b
                    try:
                        # c
                        x = await asyncio.to_thread(next, it)  # d
                    except StopIteration:  # e
                        # f
                        return
                    print(x)
        """
    )
    assert repaired(text, "AGN516") == dedented(
        """
        import asyncio
        async def f(it, done):
            if it:
                done2 = object()
                # a
                for n in it:
                    print(n)
                    # b
                    # c
                    x = await asyncio.to_thread(next, it, done2)  # d
                    if x is done2:  # e
                        # f
                        return
                    print(x)
        """
    )


def test_handler_outside_of_loops_becomes_the_test() -> None:
    text = dedented(
        """
        import asyncio
        async def f(it):
            try:
                x = await asyncio.to_thread(next, it)
            except StopIteration:
                x = None
            return x
        """
    )
    assert repaired(text, "AGN516") == dedented(
        """
        import asyncio
        async def f(it):
            done = object()
            x = await asyncio.to_thread(next, it, done)
            if x is done:
                x = None
            return x
        """
    )


@pytest.mark.parametrize(
    ("change", "safety"),
    [
        (("yield x", "yield x"), "safe"),
        (("yield x", "log.append(x)\n        yield x"), "unsafe"),
        (("    while True:\n", "    while log:\n      while True:\n"), "unsafe"),
        (("while True", "while log"), "none"),
        (("while True", "for _ in log"), "none"),
        (("yield x", "yield x\n    else:\n        pass"), "none"),
        (("x = await", "log()\n        x = await"), "none"),
        (("x = await", "x, y = await"), "none"),
        (("x = await", "x.y = await"), "none"),
        (("x = await", "x = y = await"), "none"),
        (("x = await", "x = 1 + await"), "none"),
        (("x = await", "x ="), "none"),
        (("    while True:\n", "    with suppress(RuntimeError):\n      while True:\n"), "none"),
        (
            (
                "    while True:\n        x = await asyncio.to_thread(next, it)\n        yield x\n",
                "    try:\n        while True:\n            x = await asyncio.to_thread(next, it)\n"
                "    except Exception: pass\n",
            ),
            "none",
        ),
    ],
)
def test_default_only_where_it_is_clear_how_to_stop(change: tuple[str, str], safety: str) -> None:
    text = THREAD.replace(*change)
    assert compiles(text), text
    assert offered(text, "AGN516") == safety
    repaired(text, "AGN516", unsafe=True)


# AGN410 and 411: other exceptions


@pytest.mark.parametrize("name", ["", "BaseException = 1", "from errors import BaseException"])
def test_release_for_all_only_where_the_name_is_the_builtin(name: str) -> None:
    text = dedented(
        f"""
        {name}
        async def rows(db):
            conn = await db.connect()
            try:
                await conn.setup()
            except Exception:
                await conn.close()
                raise
            yield 1
            yield 2
        """
    )
    assert offered(text, "AGN410") == ("none" if name else "unsafe")


@pytest.mark.parametrize("name", ["", "StopAsyncIteration = 1"])
def test_right_stop_only_where_the_name_is_the_builtin(name: str) -> None:
    text = dedented(
        f"""
        async def f(it):
            {name or "pass"}
            try:
                return await anext(it)
            except StopIteration:
                return None
        """
    )
    assert offered(text, "AGN411") == ("none" if name else "safe")
