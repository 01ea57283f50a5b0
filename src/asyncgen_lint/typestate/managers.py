"""Context managers that close: given what they cannot close, or entered in the wrong way.

`closing` calls `close()`, `aclosing` awaits `aclose()`; both look the method up only when they are
left (contextlib). An answer is given only where the kind of the argument is certain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import libcst as cst

from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import BindingKind, Scope, ScopeKind, dotted_name, only_argument
from asyncgen_lint.source.walk import descendants, is_same_code, own_nodes
from asyncgen_lint.typestate.knowledge import FunctionKind, Knowledge
from asyncgen_lint.typestate.track import is_async_generator_expression

_MAX_DEPTH = 5
_LIBRARIES = frozenset(each.partition(".")[0] for each in tables.ACLOSING | tables.SYNC_CLOSING)
_HOOKS = frozenset({"aclose", "__getattr__", "__getattribute__", "__new__"})
"""What gives a class an `aclose`, or may."""

_DISPLAYS: dict[type[cst.CSTNode], str] = {
    cst.List: "a list",
    cst.ListComp: "a list",
    cst.Tuple: "a tuple",
    cst.Set: "a set",
    cst.SetComp: "a set",
    cst.Dict: "a dict",
    cst.DictComp: "a dict",
    cst.Lambda: "a function",
}
_PRODUCTS = {
    FunctionKind.COROUTINE: "a coroutine",
    FunctionKind.GENERATOR: "a sync generator",
    FunctionKind.CONTEXT_MANAGER: "a context manager",
}
_FUNCTIONS = frozenset({*_PRODUCTS, FunctionKind.AGEN, FunctionKind.PLAIN})


class Entry(Enum):
    """How a generator is given to a manager, or entered itself, that cannot work."""

    CLOSING = "closing"
    ASYNC_CLOSING = "closing, by `async with`"
    SYNC_ACLOSING = "aclosing, by `with`"
    SYNC_GENERATOR = "itself, by `with`"


@dataclass(frozen=True, slots=True)
class WrongEntry:
    """A generator (empty for whatever `aclosing` wraps) entered by `statement`, if by one."""

    entry: Entry
    call: cst.BaseExpression
    generator: cst.BaseExpression | None
    statement: cst.With | None
    scope: Scope


@dataclass(frozen=True, slots=True)
class Unclosable:
    """`aclosing` of something that certainly has no `aclose()`: `kind` says what it is."""

    call: cst.Call
    argument: cst.BaseExpression
    kind: str
    statement: cst.With | None
    scope: Scope


@dataclass(frozen=True, slots=True)
class Unused:
    """`aclosing` of a new generator that nothing names, over a loop on another one like it."""

    call: cst.Call
    statement: cst.With
    loop: cst.For | cst.CompFor
    scope: Scope


class Managers:
    """Answers for one module; `parent` gives the node around a node."""

    def __init__(
        self, knowledge: Knowledge, parent: Callable[[cst.CSTNode], cst.CSTNode | None]
    ) -> None:
        self._knowledge = knowledge
        self._parent = parent

    def wrong_entries(self) -> Iterator[WrongEntry]:
        """Yield each generator under `closing`, and each entry by the wrong `with`."""
        for scope in self._knowledge.outline.module.descendants():
            for call in scope.calls:
                yield from self._wrong_entry(call, scope)
            for name in self._names_of_generators(scope):
                for node in scope.loads.get(name, ()):
                    yield from self._sync_entry(node, scope)

    def _wrong_entry(self, call: cst.Call, scope: Scope) -> Iterator[WrongEntry]:
        dotted = self._knowledge.dotted(call.func, scope) if self._may_close else ""
        if dotted in tables.SYNC_CLOSING:
            argument = only_argument(call)
            if argument is not None and self._is_generator(argument, scope):
                statement = self._statement(call)
                is_async = statement is not None and statement.asynchronous is not None
                entry = Entry.ASYNC_CLOSING if is_async else Entry.CLOSING
                yield WrongEntry(entry, call, argument, statement, scope)
        elif dotted in tables.ACLOSING:
            statement = self._statement(call)
            if statement is not None and statement.asynchronous is None:
                yield WrongEntry(Entry.SYNC_ACLOSING, call, only_argument(call), statement, scope)
        elif not dotted:
            yield from self._sync_entry(call, scope)

    def _sync_entry(self, node: cst.BaseExpression, scope: Scope) -> Iterator[WrongEntry]:
        statement = self._statement(node)
        if statement is None or statement.asynchronous is not None:
            return
        if self._is_generator(node, scope):
            yield WrongEntry(Entry.SYNC_GENERATOR, node, node, statement, scope)

    def _names_of_generators(self, scope: Scope) -> Iterator[str]:
        """Yield the names of a scope that get a generator somewhere."""
        for name, bindings in scope.bindings.items():
            for each in bindings:
                if each.value is None:
                    continue
                product = self._knowledge.product(each.value, scope)
                if product is not None and product.kind is FunctionKind.AGEN:
                    yield name
                    break

    def _is_generator(self, expression: cst.BaseExpression, scope: Scope) -> bool:
        if isinstance(expression, cst.GeneratorExp):
            return is_async_generator_expression(expression)
        return self._knowledge.is_async_generator(expression, scope)

    def _statement(self, manager: cst.CSTNode) -> cst.With | None:
        """Return the statement that enters a manager in its header."""
        item = self._parent(manager)
        if not isinstance(item, cst.WithItem):
            return None
        statement = self._parent(item)
        return statement if isinstance(statement, cst.With) else None

    def unclosable(self) -> Iterator[Unclosable]:
        """Yield each `aclosing` whose argument certainly lacks `aclose`."""
        for call, argument, scope in self._aclosings:
            kind = self.kind_without_aclose(argument, scope)
            if kind and not self._sets_aclose():
                yield Unclosable(call, argument, kind, self._statement(call), scope)

    def unused(self) -> Iterator[Unused]:
        """Yield each `aclosing` of a new, unnamed generator whose body iterates one like it."""
        for call, argument, scope in self._aclosings:
            statement = self._statement(call)
            if statement is None or not isinstance(argument, cst.Call):
                continue
            if not self._is_generator(argument, scope) or _is_named(statement, call):
                continue
            for loop in _async_loops(statement.body):
                if is_same_code(loop.iter, argument):
                    yield Unused(call, statement, loop, scope)
                    break

    @cached_property
    def _aclosings(self) -> tuple[tuple[cst.Call, cst.BaseExpression, Scope], ...]:
        if not self._may_close:
            return ()
        return tuple(
            (call, argument, scope)
            for scope in self._knowledge.outline.module.descendants()
            for call in scope.calls
            if self._knowledge.dotted(call.func, scope) in tables.ACLOSING
            and (argument := only_argument(call)) is not None
        )

    @cached_property
    def _may_close(self) -> bool:
        """Whether the module imports a library that has `closing` or `aclosing`."""
        return any(
            each.kind is BindingKind.IMPORT and each.target.partition(".")[0] in _LIBRARIES
            for scope in self._knowledge.outline.module.descendants()
            for bindings in scope.bindings.values()
            for each in bindings
        )

    def kind_without_aclose(self, expression: cst.BaseExpression, scope: Scope) -> str:
        """Return what an expression gives, as "a list", if that certainly has no `aclose`."""
        return self._unclosable_kind(expression, scope, _MAX_DEPTH)

    def _unclosable_kind(self, expression: cst.BaseExpression, scope: Scope, depth: int) -> str:
        """Return what an expression gives, if it certainly has no `aclose`; else nothing."""
        if not depth:
            return ""
        if type(expression) in _DISPLAYS:
            return _DISPLAYS[type(expression)]
        if isinstance(expression, cst.GeneratorExp):
            return "" if is_async_generator_expression(expression) else "a sync generator"
        if isinstance(expression, cst.Call):
            return self._unclosable_result(expression, scope)
        if isinstance(expression, (cst.Name, cst.Attribute)) and self._is_function(
            expression, scope
        ):
            return "a function"
        if isinstance(expression, cst.Name):
            return self._unclosable_name(expression.value, scope, depth)
        return ""

    def _unclosable_result(self, call: cst.Call, scope: Scope) -> str:
        dotted = self._knowledge.dotted(call.func, scope)
        if dotted in tables.SYNC_ITERABLE_MAKERS:
            return tables.SYNC_ITERABLE_MAKERS[dotted]
        product = self._knowledge.product(call, scope)
        if product is not None:
            return _PRODUCTS.get(product.kind, "")
        made = self._knowledge.callee(call.func, scope)
        if made is None or made.kind is not ScopeKind.CLASS:
            return ""
        is_instance = self._knowledge.class_of(call, scope) is made
        if not is_instance or self._may_have_aclose(made):
            return ""
        return f"an instance of `{made.name}`"

    def _unclosable_name(self, name: str, scope: Scope, depth: int) -> str:
        bound = self._knowledge.resolver.bindings(name, scope)
        if bound is None:
            return ""
        kinds = set()
        for each in bound[1]:
            if each.kind is not BindingKind.VALUE or each.value is None:
                return ""
            kinds.add(self._unclosable_kind(each.value, bound[0], depth - 1))
        return kinds.pop() if len(kinds) == 1 else ""

    def _is_function(self, expression: cst.Name | cst.Attribute, scope: Scope) -> bool:
        reference = self._knowledge.resolver.reference(expression, scope)
        found = reference.scope if reference is not None else None
        if found is None and isinstance(expression, cst.Attribute):
            owner = self._knowledge.class_of(expression.value, scope)
            name = expression.attr.value
            found = self._knowledge.method_of(owner, name) if owner is not None else None
        if found is None or found.kind is not ScopeKind.FUNCTION:
            return False
        return self._knowledge.kind(found) in _FUNCTIONS

    def _may_have_aclose(self, owner: Scope) -> bool:
        resolver = self._knowledge.resolver
        if resolver.has_unknown_bases(owner):
            return True
        for each in resolver.ancestry(owner):
            node = each.node
            assert isinstance(node, cst.ClassDef)
            if node.keywords or any(base.star for base in node.bases):
                return True
            if _HOOKS & each.bindings.keys():
                return True
        return False

    def _sets_aclose(self) -> bool:
        """Return whether the module gives some object an `aclose` from outside its class."""
        for node in descendants(self._knowledge.outline.module.node):
            if isinstance(node, (cst.AssignTarget, cst.AnnAssign)):
                target = node.target
                if isinstance(target, cst.Attribute) and target.attr.value == "aclose":
                    return True
            elif isinstance(node, cst.Call) and dotted_name(node.func) == "setattr":
                return True
        return False


def _is_named(statement: cst.With, manager: cst.BaseExpression) -> bool:
    return any(each.asname is not None for each in statement.items if each.item is manager)


def _async_loops(suite: cst.CSTNode) -> Iterator[cst.For | cst.CompFor]:
    """Yield the async loops of a suite, those of nested functions left aside."""
    for each in own_nodes(suite):
        if isinstance(each, (cst.For, cst.CompFor)) and each.asynchronous is not None:
            yield each
