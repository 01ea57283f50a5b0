"""Plan: throw an exception by one argument, as Python 3.12 wants it."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.names.scopes import is_name
from asyncgen_lint.rule import FixPlan, FixSafety, Node, Rewrite
from asyncgen_lint.source.walk import is_same_code


def throw_instance(call: Node) -> FixPlan | None:
    """Return the plan that keeps the exception of `athrow(E, E(...))`, or the class of `E, None`.

    None where the second argument is neither, or where there is a traceback to be set.
    """
    assert isinstance(call, cst.Call)
    kind, value, *rest = [each.value for each in call.args]
    if any(not is_name(each, "None") for each in rest):
        return None
    if is_name(value, "None"):
        kept = kind
    elif isinstance(value, cst.Call) and is_same_code(value.func, kind):
        kept = value
    else:
        return None

    def build(node: Node) -> Node:
        last = node.args[-1]
        return node.with_changes(args=[last.with_changes(value=kept)])

    return FixPlan("Throw the exception alone", FixSafety.SAFE, (Rewrite(call, build),))
