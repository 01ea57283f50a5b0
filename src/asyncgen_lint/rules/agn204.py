"""An async iterator that keeps a generator and offers no `aclose`.

Whoever leaves a loop over such an object early cannot close what it holds: it has no method for
it, and `async with aclosing(it)` raises AttributeError when the block is left, after its body has
run. Even a generator with nothing to clean up keeps what it refers to until the garbage collector
comes by, because object and generator refer to each other.

Add `async def aclose(self): await self._rows.aclose()`.

Not reported: classes with a base out of view; those with `aclose` in a base or a subclass, or set
as an attribute; those with `__getattr__`; context managers; classes that wrap what they are given.

Fix safety: no automatic fix.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, Tier, rule


@rule(
    "AGN204",
    "async-iterator-without-aclose",
    summary="an async iterator keeps a generator and has no `aclose`",
    severity=Severity.WARNING,
    tier=Tier.STRICT,
)
def async_iterator_without_aclose(facts: Facts) -> Iterator[Finding]:
    """Find classes with `__anext__` over a generator of their own that cannot be closed."""
    for each in facts.iterators_without_aclose():
        yield Finding(
            f"`{each.owner}` iterates `{each.label}` and has no `aclose()`, so that nobody can"
            f" close it and `aclosing` fails; add one that awaits `self.{each.attribute}.aclose()`",
            each.at,
            path=each.path,
            subject=each.owner,
        )
