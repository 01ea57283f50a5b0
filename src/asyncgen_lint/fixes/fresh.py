"""Names for what a fix binds: fresh ones, which the function means nothing else by."""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.names.scopes import Scope


def free_name(stem: str, function: Scope) -> str:
    """Return the stem, with a number if needed, so that nothing in the function has that name."""
    return next(name for name in _numbered(stem) if not _is_used(name, function))


def _numbered(stem: str) -> Iterator[str]:
    yield stem
    number = 2
    while True:
        yield f"{stem}{number}"
        number += 1


def _is_used(name: str, function: Scope) -> bool:
    return any(
        name in scope.loads
        or name in scope.bindings
        or name in scope.declared_global | scope.declared_nonlocal
        for scope in function.descendants()
    )
