"""Generators that are returned out of the `with` or `try` that ends what they work on.

A generator's body runs when it is iterated. One that is returned from inside an `async with` is
iterated after the exit, with a resource that is closed or somebody else's by then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.flow.graph import Argument
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import BindingKind, Scope, ScopeKind, call_of, is_name
from asyncgen_lint.source.walk import descendants
from asyncgen_lint.typestate.calls import parameter_of
from asyncgen_lint.typestate.cleanup import Cleanup, Verdict
from asyncgen_lint.typestate.knowledge import FunctionKind, Knowledge
from asyncgen_lint.typestate.track import is_async_generator_expression

_ENDINGS = tables.RELEASE_METHODS - tables.RELEASES_OF_PAIRS - {"cancel", "unsubscribe"}

Parent = Callable[[cst.CSTNode], cst.CSTNode | None]


@dataclass(frozen=True, slots=True)
class Escape:
    """A generator, made by `creation`, returned at `at` out of what ends the resource `name`.

    `scope_end` is the manager or the release; `use` is where the generator needs the resource.
    """

    at: cst.Return
    creation: cst.BaseExpression
    name: str
    scope_end: cst.CSTNode
    use: cst.CSTNode


@dataclass(frozen=True, slots=True)
class _Resource:
    """A local name, and what ends the object it holds when the function returns."""

    name: str
    end: cst.CSTNode


class Escaping:
    """Answers for one module; `parent` gives the node around a node."""

    def __init__(self, knowledge: Knowledge, cleanup: Cleanup, parent: Parent) -> None:
        self._knowledge = knowledge
        self._cleanup = cleanup
        self._parent = parent

    def escapes(self) -> Iterator[Escape]:
        """Yield each return of a generator that uses what the return itself ends; each once."""
        for function in self._knowledge.outline.functions():
            for each in function.returns:
                if each.value is None:
                    continue
                resources = list(self._resources_around(each, function))
                if resources:
                    yield from self._escapes(each, each.value, function, resources)

    def _escapes(
        self,
        at: cst.Return,
        value: cst.BaseExpression,
        function: Scope,
        resources: list[_Resource],
    ) -> Iterator[Escape]:
        for creation in self._generators_in(value, function):
            for each in resources:
                use = self._use_of(each.name, creation, function)
                if use is not None:
                    yield Escape(at, creation, each.name, each.end, use)
                    return

    # What ends at the return

    def _resources_around(self, node: cst.CSTNode, function: Scope) -> Iterator[_Resource]:
        """Yield the named resources that a return ends, the innermost first."""
        child, current = node, self._parent(node)
        while current is not None and current is not function.node:
            if isinstance(current, cst.With) and child is current.body:
                for item in reversed(current.items):
                    yield from self._entered(item, current, function)
            elif isinstance(current, (cst.Try, cst.TryStar)) and child is not current.finalbody:
                yield from self._released(current.finalbody, function)
            child, current = current, self._parent(current)

    def _entered(
        self, item: cst.WithItem, statement: cst.With, function: Scope
    ) -> Iterator[_Resource]:
        if item.asname is None or not isinstance(item.asname.name, cst.Name):
            return
        manager = call_of(item.item)
        if manager is None:
            # An object that was there before may be there afterwards, too.
            return
        if self._knowledge.dotted(manager.func, function) in tables.CANCEL_SCOPES:
            return
        name = item.asname.name.value
        if len(function.bindings.get(name, ())) != 1:
            return
        is_async = statement.asynchronous is not None
        verdict = self._cleanup.manager_has_effect(item.item, function, is_async=is_async)
        if verdict is Verdict.YES:
            yield _Resource(name, item)

    def _released(self, clause: cst.Finally | None, function: Scope) -> Iterator[_Resource]:
        """Yield what a `finally` releases on every way through it."""
        for line in clause.body.body if clause is not None else ():
            if not isinstance(line, cst.SimpleStatementLine):
                continue
            for each in line.body:
                if not isinstance(each, cst.Expr):
                    continue
                call = call_of(each.value)
                if call is None or not isinstance(call.func, cst.Attribute):
                    continue
                if call.func.attr.value not in _ENDINGS:
                    continue
                for ended in (call.func.value, *(arg.value for arg in call.args)):
                    if isinstance(ended, cst.Name) and self._is_made_here(ended.value, function):
                        yield _Resource(ended.value, call)

    def _is_made_here(self, name: str, function: Scope) -> bool:
        bindings = function.bindings.get(name, ())
        return bool(bindings) and all(call_of(each.value) is not None for each in bindings)

    # What is returned

    def _generators_in(
        self, value: cst.BaseExpression, function: Scope, *, is_held: bool = False
    ) -> Iterator[cst.BaseExpression]:
        """Yield the generators that a returned value is, or that a response in it streams."""
        if isinstance(value, cst.GeneratorExp):
            if is_async_generator_expression(value):
                yield value
        elif isinstance(value, cst.Name):
            bindings = function.bindings.get(value.value, ())
            if len(bindings) == 1 and bindings[0].kind is BindingKind.VALUE:
                bound = bindings[0].value
                if bound is not None and not isinstance(bound, cst.Name):
                    yield from self._generators_in(bound, function, is_held=is_held)
        elif isinstance(value, cst.Call):
            product = self._knowledge.product(value, function)
            if product is not None and product.kind is FunctionKind.AGEN:
                yield value
            elif not is_held and self._holds_streams(value, function):
                for each in value.args[:1]:
                    yield from self._generators_in(each.value, function, is_held=True)

    def _holds_streams(self, call: cst.Call, function: Scope) -> bool:
        return self._knowledge.dotted(call.func, function) in tables.STREAM_HOLDERS

    # What it uses

    def _use_of(
        self, name: str, creation: cst.BaseExpression, function: Scope
    ) -> cst.CSTNode | None:
        """Return where a generator reads the resource once it is iterated."""
        if isinstance(creation, cst.GeneratorExp):
            return self._use_in_expression(name, creation, function)
        if not isinstance(creation, cst.Call):
            return None
        product = self._knowledge.product(creation, function)
        if product is None or len(product.functions) != 1:
            return None
        (generator,) = product.functions
        if self._knowledge.callee(creation.func, function) is not generator:
            return None
        inner = self._name_in(generator, creation, name, function)
        if inner is None or len(generator.bindings.get(inner, ())) > 1:
            return None
        loads = [each for scope in generator.descendants() for each in scope.loads.get(inner, ())]
        if not loads or self._is_entered_again(generator, inner):
            return None
        return loads[0]

    def _use_in_expression(
        self, name: str, creation: cst.GeneratorExp, function: Scope
    ) -> cst.CSTNode | None:
        scope = function.outline.scope_of.get(creation)
        if scope is None or scope.kind is not ScopeKind.COMPREHENSION or name in scope.bindings:
            return None
        inside = (creation.elt, creation.for_in.iter, *creation.for_in.ifs)
        for part in inside:
            for node in descendants(part):
                if is_name(node, name):
                    return node
        return None

    def _name_in(self, generator: Scope, call: cst.Call, name: str, function: Scope) -> str | None:
        """Return what a generator function calls the object that is `name` where it is called."""
        for each in call.args:
            if is_name(each.value, name) and not each.star:
                keyword = each.keyword.value if each.keyword is not None else ""
                argument = Argument(None, each.value, keyword)
                return parameter_of(self._knowledge, generator, call, argument, function)
        is_receiver = isinstance(call.func, cst.Attribute) and is_name(call.func.value, name)
        if is_receiver and generator.owner_class and isinstance(generator.node, cst.FunctionDef):
            parameters = [*generator.node.params.posonly_params, *generator.node.params.params]
            return parameters[0].name.value if parameters else None
        if generator.parent is function and name not in generator.bindings:
            return name
        return None

    def _is_entered_again(self, generator: Scope, name: str) -> bool:
        """Return whether a generator itself opens what it is given."""
        return any(
            isinstance(each, cst.WithItem) and is_name(each.item, name)
            for each in descendants(generator.node)
        )
