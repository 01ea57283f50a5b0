"""Handlers at a `yield` that are for errors alone, where something else comes, or nothing.

Nobody throws the consumer's exception into an async generator but the drivers of context managers
(runtime.md, (g)); a timeout comes as CancelledError and a consumer that leaves as GeneratorExit,
and neither is an Exception.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.flow.constants import constants
from asyncgen_lint.flow.graph import Block, Call, EdgeKind, Graph, RegionKind, yield_of
from asyncgen_lint.flow.lower import is_caught
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import Binding, Scope, alternatives, call_of, dotted_name, is_name
from asyncgen_lint.source.walk import children, descendants, own_nodes
from asyncgen_lint.typestate.cleanup import Cleanup, Verdict
from asyncgen_lint.typestate.knowledge import Knowledge
from asyncgen_lint.typestate.way_out import (
    is_always_done,
    is_in_finally,
    mentions,
)

_RELEASES = tables.RELEASE_METHODS | tables.ENDING_METHODS | tables.CLOSE_METHODS
_ORDINARY_ENDINGS = ("Error", "Exception")

_QUIET = tuple(
    getattr(cst, name)
    for name in (
        "IndentedBlock", "SimpleStatementLine", "SimpleStatementSuite", "Expr", "Yield", "Name",
        "Integer", "Float", "SimpleString", "Ellipsis", "Tuple", "List", "Element", "Pass", "If",
        "Else", "While", "Break", "Continue", "Return",
    )
)  # fmt: skip
"""What cannot raise, if the names in it are bound."""


@dataclass(frozen=True, slots=True)
class DeadHandler:
    """A handler for ordinary exceptions whose `try` raises nothing but at the `yield`."""

    handler: cst.CSTNode
    at: cst.CSTNode


@dataclass(frozen=True, slots=True)
class ReleaseForErrors:
    """A release that only a handler for Exception makes.

    What is released was acquired at `acquired`; `way_out` says what passes the handler by at `at`,
    `cancellation` or `exit`. `type` is the handler's type.
    """

    handler: cst.CSTNode
    type: cst.CSTNode
    text: str
    acquired: cst.CSTNode
    at: cst.CSTNode
    way_out: str


def dead_handlers(graph: Graph, scope: Scope, knowledge: Knowledge) -> Iterator[DeadHandler]:
    """Yield the first handler of each `try` in which nothing but a `yield` could raise."""
    flags = constants(graph)
    seen: set[cst.CSTNode] = set()
    for index in sorted(flags):
        block = graph.blocks[index]
        at = yield_of(block)
        tries = [each.node for each in block.regions if each.kind is RegionKind.TRY_BODY]
        if at is None or not tries or tries[-1] in seen:
            continue
        node = tries[-1]
        seen.add(node)
        if not isinstance(node, cst.Try) or not node.handlers or not _is_quiet(node.body):
            continue
        if all(_is_ordinary(each, scope, knowledge) for each in node.handlers):
            yield DeadHandler(node.handlers[0], at)


def _is_quiet(body: cst.BaseSuite) -> bool:
    """Return whether a suite does nothing that may raise, and takes nothing sent to it."""
    for each in own_nodes(body):
        if not isinstance(each, _QUIET):
            return False
        is_used = not isinstance(each, cst.Expr) and any(
            isinstance(child, cst.Yield) for child in children(each)
        )
        if is_used:
            return False
    return True


def _is_ordinary(handler: cst.ExceptHandler, scope: Scope, knowledge: Knowledge) -> bool:
    if handler.type is None:
        return False
    return all(
        _is_ordinary_type(knowledge.lineage(each, scope)) for each in alternatives(handler.type)
    )


def _is_ordinary_type(lineage: tuple[str, ...]) -> bool:
    """Return whether a class is an Exception, by its known bases or at least by its name."""
    if set(lineage) & tables.CANCELLED_ERRORS:
        return False
    for each in lineage:
        if each.startswith("builtins."):
            return is_caught(each, [tables.ORDINARY_EXCEPTION_ROOT]) is True
    return lineage[0].endswith(_ORDINARY_ENDINGS) and not lineage[0].endswith("CancelledError")


class ErrorOnly:
    """Finds what one function releases for errors alone."""

    def __init__(self, graph: Graph, scope: Scope, knowledge: Knowledge, cleanup: Cleanup) -> None:
        self._graph = graph
        self._scope = scope
        self._knowledge = knowledge
        self._cleanup = cleanup

    def releases(self) -> Iterator[ReleaseForErrors]:
        """Yield each handler for Exception whose release other ways out pass by."""
        if not isinstance(self._scope.node, cst.FunctionDef):
            return
        for node in own_nodes(self._scope.node.body):
            if not isinstance(node, cst.Try) or node.finalbody is not None:
                continue
            if len(node.handlers) != 1 or not self._is_for_errors(node.handlers[0]):
                continue
            for call in self._releases_in(node.handlers[0]):
                found = self._skipped(node, node.handlers[0], call)
                if found is not None:
                    yield found
                    break

    def _is_for_errors(self, handler: cst.ExceptHandler) -> bool:
        if handler.type is None:
            return False
        return self._knowledge.dotted(handler.type, self._scope) == tables.ORDINARY_EXCEPTION_ROOT

    def _releases_in(self, handler: cst.ExceptHandler) -> list[cst.Call]:
        """Return the releases of a handler that does nothing else, and raises again."""
        *statements, last = handler.body.body
        if not isinstance(last, cst.SimpleStatementLine):
            return []
        raised = last.body[0]
        name = handler.name.name if handler.name is not None else None
        if not isinstance(raised, cst.Raise) or not (
            raised.exc is None or (isinstance(name, cst.Name) and is_name(raised.exc, name.value))
        ):
            return []
        calls = []
        for each in statements:
            if not isinstance(each, cst.SimpleStatementLine):
                return []
            for small in each.body:
                if not isinstance(small, cst.Expr):
                    return []
                call = call_of(small.value)
                if call is None:
                    return []
                if isinstance(call.func, cst.Attribute) and call.func.attr.value in _RELEASES:
                    calls.append(call)
                elif self._cleanup.suite_has_effect(call, self._scope) is not Verdict.NO:
                    return []
        return calls

    def _skipped(
        self, node: cst.Try, handler: cst.ExceptHandler, call: cst.Call
    ) -> ReleaseForErrors | None:
        assert isinstance(call.func, cst.Attribute)
        assert handler.type is not None
        receiver = dotted_name(call.func.value)
        acquired = self._acquired(receiver, call, node) if receiver else None
        if acquired is None or self._has_owner(receiver):
            return None
        flags = constants(self._graph)
        for index in sorted(flags):
            block = self._graph.blocks[index]
            if not any(
                each.node is node and each.kind is RegionKind.TRY_BODY for each in block.regions
            ):
                continue
            is_yield = yield_of(block) is not None
            is_driven = self._knowledge.is_driven_as_context_manager(self._scope)
            kind = EdgeKind.GENERATOR_EXIT if is_yield and not is_driven else EdgeKind.CANCEL
            leaving = [x for x in block.edges if x.raised and x.kind is kind]
            if is_always_done(
                self._graph,
                block,
                frozenset({kind}),
                lambda each: self._is_released_in(each, receiver),
            ):
                continue
            way_out = "exit" if kind is EdgeKind.GENERATOR_EXIT else "cancellation"
            at = leaving[0].node or yield_of(block) or node
            text = f"{receiver}.{call.func.attr.value}()"
            return ReleaseForErrors(handler, handler.type, text, acquired, at, way_out)
        return None

    def _is_released_in(self, block: Block, receiver: str) -> bool:
        names = frozenset({receiver})
        for each in block.instructions:
            if isinstance(each, Call) and isinstance(each.node, cst.Call):
                if is_in_finally(block) and mentions(each.node, names):
                    return True
                function = each.node.func
                if (
                    isinstance(function, cst.Attribute)
                    and each.method in _RELEASES
                    and dotted_name(function.value) == receiver
                ):
                    return True
        return False

    def _acquired(self, receiver: str, release: cst.Call, node: cst.Try) -> cst.CSTNode | None:
        """Return where, before the `try`, a call made or acquired what is released."""
        inside = set(descendants(node))
        assert isinstance(release.func, cst.Attribute)
        if self._knowledge.is_async_generator(release.func.value, self._scope):
            return None
        method = release.func.attr.value
        counterparts = tables.ACQUIRES_OF_RELEASE.get(method, frozenset())
        for call in self._scope.calls:
            if (
                call not in inside
                and isinstance(call.func, cst.Attribute)
                and call.func.attr.value in counterparts
                and dotted_name(call.func.value) == receiver
            ):
                return call
        if method in tables.RELEASES_OF_PAIRS or method == "release":
            return None
        bindings = self._scope.bindings.get(receiver, [])
        if bindings and all(self._is_made(each) and each.node not in inside for each in bindings):
            return bindings[0].node
        stored = [
            each
            for each in descendants(self._scope.node)
            if isinstance(each, cst.Assign)
            and len(each.targets) == 1
            and isinstance(each.targets[0].target, cst.Attribute)
            and dotted_name(each.targets[0].target) == receiver
        ]
        if stored and all(
            each not in inside and call_of(each.value) is not None for each in stored
        ):
            return stored[0]
        return None

    def _is_made(self, binding: Binding) -> bool:
        made = call_of(binding.value)
        return made is not None and (
            self._knowledge.dotted(made.func, self._scope) not in tables.LOCAL_WHEN_MADE_HERE
        )

    def _has_owner(self, receiver: str) -> bool:
        """Return whether a `with`, an exit stack or a nested function may release the object."""
        names = frozenset({receiver})
        for each in descendants(self._scope.node):
            if isinstance(each, cst.WithItem) and mentions(each.item, names):
                return True
            is_nested = each is not self._scope.node and isinstance(
                each, (cst.FunctionDef, cst.Lambda)
            )
            if is_nested and mentions(each, names):
                return True
            if (
                isinstance(each, cst.Call)
                and isinstance(each.func, cst.Attribute)
                and each.func.attr.value in tables.EXIT_STACK_CLOSERS
                and any(mentions(argument.value, names) for argument in each.args)
            ):
                return True
        return False
