"""How long the ways in take to start, as ratios to an empty Python.

    python benchmarks/startup.py [RUNS]

For each command: the least CPU time of so many runs (20 unless told), and how many times that of
`python -c pass` it is. Ratios travel between machines; times do not.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

MATTERS = """\
async def f():
    yield 1


async def g():
    async for x in f():
        break
"""

PYTHON = (sys.executable,)
COMMANDS = {
    "python -c pass": (*PYTHON, "-c", "pass"),
    "asyncgen-lint --version": (*PYTHON, "-m", "asyncgen_lint", "--version"),
    "asyncgen-lint check plain.py": (*PYTHON, "-m", "asyncgen_lint", "check", "plain.py"),
    "asyncgen-lint check matters.py": (*PYTHON, "-m", "asyncgen_lint", "check", "matters.py"),
    "flake8 --version": (*PYTHON, "-m", "flake8", "--version"),
    "flake8 plain.py": (*PYTHON, "-m", "flake8", "--isolated", "plain.py"),
    "flake8 matters.py": (*PYTHON, "-m", "flake8", "--isolated", "matters.py"),
    "import libcst": (*PYTHON, "-c", "import libcst"),
}


def cpu_seconds(command: tuple[str, ...], folder: str) -> float:
    """Return the CPU time of one run, that of its children included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if b"Traceback" in done.stderr or b"No module" in done.stderr:
        raise SystemExit(done.stderr.decode())
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "plain.py").write_text("x = 1\n")
        Path(folder, "matters.py").write_text(MATTERS)
        least = {
            name: min(cpu_seconds(command, folder) for _ in range(runs))
            for name, command in COMMANDS.items()
        }
    empty = least["python -c pass"]
    for name, seconds in least.items():
        print(f"{name:32} {seconds * 1000:6.0f} ms {seconds / empty:6.1f} x")


if __name__ == "__main__":
    main()
