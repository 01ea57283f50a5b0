"""Which context managers open a cancel scope or a task group that is still open in their body.

PEP 789: a `yield` inside one lets the scope cancel whatever the consumer does meanwhile.
"""

from __future__ import annotations

from asyncgen_lint.names.resolve import full_name
from asyncgen_lint.names.scopes import Scope
from asyncgen_lint.typestate.openings import Openings


class CancelScopes(Openings):
    """Answers for the functions and classes of one module."""

    def _by_name(self, dotted: str, method: str) -> str:
        return dotted if dotted in self._knowledge.known.cancel_scopes else ""

    def _by_listed(self, function: Scope) -> str:
        known = self._knowledge.known
        name = full_name(function) if known.is_extended else ""
        return name if name in known.cancel_scopes else ""
