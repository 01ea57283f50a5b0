"""Finds and repairs misuse of Python async generators.

What is exported here is the whole public API: three functions, and the types they return. Names
are imported when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncgen_lint.api import fix_text, lint_paths, lint_text
    from asyncgen_lint.rule import Diagnostic, Edit, Fix, FixSafety, PathStep, Severity, Tier
    from asyncgen_lint.source.span import Position, Span

__version__ = "0.1.0"

__all__ = [
    "Diagnostic",
    "Edit",
    "Fix",
    "FixSafety",
    "PathStep",
    "Position",
    "Severity",
    "Span",
    "Tier",
    "fix_text",
    "lint_paths",
    "lint_text",
]

_HOMES = {
    **dict.fromkeys(("fix_text", "lint_paths", "lint_text"), "asyncgen_lint.api"),
    **dict.fromkeys(("Position", "Span"), "asyncgen_lint.source.span"),
    **dict.fromkeys(
        ("Diagnostic", "Edit", "Fix", "FixSafety", "PathStep", "Severity", "Tier"),
        "asyncgen_lint.rule",
    ),
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
