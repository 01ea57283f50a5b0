"""Reports of hand-made diagnostics, as exact text."""

from __future__ import annotations

import json

from asyncgen_lint import (
    Diagnostic,
    Edit,
    Fix,
    FixSafety,
    PathStep,
    Position,
    Severity,
    Span,
    Tier,
)
from asyncgen_lint.report import concise, full
from asyncgen_lint.report import json as json_report
from asyncgen_lint.report.diff import unified_diff
from asyncgen_lint.report.summary import summary

TEXT = "async def f():\n\tasync for 数 in g('😀'):\n        break\n"


def span(line: int, start: int, end: int, last_line: int | None = None) -> Span:
    return Span(Position(line, start), Position(last_line or line, end))


def diagnostic(safety: FixSafety | None = FixSafety.SAFE, **changes: object) -> Diagnostic:
    fix = Fix("Wrap it", safety, (Edit(span(2, 16, 22), "x"),)) if safety else None
    parts: dict[str, object] = {
        "code": "AGN101",
        "name": "early-exit",
        "message": "g('😀') is left open",
        "severity": Severity.WARNING,
        "tier": Tier.DEFAULT,
        "filename": "a.py",
        "span": span(2, 1, 13, last_line=3),
        "path": (
            PathStep("created here", "a.py", span(2, 16, 22)),
            PathStep("left by this break", "a.py", span(3, 8, 13)),
        ),
        "fix": fix,
        "noqa_lines": (2, 2),
    }
    return Diagnostic(**{**parts, **changes})  # type: ignore[arg-type]


def test_full() -> None:
    assert full.render([diagnostic()], {"a.py": TEXT}) == (
        "AGN101 [*] g('😀') is left open\n"
        " --> a.py:2:2\n"
        "  |\n"
        "1 | async def f():\n"
        "2 |     async for 数 in g('😀'):\n"
        "  |     ^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "3 |         break\n"
        "  |\n"
        "note: created here\n"
        " --> a.py:2:17\n"
        "  |\n"
        "2 |     async for 数 in g('😀'):\n"
        "  |                     -------\n"
        "  |\n"
        "note: left by this break\n"
        " --> a.py:3:9\n"
        "  |\n"
        "3 |         break\n"
        "  |         -----\n"
        "  |\n"
        "help: Wrap it\n"
        "\n"
    )


def test_full_of_an_unsafe_fix() -> None:
    text = full.render([diagnostic(FixSafety.UNSAFE, path=())], {"a.py": TEXT})
    assert text.startswith("AGN101 g('😀') is left open\n")
    assert text.endswith(
        "help: Wrap it\nnote: this fix is unsafe: it may change what the program does\n\n"
    )


def test_full_without_a_source() -> None:
    text = full.render([diagnostic(None, path=())], {})
    assert text == "AGN101 g('😀') is left open\n --> a.py:2:2\n\n"


def test_full_keeps_markup_controls_and_long_lines() -> None:
    line = f"\x0cx = '[bold]{'y' * 300}[/bold]\x1b[31m'"
    only = diagnostic(None, path=(), message="[red]m[/red]", span=span(1, 1, 2))
    text = full.render([only], {"a.py": line})
    assert "AGN101 [red]m[/red]\n" in text
    assert f"1 | ␌x = '[bold]{'y' * 300}[/bold]␛[31m'\n  |  ^\n" in text


def test_concise() -> None:
    found = [diagnostic(), diagnostic(FixSafety.UNSAFE), diagnostic(None)]
    safe = "a.py:2:2: AGN101 [*] g('😀') is left open\n"
    bare = "a.py:2:2: AGN101 g('😀') is left open\n"
    assert concise.render(found) == safe + bare + bare
    assert concise.render(found, unsafe=True) == safe + safe + bare


def test_json() -> None:
    text = json_report.render([diagnostic(FixSafety.UNSAFE, noqa_lines=(2, 4))])
    assert text.isascii()
    (record,) = json.loads(text)
    assert list(record) == [
        "code", "name", "message", "severity", "filename", "location", "end_location", "fix",
        "noqa_row", "path", "url",
    ]  # fmt: skip
    assert record["message"] == "g('😀') is left open"
    assert record["severity"] == "warning"
    assert record["location"] == {"row": 2, "column": 2}
    assert record["end_location"] == {"row": 3, "column": 14}
    assert record["noqa_row"] == 4
    assert record["url"] is None
    assert record["fix"] == {
        "applicability": "unsafe",
        "message": "Wrap it",
        "edits": [
            {
                "content": "x",
                "location": {"row": 2, "column": 17},
                "end_location": {"row": 2, "column": 23},
            }
        ],
    }
    assert record["path"][1] == {
        "message": "left by this break",
        "filename": "a.py",
        "location": {"row": 3, "column": 9},
        "end_location": {"row": 3, "column": 14},
    }
    (bare,) = json.loads(json_report.render([diagnostic(None)]))
    assert bare["fix"] is None


def test_summary() -> None:
    safe, unsafe, none = diagnostic(), diagnostic(FixSafety.UNSAFE), diagnostic(None)
    assert summary([], fixed=0, unsafe=False) == ""
    assert summary([none], fixed=0, unsafe=False) == "Found 1 error."
    assert summary([], fixed=2, unsafe=False) == "Found 2 errors (2 fixed, 0 remaining)."
    assert summary([safe, unsafe, unsafe], fixed=0, unsafe=False) == (
        "Found 3 errors.\n"
        "[*] 1 fixable with --fix (2 hidden fixes can be enabled with --unsafe-fixes)."
    )
    assert summary([unsafe], fixed=1, unsafe=False) == (
        "Found 2 errors (1 fixed, 1 remaining).\n"
        "No fixes available (1 hidden fix can be enabled with --unsafe-fixes)."
    )
    assert summary([safe, unsafe], fixed=0, unsafe=True) == (
        "Found 2 errors.\n[*] 2 fixable with --fix."
    )


def test_diff_of_lines_without_end() -> None:
    assert unified_diff("a b.py", b"x\r\ny", b"x\r\nz") == (
        b"--- a/a b.py\t\n+++ b/a b.py\t\n@@ -1,2 +1,2 @@\n x\r\n"
        b"-y\n\\ No newline at end of file\n+z\n\\ No newline at end of file\n"
    )
