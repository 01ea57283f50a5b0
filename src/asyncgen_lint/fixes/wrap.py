"""Plan: iterate a generator under `contextlib.aclosing`."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.facts.found import LeftOpen
from asyncgen_lint.fixes.imports import local_name
from asyncgen_lint.fixes.layout import indent_near
from asyncgen_lint.names.scopes import Scope, ScopeKind, last_name
from asyncgen_lint.rule import FixPlan, FixSafety, ImportRequest, Node, Rewrite
from asyncgen_lint.source.walk import descendants

_ACLOSING = ImportRequest("contextlib", "aclosing")
_ACLOSING_SINCE = (3, 10)


def wrap_loop(facts: Facts, left: LeftOpen) -> FixPlan | None:
    """Return the plan that wraps a loop over a temporary generator in `async with aclosing`.

    None where the generator outlives the loop, or an item of it may: its cleanup would then run
    before the item is used.
    """
    loop, function = left.header, left.function
    if facts.target_version < _ACLOSING_SINCE or not left.is_temporary or not function.is_async:
        return None
    if not isinstance(loop, cst.For) or loop.asynchronous is None:
        return None
    # The generator of an agen `__aiter__` is nowhere in the text until `aiter()` makes it there.
    is_hidden = left.creation is loop
    if is_hidden and facts.resolver.bindings("aiter", function) is not None:
        return None
    if not is_hidden and (loop.iter is not left.creation or not isinstance(loop.iter, cst.Call)):
        return None
    if _Items(facts, loop, function).may_escape():
        return None
    closer = local_name(facts, _ACLOSING, loop, function)
    if closer is None:
        return None
    stream = _free_name(facts, f"{_stem(loop.iter)}_stream".lstrip("_"), loop, function)
    indent = indent_near(facts, loop.body)

    def build(node: Node) -> Node:
        source = _call(cst.Name("aiter"), node.iter) if is_hidden else node.iter
        return _wrapped(node, _call(closer.expression(), source), stream, indent)

    return FixPlan(
        f"Iterate `{left.label}` under `aclosing`; errors in its cleanup now reach the caller",
        FixSafety.SAFE,
        (Rewrite(loop, build),),
        closer.imports,
    )


def _wrapped(loop: cst.For, manager: cst.Call, stream: str, indent: str | None) -> cst.With:
    inner = loop.with_changes(leading_lines=(), iter=cst.Name(stream), **_spacing(loop))
    return cst.With(
        items=[cst.WithItem(manager, cst.AsName(cst.Name(stream)))],
        body=cst.IndentedBlock([inner], indent=indent),
        asynchronous=cst.Asynchronous(),
        leading_lines=loop.leading_lines,
    )


def _call(function: cst.BaseExpression, argument: cst.BaseExpression) -> cst.Call:
    """Return the call; parentheses around the argument become those of the call."""
    if not argument.lpar:
        return cst.Call(function, [cst.Arg(argument)])
    opening, *inner_opening = argument.lpar
    *inner_closing, closing = argument.rpar
    bare = argument.with_changes(lpar=inner_opening, rpar=inner_closing)
    return cst.Call(
        function,
        [cst.Arg(bare, whitespace_after_arg=closing.whitespace_before)],
        whitespace_before_args=opening.whitespace_after,
    )


def _spacing(loop: cst.For) -> dict[str, cst.BaseParenthesizableWhitespace]:
    """Return the space that a name needs after an `in` that had a parenthesis."""
    if loop.whitespace_after_in.empty:
        return {"whitespace_after_in": cst.SimpleWhitespace(" ")}
    return {}


# Names


def _stem(source: cst.BaseExpression) -> str:
    """Return the last name in what is called or iterated, without leading underscores."""
    name = last_name(source)
    return "" if name == "__call__" else name.lstrip("_")


def _free_name(facts: Facts, stem: str, loop: cst.For, function: Scope) -> str:
    """Return the stem, with a number if needed, so that the function means nothing else by it."""
    name, number = stem, 1
    while not _is_free(facts, name, loop, function):
        number += 1
        name = f"{stem}{number}"
    return name


def _is_free(facts: Facts, name: str, loop: cst.For, function: Scope) -> bool:
    """Return whether a name is unused, or only used as such a stream of loops beside this one."""
    return all(
        _is_stream_beside(facts, name, node, loop)
        for scope in function.descendants()
        for node in _mentions(name, scope)
    )


def _mentions(name: str, scope: Scope) -> Iterator[Node]:
    yield from scope.loads.get(name, ())
    yield from (each.node for each in scope.bindings.get(name, ()))
    if name in scope.declared_global | scope.declared_nonlocal or scope.bindings.get(name) == []:
        # An annotation alone, or a declaration, has no binding to show.
        yield scope.node


def _is_stream_beside(facts: Facts, name: str, node: Node, loop: cst.For) -> bool:
    around = list(_around(facts, node))
    if loop in around:
        return False
    of_loop = set(_around(facts, loop))
    return any(
        isinstance(each, cst.With) and each not in of_loop and _binds_only(each, name)
        for each in around
    )


def _binds_only(statement: cst.With, name: str) -> bool:
    if len(statement.items) != 1:
        return False
    asname = statement.items[0].asname
    return asname is not None and isinstance(asname.name, cst.Name) and asname.name.value == name


def _around(facts: Facts, node: Node) -> Iterator[Node]:
    """Yield the node and all that is around it, inner ones first."""
    current: Node | None = node
    while current is not None:
        yield current
        current = facts.parent(current)


# Items that outlive the loop


class _Items:
    """Where the items of a loop go."""

    def __init__(self, facts: Facts, loop: cst.For, function: Scope) -> None:
        self._facts = facts
        self._loop = loop
        self._function = function
        self._inside = set(descendants(loop))

    def may_escape(self) -> bool:
        """Return whether an item may be used once the loop has been left."""
        names = _names(self._loop.target)
        while names is not None:
            more = self._given(names)
            if more is None or more <= names:
                break
            names |= more
        if names is None or more is None:
            return True
        return self._is_returned(names) or any(map(self._is_read_outside, names))

    def _given(self, names: set[str]) -> set[str] | None:
        """Return the names that the body gives an item to; None if it stores one elsewhere."""
        given: set[str] = set()
        for node in descendants(self._loop.body):
            for target in _targets(node, names):
                more = _names(target)
                if more is None:
                    return None
                given |= more
        return given

    def _is_returned(self, names: set[str]) -> bool:
        returned = {each for each in self._function.returns if each in self._inside and each.value}
        return any(
            isinstance(node, cst.Name) and node.value in names
            for each in returned
            for node in descendants(each)
        )

    def _is_read_outside(self, name: str) -> bool:
        """Return whether a name is read outside the loop, or by a function that may outlive it."""
        if name in self._function.declared_global | self._function.declared_nonlocal:
            return True
        pending = [self._function]
        while pending:
            scope = pending.pop()
            reads = set(scope.loads.get(name, ()))
            if scope is self._function or _runs_at_once(scope):
                if not all(self._is_rebound(name, node) for node in reads - self._inside):
                    return True
            elif reads or name in scope.declared_nonlocal:
                return True
            pending += [
                each
                for each in scope.children
                if name not in each.bindings or name in each.declared_nonlocal
            ]
        return False

    def _is_rebound(self, name: str, node: Node) -> bool:
        """Return whether the name, where it is read, is the target of another loop."""
        child = node
        for parent in _around(self._facts, node):
            if isinstance(parent, cst.For) and child is parent.body and parent is not self._loop:
                targets = _names(parent.target)
                if (
                    targets is not None
                    and name in targets
                    and self._loop not in set(descendants(parent.body))
                ):
                    return True
            child = parent
        return False


def _runs_at_once(scope: Scope) -> bool:
    return scope.kind is ScopeKind.CLASS or isinstance(
        scope.node, (cst.ListComp, cst.SetComp, cst.DictComp)
    )


def _names(target: cst.BaseExpression) -> set[str] | None:
    """Return the names that a target binds; None if it stores anywhere else."""
    names: set[str] = set()
    pending = [target]
    while pending:
        each = pending.pop()
        if isinstance(each, cst.Name):
            names.add(each.value)
        elif isinstance(each, (cst.Tuple, cst.List)):
            pending += [element.value for element in each.elements]
        else:
            return None
    return names


def _targets(node: Node, names: set[str]) -> Iterator[cst.BaseExpression]:
    """Yield what a statement binds to one of the named items."""
    if isinstance(node, cst.Assign) and _hands_on(node.value, names):
        yield from (each.target for each in node.targets)
    elif isinstance(node, (cst.AnnAssign, cst.NamedExpr)):
        if node.value is not None and _hands_on(node.value, names):
            yield node.target
    elif isinstance(node, cst.Match) and _hands_on(node.subject, names):
        for each in descendants(node):
            if isinstance(each, cst.MatchAs) and each.name is not None:
                yield each.name


def _hands_on(value: cst.BaseExpression, names: set[str]) -> bool:
    """Return whether the value may be an item itself, or a container of it."""
    pending: list[cst.BaseExpression] = [value]
    while pending:
        each = pending.pop()
        if isinstance(each, cst.Name):
            if each.value in names:
                return True
        elif isinstance(each, (cst.Tuple, cst.List, cst.Set, cst.Dict)):
            pending += [element.value for element in each.elements]
        elif isinstance(each, cst.IfExp):
            pending += [each.body, each.orelse]
        elif isinstance(each, cst.BooleanOperation):
            pending += [each.left, each.right]
        elif isinstance(each, cst.NamedExpr):
            pending.append(each.value)
    return False
