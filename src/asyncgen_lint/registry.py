"""Discovery: every module in `rules/` whose name begins with `agn` declares one rule."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from asyncgen_lint import rules
from asyncgen_lint.rule import Rule


@cache
def all_rules() -> tuple[Rule, ...]:
    """Return every rule, by code."""
    found: list[Rule] = []
    for name in _module_names():
        loaded = importlib.import_module(f"{rules.__name__}.{name}")
        found += [value for value in vars(loaded).values() if isinstance(value, Rule)]
    return tuple(sorted(found, key=lambda each: each.code))


@cache
def all_codes() -> tuple[str, ...]:
    """Return the code of every rule, from the names of the modules, without importing them."""
    return tuple(sorted({name[:6].upper() for name in _module_names()}))


def rule_named(text: str) -> Rule | None:
    """Return the rule with this code (any case) or this name."""
    for each in all_rules():
        if text.upper() == each.code or text == each.name:
            return each
    return None


def _module_names() -> list[str]:
    modules = pkgutil.iter_modules(rules.__path__)
    return [module.name for module in modules if module.name.startswith("agn")]
