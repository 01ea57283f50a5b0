"""Ambient state that is set while a generator is suspended, so that its consumer runs with it.

Ambient is what code reads without being given it: context variables, the current span, standard
output, warning filters. It is set by a manager, or by a call that gives the token to reset it by.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.flow.constants import blocks_after, constants
from asyncgen_lint.flow.graph import Block, Call, Graph, yield_of
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import BindingKind, Scope, ScopeKind, dotted_name
from asyncgen_lint.typestate.held import entered_at_yields
from asyncgen_lint.typestate.knowledge import Knowledge

_MAX_DEPTH = 5
_MANAGER_DECORATORS = tables.CONTEXT_MANAGER_DECORATORS | tables.SYNC_CONTEXT_MANAGER_DECORATORS


@dataclass(frozen=True, slots=True)
class AmbientState:
    """A `yield` at which `name`, set at `opened`, is still set; `reset` ends it, if by a call."""

    at: cst.CSTNode
    name: str
    opened: cst.CSTNode
    reset: cst.CSTNode | None = None


class AmbientStates:
    """Answers for the functions of one module."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def set_at_yields(self, function: Scope, graph: Graph) -> Iterator[AmbientState]:
        """Yield each own `yield` at which ambient state is set; each once."""
        seen: set[cst.CSTNode] = set()
        for each in self._at_yields(function, graph, _MAX_DEPTH):
            if each.at not in seen:
                seen.add(each.at)
                yield each

    def _at_yields(self, function: Scope, graph: Graph, depth: int) -> Iterator[AmbientState]:
        for at, items in entered_at_yields(graph):
            for item in reversed(items):
                name = self._set_by(item.item, function, depth)
                if name:
                    yield AmbientState(at, name, item)
        for name, call, resets in self._pairs(function):
            yield from _between(graph, name, call, resets)

    # Managers

    def _set_by(self, manager: cst.BaseExpression, scope: Scope, depth: int) -> str:
        """Return the name of the ambient state that entering a manager sets, or nothing."""
        if not depth:
            return ""
        if isinstance(manager, cst.Name):
            only = self._knowledge.resolver.only_value(manager.value, scope)
            return self._set_by(*only, depth - 1) if only is not None else ""
        if not isinstance(manager, cst.Call):
            return ""
        dotted = self._knowledge.dotted(manager.func, scope)
        if dotted in tables.AMBIENT_MANAGERS:
            return dotted
        found = self._knowledge.callee(manager.func, scope)
        if found is not None:
            return self._set_in(found, depth)
        if isinstance(manager.func, cst.Attribute):
            name = manager.func.attr.value
            return name if name in tables.AMBIENT_METHODS else ""
        return ""

    def _set_in(self, found: Scope, depth: int) -> str:
        """Return what a context manager function or class in view leaves set in its body."""
        if found.kind is ScopeKind.CLASS:
            return self._set_by_class(found)
        names = self._knowledge.resolver.decorators(found)
        if len(names) != 1 or names[0] not in _MANAGER_DECORATORS:
            return ""
        graph = self._knowledge.graph(found)
        if graph is None:
            return ""
        inner = next(self._at_yields(found, graph, depth - 1), None)
        return inner.name if inner is not None else ""

    def _set_by_class(self, owner: Scope) -> str:
        """Return what is set by a token that a class's exit method resets."""
        for name in ("__exit__", "__aexit__"):
            method = self._knowledge.resolver.method(owner, name)
            for call in method.calls if method is not None else ():
                token = call.args[0].value if len(call.args) == 1 else None
                if not isinstance(token, cst.Attribute) or method is None:
                    continue
                stored = self._knowledge.instances.stored_on_self(owner, token.attr.value)
                for value, where in stored:
                    if isinstance(value, cst.Call) and self._undoes(call, method, value, where):
                        return _state_name(value)
        return ""

    # Tokens

    def _pairs(self, function: Scope) -> Iterator[tuple[str, cst.Call, tuple[cst.Call, ...]]]:
        """Yield each call whose token a name gets, with the calls that reset by that token."""
        for name, bindings in function.bindings.items():
            resets = tuple(
                call
                for call in function.calls
                if len(call.args) == 1
                and isinstance(call.args[0].value, cst.Name)
                and call.args[0].value.value == name
            )
            for each in bindings if resets else ():
                if each.kind is not BindingKind.VALUE or not isinstance(each.value, cst.Call):
                    continue
                undoing = [
                    call for call in resets if self._undoes(call, function, each.value, function)
                ]
                if undoing:
                    yield _state_name(each.value), each.value, tuple(undoing)

    def _undoes(self, reset: cst.Call, scope: Scope, call: cst.Call, where: Scope) -> bool:
        """Return whether a call resets what the other has set, given its token."""
        undone_by = tables.AMBIENT_PAIRS.get(self._knowledge.dotted(call.func, where))
        if undone_by is not None:
            return self._knowledge.dotted(reset.func, scope) == undone_by
        if not isinstance(call.func, cst.Attribute) or not isinstance(reset.func, cst.Attribute):
            return False
        if (call.func.attr.value, reset.func.attr.value) != ("set", "reset"):
            return False
        variable = dotted_name(call.func.value)
        if not variable or variable != dotted_name(reset.func.value):
            return False
        # No other interface resets by the token that `set` gives; a class in view is looked at.
        return self._knowledge.class_of(call.func.value, where) is None


def _state_name(call: cst.Call) -> str:
    """Return what a message calls the state that a call sets: `request_id.set`."""
    return dotted_name(call.func)


def _between(
    graph: Graph, name: str, call: cst.Call, resets: tuple[cst.Call, ...]
) -> Iterator[AmbientState]:
    """Yield each `yield` that is reached after a call and before a reset that may follow it."""
    flags = constants(graph)

    def is_reset(block: Block) -> bool:
        return _calls(block, resets)

    for block in graph.reachable():
        if block.index not in flags or not _calls(block, (call,)):
            continue
        for edge in block.edges:
            if edge.raised:
                continue
            for after, state in blocks_after(edge, flags[block.index], is_reset):
                at = yield_of(after)
                if at is None:
                    continue
                reset = next(
                    (
                        each.node
                        for way in after.edges
                        for later, _ in blocks_after(way, state)
                        for each in later.instructions
                        if isinstance(each, Call) and each.node in resets
                    ),
                    None,
                )
                if reset is not None:
                    yield AmbientState(at, name, call, reset)


def _calls(block: Block, calls: tuple[cst.Call, ...]) -> bool:
    return any(isinstance(each, Call) and each.node in calls for each in block.instructions)
