"""The pipeline from a source to diagnostics."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from asyncgen_lint.config import Settings
from asyncgen_lint.registry import all_rules
from asyncgen_lint.rule import (
    INTERNAL_CODE,
    Diagnostic,
    Finding,
    Node,
    PathStep,
    Rule,
    Severity,
    Step,
    Tier,
)
from asyncgen_lint.source.parse import ParseFailure, parse
from asyncgen_lint.source.screen import may_matter
from asyncgen_lint.source.span import Position, Span
from asyncgen_lint.source.suppress import Suppressions
from asyncgen_lint.source.text import Source

if TYPE_CHECKING:
    from asyncgen_lint.facts import Facts
    from asyncgen_lint.fixes.render import FixRenderer
    from asyncgen_lint.project.basis import Basis
    from asyncgen_lint.project.program import Program
    from asyncgen_lint.source.position import PositionMap


@dataclass(frozen=True, slots=True)
class Analysis:
    """What one file gave. `failed` means that a part of asyncgen-lint broke, not the file.

    `is_new` says that it was found out now, not remembered; `basis` is what it rests on besides the
    file's own text, None for nothing.
    """

    diagnostics: tuple[Diagnostic, ...]
    failed: bool = False
    is_new: bool = field(default=True, compare=False)
    basis: Basis | None = field(default=None, compare=False, repr=False)


def analyse(
    source: Source,
    settings: Settings,
    *,
    tree: ast.Module | None = None,
    with_fixes: bool = True,
    root: PurePath | None = None,
) -> Analysis:
    """Return the diagnostics of a source, by position and code; one per line and code.

    `root` is the project's root, from which test files are told by their relative path. Never
    raises: what cannot be analysed, and what breaks, becomes an AGN000 diagnostic.
    """
    if not may_matter(source.text):
        # No finding is possible, but a file that is no Python must still be reported.
        return _syntax_verdict(source, tree)
    try:
        parsed = parse(source, tree)
    except ParseFailure as failure:
        return Analysis((_unparsable(source, failure),))
    try:
        from asyncgen_lint.facts import Facts
        from asyncgen_lint.fixes.render import FixRenderer
        from asyncgen_lint.source.position import PositionMap

        path = Path(os.path.abspath(source.filename))
        program = _program(path, settings, root)
        facts = Facts(parsed, settings.target_version, program, path, settings.extensions)
        positions = PositionMap(parsed)
        renderer = FixRenderer(parsed, positions, facts.statement_of) if with_fixes else None
    except Exception as error:
        _reraise_when_debugging()
        return Analysis((_broken(source, "the engine", error),), failed=True)
    analysis = _run_rules(source, settings, facts, positions, renderer, is_test_file(source, root))
    if facts.program is None:
        return analysis
    steps = (step for each in analysis.diagnostics for step in each.path)
    shown = ((os.path.abspath(each.filename), each.span.start.line) for each in steps)
    return replace(analysis, basis=facts.program.basis(facts.outline, shown))


Analyse = Callable[..., Analysis]
"""`analyse`, or what stands for it and remembers what it gave."""


def lint(
    source: Source, settings: Settings, *, root: PurePath | None = None, analyse: Analyse = analyse
) -> Analysis:
    """Return what `analyse` gives, without the findings that the source's comments hide.

    AGN000 on a line is never hidden, since it is no finding; a file that is taken out whole is not
    analysed at all. flake8 applies these comments itself, so its plugin calls `analyse`.
    """
    suppressions = Suppressions(source)
    if suppressions.hides_file:
        return Analysis((), is_new=False)
    analysis = analyse(source, settings, root=root)
    shown = []
    for each in analysis.diagnostics:
        lines = each.noqa_lines
        if lines[0] != lines[1] or suppressions.has_any:
            lines = suppressions.lines_for(each.span.start.line)
        if each.code == INTERNAL_CODE or not suppressions.hides(each.code, lines):
            shown.append(replace(each, noqa_lines=lines))
    return replace(analysis, diagnostics=tuple(shown))


def is_test_file(source: Source, root: PurePath | None) -> bool:
    """Return whether the file holds tests, by its path relative to the project's root.

    Without a root the file's name counts as it is given; a file outside the root by its last part.
    """
    path = PurePath(source.filename)
    if root is not None:
        try:
            path = PurePath(os.path.abspath(path)).relative_to(root)
        except ValueError:
            path = PurePath(path.name)
    if any(part in ("test", "tests", "_tests") for part in path.parts[:-1]):
        return True
    name = path.stem
    return name == "conftest" or name.startswith("test_") or name.endswith("_test")


def _syntax_verdict(source: Source, tree: ast.Module | None) -> Analysis:
    if tree is not None:
        return Analysis(())
    from asyncgen_lint.source.parse import check_syntax

    try:
        check_syntax(source)
    except ParseFailure as failure:
        return Analysis((_unparsable(source, failure),))
    return Analysis(())


def _program(path: Path, settings: Settings, root: PurePath | None) -> Program | None:
    """Return the modules in view from a file; None for a text that stands nowhere."""
    if root is None or path.name.startswith("<"):
        return None
    from asyncgen_lint.project.programs import program_of

    return program_of(path, Path(root), settings.src, settings.python, settings.extensions)


def _run_rules(
    source: Source,
    settings: Settings,
    facts: Facts,
    positions: PositionMap,
    renderer: FixRenderer | None,
    in_tests: bool,
) -> Analysis:
    found: list[Diagnostic] = []
    failed = False
    for rule in all_rules():
        if not settings.enables(rule):
            continue
        try:
            for finding in rule.check(facts):
                tier = _tier(rule, finding, in_tests and not settings.lint_tests)
                if tier is Tier.STRICT and rule.tier is not Tier.STRICT and not settings.strict:
                    continue
                if settings.leaves_to_type_checker(rule, finding):
                    continue
                made = _diagnostic(source, facts, positions, renderer, rule, finding, tier)
                if made.fix is not None:
                    made = replace(made, fix=settings.offered(rule, made.fix))
                found.append(made)
        except Exception as error:
            _reraise_when_debugging()
            failed = True
            found.append(_broken(source, rule.code, error))
    return Analysis(tuple(_one_per_line_and_code(found)), failed)


def _tier(rule: Rule, finding: Finding, in_tests: bool) -> Tier:
    if in_tests and rule.code.startswith("AGN1"):
        return Tier.STRICT
    return finding.tier or rule.tier


def _diagnostic(
    source: Source,
    facts: Facts,
    positions: PositionMap,
    renderer: FixRenderer | None,
    rule: Rule,
    finding: Finding,
    tier: Tier,
) -> Diagnostic:
    path = tuple(_path_step(source, facts, positions, step) for step in finding.path)
    line = _between(facts, positions, *facts.header_of(finding.node))
    return Diagnostic(
        code=rule.code,
        name=rule.name,
        message=finding.message,
        severity=rule.severity,
        tier=tier,
        filename=source.filename,
        span=_extent(facts, positions, finding.node),
        path=path,
        fix=renderer.render(finding.fix) if renderer and finding.fix else None,
        noqa_lines=(line.start.line, line.end.line),
    )


def _path_step(source: Source, facts: Facts, positions: PositionMap, step: Step) -> PathStep:
    if facts.is_foreign(step.node):
        filename, span = facts.foreign_place(step.node)
        if filename == os.path.abspath(source.filename):
            # A module that imports this file leads back to it.
            return PathStep(step.message, source.filename, span)
        return PathStep(step.message, shown_name(filename), span)
    return PathStep(step.message, source.filename, _extent(facts, positions, step.node))


def shown_name(filename: str) -> str:
    """Return how reports call a file: relative to the working directory if it is inside."""
    relative = os.path.relpath(filename)
    return filename if relative.startswith(os.pardir) else relative


def _extent(facts: Facts, positions: PositionMap, node: Node) -> Span:
    """Return what a report underlines of a node: of a compound statement, its header."""
    return _between(facts, positions, *facts.extent_of(node))


def _between(facts: Facts, positions: PositionMap, first: Node, last: Node | None) -> Span:
    """Return the span from one node to another of the same statement; None is a lone `except`."""
    statement = facts.statement_of(first)
    start = positions.span(first, statement).start
    if last is not None:
        return Span(start, positions.span(last, statement).end)
    return Span(start, Position(start.line, start.column + len("except")))


def _one_per_line_and_code(found: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    ordered = sorted(found, key=lambda each: (each.span, each.code, each.message))
    merged: dict[tuple[int, str], Diagnostic] = {}
    for each in ordered:
        key = (each.span.start.line, each.code)
        earlier = merged.get(key)
        if earlier is None:
            merged[key] = each
        else:
            merged[key] = _merged(earlier, each)
    return iter(sorted(merged.values(), key=lambda each: (each.span, each.code)))


def _merged(one: Diagnostic, other: Diagnostic) -> Diagnostic:
    """Return a diagnostic that says what both say, of the same line and by the same code."""
    message = one.message
    if other.message not in message:
        message = f"{message}; {other.message}"
    # Like messages may be of two generators: each has a path of its own.
    path = (*one.path, *(each for each in other.path if each not in one.path))
    return replace(one, message=message, path=path)


def _unparsable(source: Source, failure: ParseFailure) -> Diagnostic:
    return internal_diagnostic(
        source.filename, failure.message, Position(failure.line, failure.column)
    )


def _broken(source: Source, part: str, error: Exception) -> Diagnostic:
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return internal_diagnostic(source.filename, f"internal error in {part}: {text} (please report)")


_FILE_START = Position(1, 0)


def internal_diagnostic(
    filename: str, message: str, position: Position = _FILE_START
) -> Diagnostic:
    """Return the AGN000 diagnostic of a file that could not be analysed."""
    return Diagnostic(
        code=INTERNAL_CODE,
        name="not-analysed",
        message=message,
        severity=Severity.ERROR,
        tier=Tier.DEFAULT,
        filename=filename,
        span=Span(position, position),
        noqa_lines=(position.line, position.line),
    )


def _reraise_when_debugging() -> None:
    if os.environ.get("AGN_DEBUG") == "1":
        raise
