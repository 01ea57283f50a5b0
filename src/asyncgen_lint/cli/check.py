"""The commands `check` and `fix`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from asyncgen_lint.cli.options import add_isolated, add_program, add_target_version, program
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
    from pathlib import Path

    from asyncgen_lint.batch import Outcome, Task
    from asyncgen_lint.config import Overrides, Project, Projects
    from asyncgen_lint.rule import Diagnostic

_STDIN = "-"


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `check` and `fix`, which differ in what they do unless told."""
    check = commands.add_parser("check", help="report findings", allow_abbrev=False)
    fix = commands.add_parser("fix", help="repair what can be: check --fix", allow_abbrev=False)
    for command, fixes in ((check, False), (fix, True)):
        _add_options(command)
        command.set_defaults(run=_run, fix=fixes)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="*", default=["."], metavar="PATH", help="files, folders, or - for stdin"
    )
    rules = parser.add_argument_group("rules")
    for option, text in (
        ("--select", "codes, prefixes or names of the only rules to apply, or ALL"),
        ("--extend-select", "rules to apply besides"),
        ("--ignore", "rules to leave out"),
    ):
        rules.add_argument(option, action="append", default=[], metavar="RULES", help=text)
    rules.add_argument("--strict", action="store_true", help="apply the strict rules too")
    rules.add_argument(
        "--typed", action="store_true", help="leave out what a type checker reports as well"
    )
    add_target_version(rules)
    repair = parser.add_argument_group("repair")
    repair.add_argument("--fix", action="store_true", help="apply the safe fixes")
    repair.add_argument(
        "--unsafe-fixes", action="store_true", help="with --fix or --diff: the unsafe ones too"
    )
    repair.add_argument("--diff", action="store_true", help="write nothing, show what would change")
    files = parser.add_argument_group("files")
    files.add_argument(
        "--exclude", action="append", default=[], metavar="PATTERNS", help="as in a .gitignore"
    )
    files.add_argument(
        "--force-exclude", action="store_true", help="exclude paths named outright too"
    )
    files.add_argument(
        "--stdin-filename",
        "--stdin-display-name",
        metavar="PATH",
        help="the name of the file that stdin holds",
    )
    add_program(files)
    add_isolated(files)
    files.add_argument("--no-cache", action="store_true", help="neither read nor keep results")
    files.add_argument("--cache-dir", default="", metavar="DIR", help="where to keep results")
    output = parser.add_argument_group("output")
    output.add_argument("--output-format", choices=("full", "concise", "json"), default="full")
    output.add_argument("--exit-zero", action="store_true", help="exit 0 in spite of findings")
    output.add_argument(
        "--verbose", action="store_true", help="say how many files had to be analysed"
    )
    output.add_argument("--jobs", type=_positive, metavar="N", help="how many processes to use")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _run(options: argparse.Namespace) -> int:
    from asyncgen_lint.config import Projects, SettingsError
    from asyncgen_lint.discovery import MissingPath

    if _STDIN in options.paths and len(options.paths) > 1:
        return usage_error("- cannot be combined with other paths")
    try:
        projects = Projects(_overrides(options))
        if _STDIN in options.paths:
            return _check_stdin(options, projects)
        outcomes = _check_paths(options, projects)
    except (SettingsError, MissingPath) as error:
        return usage_error(str(error))
    _complain_of(options, outcomes)
    if options.diff:
        return _show_diff(options, outcomes)
    _report(options, outcomes)
    return _status(options, outcomes)


def _overrides(options: argparse.Namespace) -> Overrides:
    from asyncgen_lint.config import Overrides, check_patterns, check_selectors, parse_target

    target = options.target_version
    return Overrides(
        select=check_selectors(_split(options.select), "--select"),
        ignore=check_selectors(_split(options.ignore), "--ignore"),
        extend_select=check_selectors(_split(options.extend_select), "--extend-select"),
        exclude=check_patterns(_split(options.exclude), "--exclude") if options.exclude else (),
        strict=options.strict,
        typed=options.typed,
        target_version=parse_target(target, "--target-version") if target else None,
        isolated=options.isolated,
        cache_dir=_cache_dir(options),
        **program(options),
    )


def _cache_dir(options: argparse.Namespace) -> str:
    if options.no_cache or options.cache_dir == "none":
        return "none"
    return os.path.abspath(options.cache_dir) if options.cache_dir else ""


def _split(values: Sequence[str]) -> list[str]:
    return [word.strip() for value in values for word in value.split(",") if word.strip()]


def _check_paths(options: argparse.Namespace, projects: Projects) -> list[Outcome]:
    from asyncgen_lint.batch import run_tasks, unread
    from asyncgen_lint.discovery import discover, name_order

    found = discover(options.paths, projects, force_exclude=options.force_exclude)
    tasks = [_task(options, file.path, file.name, file.project) for file in found.files]
    outcomes = [unread(each.name, each.reason) for each in found.unreadable]
    outcomes += run_tasks(tasks, jobs=options.jobs)
    return sorted(outcomes, key=lambda each: name_order(each.filename))


def _check_stdin(options: argparse.Namespace, projects: Projects) -> int:
    from pathlib import Path

    from asyncgen_lint.batch import run_bytes
    from asyncgen_lint.discovery import is_excluded

    data = sys.stdin.buffer.read()
    name = options.stdin_filename or _STDIN
    path = Path(os.path.abspath(name))
    project = projects.of_folder(path.parent)
    repairs = options.fix and not options.diff
    if options.force_exclude and is_excluded(path, project):
        if repairs:
            write(data)
        return CLEAN
    outcome = run_bytes(_task(options, path, name, project), data)
    _complain_of(options, [outcome])
    if options.diff:
        return _show_diff(options, [outcome])
    if repairs:
        write(outcome.after if outcome.applied else data)
    _report(options, [outcome], to_stderr=repairs)
    return _status(options, [outcome])


def _task(options: argparse.Namespace, path: Path, name: str, project: Project) -> Task:
    from asyncgen_lint.batch import Action, Task

    return Task(
        path,
        name,
        project.settings,
        project.root,
        Action.DIFF if options.diff else Action.FIX if options.fix else Action.CHECK,
        unsafe=options.unsafe_fixes,
        keep_text=options.output_format == "full" and not options.diff,
        cache_dir=project.cache_dir,
    )


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


def _report(
    options: argparse.Namespace, outcomes: Sequence[Outcome], *, to_stderr: bool = False
) -> None:
    diagnostics = [each for outcome in outcomes for each in outcome.diagnostics]
    fixed = sum(len(outcome.applied) for outcome in outcomes)
    if options.output_format == "json":
        from asyncgen_lint.report import json

        write(json.render(diagnostics), to_stderr=to_stderr)
        return
    if not diagnostics and not fixed:
        return
    from asyncgen_lint.report.summary import summary

    if options.output_format == "concise":
        from asyncgen_lint.report import concise

        write(concise.render(diagnostics, unsafe=options.unsafe_fixes), to_stderr=to_stderr)
    elif diagnostics:
        texts = {each.filename: each.text for each in outcomes if each.text is not None}
        texts |= _texts_of_steps(diagnostics, texts)
        _print_full(diagnostics, texts, options.unsafe_fixes, to_stderr)
    closing = summary(diagnostics, fixed=fixed, unsafe=options.unsafe_fixes)
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
    found = any(outcome.diagnostics for outcome in outcomes)
    return FOUND if found and not options.exit_zero else CLEAN
