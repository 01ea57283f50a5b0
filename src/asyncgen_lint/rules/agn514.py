"""One generator object serves everyone, and ends for everyone.

A generator that is made at the level of a module or class, or as the default of a parameter, exists
once. Whoever comes second goes on where the first stopped. `asyncio.run` closes it when it ends, so
that under the next `asyncio.run` (the next test, the next job) an endless one is empty: "async for"
runs no turn, `anext` raises StopAsyncIteration. Two tasks that step it at once get "RuntimeError:
anext(): asynchronous generator is already running".

Make the generator where it is used, or wrap the source in a class whose `__aiter__` makes one.

Not reported: names bound again; generators made under `if __name__ == "__main__":`, or consumed
once in a script that runs its own loop; those that the module itself uses at its own level, as for
`type(g)`; generators wrapped in an object of a class.

Fix safety: no automatic fix; who is to own the generator is for a person to say.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN514",
    "shared-generator-object",
    summary="one async generator object is made for all who will ever use it",
    severity=Severity.WARNING,
)
def shared_generator_object(facts: Facts) -> Iterator[Finding]:
    """Find generators that are made where a module, class or function is defined."""
    for each in facts.generators_shared():
        if each.where == "default":
            message = (
                f"`{each.label}` is made once, as the default of `{each.name}`: the second call"
                " finds it exhausted or closed; make it in the body"
            )
        else:
            message = (
                f"`{each.label}` is made once, when the {each.where} is defined: the first event"
                " loop to end closes it, and two tasks cannot step it; make one for each use"
            )
        yield Finding(message, each.at, path=each.path, subject=each.name)
