"""Any Python file goes through the whole engine: no exception, and fixpoints within a bound."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
SAMPLE = 200

NESTED_LOOPS = """
def f(a, b):
    x = None
    y = x
    z = y
    while a():
        z = y
        for c in b:
            y = x
            while c:
                if z is None:
                    break
                x = True
    return z
"""


@pytest.fixture(scope="module")
def fuzzing() -> Any:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import fuzz
    finally:
        sys.path.remove(str(BENCHMARKS))
    return fuzz


@pytest.fixture(scope="module")
def reports(fuzzing: Any) -> list[Any]:
    """What every n-th file of the running interpreter's standard library gives, huge ones aside."""
    library = fuzzing.standard_library()
    files = [each for each in fuzzing.python_files([library]) if each.stat().st_size < 100_000]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AGN_DEBUG", "1")
        return [fuzzing.fuzz(each) for each in files[:: max(len(files) // SAMPLE, 1)][:SAMPLE]]


def test_sample_is_analysed(reports: list[Any]) -> None:
    assert len(reports) == SAMPLE
    # What the interpreter's own tests hold of broken files is refused, and little else.
    assert sum(not each.unread for each in reports) >= SAMPLE * 0.95
    assert sum((each.solves for each in reports), Counter()).total() > 5_000


def test_no_file_breaks_the_engine(reports: list[Any]) -> None:
    assert [each.error for each in reports if each.error] == []


def test_every_fixpoint_ends_within_the_bound(reports: list[Any]) -> None:
    assert [each.excessive for each in reports if each.excessive] == []


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        (NESTED_LOOPS, 3),
        # Solved in another order, each loop makes all that follow it be solved once more.
        (
            "def f(a):\n"
            + "".join(f"    x{n} = None\n    for b in a:\n        x{n} = b\n" for n in range(40)),
            1,
        ),
    ],
    ids=["in one another", "after one another"],
)
def test_loops_stay_within_the_bound(fuzzing: Any, tmp_path: Path, text: str, depth: int) -> None:
    path = tmp_path / "a.py"
    path.write_text(text, "utf-8")
    report = fuzzing.fuzz(path)
    assert (report.error, report.excessive) == ("", [])
    assert max(each.depth for each in report.worst) == depth


def test_exceptions_and_excesses_are_reported(
    fuzzing: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "a.py"
    path.write_text(NESTED_LOOPS, "utf-8")
    monkeypatch.setattr(sys, "argv", ["fuzz.py", str(tmp_path)])
    monkeypatch.setenv("AGN_DEBUG", "1")
    assert fuzzing.main() == 0
    assert "0 exceptions, 0 fixpoints over the bound" in capsys.readouterr().out
    monkeypatch.setattr(fuzzing, "TURNS_PER_LOOP", 0)
    assert fuzzing.main() == 1
    monkeypatch.setattr(fuzzing, "constants", lambda graph: 1 / 0)
    assert fuzzing.main() == 1
    assert "ZeroDivisionError" in capsys.readouterr().out
