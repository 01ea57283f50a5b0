"""Loops of an async generator that hand on every item of another one, and do nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import BindingKind, Scope, is_name
from asyncgen_lint.source.suites import statements
from asyncgen_lint.typestate.knowledge import Knowledge, mentions_name


def mere_delegations(knowledge: Knowledge, function: Scope) -> Iterator[cst.For]:
    """Yield each `async for item in source: yield item` of an async generator function."""
    for loop in function.awaits:
        if not isinstance(loop, cst.For) or not isinstance(loop.target, cst.Name):
            continue
        item = loop.target.value
        if loop.orelse is not None or not _only_yields(loop, item):
            continue
        # The variable may be read behind the loop, or by a nested function.
        reads = [each for scope in function.descendants() for each in scope.loads.get(item, ())]
        is_own = len(function.bindings.get(item, ())) == 1 and len(reads) == 1
        if is_own and _is_async_iterable(knowledge, loop.iter, function):
            yield loop


def _only_yields(loop: cst.For, item: str) -> bool:
    first, *others = statements(loop.body)
    return (
        not others
        and isinstance(first, cst.Expr)
        and isinstance(first.value, cst.Yield)
        and is_name(first.value.value, item)
    )


def _is_async_iterable(knowledge: Knowledge, source: cst.BaseExpression, function: Scope) -> bool:
    if knowledge.is_async_generator(source, function):
        return True
    if not isinstance(source, cst.Name):
        return False
    bindings = function.bindings.get(source.value, [])
    if len(bindings) != 1:
        return False
    (binding,) = bindings
    if binding.kind is BindingKind.ENTERED and isinstance(binding.value, cst.Call):
        call = binding.value
        if knowledge.dotted(call.func, function) not in tables.ACLOSING or len(call.args) != 1:
            return False
        return knowledge.is_async_generator(call.args[0].value, function)
    if not isinstance(binding.node, cst.Param):
        return False
    annotation = binding.node.annotation
    return annotation is not None and mentions_name(
        annotation.annotation, tables.ASYNC_ITERABLE_ANNOTATIONS
    )
