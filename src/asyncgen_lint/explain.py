"""`asyncgen-lint explain`: one line of a file, with all that the engine knows of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from asyncgen_lint.config import Settings
from asyncgen_lint.engine import analyse, lint
from asyncgen_lint.facts import Facts
from asyncgen_lint.registry import rule_named
from asyncgen_lint.report.explain import Judged, render
from asyncgen_lint.rule import INTERNAL_CODE, Diagnostic, Node, Tier
from asyncgen_lint.source.parse import parse
from asyncgen_lint.source.position import PositionMap
from asyncgen_lint.source.span import Span
from asyncgen_lint.source.text import Source


def explain_line(source: Source, line: int, settings: Settings, root: Path) -> str:
    """Return what is known of the generators on a line, as text. Raises ParseFailure."""
    places = _Places(source, settings)
    return render(
        places.facts.explain(lambda node: places.covers(node, line)),
        f"{source.filename}:{line}",
        places.facts.function_around(lambda node: places.surrounds(node, line)).qualname,
        list(_judged(source, line, settings, root)),
        places.span,
    )


def draw_function(source: Source, line: int, settings: Settings) -> str | None:
    """Return the graph of the innermost function around a line, in Graphviz's language.

    Outside of functions it is the module's; None if it is too complex to draw. Raises
    ParseFailure.
    """
    places = _Places(source, settings)
    function = places.facts.function_around(lambda node: places.surrounds(node, line))
    return places.facts.dot(function, lambda node: places.span(node).start.line)


class _Places:
    """Where the nodes of a source stand."""

    def __init__(self, source: Source, settings: Settings) -> None:
        parsed = parse(source)
        self.facts = Facts(parsed, settings.target_version, extensions=settings.extensions)
        self._positions = PositionMap(parsed)

    def span(self, node: Node) -> Span:
        """Return the span of a node."""
        return self._positions.span(node, self.facts.statement_of(node))

    def surrounds(self, node: Node, line: int) -> bool:
        """Return whether the node, its body included, takes part of a line."""
        span = self.span(node)
        return span.start.line <= line <= span.end.line

    def covers(self, node: Node, line: int) -> bool:
        """Return whether a node, or the header of a compound statement, takes part of a line."""
        if not self.surrounds(node, line):
            return False
        first, last = self.facts.headline_of(node)
        end = self.span(last).end.line if last is not None else self.span(first).start.line
        return line <= end


def _judged(source: Source, line: int, settings: Settings, root: Path) -> Iterator[Judged]:
    """Yield every finding that the line has a part in, with why it is not shown, if it is not."""
    everything = replace(settings, select=("ALL",), ignore=(), strict=True, lint_tests=True)
    reported = _keys(analyse(source, settings, root=root, with_fixes=False).diagnostics)
    shown = _keys(lint(source, settings, root=root).diagnostics)
    for each in analyse(source, everything, root=root, with_fixes=False).diagnostics:
        if not _concerns(each, line):
            continue
        key = _key(each)
        if key in shown or each.code == INTERNAL_CODE:
            yield Judged(each, "")
        elif key in reported:
            yield Judged(each, "hidden by a comment")
        else:
            yield Judged(each, _why_not_reported(each, settings))


def _concerns(diagnostic: Diagnostic, line: int) -> bool:
    spans = [diagnostic.span, *(step.span for step in diagnostic.path[:1])]
    return any(each.start.line <= line <= each.end.line for each in spans)


def _why_not_reported(diagnostic: Diagnostic, settings: Settings) -> str:
    rule = rule_named(diagnostic.code)
    if diagnostic.tier is Tier.STRICT and not settings.strict:
        return "strict: not shown by default"
    if rule is not None and not settings.enables(rule):
        return "the settings leave this rule out"
    return "not shown in test files"


def _keys(diagnostics: tuple[Diagnostic, ...]) -> set[tuple[str, int]]:
    return {_key(each) for each in diagnostics}


def _key(diagnostic: Diagnostic) -> tuple[str, int]:
    return diagnostic.code, diagnostic.span.start.line
