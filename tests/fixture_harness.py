"""Reads fixtures, runs them, and holds them against the linter. Library code: no tests in here.

A fixture is a folder `fixtures/AGN101/`. It holds `bad.py` and perhaps more programs named
`bad_NAME.py`, each with its repaired twins `bad.fixed.py` (safe fixes) and `bad.unsafe.py` (all
fixes) and with what they print: `bad.out`, `fixed.out` and `unsafe.out` (`bad_NAME.out` and so on).
Near misses are in `good.py` and `good_NAME.py`, the documentation's example and its repair in
`example.py` and `example.fixed.py`; `findings.txt` is the linter's report on `bad.py`.

Three parts, each returning problems as text, so that a test can show all of them at once:

* `layout_problems`: marks, headers and files fit the contract;
* `execution_problems`: the programs, run in a given interpreter, do what their header says;
* `static_problems`: the linter finds what is marked and nothing else, and repairs it as shown.
"""

from __future__ import annotations

import ast
import builtins
import io
import json
import os
import re
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "fixtures"
RUNNER = Path(__file__).resolve().parent / "run_fixture.py"
SECONDS_PER_RUN = 30

HARMS = {"left-open", "item-lost", "never-ran", "does-not-compile", "none"}
"""`none` is for what no interpreter of today can show; the rule's page says so."""
SEEN_IN_OUTPUT = {"item-lost", "never-ran"}
HARMS_WITH_A_NAME = {"raises", "warns"}

FILES = re.compile(
    r"(bad|good)(_\w+)?\.py|bad(_\w+)?\.(fixed|unsafe)\.py|(bad|fixed|unsafe)(_\w+)?\.out"
    r"|findings(_\w+)?\.txt|example(\.fixed)?\.py"
)

MARK = re.compile(
    r"expect: (?P<expect>AGN\d{3})(?P<words>( strict| no-fix)*)|ok: (?P<ok>AGN\d{3})  (?P<why>\S.*)"
)
LOOKS_LIKE_A_MARK = re.compile(r"\bAGN\d|\b(expect|ok)\s*:", re.IGNORECASE)
NOQA = re.compile(r"noqa\b", re.IGNORECASE)
HEADER = re.compile(r"# (?P<key>[a-z-]+):\s*(?P<value>.*?)\s*")
FIELDS = {"harm", "python", "needs", "path", "target"}
TARGET = re.compile(r"py3(\d+)")
VERSION = re.compile(r"(>=|<)\s*3\.(\d+)")


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class FixtureError(Exception):
    """A fixture that says something the harness does not know."""


@dataclass(frozen=True)
class Mark:
    """`# expect: AGN101`, perhaps with `strict` and `no-fix`, or `# ok: AGN101  why`."""

    line: int
    code: str
    expected: bool
    strict: bool = False
    fixable: bool = True


@dataclass(frozen=True)
class Header:
    """What the first lines of a program say about how to run and judge it."""

    harm: str = ""
    name: str = ""
    python: str = ""
    needs: tuple[str, ...] = ()
    path: str = ""
    target: tuple[int, int] = (3, 10)

    def allows(self, minor: int) -> bool:
        """Return whether the program is for CPython 3.`minor`."""
        return all(
            minor >= int(number) if operator == ">=" else minor < int(number)
            for operator, number in VERSION.findall(self.python)
        )


def read_marks(text: str, where: str = "") -> list[Mark]:
    """Return the marks in the comments of a text; a comment that is nearly one is an error."""
    marks = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT:
            continue
        line = token.start[0]
        for part in token.string.split("#")[1:]:
            comment = part.strip()
            if NOQA.match(comment) or not LOOKS_LIKE_A_MARK.search(comment):
                continue
            match = MARK.fullmatch(comment)
            if match is None:
                raise FixtureError(f"{where}:{line}: not a mark: # {comment}")
            words = (match["words"] or "").split()
            marks.append(
                Mark(
                    line=line,
                    code=match["expect"] or match["ok"],
                    expected=match["ok"] is None,
                    strict="strict" in words,
                    fixable="no-fix" not in words,
                )
            )
    return marks


def read_header(text: str, where: str = "") -> Header:
    """Return what the comment lines at the very top say."""
    fields: dict[str, str] = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        match = HEADER.fullmatch(line)
        if match is None or match["key"] not in FIELDS:
            raise FixtureError(f"{where}: not a header: {line}")
        if match["key"] in fields or not match["value"]:
            raise FixtureError(f"{where}: header twice or empty: {line}")
        fields[match["key"]] = match["value"]
    harm, _, name = fields.get("harm", "").partition(" ")
    known = harm in HARMS_WITH_A_NAME if name else harm in HARMS or not harm
    if not known or (name and not name.isidentifier()):
        raise FixtureError(f"{where}: no such harm: {fields['harm']}")
    target = TARGET.fullmatch(fields.get("target", "py310"))
    if target is None:
        raise FixtureError(f"{where}: no such target: {fields['target']}")
    python = fields.get("python", "")
    if VERSION.sub("", python).strip(" ,"):
        raise FixtureError(f"{where}: no such version: {python}")
    return Header(
        harm=harm,
        name=name,
        python=python,
        needs=tuple(fields.get("needs", "").replace(",", " ").split()),
        path=fields.get("path", ""),
        target=(3, int(target[1])),
    )


@dataclass(frozen=True)
class Program:
    """One `bad.py` or `good.py` of a fixture, with all that belongs to it."""

    path: Path

    @cached_property
    def text(self) -> str:
        return read(self.path)

    @cached_property
    def marks(self) -> list[Mark]:
        return read_marks(self.text, str(self.path))

    @cached_property
    def header(self) -> Header:
        return read_header(self.text, str(self.path))

    @property
    def is_bad(self) -> bool:
        return self.path.name.startswith("bad")

    @property
    def suffix(self) -> str:
        """What stands between `bad` or `good` and `.py`: empty, or `_NAME`."""
        return self.path.stem.removeprefix("bad").removeprefix("good")

    @property
    def filename(self) -> str:
        """What the linter is told: `# path:` if the header has one."""
        return self.header.path or f"fixtures/{self.path.parent.name}/{self.path.name}"

    @property
    def fixed(self) -> Path:
        return self.path.with_suffix(".fixed.py")

    @property
    def unsafe(self) -> Path:
        return self.path.with_suffix(".unsafe.py")

    @property
    def findings(self) -> Path:
        return self.path.with_name(f"findings{self.suffix}.txt")

    def output(self, kind: str) -> Path:
        """Return where `bad`, `fixed` or `unsafe` says what that program prints."""
        return self.path.with_name(f"{kind}{self.suffix}.out")


@dataclass(frozen=True)
class Fixture:
    """The folder of one rule."""

    folder: Path

    @property
    def code(self) -> str:
        return self.folder.name

    @cached_property
    def programs(self) -> list[Program]:
        names = sorted(p.name for p in self.folder.glob("*.py"))
        return [
            Program(self.folder / name)
            for name in names
            if re.fullmatch(r"(bad|good)(_\w+)?\.py", name)
        ]

    def own_marks(self, program: Program) -> list[Mark]:
        return [mark for mark in program.marks if mark.expected and mark.code == self.code]


def fixtures() -> list[Fixture]:
    """Return the fixtures of all rules, by code."""
    return [Fixture(each) for each in sorted(FIXTURES.glob("AGN[0-9][0-9][0-9]"))]


def read(path: Path) -> str:
    with path.open(encoding="utf-8", newline="") as file:
        return file.read()


def write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(text)


# Layout


def layout_problems(fixture: Fixture) -> Iterator[str]:
    """Say what in the folder breaks the contract of fixtures, the linter left aside."""
    names = {each.name for each in fixture.folder.iterdir() if each.name != "__pycache__"}
    for name in sorted(names):
        if not FILES.fullmatch(name):
            yield f"{name}: no file of a fixture"
    for name in ("bad.py", "good.py", "example.py", "example.fixed.py"):
        if name not in names:
            yield f"{name}: missing"
    for name in ("example.py", "example.fixed.py"):
        if name in names:
            yield from syntax_problems(fixture.folder / name)
    try:
        for program in fixture.programs:
            yield from program_problems(fixture, program)
        marks = [mark for program in fixture.programs for mark in program.marks]
    except FixtureError as error:
        yield str(error)
        return
    near_misses = sum(not mark.expected and mark.code == fixture.code for mark in marks)
    if near_misses < 3:
        yield f"{near_misses} near misses are marked `# ok: {fixture.code}`: 3 are needed"
    yield from stray_problems(fixture, names)


def syntax_problems(path: Path) -> Iterator[str]:
    try:
        ast.parse(read(path))
    except SyntaxError as error:
        yield f"{path.name}: does not parse: {error}"


def program_problems(fixture: Fixture, program: Program) -> Iterator[str]:
    name = program.path.name
    if program.is_bad:
        if not program.header.harm:
            yield f"{name}: no `# harm:` in its first lines"
        if not fixture.own_marks(program):
            yield f"{name}: nothing is marked `# expect: {fixture.code}`"
    elif fixture.own_marks(program):
        yield f"{name}: expects {fixture.code}; a near miss has nothing of it to report"
    tree = ast.parse(program.text)
    if not any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body):
        yield f"{name}: has no main()"


def stray_problems(fixture: Fixture, names: set[str]) -> Iterator[str]:
    """Say which outputs and repairs belong to no program, and which are missing."""
    known = set()
    for program in (each for each in fixture.programs if each.is_bad):
        outputs = {kind: program.output(kind) for kind in ("bad", "fixed", "unsafe")}
        known |= {path.name for path in outputs.values()}
        known |= {program.fixed.name, program.unsafe.name, program.findings.name}
        harm = program.header.harm
        if harm == "left-open" and any(path.exists() for path in outputs.values()):
            yield f"{program.path.name}: an .out file, but left-open programs print what fixed do"
        if harm in SEEN_IN_OUTPUT:
            if not outputs["bad"].exists():
                yield f"{outputs['bad'].name}: missing: it shows the harm {harm}"
            repaired = program.fixed.exists() or program.unsafe.exists()
            if repaired and not (outputs["fixed"].exists() or outputs["unsafe"].exists()):
                yield f"{outputs['fixed'].name}: missing: it shows that {harm} is gone"
    for name in sorted(names - known):
        if re.search(r"\.(out|txt)$|^bad.*\.(fixed|unsafe)\.py$", name):
            yield f"{name}: belongs to no program"


# Execution


@dataclass(frozen=True)
class Interpreter:
    path: str
    version: tuple[int, int, int]

    def __str__(self) -> str:
        return ".".join(map(str, self.version))


@dataclass(frozen=True)
class Run:
    """What `run_fixture.py` saw of one program."""

    stage: str
    raised: tuple[str, ...]
    message: str
    stdout: str
    stderr: str
    warnings: tuple[str, ...]
    left_open: tuple[Mapping[str, Any], ...]

    def describe_open(self) -> str:
        return ", ".join(f"{x['name']} at line {x['line']} ({x['how']})" for x in self.left_open)


@cache
def interpreters() -> list[Interpreter]:
    """Return one interpreter for each CPython version from 3.10 that is installed, ours first."""
    candidates = [Path(sys.executable)]
    candidates += sorted(Path.home().glob(".pyenv/versions/*/bin/python3.[0-9]*"))
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        candidates += sorted(Path(folder).glob("python3.[0-9]*")) if folder else []
    found: dict[tuple[int, int, int], Interpreter] = {}
    for path in candidates:
        if str(path) != sys.executable and not re.fullmatch(r"python3\.\d+", path.name):
            continue
        version = version_of(str(path))
        if version >= (3, 10, 0):
            found.setdefault(version, Interpreter(str(path), version))
    return sorted(found.values(), key=lambda each: each.version)


@cache
def version_of(path: str) -> tuple[int, int, int]:
    """Return the version of a CPython; (0, 0, 0) for what is none or does not start."""
    question = "import sys; print(sys.implementation.name, *sys.version_info[:3])"
    try:
        asked = subprocess.run(
            [path, "-I", "-c", question], capture_output=True, text=True, timeout=SECONDS_PER_RUN
        )
        name, *numbers = asked.stdout.split()
        major, minor, patch = map(int, numbers)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return (0, 0, 0)
    return (major, minor, patch) if name == "cpython" else (0, 0, 0)


def run_program(path: Path, interpreter: Interpreter, *places: Path) -> Run:
    """Run a program in an interpreter; one that does not end in time is killed.

    `places` are, for a program of several files, its folder and the folders to import from.
    """
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    command = [interpreter.path, "-I", "-B", str(RUNNER), str(path), *map(str, places)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=SECONDS_PER_RUN, env=environment
        )
    except subprocess.TimeoutExpired:
        return Run("killed", ("TimeoutExpired",), "did not end", "", "", (), ())
    try:
        seen = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        return Run("died", ("RuntimeError",), done.stderr, done.stdout, done.stderr, (), ())
    return Run(
        stage=seen["stage"],
        raised=tuple(seen["raised"] or ()),
        message=seen["message"],
        stdout=seen["stdout"],
        stderr=done.stderr,
        warnings=tuple(seen["warnings"]),
        left_open=tuple(seen["left_open"]),
    )


def reason_not_to_run(program: Program, interpreter: Interpreter) -> str:
    """Return why the program is not for this interpreter, or nothing."""
    header = program.header
    if not header.allows(interpreter.version[1]):
        return f"{program.path.name} is for python {header.python}"
    if header.needs:
        if interpreter.version != sys.version_info[:3]:
            return f"{program.path.name} needs {', '.join(header.needs)}: only in our environment"
        for name in header.needs:
            if find_spec(name) is None:
                return f"{program.path.name} needs {name}, which is not installed"
    return ""


def execution_problems(
    fixture: Fixture, program: Program, interpreter: Interpreter
) -> Iterator[str]:
    """Run a program and its repaired twins, and say where they do not do what they claim."""
    run = run_program(program.path, interpreter)
    if not program.is_bad:
        yield from good_problems(program, run)
        return
    yield from harm_problems(fixture, program, run)
    partly = any(not mark.fixable for mark in fixture.own_marks(program))
    if header_is_ahead(program.header):
        return
    if program.fixed.exists():
        fixed = run_program(program.fixed, interpreter)
        more_to_come = partly or program.unsafe.exists()
        yield from repair_problems(fixture, program, program.fixed, run, fixed, more_to_come)
    if program.unsafe.exists():
        fixed = run_program(program.unsafe, interpreter)
        yield from repair_problems(fixture, program, program.unsafe, run, fixed, partly)


def good_problems(program: Program, run: Run) -> Iterator[str]:
    name = program.path.name
    if run.raised:
        yield f"{name}: {run.stage}: {run.raised[0]}: {run.message}"
    if run.left_open:
        yield f"{name}: leaves open: {run.describe_open()}"
    if "Traceback" in run.stderr:
        yield f"{name}: prints a traceback:\n{run.stderr}"
    if "RuntimeWarning" in run.warnings:
        yield f"{name}: RuntimeWarning"


def header_is_ahead(header: Header) -> bool:
    """Return whether what repairs make is for a Python that no interpreter here is."""
    return all(header.target > each.version[:2] for each in interpreters())


def harm_problems(fixture: Fixture, program: Program, run: Run) -> Iterator[str]:
    """Say what is missing of the harm that a program's header promises."""
    name, header = program.path.name, program.header
    raised = f"{run.stage}: {run.raised[0]}: {run.message}" if run.raised else "nothing"
    if header.harm == "raises":
        if header.name not in run.raised and header.name not in run.stdout:
            yield f"{name}: {header.name} neither raised nor reported; raised was {raised}"
    elif header.harm == "does-not-compile":
        if run.stage != "compile" or "SyntaxError" not in run.raised:
            yield f"{name}: compiles"
        return
    elif run.raised:
        yield f"{name}: raised was {raised}"
    if header.harm == "warns" and header.name not in run.warnings:
        yield f"{name}: no {header.name}; warnings were {', '.join(run.warnings) or 'none'}"
    if header.harm == "left-open":
        marked = sum(not mark.strict for mark in fixture.own_marks(program))
        sources = [each for each in run.left_open if not each["holds"]]
        if len(sources) < max(marked, 1):
            yield f"{name}: {marked} places are marked, left open: {run.describe_open() or 'none'}"
    yield from output_problems(name, program.output("bad"), run)


def repair_problems(
    fixture: Fixture, program: Program, path: Path, run: Run, fixed: Run, partly: bool
) -> Iterator[str]:
    """Say what is left of the harm after the repair, and what else the repair has changed.

    `partly`: a part of the findings has no fix of this kind, so a part of the harm stays.
    """
    name, header = path.name, program.header
    kept = header.harm == "raises" and partly
    unfinished = header.harm == "does-not-compile" and partly and fixed.stage == "compile"
    if fixed.raised and not kept and not unfinished:
        yield f"{name}: {fixed.stage}: {fixed.raised[0]}: {fixed.message}"
    if header.harm == "raises" and not partly and header.name in fixed.stdout:
        yield f"{name}: still reports {header.name}"
    if header.harm == "warns" and not partly and header.name in fixed.warnings:
        yield f"{name}: still warns {header.name}"
    if header.harm == "left-open":
        allowed = names_near_unfixable(fixture, program) if partly else set()
        extra = [each for each in fixed.left_open if each["name"] not in allowed]
        if extra and not program.unsafe.exists():
            yield f"{name}: still left open: {fixed.describe_open()}"
        if len(fixed.left_open) >= len(run.left_open):
            yield f"{name}: as much left open as before: {fixed.describe_open()}"
        if fixed.stdout != run.stdout:
            yield f"{name}: prints something else:\n{fixed.stdout}instead of:\n{run.stdout}"
        return
    own = program.output("unsafe")
    wanted = own if path == program.unsafe and own.exists() else program.output("fixed")
    yield from output_problems(name, wanted, fixed)
    if header.harm in SEEN_IN_OUTPUT and fixed.stdout == run.stdout:
        yield f"{name}: prints what {program.path.name} prints, so it repairs nothing"


def output_problems(name: str, wanted: Path, run: Run) -> Iterator[str]:
    if wanted.exists() and run.stdout != read(wanted):
        yield f"{name}: prints:\n{run.stdout}instead of {wanted.name}:\n{read(wanted)}"


def names_near_unfixable(fixture: Fixture, program: Program) -> set[str]:
    """Return the sources that the functions with `no-fix` marks use, themselves or through others.

    These may stay open in the repaired program.
    """
    tree = ast.parse(program.text)
    functions = [n for n in ast.walk(tree) if isinstance(n, FUNCTIONS)]
    lines = {mark.line for mark in fixture.own_marks(program) if not mark.fixable}
    todo = [
        function
        for function in functions
        if any(function.lineno <= line <= (function.end_lineno or line) for line in lines)
    ]
    names = {"<genexpr>"}
    while todo:
        function = todo.pop()
        used = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
        used |= {node.attr for node in ast.walk(function) if isinstance(node, ast.Attribute)}
        todo += [each for each in functions if each.name in used - names]
        names |= used | {function.name}
    return names


# Statics


@dataclass(frozen=True)
class Api:
    """The parts of the public API that fixtures are held against."""

    lint: Callable[..., Sequence[Any]]
    fix: Callable[..., Any]
    render: Callable[[Sequence[Any], Mapping[str, str]], str]


def load_api() -> Api:
    """Return the linter; ImportError as long as there is none."""
    from asyncgen_lint import fix_text, lint_text
    from asyncgen_lint.report.full import render

    return Api(lint_text, fix_text, render)


Counts = Counter[tuple[str, int]]
"""How often each code was found on each line."""


@dataclass(frozen=True)
class Linter:
    """The linter as one fixture wants it: all default rules, and the folder's own."""

    api: Api
    code: str
    filename: str
    target: tuple[int, int] = (3, 10)

    def default(self, text: str) -> list[Any]:
        """Return the findings of the default rules."""
        return self.lint(text)

    def own(self, text: str, *, strict: bool) -> list[Any]:
        """Return the findings of the folder's rule; with those of its strict tier if `strict`."""
        return self.lint(text, select=(self.code,), strict=strict)

    def lint(self, text: str, **options: Any) -> list[Any]:
        """Return the findings in a text, for the Python that the fixture is for."""
        found = self.api.lint(text, filename=self.filename, target_version=self.target, **options)
        return list(found)

    def all(self, text: str, *, strict: bool) -> list[Any]:
        """Return both, each once."""
        found: dict[tuple[int, int, str], Any] = {}
        for each in self.default(text) + self.own(text, strict=strict):
            found.setdefault((each.span.start.line, each.span.start.column, each.code), each)
        return [found[key] for key in sorted(found)]

    def fix(self, text: str, *, unsafe: bool, select: Sequence[str]) -> str:
        result = self.api.fix(
            text,
            filename=self.filename,
            unsafe=unsafe,
            select=select,
            target_version=self.target,
        )
        return str(result.text)


def count(found: Iterable[Any]) -> Counts:
    return Counter((each.code, each.span.start.line) for each in found)


def codes(found: Iterable[Any]) -> Counter[str]:
    return Counter(each.code for each in found)


def static_problems(fixture: Fixture, api: Api, *, update: bool = False) -> Iterator[str]:
    """Hold a fixture against the linter. With `update` write what is generated, then hold it."""
    for program in fixture.programs:
        if not program.header.allows(sys.version_info[1]):
            continue
        linter = Linter(api, fixture.code, program.filename, program.header.target)
        if program.is_bad:
            yield from finding_problems(fixture, program, linter)
            yield from golden_problems(fixture, program, linter, update)
            yield from rendered_problems(program, linter, update)
        else:
            yield from false_alarm_problems(fixture, program, linter)
        yield from variant_problems(program, linter)
    yield from example_problems(fixture, api)


def finding_problems(fixture: Fixture, program: Program, linter: Linter) -> Iterator[str]:
    """Marks and findings must agree, both ways, in the default tier and with the strict one."""
    name = program.path.name
    expected = [mark for mark in program.marks if mark.expected]
    by_default = Counter((mark.code, mark.line) for mark in expected if not mark.strict)
    yield from differences(name, by_default, count(linter.default(program.text)))
    own = Counter((mark.code, mark.line) for mark in expected if mark.code == fixture.code)
    yield from differences(f"{name} (strict)", own, count(linter.own(program.text, strict=True)))


def false_alarm_problems(fixture: Fixture, program: Program, linter: Linter) -> Iterator[str]:
    """Nothing may be found but what is marked, which is never of the fixture's own rule."""
    # The strict tier may report a near miss: that is what makes it strict.
    others = [each for each in program.marks if each.expected and each.code != fixture.code]
    marked = Counter((each.code, each.line) for each in others)
    found = count(linter.all(program.text, strict=False))
    yield from differences(program.path.name, marked, found)


def differences(name: str, marked: Counts, found: Counts) -> Iterator[str]:
    for (code, line), times in sorted((marked - found).items()):
        yield f"{name}:{line}: {code} is marked and not found" + (f" ({times}x)" * (times > 1))
    for (code, line), times in sorted((found - marked).items()):
        yield f"{name}:{line}: {code} is found and not marked" + (f" ({times}x)" * (times > 1))


def golden_problems(
    fixture: Fixture, program: Program, linter: Linter, update: bool
) -> Iterator[str]:
    """The repaired twins are exactly what the fixes make, and exist exactly when there are any."""
    own = fixture.own_marks(program)
    # A rule of the strict tier fixes only when it is asked for.
    select = () if any(not mark.strict for mark in own) else (fixture.code,)
    found = linter.lint(program.text, select=select)
    offered = {each.fix.safety.value for each in found if each.fix is not None}
    for path, safety in ((program.fixed, "safe"), (program.unsafe, "unsafe")):
        text = linter.fix(program.text, unsafe=safety == "unsafe", select=select)
        if update:
            if safety in offered:
                write(path, text)
            else:
                path.unlink(missing_ok=True)
        if safety not in offered:
            if path.exists():
                yield f"{path.name}: exists, but no {safety} fix is offered"
            continue
        if not path.exists():
            yield f"{path.name}: missing, but a {safety} fix is offered"
        elif read(path) != text:
            yield f"{path.name}: is not what the fixes make:\n{text_difference(read(path), text)}"
        yield from fixed_text_problems(program, path.name, linter, text, found, safety, select)
    if offered:
        fixable = {(each.code, each.span.start.line): each.fix is not None for each in found}
        for mark in program.marks:
            offers = fixable.get((mark.code, mark.line), mark.fixable)
            if mark.expected and offers != mark.fixable:
                said = "has no fix: mark it no-fix" if mark.fixable else "has a fix"
                yield f"{program.path.name}:{mark.line}: {mark.code} {said}"


def fixed_text_problems(
    program: Program,
    name: str,
    linter: Linter,
    text: str,
    found: Sequence[Any],
    safety: str,
    select: Sequence[str],
) -> Iterator[str]:
    """What must hold for every repaired text, whatever the rule."""
    applied = ("safe",) if safety == "safe" else ("safe", "unsafe")
    unfixed = codes(e for e in found if e.fix is None or e.fix.safety.value not in applied)
    error = "" if header_is_ahead(program.header) else compile_error(text)
    if error and not (unfixed and compile_error(program.text)):
        yield f"{name}: does not compile: {error}"
        return
    after = codes(linter.lint(text, select=select))
    for code, times in sorted((after - unfixed).items()):
        before = codes(found)[code]
        what = "new" if times > before else "still there"
        yield f"{name}: {code} is {what} after the fix ({times}x)"
    again = linter.fix(text, unsafe=safety == "unsafe", select=select)
    if again != text:
        yield f"{name}: fixing twice changes it again:\n{text_difference(text, again)}"
    for lost in sorted((comments_and_strings(program.text) - comments_and_strings(text)).keys()):
        yield f"{name}: the fix loses {lost}"


def compile_error(text: str) -> str:
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "<fixture>", "exec", dont_inherit=True)
    except SyntaxError as error:
        return f"line {error.lineno}: {error.msg}"
    return ""


def comments_and_strings(text: str) -> Counter[str]:
    kinds = {tokenize.COMMENT, tokenize.STRING}
    kinds |= {
        getattr(tokenize, name)
        for name in ("FSTRING_MIDDLE", "TSTRING_MIDDLE")
        if hasattr(tokenize, name)
    }
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return Counter(token.string for token in tokens if token.type in kinds)


def text_difference(before: str, after: str) -> str:
    from difflib import unified_diff

    lines = unified_diff(before.splitlines(), after.splitlines(), "is", "should be", lineterm="")
    return "\n".join(lines)


def rendered_problems(program: Program, linter: Linter, update: bool) -> Iterator[str]:
    found = linter.all(program.text, strict=True)
    text = linter.api.render(found, {linter.filename: program.text})
    if update:
        write(program.findings, text)
    if not program.findings.exists():
        yield f"{program.findings.name}: missing"
    elif read(program.findings) != text:
        difference = text_difference(read(program.findings), text)
        yield f"{program.findings.name}: the report reads otherwise:\n{difference}"


def example_problems(fixture: Fixture, api: Api) -> Iterator[str]:
    """The documentation's example shows the rule once, and its repair silences it."""
    folder = fixture.folder
    text, fixed = read(folder / "example.py"), read(folder / "example.fixed.py")
    target = read_header(text, "example.py").target
    linter = Linter(api, fixture.code, f"fixtures/{fixture.code}/example.py", target)
    found = linter.all(text, strict=True)
    own = [each for each in found if each.code == fixture.code]
    # What a strict rule reports may rest on what a default rule does.
    is_alone = len(found) == 1 or (own and own[0].tier.value == "strict")
    if len(own) != 1 or not is_alone:
        yield f"example.py: one {fixture.code} is wanted, found: {dict(codes(found))}"
    left = linter.all(fixed, strict=True)
    if left:
        yield f"example.fixed.py: still found: {dict(codes(left))}"
    if any(each.fix is not None for each in found):
        made = linter.fix(text, unsafe=True, select=(fixture.code,))
        if made != fixed:
            yield f"example.fixed.py: not what the fix makes:\n{text_difference(fixed, made)}"


# Variants: the same program written otherwise


def variant_problems(program: Program, linter: Linter) -> Iterator[str]:
    """Ways of writing that change nothing must change no finding."""
    text, name = program.text, program.path.name
    before = linter.all(text, strict=True)
    # What needs `async` is gone without it. Context managers stay what they are.
    if not re.search(r"\b(asynccontextmanager|aclosing|closing)\b", text):
        left = linter.all(without_async(text), strict=True)
        if left:
            yield f"{name}: found without any async: {dict(codes(left))}"
    for what, variant in (
        ("with its locals renamed", with_renamed_locals(text)),
        ("with parentheses around calls", with_parentheses(text)),
    ):
        after = linter.all(variant, strict=True)
        yield from differences(f"{name} {what}", count(before), count(after))
    # These two lose their lines, so only the codes can be compared.
    after = linter.all(inside_if_true(text), strict=True)
    if codes(after) != codes(before):
        yield (
            f"{name} inside `if True:`: found {dict(codes(after))} instead of {dict(codes(before))}"
        )


class AsyncRemover(ast.NodeTransformer):
    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self.turn(node, ast.FunctionDef)

    def visit_AsyncFor(self, node: ast.AsyncFor) -> ast.AST:
        return self.turn(node, ast.For)

    def visit_AsyncWith(self, node: ast.AsyncWith) -> ast.AST:
        return self.turn(node, ast.With)

    def visit_Await(self, node: ast.Await) -> ast.AST:
        return self.visit(node.value)  # type: ignore[no-any-return]

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        node.is_async = 0
        return self.generic_visit(node)

    def turn(self, node: ast.AST, kind: type[ast.AST]) -> ast.AST:
        self.generic_visit(node)
        fields = {name: getattr(node, name) for name in node._fields if hasattr(node, name)}
        return ast.copy_location(kind(**fields), node)


def without_async(text: str) -> str:
    """Return the program with every `async` and `await` taken away."""
    return ast.unparse(ast.fix_missing_locations(AsyncRemover().visit(ast.parse(text)))) + "\n"


class IfTrueWrapper(ast.NodeTransformer):
    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self.wrap(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self.wrap(node)

    def wrap(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        self.generic_visit(node)
        start = int(ast.get_docstring(node, clean=False) is not None)
        # These must come first in their function.
        while start < len(node.body) and isinstance(node.body[start], (ast.Global, ast.Nonlocal)):
            start += 1
        if node.body[start:]:
            wrapped = ast.If(test=ast.Constant(True), body=node.body[start:], orelse=[])
            node.body[start:] = [wrapped]
        return node


def inside_if_true(text: str) -> str:
    """Return the program with the body of every function inside `if True:`."""
    return ast.unparse(ast.fix_missing_locations(IfTrueWrapper().visit(ast.parse(text)))) + "\n"


def with_parentheses(text: str) -> str:
    """Return the program with parentheses around every call that may have them."""
    tree = ast.parse(text)
    skipped: set[int] = set()
    for node in ast.walk(tree):
        below: list[ast.AST] = []
        if isinstance(node, ast.JoinedStr):
            below = [node]
        elif isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            below = list(node.decorator_list)
        skipped |= {id(each) for part in below for each in ast.walk(part)}
    inserts = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and id(node) not in skipped:
            assert node.end_lineno is not None
            assert node.end_col_offset is not None
            # At one place all closing parentheses come before the opening ones.
            inserts.append((node.end_lineno, node.end_col_offset, 0, ")"))
            inserts.append((node.lineno, node.col_offset, 1, "("))
    return with_replacements(text, [(line, col, col, new) for line, col, _, new in sorted(inserts)])


def with_renamed_locals(text: str) -> str:
    """Return the program with the locals of its functions renamed, where that is surely the same.

    Parameters keep their names, and so does what is not only a plain name in its function.
    """
    tree = ast.parse(text)
    replacements: list[tuple[int, int, int, str]] = []
    outermost = [
        node
        for owner in ast.walk(tree)
        if isinstance(owner, (ast.Module, ast.ClassDef))
        for node in owner.body
        if isinstance(node, FUNCTIONS)
    ]
    known = set(vars(builtins)) | module_names(tree)
    for function in outermost:
        assigned, fixed = local_names(function)
        names = sorted(assigned - fixed - known)
        new_names = {name: f"value_{number}" for number, name in enumerate(names, 1)}
        replacements += [
            (node.lineno, node.col_offset, node.end_col_offset or 0, new_names[node.id])
            for node in ast.walk(function)
            if isinstance(node, ast.Name) and node.id in new_names
        ]
    return with_replacements(text, sorted(set(replacements)))


def module_names(tree: ast.Module) -> set[str]:
    """Return the names that the module itself binds."""
    names = set()
    for statement in tree.body:
        if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
            names.add(statement.name)
        else:
            assigned, fixed = local_names(statement)
            names |= assigned | fixed
    return names


def local_names(function: ast.AST) -> tuple[set[str], set[str]]:
    """Return the names a function assigns, and those that must keep their name."""
    assigned: set[str] = set()
    fixed: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            assigned.add(node.id)
        elif isinstance(node, ast.arg):
            fixed.add(node.arg)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            fixed.update(node.names)
        elif isinstance(node, ast.ClassDef):
            # What a class body assigns are attributes.
            fixed |= {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
            fixed.add(node.name)
        elif isinstance(node, FUNCTIONS):
            fixed.add(node.name)
        elif isinstance(node, ast.alias):
            fixed.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.JoinedStr) and sys.version_info < (3, 12):
            # Before 3.12 what stands inside an f-string has no position of its own.
            fixed |= {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
        else:
            # Handlers, match patterns and the like hold plain strings.
            fixed |= {
                value
                for field in ("name", "rest")
                if isinstance(value := getattr(node, field, None), str)
            }
    return assigned, fixed


def with_replacements(text: str, replacements: Sequence[tuple[int, int, int, str]]) -> str:
    """Return the text with (line, first, last, new) replaced; columns count UTF-8 bytes."""
    lines = [line.encode() for line in text.splitlines(keepends=True)]
    # From the last to the first, so that no replacement moves another one.
    for line, first, last, new in reversed(replacements):
        old = lines[line - 1]
        lines[line - 1] = old[:first] + new.encode() + old[last:]
    return b"".join(lines).decode()
