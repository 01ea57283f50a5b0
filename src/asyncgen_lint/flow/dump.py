"""Show a graph as text, for golden files and for debugging."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import libcst as cst

from asyncgen_lint.flow.graph import Graph, Instruction

_PLUMBING = frozenset({"node"})


def dump(graph: Graph, line_of: Callable[[cst.CSTNode], int] | None = None) -> str:
    """Return the graph's reachable blocks, one line an instruction and an edge.

    `line_of` gives the 1-based line of a node; without it edges carry no lines.
    """
    lines = []
    reachable = {block.index for block in graph.reachable()}
    names = {block.index: f"exit({kind.value})" for kind, block in graph.exits.items()}
    for block in graph.blocks:
        if block.index not in reachable or block.index in names:
            continue
        regions = ", ".join(
            region.kind.value
            + (
                f"({region.pending.value})"
                if region.handler or region.kind.value == "finally"
                else ""
            )
            for region in block.regions
        )
        lines.append(f"{block.index}:" + (f"  in {regions}" if regions else ""))
        lines += [f"    {_instruction(each)}" for each in block.instructions]
        for edge in block.edges:
            where = ""
            if line_of is not None and edge.node is not None:
                where = f" (line {line_of(edge.node)})"
            target = names.get(edge.target.index, str(edge.target.index))
            lines.append(f"    {edge.kind.value} -> {target}{where}")
    return "\n".join(lines) + "\n"


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
