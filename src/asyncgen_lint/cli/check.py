"""The commands `check` and `fix`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from asyncgen_lint.cli.conclude import conclude
from asyncgen_lint.cli.options import add_isolated, add_program, add_target_version, program
from asyncgen_lint.cli.output import CLEAN, usage_error, write

if TYPE_CHECKING:
    from pathlib import Path

    from asyncgen_lint.baseline import Baseline
    from asyncgen_lint.batch import Action, Outcome, Task
    from asyncgen_lint.config import Overrides, Project, Projects

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
    repair.add_argument("--fix-only", action="store_true", help="repair, report nothing else")
    repair.add_argument("--show-fixes", action="store_true", help="list what was repaired")
    repair.add_argument(
        "--exit-non-zero-on-fix", action="store_true", help="exit 1 if anything was repaired"
    )
    for option, text in (
        ("--fixable", "the only rules to repair, or ALL"),
        ("--unfixable", "rules not to repair"),
    ):
        repair.add_argument(option, action="append", default=[], metavar="RULES", help=text)
    adopt = parser.add_argument_group("adoption")
    adopt.add_argument("--add-noqa", action="store_true", help="hide each finding by a comment")
    adopt.add_argument(
        "--noqa-reason", default="", metavar="TEXT", help="what those comments give as reason"
    )
    adopt.add_argument(
        "--baseline", metavar="FILE", help="leave out the findings that are written down in a file"
    )
    adopt.add_argument(
        "--write-baseline", action="store_true", help="write all findings down in that file"
    )
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
    output.add_argument(
        "--statistics", action="store_true", help="say how many findings each rule has"
    )
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
    from asyncgen_lint.baseline import BaselineError
    from asyncgen_lint.config import Projects, SettingsError
    from asyncgen_lint.discovery import MissingPath

    if trouble := _contradiction(options):
        return usage_error(trouble)
    try:
        projects = Projects(_overrides(options))
        baseline = _baseline(options)
        if _STDIN in options.paths:
            return _check_stdin(options, projects, baseline)
        outcomes = _check_paths(options, projects)
    except (SettingsError, MissingPath, BaselineError) as error:
        return usage_error(str(error))
    return conclude(options, outcomes, baseline)


def _contradiction(options: argparse.Namespace) -> str:
    """Return what is wrong with the options as a whole; empty when nothing is."""
    if _STDIN in options.paths and len(options.paths) > 1:
        return "- cannot be combined with other paths"
    if options.write_baseline and not options.baseline:
        return "--write-baseline needs --baseline FILE"
    if options.write_baseline and _STDIN in options.paths:
        return "--write-baseline needs paths"
    repairs = options.fix or options.diff or options.fix_only
    if options.add_noqa and repairs:
        return "--add-noqa cannot be combined with repairs"
    if options.add_noqa and options.baseline:
        return "--add-noqa cannot be combined with --baseline"
    if not _is_one_comment(options.noqa_reason):
        return "--noqa-reason: a reason is one line without 'noqa'"
    if options.write_baseline and repairs:
        return "--write-baseline cannot be combined with repairs"
    return ""


def _is_one_comment(reason: str) -> bool:
    return reason.isprintable() and "noqa" not in reason.lower()


def _baseline(options: argparse.Namespace) -> Baseline | None:
    """Return the baseline to hold findings against. Raises BaselineError."""
    from pathlib import Path

    from asyncgen_lint.baseline import read_baseline

    if options.write_baseline or not options.baseline:
        return None
    return read_baseline(Path(options.baseline))


def _overrides(options: argparse.Namespace) -> Overrides:
    from asyncgen_lint.config import Overrides, check_patterns, check_selectors, parse_target

    target = options.target_version
    return Overrides(
        select=check_selectors(_split(options.select), "--select"),
        ignore=check_selectors(_split(options.ignore), "--ignore"),
        extend_select=check_selectors(_split(options.extend_select), "--extend-select"),
        fixable=check_selectors(_split(options.fixable), "--fixable"),
        unfixable=check_selectors(_split(options.unfixable), "--unfixable"),
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


def _check_stdin(options: argparse.Namespace, projects: Projects, baseline: Baseline | None) -> int:
    from pathlib import Path

    from asyncgen_lint.batch import Action, run_bytes
    from asyncgen_lint.discovery import is_excluded

    data = sys.stdin.buffer.read()
    name = options.stdin_filename or _STDIN
    path = Path(os.path.abspath(name))
    project = projects.of_folder(path.parent)
    task = _task(options, path, name, project)
    rewrites = task.action in (Action.FIX, Action.HIDE)
    if options.force_exclude and is_excluded(path, project):
        if rewrites:
            write(data)
        return CLEAN
    outcome = run_bytes(task, data)
    if rewrites:
        write(outcome.after if outcome.applied else data)
    return conclude(options, [outcome], baseline, to_stderr=rewrites)


def _task(options: argparse.Namespace, path: Path, name: str, project: Project) -> Task:
    from asyncgen_lint.batch import Task

    return Task(
        path,
        name,
        project.settings,
        project.root,
        _action(options),
        unsafe=options.unsafe_fixes,
        keep_text=bool(options.baseline) or (options.output_format == "full" and not options.diff),
        cache_dir=project.cache_dir,
        reason=options.noqa_reason,
    )


def _action(options: argparse.Namespace) -> Action:
    from asyncgen_lint.batch import Action

    if options.diff:
        return Action.DIFF
    if options.fix or options.fix_only:
        return Action.FIX
    return Action.HIDE if options.add_noqa else Action.CHECK
