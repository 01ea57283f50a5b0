"""Plans: decorate a function, or decorate it by something else."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.facts.found import GeneratorEntered, WronglyDecorated
from asyncgen_lint.fixes.awaits import may_await
from asyncgen_lint.fixes.imports import local_name
from asyncgen_lint.fixes.layout import with_async, without_async
from asyncgen_lint.fixes.unused import unused_without
from asyncgen_lint.names import tables
from asyncgen_lint.names.scopes import last_name
from asyncgen_lint.rule import FixPlan, FixSafety, ImportRequest, Node, Rewrite
from asyncgen_lint.source.walk import descendants

_SYNC_MANAGER = ImportRequest("contextlib", "contextmanager")
ASYNC_MANAGER = ImportRequest("contextlib", "asynccontextmanager")


def decorate_as_manager(facts: Facts, entered: GeneratorEntered) -> FixPlan | None:
    """Return the plan that puts `asynccontextmanager` on a function without decorators.

    Safe for a private one, which other modules do not iterate. None where it is not certain that
    the function is only entered, and where the decorator's name means something else there.
    """
    function = entered.function
    if function is None or function.parent is None:
        return None
    definition = function.node
    if not isinstance(definition, cst.FunctionDef) or definition.decorators:
        return None
    found = local_name(facts, ASYNC_MANAGER, definition, function.parent)
    if found is None:
        return None

    def build(node: Node) -> Node:
        return node.with_changes(decorators=[cst.Decorator(found.expression())])

    title = f"Decorate `{function.name}` with `{ASYNC_MANAGER.name}`"
    safety = FixSafety.SAFE if entered.is_private else FixSafety.UNSAFE
    return FixPlan(title, safety, (Rewrite(definition, build),), found.imports)


def swap_manager_decorator(facts: Facts, wrong: WronglyDecorated) -> FixPlan | None:
    """Return the plan that puts the other decorator of contextlib on a generator function.

    Each `with` of the module that enters the function follows. None where one cannot, and where a
    sync generator function may be meant to be async.
    """
    decorator, function = wrong.at, wrong.function
    if not wrong.is_generator or function.parent is None:
        return None
    is_async = wrong.is_sync
    if not is_async and (not wrong.is_only_entered or _is_annotated_as_async(function.node)):
        return None
    decoration = ASYNC_MANAGER if is_async else _SYNC_MANAGER
    wanted = local_name(facts, decoration, function.node, function.parent)
    if wanted is None:
        return None
    rewrites = [Rewrite(decorator.decorator, lambda _: wanted.expression())]
    for call in wrong.entries:
        statement: Node = facts.parent(facts.parent(call))
        if (statement.asynchronous is not None) is is_async:
            continue
        if len(statement.items) != 1 or (is_async and not may_await(facts, statement)):
            return None
        rewrites.append(Rewrite(statement, with_async if is_async else without_async))
    title = f"Decorate `{function.name}` with `{decoration.name}`"
    if len(rewrites) > 1:
        title += f", and enter it by `{'async with' if is_async else 'with'}`"
    return FixPlan(
        title,
        FixSafety.SAFE,
        tuple(rewrites),
        wanted.imports,
        unused_without(facts, decorator.decorator),
    )


def _is_annotated_as_async(definition: Node) -> bool:
    returns = definition.returns
    return returns is not None and any(
        last_name(each) in tables.ASYNC_ITERABLE_ANNOTATIONS for each in descendants(returns)
    )
