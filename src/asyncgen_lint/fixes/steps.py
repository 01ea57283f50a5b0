"""Plan: return where the source that a loop steps by hand is at its end."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.fixes.around import around_in_function, function_around, means_builtin
from asyncgen_lint.fixes.blocks import line_of, names_in
from asyncgen_lint.fixes.fresh import free_name
from asyncgen_lint.fixes.layout import indent_near
from asyncgen_lint.names.scopes import Scope, last_name
from asyncgen_lint.rule import FixPlan, FixSafety, Node, Rewrite
from asyncgen_lint.source.walk import children

_LOOPS = (cst.For, cst.While)
_OWN_SCOPES = (cst.FunctionDef, cst.ClassDef)


def return_at_end(
    facts: Facts, step: Node, label: str, stop: str, *, passes_manager: bool
) -> FixPlan | None:
    """Return the plan that returns when a step, first in the body of a loop, raises `stop`.

    It is safe where nothing that the loop gathered, and no `with` around it, can see a difference.
    None where the step is no such statement, or steps what was made for it alone.
    """
    line = _line_of(facts, step)
    turn = turn_of(facts, line) if line is not None else None
    if turn is None or not isinstance(_stepped(step), (cst.Name, cst.Attribute)):
        return None
    if not means_builtin(facts, stop, step):
        return None
    item = free_name("item", turn.function)
    indent = indent_near(facts, turn.block)

    def build(block: Node) -> Node:
        first, *rest = block.body
        return block.with_changes(body=[*_guarded(first, stop, item, indent), *rest])

    is_safe = turn.is_endless and turn.keeps_nothing and not passes_manager
    safety = FixSafety.SAFE if is_safe else FixSafety.UNSAFE
    return FixPlan(f"Return when `{label}` raises `{stop}`", safety, (Rewrite(turn.block, build),))


def _guarded(
    line: cst.SimpleStatementLine, stop: str, item: str, indent: str | None
) -> list[cst.BaseStatement]:
    """Return the step under a handler that returns; of `yield STEP`, the `yield` behind it."""
    taken, rest = taken_first(line, item)
    inner = taken.with_changes(leading_lines=())
    leave = cst.SimpleStatementLine([cst.Return()])
    handler = cst.ExceptHandler(cst.IndentedBlock([leave], indent=indent), cst.Name(stop))
    made = cst.Try(
        cst.IndentedBlock([inner], indent=indent), [handler], leading_lines=line.leading_lines
    )
    return [made, *rest]


def taken_first(
    line: cst.SimpleStatementLine, item: str
) -> tuple[cst.SimpleStatementLine, list[cst.BaseStatement]]:
    """Return a line that assigns, and what is left to do: of `yield x`, to yield `item`."""
    (statement,) = line.body
    if not isinstance(statement, cst.Expr) or not isinstance(statement.value, cst.Yield):
        return line, []
    assert isinstance(statement.value.value, cst.BaseExpression)
    target = cst.AssignTarget(cst.Name(item))
    given = statement.value.with_changes(value=cst.Name(item), lpar=(), rpar=())
    rest = cst.SimpleStatementLine([statement.with_changes(value=given)])
    return line.with_changes(body=[cst.Assign([target], statement.value.value)]), [rest]


# Where a step stands


@dataclass(frozen=True, slots=True)
class Turn:
    """The body of a loop whose first statement steps a source.

    `is_endless` says that nothing but a jump ends the loop, which is in no other; `keeps_nothing`
    that no turn leaves anything behind for later ones.
    """

    block: cst.IndentedBlock
    function: Scope
    is_endless: bool
    keeps_nothing: bool


def turn_of(facts: Facts, statement: Node) -> Turn | None:
    """Return the turn of the loop whose body starts with a statement."""
    block = facts.parent(statement)
    loop = facts.parent(block) if block is not None else None
    if not isinstance(block, cst.IndentedBlock) or not isinstance(loop, _LOOPS):
        return None
    if block is not loop.body or block.body[0] is not statement:
        return None
    function = function_around(facts, loop)
    if function is None:
        return None
    is_endless = (
        isinstance(loop, cst.While)
        and is_true(loop.test)
        and not any(isinstance(each, _LOOPS) for each in around_in_function(facts, loop))
    )
    return Turn(block, function, is_endless, _keeps_nothing(block, function))


def _line_of(facts: Facts, step: Node) -> cst.SimpleStatementLine | None:
    """Return the line that does nothing but take the step, and assign or yield what it gives."""
    value, parent = step, facts.parent(step)
    if isinstance(parent, cst.Arg):
        # `wait_for(anext(it), 5)`; after a `gather` the items of others would be lost.
        value = facts.parent(parent)
        if not isinstance(value, cst.Call) or last_name(value) == "gather":
            return None
        parent = facts.parent(value)
    if isinstance(parent, cst.Await):
        value = parent
    return line_taking(facts, value)


def line_taking(facts: Facts, value: Node) -> cst.SimpleStatementLine | None:
    """Return the line that does nothing but assign or yield a value."""
    parent = facts.parent(value)
    if isinstance(parent, cst.Yield):
        parent = facts.parent(parent)
        if not isinstance(parent, cst.Expr):
            return None
    elif not isinstance(parent, (cst.Assign, cst.AnnAssign)) or parent.value is not value:
        return None
    return line_of(facts, parent)


def _stepped(step: Node) -> Node | None:
    """Return the iterator that a step steps."""
    if not isinstance(step, cst.Call):
        return None
    if step.args and isinstance(step.func, cst.Name):
        return step.args[0].value
    return step.func.value if isinstance(step.func, cst.Attribute) else None


def is_true(test: cst.BaseExpression) -> bool:
    """Return whether a condition is written to hold always."""
    if isinstance(test, cst.Name):
        return test.value == "True"
    return isinstance(test, cst.Integer) and test.evaluated_value != 0


def _keeps_nothing(block: cst.IndentedBlock, function: Scope) -> bool:
    """Return whether the body of a loop only yields, awaits, and binds names of its own turn."""
    inside: set[cst.CSTNode] = set()
    statements: list[cst.CSTNode] = []
    pending: list[cst.CSTNode] = [block]
    while pending:
        node = pending.pop()
        if isinstance(node, _OWN_SCOPES):
            return False
        inside.add(node)
        if isinstance(node, (cst.BaseSmallStatement, cst.For, cst.With, cst.NamedExpr)):
            statements.append(node)
        pending += children(node)
    return all(_is_of_its_turn(each, inside, function) for each in statements)


_JUMPS = (cst.Pass, cst.Continue, cst.Break, cst.Return, cst.Raise, cst.Assert)


def _is_of_its_turn(statement: cst.CSTNode, inside: set[cst.CSTNode], function: Scope) -> bool:
    if isinstance(statement, _JUMPS):
        return True
    if isinstance(statement, cst.Expr):
        return isinstance(statement.value, (cst.Yield, cst.Await, cst.BaseString, cst.Ellipsis))
    if isinstance(statement, cst.Assign):
        targets = [each.target for each in statement.targets]
    elif isinstance(statement, cst.AnnAssign):
        targets = [statement.target]
    else:
        return False
    names = [names_in(each) for each in targets]
    return all(
        each is not None and all(_is_bound_inside(name, inside, function) for name in each)
        for each in names
    )


def _is_bound_inside(name: str, inside: set[cst.CSTNode], function: Scope) -> bool:
    """Return whether a name gets its values, and is read, in a loop's body alone."""
    if name in function.declared_global | function.declared_nonlocal:
        return False
    return all(each.node in inside for each in function.bindings.get(name, ())) and all(
        each in inside for each in function.loads.get(name, ())
    )
