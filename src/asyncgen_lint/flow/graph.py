"""The control-flow graph of one function.

A block is a run of instructions that are executed one after the other; its edges say where
control goes and why. Source and graph, side by side:

    async def rows(db):          0: enter db.cursor()        NEXT -> 1, MAY_RAISE -> exit
        async with db.cursor():  1: yield 1                  NEXT -> 2, GENERATOR_EXIT -> 3
            yield 1              2: leave (normally)         NEXT -> return
                                 3: leave (GENERATOR_EXIT)   GENERATOR_EXIT -> exit

`finally` bodies and `with` exits are copied once per continuation, as CPython compiles them, so
every edge out of a copy has one meaning; handlers are copied for each kind of exception.

Not modelled: exceptions of plain name and attribute loads, KeyboardInterrupt, signals, what a
debugger does. Operands are the names of local variables (str), temporaries (int), or None for a
value that no analysis follows (constants, globals).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

import libcst as cst

Operand = str | int | None
"""A local variable by name, a temporary by number, or a value that is not followed."""


TRUTHY = "truthy"
FALSY = "falsy"


class EdgeKind(Enum):
    """Why control takes an edge. The last four are exceptions; RAISE is an explicit statement."""

    NEXT = "next"
    TRUE = "true"
    FALSE = "false"
    EXHAUSTED = "exhausted"
    BREAK = "break"
    CONTINUE = "continue"
    RETURN = "return"
    RAISE = "raise"
    MAY_RAISE = "may raise"
    CANCEL = "cancel"
    GENERATOR_EXIT = "GeneratorExit"


EXCEPTIONAL = frozenset(
    {EdgeKind.RAISE, EdgeKind.MAY_RAISE, EdgeKind.CANCEL, EdgeKind.GENERATOR_EXIT}
)


class RegionKind(Enum):
    """What part of which statement a block lies in."""

    TRY_BODY = "try body"
    HANDLER = "handler"
    ELSE = "else"
    FINALLY = "finally"
    WITH = "with"
    LOOP = "loop"


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A statement part around a block; `node` is the Try, WithItem or loop.

    `pending` is, for a handler or a finally copy, the kind of edge that led into it; `handler`
    is the handler itself.
    """

    kind: RegionKind
    node: cst.CSTNode
    pending: EdgeKind = EdgeKind.NEXT
    handler: cst.CSTNode | None = None
    is_async: bool = False


@dataclass(slots=True, eq=False)
class Instruction:
    """One evaluated thing; `node` is what it was lowered from."""

    node: cst.CSTNode


@dataclass(slots=True, eq=False)
class Bind(Instruction):
    """Give a local variable a value.

    `constant` is True, False or None where that is the value, or TRUTHY or FALSY.
    """

    name: str
    value: Operand
    constant: str = ""


@dataclass(slots=True, eq=False)
class Unbind(Instruction):
    """`del name`."""

    name: str


@dataclass(slots=True, eq=False)
class Copy(Instruction):
    """Give a temporary a value that stays where it was; `constant` is as in Bind."""

    result: int
    value: Operand
    constant: str = ""


@dataclass(slots=True, eq=False)
class Discard(Instruction):
    """Drop the value of an expression statement."""

    value: Operand


@dataclass(frozen=True, slots=True, eq=False)
class Argument:
    """An argument of a call: its value, its keyword if any, and its stars."""

    value: Operand
    node: cst.CSTNode
    keyword: str = ""
    star: str = ""


@dataclass(slots=True, eq=False)
class Call(Instruction):
    """Call `node.func`; for a method call `receiver` is the object and `method` its name."""

    result: int
    callee: Operand
    receiver: Operand
    method: str
    arguments: tuple[Argument, ...]


@dataclass(slots=True, eq=False)
class Attribute(Instruction):
    """Read an attribute."""

    result: int
    owner: Operand
    name: str


@dataclass(slots=True, eq=False)
class StoreAttribute(Instruction):
    """Set an attribute."""

    owner: Operand
    name: str
    value: Operand


@dataclass(slots=True, eq=False)
class StoreItem(Instruction):
    """Set an item or a slice."""

    values: tuple[Operand, ...]


@dataclass(slots=True, eq=False)
class Collect(Instruction):
    """Put values into a new container, or do something with them that is not understood."""

    result: int
    values: tuple[Operand, ...]


@dataclass(slots=True, eq=False)
class Look(Instruction):
    """Compare, format, or subscript: the values are looked at and not kept."""

    values: tuple[Operand, ...]


@dataclass(slots=True, eq=False)
class Capture(Instruction):
    """Make a function, lambda or class; the names it uses may be read at any later time."""

    names: tuple[str, ...]


@dataclass(slots=True, eq=False)
class MakeGenerator(Instruction):
    """Make a generator expression over `source`; `names` are the locals it uses."""

    result: int
    source: Operand
    names: tuple[str, ...]


@dataclass(slots=True, eq=False)
class Iterate(Instruction):
    """Take the iterator of a loop; `node` is the For or CompFor."""

    result: int
    value: Operand
    is_async: bool


@dataclass(slots=True, eq=False)
class Next(Instruction):
    """Take the next item; its block has a NEXT and an EXHAUSTED edge."""

    result: int
    iterator: int
    is_async: bool


@dataclass(slots=True, eq=False)
class Drop(Instruction):
    """A loop is left by an edge of this kind, and lets go of its iterator."""

    iterator: int
    kind: EdgeKind


@dataclass(slots=True, eq=False)
class Await(Instruction):
    """Await a value."""

    result: int
    value: Operand


@dataclass(slots=True, eq=False)
class Yield(Instruction):
    """Yield a value, or delegate by `yield from`; alone in its block."""

    result: int
    value: Operand
    is_delegation: bool


@dataclass(slots=True, eq=False)
class Enter(Instruction):
    """Enter a context manager; `node` is the WithItem."""

    result: int
    manager: Operand
    is_async: bool


@dataclass(slots=True, eq=False)
class Exit(Instruction):
    """Leave a context manager because of an edge of this kind."""

    manager: Operand
    is_async: bool
    kind: EdgeKind


@dataclass(slots=True, eq=False)
class Return(Instruction):
    """Return a value."""

    value: Operand


@dataclass(slots=True, eq=False)
class Raise(Instruction):
    """Raise an exception."""

    values: tuple[Operand, ...]


@dataclass(slots=True, eq=False)
class Test(Instruction):
    """Branch on a value: on whether it is `other`, None or what a dotted name holds, if that is
    given, else on its truth.

    `is_last_use` says that nothing reads the value afterwards if it is a temporary.
    """

    value: Operand
    other: str = ""
    is_last_use: bool = False


@dataclass(slots=True, eq=False)
class Catch(Instruction):
    """Enter a handler; `node` is the ExceptHandler."""

    kind: EdgeKind


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """An edge, and the node that makes control take it: a jump, or the first that may raise.

    `raised` tells an exception that an instruction of the block raises from one that was pending
    before it and goes on behind it.
    """

    target: Block
    kind: EdgeKind
    node: cst.CSTNode | None = None
    raised: bool = False


@dataclass(slots=True, eq=False)
class Block:
    """A basic block. `index` is its place in `Graph.blocks`; `regions` are outermost first."""

    index: int
    regions: tuple[Region, ...]
    instructions: list[Instruction] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """A function's graph. `exits` has a block for RETURN and for each exceptional kind.

    `local_names` are the variables it tracks, `captured` those that nested functions read.
    """

    node: cst.CSTNode
    entry: Block
    exits: dict[EdgeKind, Block]
    blocks: list[Block]
    local_names: frozenset[str]
    captured: frozenset[str]

    def reachable(self) -> Iterator[Block]:
        """Yield the blocks that edges lead to from the entry, the entry first."""
        seen = {self.entry.index}
        pending = [self.entry]
        while pending:
            block = pending.pop()
            yield block
            for edge in block.edges:
                if edge.target.index not in seen:
                    seen.add(edge.target.index)
                    pending.append(edge.target)


RAISING: frozenset[type[Instruction]] = frozenset(
    {Call, Await, Iterate, Next, Enter, Exit, Yield, Look, Collect, StoreItem, MakeGenerator}
)
"""The instructions after which control may take a MAY_RAISE edge of their block."""


def is_raised_by(kind: EdgeKind, instruction: Instruction) -> bool:
    """Return whether a raised edge of this kind may leave its block at this instruction."""
    if kind is EdgeKind.MAY_RAISE:
        return type(instruction) in RAISING
    if kind is EdgeKind.CANCEL:
        return suspends(instruction)
    return isinstance(instruction, Yield)


def suspends(instruction: Instruction) -> bool:
    """Return whether an instruction may suspend the function's task: what awaits, not a `yield`."""
    if isinstance(instruction, (Next, Enter, Exit)):
        return instruction.is_async
    return isinstance(instruction, Await)


def yield_of(block: Block) -> cst.CSTNode | None:
    """Return the `yield` that a block is made of, if it is."""
    for each in block.instructions:
        if isinstance(each, Yield):
            return each.node
    return None
