"""An exception before `await g.aclose()` skips it.

The generator is closed by hand, but only where nothing before the close raises. If the loop's body
or the code behind it raises, the generator stays suspended, and its cleanup runs late, in another
task, or not at all.

Close it in a `finally`, or iterate it under `contextlib.aclosing`.

Not reported: closes that a `finally` or a handler for everything repeats; closes with nothing
before them that may raise; closes of a generator that was exhausted, which do nothing.

Fix safety: safe where the close stands on a line of its own behind all that uses the generator, in
the block that makes it. `async with aclosing` takes the place of a bare `await g.aclose()`; a close
by other means, or one with a comment, goes into a `finally`. Code behind the close had a closed
generator before; only a handler around may still want an item, and then there is no fix. An error
in the cleanup may now take the place of the one that skipped it.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.close_anyway import close_anyway
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN202",
    "aclose-skipped-on-error",
    summary="`await g.aclose()` is skipped when something before it raises",
    severity=Severity.WARNING,
    fixable=True,
)
def aclose_skipped_on_error(facts: Facts) -> Iterator[Finding]:
    """Find closes of a generator that an exception on the way to them skips."""
    for each in facts.closes_skipped:
        yield Finding(
            f"an exception before this leaves `{each.label}` open; close it in a `finally`, or"
            " iterate it under `aclosing`",
            each.close,
            path=each.path,
            fix=close_anyway(facts, each),
            subject=each.label,
        )
