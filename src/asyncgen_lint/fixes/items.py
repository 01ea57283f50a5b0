"""Where the items of a generator go: whether one may be used once its generator is closed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.names.scopes import BindingKind, Scope, ScopeKind
from asyncgen_lint.rule import Node
from asyncgen_lint.source.walk import children, descendants

_KEEPERS = frozenset(
    {
        "add", "append", "appendleft", "extend", "insert", "put", "put_nowait", "send",
        "send_nowait", "set_result", "setdefault", "update",
    }
)  # fmt: skip
"""Methods of containers, queues, channels and futures that keep what they are given."""

_HANDLING = (cst.Try, cst.TryStar, cst.With)

_MAKERS_OF_PLAIN_VALUES = frozenset(
    f"builtins.{name}"
    for name in (
        "bool", "float", "hash", "int", "isinstance", "len", "ord", "print", "repr", "str",
    )
)  # fmt: skip
"""Builtins whose result does not refer to what they are given, and which do not keep it."""


class Items:
    """The items that some statements of a function take from a generator.

    `targets` are what loops give them to, `taken` the expressions whose value is one.
    """

    def __init__(
        self,
        facts: Facts,
        function: Scope,
        statements: Sequence[Node],
        targets: Sequence[cst.BaseExpression],
        taken: Set[Node] = frozenset(),
    ) -> None:
        self._facts = facts
        self._function = function
        self._statements = statements
        self._inside = {node for each in statements for node in descendants(each)}
        self._taken = taken
        self._names = self._all_names(targets)

    def may_escape(self) -> bool:
        """Return whether an item, or what was made of it, may be used behind the statements.

        What follows loops that only end with their generator had no open one before either.
        """
        if self._names is None:
            return True
        names = self._names
        return any(
            not self._is_plain(each, names) for each in self._returned()
        ) or self._is_any_read_outside(names, by_others=self._is_exhausted())

    def _is_exhausted(self) -> bool:
        """Return whether the statements come to their end only behind the last item."""
        if self._taken or is_handled_around(self._facts, self._statements[0], self._function):
            return False
        if any(isinstance(each, _HANDLING) for each in self._inside):
            return False
        loops = [each for each in self._inside if isinstance(each, cst.For) and each.asynchronous]
        return not any(map(_has_break, loops))

    def surely_escape(self) -> bool:
        """Return whether an item itself may be used behind the statements."""
        if self._names is None or self._is_any_read_outside(self._names):
            return True
        return any(_hands_on(each, self._names, self._taken) for each in self._returned())

    def may_lend(self) -> bool:
        """Return whether what was made of an item may be used behind the statements."""
        made = self._all_made_of_items()
        if made is None or self._is_lent(made):
            return True
        return any(not self._is_plain(each, made) for each in self._returned())

    def may_be_lent(self) -> bool:
        """Return whether what was made of an item may be used by others than who gets a result."""
        made = self._all_made_of_items()
        return made is None or self._is_lent(made)

    def _is_lent(self, made: set[str]) -> bool:
        return any(self._is_given_to(node, made) for node in self._inside) or (
            self._is_any_read_outside(made)
        )

    def _returned(self) -> Iterator[cst.BaseExpression]:
        for each in self._function.returns:
            if each in self._inside and each.value is not None:
                yield each.value

    # The names that hold items

    def _all_names(self, targets: Sequence[cst.BaseExpression]) -> set[str] | None:
        """Return the names that get an item; None if one is stored elsewhere."""
        names: set[str] = set()
        for target in targets:
            of_target = names_in(target)
            if of_target is None:
                return None
            names |= of_target
        while True:
            more = self._given(names)
            if more is None:
                return None
            if more <= names:
                return names
            names |= more

    def _given(self, names: set[str]) -> set[str] | None:
        """Return the names that the statements give an item to; None if they store one."""
        given: set[str] = set()
        for node in self._inside:
            for target in _targets(node, names, self._taken):
                more = names_in(target)
                if more is None:
                    return None
                given |= more
            if _is_kept_by_call(node, names, self._taken):
                keeper = node.func.value  # type: ignore[attr-defined]
                if not isinstance(keeper, cst.Name) or not self._is_own(keeper.value):
                    return None
                given.add(keeper.value)
        return given

    def _is_own(self, name: str) -> bool:
        """Return whether a name is a local one that no caller has given."""
        bindings = self._function.bindings.get(name, ())
        return bool(bindings) and all(each.kind is not BindingKind.PARAMETER for each in bindings)

    def _all_made_of_items(self) -> set[str] | None:
        """Return the names that get an item or what is made of one; None if it is stored."""
        if self._names is None:
            return None
        made = set(self._names)
        while True:
            more: set[str] = set()
            for node in self._inside:
                for value, target in _bound(node):
                    if self._is_plain(value, made):
                        continue
                    names = names_in(target)
                    if names is None:
                        return None
                    more |= names
            if more <= made:
                return made
            made |= more

    def _is_given_to(self, node: Node, names: Set[str]) -> bool:
        """Return whether a node calls what may keep an item, or what was made of one."""
        if not isinstance(node, cst.Call) or self._makes_plain_value(node):
            return False
        return any(not self._is_plain(each.value, names) for each in node.args)

    def _is_plain(self, value: cst.BaseExpression, names: Set[str]) -> bool:
        """Return whether a value certainly refers to no item, however it was made."""
        pending: list[Node] = [value]
        while pending:
            each = pending.pop()
            if isinstance(each, cst.Name):
                if each.value in names:
                    return False
            elif each in self._taken:
                return False
            elif isinstance(each, (cst.Lambda, cst.BaseComp)):
                pending += [node for node in descendants(each) if isinstance(node, cst.Name)]
            elif isinstance(each, cst.Call) and self._makes_plain_value(each):
                continue
            elif not isinstance(each, (cst.Comparison, cst.FormattedString)) and not (
                isinstance(each, cst.UnaryOperation) and isinstance(each.operator, cst.Not)
            ):
                pending += _evaluated(each)
        return True

    def _makes_plain_value(self, call: cst.Call) -> bool:
        dotted = self._facts.resolver.dotted(call.func, self._function)
        return dotted in _MAKERS_OF_PLAIN_VALUES

    # Reads elsewhere

    def _is_any_read_outside(self, names: set[str], *, by_others: bool = False) -> bool:
        return any(self._is_read_outside(each, by_others=by_others) for each in names)

    def _is_read_outside(self, name: str, *, by_others: bool) -> bool:
        """Return whether a name is read elsewhere, or by a function that may outlive this.

        `by_others`: what this function itself reads elsewhere does not count.
        """
        if name in self._function.declared_global | self._function.declared_nonlocal:
            return True
        pending = [self._function]
        while pending:
            scope = pending.pop()
            reads = set(scope.loads.get(name, ()))
            if scope is self._function or _runs_at_once(scope):
                elsewhere = () if by_others else reads - self._inside
                if not all(self._is_rebound(name, node) for node in elsewhere):
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
        for parent in self._facts.around(node):
            if isinstance(parent, cst.For) and child is parent.body and parent not in self._inside:
                targets = names_in(parent.target)
                if (
                    targets is not None
                    and name in targets
                    and self._statements[0] not in set(descendants(parent.body))
                ):
                    return True
            child = parent
        return False


def _evaluated(node: Node) -> list[Node]:
    """Return what of an expression is evaluated; an attribute's or argument's name is not."""
    if isinstance(node, cst.Attribute):
        return [node.value]
    if isinstance(node, cst.Arg):
        return [node.value]
    return children(node)


def names_in(target: cst.BaseExpression) -> set[str] | None:
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


def is_handled_around(facts: Facts, node: Node, function: Scope) -> bool:
    """Return whether a statement around a node, in its function, may catch what is raised there."""
    for each in facts.around(node):
        if each is function.node:
            return False
        if isinstance(each, _HANDLING) and each is not node:
            return True
    return False


def _has_break(loop: cst.For) -> bool:
    """Return whether a `break` of the loop itself may leave it."""
    pending: list[cst.CSTNode] = [loop.body]
    while pending:
        each = pending.pop()
        if isinstance(each, cst.Break):
            return True
        if isinstance(each, (cst.For, cst.While)):
            pending += [each.orelse] if each.orelse is not None else []
        elif not isinstance(each, (cst.FunctionDef, cst.ClassDef)):
            pending += children(each)
    return False


def _runs_at_once(scope: Scope) -> bool:
    return scope.kind is ScopeKind.CLASS or isinstance(
        scope.node, (cst.ListComp, cst.SetComp, cst.DictComp)
    )


def _bound(node: Node) -> Iterator[tuple[cst.BaseExpression, cst.BaseExpression]]:
    """Yield each value that a node binds, or the source of it, with its target."""
    if isinstance(node, cst.Assign):
        yield from ((node.value, each.target) for each in node.targets)
    elif isinstance(node, (cst.AnnAssign, cst.AugAssign, cst.NamedExpr)):
        if node.value is not None:
            yield node.value, node.target
    elif isinstance(node, cst.For):
        yield node.iter, node.target
    elif isinstance(node, cst.With):
        for item in node.items:
            if item.asname is not None:
                yield item.item, item.asname.name
    elif isinstance(node, cst.Match):
        for each in descendants(node):
            if isinstance(each, cst.MatchAs) and each.name is not None:
                yield node.subject, each.name


def _targets(node: Node, names: Set[str], taken: Set[Node]) -> Iterator[cst.BaseExpression]:
    """Yield what a statement binds to one of the named items."""
    if isinstance(node, (cst.Assign, cst.AnnAssign, cst.NamedExpr, cst.Match)):
        for value, target in _bound(node):
            if _hands_on(value, names, taken):
                yield target


def _is_kept_by_call(node: Node, names: Set[str], taken: Set[Node]) -> bool:
    return (
        isinstance(node, cst.Call)
        and isinstance(node.func, cst.Attribute)
        and node.func.attr.value in _KEEPERS
        and any(_hands_on(each.value, names, taken) for each in node.args)
    )


def _hands_on(value: cst.BaseExpression, names: Set[str], taken: Set[Node]) -> bool:
    """Return whether the value may be an item itself, or a container of it."""
    pending: list[cst.BaseExpression] = [value]
    while pending:
        each = pending.pop()
        if each in taken:
            return True
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
