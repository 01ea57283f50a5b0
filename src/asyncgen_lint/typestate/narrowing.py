"""What tests say of the type of a name: `isinstance`, `match`, and what leaves where they fail.

The statements of a function are walked in order, with what is known of each name there. A name
that a statement binds, or a nested function may, is no longer known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import libcst as cst

from asyncgen_lint.names.scopes import Scope, alternatives
from asyncgen_lint.source.suites import JUMPS, last_statement
from asyncgen_lint.source.walk import OWN_SCOPES, children, descendants

Known = Mapping[str, tuple[cst.BaseExpression, ...]]
"""For a name, the expressions of the classes of which it is an instance of one."""

_NOTHING: Known = {}

_WITH_SUITE = (cst.Else, cst.Finally, cst.ExceptHandler, cst.ExceptStarHandler)


def narrowed_names(
    function: Scope, is_test: Callable[[cst.BaseExpression], bool]
) -> dict[cst.CSTNode, tuple[cst.BaseExpression, ...]]:
    """Return each use of a name whose class a test settles, with the classes it may be of.

    `is_test` says whether what is called is `isinstance`.
    """
    walker = _Narrowing(function, is_test)
    if isinstance(function.node, cst.FunctionDef):
        walker.suite(function.node.body, {})
    elif isinstance(function.node, cst.Module):
        walker.statements(function.node.body, {})
    return walker.found


class _Narrowing:
    def __init__(self, function: Scope, is_test: Callable[[cst.BaseExpression], bool]) -> None:
        self.found: dict[cst.CSTNode, tuple[cst.BaseExpression, ...]] = {}
        self._is_test = is_test
        self._unstable = {
            name
            for each in function.descendants()
            if each is not function
            for name in each.declared_nonlocal | each.declared_global
        } | function.declared_global

    def suite(self, suite: cst.BaseSuite, known: Known) -> Known:
        return self.statements(suite.body, known)

    def statements(self, statements: object, known: Known) -> Known:
        assert isinstance(statements, (list, tuple))
        for each in statements:
            known = self._statement(each, known)
        return known

    def _statement(self, node: cst.CSTNode, known: Known) -> Known:
        if isinstance(node, cst.SimpleStatementLine):
            return self.statements(node.body, known)
        if isinstance(node, cst.If):
            return self._if(node, known)
        if isinstance(node, cst.Assert):
            self._expression(node.test, known)
            return {**known, **self._holds(node.test, is_true=True)}
        if isinstance(node, cst.Match):
            return self._match(node, known)
        if isinstance(node, cst.While):
            known = _without(known, node)
            self._expression(node.test, known)
            self.suite(node.body, {**known, **self._holds(node.test, is_true=True)})
            if node.orelse is not None:
                self.suite(node.orelse.body, known)
            return known
        if isinstance(node, (cst.For, cst.Try, cst.TryStar)):
            known = _without(known, node)
        elif isinstance(node, cst.With):
            for item in node.items:
                self._expression(item, known)
                known = _without(known, item)
            return self.suite(node.body, known)
        elif isinstance(node, OWN_SCOPES):
            return _without(known, node)
        for child in children(node):
            if isinstance(child, cst.BaseSuite):
                self.suite(child, known)
            elif isinstance(child, _WITH_SUITE):
                self.suite(child.body, known)
            else:
                self._expression(child, known)
        return _without(known, node)

    def _if(self, node: cst.If, known: Known) -> Known:
        self._expression(node.test, known)
        known = _without(known, node.test)
        negative = {**known, **self._holds(node.test, is_true=False)}
        after = self.suite(node.body, {**known, **self._holds(node.test, is_true=True)})
        otherwise: Known = negative
        orelse_leaves = False
        if isinstance(node.orelse, cst.If):
            otherwise = self._if(node.orelse, negative)
            orelse_leaves = _always_leaves(node.orelse)
        elif node.orelse is not None:
            otherwise = self.suite(node.orelse.body, negative)
            orelse_leaves = _leaves(node.orelse.body)
        if _leaves(node.body):
            return otherwise
        if orelse_leaves:
            return after
        return {name: types for name, types in after.items() if otherwise.get(name) == types}

    def _match(self, node: cst.Match, known: Known) -> Known:
        self._expression(node.subject, known)
        for case in node.cases:
            inside = dict(_without(known, case.pattern))
            if isinstance(node.subject, cst.Name) and node.subject.value not in self._unstable:
                types = _pattern_classes(case.pattern)
                if types:
                    inside[node.subject.value] = types
            if case.guard is not None:
                self._expression(case.guard, inside)
            self.suite(case.body, inside)
        return _without(known, node)

    # Expressions

    def _expression(self, node: cst.CSTNode, known: Known) -> None:
        if isinstance(node, cst.Name):
            if node.value in known:
                self.found[node] = known[node.value]
        elif isinstance(node, (cst.Attribute, cst.Arg)):
            self._expression(node.value, known)
        elif isinstance(node, cst.IfExp):
            self._expression(node.test, known)
            self._expression(node.body, {**known, **self._holds(node.test, is_true=True)})
            self._expression(node.orelse, {**known, **self._holds(node.test, is_true=False)})
        elif isinstance(node, cst.BooleanOperation):
            self._expression(node.left, known)
            is_and = isinstance(node.operator, cst.And)
            self._expression(node.right, {**known, **self._holds(node.left, is_true=is_and)})
        elif isinstance(node, cst.BaseComp):
            bound = set(_names_bound(node))
            self._children(
                node, {name: types for name, types in known.items() if name not in bound}
            )
        elif not isinstance(node, OWN_SCOPES):
            self._children(node, known)

    def _children(self, node: cst.CSTNode, known: Known) -> None:
        for each in children(node):
            self._expression(each, known)

    def _holds(self, test: cst.BaseExpression, *, is_true: bool) -> Known:
        """Return what is known where a test came out so."""
        if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
            return self._holds(test.expression, is_true=not is_true)
        if isinstance(test, cst.BooleanOperation):
            if isinstance(test.operator, cst.And) is not is_true:
                return _NOTHING
            left = self._holds(test.left, is_true=is_true)
            return {**left, **self._holds(test.right, is_true=is_true)}
        if not is_true or not isinstance(test, cst.Call) or len(test.args) != 2:
            return _NOTHING
        name = test.args[0].value
        if isinstance(name, cst.NamedExpr):
            name = name.target
        if not isinstance(name, cst.Name) or not self._is_test(test.func):
            return _NOTHING
        if name.value in self._unstable:
            return _NOTHING
        return {name.value: tuple(alternatives(test.args[1].value))}


def _pattern_classes(pattern: cst.MatchPattern) -> tuple[cst.BaseExpression, ...]:
    """Return the classes of one of which a subject is that matches a pattern."""
    if isinstance(pattern, cst.MatchClass):
        return (pattern.cls,)
    if isinstance(pattern, cst.MatchAs) and pattern.pattern is not None:
        return _pattern_classes(pattern.pattern)
    if isinstance(pattern, cst.MatchOr):
        inner = [_pattern_classes(each.pattern) for each in pattern.patterns]
        return tuple(each for types in inner for each in types) if all(inner) else ()
    return ()


def _leaves(suite: cst.BaseSuite) -> bool:
    """Return whether control never goes on behind a suite."""
    last = last_statement(suite)
    return isinstance(last, JUMPS) or (isinstance(last, cst.If) and _always_leaves(last))


def _always_leaves(node: cst.If) -> bool:
    if node.orelse is None or not _leaves(node.body):
        return False
    if isinstance(node.orelse, cst.If):
        return _always_leaves(node.orelse)
    return _leaves(node.orelse.body)


def _without(known: Known, node: cst.CSTNode) -> Known:
    """Return what stays known behind a statement, which may bind names."""
    if not known:
        return known
    bound = set(_names_bound(node))
    return {name: types for name, types in known.items() if name not in bound}


def _names_bound(node: cst.CSTNode) -> Iterator[str]:
    for each in descendants(node):
        if isinstance(each, (cst.AssignTarget, cst.AnnAssign, cst.AugAssign, cst.NamedExpr,
                             cst.For, cst.CompFor)):  # fmt: skip
            yield from _names_in(each.target)
        elif isinstance(each, (cst.AsName, cst.MatchAs, cst.MatchStar)) and each.name is not None:
            yield from _names_in(each.name)
        elif isinstance(each, cst.Del):
            yield from _names_in(each.target)
        elif isinstance(each, (cst.FunctionDef, cst.ClassDef)):
            yield each.name.value
        elif isinstance(each, cst.MatchMapping) and each.rest is not None:
            yield each.rest.value


def _names_in(target: cst.CSTNode) -> Iterator[str]:
    pending = [target]
    while pending:
        each = pending.pop()
        if isinstance(each, cst.Name):
            yield each.value
        elif isinstance(each, (cst.Tuple, cst.List)):
            pending += [element.value for element in each.elements]
        elif isinstance(each, cst.StarredElement):
            pending.append(each.value)
