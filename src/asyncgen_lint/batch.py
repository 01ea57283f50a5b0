"""Many files: each read, analysed and, if asked for, repaired, on all cores when it pays.

A worker process that dies takes nothing with it but the file it was at: the files that were in
flight are run again one by one, each alone, and the one that kills its process again is reported.
"""

from __future__ import annotations

import ast
import os
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from asyncgen_lint.cache import analyse_with, cache_in, flush_all
from asyncgen_lint.config import Settings
from asyncgen_lint.engine import Analyse, Analysis, internal_diagnostic, lint
from asyncgen_lint.fixes.write import NotWritten, replace_file
from asyncgen_lint.repair import Refusal, repair
from asyncgen_lint.rule import INTERNAL_CODE, Diagnostic
from asyncgen_lint.source.hide import with_noqa
from asyncgen_lint.source.suppress import Suppressions
from asyncgen_lint.source.text import Source, UnreadableSource, decode

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

PARALLEL_FROM = 50
"""Below this many files, starting processes costs more than they save."""

_CHUNK = 16


class Action(Enum):
    """What is done with a file beyond analysing it."""

    CHECK = "check"
    FIX = "fix"
    DIFF = "diff"
    HIDE = "hide"


@dataclass(frozen=True, slots=True)
class Task:
    """One file and what to do with it. `filename` is its name in reports.

    `keep_text` asks for the text of a file with findings, for reports that show source lines.
    `cache_dir` is where results are kept, None for nowhere. `reason` goes with the comments that
    hide findings.
    """

    path: Path
    filename: str
    settings: Settings
    root: Path
    action: Action = Action.CHECK
    unsafe: bool = False
    keep_text: bool = False
    cache_dir: Path | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one file gave: the findings left, the ones repaired or hidden, and what went wrong.

    `before` and `after` are the file's bytes when that changed, or would change, them.
    `complaints` are messages about repairs that failed. `failed` means that asyncgen-lint itself
    broke. `is_new` says that the findings were found out now, not remembered; `cache_trouble`, why
    nothing can be.
    """

    filename: str
    diagnostics: tuple[Diagnostic, ...] = ()
    applied: tuple[Diagnostic, ...] = ()
    before: bytes = b""
    after: bytes = b""
    text: str | None = None
    complaints: tuple[str, ...] = ()
    failed: bool = False
    is_new: bool = field(default=True, compare=False)
    cache_trouble: str = field(default="", compare=False)


def run_tasks(
    tasks: Sequence[Task], *, jobs: int | None = None, work: Callable[[Task], Outcome] | None = None
) -> list[Outcome]:
    """Return the outcome of each task, in order.

    `jobs` is the number of processes, one a core unless told. `work` does one task, `run_task`
    unless told; it must be importable by a new process.
    """
    work = work or run_task
    jobs = jobs or _cores()
    if jobs == 1 or len(tasks) <= PARALLEL_FROM:
        return _run_chunk(work, tasks)
    tasks, trouble = _with_usable_caches(tasks)
    outcomes = _Pool(work, jobs).run(tasks)
    return [replace(outcomes[0], cache_trouble=trouble), *outcomes[1:]] if trouble else outcomes


def _with_usable_caches(tasks: Sequence[Task]) -> tuple[Sequence[Task], str]:
    """Return the tasks without caches that cannot be used, and why one cannot.

    Found out once, before the processes that use them are started.
    """
    caches = {task.cache_dir: cache_in(task.cache_dir) for task in tasks if task.cache_dir}
    for each in caches.values():
        each.check()
    troubles = {folder: each.trouble for folder, each in caches.items() if each.trouble}
    if not troubles:
        return tasks, ""
    usable = [
        replace(task, cache_dir=None) if task.cache_dir in troubles else task for task in tasks
    ]
    return usable, next(iter(troubles.values()))


def run_task(task: Task) -> Outcome:
    """Return what the task's file gave, after writing it if fixes are to be written."""
    try:
        data = task.path.read_bytes()
    except OSError as error:
        return unread(task.filename, (error.strerror or type(error).__name__).lower())
    outcome = _run_bytes(task, data)
    if task.action not in (Action.FIX, Action.HIDE) or outcome.before == outcome.after:
        return outcome
    try:
        replace_file(task.path, outcome.before, outcome.after)
    except NotWritten as error:
        return _left_as_it_was(task, data, str(error))
    return outcome


def run_bytes(task: Task, data: bytes) -> Outcome:
    """Return what these bytes, as the task's file, give; the file is neither read nor written."""
    return replace(_run_bytes(task, data), cache_trouble=flush_all())


def _run_bytes(task: Task, data: bytes) -> Outcome:
    """Return what these bytes give.

    Never raises, so that one file cannot end the run, except with AGN_DEBUG=1.
    """
    try:
        source = decode(data, task.filename)
        if task.action is Action.CHECK:
            found = lint(source, task.settings, root=task.root, analyse=_analyse(task))
            return _outcome(task, source.text, found)
        if task.action is Action.HIDE:
            return _hidden(task, source, data)
        return _repaired(task, source, data)
    except UnreadableSource as error:
        return unread(task.filename, str(error))
    except Exception as error:
        if os.environ.get("AGN_DEBUG") == "1":
            raise
        return _broken(task, f"internal error: {type(error).__name__}: {error} (please report)")


def unread(filename: str, reason: str) -> Outcome:
    """Return the outcome of a file that cannot be read."""
    return Outcome(filename, (internal_diagnostic(filename, f"cannot be read: {reason}"),))


def _repaired(task: Task, source: Source, data: bytes) -> Outcome:
    repaired = repair(
        source, task.settings, unsafe=task.unsafe, root=task.root, analyse=_analyse(task)
    )
    outcome = _outcome(task, repaired.text, repaired.remaining)
    if repaired.refused:
        complaints = tuple(_left_out(task, each) for each in repaired.refused)
        outcome = replace(outcome, complaints=complaints, failed=True)
    return _changed(task, source, data, repaired.text, replace(outcome, applied=repaired.applied))


def _hidden(task: Task, source: Source, data: bytes) -> Outcome:
    """Return what is left once each finding has a comment that hides it."""
    found = lint(source, task.settings, root=task.root, analyse=_analyse(task))
    wanted: dict[int, set[str]] = {}
    for each in found.diagnostics:
        if each.code != INTERNAL_CODE:
            wanted.setdefault(each.span.start.line, set()).add(each.code)
    after = with_noqa(source, wanted, task.reason)
    if after.text != source.text and not _is_same_program(source, after):
        return _left_as_it_was(task, data, "a comment would have changed it (please report)")
    suppressions = Suppressions(after)
    left: list[Diagnostic] = []
    hidden: list[Diagnostic] = []
    for each in found.diagnostics:
        lines = suppressions.lines_for(each.span.start.line)
        is_hidden = each.code != INTERNAL_CODE and suppressions.hides(each.code, lines)
        (hidden if is_hidden else left).append(each)
    outcome = _outcome(task, after.text, replace(found, diagnostics=tuple(left)))
    return _changed(task, source, data, after.text, replace(outcome, applied=tuple(hidden)))


def _is_same_program(one: Source, other: Source) -> bool:
    try:
        trees = [ast.dump(ast.parse(each.text)) for each in (one, other)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return trees[0] == trees[1]


def _changed(task: Task, source: Source, data: bytes, text: str, outcome: Outcome) -> Outcome:
    """Return the outcome with the bytes before and after, if anything was applied."""
    if not outcome.applied:
        return outcome
    try:
        exact = source.encode(source.text) == data
        after = source.encode(text)
    except UnicodeError:
        exact = False
    if not exact:
        # Some codecs, such as utf-7, spell one text in several ways.
        return _left_as_it_was(task, data, f"cannot be written back as {source.encoding}")
    return replace(outcome, before=data, after=after)


def _left_as_it_was(task: Task, data: bytes, reason: str) -> Outcome:
    checked = _run_bytes(replace(task, action=Action.CHECK), data)
    complaint = f"{task.filename}: {reason}; left as it was"
    return replace(checked, complaints=(complaint,), failed=True)


def _left_out(task: Task, refusal: Refusal) -> str:
    diagnostic = refusal.diagnostic
    line = diagnostic.span.start.line
    return (
        f"{task.filename}:{line}: the fix of {diagnostic.code} was left out: {refusal.reason}"
        " (please report)"
    )


def _broken(task: Task, message: str) -> Outcome:
    message = " ".join(message.split())
    return Outcome(task.filename, (internal_diagnostic(task.filename, message),), failed=True)


def _outcome(task: Task, text: str, analysis: Analysis) -> Outcome:
    kept = text if task.keep_text and analysis.diagnostics else None
    return Outcome(
        task.filename,
        analysis.diagnostics,
        text=kept,
        failed=analysis.failed,
        is_new=analysis.is_new,
    )


def _analyse(task: Task) -> Analyse:
    return analyse_with(cache_in(task.cache_dir) if task.cache_dir is not None else None)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Pool:
    def __init__(self, work: Callable[[Task], Outcome], jobs: int) -> None:
        self._work = work
        self._jobs = jobs
        self._outcomes: dict[int, Outcome] = {}

    def run(self, tasks: Sequence[Task]) -> list[Outcome]:
        numbered = list(enumerate(tasks))
        chunks = deque(numbered[at : at + _CHUNK] for at in range(0, len(numbered), _CHUNK))
        while chunks:
            self._run_alone(self._run_until_broken(chunks))
        return [self._outcomes[number] for number in range(len(tasks))]

    def _run_until_broken(self, chunks: deque[list[tuple[int, Task]]]) -> deque[tuple[int, Task]]:
        """Work through the chunks; return what was in flight when a process died."""
        from concurrent.futures import FIRST_COMPLETED, wait
        from concurrent.futures.process import BrokenProcessPool

        pool = _executor(self._jobs)
        flying: dict[Future[list[Outcome]], list[tuple[int, Task]]] = {}
        try:
            while chunks or flying:
                while chunks and len(flying) <= self._jobs:
                    chunk = chunks[0]
                    future = pool.submit(_run_chunk, self._work, [task for _, task in chunk])
                    flying[future] = chunks.popleft()
                done, _ = wait(flying, return_when=FIRST_COMPLETED)
                for future in sorted(done, key=lambda each: each.exception() is not None):
                    self._keep(flying[future], future.result())
                    del flying[future]
        except BrokenProcessPool:
            return deque(numbered for chunk in flying.values() for numbered in chunk)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        return deque()

    def _run_alone(self, suspects: deque[tuple[int, Task]]) -> None:
        from concurrent.futures.process import BrokenProcessPool

        while suspects:
            with _executor(1) as pool:
                try:
                    while suspects:
                        number, task = suspects.popleft()
                        [self._outcomes[number]] = pool.submit(
                            _run_chunk, self._work, [task]
                        ).result()
                except BrokenProcessPool:
                    self._outcomes[number] = _broken(
                        task, "internal error: its process died (please report)"
                    )

    def _keep(self, chunk: Iterable[tuple[int, Task]], outcomes: Iterable[Outcome]) -> None:
        for (number, _), outcome in zip(chunk, outcomes, strict=True):
            self._outcomes[number] = outcome


def _run_chunk(work: Callable[[Task], Outcome], tasks: Sequence[Task]) -> list[Outcome]:
    outcomes = [work(task) for task in tasks]
    trouble = flush_all()
    return [*outcomes[:-1], replace(outcomes[-1], cache_trouble=trouble)] if trouble else outcomes


def _executor(processes: int) -> ProcessPoolExecutor:
    from concurrent.futures import ProcessPoolExecutor

    return ProcessPoolExecutor(max_workers=processes)
