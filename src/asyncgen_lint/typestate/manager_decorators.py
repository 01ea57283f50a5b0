"""Decorators of contextlib on functions of a kind that they cannot make context managers of.

`contextmanager` calls `next()` on what the function gives, `asynccontextmanager` awaits its
`__anext__()` (contextlib, `__enter__` and `__aenter__`): the function need not be a generator
function, but must return a generator of the decorator's kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.flow.graph import EdgeKind
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import Scope
from asyncgen_lint.typestate.decorators import Way
from asyncgen_lint.typestate.knowledge import FunctionKind, Knowledge, is_stub


@dataclass(frozen=True, slots=True)
class WrongDecorator:
    """A decorator at `at` called `name`, for sync generators or not, of the wrong function."""

    function: Scope
    kind: FunctionKind
    at: cst.Decorator
    name: str
    is_sync: bool


def wrong_decorators(knowledge: Knowledge) -> Iterator[WrongDecorator]:
    """Yield each decorator of a context manager whose function gives it no fitting generator."""
    text = knowledge.outline.text
    is_extended = bool(knowledge.known.extensions.context_manager_decorators)
    if text is not None and not is_extended and "contextmanager" not in text:
        # So ends the name of each decorator in the tables; no other one need be looked up.
        return
    for function in knowledge.outline.functions():
        node = function.node
        if not isinstance(node, cst.FunctionDef):
            continue
        kind = knowledge.body_kind(function)
        decorations = knowledge.decorators.of(function)
        for each, made in zip(reversed(node.decorators), decorations, strict=True):
            name = knowledge.dotted(each.decorator, function.parent or function)
            if _cannot_enter(knowledge, name, kind):
                if kind is not FunctionKind.COROUTINE or not _is_placeholder(knowledge, function):
                    is_sync = name in tables.SYNC_CONTEXT_MANAGER_DECORATORS
                    last = name.rpartition(".")[2]
                    yield WrongDecorator(function, kind, each, last, is_sync)
                break
            if made.way is not Way.ITSELF:
                break


def _cannot_enter(knowledge: Knowledge, decorator: str, kind: FunctionKind) -> bool:
    """Return whether a decorator fails to enter what a function of a kind gives."""
    if decorator in tables.SYNC_CONTEXT_MANAGER_DECORATORS:
        return kind in (FunctionKind.AGEN, FunctionKind.COROUTINE)
    if decorator in knowledge.known.context_manager_decorators:
        return kind in (FunctionKind.GENERATOR, FunctionKind.COROUTINE)
    return False


def _is_placeholder(knowledge: Knowledge, function: Scope) -> bool:
    """Return whether a function is not meant to run: a stub, an overload, or one that raises."""
    if is_stub(function) or knowledge.resolver.is_overload(function):
        return True
    if "abc.abstractmethod" in knowledge.resolver.decorators(function):
        return True
    graph = knowledge.graph(function)
    return graph is None or graph.exits[EdgeKind.RETURN] not in graph.reachable()
