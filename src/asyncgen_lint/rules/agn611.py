"""A decorator around an async generator function is over before the function's body begins.

Calling an async generator function makes the generator and returns. So `tenacity.retry` and
`backoff` never retry: the call cannot fail, and the error comes out of the caller's loop. A context
manager used as a decorator (`@timed()`, `@mock.patch(...)`, `@torch.no_grad()`,
`@tracer.start_as_current_span(...)`, `@anyio.fail_after(5)`) is left before the first item. A
clock measures nothing. A wrapper that awaits the call raises "TypeError: object async_generator
can't be used in 'await' expression" each time, and `@asyncio.timeout(5)` raises "TypeError:
'Timeout' object is not callable" where the function is defined.

Do it inside the body, in the function that consumes the items, or in a wrapper that is an async
generator itself and iterates.

Not reported: wrappers that iterate, `stamina.retry` among them; wrappers that do something else
beside the call, or that only check or log before it; decorators that this rule has no table row
for and whose source is not in view; those that tell generator functions apart.

Fix safety: no automatic fix; whether the whole iteration or each item is meant is not to be seen.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen_lint.facts import Facts
from asyncgen_lint.rule import Finding, Severity, rule


@rule(
    "AGN611",
    "decorator-wraps-only-the-call",
    summary="a decorator acts around the call of an async generator function, not around its body",
    severity=Severity.WARNING,
)
def decorator_wraps_only_the_call(facts: Facts) -> Iterator[Finding]:
    """Find decorators of async generator functions that act around the call alone."""
    for each in facts.calls_wrapped():
        message = _MESSAGES[each.by].format(name=each.name)
        yield Finding(message, each.at, path=each.path, subject=each.name)


_LEFT = "this decorator's context manager is left before the body of `{name}` starts"
_MESSAGES = {
    "retries": "this decorator never retries: calling `{name}` only makes the async generator, and"
    " what fails is the iteration",
    "manager": f"{_LEFT}: only the call is inside; enter it in the body",
    "with": f"{_LEFT}: only the call is inside; iterate inside it",
    "async manager": "this decorator awaits what `{name}` gives, an async generator, and raises"
    " TypeError; enter the context manager in the body",
    "uncallable": "a timeout cannot decorate a function: this raises TypeError; enter it in the"
    " function that consumes `{name}`",
    "awaits": "this decorator awaits what `{name}` gives, an async generator, and raises TypeError;"
    " iterate it in a wrapper that yields",
    "try": "this decorator's `try` is around the call of `{name}` alone, which cannot fail; iterate"
    " inside it",
    "clock": "this decorator measures the call of `{name}` alone, before its body starts; iterate"
    " inside it",
}
