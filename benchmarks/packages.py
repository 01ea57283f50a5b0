"""Run asyncgen-lint and its flake8 plugin over released packages.

    python benchmarks/packages.py fetch [--dir .packages]
    python benchmarks/packages.py check [--dir .packages] [--strict]

`fetch` downloads the pinned packages below with pip and unpacks each into a folder of its own,
named as in its wheel; what is already there is left alone. Nothing fetched is imported or run,
save the build backend of a package of which only a source distribution exists.

`check` lints every package with the command line and with flake8, prints what each took and
found, and fails unless both gave the same (file, line, column, code). The cache is off. Seconds
are CPU seconds of the command with its workers, so that a busy machine does not spoil them.

Set FLAKE8_BARE to a flake8 command of an environment without the plugin to see what the plugin
adds to flake8's own time.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

DEFAULT_DIR = Path(__file__).resolve().parents[1] / ".packages"
STAMP = ".fetched"


@dataclass(frozen=True)
class Package:
    """One pinned release."""

    name: str
    version: str

    @property
    def requirement(self) -> str:
        """Return what pip is asked for."""
        return f"{self.name}=={self.version}"

    @property
    def folder(self) -> str:
        """Return the name as wheels spell it, which never ends in `.py`."""
        return re.sub(r"[-_.]+", "_", self.name).lower()


# The versions that were read by hand for the calibration labels.
PACKAGES = (
    Package("aiostream", "0.8.1"),
    Package("anyio", "4.16.0"),
    Package("asyncstdlib", "3.14.0"),
    Package("discord.py", "2.7.1"),
    Package("fastapi", "0.165.0"),
    Package("gql", "4.4.0"),
    Package("httpx", "0.28.1"),
    Package("litestar", "2.25.0"),
    Package("redis", "8.1.0"),
    Package("starlette", "1.10.0"),
    Package("trio", "0.35.0"),
    Package("websockets", "17.4"),
)


class CommandFailed(Exception):
    """A command ended in a way that is no answer; the message says which and how."""


class NotFetched(Exception):
    """A package is not in the folder, or not in the pinned version."""


@dataclass(frozen=True, order=True)
class Finding:
    """What a linter said, the file being relative to the package's folder."""

    file: str
    line: int
    column: int
    code: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.code}"


@dataclass(frozen=True)
class Run:
    """The output of a finished command and the CPU seconds it took."""

    output: str
    seconds: float


@dataclass(frozen=True)
class Measured:
    """A row of the table: the size of a package, CPU seconds per command, and the findings."""

    name: str
    files: int
    lines: int
    cli: float
    flake8: float
    bare: float | None
    findings: list[Finding]


# fetch


def fetch(into: Path) -> None:
    """Download and unpack every package that is not in the folder yet."""
    into.mkdir(parents=True, exist_ok=True)
    for package in PACKAGES:
        if is_fetched(into, package):
            print(f"{package.requirement}: already in {into / package.folder}")
            continue
        with tempfile.TemporaryDirectory(dir=into, prefix=".fetching-") as scratch:
            archive = download(package, Path(scratch))
            unpacked = Path(scratch, "unpacked")
            count = unpack(archive, unpacked)
            (unpacked / STAMP).write_text(package.requirement + "\n", encoding="utf-8")
            replace_folder(unpacked, into / package.folder, Path(scratch, "old"))
        print(f"{package.requirement}: {count} files of {archive.name} in {into / package.folder}")


def is_fetched(into: Path, package: Package) -> bool:
    """Say whether the folder holds the pinned version of the package, whole."""
    try:
        stamp = (into / package.folder / STAMP).read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    return stamp.strip() == package.requirement


def download(package: Package, into: Path) -> Path:
    """Return the package's archive: a wheel, or a source distribution where there is none."""
    problems = []
    for choice in (["--only-binary", ":all:"], ["--no-binary", ":all:"]):
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *choice]
        done = subprocess.run(
            [*command, "--dest", str(into), package.requirement], capture_output=True, text=True
        )
        if done.returncode == 0:
            (archive,) = (path for path in into.iterdir() if path.is_file())
            return archive
        problems.append(done.stderr.strip())
    raise CommandFailed(f"pip could not download {package.requirement}:\n" + "\n".join(problems))


def unpack(archive: Path, into: Path) -> int:
    """Write the archive's files below the folder and return how many there were."""
    root = into.resolve()
    count = 0
    for name, content in archived_files(archive):
        target = (root / name).resolve()
        if not target.is_relative_to(root):
            raise CommandFailed(f"{archive.name} holds {name!r}, which lies outside its folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        count += 1
    return count


def archived_files(archive: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of the regular files of a wheel or source distribution.

    Links and devices are left out, and so is the folder that a source distribution puts around
    everything.
    """
    if archive.suffix in {".whl", ".zip"}:
        with zipfile.ZipFile(archive) as wheel:
            for entry in wheel.infolist():
                if not entry.is_dir():
                    yield entry.filename, wheel.read(entry)
        return
    with tarfile.open(archive) as sdist:
        for member in sdist:
            file = sdist.extractfile(member) if member.isreg() else None
            if file is not None:
                yield str(PurePosixPath(*PurePosixPath(member.name).parts[1:])), file.read()


def replace_folder(new: Path, target: Path, old: Path) -> None:
    """Put the new folder where the target is, moving what was there out of the way."""
    if target.exists():
        target.rename(old)
    new.rename(target)


# check


def package_folder(packages_dir: Path, package: Package) -> Path:
    """Return the folder of a package, which must hold the pinned version."""
    if not is_fetched(packages_dir, package):
        command = f"python benchmarks/packages.py fetch --dir {shlex.quote(str(packages_dir))}"
        raise NotFetched(f"{package.requirement} is not in {packages_dir}; run: {command}")
    return (packages_dir / package.folder).resolve()


def lint_with_cli(folder: Path, *, strict: bool) -> tuple[list[Finding], Run]:
    """Return what `asyncgen-lint check` finds below the folder."""
    write_settings(folder.parent, strict=strict)
    command = [sys.executable, "-m", "asyncgen_lint", "check", "--output-format", "json"]
    run = run_linter([*command, str(folder)])
    records = json.loads(run.output or "[]")
    found = [
        Finding(
            relative_name(record["filename"], folder),
            record["location"]["row"],
            record["location"]["column"],
            record["code"],
        )
        for record in records
    ]
    return found, run


def lint_with_flake8(folder: Path, *, strict: bool) -> tuple[list[Finding], Run]:
    """Return what the flake8 plugin finds below the folder."""
    command = [sys.executable, "-m", "flake8", "--isolated", "--select", "AGN"]
    command += ["--format", "%(row)d\t%(col)d\t%(code)s\t%(path)s"]
    write_settings(folder.parent, strict=strict)
    run = run_linter([*command, str(folder)])
    found = []
    for line in run.output.splitlines():
        row, column, code, name = line.split("\t")
        found.append(Finding(relative_name(name, folder), int(row), int(column), code))
    return found, run


def write_settings(packages_dir: Path, *, strict: bool) -> None:
    """Write the settings that both linters find above every package."""
    text = f"[tool.asyncgen-lint]\nstrict = {str(strict).lower()}\n"
    (packages_dir / "pyproject.toml").write_text(text, encoding="utf-8")


def run_bare_flake8(folder: Path, command: str) -> Run:
    """Run a flake8 that lacks the plugin over the folder."""
    return run_linter([*shlex.split(command), "--isolated", "--select", "F", str(folder)])


def run_linter(command: Sequence[str]) -> Run:
    """Run a linter to its end; ending in anything but 0 or 1, or in a traceback, is a failure."""
    before = os.times()
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "ASYNCGEN_LINT_CACHE_DIR": "none"},
    )
    after = os.times()
    if done.returncode not in {0, 1} or "Traceback (most recent call last)" in done.stderr:
        last_words = "\n".join(done.stderr.strip().splitlines()[-5:])
        raise CommandFailed(f"{shlex.join(command)}\nexit {done.returncode}: {last_words}")
    seconds = (after.children_user - before.children_user) + (
        after.children_system - before.children_system
    )
    return Run(done.stdout, seconds)


def relative_name(filename: str, folder: Path) -> str:
    """Return the file's name below the folder, with forward slashes."""
    return Path(filename).resolve().relative_to(folder).as_posix()


def disagreements(cli: Iterable[Finding], flake8: Iterable[Finding]) -> list[str]:
    """Return a line for each finding that one of the two lacks or gives more often.

    AGN000 is left out: for a file that does not parse, flake8 has its own E999.
    """
    by_cli = Counter(finding for finding in cli if finding.code != "AGN000")
    by_flake8 = Counter(finding for finding in flake8 if finding.code != "AGN000")
    return [
        *(f"only asyncgen-lint: {finding}" for finding in sorted((by_cli - by_flake8).elements())),
        *(f"only flake8:        {finding}" for finding in sorted((by_flake8 - by_cli).elements())),
    ]


def count_source(folder: Path) -> tuple[int, int]:
    """Return how many Python files there are below the folder, and how many lines they have."""
    files = sorted(folder.rglob("*.py"))
    return len(files), sum(file.read_bytes().count(b"\n") for file in files)


def per_code(found: Iterable[Finding]) -> str:
    """Return `AGN101 3, AGN103 1`, or `-`."""
    counts = Counter(finding.code for finding in found)
    return ", ".join(f"{code} {counts[code]}" for code in sorted(counts)) or "-"


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns: names and lists to the left, numbers to the right."""
    table = [header, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    to_the_left = {0, len(header) - 1}
    for row in table:
        padded = (
            cell.ljust(width) if i in to_the_left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join(padded).rstrip())


def measure(package: Package, packages_dir: Path, *, strict: bool) -> tuple[Measured, list[str]]:
    """Lint one package every way; return what was measured and where flake8 disagrees."""
    folder = package_folder(packages_dir, package)
    files, lines = count_source(folder)
    findings, cli_run = lint_with_cli(folder, strict=strict)
    findings_of_flake8, flake8_run = lint_with_flake8(folder, strict=strict)
    bare_command = os.environ.get("FLAKE8_BARE")
    bare = run_bare_flake8(folder, bare_command).seconds if bare_command else None
    measured = Measured(
        package.name, files, lines, cli_run.seconds, flake8_run.seconds, bare, findings
    )
    return measured, disagreements(findings, findings_of_flake8)


def total(parts: Sequence[Measured]) -> Measured:
    """Return the sum of what was measured."""
    bare = [part.bare for part in parts if part.bare is not None]
    return Measured(
        "all",
        sum(part.files for part in parts),
        sum(part.lines for part in parts),
        sum(part.cli for part in parts),
        sum(part.flake8 for part in parts),
        sum(bare) if bare else None,
        [finding for part in parts for finding in part.findings],
    )


def cells(measured: Measured) -> list[str]:
    """Return the row of the table; without a bare flake8 its two columns are dashes."""
    bare = measured.bare
    return [
        measured.name,
        str(measured.files),
        str(measured.lines),
        f"{measured.cli:.2f}",
        f"{measured.flake8:.2f}",
        f"{bare:.2f}" if bare else "-",
        f"{measured.flake8 / bare:.2f}" if bare else "-",
        per_code(measured.findings),
    ]


def check(packages_dir: Path, *, strict: bool) -> int:
    """Lint every package both ways, print the table, and return the exit status."""
    parts: list[Measured] = []
    problems: list[str] = []
    for package in PACKAGES:
        try:
            measured, disagreeing = measure(package, packages_dir, strict=strict)
        except CommandFailed as failure:
            problems.append(f"{package.name}: {failure}")
            continue
        parts.append(measured)
        problems += (f"{package.name}: {line}" for line in disagreeing)
    header = ["package", "files", "lines", "cli s", "flake8 s", "bare s", "ratio", "findings"]
    print_table(header, [cells(part) for part in [*parts, total(parts)]])
    if problems:
        print("\n" + "\n".join(problems))
        return 1
    print("\nflake8 and asyncgen-lint agree on every finding")
    return 0


def main() -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (("fetch", "download the packages"), ("check", "lint them")):
        command = commands.add_parser(name, help=text)
        command.add_argument(
            "--dir", type=Path, default=DEFAULT_DIR, help="where the packages are (%(default)s)"
        )
        if name == "check":
            command.add_argument("--strict", action="store_true", help="the strict tier too")
    arguments = parser.parse_args()
    try:
        if arguments.command == "fetch":
            fetch(arguments.dir)
            return 0
        return check(arguments.dir, strict=arguments.strict)
    except (CommandFailed, NotFetched) as problem:
        print(problem, file=sys.stderr)
        return 2


if __name__ == "__main__":
    raise SystemExit(main())
