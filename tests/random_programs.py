"""Random small programs, what they leave open when run, and what the linter says about them.

Library code: no tests in here. `programs()` is a strategy that gives the text of a module: async
generators of every shape that runtime.md (b) knows, with and without cleanup at their yield, and
consumers that iterate, step, close, hand on and leave them. `Executor` runs programs in another
interpreter (`run_random_program.py`), `compare` holds the linter's default findings against that.

Names are made up in order, so that the same draws give the same text.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any

from declined import why_declined
from hypothesis import strategies as st

from asyncgen_lint.api import lint_text
from asyncgen_lint.config import Settings
from asyncgen_lint.facts import Facts
from asyncgen_lint.repair import Repair, repair
from asyncgen_lint.rule import FixSafety, Tier
from asyncgen_lint.source.parse import parse
from asyncgen_lint.source.position import PositionMap
from asyncgen_lint.source.text import Source

RUNNER = Path(__file__).resolve().parent / "run_repaired_program.py"

MOST_TRIES = 20_000
"""Scenarios drawn at random for a finding that none of the systematic ones bears out."""

CODES = {"AGN101", "AGN103", "AGN104"}
STRICT_CODES = {*CODES, "AGN102", "AGN202"}

# What execution says about a site; see run_random_program.py.
CLOSED = "closed"
IMPLICIT = "left open by an implicit exit"
LEAKED = "leaked"

HEAD = """\
from contextlib import (
    AsyncExitStack,
    aclosing,
    asynccontextmanager,
    contextmanager,
    nullcontext,
    suppress,
)

from world import choose, length, register, release, undo, work

KEPT = []
"""

BOOM = """\
class Boom(Exception):
    pass
"""

PARTS = {
    "Guard": """\
class Guard:
    async def __aenter__(self):
        return self

    async def __aexit__(self, *exc_info):
        await release()
""",
    "Hold": """\
class Hold:
    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        undo()
""",
    "guard": """\
@asynccontextmanager
async def guard():
    try:
        yield
    finally:
        await release()
""",
    "hold": """\
@contextmanager
def hold():
    try:
        yield
    finally:
        undo()
""",
    "mapping": """\
@contextmanager
def mapping():
    try:
        yield
    except ValueError as error:
        raise Boom() from error
""",
    "numbers": """\
def numbers():
    try:
        for item in range(length()):
            yield item
    finally:
        undo()
""",
    "plain_numbers": """\
def plain_numbers():
    for item in range(length()):
        yield item
""",
    "close_it": """\
async def close_it(stream):
    await stream.aclose()
""",
    "close_many": """\
async def close_many(*streams):
    for stream in streams:
        await stream.aclose()
""",
    "drain": """\
async def drain(stream):
    async for _ in stream:
        pass
""",
    "keep": """\
def keep(stream):
    KEPT.append(stream)
""",
    "look": """\
def look(stream):
    return stream is None
""",
    "step": """\
async def step(stream):
    return await anext(stream, None)
""",
    "closer": """\
class Closer:
    def __init__(self, stream):
        self.stream = stream

    async def __aenter__(self):
        return self.stream

    async def __aexit__(self, *exc_info):
        await self.stream.aclose()
""",
    "closing_stream": """\
@asynccontextmanager
async def closing_stream(stream):
    try:
        yield stream
    finally:
        await stream.aclose()
""",
    "Box": """\
class Box:
    pass
""",
    "first": """\
async def first(stream):
    async for item in stream:
        return item
""",
    "tagged": """\
async def tagged(stream):
    async for item in stream:
        yield item
""",
    "tagged_closing": """\
async def tagged_closing(stream):
    try:
        async for item in stream:
            yield item
    finally:
        await stream.aclose()
        await release()
""",
    "close_if": """\
async def close_if(stream):
    close = getattr(stream, "aclose", None)
    if close is not None:
        await close()
""",
    "Service": """\
class Service:
    async def items(self):
        try:
            for item in range(length()):
                yield item
        finally:
            await release()

    async def plain_items(self):
        for item in range(length()):
            yield item
""",
}
"""Helpers; a program has those that it uses."""

LOOP = ["for item in range(length()):", "    yield item"]
LATER = ["yield 1", *LOOP]
"""Nobody can count on how many items there are: stepping three times need not exhaust it."""


def block(header: str, *body: str) -> list[str]:
    return [header, *("    " + line for line in body)]


CLEANING: dict[str, Callable[[list[str]], list[str]]] = {
    "finally await": lambda body: [*block("try:", *body), *block("finally:", "await release()")],
    "finally call": lambda body: [*block("try:", *body), *block("finally:", "undo()")],
    "async with class": lambda body: block("async with Guard():", *body),
    "async with function": lambda body: block("async with guard():", *body),
    "with class": lambda body: block("with Hold():", *body),
    "with function": lambda body: block("with hold():", *body),
    "except BaseException": lambda body: [
        *block("try:", *body),
        *block("except BaseException:", "await release()", "raise"),
    ],
    "bare except": lambda body: [*block("try:", *body), *block("except:", "undo()", "raise")],
    "except GeneratorExit": lambda body: [
        *block("try:", *body),
        *block("except GeneratorExit:", "undo()", "raise"),
    ],
    "except tuple": lambda body: [
        *block("try:", *body),
        *block("except (Boom, GeneratorExit):", "undo()", "raise"),
    ],
    "else with finally": lambda body: [
        *block("try:", "pass"),
        *block("except Boom:", "raise"),
        *block("else:", *body),
        *block("finally:", "undo()"),
    ],
    "handler with finally": lambda body: [
        *block("try:", "raise Boom()"),
        *block("except Boom:", *body),
        *block("finally:", "undo()"),
    ],
    "sync generator": lambda body: [
        *block("for number in numbers():", "yield number"),
    ],
    "nested": lambda body: [
        *block("try:", *block("with nullcontext():", *body)),
        *block("finally:", *block("try:", "pass"), *block("finally:", "undo()")),
    ],
    "exit stack": lambda body: block(
        "async with AsyncExitStack() as stack:", "stack.push_async_callback(release)", *body
    ),
    "except group": lambda body: [
        *block("try:", *body),
        *block("except* BaseException:", "undo()"),
    ],
    "return inside": lambda body: [
        *block("try:", *body, "return"),
        *block("finally:", "await release()"),
    ],
    "suppress GeneratorExit": lambda body: [
        *block("with suppress(GeneratorExit):", *body),
        "undo()",
    ],
}
"""Bodies of sources that clean up at their yield."""

HARMLESS: dict[str, Callable[[list[str]], list[str]]] = {
    "plain": lambda body: body,
    "finally pass": lambda body: [*block("try:", *body), *block("finally:", "pass")],
    "finally assignment": lambda body: [
        *block("try:", *body),
        *block("finally:", "done = True", "del done"),
    ],
    "finally container": lambda body: [
        "seen = []",
        *block("try:", *body),
        *block("finally:", "seen.clear()"),
    ],
    "except Exception": lambda body: [
        *block("try:", *body),
        *block("except Exception:", "undo()", "raise"),
    ],
    "except Boom else": lambda body: [
        *block("try:", *body),
        *block("except Boom:", "await release()"),
        *block("else:", "pass"),
    ],
    "else": lambda body: [
        *block("try:", "pass"),
        *block("except BaseException:", "undo()", "raise"),
        *block("else:", *body),
    ],
    "handler": lambda body: [
        *block("try:", "raise Boom()"),
        *block("except Boom:", *body),
    ],
    "after": lambda body: [
        *block("try:", "pass"),
        *block("finally:", "await release()"),
        *body,
    ],
    "in finally": lambda body: [
        *block("try:", "pass"),
        *block("finally:", *body, "undo()"),
    ],
    "nullcontext": lambda body: block("with nullcontext():", *body),
    "suppress Boom": lambda body: [*block("with suppress(Boom):", *body), "undo()"],
    "mapping": lambda body: block("with mapping():", *body),
    "except group of Exception": lambda body: [
        *block("try:", *body),
        *block("except* Exception:", "undo()"),
    ],
    "closed before": lambda body: [*block("async with guard():", "pass"), *body],
    "plain sync generator": lambda body: block("for number in plain_numbers():", "yield number"),
}
"""Bodies of sources that have nothing to clean up at their yield."""

NEEDS_PART = {
    "Guard()": "Guard",
    "guard()": "guard",
    "Hold()": "Hold",
    "hold()": "hold",
    "mapping()": "mapping",
    " numbers()": "numbers",
    "plain_numbers()": "plain_numbers",
    "close_it(": "close_it",
    "close_many(": "close_many",
    "drain(": "drain",
    "keep(": "keep",
    "look(": "look",
    "step(": "step",
    "Closer(": "closer",
    "closing_stream(": "closing_stream",
    "Box(": "Box",
    "first(": "first",
    "tagged(": "tagged",
    "tagged_closing(": "tagged_closing",
    "close_if(": "close_if",
    "Service(": "Service",
}


# Strategies

MOST_CHOICES = 8
"""Of one function: scenarios grow with the square."""


@dataclass
class Writer:
    """One function being written: draws, numbers its choices, invents names."""

    draw: Callable[[st.SearchStrategy[object]], object]
    sources: list[str]
    is_generator: bool
    first_choice: int
    choices: int = 0
    names: int = 0
    size: int = 0

    def pick(self, options: list[str]) -> str:
        return self.draw(st.sampled_from(options))  # type: ignore[return-value]

    def maybe(self) -> bool:
        return self.draw(st.booleans())  # type: ignore[return-value]

    def choose(self) -> str:
        self.choices += 1
        return f"choose({self.first_choice + self.choices})"

    def work(self) -> str:
        """Return an await that may raise, while the function may have more choices."""
        if self.choices >= MOST_CHOICES:
            return "await release()"
        self.choices += 1
        return f"await work({self.first_choice + self.choices})"

    def name(self, stem: str) -> str:
        self.names += 1
        return f"{stem}{self.names}"


@dataclass(frozen=True)
class Where:
    """What holds at a place in a function."""

    depth: int = 0
    streams: tuple[str, ...] = ()
    in_loop: bool = False
    in_finally: bool = False
    may_yield: bool = True

    def deeper(self, *streams: str, in_loop: bool | None = None) -> Where:
        return replace(
            self,
            depth=self.depth + 1,
            streams=(*self.streams, *streams),
            in_loop=self.in_loop if in_loop is None else in_loop,
        )


DEEPEST = 3
LONGEST = 14
"""Statements in one function."""


def statements(writer: Writer, where: Where) -> list[str]:
    """Write a block; never empty."""
    lines: list[str] = []
    for _ in range(writer.draw(st.integers(1, 3 if where.depth else 4))):  # type: ignore[arg-type]
        written, where, ends = statement(writer, where)
        lines += written
        if ends:
            break
    return lines


Written = tuple[list[str], Where, bool]
"""Lines, what holds after them, and whether control never gets there."""


def statement(writer: Writer, where: Where) -> Written:
    writer.size += 1
    room = where.depth < DEEPEST and writer.size < LONGEST
    kinds = [simple_exit, make, step_temporary, await_work]
    if where.streams:
        kinds += [step_name, step_name, close, close, hand_over, alias, rebind, forget]
    if writer.is_generator and where.may_yield:
        kinds += [give]
    if room:
        kinds += [loop, loop, loop, loop, under_closer, under_closer]
        kinds += [branch, guarded, guarded, scoped, matched, repeated, comprehension]
        if where.streams:
            kinds += [loop_over_name, loop_over_name, close_in_finally, stepping_loop]
    kind: Callable[[Writer, Where], Written] = writer.draw(st.sampled_from(kinds))  # type: ignore
    return kind(writer, where)


def exits(writer: Writer, where: Where) -> list[str]:
    options = ["raise Boom()"]
    if not where.in_finally:
        options = ["return", *options]
        if where.in_loop:
            options = ["break", "break", "break", *options, "continue"]
        if where.streams and not writer.is_generator:
            options.append(f"return {where.streams[-1]}")
    return options


def simple_exit(writer: Writer, where: Where) -> Written:
    leave = writer.pick(exits(writer, where))
    if writer.choices >= MOST_CHOICES:
        return [writer.work()], where, False
    if writer.draw(st.integers(0, 4)) == 4:
        return [leave], where, True
    return block(f"if {writer.choose()}:", leave), where, False


def await_work(writer: Writer, where: Where) -> Written:
    return [writer.work()], where, False


def source(writer: Writer, closed: bool = False) -> str:
    name = writer.pick(writer.sources)
    forms = [*["{}()"] * 10, "make_{}()", "(await fetch_{}())", "aiter({}())", "Service().items()"]
    forms += ["Service().plain_items()", "tagged_closing({}())", "tagged({}())"]
    forms += ["(part async for part in {}())"]
    if not closed:
        forms += ["(part async for part in {}())", "(part async for part in {}() if part)"]
    return writer.pick(forms).format(name)


def make(writer: Writer, where: Where) -> Written:
    name = writer.name("stream")
    form = writer.draw(st.integers(0, 9))
    if form == 5:
        other = writer.name("stream")
        return [f"{name} = {other} = {source(writer)}"], where_with(where, name, other), False
    if form == 6:
        other = writer.name("stream")
        lines = [f"{name}, {other} = {source(writer)}, None"]
        return lines, where_with(where, name), False
    if form == 7 and writer.choices < MOST_CHOICES:
        other_source = writer.pick(writer.sources)
        lines = [
            *block(f"if {writer.choose()}:", f"{name} = {source(writer)}"),
            *block("else:", f"{name} = {other_source}()"),
        ]
        return lines, where_with(where, name), False
    if form == 8:
        return block(f"if ({name} := {source(writer)}):", "pass"), where_with(where, name), False
    return [f"{name} = {source(writer)}"], where_with(where, name), False


def where_with(where: Where, *names: str) -> Where:
    return replace(where, streams=(*where.streams, *names))


def where_without(where: Where, name: str) -> Where:
    return replace(where, streams=tuple(each for each in where.streams if each != name))


def step_temporary(writer: Writer, where: Where) -> Written:
    steps = ["anext({})", "anext({}, None)", "{}.asend(None)", "{}.__anext__()"]
    steps += ["first({})", "step({})"]
    step = writer.pick(steps)
    return [f"await {step.format(source(writer))}"], where, False


def step_name(writer: Writer, where: Where) -> Written:
    name = writer.pick(list(where.streams))
    steps = ["anext({}, None)", "anext({})", "{}.asend(None)", "{}.__anext__()"]
    steps += ["step({})", "first({})", "{}.athrow(Boom)"]
    step = writer.pick(steps)
    line = f"await {step.format(name)}"
    if writer.draw(st.integers(0, 3)) == 3 and not where.in_finally:
        handled = ["pass"]
        if writer.maybe():
            handled = ["return"]
        return [*block("try:", line), *block("except StopAsyncIteration:", *handled)], where, False
    return [line], where, False


def close(writer: Writer, where: Where) -> Written:
    name = writer.pick(list(where.streams))
    form = writer.pick(
        [
            "await {}.aclose()",
            "await {}.aclose()",
            "await close_it({})",
            "await drain({})",
            "await close_many({})",
            "await close_if({})",
            "closing = {}.aclose\nawait closing()",
            "if {0} is not None:\n    await {0}.aclose()",
            "async def closing():\n    await {0}.aclose()\nawait closing()",
        ]
    )
    return form.format(name).split("\n"), where, False


def hand_over(writer: Writer, where: Where) -> Written:
    name = writer.pick(list(where.streams))
    form = writer.pick(
        [
            "look({})",
            "keep({})",
            "register({})",
            "KEPT.append({})",
            "box = [{}]",
            "box = ({}, 1)",
            "box = Box()\nbox.stream = {}",
            "later = lambda: {}",
            "def later():\n    return {}",
            "box = Box()\nbox.stream = {}\nasync for item in box.stream:\n    pass",
        ]
    )
    return form.format(name).split("\n"), where, False


def alias(writer: Writer, where: Where) -> Written:
    name = writer.pick(list(where.streams))
    other = writer.name("stream")
    return [f"{other} = {name}"], where_with(where, other), False


def rebind(writer: Writer, where: Where) -> Written:
    name = writer.pick(list(where.streams))
    if writer.maybe():
        return [f"{name} = {source(writer)}"], where, False
    return [f"{name} = None"], where_without(where, name), False


def forget(writer: Writer, where: Where) -> Written:
    name = writer.pick(list(where.streams))
    return [f"del {name}"], where_without(where, name), False


def give(writer: Writer, where: Where) -> Written:
    return ["yield 0"], where, False


def loop(writer: Writer, where: Where) -> Written:
    return loop_over(writer, where, source(writer))


def loop_over_name(writer: Writer, where: Where) -> Written:
    return loop_over(writer, where, writer.pick(list(where.streams)))


def loop_over(writer: Writer, where: Where, over: str) -> Written:
    item = writer.name("item")
    body = []
    if writer.is_generator and where.may_yield and writer.draw(st.integers(0, 2)):
        body = [f"yield {item}"]
    if not body or writer.maybe():
        body += statements(writer, where.deeper(in_loop=True))
    lines = block(f"async for {item} in {over}:", *body)
    if writer.draw(st.integers(0, 5)) == 5:
        lines += block("else:", *statements(writer, where.deeper()))
    return lines, where, False


def under_closer(writer: Writer, where: Where) -> Written:
    name = writer.name("stream")
    closer = writer.pick(["aclosing", "aclosing", "aclosing", "Closer", "closing_stream"])
    if writer.draw(st.integers(0, 5)) == 5:
        return under_stack(writer, where)
    if where.streams and writer.maybe():
        held = writer.pick(list(where.streams))
        header = f"async with {closer}({held}):"
        return block(header, *statements(writer, where.deeper())), where, False
    header = f"async with {closer}({source(writer, closed=True)}) as {name}:"
    body: list[str] = []
    if writer.maybe():
        body, _, _ = loop_over(writer, where.deeper(), name)
    if not body or writer.maybe():
        body += statements(writer, where.deeper(name))
    return block(header, *body), where, False


def under_stack(writer: Writer, where: Where) -> Written:
    name = writer.name("stream")
    stack = writer.name("stack")
    form = writer.pick(["enter", "callback", "exit"])
    if form == "enter":
        body = [
            f"{name} = await {stack}.enter_async_context(aclosing({source(writer, closed=True)}))"
        ]
    elif form == "callback":
        body = [f"{name} = {source(writer)}", f"{stack}.push_async_callback({name}.aclose)"]
    else:
        body = [f"{name} = {source(writer)}", f"{stack}.push_async_exit(aclosing({name}))"]
    body += statements(writer, where.deeper(name))
    return block(f"async with AsyncExitStack() as {stack}:", *body), where, False


def branch(writer: Writer, where: Where) -> Written:
    if writer.choices >= MOST_CHOICES:
        return [writer.work()], where, False
    lines = block(f"if {writer.choose()}:", *statements(writer, where.deeper()))
    if writer.maybe():
        lines += block("else:", *statements(writer, where.deeper()))
    return lines, where, False


def guarded(writer: Writer, where: Where) -> Written:
    lines = block("try:", *statements(writer, where.deeper()))
    handler = writer.pick(["", "Boom", "Exception", "BaseException", "(Boom, ValueError)"])
    final = not handler or writer.draw(st.integers(0, 3)) == 3
    if handler:
        sees_a_close = handler == "BaseException"
        body = statements(writer, replace(where.deeper(), may_yield=not sees_a_close))
        if sees_a_close:
            # One that goes on after a GeneratorExit is another rule's business.
            body = [*body, "raise"] if not leaves(body) else ["raise"]
        lines += block(f"except {handler}:", *body)
        if writer.draw(st.integers(0, 3)) == 3:
            lines += block("else:", *statements(writer, where.deeper()))
    if final:
        lines += block("finally:", *quiet(writer, where))
    return lines, where, False


def leaves(body: list[str]) -> bool:
    last = body[-1]
    return last.startswith(("return", "raise", "break", "continue"))


def quiet(writer: Writer, where: Where) -> list[str]:
    """Write a `finally` that neither yields nor leaves."""
    if where.streams and writer.maybe():
        return close(writer, where)[0]
    return [writer.pick([writer.work(), "pass"])]


def close_in_finally(writer: Writer, where: Where) -> Written:
    name = writer.pick(list(where.streams))
    lines = block("try:", *statements(writer, where.deeper()))
    form = writer.pick(["finally", "handler"])
    closing = writer.pick([f"await {name}.aclose()", f"await close_it({name})"])
    if form == "finally":
        return [*lines, *block("finally:", closing)], where, False
    return [*lines, *block("except BaseException:", closing, "raise")], where, False


def scoped(writer: Writer, where: Where) -> Written:
    manager = writer.pick(
        [
            "with nullcontext():",
            "with suppress(Boom):",
            "with hold():",
            "with Hold():",
            "async with Guard():",
            "async with guard():",
            "with mapping():",
        ]
    )
    return block(manager, *statements(writer, where.deeper())), where, False


def matched(writer: Writer, where: Where) -> Written:
    if writer.choices >= MOST_CHOICES:
        return [writer.work()], where, False
    lines = block(f"match {writer.choose()}:")
    lines += ["    " + line for line in block("case True:", *statements(writer, where.deeper()))]
    if writer.maybe():
        body = statements(writer, where.deeper())
        lines += ["    " + line for line in block("case _:", *body)]
    return lines, where, False


def repeated(writer: Writer, where: Where) -> Written:
    if writer.choices >= MOST_CHOICES:
        return [writer.work()], where, False
    header = writer.pick([f"while {writer.choose()}:", "for _ in range(2):"])
    lines = block(header, *statements(writer, where.deeper(in_loop=True)))
    if writer.draw(st.integers(0, 5)) == 5:
        lines += block("else:", *statements(writer, where.deeper()))
    return lines, where, False


def stepping_loop(writer: Writer, where: Where) -> Written:
    name = writer.pick(list(where.streams))
    item = writer.name("item")
    form = writer.pick(["default", "handler", "walrus"])
    if form == "handler":
        body = [
            *block("try:", f"{item} = await anext({name})"),
            *block("except StopAsyncIteration:", "break"),
        ]
    elif form == "default":
        body = [f"{item} = await anext({name}, None)", *block(f"if {item} is None:", "break")]
    if form == "walrus":
        header = f"while ({item} := await anext({name}, None)) is not None:"
        return block(header, *statements(writer, where.deeper(in_loop=True))), where, False
    if writer.maybe():
        body += statements(writer, where.deeper(in_loop=True))
    return block("while True:", *body), where, False


def comprehension(writer: Writer, where: Where) -> Written:
    over = source(writer)
    if where.streams and writer.maybe():
        over = writer.pick(list(where.streams))
    item = writer.name("item")
    form = writer.pick(
        [
            "found = [{0} async for {0} in {1}]",
            "found = {{{0} async for {0} in {1} if {0}}}",
            "found = {{{0}: 1 async for {0} in {1}}}",
            "found = [await release() async for _ in {1}]",
            "found = [_ async for {0} in {1} async for _ in {2}()]",
        ]
    )
    return [form.format(item, over, writer.pick(writer.sources))], where, False


def delegating(writer: Writer) -> list[str]:
    """Write the body of a source that reads another one."""
    inner = writer.pick(writer.sources)
    form = writer.pick(
        ["loop", "aclosing", "held", "expression", "drained", "named", "closed", "stepped"]
    )
    if form == "loop":
        return block(f"async for item in {inner}():", "yield item")
    if form == "aclosing":
        return block(
            f"async with aclosing({inner}()) as stream:",
            *block("async for item in stream:", "yield item"),
        )
    if form == "held":
        return [f"stream = {inner}()", "await anext(stream, None)", *LATER]
    if form == "expression":
        return block(f"async for item in (part async for part in {inner}()):", "yield item")
    if form == "drained":
        return block(f"for item in [part async for part in {inner}()]:", "yield item")
    if form == "named":
        return [f"stream = {inner}()", *block("async for item in stream:", "yield item")]
    if form == "closed":
        return [
            f"stream = {inner}()",
            *block("try:", *block("async for item in stream:", "yield item")),
            *block("finally:", "await stream.aclose()"),
        ]
    return [
        f"stream = {inner}()",
        *block(
            "while True:",
            *block("try:", "item = await anext(stream)"),
            *block("except StopAsyncIteration:", "return"),
            "yield item",
        ),
    ]


@st.composite
def programs(draw: Callable[[st.SearchStrategy[object]], object]) -> str:
    """Draw the text of a module."""
    functions: list[list[str]] = []
    sources: list[str] = []
    number = 0
    for index in range(draw(st.integers(1, 3))):  # type: ignore[arg-type]
        name = f"source{index + 1}"
        writer = Writer(draw, list(sources), True, number)
        kind = writer.pick(["cleaning", "cleaning", "harmless", "delegating", "mixed"])
        if kind == "delegating" and sources:
            body = delegating(writer)
        elif kind == "mixed":
            cleaning = CLEANING[writer.pick(list(CLEANING))](LATER)
            body = ["yield 0", *cleaning] if writer.maybe() else [*cleaning, "yield 3"]
        else:
            shapes = HARMLESS if kind == "harmless" else CLEANING
            items = LATER if writer.maybe() else LOOP
            body = shapes[writer.pick(list(shapes))](items)
        functions.append(block(f"async def {name}():", *body))
        sources.append(name)
    for index in range(draw(st.integers(1, 2))):  # type: ignore[arg-type]
        is_generator = draw(st.integers(0, 2)) == 2
        name = f"pipe{index + 1}" if is_generator else f"consumer{index + 1}"
        writer = Writer(draw, list(sources), is_generator, number)
        body = statements(writer, Where())
        number += writer.choices
        if is_generator and not any("yield" in line for line in body):
            body = [*body, "yield 0"] if not leaves(body) else ["yield 0", *body]
        functions.append(block(f"async def {name}():", *body))
        if is_generator:
            sources.append(name)
    written = "\n\n\n".join("\n".join(each) for each in functions) + "\n"
    for name in sources:
        if f"make_{name}(" in written:
            written = f"def make_{name}():\n    return {name}()\n\n\n" + written
        if f"fetch_{name}(" in written:
            written = f"async def fetch_{name}():\n    return {name}()\n\n\n" + written
    parts = [PARTS[part] for use, part in NEEDS_PART.items() if use in written]
    return "\n\n".join([HEAD, BOOM, *parts, written])


# Execution and comparison


class Executor:
    """Another interpreter that says which generators a program leaves open."""

    def __init__(self, python: str = sys.executable) -> None:
        self.python = python
        self.runs = 0
        self.is_broken = False
        self.exits: set[int] = set()
        self.process = subprocess.Popen(
            [python, "-W", "ignore", str(RUNNER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def __enter__(self) -> Executor:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def send(self, text: str, **scenarios: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"text": text, **scenarios}) + "\n")
        self.process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.python} died")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise ValueError(answer["error"])
        self.runs += answer["runs"]
        return answer

    def receive(self) -> dict[str, str]:
        answer = self.answer()
        self.is_broken = answer["broken"]
        self.exits = set(answer["exits"])
        return dict(answer["verdicts"])

    def verdicts(
        self,
        text: str,
        depth: int = 2,
        visits: int = 2,
        *,
        may_be_empty: bool = False,
        may_fail: bool = False,
        wanted: Iterable[str] = (),
    ) -> dict[str, str]:
        """Return what became of the generators made at each site, by `line:column`.

        The `wanted` sites are looked for at random too.
        """
        self.send(
            text,
            depth=depth,
            visits=visits,
            may_be_empty=may_be_empty,
            may_fail=may_fail,
            wanted=sorted(wanted),
            tries=MOST_TRIES if wanted else 0,
        )
        return self.receive()

    def differences(self, text: str, repaired: str) -> tuple[list[str], int]:
        """Return how the repaired text does another thing, a scenario each.

        With them, in how many scenarios an error of a late cleanup is now seen.
        """
        self.send(text, repaired=repaired)
        answer = self.answer()
        return answer["differences"], answer["late_errors"]


@dataclass
class Comparison:
    """A program's sites: how many, which the linter is wrong about."""

    text: str
    sites: int = 0
    leaks: int = 0
    reported: int = 0
    unrun: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        return not self.false and not self.missed

    def __str__(self) -> str:
        lines = self.text.splitlines()
        return "\n".join(
            f"{what} at {place}: {lines[int(place.split(':')[0]) - 1].strip()}"
            for what, places in (("false finding", self.false), ("missed leak", self.missed))
            for place in places
        )


@lru_cache(maxsize=4096)
def reported_sites(text: str, *, strict: bool = False) -> dict[str, set[int]]:
    """Return where the generators were made that are reported, with the lines of step and exit."""
    found: dict[str, set[int]] = {}
    for each in lint_text(text, filename="program.py", strict=strict):
        if each.code == "AGN000":
            raise AssertionError(each.message)
        if each.code not in (STRICT_CODES if strict else CODES):
            continue
        if each.tier is not Tier.DEFAULT and not strict:
            continue
        # One diagnostic may be about several generators, with a path for each.
        made = each.span.start
        passed: set[int] = set()
        for step in each.path:
            if step.message.endswith("is created here"):
                made = step.span.start
            passed = found.setdefault(f"{made.line}:{made.column}", set())
            if step.message.endswith("leaves it suspended"):
                passed.add(step.span.start.line)
        # A step by hand stands on the path too.
        passed.add(each.span.start.line)
    return found


MARKED = ("break", "return", "raise", "continue", "await ")
"""How the lines begin of which the run says whether they were reached."""


def compare(text: str, executor: Executor, *, strict: bool = False) -> Comparison:
    """Hold the linter's findings against what happens when the program is run.

    With `strict`, those of the strict tier too, and runs in which a call raises or an await is
    cancelled.
    """
    leaking = {LEAKED, IMPLICIT} if strict else {LEAKED}
    depth = 1 if strict else 2
    verdicts = executor.verdicts(text, depth, may_fail=strict)
    reported = reported_sites(text, strict=strict)
    leaked = {place for place, verdict in verdicts.items() if verdict in leaking}
    unproven = {place for place in reported if verdicts.get(place, CLOSED) == CLOSED}
    if unproven:
        # Its path may need more branches than were taken, or sources without items.
        longer = executor.verdicts(
            text, 2 * depth, visits=3, may_be_empty=True, may_fail=strict, wanted=unproven
        )
        unproven = {place for place in unproven if longer.get(place, CLOSED) == CLOSED}
        lines = text.splitlines()
        never_run = {
            place
            for place in unproven
            if place not in longer
            or any(
                line not in executor.exits and lines[line - 1].strip().startswith(MARKED)
                for line in reported[place]
            )
        }
    else:
        never_run = set()
    # Who is told of a generator expression is told of what it reads.
    covered = {inner for outer, inner in expressions(text) if outer in reported}
    return Comparison(
        text,
        sites=len(verdicts),
        leaks=len(leaked),
        reported=len(reported),
        unrun=sorted(never_run),
        false=sorted(unproven - never_run),
        missed=sorted(leaked - set(reported) - covered),
    )


def expressions(text: str) -> Iterator[tuple[str, str]]:
    """Yield each generator expression's place and that of the call it reads."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.GeneratorExp):
            source = node.generators[0].iter
            yield f"{node.lineno}:{node.col_offset + 1}", f"{source.lineno}:{source.col_offset}"


# Repair


@dataclass
class Mended:
    """What repairing a program came to: leaks before and after, and what must not have happened.

    `left` says of each leak that is left why; `changed` are scenarios that do something else now,
    but for `late_errors`, in which an error of a late cleanup is now seen. `hidden` are leaks that
    are no longer found.
    """

    text: str
    repaired: str
    leaks: int = 0
    left: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    late_errors: int = 0

    @property
    def is_right(self) -> bool:
        return not (self.changed or self.new or self.refused or self.hidden)

    def __str__(self) -> str:
        wrong = [
            ("changed", self.changed),
            ("new", self.new),
            ("refused", self.refused),
            ("hidden", self.hidden),
        ]
        return "\n".join(f"{what}: {each}" for what, found in wrong for each in found)


@lru_cache(maxsize=4096)
def repaired(text: str, *, strict: bool = False, unsafe: bool = False) -> Repair:
    return repair(Source("program.py", text), Settings(strict=strict), unsafe=unsafe)


@lru_cache(maxsize=4096)
def new_findings(before: str, after: str) -> list[str]:
    """Return the codes, of all rules, of which a text has more findings than before."""
    was, now = (
        Counter(each.code for each in lint_text(text, strict=True)) for text in (before, after)
    )
    return sorted((now - was).elements())


def compare_repaired(
    text: str, executor: Executor, *, strict: bool = False, unsafe: bool = False
) -> Mended:
    """Hold a program against what its repair makes of it."""
    result = repaired(text, strict=strict, unsafe=unsafe)
    before = executor.verdicts(text)
    if result.text == text:
        after, changed, late_errors = before, list[str](), 0
    else:
        after = executor.verdicts(result.text)
        changed, late_errors = executor.differences(text, result.text)
    leaked = [place for place, what in before.items() if what == LEAKED]
    left = {place: why_left(result, place) for place, what in after.items() if what == LEAKED}
    not_found = [place for place, why in left.items() if why == NOT_FOUND]
    missed = len(compare(text, executor).missed) if not_found else 0
    return Mended(
        text,
        result.text,
        leaks=len(leaked),
        left=list(left.values()),
        hidden=not_found if len(not_found) > missed else [],
        changed=changed,
        new=new_findings(text, result.text),
        refused=[f"{each.diagnostic.code}: {each.reason}" for each in result.refused],
        late_errors=late_errors,
    )


NOT_FOUND = "not found"


def why_left(result: Repair, place: str) -> str:
    """Return why a generator made at a place of a repaired text was not put under `aclosing`."""
    for each in result.remaining.diagnostics:
        made = [step.span.start for step in each.path if step.message.endswith("is created here")]
        if place not in [f"{start.line}:{start.column}" for start in made]:
            continue
        if each.fix is not None:
            return "the fix is not safe" if each.fix.safety is FixSafety.UNSAFE else "refused"
        line, column = map(int, place.split(":"))
        return why_open(result.text, line, column)
    return NOT_FOUND


@lru_cache(maxsize=4096)
def why_open(text: str, line: int, column: int) -> str:
    """Return why there is no fix for the generator made at a place."""
    facts = Facts(parse(Source("program.py", text)), (3, 10))
    positions = PositionMap(facts.parsed)
    for each in facts.left_open:
        start = positions.span(each.creation, facts.statement_of(each.creation)).start
        if (start.line, start.column) == (line, column):
            return why_declined(facts, each)
    return NOT_FOUND


# Minimal programs


def reduced(text: str, is_wrong: Callable[[str], bool]) -> str:
    """Return the text with as many statements taken out as `is_wrong` allows."""
    while True:
        for smaller in smaller_texts(text):
            if is_wrong(smaller):
                text = smaller
                break
        else:
            return text


def smaller_texts(text: str) -> Iterator[str]:
    """Yield the text with one statement taken out, or replaced by one of its own blocks."""
    count = sum(1 for _ in blocks(ast.parse(text)))
    for index in range(count):
        length = len(list(blocks(ast.parse(text)))[index][1])
        for place in range(length):
            for replacement in range(-1, 5):
                tree = ast.parse(text)
                owner, statements_ = list(blocks(tree))[index]
                taken = statements_[place]
                if replacement < 0:
                    put: list[ast.stmt] = []
                else:
                    own = list(own_blocks(taken))
                    if replacement >= len(own):
                        break
                    put = own[replacement]
                statements_[place : place + 1] = put
                if not statements_ and not may_be_empty(owner, statements_):
                    if isinstance(taken, ast.Pass):
                        continue
                    statements_.append(ast.Pass())
                try:
                    smaller = ast.unparse(ast.fix_missing_locations(tree)) + "\n"
                    compile(smaller, "<smaller>", "exec", dont_inherit=True)
                except (SyntaxError, ValueError):
                    continue
                if len(smaller) < len(text):
                    yield smaller


def may_be_empty(owner: ast.AST, block_: list[ast.stmt]) -> bool:
    """Return whether Python allows this block of the statement to be left out."""
    return block_ is not getattr(owner, "body", None)


def blocks(tree: ast.AST) -> Iterator[tuple[ast.AST, list[ast.stmt]]]:
    for node in ast.walk(tree):
        for each in own_blocks(node):
            yield node, each


def own_blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        value = getattr(node, name, None)
        if isinstance(value, list) and value:
            yield value
