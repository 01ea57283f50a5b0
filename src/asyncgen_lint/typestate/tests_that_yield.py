"""Tests that are async generators: their runner makes one, and never iterates it.

A test is what pytest collects by default (its documentation, "Conventions for Python test
discovery"), or a method of a `unittest` case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import PurePath

import libcst as cst

from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import Scope, ScopeKind
from asyncgen_lint.source.walk import descendants
from asyncgen_lint.typestate.knowledge import Knowledge

_TEST_FILE = re.compile(r"(test_.*|.*_test)\.py")


def tests_that_yield(
    knowledge: Knowledge, can_yield: Callable[[Scope], bool]
) -> Iterator[tuple[Scope, cst.CSTNode]]:
    """Yield each test that is an async generator, with the first of its yields."""
    outline = knowledge.outline
    in_test_file = _TEST_FILE.fullmatch(PurePath(outline.filename).name) is not None
    for function in outline.functions():
        if not function.name.startswith("test_") or not (function.is_async and function.yields):
            continue
        if not _is_collected(function, in_test_file, knowledge) or not can_yield(function):
            continue
        if _stays_a_test(function, knowledge) and not _is_mentioned(function):
            yield function, function.yields[0]


def _is_collected(function: Scope, in_test_file: bool, knowledge: Knowledge) -> bool:
    owner = function.owner_class
    if owner is None:
        is_top = function.parent is not None and function.parent.kind is ScopeKind.MODULE
        return in_test_file and is_top
    if any(_is_case(each, knowledge) for each in knowledge.resolver.ancestry(owner)):
        return True
    is_top = owner.parent is not None and owner.parent.kind is ScopeKind.MODULE
    return (
        in_test_file
        and is_top
        and owner.name.startswith("Test")
        and ("__init__" not in owner.bindings and "__test__" not in owner.bindings)
    )


def _is_case(owner: Scope, knowledge: Knowledge) -> bool:
    node = owner.node
    if not isinstance(node, cst.ClassDef) or owner.parent is None:
        return False
    bases = (knowledge.dotted(each.value, owner.parent) for each in node.bases)
    return any(each in tables.TEST_CASES for each in bases)


def _stays_a_test(function: Scope, knowledge: Knowledge) -> bool:
    """Return whether no decorator may make something else of the function."""
    return all(
        name in tables.TEST_DECORATORS or name.startswith("pytest.mark.")
        for name in knowledge.resolver.decorators(function)
    )


def _is_mentioned(function: Scope) -> bool:
    """Return whether the module uses the function itself, perhaps to iterate it."""
    return any(
        (isinstance(node, cst.Name) and node.value == function.name)
        for scope in function.outline.module.descendants()
        for node in scope.loads.get(function.name, ())
    ) or any(
        isinstance(node, cst.Attribute) and node.attr.value == function.name
        for node in descendants(function.outline.module.node)
    )
