"""A program: the part of a graph that a run needs, as a list of steps with concrete shapes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.operation import Operation
from pyflow.core.registry import OpDef
from pyflow.core.resources import VariableCell
from pyflow.core.tensor import StaticShape
from pyflow.ops.tensor_array_storage import ElementShape
from pyflow.runtime import functions


class Value:
    """What flows between steps: a fed array, a constant, or an output of a step."""

    __slots__ = ("dtype", "shape", "constant", "step", "index", "cell", "elements")

    def __init__(self, dtype: dtypes.DType, shape: StaticShape, constant: Any = None, cell: Any = None):
        self.dtype = dtype
        self.shape = shape
        self.constant = constant
        self.step: Step | None = None
        self.index = 0
        self.cell: VariableCell | None = cell
        self.elements: ElementShape | None = None  # of a tensor array

    @property
    def known_shape(self) -> bool:
        return self.shape is not None and None not in self.shape

    @property
    def nbytes(self) -> int:
        assert self.shape is not None
        return math.prod(d or 0 for d in self.shape) * np.dtype(self.dtype.as_numpy_dtype).itemsize


class Step:
    """A call of an op's kernel. Fused steps have a `kernel` of their own and positional inputs."""

    __slots__ = ("op", "definition", "type", "attrs", "inputs", "outputs", "kernel", "scratch")

    def __init__(self, op: Operation, definition: OpDef | None, attrs: dict, inputs: list[Value], outputs: list[Value]):
        self.op = op
        self.definition = definition
        self.type = definition.name if definition else "fused"
        self.attrs = attrs
        self.inputs = inputs
        self.outputs = outputs
        self.kernel: Any = None
        self.scratch: list[tuple[tuple[int, ...], Any]] = []
        for index, value in enumerate(outputs):
            value.step, value.index = self, index

    @property
    def stateful(self) -> bool:
        return self.definition is None or self.definition.stateful or self.definition.has_ref_input


class Program:
    """Steps in execution order, with the values that are fed and fetched.

    `wanted` are to be computed though nobody fetches them; `kept` are needed after the run as well. `lends` says that
    fetched arrays are only looked at by whoever runs it, and need not be copied; `has_large_products` that one of its
    products of matrices is worth several threads.
    """

    def __init__(self, feeds: list[Value], steps: list[Step], fetches: list[Value], wanted: list[Value]):
        self.feeds, self.steps, self.fetches, self.wanted = feeds, steps, fetches, wanted
        self.kept: set[Value] = set()
        self.has_large_products = self.lends = False


def cell_of(value: Value) -> Any:
    """The variable whose memory the value is, or may be; else None."""
    while value.cell is None and value.step is not None and value.step.definition is not None:
        if not value.step.definition.view:
            return None
        value = value.step.inputs[0]
    return value.cell


def may_change(value: Value) -> bool:
    """Whether the value's memory is a variable's, or may be."""
    return cell_of(value) is not None


def written_cells(step: Step) -> list[VariableCell]:
    """The variables that the step may change through their handles; through references too if it runs functions."""
    if step.type in functions.HANDLE_READERS:
        return []
    if step.definition is not None and step.definition.calls:
        return functions.written_by_call(step)
    return [v.cell for v in step.inputs if v.dtype is dtypes.resource and isinstance(v.cell, VariableCell)]


def destinations(program: Program, step: Step) -> tuple[VariableCell | None, ...]:
    """For each output, the variable that it is assigned to; None where the program does more with it, or with that."""
    users: dict[Value, list[Step]] = {value: [] for value in step.outputs}
    cells: dict[int, int] = {}
    for other in program.steps:
        for value in other.inputs:
            if value in users:
                users[value].append(other)
            if value.cell is not None:
                cells[id(value.cell)] = cells.get(id(value.cell), 0) + 1
    fetched = set(program.fetches)

    def destination(value: Value) -> VariableCell | None:
        if value in fetched or len(users[value]) != 1 or users[value][0].type not in ("Assign", "AssignVariableOp"):
            return None
        cell = users[value][0].inputs[0].cell
        return cell if type(cell) is VariableCell and cells[id(cell)] == 1 else None

    return tuple(map(destination, step.outputs))
