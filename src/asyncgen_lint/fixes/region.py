"""The statements of a block that use what a line of it makes, and a statement around them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.items import Items
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import BindingKind, Scope
from asyncgen_lint.rule import Node
from asyncgen_lint.source.walk import descendants


@dataclass(frozen=True)
class Uses:
    """What loops over a generator give its items to, and the expressions that take one."""

    targets: tuple[cst.BaseExpression, ...]
    taken: frozenset[Node]


@dataclass(frozen=True)
class Region:
    """The statements of a block from the first to the last that uses a local name.

    The line `made` of the block binds the name, and nothing else does; numbers count statements.
    `targets` are what loops over it give its items to, `taken` the expressions that take one.
    """

    name: str
    block: cst.IndentedBlock
    made: int
    first: int
    last: int
    targets: tuple[cst.BaseExpression, ...]
    taken: frozenset[Node]

    def statements(self, last: int) -> Sequence[Node]:
        """Return the statements from the first that uses the name to the one numbered `last`."""
        return self.block.body[self.first : last + 1]

    @property
    def end(self) -> int:
        """The number of the block's last statement."""
        return len(self.block.body) - 1

    @property
    def is_made_above(self) -> bool:
        """Whether the line right above does nothing but bind the name."""
        line = self.block.body[self.made]
        return (
            self.made == self.first - 1
            and isinstance(line, cst.SimpleStatementLine)
            and len(line.body) == 1
            and isinstance(line.body[0], cst.Assign)
        )


def region_of(
    facts: Facts,
    creation: Node,
    function: Scope,
    closing: Node | None = None,
    *,
    is_object: bool = False,
) -> Region | None:
    """Return the statements that use what is made at a node, below the line that names it.

    None where another name or function may use it too, where it is used for anything but to be
    iterated, stepped or closed, and where that is not all below the line, in its block.
    `closing` is a use that may be anything: the call that closes it. `is_object` says that it is no
    generator, so that it may have attributes; none that releases it is used.
    """
    value = facts.parent(creation) if isinstance(facts.parent(creation), cst.Await) else creation
    assigned = facts.parent(value)
    if not isinstance(assigned, (cst.Assign, cst.AnnAssign)) or assigned.value is not value:
        return None
    name = _only_target(assigned)
    line = facts.parent(assigned)
    block = facts.parent(line)
    if name is None or not isinstance(block, cst.IndentedBlock):
        return None
    if not isinstance(line, cst.SimpleStatementLine) or not is_own(name, function):
        return None
    made = _number_in(facts, block, line)
    assert made is not None
    numbers = []
    closing_nodes = set(descendants(closing)) if closing is not None else set()
    loads = function.loads.get(name, ())
    for node in loads:
        number = _number_in(facts, block, node)
        if number is None or number <= made:
            return None
        numbers.append(number)
    used = uses_of(
        facts, [node for node in loads if node not in closing_nodes], function, is_object=is_object
    )
    if not numbers or used is None:
        return None
    return Region(name, block, made, min(numbers), max(numbers), used.targets, used.taken)


def uses_of(
    facts: Facts,
    nodes: Iterable[Node],
    function: Scope,
    *,
    is_object: bool = False,
    through: tuple[Scope, ...] = (),
) -> Uses | None:
    """Return what becomes of the items of a generator that is read at these nodes.

    None where it is used for anything but to be iterated, stepped or closed. `is_object` says that
    it is no generator, so that it may have attributes; none that releases it is used. `through` are
    the functions that pass it on to this one.
    """
    targets: list[cst.BaseExpression] = []
    taken: list[Node] = []
    for node in nodes:
        parent = facts.parent(node)
        if isinstance(parent, cst.For) and parent.iter is node and parent.asynchronous:
            targets.append(parent.target)
        elif is_object and _is_asked(parent, node):
            continue
        elif not _is_drained(facts, node):
            step = _awaited_step(facts, node, function, through)
            if step is None:
                return None
            taken.append(step)
    return Uses(tuple(targets), frozenset(taken))


def _only_target(assigned: cst.Assign | cst.AnnAssign) -> str | None:
    if isinstance(assigned, cst.AnnAssign):
        target: cst.BaseExpression = assigned.target
    elif len(assigned.targets) == 1:
        target = assigned.targets[0].target
    else:
        return None
    return target.value if isinstance(target, cst.Name) else None


def is_own(name: str, function: Scope, kind: BindingKind = BindingKind.VALUE) -> bool:
    """Return whether a name is bound once, in its function, and read by no function inside."""
    bindings = function.bindings.get(name, ())
    if len(bindings) != 1 or bindings[0].kind is not kind:
        return False
    if name in function.declared_global | function.declared_nonlocal:
        return False
    return not is_read_inside(name, function)


def is_read_inside(name: str, function: Scope) -> bool:
    """Return whether a function inside this one may read or bind the name."""
    return any(
        name in scope.loads or name in scope.declared_nonlocal
        for scope in function.descendants()
        if scope is not function
    )


def _number_in(facts: Facts, block: cst.IndentedBlock, node: Node) -> int | None:
    """Return the number of the block's statement that holds the node; None if none does."""
    child = node
    for parent in facts.around(node):
        if parent is block:
            return list(block.body).index(child)
        child = parent
    return None


def _is_asked(parent: Node, node: Node) -> bool:
    """Return whether a node is only the owner of an attribute, of none that may end it."""
    return (
        isinstance(parent, cst.Attribute)
        and parent.value is node
        and parent.attr.value not in tables.RELEASE_METHODS | tables.ENDING_METHODS
    )


def _is_drained(facts: Facts, node: Node) -> bool:
    """Return whether a comprehension reads the name to its end."""
    clause = facts.parent(node)
    if not isinstance(clause, cst.CompFor) or clause.iter is not node:
        return False
    comprehension = facts.parent(clause)
    return (
        clause.asynchronous is not None
        and isinstance(comprehension, (cst.ListComp, cst.SetComp, cst.DictComp))
        and comprehension.for_in is clause
    )


def _awaited_step(
    facts: Facts, node: Node, function: Scope, through: tuple[Scope, ...]
) -> Node | None:
    """Return the `await` of a step or close of the name; None if it is used otherwise."""
    parent = facts.parent(node)
    call = facts.parent(parent)
    if not isinstance(call, cst.Call):
        return None
    if isinstance(parent, cst.Arg):
        if call.args[0] is not parent:
            return None
    elif not isinstance(parent, cst.Attribute) or call.func is not parent:
        return None
    is_step = facts.steps(call, function) or (bool(through) and is_named_as_step(call))
    if not is_step and not keeps_no_item(facts, call, node, function, through):
        return None
    awaited = facts.parent(call)
    if isinstance(awaited, cst.Arg):
        waiting = facts.parent(awaited)
        if not isinstance(waiting, cst.Call) or waiting.args[0] is not awaited:
            return None
        if facts.resolver.dotted(waiting.func, function) != "asyncio.wait_for":
            return None
        awaited = facts.parent(waiting)
    return awaited if isinstance(awaited, cst.Await) else None


def is_named_as_step(call: cst.Call) -> bool:
    """Return whether a call is a step or a close if it is of a generator's method."""
    if not isinstance(call.func, cst.Attribute):
        return False
    method = call.func.attr.value
    return method == "aclose" or method in tables.STEP_METHODS


def keeps_no_item(
    facts: Facts, call: cst.Call, node: Node, function: Scope, through: tuple[Scope, ...] = ()
) -> bool:
    """Return whether a call passes a generator to a coroutine that at most returns an item of it.

    That is a function of this module which does nothing with it but to iterate, step or close it.
    """
    found = facts.coroutine_given(call, node, function)
    if found is None or found[0] in through:
        return False
    helper, parameter = found
    if len(helper.bindings.get(parameter, ())) != 1 or is_read_inside(parameter, helper):
        return False
    loads = helper.loads.get(parameter, ())
    used = uses_of(facts, loads, helper, through=(*through, helper))
    if used is None:
        return False
    return not Items(facts, helper, [helper.node], used.targets, used.taken).may_be_lent()


def without_blank_lines_above(statement: Node) -> Node:
    """Return a statement without the blank lines above it and its comments."""
    lines = list(statement.leading_lines)
    while lines and lines[0].comment is None:
        lines.pop(0)
    return statement.with_changes(leading_lines=lines)
