"""Repair other people's packages and run their own tests before and after.

    python benchmarks/suites.py [--dir .suites] [--only anyio gql]

For each pinned source distribution: unpack it, make it an environment with what its tests need, run
its tests, apply `asyncgen-lint check --fix --unsafe-fixes --select ALL` to all of it, tests
included, and run them again. A test that passed before must pass after; one that does not is run
alone once more on both, so that what passes only sometimes does not count. Prints a row a package:
files changed, fixes, fixes left out, tests that passed before and after, and the tests lost, each
with its name. Also checks that libcst's own runner writes the same bytes. Exits with 1 when a test
was lost or bytes differ.

Takes long and needs the package index, so it is no part of CI. The environments and the
results before are kept in the folder, and where nothing is repaired, nothing is run again.
"""

from __future__ import annotations

import argparse
import filecmp
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 1800


@dataclass(frozen=True)
class Suite:
    """A source distribution, what its tests need, and how they are run.

    `sources` is the folder, relative to its root, that its package is imported from; `changed` what
    is repaired. `arguments` are pytest's.
    """

    name: str
    version: str
    needs: tuple[str, ...]
    arguments: tuple[str, ...]
    sources: str = "."
    changed: tuple[str, ...] = field(default=(".",))

    @property
    def requirement(self) -> str:
        return f"{self.name}=={self.version}"


SUITES = (
    Suite("aiostream", "0.8.1", ("pytest", "pytest-asyncio"), ("tests", "-o", "addopts=")),
    Suite(
        "anyio",
        "4.16.0",
        (
            "pytest>=9",
            "pytest-mock",
            "pytest-timeout",
            "hypothesis",
            "psutil",
            "trustme",
            "truststore",
            "blockbuster",
            "trio",
            "coverage",
        ),
        ("tests", "-k", "not network and not socket and not uvloop and not debugging"),
        sources="src",
    ),
    Suite(
        "aioitertools",
        "0.13.0",
        ("pytest",),
        ("aioitertools/tests", "-o", "python_files=*.py"),
    ),
    Suite("asyncstdlib", "3.14.0", ("pytest", "typing-extensions"), ("unittests",)),
    Suite(
        "gql",
        "4.4.0",
        (
            "gql[all]==4.4.0",
            "pytest",
            "pytest-asyncio",
            "pytest-console-scripts",
            "parse",
            "vcrpy",
            "aiofiles",
        ),
        ("tests", "-k", "not online"),
    ),
    Suite(
        "httpx",
        "0.28.1",
        (
            "httpx[brotli,cli,http2,socks,zstd]==0.28.1",
            "pytest<9",
            "trio",
            "trustme",
            "uvicorn",
            "chardet",
            "cryptography",
        ),
        ("tests", "-o", "filterwarnings="),
    ),
    Suite(
        "mcp",
        "2.3.0",
        (
            "mcp[cli]==2.3.0",
            "pytest>=8.4",
            "pytest-examples",
            "inline-snapshot",
            "dirty-equals",
            "trio",
            "pillow",
            "logfire",
            "opentelemetry-sdk",
            "blockbuster",
        ),
        ("tests/client", "tests/server", "tests/shared", "-o", "addopts=-p anyio"),
        sources="src",
    ),
    Suite(
        "starlette",
        "1.10.0",
        ("starlette[full]==1.10.0", "pytest", "trio", "blockbuster", "opentelemetry-sdk"),
        ("tests", "-o", "addopts="),
    ),
    Suite(
        "trio",
        "0.35.0",
        ("trio==0.35.0", "pytest", "trustme", "pyopenssl", "astor", "jedi", "async-generator"),
        ("src/trio/_tests", "-p", "trio._tests.pytest_plugin", "--skip-optional-imports"),
        sources="src",
    ),
)


@dataclass(frozen=True)
class Row:
    """What repairing a package came to."""

    suite: Suite
    files: int
    fixes: int
    left_out: int
    passed_before: int
    passed_after: int
    lost: tuple[str, ...]
    differing: tuple[str, ...]


class CommandFailed(Exception):
    """A command that had to work did not; the message holds its output."""


def run(*command: str | Path, cwd: Path | None = None, **variables: str) -> str:
    """Return a command's output. Raises CommandFailed."""
    done = subprocess.run(
        [str(each) for each in command],
        cwd=cwd,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        errors="replace",
    )
    if done.returncode:
        raise CommandFailed(f"{command}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


def fetched(suite: Suite, folder: Path) -> Path:
    """Return the folder of the sources as they were released."""
    target = folder / suite.requirement
    if target.exists():
        return target
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps")
        run(*pip, "--no-binary", ":all:", "--dest", scratch, suite.requirement)
        (archive,) = Path(scratch).glob("*.tar.gz")
        with tarfile.open(archive) as sdist:
            sdist.extractall(Path(scratch, "unpacked"), filter="data")
        (unpacked,) = Path(scratch, "unpacked").iterdir()
        unpacked.rename(target)
    return target


def environment(suite: Suite, folder: Path) -> Path:
    """Return the interpreter of an environment with the package and what its tests need."""
    place = folder / f"{suite.requirement}-venv"
    python = place / "bin" / "python"
    stamp = place / "needs.json"
    wanted = json.dumps([suite.requirement, *suite.needs])
    if stamp.exists() and stamp.read_text("utf-8") == wanted:
        return python
    run(sys.executable, "-m", "venv", "--clear", place)
    run(python, "-m", "pip", "install", "--quiet", suite.requirement, *suite.needs)
    stamp.write_text(wanted, "utf-8")
    return python


def outcomes(suite: Suite, python: Path, tree: Path, *only: str) -> dict[str, str]:
    """Run the tests in a tree and return the outcome of each by its name."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch, "report.xml")
        command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *suite.arguments]
        command += ["-k", " or ".join(only)] if only else []
        try:
            subprocess.run(
                [*map(str, command), f"--junitxml={report}"],
                cwd=tree,
                env={**os.environ, "PYTHONPATH": str(tree / suite.sources)},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                stdin=subprocess.DEVNULL,
                timeout=SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise CommandFailed(f"{suite.name}: tests took more than {SECONDS} s") from error
        if not report.exists():
            raise CommandFailed(f"{suite.name}: its tests could not be run at all")
        cases = ElementTree.parse(report).getroot().iter("testcase")
        found = {f"{each.get('classname')}::{each.get('name')}": _outcome(each) for each in cases}
        if not passed(found) and not only:
            raise CommandFailed(f"{suite.name}: none of its tests passed")
        return found


def _outcome(case: ElementTree.Element) -> str:
    kinds = {child.tag for child in case}
    return next((each for each in ("error", "failure", "skipped") if each in kinds), "passed")


def passed(found: dict[str, str]) -> set[str]:
    return {name for name, outcome in found.items() if outcome == "passed"}


def before(suite: Suite, python: Path, tree: Path) -> dict[str, str]:
    """Return the outcomes on the sources as released, from the last run if there was one."""
    known = tree.with_name(f"{tree.name}-before.json")
    wanted = json.dumps(suite.arguments)
    if known.exists():
        kept = json.loads(known.read_text("utf-8"))
        if kept["arguments"] == wanted:
            return dict(kept["outcomes"])
    found = outcomes(suite, python, tree)
    known.write_text(json.dumps({"arguments": wanted, "outcomes": found}), "utf-8")
    return found


def repaired(suite: Suite, tree: Path, target: Path) -> tuple[int, int, int]:
    """Copy the tree and repair the copy; return how many files, fixes, and fixes left out."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(tree, target, ignore=shutil.ignore_patterns("__pycache__"))
    options = ("--isolated", "--no-cache", "--python", "none", "--target-version", "py310")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "asyncgen_lint", "check", "--fix", "--unsafe-fixes"),
            *("--select", "ALL", "--show-fixes", "--output-format", "concise", "--exit-zero"),
            *(*options, *suite.changed),
        ],
        cwd=target,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
    )
    left_out = done.stderr.count("was left out")
    if done.returncode and not left_out:
        raise CommandFailed(f"{suite.name}: {done.stderr[-3000:]}")
    (target.parent / f"{target.name}.txt").write_text(done.stdout + done.stderr, "utf-8")
    fixes = sum(
        int(line.split(" x ")[0])
        for line in done.stdout.partition("Fixed:\n")[2].splitlines()
        if line.startswith("  ") and " x AGN" in line
    )
    return len(differing(tree, target)), fixes, left_out


def differing(one: Path, other: Path) -> list[str]:
    """Return the Python files that are not the same in two trees."""
    names = sorted(str(path.relative_to(one)) for path in one.rglob("*.py"))
    _, different, missing = filecmp.cmpfiles(one, other, names, shallow=False)
    return [*different, *missing]


def through_libcst(suite: Suite, tree: Path, target: Path) -> list[str]:
    """Return the files for which libcst's runner writes other bytes than the command line did."""
    copy = target.with_name(f"{target.name}-libcst")
    plain = target.with_name(f"{target.name}-safe")
    for place in (copy, plain):
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(tree, place, ignore=shutil.ignore_patterns("__pycache__", ".git"))
        (place / "pyproject.toml").write_text('[tool.asyncgen-lint]\npython = "none"\n', "utf-8")
    variables = {"PYTHONPATH": str(ROOT / "src")}
    options = ("--fix", "--exit-zero", "--unsafe-fixes", "--no-cache")
    run(sys.executable, "-m", "asyncgen_lint", "check", *options, ".", cwd=plain, **variables)
    changed = differing(tree, plain)
    if changed:
        command = (sys.executable, "-m", "libcst.tool", "codemod", "--no-format", "--unsafe-fixes")
        codemod = "asyncgen_lint.codemod.FixAsyncGenerators"
        run(*command, "-x", codemod, *changed, cwd=copy, **variables)
    return differing(plain, copy)


def judged(suite: Suite, folder: Path) -> Row:
    tree = fetched(suite, folder)
    python = environment(suite, folder)
    target = folder / f"{suite.requirement}-fixed"
    old = before(suite, python, tree)
    files, fixes, left_out = repaired(suite, tree, target)
    new = outcomes(suite, python, target) if files else old
    lost = passed(old) - passed(new)
    if lost:
        # Once more, since some tests pass only sometimes.
        names = sorted({each.rpartition("::")[2].partition("[")[0] for each in lost})
        again, still = (outcomes(suite, python, each, *names) for each in (target, tree))
        lost = (lost - passed(again)) & passed(still)
    return Row(
        suite,
        files,
        fixes,
        left_out,
        len(passed(old)),
        len(passed(new)),
        tuple(sorted(lost)),
        tuple(through_libcst(suite, tree, target)),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--dir", type=Path, default=Path(".suites"))
    parser.add_argument("--only", nargs="*", default=[])
    options = parser.parse_args(arguments)
    folder: Path = options.dir.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    failed = False
    print("| package | files | fixes | left out | passed before | after | lost | bytes differ |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for suite in SUITES:
        if options.only and suite.name not in options.only:
            continue
        try:
            row = judged(suite, folder)
        except CommandFailed as error:
            failed = True
            print(f"| {suite.requirement} | could not be run |", flush=True)
            print(error, file=sys.stderr, flush=True)
            continue
        failed = failed or bool(row.lost or row.differing)
        print(
            f"| {suite.requirement} | {row.files} | {row.fixes} | {row.left_out}"
            f" | {row.passed_before} | {row.passed_after}"
            f" | {len(row.lost)} | {len(row.differing)} |",
            flush=True,
        )
        for name in (*row.lost, *row.differing):
            print(f"    {name}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
