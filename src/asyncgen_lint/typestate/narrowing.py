"""What a function has made sure of the value of a name or attribute where it is used.

That is by tests: `isinstance`, `match`, and what leaves where they fail; and by assignments to an
attribute. The statements are walked in order, with what is known of each name and attribute there.
What a statement binds, or a nested function may, is no longer known. That something else assigns to
an attribute meanwhile is not assumed, as type checkers do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.names.scopes import Scope, alternatives, dotted_name
from asyncgen_lint.source.suites import JUMPS, last_statement
from asyncgen_lint.source.walk import OWN_SCOPES, children, descendants


@dataclass(frozen=True, slots=True)
class Evidence:
    """A value is an instance of one of `classes`, or one of `values`; all are expressions."""

    classes: tuple[cst.BaseExpression, ...] = ()
    values: tuple[cst.BaseExpression, ...] = ()


Known = Mapping[str, Evidence]
"""What is known of a name, or of an attribute of a name, such as `self.client`."""

_NOTHING: Known = {}

_WITH_SUITE = (cst.Else, cst.Finally, cst.ExceptHandler, cst.ExceptStarHandler)


def narrowed_names(
    function: Scope, is_test: Callable[[cst.BaseExpression], bool]
) -> dict[cst.CSTNode, Evidence]:
    """Return each use of a name or attribute of which something is known, with what that is.

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
        self.found: dict[cst.CSTNode, Evidence] = {}
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
        return {**_without(known, node), **self._assigned(node)}

    def _assigned(self, node: cst.CSTNode) -> Known:
        """Return what an assignment to an attribute of a name makes known."""
        if isinstance(node, cst.Assign):
            targets = [each.target for each in node.targets]
        elif isinstance(node, cst.AnnAssign):
            targets = [node.target]
        else:
            return _NOTHING
        if node.value is None:
            return _NOTHING
        evidence = Evidence(values=(node.value,))
        names = (_subject(each) for each in targets if isinstance(each, cst.Attribute))
        return {name: evidence for name in names if self._is_stable(name)}

    def _is_stable(self, name: str) -> bool:
        return bool(name) and name.partition(".")[0] not in self._unstable

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
        return {name: _either(after[name], otherwise[name]) for name in after if name in otherwise}

    def _match(self, node: cst.Match, known: Known) -> Known:
        self._expression(node.subject, known)
        for case in node.cases:
            inside = dict(_without(known, case.pattern))
            if isinstance(node.subject, cst.Name) and node.subject.value not in self._unstable:
                types = _pattern_classes(case.pattern)
                if types:
                    inside[node.subject.value] = Evidence(types)
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
            name = _subject(node) if known else ""
            if name in known:
                self.found[node] = known[name]
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
            self._children(node, _except_for(known, bound))
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
        tested = test.args[0].value
        name = _subject(tested.target if isinstance(tested, cst.NamedExpr) else tested)
        if not self._is_stable(name) or not self._is_test(test.func):
            return _NOTHING
        return {name: Evidence(tuple(alternatives(test.args[1].value)))}


def _subject(node: cst.CSTNode) -> str:
    """Return the name that something may be known under: of a name, or an attribute of one."""
    if isinstance(node, cst.Attribute) and not isinstance(node.value, cst.Name):
        return ""
    return dotted_name(node) if isinstance(node, (cst.Name, cst.Attribute)) else ""


def _either(one: Evidence, other: Evidence) -> Evidence:
    """Return what is known where one or the other is."""
    if one == other:
        return one
    return Evidence((*one.classes, *other.classes), (*one.values, *other.values))


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
    return _except_for(known, set(_names_bound(node)))


def _except_for(known: Known, bound: set[str]) -> Known:
    """Return what stays known when these names and attributes are bound."""
    return {
        name: evidence
        for name, evidence in known.items()
        if name not in bound and name.partition(".")[0] not in bound
    }


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
        if isinstance(each, (cst.Name, cst.Attribute)):
            yield _subject(each)
        elif isinstance(each, (cst.Tuple, cst.List)):
            pending += [element.value for element in each.elements]
        elif isinstance(each, cst.StarredElement):
            pending.append(each.value)
