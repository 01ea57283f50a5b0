"""Options that several commands have."""

from __future__ import annotations

import argparse
import os
from typing import Any


def add_target_version(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--target-version", metavar="py310", help="the oldest Python that the code runs on"
    )


def add_program(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--src", action="append", default=[], metavar="DIR", help="where modules are imported from"
    )
    parser.add_argument(
        "--python", default="", metavar="VENV", help="the environment of the dependencies, or none"
    )


def add_isolated(parser: argparse._ActionsContainer) -> None:
    parser.add_argument("--isolated", action="store_true", help="read no pyproject.toml")


def program(options: argparse.Namespace) -> dict[str, Any]:
    """Return what the options say of other modules, as overrides; paths are made absolute."""
    python = options.python
    return {
        "src": tuple(os.path.abspath(each) for each in options.src),
        "python": os.path.abspath(python) if python and python != "none" else python,
    }
