"""Run the whole engine over any Python files, and fail on what it cannot take.

    python benchmarks/fuzz.py [PATH ...] [--jobs 1] [--worst 10]

Paths are files or folders; without one, the standard library of the running interpreter and its
test suite. Every file is parsed, whatever the text screen says of it; every function, every lambda
and the module is lowered; flags and generators are followed in each; what each function does with
each parameter is asked; and all rules run, with their positions and fixes, under AGN_DEBUG=1.

Reported, and reason for exit status 1: exceptions of any kind, and fixpoints that took more steps
of the solver than `allowed_steps`. Reported only: functions given up as too complex or too deep,
files that are no Python of this version, and the solves nearest to the bound.
"""

from __future__ import annotations

import argparse
import os
import sysconfig
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import libcst as cst

from asyncgen_lint.config import Settings
from asyncgen_lint.engine import _run_rules
from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.render import FixRenderer
from asyncgen_lint.flow.constants import constants
from asyncgen_lint.flow.graph import Graph
from asyncgen_lint.flow.lower import TooComplex, lower
from asyncgen_lint.flow.solve import Solution, loop_depth
from asyncgen_lint.names.scopes import Scope, ScopeKind, all_parameters
from asyncgen_lint.source.parse import ParseFailure, parse
from asyncgen_lint.source.position import PositionMap
from asyncgen_lint.source.text import Source, UnreadableSource, read_source

TURNS_PER_LOOP = 4
"""How often a block may be solved again for each loop around it: measured are 2.6 at most."""


def allowed_steps(blocks: int, depth: int) -> int:
    """Return how many steps of the solver a fixpoint may take.

    Without loops each block is solved exactly once. A loop is turned until nothing changes, and
    what follows it waits; what is followed, one generator or ten, changes in the same turns.
    """
    return blocks * (1 + TURNS_PER_LOOP * depth)


@dataclass(frozen=True, slots=True)
class Solve:
    """One fixpoint: of what problem and function, and how many steps it took to find.

    `depth` is how many loops there are in one another, at most.
    """

    problem: str
    function: str
    blocks: int
    depth: int
    sites: int
    steps: int

    @property
    def share(self) -> float:
        """How much of the allowed steps it took."""
        return self.steps / allowed_steps(self.blocks, self.depth)


@dataclass
class Report:
    """What one file gave. `unread` says why it is no Python; `error` is a traceback."""

    path: str
    lines: int = 0
    functions: int = 0
    parameters: int = 0
    findings: int = 0
    seconds: float = 0.0
    unread: str = ""
    error: str = ""
    given_up: list[str] = field(default_factory=list)
    solves: Counter[str] = field(default_factory=Counter)
    steps: int = 0
    blocks: int = 0
    worst: list[Solve] = field(default_factory=list)

    @property
    def excessive(self) -> list[Solve]:
        """The fixpoints that took more steps than allowed."""
        return [each for each in self.worst if each.share > 1]


def fuzz(path: Path) -> Report:
    """Return what the whole engine makes of a file; never raises."""
    report = Report(str(path))
    start = time.process_time()
    try:
        source = read_source(path, str(path))
        report.lines = source.index.line_count
        with _recorded() as solves:
            _run(source, report)
    except (UnreadableSource, ParseFailure) as error:
        report.unread = str(error)
    except Exception:
        report.error = traceback.format_exc()
    else:
        report.solves.update(each.problem for each in solves)
        report.steps = sum(each.steps for each in solves)
        report.blocks = sum(each.blocks for each in solves)
        ordered = sorted(solves, key=lambda each: (each.depth > 0, each.share), reverse=True)
        report.worst = [*ordered[:3], *(each for each in ordered[3:] if each.share > 1)]
    report.seconds = time.process_time() - start
    return report


def _run(source: Source, report: Report) -> None:
    parsed = parse(source)
    facts = Facts(parsed, (3, 10))
    knowledge, summaries = facts._knowledge, facts._summaries
    bodies = (ScopeKind.MODULE, ScopeKind.FUNCTION, ScopeKind.LAMBDA)
    for scope in [each for each in facts.outline.module.descendants() if each.kind in bodies]:
        report.functions += 1
        try:
            graph = lower(facts.outline, scope, knowledge)
        except (TooComplex, RecursionError) as error:
            report.given_up.append(f"{scope.qualname or '<module>'}: {type(error).__name__}")
            continue
        constants(graph)
        summaries.tracking(scope)
        summaries.needs_close(scope)
        for name in _parameters(scope):
            report.parameters += 1
            summaries.use(scope, name)
    positions = PositionMap(parsed)
    renderer = FixRenderer(parsed, positions, facts.statement_of)
    settings = Settings(select=("ALL",), strict=True, lint_tests=True)
    analysis = _run_rules(source, settings, facts, positions, renderer, False)
    report.findings = len(analysis.diagnostics)


def _parameters(scope: Scope) -> list[str]:
    if not isinstance(scope.node, cst.FunctionDef):
        return []
    return [each.name.value for each in all_parameters(scope.node.params)]


@contextmanager
def _recorded() -> Iterator[list[Solve]]:
    """Give a list that every fixpoint found inside the block is added to."""
    solves: list[Solve] = []
    find = Solution.__init__

    def found(self: Solution[Any], graph: Graph, problem: Any, initial: Any) -> None:
        find(self, graph, problem, initial)
        sites = len(getattr(problem, "sites", ())) + bool(initial)
        name = getattr(getattr(graph.node, "name", None), "value", "<no name>")
        blocks = len(self.entries)
        depth = max(map(loop_depth, graph.blocks))
        solves.append(Solve(type(problem).__name__, str(name), blocks, depth, sites, self.steps))

    Solution.__init__ = found  # type: ignore[method-assign]
    try:
        yield solves
    finally:
        Solution.__init__ = find  # type: ignore[method-assign]


def python_files(paths: Iterable[Path]) -> list[Path]:
    """Return the Python files that the paths stand for, by name; what is installed is left out."""
    found = set()
    for path in paths:
        inside = path.rglob("*.py") if path.is_dir() else [path]
        found |= {
            each
            for each in inside
            if "site-packages" not in each.relative_to(path).parts and each.is_file()
        }
    return sorted(found)


def standard_library() -> Path:
    """Return the folder of the running interpreter's standard library."""
    return Path(sysconfig.get_path("stdlib"))


def main() -> int:
    """Run over all files and say what was met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--worst", type=int, default=10, help="how many solves to show")
    options = parser.parse_args()
    os.environ["AGN_DEBUG"] = "1"
    files = python_files(options.paths or [standard_library()])
    reports = []
    if options.jobs > 1:
        with ProcessPoolExecutor(options.jobs) as pool:
            reports = list(pool.map(fuzz, files, chunksize=8))
    else:
        reports = [fuzz(each) for each in files]
    return _show(reports, options.worst)


def _show(reports: list[Report], worst: int) -> int:
    read = [each for each in reports if not each.unread]
    solves = sum((each.solves for each in read), Counter[str]())
    blocks = sum(each.blocks for each in read)
    print(f"{len(reports)} files, {len(read)} analysed, {sum(r.lines for r in read)} lines")
    print(f"{sum(r.functions for r in read)} bodies, {sum(r.parameters for r in read)} parameters")
    print(f"{sum(r.findings for r in read)} findings, strict ones and tests included")
    print(f"{sum(r.seconds for r in reports):.0f} CPU seconds")
    print(f"fixpoints: {', '.join(f'{number} {name}' for name, number in solves.items())}")
    print(f"steps a block: {sum(each.steps for each in read) / max(blocks, 1):.3f} on average")
    for each in reports:
        if each.unread:
            print(f"not analysed: {each.path}: {each.unread}")
        for function in each.given_up:
            print(f"given up: {each.path}: {function}")
    ordered = sorted(
        ((solve, each.path) for each in read for solve in each.worst),
        key=lambda pair: (pair[0].depth > 0, pair[0].share),
        reverse=True,
    )
    for solve, path in ordered[:worst]:
        print(f"{solve.share:6.1%} of the allowed steps: {path}: {solve}")
    slow = sorted(read, key=lambda each: each.seconds, reverse=True)
    for each in slow[:3]:
        print(f"{each.seconds:6.1f} s: {each.path}, {each.lines} lines")
    excessive = sum(len(each.excessive) for each in read)
    errors = [each for each in reports if each.error]
    for each in errors:
        print(f"FAILED: {each.path}\n{each.error}")
    print(f"{len(errors)} exceptions, {excessive} fixpoints over the bound")
    return 1 if errors or excessive else 0


if __name__ == "__main__":
    raise SystemExit(main())
