"""What the engine knows of one line, as text: functions, calls, generators, findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from asyncgen_lint.rule import Diagnostic, Node
from asyncgen_lint.source.span import Span

if TYPE_CHECKING:
    from asyncgen_lint.typestate.explain import (
        CallKnown,
        Event,
        Explanation,
        FunctionKnown,
        GeneratorKnown,
        LoopKnown,
    )
    from asyncgen_lint.typestate.state import Condition
    from asyncgen_lint.typestate.summary import NeedsClose

Placed = TypeVar("Placed", "CallKnown", "GeneratorKnown", "LoopKnown")

_PHASES = {
    "created": "never started",
    "exhausted": "finished",
    "closed": "closed",
    "escaped": "handed on",
}


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding, and why it is not shown; empty if it is."""

    finding: Diagnostic
    hidden: str


def render(
    explanation: Explanation,
    place: str,
    around: str,
    judged: Sequence[Judged],
    span_of: Callable[[Node], Span],
) -> str:
    """Return the text. `place` is `FILE:LINE`, `around` the name of the function around it."""
    heading = f"{place}, in `{around}`" if around else f"{place}, at module level"
    lines = _Writer(explanation, judged, span_of).lines()
    return "\n".join([heading, *lines]) + "\n"


class _Writer:
    def __init__(
        self,
        explanation: Explanation,
        judged: Sequence[Judged],
        span_of: Callable[[Node], Span],
    ) -> None:
        self._explanation = explanation
        self._judged = judged
        self._span_of = span_of

    def lines(self) -> Iterator[str]:
        """Yield the lines of all parts; one that says so if there is nothing to tell."""
        known = self._explanation
        parts = [
            *(self._function(each) for each in known.defined),
            *(self._call(each) for each in self._sorted(known.calls)),
            *(self._loop(each) for each in self._sorted(known.loops)),
            *(self._generator(each) for each in self._sorted(known.generators)),
            *(self._function(each) for each in known.called),
        ]
        for part in parts:
            yield ""
            yield from part
        if not parts:
            yield ""
            yield "no function is defined or called here, and no generator is made or changed"
        yield ""
        yield from self._findings()

    def _sorted(self, known: Iterable[Placed]) -> list[Placed]:
        return sorted(known, key=lambda each: self._span_of(each.node))

    def _line(self, node: Node) -> str:
        return f"line {self._span_of(node).start.line}"

    # Functions and calls

    def _function(self, known: FunctionKnown) -> Iterator[str]:
        yield f"function `{known.scope.qualname}`, {self._line(known.scope.node)}"
        yield f"  gives:       {_what(known.kind.value)}: {known.decided_by}"
        if known.needs_close is not None:
            yield f"  needs close: {self._needs_close(known.needs_close)}"
        for name, use in known.consumes:
            yield f"  parameter:   `{name}`, which it {use.value}"

    def _call(self, known: CallKnown) -> Iterator[str]:
        yield f"call `{known.label}`"
        callee = known.callee
        if callee is not None:
            what = f"{callee.kind.value} `{callee.qualname}`"
            yield f"  calls:       {what}, {self._line(callee.node)}"
        elif known.library:
            yield f"  calls:       `{known.library}`, which this module does not show"
        elif known.generator is not None:
            yield f"  calls:       a method of the generator made on {self._line(known.generator)}"
        else:
            yield "  calls:       not known: the name does not lead to one function of this module"
        if known.awaited is not None:
            yield f"  awaited:     {_what(known.awaited.value)}"
        if known.unfollowed:
            yield f"  generator:   not followed: {known.unfollowed}"

    def _loop(self, known: LoopKnown) -> Iterator[str]:
        yield f"`async for`, {self._line(known.node)}"
        yield f"  over:        {known.source}"

    def _needs_close(self, answer: NeedsClose) -> str:
        verdict, reason = answer.verdict.value, answer.reason
        if verdict == "no":
            return "no: nothing happens when it is closed at any of its yields"
        if reason is None:
            return "not known"
        word = "yes" if verdict == "yes" else "not known"
        at, because = self._line(reason.at), self._line(reason.because)
        return f"{word}: it can be suspended on {at}, {reason.text}, {because}"

    # Generators

    def _generator(self, known: GeneratorKnown) -> Iterator[str]:
        name = f"generator `{known.label}`" if known.functions else known.label
        yield f"{name}, {self._line(known.node)}"
        for number, maker in enumerate(known.functions):
            how = "or by:" if number else "made by:"
            yield f"  {how:12} `{maker.qualname}`, {self._line(maker.node)}"
        yield f"  needs close: {self._needs_close(known.needs_close)}"
        yield from self._owner(known)
        for number, each in enumerate(self._ways(known)):
            yield f"  {'ways out:' if not number else '':12} {each}"
        related = [each for each in self._judged if self._is_about(each, known)]
        if not related:
            exempt = known.exempt or "not known why; please report"
            yield f"  no finding:  {exempt}"

    def _owner(self, known: GeneratorKnown) -> Iterator[str]:
        if known.ends_with_resource:
            yield f"  owner:       what it is made from, which `{known.owner.qualname}` closes"
            return
        yield f"  owner:       `{known.owner.qualname}`" + (
            ", until it is" if known.handed_on else ""
        )
        for each in self._by_line([*known.handed_on, *known.closed]):
            verb = "closed by " if each in known.closed else ""
            yield f"               {verb}{each.how}, {self._line(each.at)}"

    def _by_line(self, events: Iterable[Event]) -> list[Event]:
        return sorted(events, key=lambda each: self._span_of(each.at))

    def _ways(self, known: GeneratorKnown) -> Iterator[str]:
        width = max((len(each.exit.value) for each in known.ways), default=0)
        for each in known.ways:
            texts = dict.fromkeys(self._condition(one, known) for one in each.conditions)
            yield f"{each.exit.value:{width}}  {', or '.join(texts) or 'not made'}"

    def _condition(self, condition: Condition, known: GeneratorKnown) -> str:
        phase = condition.phase.value
        if phase == "escaped" and known.ends_with_resource:
            return "left to what it is made from"
        if phase != "suspended":
            return _PHASES[phase]
        step = f" (stepped on {self._line(condition.step)})" if condition.step is not None else ""
        is_open = known.needs_close.verdict.value == "yes"
        return f"{'left open' if is_open else 'suspended'}{step}"

    # Findings

    def _is_about(self, judged: Judged, known: GeneratorKnown) -> bool:
        path = judged.finding.path
        return bool(path) and path[0].span.start == self._span_of(known.node).start

    def _findings(self) -> Iterator[str]:
        if not self._judged:
            yield "findings: none"
            return
        yield "findings:"
        for each in self._judged:
            found = each.finding
            start = found.span.start
            hidden = f" ({each.hidden})" if each.hidden else ""
            place = f"{start.line}:{start.column + 1}"
            yield f"  {place}: {found.code} {found.name}{hidden}: {found.message}"
            for step in found.path:
                yield f"    line {step.span.start.line}: {step.message}"


def _what(words: str) -> str:
    if words == "unknown":
        return "not known"
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"
