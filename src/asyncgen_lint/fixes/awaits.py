"""Plans: await an expression, or no longer await it."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.facts.found import UnawaitedStep
from asyncgen_lint.fixes.titles import cleaning_up
from asyncgen_lint.rule import FixPlan, FixSafety, Node, Rewrite

_NESTED_ASYNC_COMPREHENSIONS_SINCE = (3, 11)


def add_await(facts: Facts, node: Node, safety: FixSafety, title: str) -> FixPlan | None:
    """Return the plan that awaits an expression; None where `await` may not stand."""
    if not may_await(facts, node):
        return None
    needs_parentheses = _is_primary(facts.parent(node), node)

    def build(expression: Node) -> Node:
        return _awaited(expression, needs_parentheses)

    return FixPlan(title, safety, (Rewrite(node, build),))


def await_step(facts: Facts, step: UnawaitedStep) -> FixPlan | None:
    """Return the plan that awaits a step or a close of a generator, which is a statement.

    Safe for a close; a step that never happened then does. None where `await` may not stand.
    """
    if not step.is_statement:
        return None
    title = f"Await `{step.method}()`"
    if step.method == "aclose":
        return add_await(facts, step.call, FixSafety.SAFE, cleaning_up(title))
    return add_await(facts, step.call, FixSafety.UNSAFE, title)


def await_method(facts: Facts, call: Node, name: str, title: str) -> FixPlan | None:
    """Return the plan that turns `g.close()` into `await g.aclose()`; None where none may stand.

    It is safe for a call that raised every time.
    """
    if not may_await(facts, call):
        return None
    needs_parentheses = _is_primary(facts.parent(call), call)

    def build(made: Node) -> Node:
        function = made.func.with_changes(attr=cst.Name(name))
        return _awaited(made.with_changes(func=function), needs_parentheses)

    return FixPlan(title, FixSafety.SAFE, (Rewrite(call, build),))


def drop_await(facts: Facts, await_node: Node, safety: FixSafety, title: str) -> FixPlan | None:
    """Return the plan that takes the `await` off an expression.

    None outside `async def`, and where it may be all that makes a generator expression async.
    """
    if not isinstance(await_node, cst.Await) or not may_await(facts, await_node):
        return None
    needs_no_parentheses = _is_primary(facts.parent(await_node), await_node)

    def build(expression: Node) -> Node:
        return _unawaited(expression, needs_no_parentheses)

    return FixPlan(title, safety, (Rewrite(await_node, build),))


def _awaited(expression: cst.BaseExpression, needs_parentheses: bool) -> cst.Await:
    """Return the `await`, within the parentheses that the expression had."""
    if expression.lpar:
        bare = expression.with_changes(lpar=(), rpar=())
        return cst.Await(_operand(bare), lpar=expression.lpar, rpar=expression.rpar)
    if needs_parentheses:
        return cst.Await(_operand(expression), lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return cst.Await(_operand(expression))


def _operand(expression: cst.BaseExpression) -> cst.BaseExpression:
    """Return what `await` binds to: the expression, in parentheses unless it is a primary."""
    if isinstance(expression, (cst.Name, cst.Attribute, cst.Call, cst.Subscript)):
        return expression
    return expression.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def _unawaited(node: cst.Await, needs_no_parentheses: bool) -> cst.BaseExpression:
    """Return the awaited expression with all parentheses, but for `(await f()).x`."""
    expression = node.expression
    if (
        needs_no_parentheses
        and isinstance(expression, (cst.Name, cst.Attribute, cst.Call, cst.Subscript))
        and all(_is_empty(each.whitespace_after) for each in node.lpar)
        and all(_is_empty(each.whitespace_before) for each in node.rpar)
    ):
        return expression
    return expression.with_changes(
        lpar=[*node.lpar, *expression.lpar], rpar=[*expression.rpar, *node.rpar]
    )


def _is_empty(whitespace: cst.BaseParenthesizableWhitespace) -> bool:
    return isinstance(whitespace, cst.SimpleWhitespace) and not whitespace.value


def _is_primary(parent: Node | None, node: Node) -> bool:
    """Return whether a node stands where only a primary may: before a dot, a bracket or a call."""
    if isinstance(parent, (cst.Attribute, cst.Subscript)):
        return parent.value is node
    if isinstance(parent, cst.Call):
        return parent.func is node
    return isinstance(parent, cst.Await)


def may_await(facts: Facts, node: Node, *, in_comprehension: bool = False) -> bool:
    """Return whether `await` may stand at a node without changing what a comprehension makes.

    With `in_comprehension`, whether a new async comprehension may stand there.
    """
    sync_comprehensions = int(in_comprehension)
    child, parent = node, facts.parent(node)
    while parent is not None:
        if isinstance(parent, cst.FunctionDef):
            if child is parent.body:
                return parent.asynchronous is not None and (
                    sync_comprehensions < 2
                    or facts.target_version >= _NESTED_ASYNC_COMPREHENSIONS_SINCE
                )
        elif isinstance(parent, (cst.Lambda, cst.ClassDef)):
            if child is parent.body:
                return False
        elif isinstance(parent, (cst.Annotation, cst.TypeParameters, cst.TypeAlias)):
            return False
        elif isinstance(parent, cst.BaseComp) and _would_become_async(facts, parent, node):
            if isinstance(parent, cst.GeneratorExp):
                return False
            sync_comprehensions += 1
        child, parent = parent, facts.parent(parent)
    return False


def _would_become_async(facts: Facts, comprehension: cst.BaseComp, node: Node) -> bool:
    """Return whether an `await` at the node is what makes a comprehension async."""
    clause: cst.CompFor | None = comprehension.for_in
    while clause is not None:
        if clause.asynchronous is not None:
            return False
        clause = clause.inner_for_in
    # The first iterable is evaluated outside.
    current = node
    while current is not comprehension and current is not comprehension.for_in.iter:
        current = facts.parent(current)
    return current is comprehension
