"""Coordinates: lines are 1-based, columns are 0-based code points; reporters add 1 to columns."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place between two characters: a 1-based line and a 0-based code-point column."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of text; the end is exclusive."""

    start: Position
    end: Position
