"""Many files on several processes, and processes that die."""

from __future__ import annotations

import multiprocessing
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from ways_in import LEFT_OPEN, NOTHING_FOUND

from asyncgen_lint import batch, cli
from asyncgen_lint.batch import Action, Outcome, Task, run_task, run_tasks
from asyncgen_lint.config import Settings
from asyncgen_lint.source.text import Source

DEADLY = 37


def die_at_one_file(task: Task) -> Outcome:
    if task.path.name == f"f{DEADLY}.py":
        os.kill(os.getpid(), signal.SIGKILL)
    return run_task(task)


@pytest.fixture
def tasks(tmp_path: Path) -> list[Task]:
    made = []
    for number in range(80):
        path = tmp_path / f"f{number}.py"
        path.write_text(LEFT_OPEN if number % 10 == 7 else NOTHING_FOUND)
        made.append(Task(path, path.name, Settings(), tmp_path))
    return made


def test_order_and_findings_do_not_depend_on_processes(tasks: list[Task]) -> None:
    one = run_tasks(tasks, jobs=1)
    assert run_tasks(tasks, jobs=3) == one
    assert [outcome.filename for outcome in one] == [task.filename for task in tasks]
    assert sum(len(outcome.diagnostics) for outcome in one) == 8


def test_spawned_processes_do_as_forked_ones(
    tasks: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    from concurrent.futures import ProcessPoolExecutor

    def spawned(processes: int) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(max_workers=processes, mp_context=context)

    monkeypatch.setattr(batch, "_executor", spawned)
    assert run_tasks(tasks, jobs=2) == run_tasks(tasks, jobs=1)


def test_dead_process_costs_one_file(tasks: list[Task]) -> None:
    expected = run_tasks(tasks, jobs=1)
    outcomes = run_tasks(tasks, jobs=2, work=die_at_one_file)
    (diagnostic,) = outcomes[DEADLY].diagnostics
    assert diagnostic.code == "AGN000"
    assert "process died" in diagnostic.message
    assert outcomes[DEADLY].failed
    del outcomes[DEADLY], expected[DEADLY]
    assert outcomes == expected


def test_dead_process_is_exit_status_2(
    tasks: list[Task], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(batch, "run_task", die_at_one_file)
    monkeypatch.chdir(tasks[0].path.parent)
    assert cli.main(["check", "--jobs", "2", "--output-format", "concise"]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "AGN000" in line] == [
        f"f{DEADLY}.py:1:1: AGN000 internal error: its process died (please report)"
    ]
    assert sum("AGN101" in line for line in lines) == 7


def test_file_deleted_meanwhile(tasks: list[Task]) -> None:
    tasks[3].path.unlink()
    outcome = run_tasks(tasks, jobs=2)[3]
    (diagnostic,) = outcome.diagnostics
    assert (diagnostic.code, diagnostic.message) == (
        "AGN000",
        "cannot be read: no such file or directory",
    )
    assert not outcome.failed


def test_failure_of_ours_costs_one_file(tasks: list[Task], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr(batch, "lint", fail)
    outcome = run_task(tasks[0])
    (diagnostic,) = outcome.diagnostics
    assert diagnostic.message == "internal error: RuntimeError: two lines (please report)"
    assert outcome.failed
    monkeypatch.setenv("AGN_DEBUG", "1")
    with pytest.raises(RuntimeError):
        run_task(tasks[0])


def test_repairs_that_make_it_worse_are_not_written(
    tasks: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    from asyncgen_lint.engine import lint
    from asyncgen_lint.repair import Refusal, Repair

    def spoil(source: Source, settings: Settings, **options: object) -> Repair:
        checked = lint(source, settings)
        refusal = Refusal(checked.diagnostics[0], "it would have broken the syntax")
        return Repair(source.text, (), checked, (refusal,))

    monkeypatch.setattr(batch, "repair", spoil)
    outcome = run_task(replace(tasks[7], action=Action.FIX))
    line = outcome.diagnostics[0].span.start.line
    assert outcome.complaints == (
        f"f7.py:{line}: the fix of AGN101 was left out: it would have broken the syntax"
        " (please report)",
    )
    assert outcome.failed
    assert [each.code for each in outcome.diagnostics] == ["AGN101"]
    assert tasks[7].path.read_text() == LEFT_OPEN
