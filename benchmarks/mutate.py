"""Remove the exemptions of rules one by one, and see whether a test notices.

    python benchmarks/mutate.py [--rules AGN304 AGN306] [--limit 40] [--seed 0]

An exemption is a guard: an `if` whose body only returns, continues or breaks. Those of a rule are
the ones in its own module and in the analysis modules that its facts come from. For each, a copy of
the package in which the guard never holds is held against the rule's fixture folder and against the
test modules that mention its code. Prints the guards that no test misses, and the share that is
noticed. A surviving guard is untested, or is there for speed alone.

With `--limit` that many guards are drawn at random from all.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "asyncgen_lint"
SECONDS = 180


@dataclass(frozen=True)
class Mutant:
    """A guard of a module (path relative to the package) that is taken out, and whose it is."""

    code: str
    module: str
    line: int
    test: str

    def __str__(self) -> str:
        return f"{self.code}  {self.module}:{self.line}  if {self.test}"


def modules_of(code: str) -> list[str]:
    """Return the modules that hold a rule's decisions: its own, and those its facts come from."""
    rule = ast.parse((PACKAGE / "rules" / f"{code.lower()}.py").read_text("utf-8"))
    facts = ast.parse((PACKAGE / "facts" / "module.py").read_text("utf-8"))
    imported = {
        alias.asname or alias.name: node.module
        for node in facts.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    methods = {
        each.name: each
        for node in facts.body
        if isinstance(node, ast.ClassDef) and node.name == "Facts"
        for each in node.body
        if isinstance(each, ast.FunctionDef)
    }
    found = {f"rules/{code.lower()}.py"}
    pending = [each.attr for each in ast.walk(rule) if isinstance(each, ast.Attribute)]
    seen: set[str] = set()
    while pending:
        name = pending.pop()
        if name in seen or name not in methods or name in _SHARED:
            continue
        seen.add(name)
        for node in ast.walk(methods[name]):
            if isinstance(node, ast.Attribute):
                pending.append(node.attr)
            elif isinstance(node, ast.Name) and "typestate" in (imported.get(node.id) or ""):
                found.add(f"typestate/{imported[node.id].rpartition('.')[2]}.py")  # type: ignore[union-attr]
    return sorted(found - _ENGINE)


_SHARED = {"outline", "_knowledge", "_summaries", "_parents", "parent", "_graph", "_consumers"}
_ENGINE = {f"typestate/{each}.py" for each in ("knowledge", "summary", "track", "state", "cleanup")}


def guards_of(module: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the test of each guard of a module."""
    for node in ast.walk(ast.parse((PACKAGE / module).read_text("utf-8"))):
        if not isinstance(node, ast.If) or node.orelse or len(node.body) != 1:
            continue
        if isinstance(node.body[0], (ast.Return, ast.Continue, ast.Break)):
            yield node.lineno, ast.unparse(node.test)


def mutants(codes: list[str]) -> list[Mutant]:
    found: dict[tuple[str, int], Mutant] = {}
    for code in codes:
        for module in modules_of(code):
            for line, test in guards_of(module):
                found.setdefault((module, line), Mutant(code, module, line, test))
    return list(found.values())


def without_guard(text: str, line: int) -> str:
    """Return a module's text in which the guard on this line never holds."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and node.lineno == line:
            node.test = ast.BoolOp(ast.And(), [node.test, ast.Constant(value=False)])
    return ast.unparse(ast.fix_missing_locations(tree))


def tests_of(code: str) -> list[str]:
    """Return the arguments by which pytest runs what knows of a rule."""
    names = [
        f"tests/{path.name}"
        for path in sorted((ROOT / "tests").glob("test_*.py"))
        if code in path.read_text("utf-8") and path.name not in ("test_readme.py", "test_pages.py")
    ]
    return [f"tests/test_fixtures.py::test_fixture_is_found_and_repaired[{code}]", *names]


def is_noticed(mutant: Mutant) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "src" / "asyncgen_lint"
        shutil.copytree(PACKAGE, source, ignore=shutil.ignore_patterns("__pycache__"))
        file = source / mutant.module
        file.write_text(without_guard(file.read_text("utf-8"), mutant.line), "utf-8")
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        command += tests_of(mutant.code)
        environment = {**os.environ, "PYTHONPATH": str(source.parent)}
        try:
            run = subprocess.run(
                command, cwd=ROOT, env=environment, capture_output=True, timeout=SECONDS
            )
        except subprocess.TimeoutExpired:
            return True
    return run.returncode != 0


def main() -> int:
    """Run the command and return its exit status: 1 if a guard was not missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rules", nargs="*", metavar="CODE", help="default: all")
    parser.add_argument("--limit", type=int, help="how many guards, drawn at random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    every = [path.stem.upper() for path in sorted((PACKAGE / "rules").glob("agn*.py"))]
    chosen = mutants(options.rules or every)
    if options.limit is not None and options.limit < len(chosen):
        chosen = random.Random(options.seed).sample(chosen, options.limit)
    with ThreadPoolExecutor(options.jobs) as pool:
        noticed = list(pool.map(is_noticed, chosen))
    for mutant, was_noticed in zip(chosen, noticed, strict=True):
        if not was_noticed:
            print(f"not missed: {mutant}")
    share = sum(noticed) / len(noticed) if noticed else 1.0
    print(f"{sum(noticed)} of {len(noticed)} removed guards noticed: {share:.0%}")
    return 0 if all(noticed) else 1


if __name__ == "__main__":
    raise SystemExit(main())
