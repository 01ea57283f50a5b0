"""Decorators that do not fit async generator functions: caches, what wraps the call, other kinds.

A line marked `# AGN610` and the like must be reported, and no other line.
"""

from __future__ import annotations

import textwrap

import pytest
from marked import assert_marked

HEAD = """
import asyncio, contextlib, functools, inspect, time
from contextlib import asynccontextmanager, contextmanager
from functools import cache, cached_property, lru_cache, wraps
from typing import TypeVar
from unittest import mock
import anyio, backoff, cachetools, tenacity, torch
from opentelemetry import trace

F = TypeVar("F")

async def rows():
    yield 1
    yield 2
"""

CACHES = {
    "cache": "@cache  # AGN610\nasync def f():\n    yield 1",
    "cachetools": "@cachetools.cached({})  # AGN610\nasync def f():\n    yield 1",
    "cachetools with no cache": "@cachetools.cached(None)\nasync def f():\n    yield 1",
    "by keyword": "@cachetools.cached(cache=None)\nasync def f():\n    yield 1",
    "of no size": "@lru_cache(maxsize=0)\nasync def f():\n    yield 1",
    "of no size, and by type": "@lru_cache(typed=True, maxsize=0)\nasync def f():\n    yield 1",
    "of any size, and by type": (
        "@lru_cache(typed=True, maxsize=None)  # AGN610\nasync def f():\n    yield 1"
    ),
    "of any size": "@lru_cache(maxsize=None)  # AGN610\nasync def f():\n    yield 1",
    "of the usual size": "@lru_cache()  # AGN610\nasync def f():\n    yield 1",
    "of some size": "@lru_cache(4)  # AGN610\nasync def f():\n    yield 1",
    "by a call": "f = cache(rows)  # AGN610",
    "of some arguments": "f = cache(functools.partial(rows))  # AGN610",
    "by a call of a call": "f = lru_cache(None)(rows)  # AGN610",
    "a coroutine function": "@cache\nasync def f():\n    return 1",
    "gives a generator": "@cache  # AGN610\ndef f():\n    return rows()",
    "gives a generator or not": "@cache\ndef f(x):\n    return rows() if x else None",
    "gives a list or a generator": (
        "@cache\ndef f(x):\n    if x:\n        return []\n    return rows()"
    ),
    "under an unknown decorator": "@unknown\n@cache  # AGN610\nasync def f():\n    yield 1",
    "over an unknown decorator": "@cache\n@unknown\nasync def f():\n    yield 1",
    "over retry": "@cache  # AGN610\n@wrapped\nasync def f():\n    yield 1",
    "a property": (
        "class C:\n    @cached_property  # AGN610\n    async def f(self):\n        yield 1"
    ),
    "a name that is not functools'": "@memo.cache\nasync def f():\n    yield 1",
}

WRAPPED = """
def wrapped(f):
    @wraps(f)
    def w(*a):
        return f(*a)
    return w
"""


@pytest.mark.parametrize("case", CACHES)
def test_caches(case: str) -> None:
    assert_marked(HEAD + WRAPPED + CACHES[case] + "\n")


BODY = "\nasync def f():\n    yield 1\n"

KNOWN = {
    "tenacity": ("", "@tenacity.retry  # AGN611"),
    "tenacity called": ("", "@tenacity.retry(stop=1)  # AGN611"),
    "stamina iterates": ("import stamina", "@stamina.retry(on=OSError)"),
    "backoff": ("", "@backoff.on_exception(backoff.expo, OSError)  # AGN611"),
    "patch": ("", "@mock.patch('a.b', 1)  # AGN611"),
    "torch": ("", "@torch.no_grad()  # AGN611"),
    "a deadline": ("", "@anyio.fail_after(5)  # AGN611"),
    "a timeout": ("", "@asyncio.timeout(5)  # AGN611"),
    "a span": ("t = trace.get_tracer('x')", "@t.start_as_current_span('y')  # AGN611"),
    "a span of what is not known": ("t = tracer()", "@t.start_as_current_span('y')"),
    "an unknown decorator": ("", "@unknown(5)"),
    "over an unknown decorator": ("", "@tenacity.retry\n@unknown"),
    "over a transparent one": (
        "def same(f):\n    return f",
        "@tenacity.retry  # AGN611\n@same",
    ),
    "under a context manager's": ("", "@asynccontextmanager\n@tenacity.retry  # AGN611"),
    "over a context manager's": ("", "@tenacity.retry\n@asynccontextmanager"),
    "a manager in view": ("@contextmanager\ndef m():\n    yield", "@m()  # AGN611"),
    "a manager not called": ("@contextmanager\ndef m(f):\n    yield", "@m"),
    "an async manager": ("@asynccontextmanager\nasync def m():\n    yield", "@m()  # AGN611"),
    "a class": ("class M(contextlib.ContextDecorator): pass", "@M()  # AGN611"),
    "an async class": ("class M(contextlib.AsyncContextDecorator): pass", "@M()  # AGN611"),
    "a class with another call": (
        "class M(contextlib.ContextDecorator):\n    def __call__(self, f): return f",
        "@M()",
    ),
    "a class with an unknown base": (
        "from lib import Base\nclass M(Base, contextlib.ContextDecorator): pass",
        "@M()",
    ),
    "a class with a base that is made": (
        "from lib import base_of\nclass M(base_of(1), contextlib.ContextDecorator): pass",
        "@M()",
    ),
    "a class of an unknown class": (
        "from lib import Meta\nclass M(contextlib.ContextDecorator, metaclass=Meta): pass",
        "@M()",
    ),
}


@pytest.mark.parametrize("case", KNOWN)
def test_decorators_by_name(case: str) -> None:
    before, decorators = KNOWN[case]
    assert_marked(f"{HEAD}{before}\n{decorators}{BODY}")


def around(inside: str) -> str:
    return f"""
def deco(f):
    @wraps(f)
{textwrap.indent(textwrap.dedent(inside).strip(), "    ")}
    return w
"""


AROUND = {
    "with the call alone": "def w(*a):\n    with lock:\n        return f(*a)",
    "with, and the result": "def w(*a):\n    with lock:\n        x = f(*a)\n    return x",
    "with, and the result, annotated": """
        def w(*a):
            with lock:
                x: object = f(*a)
            return x
    """,
    "a catch-all": """
        def w(*a):
            try:
                return f(*a)
            except Exception:
                log()
                raise
    """,
    "a finally": "def w(*a):\n    try:\n        return f(*a)\n    finally:\n        done()",
    "a clock": """
        def w(*a):
            t = time.monotonic()
            x = f(*a)
            print(time.monotonic() - t)
            return x
    """,
    "awaits": "async def w(*a):\n    return await f(*a)",
    "awaits, and explains its error": """
        async def w(*a):
            try:
                return await f(*a)
            except TypeError as error:
                raise ValueError(a) from error
    """,
    "awaits in a timeout": "async def w(*a):\n    return await asyncio.wait_for(f(*a), 5)",
}

NOT_AROUND = {
    "with something else": """
        def w(*a):
            with lock:
                count()
                return f(*a)
    """,
    "with something else before": """
        def w(*a):
            with lock:
                count()
            return f(*a)
    """,
    "with a question": """
        def w(*a):
            with lock:
                if not closed():
                    return f(*a)
            raise LookupError
    """,
    "with, for functions that are no generators": """
        def w(*a):
            if not inspect.isasyncgenfunction(f):
                with lock:
                    return f(*a)
            return f(*a)
    """,
    "an error of the call": """
        def w(*a):
            try:
                return f(*a)
            except TypeError:
                raise ValueError
    """,
    "a clock before": "def w(*a):\n    log(time.monotonic())\n    return f(*a)",
    "awaits what can be awaited": """
        async def w(*a):
            try:
                return await f(*a)
            except TypeError:
                return f(*a)
    """,
    "awaits or iterates": """
        async def w(*a):
            if is_generator(f):
                return [x async for x in f(*a)]
            return await f(*a)
    """,
    "iterates": """
        async def w(*a):
            with lock:
                async for x in f(*a):
                    yield x
    """,
    "does not call it": "def w(*a):\n    with lock:\n        return f",
}


@pytest.mark.parametrize("case", AROUND)
def test_wrappers_around_the_call(case: str) -> None:
    assert_marked(f"{HEAD}{around(AROUND[case])}@deco  # AGN611{BODY}")


@pytest.mark.parametrize("case", NOT_AROUND)
def test_wrappers_that_are_silent(case: str) -> None:
    assert_marked(f"{HEAD}{around(NOT_AROUND[case])}@deco{BODY}")


@pytest.mark.parametrize("case", AROUND)
def test_wrappers_of_coroutine_functions_are_silent(case: str) -> None:
    body = "\nasync def f():\n    return 1\n"
    assert_marked(f"{HEAD}{around(AROUND[case])}@deco{body}")


LATER = around("async def w(*a):\n    await asyncio.sleep(0)\n    return f(*a)")
ONE = around("async def w(*a):\n    yield await f(*a)")

KINDS = {
    "iterated": (LATER, "@deco  # AGN616", "async for x in f(): pass  # AGN503", True),
    "awaited first": (LATER, "@deco", "async for x in await f(): pass", True),
    "iterated and awaited": (
        LATER,
        "@deco",
        "async for x in await f(): pass\n    async for x in f(): pass  # AGN503",
        True,
    ),
    "not used": (LATER, "@deco", "pass", True),
    "promised": (
        LATER.replace("deco(f)", "deco(f: F) -> F"),
        "@deco  # AGN616",
        "pass",
        True,
    ),
    "promised, but awaited": (
        LATER.replace("deco(f)", "deco(f: F) -> F"),
        "@deco",
        "await f()",
        True,
    ),
    "promised something else": (LATER.replace("deco(f)", "deco(f: F) -> G"), "@deco", "pass", True),
    "promised a type of its own": (
        "from typing import NewType\nN = NewType('N', object)"
        + LATER.replace("deco(f)", "deco(f: N) -> N"),
        "@deco",
        "pass",
        True,
    ),
    "promised no variable": (
        LATER.replace("deco(f)", "deco(f: object) -> object"),
        "@deco",
        "pass",
        True,
    ),
    "two decorators": (LATER, "@deco\n@deco", "pass", True),
    "a coroutine awaited": (ONE, "@deco  # AGN616", "await f()", False),
    "a coroutine iterated": (ONE, "@deco", "async for x in f(): pass", False),
    "a coroutine awaited and iterated": (
        ONE,
        "@deco",
        "await f()\n    async for x in f(): pass",
        False,
    ),
    "a coroutine not used": (ONE, "@deco", "pass", False),
}


@pytest.mark.parametrize("case", KINDS)
def test_wrappers_of_another_kind(case: str) -> None:
    deco, decorators, use, is_generator = KINDS[case]
    body = BODY if is_generator else "\nasync def f():\n    return 1\n"
    assert_marked(f"{HEAD}{deco}{decorators}{body}\nasync def use():\n    {use}\n")
