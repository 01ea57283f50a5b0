"""Show a graph: as text for golden files and debugging, or as a drawing by Graphviz.

Both show the blocks that control can reach, and spell instructions and edges the same.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import libcst as cst

from asyncgen_lint.flow.graph import EXCEPTIONAL, Block, Graph, Instruction, Region, RegionKind

LineOf = Callable[[cst.CSTNode], int]

_PLUMBING = frozenset({"node"})


def dump(graph: Graph, line_of: LineOf | None = None) -> str:
    """Return the graph's reachable blocks, one line an instruction and an edge.

    `line_of` gives the 1-based line of a node; without it edges carry no lines.
    """
    names = _exit_names(graph)
    lines = []
    for block in _in_order(graph):
        if block.index in names:
            continue
        lines.append(_heading(block))
        lines += [f"    {_instruction(each)}" for each in block.instructions]
        for edge in block.edges:
            where = f" (line {line_of(edge.node)})" if line_of and edge.node is not None else ""
            target = names.get(edge.target.index, str(edge.target.index))
            lines.append(f"    {edge.kind.value} -> {target}{where}")
    return "\n".join(lines) + "\n"


def dot(graph: Graph, title: str, line_of: LineOf | None = None) -> str:
    """Return the graph in Graphviz's language; edges that exceptions take are dashed."""
    names = _exit_names(graph)
    lines = [
        f"digraph {_quoted(title)} {{",
        '    node [shape=box, fontname="monospace"];',
        '    edge [fontname="monospace"];',
    ]
    for block in _in_order(graph):
        if block.index in names:
            label = _quoted(names[block.index])
            lines.append(f"    b{block.index} [label={label}, shape=oval];")
            continue
        text = [_heading(block)]
        for each in block.instructions:
            line = f"{line_of(each.node)}: " if line_of else ""
            text.append(f"{line}{_instruction(each)}")
        lines.append(f"    b{block.index} [label={_left_aligned(text)}];")
        for edge in block.edges:
            where = f", line {line_of(edge.node)}" if line_of and edge.node is not None else ""
            style = ", style=dashed" if edge.kind in EXCEPTIONAL else ""
            label = _quoted(f"{edge.kind.value}{where}")
            lines.append(f"    b{block.index} -> b{edge.target.index} [label={label}{style}];")
    return "\n".join([*lines, "}"]) + "\n"


def _in_order(graph: Graph) -> list[Block]:
    return sorted(graph.reachable(), key=lambda block: block.index)


def _exit_names(graph: Graph) -> dict[int, str]:
    return {block.index: f"exit({kind.value})" for kind, block in graph.exits.items()}


def _heading(block: Block) -> str:
    regions = ", ".join(_region(each) for each in block.regions)
    return f"{block.index}:" + (f"  in {regions}" if regions else "")


def _region(region: Region) -> str:
    is_copy = region.handler is not None or region.kind is RegionKind.FINALLY
    return region.kind.value + (f"({region.pending.value})" if is_copy else "")


def _instruction(instruction: Instruction) -> str:
    parts = []
    for field in dataclasses.fields(instruction):
        if field.name in _PLUMBING:
            continue
        value = getattr(instruction, field.name)
        parts.append(f"{field.name}={_operand(value)}")
    return f"{type(instruction).__name__.lower()} {' '.join(parts)}".rstrip()


def _operand(value: object) -> str:
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return f"t{value}"
    if isinstance(value, tuple):
        return "(" + ", ".join(_operand(each) for each in value) + ")"
    if value is None:
        return "-"
    inner = getattr(value, "value", value)
    return str(inner) if inner is value or isinstance(inner, str) else _operand(inner)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _left_aligned(lines: list[str]) -> str:
    """Return a label whose lines each end in Graphviz's own mark for a line set to the left."""
    return '"' + "".join(_quoted(each)[1:-1] + "\\l" for each in lines) + '"'
