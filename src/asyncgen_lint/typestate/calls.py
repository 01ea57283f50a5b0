"""What a call does to the generators it is given: the only place that decides ownership.

An argument of a call ends in one of the uses below; what is not known escapes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import libcst as cst

from asyncgen_lint.flow.graph import Argument, Call
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import Scope, ScopeKind, all_parameters, dotted_name
from asyncgen_lint.source.walk import descendants
from asyncgen_lint.typestate.knowledge import FunctionKind, Knowledge
from asyncgen_lint.typestate.state import Holding, Role


class Use(Enum):
    """What becomes of a generator that takes part in a call."""

    LOOKS = "looks"
    TESTS = "tests"
    ESCAPES = "escapes"
    CLOSES = "closes"
    EXHAUSTS = "exhausts"
    STEPS = "steps"
    RELAYS = "yields its items, and leaves it suspended"
    GIVES = "gives it back in another form"


@dataclass(frozen=True, slots=True)
class Effect:
    """A use, and for GIVES the form in which the call's result holds the generator."""

    use: Use
    result: Holding | None = None


_LOOKS = Effect(Use.LOOKS)
_ESCAPES = Effect(Use.ESCAPES)
_TESTERS = frozenset({"builtins.isinstance", "builtins.hasattr", "inspect.isasyncgen",
                      "builtins.callable"})  # fmt: skip
_LOOKERS = tables.LOCAL_ONLY_CALLS | {
    "builtins.type", "builtins.id", "builtins.hash", "builtins.bool",
    "inspect.iscoroutine", "inspect.isawaitable",
}  # fmt: skip


_CLOSER_METHODS = tables.CLOSE_METHODS | {"__aexit__"}
"""The methods of which a class needs one that awaits `aclose()` to be a closer."""


_ACTIONS = {Use.CLOSES: "aclose", Use.EXHAUSTS: "exhaust", Use.STEPS: "step"}
"""What awaiting a coroutine does to a generator that its function got, as a step of it."""


class ParameterSummaries(Protocol):
    """What each function of a module does with each of its parameters."""

    def use(self, function: Scope, parameter: str) -> Use:
        """Return what the function does with what is passed as this parameter."""

    def ends_with_one_of(
        self, function: Scope, call: cst.CSTNode, closed: frozenset[str], scope: Scope
    ) -> bool:
        """Return whether closing these names does all that a generator has to clean up."""

    def yields_first(self, function: Scope) -> bool:
        """Return whether every run of a generator function comes to a `yield` or raises."""


class CallEffects:
    """Decides, for the calls of one function, what they do with the generators they are given."""

    def __init__(self, knowledge: Knowledge, summaries: ParameterSummaries, scope: Scope) -> None:
        self._knowledge = knowledge
        self._summaries = summaries
        self._scope = scope

    def on_receiver(self, call: Call, held: Holding) -> Effect:
        """Return what `held.method(...)` does to the generator."""
        node = call.node
        assert isinstance(node, cst.Call)
        if held.role is Role.OBJECT:
            return self._method(held, call.method, node)
        if held.role is Role.CLOSER and call.method == "__aenter__":
            return _ESCAPES
        if held.role is Role.CLOSER and call.method in _CLOSER_METHODS:
            return Effect(Use.GIVES, Holding(held.site, Role.STEP, "aclose", step=node))
        return _LOOKS

    def on_callee(self, call: Call, held: Holding) -> Effect:
        """Return what calling a held bound method does to the generator."""
        node = call.node
        assert isinstance(node, cst.Call)
        if held.role is Role.METHOD:
            return self._method(held, held.action, node)
        return _LOOKS

    def on_argument(self, call: Call, argument: Argument, held: Holding) -> Effect:
        """Return what a call does to a generator that is one of its arguments."""
        node = call.node
        assert isinstance(node, cst.Call)
        if held.role in (Role.ITEM, Role.ALWAYS_TRUE):
            return _LOOKS
        dotted = self._knowledge.dotted(node.func, self._scope)
        if dotted:
            return self._library_call(node, dotted, argument, held)
        if call.method == "enter_async_context":
            return Effect(Use.GIVES, Holding(held.site, Role.STEP, "enter"))
        return self._call_in_view(node, argument, held)

    def _method(self, held: Holding, method: str, node: cst.Call) -> Effect:
        if method in ("__aiter__", "aiter"):
            return Effect(Use.GIVES, Holding(held.site, Role.OBJECT))
        if method == "aclose" or method in tables.STEP_METHODS:
            return Effect(Use.GIVES, Holding(held.site, Role.STEP, method, step=node))
        return _LOOKS

    def _library_call(
        self, node: cst.Call, dotted: str, argument: Argument, held: Holding
    ) -> Effect:
        is_first = bool(node.args) and node.args[0].value is argument.node
        if dotted in _TESTERS:
            return Effect(Use.GIVES, Holding(held.site, Role.ALWAYS_TRUE))
        if dotted in _LOOKERS:
            return _LOOKS
        if not is_first:
            return _ESCAPES
        if dotted in self._knowledge.known.closers and held.role is Role.OBJECT:
            return Effect(Use.GIVES, Holding(held.site, Role.CLOSER))
        if dotted in tables.ITERATOR_FUNCTIONS and held.role is Role.OBJECT:
            return Effect(Use.GIVES, Holding(held.site, Role.OBJECT))
        if dotted in tables.STEP_FUNCTIONS and held.role is Role.OBJECT:
            default = (dotted_name(node.args[1].value) or "?") if len(node.args) > 1 else ""
            return Effect(Use.GIVES, Holding(held.site, Role.STEP, "anext", default, step=node))
        if dotted in tables.WAITERS and held.role is Role.STEP and dotted != "asyncio.shield":
            return Effect(Use.GIVES, held)
        if dotted == "builtins.getattr" and held.role is Role.OBJECT and len(node.args) > 1:
            name = _literal(node.args[1].value)
            return Effect(Use.GIVES, Holding(held.site, Role.METHOD, name)) if name else _LOOKS
        return _ESCAPES

    def _call_in_view(self, node: cst.Call, argument: Argument, held: Holding) -> Effect:
        function = self._knowledge.callee(node.func, self._scope)
        if function is None or held.role is not Role.OBJECT or argument.star:
            return _ESCAPES
        if function.kind is ScopeKind.CLASS:
            closes = class_closes_its_argument(self._knowledge, function)
            return Effect(Use.GIVES, Holding(held.site, Role.CLOSER)) if closes else _ESCAPES
        parameter = parameter_of(self._knowledge, function, node, argument, self._scope)
        if parameter is None:
            return _ESCAPES
        if self._knowledge.kind(function) is FunctionKind.CONTEXT_MANAGER:
            closes = self._summaries.use(function, parameter) is Use.CLOSES
            return Effect(Use.GIVES, Holding(held.site, Role.CLOSER)) if closes else _ESCAPES
        use = self._summaries.use(function, parameter)
        if use in (Use.ESCAPES, Use.GIVES, Use.TESTS):
            return _ESCAPES
        if self._knowledge.kind(function) is FunctionKind.COROUTINE:
            action = _ACTIONS.get(use, "look")
            return Effect(Use.GIVES, Holding(held.site, Role.STEP, action, step=node))
        if self._knowledge.kind(function) is FunctionKind.PLAIN and use is Use.LOOKS:
            return _LOOKS
        if self._knowledge.kind(function) is FunctionKind.AGEN and use is Use.RELAYS:
            return Effect(Use.RELAYS)
        return _ESCAPES


def parameter_of(
    knowledge: Knowledge, function: Scope, call: cst.Call, argument: Argument, scope: Scope
) -> str | None:
    """Return the name of the parameter that an argument of a call is passed as.

    `scope` is where the call stands.
    """
    if not isinstance(function.node, cst.FunctionDef):
        return None
    if knowledge.is_wrapped(function) or knowledge.instances.partial_of(call.func, scope):
        # Others may be passed before it, or in its place.
        return None
    parameters = function.node.params
    if argument.keyword:
        names = {each.name.value for each in all_parameters(parameters)}
        return argument.keyword if argument.keyword in names else None
    positional = [each.name.value for each in (*parameters.posonly_params, *parameters.params)]
    if _takes_object(knowledge, function, call, scope):
        positional = positional[1:]
    for place, each in enumerate(call.args):
        if each.star or each.keyword is not None:
            return None
        if each.value is argument.node:
            return positional[place] if place < len(positional) else None
    return None


def _takes_object(knowledge: Knowledge, function: Scope, call: cst.Call, scope: Scope) -> bool:
    """Return whether the first parameter of a called function gets an object or a class."""
    decorators = knowledge.resolver.decorators(function)
    if function.owner_class is None or "builtins.staticmethod" in decorators:
        return False
    if not isinstance(call.func, cst.Attribute):
        # An object is called, which is its `__call__`.
        return True
    if "builtins.classmethod" in decorators:
        return True
    owner = knowledge.resolver.reference(call.func.value, scope)
    return owner is None or owner.scope is None or owner.scope.kind is not ScopeKind.CLASS


def class_closes_its_argument(knowledge: Knowledge, owner: Scope) -> bool:
    """Return whether a class's exit or close method awaits `aclose()` of something it keeps."""
    for name in _CLOSER_METHODS:
        method = knowledge.resolver.method(owner, name)
        if method is None:
            continue
        for node in descendants(method.node):
            if not isinstance(node, cst.Await) or not isinstance(node.expression, cst.Call):
                continue
            function = node.expression.func
            if isinstance(function, cst.Attribute) and function.attr.value == "aclose":
                return True
    return False


def _literal(node: cst.BaseExpression) -> str:
    return str(node.raw_value) if isinstance(node, cst.SimpleString) else ""
