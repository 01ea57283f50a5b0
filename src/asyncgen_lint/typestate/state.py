"""The lattice: what may be true of each generator object at a point of a function.

This is a may-analysis: a state says, for each site, the set of conditions its object may be in,
and for each operand, the sets of objects it may hold. Joining is union. A site that is in no
state has not been reached. Conditions, in the order an object passes them:

    CREATED -> SUSPENDED (at a step, once or often) -> EXHAUSTED | CLOSED, or ESCAPED at any time

An earlier design kept one set of open generators per block and asked at each exit whether a
`close` stood somewhere below; it missed closes on one branch only, and reported closes in a
`finally` that it had not copied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

import libcst as cst

from asyncgen_lint.flow.graph import EdgeKind, Operand
from asyncgen_lint.names.scopes import Scope


class SiteKind(Enum):
    """What creates the generator object."""

    CALL = "call"
    EXPRESSION = "generator expression"
    ITERATOR = "iterator of an object"
    PARAMETER = "parameter"


@dataclass(eq=False)
class Site:
    """A place that creates a generator, or a parameter that holds one.

    An ITERATOR is made by the `__aiter__` of what a loop, its node, iterates.
    `functions` are the async generator functions one of which is called, `overrides` those that may
    stand in for it in subclasses; `sources` are the sites a generator expression iterates;
    `resources` the operands the generator was made from; `given` the sites that it reads and does
    not close, `shared` those of them that something else holds as well. A site in a loop makes an
    object each turn: `earlier` stands for those of turns before.
    """

    kind: SiteKind
    node: cst.CSTNode
    functions: tuple[Scope, ...] = ()
    overrides: tuple[Scope, ...] = ()
    sources: frozenset[Site] = frozenset()
    resources: frozenset[str] = frozenset()
    is_earlier: bool = False
    given: set[Site] = field(default_factory=set, repr=False)
    shared: set[Site] = field(default_factory=set, repr=False)
    _earlier: Site | None = field(default=None, repr=False)

    @property
    def earlier(self) -> Site:
        """The site that stands for the objects made here in earlier turns of a loop."""
        if self.is_earlier:
            return self
        if self._earlier is None:
            self._earlier = Site(
                self.kind,
                self.node,
                self.functions,
                self.overrides,
                self.sources,
                self.resources,
                True,
                self.given,
                self.shared,
            )
        return self._earlier

    @property
    def owned(self) -> Iterator[Site]:
        """The sites whose objects are dropped suspended when this one's is closed suspended."""
        pending, seen = [self], {self}
        while pending:
            for each in pending.pop().given:
                if each not in seen and each not in self.shared:
                    seen.add(each)
                    pending.append(each)
                    yield each


class Phase(Enum):
    """Where in its life a generator object is."""

    CREATED = "created"
    SUSPENDED = "suspended"
    EXHAUSTED = "exhausted"
    CLOSED = "closed"
    ESCAPED = "escaped"


@dataclass(frozen=True, slots=True)
class Condition:
    """A phase; if SUSPENDED, the loop or call that stepped last and how that loop was left.

    `left` is None while the loop is running, and for a step that is no loop until an exception
    passes it. `maybe_finished` marks a step with a default, which may have met the end; `is_first`
    the step that started the generator.
    """

    phase: Phase
    step: cst.CSTNode | None = None
    left: EdgeKind | None = None
    maybe_finished: bool = False
    is_first: bool = False


CREATED = Condition(Phase.CREATED)
EXHAUSTED = Condition(Phase.EXHAUSTED)
CLOSED = Condition(Phase.CLOSED)
ESCAPED = Condition(Phase.ESCAPED)


class Role(Enum):
    """In what form an operand holds a generator."""

    OBJECT = "object"
    CLOSER = "closer"
    METHOD = "bound method"
    STEP = "awaitable of a step"
    COROUTINE = "coroutine that returns it"
    ITEM = "item, or the default at the end"
    ALWAYS_TRUE = "test that holds for every generator"


@dataclass(frozen=True, slots=True)
class Holding:
    """What an operand may hold: a site's object in some form.

    `action` is, for METHOD and STEP, the method's name; `default` is that of
    `anext(g, default)` if that is a name, `?` if another expression, and empty without one.
    """

    site: Site
    role: Role
    action: str = ""
    default: str = ""
    step: cst.CSTNode | None = None


KEEPING_ROLES = frozenset({Role.OBJECT, Role.CLOSER, Role.METHOD, Role.STEP})
"""The roles in which an operand keeps the generator object alive."""


@dataclass(frozen=True, slots=True)
class State:
    """What may hold at a point. Compared by value; never changed in place."""

    holdings: Mapping[Operand, frozenset[Holding]]
    conditions: Mapping[Site, frozenset[Condition]]

    def held(self, operand: Operand) -> frozenset[Holding]:
        """Return what an operand may hold."""
        return self.holdings.get(operand, _NOTHING) if operand is not None else _NOTHING

    def is_kept(self, site: Site) -> bool:
        """Return whether some operand still keeps the site's object alive."""
        return any(
            each.site is site and each.role in KEEPING_ROLES
            for held in self.holdings.values()
            for each in held
        )


_NOTHING: frozenset[Holding] = frozenset()

EMPTY = State({}, {})

DEAD = State({}, {})
"""The state behind what never ends normally. Known by identity; it is on no edge and joins none."""


def join(one: State, other: State) -> State:
    """Return the union of two states."""
    if one is other or not other.conditions:
        return one
    if not one.conditions:
        return other
    return State(_union(one.holdings, other.holdings), _union(one.conditions, other.conditions))


def _union(one: Mapping, other: Mapping) -> dict:  # type: ignore[type-arg]
    merged = dict(one)
    for key, values in other.items():
        mine = merged.get(key)
        merged[key] = values if mine is None else mine | values
    return merged
