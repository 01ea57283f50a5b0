"""A program with one finding, and the ways in, each run as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LEFT_OPEN = """\
import asyncio


async def ticks():
    try:
        yield 1
        yield 2
    finally:
        await asyncio.sleep(0)


async def first():
    async for tick in ticks():
        if tick:
            break
"""
"""AGN101 at 13:5, with a safe fix."""

LOOP_ROW, LOOP_COLUMN = 13, 5

NOTHING_FOUND = """\
import asyncio


async def ticks():
    try:
        yield 1
    finally:
        await asyncio.sleep(0)


async def every():
    async for tick in ticks():
        print(tick)
"""


@dataclass(frozen=True)
class Ran:
    """What a process left: its exit status and what it wrote."""

    status: int
    out: str
    err: str
    out_bytes: bytes


def run(
    *command: str,
    cwd: Path,
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
    seconds: float = 120,
) -> Ran:
    """Run a command in a folder, for so many seconds at most."""
    done = subprocess.run(
        command,
        cwd=cwd,
        input=stdin,
        capture_output=True,
        timeout=seconds,
        check=False,
        env={**os.environ, "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8", **(environment or {})},
    )
    return Ran(
        done.returncode,
        done.stdout.decode("utf-8", "replace"),
        done.stderr.decode("utf-8", "replace"),
        done.stdout,
    )


def asyncgen_lint(
    *arguments: str, cwd: Path, stdin: bytes = b"", environment: Mapping[str, str] | None = None
) -> Ran:
    """Run `asyncgen-lint`."""
    return run(
        sys.executable,
        "-m",
        "asyncgen_lint",
        *arguments,
        cwd=cwd,
        stdin=stdin,
        environment=environment,
    )


def flake8(
    *arguments: str, cwd: Path, stdin: bytes = b"", environment: Mapping[str, str] | None = None
) -> Ran:
    """Run `flake8`, without settings of its own."""
    return run(
        sys.executable,
        "-m",
        "flake8",
        "--isolated",
        *arguments,
        cwd=cwd,
        stdin=stdin,
        environment=environment,
    )


def codemod(*arguments: str, cwd: Path) -> Ran:
    """Run the codemod through libcst's own command."""
    return run(
        sys.executable,
        "-m",
        "libcst.tool",
        "codemod",
        "-x",
        "asyncgen_lint.codemod.FixAsyncGenerators",
        "--no-format",
        *arguments,
        cwd=cwd,
    )
