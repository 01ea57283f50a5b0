"""Show what each stage of the engine costs per line.

    python benchmarks/stages.py FILE [FILE ...] [--repeat 5]

Prints, for all files together, the CPU time of each stage in microseconds a line (the least of
several runs), and its ratio to libcst's parsing alone, which no linter on libcst can avoid. Files
that the text screen turns away count for the screen only.
"""

from __future__ import annotations

import argparse
import ast
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from asyncgen_lint.facts import Facts
from asyncgen_lint.registry import all_rules
from asyncgen_lint.source.parse import Parsed, parse
from asyncgen_lint.source.screen import may_matter
from asyncgen_lint.source.text import Source, read_source

Result = TypeVar("Result")


class Stages:
    """CPU seconds by stage, in the order in which the stages ran first."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def time(self, stage: str, work: Callable[[], Result]) -> Result:
        """Run the work and add its CPU time to the stage."""
        start = time.process_time()
        result = work()
        spent = time.process_time() - start
        self.seconds[stage] = self.seconds.get(stage, 0.0) + spent
        return result


def run(sources: list[Source]) -> dict[str, float]:
    """Return the CPU seconds of each stage over all sources."""
    stages = Stages()
    for source in sources:
        if not stages.time("screen", lambda source=source: may_matter(source.text)):
            continue
        tree = stages.time("ast", lambda source=source: ast.parse(source.text))
        parsed = stages.time("libcst parse", lambda s=source, t=tree: parse(s, t))
        _analyse(stages, parsed)
    return stages.seconds


def _analyse(stages: Stages, parsed: Parsed) -> None:
    facts = Facts(parsed, (3, 10))
    stages.time("scopes", lambda: facts.outline)
    knowledge = facts._knowledge
    stages.time("lower", lambda: [knowledge.graph(each) for each in facts.outline.functions()])
    stages.time("typestate", lambda: facts.left_open)
    stages.time("rules", lambda: [list(rule.check(facts)) for rule in all_rules()])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    all_rules()
    sources = [read_source(each, str(each)) for each in options.files]
    lines = sum(each.text.count("\n") for each in sources)
    runs = [run(sources) for _ in range(options.repeat)]
    best = {stage: min(each.get(stage, 0.0) for each in runs) for stage in runs[0]}
    parsing = best.get("libcst parse", 0.0)
    print(f"{lines} lines in {len(sources)} files")
    for stage, seconds in [*best.items(), ("all", sum(best.values()))]:
        ratio = f"{seconds / parsing:6.2f} x parse" if parsing else ""
        print(f"{stage:14} {seconds / lines * 1e6:7.1f} µs a line {ratio}")


if __name__ == "__main__":
    main()
