"""What `check` and `fix` say of the files they were at, and the exit status that comes of it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from asyncgen_lint.cli.output import (
    CLEAN,
    FAILED,
    FOUND,
    abandon_stdout,
    complain,
    usage_error,
    write,
)

if TYPE_CHECKING:
    from asyncgen_lint.baseline import Baseline
    from asyncgen_lint.batch import Outcome
    from asyncgen_lint.rule import Diagnostic


def conclude(
    options: argparse.Namespace,
    outcomes: Sequence[Outcome],
    baseline: Baseline | None,
    *,
    to_stderr: bool = False,
) -> int:
    """Report what the files gave and return the exit status."""
    _complain_of(options, outcomes)
    if options.diff:
        return _show_diff(options, outcomes)
    if options.add_noqa:
        return _report_hidden(options, outcomes, to_stderr=to_stderr)
    if options.write_baseline:
        return _write_baseline(options, outcomes)
    if baseline is not None:
        outcomes = [_without_known(each, baseline) for each in outcomes]
    if options.fix_only:
        outcomes = [replace(each, diagnostics=()) for each in outcomes]
    _report(options, outcomes, to_stderr=to_stderr)
    return _status(options, outcomes)


def _complain_of(options: argparse.Namespace, outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        for complaint in outcome.complaints:
            complain(complaint)
    troubles = [each.cache_trouble for each in outcomes if each.cache_trouble]
    if troubles:
        complain(troubles[0])
    if options.verbose:
        analysed = sum(each.is_new for each in outcomes)
        complain(f"analysed {analysed} of {len(outcomes)} files")


def _show_diff(options: argparse.Namespace, outcomes: Sequence[Outcome]) -> int:
    from asyncgen_lint.report import concise
    from asyncgen_lint.report.diff import unified_diff
    from asyncgen_lint.rule import INTERNAL_CODE

    changed = [outcome for outcome in outcomes if outcome.applied]
    write(b"".join(unified_diff(each.filename, each.before, each.after) for each in changed))
    broken = [
        diagnostic
        for outcome in outcomes
        for diagnostic in outcome.diagnostics
        if diagnostic.code == INTERNAL_CODE
    ]
    write(concise.render(broken), to_stderr=True)
    fixes = sum(len(each.applied) for each in changed)
    if fixes:
        complain(f"would fix {fixes} error{'s' if fixes != 1 else ''}")
    if any(outcome.failed for outcome in outcomes):
        return FAILED
    return FOUND if (changed or broken) and not options.exit_zero else CLEAN


def _report_hidden(
    options: argparse.Namespace, outcomes: Sequence[Outcome], *, to_stderr: bool
) -> int:
    """Say how many findings were hidden, and which could not be."""
    from asyncgen_lint.report import concise

    hidden = sum(len(each.applied) for each in outcomes)
    left = [each for outcome in outcomes for each in outcome.diagnostics]
    write(concise.render(left), to_stderr=to_stderr)
    if hidden:
        findings = "1 finding" if hidden == 1 else f"{hidden} findings"
        write(f"Hid {findings} by comments.\n", to_stderr=to_stderr)
    return _status(options, outcomes)


def _write_baseline(options: argparse.Namespace, outcomes: Sequence[Outcome]) -> int:
    from pathlib import Path

    from asyncgen_lint.baseline import Baseline
    from asyncgen_lint.fixes.write import NotWritten, write_file
    from asyncgen_lint.report import concise
    from asyncgen_lint.rule import INTERNAL_CODE

    path = Path(os.path.abspath(options.baseline))
    found = [pair for outcome in outcomes for pair in _with_lines(outcome)]
    baseline = Baseline.of(path.parent, found)
    try:
        write_file(path, baseline.dump().encode())
    except NotWritten as error:
        return usage_error(f"{options.baseline}: {error}")
    broken = [each for each, _ in found if each.code == INTERNAL_CODE]
    write(concise.render(broken))
    count = sum(baseline.counts.values())
    complain(f"wrote {count} finding{'s' if count != 1 else ''} to {options.baseline}")
    if any(outcome.failed for outcome in outcomes):
        return FAILED
    return FOUND if broken and not options.exit_zero else CLEAN


def _without_known(outcome: Outcome, baseline: Baseline) -> Outcome:
    return replace(outcome, diagnostics=tuple(baseline.unknown(_with_lines(outcome))))


def _with_lines(outcome: Outcome) -> list[tuple[Diagnostic, str]]:
    """Return the findings of a file, each with the text of its line."""
    from asyncgen_lint.source.text import LineIndex

    index = LineIndex(outcome.text or "")
    return [(each, index.line(each.span.start.line)) for each in outcome.diagnostics]


def _report(
    options: argparse.Namespace, outcomes: Sequence[Outcome], *, to_stderr: bool = False
) -> None:
    diagnostics = [each for outcome in outcomes for each in outcome.diagnostics]
    fixed = sum(len(outcome.applied) for outcome in outcomes)
    unsafe = options.unsafe_fixes
    if options.output_format == "json":
        from asyncgen_lint.report import json, statistics

        text = statistics.render_json(diagnostics, unsafe=unsafe) if options.statistics else None
        write(text or json.render(diagnostics), to_stderr=to_stderr)
        return
    if not diagnostics and not fixed:
        return
    if options.statistics:
        from asyncgen_lint.report import statistics

        write(statistics.render(diagnostics, unsafe=unsafe), to_stderr=to_stderr)
    elif options.output_format == "concise":
        from asyncgen_lint.report import concise

        write(concise.render(diagnostics, unsafe=unsafe), to_stderr=to_stderr)
    elif diagnostics:
        texts = {each.filename: each.text for each in outcomes if each.text is not None}
        texts |= _texts_of_steps(diagnostics, texts)
        _print_full(diagnostics, texts, unsafe, to_stderr)
    if options.show_fixes and fixed:
        from asyncgen_lint.report import fixes

        applied = {each.filename: each.applied for each in outcomes}
        write(f"Fixed:\n{fixes.render(applied)}", to_stderr=to_stderr)
    from asyncgen_lint.report.summary import summary

    closing = summary(diagnostics, fixed=fixed, unsafe=unsafe)
    write(f"{closing}\n" if closing else "", to_stderr=to_stderr)


def _texts_of_steps(diagnostics: Iterable[Diagnostic], known: Mapping[str, str]) -> dict[str, str]:
    """Return the other files that the paths of findings lead into, as far as they can be read."""
    from pathlib import Path

    from asyncgen_lint.source.text import UnreadableSource, read_source

    texts = {}
    for name in {step.filename for each in diagnostics for step in each.path} - known.keys():
        with suppress(OSError, UnreadableSource):
            texts[name] = read_source(Path(name), name).text
    return texts


def _print_full(
    diagnostics: Sequence[Diagnostic], texts: dict[str, str], unsafe: bool, to_stderr: bool
) -> None:
    from rich.console import Console

    from asyncgen_lint.report.full import print_full

    try:
        print_full(diagnostics, texts, Console(stderr=to_stderr), unsafe=unsafe)
    except BrokenPipeError:
        abandon_stdout()


def _status(options: argparse.Namespace, outcomes: Sequence[Outcome]) -> int:
    if any(outcome.failed for outcome in outcomes):
        return FAILED
    fixed = options.exit_non_zero_on_fix and any(outcome.applied for outcome in outcomes)
    found = any(outcome.diagnostics for outcome in outcomes) and not options.exit_zero
    return FOUND if found or fixed else CLEAN
