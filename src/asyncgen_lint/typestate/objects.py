"""Generator objects that are used as what they are not: sync ones, values, or shared ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.flow.graph import (
    EXCEPTIONAL,
    Await,
    Block,
    Graph,
    Next,
    Region,
    RegionKind,
    Test,
)
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import (
    BindingKind,
    Scope,
    all_parameters,
    dotted_name,
    is_name,
    last_name,
)
from asyncgen_lint.source.walk import descendants
from asyncgen_lint.typestate.around import handlers_around, managers_around
from asyncgen_lint.typestate.consumers import Consumers
from asyncgen_lint.typestate.knowledge import FunctionKind, Knowledge
from asyncgen_lint.typestate.made import Made
from asyncgen_lint.typestate.track import is_async_generator_expression

ASYNC_METHODS = {"close": "aclose", "send": "asend", "throw": "athrow", "__next__": "__anext__"}
"""The methods of a sync generator, and what an async one has instead: Language Reference 6.2.9."""

_LOOKERS = tables.LOCAL_ONLY_CALLS | {
    "builtins.type", "builtins.id", "builtins.hasattr", "inspect.isasyncgen",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shared:
    """A generator that is made once, where a module, class or function is defined.

    `how` says where: "module", "class" or "default"; `use` is a place that consumes it, if known.
    """

    creation: cst.BaseExpression
    name: str
    how: str
    use: cst.CSTNode | None


class Objects:
    """Answers for one module; `parent` gives the node around a node."""

    def __init__(
        self,
        knowledge: Knowledge,
        consumers: Consumers,
        parent: Callable[[cst.CSTNode], cst.CSTNode | None],
    ) -> None:
        self._knowledge = knowledge
        self._consumers = consumers
        self._parent = parent
        self._made = Made(knowledge)

    # Sync methods

    def sync_methods(self) -> Iterator[tuple[cst.Call, str, Scope]]:
        """Yield each call of a sync generator's method on an async one, with its name and scope."""
        for scope in self._knowledge.outline.module.descendants():
            for call in scope.calls:
                if not isinstance(call.func, cst.Attribute):
                    continue
                method = call.func.attr.value
                if method not in ASYNC_METHODS:
                    continue
                if self._made.makers(call.func.value, scope) is None:
                    continue
                if not self._expects(call, scope, "AttributeError"):
                    yield call, method, scope

    def _expects(self, node: cst.CSTNode, scope: Scope, exception: str) -> bool:
        """Return whether code around a node handles an exception by its name, or asserts it."""
        if any(_names(each.type, exception) for each in handlers_around(node, self._parent)):
            return True
        managers = list(managers_around(node, self._parent))
        regions = tuple(Region(RegionKind.WITH, each) for each in managers)
        return self._consumers.expects_exception(regions, scope) or any(
            _names(each.item, exception) for each in managers
        )

    # Truth

    def tested(self) -> Iterator[tuple[cst.BaseExpression, cst.CSTNode]]:
        """Yield each generator whose truth is asked, with the test."""
        module = self._knowledge.outline.module
        kept = module.bindings if self._knowledge.may_create_generators(module) else {}
        for scope in (module, *self._knowledge.outline.functions()):
            names_one = not kept.keys().isdisjoint(scope.loads)
            if not names_one and not self._knowledge.may_create_generators(scope):
                continue
            graph = self._knowledge.graph(scope)
            seen: set[cst.CSTNode] = set()
            for block in graph.reachable() if graph is not None else ():
                for each in block.instructions:
                    if not isinstance(each, Test) or each.node in seen or each.other:
                        continue
                    if self._guards_close(each.node):
                        continue
                    seen.add(each.node)
                    found = self._tested(each.node, scope)
                    if found is not None:
                        yield found, each.node

    def _guards_close(self, node: cst.CSTNode) -> bool:
        """Return whether a test stands before the close of what it asks for, and nothing else."""
        guarded = self._parent(node)
        if (
            not isinstance(guarded, cst.If)
            or guarded.test is not node
            or guarded.orelse is not None
        ):
            return False
        calls = [each for each in descendants(guarded.body) if isinstance(each, cst.Call)]
        return len(calls) == 1 and last_name(calls[0].func) == "aclose"

    def _tested(self, node: cst.CSTNode, scope: Scope) -> cst.BaseExpression | None:
        if isinstance(node, cst.Call) and self._is_bool(node, scope):
            node = node.args[0].value
        if isinstance(node, cst.NamedExpr):
            node = node.value
        if not isinstance(node, (cst.Name, cst.Call, cst.GeneratorExp)):
            # What an attribute holds may be set from elsewhere.
            return None
        return node if self._made.makers(node, scope) is not None else None

    def _is_bool(self, call: cst.Call, scope: Scope) -> bool:
        is_bool = self._knowledge.dotted(call.func, scope) == "builtins.bool"
        return is_bool and len(call.args) == 1

    # Generators made once

    def shared(self) -> Iterator[Shared]:
        """Yield each generator that is made where a module, class or function is defined."""
        outline = self._knowledge.outline
        yield from self._shared_by_module(outline.module)
        for owner in outline.classes():
            yield from self._shared_by_class(owner)
        for function in outline.functions():
            yield from self._shared_by_default(function)

    def _bound_once(self, scope: Scope) -> Iterator[tuple[str, cst.BaseExpression]]:
        """Yield the names of a module or class that hold one value, which may be a generator."""
        for name, bindings in scope.bindings.items():
            if len(bindings) != 1 or bindings[0].kind is not BindingKind.VALUE:
                continue
            value = bindings[0].value
            if isinstance(value, cst.GeneratorExp) and not is_async_generator_expression(value):
                continue
            may_be_made = isinstance(value, (cst.Call, cst.GeneratorExp))
            if value is not None and may_be_made and not self._runs_later_or_alone(value):
                yield name, value

    def _runs_later_or_alone(self, node: cst.CSTNode) -> bool:
        """Return whether a node stands in a function, or under `if __name__ == "__main__":`."""
        current = self._parent(node)
        while current is not None:
            if isinstance(current, (cst.FunctionDef, cst.Lambda)):
                return True
            if isinstance(current, cst.If) and any(
                is_name(each, "__name__") for each in descendants(current.test)
            ):
                return True
            current = self._parent(current)
        return False

    def _is_made_by(self, creation: cst.BaseExpression, scope: Scope) -> bool:
        if isinstance(creation, cst.GeneratorExp):
            return True
        product = self._knowledge.certain_product(creation, scope)
        return (
            product is not None
            and product.kind is FunctionKind.AGEN
            and all(
                self._knowledge.body_kind(each) is FunctionKind.AGEN for each in product.functions
            )
        )

    def _shared_by_module(self, module: Scope) -> Iterator[Shared]:
        for name, creation in self._bound_once(module):
            if name in module.loads:
                # Consumed while the module is executed, or made for its type alone.
                continue
            loads = [
                load
                for scope in module.descendants()
                for load in scope.loads.get(name, ())
                if self._is_of(name, scope, module) and self._is_consumed(load, scope)
            ]
            if len(loads) == 1 and self._runs_a_loop(module):
                continue
            if loads and self._is_made_by(creation, module):
                yield Shared(creation, name, "module", loads[0])

    def _is_of(self, name: str, scope: Scope, module: Scope) -> bool:
        bound = self._knowledge.resolver.bindings(name, scope)
        return scope is not module and bound is not None and bound[0] is module

    def _runs_a_loop(self, module: Scope) -> bool:
        """Return whether a module is a script that runs an event loop once."""
        return any(
            self._knowledge.dotted(call.func, module) in tables.LOOP_RUNNERS
            or last_name(call.func) == "run_until_complete"
            for call in module.calls
        )

    def _is_consumed(self, node: cst.CSTNode, scope: Scope) -> bool:
        """Return whether a read of a generator steps it, or hands it to somebody who may."""
        parent = self._parent(node)
        if isinstance(parent, (cst.For, cst.CompFor)):
            return parent.iter is node
        if isinstance(parent, cst.Attribute):
            return parent.attr.value in tables.STEP_METHODS
        if isinstance(parent, cst.Arg):
            call = self._parent(parent)
            return not (
                isinstance(call, cst.Call) and self._knowledge.dotted(call.func, scope) in _LOOKERS
            )
        return isinstance(parent, (cst.Return, cst.Yield))

    def _shared_by_class(self, owner: Scope) -> Iterator[Shared]:
        kept = dict(self._bound_once(owner))
        accesses: dict[str, list[tuple[cst.Attribute, Scope]]] = {name: [] for name in kept}
        for method in owner.methods() if kept else ():
            for node in descendants(method.node):
                if isinstance(node, cst.Attribute) and node.attr.value in accesses:
                    accesses[node.attr.value].append((node, method))
        for name, creation in kept.items():
            if any(self._is_stored(node) for node, _ in accesses[name]):
                continue
            uses = [node for node, method in accesses[name] if self._is_consumed(node, method)]
            stored = uses and self._knowledge.instances.stored_on_self(owner, name)
            if uses and not stored and self._is_made_by(creation, owner):
                yield Shared(creation, name, "class", uses[0])

    def _is_stored(self, attribute: cst.Attribute) -> bool:
        return isinstance(self._parent(attribute), (cst.AssignTarget, cst.AnnAssign))

    def _shared_by_default(self, function: Scope) -> Iterator[Shared]:
        if not isinstance(function.node, cst.FunctionDef) or function.parent is None:
            return
        for each in all_parameters(function.node.params):
            default = each.default
            if not isinstance(default, (cst.Call, cst.GeneratorExp)):
                continue
            if self._made.makers(default, function.parent) is not None:
                yield Shared(default, each.name.value, "default", None)

    # Items lost

    def discarded_sends(self) -> Iterator[tuple[cst.Call, cst.For]]:
        """Yield each bare `await g.asend(value)` in an `async for` over `g`, with the loop."""
        for loop, scope in self._consumers.async_loops:
            name = dotted_name(loop.iter)
            if not isinstance(loop, cst.For) or not name:
                continue
            for each in scope.awaits:
                if (
                    isinstance(each, cst.Await)
                    and self._is_bare_send(each, name)
                    and self._loses_item(each, loop, scope)
                ):
                    assert isinstance(each.expression, cst.Call)
                    yield each.expression, loop

    def _loses_item(self, send: cst.Await, loop: cst.For, scope: Scope) -> bool:
        """Return whether a loop goes on behind the item that a send in its body returns."""
        makers = self._made.makers(loop.iter, scope)
        graph = self._knowledge.graph(scope)
        if not makers or graph is None or any(_answers_sends(each) for each in makers):
            return False
        is_inside = any(each is send for each in descendants(loop.body))
        is_expected = self._expects(send, scope, "StopAsyncIteration")
        return is_inside and not is_expected and _comes_back(graph, send, loop)

    def _is_bare_send(self, node: cst.Await, name: str) -> bool:
        call = node.expression
        if not isinstance(call, cst.Call) or not isinstance(self._parent(node), cst.Expr):
            return False
        if not isinstance(call.func, cst.Attribute) or call.func.attr.value != "asend":
            return False
        is_skip = len(call.args) != 1 or is_name(call.args[0].value, "None")
        return not is_skip and dotted_name(call.func.value) == name


def _answers_sends(function: Scope) -> bool:
    """Return whether a generator has a `yield` without an item, as an answer to what is sent."""
    return any(each.value is None or is_name(each.value, "None") for each in function.yields)


def _comes_back(graph: Graph, send: cst.CSTNode, loop: cst.CSTNode) -> bool:
    """Return whether control may come from a place in a loop's body to its next step."""
    pending: list[Block] = [
        block
        for block in graph.reachable()
        if any(isinstance(each, Await) and each.node is send for each in block.instructions)
    ]
    seen = {each.index for each in pending}
    while pending:
        block = pending.pop()
        for edge in block.edges:
            if edge.kind in EXCEPTIONAL or edge.target.index in seen:
                continue
            seen.add(edge.target.index)
            pending.append(edge.target)
            if any(isinstance(x, Next) and x.node is loop for x in edge.target.instructions):
                return True
    return False


def _names(expression: cst.CSTNode | None, name: str) -> bool:
    return expression is not None and any(is_name(each, name) for each in descendants(expression))
