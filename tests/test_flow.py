"""The control-flow graph: golden dumps, and every construct of Python lowered."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import libcst as cst
import pytest

from asyncgen_lint.config import Settings
from asyncgen_lint.engine import analyse
from asyncgen_lint.flow import lower as lowering
from asyncgen_lint.flow.dump import dump
from asyncgen_lint.flow.graph import EXCEPTIONAL, Graph, RegionKind, Yield
from asyncgen_lint.names.scopes import outline
from asyncgen_lint.source.text import Source
from asyncgen_lint.typestate.knowledge import Knowledge

FLOW = Path(__file__).parent.parent / "fixtures" / "flow"


def graphs(text: str) -> dict[str, Graph]:
    scopes = outline(cst.parse_module(text))
    knowledge = Knowledge(scopes)
    return {each.qualname: lowering.lower(scopes, each, knowledge) for each in scopes.functions()}


@pytest.mark.parametrize("path", sorted(FLOW.glob("*.py")), ids=lambda path: path.stem)
def test_graph_is_as_reviewed(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    shown = "\n".join(f"{name}\n{dump(graph)}" for name, graph in graphs(text).items())
    golden = path.with_suffix(".txt")
    if os.environ.get("UPDATE_FIXTURES") == "1":
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text(encoding="utf-8")


EVERYTHING = """
import os, os.path as path
from sys import argv as arguments, exit

type Alias = int

class Base[T](object, metaclass=type):
    field: int = 1
    other: str

    @property
    def value(self, /, a=1, *args: int, b=2, **kwargs) -> int:
        return self.field

async def everything(a, b=(lambda c, d=1: c + d), *rest, **more):
    global GLOBAL
    GLOBAL = a
    x = y = z = 0
    x, (y, *z) = a, b
    x: int = 1
    x.y: int
    x.y[0:1, ::2] = x.y.z = 3
    x += 1; x @= 2; x[0] //= 3
    del x, y[0], z.a
    assert a, "message"
    if a: pass
    elif b: ...
    else: pass
    while a and not b or (a is None) or a is not None:
        break
    else:
        pass
    for i, j in zip(a, b):
        continue
    async for k in a:
        if k:
            break
    else:
        pass
    try:
        raise ValueError("x") from None
    except (ValueError, KeyError) as error:
        raise
    except OSError:
        pass
    else:
        pass
    finally:
        pass
    try:
        pass
    except* ValueError as group:
        pass
    with open("f") as f, (open("g")) as (g, h):
        pass
    async with a as target.attribute:
        pass
    match a:
        case 1 | "two" | None | True: pass
        case [1, *others]: pass
        case (1, _): pass
        case {"k": v, **kw}: pass
        case Point(x=0, y=ys) as whole: pass
        case os.sep: pass
        case _ if a: pass
        case name: pass
    c = a if b else (yield)
    d = await a
    e = yield d
    f = [n async for n in a if n if await n for m in n]
    g = {n for n in a}; h = {n: m for n, m in a}; i = (n for n in a)
    j = f"{a!r:>{b}} {{}}" "tail" f"{c=}"
    k = (a, *b), [a, *b], {a, *b}, {a: b, **c}
    l = a < b <= c != d in e not in f is g is not h
    m = -a + ~b - (not c) ** 2 @ 3 << 1 >> 2 & 3 | 4 ^ 5 % 6 / 7 // 8 * 9
    n = a[1], a[1:2], a[1:2:3], a[...], a[1, *b]
    o = (p := a)
    q = 1, 1.0, 1j, "s", b"b", None, True, ...
    a.b(c, *d, e=f, **g)(h)[i].j
    def nested(x): nonlocal c; c = x; return x
    class Local(Base): nested = nested
    async def inner(): return await a
    return
"""


def test_everything_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    unknown: list[str] = []

    def note(self: object, node: cst.CSTNode) -> None:
        unknown.append(type(node).__name__)

    monkeypatch.setattr(lowering._Lowerer, "_unknown", note)
    found = graphs(EVERYTHING)
    assert unknown == []
    assert set(found) >= {"everything", "everything.nested", "Base.value"}


def test_sample_holds_every_statement_and_expression() -> None:
    here = {type(node).__name__ for node in ast.walk(ast.parse("pass"))}
    try:
        here = {type(node).__name__ for node in ast.walk(ast.parse(EVERYTHING))}
    except SyntaxError:
        pytest.skip("this Python cannot parse the whole sample")
    wanted = {
        each.__name__
        for base in (ast.stmt, ast.expr)
        for each in base.__subclasses__()
        if not each.__name__.startswith("_") and each.__module__ in ("ast", "_ast")
    }
    # `yield from` is for sync functions; template strings are newer than the sample.
    deprecated = {"Num", "Str", "Bytes", "NameConstant", "Ellipsis", "Constant"}
    assert wanted - here - deprecated <= {"YieldFrom", "TemplateStr", "Interpolation"}


def test_what_is_not_understood_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        "async def rows(db):\n    try:\n        yield 1\n    finally:\n        await db.close()\n"
        "async def f(db):\n    gen = rows(db)\n    match gen:\n        case _:\n            pass\n"
        "    async for row in gen:\n        break\n"
    )
    assert [each.code for each in analyse(Source("a.py", text), Settings()).diagnostics] == [
        "AGN101"
    ]
    original = lowering._Lowerer.__init__

    def forget_match(self: lowering._Lowerer, *given: object) -> None:
        original(self, *given)  # type: ignore[arg-type]
        del self._statements[cst.Match]

    monkeypatch.setattr(lowering._Lowerer, "__init__", forget_match)
    assert analyse(Source("a.py", text), Settings()).diagnostics == ()


def test_finally_is_copied_for_each_way_through() -> None:
    (graph,) = graphs(
        "async def f(a):\n    try:\n        yield 1\n        return\n    finally:\n        a.b()\n"
    ).values()
    ways = {
        region.pending.value
        for block in graph.blocks
        for region in block.regions
        if region.kind is RegionKind.FINALLY
    }
    assert ways >= {"next", "may raise", "GeneratorExit"}


def test_generator_exit_passes_by_handlers_for_ordinary_exceptions() -> None:
    (graph,) = graphs(
        "async def f(a):\n    try:\n        yield 1\n    except Exception:\n        yield 2\n"
    ).values()
    first = next(
        block for block in graph.blocks if any(isinstance(i, Yield) for i in block.instructions)
    )
    targets = {edge.kind: edge.target for edge in first.edges if edge.kind in EXCEPTIONAL}
    reached = set()
    pending = [next(target for kind, target in targets.items() if kind.value == "GeneratorExit")]
    while pending:
        block = pending.pop()
        reached.add(block.index)
        pending += [edge.target for edge in block.edges if edge.target.index not in reached]
    assert not any(
        isinstance(each, Yield) for index in reached for each in graph.blocks[index].instructions
    )


def test_too_many_copies_give_the_function_up() -> None:
    nested = "async def f(a):\n"
    indent = "    "
    for depth in range(8):
        nested += f"{indent}try:\n{indent}    await a.b{depth}()\n{indent}finally:\n"
        indent += "    "
    nested += f"{indent}pass\n"
    with pytest.raises(lowering.TooComplex):
        graphs(nested)


def test_long_chains_need_no_recursion() -> None:
    text = "def f(a):\n    b = " + " + ".join("a" for _ in range(900)) + "\n"
    text += "    c = " + " and ".join("a" for _ in range(900)) + "\n"
    text += "    if a: pass\n" + "".join("    elif a: pass\n" for _ in range(600))
    text += "    d = a" + "".join(".b()" for _ in range(200)) + "\n"
    assert graphs(text)
