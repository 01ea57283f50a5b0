"""What a node stands in: its function, what is between the two, and what names mean there."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.names.scopes import Scope
from asyncgen_lint.rule import Node


def function_around(facts: Facts, node: Node) -> Scope | None:
    """Return the scope of the function around a node; None at the level of the module."""
    for each in facts.around(node):
        if isinstance(each, cst.FunctionDef):
            return facts.outline.scope_of[each]
    return None


def function_of(facts: Facts, node: Node) -> Scope:
    """Return the scope of the function around a node that is certainly in one."""
    function = function_around(facts, node)
    assert function is not None
    return function


def around_in_function(facts: Facts, node: Node) -> Iterator[Node]:
    """Yield what is around a node within its function, inner ones first, not the node itself."""
    current = facts.parent(node)
    while current is not None and not isinstance(current, cst.FunctionDef):
        yield current
        current = facts.parent(current)


def means_builtin(facts: Facts, name: str, node: Node) -> bool:
    """Return whether a builtin's name means that builtin in the function around a node."""
    scope = function_around(facts, node) or facts.outline.module
    return facts.resolver.bindings(name, scope) is None
