"""The command `explain`."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from asyncgen_lint.cli.options import add_isolated, add_program, add_target_version, program
from asyncgen_lint.cli.output import CLEAN, FOUND, complain, usage_error, write

if TYPE_CHECKING:
    from asyncgen_lint.config import Project
    from asyncgen_lint.source.text import Source


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `explain`."""
    command = commands.add_parser(
        "explain", help="say what is known of the generators on a line", allow_abbrev=False
    )
    command.add_argument("place", metavar="FILE:LINE", help="the line to explain")
    command.add_argument(
        "--dot", action="store_true", help="write the graph of the function around it, for Graphviz"
    )
    add_target_version(command)
    add_program(command)
    add_isolated(command)
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from pathlib import Path

    from asyncgen_lint.config import Overrides, Projects, SettingsError, parse_target
    from asyncgen_lint.source.text import UnreadableSource, read_source

    name, _, number = options.place.rpartition(":")
    if not name or not number.isdecimal():
        return usage_error(f"{options.place!r} is not FILE:LINE")
    path = Path(os.path.abspath(name))
    if not path.is_file():
        return usage_error(f"{name}: no such file")
    target = options.target_version
    try:
        version = parse_target(target, "--target-version") if target else None
        overrides = Overrides(target_version=version, isolated=options.isolated, **program(options))
        project = Projects(overrides).of_folder(path.parent)
        source = read_source(path, name)
    except SettingsError as error:
        return usage_error(str(error))
    except (UnreadableSource, OSError) as error:
        complain(f"{name}: cannot be read: {getattr(error, 'strerror', None) or error}")
        return FOUND
    count = source.index.line_count
    if not 1 <= int(number) <= count:
        return usage_error(f"{name}: has no line {number}, only {count}")
    return _explain_line(options, source, int(number), project)


def _explain_line(options: argparse.Namespace, source: Source, line: int, project: Project) -> int:
    from asyncgen_lint.explain import draw_function, explain_line
    from asyncgen_lint.source.parse import ParseFailure

    try:
        if not options.dot:
            write(explain_line(source, line, project.settings, project.root))
            return CLEAN
        drawn = draw_function(source, line, project.settings)
    except ParseFailure as error:
        complain(f"{source.filename}:{error.line}:{error.column + 1}: {error.message}")
        return FOUND
    if drawn is None:
        complain(f"{source.filename}:{line}: the function is too complex to draw")
        return FOUND
    write(drawn)
    return CLEAN
