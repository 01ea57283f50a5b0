"""What Python's compiler refuses in an async generator, though its parser takes it.

Language Reference 8.9.3 and 6.2.9.4; PEP 828 allows both from 3.16 on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import Scope, is_name
from asyncgen_lint.typestate.knowledge import FunctionKind, Knowledge
from asyncgen_lint.typestate.track import is_async_generator_expression

_DISPLAYS = (cst.List, cst.Tuple, cst.Set, cst.Dict, cst.ListComp, cst.SetComp, cst.DictComp)


@dataclass(frozen=True, slots=True)
class Delegation:
    """A `yield from` in a statement; whether its source certainly is an async generator, or sync.

    `is_alone` says that the statement is that and nothing else.
    """

    at: cst.CSTNode
    source: cst.BaseExpression
    is_alone: bool
    is_async: bool
    is_sync: bool


def delegations(
    function: Scope, knowledge: Knowledge, parent: Callable[[cst.CSTNode], cst.CSTNode | None]
) -> Iterator[Delegation]:
    """Yield each `yield from` of an `async def`."""
    if not function.is_async:
        return
    for each in function.yields:
        if isinstance(each.value, cst.From):
            source = each.value.item
            yield Delegation(
                each,
                source,
                isinstance(parent(each), cst.Expr),
                _is_async(source, function, knowledge),
                _is_sync(source, function, knowledge),
            )


def returned_values(function: Scope) -> Iterator[tuple[cst.Return, bool]]:
    """Yield each `return` with a value of an async generator, and whether the value is None."""
    if function.is_async and function.yields:
        for each in function.returns:
            if each.value is not None:
                yield each, is_name(each.value, "None")


def _is_async(source: cst.BaseExpression, function: Scope, knowledge: Knowledge) -> bool:
    if isinstance(source, cst.GeneratorExp):
        return is_async_generator_expression(source)
    return isinstance(source, cst.Call) and knowledge.is_async_generator(source, function)


def _is_sync(source: cst.BaseExpression, function: Scope, knowledge: Knowledge) -> bool:
    if isinstance(source, cst.GeneratorExp):
        return not is_async_generator_expression(source)
    if isinstance(source, _DISPLAYS):
        return True
    if not isinstance(source, cst.Call):
        return False
    if knowledge.dotted(source.func, function) in tables.SYNC_ITERABLE_MAKERS:
        return True
    product = knowledge.certain_product(source, function)
    return product is not None and product.kind is FunctionKind.GENERATOR
