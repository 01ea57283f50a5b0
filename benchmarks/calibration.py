"""Compare what asyncgen-lint reports on released packages with what a person said about them.

    python benchmarks/packages.py fetch
    python benchmarks/calibration.py --labels LABELS.jsonl [--dir .packages] [--strict]

A label names a package, a file in it, a function, a rule and a verdict: `bug` should be reported,
`clean-trap` must not be, `smell` may be. A finding belongs to the label of the same package, file
and rule whose function encloses it (of several, the one nearest by line); one that points at a
class line belongs to a label on a method of that class.

Exits with 1 when a clean trap is reported. Bugs that are not reported are listed but are no
failure: some lie outside what the catalogue promises. Labels of strict rules need `--strict`.
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from packages import (
    DEFAULT_DIR,
    PACKAGES,
    CommandFailed,
    Finding,
    NotFetched,
    lint_with_cli,
    package_folder,
    print_table,
)

VERDICTS = ("bug", "smell", "clean-trap")


@dataclass(frozen=True)
class Label:
    """What a person said about one place."""

    package: str
    version: str
    path: str
    line: int
    function: str
    rule: str
    verdict: str
    why: str

    def __str__(self) -> str:
        return f"{self.rule} {self.path}:{self.line} {self.function}\n    {self.why}"


@dataclass(frozen=True)
class Scope:
    """A class or function of a file, with its lines, decorators included."""

    qualname: str
    first: int
    last: int
    is_class: bool


def read_labels(file: Path) -> list[Label]:
    """Return the labels of a JSON-lines file; fields that are not needed here are ignored."""
    records = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]
    fields = Label.__dataclass_fields__
    return [Label(**{field: record[field] for field in fields}) for record in records]


def scopes(tree: ast.AST, outer: str = "") -> Iterator[Scope]:
    """Yield every class and function below the node, outer ones before inner ones."""
    for node in ast.iter_child_nodes(tree):
        name = outer
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            name = f"{outer}.{node.name}" if outer else node.name
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            last = node.end_lineno or node.lineno
            yield Scope(name, first, last, isinstance(node, ast.ClassDef))
        yield from scopes(node, name)


def scope_at(line: int, file_scopes: Iterable[Scope]) -> Scope | None:
    """Return the innermost scope that holds the line."""
    holding = [scope for scope in file_scopes if scope.first <= line <= scope.last]
    return holding[-1] if holding else None


def speaks_of(label: Label, finding: Finding, scope: Scope | None) -> bool:
    """Say whether label and finding are about the same rule at the same place."""
    if scope is None or (label.path, label.rule) != (finding.file, finding.code):
        return False
    if f".{scope.qualname}".endswith(f".{label.function}"):
        return True
    return scope.is_class and f".{label.function}".startswith(f".{scope.qualname}.")


def match(
    labels: Sequence[Label], findings: Iterable[Finding], folder: Path
) -> tuple[set[Label], list[Finding]]:
    """Return the labels of a package that are reported and the findings without a label."""
    reported = set()
    unlabelled = []
    scopes_of: dict[str, list[Scope]] = {}
    for finding in findings:
        if finding.file not in scopes_of:
            scopes_of[finding.file] = list(scopes(ast.parse((folder / finding.file).read_bytes())))
        scope = scope_at(finding.line, scopes_of[finding.file])
        about_it = [label for label in labels if speaks_of(label, finding, scope)]
        if about_it:
            reported.add(min(about_it, key=lambda label: abs(label.line - finding.line)))
        else:
            unlabelled.append(finding)
    return reported, unlabelled


def print_counts(labels: Sequence[Label], reported: set[Label]) -> None:
    """Print, per verdict and per rule, how many labels are reported and how many are not."""
    counts = Counter((label.rule, label.verdict, label in reported) for label in labels)
    counts.update(("all rules", label.verdict, label in reported) for label in labels)
    rows = [
        [rule, *(f"{counts[rule, v, True]} / {counts[rule, v, False]}" for v in VERDICTS), ""]
        for rule in [*sorted({label.rule for label in labels}), "all rules"]
    ]
    print_table(["reported / not", *VERDICTS, ""], rows)


def print_list(title: str, lines: Sequence[object]) -> None:
    """Print a title with the number of lines, and the lines."""
    print(f"\n{title}: {len(lines)}")
    for line in lines:
        print(f"  {line}")


def compare(labels: Sequence[Label], packages_dir: Path, *, strict: bool, unlabelled: bool) -> int:
    """Lint the labelled packages, print the comparison, and return the exit status."""
    by_package: dict[str, list[Label]] = defaultdict(list)
    for label in labels:
        by_package[label.package].append(label)
    pinned = {package.folder: package for package in PACKAGES}
    reported: set[Label] = set()
    without_label: list[str] = []
    for name, its_labels in sorted(by_package.items()):
        package = pinned.get(name)
        if package is None or {label.version for label in its_labels} != {package.version}:
            raise NotFetched(f"{name}: the labels are not for a version that packages.py pins")
        folder = package_folder(packages_dir, package)
        findings, _ = lint_with_cli(folder, strict=strict)
        its_reported, rest = match(its_labels, findings, folder)
        reported |= its_reported
        without_label += map(str, rest)
    print_counts(labels, reported)
    false_alarms = [x for x in labels if x.verdict == "clean-trap" and x in reported]
    missed = [x for x in labels if x.verdict == "bug" and x not in reported]
    print_list("clean traps reported", false_alarms)
    print_list("bugs not reported", missed)
    if unlabelled:
        print_list("findings without a label", without_label)
    else:
        print(f"\nfindings without a label: {len(without_label)} (--unlabelled lists them)")
    return 1 if false_alarms else 0


def main() -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--labels", type=Path, required=True, help="the file of labels")
    parser.add_argument(
        "--dir", type=Path, default=DEFAULT_DIR, help="where the packages are (%(default)s)"
    )
    parser.add_argument("--strict", action="store_true", help="report the strict tier too")
    parser.add_argument(
        "--unlabelled", action="store_true", help="list the findings that have no label"
    )
    arguments = parser.parse_args()
    try:
        labels = read_labels(arguments.labels)
        return compare(
            labels, arguments.dir, strict=arguments.strict, unlabelled=arguments.unlabelled
        )
    except (CommandFailed, NotFetched, OSError) as problem:
        print(problem, file=sys.stderr)
        return 2


if __name__ == "__main__":
    raise SystemExit(main())
