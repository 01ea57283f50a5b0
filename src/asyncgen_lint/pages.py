"""A rule's page: what its module says, its example from the fixtures, and where else it is met."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from asyncgen_lint.further import FURTHER, OPTIONS, SOURCES, Further
from asyncgen_lint.rule import Rule, Tier

_NOT_REPORTED = "Not reported:"
_FIX_SAFETY = "Fix safety:"


def page(rule: Rule) -> str:
    """Return a rule's page as Markdown; its first line after the title says what goes wrong."""
    harm, *rest = rule.doc.split("\n\n")
    parts = [
        f"# {rule.name} ({rule.code})",
        harm,
        f"Reported: {rule.summary}. Tier: {rule.tier.value}. Severity: {rule.severity.value}.",
        _prose(rest),
        *_example(rule),
        f"## Options\n\n{_options(rule)}",
        *_elsewhere(FURTHER.get(rule.code, Further((), ()))),
    ]
    return "\n\n".join(parts) + "\n"


def write_pages(rules: Sequence[Rule], folder: Path) -> None:
    """Write each rule's page into a folder, and an index; make the folder if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["# Rules", "", "| code | name | finding |", "|---|---|---|"]
    for each in rules:
        (folder / f"{each.code}.md").write_text(page(each), "utf-8")
        lines.append(f"| [{each.code}]({each.code}.md) | {each.name} | {each.summary} |")
    (folder / "index.md").write_text("\n".join(lines) + "\n", "utf-8")


def _prose(paragraphs: list[str]) -> str:
    """Return the paragraphs of a docstring, with headings over those that begin with a label."""
    shown = ["## Why"]
    for each in paragraphs:
        for label in (_NOT_REPORTED, _FIX_SAFETY):
            before, found, after = each.partition(label)
            if found:
                shown += [before.strip()] if before.strip() else []
                text = after.strip()
                each = text[:1].upper() + text[1:]
                shown.append(f"## {label.removesuffix(':')}")
        shown.append(each)
    return "\n\n".join(shown)


def _example(rule: Rule) -> list[str]:
    folder = _examples() / rule.code
    parts = []
    for title, name in (("Example", "example.py"), ("Repaired", "example.fixed.py")):
        path = folder / name
        if path.is_file():
            lines = path.read_text("utf-8").splitlines()
            shown = "\n".join(line for line in lines if not line.startswith("# target:"))
            parts.append(f"## {title}\n\n```python\n{shown.strip()}\n```")
    return parts


@cache
def _examples() -> Path:
    """Return the folder of the examples: packed beside this module, or the repository's."""
    packed = Path(__file__).parent / "examples"
    return packed if packed.is_dir() else Path(__file__).parent.parent.parent / "fixtures"


def _options(rule: Rule) -> str:
    lines = []
    if rule.tier is Tier.STRICT:
        lines.append(f"Off unless `{rule.code}` is selected in full, or with `strict = true`.")
    if getattr(rule, "type_checked", False):
        lines.append("Off with `typed = true`, since a type checker reports the same.")
    names = [
        f"`{option}`"
        for option, codes in OPTIONS.items()
        if any(rule.code.startswith(each) for each in codes)
    ]
    lines.append(f"Settings that say more to it: {', '.join(names)}.")
    lines.append(f"`# noqa: {rule.code}` on the reported line hides a finding.")
    return "\n".join(lines)


def _elsewhere(further: Further) -> list[str]:
    linters = "\n".join(f"- {each}" for each in further.linters) or "None that we know."
    references = "\n".join(
        f"- {title}: https://{address}"
        for title, address in (SOURCES[each] for each in further.references)
    )
    return [f"## Other linters\n\n{linters}", f"## References\n\n{references}"]
