"""Remove the exemptions of rules one by one, and see whether a test notices.

    python benchmarks/mutate.py [--rules AGN304 AGN306] [--modules held.py] [--limit 40] [--jobs 2]

An exemption is a guard: an `if` whose body only returns, continues or breaks. Those of a rule are
the ones in its own module and in the analysis modules that its facts come from. First every test
that runs in this process is run once, to see which guards hold in it. Then each guard in turn is
made to hold never, and the tests in which it held are run, the quickest first, until one fails.
Every run is a fork of one process that has everything imported and nothing cached.

Prints each guard that no test misses, with the number of tests in which it held, and in the end
how many guards there are and what notices them:

    not missed: AGN304  typestate/ambient.py:93  if lock is None  (held in 0 tests)
    850 guards: 800 noticed by tests, 30 by mypy, 18 only save time, 2 not missed

A guard that no test misses is still noticed if mypy rejects the code without it: it narrows a type,
and what comes after it cannot do without. Guards that save time and decide nothing are named
in `SAVES_TIME`. The command fails if any other guard is not missed. With `--rules` only the tests
that mention the rules are run. With `--limit` that many guards are drawn at random from all.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import gc
import importlib
import multiprocessing
import os
import pkgutil
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import zip_longest
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "asyncgen_lint"
SECONDS = 10
"""How much longer than before a test may run on the processor; a lost guard may make it endless."""
BYTES = 4 << 30

AT_RANDOM = re.compile(r"tests/test_(fuzz|random_imports|random_programs|termination)\.py")
"""Tests of texts made at random: they are long, and decide nothing."""

SAVES_TIME = {
    (
        "typestate/stops.py",
        "Stops.raised",
        "not any((name.startswith('Stop') for name in function.loads))",
    ): "what is not named is not raised",
    (
        "typestate/stops.py",
        "Stops._tries",
        "name not in function.loads or not isinstance(function.node, cst.FunctionDef)",
    ): "what is not named is not caught",
    ("typestate/entering.py", "Entering._raised", "way.raises is not None"): (
        "where a second error comes to, the first one may come"
    ),
    (
        "typestate/manager_decorators.py",
        "wrong_decorators",
        "text is not None and (not is_extended) and ('contextmanager' not in text)",
    ): "what is not named decorates nothing",
    (
        "typestate/stacks.py",
        "_name_of_stack",
        "not _is_stack(item, scope, knowledge) or not isinstance(item, cst.WithItem)",
    ): "a generator handed to another manager with such methods is left alone as well",
    (
        "typestate/release.py",
        "skipped_releases",
        "not any((_may_release(call) for call in scope.calls))",
    ): "what is not called is not skipped",
    ("typestate/managers.py", "Managers._aclosings", "not self._may_close"): (
        "what is not imported is not called"
    ),
    (
        "typestate/objects.py",
        "Objects.tested",
        "not names_one and (not self._knowledge.may_create_generators(scope))",
    ): "where no generator is made or named, none is tested",
    (
        "typestate/threads.py",
        "Threads.nexts",
        "'next' not in (self._knowledge.outline.text or 'next')",
    ): "what is not written is not called",
    (
        "typestate/threads.py",
        "Threads.nexts",
        "not any((is_name(each, 'next') for each in _functions_named(call)))",
    ): "what is not named is not called",
}
"""Guards (module, function, test) without which the same is found later, and why."""


@dataclass(frozen=True)
class Guard:
    """A guard of a module (path relative to the package), and whose it is."""

    code: str
    module: str
    function: str
    line: int
    body: range = field(compare=False)
    test: str = ""

    def __str__(self) -> str:
        return f"{self.code}  {self.module}:{self.line}  if {self.test}"

    @property
    def file(self) -> str:
        return str(PACKAGE / self.module)

    @property
    def saves_time(self) -> bool:
        return (self.module, self.function, self.test) in SAVES_TIME


# Which guards there are


def modules_of(code: str) -> list[str]:
    """Return the modules that hold a rule's decisions: its own, and those its facts come from.

    What these import of each other counts with them; the engine below them does not.
    """
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
                found.add(f"typestate/{imported[node.id].rpartition('.')[2]}.py")
    found |= {each for module in found for each in typestate_imports(module)}
    return sorted(found - _ENGINE)


@cache
def typestate_imports(module: str) -> frozenset[str]:
    """Return the analysis modules that a module of the package imports."""
    names = (
        node.module
        for node in ast.parse(text_of(str(PACKAGE / module))).body
        if isinstance(node, ast.ImportFrom) and node.module
    )
    return frozenset(
        f"typestate/{each.rpartition('.')[2]}.py" for each in names if ".typestate." in each
    )


_SHARED = {"outline", "_knowledge", "_summaries", "_parents", "parent", "_graph", "_consumers"}
_ENGINE = {
    f"typestate/{each}.py"
    for each in (
        *("knowledge", "annotations", "decorators", "instances", "swallowing"),
        *("summary", "track", "state", "calls", "cleanup"),
    )
}
"""What every rule stands on: what it decides is no exemption of one rule."""


def guards_in(code: str, module: str) -> Iterator[Guard]:
    """Yield the guards of a module, with the function that each is in."""
    pending: list[tuple[str, ast.AST]] = [("", ast.parse(text_of(str(PACKAGE / module))))]
    while pending:
        function, node = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            function = f"{function}.{node.name}".lstrip(".")
        pending += [(function, child) for child in ast.iter_child_nodes(node)]
        if not isinstance(node, ast.If) or node.orelse or len(node.body) != 1:
            continue
        only = node.body[0]
        if isinstance(only, (ast.Return, ast.Continue, ast.Break)):
            body = range(only.lineno, (only.end_lineno or only.lineno) + 1)
            yield Guard(code, module, function, node.lineno, body, ast.unparse(node.test))


def guards_of(codes: Iterable[str]) -> list[Guard]:
    """Return the guards of the rules, each once."""
    found: dict[tuple[str, int], Guard] = {}
    for code in codes:
        for module in modules_of(code):
            for guard in guards_in(code, module):
                found.setdefault((module, guard.line), guard)
    return list(found.values())


@cache
def text_of(file: str) -> str:
    """Return a text of the package as it was at first: a run may be long."""
    return Path(file).read_text("utf-8")


def without_guards(file: str, lines: dict[int, int | None]) -> ast.Module:
    """Return a module in which the guards on these lines never hold; all stays on its line.

    A line may name the one side of an `or` that never holds.
    """
    tree = ast.parse(text_of(file), file)
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and node.lineno in lines:
            side = lines[node.lineno]
            if side is None:
                node.test = _never(node.test)
            elif isinstance(node.test, ast.BoolOp):
                node.test.values[side] = _never(node.test.values[side])
    return tree


def _never(test: ast.expr) -> ast.expr:
    """Return what does what the test does, and then says no."""
    no = ast.copy_location(ast.Constant(value=False), test)
    return ast.copy_location(ast.BoolOp(ast.And(), [test, no]), test)


# Forks


def in_forks(tasks: Iterable[Callable[[], Any]], jobs: int, most: int) -> Iterator[tuple[int, Any]]:
    """Run each task in a fork of its own; yield its number and result, None if it was killed."""
    context = multiprocessing.get_context("fork")
    waiting = enumerate(tasks)
    running: dict[Connection, tuple[int, Any]] = {}
    while True:
        while len(running) < jobs and (task := next(waiting, None)) is not None:
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=_run, args=(task[1], theirs, most))
            process.start()
            theirs.close()
            running[ours] = (task[0], process)
        if not running:
            return
        for ready in wait(list(running)):
            assert isinstance(ready, Connection)
            number, process = running.pop(ready)
            try:
                result = ready.recv()
            except EOFError:
                result = None
            ready.close()
            process.join()
            yield number, result


def _run(task: Callable[[], Any], to: Connection, most: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (most, most))
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    sys.addaudithook(_start_no_process)
    to.send(task())


def _start_no_process(event: str, _: Any) -> None:
    """Let tests fail at once that look at another process: no guard is removed there."""
    if event == "subprocess.Popen":
        raise PermissionError(event)


# Tests


@dataclass(frozen=True)
class Outcome:
    """What a test did: whether it passed, how long it ran, and the (file, line) of what it ran."""

    passed: bool
    seconds: float
    lines: frozenset[tuple[str, int]]


def passes(item: pytest.Item) -> bool:
    return not any(each.failed for each in runtestprotocol(item, log=False, nextitem=None))


def watch(item: pytest.Item, interesting: dict[str, set[int]]) -> Outcome:
    """Run a test, and note which of the lines it comes to."""
    seen: set[tuple[str, int]] = set()
    events = sys.monitoring

    def line_is_run(code: CodeType, line: int) -> Any:
        if line in interesting.get(code.co_filename, ()):
            seen.add((code.co_filename, line))
        return events.DISABLE

    events.use_tool_id(events.COVERAGE_ID, "mutate")
    events.register_callback(events.COVERAGE_ID, events.events.LINE, line_is_run)
    events.set_events(events.COVERAGE_ID, events.events.LINE)
    start = time.process_time()
    passed = passes(item)
    return Outcome(passed, time.process_time() - start, frozenset(seen))


Functions = dict[tuple[str, int, str], list[FunctionType]]


def live_functions() -> Functions:
    """Return the functions of the package by where their code is."""
    found: Functions = defaultdict(list)
    for each in gc.get_objects():
        if isinstance(each, FunctionType) and each.__code__.co_filename.startswith(str(PACKAGE)):
            found[place(each.__code__)].append(each)
    return found


def place(code: CodeType) -> tuple[str, int, str]:
    return code.co_filename, code.co_firstlineno, code.co_qualname


def take_out(guard: Guard, functions: Functions) -> None:
    """Give the functions of this process that have the guard a code in which it never holds."""
    pending = [compile(without_guards(guard.file, {guard.line: None}), guard.file, "exec")]
    while pending:
        code = pending.pop()
        pending += [each for each in code.co_consts if isinstance(each, CodeType)]
        if code.co_name.startswith("<"):
            continue
        for function in functions.get(place(code), ()):
            function.__code__ = code


def is_missed(guard: Guard, tests: list[tuple[float, pytest.Item]], functions: Functions) -> bool:
    """Take a guard out of this process, and return whether any of the tests fails.

    A test that needs much more than its seconds ends the process.
    """
    take_out(guard, functions)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    for seconds, item in tests:
        until = int(time.process_time() + SECONDS + 5 * seconds)
        resource.setrlimit(resource.RLIMIT_CPU, (min(until, most), most))
        if not passes(item):
            return True
    return False


def without_variants() -> None:
    """Let tests of fixtures judge a program as it is written, and not each way to write the same.

    Those ways make four fifths of the work and meet the guards that the program itself meets.
    """
    import fixture_harness  # type: ignore[import-not-found]

    fixture_harness.variant_problems = lambda *_: ()


@dataclass
class Judge:
    """A plugin of pytest that, instead of running the tests, runs them against lost guards."""

    guards: list[Guard]
    jobs: int
    held_in: dict[Guard, int] = field(default_factory=dict)
    survivors: list[Guard] = field(default_factory=list)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        for each in pkgutil.walk_packages([str(PACKAGE)], "asyncgen_lint."):
            if not each.name.endswith("__main__"):
                importlib.import_module(each.name)
        without_variants()
        outcomes = self.outcomes(session.items)
        functions = live_functions()
        tasks = []
        for guard in self.guards:
            tests = [
                (outcome.seconds, number)
                for number, outcome in outcomes.items()
                if any((guard.file, line) in outcome.lines for line in guard.body)
            ]
            self.held_in[guard] = len(tests)
            held = [(seconds, session.items[number]) for seconds, number in sorted(tests)]
            tasks.append(lambda guard=guard, held=held: is_missed(guard, held, functions))
            if not held:
                print(f"held in no test: {guard}", flush=True)
        most = SECONDS + int(5 * sum(each.seconds for each in outcomes.values()))
        for nth, missed in in_forks(tasks, self.jobs, most):
            if missed is False:
                self.survivors.append(self.guards[nth])
                held = self.held_in[self.guards[nth]]
                print(f"no test fails: {self.guards[nth]}  (held in {held})", flush=True)
        return True

    def outcomes(self, items: list[pytest.Item]) -> dict[int, Outcome]:
        """Return what those tests do that pass in this process and come to a guard."""
        interesting: dict[str, set[int]] = defaultdict(set)
        for guard in self.guards:
            interesting[guard.file].update(guard.body)
        found: dict[int, Outcome] = {}
        tasks = [lambda item=item: watch(item, interesting) for item in items]
        for number, outcome in in_forks(tasks, self.jobs, 6 * SECONDS):
            if outcome is not None and outcome.passed and outcome.lines:
                found[number] = outcome
        seconds = sum(each.seconds for each in found.values())
        print(f"{len(found)} of {len(items)} tests come to a guard, in {seconds:.0f} s", flush=True)
        return found


def tests_of(codes: list[str]) -> list[str]:
    """Return the arguments by which pytest finds what knows of the rules; of all if there are none.

    That programs do what they say is left out: the linter has no part in it.
    """
    modules = [
        f"tests/{path.name}"
        for path in sorted((ROOT / "tests").glob("test_*.py"))
        if not codes or any(code in path.read_text("utf-8") for code in codes)
    ]
    one = "tests/test_fixtures.py::test_fixture_is_found_and_repaired"
    fixtures = [f"{one}[{code}]" for code in codes] or [one]
    judges = (each for each in modules if not AT_RANDOM.fullmatch(each))
    return [*fixtures, *(each for each in judges if each != "tests/test_fixtures.py")]


# What mypy says

Removed = tuple[Guard, int | None]
"""A guard, or one side of its test."""


def needed_by_mypy(guards: list[Guard]) -> set[Guard]:
    """Return the guards without any side of which mypy finds errors in their function.

    What is in one function is taken out one after the other, in different ones at once.
    """
    in_function: dict[tuple[str, str], list[Removed]] = defaultdict(list)
    for guard in guards:
        in_function[guard.module, guard.function] += [(guard, each) for each in sides_of(guard)]
    needed = set(guards)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "src" / "asyncgen_lint"
        shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
        for removed in zip_longest(*in_function.values()):
            at_once = [each for each in removed if each is not None]
            wrong = wrong_without(at_once, Path(folder))
            needed -= {each for each, _ in at_once if (each.module, each.function) not in wrong}
    return needed


def sides_of(guard: Guard) -> list[int | None]:
    """Return the numbers of the sides of a test, if it is an `or`."""
    test = ast.parse(guard.test, mode="eval").body
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        return list(range(len(test.values)))
    return [None]


def wrong_without(removed: list[Removed], folder: Path) -> set[tuple[str, str]]:
    """Return the (module, function) in which mypy finds errors if all these guards are removed."""
    by_module: dict[str, dict[int, int | None]] = defaultdict(dict)
    for guard, side in removed:
        by_module[guard.module][guard.line] = side
    texts = {
        module: ast.unparse(without_guards(str(PACKAGE / module), lines))
        for module, lines in by_module.items()
    }
    for module, text in texts.items():
        (folder / "src" / "asyncgen_lint" / module).write_text(text, "utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary"]
    command += ["--cache-dir", str(folder / "cache"), "-p", "asyncgen_lint"]
    run = subprocess.run(command, cwd=folder / "src", capture_output=True, text=True)
    if run.returncode not in (0, 1):
        raise RuntimeError(run.stdout + run.stderr)
    for module in texts:
        shutil.copy(PACKAGE / module, folder / "src" / "asyncgen_lint" / module)
    return {
        (module, _function_at(texts[module], int(line)))
        for module, line in re.findall(
            r"^asyncgen_lint/([\w/]+\.py):(\d+): error", run.stdout, re.M
        )
        if module in texts
    }


def _function_at(text: str, line: int) -> str:
    """Return the dotted name of the innermost function or class on a line."""
    node: ast.AST = ast.parse(text)
    names: list[str] = []
    while True:
        inner = (each for each in ast.iter_child_nodes(node) if hasattr(each, "lineno"))
        found = next((each for each in inner if each.lineno <= line <= each.end_lineno), None)  # type: ignore[attr-defined]
        if found is None:
            return ".".join(names)
        if isinstance(found, (ast.FunctionDef, ast.ClassDef)):
            names.append(found.name)
        node = found


def main() -> int:
    """Run the command and return its exit status: 1 if a guard was not missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rules", nargs="*", metavar="CODE", default=[], help="default: all")
    parser.add_argument("--modules", nargs="*", metavar="FILE", help="only guards in these")
    parser.add_argument("--limit", type=int, help="how many guards, drawn at random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    every = [path.stem.upper() for path in sorted((PACKAGE / "rules").glob("agn*.py"))]
    guards = guards_of(options.rules or every)
    if options.modules:
        guards = [each for each in guards if each.module.rpartition("/")[2] in options.modules]
    if options.limit is not None and options.limit < len(guards):
        guards = random.Random(options.seed).sample(guards, options.limit)
    judge = Judge(guards, options.jobs)
    os.chdir(ROOT)
    # What this package does in the tests is what they import.
    sys.path.insert(0, str(ROOT / "src"))
    arguments = ["-o", "addopts=", "-p", "no:xdist", "-p", "no:cacheprovider", "-q"]
    with contextlib.redirect_stdout(sys.stderr):
        status = pytest.main([*arguments, *tests_of(options.rules)], plugins=[judge])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        return 2
    for_speed = [each for each in judge.survivors if each.saves_time]
    others = [each for each in judge.survivors if not each.saves_time]
    typed = needed_by_mypy(others)
    left = [each for each in others if each not in typed]
    for guard in sorted(left, key=lambda each: (each.module, each.line)):
        print(f"not missed: {guard}  (held in {judge.held_in[guard]} tests)")
    print(
        f"{len(guards)} guards: {len(guards) - len(judge.survivors)} noticed by tests,"
        f" {len(typed)} by mypy, {len(for_speed)} only save time, {len(left)} not missed"
    )
    return 1 if left else 0


if __name__ == "__main__":
    raise SystemExit(main())
