"""Imports that nothing uses any more once a fix is made."""

from __future__ import annotations

import re

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.names.scopes import BindingKind
from asyncgen_lint.rule import ImportRequest, Node
from asyncgen_lint.source.walk import descendants


def unused_without(facts: Facts, node: Node) -> tuple[ImportRequest, ...]:
    """Return the import of a name that is used nowhere but at one node, and not handed on."""
    outline = facts.outline
    if not isinstance(node, cst.Name) or outline.is_package:
        return ()
    name = node.value
    bindings = outline.module.bindings.get(name, ())
    scopes = list(outline.module.descendants())
    uses = [each for scope in scopes for each in scope.loads.get(name, ())]
    if len(bindings) != 1 or len(uses) != 1 or uses[0] is not node:
        return ()
    (only,) = bindings
    if only.kind is not BindingKind.IMPORT or only.target != f"{only.source}.{name}":
        return ()
    if any(name in each.declared_global for each in scopes) or _is_in_a_string(facts, name):
        return ()
    return (ImportRequest(only.source, name),)


def _is_in_a_string(facts: Facts, name: str) -> bool:
    """Return whether a string has the name as a word: in `__all__`, say, or in an annotation.

    What stands alone as a statement is prose.
    """
    word = re.compile(rf"\b{re.escape(name)}\b")
    return any(
        isinstance(each, cst.SimpleString)
        and word.search(each.value) is not None
        and not isinstance(facts.parent(each), cst.Expr)
        for each in descendants(facts.parsed.module)
    )
