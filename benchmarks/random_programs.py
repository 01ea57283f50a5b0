"""Hold the linter against many random programs, run on every interpreter.

    python benchmarks/random_programs.py [--programs 1000] [--seed 0] [--strict] [--failing DIR]
    python benchmarks/random_programs.py --fixed [--unsafe] [--strict] [--programs 1000] [--seed 0]

Prints, for each interpreter found, how many generator sites there were, how many leaked and were
reported, precision and recall. Of each kind of mistake one program is made minimal and saved.
Exits with 1 on a false finding, or when less than 99 % of leaks are found. `--strict` holds the
strict tier against runs in which some call raises or some await is cancelled: 97 % are to be found,
and false findings are counted and do not fail.

`--fixed` repairs each program by its safe fixes, with `--unsafe` by all of them, with `--strict`
those of strict rules too, and runs it before and after. Prints how many leaks are gone, and why the
others are left. Exits with 1 if a program does anything else now, has a finding that it did not
have, or had a fix that did harm, or when less than 90 % of the leaks are gone.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]

from random_programs import (  # noqa: E402
    Comparison,
    Executor,
    Mended,
    compare,
    compare_repaired,
    programs,
    reduced,
)

LEAST_GONE = 0.9
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


def mended(text: str, executor: Executor, strict: bool, unsafe: bool) -> Mended | None:
    """Repair and compare, or return None for a program that this interpreter does not compile."""
    try:
        return compare_repaired(text, executor, strict=strict, unsafe=unsafe)
    except ValueError:
        return None


def all_mended(texts: list[str], executor: Executor, strict: bool, unsafe: bool) -> list[Mended]:
    found = (mended(text, executor, strict, unsafe) for text in texts)
    return [each for each in found if each is not None]


def report_mended(executor: Executor, found: list[Mended]) -> bool:
    """Print what repairing the programs came to; return whether that is as promised."""
    leaks = sum(each.leaks for each in found)
    left = Counter(why for each in found for why in each.left)
    gone = 1 - left.total() / max(1, leaks)
    changed = [each for each in found if each.changed]
    new = Counter(code for each in found for code in each.new)
    refused = Counter(why for each in found for why in each.refused)
    hidden = sum(len(each.hidden) for each in found)
    print(
        f"{executor.python}: {len(found)} programs,"
        f" {sum(each.text != each.repaired for each in found)} repaired, {executor.runs} runs,"
        f" {leaks} leaks before, {left.total()} after: {gone:.1%} gone;"
        f" {len(changed)} changed results,"
        f" {new.total()} new findings, {refused.total()} refused fixes,"
        f" {hidden} leaks hidden;"
        f" {sum(each.late_errors for each in found)} runs with an error of a late cleanup",
        flush=True,
    )
    for counted, what in ((left, "left"), (new, "new"), (refused, "refused")):
        for each, count in counted.most_common():
            print(f"  {count} {what}: {each}", flush=True)
    return all(each.is_right for each in found) and gone >= LEAST_GONE


def main_mended(texts: list[str], options: argparse.Namespace) -> int:
    strict, unsafe = options.strict, options.unsafe
    is_right = True
    wrong: dict[str, tuple[Mended, Executor]] = {}
    with ExitStack() as stack:
        executors = [stack.enter_context(Executor(each)) for each in interpreters()]
        pool = stack.enter_context(ThreadPoolExecutor(len(executors)))
        running = [pool.submit(all_mended, texts, each, strict, unsafe) for each in executors]
        for executor, each in zip(executors, running, strict=True):
            found = each.result()
            is_right = report_mended(executor, found) and is_right
            for one in found:
                if not one.is_right:
                    wrong.setdefault(one.text, (one, executor))
        for number, (one, executor) in enumerate(wrong.values(), 1):
            options.failing.mkdir(parents=True, exist_ok=True)
            place = options.failing / f"{number:03}.py"
            small = least_mended(one, executor, strict, unsafe)
            place.write_text(small, encoding="utf-8")
            print(f"  {place}: {str(one).splitlines()[0]}", flush=True)
    return 0 if is_right else 1


def least_mended(wrong: Mended, executor: Executor, strict: bool, unsafe: bool) -> str:
    """Return a program whose repair goes wrong likewise, with nothing left to take out."""
    kinds = [kind for kind in ("changed", "new", "refused", "hidden") if getattr(wrong, kind)]

    def is_wrong(text: str) -> bool:
        found = mended(text, executor, strict, unsafe)
        return found is not None and any(getattr(found, kind) for kind in kinds)

    return reduced(wrong.text, is_wrong)


def kind_of(comparison: Comparison) -> str:
    """Describe a mistake so that like ones look alike: verdict, and the line without numbers."""
    return re.sub(r"\d+", "", str(comparison).splitlines()[0].replace(":", " ", 1))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--fixed", action="store_true")
    parser.add_argument("--unsafe", action="store_true")
    parser.add_argument("--failing", type=Path, default=Path(".random-programs"))
    options = parser.parse_args(arguments)
    texts = drawn(options.programs, options.seed)
    if options.fixed:
        return main_mended(texts, options)
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
