"""Render a fix plan as text edits, by rewriting the module-level statements it touches.

No tree is changed in place: each plan starts from the tree as parsed, so plans are independent.
"""

from __future__ import annotations

from collections.abc import Callable

from asyncgen_lint.rule import Fix, FixPlan, Node
from asyncgen_lint.source.parse import Parsed
from asyncgen_lint.source.position import PositionMap


class FixRenderer:
    """Turns plans over one parsed source into fixes."""

    def __init__(
        self, parsed: Parsed, positions: PositionMap, statement_of: Callable[[Node], int]
    ) -> None:
        self._parsed = parsed
        self._positions = positions
        self._statement_of = statement_of

    def render(self, plan: FixPlan) -> Fix | None:
        """Return the plan as text edits; None when it cannot be rendered exactly."""
        raise NotImplementedError
