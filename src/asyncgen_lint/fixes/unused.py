"""Take a name out of an import when a fix removes its only use."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.imports import place_among
from asyncgen_lint.names.scopes import BindingKind
from asyncgen_lint.rule import Node, Rewrite


def without_only_use(facts: Facts, use: Node, wanted: str | None) -> Rewrite | None:
    """Return the rewrite that takes an imported name, no longer used, out of its import.

    `wanted` is a name to import from the same module instead. None where the name is used
    elsewhere or may be exported, where the import is not of one plain line, and where nothing would
    be left of it.
    """
    if not isinstance(use, cst.Name) or not _is_only_use(facts, use):
        return None
    (binding,) = facts.outline.module.bindings[use.value]
    around = facts.around(binding.node)
    imported = next((each for each in around if isinstance(each, cst.ImportFrom)), None)
    if imported is None or isinstance(imported.names, cst.ImportStar):
        return None
    if not _is_plain_line(facts, imported):
        return None
    names = [each.name.value for each in imported.names if isinstance(each.name, cst.Name)]
    if use.value not in names or len(names) - 1 + (wanted is not None) < 1:
        return None
    if wanted in names:
        return None

    def build(node: Node) -> Node:
        left = [each for each in names if each != use.value]
        if wanted is not None:
            left.insert(place_among(left, wanted), wanted)
        return node.with_changes(names=[cst.ImportAlias(cst.Name(each)) for each in left])

    return Rewrite(imported, build)


def _is_only_use(facts: Facts, use: cst.Name) -> bool:
    name, outline = use.value, facts.outline
    bindings = outline.module.bindings.get(name, ())
    if len(bindings) != 1 or bindings[0].kind is not BindingKind.IMPORT:
        return False
    if outline.is_package or "__all__" in outline.module.bindings:
        return False
    scopes = list(outline.module.descendants())
    loads = [node for each in scopes for node in each.loads.get(name, ())]
    return len(loads) == 1 and not any(name in each.declared_global for each in scopes)


def _is_plain_line(facts: Facts, imported: cst.ImportFrom) -> bool:
    """Return whether an import is all of a module-level line, with no comment and no `as`."""
    line = facts.parent(imported)
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
        return False
    return (
        isinstance(facts.parent(line), (cst.Module, type(None)))
        and imported.lpar is None
        and not isinstance(imported.names, cst.ImportStar)
        and all(each.asname is None for each in imported.names)
        and line.trailing_whitespace.comment is None
    )
