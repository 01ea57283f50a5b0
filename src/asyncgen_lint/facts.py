"""Facts: what the analysis knows of a module, in the words of the domain, computed when asked.

This is all that rules read. Nodes in facts are opaque anchors: a rule passes them on to findings
and to fix plans, and never looks inside.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import libcst as cst

from asyncgen_lint.flow.graph import Bind, Discard, Edge, EdgeKind, Graph, Yield
from asyncgen_lint.names.resolve import Resolver
from asyncgen_lint.names.scopes import (
    BindingKind,
    Outline,
    Scope,
    ScopeKind,
    dotted_name,
    outline,
)
from asyncgen_lint.rule import Node, Step
from asyncgen_lint.source.parse import Parsed
from asyncgen_lint.source.walk import children, descendants
from asyncgen_lint.typestate.cleanup import Verdict
from asyncgen_lint.typestate.knowledge import FunctionKind, Knowledge
from asyncgen_lint.typestate.summary import Summaries
from asyncgen_lint.typestate.track import Leak, Tracking


@dataclass(frozen=True)
class LeftOpen:
    """A generator that needs closing and is left suspended on some path.

    `header` is where the report goes: the loop or the stepping call. `exit` names what leaves it
    (`break`, `return`, `raise`, `the end`); `is_delegation` says that it is the closing of the
    function's own generator, at a `yield`. `is_certain` says that no exception need be assumed.
    """

    label: str
    header: Node
    creation: Node
    function: Scope
    exit: str
    is_loop: bool
    is_delegation: bool
    is_temporary: bool
    is_certain: bool
    path: tuple[Step, ...]


@dataclass(frozen=True)
class NeverIterated:
    """A call of an async generator function whose result nothing uses."""

    label: str
    call: Node
    name: str


class Facts:
    """Everything that rules may ask about one module."""

    def __init__(self, parsed: Parsed, target_version: tuple[int, int]) -> None:
        self.parsed = parsed
        self.target_version = target_version

    # Structure, for the engine and for plans

    @cached_property
    def outline(self) -> Outline:
        """The module's scopes."""
        return outline(self.parsed.module)

    @cached_property
    def _knowledge(self) -> Knowledge:
        return Knowledge(self.outline)

    @cached_property
    def resolver(self) -> Resolver:
        """What the module's names refer to."""
        return self._knowledge.resolver

    @cached_property
    def _summaries(self) -> Summaries:
        return Summaries(self._knowledge)

    @cached_property
    def _parents(self) -> dict[cst.CSTNode, cst.CSTNode]:
        parents: dict[cst.CSTNode, cst.CSTNode] = {}
        for node in descendants(self.parsed.module):
            for child in children(node):
                parents[child] = node
        return parents

    @cached_property
    def _statement_numbers(self) -> dict[cst.CSTNode, int]:
        return {node: number for number, node in enumerate(self.parsed.module.body)}

    def parent(self, node: Node) -> Node | None:
        """Return the node around a node; None for the module."""
        return self._parents.get(node)

    def statement_of(self, node: Node) -> int:
        """Return the number of the module-level statement that holds the node."""
        current = node
        while current not in self._statement_numbers:
            current = self._parents[current]
        return self._statement_numbers[current]

    def extent_of(self, node: Node) -> tuple[Node, Node]:
        """Return the first and last node of what a report underlines: a header, not its body."""
        if isinstance(node, (cst.For, cst.CompFor)):
            return node, node.iter
        if isinstance(node, cst.With):
            return node, node.items[-1]
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            return node, node.name
        if isinstance(node, (cst.ExceptHandler, cst.ExceptStarHandler)):
            return node, node.name or node.type or node
        return node, node

    def header_of(self, node: Node) -> tuple[Node, Node]:
        """Return the first and the last node of the logical line where `# noqa` may stand."""
        current = node
        while not isinstance(current, _LINES):
            parent = self._parents.get(current)
            if parent is None:
                return node, node
            current = parent
        if isinstance(current, cst.SimpleStatementLine):
            return current, current
        if isinstance(current, (cst.If, cst.While)):
            return current, current.test
        if isinstance(current, cst.FunctionDef):
            return current, current.returns or current.params or current.name
        return self.extent_of(current)

    # Generators left open

    def left_open(self) -> Iterator[LeftOpen]:
        """Yield each generator that is left open, with a path that shows it; once per step."""
        for function, tracking in self._tracked():
            seen: set[tuple[Node, str]] = set()
            for leak in tracking.leaks():
                fact = self._left_open(function, tracking, leak, seen)
                if fact is not None:
                    yield fact

    def _tracked(self) -> Iterator[tuple[Scope, Tracking]]:
        for function in self.outline.functions():
            tracking = self._summaries.tracking(function)
            if tracking is not None and tracking.sites:
                yield function, tracking

    def _left_open(
        self, function: Scope, tracking: Tracking, leak: Leak, seen: set[tuple[Node, str]]
    ) -> LeftOpen | None:
        is_delegation = EdgeKind.GENERATOR_EXIT in (leak.exit, leak.left)
        key = (leak.step, "delegation" if is_delegation else "exit")
        if key in seen:
            return None
        needs_close = self._summaries.site_needs_close(leak.site)
        if needs_close.verdict is not Verdict.YES or needs_close.reason is None:
            return None
        witness = tracking.witness(leak)
        if witness is None:
            return None
        seen.add(key)
        jump = _last_jump(witness)
        exit_text = _exit_text(jump)
        label = label_of(leak.site.node)
        left_at = jump.node if jump is not None and jump.node is not None else leak.place
        reason = needs_close.reason
        path = (
            Step(f"`{label}` is created here", leak.site.node),
            Step(f"it can be suspended at this `yield`: {reason.text}", reason.at),
            Step(f"{exit_text} leaves it there", left_at),
        )
        return LeftOpen(
            label=label,
            header=leak.step,
            creation=leak.site.node,
            function=function,
            exit=exit_text,
            is_loop=isinstance(leak.step, (cst.For, cst.CompFor)),
            is_delegation=is_delegation,
            is_temporary=leak.is_temporary and _is_iterated_in_place(leak),
            is_certain=leak.is_certain,
            path=path,
        )

    def is_driven_as_context_manager(self, function: Scope) -> bool:
        """Return whether the function's exceptions come in at its `yield`, and no GeneratorExit."""
        return self._knowledge.is_driven_as_context_manager(function)

    def has_unknown_decorator(self, function: Scope) -> bool:
        """Return whether a decorator may change how the function is called or driven."""
        return self._knowledge.has_unknown_decorator(function)

    # Generators never iterated

    def never_iterated(self) -> Iterator[NeverIterated]:
        """Yield each call of an async generator function whose result is dropped or never read."""
        for scope in (self.outline.module, *self.outline.functions()):
            graph = self._graph(scope)
            if graph is None:
                continue
            seen: set[Node] = set()
            for block in graph.blocks:
                for each in block.instructions:
                    if isinstance(each, (Discard, Bind)) and each.node not in seen:
                        seen.add(each.node)
                        fact = self._never_iterated(scope, each)
                        if fact is not None:
                            yield fact

    def _never_iterated(self, scope: Scope, instruction: Discard | Bind) -> NeverIterated | None:
        if isinstance(instruction, Discard):
            if not isinstance(instruction.node, cst.Expr):
                return None
            call, name = instruction.node.value, ""
        else:
            found = self._unread_value(scope, instruction)
            if found is None:
                return None
            call, name = found, instruction.name
        product = self._knowledge.product(call, scope)
        if product is None or product.kind is not FunctionKind.AGEN:
            return None
        if not isinstance(call, cst.Call) or not all(
            self._can_yield(each) for each in product.functions
        ):
            return None
        return NeverIterated(label_of(call), call, name)

    def _unread_value(self, scope: Scope, instruction: Bind) -> cst.BaseExpression | None:
        """Return the value of a local name that nothing ever reads."""
        if scope.kind is not ScopeKind.FUNCTION:
            return None
        name = instruction.name
        bindings = scope.bindings.get(name, [])
        if len(bindings) != 1 or bindings[0].kind is not BindingKind.VALUE:
            return None
        if any(name in each.loads or name in each.declared_nonlocal for each in scope.descendants()):
            return None
        return bindings[0].value

    def _can_yield(self, function: Scope) -> bool:
        """Return whether a function has a `yield` that control can reach."""
        graph = self._graph(function)
        return graph is not None and any(
            isinstance(each, Yield) for each in _reachable_instructions(graph)
        )

    def _graph(self, scope: Scope) -> Graph | None:
        return self._knowledge.graph(scope)


_LINES = (
    cst.SimpleStatementLine,
    cst.For,
    cst.With,
    cst.If,
    cst.While,
    cst.FunctionDef,
    cst.ClassDef,
    cst.ExceptHandler,
    cst.ExceptStarHandler,
)


def label_of(node: Node) -> str:
    """Return what a message calls the generator made at a node: `rows()`."""
    if isinstance(node, cst.Call):
        return f"{_short_name(node.func)}()"
    if isinstance(node, cst.Attribute):
        return _short_name(node)
    return "the generator expression"


def _short_name(node: cst.BaseExpression) -> str:
    return dotted_name(node) or (node.attr.value if isinstance(node, cst.Attribute) else "the call")


def _reachable_instructions(graph: Graph) -> Iterator[object]:
    seen = {graph.entry.index}
    pending = [graph.entry]
    while pending:
        block = pending.pop()
        yield from block.instructions
        for edge in block.edges:
            if edge.target.index not in seen:
                seen.add(edge.target.index)
                pending.append(edge.target)


def _last_jump(path: list[Edge]) -> Edge | None:
    for edge in reversed(path):
        if edge.node is not None and edge.kind in _JUMPS:
            return edge
    return None


_JUMPS = {
    EdgeKind.BREAK: "`break`",
    EdgeKind.RETURN: "`return`",
    EdgeKind.RAISE: "`raise`",
    EdgeKind.GENERATOR_EXIT: "closing at this `yield`",
}


def _exit_text(jump: Edge | None) -> str:
    return _JUMPS[jump.kind] if jump is not None else "the end of the statement"


def _is_iterated_in_place(leak: Leak) -> bool:
    return isinstance(leak.step, cst.For) and leak.step.iter is leak.site.node
