"""The closing lines of a report: how many findings, how many were or can be repaired."""

from __future__ import annotations

from collections.abc import Sequence

from asyncgen_lint.rule import Diagnostic, FixSafety


def is_fixable(diagnostic: Diagnostic, *, unsafe: bool) -> bool:
    """Return whether `--fix` repairs it, with unsafe fixes allowed or not."""
    fix = diagnostic.fix
    return fix is not None and (unsafe or fix.safety is FixSafety.SAFE)


def summary(diagnostics: Sequence[Diagnostic], *, fixed: int, unsafe: bool) -> str:
    """Return the closing lines, without a last newline; empty when there is nothing to say."""
    lines = []
    total = len(diagnostics) + fixed
    errors = f"{total} error{'s' if total != 1 else ''}"
    if fixed:
        lines.append(f"Found {errors} ({fixed} fixed, {len(diagnostics)} remaining).")
    elif diagnostics:
        lines.append(f"Found {errors}.")
    ready = sum(is_fixable(each, unsafe=unsafe) for each in diagnostics)
    hidden = sum(is_fixable(each, unsafe=True) for each in diagnostics) - ready
    more = f"{hidden} hidden fix{'es' if hidden != 1 else ''} can be enabled with --unsafe-fixes"
    if ready:
        lines.append(f"[*] {ready} fixable with --fix{f' ({more})' if hidden else ''}.")
    elif hidden:
        lines.append(f"No fixes available ({more}).")
    return "\n".join(lines)
