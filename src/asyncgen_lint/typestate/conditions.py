"""What a condition comes out as where some of its parts are known."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from asyncgen_lint.names.scopes import is_name


def decided(
    test: cst.BaseExpression, part: Callable[[cst.BaseExpression], bool | None]
) -> bool | None:
    """Return whether a condition holds, by what is known of its parts; None if that is not enough.

    `part` is asked of all but `not`, `and`, `or`, True and False.
    """
    if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        inner = decided(test.expression, part)
        return None if inner is None else not inner
    if isinstance(test, cst.BooleanOperation):
        sides = (decided(test.left, part), decided(test.right, part))
        decisive = isinstance(test.operator, cst.Or)
        if decisive in sides:
            return decisive
        return None if None in sides else not decisive
    if is_name(test, "True") or is_name(test, "False"):
        return is_name(test, "True")
    return part(test)
