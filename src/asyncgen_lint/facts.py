"""Facts: what the analysis knows of a module, in the words of the domain, computed when asked."""

from __future__ import annotations

from asyncgen_lint.rule import Node
from asyncgen_lint.source.parse import Parsed


class Facts:
    """Everything that rules may ask about one module."""

    def __init__(self, parsed: Parsed, target_version: tuple[int, int]) -> None:
        self._parsed = parsed
        self.target_version = target_version

    def statement_of(self, node: Node) -> int:
        """Return the number of the module-level statement that holds the node."""
        raise NotImplementedError

    def header_of(self, node: Node) -> tuple[Node, Node]:
        """Return the first and the last node of the logical line where `# noqa` may stand."""
        raise NotImplementedError
