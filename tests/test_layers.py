"""Who may import whom: the table of docs/design, held over every import of the package."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "src" / "asyncgen_lint"

ENGINE = {"source", "names", "flow", "typestate", "project", "facts", "rule", "registry", "fixes"}
FRONT = {"engine", "config", "registry", "rule", "source"}

# The table "may import" of the design, a row a part; a part may import itself. What goes beyond
# the design's table, with the reason:
# - ways in and reporters build on `source`, whose texts and spans are what is passed around;
# - `fixes` asks `names` which names are taken where an import or a variable is to be added;
# - `explain` hands facts about one line to a reporter, for `cli` alone;
# - `repair` applies fixes and has what comes of them analysed;
# - `discovery` and `batch` (walking and running many files) stand between engine and ways in;
# - `cache` keeps what `engine` gives and knows, without it, whether that still holds; it stands
#   between it and `batch`, and is what the flake8 plugin calls for a file;
# - `codemod` and `flake8_plugin` handle one file that somebody else found, so they need neither.
MAY_IMPORT: dict[str, set[str]] = {
    "source": set(),
    "names": {"source"},
    "flow": {"source", "names"},
    "typestate": {"source", "names", "flow"},
    "project": {"source", "names", "typestate"},
    "rule": {"source"},
    "facts": {"source", "names", "flow", "typestate", "project", "rule"},
    "rules": {"facts", "rule", "fixes"},
    "registry": {"rules", "rule"},
    "fixes": {"source", "names", "facts", "rule"},
    "config": ENGINE,
    "engine": ENGINE | {"config"},
    "repair": {"engine", "config", "fixes", "rule", "source"},
    "report": {"rule", "source"},
    "discovery": {"config"},
    "cache": {"engine", "config", "rule", "source", "project"},
    "batch": {"cache", "engine", "repair", "config", "rule", "source", "fixes"},
    "explain": FRONT | {"facts", "report"},
    "api": FRONT | {"repair", "discovery", "batch"},
    "further": set(),
    "pages": {"further", "rule"},
    "baseline": {"rule"},
    "cli": FRONT | {"baseline", "discovery", "batch", "report", "explain", "pages", "fixes"},
    "flake8_plugin": FRONT | {"cache"},
    "codemod": FRONT | {"repair"},
    "__init__": {"api", "rule", "source"},
    "__main__": {"cli"},
}

# An import for the type checker only, against the direction of the layers: a rule's declaration
# names the type that its function takes, and `facts` names the nodes that `rule` declares. The
# reporter of `explain` is handed what `typestate` knows and names its types.
FOR_TYPES_ONLY = {("rule", "facts"), ("report", "typestate")}

# Rules are written in the words of the domain, and hosts are imported by their own way in alone.
FOREIGN: dict[str, set[str]] = {"rules": {"libcst", "ast"}, "rule": {"libcst"}}


def part_of(module: str) -> str:
    """The part of the package that a dotted module name, relative to it, belongs to."""
    return module.split(".")[0] or "__init__"


def imports_of(path: Path, module: str) -> Iterator[tuple[str, int, bool]]:
    """Yield each imported module, its line, and whether it is for the type checker only."""
    tree = ast.parse(path.read_text("utf-8"))
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    package = ["asyncgen_lint", *module.split(".")]
    if path.name != "__init__.py":
        package = package[:-1]
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level:
            base = ".".join(package[: len(package) - node.level + 1])
            names = [f"{base}.{node.module}" if node.module else base]
        elif isinstance(node, ast.ImportFrom):
            # `from asyncgen_lint import rules` imports a part, not the package.
            whole = node.module == "asyncgen_lint"
            names = (
                [f"asyncgen_lint.{each.name}" for each in node.names]
                if whole
                else [node.module or ""]
            )
        for name in names:
            yield name, node.lineno, id(node) in for_types


def violations(package: Path) -> list[str]:
    """Return each import that the table does not allow, as `path:line: what`."""
    found = []
    for path in sorted(package.rglob("*.py")):
        relative = path.relative_to(package).with_suffix("")
        module = ".".join(part for part in relative.parts if part != "__init__")
        part = part_of(module)
        if part not in MAY_IMPORT:
            found.append(f"{path.name}: {part} has no row in the table of layers")
            continue
        for imported, line, for_types in imports_of(path, module):
            where = f"{path.relative_to(package)}:{line}"
            if imported.split(".")[0] in FOREIGN.get(part, ()):
                found.append(f"{where}: {part} may not import {imported}")
            if imported.split(".")[0] != "asyncgen_lint" or imported == "asyncgen_lint":
                continue
            target = part_of(imported.partition(".")[2])
            if target == part and part != "rules":
                continue
            if for_types and (part, target) in FOR_TYPES_ONLY:
                continue
            if target not in MAY_IMPORT[part]:
                allowed = ", ".join(sorted(MAY_IMPORT[part])) or "nothing of ours"
                found.append(f"{where}: {part} may not import {imported}, only {allowed}")
    return found


def test_layers_hold() -> None:
    assert violations(PACKAGE) == []


@pytest.mark.parametrize(
    ("file", "line", "message"),
    [
        ("source/text.py", "import asyncgen_lint.rule", "source may not import asyncgen_lint.rule"),
        ("source/text.py", "from ..rule import Rule", "source may not import asyncgen_lint.rule"),
        ("rules/agn1.py", "import libcst", "rules may not import libcst"),
        (
            "rules/agn1.py",
            "from asyncgen_lint.rules.agn2 import x",
            "rules may not import asyncgen_lint.rules.agn2",
        ),
        ("flow/graph.py", "from asyncgen_lint import rule", "flow may not import"),
        (
            "flow/graph.py",
            "if TYPE_CHECKING:\n    from asyncgen_lint.typestate.state import State",
            "flow may not import asyncgen_lint.typestate.state",
        ),
        ("helpers.py", "x = 1", "helpers has no row"),
        ("report/json.py", "def f():\n    from asyncgen_lint import engine", "report may not"),
    ],
)
def test_a_broken_layer_is_named(tmp_path: Path, file: str, line: str, message: str) -> None:
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(line)
    (found,) = violations(tmp_path)
    assert message in found
