"""An async generator cannot be closed by `closing`, nor entered by `with`.

`contextlib.closing` calls `close()`, which an async generator does not have: at the end of the
body, whatever it did, comes "AttributeError: 'async_generator' object has no attribute 'close'",
and the generator stays open. `with g:`, `with aclosing(g):` and `async with closing(g):` raise at
once, before the body.

Write `async with aclosing(g):`.

Not reported: `closing` of anything else, sync generators among them; a `closing` that is not
contextlib's; generators that this module does not show to be async ones; `async with` over a
generator itself, which is another mistake.

A type checker reports the same in annotated code; `typed = true` leaves it to that.

Fix safety: turning `closing` or `with` into `async with aclosing` is safe, since the statement
raised every time; so is `enter_async_context(aclosing(g))` for an AsyncExitStack. What else the
statement enters gets a `with` of its own. A `closing` that nothing else uses leaves its import.
There is no fix outside `async def`, or for `with g:`, where a decorator `@asynccontextmanager` may
be what is missing.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.closing import enter_aclosing
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN205",
    "closing-instead-of-aclosing",
    summary="`closing` or a plain `with` over an async generator, which raises",
    severity=Severity.ERROR,
    fixable=True,
    type_checked=True,
)
def closing_instead_of_aclosing(facts: Facts) -> Iterator[Finding]:
    """Find generators given to `closing`, and generators or `aclosing` entered by `with`."""
    for each in facts.wrongly_entered():
        message = _MESSAGES[each.by].format(label=each.label)
        yield Finding(message, each.at, fix=enter_aclosing(facts, each), subject=each.label)


_MESSAGES = {
    "closing": "`closing` calls `close()`, which the async generator `{label}` does not have: it"
    " raises AttributeError after the body, and closes nothing; use `async with aclosing`",
    "async closing": "`async with` cannot enter `closing`: it raises before the body; use"
    " `aclosing`, which closes the async generator `{label}`",
    "with": "`{label}` is an async generator, which `with` cannot enter: it raises before the body;"
    " use `async with aclosing`",
    "with aclosing": "`with` cannot enter `aclosing`: it raises before the body; use `async with`",
}
