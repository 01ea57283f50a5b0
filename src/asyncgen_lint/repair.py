"""Repair a whole file: fixes in rounds, of which none may break it or cause a finding.

All disjoint fixes go in together. What comes of them is analysed; when it does not compile, or has
a finding that the file did not have, the round is halved until the fix that does the harm is found,
and left out. A finding that a fix brings to light and that the next round repairs, such as the
reader of a generator that now has cleanup, is no harm; one that nothing repairs takes the file back
to the last text that had none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import PurePath

from asyncgen_lint.config import Settings
from asyncgen_lint.engine import Analyse, Analysis, analyse, lint
from asyncgen_lint.fixes.apply import Applied, apply_fixes
from asyncgen_lint.rule import Diagnostic, FixSafety, Severity
from asyncgen_lint.source.parse import DELEGATION_SINCE
from asyncgen_lint.source.text import Source

MAX_ROUNDS = 10
"""How many rounds of fixes a file gets; overlapping fixes wait for the next round."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A fix that was left out: whose it is, as it stands in its round, and why."""

    diagnostic: Diagnostic
    reason: str


@dataclass(frozen=True, slots=True)
class Repair:
    """What fixing one file gave: its new text, what was applied, and what is left.

    `applied` holds the diagnostics whose fix is in the text, each as it stood in its round.
    `refused` are fixes that would have made the file worse.
    """

    text: str
    applied: tuple[Diagnostic, ...]
    remaining: Analysis
    refused: tuple[Refusal, ...] = ()


def repair(
    source: Source,
    settings: Settings,
    *,
    unsafe: bool = False,
    root: PurePath | None = None,
    analyse: Analyse = analyse,
) -> Repair:
    """Apply fixes round by round until none is left, and return the new text.

    `unsafe` asks for the unsafe ones too. Findings that a comment hides are not repaired.
    """
    return _Repairing(source, settings, unsafe, root, analyse).run()


@dataclass(frozen=True, slots=True)
class _State:
    """A text on the way. `news` are the findings in it that the file did not have."""

    text: str
    analysis: Analysis
    applied: tuple[Diagnostic, ...] = ()
    news: frozenset[Diagnostic] = frozenset()
    refused: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What some fixes of a round make of a text; `harm` says why they must not go in."""

    applied: Applied
    analysis: Analysis
    old_of: dict[Diagnostic, Diagnostic] = field(default_factory=dict)
    harm: str = ""


@dataclass(frozen=True, slots=True)
class _Repairing:
    source: Source
    settings: Settings
    unsafe: bool
    root: PurePath | None
    analyse: Analyse

    def run(self) -> Repair:
        sound = state = _State(self.source.text, self._lint(self.source))
        for _ in range(MAX_ROUNDS):
            wanted = [each for each in state.analysis.diagnostics if self._is_wanted(each, state)]
            if not wanted:
                break
            after = self._round(state, wanted)
            if (after.text, after.refused) == (state.text, state.refused):
                break
            state = after
            if not state.news:
                sound = state
        if state.news:
            return self._taken_back(sound, state)
        return Repair(state.text, state.applied, state.analysis, state.refused)

    def _is_wanted(self, diagnostic: Diagnostic, state: _State) -> bool:
        if any(each.diagnostic == diagnostic for each in state.refused):
            return False
        return self._may_apply(diagnostic)

    def _may_apply(self, diagnostic: Diagnostic) -> bool:
        fix = diagnostic.fix
        return fix is not None and (self.unsafe or fix.safety is FixSafety.SAFE)

    def _round(self, state: _State, wanted: Sequence[Diagnostic]) -> _State:
        """Return the state after all fixes that can go in together and do no harm."""
        chosen = apply_fixes(self._at(state.text), wanted).done
        refused: list[Refusal] = []
        best = self._narrowed(state, (), chosen, refused)
        if best is None:
            return replace(state, refused=(*state.refused, *refused))
        new_of = {old: new for new, old in best.old_of.items()}
        found = best.analysis.diagnostics
        unknown = {None, *state.news}
        return _State(
            best.applied.text,
            best.analysis,
            (*state.applied, *best.applied.done),
            frozenset(each for each in found if best.old_of.get(each) in unknown),
            tuple(
                replace(each, diagnostic=new_of.get(each.diagnostic, each.diagnostic))
                for each in (*state.refused, *refused)
            ),
        )

    def _narrowed(
        self,
        state: _State,
        accepted: tuple[Diagnostic, ...],
        group: tuple[Diagnostic, ...],
        refused: list[Refusal],
    ) -> _Attempt | None:
        """Return the best attempt with the accepted fixes and as many of the group as do no harm.

        None when that is no fix at all. Those left out go to `refused`.
        """
        attempt = self._attempt(state, (*accepted, *group))
        if not attempt.harm:
            return attempt
        if len(group) == 1:
            refused.append(Refusal(group[0], attempt.harm))
            return None
        middle = len(group) // 2
        first = self._narrowed(state, accepted, group[:middle], refused)
        kept = first.applied.done if first else accepted
        return self._narrowed(state, kept, group[middle:], refused) or first

    def _attempt(self, state: _State, fixes: Sequence[Diagnostic]) -> _Attempt:
        before = self._at(state.text)
        applied = apply_fixes(before, sorted(fixes, key=lambda each: (each.span, each.code)))
        after = self._at(applied.text)
        target = self.settings.target_version
        if _compiles(before, target) and not _compiles(after, target):
            return _Attempt(applied, state.analysis, harm="it would have broken the syntax")
        analysis = self._lint(after)
        old_of = dict(_pairs(before, state.analysis, after, analysis, applied))
        news = [each for each in analysis.diagnostics if each not in old_of]
        if causes := sorted({each.code for each in news if not self._may_apply(each)}):
            return _Attempt(applied, analysis, harm=f"it would have caused {', '.join(causes)}")
        return _Attempt(applied, analysis, old_of)

    def _taken_back(self, sound: _State, state: _State) -> Repair:
        codes = ", ".join(sorted({each.code for each in state.news}))
        lost = state.applied[len(sound.applied) :]
        refused = [Refusal(each, f"it would have caused {codes}") for each in lost]
        return Repair(sound.text, sound.applied, sound.analysis, (*state.refused, *refused))

    def _lint(self, source: Source) -> Analysis:
        return lint(source, self.settings, root=self.root, analyse=self.analyse)

    def _at(self, text: str) -> Source:
        return replace(self.source, text=text)


def _pairs(
    before: Source, old: Analysis, after: Source, new: Analysis, applied: Applied
) -> Iterator[tuple[Diagnostic, Diagnostic]]:
    """Yield the findings of the new text that the old one had, each with that of the old.

    One that no edit touched is the one at the same place. One in what an edit wrote is any of the
    same code in what the edit replaced, and else one of the same words that has gone from where it
    was, since a repair may change which line shows it. A warning there stands for an error that was
    repaired: code that raised whenever it was reached could do no other harm.
    """
    left = {each: _extent(before, each) for each in old.diagnostics}
    moved: list[Diagnostic] = []
    for each in new.diagnostics:
        start, end = applied.origin(after.index.offset(each.span.start))
        there = [other for other, (first, last) in left.items() if first <= end and start <= last]
        same = [other for other in there if other.code == each.code] or [
            other for other in there if other in applied.done and _is_worse(other, each)
        ]
        if not same:
            moved.append(each)
            continue
        match = min(
            same, key=lambda other: (left[other][0] != start, other.message != each.message)
        )
        del left[match]
        yield each, match
    yield from _moved(moved, [each for each in left if each not in applied.done])


def _is_worse(diagnostic: Diagnostic, other: Diagnostic) -> bool:
    return diagnostic.severity is Severity.ERROR and other.severity is Severity.WARNING


def _extent(source: Source, diagnostic: Diagnostic) -> tuple[int, int]:
    offset = source.index.offset
    return offset(diagnostic.span.start), offset(diagnostic.span.end)


def _moved(
    moved: Iterable[Diagnostic], left: list[Diagnostic]
) -> Iterator[tuple[Diagnostic, Diagnostic]]:
    for each in moved:
        for other in left:
            if (other.code, other.message) == (each.code, each.message):
                left.remove(other)
                yield each, other
                break


_DELEGATION = re.compile(r"\byield[ \t]+from\b")


@lru_cache(maxsize=8)
def _compiles(source: Source, target_version: tuple[int, int]) -> bool:
    import warnings

    text = source.text
    if target_version >= DELEGATION_SINCE:
        # The Python that runs us may be too old for this in an `async def`.
        text = _DELEGATION.sub("yield", text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, source.filename, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
