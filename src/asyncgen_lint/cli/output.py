"""What commands write and how they end."""

from __future__ import annotations

import os
import sys

CLEAN = 0
FOUND = 1
FAILED = 2
INTERRUPTED = 130
"""Exit statuses: nothing found, findings, own failure or usage error, Ctrl-C."""


def usage_error(message: str) -> int:
    complain(message)
    return FAILED


def complain(message: str) -> None:
    print(f"asyncgen-lint: {message}", file=sys.stderr)


def write(data: str | bytes, *, to_stderr: bool = False) -> None:
    stream = sys.stderr if to_stderr else sys.stdout
    try:
        stream.flush()
        if isinstance(data, bytes):
            stream.buffer.write(data)
        else:
            stream.write(data)
        stream.flush()
    except BrokenPipeError:
        abandon_stdout()


def abandon_stdout() -> None:
    # The reader has gone. Python would complain again when it closes stdout at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
