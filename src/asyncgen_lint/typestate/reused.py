"""Containers that a generator yields and then empties, so that each item is the same object."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

import libcst as cst

from asyncgen_lint.flow.constants import Flags, blocks_after, constants
from asyncgen_lint.flow.graph import (
    Bind,
    Block,
    Call,
    Graph,
    Instruction,
    StoreAttribute,
    Unbind,
    yield_of,
)
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import BindingKind, Scope, dotted_name
from asyncgen_lint.typestate.knowledge import Knowledge

_DISPLAYS = (cst.List, cst.Dict, cst.Set, cst.ListComp, cst.DictComp, cst.SetComp)
_LIST_METHODS = (tables.CONTAINER_METHODS & set(dir(list))) | {"sort", "reverse"}

Parent = Callable[[cst.CSTNode], cst.CSTNode | None]


@dataclass(frozen=True, slots=True)
class ReusedItem:
    """A `yield` of a container called `name` that is emptied at `emptied` behind it.

    `may_be_new` says that the function would do as well with a new list in place of the emptied.
    """

    at: cst.CSTNode
    name: str
    emptied: cst.CSTNode
    may_be_new: bool


class _Change(Enum):
    EMPTIED = "emptied"
    REPLACED = "replaced"


class ReusedItems:
    """Answers for the functions of one module; `parent` gives the node around a node."""

    def __init__(self, knowledge: Knowledge, parent: Parent) -> None:
        self._knowledge = knowledge
        self._parent = parent

    def of(self, function: Scope, graph: Graph) -> Iterator[ReusedItem]:
        """Yield each `yield` of a container that is emptied before it is bound anew."""
        flags: dict[int, Flags] = {}
        for block in graph.reachable():
            at = yield_of(block)
            if not isinstance(at, cst.Yield) or not isinstance(at.value, (cst.Name, cst.Attribute)):
                continue
            name = dotted_name(at.value)
            if not name or not self._is_container(at.value, function):
                continue
            flags = flags or constants(graph)
            emptied = self._emptied_behind(block, name, flags.get(block.index, {}))
            if emptied is not None:
                yield ReusedItem(at, name, emptied, self._may_be_new(name, function, graph))

    def _emptied_behind(self, at: Block, name: str, flags: Flags) -> cst.CSTNode | None:
        """Return where the container is emptied behind a yield, if it still is the same there."""
        for edge in at.edges:
            if edge.raised:
                continue
            for block, _ in blocks_after(edge, flags, lambda each: bool(self._first(each, name))):
                found = self._first(block, name)
                if found is not None and found[0] is _Change.EMPTIED:
                    return found[1]
        return None

    def _first(self, block: Block, name: str) -> tuple[_Change, cst.CSTNode] | None:
        """Return what first becomes of the named container in a block."""
        for each in block.instructions:
            if _is_bound_by(each, name):
                return _Change.REPLACED, each.node
            if self._is_emptied_by(each, name):
                return _Change.EMPTIED, each.node
        return None

    def _is_emptied_by(self, instruction: Instruction, name: str) -> bool:
        node = instruction.node
        if isinstance(instruction, Call):
            return (
                isinstance(node, cst.Call)
                and not node.args
                and dotted_name(node.func) == f"{name}.clear"
            )
        if not isinstance(node, cst.Subscript):
            return False
        is_deleted = isinstance(self._parent(node), cst.Del)
        return is_deleted and dotted_name(node.value) == name and _is_whole(node)

    def _is_container(self, expression: cst.Name | cst.Attribute, scope: Scope) -> bool:
        """Return whether an expression only ever is a list, dict or set that is made in view."""
        if isinstance(expression, cst.Name):
            bindings = scope.bindings.get(expression.value, [])
            if any(each.kind is not BindingKind.VALUE for each in bindings):
                return False
            made = [(each.value, scope) for each in bindings if each.value is not None]
            return bool(made) and all(self._makes_container(*each) for each in made)
        owner = self._knowledge.class_of(expression.value, scope)
        if owner is None:
            return False
        stored = self._knowledge.instances.stored_on_self(owner, expression.attr.value)
        return bool(stored) and all(self._makes_container(*each) for each in stored)

    def _makes_container(self, value: cst.BaseExpression, scope: Scope) -> bool:
        if isinstance(value, cst.Call):
            return self._knowledge.dotted(value.func, scope) in tables.CONTAINER_TYPES
        return isinstance(value, _DISPLAYS)

    def _may_be_new(self, name: str, function: Scope, graph: Graph) -> bool:
        """Return whether a name stands for a list that nothing else in the function refers to."""
        if name in graph.captured or name not in graph.local_names:
            return False
        return all(
            self._makes_empty_list(each.value, function) for each in function.bindings[name]
        ) and all(self._keeps_nothing(node, function) for node in function.loads.get(name, ()))

    def _makes_empty_list(self, value: cst.BaseExpression | None, scope: Scope) -> bool:
        if isinstance(value, cst.Call):
            return not value.args and self._knowledge.dotted(value.func, scope) == "builtins.list"
        return isinstance(value, cst.List) and not value.elements

    def _keeps_nothing(self, node: cst.CSTNode, scope: Scope) -> bool:
        """Return whether a use of a list keeps no reference to it."""
        parent = self._parent(node)
        if isinstance(parent, cst.Attribute):
            return parent.attr.value in _LIST_METHODS and isinstance(self._parent(parent), cst.Call)
        if isinstance(parent, cst.Arg):
            call = self._parent(parent)
            return isinstance(call, cst.Call) and self._knowledge.dotted(call.func, scope) in (
                tables.LOCAL_ONLY_CALLS
            )
        if isinstance(parent, (cst.If, cst.While)):
            return parent.test is node
        return isinstance(parent, (cst.Yield, cst.Subscript, cst.UnaryOperation, cst.Comparison))


def _is_bound_by(instruction: Instruction, name: str) -> bool:
    if isinstance(instruction, (Bind, Unbind)):
        return instruction.name == name or name.startswith(f"{instruction.name}.")
    if isinstance(instruction, StoreAttribute):
        return name == f"{instruction.owner}.{instruction.name}"
    return False


def _is_whole(node: cst.Subscript) -> bool:
    """Return whether a subscript is `[:]`."""
    part = node.slice[0].slice
    return (
        len(node.slice) == 1
        and isinstance(part, cst.Slice)
        and part.lower is None
        and part.upper is None
        and part.step is None
    )
