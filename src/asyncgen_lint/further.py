"""Where a rule's subject is met elsewhere: other linters, and what to read. One row a rule.

A code of another linter stands here if it reports some of the same lines, or is taken to.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Further:
    """The codes of other linters, each with what it is; and what to read, as names of sources."""

    linters: tuple[str, ...]
    references: tuple[str, ...]


SOURCES = {
    "PEP 342": ("Coroutines via Enhanced Generators", "peps.python.org/pep-0342/"),
    "PEP 380": ("Syntax for Delegating to a Subgenerator", "peps.python.org/pep-0380/"),
    "PEP 479": ("Change StopIteration handling inside generators", "peps.python.org/pep-0479/"),
    "PEP 492": ("Coroutines with async and await syntax", "peps.python.org/pep-0492/"),
    "PEP 525": ("Asynchronous Generators", "peps.python.org/pep-0525/"),
    "PEP 530": ("Asynchronous Comprehensions", "peps.python.org/pep-0530/"),
    "PEP 533": ("Deterministic cleanup for iterators", "peps.python.org/pep-0533/"),
    "PEP 567": ("Context Variables", "peps.python.org/pep-0567/"),
    "PEP 765": ("Disallow return/break/continue in finally", "peps.python.org/pep-0765/"),
    "PEP 789": ("Limiting yield in some async contexts", "peps.python.org/pep-0789/"),
    "PEP 828": ("`yield from` in asynchronous generators", "peps.python.org/pep-0828/"),
    "practices": (
        "asyncio, asynchronous generators best practices",
        "docs.python.org/3/library/asyncio-dev.html",
    ),
    "agen": (
        "Language Reference, asynchronous generator functions",
        "docs.python.org/3/reference/expressions.html#asynchronous-generator-functions",
    ),
    "agen methods": (
        "Language Reference, asynchronous generator-iterator methods",
        "docs.python.org/3/reference/expressions.html#asynchronous-generator-iterator-methods",
    ),
    "async for": (
        "Language Reference, the `async for` statement",
        "docs.python.org/3/reference/compound_stmts.html#the-async-for-statement",
    ),
    "async iterators": (
        "Language Reference, asynchronous iterators",
        "docs.python.org/3/reference/datamodel.html#asynchronous-iterators",
    ),
    "contextlib": (
        "contextlib, utilities for `with` statement contexts",
        "docs.python.org/3/library/contextlib.html",
    ),
    "functools": ("functools, `cache`", "docs.python.org/3/library/functools.html"),
    "inspect": (
        "inspect, `isasyncgenfunction`",
        "docs.python.org/3/library/inspect.html#inspect.isasyncgenfunction",
    ),
    "tasks": ("asyncio, coroutines and tasks", "docs.python.org/3/library/asyncio-task.html"),
    "loop": ("asyncio, event loop", "docs.python.org/3/library/asyncio-eventloop.html"),
    "typing": (
        "typing, `AsyncGenerator`",
        "docs.python.org/3/library/typing.html#typing.AsyncGenerator",
    ),
    "StopAsyncIteration": (
        "Built-in exceptions, `StopAsyncIteration`",
        "docs.python.org/3/library/exceptions.html#StopAsyncIteration",
    ),
    "gh-74956": (
        "CPython issue 74956, two tasks inside an async generator",
        "github.com/python/cpython/issues/74956",
    ),
    "gh-112182": (
        "CPython issue 112182, `StopIteration` in a thread hangs asyncio",
        "github.com/python/cpython/issues/112182",
    ),
    "FastAPI": (
        "FastAPI, dependencies with `yield`",
        "fastapi.tiangolo.com/tutorial/dependencies/dependencies-with-yield/",
    ),
    "mypy": (
        "mypy, asynchronous iterators",
        "mypy.readthedocs.io/en/stable/more_types.html#asynchronous-iterators",
    ),
    "pytest": ("pytest, fixtures with `yield`", "docs.pytest.org/en/stable/how-to/fixtures.html"),
    "trio": ("trio, tasks", "trio.readthedocs.io/en/stable/reference-core.html"),
}
"""What references are called, what they are, and where."""

_900 = "ASYNC900 of flake8-async (any async generator that is no context manager)"
_119 = "ASYNC119 of flake8-async (yield in any context manager)"
_911 = "ASYNC911 of flake8-async (async generators without checkpoints)"
_103 = "ASYNC103 and ASYNC104 of flake8-async (cancellation not raised again)"
_BLIND = "BLE001 of flake8-blind-except and E722 of pycodestyle (the handler, whatever is in it)"
_TYPES = "mypy and pyright, in annotated code"
_R1708 = "R1708 of pylint (sync generators)"

FURTHER = {
    "AGN101": Further((_900,), ("practices", "PEP 525", "PEP 533")),
    "AGN102": Further((_900,), ("practices", "PEP 525", "PEP 533")),
    "AGN103": Further((_900,), ("practices", "PEP 533", "PEP 828")),
    "AGN104": Further((), ("practices", "agen methods", "PEP 525")),
    "AGN105": Further((), ("agen", "PEP 525")),
    "AGN106": Further((), ("agen", "PEP 525")),
    "AGN107": Further(("RUF006 of ruff (a task that nothing holds)",), ("tasks", "PEP 525")),
    "AGN108": Further((), ("agen methods", "PEP 525")),
    "AGN109": Further((), ("practices", "PEP 533")),
    "AGN201": Further((_TYPES,), ("agen methods", "PEP 525")),
    "AGN202": Further((), ("practices", "contextlib")),
    "AGN203": Further((), ("practices", "PEP 525")),
    "AGN204": Further((), ("async iterators", "PEP 533")),
    "AGN205": Further((_TYPES,), ("contextlib", "agen methods")),
    "AGN206": Further((), ("loop", "PEP 525")),
    "AGN207": Further((_TYPES,), ("contextlib",)),
    "AGN208": Further((), ("practices", "PEP 789")),
    "AGN209": Further(("ASYNC102 of flake8-async",), ("practices", "PEP 525")),
    "AGN301": Further((), ("agen", "PEP 525")),
    "AGN302": Further((), ("agen methods", "PEP 525")),
    "AGN303": Further(("ASYNC101 of flake8-async", _119), ("PEP 789",)),
    "AGN304": Further((_119,), ("PEP 789", "PEP 533")),
    "AGN305": Further((_119, _900), ("PEP 533", "PEP 789")),
    "AGN306": Further((_119,), ("PEP 525", "PEP 567", "PEP 789")),
    "AGN307": Further(("PLE1700 of ruff, E1700 of pylint",), ("PEP 525", "PEP 828")),
    "AGN308": Further(("B901 of flake8-bugbear (sync generators)",), ("PEP 525", "PEP 828")),
    "AGN309": Further((), ("agen",)),
    "AGN310": Further((), ("agen", "PEP 525")),
    "AGN311": Further((_911, "RUF029 of ruff (async functions without await)"), ("tasks",)),
    "AGN312": Further((), ("agen",)),
    "AGN401": Further((_103,), ("agen methods", "PEP 525")),
    "AGN402": Further((_103,), ("tasks", "PEP 789")),
    "AGN403": Further((_BLIND, "S110 of flake8-bandit (handlers that only pass)"), ("PEP 525",)),
    "AGN404": Further((), ("contextlib", "PEP 525")),
    "AGN405": Further((_R1708,), ("PEP 479", "PEP 525", "StopAsyncIteration")),
    "AGN406": Further((_R1708,), ("PEP 479", "PEP 525")),
    "AGN407": Further(
        (
            "B012 of flake8-bugbear, W0134 and W0150 of pylint, SIM107 of flake8-simplify, "
            "SyntaxWarning of Python 3.14",
        ),
        ("PEP 765",),
    ),
    "AGN408": Further((), ("agen methods", "PEP 525", "pytest")),
    "AGN409": Further((), ("async for", "PEP 492")),
    "AGN410": Further((), ("tasks", "contextlib", "PEP 525")),
    "AGN411": Further((), ("PEP 492", "StopAsyncIteration", "PEP 479", "PEP 525")),
    "AGN501": Further((_TYPES,), ("agen", "PEP 525")),
    "AGN502": Further((_TYPES,), ("async for", "PEP 525", "PEP 530")),
    "AGN503": Further((_TYPES,), ("async for", "PEP 492")),
    "AGN504": Further((_TYPES,), ("tasks", "trio", "PEP 525")),
    "AGN505": Further((_TYPES, "E1701 of pylint"), ("contextlib",)),
    "AGN506": Further((), ("agen methods", "PEP 525")),
    "AGN507": Further(("B031 of flake8-bugbear (`itertools.groupby` alone)",), ("PEP 525",)),
    "AGN508": Further((), ("agen methods", "PEP 525", "gh-74956")),
    "AGN509": Further((), ("tasks", "PEP 525")),
    "AGN510": Further((_TYPES,), ("async for", "tasks", "PEP 492")),
    "AGN511": Further((_TYPES,), ("async for", "PEP 525")),
    "AGN512": Further((_TYPES,), ("agen methods", "PEP 525")),
    "AGN513": Further((), ("agen",)),
    "AGN514": Further(("B008 of flake8-bugbear (any call in a default)",), ("agen methods",)),
    "AGN515": Further((), ("agen methods", "PEP 525", "PEP 342")),
    "AGN516": Further((), ("tasks", "PEP 479", "gh-112182")),
    "AGN517": Further((_TYPES,), ("agen", "FastAPI")),
    "AGN518": Further((), ("agen methods", "tasks", "PEP 525")),
    "AGN519": Further((), ("PEP 789", "practices")),
    "AGN601": Further(
        ("RUF075 of ruff", "W0135 of pylint (users of sync managers)"), ("contextlib",)
    ),
    "AGN602": Further((), ("contextlib", "PEP 525")),
    "AGN603": Further((), ("contextlib", "PEP 525")),
    "AGN604": Further((_TYPES,), ("contextlib",)),
    "AGN605": Further((), ("contextlib", "agen")),
    "AGN606": Further((_TYPES,), ("async iterators", "PEP 492")),
    "AGN607": Further((_TYPES,), ("async iterators", "PEP 479", "PEP 492")),
    "AGN608": Further((_TYPES,), ("typing", "mypy", "PEP 525")),
    "AGN609": Further((_TYPES,), ("typing", "PEP 525")),
    "AGN610": Further(
        ("B019 of flake8-bugbear and W1518 of pylint (caches on methods)",), ("functools", "agen")
    ),
    "AGN611": Further((), ("agen", "inspect")),
    "AGN612": Further((_BLIND,), ("contextlib",)),
    "AGN613": Further((), ("contextlib", "agen methods")),
    "AGN614": Further((_TYPES, "E1129 and E1701 of pylint"), ("contextlib",)),
    "AGN615": Further((_TYPES,), ("agen methods",)),
    "AGN616": Further((_TYPES,), ("agen", "inspect")),
    "AGN701": Further(("UP028 of ruff (sync generators)",), ("PEP 828", "PEP 380")),
}

OPTIONS = {
    "closers": ("AGN10", "AGN202", "AGN203"),
    "cancel-scopes": ("AGN208", "AGN303", "AGN519"),
    "context-manager-decorators": ("AGN3", "AGN6"),
    "transparent-decorators": ("AGN",),
    "fixture-decorators": ("AGN3", "AGN4"),
    "dependency-markers": ("AGN3", "AGN6"),
    "exception-suppress-context-managers": ("AGN302", "AGN40"),
    "target-version": ("AGN307", "AGN308", "AGN509", "AGN615", "AGN701"),
    "lint-tests": ("AGN1",),
}
"""For each setting, the beginnings of the codes that it says more to."""
