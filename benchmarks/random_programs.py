"""Hold the linter against many random programs, run on every interpreter.

    python benchmarks/random_programs.py [--programs 1000] [--seed 0] [--strict] [--failing DIR]

Prints, for each interpreter found, how many generator sites there were, how many leaked and were
reported, precision and recall. Of each kind of mistake one program is made minimal and saved.
Exits with 1 on a false finding, or when less than 99 % of leaks are found. `--strict` holds the
strict tier against runs in which some call raises or some await is cancelled: 97 % are to be found,
and false findings are counted and do not fail.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]

from random_programs import Comparison, Executor, compare, programs, reduced  # noqa: E402

LEAST_RECALL = 0.99
LEAST_STRICT_RECALL = 0.97
INTERPRETERS = ("3.10.13", "3.11.7", "3.12.1", "3.13.0")


def interpreters() -> list[str]:
    """Return the interpreters that pyenv has, or else the running one."""
    places = (Path.home() / ".pyenv/versions" / each / "bin/python" for each in INTERPRETERS)
    return [str(place) for place in places if place.exists()] or [sys.executable]


def drawn(count: int, first: int) -> list[str]:
    texts: list[str] = []

    @seed(first)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(programs())
    def draw(text: str) -> None:
        texts.append(text)

    draw()
    return texts


def judged(text: str, executor: Executor, strict: bool) -> Comparison | None:
    """Compare, or return None for a program that this interpreter does not compile."""
    try:
        return compare(text, executor, strict=strict)
    except ValueError:
        return None


def all_judged(texts: list[str], executor: Executor, strict: bool) -> list[Comparison]:
    return [each for text in texts if (each := judged(text, executor, strict)) is not None]


def minimal(comparison: Comparison, executor: Executor, strict: bool) -> str:
    """Return a program with the same kind of mistake that no statement can be taken out of."""
    kind = "false" if comparison.false else "missed"
    compare(comparison.text, executor, strict=strict)
    was_broken = executor.is_broken

    def is_wrong(text: str) -> bool:
        smaller = judged(text, executor, strict)
        if smaller is None or (executor.is_broken and not was_broken):
            return False
        return bool(getattr(smaller, kind))

    return reduced(comparison.text, is_wrong)


def kind_of(comparison: Comparison) -> str:
    """Describe a mistake so that like ones look alike: verdict, and the line without numbers."""
    return re.sub(r"\d+", "", str(comparison).splitlines()[0].replace(":", " ", 1))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--failing", type=Path, default=Path(".random-programs"))
    options = parser.parse_args(arguments)
    texts = drawn(options.programs, options.seed)
    strict = options.strict
    least = LEAST_STRICT_RECALL if strict else LEAST_RECALL
    failed = False
    saved: set[str] = set()
    with ExitStack() as stack:
        executors = [stack.enter_context(Executor(each)) for each in interpreters()]
        # The programs run in processes of their own: a thread only waits for its interpreter.
        pool = stack.enter_context(ThreadPoolExecutor(len(executors)))
        judging = [pool.submit(all_judged, texts, each, strict) for each in executors]
        for executor, running in zip(executors, judging, strict=True):
            found = running.result()
            leaks = sum(each.leaks for each in found)
            false = sum(len(each.false) for each in found)
            missed = sum(len(each.missed) for each in found)
            reported = sum(each.reported for each in found)
            unrun = sum(len(each.unrun) for each in found)
            precision = 1 - false / max(1, reported - unrun)
            recall = 1 - missed / max(1, leaks)
            print(
                f"{executor.python}: {len(found)} programs, {executor.runs} runs,"
                f" {sum(each.sites for each in found)} sites, {leaks} leaked, {reported} reported"
                f" ({unrun} on exits never reached), {false} false, {missed} missed:"
                f" precision {precision:.4f}, recall {recall:.4f}",
                flush=True,
            )
            failed = failed or (bool(false) and not strict) or recall < least
            for each in sorted(found, key=lambda each: len(each.text)):
                if each.is_right or kind_of(each) in saved:
                    continue
                saved.add(kind_of(each))
                options.failing.mkdir(parents=True, exist_ok=True)
                place = options.failing / f"{len(saved):03}.py"
                small = minimal(each, executor, strict)
                place.write_text(
                    f"# {compare(small, executor, strict=strict)}\n\n{small}", encoding="utf-8"
                )
                print(f"  {place}: {kind_of(each)}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
