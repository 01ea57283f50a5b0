"""`next` that is called in a thread, without a default, on an iterator that may end.

Its StopIteration then has to pass through a future or a coroutine, which cannot hold one (PEP 479;
asyncio documentation, `Future.set_exception`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.flow.graph import EdgeKind
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import Binding, BindingKind, Scope, ScopeKind, called_name, is_name
from asyncgen_lint.source.walk import descendants
from asyncgen_lint.typestate.around import handlers_around
from asyncgen_lint.typestate.knowledge import Knowledge


@dataclass(frozen=True, slots=True)
class NextInThread:
    """A call, of `runner`, that calls `next` in a thread; `library` is the runner's.

    `giving` is the call that gives `next` its iterator, and may give it a default too.
    """

    call: cst.Call
    runner: str
    library: str
    giving: cst.Call


class Threads:
    """Answers for one module; `parent` gives the node around a node."""

    def __init__(
        self, knowledge: Knowledge, parent: Callable[[cst.CSTNode], cst.CSTNode | None]
    ) -> None:
        self._knowledge = knowledge
        self._parent = parent

    def nexts(self) -> Iterator[NextInThread]:
        """Yield each `next` in a thread that an async function starts."""
        if "next" not in (self._knowledge.outline.text or "next"):
            return
        for scope in self._knowledge.outline.module.descendants():
            if not scope.enclosing_function().is_async:
                continue
            for call in scope.calls:
                if not any(is_name(each, "next") for each in _functions_named(call)):
                    continue
                found = self._runner(call, scope)
                if found is None:
                    continue
                library, function, arguments = found
                given = self._iterator(call, function, arguments, scope)
                if given is None or self._is_endless(given[0], scope):
                    continue
                if not self._is_handled(call, library):
                    name = called_name(call) or "the call"
                    yield NextInThread(call, name, library, given[1])

    def _runner(
        self, call: cst.Call, scope: Scope
    ) -> tuple[str, cst.BaseExpression, list[cst.Arg]] | None:
        """Return the library of a call that runs a function in a thread, the function, and the
        arguments for it."""
        arguments = [each for each in call.args if each.keyword is None]
        if any(each.star for each in call.args):
            return None
        dotted = self._knowledge.dotted(call.func, scope)
        library = tables.THREAD_CALLERS.get(dotted, "")
        if not library:
            is_method = isinstance(call.func, cst.Attribute) and (
                call.func.attr.value == "run_in_executor"
            )
            if not is_method or self._knowledge.callee(call.func, scope) is not None:
                return None
            library, arguments = "asyncio", arguments[1:]
        return (library, arguments[0].value, arguments[1:]) if arguments else None

    def _iterator(
        self,
        call: cst.Call,
        function: cst.BaseExpression,
        arguments: list[cst.Arg],
        scope: Scope,
    ) -> tuple[cst.BaseExpression, cst.Call] | None:
        """Return what `next` is called on without a default, and the call that gives it that."""
        giving = call
        if isinstance(function, cst.Lambda) and isinstance(function.body, cst.Call):
            giving = function.body
            function, arguments = giving.func, list(giving.args)
        elif isinstance(function, cst.Call) and function.args:
            if self._knowledge.dotted(function.func, scope) != "functools.partial":
                return None
            giving = function if len(function.args) > 1 else call
            arguments = [*function.args[1:], *arguments]
            function = function.args[0].value
        if self._knowledge.dotted(function, scope) != "builtins.next" or len(arguments) != 1:
            return None
        return None if arguments[0].star else (arguments[0].value, giving)

    def _is_endless(self, iterator: cst.BaseExpression, scope: Scope) -> bool:
        """Return whether the iterator never ends, or is an object of which that is not known."""
        if isinstance(iterator, cst.Name):
            bound = self._knowledge.resolver.bindings(iterator.value, scope)
            if bound is None:
                return True
            return any(self._may_be_endless(each, bound[0]) for each in bound[1])
        if isinstance(iterator, cst.Attribute):
            owner = self._knowledge.class_of(iterator.value, scope)
            name = iterator.attr.value
            stored = self._knowledge.instances.stored_on_self(owner, name) if owner else []
            return any(self._is_endless(*each) for each in stored)
        if not isinstance(iterator, cst.Call):
            return False
        dotted = self._knowledge.dotted(iterator.func, scope)
        if dotted == "builtins.iter" and len(iterator.args) == 1:
            return self._is_endless(iterator.args[0].value, scope)
        if self._knowledge.is_endless(iterator, scope):
            return True
        function = self._knowledge.callee(iterator.func, scope)
        if function is None:
            return False
        if function.kind is ScopeKind.CLASS:
            step = self._knowledge.resolver.method(function, "__next__")
            return step is not None and not _mentions(step.node, "StopIteration")
        return self._never_returns(function)

    def _may_be_endless(self, binding: Binding, scope: Scope) -> bool:
        if binding.kind is BindingKind.VALUE and binding.value is not None:
            return self._is_endless(binding.value, scope)
        return binding.kind not in (BindingKind.PARAMETER, BindingKind.ENTERED)

    def _never_returns(self, function: Scope) -> bool:
        graph = self._knowledge.graph(function)
        return graph is not None and graph.exits[EdgeKind.RETURN] not in graph.reachable()

    def _is_handled(self, call: cst.Call, library: str) -> bool:
        """Return whether the RuntimeError that libraries other than asyncio raise is caught."""
        if library == "asyncio":
            return False
        handlers = handlers_around(call, self._parent)
        return any(_mentions(each.type, "RuntimeError") for each in handlers)


def _functions_named(call: cst.Call) -> Iterator[cst.CSTNode]:
    """Yield what may be the function among a call's arguments, without resolving anything."""
    for each in call.args[:2]:
        value = each.value
        yield value
        if isinstance(value, cst.Lambda) and isinstance(value.body, cst.Call):
            yield value.body.func
        elif isinstance(value, cst.Call) and value.args:
            yield value.args[0].value


def _mentions(node: cst.CSTNode | None, name: str) -> bool:
    return node is not None and any(is_name(each, name) for each in descendants(node))
