"""Settings: what `[tool.asyncgen-lint]` and the command line may say."""

from __future__ import annotations

from dataclasses import dataclass

from asyncgen_lint.rule import Rule, Tier


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one run, as the engine reads them.

    `select` and `ignore` hold codes, code prefixes, rule names or `ALL`; an empty `select` means
    every default rule. `target_version` is the oldest Python the analysed code runs on.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    strict: bool = False
    target_version: tuple[int, int] = (3, 10)
    exclude: tuple[str, ...] = ()
    lint_tests: bool = False

    def enables(self, rule: Rule) -> bool:
        """Return whether findings of this rule's own tier are wanted."""
        if any(_covers(entry, rule) for entry in self.ignore):
            return False
        if rule.tier is Tier.STRICT and not self.strict:
            return any(entry in (rule.code, rule.name, "ALL") for entry in self.select)
        return not self.select or any(_covers(entry, rule) for entry in self.select)


def _covers(entry: str, rule: Rule) -> bool:
    return entry == "ALL" or entry == rule.name or rule.code.startswith(entry)
