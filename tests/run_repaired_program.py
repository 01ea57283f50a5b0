"""Decide by execution whether a repaired program does what it did before.

A script like `run_random_program.py`, whose requests it answers too. One that holds two texts,
`{"text": ..., "repaired": ...}`, is answered with the scenarios in which they differ.

Both texts run the same scenarios, found by running the first: every entry with every set of yes
answers, with every call raising in turn, with every suspended await cancelled in turn, and with a
cleanup that raises. Of each run are compared: what came out of it, the items of a generator, the
items that are still to be had from what was returned or kept, and, once all is closed, how often
each function of the program called each function of the world.

Only the moment of cleanup may differ. So a program that is cleaning up because a generator is being
closed gets the answer no, and no such call raises, is cancelled, or counts towards those that do:
then the same scenario means the same in both texts. Errors in cleanup that was late may now reach
the caller: a run in which closing a dropped generator raised is counted, not compared.
"""

from __future__ import annotations

import contextlib
import json
import signal
import sys
import types
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import run_random_program
from run_random_program import MOST_STEPS, STARTED, Cancelled, Endless, Fault, Program, Run

MOST_RUNS = 200
"""Of one entry, or one number of steps of it, not counting faults."""

MOST_FAULTS = 12
"""Calls of one scenario that raise in turn, and awaits of it that are cancelled."""

MOST_ITEMS = 10
"""Taken from a generator that was returned or kept."""

Answer = tuple[int, int]


@dataclass(frozen=True)
class Scenario:
    """What happens in one run of an entry; `steps` is 0 for a coroutine function."""

    entry: str
    steps: int
    yes: frozenset[Answer] = frozenset()
    fault: int = 0
    cancelled: int = 0
    cleanup_raises: bool = False

    def __str__(self) -> str:
        words = [f"{self.entry}()"]
        words += [f"{self.steps} steps"] * bool(self.steps)
        words += [f"yes {number} at visit {visit}" for number, visit in sorted(self.yes)]
        words += [f"call {self.fault} raises"] * bool(self.fault)
        words += [f"await {self.cancelled} cancelled"] * bool(self.cancelled)
        words += ["cleanup raises"] * self.cleanup_raises
        return ", ".join(words)


@dataclass
class Outcome:
    """What is compared of a run."""

    results: list[str] = field(default_factory=list)
    left: list[list[str]] = field(default_factory=list)
    effects: Counter[str] = field(default_factory=Counter)

    def difference(self, other: Outcome) -> str:
        """Return what differs, in words; empty if nothing does."""
        if self.results != other.results:
            return f"gave {self.results}, gives {other.results}"
        if "Endless" in self.results:
            # Cut off at no place in particular.
            return ""
        if self.left != other.left:
            return f"left {self.left}, leaves {other.left}"
        if self.effects != other.effects:
            lost, new = self.effects - other.effects, other.effects - self.effects
            return f"no longer {dict(lost)}, now {dict(new)}"
        return ""


CLOSERS = {contextlib.aclosing.__aexit__.__code__}
"""What closes a generator, whose cleanup may go on after it caught the GeneratorExit."""


def is_cleaning() -> bool:
    """Return whether a generator that is being closed is running."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code in CLOSERS:
            return True
        frame = frame.f_back  # type: ignore[assignment]
    error = sys.exc_info()[1]
    while error is not None:
        if isinstance(error, GeneratorExit):
            return True
        error = error.__context__
    return False


class RepeatableRun(Run):
    """A run whose scenario does not depend on when generators are closed."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario.yes, set(), scenario.fault, scenario.cancelled)
        self.scenario = scenario
        self.outcome = Outcome()
        self.has_failed_late = False

    def choose(self, number: int) -> bool:
        self.note(f"choose {number}")
        return not is_cleaning() and super().choose(number)

    def may_raise(self) -> None:
        if not is_cleaning():
            super().may_raise()

    def undo(self, *_: object) -> None:
        self.note("undo")
        self.may_fail_to_clean_up()

    def may_fail_to_clean_up(self) -> None:
        if self.scenario.cleanup_raises and is_cleaning():
            raise Fault

    def note(self, what: str) -> None:
        """Count a call of the world by the program's function that is running."""
        frame = sys._getframe(1)
        while frame.f_globals.get("__name__") != "program":
            assert frame.f_back is not None
            frame = frame.f_back
        self.outcome.effects[f"{frame.f_code.co_name}: {what}"] += 1

    def drop(self, agen: types.AsyncGeneratorType) -> None:
        try:
            drive(agen.aclose())
        except BaseException:
            self.has_failed_late = True


CLOSERS.add(RepeatableRun.drop.__code__)


class RepeatableProgram(Program):
    """A program of which runs are observed."""

    run: RepeatableRun

    async def pause(self) -> None:
        await pause()

    async def release(self, *_: object) -> None:
        self.run.note("release")
        await pause()
        self.run.may_fail_to_clean_up()

    async def work(self, number: int) -> None:
        await pause()
        if self.run.choose(number):
            raise self.names.get("Boom", LookupError)

    def observe(self, scenario: Scenario) -> RepeatableRun:
        """Run a scenario, close all that it leaves open, and return what was seen."""
        run = self.run = RepeatableRun(scenario)
        STARTED.clear()
        sys.set_asyncgen_hooks(firstiter=STARTED.add, finalizer=run.drop)
        try:
            signal.setitimer(
                signal.ITIMER_VIRTUAL,
                run_random_program.LONGEST_RUN,
                run_random_program.LONGEST_RUN,
            )
            self.perform(run)
        except Endless:
            run.outcome.results.append("Endless")
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            self.kept().clear()
            for agen in list(STARTED):
                if agen.ag_frame is not None:
                    run.drop(agen)
        return run

    def kept(self) -> list[object]:
        return self.names.get("KEPT", [])

    def perform(self, run: RepeatableRun) -> None:
        scenario, outcome = run.scenario, run.outcome
        function = self.names[scenario.entry]
        if scenario.steps:
            agen = function()
            results = [result_of(agen.__anext__, run) for _ in range(scenario.steps)]
            values: list[object] = [value for _, value in results]
            outcome.results += [words for words, _ in results]
            self.longest = max(self.longest, scenario.steps if agen.ag_frame is not None else 0)
            outcome.results.append(result_of(agen.aclose, run)[0])
        else:
            words, value = result_of(function, run)
            values = [value]
            outcome.results.append(words)
        outcome.left = [items_of(each, run) for each in (*values, *self.kept())]


def result_of(call: Callable[[], object], run: RepeatableRun) -> tuple[str, object]:
    """Await what the call makes; return the outcome in words, and the value if there is one."""
    try:
        value = drive(call(), run)
    except Endless:
        raise
    except BaseException as error:
        return type(error).__name__, None
    if value is None or isinstance(value, (bool, int, str)):
        return repr(value), value
    return f"a {type(value).__name__} {getattr(value, '__name__', '')}", value


def items_of(value: object, run: RepeatableRun) -> list[str]:
    """Return what can still be had from a value, if it is a generator."""
    if not isinstance(value, types.AsyncGeneratorType):
        return []
    items = []
    while value.ag_frame is not None and len(items) < MOST_ITEMS:
        items.append(result_of(value.__anext__, run)[0])
    return items


CLEANING = object()
"""What an await gives up control with if a generator is being closed."""


def drive(coroutine: object, run: RepeatableRun | None = None) -> object:
    """Run a coroutine to its end; return its value. `run` may cancel it."""
    given: object = CLEANING
    try:
        while True:
            if run is not None and given is not CLEANING and run.is_cancelled_now():
                given = coroutine.throw(Cancelled())  # type: ignore[attr-defined]
            else:
                given = coroutine.send(None)  # type: ignore[attr-defined]
            if run is not None and given is not CLEANING:
                run.pauses += 1
    except StopIteration as stop:
        return stop.value


@types.coroutine
def pause() -> Iterator[object]:
    yield CLEANING if is_cleaning() else None


@dataclass
class Comparison:
    """Scenarios in which two texts differ, and how many were run."""

    differences: list[str] = field(default_factory=list)
    runs: int = 0
    late_errors: int = 0


class Comparing:
    """Two texts of a program, run side by side."""

    def __init__(self, before: RepeatableProgram, after: RepeatableProgram) -> None:
        self.before = before
        self.after = after
        self.result = Comparison()

    def compare(self, depth: int, visits: int, may_fail: bool) -> Comparison:
        """Run every entry over its scenarios."""
        self.before.may_fail = self.after.may_fail = may_fail
        for name, is_stepped in self.before.entries:
            if not is_stepped:
                self.explore(name, 0, depth, visits, may_fail)
                continue
            for steps in range(1, MOST_STEPS):
                self.before.longest = 0
                self.explore(name, steps, depth, visits, may_fail)
                if self.before.longest < steps:
                    break
        return self.result

    def explore(self, name: str, steps: int, depth: int, visits: int, may_fail: bool) -> None:
        todo: list[tuple[frozenset[Answer], int]] = [(frozenset(), -1)]
        runs = 0
        while todo and runs < MOST_RUNS:
            yes, flipped = todo.pop(0)
            runs += 1
            run = self.once(Scenario(name, steps, yes))
            self.once(Scenario(name, steps, yes, cleanup_raises=True))
            if may_fail:
                for place in range(1, min(run.calls, MOST_FAULTS) + 1):
                    self.once(Scenario(name, steps, yes, fault=place))
                for place in range(1, min(run.pauses, MOST_FAULTS) + 1):
                    self.once(Scenario(name, steps, yes, cancelled=place))
            if len(yes) < depth:
                for index, answer in enumerate(run.answered):
                    if index > flipped and answer[1] <= visits:
                        todo.append((yes | {answer}, index))

    def once(self, scenario: Scenario) -> RepeatableRun:
        """Run a scenario in both; return the run of the text before."""
        was, now = self.before.observe(scenario), self.after.observe(scenario)
        self.result.runs += 1
        difference = was.outcome.difference(now.outcome)
        if was.has_failed_late:
            self.result.late_errors += bool(difference)
        elif difference:
            self.result.differences.append(f"{scenario}: {difference}")
        return was


def answer(request: dict[str, object]) -> dict[str, object]:
    if "repaired" not in request:
        return run_random_program.answer(request)
    try:
        before = RepeatableProgram(str(request["text"]))
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
    try:
        after = RepeatableProgram(str(request["repaired"]))
    except Exception as error:
        return {"differences": [f"{type(error).__name__}: {error}"], "runs": 1, "late_errors": 0}
    comparing = Comparing(before, after)
    for depth, may_fail in ((2, False), (1, True)):
        comparing.compare(depth, int(request.get("visits", 2)), may_fail)
    result = comparing.result
    return {
        "differences": result.differences,
        "runs": result.runs,
        "late_errors": result.late_errors,
    }


if __name__ == "__main__":
    signal.signal(signal.SIGVTALRM, run_random_program.give_up)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
