"""What a node stands in: its function, and what names mean there."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.names.scopes import Scope
from asyncgen_lint.rule import Node


def function_around(facts: Facts, node: Node) -> Scope | None:
    """Return the scope of the function around a node; None at the level of the module."""
    current: Node | None = node
    while current is not None and not isinstance(current, cst.FunctionDef):
        current = facts.parent(current)
    return facts.outline.scope_of[current] if current is not None else None


def means_builtin(facts: Facts, name: str, node: Node) -> bool:
    """Return whether a builtin's name means that builtin in the function around a node."""
    scope = function_around(facts, node) or facts.outline.module
    return facts.resolver.bindings(name, scope) is None
