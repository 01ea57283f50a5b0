"""Does code have an effect when a generator is closed, or is it bookkeeping?

The three verdicts are runtime.md (b): a `finally` is trivial when it holds only pass, assignments
to locals, `del`, `+=`, logging, or changes of a container local to the call. Taking an item out of
a container that others see is a release, by a method or by `del`.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

import libcst as cst

from asyncgen_lint.flow.graph import Region, RegionKind, Yield
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import (
    BindingKind,
    Scope,
    ScopeKind,
    all_parameters,
    alternatives,
    dotted_name,
    is_name,
    only_argument,
)
from asyncgen_lint.source.walk import OWN_SCOPES, children
from asyncgen_lint.typestate.instances import one_of
from asyncgen_lint.typestate.knowledge import FunctionKind, Knowledge
from asyncgen_lint.typestate.stacks import only_closes_generators


class Verdict(Enum):
    """A three-valued answer."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return YES if any is, else UNKNOWN if any is, else NO."""
    found = set(verdicts)
    for each in (Verdict.YES, Verdict.UNKNOWN):
        if each in found:
            return each
    return Verdict.NO


_DISPLAYS = (cst.List, cst.Set, cst.Dict, cst.ListComp, cst.SetComp, cst.DictComp)

_WITHOUT_EFFECT = tables.LOCAL_ONLY_CALLS | tables.CONTAINER_TYPES | tables.PURE_BUILTINS


class Cleanup:
    """Judges suites and context managers of one module."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def suite_has_effect(self, suite: cst.CSTNode, scope: Scope, *, closed: str = "") -> Verdict:
        """Return whether running a suite at closing has an effect beyond the call's own locals.

        Closing the object named `closed`, or a part of it, is left out.
        """
        verdicts = []
        pending = [suite]
        while pending:
            node = pending.pop()
            if isinstance(node, OWN_SCOPES):
                continue
            if _closes(node.expression if isinstance(node, cst.Await) else node, closed):
                continue
            if isinstance(node, (cst.Await, cst.Yield)):
                verdicts.append(Verdict.YES)
            elif isinstance(node, cst.Raise) and isinstance(node.exc, cst.Call):
                # Making the exception has no effect; what it is made of may have one.
                pending += [each.value for each in node.exc.args]
                continue
            elif isinstance(node, cst.Del):
                verdicts.append(self._deletion_has_effect(node.target, scope))
            elif isinstance(node, cst.Call):
                verdicts.append(self._call_has_effect(node, scope))
            elif isinstance(node, (cst.For, cst.With)) and node.asynchronous is not None:
                verdicts.append(Verdict.YES)
            elif isinstance(node, cst.AssignTarget) and not isinstance(node.target, cst.Name):
                verdicts.append(Verdict.UNKNOWN)
            pending += children(node)
        return worst(verdicts)

    def _call_has_effect(self, call: cst.Call, scope: Scope) -> Verdict:
        function = call.func
        if self._knowledge.dotted(function, scope) in _WITHOUT_EFFECT:
            return Verdict.NO
        made = self._knowledge.product(call, scope)
        if made is not None and made.kind in (FunctionKind.AGEN, FunctionKind.GENERATOR):
            # Making a generator runs nothing of it.
            return Verdict.NO
        if not isinstance(function, cst.Attribute):
            return Verdict.YES
        method = function.attr.value
        if self._is_log_method(function, scope) or self._holds_log_methods(function, scope):
            return Verdict.NO
        if method in tables.CONTAINER_METHODS and self._is_local_container(function.value, scope):
            return Verdict.NO
        return Verdict.YES

    def _deletion_has_effect(self, target: cst.BaseExpression, scope: Scope) -> Verdict:
        """Return whether `del` takes an item out of a container that others may see."""
        if isinstance(target, (cst.Tuple, cst.List)):
            return worst(self._deletion_has_effect(each.value, scope) for each in target.elements)
        if not isinstance(target, cst.Subscript) or self._is_local_container(target.value, scope):
            return Verdict.NO
        root: cst.BaseExpression = target.value
        while isinstance(root, (cst.Attribute, cst.Subscript)):
            root = root.value
        bindings = scope.bindings.get(root.value, []) if isinstance(root, cst.Name) else []
        if not all(each.kind is BindingKind.PARAMETER for each in bindings) and not any(
            root is target.value and isinstance(each.value, cst.Attribute) for each in bindings
        ):
            # Of what a call has made or given, it is not known who else sees it.
            return Verdict.UNKNOWN
        return Verdict.YES if isinstance(root, cst.Name) else Verdict.UNKNOWN

    def _is_log_method(self, method: cst.BaseExpression, scope: Scope) -> bool:
        if not isinstance(method, cst.Attribute) or method.attr.value not in tables.LOGGING_METHODS:
            return False
        receiver = dotted_name(method.value)
        is_logging = self._knowledge.dotted(method.value, scope) == "logging"
        return is_logging or "log" in receiver.rpartition(".")[2].lower()

    def _holds_log_methods(self, attribute: cst.Attribute, scope: Scope) -> bool:
        """Return whether an attribute of an object only ever gets methods that log."""
        owner = self._knowledge.class_of(attribute.value, scope)
        if owner is None:
            return False
        stored = self._knowledge.instances.stored_on_self(owner, attribute.attr.value)
        return bool(stored) and all(
            self._is_log_method(each, where) for value, where in stored for each in one_of(value)
        )

    def _is_local_container(self, node: cst.BaseExpression, scope: Scope) -> bool:
        if not isinstance(node, cst.Name):
            return False
        bindings = scope.bindings.get(node.value, [])
        return bool(bindings) and all(
            each.kind is BindingKind.VALUE and self._makes_container(each.value, scope)
            for each in bindings
        )

    def _makes_container(self, value: cst.BaseExpression | None, scope: Scope) -> bool:
        if isinstance(value, cst.Call):
            return self._knowledge.dotted(value.func, scope) in tables.CONTAINER_TYPES
        return isinstance(value, _DISPLAYS)

    def handler_has_effect(
        self, handler: cst.CSTNode, scope: Scope, *, closed: str = ""
    ) -> Verdict:
        """Return whether a handler that catches GeneratorExit has an effect at closing."""
        body = handler.body  # type: ignore[attr-defined]
        return self.suite_has_effect(body, scope, closed=closed)

    def manager_has_effect(
        self, manager: cst.BaseExpression, scope: Scope, *, is_async: bool
    ) -> Verdict:
        """Return whether leaving a context manager has an effect."""
        known = self._known_manager(manager, scope)
        if known is not None:
            return known
        return Verdict.YES if is_async else Verdict.UNKNOWN

    def _known_manager(self, manager: cst.BaseExpression, scope: Scope) -> Verdict | None:
        called = manager.func if isinstance(manager, cst.Call) else manager
        dotted = self._knowledge.dotted(called, scope)
        if dotted in tables.SUPPRESSORS and isinstance(manager, cst.Call):
            types = {self._knowledge.dotted(each.value, scope) for each in manager.args}
            catches = bool(types & tables.GENERATOR_EXIT_CATCHERS)
            return Verdict.YES if catches else Verdict.NO
        if dotted in tables.TRIVIAL_MANAGERS:
            return Verdict.NO
        is_closer = dotted in self._knowledge.known.closers
        if is_closer and isinstance(manager, cst.Call) and manager.args:
            return self._close_has_effect(manager.args[0].value, scope)
        if dotted in tables.SYNC_RELEASES:
            return Verdict.YES
        found = self._knowledge.callee(called, scope)
        if found is None:
            product = self._knowledge.product(manager, scope)
            if product is None or product.kind is not FunctionKind.CONTEXT_MANAGER:
                return None
            if len(product.functions) != 1:
                return None
            return self._generator_manager_has_effect(product.functions[0], manager, scope)
        if found.kind is ScopeKind.CLASS:
            return self._class_has_effect(found, manager, scope)
        is_manager = self._knowledge.kind(found) is FunctionKind.CONTEXT_MANAGER
        decorators = self._knowledge.resolver.decorators(found)
        if not is_manager and "contextlib.contextmanager" not in decorators:
            return None
        entered = self._knowledge.entered_function(found)
        if entered is None:
            return None
        return self._generator_manager_has_effect(entered, manager, scope)

    def _close_has_effect(self, closed: cst.BaseExpression, scope: Scope) -> Verdict:
        """Return what closing an object and nothing else comes to, for who does it at a yield."""
        # A generator made in view counts for itself, as one that is held at the yield.
        product = self._knowledge.product(closed, scope)
        is_followed = product is not None and product.kind is FunctionKind.AGEN
        return Verdict.NO if is_followed else Verdict.UNKNOWN

    def _class_has_effect(
        self, owner: Scope, manager: cst.BaseExpression, scope: Scope
    ) -> Verdict | None:
        for name in ("__aexit__", "__exit__"):
            method = self._knowledge.resolver.method(owner, name)
            if method is None or not isinstance(method.node, cst.FunctionDef):
                continue
            given = self._argument_closed_by(method, owner, manager)
            if given is None:
                return self.suite_has_effect(method.node.body, method)
            closed, argument = given
            rest = self.suite_has_effect(method.node.body, method, closed=closed)
            return worst([rest, self._close_has_effect(argument, scope)])
        return None

    def _argument_closed_by(
        self, method: Scope, owner: Scope, manager: cst.BaseExpression
    ) -> tuple[str, cst.BaseExpression] | None:
        """Return what a method calls the only argument of its class, and that, if it closes it."""
        maker = self._knowledge.resolver.method(owner, "__init__")
        given = _only_argument(manager, maker) if maker is not None else None
        if given is None:
            return None
        for closed in sorted(_awaited_closes(method)):
            this, _, attribute = closed.partition(".")
            stored = self._knowledge.instances.stored_on_self(owner, attribute)
            is_argument = stored and all(is_name(value, given[0]) for value, _ in stored)
            if is_argument and this in method.bindings:
                return closed, given[1]
        return None

    def _generator_manager_has_effect(
        self, function: Scope, manager: cst.BaseExpression, scope: Scope
    ) -> Verdict:
        """Return whether GeneratorExit thrown at the manager's own yield has an effect."""
        graph = self._knowledge.graph(function)
        if graph is None:
            return Verdict.UNKNOWN
        given = _only_argument(manager, function)
        if given is not None and given[0] not in _awaited_closes(function):
            given = None
        closed = given[0] if given is not None else ""
        verdicts = [
            self.region_has_effect(region, function, closed=closed)
            for block in graph.blocks
            if any(isinstance(each, Yield) for each in block.instructions)
            for region in block.regions
        ]
        if given is not None:
            verdicts.append(self._close_has_effect(given[1], scope))
        return worst(verdicts)

    def region_has_effect(self, region: Region, scope: Scope, *, closed: str = "") -> Verdict:
        """Return whether closing at a yield inside a try or with region has an effect.

        Closing the object named `closed`, or a part of it, is left out.
        """
        node = region.node
        if region.kind is RegionKind.WITH:
            assert isinstance(node, cst.WithItem)
            if closed and self._is_closed_by(node.item, closed, scope):
                return Verdict.NO
            if only_closes_generators(node, scope, self._knowledge):
                # Each counts for itself, as one that is held at the yield.
                return Verdict.NO
            return self.manager_has_effect(node.item, scope, is_async=region.is_async)
        if not isinstance(node, (cst.Try, cst.TryStar)) or region.kind is RegionKind.FINALLY:
            return Verdict.NO
        verdicts = []
        if node.finalbody is not None:
            verdicts.append(self.suite_has_effect(node.finalbody.body, scope, closed=closed))
        if region.kind is RegionKind.TRY_BODY:
            verdicts += [
                self.handler_has_effect(each, scope, closed=closed)
                for each in node.handlers
                if self._catches_generator_exit(each, scope)
            ]
        return worst(verdicts)

    def _is_closed_by(self, manager: cst.BaseExpression, name: str, scope: Scope) -> bool:
        """Return whether leaving a manager closes the named object, or a part of it."""
        if is_name(manager, name):
            return True
        closed = only_argument(manager)
        if not isinstance(manager, cst.Call) or closed is None:
            return False
        dotted = self._knowledge.dotted(manager.func, scope)
        is_closer = dotted in self._knowledge.known.closers or dotted in tables.SYNC_CLOSING
        return is_closer and _is_part_of(closed, name)

    def _catches_generator_exit(
        self, handler: cst.ExceptHandler | cst.ExceptStarHandler, scope: Scope
    ) -> bool:
        if handler.type is None:
            return True
        dotted = {self._knowledge.dotted(each, scope) for each in alternatives(handler.type)}
        return bool(dotted & tables.GENERATOR_EXIT_CATCHERS)


def _only_argument(
    manager: cst.BaseExpression, function: Scope
) -> tuple[str, cst.BaseExpression] | None:
    """Return the only parameter but `self` of a called function, and what is passed as it."""
    node = function.node
    if not isinstance(manager, cst.Call) or not isinstance(node, cst.FunctionDef):
        return None
    names = [each.name.value for each in all_parameters(node.params)]
    if function.owner_class is not None:
        names = names[1:]
    if len(names) != 1 or len(function.bindings.get(names[0], ())) != 1:
        return None
    if len(manager.args) != 1 or manager.args[0].star:
        return None
    return names[0], manager.args[0].value


def _awaited_closes(function: Scope) -> set[str]:
    """Return the dotted names of which a function awaits `aclose()`."""
    return {
        dotted_name(each.expression.func.value)
        for each in function.awaits
        if isinstance(each, cst.Await)
        and isinstance(each.expression, cst.Call)
        and isinstance(each.expression.func, cst.Attribute)
        and each.expression.func.attr.value == "aclose"
    }


def _closes(node: cst.CSTNode, name: str) -> bool:
    """Return whether a node is a call that closes the named object, or a part of it."""
    if not name or not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
        return False
    return node.func.attr.value in tables.CLOSE_METHODS and _is_part_of(node.func.value, name)


def _is_part_of(expression: cst.BaseExpression, name: str) -> bool:
    return f"{dotted_name(expression)}.".startswith(f"{name}.")
