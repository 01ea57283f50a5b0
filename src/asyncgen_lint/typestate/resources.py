"""Generators whose whole cleanup is to close what they read from.

Whoever closes the connection that such a generator was given has done its cleanup too: leaving the
generator open then leaves nothing open. One that holds a lock or a transaction of the connection
is another matter: its cleanup comes after the connection's end, and fails.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from asyncgen_lint.flow.graph import Argument, Graph, RegionKind, Yield
from asyncgen_lint.names.scopes import Scope, ScopeKind, all_parameters, dotted_name
from asyncgen_lint.typestate.calls import parameter_of
from asyncgen_lint.typestate.cleanup import Cleanup, Verdict
from asyncgen_lint.typestate.knowledge import FunctionKind, Knowledge

_Question = tuple[Scope, str]
"""Does this function's generator end with this parameter, or with none?"""

_GENERATORS = frozenset({FunctionKind.AGEN, FunctionKind.GENERATOR})


class Resources:
    """Answers about the generator functions of one module."""

    def __init__(self, knowledge: Knowledge, cleanup: Cleanup) -> None:
        self._knowledge = knowledge
        self._cleanup = cleanup
        self._ends_with: dict[_Question, bool] = {}

    def ends_with_one_of(
        self, function: Scope, call: cst.CSTNode, closed: frozenset[str], scope: Scope
    ) -> bool:
        """Return whether closing these names does all that a generator has to clean up.

        `call`, in `scope`, makes it of `function`; the names are those of the caller, dotted.
        """
        if not isinstance(call, cst.Call) or not closed:
            return False
        return any(
            self.ends_with(function, parameter)
            for name in closed
            for parameter in self._parameters_given(function, call, name, scope)
        )

    def _parameters_given(
        self, function: Scope, call: cst.Call, name: str, scope: Scope
    ) -> list[str]:
        """Return what a function calls the object that is `name` where it is called."""
        found = []
        for each in call.args:
            if dotted_name(each.value) == name and not each.star:
                keyword = each.keyword.value if each.keyword is not None else ""
                argument = Argument(None, each.value, keyword)
                found.append(parameter_of(self._knowledge, function, call, argument, scope))
        is_receiver = isinstance(call.func, cst.Attribute) and dotted_name(call.func.value) == name
        if is_receiver and function.owner_class and isinstance(function.node, cst.FunctionDef):
            found += [each.name.value for each in all_parameters(function.node.params)[:1]]
        return [each for each in found if each is not None]

    def ends_with(self, function: Scope, parameter: str) -> bool:
        """Return whether a generator has nothing to clean up once a parameter of it is closed.

        Without a parameter, whether it has nothing to clean up at all.
        """
        key = (function, parameter)
        if key not in self._ends_with:
            self._solve(key)
        return self._ends_with[key]

    def _solve(self, key: _Question) -> None:
        """Answer a question and all that it rests on: the greatest fixpoint, from yes for each."""
        rests_on: dict[_Question, list[list[_Question]]] = {}
        pending = [key]
        while pending:
            each = pending.pop()
            if each in rests_on or each in self._ends_with:
                continue
            grounds = self._grounds(*each)
            self._ends_with[each] = grounds is not None
            rests_on[each] = grounds or []
            pending += [question for choices in rests_on[each] for question in choices]
        is_changing = True
        while is_changing:
            is_changing = False
            for each, grounds in rests_on.items():
                if self._ends_with[each] and not all(
                    any(self._ends_with[question] for question in choices) for choices in grounds
                ):
                    self._ends_with[each] = False
                    is_changing = True

    def _grounds(self, function: Scope, parameter: str) -> list[list[_Question]] | None:
        """Return, for each generator that a generator makes, the questions one of which must hold.

        None if its own cleanup already does not end with the parameter.
        """
        graph = self._knowledge.graph(function)
        if graph is None or (parameter and len(function.bindings.get(parameter, ())) != 1):
            return None
        if not self._regions_end(graph, function, parameter):
            return None
        return [
            choices
            for scope in function.descendants()
            if scope is function or scope.kind is ScopeKind.COMPREHENSION
            for call in scope.calls
            for choices in self._inner_questions(call, scope, parameter)
        ]

    def _regions_end(self, graph: Graph, function: Scope, parameter: str) -> bool:
        return all(
            self._cleanup.region_has_effect(region, function, closed=parameter) is not Verdict.YES
            for block in graph.blocks
            if any(isinstance(each, Yield) for each in block.instructions)
            for region in block.regions
            if region.kind is not RegionKind.LOOP
        )

    def _inner_questions(
        self, call: cst.Call, scope: Scope, parameter: str
    ) -> Iterator[list[_Question]]:
        """Yield, for each function of a call, the questions one of which must hold."""
        product = self._knowledge.product(call, scope)
        if product is None or product.kind not in _GENERATORS:
            return
        for each in product.functions:
            given = self._parameters_given(each, call, parameter, scope) if parameter else []
            yield [(each, ""), *((each, name) for name in given)]
