"""Ambient state that is set while a generator is suspended, so that its consumer runs with it.

Ambient is what code reads without being given it: context variables, the current span, standard
output, warning filters. It is set by a manager, or by a call that gives the token to reset it by.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from asyncgen_lint.flow.constants import blocks_after, constants
from asyncgen_lint.flow.graph import Block, Call, Graph, yield_of
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import BindingKind, Scope, dotted_name, is_name, only_argument
from asyncgen_lint.typestate.openings import OpenAtYield, Opened, Openings


class AmbientStates(Openings):
    """Answers for the functions of one module."""

    def _by_name(self, dotted: str, method: str) -> str:
        if dotted in tables.AMBIENT_MANAGERS:
            return dotted
        return method if method in tables.AMBIENT_METHODS else ""

    def _by_class(self, owner: Scope) -> Opened | None:
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
                        return Opened(_state_name(value), value)
        return None

    def _by_calls(self, function: Scope, graph: Graph) -> Iterator[OpenAtYield]:
        for name, call, resets in (*self._pairs(function), *self._restored(function)):
            yield from _between(graph, Opened(name, call), call, resets)

    # Values put back

    def _restored(self, function: Scope) -> Iterator[tuple[str, cst.Call, tuple[cst.Call, ...]]]:
        """Yield each call that sets a context variable to be set back to what it had before.

        With it come the calls that set it back.
        """
        for name, bindings in function.bindings.items():
            before = bindings[0].value if len(bindings) == 1 else None
            variable = _variable(before, "get")
            if variable is None or not self._knowledge.is_context_variable(variable, function):
                continue
            assert isinstance(variable, cst.Name)
            sets = [
                each for each in function.calls if is_name(_variable(each, "set"), variable.value)
            ]
            back = tuple(each for each in sets if is_name(only_argument(each), name))
            for each in sets if back else ():
                if each not in back:
                    yield _state_name(each), each, back

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


def _variable(call: cst.CSTNode | None, method: str) -> cst.BaseExpression | None:
    """Return the object of which an expression calls this method."""
    if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute):
        return None
    return call.func.value if call.func.attr.value == method else None


def _state_name(call: cst.Call) -> str:
    """Return what a message calls the state that a call sets: `request_id.set`."""
    return dotted_name(call.func)


def _between(
    graph: Graph, opened: Opened, call: cst.Call, resets: tuple[cst.Call, ...]
) -> Iterator[OpenAtYield]:
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
                    yield OpenAtYield(at, call, opened, reset)


def _calls(block: Block, calls: tuple[cst.Call, ...]) -> bool:
    return any(isinstance(each, Call) and each.node in calls for each in block.instructions)
