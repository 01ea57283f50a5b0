"""The words of titles that several fixes share."""

from __future__ import annotations


def cleaning_up(what: str, *, whose: str = "its") -> str:
    """Return the title of a fix that has cleanup run where it did not, or only later.

    That is all that a safe fix may change, and what it raises then is news to the caller.
    """
    return f"{what}; errors in {whose} cleanup now reach the caller"
