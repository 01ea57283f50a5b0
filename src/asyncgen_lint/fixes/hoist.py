"""Plans: give a generator that is made inside an expression a header of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.facts import Facts, label_of
from asyncgen_lint.facts.found import LeftOpen
from asyncgen_lint.fixes.aclosing import aclosing_at
from asyncgen_lint.fixes.blocks import line_of
from asyncgen_lint.fixes.fresh import stream_name
from asyncgen_lint.fixes.items import Items
from asyncgen_lint.fixes.layout import SHORTEST_LIMIT, Manager, indent_near, moved_out, under
from asyncgen_lint.fixes.region import (
    Region,
    is_named_as_step,
    is_own,
    keeps_no_item,
    region_of,
    uses_of,
)
from asyncgen_lint.fixes.titles import cleaning_up
from asyncgen_lint.fixes.wrap import (
    is_simple,
    iterate_under_aclosing,
    last_needed,
    line_begun_by,
    named_for,
    step_under_aclosing,
)
from asyncgen_lint.names.scopes import BindingKind
from asyncgen_lint.rule import FixPlan, FixSafety, Node, Rewrite


def iterate_closed(facts: Facts, left: LeftOpen) -> FixPlan | None:
    """Return the plan that closes a generator that a loop leaves open, wherever it is made."""
    return iterate_under_aclosing(facts, left) or _hoisted(facts, left, "Iterate")


def step_closed(facts: Facts, left: LeftOpen) -> FixPlan | None:
    """Return the plan that closes a generator that is stepped by hand, wherever it is made."""
    return step_under_aclosing(facts, left) or _hoisted(facts, left, "Step")


@dataclass(frozen=True)
class _Place:
    """The statement that makes a generator, and the last statement of its block that needs it.

    `around` are the nodes between the generator and the statement, inner ones first.
    """

    statement: Node
    around: tuple[Node, ...]
    last: int = 0
    region: Region | None = None
    safety: FixSafety = FixSafety.SAFE


def _hoisted(facts: Facts, left: LeftOpen, verb: str) -> FixPlan | None:
    """Return the plan that makes a generator in the header of an `async with aclosing`.

    The statement that made it comes under that, and reads it by name. None where something else is
    evaluated before it, where an item of it may be used behind the statement, and where the
    expression may give it on.
    """
    function = left.function
    made = _made(facts, left)
    place = _place(facts, left, made) if made is not None else None
    if made is None or place is None or not _leaves_space(made, place.around):
        return None
    closer = aclosing_at(facts, place.statement, function)
    if closer is None:
        return None
    label = _label(facts, left, made)
    stream = stream_name(facts, _call_in(made), place.statement, function)

    def manager(source: cst.BaseExpression) -> cst.BaseExpression:
        return closer.call(moved_out(source))

    return FixPlan(
        cleaning_up(f"{verb} `{label}` under `aclosing`"),
        place.safety,
        tuple(_rewrites(facts, made, place, stream, manager)),
        closer.imports,
    )


# What is hoisted


def _made(facts: Facts, left: LeftOpen) -> cst.BaseExpression | None:
    """Return the call that makes what needs closing, with its `await` if it has one.

    Closing a generator expression does not close what it reads, so that is what it is about.
    """
    made = left.creation
    while isinstance(made, cst.GeneratorExp):
        clause = made.for_in
        if clause.asynchronous is None or clause.inner_for_in is not None:
            return None
        made = clause.iter
    if made is not left.creation and not facts.is_generator(made, left.function):
        return None
    parent = facts.parent(made)
    if isinstance(parent, cst.Await) and isinstance(made, cst.Call):
        made = parent
    return made if isinstance(_call_in(made), cst.Call) else None


def _call_in(made: Node) -> Node:
    return made.expression if isinstance(made, cst.Await) else made


def _label(facts: Facts, left: LeftOpen, made: cst.BaseExpression) -> str:
    return label_of(_call_in(made)) if isinstance(left.creation, cst.GeneratorExp) else left.label


def _leaves_space(made: cst.BaseExpression, around: tuple[Node, ...]) -> bool:
    """Return whether a name may stand where parentheses now set off the words beside them."""
    if not made.lpar:
        return True
    for each in around:
        if isinstance(each, cst.Await) and each.whitespace_after_await.empty:
            return False
        if isinstance(each, cst.CompFor) and (
            each.whitespace_after_in.empty or any(one.whitespace_before.empty for one in each.ifs)
        ):
            return False
    return True


# Where it is hoisted to


def _place(facts: Facts, left: LeftOpen, made: cst.BaseExpression) -> _Place | None:
    """Return the statement that evaluates it first, and ends what it makes of it."""
    is_plain = facts.gives_plain_values(_call_in(made), left.function)
    around: list[Node] = []
    child: Node = made
    for parent in list(facts.around(made))[1:]:
        inner = tuple(around)
        if child is left.header:
            return _of_step(facts, left, parent, inner, is_plain=is_plain)
        if isinstance(parent, cst.For) and parent.iter is child:
            return _of_loop(facts, left, parent, inner, is_plain=is_plain)
        if isinstance(parent, cst.WithItem) and parent.item is child:
            return _of_manager(facts, left, parent, inner, is_plain=is_plain)
        if isinstance(parent, cst.Assign) and parent.value is child:
            return _of_name(facts, left, parent, inner, is_plain=is_plain)
        if isinstance(parent, cst.CompFor) and parent is left.header:
            return _of_comprehension(facts, left, parent, inner, is_plain=is_plain)
        if not _reads_at_once(facts, parent, child):
            return None
        around.append(parent)
        child = parent
    return None


def _reads_at_once(facts: Facts, parent: Node, child: Node) -> bool:
    """Return whether an expression evaluates its child first, and always, and nothing names it."""
    if isinstance(parent, cst.Arg):
        return not parent.star
    if isinstance(parent, cst.Call):
        if child is parent.func:
            return True
        before = [each.value for each in parent.args[: parent.args.index(child)]]
        return all(map(is_simple, [parent.func, *before]))
    if isinstance(parent, cst.CompFor):
        generator = facts.parent(parent)
        is_first = isinstance(generator, cst.GeneratorExp) and generator.for_in is parent
        return parent.iter is child and is_first
    return isinstance(parent, (cst.Attribute, cst.GeneratorExp))


def _of_step(
    facts: Facts, left: LeftOpen, awaited: Node, around: tuple[Node, ...], *, is_plain: bool
) -> _Place | None:
    """Return the line of an awaited step whose item nothing uses, unless that is harmless."""
    if not isinstance(awaited, cst.Await):
        return None
    if not facts.steps(left.header, left.function) and not is_named_as_step(left.header):
        given = [each.value for each in left.header.args if each in around]
        if len(given) != 1 or not keeps_no_item(facts, left.header, given[0], left.function):
            return None
    if not is_plain and not isinstance(facts.parent(awaited), cst.Expr):
        return None
    line = line_begun_by(facts, awaited)
    return _Place(line, (*around, awaited)) if line is not None else None


def _of_comprehension(
    facts: Facts, left: LeftOpen, clause: cst.CompFor, around: tuple[Node, ...], *, is_plain: bool
) -> _Place | None:
    """Return the line of a comprehension that reads all items, so that they are used closed."""
    comprehension = facts.parent(clause)
    if not isinstance(comprehension, (cst.ListComp, cst.SetComp, cst.DictComp)):
        return None
    if comprehension.for_in is not clause or clause.inner_for_in is not None:
        return None
    # Another generator may end before what it reads, whose items are then still good.
    if not is_plain and any(isinstance(each, cst.Call) for each in around):
        return None
    line = line_begun_by(facts, comprehension)
    return _Place(line, (*around, clause)) if line is not None else None


def _of_loop(
    facts: Facts, left: LeftOpen, loop: cst.For, around: tuple[Node, ...], *, is_plain: bool
) -> _Place | None:
    if loop is not left.header or loop.asynchronous is None:
        return None
    if not is_plain and Items(facts, left.function, [loop], [loop.target]).may_escape():
        return None
    return _Place(loop, around)


def _of_manager(
    facts: Facts, left: LeftOpen, item: cst.WithItem, around: tuple[Node, ...], *, is_plain: bool
) -> _Place | None:
    """Return the `async with` that closes what reads the generator, and not the generator."""
    statement = facts.parent(item)
    assert isinstance(statement, cst.With)
    if statement.asynchronous is None or item.asname is None:
        return None
    stream, function = item.asname.name, left.function
    if not isinstance(stream, cst.Name) or not is_own(stream.value, function, BindingKind.ENTERED):
        return None
    loads = function.loads.get(stream.value, ())
    if not all(statement.body in facts.around(node) for node in loads):
        return None
    used = uses_of(facts, loads, function)
    if used is None:
        return None
    items = Items(facts, function, [statement], used.targets, used.taken)
    if not is_plain and (items.may_escape() if left.is_loop else items.may_lend()):
        return None
    return _Place(statement, around) if item is statement.items[0] else None


def _of_name(
    facts: Facts, left: LeftOpen, assigned: cst.Assign, around: tuple[Node, ...], *, is_plain: bool
) -> _Place | None:
    """Return the line that names what reads the generator, with all that uses the name."""
    line = line_of(facts, assigned)
    if not around or line is None:
        return None
    region = region_of(facts, assigned.value, left.function)
    if region is None:
        return None
    needed = last_needed(
        facts, left.function, region, is_plain=is_plain, to_the_end=not left.is_loop
    )
    return _Place(line, around, needed[0], region, needed[1]) if needed is not None else None


# The new text


def _rewrites(
    facts: Facts, made: cst.BaseExpression, place: _Place, stream: str, manager: Manager
) -> Iterator[Rewrite]:
    statement, region = place.statement, place.region
    indent = indent_near(facts, facts.parent(statement))
    if isinstance(statement, cst.For) and statement.iter is made:
        yield named_for(statement, stream, manager, indent)
        return
    yield Rewrite(made, lambda _: cst.Name(stream))
    if region is not None:
        first, last = region.made, place.last

        def wrap(block: Node) -> Node:
            body = list(block.body)
            body[first : last + 1] = [
                under([(manager(made), stream)], body[first : last + 1], indent)
            ]
            return block.with_changes(body=body)

        yield Rewrite(region.block, wrap)
    elif isinstance(statement, cst.With) and _fits(facts, statement, made, stream):
        new = cst.WithItem(manager(made), cst.AsName(cst.Name(stream)))
        yield Rewrite(statement, lambda node: node.with_changes(items=[new, *node.items]))
    else:
        yield Rewrite(statement, lambda node: under([(manager(made), stream)], [node], indent))


def _fits(facts: Facts, statement: cst.With, made: cst.BaseExpression, stream: str) -> bool:
    """Return whether the header has room for one more manager."""
    if isinstance(statement.lpar, cst.LeftParen):
        return False
    code = facts.parsed.module.code_for_node
    source = code(made)
    items = [code(each).strip().rstrip(",").replace(source, stream) for each in statement.items]
    header = f"async with aclosing({source}) as {stream}, {', '.join(items)}:"
    depth = sum(isinstance(each, cst.IndentedBlock) for each in facts.around(statement))
    return len(header) + 4 * depth <= SHORTEST_LIMIT
