"""Which context managers swallow an exception of their body, by what their source does.

An `__exit__` swallows by returning a true value (Language Reference 3.3.9); a generator that
contextlib makes a manager does by going on, after the exception was thrown in at its `yield`,
without raising it again (contextlib, `_AsyncGeneratorContextManager.__aexit__`).

What is swallowed under a condition that cannot be decided is "maybe", and for GeneratorExit "no":
that a generator survives its closing is a claim that needs certainty. What cannot be read at all
swallows nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from asyncgen_lint.flow.graph import EdgeKind
from asyncgen_lint.flow.lower import is_caught
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import (
    Scope,
    ScopeKind,
    all_parameters,
    alternatives,
    call_of,
    is_name,
)
from asyncgen_lint.source.suites import JUMPS, last_statement, statements, suites
from asyncgen_lint.source.walk import OWN_SCOPES, children, descendants, own_nodes
from asyncgen_lint.typestate.conditions import decided
from asyncgen_lint.typestate.decorators import Way

if TYPE_CHECKING:
    from asyncgen_lint.typestate.knowledge import Knowledge

_MAX_DEPTH = 5
_EXITS = ("__exit__", "__aexit__")


@dataclass(frozen=True, slots=True)
class _Thrown:
    """The exception: a kind, and for an explicit raise the lineage of its type, if known."""

    kind: EdgeKind
    raised: str

    def is_one_of(self, types: Iterable[str]) -> bool | None:
        """Return whether the exception is of one of these types; None for maybe."""
        named = set(types)
        if "builtins.BaseException" in named:
            return True
        if self.kind is EdgeKind.GENERATOR_EXIT:
            return "builtins.GeneratorExit" in named
        if self.kind is EdgeKind.CANCEL:
            return bool(named & tables.CANCELLED_ERRORS)
        found = is_caught(self.raised, named) if self.raised else None
        if found is not None:
            return found
        if tables.ORDINARY_EXCEPTION_ROOT in named:
            return True
        # GeneratorExit and cancellation are told apart from what is raised here.
        return None if named - tables.CANCELLED_ERRORS - {"builtins.GeneratorExit"} else False


class Swallowing:
    """Answers for managers of all modules in view."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def verdict(
        self, manager: cst.BaseExpression, scope: Scope, kind: EdgeKind, raised: str
    ) -> bool | None:
        """Return whether leaving a manager by an exception swallows it; None for maybe."""
        memo = scope.outline.memo.setdefault("swallows", {})
        key = (manager, scope, kind, raised)
        if key not in memo:
            found = self._verdict(manager, scope, _Thrown(kind, raised), _MAX_DEPTH)
            memo[key] = found is True if kind is EdgeKind.GENERATOR_EXIT else found
        verdict: bool | None = memo[key]
        return verdict

    def _verdict(
        self, manager: cst.BaseExpression, scope: Scope, thrown: _Thrown, depth: int
    ) -> bool | None:
        if not depth:
            return False
        if not isinstance(manager, cst.Call):
            owner = self._knowledge.class_of(manager, scope)
            return self._by_class(owner, thrown, depth) if owner is not None else False
        dotted = self._knowledge.dotted(manager.func, scope)
        if dotted in tables.SUPPRESSORS:
            types = {self._knowledge.dotted(each.value, scope) for each in manager.args}
            return thrown.is_one_of(types) if types else False
        if dotted in self._knowledge.known.possible_suppressors:
            return None
        found = self._knowledge.callee(manager.func, scope)
        if found is None:
            return False
        if found.kind is ScopeKind.CLASS:
            return self._by_class(found, thrown, depth)
        return self._by_function(found, thrown, depth)

    # Classes

    def _by_class(self, owner: Scope, thrown: _Thrown, depth: int) -> bool | None:
        methods = [self._knowledge.resolver.method(owner, name) for name in _EXITS]
        return _agreed(self._by_exit(each, thrown, depth) for each in methods if each is not None)

    def _by_exit(self, method: Scope, thrown: _Thrown, depth: int) -> bool | None:
        """Return whether an exit method returns a true value for an exception."""
        node = method.node
        if not isinstance(node, cst.FunctionDef) or method.yields:
            return False
        results: list[bool | None] = []
        if not self._run(node.body, method, thrown, depth, results):
            results.append(False)
        return _agreed(results)

    def _run(
        self,
        suite: cst.BaseSuite,
        method: Scope,
        thrown: _Thrown,
        depth: int,
        results: list[bool | None],
    ) -> bool:
        """Gather the truth of what may be returned; return whether the end is never reached."""
        for statement in statements(suite):
            if isinstance(statement, cst.Return):
                results.append(self._truth(statement.value, method, thrown, depth))
                return True
            if isinstance(statement, cst.Raise):
                results.append(False)
                return True
            if isinstance(statement, cst.If):
                ends = [
                    self._run(each, method, thrown, depth, results) if each is not None else False
                    for each in self._branches(statement, method, thrown)
                ]
                if all(ends):
                    return True
            elif isinstance(statement, cst.Try):
                clauses = (statement.body, *(each.body for each in statement.handlers))
                ends = [self._run(each, method, thrown, depth, results) for each in clauses]
                if statement.orelse is not None:
                    ends[0] |= self._run(statement.orelse.body, method, thrown, depth, results)
                last = statement.finalbody
                if last is not None and self._run(last.body, method, thrown, depth, results):
                    return True
                if all(ends):
                    return True
            elif not isinstance(statement, OWN_SCOPES):
                ends = [
                    self._run(each, method, thrown, depth, results) for each in suites(statement)
                ]
                if isinstance(statement, cst.With) and all(ends):
                    return True
        return False

    def _branches(
        self, statement: cst.If, method: Scope, thrown: _Thrown
    ) -> Iterator[cst.BaseSuite | None]:
        """Yield the suites of an `if` that may run, None for passing it by."""
        verdict = self._test(statement.test, method, thrown)
        if verdict is not False:
            yield statement.body
        if verdict is True:
            return
        otherwise = statement.orelse
        if isinstance(otherwise, cst.If):
            yield from self._branches(otherwise, method, thrown)
        else:
            yield otherwise.body if otherwise is not None else None

    def _truth(
        self, value: cst.BaseExpression | None, method: Scope, thrown: _Thrown, depth: int
    ) -> bool | None:
        """Return whether a returned value is true; what cannot be read is not."""
        if value is None or is_name(value, "None") or is_name(value, "False"):
            return False
        if is_name(value, "True"):
            return True
        if isinstance(value, cst.Integer):
            return value.evaluated_value != 0
        if isinstance(value, cst.IfExp):
            verdict = self._test(value.test, method, thrown)
            sides = [value.body] * (verdict is not False) + [value.orelse] * (verdict is not True)
            return _agreed(self._truth(each, method, thrown, depth) for each in sides)
        call = call_of(value)
        called = call.func if call is not None else None
        if isinstance(called, cst.Attribute) and called.attr.value in _EXITS:
            return self._verdict(called.value, method, thrown, depth - 1)
        if _mentions(value, method):
            return self._test(value, method, thrown)
        return False

    def _test(self, test: cst.BaseExpression, method: Scope, thrown: _Thrown) -> bool | None:
        """Return whether a condition on the exception holds; None if it is not known."""
        return decided(test, lambda part: self._part(part, method, thrown))

    def _part(self, test: cst.BaseExpression, method: Scope, thrown: _Thrown) -> bool | None:
        if isinstance(test, cst.Name):
            return True if test.value in _exception_names(method) else None
        if isinstance(test, cst.Comparison) and len(test.comparisons) == 1:
            return self._compare(test.left, test.comparisons[0], method, thrown)
        if isinstance(test, cst.Call) and len(test.args) == 2:
            dotted = self._knowledge.dotted(test.func, method)
            subject = test.args[0].value
            if dotted in ("builtins.isinstance", "builtins.issubclass") and _is_exception(
                subject, method
            ):
                return thrown.is_one_of(self._types(test.args[1].value, method))
        return None

    def _compare(
        self, left: cst.BaseExpression, only: cst.ComparisonTarget, method: Scope, thrown: _Thrown
    ) -> bool | None:
        if not _is_exception(left, method):
            return None
        is_same = isinstance(only.operator, (cst.Is, cst.Equal, cst.In))
        is_other = isinstance(only.operator, (cst.IsNot, cst.NotEqual, cst.NotIn))
        if not is_same and not is_other:
            return None
        if is_name(only.comparator, "None"):
            return is_other
        one_of = thrown.is_one_of(self._types(only.comparator, method))
        if one_of is True and not isinstance(only.operator, (cst.In, cst.NotIn)):
            # It may be a subclass, which is another type.
            one_of = True if thrown.kind is EdgeKind.GENERATOR_EXIT else None
        return None if one_of is None else one_of is is_same

    def _types(self, expression: cst.BaseExpression, scope: Scope) -> list[str]:
        return [self._knowledge.lineage(each, scope)[0] for each in alternatives(expression)]

    # Generators that contextlib makes managers

    def _by_function(self, function: Scope, thrown: _Thrown, depth: int) -> bool | None:
        ways = self._knowledge.decorators.ways(function)
        is_sync = self._knowledge.resolver.decorators(function) == ["contextlib.contextmanager"]
        if not is_sync and not ways & {Way.CONTEXT_MANAGER, Way.CHANNEL}:
            return False
        entered = self._knowledge.entered_function(function)
        if entered is None or not isinstance(entered.node, cst.FunctionDef):
            return False
        return _agreed(self._at_yields(entered.node.body, entered, thrown, depth))

    def _at_yields(
        self, node: cst.CSTNode, scope: Scope, thrown: _Thrown, depth: int
    ) -> Iterator[bool | None]:
        """Yield, for each `yield` in a node, whether the node swallows what is thrown in there."""
        if isinstance(node, OWN_SCOPES):
            return
        if isinstance(node, cst.Yield):
            yield False
        elif isinstance(node, (cst.Try, cst.TryStar)):
            yield from self._at_yields_of_try(node, scope, thrown, depth)
        elif isinstance(node, cst.With):
            for verdict in self._at_yields(node.body, scope, thrown, depth):
                outer = verdict
                for item in reversed(node.items):
                    outer = _either(outer, self._verdict(item.item, scope, thrown, depth - 1))
                yield outer
        else:
            is_loop = isinstance(node, (cst.For, cst.While))
            for child in children(node):
                for verdict in self._at_yields(child, scope, thrown, depth):
                    # A loop may come back to its `yield`, which a manager must not.
                    yield None if is_loop and verdict else verdict

    def _at_yields_of_try(
        self, node: cst.Try | cst.TryStar, scope: Scope, thrown: _Thrown, depth: int
    ) -> Iterator[bool | None]:
        returns = node.finalbody is not None and any(
            isinstance(each, cst.Return) for each in own_nodes(node.finalbody)
        )
        inside = [
            _either(verdict, self._handled(node, scope, thrown))
            for verdict in self._at_yields(node.body, scope, thrown, depth)
        ]
        for clause in (*node.handlers, node.orelse, node.finalbody):
            if clause is not None:
                inside += self._at_yields(clause, scope, thrown, depth)
        yield from (True if returns else verdict for verdict in inside)

    def _handled(self, node: cst.Try | cst.TryStar, scope: Scope, thrown: _Thrown) -> bool | None:
        """Return whether the handlers of a `try` swallow an exception of its body."""
        found: bool | None = False
        for handler in node.handlers:
            catches: bool | None = True
            if handler.type is not None:
                catches = thrown.is_one_of(self._types(handler.type, scope))
            if catches is False:
                continue
            swallows = self._ends(handler.body, scope)
            if catches is True:
                return swallows if found is False else _agreed([found, swallows])
            if swallows is not False:
                found = None
        return found

    def _ends(self, suite: cst.BaseSuite, scope: Scope) -> bool | None:
        """Return whether a handler ends without raising; None if it may raise or yield again."""
        last = last_statement(suite)
        while isinstance(last, cst.If) and is_name(last.test, "True"):
            last = last_statement(last.body)
        found = [each for each in own_nodes(suite) if isinstance(each, (*JUMPS, cst.Yield))]
        if isinstance(last, cst.Raise) and len(found) == 1:
            return False
        if any(isinstance(each, (cst.Raise, cst.Yield)) for each in found):
            return None
        calls = (each for each in own_nodes(suite) if isinstance(each, cst.Call))
        return None if any(self._knowledge.never_returns(each, scope) for each in calls) else True


def _agreed(verdicts: Iterable[bool | None]) -> bool | None:
    found = set(verdicts)
    if not found:
        return False
    return found.pop() if len(found) == 1 else None


def _either(inner: bool | None, outer: bool | None) -> bool | None:
    """Return whether one of two managers around a place swallows what is raised there."""
    if inner is True or outer is True:
        return True
    return None if None in (inner, outer) else False


def _exception_names(method: Scope) -> frozenset[str]:
    """Return the names of the parameters that have the exception's type and the exception."""
    node = method.node
    assert isinstance(node, cst.FunctionDef)
    names = [each.name.value for each in all_parameters(node.params)][1:3]
    return frozenset(each for each in names if len(method.bindings.get(each, ())) == 1)


def _is_exception(expression: cst.BaseExpression, method: Scope) -> bool:
    return isinstance(expression, cst.Name) and expression.value in _exception_names(method)


def _mentions(value: cst.BaseExpression, method: Scope) -> bool:
    names = _exception_names(method)
    return any(isinstance(each, cst.Name) and each.value in names for each in descendants(value))
