"""Which variables of a loop matter: what it leaves in lists for its gradient is computed only where there is one."""

from __future__ import annotations

from typing import Iterable

from pyflow.core.function_graph import FunctionGraph
from pyflow.core.operation import Operation


def dead_variables(cond: FunctionGraph, body: FunctionGraph, unused: Iterable[int]) -> frozenset[int]:
    """Those of a loop's variables of whose last values nobody makes use that need not be computed at all.

    What is computed of the others does not depend on these, and whatever a round has as effects it has without them.
    """
    index = {t.op: i for i, t in enumerate(body.inputs)}
    needed = {i for i, t in enumerate(cond.inputs) if t.op in _closure([t.op for t in cond.outputs], cond)}
    live = needed | set(range(len(body.outputs))) - set(unused)
    while True:
        ops = _closure([body.outputs[i].op for i in live], body)
        more = {index[op] for op in ops if op in index}
        for i in set(range(len(body.outputs))) - live - more:
            if any(op not in ops and _has_effects(op) for op in _closure([body.outputs[i].op], body)):
                more.add(i)
        if more <= live:
            return frozenset(range(len(body.outputs))) - live
        live |= more


def deciding_variables(cond: FunctionGraph, body: FunctionGraph) -> list[int]:
    """Those that tell how many rounds there are."""
    deciding: set[int] = set()
    ops = [t.op for t in cond.outputs]
    graph, index = cond, {t.op: i for i, t in enumerate(cond.inputs)}
    while True:
        more = {index[op] for op in _closure(ops, graph) if op in index}
        if more <= deciding:
            return sorted(deciding)
        deciding |= more
        ops, graph, index = [body.outputs[i].op for i in deciding], body, {t.op: i for i, t in enumerate(body.inputs)}


def _closure(ops: list[Operation], graph: FunctionGraph) -> set[Operation]:
    """The operations that run for the sake of these, with those that run in any case."""
    found: set[Operation] = set()
    pending = [*ops, *graph.control_outputs]
    while pending:
        op = pending.pop()
        if op not in found:
            found.add(op)
            pending += [t.op for t in op.inputs] + op._control_inputs
    return found


def _has_effects(op: Operation) -> bool:
    return (op.definition.stateful or op.definition.has_ref_input) and op.type != "Placeholder"
