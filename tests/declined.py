"""Why a generator that is left open is not put under `aclosing`, in a few words."""

from __future__ import annotations

import libcst as cst

from asyncgen_lint.facts import Facts
from asyncgen_lint.facts.found import LeftOpen
from asyncgen_lint.fixes.aclosing import ACLOSING_SINCE
from asyncgen_lint.fixes.region import is_read_inside, region_of, uses_of


def why_declined(facts: Facts, left: LeftOpen) -> str:
    """Return the first condition of the fixes for generators left open that does not hold."""
    function = left.function
    if facts.target_version < ACLOSING_SINCE:
        return "the target version has no `aclosing`"
    if not function.is_async:
        return "the function is not async"
    value = facts.parent(left.creation)
    value = value if isinstance(value, cst.Await) else left.creation
    bound = facts.parent(value)
    if not isinstance(bound, (cst.Assign, cst.AnnAssign, cst.NamedExpr)):
        return "its item may be used later, or something is evaluated before it"
    target = bound.targets[0].target if isinstance(bound, cst.Assign) else bound.target
    if not isinstance(target, cst.Name) or isinstance(bound, cst.NamedExpr):
        return "it is bound in an expression"
    if isinstance(bound, cst.Assign) and len(bound.targets) > 1:
        return "it has several names"
    name = target.value
    if len(function.bindings.get(name, ())) != 1:
        return "its name is bound again"
    if is_read_inside(name, function):
        return "an inner function uses it"
    if uses_of(facts, function.loads.get(name, ()), function) is None:
        return "it is used for more than to be iterated, stepped and closed"
    if region_of(facts, left.creation, function) is None:
        return "it is used outside of the block that makes it"
    return "its item may be used later"
