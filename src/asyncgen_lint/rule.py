"""What a rule is, what it finds, and what a reader of the report gets.

A `Finding` lives inside the engine and is anchored to syntax nodes; a `Diagnostic` lives outside:
spans and text only, picklable and comparable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from asyncgen_lint.source.span import Span

if TYPE_CHECKING:
    from asyncgen_lint.facts import Facts

Node = Any
"""An opaque anchor: rules pass nodes from facts to findings and never look inside."""


class Tier(str, Enum):
    """Whether a finding is shown by default or only when asked for."""

    DEFAULT = "default"
    STRICT = "strict"


class Severity(str, Enum):
    """ERROR fails whenever it is reached; WARNING misbehaves on some path."""

    ERROR = "error"
    WARNING = "warning"


class FixSafety(str, Enum):
    """SAFE keeps the values and exceptions of every run that worked; UNSAFE is anything else."""

    SAFE = "safe"
    UNSAFE = "unsafe"


@dataclass(frozen=True, slots=True)
class Step:
    """One step on the way from creation to exit: what happens at this node."""

    message: str
    node: Node


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Replace `node` by what `build` makes of it.

    `build` takes the node as it stands in the tree at that moment and returns its replacement.
    """

    node: Node
    build: Callable[[Node], Node]


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """`from module import name`, wanted at the top of the file."""

    module: str
    name: str


@dataclass(frozen=True, slots=True)
class FixPlan:
    """A repair, independent of all others: rewrites of the tree as it was parsed.

    `unused` are imports that nothing uses after it; they go where that takes no comment with it.
    """

    title: str
    safety: FixSafety
    rewrites: tuple[Rewrite, ...]
    imports: tuple[ImportRequest, ...] = ()
    unused: tuple[ImportRequest, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule's verdict at a node; `subject` names what it is about when a line holds several."""

    message: str
    node: Node
    path: tuple[Step, ...] = ()
    fix: FixPlan | None = None
    tier: Tier | None = None
    subject: str = ""
    type_checked: bool | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule's declaration. `doc` is its page; `check` finds, from facts alone.

    `type_checked` says that a type checker reports the same in annotated code, unless a finding
    says otherwise of itself; `typed = true` in the settings turns such findings off.
    """

    code: str
    name: str
    summary: str
    severity: Severity
    check: Callable[[Facts], Iterable[Finding]] = field(compare=False)
    tier: Tier = Tier.DEFAULT
    fixable: bool = False
    doc: str = ""
    type_checked: bool = False


def rule(
    code: str,
    name: str,
    *,
    summary: str,
    severity: Severity,
    tier: Tier = Tier.DEFAULT,
    fixable: bool = False,
    type_checked: bool = False,
) -> Callable[[Callable[[Facts], Iterable[Finding]]], Rule]:
    """Declare a rule: the decorated function becomes a Rule; its module's docstring, the page."""

    def declare(check: Callable[[Facts], Iterable[Finding]]) -> Rule:
        module = check.__globals__
        return Rule(
            code=code,
            name=name,
            summary=summary,
            severity=severity,
            check=check,
            tier=tier,
            fixable=fixable,
            doc=(module.get("__doc__") or "").strip(),
            type_checked=type_checked,
        )

    return declare


@dataclass(frozen=True, slots=True)
class PathStep:
    """One step of a diagnostic's path, with its place."""

    message: str
    filename: str
    span: Span


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text of `span` by `content`."""

    span: Span
    content: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A repair as text edits; a fix is applied whole or not at all."""

    title: str
    safety: FixSafety
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One line of a report. `# noqa` counts on `noqa_lines`, the 1-based first and last."""

    code: str
    name: str
    message: str
    severity: Severity
    tier: Tier
    filename: str
    span: Span
    path: tuple[PathStep, ...] = ()
    fix: Fix | None = None
    noqa_lines: tuple[int, int] = (0, 0)


INTERNAL_CODE = "AGN000"
"""The code of a file that could not be analysed and of our own failures."""
