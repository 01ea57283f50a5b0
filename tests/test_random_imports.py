"""Random modules that import one another: what a name is, Python itself says.

Two things hold for each of them. A finding rests on what the name is bound to when Python imports
the modules, whichever comes first. And it does not depend on what was analysed before.
"""

from __future__ import annotations

import importlib
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from asyncgen_lint.config import Settings
from asyncgen_lint.engine import analyse
from asyncgen_lint.project import programs
from asyncgen_lint.rule import Diagnostic
from asyncgen_lint.source.text import Source

SEEDS = 60

NAMES = ("p", "q", "r")
IMPORTS = (
    "from m{0} import *",
    "from m{0} import {1}",
    "from m{0} import {1} as {2}",
    "import m{0}\n{1} = m{0}.{2}",
    "import m{0} as {1}",
    "try:\n    from m{0} import {1}\nexcept ImportError:\n    from m{3} import {1}",
)
WITH_CLEANUP = """
async def {0}():
    try:
        yield 1
    finally:
        await cleanup()
"""
WITHOUT = """
async def {0}():
    yield 1
"""
USE = """
async def use_{0}():
    async for _ in {0}():
        break
"""


def random_modules(seed: int) -> dict[str, str]:
    chosen = random.Random(seed)
    count = chosen.randint(2, 7)
    modules = {}
    for number in range(count):
        lines = []
        for _ in range(chosen.randint(0, 4)):
            one, other = chosen.randrange(count), chosen.randrange(count)
            names = chosen.choices(NAMES, k=2)
            lines.append(chosen.choice(IMPORTS).format(one, *names, other))
        for name in NAMES:
            if chosen.random() < 0.25:
                lines.append(chosen.choice((WITH_CLEANUP, WITHOUT)).format(name))
        lines += [USE.format(name) for name in NAMES]
        modules[f"m{number}"] = "\n".join(lines)
    return modules


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield tmp_path
    programs.forget()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_python_agrees(folder: Path, seed: int) -> None:
    modules = random_modules(seed)
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)
    backwards = found_in(folder, modules, sorted(modules, reverse=True))
    assert found_in(folder, modules, sorted(modules)) == backwards
    for name in modules:
        alone = found_in(folder, modules, [name])
        assert alone[name] == backwards[name]
    for entry in modules:
        for name, bound in bound_by_python(modules, entry):
            for each in backwards[name]:
                assert each.code == "AGN101"
                used = modules[name].splitlines()[each.span.start.line - 1].split()[4][0]
                if used in bound:
                    assert bound[used], f"{name}.{used} needs no cleanup"


def found_in(
    folder: Path, modules: dict[str, str], order: list[str]
) -> dict[str, tuple[Diagnostic, ...]]:
    programs.forget()
    found = {}
    for name in order:
        source = Source(str(folder / f"{name}.py"), modules[name])
        found[name] = analyse(source, Settings(python="none"), root=folder).diagnostics
    return found


def bound_by_python(modules: dict[str, str], entry: str) -> Iterator[tuple[str, dict[str, bool]]]:
    """Import a module; yield each that is loaded then, with which functions need cleanup."""
    forget_loaded(modules)
    try:
        importlib.import_module(entry)
    except (ImportError, AttributeError, NameError):
        return
    finally:
        loaded = {name: sys.modules[name] for name in modules if name in sys.modules}
        forget_loaded(modules)
    for name, module in loaded.items():
        functions = {each: getattr(module, each, None) for each in NAMES}
        yield (
            name,
            {
                each: "cleanup" in function.__code__.co_names
                for each, function in functions.items()
                if hasattr(function, "__code__")
            },
        )


def forget_loaded(modules: dict[str, str]) -> None:
    importlib.invalidate_caches()
    for name in modules:
        sys.modules.pop(name, None)
