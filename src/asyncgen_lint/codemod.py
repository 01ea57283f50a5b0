"""The repairs as a command of libcst's own codemod runner.

    python -m libcst.tool codemod -x asyncgen_lint.codemod.FixAsyncGenerators --no-format PATHS

It writes the same bytes as `asyncgen-lint fix`, unless the runner is told to format. The runner
parses a file before this command sees it: what libcst cannot parse, it reports itself with exit
status 1; expressions of thousands of terms take it minutes; files that hold the word that marks
generated code, it skips. Its exit status says nothing about findings that are left.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass, fields
from pathlib import Path

import libcst as cst
from libcst.codemod import CodemodCommand, CodemodContext, SkipFile

from asyncgen_lint.config import Projects, SettingsError
from asyncgen_lint.repair import repair
from asyncgen_lint.rule import INTERNAL_CODE
from asyncgen_lint.source.text import Source, UnreadableSource, read_source


class FixAsyncGenerators(CodemodCommand):
    """Applies the fixes of asyncgen-lint."""

    DESCRIPTION = "Repair misuse of async generators, as asyncgen-lint fix does."

    def __init__(self, context: CodemodContext, unsafe_fixes: bool = False) -> None:
        super().__init__(context)
        self._unsafe = unsafe_fixes

    @staticmethod
    def add_args(arg_parser: argparse.ArgumentParser) -> None:
        """Add the option of this command."""
        arg_parser.add_argument(
            "--unsafe-fixes", action="store_true", help="Apply the unsafe fixes too."
        )

    def transform_module(self, tree: cst.Module) -> cst.Module:
        """Return the repaired module. Raises SkipFile when the file cannot be analysed."""
        # The runner's own version would build metadata, and add and drop imports, over the tree
        # that it parsed; the engine has done with imports what is to be done.
        return self.transform_module_impl(tree)

    def transform_module_impl(self, tree: cst.Module) -> cst.Module:
        """Return the repaired module. Raises SkipFile when the file cannot be analysed."""
        source = self._source(tree)
        folder = Path(os.path.abspath(source.filename)).parent
        try:
            project = Projects().of_folder(folder)
        except SettingsError as error:
            raise SkipFile(str(error)) from error
        repaired = repair(source, project.settings, unsafe=self._unsafe, root=project.root)
        for each in repaired.remaining.diagnostics:
            if each.code == INTERNAL_CODE:
                raise SkipFile(f"{each.code} {each.message}")
        for refusal in repaired.refused:
            self.warn(f"the fix of {refusal.diagnostic.code} was left out: {refusal.reason}")
        module = cst.parse_module(repaired.text) if repaired.applied else tree
        parts = {each.name: getattr(module, each.name) for each in fields(module)}
        return _ExactModule(
            **{**parts, "encoding": tree.encoding},
            exact_code=repaired.text,
            exact_bytes=source.encode(repaired.text),
        )

    def _source(self, tree: cst.Module) -> Source:
        """Return the source of the tree, from the file if it is what the tree was parsed from.

        libcst's tree does not keep form feeds, nor a carriage return at the end of a file, so the
        file is the better source.
        """
        name = self.context.filename
        if name is not None:
            try:
                source = read_source(Path(name), name)
            except (OSError, UnreadableSource):
                source = None
            if source and _is_text_of(source.text, tree):
                return source
        try:
            return Source(name or "<codemod>", tree.code, tree.encoding)
        except RecursionError as error:
            raise SkipFile("nested too deeply for libcst to write") from error


@dataclass(frozen=True)
class _ExactModule(cst.Module):
    """A module that knows its text to the byte, which code generation may not give back."""

    exact_code: str = ""
    exact_bytes: bytes = b""

    @property
    def code(self) -> str:
        return self.exact_code

    @property
    def bytes(self) -> bytes:
        return self.exact_bytes


def _is_text_of(text: str, tree: cst.Module) -> bool:
    try:
        return _without_line_ends(text) == _without_line_ends(tree.code)
    except RecursionError:
        # Such a tree comes from the runner's parser; nobody has worked on it before us.
        return True


def _without_line_ends(text: str) -> str:
    return text.translate(dict.fromkeys(map(ord, "\r\n\f\ufeff")))
