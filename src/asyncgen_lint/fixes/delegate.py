"""Plans: yield the items of a source one by one in place of `yield from`, and the reverse."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.facts.found import DelegationRefused
from asyncgen_lint.fixes.aclosing import aclosing_at
from asyncgen_lint.fixes.around import function_of
from asyncgen_lint.fixes.blocks import line_of
from asyncgen_lint.fixes.fresh import free_name, stream_name
from asyncgen_lint.fixes.layout import indent_near, under
from asyncgen_lint.fixes.unused import unused_without
from asyncgen_lint.rule import FixPlan, FixSafety, Node, Rewrite


def loop_over(facts: Facts, refused: DelegationRefused) -> FixPlan | None:
    """Return the plan that makes `yield from` a loop, over a generator under `aclosing`.

    None where the value of `yield from` is used, where it is not certain what kind of loop the
    source needs, and where the statement shares its line.
    """
    if not refused.is_alone or not (refused.is_async or refused.is_sync):
        return None
    line = line_of(facts, facts.parent(refused.at))
    if line is None:
        return None
    function, indent = refused.function, indent_near(facts, line)
    item = free_name("item", function)
    label = f"`{refused.label}`" if refused.label else "the source"
    if refused.is_sync:
        return FixPlan(
            f"Iterate {label}, and yield its items",
            FixSafety.SAFE,
            (Rewrite(line, lambda node: _above(_loop(_source(node), item, indent), node)),),
        )
    closer = aclosing_at(facts, line, function)
    if closer is None:
        return None
    stream = stream_name(facts, refused.source, line, function)

    def build(node: Node) -> Node:
        loop = _loop(cst.Name(stream), item, indent, cst.Asynchronous())
        return _above(under([(closer.call(_source(node)), stream)], [loop], indent), node)

    return FixPlan(
        f"Iterate {label} under `aclosing`, and yield its items",
        FixSafety.SAFE,
        (Rewrite(line, build),),
        closer.imports,
    )


def yield_from(facts: Facts, loop: Node) -> FixPlan:
    """Return the plan that makes a loop that only hands on a `yield from`.

    An `aclosing` around that loop alone goes with it, since `yield from` closes its source. It is
    unsafe: what is sent or thrown in reaches the source from then on.
    """
    block = facts.parent(loop)
    around: Node = facts.parent(block) if isinstance(block, cst.IndentedBlock) else None
    whole: Node = around if _only_closes_for(facts, around, loop) else loop

    def build(statement: Node) -> Node:
        inner, source = statement, statement.iter if whole is loop else None
        if source is None:
            (inner,) = statement.body.body
            source = statement.items[0].item.args[0].value
        line = (
            inner.body if isinstance(inner.body, cst.SimpleStatementSuite) else inner.body.body[0]
        )
        made = cst.Expr(cst.Yield(cst.From(source)))
        return cst.SimpleStatementLine(
            [made],
            leading_lines=statement.leading_lines,
            trailing_whitespace=_trailing(statement.body, inner.body, line),
        )

    return FixPlan(
        "Delegate by `yield from` in place of this loop",
        FixSafety.UNSAFE,
        (Rewrite(whole, build),),
        unused=() if whole is loop else unused_without(facts, whole.items[0].item.func),
    )


def _trailing(*ends: Node) -> Node:
    """Return the end of a line that has the comment of the statements, if one does."""
    found = [getattr(each, "header", None) or each.trailing_whitespace for each in ends]
    return next((each for each in found if each.comment is not None), found[-1])


def _only_closes_for(facts: Facts, around: Node | None, loop: Node) -> bool:
    """Return whether a statement is an `aclosing` that is there for a loop alone."""
    if not isinstance(around, cst.With) or len(around.items) != 1 or len(around.body.body) != 1:
        return False
    (item,) = around.items
    name = loop.iter.value if isinstance(loop.iter, cst.Name) else ""
    if not isinstance(item.item, cst.Call) or len(item.item.args) != 1 or item.asname is None:
        return False
    if not isinstance(item.asname.name, cst.Name) or item.asname.name.value != name:
        return False
    scopes = function_of(facts, loop).descendants()
    return sum(len(scope.loads.get(name, ())) for scope in scopes) == 1


def _loop(
    source: cst.BaseExpression,
    item: str,
    indent: str | None,
    asynchronous: cst.Asynchronous | None = None,
) -> cst.For:
    line = cst.SimpleStatementLine([cst.Expr(cst.Yield(cst.Name(item)))])
    return cst.For(
        target=cst.Name(item),
        iter=source,
        body=cst.IndentedBlock([line], indent=indent),
        asynchronous=asynchronous,
    )


def _above(statement: cst.For | cst.With, line: cst.SimpleStatementLine) -> cst.For | cst.With:
    """Return the statement with the comments that stood before and behind the line."""
    assert isinstance(statement.body, cst.IndentedBlock)
    body = statement.body.with_changes(header=line.trailing_whitespace)
    return statement.with_changes(leading_lines=line.leading_lines, body=body)


def _source(line: cst.SimpleStatementLine) -> cst.BaseExpression:
    (statement,) = line.body
    assert isinstance(statement, cst.Expr)
    assert isinstance(statement.value, cst.Yield)
    assert isinstance(statement.value.value, cst.From)
    return statement.value.value.item
