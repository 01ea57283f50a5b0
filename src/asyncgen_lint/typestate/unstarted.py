"""Resources whose only release stands in a generator that nobody need ever start.

A function acquires something and returns a generator that releases it in a `finally` or by a
`with`. The body of a generator runs from its first step on; one that is dropped, or even closed,
before that runs neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.flow.graph import Argument
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import BindingKind, Scope, is_name, only_argument
from asyncgen_lint.source.walk import descendants
from asyncgen_lint.typestate.calls import parameter_of
from asyncgen_lint.typestate.knowledge import FunctionKind, Knowledge

_ACQUIRING_CALLS = frozenset(
    {"builtins.open", "tempfile.TemporaryFile", "tempfile.NamedTemporaryFile"}
)
_ENDING = tables.RELEASE_METHODS | tables.ENDING_METHODS


@dataclass(frozen=True, slots=True, eq=False)
class LateOwner:
    """A resource called `name`, `acquired` here, given to a generator made by `creation`.

    `release` is the place in the generator that alone releases it.
    """

    name: str
    acquired: cst.CSTNode
    creation: cst.Call
    release: cst.CSTNode


def late_owners(
    knowledge: Knowledge, parents: Mapping[cst.CSTNode, cst.CSTNode], function: Scope
) -> Iterator[LateOwner]:
    """Yield each resource that a function hands to an unstarted generator which it returns."""
    if function.yields:
        return
    for each in function.returns:
        if not isinstance(each.value, cst.Call):
            continue
        generator = knowledge.callee(each.value.func, function)
        product = knowledge.product(each.value, function)
        if generator is None or product is None or product.kind is not FunctionKind.AGEN:
            continue
        for name, inner in _resources_given(knowledge, function, each.value, generator):
            acquired = _acquired(knowledge, function, name)
            release = _release_in(knowledge, generator, inner) if acquired is not None else None
            if (
                acquired is not None
                and release is not None
                and _is_only_used(parents, function, generator, name, each.value)
            ):
                yield LateOwner(name, acquired, each.value, release)


def _resources_given(
    knowledge: Knowledge, function: Scope, call: cst.Call, generator: Scope
) -> Iterator[tuple[str, str]]:
    """Yield the local names that a generator gets, each with its name in the generator."""
    for each in call.args:
        if not isinstance(each.value, cst.Name):
            continue
        keyword = each.keyword.value if each.keyword is not None else ""
        argument = Argument(None, each.value, keyword, each.star)
        parameter = parameter_of(knowledge, generator, call, argument, function)
        if parameter is not None and len(generator.bindings.get(parameter, ())) == 1:
            yield each.value.value, parameter
    if generator.parent is function:
        for name in generator.loads:
            if name not in generator.bindings and name in function.bindings:
                yield name, name


def _acquired(knowledge: Knowledge, function: Scope, name: str) -> cst.CSTNode | None:
    """Return the place that acquires what a local name holds, if it certainly is acquired."""
    bindings = function.bindings.get(name, [])
    if len(bindings) != 1 or bindings[0].kind is not BindingKind.VALUE:
        return None
    value = bindings[0].value
    if isinstance(value, cst.Call):
        return value if knowledge.dotted(value.func, function) in _ACQUIRING_CALLS else None
    if not isinstance(value, cst.Await) or not isinstance(value.expression, cst.Call):
        return None
    # A generator that a coroutine returns is not started either, and holds nothing yet.
    product = knowledge.product(value, function)
    return value if product is None or product.kind is not FunctionKind.AGEN else None


def _release_in(knowledge: Knowledge, generator: Scope, name: str) -> cst.CSTNode | None:
    """Return the place in a `finally` or `with` around a yield that releases what a name holds."""
    for node in descendants(generator.node):
        if isinstance(node, (cst.Try, cst.TryStar)) and node.finalbody is not None:
            if _has_yield(node.body):
                for each in descendants(node.finalbody):
                    if _is_release(each, name):
                        return each
        elif isinstance(node, cst.With) and _has_yield(node.body):
            for item in node.items:
                if _is_entered(knowledge, generator, item.item, name):
                    return item
    return None


def _is_release(node: cst.CSTNode, name: str) -> bool:
    """Return whether a node is `name.close()`, `pool.release(name)`, or the like."""
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
        return False
    if node.func.attr.value not in tables.RELEASE_METHODS:
        return False
    return any(is_name(each, name) for each in (node.func.value, *(a.value for a in node.args)))


def _is_entered(knowledge: Knowledge, scope: Scope, manager: cst.BaseExpression, name: str) -> bool:
    if is_name(manager, name):
        return True
    closed = only_argument(manager)
    if not isinstance(manager, cst.Call) or closed is None or not is_name(closed, name):
        return False
    dotted = knowledge.dotted(manager.func, scope)
    return dotted == "contextlib.closing" or dotted in knowledge.known.closers


def _is_only_used(
    parents: Mapping[cst.CSTNode, cst.CSTNode],
    function: Scope,
    generator: Scope,
    name: str,
    creation: cst.Call,
) -> bool:
    """Return whether nothing but the generator may release the object."""
    inside = set(generator.descendants()) if generator.parent is function else set()
    for scope in function.descendants():
        for load in scope.loads.get(name, ()):
            if scope in inside:
                continue
            if scope is not function or not _is_harmless(parents, load, creation):
                return False
    return True


def _is_harmless(
    parents: Mapping[cst.CSTNode, cst.CSTNode], load: cst.CSTNode, creation: cst.Call
) -> bool:
    parent = parents[load]
    if isinstance(parent, cst.Attribute):
        return parent.attr.value not in _ENDING
    if isinstance(parent, cst.Arg):
        return parents[parent] is creation
    return isinstance(parent, (cst.Comparison, cst.ComparisonTarget, cst.UnaryOperation, cst.If))


def _has_yield(suite: cst.CSTNode) -> bool:
    return any(isinstance(each, cst.Yield) for each in descendants(suite))
