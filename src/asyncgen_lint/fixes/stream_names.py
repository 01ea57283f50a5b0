"""Names for what a fix adds: after what they hold, and meaning nothing else in their function."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.names.scopes import Scope, ScopeKind, last_name
from asyncgen_lint.rule import Node


def stream_name(facts: Facts, source: cst.BaseExpression, at: Node, function: Scope) -> str:
    """Return the name of the stream that a fix makes of a source at a node: `rows_stream`.

    What is called a stream already is one: `self._row_stream()` gives `row_stream`.
    """
    stem = _stem(source)
    name = stem if f"_{stem}".endswith("_stream") else f"{stem}_stream".lstrip("_")
    return _free_name(facts, name, at, function)


def _stem(source: cst.BaseExpression) -> str:
    """Return the last name in what is called or iterated, without underscores around it."""
    name = last_name(source)
    return "" if name == "__call__" else name.strip("_")


def _free_name(facts: Facts, stem: str, at: Node, function: Scope) -> str:
    """Return the stem, with a number if needed, so that the function means nothing else by it."""
    name, number = stem, 1
    while not _is_free(facts, name, at, function):
        number += 1
        name = f"{stem}{number}"
    return name


def _is_free(facts: Facts, name: str, at: Node, function: Scope) -> bool:
    """Return whether a name means nothing around, and nothing but such a stream beside."""
    return not _is_bound_around(name, function) and all(
        _is_stream_beside(facts, name, node, at)
        for scope in function.descendants()
        for node in _mentions(name, scope)
    )


def _is_bound_around(name: str, function: Scope) -> bool:
    """Return whether the module, or a function around this one, means something by a name."""
    scope = function.parent
    while scope is not None:
        if name in scope.bindings and scope.kind is not ScopeKind.CLASS:
            return True
        scope = scope.parent
    return False


def _mentions(name: str, scope: Scope) -> Iterator[Node]:
    yield from scope.loads.get(name, ())
    yield from (each.node for each in scope.bindings.get(name, ()))
    if name in scope.declared_global | scope.declared_nonlocal or scope.bindings.get(name) == []:
        # An annotation alone, or a declaration, has no binding to show.
        yield scope.node


def _is_stream_beside(facts: Facts, name: str, node: Node, at: Node) -> bool:
    around = list(facts.around(node))
    if at in around:
        return False
    of_statement = set(facts.around(at))
    return any(
        isinstance(each, cst.With) and each not in of_statement and _binds_only(each, name)
        for each in around
    )


def _binds_only(statement: cst.With, name: str) -> bool:
    if len(statement.items) != 1:
        return False
    asname = statement.items[0].asname
    return asname is not None and isinstance(asname.name, cst.Name) and asname.name.value == name
