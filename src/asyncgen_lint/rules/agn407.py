"""`return`, `break` or `continue` in a `finally` drops the exception that led there.

The generator's own OSError, or the cancellation of its task, ends there without a trace: the
consumer sees a stream that ended normally, and `asyncio.timeout` has no effect. `continue`, or
`break` with a `yield` behind it, also absorbs GeneratorExit, so that `aclose()` raises
"RuntimeError: async generator ignored GeneratorExit".

Move the jump behind the `finally`.

Not reported: jumps of a loop inside the `finally`; those of nested functions; a `try` that raises
nothing but at its `yield`, where `return` does not disturb `aclose()`; paths that a flag excludes.

Fix safety: no automatic fix; the jump may hide exceptions on purpose.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, Step, rule


@rule(
    "AGN407",
    "control-flow-in-finally",
    summary="a jump out of a `finally` drops the pending exception",
    severity=Severity.WARNING,
)
def control_flow_in_finally(facts: Facts) -> Iterator[Finding]:
    """Find jumps out of a finally of a generator that an exception led into."""
    for each in facts.jumps_in_finally():
        lost = "the cancellation" if each.is_cancellation else "the exception"
        yield Finding(
            f"`{each.text}` in a `finally` drops {lost} that led here; move it behind the `try`",
            each.at,
            path=(Step(f"{lost} comes from here", each.source), Step("and ends here", each.at)),
        )
