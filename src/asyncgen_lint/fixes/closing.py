"""Plans: enter a generator by `async with aclosing(...)`, and iterate the one that was entered."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.facts.found import AclosingMisused, WronglyEntered
from asyncgen_lint.fixes.aclosing import aclosing_at
from asyncgen_lint.fixes.awaits import await_method
from asyncgen_lint.fixes.fresh import stream_name
from asyncgen_lint.fixes.imports import LocalName
from asyncgen_lint.fixes.items import Items
from asyncgen_lint.fixes.layout import iterating, with_async
from asyncgen_lint.fixes.titles import cleaning_up
from asyncgen_lint.fixes.unused import unused_without
from asyncgen_lint.names.scopes import BindingKind, Scope
from asyncgen_lint.rule import FixPlan, FixSafety, ImportRequest, Node, Rewrite
from asyncgen_lint.source.walk import descendants, is_same_code


def enter_aclosing(facts: Facts, wrong: WronglyEntered) -> FixPlan | None:
    """Return the plan that makes `with closing(g)` or `with aclosing(g)` an `async with aclosing`.

    What else the statement enters gets a `with` of its own, around or inside, in the same order; a
    stack that can enters it as `async with` does. None outside `async def`, for another stack, and
    for `with g`.
    """
    if not isinstance(wrong.manager, cst.Call):
        return None
    closer = aclosing_at(facts, wrong.statement or wrong.manager, wrong.function)
    if closer is None:
        return None
    if wrong.statement is None:
        return _by_stack(facts, wrong, closer)
    entries = [each for each in facts.wrongly_entered() if each.statement is wrong.statement]
    if not all(isinstance(each.manager, cst.Call) and each.by != "with" for each in entries):
        return None
    wrongs = {each.manager: each.by for each in entries}
    numbers = {
        number: wrongs[item.item]
        for number, item in enumerate(wrong.statement.items)
        if item.item in wrongs
    }
    labels = " and ".join(dict.fromkeys(f"`{each.label}`" for each in entries if each.label))

    def build(node: Node) -> Node:
        return _entered(node, numbers, closer)

    # What already is an `aclosing`, perhaps of a backport, stays what it is.
    is_new = any(by != "with aclosing" for by in numbers.values())
    return _plan(
        facts,
        wrong,
        f"Enter {labels or 'it'} by `async with aclosing`",
        (Rewrite(wrong.statement, build),),
        closer.imports if is_new else (),
    )


def _plan(
    facts: Facts,
    wrong: WronglyEntered,
    title: str,
    rewrites: tuple[Rewrite, ...],
    imports: tuple[ImportRequest, ...],
) -> FixPlan:
    """Return the plan that also leaves out the import of a `closing` used nowhere else."""
    assert isinstance(wrong.manager, cst.Call)
    unused = () if wrong.by == "with aclosing" else unused_without(facts, wrong.manager.func)
    return FixPlan(title, FixSafety.SAFE, rewrites, imports, unused)


def _entered(statement: cst.With, wrongs: dict[int, str], closer: LocalName) -> cst.With:
    """Return the statement with the numbered items under `aclosing`, entered by `async with`."""
    items = [
        _under_aclosing(item, closer) if wrongs.get(number, "with aclosing") != "with aclosing"
        else item
        for number, item in enumerate(statement.items)
    ]  # fmt: skip
    if statement.asynchronous is not None or len(wrongs) == len(items):
        statement = statement.with_changes(items=items)
        return statement if statement.asynchronous is not None else with_async(statement)
    runs: list[tuple[bool, list[cst.WithItem]]] = []
    for number, item in enumerate(items):
        if not runs or runs[-1][0] != (number in wrongs):
            runs.append((number in wrongs, []))
        runs[-1][1].append(item.with_changes(comma=cst.MaybeSentinel.DEFAULT))
    suite: cst.BaseSuite = statement.body
    for is_wrong, run in reversed(runs):
        made = cst.With(run, suite, asynchronous=cst.Asynchronous() if is_wrong else None)
        suite = cst.IndentedBlock([made], indent=getattr(statement.body, "indent", None))
    return made.with_changes(leading_lines=statement.leading_lines)


def _under_aclosing(item: cst.WithItem, closer: LocalName) -> cst.WithItem:
    assert isinstance(item.item, cst.Call)
    return item.with_changes(item=item.item.with_changes(func=closer.expression()))


def _by_stack(facts: Facts, wrong: WronglyEntered, closer: LocalName) -> FixPlan | None:
    """Return the plan that makes `enter_context(closing(g))` of an AsyncExitStack async."""
    argument = facts.parent(wrong.manager)
    entering = facts.parent(argument)
    if wrong.by != "closing" or not isinstance(argument, cst.Arg):
        return None
    if not isinstance(entering, cst.Call) or not isinstance(entering.func, cst.Attribute):
        return None
    if entering.func.attr.value != "enter_context":
        return None
    if not _is_async_stack(facts, entering.func.value, wrong.function):
        return None
    title = f"Enter `{wrong.label}` by `enter_async_context` and `aclosing`"
    awaited = await_method(facts, entering, "enter_async_context", title)
    if awaited is None:
        return None

    def build(node: Node) -> Node:
        return node.with_changes(func=closer.expression())

    rewrites = (Rewrite(wrong.manager, build), *awaited.rewrites)
    return _plan(facts, wrong, title, rewrites, closer.imports)


def _is_async_stack(facts: Facts, expression: Node, function: Scope) -> bool:
    """Return whether an expression is a name for an AsyncExitStack that this function enters."""
    if not isinstance(expression, cst.Name):
        return False
    bindings = function.bindings.get(expression.value, ())
    if len(bindings) != 1 or bindings[0].kind is not BindingKind.ENTERED:
        return False
    made = bindings[0].value
    return (
        isinstance(made, cst.Call)
        and facts.resolver.dotted(made.func, function) == "contextlib.AsyncExitStack"
    )


# A generator that is closed, and another one that is iterated


def iterate_what_is_closed(facts: Facts, misused: AclosingMisused) -> FixPlan | None:
    """Return the plan that names the generator given to `aclosing`, and iterates that one.

    None where the two calls may be of different things, where another loop makes a third, and where
    an item may be used once the generator is closed.
    """
    statement, loop, function = misused.at, misused.loop, misused.function
    if not isinstance(statement, cst.With) or not isinstance(loop, cst.For):
        return None
    if len(statement.items) != 1 or loop.asynchronous is None:
        return None
    first = statement.body.body[0]
    source = misused.call.args[0].value
    if first is not loop or not _is_plain_call(source):
        return None
    if sum(is_same_code(each, source) for each in _calls_in(statement)) != 2:
        return None
    if not facts.gives_plain_values(source, function) and (
        Items(facts, function, [statement], [loop.target]).may_escape()
    ):
        return None
    stream = stream_name(facts, source, statement, function)

    def name(item: Node) -> Node:
        return item.with_changes(asname=cst.AsName(cst.Name(stream)))

    def iterate(node: Node) -> Node:
        return iterating(node, stream)

    return FixPlan(
        cleaning_up(f"Iterate the `{misused.label}` that is closed"),
        FixSafety.SAFE,
        (Rewrite(statement.items[0], name), Rewrite(loop, iterate)),
    )


def _calls_in(statement: Node) -> list[cst.Call]:
    return [each for each in descendants(statement) if isinstance(each, cst.Call)]


def _is_plain_call(source: cst.BaseExpression) -> bool:
    """Return whether a call means the same, made twice in a row: of names and constants alone."""
    plain = (
        cst.Call, cst.Arg, cst.Name, cst.Attribute, cst.SimpleString, cst.Integer, cst.Float,
    )  # fmt: skip
    return (
        isinstance(source, cst.Call)
        and not any(each.star for each in source.args)
        and len(_calls_in(source)) == 1
        and all(isinstance(each, plain) for each in descendants(source))
    )
