"""What is this object? Its class decides which generator a method call makes.

A case is a module over `lib`, whose `Client.rows()` needs closing and whose `Other.rows()` does
not; a line marked `# AGN101` must be reported, and no other. Each case is run with `lib` in another
file and with its text above the case's own.
"""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path

import pytest

from asyncgen_lint.config import Settings
from asyncgen_lint.engine import analyse
from asyncgen_lint.project.programs import forget
from asyncgen_lint.repair import repair
from asyncgen_lint.source.text import Source

HEAD = """
import asyncio, contextlib, collections.abc, dataclasses, functools, inspect, typing
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, closing, nullcontext
from dataclasses import dataclass, field
from typing import (
    TYPE_CHECKING, Annotated, Any, ClassVar, Final, Generic, NamedTuple, NewType, Optional,
    ParamSpec, Protocol, Self, TypeAlias, TypeVar, Union, overload,
)
"""

LIB = """
class Client:
    @classmethod
    def create(cls) -> Self:
        return cls()

    @classmethod
    def untyped(cls):
        return cls()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *exc):
        print()

    async def rows(self):
        try:
            yield 1
            yield 2
        finally:
            await asyncio.sleep(0)

    def copies(self) -> "list[Client]":
        return []

class Better(Client):
    pass

class Other:
    async def rows(self):
        yield 1
        yield 2

class Wrong:
    def rows(self):
        return [1, 2]

Alias = Client
OptionalAlias = Client | None
LaterAlias: TypeAlias = "Client"
Wrapped = NewType("Wrapped", Client)
T = TypeVar("T")
Bound = TypeVar("Bound", bound=Client)
OneOf = TypeVar("OneOf", Client, Better)
Mixed = TypeVar("Mixed", Client, Other)
type Later = Client

class Outer:
    class Inner(Client):
        pass

class Stream(Protocol):
    def rows(self) -> AsyncGenerator[int, None]: ...
    async def later(self) -> AsyncIterator[int]: ...
    def unsure(self) -> AsyncIterator[int]: ...

class Base(ABC):
    @abstractmethod
    def rows(self) -> AsyncGenerator[int, None]:
        raise NotImplementedError

class Real(Base):
    async def rows(self):
        yield 1

async def make() -> Client:
    return Client()

async def make_untyped():
    return Client()

async def make_either(flag):
    return Client() if flag else Other()

def pick(flag) -> Union[Client, None]:
    return Client() if flag else None

@overload
def load(name: str) -> Client: ...
@overload
def load(name: int) -> Client: ...
def load(name):
    return registry[name]

@overload
def fetch(name: str) -> Client: ...
@overload
def fetch(name: int) -> Other: ...
def fetch(name):
    return registry[name]

registry = {}
shared = Client()
declared: Client = registry["client"]
either = Client() if registry else Other()

@asynccontextmanager
async def entered() -> AsyncIterator[Client]:
    yield registry["client"]

@asynccontextmanager
async def entered_too() -> AsyncGenerator[Client, None]:
    yield registry["client"]

@asynccontextmanager
async def entered_untyped():
    yield Client()

@asynccontextmanager
async def entered_any():
    yield registry["client"]

class Session:
    async def __aenter__(self) -> Client:
        return registry["client"]

    async def __aexit__(self, *exc):
        print()

class App:
    client: Client
    other: Other

    def __init__(self, later: Client, unknown, wrong: Wrong) -> None:
        self.later = later
        self.unknown = unknown
        self.wrong = wrong
        self.maybe: Client | None = None
        self.made = None
        self.by_name: dict[str, Client] = {}

    def connect(self):
        self.made = Client()

    @property
    def current(self) -> Client:
        return registry["client"]

    @functools.cached_property
    def cached(self):
        return Client()

    @property
    def any_current(self):
        return registry["client"]

class Holder:
    def __init__(self, app: App):
        self.app = app

@dataclass
class Settings:
    client: Client = field(default_factory=Client)
    other: Any = None

@dataclass
class MoreSettings(Settings):
    more: int = 0

class Pair(NamedTuple):
    client: Client
    number: int

class Hidden:
    async def __aiter__(self):
        try:
            yield 1
        finally:
            await asyncio.sleep(0)

class Delegating:
    def __aiter__(self):
        return self._items()

    async def _items(self):
        try:
            yield 1
        finally:
            await asyncio.sleep(0)

class Plain:
    async def __aiter__(self):
        yield 1

class Iterator:
    def __aiter__(self):
        return self

    async def __anext__(self):
        return 1

class ToOther:
    def __aiter__(self):
        return Iterator()
"""

NAMES = sorted(set(re.findall(r"^(?:class|def|async def|type) (\w+)|^(\w+)(?::.*)? = ", LIB, re.M)))


def annotated(annotation: str, expected: str = "# AGN101") -> str:
    """Return a function whose parameter has an annotation."""
    return f"""
        async def f(x: {annotation}):
            async for row in x.rows():  {expected}
                break
    """


SILENT = "# silent"

CASES = {
    "self, where subclasses override": """
        class Plainly(Client):
            async def first(self):
                async for row in self.rows():
                    break
            async def rows(self):
                try:
                    yield 1
                finally:
                    await asyncio.sleep(0)
        class Plain(Plainly):
            async def rows(self):
                yield 1
        class PlainToo(Plain):
            async def rows(self):
                yield 2
        class Mostly(Client):
            async def first(self):
                async for row in self.rows():  # AGN101
                    break
                def later():
                    return self.rows()
        class MostlyPlain(Mostly):
            async def rows(self):
                yield 1
        class MostlyNot(Mostly):
            async def rows(self):
                try:
                    yield 1
                finally:
                    await asyncio.sleep(0)
        async def f():
            async for row in Plainly().rows():  # AGN101
                break
            async for row in Plain().rows():
                break
    """,
    "an attribute that is assigned before": """
        class Local:
            async def connect(self, better):
                self.source: Client | Other
                if better:
                    self.source = Better()
                else:
                    self.source = Client()
                await asyncio.sleep(0)
                return self.source
            def connect_otherwise(self):
                self.source = Other()
                return self.source
            def connect_somehow(self, flag):
                if flag:
                    self.source = Client()
                return self.source
            def in_turn(self, names):
                self.source = Client()
                for name in names:
                    use(self.source.rows())
                    self.source = registry[name]
            async def __aenter__(self):
                return await self.connect(True)
            async def __aexit__(self, *exc):
                print()
            async def tested(self):
                if isinstance(self.source, Client):
                    async for row in self.source.rows():  # AGN101
                        break
                    self.source = registry["x"]
                    async for row in self.source.rows():
                        break
        async def f(local: Local, flag, other):
            async with local as source:
                async for row in source.rows():  # AGN101
                    break
            async for row in local.source.rows():
                break
            async for row in local.connect_otherwise().rows():
                break
            async for row in local.connect_somehow(flag).rows():
                break
            local.source = Client()
            async for row in local.source.rows():  # AGN101
                break
        async def g(other):
            local = object()
            local.source = Client()
            for local in other:
                async for row in local.source.rows():
                    break
    """,
    "entered in two ways": """
        class Both:
            def __enter__(self):
                return Other()
            def __exit__(self, *exc):
                print()
            async def __aenter__(self):
                return Client()
            async def __aexit__(self, *exc):
                print()
        async def f():
            async with Both() as source:
                async for row in source.rows():  # AGN101
                    break
            with Both() as other:
                async for row in other.rows():
                    break
    """,
    "one of two classes": """
        class Local:
            def __init__(self, flag):
                self.source = Client() if flag else Twin()
                self.mixed = Client() if flag else Other()
                self.odd = Client() if flag else Wrong()
            async def f(self):
                async for row in self.source.rows():  # AGN101
                    break
                async for row in self.mixed.rows():
                    break
                async for row in self.odd.rows():
                    break
        class Twin:
            async def rows(self):
                try:
                    yield 1
                finally:
                    await asyncio.sleep(0)
        async def g(source: Client | Twin, mixed: Client | Other, chosen, flag):
            async for row in source.rows():  # AGN101
                break
            async for row in mixed.rows():
                break
            async for row in (chosen if flag else source).rows():
                break
            made = Twin if flag else Client
            async for row in made().rows():  # AGN101
                break
            rows = source.rows if flag else chosen.rows
            async for row in rows():
                break
    """,
    "a generator or None": """
        class Local:
            @property
            def maybe(self):
                return Client().rows() if self.flag else None
            @property
            def kept(self):
                return self.stored
        def find(flag):
            if flag:
                return Client().rows()
        async def later(flag):
            return Client().rows() if flag else None
        async def f(local: Local, flag):
            if (stream := find(flag)) is not None:
                async for row in stream:  # AGN101
                    break
            other = await later(flag)
            if other:
                async for row in other:  # AGN101
                    break
            third = local.maybe
            if third is None:
                return
            async for row in third:  # AGN101
                return
        async def g(local: Local, flag):
            async for row in local.kept:
                break
            stream = find(flag)
            if not stream:
                stream = find(True)
            if stream is not None:
                async with aclosing(stream):
                    async for row in stream:
                        break
    """,
    "a class": annotated("Client"),
    "a class without cleanup": annotated("Other", SILENT),
    "no annotation": annotated("Any", SILENT),
    "a string": annotated('"Client"'),
    "a string of a union": annotated('"Client | None"'),
    "a union with None": annotated("Client | None"),
    "None first": annotated("None | Client"),
    "Optional": annotated("Optional[Client]"),
    "Optional string": annotated('Optional["Client"]'),
    "Union with None": annotated("Union[Client, None]"),
    "a union of two": annotated("Client | Other", SILENT),
    "Union of two": annotated("Union[Client, Other, None]", SILENT),
    "a union with a subclass": annotated("Client | Better"),
    "Annotated": annotated('Annotated[Client, "meta"]'),
    "Annotated optional": annotated('Annotated["Client | None", 1]'),
    "typing by module": annotated("typing.Optional[Client]"),
    "an alias": annotated("Alias"),
    "an optional alias": annotated("OptionalAlias"),
    "a TypeAlias": annotated("LaterAlias"),
    "a type statement": annotated("Later"),
    "a NewType": annotated("Wrapped"),
    "a bound TypeVar": annotated("Bound"),
    "a free TypeVar": annotated("T", SILENT),
    "a TypeVar of related classes": annotated("OneOf"),
    "a TypeVar of others": annotated("Mixed", SILENT),
    "a nested class": annotated("Outer.Inner"),
    "a subclass": annotated("Better"),
    "an unknown name": annotated("Nowhere", SILENT),
    "a list": annotated("list[Client]", SILENT),
    "a class itself": annotated("type[Client]", SILENT),
    "a tuple of them": annotated("tuple[Client, ...]", SILENT),
    "Literal": annotated('typing.Literal["Client"]', SILENT),
    "type parameter": """
        async def f[C: Client, T](x: C, y: T):
            async for row in x.rows():  # AGN101
                break
            async for row in y.rows():
                break
    """,
    "a type parameter hides a class": """
        async def f[Client](x: Client):
            async for row in x.rows():
                break
    """,
    "a parameter called as its class": """
        async def f(Client: Client):
            async for row in Client.rows():  # AGN101
                break
    """,
    "class from a class parameter": """
        async def f(kind: type[Client], other: type[Other]):
            async for row in kind().rows():  # AGN101
                break
            async for row in other().rows():
                break
            async for row in kind.create().rows():  # AGN101
                break
    """,
    "star parameters": """
        async def f(*args: Client, **more: Client):
            async for row in args.rows():
                break
    """,
    "forward reference": """
        async def f(x: "Below"):
            async for row in x.rows():  # AGN101
                break

        class Below(Client):
            pass
    """,
    "TYPE_CHECKING": """
        if TYPE_CHECKING:
            Checked = Client

        async def f(x: "Checked"):
            async for row in x.rows():  # AGN101
                break
    """,
    "local annotation": """
        async def f(thing):
            x: Client = thing()
            y: Other = thing()
            async for row in x.rows():  # AGN101
                break
            async for row in y.rows():
                break
    """,
    "ParamSpec": """
        P = ParamSpec("P")
        async def f(x: P, *args: P.args):
            async for row in x.rows():
                break
    """,
    "generic class": """
        class Box(Generic[T]):
            async def rows(self):
                try:
                    yield 1
                finally:
                    await asyncio.sleep(0)

        async def f(x: Box[int], y: "Box[Other]"):
            async for row in x.rows():  # AGN101
                break
            async for row in y.rows():  # AGN101
                break
    """,
    # What calls give
    "awaited results": """
        async def f(flag):
            x = await make()
            async for row in x.rows():  # AGN101
                break
            y = await make_untyped()
            async for row in y.rows():  # AGN101
                break
            z = await make_either(flag)
            async for row in z.rows():
                break
            async for row in make().rows():
                break
    """,
    "optional result": """
        async def f(flag):
            x = pick(flag)
            if x is None:
                return
            async for row in x.rows():  # AGN101
                break
    """,
    "constructors": """
        async def f():
            async for row in Client.create().rows():  # AGN101
                break
            async for row in Better.create().rows():  # AGN101
                break
            async for row in Client.untyped().rows():  # AGN101
                break
    """,
    "Self of a subclass": """
        class Quiet(Client):
            async def rows(self):
                yield 1

        async def f():
            async for row in Quiet.create().rows():
                break
    """,
    "overloads": """
        async def f():
            async for row in load("x").rows():  # AGN101
                break
            async for row in fetch("x").rows():
                break
    """,
    "a callable object": """
        class Maker:
            def __call__(self) -> Client:
                return registry["client"]

        async def f(maker: Maker):
            async for row in maker().rows():  # AGN101
                break
    """,
    "a decorated function": """
        @functools.lru_cache
        def cached() -> Client:
            return Client()

        @functools.singledispatch
        def dispatched() -> Client:
            return Client()

        async def f():
            async for row in cached().rows():  # AGN101
                break
            async for row in dispatched().rows():
                break
    """,
    # Attributes
    "attributes": """
        async def f(app: App):
            async for row in app.client.rows():  # AGN101
                break
            async for row in app.other.rows():
                break
            async for row in app.later.rows():  # AGN101
                break
            async for row in app.unknown.rows():
                break
            async for row in app.wrong.rows():
                break
            async for row in app.maybe.rows():  # AGN101
                break
            async for row in app.made.rows():  # AGN101
                break
            async for row in app.nothing.rows():
                break
    """,
    "properties": """
        async def f(app: App):
            async for row in app.current.rows():  # AGN101
                break
            async for row in app.cached.rows():  # AGN101
                break
            async for row in app.any_current.rows():
                break
            async for row in app.current().rows():
                break
    """,
    "through other objects": """
        class Handler:
            def __init__(self, holder: Holder):
                self.holder = holder

            async def f(self):
                async for row in self.holder.app.client.rows():  # AGN101
                    break
                async for row in self.holder.app.other.rows():
                    break
    """,
    "dataclass fields": """
        async def f(settings: Settings, more: MoreSettings):
            async for row in settings.client.rows():  # AGN101
                break
            async for row in more.client.rows():  # AGN101
                break
            async for row in settings.other.rows():
                break
    """,
    "NamedTuple fields": """
        async def f(pair: Pair):
            async for row in pair.client.rows():  # AGN101
                break
            client, number = pair
            async for row in pair.number.rows():
                break
    """,
    "fields of a model": """
        from pydantic import BaseModel

        class Model(BaseModel):
            client: Client
            other = Other()

        async def f(model: Model):
            async for row in model.client.rows():  # AGN101
                break
            async for row in model.other.rows():
                break
    """,
    "attrs": """
        import attrs

        @attrs.define
        class Model:
            client: Client

        async def f():
            model = Model(Client())
            async for row in model.client.rows():  # AGN101
                break
    """,
    "class attributes": """
        class Model:
            client = Client()
            shared: ClassVar[Client]
            kept: Final = Client()
            both = Client()

            def change(self):
                self.both = Other()

        async def f(model: Model):
            async for row in model.client.rows():  # AGN101
                break
            async for row in Model.client.rows():  # AGN101
                break
            async for row in model.shared.rows():  # AGN101
                break
            async for row in model.kept.rows():  # AGN101
                break
            async for row in model.both.rows():
                break
    """,
    "an attribute of two classes": """
        class Model:
            def one(self):
                self.x = Client()

            def two(self):
                self.x = Other()

        async def f(model: Model):
            async for row in model.x.rows():
                break
    """,
    "module variables": """
        async def f():
            async for row in shared.rows():  # AGN101
                break
            async for row in declared.rows():  # AGN101
                break
            async for row in either.rows():
                break
    """,
    # Narrowing
    "isinstance": """
        async def f(x, y):
            if isinstance(x, Client):
                async for row in x.rows():  # AGN101
                    break
            else:
                async for row in x.rows():
                    break
            async for row in x.rows():
                break
            if isinstance(y, (Client, Other)):
                async for row in y.rows():
                    break
            if isinstance(y, (Client, Better)) and y:
                async for row in y.rows():  # AGN101
                    break
    """,
    "isinstance and return": """
        async def f(x):
            if not isinstance(x, Client):
                return
            async for row in x.rows():  # AGN101
                break
            x = other()
            async for row in x.rows():
                break
    """,
    "isinstance or": """
        async def f(x):
            if isinstance(x, Client) or x.ready:
                async for row in x.rows():
                    break
            if not isinstance(x, Client) or x.closed:
                raise ValueError
            async for row in x.rows():  # AGN101
                break
    """,
    "assert": """
        async def f(x):
            assert isinstance(x, Client)
            async for row in x.rows():  # AGN101
                break
    """,
    "isinstance of a rebound name": """
        async def f(x, many):
            if isinstance(x, Client):
                for x in many:
                    async for row in x.rows():
                        break
    """,
    "isinstance under a loop that rebinds": """
        async def f(x, many):
            if isinstance(x, Client):
                while many:
                    async for row in x.rows():
                        break
                    x = many.pop()
    """,
    "isinstance narrows an annotation": """
        async def f(x: Client | Other):
            if isinstance(x, Client):
                async for row in x.rows():  # AGN101
                    break
            elif isinstance(x, Other):
                async for row in x.rows():
                    break
    """,
    "a function called isinstance": """
        def isinstance(x, kind):
            return True

        async def f(x):
            if isinstance(x, Client):
                async for row in x.rows():
                    break
    """,
    "match": """
        async def f(x):
            match x:
                case Client():
                    async for row in x.rows():  # AGN101
                        break
                case Client(a=1) | Better() as found:
                    async for row in x.rows():  # AGN101
                        break
                case Other():
                    async for row in x.rows():
                        break
                case {"client": Client() as inner}:
                    async for row in inner.rows():  # AGN101
                        break
                case _:
                    async for row in x.rows():
                        break
    """,
    "defaults": """
        async def f(given: Client | None = None, any=None, flag=True):
            x = given or Client()
            async for row in x.rows():  # AGN101
                break
            y = given if given is not None else Client()
            async for row in y.rows():  # AGN101
                break
            z = any or Client()
            async for row in z.rows():
                break
    """,
    "a parameter with a default of its own": """
        async def f(client: Client | None = None, other=None):
            client = client or Client()
            async for row in client.rows():  # AGN101
                break
            other = other or Client()
            async for row in other.rows():
                break
    """,
    "walrus": """
        async def f(flag):
            if (x := pick(flag)) is not None:
                async for row in x.rows():  # AGN101
                    break
            if (y := registry.get(flag)) is not None:
                async for row in y.rows():
                    break
    """,
    "bound in several places": """
        async def f(flag):
            x = None
            if flag:
                x = Client()
            else:
                x = Better()
            async for row in x.rows():  # AGN101
                break
            y = Client() if flag else Other()
            async for row in y.rows():
                break
    """,
    # Containers
    "loops over annotated containers": """
        async def f(many: list[Client], mapping: dict[str, Client], loose: list, app: App):
            for x in many:
                async for row in x.rows():  # AGN101
                    break
            for x2 in mapping.values():
                async for row in x2.rows():  # AGN101
                    break
            for name, x3 in mapping.items():
                async for row in x3.rows():  # AGN101
                    break
                async for row in name.rows():
                    break
            for x4 in mapping:
                async for row in x4.rows():
                    break
            for x5 in loose:
                async for row in x5.rows():
                    break
            for x6 in shared.copies():
                async for row in x6.rows():  # AGN101
                    break
    """,
    "loops over what functions make of containers": """
        async def f(many: list[Client], names: list[str], mapping: dict[str, Client], loose, key):
            for number, x in enumerate(many, 1):
                async for row in x.rows():  # AGN101
                    break
                async for row in number.rows():
                    break
            for name, x2 in zip(names, sorted(many, key=key), strict=True):
                async for row in x2.rows():  # AGN101
                    break
                async for row in name.rows():
                    break
            for number2, (name2, x3) in enumerate(mapping.items()):
                async for row in x3.rows():  # AGN101
                    break
            for x4 in reversed(tuple(mapping.values())):
                async for row in x4.rows():  # AGN101
                    break
            async for row in list(many)[0].rows():  # AGN101
                break
            async for row in next(iter(many)).rows():
                break
            for one, x5 in zip(*loose, many):
                async for row in x5.rows():
                    break
            for x6 in list(mapping):
                async for row in x6.rows():
                    break

        async def g(many: list[Client], enumerate, sorted):
            for number, x in enumerate(many):
                async for row in x.rows():
                    break
            for x2 in sorted(many):
                async for row in x2.rows():
                    break
            for number3, x3 in __builtins__.enumerate(many):
                async for row in x3.rows():
                    break
    """,
    "async loops over clients": """
        async def clients() -> AsyncIterator[Client]:
            yield registry["client"]

        async def f():
            async for x in clients():
                async for row in x.rows():  # AGN101
                    break
    """,
    "elements": """
        async def f(many: list[Client], mapping: Mapping[str, Client], pair: tuple[Client, Other],
                    app: App, name: str):
            async for row in many[0].rows():  # AGN101
                break
            async for row in many[1:].rows():
                break
            async for row in mapping[name].rows():  # AGN101
                break
            async for row in mapping.get(name).rows():  # AGN101
                break
            async for row in pair[0].rows():  # AGN101
                break
            async for row in pair[1].rows():
                break
            async for row in pair[name].rows():
                break
            async for row in app.by_name[name].rows():  # AGN101
                break
            first, second = pair
            async for row in first.rows():  # AGN101
                break
            async for row in second.rows():
                break
    """,
    # Managers
    "entered managers": """
        async def f():
            async with Client() as x:
                async for row in x.rows():  # AGN101
                    break
            async with Session() as session:
                async for row in session.rows():  # AGN101
                    break
            async with entered() as one:
                async for row in one.rows():  # AGN101
                    break
            async with entered_too() as two:
                async for row in two.rows():  # AGN101
                    break
            async with entered_untyped() as three:
                async for row in three.rows():  # AGN101
                    break
            async with entered_any() as four:
                async for row in four.rows():
                    break
            async with nullcontext(Client()) as five:
                async for row in five.rows():  # AGN101
                    break
    """,
    "annotated managers": """
        async def f(manager: contextlib.AbstractAsyncContextManager[Client]):
            async with manager as x:
                async for row in x.rows():  # AGN101
                    break
    """,
    "exit stacks": """
        async def f(given):
            async with AsyncExitStack() as stack:
                x = await stack.enter_async_context(entered())
                async for row in x.rows():  # AGN101
                    break
                y = await given.enter_async_context(entered())
                async for row in y.rows():
                    break
    """,
    # __aiter__
    "an agen __aiter__": """
        async def f():
            async for row in Hidden():  # AGN101
                break
            hidden = Hidden()
            async for row in hidden:  # AGN101
                break
            async for row in Delegating():  # AGN101
                break
            async for row in Plain():
                break
            async for row in Iterator():
                break
            async for row in ToOther():
                break
            async for row in hidden:
                pass
    """,
    "an agen __aiter__ under aclosing": """
        async def f(hidden: Hidden):
            async with aclosing(aiter(hidden)) as stream:
                async for row in stream:
                    break
            stream = aiter(hidden)
            async for row in stream:  # AGN101
                break
    """,
    "delegating to an agen __aiter__": """
        async def f(hidden: Hidden, plain: Plain):
            async for row in hidden:  # AGN103
                yield row
            async for row in plain:
                yield row
    """,
    # What an annotation alone says
    "a protocol": """
        async def f(x: Stream):
            async for row in x.rows():
                break
            x.rows()  # AGN105
            await x.rows()  # AGN501
            stream = x.rows()
            stream.aclose()  # AGN201
            with closing(x.rows()):  # AGN205
                pass
            async for row in x.later():
                break
            await x.later()
            x.later()
            x.unsure()
            await x.unsure()
    """,
    "an abstract method": """
        async def f(x: Base):
            async for row in x.rows():
                break
            await x.rows()  # AGN501
            x.rows()  # AGN105
    """,
    "annotated generators": """
        class Keeper:
            def __init__(self, gen: AsyncGenerator[int, None]):
                self.gen = gen

            async def close(self):
                self.gen.aclose()  # AGN201

        async def f(gen: AsyncGenerator[int, None], keeper: Keeper, it: AsyncIterator[int], x):
            gen.aclose()  # AGN201
            keeper.gen.aclose()  # AGN201
            it.aclose()
            if isinstance(x, AsyncGenerator):
                x.aclose()  # AGN201
            async for row in gen:
                break
    """,
}


def analysed(text: str, folder: Path, *, strict: bool = False) -> set[tuple[int, str]]:
    """Return the lines and codes of the findings in a file of a project folder."""
    path = folder / "app.py"
    settings = Settings(strict=strict, python="none", target_version=(3, 12))
    analysis = analyse(Source(str(path), text), settings, root=folder)
    return {(each.span.start.line, each.code) for each in analysis.diagnostics}


def marks(text: str) -> set[tuple[int, str]]:
    """Return the lines of a text with the codes that they are marked with."""
    return {
        (number, code)
        for number, line in enumerate(text.splitlines(), 1)
        for code in re.findall(r"# (AGN\d+)", line)
    }


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    forget()


if sys.version_info < (3, 12):
    # The interpreter that runs the linter has the last word on syntax (PEP 695).
    LIB = LIB.replace("type Later = Client", "Later = Client")
    CASES = {name: case for name, case in CASES.items() if not re.search(r"def f\[", case)}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_in_one_file(case: str, tmp_path: Path) -> None:
    text = HEAD + LIB + textwrap.dedent(case)
    assert analysed(text, tmp_path) == marks(text)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_across_files(case: str, tmp_path: Path) -> None:
    (tmp_path / "lib.py").write_text(HEAD + LIB, encoding="utf-8")
    names = ", ".join(one or other for one, other in NAMES)
    text = f"{HEAD}\nfrom lib import {names}\n" + textwrap.dedent(case)
    assert analysed(text, tmp_path) == marks(text)


STUBBED = """
import asyncio

class Client:
    def __init__(self, inner):
        self.inner = inner

    async def rows(self):
        try:
            yield 1
        finally:
            await asyncio.sleep(0)

    def other(self):
        return registry["other"]

class App:
    def __init__(self, client):
        self.client = client

    async def rows(self):
        async for row in self.client.rows():
            yield row

def find(name):
    return registry[name]

def use(client):
    return client

def pick(name):
    return registry[name]

registry = {}
"""

STUB = """
from collections.abc import AsyncGenerator, AsyncIterator
from typing import overload

class Client:
    inner: Client
    def rows(self) -> AsyncIterator[int]: ...
    def other(self) -> AsyncGenerator[int, None]: ...

class App:
    client: Client

def find(name: str) -> Client: ...
@overload
def pick(name: str) -> Client: ...
@overload
def pick(name: int) -> App: ...
"""


def test_a_stub_beside_the_source_annotates_it(tmp_path: Path) -> None:
    (tmp_path / "lib.py").write_text(STUBBED, encoding="utf-8")
    (tmp_path / "lib.pyi").write_text(STUB, encoding="utf-8")
    text = textwrap.dedent("""
        from lib import App, Client, find, pick

        async def f(app: App):
            async for row in find("x").rows():  # AGN101
                break
            async for row in app.client.rows():  # AGN101
                break
            async for row in app.client.inner.rows():  # AGN101
                break
            async for row in pick("x").rows():  # AGN101
                break
            find("x").other().aclose()  # AGN201
            async for row in find("x").other():
                break
    """)
    assert analysed(text, tmp_path) == marks(text)


def test_a_stub_annotates_the_file_under_analysis(tmp_path: Path) -> None:
    (tmp_path / "app.pyi").write_text(STUB, encoding="utf-8")
    text = STUBBED.replace("client.rows():", "client.rows():  # AGN103")
    (tmp_path / "app.py").write_text(text, encoding="utf-8")
    assert analysed(text, tmp_path) == marks(text)


def test_the_hidden_generator_is_wrapped_by_the_fix(tmp_path: Path) -> None:
    text = HEAD + LIB + "\n\nasync def f():\n    async for row in Hidden():\n        break\n"
    settings = Settings(python="none", target_version=(3, 12))
    fixed = repair(Source(str(tmp_path / "app.py"), text), settings).text
    assert fixed.endswith(
        "async def f():\n"
        "    async with aclosing(aiter(Hidden())) as Hidden_stream:\n"
        "        async for row in Hidden_stream:\n"
        "            break\n"
    )
