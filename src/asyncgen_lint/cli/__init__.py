"""The command line: `check`, `fix`, `rule` and `explain`, with the options and meanings of ruff.

Exit status: 0 nothing found, 1 findings, 2 the command or asyncgen-lint itself failed. Only the
standard library's argparse is imported here; the rest is, once it is known what to do.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import asyncgen_lint
from asyncgen_lint.cli import check, explain, rule
from asyncgen_lint.cli.output import INTERRUPTED, complain


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
        complain("interrupted")
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="asyncgen-lint", description=asyncgen_lint.__doc__, allow_abbrev=False
    )
    parser.add_argument(
        "--version", action="version", version=f"asyncgen-lint {asyncgen_lint.__version__}"
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    check.add_commands(commands)
    rule.add_command(commands)
    explain.add_command(commands)
    return parser
