"""Source frames: each finding with its lines, the steps of its path, and what would repair it.

rich's Console decides on colour; lines of source are never wrapped.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from asyncgen_lint.report.summary import is_fixable
from asyncgen_lint.rule import Diagnostic, FixSafety
from asyncgen_lint.source.span import Span
from asyncgen_lint.source.text import LineIndex

_TAB = "    "
# Control characters would move the cursor; the pictures of them do not. A form feed is one.
_VISIBLE: dict[int, int | str] = {
    **{code: 0x2400 + code for code in range(32)},
    0x7F: 0x2421,
    ord("\t"): _TAB,
}

_CODE = "bold red"
_MARK = "cyan"
_GUTTER = "bold blue"
_PRIMARY = "bold red"
_SECONDARY = "bold blue"
_HELP = "bold cyan"


def render(diagnostics: Iterable[Diagnostic], texts: Mapping[str, str]) -> str:
    """Return the report as plain text, the same on every terminal. `texts` holds files by name."""
    stream = io.StringIO()
    console = Console(file=stream, color_system=None, force_terminal=False, width=10_000)
    print_full(diagnostics, texts, console)
    return stream.getvalue()


def print_full(
    diagnostics: Iterable[Diagnostic],
    texts: Mapping[str, str],
    console: Console,
    *,
    unsafe: bool = False,
) -> None:
    """Print the report. A file that is not in `texts` gets no source lines.

    `[*]` marks what `--fix` repairs, with unsafe fixes if they are allowed.
    """
    indexes: dict[str, LineIndex] = {}
    for diagnostic in diagnostics:
        for name in {diagnostic.filename, *(step.filename for step in diagnostic.path)}:
            if name not in indexes:
                indexes[name] = LineIndex(texts.get(name, ""))
        for line in _lines(diagnostic, indexes, unsafe):
            console.print(line, soft_wrap=True, highlight=False)
        console.print()


def _lines(
    diagnostic: Diagnostic, indexes: Mapping[str, LineIndex], unsafe: bool
) -> Iterator[Text]:
    title = Text(diagnostic.code, _CODE)
    if is_fixable(diagnostic, unsafe=unsafe):
        title.append(" [*]", _MARK)
    yield title.append(f" {diagnostic.message}", "bold")
    shown = [diagnostic.span, *(step.span for step in diagnostic.path)]
    width = len(str(max(span.start.line for span in shown) + 1))
    yield from _frame(diagnostic.filename, diagnostic.span, indexes, width, context=1)
    for step in diagnostic.path:
        yield Text.assemble(("note", _HELP), f": {step.message}")
        yield from _frame(step.filename, step.span, indexes, width, context=0)
    if diagnostic.fix is not None:
        yield Text.assemble(("help", _HELP), f": {diagnostic.fix.title}")
        if diagnostic.fix.safety is FixSafety.UNSAFE:
            yield Text.assemble(
                ("note", _HELP), ": this fix is unsafe: it may change what the program does"
            )


def _frame(
    filename: str, span: Span, indexes: Mapping[str, LineIndex], width: int, *, context: int
) -> Iterator[Text]:
    line, column = span.start.line, span.start.column + 1
    yield Text.assemble(" " * width, ("--> ", _GUTTER), f"{filename}:{line}:{column}")
    index = indexes[filename]
    if not index.line(line):
        return
    yield _gutter("", width)
    for number in range(max(line - context, 1), min(line + context, index.line_count) + 1):
        source = index.line(number)
        if number != line and not source.strip():
            continue
        yield _gutter(str(number), width).append(_printable(source) and f" {_printable(source)}")
        if number == line:
            yield _underline(source, span, width, primary=context > 0)
    yield _gutter("", width)


def _gutter(label: str, width: int) -> Text:
    return Text(f"{label:>{width}} |", _GUTTER)


def _underline(source: str, span: Span, width: int, *, primary: bool) -> Text:
    start = span.start.column
    end = span.end.column if span.end.line == span.start.line else len(source.rstrip())
    before = cell_len(_printable(source[:start]))
    length = max(cell_len(_printable(source[start:end])), 1)
    text = _gutter("", width).append(" " * (before + 1))
    if primary:
        return text.append("^" * length, _PRIMARY)
    return text.append("-" * length, _SECONDARY)


def _printable(source: str) -> str:
    return source.translate(_VISIBLE)
