"""Places of nodes are those that Python itself gives, in code points."""

from __future__ import annotations

import ast
import asyncio
import codecs
import sys
from pathlib import Path

import libcst as cst
import pytest

from asyncgen_lint.source.parse import Parsed, parse
from asyncgen_lint.source.position import PositionMap
from asyncgen_lint.source.span import Position, Span
from asyncgen_lint.source.text import Source, decode
from asyncgen_lint.source.walk import descendants

BLOCKS: dict[type[ast.AST], type[cst.CSTNode]] = {
    ast.FunctionDef: cst.FunctionDef,
    ast.AsyncFunctionDef: cst.FunctionDef,
    ast.ClassDef: cst.ClassDef,
    ast.For: cst.For,
    ast.AsyncFor: cst.For,
    ast.With: cst.With,
    ast.AsyncWith: cst.With,
    ast.If: cst.If,
    ast.Try: cst.Try,
    ast.ExceptHandler: cst.ExceptHandler,
    ast.Match: cst.Match,
}
"""These are compared by their start: their ends include other blank lines and comments."""

WHOLE: dict[type[ast.AST], type[cst.CSTNode]] = {
    ast.Name: cst.Name,
    ast.Call: cst.Call,
    ast.Attribute: cst.Attribute,
    ast.Subscript: cst.Subscript,
    ast.Await: cst.Await,
    ast.Yield: cst.Yield,
    ast.YieldFrom: cst.Yield,
    ast.Lambda: cst.Lambda,
    ast.NamedExpr: cst.NamedExpr,
    ast.ListComp: cst.ListComp,
    ast.Return: cst.Return,
    ast.Raise: cst.Raise,
    ast.Break: cst.Break,
    ast.Expr: cst.Expr,
    ast.Assign: cst.Assign,
}

SNIPPETS = {
    "byte-order mark": "\ufeffimport a\nx = a.b(1)\n",
    "CRLF": "import a\r\n# c\r\nx = a.b(1)\r\nif x:\r\n    f(\r\n  y)\r\n",
    "CR": "f(1)\rg(2)\rif a:\r  h()\r",
    "several on a line": "a(); b(); c = d()\ne() ;f(); \ng()\n",
    "form feeds": "\x0cimport a\nf(x)\n\x0c\nclass A:\n\x0c\n    def f(): g()\n\x0c\nh()\n",
    "not Latin": "# é\x0c # x\nf('éé\U0001f600', g(x)); h('é')\nk()\n",
    "odd separators": "x = 'a\u2028b\x85'; f(x)\n# \u2028 \x1c sep\ng(y)\n# \x0b\nh()\n",
    "decorators": "@a\n# c\n\n@ b(1)\n# d\nasync def f():\n\tawait a()\n\tb()\nc()\n",
    "decorator in brackets": "@(\n  a\n)\ndef f(): a()\nb()\n",
    "decorator after a backslash": "# c\n\n@ \\\n a\nclass A(B): x = f()\nb()\n",
    "tabs": "if x:\n\ta()\n\tif y:\n\t    b()\n",
    "backslashes": "\\\nf()\nif x: \\\n  a()\nb(1,\\\n  c())\n",
    "brackets": "(\n a\n)(b)\nx = (\n  f(y)\n)\n(yield_)\n",
    "sole generator": "f(x for x in y(1))\nf((x for x in g()), 1)\n",
    "strings over lines": "'''a\nb'''; f()\ng('''\n''', h())\n",
    "comments first": "\n\n   # odd\n# c\n\nf()\n\n# d\ng()\n# e\n",
    "misplaced comments": "if a:\n    pass\n  # mis\n    # ok\nf()\n",
    "else": "while a(): b()\nelse: c()\nif a():\n  pass\nelif b():\n  c()\nelse: d()\n",
    "no last newline": "f(\n)  # end",
    "async": "async def f():\n  async with a() as b, c(): pass\n  async  for x in y(): z()\n"
    "  return [a async for a in b()]\n",
    "match": "match f(x):\n  case A(b=1) if g(): h()\n  case _: k()\n",
    "formatted strings": "x = 'a' + f(b)\ng()\n",
}


def problems(parsed: Parsed) -> list[str]:
    """Return the nodes of the ast whose place no node of the right kind has."""
    text = parsed.source.text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    positions = PositionMap(parsed)
    spans: dict[type[cst.CSTNode], set[Span]] = {}
    for number, statement in enumerate(parsed.module.body):
        for each in descendants(statement):
            spans.setdefault(type(each), set()).add(positions.span(each, number))

    def position(line: int, column: int) -> Position:
        return Position(line, len(lines[line - 1].encode()[:column].decode()))

    found = []
    misplaced = _in_formatted_strings(parsed.tree) if sys.version_info < (3, 12) else set()
    for node in ast.walk(parsed.tree):
        if node in misplaced:
            continue
        if type(node) in WHOLE:
            assert isinstance(node, (ast.expr, ast.stmt))
            assert node.end_lineno is not None
            assert node.end_col_offset is not None
            start = position(node.lineno, node.col_offset)
            span = Span(start, position(node.end_lineno, node.end_col_offset))
            if span not in spans.get(WHOLE[type(node)], ()):
                found.append(f"{type(node).__name__} at {span}")
        elif type(node) in BLOCKS:
            assert isinstance(node, (ast.stmt, ast.ExceptHandler))
            start = position(node.lineno, node.col_offset)
            if start not in {each.start for each in spans.get(BLOCKS[type(node)], ())}:
                found.append(f"{type(node).__name__} at {start}")
    return found


def _in_formatted_strings(tree: ast.Module) -> set[ast.AST]:
    """Return the nodes whose place Python gives wrongly before 3.12."""
    strings = [each for each in ast.walk(tree) if isinstance(each, ast.JoinedStr)]
    return {each for string in strings for each in ast.walk(string)}


@pytest.mark.parametrize("name", SNIPPETS)
def test_snippet_is_where_python_has_it(name: str) -> None:
    data = SNIPPETS[name].encode()
    assert (name == "byte-order mark") == data.startswith(codecs.BOM_UTF8)
    assert not problems(parse(decode(data, "x.py")))


@pytest.mark.parametrize(
    "name", ["tasks.py", "base_events.py", "runners.py", "staggered.py", "../contextlib.py"]
)
def test_standard_library_is_where_python_has_it(name: str) -> None:
    data = (Path(asyncio.__file__).parent / name).read_bytes()
    assert not problems(parse(decode(data, name)))
    assert not problems(parse(decode(data.replace(b"\n", b"\r\n"), name)))


def test_a_statement_nested_too_deeply_is_known_by_its_line() -> None:
    text = "# c\n@(\n  a)\ndef f():\n    x = " + " + ".join(["b"] * 900) + "\n"
    parsed = parse(Source("x.py", text))
    function = parsed.module.body[0]
    assert PositionMap(parsed).span(function, 0).start.line in (2, 3)
