"""What an annotation says: the class that a value is an instance of, and the types inside it.

An annotation is believed: it names the class of the value or one that this inherits from. None is
never counted: what is done to an object cannot be done to None. What is not understood says
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import libcst as cst

from asyncgen_lint.names.resolve import Reference, Resolver
from asyncgen_lint.names.scopes import Binding, BindingKind, Outline, Scope, ScopeKind, is_name

_MAX_DEPTH = 12

_TYPING = ("typing", "typing_extensions")


def _typing(*names: str) -> frozenset[str]:
    return frozenset(f"{module}.{name}" for module in _TYPING for name in names)


_TRANSPARENT = _typing("Optional", "Annotated", "Final", "ClassVar", "Required", "NotRequired",
                       "ReadOnly") | {"dataclasses.InitVar"}  # fmt: skip
"""The forms that mean their first argument: typing and dataclasses documentation."""

_UNIONS = _typing("Union")
_SELF = _typing("Self")
_CLASSES = _typing("Type") | {"builtins.type"}
_VALUES = _typing("Literal")
_TYPE_VARIABLES = _typing("TypeVar")
_NEW_TYPES = _typing("NewType")
_WITHOUT_TYPE = _typing("Any", "ClassVar", "Final")

_ABSTRACT = ("collections.abc", "typing", "typing_extensions")


def _abstract(*names: str) -> frozenset[str]:
    return frozenset(f"{module}.{name}" for module in _ABSTRACT for name in names)


_GENERIC_BUILTINS = frozenset({"list", "set", "frozenset", "deque"})

ITERATORS = _abstract("Iterable", "Iterator", "Generator", "AsyncIterable", "AsyncIterator",
                      "AsyncGenerator")  # fmt: skip
"""Whose first argument is the type of an item: collections.abc documentation."""

ASYNC_GENERATORS = _abstract("AsyncGenerator") | {"types.AsyncGeneratorType"}

_COLLECTIONS = (
    ITERATORS
    | _abstract("Collection", "Reversible", "Container", "Sequence", "MutableSequence", "Set",
                "MutableSet", "AbstractSet", "ValuesView", "KeysView", "List", "FrozenSet",
                "Deque")
    | {f"builtins.{name}" for name in _GENERIC_BUILTINS}
    | {"collections.deque"}
)  # fmt: skip

_SEQUENCES = _abstract("Sequence", "MutableSequence", "List", "Deque") | {
    "builtins.list",
    "collections.deque",
}

_MAPPINGS = _abstract("Mapping", "MutableMapping", "Dict", "DefaultDict", "OrderedDict") | {
    "builtins.dict",
    "collections.defaultdict",
    "collections.OrderedDict",
}
"""Whose second argument is the type of a value: typing documentation, "Generics"."""

_TUPLES = _typing("Tuple") | {"builtins.tuple"}
_PLAIN = frozenset(
    f"builtins.{name}" for name in ("bool", "bytes", "complex", "float", "int", "str")
)
_LOOKUPS = frozenset({"get", "pop", "setdefault"})

_OVER_SAME_ITEMS = {
    "builtins.iter": "typing.Iterator",
    "builtins.list": "builtins.list",
    "builtins.reversed": "typing.Iterator",
    "builtins.set": "builtins.set",
    "builtins.frozenset": "builtins.frozenset",
    "builtins.sorted": "builtins.list",
    "collections.deque": "collections.deque",
}
"""What gives the items of its first argument, and the type it gives: Library Reference."""

_AWAITABLES = _abstract("Awaitable") | {"asyncio.Future", "asyncio.Task"}
_COROUTINES = _abstract("Coroutine")

_MANAGERS = _typing("AsyncContextManager", "ContextManager") | {
    "contextlib.AbstractAsyncContextManager",
    "contextlib.AbstractContextManager",
}

EXIT_STACKS = frozenset({"contextlib.AsyncExitStack", "contextlib.ExitStack"})


@dataclass(frozen=True, slots=True)
class Type:
    """What is known of a value: its class in view, or the dotted name of one that is not.

    `arguments` are what the class is subscripted with; `is_class` says that the value is the class
    itself. `either` are the types one of which it has, if more than one is possible; nothing else
    is then known of it.
    """

    owner: Scope | None = None
    dotted: str = ""
    arguments: tuple[Type | None, ...] = ()
    is_class: bool = False
    either: tuple[Type, ...] = ()

    @property
    def alternatives(self) -> tuple[Type, ...]:
        """The types one of which the value has; itself if no other is possible."""
        return self.either or (self,)


_MAX_EITHER = 4

_ANY_LENGTH = Type(dotted="builtins.Ellipsis")
"""Stands for `...` in `tuple[X, ...]`."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an annotation stands: the scope that its names are looked up in.

    `owner` is what `Self` means, `inside` the function whose type parameters are in view, and
    `home` the outline of the source that a stub speaks of.
    """

    scope: Scope
    owner: Scope | None = None
    inside: Scope | None = None
    home: Outline | None = None


class Annotations:
    """Reads annotations; what is not sure is None."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    def of_variable(
        self, annotation: cst.BaseExpression, scope: Scope, owner: Scope | None = None
    ) -> Type | None:
        """Return what the annotation of a variable or attribute of a scope says."""
        return self._read(annotation, _Place(scope, owner or _class_around(scope)), _MAX_DEPTH)

    def of_parameter(self, parameter: cst.Param, function: Scope) -> Type | None:
        """Return what the annotation of a parameter, or of its like in a stub, says."""
        if parameter.star:
            return None
        if parameter.annotation is not None:
            return self._in_signature(parameter.annotation.annotation, function)
        found = []
        for stub in self._resolver.stubs(function):
            given = _parameter_called(stub, parameter.name.value)
            if given is None or given.annotation is None or given.star:
                return None
            found.append(self._in_signature(given.annotation.annotation, stub, function))
        return self.agreed(found)

    def of_result(self, function: Scope, owner: Scope | None = None) -> Type | None:
        """Return what a function's annotation says of its result, called on a class's instance."""
        found = []
        for each, home in self._signatures(function):
            if not isinstance(each.node, cst.FunctionDef) or each.node.returns is None:
                return None
            annotation = each.node.returns.annotation
            found.append(self._in_signature(annotation, each, home, owner))
        return self.agreed(found)

    def has_result(self, function: Scope) -> bool:
        """Return whether a function or its stub says what the result is."""
        return any(
            isinstance(each.node, cst.FunctionDef) and each.node.returns is not None
            for each, _ in self._signatures(function)
        )

    def _signatures(self, function: Scope) -> list[tuple[Scope, Scope]]:
        """Return the functions that annotate a function's result, with the function itself."""
        node = function.node
        is_overload = self._resolver.is_overload(function)
        if isinstance(node, cst.FunctionDef) and node.returns is not None and not is_overload:
            return [(function, function)]
        return [(each, function) for each in self._overloads(function)] or [
            (each, function) for each in self._resolver.stubs(function)
        ]

    def _overloads(self, function: Scope) -> list[Scope]:
        beside = function.parent.bindings.get(function.name, []) if function.parent else []
        scopes = [each.scope for each in beside]
        return [each for each in scopes if each is not None and self._resolver.is_overload(each)]

    def of_attribute(self, name: str, owner: Scope) -> Type | None:
        """Return what the bodies of a class and its bases, or their stubs, say of an attribute."""
        for each in self._resolver.ancestry(owner):
            if name in each.annotations:
                found = self.of_variable(each.annotations[name], each, owner)
                return None if found is None or is_without_type(found) else found
            for stub in self._resolver.stubs(each):
                if name in stub.annotations:
                    place = _Place(stub, owner, home=each.outline)
                    return self._read(stub.annotations[name], place, _MAX_DEPTH)
        return None

    def _in_signature(
        self,
        annotation: cst.BaseExpression,
        function: Scope,
        home: Scope | None = None,
        owner: Scope | None = None,
    ) -> Type | None:
        home = home or function
        place = _Place(
            function.parent or function, owner or _class_around(home), function, home.outline
        )
        return self._read(annotation, place, _MAX_DEPTH)

    # Reading

    def _read(self, annotation: cst.CSTNode, place: _Place, depth: int) -> Type | None:
        if not depth:
            return None
        if isinstance(annotation, (cst.SimpleString, cst.ConcatenatedString)):
            parsed = _parsed(annotation)
            return self._read(parsed, place, depth - 1) if parsed is not None else None
        if isinstance(annotation, cst.BinaryOperation):
            if not isinstance(annotation.operator, cst.BitOr):
                return None
            return self._union([annotation.left, annotation.right], place, depth)
        if isinstance(annotation, cst.Subscript):
            return self._subscript(annotation, place, depth)
        if isinstance(annotation, cst.Ellipsis):
            return _ANY_LENGTH
        if isinstance(annotation, (cst.Name, cst.Attribute)):
            return self._named(annotation, place, depth)
        return None

    def _union(
        self, members: Iterable[cst.BaseExpression], place: _Place, depth: int
    ) -> Type | None:
        types = [
            self._read(each, place, depth - 1) for each in members if not is_name(each, "None")
        ]
        return self.agreed(types)

    def _subscript(self, annotation: cst.Subscript, place: _Place, depth: int) -> Type | None:
        arguments = [
            each.slice.value for each in annotation.slice if isinstance(each.slice, cst.Index)
        ]
        outer = self._named(annotation.value, place, depth)
        if outer is None or not arguments:
            return None
        if outer.dotted in _TRANSPARENT:
            return self._read(arguments[0], place, depth - 1)
        if outer.dotted in _UNIONS:
            return self._union(arguments, place, depth)
        if outer.dotted in _CLASSES:
            inner = self._read(arguments[0], place, depth - 1)
            if inner is None or not all(each.owner for each in inner.alternatives):
                return None
            either = tuple(replace(each, is_class=True) for each in inner.either)
            return replace(inner, is_class=True, either=either)
        if outer.dotted in _VALUES:
            return None
        if outer.owner is not None:
            # What the type parameters of a class in view stand for is not followed.
            return outer
        return replace(
            outer, arguments=tuple(self._read(each, place, depth - 1) for each in arguments)
        )

    def _named(self, name: cst.BaseExpression, place: _Place, depth: int) -> Type | None:
        if isinstance(name, cst.Name):
            parameter = _type_parameter(name.value, place.inside or place.scope)
            if parameter is not None:
                bound = parameter.bound if isinstance(parameter, cst.TypeVar) else None
                return self._read(bound, place, depth - 1) if bound is not None else None
        reference = self._resolver.reference(name, place.scope)
        if reference is None:
            return self._alias(self._bound(name, place.scope), place, depth)
        return self._referred(reference, place, depth)

    def _referred(self, reference: Reference, place: _Place, depth: int) -> Type | None:
        if reference.dotted in _SELF:
            return Type(place.owner) if place.owner is not None else None
        found = reference.scope
        if found is not None:
            if found.kind is not ScopeKind.CLASS:
                return None
            return Type(self._resolver.source_of(found, place.home))
        defined = self._resolver.definition(reference.dotted, place.scope.outline)
        if defined is not None:
            return self._alias(defined, place, depth)
        return Type(dotted=reference.dotted)

    def _bound(self, name: cst.BaseExpression, scope: Scope) -> tuple[Scope, list[Binding]] | None:
        return self._resolver.bindings(name.value, scope) if isinstance(name, cst.Name) else None

    def _alias(
        self, bound: tuple[Scope, list[Binding]] | None, place: _Place, depth: int
    ) -> Type | None:
        """Return what a name of a type means that is given by assignment or by `type`."""
        if bound is None or len(bound[1]) != 1:
            return None
        scope, (binding,) = bound
        value = binding.origin if binding.kind is BindingKind.ALIAS else binding.value
        if binding.kind not in (BindingKind.VALUE, BindingKind.ALIAS) or value is None:
            return None
        there = _Place(scope, None, None, place.home)
        if not isinstance(value, cst.Call):
            return self._read(value, there, depth - 1)
        maker = self._resolver.dotted(value.func, scope)
        positional = [each.value for each in value.args if each.keyword is None][1:]
        if maker in _NEW_TYPES and positional:
            return self._read(positional[0], there, depth - 1)
        if maker in _TYPE_VARIABLES:
            bounds = [
                each.value
                for each in value.args
                if each.keyword is not None and each.keyword.value == "bound"
            ]
            return self._union(bounds or positional, there, depth)
        return None

    # Agreement

    def agreed(self, types: Iterable[Type | None]) -> Type | None:
        """Return the type that all have: the same class, or that of them which all inherit from.

        Of classes in view without such a one, each may be the class.
        """
        agreed: Type | None = None
        for each in types:
            if each is None:
                return None
            merged = each if agreed is None else self._merged(agreed, each)
            if merged is None:
                return None
            agreed = merged
        return agreed

    def _merged(self, one: Type, other: Type) -> Type | None:
        if one == other:
            return one
        if one.is_class is not other.is_class or one.dotted != other.dotted:
            return None
        if one.owner is other.owner and not one.either and not other.either:
            arguments = tuple(
                a if a == b else None for a, b in zip(one.arguments, other.arguments, strict=False)
            )
            return replace(one, arguments=arguments)
        members: list[Type] = []
        for each in (*one.alternatives, *other.alternatives):
            if each.owner is None:
                return None
            if not any(self._covers(wide, each) for wide in members):
                members = [narrow for narrow in members if not self._covers(each, narrow)]
                members.append(replace(each, arguments=()))
        if len(members) == 1:
            return members[0]
        return (
            Type(either=tuple(members), is_class=one.is_class)
            if (len(members) <= _MAX_EITHER)
            else None
        )

    def _covers(self, wide: Type, narrow: Type) -> bool:
        """Return whether one class in view is the other or a base of it."""
        return narrow.owner is not None and wide.owner in self._resolver.ancestry(narrow.owner)


# What the types inside a type stand for


def is_without_type(annotated: Type) -> bool:
    """Return whether an annotation says nothing of the type: a bare `Final`, or `Any`."""
    return annotated.dotted in _WITHOUT_TYPE


def is_plain_value(value: Type) -> bool:
    """Return whether a value of this type is a string, a number, or a tuple of such."""
    if value.is_class or value.owner is not None:
        return False
    if value.dotted in _TUPLES:
        arguments = [each for each in value.arguments if each != _ANY_LENGTH]
        return bool(arguments) and all(each and is_plain_value(each) for each in arguments)
    return value.dotted in _PLAIN


def item_of(container: Type) -> Type | None:
    """Return the type of what a loop over a value of this type gives."""
    if container.dotted in _COLLECTIONS or container.dotted in _MAPPINGS:
        return _argument(container, 0)
    if container.dotted in _TUPLES and _argument(container, 1) == _ANY_LENGTH:
        return _argument(container, 0)
    return None


def element_of(container: Type, index: int | None) -> Type | None:
    """Return the type of one element, by its place in a tuple if that is known."""
    if container.dotted in _MAPPINGS:
        return _argument(container, 1)
    if container.dotted in _TUPLES and _argument(container, 1) != _ANY_LENGTH:
        return _argument(container, index) if index is not None else None
    return item_of(container) if container.dotted in _SEQUENCES | _TUPLES else None


def unpacked_from(value: Type, index: int) -> Type | None:
    """Return the type of the element that unpacking a value gives at a place."""
    if value.dotted in _TUPLES and _argument(value, 1) != _ANY_LENGTH:
        return _argument(value, index)
    return item_of(value)


def result_of_method(container: Type, method: str) -> Type | None:
    """Return the type that a method of a container of the standard library gives."""
    if container.dotted in _MAPPINGS:
        if method in _LOOKUPS:
            return _argument(container, 1)
        if method == "values":
            return Type(dotted="typing.Iterable", arguments=(_argument(container, 1),))
        if method == "items" and len(container.arguments) == 2:
            pair = Type(dotted="builtins.tuple", arguments=container.arguments)
            return Type(dotted="typing.Iterable", arguments=(pair,))
    if container.dotted in _SEQUENCES and method in ("pop", "popleft"):
        return _argument(container, 0)
    if container.dotted == "builtins.set" and method == "pop":
        return _argument(container, 0)
    if method == "copy":
        return container
    return None


def result_of_function(name: str, arguments: Sequence[Type | None]) -> Type | None:
    """Return the type that a function of the standard library over iterables gives.

    The arguments are those by position.
    """
    items = [item_of(each) if each is not None else None for each in arguments]
    if name == "builtins.enumerate" and items:
        return Type(dotted="typing.Iterator", arguments=(_tuple_of(None, items[0]),))
    if name == "builtins.zip":
        return Type(dotted="typing.Iterator", arguments=(_tuple_of(*items),))
    if name == "builtins.tuple" and items:
        return _tuple_of(items[0], _ANY_LENGTH)
    if name in _OVER_SAME_ITEMS and items:
        return Type(dotted=_OVER_SAME_ITEMS[name], arguments=(items[0],))
    return None


def _tuple_of(*elements: Type | None) -> Type:
    return Type(dotted="builtins.tuple", arguments=elements)


def awaited_from(value: Type) -> Type | None:
    """Return the type that awaiting a value of this type gives."""
    if value.dotted in _AWAITABLES:
        return _argument(value, 0)
    return _argument(value, 2) if value.dotted in _COROUTINES else None


def entered_from(manager: Type) -> Type | None:
    """Return the type that entering a manager of the standard library gives."""
    if manager.dotted in EXIT_STACKS:
        return manager
    return _argument(manager, 0) if manager.dotted in _MANAGERS else None


def yielded_from(generator: Type) -> Type | None:
    """Return the type of what a generator that is annotated so yields."""
    return _argument(generator, 0) if generator.dotted in ITERATORS else None


def _argument(value: Type, index: int) -> Type | None:
    return value.arguments[index] if -1 < index < len(value.arguments) else None


# Names


def _class_around(scope: Scope) -> Scope | None:
    current: Scope | None = scope
    while current is not None and current.kind is not ScopeKind.CLASS:
        current = current.parent
    return current


def _type_parameter(name: str, scope: Scope) -> cst.TypeVar | cst.CSTNode | None:
    """Return the type parameter of that name of a function or class around (PEP 695)."""
    current: Scope | None = scope
    while current is not None:
        if name in current.bindings and current.kind is ScopeKind.FUNCTION and current is not scope:
            return None
        for each in _type_parameters(current.node):
            if each.param.name.value == name:
                return each.param
        current = current.parent
    return None


def _type_parameters(node: cst.CSTNode) -> Iterator[cst.TypeParam]:
    if isinstance(node, (cst.FunctionDef, cst.ClassDef)) and node.type_parameters is not None:
        yield from node.type_parameters.params


def _parameter_called(function: Scope, name: str) -> cst.Param | None:
    for each in function.bindings.get(name, ()):
        if each.kind is BindingKind.PARAMETER and isinstance(each.node, cst.Param):
            return each.node
    return None


def _parsed(annotation: cst.SimpleString | cst.ConcatenatedString) -> cst.BaseExpression | None:
    value = annotation.evaluated_value
    if not isinstance(value, str):
        return None
    try:
        return cst.parse_expression(value.strip())
    except (cst.ParserSyntaxError, RecursionError):
        return None
