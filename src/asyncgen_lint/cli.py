"""The command line: `check`, `fix`, `rule` and `explain`, with the options and meanings of ruff.

Exit status: 0 nothing found, 1 findings, 2 the command or asyncgen-lint itself failed. Only the
standard library's argparse is imported here; the rest is, once it is known what to do.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import asyncgen_lint

if TYPE_CHECKING:
    from pathlib import Path

    from asyncgen_lint.batch import Outcome, Task
    from asyncgen_lint.config import Overrides, Project, Projects
    from asyncgen_lint.rule import Diagnostic, Rule
    from asyncgen_lint.source.text import Source

CLEAN = 0
FOUND = 1
FAILED = 2
INTERRUPTED = 130

_STDIN = "-"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command of the command line and return its exit status.

    `arguments` are those after the program's name; None means those of this process. Raises
    SystemExit for --help, --version and options that are not understood, as argparse does.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # What the terminal's encoding cannot express is escaped, never a traceback.
            stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
        return status
    except KeyboardInterrupt:
        _complain("interrupted")
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="asyncgen-lint", description=asyncgen_lint.__doc__, allow_abbrev=False
    )
    parser.add_argument(
        "--version", action="version", version=f"asyncgen-lint {asyncgen_lint.__version__}"
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="report findings", allow_abbrev=False)
    fix = commands.add_parser("fix", help="repair what can be: check --fix", allow_abbrev=False)
    for command, fixes in ((check, False), (fix, True)):
        _add_check_options(command)
        command.set_defaults(run=_check, fix=fixes)
    rule = commands.add_parser("rule", help="explain a rule", allow_abbrev=False)
    rule.add_argument("rule", nargs="?", metavar="CODE", help="a rule's code or name")
    rule.add_argument("--all", action="store_true", help="explain every rule")
    rule.add_argument("--output-format", choices=("text", "json"), default="text")
    rule.add_argument("--output-dir", metavar="D", help="write a page for each rule into a folder")
    rule.set_defaults(run=_rule)
    explain = commands.add_parser(
        "explain", help="say what is known of the generators on a line", allow_abbrev=False
    )
    explain.add_argument("place", metavar="FILE:LINE", help="the line to explain")
    explain.add_argument(
        "--dot", action="store_true", help="write the graph of the function around it, for Graphviz"
    )
    _add_target_version(explain)
    _add_program(explain)
    _add_isolated(explain)
    explain.set_defaults(run=_explain)
    return parser


def _add_check_options(parser: argparse.ArgumentParser) -> None:
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
    _add_target_version(rules)
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
    _add_program(files)
    _add_isolated(files)
    files.add_argument("--no-cache", action="store_true", help="neither read nor keep results")
    files.add_argument("--cache-dir", default="", metavar="DIR", help="where to keep results")
    output = parser.add_argument_group("output")
    output.add_argument("--output-format", choices=("full", "concise", "json"), default="full")
    output.add_argument("--exit-zero", action="store_true", help="exit 0 in spite of findings")
    output.add_argument(
        "--verbose", action="store_true", help="say how many files had to be analysed"
    )
    output.add_argument("--jobs", type=_positive, metavar="N", help="how many processes to use")


def _add_target_version(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--target-version", metavar="py310", help="the oldest Python that the code runs on"
    )


def _add_program(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--src", action="append", default=[], metavar="DIR", help="where modules are imported from"
    )
    parser.add_argument(
        "--python", default="", metavar="VENV", help="the environment of the dependencies, or none"
    )


def _program(options: argparse.Namespace) -> dict[str, Any]:
    """Return what the options say of other modules, as overrides; paths are made absolute."""
    python = options.python
    return {
        "src": tuple(os.path.abspath(each) for each in options.src),
        "python": os.path.abspath(python) if python and python != "none" else python,
    }


def _add_isolated(parser: argparse._ActionsContainer) -> None:
    parser.add_argument("--isolated", action="store_true", help="read no pyproject.toml")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _check(options: argparse.Namespace) -> int:
    from asyncgen_lint.config import Projects, SettingsError
    from asyncgen_lint.discovery import MissingPath

    if _STDIN in options.paths and len(options.paths) > 1:
        return _usage_error("- cannot be combined with other paths")
    try:
        projects = Projects(_overrides(options))
        if _STDIN in options.paths:
            return _check_stdin(options, projects)
        outcomes = _check_paths(options, projects)
    except (SettingsError, MissingPath) as error:
        return _usage_error(str(error))
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
        **_program(options),
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
            _write(data)
        return CLEAN
    outcome = run_bytes(_task(options, path, name, project), data)
    _complain_of(options, [outcome])
    if options.diff:
        return _show_diff(options, [outcome])
    if repairs:
        _write(outcome.after if outcome.applied else data)
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
            _complain(complaint)
    troubles = [each.cache_trouble for each in outcomes if each.cache_trouble]
    if troubles:
        _complain(troubles[0])
    if options.verbose:
        analysed = sum(each.is_new for each in outcomes)
        _complain(f"analysed {analysed} of {len(outcomes)} files")


def _show_diff(options: argparse.Namespace, outcomes: Sequence[Outcome]) -> int:
    from asyncgen_lint.report import concise
    from asyncgen_lint.report.diff import unified_diff
    from asyncgen_lint.rule import INTERNAL_CODE

    changed = [outcome for outcome in outcomes if outcome.applied]
    _write(b"".join(unified_diff(each.filename, each.before, each.after) for each in changed))
    broken = [
        diagnostic
        for outcome in outcomes
        for diagnostic in outcome.diagnostics
        if diagnostic.code == INTERNAL_CODE
    ]
    _write(concise.render(broken), to_stderr=True)
    fixes = sum(len(each.applied) for each in changed)
    if fixes:
        _complain(f"would fix {fixes} error{'s' if fixes != 1 else ''}")
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

        _write(json.render(diagnostics), to_stderr=to_stderr)
        return
    if not diagnostics and not fixed:
        return
    from asyncgen_lint.report.summary import summary

    if options.output_format == "concise":
        from asyncgen_lint.report import concise

        _write(concise.render(diagnostics, unsafe=options.unsafe_fixes), to_stderr=to_stderr)
    elif diagnostics:
        texts = {each.filename: each.text for each in outcomes if each.text is not None}
        texts |= _texts_of_steps(diagnostics, texts)
        _print_full(diagnostics, texts, options.unsafe_fixes, to_stderr)
    closing = summary(diagnostics, fixed=fixed, unsafe=options.unsafe_fixes)
    _write(f"{closing}\n" if closing else "", to_stderr=to_stderr)


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
        _abandon_stdout()


def _status(options: argparse.Namespace, outcomes: Sequence[Outcome]) -> int:
    if any(outcome.failed for outcome in outcomes):
        return FAILED
    found = any(outcome.diagnostics for outcome in outcomes)
    return FOUND if found and not options.exit_zero else CLEAN


def _rule(options: argparse.Namespace) -> int:
    from asyncgen_lint.registry import all_rules, rule_named

    if options.all == bool(options.rule):
        return _usage_error("name a rule by its code or name, or say --all")
    if options.all:
        chosen = list(all_rules())
    else:
        named = rule_named(options.rule)
        if named is None:
            from asyncgen_lint.config import SettingsError, check_selectors

            try:
                check_selectors([options.rule], "rule")
            except SettingsError as error:
                return _usage_error(str(error))
            return _usage_error(f"{options.rule!r} names several rules; name one")
        chosen = [named]
    from asyncgen_lint.pages import page, write_pages

    if options.output_dir:
        from pathlib import Path

        try:
            write_pages(chosen, Path(options.output_dir))
        except OSError as error:
            return _usage_error(f"{options.output_dir}: {error.strerror}")
    elif options.output_format == "json":
        import json

        pages = [_page_record(each) for each in chosen]
        _write(json.dumps(pages if options.all else pages[0], indent=2) + "\n")
    else:
        _write("\n\n".join(page(each) for each in chosen))
    return CLEAN


def _page_record(rule: Rule) -> dict[str, object]:
    return {
        "code": rule.code,
        "name": rule.name,
        "summary": rule.summary,
        "tier": rule.tier.value,
        "severity": rule.severity.value,
        "fixable": rule.fixable,
        "explanation": rule.doc,
    }


def _explain(options: argparse.Namespace) -> int:
    from pathlib import Path

    from asyncgen_lint.config import Overrides, Projects, SettingsError, parse_target
    from asyncgen_lint.source.text import UnreadableSource, read_source

    name, _, number = options.place.rpartition(":")
    if not name or not number.isdecimal():
        return _usage_error(f"{options.place!r} is not FILE:LINE")
    path = Path(os.path.abspath(name))
    if not path.is_file():
        return _usage_error(f"{name}: no such file")
    target = options.target_version
    try:
        version = parse_target(target, "--target-version") if target else None
        overrides = Overrides(
            target_version=version, isolated=options.isolated, **_program(options)
        )
        project = Projects(overrides).of_folder(path.parent)
        source = read_source(path, name)
    except SettingsError as error:
        return _usage_error(str(error))
    except (UnreadableSource, OSError) as error:
        _complain(f"{name}: cannot be read: {getattr(error, 'strerror', None) or error}")
        return FOUND
    count = source.index.line_count
    if not 1 <= int(number) <= count:
        return _usage_error(f"{name}: has no line {number}, only {count}")
    return _explain_line(options, source, int(number), project)


def _explain_line(options: argparse.Namespace, source: Source, line: int, project: Project) -> int:
    from asyncgen_lint.explain import draw_function, explain_line
    from asyncgen_lint.source.parse import ParseFailure

    try:
        if not options.dot:
            _write(explain_line(source, line, project.settings, project.root))
            return CLEAN
        drawn = draw_function(source, line, project.settings)
    except ParseFailure as error:
        _complain(f"{source.filename}:{error.line}:{error.column + 1}: {error.message}")
        return FOUND
    if drawn is None:
        _complain(f"{source.filename}:{line}: the function is too complex to draw")
        return FOUND
    _write(drawn)
    return CLEAN


def _usage_error(message: str) -> int:
    _complain(message)
    return FAILED


def _complain(message: str) -> None:
    print(f"asyncgen-lint: {message}", file=sys.stderr)


def _write(data: str | bytes, *, to_stderr: bool = False) -> None:
    stream = sys.stderr if to_stderr else sys.stdout
    try:
        stream.flush()
        if isinstance(data, bytes):
            stream.buffer.write(data)
        else:
            stream.write(data)
        stream.flush()
    except BrokenPipeError:
        _abandon_stdout()


def _abandon_stdout() -> None:
    # The reader has gone. Python would complain again when it closes stdout at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
