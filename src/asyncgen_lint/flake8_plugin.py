"""The flake8 plugin: findings as codes AGN..., decided by the same engine as everywhere.

flake8 ends its whole run when a plugin raises, so nothing here does: a failure of ours becomes
AGN000 on the first line of the file. `# noqa`, `select`, `ignore` and per-file-ignores are flake8's
own. Of `[tool.asyncgen-lint]` all but `select`, `ignore` and `exclude` counts here; settings that
cannot be understood give one AGN000 in each analysed file of the project, which is the same
whatever the number of worker processes.

flake8 imports this module even for `flake8 --version`; what analysis needs is imported later.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

    from asyncgen_lint.config import Settings

STRICT_CODES: tuple[str, ...] = (
    "AGN102",
    "AGN106",
    "AGN109",
    "AGN204",
    "AGN206",
    "AGN208",
    "AGN209",
    "AGN305",
    "AGN309",
    "AGN310",
    "AGN311",
    "AGN409",
    "AGN518",
    "AGN519",
    "AGN609",
    "AGN701",
)
"""The strict rules, which flake8 is told to leave out unless asked; a test holds it complete."""

_FULL_CODE = re.compile(r"AGN\d{3}\Z")


class Plugin:
    """What flake8 makes for each file, from its tree, its lines and its name."""

    _selected: tuple[str, ...] = ()

    def __init__(self, tree: ast.Module, lines: list[str], filename: str) -> None:
        self._tree = tree
        self._lines = lines
        self._filename = filename

    @classmethod
    def add_options(cls, option_manager: Any) -> None:
        """Tell flake8 which codes are off by default."""
        option_manager.extend_default_ignore(STRICT_CODES)

    @classmethod
    def parse_options(
        cls, option_manager: Any, options: argparse.Namespace, arguments: list[str]
    ) -> None:
        """Remember which codes flake8's own settings select by their full name.

        flake8 drops its list of codes that are off by default as soon as a user sets `ignore` or
        `select = AGN`, so strict rules are gated here.
        """
        chosen: list[str] = []
        for name in ("select", "extend_select"):
            chosen += getattr(options, name, None) or ()
        cls._selected = tuple(code for code in chosen if _FULL_CODE.match(str(code)))

    def run(self) -> Iterator[tuple[int, int, str, type[Plugin]]]:
        """Yield line (from 1), column (from 0, in code points), text and type of each finding."""
        try:
            found = list(self._findings())
        except Exception as error:
            if os.environ.get("AGN_DEBUG") == "1":
                raise
            reason = f"{type(error).__name__}: {error}"
            found = [(1, 0, f"AGN000 internal error: {reason} (please report)")]
        for line, column, text in found:
            yield line, column, " ".join(text.split()), type(self)

    def _findings(self) -> Iterator[tuple[int, int, str]]:
        from asyncgen_lint.source.screen import may_matter

        text = "".join(self._lines)
        if not may_matter(text):
            return
        from pathlib import Path

        from asyncgen_lint.cache import analyse_with, cache_in
        from asyncgen_lint.config import Projects, Settings, SettingsError
        from asyncgen_lint.source.text import Source

        folder = Path(os.path.abspath(self._filename)).parent
        root = folder_of_cache = None
        settings = Settings()
        try:
            project = Projects().of_folder(folder)
            root, settings, folder_of_cache = project.root, project.settings, project.cache_dir
        except SettingsError as error:
            yield 1, 0, f"AGN000 settings not understood, defaults used: {error}"
        source = Source(self._filename, text)
        cache = cache_in(folder_of_cache) if folder_of_cache is not None else None
        analysis = analyse_with(cache)(
            source, self._as_flake8_has_it(settings), tree=self._tree, with_fixes=False, root=root
        )
        if cache is not None:
            # flake8 does not say which file is the last one. Without a cache all goes on as well.
            cache.flush()
        for each in analysis.diagnostics:
            start = each.span.start
            yield start.line, start.column, f"{each.code} {each.message}"

    def _as_flake8_has_it(self, settings: Settings) -> Settings:
        from dataclasses import replace

        return replace(settings, select=(), ignore=(), extend_select=self._selected)
