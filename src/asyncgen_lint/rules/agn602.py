"""A context manager that yields twice raises RuntimeError when it is left.

`asynccontextmanager` runs its function to the first `yield` on entry, and expects it to end behind
that on exit. If it yields again, the `with` ends in "RuntimeError: generator didn't stop"; if the
second `yield` is reached by the exception of the body, in "generator didn't stop after athrow()",
and what the body raised is not raised again. The body does not run a second time, so that a loop
of attempts around the `yield` repeats nothing.

End the function behind the `yield`: add the missing `return`, and let handlers around it raise.
To try again, put the attempts around the setup alone, or around the whole `with`.

Not reported: yields in branches that exclude each other; loops that are left behind the `yield`,
or may have but one turn; handlers whose `try` has no `yield` in its body. A `yield` in a handler
for chosen types is strict: whether the body raises them is not known here.

Fix safety: no automatic fix; which of the two is meant is for a person to say.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, Tier, rule


@rule(
    "AGN602",
    "context-manager-yields-twice",
    summary="a context manager yields a second time, which raises when it is left",
    severity=Severity.ERROR,
)
def context_manager_yields_twice(facts: Facts) -> Iterator[Finding]:
    """Find yields of context managers that another `yield` certainly leads to."""
    for each in facts.yielded_twice():
        message = (
            "when the body fails, this `yield` is reached behind another one: RuntimeError"
            " (generator didn't stop after athrow()); let the handler raise"
            if each.by_error
            else "this `yield` is reached behind another one, so that leaving the context manager"
            " raises RuntimeError (generator didn't stop); return behind the first"
        )
        tier = Tier.DEFAULT if each.is_certain else Tier.STRICT
        yield Finding(message, each.at, path=each.path, tier=tier)
