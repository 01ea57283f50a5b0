"""Generators and iterables given to what cannot take them, which raises on every run.

Each answer says what is misused, where, and by what. Names are resolved: asyncstdlib's `list` and
`enumerate`, or a module's own, take async generators.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import Scope, ScopeKind, is_name, last_name
from asyncgen_lint.source.walk import descendants
from asyncgen_lint.typestate.knowledge import Knowledge
from asyncgen_lint.typestate.uses import Use, Uses

_SYNC_KINDS = frozenset({"a list", "a tuple", "a set", "a dict", "a sync generator"}) | frozenset(
    tables.SYNC_ITERABLE_MAKERS.values()
)

_VIEWS = frozenset({"items", "keys", "values"})
_AS_COMPLETED_IS_ASYNC_SINCE = (3, 13)


@dataclass(frozen=True, slots=True)
class Misused:
    """An expression that `at` (a loop, a `with`, or a call) misuses; `by` names what does.

    `is_later_right` says that a newer Python than the target takes it, `is_to_be_called` of a
    function that calling it without arguments gives what is meant.
    """

    node: cst.BaseExpression
    at: cst.CSTNode
    by: str
    is_later_right: bool = False
    is_to_be_called: bool = False


class Misuse:
    """Answers for one module; `kind_of` says what an expression is, as "a list", if it is sure."""

    def __init__(
        self,
        knowledge: Knowledge,
        uses: Uses,
        parents: Mapping[cst.CSTNode, cst.CSTNode],
        kind_of: Callable[[cst.BaseExpression, Scope], str],
    ) -> None:
        self._knowledge = knowledge
        self._uses = uses
        self._parents = parents
        self._kind_of = kind_of

    # Sync consumers of async generators

    def consumed_by_sync(self) -> Iterator[Misused]:
        """Yield each generator given to a sync loop, function, or other sync consumer."""
        for use in self._uses.of_generators:
            found = self._sync_consumer(use)
            if found is not None:
                yield found

    def _sync_consumer(self, use: Use) -> Misused | None:
        node, parent = use.node, self._parents[use.node]
        if isinstance(parent, (cst.For, cst.CompFor)):
            is_sync = parent.iter is node and parent.asynchronous is None
            return Misused(node, parent, "`for`") if is_sync else None
        if isinstance(parent, cst.Arg):
            return self._sync_call(use, parent)
        if isinstance(parent, cst.StarredElement):
            return Misused(node, node, "`*`")
        if isinstance(parent, cst.From) and not use.scope.enclosing_function().is_async:
            return Misused(node, node, "`yield from`")
        if isinstance(parent, cst.ComparisonTarget):
            is_in = isinstance(parent.operator, (cst.In, cst.NotIn))
            return Misused(node, node, "`in`") if is_in else None
        if isinstance(parent, cst.Assign) and parent.value is node:
            targets = [each.target for each in parent.targets]
            is_unpacked = any(isinstance(each, (cst.Tuple, cst.List)) for each in targets)
            return Misused(node, node, "unpacking") if is_unpacked else None
        if isinstance(parent, cst.Subscript) and parent.value is node:
            return Misused(node, node, "a subscript")
        return None

    def _sync_call(self, use: Use, argument: cst.Arg) -> Misused | None:
        call = self._parents[argument]
        if not isinstance(call, cst.Call) or argument.keyword is not None:
            return None
        if argument.star:
            return Misused(use.node, call, "`*`") if argument.star == "*" else None
        if isinstance(call.func, cst.Attribute) and call.func.attr.value == "join":
            is_text = isinstance(call.func.value, (cst.SimpleString, cst.FormattedString))
            return Misused(use.node, call, "`join`") if is_text else None
        dotted = self._knowledge.dotted(call.func, use.scope)
        is_first = call.args[0] is argument
        if dotted in tables.SYNC_CONSUMERS_OF_ANY or (is_first and dotted in tables.SYNC_CONSUMERS):
            if dotted in ("builtins.max", "builtins.min") and len(call.args) > 1:
                is_alone = call.args[1].keyword is not None
                return Misused(use.node, call, f"`{last_name(call)}`") if is_alone else None
            return Misused(use.node, call, f"`{last_name(call)}`")
        return None

    # Async loops over sync iterables, and over functions

    def sync_iterated_by_async(
        self,
        loops: Iterable[tuple[cst.For | cst.CompFor, Scope]],
        target_version: tuple[int, int],
    ) -> Iterator[Misused]:
        """Yield each sync iterable that an async loop iterates; `by` says what it is."""
        for loop, scope in loops:
            if self._is_as_completed(loop.iter, scope):
                if target_version < _AS_COMPLETED_IS_ASYNC_SINCE:
                    yield Misused(loop.iter, loop, "a sync iterator", is_later_right=True)
                continue
            kind = self._sync_kind(loop.iter, scope)
            if kind and not self._is_over_generator(loop.iter):
                yield Misused(loop.iter, loop, kind)

    def _is_as_completed(self, iterable: cst.BaseExpression, scope: Scope) -> bool:
        return (
            isinstance(iterable, cst.Call)
            and self._knowledge.dotted(iterable.func, scope) in tables.SYNC_UNTIL_3_13
        )

    def _sync_kind(self, iterable: cst.BaseExpression, scope: Scope) -> str:
        called = iterable.func if isinstance(iterable, cst.Call) else None
        if isinstance(called, cst.Attribute) and called.attr.value in _VIEWS:
            assert isinstance(iterable, cst.Call)
            is_dict = self._kind_of(called.value, scope) == "a dict"
            return "a view of a dict" if is_dict and not iterable.args else ""
        kind = self._kind_of(iterable, scope)
        return kind if kind in _SYNC_KINDS else ""

    def _is_over_generator(self, iterable: cst.BaseExpression) -> bool:
        """Return whether the call that gives the iterable raises itself: over a generator."""
        return isinstance(iterable, cst.Call) and any(
            each.value in self._uses.nodes for each in iterable.args
        )

    def functions_for_generators(
        self, loops: Iterable[tuple[cst.For | cst.CompFor, Scope]]
    ) -> Iterator[Misused]:
        """Yield each generator function that stands, not called, where its generator is needed."""
        for loop, scope in loops:
            function = self._uses.function_of(loop.iter, scope)
            if function is not None:
                is_to_be_called = self._takes_nothing(function, loop.iter, scope)
                yield Misused(loop.iter, loop, "`async for`", is_to_be_called=is_to_be_called)
        for scope in self._knowledge.outline.module.descendants():
            for call in scope.calls:
                yield from self._function_in_call(call, scope)

    def _function_in_call(self, call: cst.Call, scope: Scope) -> Iterator[Misused]:
        if isinstance(call.func, cst.Attribute) and call.func.attr.value in _GENERATOR_METHODS:
            if self._uses.function_of(call.func.value, scope) is not None:
                yield Misused(call.func.value, call, f"`{call.func.attr.value}`")
        elif call.args and not call.args[0].star and last_name(call) in _ITERATING:
            dotted = self._knowledge.dotted(call.func, scope)
            first = call.args[0].value
            function = self._uses.function_of(first, scope)
            if dotted in _ITERATING_FUNCTIONS and function is not None:
                # A call in the place of a single step would begin anew each time.
                is_to_be_called = dotted != "builtins.anext" and (
                    self._takes_nothing(function, first, scope)
                )
                by = f"`{last_name(call)}`"
                yield Misused(first, call, by, is_to_be_called=is_to_be_called)

    def _takes_nothing(self, function: Scope, expression: cst.BaseExpression, scope: Scope) -> bool:
        """Return whether a function, as it is named in an expression, needs no arguments."""
        node = function.node
        if not isinstance(node, cst.FunctionDef) or node.decorators:
            return False
        needed = [each for each in _parameters(node.params) if each.default is None]
        if function.owner_class is None:
            return not needed
        is_bound = isinstance(expression, cst.Attribute) and (
            self._knowledge.class_of(expression.value, scope) is not None
        )
        return is_bound and len(needed) == 1

    # Generators taken for coroutines and context managers

    def taken_for_coroutines(self) -> Iterator[Misused]:
        """Yield each generator, or function of one, given to what runs a coroutine."""
        for use in self._uses.of_generators:
            call = self._call_with(use.node)
            if call is not None and self._takes_coroutine(call, use.scope):
                yield Misused(use.node, call, f"`{last_name(call)}`")
        for scope in self._knowledge.outline.module.descendants():
            for call in scope.calls:
                if last_name(call) in _STARTER_NAMES and self._starts_function(call, scope):
                    yield Misused(_function_argument(call), call, f"`{last_name(call)}`")

    def _call_with(self, node: cst.CSTNode) -> cst.Call | None:
        """Return the call that gets a node as its coroutine, alone or among several."""
        parent, several = self._parents[node], None
        if isinstance(parent, cst.Element):
            several = self._parents[parent]
        elif isinstance(parent, (cst.ListComp, cst.GeneratorExp)) and parent.elt is node:
            several = parent
        argument = self._parents[several or node]
        if not isinstance(argument, cst.Arg):
            return None
        call = self._parents[argument]
        if not isinstance(call, cst.Call):
            return None
        if several is not None:
            is_taken = argument.star == "*" or last_name(call) in ("wait", "as_completed")
        else:
            is_first = call.args[0] is argument or last_name(call) == "gather"
            is_taken = is_first and not argument.star
        return call if is_taken else None

    def _takes_coroutine(self, call: cst.Call, scope: Scope) -> bool:
        if self._knowledge.dotted(call.func, scope) in tables.COROUTINE_TAKERS:
            return True
        if not isinstance(call.func, cst.Attribute):
            return False
        takers = tables.COROUTINE_METHODS.get(call.func.attr.value)
        if takers is None:
            return False
        made_by = self._uses.made_by(call.func.value, scope)
        is_loop = made_by in tables.LOOP_GETTERS | tables.LOOP_MAKERS
        return made_by in takers or (is_loop and "loop" in takers)

    def _starts_function(self, call: cst.Call, scope: Scope) -> bool:
        if not call.args or call.args[0].star:
            return False
        function = _function_argument(call)
        if self._uses.function_of(function, scope) is None and function not in self._uses.nodes:
            return False
        dotted = self._knowledge.dotted(call.func, scope)
        if dotted in tables.FUNCTION_RUNNERS:
            return True
        if dotted in tables.THREAD_RUNNERS:
            awaited = self._parents[call]
            # The generator that comes back may be iterated, unless nothing takes it.
            is_dropped = isinstance(self._parents[awaited], cst.Expr)
            return isinstance(awaited, cst.Await) and is_dropped
        if not isinstance(call.func, cst.Attribute):
            return False
        is_start = call.func.attr.value in ("start_soon", "start")
        return is_start and self._uses.made_by(call.func.value, scope) in tables.FUNCTION_STARTERS

    def entered(self) -> Iterator[Misused]:
        """Yield each generator that `async with` or an exit stack is to enter."""
        for use in self._uses.of_generators:
            parent = self._parents[use.node]
            if isinstance(parent, cst.WithItem):
                statement = self._parents[parent]
                if isinstance(statement, cst.With) and statement.asynchronous is not None:
                    yield Misused(use.node, statement, "`async with`")
            elif isinstance(parent, cst.Arg):
                call = self._parents[parent]
                if (
                    isinstance(call, cst.Call)
                    and isinstance(call.func, cst.Attribute)
                    and is_name(call.func.attr, "enter_async_context")
                    and self._uses.made_by(call.func.value, use.scope) in _STACKS
                ):
                    yield Misused(use.node, call, "`enter_async_context`")

    def only_entered(self, node: cst.BaseExpression) -> Scope | None:
        """Return the function whose call a node is, if it was meant as a context manager.

        It yields once, and each mention of it in this module is a call whose result is entered.
        """
        entered = {each.node: each for each in self.entered()}
        scopes = {each.node: each.scope for each in self._uses.of_generators}
        product = self._knowledge.product(node, scopes[node])
        if product is None or len(product.functions) != 1:
            return None
        (function,) = product.functions
        if not _yields_once(function) or function.name != last_name(node):
            return None
        functions = self._knowledge.outline.functions()
        if [each for each in functions if each.name == function.name] != [function]:
            # An override, or another definition, would have to be decorated too; and what another
            # module defines is not decorated from here.
            return None
        for each in self._mentions(function.name):
            call = self._parents[each]
            if not isinstance(call, cst.Call) or call.func is not each or call not in entered:
                return None
        return function

    def _mentions(self, name: str) -> Iterator[cst.CSTNode]:
        for scope in self._knowledge.outline.module.descendants():
            yield from scope.loads.get(name, ())
        for each in descendants(self._knowledge.outline.module.node):
            if isinstance(each, cst.Attribute) and each.attr.value == name:
                yield each

    def is_private(self, function: Scope) -> bool:
        """Return whether no other module may do anything with a function, by its name."""
        is_local = function.parent is not None and function.parent.kind is ScopeKind.FUNCTION
        return is_local or (function.name.startswith("_") and not function.name.startswith("__"))


_STACKS = frozenset({"contextlib.AsyncExitStack", "contextlib2.AsyncExitStack"})
_GENERATOR_METHODS = tables.STEP_METHODS | {"aclose"}
_ITERATING_FUNCTIONS = tables.STREAM_TAKERS | {"builtins.anext", "builtins.aiter"}
_ITERATING = frozenset(each.rpartition(".")[2] for each in _ITERATING_FUNCTIONS)
_STARTER_NAMES = frozenset({"start_soon", "start"}) | frozenset(
    each.rpartition(".")[2] for each in tables.FUNCTION_RUNNERS | tables.THREAD_RUNNERS
)


def _yields_once(function: Scope) -> bool:
    """Return whether a function has one `yield`, and that outside of loops."""
    if len(function.yields) != 1:
        return False
    (only,) = function.yields
    return not any(
        isinstance(each, (cst.For, cst.While)) and any(x is only for x in descendants(each))
        for each in descendants(function.node)
    )


def _parameters(given: cst.Parameters) -> list[cst.Param]:
    """Return the parameters but for `*args` and `**kwargs`, which may stay empty."""
    return [*given.posonly_params, *given.params, *given.kwonly_params]


def _function_argument(call: cst.Call) -> cst.BaseExpression:
    return call.args[0].value
