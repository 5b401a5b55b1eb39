"""A step as the rules for the GPU see it, and whether it can be done there at all."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.core import dtypes
from pyflow.core.resources import VariableCell
from pyflow.ops.gpu import ALIAS, Dispatches, ElementWise, elementwise
from pyflow.runtime.program import Step, Value
from pyflow.runtime.resources import NodeContext

_IN_CELLS = (dtypes.float32, dtypes.int32)

# A read of a variable that is written before the value is used.
COPY = elementwise("reference")


def is_reference(value: Value) -> bool:
    """Whether the value stands for a variable, not for what was in it when it was read."""
    return value.cell is not None and (value.step is None or value.step.type != "ReadCell")


def shape_of(value: Value) -> Any:
    """The shape of a value, or of the variable it stands for."""
    return value.cell.shape if is_reference(value) else value.shape


def is_constant(value: Value) -> bool:
    return value.constant is not None and value.cell is None


class Node:
    """What a rule for the GPU is given: the step's values and attrs, and a way to make further values.

    Attributes:
      each_run_values: what is computed on the host at the start of each run, with the functions.
    """

    def __init__(self, step: Step, session: Any):
        self.op, self.attrs, self.inputs, self.outputs = step.op, step.attrs, step.inputs, step.outputs
        self._session = session
        self.each_run_values: dict[Value, Callable[[], Any]] = {}

    def scratch(self, shape: tuple[int, ...], dtype: dtypes.DType = dtypes.float32) -> Value:
        """A value for use between the node's dispatches."""
        return Value(dtype, tuple(shape))

    def each_run(self, function: Callable[[Any], Any], shape: tuple[int, ...], dtype: dtypes.DType) -> Value:
        """A value that `function(ctx)` computes on the host at the start of each run."""
        value, ctx = Value(dtype, tuple(shape)), NodeContext(self.op, self._session)
        self.each_run_values[value] = lambda: function(ctx)
        return value


class Work:
    """How a step is done on the device: its op's `ElementWise` or `ALIAS`, or the dispatches of its rule."""

    __slots__ = ("step", "how", "dispatches", "node")

    def __init__(self, step: Step, how: Any, dispatches: list, node: Node | None):
        self.step, self.how, self.dispatches, self.node = step, how, dispatches, node

    @property
    def is_elementwise(self) -> bool:
        return isinstance(self.how, ElementWise)

    @property
    def is_alias(self) -> bool:
        return self.how is ALIAS


def work_of(step: Step, session: Any, max_bindings: int) -> Work | None:
    """How the device would do the step, or None where the CPU has to."""
    how = step.definition.gpu if step.definition is not None else None
    if how is None or not all(_has_elements(v) for v in (*step.inputs, *step.outputs)):
        return None
    node = Node(step, session)
    if how is ALIAS:
        dtype = step.outputs[0].dtype
        return Work(step, how, [], node) if dtype in (*_IN_CELLS, dtypes.bool, dtypes.int64) else None
    if not all(v.dtype in how.types or is_reference(v) for v in step.outputs):
        return None
    if isinstance(how, Dispatches):
        if not all(_fits_cell(v) for v in step.inputs if is_reference(v)):
            return None
        dispatches = how.rule(node)
        return None if dispatches is None else Work(step, how, dispatches, node)
    if len(step.inputs) + len(step.outputs) > max_bindings:
        return None
    for value in step.inputs:
        if is_reference(value):
            if not _fits_cell(value) or (how.updates and shape_of(value) != _updated_shape(step)):
                return None
        elif value.dtype not in how.types:
            return None
    return Work(step, how, [], node)


def _updated_shape(step: Step) -> Any:
    """The shape that all of what an update changes must have: that of its largest input."""
    return max((shape_of(v) for v in step.inputs), key=lambda s: (len(s), s))


def _has_elements(value: Value) -> bool:
    shape = shape_of(value)
    return shape is not None and None not in shape and 0 not in shape


def _fits_cell(value: Value) -> bool:
    return isinstance(value.cell, VariableCell) and value.cell.dtype in _IN_CELLS
