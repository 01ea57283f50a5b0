"""The README says what is so."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

from asyncgen_lint.config import read_settings
from asyncgen_lint.registry import all_rules

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def test_every_rule_has_its_row() -> None:
    rows = [line for line in README.splitlines() if line.startswith("| AGN")]
    assert rows == [
        f"| {rule.code} | {rule.name} | {rule.summary} | {rule.severity.value} "
        f"| {'yes |' if rule.fixable else '|'}"
        for rule in all_rules()
    ]


def test_settings_are_understood(tmp_path: Path) -> None:
    from asyncgen_lint import config

    (example,) = [block for block in blocks("toml") if "asyncgen-lint" in block]
    path = tmp_path / "pyproject.toml"
    path.write_text(example)
    read_settings(path)
    assert set(re.findall(r"^([a-z-]+) =", example, re.MULTILINE)) == set(config._KEYS)


def test_hooks_exist() -> None:
    (example,) = blocks("yaml")
    ids = re.findall(r"^- id: (\S+)", (ROOT / ".pre-commit-hooks.yaml").read_text(), re.MULTILINE)
    assert re.findall(r"- id: (\S+)", example) == ids


def test_first_two_commands_are_for_a_fresh_machine() -> None:
    commands = [block.strip() for block in blocks("console")[:2]]
    for command in commands:
        assert "\n" not in command
        assert shlex.split(command)[:3] == ["python3", "-m", "venv"]
    assert "flake8" in commands[0]
    assert commands[1].endswith("-m pytest")


def test_ci_runs_the_tests_by_that_command() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    pattern = re.search(r"grep -E '(.*)' README\.md", script.read_text())
    assert pattern is not None
    assert len(re.findall(pattern[1], README, re.MULTILINE)) == 1
