"""Names for what a fix binds: after what they hold, and meaning nothing else in their function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.names.scopes import Scope, ScopeKind, last_name
from asyncgen_lint.rule import Node


def free_name(stem: str, function: Scope) -> str:
    """Return the stem, with a number if needed, so that nothing in the function has that name."""
    return _first(stem, lambda name: not any(_mentions(name, function)))


def stream_name(facts: Facts, source: cst.BaseExpression, at: Node, function: Scope) -> str:
    """Return the name of the stream that a fix makes of a source at a node: `rows_stream`.

    What is called a stream already is one: `self._row_stream()` gives `row_stream`. Statements
    beside may have named their own stream so.
    """
    stem = _stem(source)
    return _first(
        stem if f"_{stem}".endswith("_stream") else f"{stem}_stream".lstrip("_"),
        lambda name: (
            not _is_bound_around(name, function)
            and all(_is_stream_beside(facts, name, node, at) for node in _mentions(name, function))
        ),
    )


def _stem(source: cst.BaseExpression) -> str:
    """Return the last name in what is called or iterated, without underscores around it."""
    name = last_name(source)
    return "" if name == "__call__" else name.strip("_")


def _is_bound_around(name: str, function: Scope) -> bool:
    """Return whether the module, or a function around this one, means something by a name."""
    scope = function.parent
    while scope is not None:
        if name in scope.bindings and scope.kind is not ScopeKind.CLASS:
            return True
        scope = scope.parent
    return False


def _first(stem: str, is_free: Callable[[str], bool]) -> str:
    numbered = (f"{stem}{number}" for number in count(2))
    return stem if is_free(stem) else next(filter(is_free, numbered))


def _mentions(name: str, function: Scope) -> Iterator[Node]:
    """Yield where the function, or one in it, means anything by a name."""
    for scope in function.descendants():
        yield from scope.loads.get(name, ())
        yield from (each.node for each in scope.bindings.get(name, ()))
        is_declared = name in scope.declared_global | scope.declared_nonlocal
        if is_declared or scope.bindings.get(name) == []:
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
