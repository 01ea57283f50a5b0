"""Plan: collect the items of an async generator for what takes a sync iterable."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.facts.found import WrongUse
from asyncgen_lint.fixes.around import function_around, means_builtin
from asyncgen_lint.fixes.awaits import may_await
from asyncgen_lint.fixes.fresh import free_name
from asyncgen_lint.fixes.layout import with_async, without_async
from asyncgen_lint.fixes.loops import (
    comprehension_of,
    iterate_async,
    may_lose_async,
)
from asyncgen_lint.names.scopes import last_name
from asyncgen_lint.rule import FixPlan, FixSafety, Node, Rewrite

_BECOME_DISPLAYS = frozenset({"`list`", "`set`"})
_TAKE_ALL = _BECOME_DISPLAYS | {"`tuple`", "`frozenset`", "`dict`", "`join`", "`*`"}
"""What ends with its source: of an endless one nothing else was to be had."""

_MAY_STOP_EARLIER = frozenset(
    f"`{name}`" for name in ("all", "any", "enumerate", "in", "max", "min", "sorted", "sum", "zip")
) | {"unpacking"}
"""What may not need the whole source, or where a person should see that all of it is read first."""


def consume_async(facts: Facts, use: WrongUse) -> FixPlan | None:
    """Return the plan that lets a sync consumer have the items of an async generator.

    That is `async for` for a loop, else an async comprehension. None outside `async def`, and for
    consumers that would wait for an endless source, such as `islice`.
    """
    if isinstance(use.at, cst.For):
        return iterate_async(facts, use.at, use.label)
    if isinstance(use.at, cst.CompFor):
        made = comprehension_of(facts, use.at)
        if isinstance(made, cst.GeneratorExp):
            return _collect_expression(facts, use, made)
        return iterate_async(facts, use.at, use.label)
    safety = _safety(use.by)
    if safety is None or not may_await(facts, use.node, in_comprehension=True):
        return None
    if isinstance(use.node, cst.GeneratorExp):
        rewrites = _collected(facts, use.node, use.by, _as_list)
    else:
        item = _free_item(facts, use.node)
        if item is None:
            return None
        rewrites = _collected(facts, use.node, use.by, lambda node: _items(node, item))
    async_loop = _loop_over(facts, use.at)
    if async_loop is not None:
        # `async for` over `enumerate(...)` raised too, and must be sync from now on.
        if not may_lose_async(facts, async_loop):
            return None
        rewrites = (*rewrites, Rewrite(async_loop, without_async))
    return FixPlan(_title(use), safety, rewrites)


def _collect_expression(facts: Facts, use: WrongUse, made: cst.GeneratorExp) -> FixPlan | None:
    """Return the plan for `sum(x for x in rows())`: a list, made by an async comprehension.

    None where it is not certain what takes the generator expression.
    """
    call = _call_of(facts, made)
    if call is None or not isinstance(call.func, cst.Name):
        return None
    by = f"`{call.func.value}`"
    safety = _safety(by)
    if safety is None or not means_builtin(facts, call.func.value, made):
        return None
    if not may_await(facts, made, in_comprehension=True) or _loop_over(facts, call) is not None:
        return None
    rewrites = (Rewrite(use.at, with_async), *_collected(facts, made, by, _as_list))
    return FixPlan(_title(use), safety, rewrites)


def _safety(by: str) -> FixSafety | None:
    if by in _TAKE_ALL:
        return FixSafety.SAFE
    return FixSafety.UNSAFE if by in _MAY_STOP_EARLIER else None


def _title(use: WrongUse) -> str:
    what = f"the items of `{use.label}`" if use.label else "the items"
    return f"Collect {what} by an async comprehension"


def _collected(
    facts: Facts, node: Node, by: str, comprehension: Callable[[Node], cst.ListComp]
) -> tuple[Rewrite, ...]:
    """Return the rewrite of a source, or of the whole `list(...)` or `set(...)` around it."""
    call = _call_of(facts, node) if by in _BECOME_DISPLAYS else None
    if call is None or len(call.args) != 1:
        return (Rewrite(node, comprehension),)

    def build(made: Node) -> Node:
        return _display(made, comprehension(made.args[0].value))

    return (Rewrite(call, build),)


def _display(call: cst.Call, items: cst.ListComp) -> cst.ListComp | cst.SetComp:
    """Return `[...]` or `{...}` in place of `list([...])` or `set([...])`."""
    (argument,) = call.args
    before, after = call.whitespace_before_args, argument.whitespace_after_arg
    if before.empty and after.empty:
        before, after = items.lbracket.whitespace_after, items.rbracket.whitespace_before
    if last_name(call) == "list":
        return items.with_changes(
            lbracket=cst.LeftSquareBracket(before),
            rbracket=cst.RightSquareBracket(after),
            lpar=call.lpar,
            rpar=call.rpar,
        )
    return cst.SetComp(
        items.elt,
        items.for_in,
        lbrace=cst.LeftCurlyBrace(before),
        rbrace=cst.RightCurlyBrace(after),
        lpar=call.lpar,
        rpar=call.rpar,
    )


def _items(source: Node, name: str) -> cst.ListComp:
    """Return `[item async for item in SOURCE]`."""
    loop = cst.CompFor(cst.Name(name), source, asynchronous=cst.Asynchronous())
    return cst.ListComp(cst.Name(name), loop)


def _as_list(expression: Node) -> cst.ListComp:
    """Return the list comprehension that a generator expression becomes, in square brackets."""
    if not expression.lpar:
        return cst.ListComp(expression.elt, expression.for_in)
    *opening, own_opening = expression.lpar
    own_closing, *closing = expression.rpar
    return cst.ListComp(
        expression.elt,
        expression.for_in,
        lbracket=cst.LeftSquareBracket(own_opening.whitespace_after),
        rbracket=cst.RightSquareBracket(own_closing.whitespace_before),
        lpar=opening,
        rpar=closing,
    )


def _call_of(facts: Facts, node: Node) -> cst.Call | None:
    """Return the call that an expression is a positional argument of."""
    argument = facts.parent(node)
    if not isinstance(argument, cst.Arg) or argument.star or argument.keyword is not None:
        return None
    call = facts.parent(argument)
    return call if isinstance(call, cst.Call) else None


def _loop_over(facts: Facts, node: Node) -> Node | None:
    """Return the async loop, or clause of a comprehension, that iterates a node."""
    parent = facts.parent(node)
    if isinstance(parent, (cst.For, cst.CompFor)) and parent.iter is node:
        return parent if parent.asynchronous is not None else None
    return None


def _free_item(facts: Facts, node: Node) -> str | None:
    """Return a name for the items; None outside of functions."""
    function = function_around(facts, node)
    return free_name("item", function) if function is not None else None
