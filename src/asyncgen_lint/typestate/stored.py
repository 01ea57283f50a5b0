"""Async generators that a class makes and keeps on `self`, and whether anything closes them.

The claim is one of absence, so every use of the attribute in the module is looked at: one that
may close the generator, exhaust it, or hand it to somebody who may, ends the claim. So does a
method that closes what the generator reads from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import libcst as cst

from asyncgen_lint.flow.graph import Argument
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import BindingKind, Scope, ScopeKind, all_parameters
from asyncgen_lint.source.walk import descendants, own_nodes
from asyncgen_lint.typestate.calls import Use, parameter_of
from asyncgen_lint.typestate.cleanup import Verdict
from asyncgen_lint.typestate.instances import makes_instances
from asyncgen_lint.typestate.knowledge import FunctionKind, Knowledge
from asyncgen_lint.typestate.summary import Reason, Summaries
from asyncgen_lint.typestate.track import is_async_generator_expression


@dataclass(frozen=True, slots=True, eq=False)
class Store:
    """A statement or call that stores a new generator on `self`, directly or in a container."""

    owner: Scope
    method: Scope
    attribute: str
    at: cst.CSTNode
    creation: cst.BaseExpression
    functions: tuple[Scope, ...]
    in_container: bool


@dataclass(frozen=True, slots=True, eq=False)
class Forgotten:
    """A stored generator that needs closing and that nothing in view closes.

    `stepped` is a place that leaves it suspended, if the class itself has one.
    """

    store: Store
    reason: Reason
    stepped: cst.CSTNode | None


class _Access(Enum):
    """What a read of the attribute does with the generator."""

    LOOKS = "looks"
    STEPS = "steps"
    UNSURE = "may close, exhaust or hand on"


class StoredGenerators:
    """Answers for the classes of one module; `parents` maps each node to the one around it."""

    def __init__(
        self,
        knowledge: Knowledge,
        summaries: Summaries,
        parents: Mapping[cst.CSTNode, cst.CSTNode],
    ) -> None:
        self._knowledge = knowledge
        self._resolver = knowledge.resolver
        self._summaries = summaries
        self._parents = parents

    def forgotten(self) -> Iterator[Forgotten]:
        """Yield each stored generator that needs closing and is never closed."""
        for owner in self._knowledge.outline.classes():
            for store in self._stores(owner):
                found = self._forgotten(store)
                if found is not None:
                    yield found

    def iterators_without_aclose(self) -> Iterator[Store]:
        """Yield, once a class, the store of an async iterator that cannot be closed."""
        for owner in self._knowledge.outline.classes():
            if self._resolver.method(owner, "__anext__") is None or self._offers_a_way_out(owner):
                continue
            for store in self._stores(owner):
                if self._closes_resource(store, self._family(owner)):
                    continue
                uses = self._attributes.get(store.attribute, ())
                is_closed = any(self._is_closed_at(each) for each in uses)
                if not is_closed and any(self._is_read_by_step(each, owner) for each in uses):
                    yield store
                    break

    # What a class stores

    def _stores(self, owner: Scope) -> Iterator[Store]:
        """Yield what the class's own methods store; nothing where a base is out of view."""
        methods = [
            each
            for each in owner.methods()
            if each.kind is ScopeKind.FUNCTION and self._knowledge.may_create_generators(each)
        ]
        if not methods or not makes_instances(owner) or self._resolver.has_unknown_bases(owner):
            return
        for method in methods:
            name = self._self_name(method)
            if name:
                for node in own_nodes(method.node):
                    yield from self._stores_at(node, name, owner, method)

    def _stores_at(
        self, node: cst.CSTNode, self_name: str, owner: Scope, method: Scope
    ) -> Iterator[Store]:
        for target, value, in_container in _stored_values(node):
            if not _is_attribute_of(target, self_name):
                continue
            assert isinstance(target, cst.Attribute)
            for creation, is_element in self._created(value, method):
                functions = self._generators_of(creation, method)
                if functions and not self._is_kept_elsewhere(node, value, method):
                    attribute = target.attr.value
                    kept = in_container or is_element
                    yield Store(owner, method, attribute, node, creation, functions, kept)

    def _created(
        self, value: cst.BaseExpression, method: Scope
    ) -> Iterator[tuple[cst.BaseExpression, bool]]:
        """Yield the expressions whose value is stored, and whether in a new container."""
        if isinstance(value, cst.IfExp):
            yield from self._created(value.body, method)
            yield from self._created(value.orelse, method)
        elif isinstance(value, cst.BooleanOperation):
            yield from self._created(value.right, method)
        elif isinstance(value, (cst.List, cst.Tuple, cst.Set)):
            for element in value.elements:
                yield element.value, True
        elif isinstance(value, (cst.ListComp, cst.SetComp)):
            yield value.elt, True
        elif isinstance(value, (cst.DictComp)):
            yield value.value, True
        elif isinstance(value, cst.Name):
            bindings = method.bindings.get(value.value, [])
            if len(bindings) == 1 and bindings[0].kind is BindingKind.VALUE and bindings[0].value:
                yield bindings[0].value, False
        else:
            yield value, False

    def _generators_of(self, creation: cst.BaseExpression, method: Scope) -> tuple[Scope, ...]:
        """Return the async generator functions that an expression makes a generator of."""
        if isinstance(creation, cst.GeneratorExp):
            if not is_async_generator_expression(creation):
                return ()
            return self._generators_of(creation.for_in.iter, method)
        inner = self._knowledge.iterated(creation, method)
        if inner is not None:
            return self._generators_of(inner, method)
        scope = method
        around: cst.CSTNode | None = creation
        while around is not None and around is not method.node:
            # An element of a comprehension is evaluated in the comprehension's own scope.
            if around is not creation and around in self._knowledge.outline.scope_of:
                scope = self._knowledge.outline.scope_of[around]
                break
            around = self._parents.get(around)
        product = self._knowledge.product(creation, scope)
        if product is None or product.kind is not FunctionKind.AGEN:
            return ()
        return product.functions

    def _is_kept_elsewhere(
        self, node: cst.CSTNode, value: cst.BaseExpression, method: Scope
    ) -> bool:
        """Return whether a local name holds the generator too, and may be used to close it."""
        names = {value.value} if isinstance(value, cst.Name) else set()
        if isinstance(node, cst.Assign):
            targets = [each.target for each in node.targets]
            names |= {each.value for each in targets if isinstance(each, cst.Name)}
        return any(
            self._access(load, False, within=node) is _Access.UNSURE
            for scope in method.descendants()
            for name in names
            for load in scope.loads.get(name, ())
        )

    def _self_name(self, method: Scope) -> str:
        """Return what a method calls its object; empty for class and static methods."""
        if not isinstance(method.node, cst.FunctionDef):
            return ""
        decorators = set(self._resolver.decorators(method))
        if decorators & {"builtins.staticmethod", "builtins.classmethod"}:
            return ""
        parameters = all_parameters(method.node.params)
        return parameters[0].name.value if parameters else ""

    # Whether something closes it

    def _forgotten(self, store: Store) -> Forgotten | None:
        needs = [self._summaries.needs_close(each) for each in store.functions]
        reason = needs[0].reason
        if reason is None or any(each.verdict is not Verdict.YES for each in needs):
            return None
        family = self._family(store.owner)
        if self._reads_by_name(store.attribute, family) or self._closes_resource(store, family):
            return None
        stepped: cst.CSTNode | None = None
        for node in self._attributes.get(store.attribute, ()):
            access = self._access(node, store.in_container, within=store.at)
            if access is _Access.STEPS and not self._is_in_ending(node):
                stepped = stepped or self._parents[node]
            elif access is not _Access.LOOKS:
                return None
        if stepped is None and not any(_ends(each) for each in family):
            return None
        return Forgotten(store, reason, stepped)

    def _family(self, owner: Scope) -> list[Scope]:
        """Return the class, its bases, and the classes that inherit from it."""
        return [*self._resolver.ancestry(owner), *self._resolver.subclasses(owner)]

    @cached_property
    def _attributes(self) -> dict[str, list[cst.Attribute]]:
        """All attribute accesses of the module, by name."""
        found: dict[str, list[cst.Attribute]] = {}
        for node in descendants(self._knowledge.outline.module.node):
            if isinstance(node, cst.Attribute):
                found.setdefault(node.attr.value, []).append(node)
        return found

    @cached_property
    def _strings(self) -> frozenset[str]:
        """The literal strings that calls of the module get."""
        return frozenset(
            str(node.value.raw_value)
            for node in descendants(self._knowledge.outline.module.node)
            if isinstance(node, cst.Arg) and isinstance(node.value, cst.SimpleString)
        )

    def _reads_by_name(self, attribute: str, family: list[Scope]) -> bool:
        """Return whether the attribute may be read without being written out."""
        if attribute in self._strings:
            return True
        for owner in family:
            for scope in owner.descendants():
                for call in scope.calls:
                    dotted = self._knowledge.dotted(call.func, scope)
                    if dotted == "builtins.vars" or (
                        dotted == "builtins.getattr"
                        and len(call.args) > 1
                        and not isinstance(call.args[1].value, cst.SimpleString)
                    ):
                        return True
        dictionaries = self._attributes.get("__dict__", ())
        return any(self._is_in_family(each, family) for each in dictionaries)

    def _is_in_family(self, node: cst.CSTNode, family: list[Scope]) -> bool:
        function = self._function_around(node)
        return function is not None and function.owner_class in family

    def _closes_resource(self, store: Store, family: list[Scope]) -> bool:
        """Return whether a method closes what the generator reads from, or cleans up as it does."""
        used = set(_attributes_in(store.creation))
        for function in store.functions:
            used |= set(_attributes_in(function.node))
        arguments = {n.value for n in descendants(store.creation) if isinstance(n, cst.Name)}
        for node in own_nodes(store.method.node):
            for target, value, _ in _stored_values(node):
                if isinstance(value, cst.Name) and value.value in arguments:
                    assert isinstance(target, cst.Attribute)
                    used.add(target.attr.value)
        used.discard(store.attribute)
        self_name = self._self_name(store.method)
        cleanups = {
            name for each in store.functions for name in _own_cleanups(each.node, self_name)
        }
        if any(_promises_to_end(name) for name in cleanups):
            # The object's own close is what the generator's cleanup would run.
            return True
        generators = {function.node for function in store.functions}
        for owner in family:
            for method in owner.methods():
                if method.node in generators:
                    continue
                for node in descendants(method.node):
                    if _is_release_of(node, used) or _own_method(node, self_name) in cleanups:
                        return True
        return False

    # What a read does

    def _access(
        self, node: cst.BaseExpression, in_container: bool, *, within: cst.CSTNode | None = None
    ) -> _Access:
        """Return what the code around a read of the generator, or its container, does with it."""
        parent = self._parents[node]
        if self._is_inside(node, within):
            return _Access.LOOKS
        if isinstance(parent, (cst.AssignTarget, cst.Del, cst.Expr, cst.AugAssign)):
            return _Access.LOOKS
        if isinstance(parent, cst.AnnAssign):
            return _Access.LOOKS if parent.target is node else _Access.UNSURE
        if isinstance(parent, cst.Attribute):
            return self._method_access(parent, in_container)
        if isinstance(parent, cst.Subscript):
            return self._access(parent, False, within=within) if in_container else _Access.UNSURE
        if isinstance(parent, cst.Arg):
            return self._argument_access(node, parent, in_container)
        if isinstance(parent, cst.For) and parent.iter is node:
            return self._loop_access(parent, in_container)
        if isinstance(parent, cst.Return) and not in_container:
            function = self._function_around(node)
            is_iter = function is not None and function.name == "__aiter__"
            return _Access.STEPS if is_iter else _Access.UNSURE
        return _Access.LOOKS if self._is_tested(node) else _Access.UNSURE

    def _is_inside(self, node: cst.CSTNode, around: cst.CSTNode | None) -> bool:
        current: cst.CSTNode | None = node
        while current is not None and not isinstance(current, cst.IndentedBlock):
            if current is around:
                return True
            current = self._parents.get(current)
        return False

    def _method_access(self, attribute: cst.Attribute, in_container: bool) -> _Access:
        call = self._parents[attribute]
        name = attribute.attr.value
        if not isinstance(call, cst.Call) or call.func is not attribute:
            return _Access.UNSURE
        if in_container:
            changes = tables.CONTAINER_ADDERS | tables.CONTAINER_REMOVERS
            is_dropped = isinstance(self._parents[call], cst.Expr)
            return _Access.LOOKS if name in changes and is_dropped else _Access.UNSURE
        if name in ("__anext__", "asend"):
            return self._step_access(call)
        if name in ("aclose", "athrow", "__aiter__"):
            return _Access.UNSURE
        return _Access.LOOKS

    def _step_access(self, call: cst.CSTNode) -> _Access:
        """A step, unless a `while` around it may go on to the end."""
        current = self._parents.get(call)
        while current is not None and not isinstance(current, cst.FunctionDef):
            if isinstance(current, cst.While):
                return _Access.UNSURE
            current = self._parents.get(current)
        return _Access.STEPS

    def _argument_access(
        self, node: cst.BaseExpression, argument: cst.Arg, in_container: bool
    ) -> _Access:
        call = self._parents[argument]
        scope = self._function_around(node)
        if not isinstance(call, cst.Call) or scope is None or argument.star:
            return _Access.UNSURE
        dotted = self._knowledge.dotted(call.func, scope)
        if dotted in tables.STEP_FUNCTIONS:
            return _Access.UNSURE if in_container else self._step_access(call)
        if dotted in _LOOKERS:
            return _Access.LOOKS
        if dotted == "builtins.open" or dotted.startswith("os."):
            # They take no generator, so that the attribute holds something else here.
            return _Access.UNSURE if in_container else _Access.LOOKS
        return self._call_in_view(call, argument, scope)

    def _call_in_view(self, call: cst.Call, argument: cst.Arg, scope: Scope) -> _Access:
        function = self._knowledge.callee(call.func, scope)
        if function is None or function.kind is not ScopeKind.FUNCTION:
            return _Access.UNSURE
        keyword = argument.keyword.value if argument.keyword is not None else ""
        given = Argument(None, argument.value, keyword)
        parameter = parameter_of(self._knowledge, function, call, given, scope)
        if parameter is None:
            return _Access.UNSURE
        looks = self._summaries.use(function, parameter) is Use.LOOKS
        return _Access.LOOKS if looks else _Access.UNSURE

    def _loop_access(self, loop: cst.For, in_container: bool) -> _Access:
        if loop.asynchronous is not None:
            if in_container:
                return _Access.UNSURE
            # A loop that is only left at the end of its generator exhausts it.
            return _Access.STEPS if _may_be_left(loop) else _Access.UNSURE
        if not in_container or not isinstance(loop.target, cst.Name):
            return _Access.UNSURE
        accesses = [
            self._access(node, False)
            for node in descendants(loop.body)
            if isinstance(node, cst.Name) and node.value == loop.target.value
        ]
        if accesses and all(each is _Access.STEPS for each in accesses):
            return _Access.STEPS
        return _Access.UNSURE

    def _is_tested(self, node: cst.CSTNode) -> bool:
        """Return whether only the truth of the value, or what it compares to, matters."""
        parent = self._parents[node]
        while isinstance(parent, cst.BooleanOperation):
            node, parent = parent, self._parents[parent]
        if isinstance(parent, (cst.Comparison, cst.ComparisonTarget, cst.UnaryOperation)):
            return True
        if isinstance(parent, cst.FormattedStringExpression):
            return True
        return isinstance(parent, (cst.If, cst.While, cst.IfExp, cst.Assert)) and (
            parent.test is node
        )

    def _function_around(self, node: cst.CSTNode) -> Scope | None:
        current = self._parents.get(node)
        while current is not None:
            if isinstance(current, cst.FunctionDef):
                return self._knowledge.outline.scope_of[current]
            current = self._parents.get(current)
        return None

    def _is_in_ending(self, node: cst.CSTNode) -> bool:
        """Return whether a step stands in a method that ends things: it may be the last one."""
        function = self._function_around(node)
        return function is not None and not tables.ENDING_WORDS.isdisjoint(function.name.split("_"))

    # Iterators that cannot be closed

    def _offers_a_way_out(self, owner: Scope) -> bool:
        names = ("aclose", "__getattr__", "__getattribute__", "__aexit__", "__exit__")
        for each in self._family(owner):
            if any(name in each.bindings or name in each.annotations for name in names):
                return True
        return any(
            isinstance(self._parents[each], (cst.AssignTarget, cst.AnnAssign))
            for each in self._attributes.get("aclose", ())
        )

    def _is_read_by_step(self, node: cst.Attribute, owner: Scope) -> bool:
        function = self._function_around(node)
        return function is not None and function is self._resolver.method(owner, "__anext__")

    def _is_closed_at(self, node: cst.Attribute) -> bool:
        """Return whether a read closes the generator, or stands where it may be ended."""
        function = self._function_around(node)
        if function is not None and _promises_to_end(function.name):
            return True
        parent = self._parents[node]
        return isinstance(parent, cst.Attribute) and parent.attr.value == "aclose"


_LOOKERS = tables.LOCAL_ONLY_CALLS | {
    "builtins.bool", "builtins.callable", "builtins.hasattr", "builtins.id", "builtins.type",
    "inspect.isasyncgen",
}  # fmt: skip

_Stored = tuple[cst.BaseExpression, cst.BaseExpression, bool]


def _stored_values(node: cst.CSTNode) -> Iterator[_Stored]:
    """Yield the attribute, the value, and whether the attribute is a container that gets it."""
    if isinstance(node, cst.Assign):
        for each in node.targets:
            target = each.target
            if isinstance(target, cst.Attribute):
                yield target, node.value, False
            elif isinstance(target, cst.Subscript) and isinstance(target.value, cst.Attribute):
                yield target.value, node.value, True
    elif isinstance(node, cst.AnnAssign):
        if isinstance(node.target, cst.Attribute) and node.value is not None:
            yield node.target, node.value, False
    elif isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        container = node.func.value
        if isinstance(container, cst.Attribute) and node.func.attr.value in tables.CONTAINER_ADDERS:
            yield from ((container, each.value, True) for each in node.args)


def _is_attribute_of(node: cst.CSTNode, name: str) -> bool:
    return (
        isinstance(node, cst.Attribute)
        and isinstance(node.value, cst.Name)
        and node.value.value == name
    )


def _attributes_in(node: cst.CSTNode) -> Iterator[str]:
    for each in descendants(node):
        if isinstance(each, cst.Attribute) and isinstance(each.value, cst.Name):
            yield each.attr.value


def _own_cleanups(function: cst.CSTNode, self_name: str) -> Iterator[str]:
    """Yield the methods of its object that a function calls in a handler or a `finally`."""
    for each in descendants(function):
        if isinstance(each, (cst.Finally, cst.ExceptHandler, cst.ExceptStarHandler)):
            names = (_own_method(node, self_name) for node in descendants(each))
            yield from (name for name in names if name)


def _own_method(node: cst.CSTNode, self_name: str) -> str:
    """Return the method that a node calls on the name of the object, or an empty string."""
    if isinstance(node, cst.Call) and _is_attribute_of(node.func, self_name):
        assert isinstance(node.func, cst.Attribute)
        return node.func.attr.value
    return ""


def _is_release_of(node: cst.CSTNode, attributes: set[str]) -> bool:
    """Return whether a node is `self.x.close()`, or the like, of one of the attributes."""
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
        return False
    owner = node.func.value
    return (
        isinstance(owner, cst.Attribute)
        and owner.attr.value in attributes
        and node.func.attr.value in tables.RELEASE_METHODS | tables.ENDING_METHODS
    )


def _may_be_left(loop: cst.For) -> bool:
    """Return whether the loop's body holds a way out other than the generator's end."""
    ways_out = (cst.Yield, cst.Return, cst.Raise, cst.Break)
    return any(isinstance(each, ways_out) for each in own_nodes(loop.body))


def _ends(owner: Scope) -> bool:
    """Return whether a class has a method that promises to end what it holds."""
    return any(
        _promises_to_end(name)
        for name, bindings in owner.bindings.items()
        if any(each.kind is BindingKind.FUNCTION for each in bindings)
    )


def _promises_to_end(method: str) -> bool:
    return method in ("__aexit__", "__exit__", "aclose", "stop", "shutdown") or method.startswith(
        "close"
    )
