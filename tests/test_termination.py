"""Hard functions are given up or joined, never searched for ever: bounds in steps, not seconds."""

from __future__ import annotations

import libcst as cst
import pytest

from asyncgen_lint.flow.constants import MAX_STATES, blocks_after, constants
from asyncgen_lint.flow.graph import EdgeKind, Yield
from asyncgen_lint.flow.lower import lower
from asyncgen_lint.names.scopes import outline
from asyncgen_lint.typestate.knowledge import Knowledge
from asyncgen_lint.typestate.summary import Summaries


def test_independent_flags_do_not_multiply() -> None:
    body = "".join(f"        x{i} = False\n        if a[{i}]: x{i} = True\n" for i in range(30))
    text = f"async def f(a):\n    try:\n        yield 1\n    finally:\n{body}"
    scopes = outline(cst.parse_module(text))
    (function,) = scopes.functions()
    graph = lower(scopes, function, Knowledge(scopes))
    flags = constants(graph)
    for block in graph.reachable():
        if not any(isinstance(each, Yield) for each in block.instructions):
            continue
        for edge in block.edges:
            if edge.kind is EdgeKind.GENERATOR_EXIT:
                visited = list(blocks_after(edge, flags[block.index]))
                # Joined states grow by one flag at a time.
                assert len(visited) <= len(graph.blocks) * (MAX_STATES + 2 * 30)


def test_mutual_recursion_is_solved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    count = 30
    text = "".join(
        f"async def f{i}(db):\n"
        f"    async for x in f{(i + 1) % count}(db):\n        yield x\n"
        f"    async for x in f{(i + 2) % count}(db):\n        yield x\n"
        for i in range(count)
    )
    summaries = Summaries(Knowledge(outline(cst.parse_module(text))))
    answered = 0
    original = Summaries._answer

    def count_answers(self: Summaries, grounds: list[object]) -> object:
        nonlocal answered
        answered += 1
        return original(self, grounds)  # type: ignore[arg-type]

    monkeypatch.setattr(Summaries, "_answer", count_answers)
    verdicts = {
        summaries.needs_close(each).verdict.value
        for each in summaries.knowledge.outline.functions()
    }
    assert verdicts == {"no"}
    assert answered <= count * (count + 1)
