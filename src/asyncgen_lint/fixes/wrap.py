"""Plans: use a generator under `contextlib.aclosing`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.facts.found import LeftOpen
from asyncgen_lint.fixes.aclosing import aclosing_at
from asyncgen_lint.fixes.around import means_builtin
from asyncgen_lint.fixes.blocks import alone_on
from asyncgen_lint.fixes.fresh import stream_name
from asyncgen_lint.fixes.items import Items
from asyncgen_lint.fixes.layout import (
    SHORTEST_LIMIT,
    Manager,
    call_with,
    indent_near,
    iterating,
    moved_out,
    under,
)
from asyncgen_lint.fixes.region import Region, enter, region_of
from asyncgen_lint.fixes.titles import cleaning_up
from asyncgen_lint.names.scopes import Scope
from asyncgen_lint.rule import FixPlan, FixSafety, Node, Rewrite


def iterate_under_aclosing(facts: Facts, left: LeftOpen) -> FixPlan | None:
    """Return the plan that puts what iterates a generator made there, or named, under `aclosing`.

    None where the generator outlives what iterates it, or an item of it may: its cleanup would
    then run before the item is used.
    """
    if left.is_temporary:
        if isinstance(left.header, cst.CompFor):
            return _wrap_comprehension(facts, left)
        return _wrap_loop(facts, left)
    return _wrap_named(facts, left, "Iterate", to_the_end=False)


def step_under_aclosing(facts: Facts, left: LeftOpen) -> FixPlan | None:
    """Return the plan that puts all that follows the first step of a generator under `aclosing`.

    None for a generator without a name, for how long its item must live cannot be seen, and where
    an item may be used elsewhere. Unsafe where something made of an item may be.
    """
    return None if left.is_temporary else _wrap_named(facts, left, "Step", to_the_end=True)


# A generator made where it is iterated


def _wrap_loop(facts: Facts, left: LeftOpen) -> FixPlan | None:
    loop, function = left.header, left.function
    if not isinstance(loop, cst.For) or loop.asynchronous is None:
        return None
    # The generator of an agen `__aiter__` is nowhere in the text until `aiter()` makes it there.
    is_hidden = left.creation is loop
    if is_hidden and not means_builtin(facts, "aiter", loop):
        return None
    if not is_hidden and (loop.iter is not left.creation or not isinstance(loop.iter, cst.Call)):
        return None
    if not facts.gives_plain_values(left.creation, function) and (
        Items(facts, function, [loop], [loop.target]).may_escape()
    ):
        return None
    closer = aclosing_at(facts, loop, function)
    if closer is None:
        return None

    def manager(source: cst.BaseExpression) -> cst.BaseExpression:
        return closer.call(call_with(cst.Name("aiter"), source) if is_hidden else source)

    return FixPlan(
        cleaning_up(f"Iterate `{left.label}` under `aclosing`"),
        FixSafety.SAFE,
        (loop_under(facts, loop, function, manager),),
        closer.imports,
    )


def loop_under(facts: Facts, loop: cst.For, function: Scope, manager: Manager) -> Rewrite:
    """Return the rewrite that names what a loop iterates, and puts the loop under its manager."""
    stream = stream_name(facts, loop.iter, loop, function)
    return named_for(loop, stream, manager, indent_near(facts, loop.body))


def named_for(loop: cst.For, stream: str, manager: Manager, indent: str | None) -> Rewrite:
    """Return the rewrite that puts a loop under the manager of what it iterates, by this name."""

    def build(node: Node) -> Node:
        return under([(manager(node.iter), stream)], [iterating(node, stream)], indent)

    return Rewrite(loop, build)


def _wrap_comprehension(facts: Facts, left: LeftOpen) -> FixPlan | None:
    """Return the plan that wraps the line of an async comprehension, which then is the same.

    A comprehension that comes to its end has exhausted its generator, so that its items were
    always used after the cleanup.
    """
    clause, function = left.header, left.function
    if clause.iter is not left.creation or not isinstance(clause.iter, cst.Call):
        return None
    comprehension = facts.parent(clause)
    if not isinstance(comprehension, (cst.ListComp, cst.SetComp, cst.DictComp)):
        return None
    # What an inner clause makes anew for each item would stay as it is.
    if clause.inner_for_in is not None and clause.inner_for_in.asynchronous is not None:
        return None
    line = line_begun_by(facts, comprehension)
    if line is None:
        return None
    closer = aclosing_at(facts, line, function)
    if closer is None:
        return None
    source, stream = moved_out(clause.iter), stream_name(facts, clause.iter, line, function)
    indent = indent_near(facts, line)

    def rename(node: Node) -> Node:
        return iterating(node, stream)

    def wrap(node: Node) -> Node:
        return under([(closer.call(source), stream)], [node], indent)

    return FixPlan(
        cleaning_up(f"Iterate `{left.label}` under `aclosing`"),
        FixSafety.SAFE,
        (Rewrite(clause, rename), Rewrite(line, wrap)),
        closer.imports,
    )


def line_begun_by(facts: Facts, expression: Node) -> cst.SimpleStatementLine | None:
    """Return the line of the statement that evaluates the expression first, and always."""
    child = expression
    for parent in list(facts.around(expression))[1:]:
        if isinstance(parent, cst.SimpleStatementLine):
            in_block = isinstance(facts.parent(parent), cst.IndentedBlock)
            return parent if in_block and alone_on(parent) is not None else None
        if not _passes_through(parent, child):
            return None
        child = parent
    return None


def _passes_through(parent: Node, child: Node) -> bool:
    """Return whether a node evaluates nothing that matters before its child, and always that."""
    if isinstance(parent, cst.Call):
        arguments = [each.value for each in parent.args]
        before = arguments[: parent.args.index(child)] if child in parent.args else []
        return child is parent.func or all(map(is_simple, [parent.func, *before]))
    if isinstance(parent, (cst.Tuple, cst.List, cst.Set)):
        before = [each.value for each in parent.elements[: parent.elements.index(child)]]
        return all(map(is_simple, before))
    if isinstance(parent, (cst.BinaryOperation, cst.BooleanOperation)):
        is_binary = isinstance(parent, cst.BinaryOperation)
        return child is parent.left or (is_binary and is_simple(parent.left))
    if isinstance(parent, cst.Comparison):
        return child is parent.left
    if isinstance(parent, cst.IfExp):
        return child is parent.test
    if isinstance(parent, cst.Subscript):
        return child is parent.value
    if isinstance(parent, cst.AugAssign):
        return isinstance(parent.target, cst.Name)
    if isinstance(parent, cst.AnnAssign):
        return child is parent.value and isinstance(parent.target, cst.Name)
    return isinstance(
        parent,
        (
            cst.Arg, cst.Assign, cst.Attribute, cst.Await, cst.Element, cst.Expr, cst.NamedExpr,
            cst.Return, cst.StarredElement, cst.UnaryOperation, cst.Yield,
        ),
    )  # fmt: skip


def is_simple(expression: cst.BaseExpression) -> bool:
    """Return whether evaluating the expression sooner or later makes no difference here."""
    if isinstance(expression, cst.Attribute):
        return is_simple(expression.value)
    return isinstance(expression, (cst.Name, cst.SimpleString, cst.Integer, cst.Float))


# A generator that has a name


@dataclass(frozen=True)
class Named:
    """A generator that has a name, and the number of the last statement that needs it open."""

    label: str
    creation: Node
    region: Region
    last: int
    safety: FixSafety

    def needs_no_more_than(self, other: Named) -> bool:
        """Return whether the statements that need the other open hold all that need this."""
        return other.region.first <= self.region.first and self.last <= other.last


def _wrap_named(facts: Facts, left: LeftOpen, verb: str, *, to_the_end: bool) -> FixPlan | None:
    function = left.function
    own = _named(facts, left, to_the_end=to_the_end)
    if own is None:
        return None
    region = own.region
    closer = aclosing_at(facts, region.block.body[region.first], function)
    if closer is None:
        return None
    group = _sharing_a_header(facts, own, function, to_the_end=to_the_end)
    labels = " and ".join(dict.fromkeys(f"`{each.label}`" for each in group))
    whose = "its" if len(group) == 1 else "their"

    return FixPlan(
        cleaning_up(f"{verb} {labels} under `aclosing`", whose=whose),
        own.safety,
        (enter([each.region for each in group], region.first, own.last, closer.call),),
        closer.imports,
    )


def _named(facts: Facts, left: LeftOpen, *, to_the_end: bool) -> Named | None:
    """Return a generator with the statements that need it open; None where some cannot be told."""
    if isinstance(left.creation, cst.GeneratorExp):
        # Closing it does not close what it reads, which is what needs closing.
        return None
    region = region_of(facts, left.creation, left.function)
    if region is None:
        return None
    is_plain = facts.gives_plain_values(left.creation, left.function)
    needed = last_needed(facts, left.function, region, is_plain=is_plain, to_the_end=to_the_end)
    return Named(left.label, left.creation, region, *needed) if needed is not None else None


def last_needed(
    facts: Facts, function: Scope, region: Region, *, is_plain: bool, to_the_end: bool
) -> tuple[int, FixSafety] | None:
    """Return the last of the statements that need a generator open; None if it cannot be told.

    They are those that use it, and all behind them in the block if an item of it is used there, or
    if that is wanted.
    """
    if is_plain:
        return region.end if to_the_end else region.last, FixSafety.SAFE
    for last in [region.end] if to_the_end else sorted({region.last, region.end}):
        items = Items(facts, function, region.statements(last), region.targets, region.taken)
        if not (items.may_lend() if to_the_end else items.may_escape()):
            return last, FixSafety.SAFE
    if to_the_end and not items.surely_escape():
        return last, FixSafety.UNSAFE
    return None


def _sharing_a_header(
    facts: Facts, own: Named, function: Scope, *, to_the_end: bool
) -> list[Named]:
    """Return the generator, among those made right above what needs it that need no more."""
    block = own.region.block
    made = {
        each.region.made: each
        for each in _all_named(facts, function, to_the_end=to_the_end)
        if each.region.block is block and each.needs_no_more_than(own) and each.safety is own.safety
    }
    number = own.region.first
    while number - 1 in made and _is_bare(block.body[number - 1]):
        number -= 1
    group = [made[each] for each in range(number, own.region.first)]
    if own.region.made not in [each.region.made for each in group]:
        return [own]
    code = facts.parsed.module.code_for_node
    header = ", ".join(f"aclosing({code(each.creation)}) as {each.region.name}" for each in group)
    return group if len(header) + len("    async with :") <= SHORTEST_LIMIT else [own]


def _all_named(facts: Facts, function: Scope, *, to_the_end: bool) -> Iterator[Named]:
    seen: set[Node] = set()
    for each in facts.left_open:
        if each.function is function and not each.is_temporary and each.creation not in seen:
            seen.add(each.creation)
            found = _named(facts, each, to_the_end=to_the_end)
            if found is not None:
                yield found


def _is_bare(line: Node) -> bool:
    """Return whether a line is one assignment, and no comment stands above or behind it."""
    return (
        isinstance(alone_on(line), cst.Assign)
        and line.trailing_whitespace.comment is None
        and all(each.comment is None for each in line.leading_lines)
    )
