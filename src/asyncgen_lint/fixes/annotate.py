"""Plan: annotate an async generator function as what it is."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.facts.found import WrongReturnAnnotation
from asyncgen_lint.fixes.imports import LocalName, local_name
from asyncgen_lint.fixes.unused import unused_without
from asyncgen_lint.names.scopes import dotted_name, last_name
from asyncgen_lint.rule import FixPlan, FixSafety, ImportRequest, Node, Rewrite
from asyncgen_lint.source.walk import descendants

_GENERATOR = "Generator"


def annotate_async(facts: Facts, wrong: WrongReturnAnnotation) -> FixPlan | None:
    """Return the plan that puts the async kind of a sync iterator's type in its place.

    Unsafe where the function is handed to something, which may read its annotation. None where it
    says something else, or where the name of that kind is taken.
    """
    module, _, name = wrong.says.rpartition(".")
    function = wrong.function
    if not name or function.parent is None:
        return None
    wanted = ImportRequest(module, f"Async{name}")
    annotation = wrong.at.returns.annotation
    subscript = annotation if isinstance(annotation, cst.Subscript) else None
    named = subscript.value if subscript is not None else annotation
    if isinstance(named, cst.Attribute):
        # The module that has the one has the other.
        found = LocalName(f"{dotted_name(named.value)}.{wanted.name}")
    elif (known := local_name(facts, wanted, function.node, function.parent)) is not None:
        found = known
    else:
        return None
    rewrites = [Rewrite(named, lambda _: found.expression())]
    if subscript is not None and name == _GENERATOR:
        rewrites.append(Rewrite(subscript, _with_two_arguments))
    return FixPlan(
        f"Annotate `{wrong.name}` as `{wanted.name}`",
        FixSafety.UNSAFE if _is_handed_on(facts, wrong.name) else FixSafety.SAFE,
        tuple(rewrites),
        found.imports,
        unused_without(facts, named),
    )


def _is_handed_on(facts: Facts, name: str) -> bool:
    """Return whether the module does more with functions of this name than to call them."""
    for node in descendants(facts.parsed.module):
        if not isinstance(node, (cst.Name, cst.Attribute)) or last_name(node) != name:
            continue
        parent = facts.parent(node)
        if isinstance(parent, cst.FunctionDef) and parent.name is node:
            continue
        if isinstance(parent, cst.Attribute) and parent.attr is node:
            continue
        if not isinstance(parent, cst.Call) or parent.func is not node:
            return True
    return False


def _with_two_arguments(subscript: Node) -> Node:
    """Return the type of an async generator: its item and what is sent, but no result."""
    elements = list(subscript.slice)[:2]
    if len(elements) == 1:
        elements.append(cst.SubscriptElement(cst.Index(cst.Name("None"))))
        elements[0] = elements[0].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    elif len(subscript.slice) > len(elements):
        last = subscript.slice[-1]
        elements[-1] = elements[-1].with_changes(comma=last.comma)
    return subscript.with_changes(slice=elements)
