"""`contextlib.aclosing` at some place: whether there is one, and what it is called."""

from __future__ import annotations

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.imports import LocalName, local_name
from asyncgen_lint.names.scopes import Scope
from asyncgen_lint.rule import ImportRequest, Node

ACLOSING = ImportRequest("contextlib", "aclosing")
ACLOSING_SINCE = (3, 10)


def aclosing_at(facts: Facts, at: Node, function: Scope) -> LocalName | None:
    """Return how to write `aclosing` at a node of a function.

    None where the oldest Python that is to run it has none, where `async with` may not stand, and
    where the name means something else.
    """
    if facts.target_version < ACLOSING_SINCE or not function.is_async:
        return None
    return local_name(facts, ACLOSING, at, function)
