"""What the cache costs when it is cold and saves when it is warm, over all fetched packages.

    python benchmarks/packages.py fetch
    python benchmarks/cache.py [--dir .packages] [--jobs N]

Each line: the CPU time of one run of the command line with its workers, as a ratio to the run
without a cache; the wall time; the memory of the biggest process; how many files were analysed. The
runs are: no cache, an empty one, a full one; then after a comment, and after a change, in the
module of one package that most of its others use. Fails unless every run found the same as one
without a cache.

Works on a copy of the packages, so that nothing fetched is changed.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from packages import DEFAULT_DIR

EDITED = Path("websockets", "websockets", "asyncio", "connection.py")
"""A module in the middle of a package, with async generators."""

AT = "    async def recv_streaming("
"""The line before which the edits are made."""


@dataclass(frozen=True)
class Run:
    """What one run of the command line took and gave."""

    name: str
    seconds: float
    wall: float
    megabytes: float
    analysed: str
    found: bytes


def check(name: str, folder: Path, *options: str) -> Run:
    """Run the command line over the packages."""
    command = (sys.executable, "-m", "asyncgen_lint", "check", "--verbose", "--exit-zero")
    reader, writer = os.pipe()
    before = time.monotonic()
    with subprocess.Popen(
        [*command, "--output-format", "json", *options, "."],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=writer,
    ) as process:
        os.close(writer)
        assert process.stdout is not None
        found = process.stdout.read()
        # wait4 counts this one process with its children, and no run before it.
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - before
    with os.fdopen(reader) as stream:
        said = stream.read()
    match = re.search(r"analysed (\d+ of \d+)", said)
    if process.returncode or match is None:
        raise SystemExit(f"{name}: status {process.returncode}: {said}")
    seconds = used.ru_utime + used.ru_stime
    return Run(name, seconds, wall, used.ru_maxrss / 1024, match[1], found)


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the cache over all packages.")
    parser.add_argument("--dir", type=Path, default=DEFAULT_DIR, help="where the packages are")
    parser.add_argument("--jobs", default="1", help="how many processes to use")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "packages")
        shutil.copytree(options.dir, folder, ignore=shutil.ignore_patterns(".asyncgen-lint-cache"))
        jobs = ("--jobs", options.jobs)
        cache = (*jobs, "--cache-dir", str(Path(temporary, "cache")))
        plain = check("no cache", folder, *jobs, "--no-cache")
        runs = [plain, check("cold", folder, *cache), check("warm", folder, *cache)]
        edited = folder / EDITED
        text = edited.read_text()
        if AT not in text:
            raise SystemExit(f"{EDITED} has no line {AT!r}")
        edited.write_text(text.replace("\n\n\n", "\n\n\n# A comment.\n", 1))
        runs.append(check("a comment", folder, *cache))
        edited.write_text(text.replace(AT, f"    LIMIT = 3\n\n{AT}", 1))
        runs.append(check("a change", folder, *cache))
        size = sum(each.stat().st_size for each in Path(temporary, "cache").iterdir())
        afresh = check("no cache", folder, *jobs, "--no-cache")
    for run in runs:
        print(
            f"{run.name:10} {run.seconds / plain.seconds:6.3f} x {run.seconds:7.1f} s CPU"
            f" {run.wall:7.1f} s wall {run.megabytes:5.0f} MiB   analysed {run.analysed}"
        )
    print(f"size of the cache: {size / 2**20:.1f} MiB")
    same = all(run.found == plain.found for run in runs[:3]) and runs[-1].found == afresh.found
    if not same:
        print("the findings differ")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
