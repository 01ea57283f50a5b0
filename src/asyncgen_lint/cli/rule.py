"""The command `rule`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from asyncgen_lint.cli.output import CLEAN, usage_error, write

if TYPE_CHECKING:
    from asyncgen_lint.rule import Rule


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `rule`."""
    command = commands.add_parser("rule", help="explain a rule", allow_abbrev=False)
    command.add_argument("rule", nargs="?", metavar="CODE", help="a rule's code or name")
    command.add_argument("--all", action="store_true", help="explain every rule")
    command.add_argument("--output-format", choices=("text", "json"), default="text")
    command.add_argument(
        "--output-dir", metavar="D", help="write a page for each rule into a folder"
    )
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from asyncgen_lint.registry import all_rules, rule_named

    if options.all == bool(options.rule):
        return usage_error("name a rule by its code or name, or say --all")
    if options.all:
        chosen = list(all_rules())
    else:
        named = rule_named(options.rule)
        if named is None:
            from asyncgen_lint.config import SettingsError, check_selectors

            try:
                check_selectors([options.rule], "rule")
            except SettingsError as error:
                return usage_error(str(error))
            return usage_error(f"{options.rule!r} names several rules; name one")
        chosen = [named]
    from asyncgen_lint.pages import page, write_pages

    if options.output_dir:
        from pathlib import Path

        try:
            write_pages(chosen, Path(options.output_dir))
        except OSError as error:
            return usage_error(f"{options.output_dir}: {error.strerror}")
    elif options.output_format == "json":
        import json

        pages = [_page_record(each) for each in chosen]
        write(json.dumps(pages if options.all else pages[0], indent=2) + "\n")
    else:
        write("\n\n".join(page(each) for each in chosen))
    return CLEAN


def _page_record(rule: Rule) -> dict[str, object]:
    return {
        "code": rule.code,
        "name": rule.name,
        "summary": rule.summary,
        "tier": rule.tier.value,
        "severity": rule.severity.value,
        "fixable": rule.fixable,
        "explanation": rule.doc,
    }
