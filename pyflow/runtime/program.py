"""A program: the part of a graph that a run needs, as a list of steps with concrete shapes.

`build` prunes the graph to the fetches, orders it by creation, infers shapes from the fed ones, and evaluates at once
whatever depends only on constants and shapes.
"""

from __future__ import annotations

import heapq
import math
from typing import Any, Iterable

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.evaluation import dims_from_value, evaluator, infer_shapes
from pyflow.core.operation import Operation
from pyflow.core.registry import OpDef, ShapeError
from pyflow.core.resources import VariableCell
from pyflow.core.tensor import StaticShape, Tensor, brackets
from pyflow.ops.tensor_array_storage import ElementShape
from pyflow.runtime import functions
from pyflow.runtime.resources import NodeContext
from pyflow.runtime.tensor_arrays import fold_size, note_elements
from pyflow.runtime.user_frame import in_node

_LARGEST_FOLDED_BYTES = 10 * 2**20
_SHAPE_OPS = frozenset(("Shape", "Size", "Rank", "ShapeN"))
_FORWARDING_OPS = frozenset(("Identity", "StopGradient", "PreventGradient", "Snapshot", "PlaceholderWithDefault"))
# These hand their input on if they leave its shape (and so can at most have reduced dimensions of size 1).
_FORWARDING_IF_SAME_SHAPE = frozenset(
    ("Reshape", "Squeeze", "ExpandDims", "BroadcastTo", "Sum", "Mean", "Prod", "Max", "Min", "All", "Any")
)
# In a run that does both, what is put into queues comes before what waits for it, if neither needs the other.
_PUTTING = ("QueueEnqueue", "Stage", "MapStage", "OrderedMapStage")
_TAKING = ("QueueDequeue", "Unstage", "MapUnstage", "OrderedMapUnstage")


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
    fetched arrays are only looked at by whoever runs it, and need not be copied.
    """

    def __init__(self, feeds: list[Value], steps: list[Step], fetches: list[Value], wanted: list[Value]):
        self.feeds, self.steps, self.fetches, self.wanted = feeds, steps, fetches, wanted
        self.kept: set[Value] = set()
        self.has_large_products = self.lends = False


def needed_ops(fetches: Iterable[Tensor], targets: Iterable[Operation], fed: Iterable[Tensor]) -> list[Operation]:
    """The operations that must run, in an order that respects data and control edges, ties by creation."""
    fed = set(fed)
    needed: set[Operation] = set()
    pending = [t.op for t in fetches if t not in fed] + list(targets)
    while pending:
        op = pending.pop()
        if op not in needed:
            needed.add(op)
            pending += [t.op for t in op.inputs if t not in fed]
            pending += op._control_inputs
    ordered = sorted(needed, key=lambda op: op._id)
    takes = any(op.type.startswith(_TAKING) for op in ordered)
    late = takes and any(op.type.startswith(_PUTTING) for op in ordered)
    if not late and all(d._id < op._id for op in ordered for d in _dependencies(op, fed)):
        return ordered
    return _topological(ordered, fed, late)


def _dependencies(op: Operation, fed: set[Tensor]) -> list[Operation]:
    return [t.op for t in op.inputs if t not in fed] + op._control_inputs


def _topological(ops: list[Operation], fed: set[Tensor], takes_late: bool) -> list[Operation]:
    def rank(op: Operation) -> tuple[bool, float]:
        return takes_late and op.type.startswith(_TAKING), op._id

    waiting = {op: set(_dependencies(op, fed)) for op in ops}
    followers: dict[Operation, list[Operation]] = {}
    for op, dependencies in waiting.items():
        for d in dependencies:
            followers.setdefault(d, []).append(op)
    ready = [(rank(op), op) for op, dependencies in waiting.items() if not dependencies]
    heapq.heapify(ready)
    order = []
    while ready:
        op = heapq.heappop(ready)[1]
        order.append(op)
        for follower in followers.get(op, ()):
            waiting[follower].discard(op)
            if not waiting[follower]:
                heapq.heappush(ready, (rank(follower), follower))
    if len(order) < len(ops):
        stuck = next(op for op in ops if op not in set(order))
        raise errors.InvalidArgumentError(None, stuck, "Graph is invalid, contains a cycle with no loop construct")
    return order


def build(
    session: Any, fetches: list[Tensor], targets: list[Operation], feeds: dict[Tensor, Any]
) -> Program:
    """The program that computes `fetches` and runs `targets` when arrays of the given shapes are fed.

    Args:
      feeds: for each fed tensor the shape of the array; of a function's inputs also a variable's cell, an array that
        is the same at each run, or None for what is no array.

    Raises:
      InvalidArgumentError: a placeholder that is needed is not fed, or shapes don't fit.
    """
    values: dict[Tensor, Value] = {t: _fed_value(t, fed) for t, fed in feeds.items()}
    builder = _Builder(session, values)
    waited_for = list(targets)
    for op in needed_ops(fetches, targets, feeds):
        builder.add(op)
        waited_for += op._control_inputs
    fetched = [
        builder.read(values[t], t.op) if t.dtype._is_ref_dtype and t not in feeds else values[t] for t in fetches
    ]
    for op in waited_for:
        for step in (values[t].step for t in op.outputs if t in values):
            if step is not None and step.type == "ReadCell":
                step.attrs = {"checked": True}
    # As in TensorFlow, what has no effect runs if it is a target, but not just because others wait for it.
    wanted = [values[t] for op in targets for t in op.outputs if t in values]
    return Program([values[t] for t in feeds], builder.steps, fetched, wanted)


def _fed_value(tensor: Tensor, fed: Any) -> Value:
    dtype = tensor.dtype.base_dtype
    if isinstance(fed, VariableCell):
        return Value(dtype, (), constant=fed, cell=fed)
    if isinstance(fed, np.ndarray):
        return Value(dtype, fed.shape, constant=fed)
    if isinstance(fed, ElementShape):
        value = Value(dtype, ())
        value.elements = fed
        return value
    return Value(dtype, () if fed is None else fed)


class _Builder:
    def __init__(self, session: Any, values: dict[Tensor, Value]):
        self.session = session
        self.values = values
        self.steps: list[Step] = []
        self._reads: dict[int, Value] = {}
        self._assigned: dict[int, StaticShape] = {}

    def add(self, op: Operation) -> None:
        definition = op.op_def
        if op.type == "Placeholder":
            if op.outputs[0] not in self.values:
                raise _unfed(op)
            return  # something waits for what is fed
        inputs = self._inputs(op)
        outputs = [Value(t.dtype.base_dtype, shape) for t, shape in zip(op.outputs, self._shapes(op, inputs))]
        step = Step(op, definition, op.attrs, inputs, outputs)
        if definition.calls:
            functions.plan_call(self.session, step)
            self.steps.append(step)
            passed_on = functions.passed_on(step)
            outputs = [inputs[i] if i in passed_on else value for i, value in enumerate(outputs)]
        elif _forwards(step):
            outputs = [inputs[0]]
        elif op.type == "NoOp":
            pass  # it only orders others, and the order is made
        elif op.type == "ReadVariableOp" and isinstance(inputs[0].cell, VariableCell):
            outputs = [self.read(inputs[0], op)]
        elif definition.stateful and not definition.inputs and _is_handle(op):
            results = evaluator(definition, op.attrs, NodeContext(op, self.session))()
            for value, result in zip(outputs, results):
                value.constant = value.cell = result
        elif not fold_size(step) and not self._fold(step):
            self.steps.append(step)
            if op.type.startswith("TensorArray"):
                note_elements(step)
        for tensor, value in zip(op.outputs, outputs):
            # A fed output keeps the fed value though its operation runs for the sake of the others.
            self.values.setdefault(tensor, value)
        for cell in written_cells(step):
            self._reads.pop(id(cell), None)
            if op.type == "AssignVariableOp":
                self._assigned[id(cell)] = inputs[1].shape
        if definition.has_ref_input:
            self._reads.clear()
            for tensor, value in zip(op.outputs, outputs):
                if tensor.dtype._is_ref_dtype:
                    value.cell = next((v.cell for v in inputs if v.cell is not None), None)
                    if op.type == "Assign":
                        self._assigned[id(value.cell)] = value.shape

    def _inputs(self, op: Operation) -> list[Value]:
        """The step's inputs; a variable given to an op that wants its value is read first."""
        inputs = []
        wanted = [d for arg in op.op_def.inputs for d in arg.dtypes(op.attrs)]
        for tensor, dtype in zip(op.inputs, wanted):
            value = self.values[tensor]
            wants_value = not dtype._is_ref_dtype and not op.op_def.calls
            if tensor.dtype._is_ref_dtype and wants_value and isinstance(value.cell, VariableCell):
                value = self.read(value, tensor.op)
            inputs.append(value)
        return inputs

    def read(self, reference: Value, op: Operation) -> Value:
        """The content of a variable's cell, which stays the same array until something writes to a cell."""
        if not isinstance(reference.cell, VariableCell):
            return reference
        key = id(reference.cell)
        if key not in self._reads:
            cell = reference.cell
            value = Value(cell.dtype, self._cell_shape(cell), cell=cell)
            step = Step(op, None, {}, [reference], [value])
            step.type = "ReadCell"
            self.steps.append(step)
            self._reads[key] = value
        return self._reads[key]

    def _cell_shape(self, cell: VariableCell) -> StaticShape:
        """What the variable's shape is at this point of the program."""
        return self._assigned.get(id(cell), cell.shape)

    def _input_shape(self, tensor: Tensor, value: Value) -> StaticShape:
        if tensor.dtype._is_ref_dtype and isinstance(value.cell, VariableCell):
            return self._cell_shape(value.cell)
        return value.shape

    def _handle_data(self, op: Operation, value: Value) -> Any:
        if value.elements is not None:
            return value.elements
        shapes = getattr(value.cell, "shapes_of_elements", None)
        if shapes is not None:  # a queue
            return shapes
        if value.dtype is not dtypes.resource or not isinstance(value.cell, VariableCell):
            return None
        # What is assigned may have another shape than what was there.
        return value.cell.dtype, None if op.type == "AssignVariableOp" else self._cell_shape(value.cell)

    def _shapes(self, op: Operation, inputs: list[Value]) -> list[StaticShape]:
        try:
            return infer_shapes(
                op.op_def,
                op.attrs,
                [self._input_shape(t, v) for t, v in zip(op.inputs, inputs)],
                lambda i: inputs[i].constant if inputs[i].cell is None else None,
                lambda i: _known_dims(inputs[i]),
                lambda i: self._handle_data(op, inputs[i]),
            )
        except ShapeError as error:
            shapes = ", ".join(brackets(v.shape) for v in inputs)
            words = error.at_run or f"{error} for '{op.name}' (op: '{op.type}') with input shapes: {shapes}."
            raise errors.InvalidArgumentError(op.node_def, op, words + in_node(op)) from None

    def _fold(self, step: Step) -> bool:
        """Evaluates the step now if its result cannot depend on anything fed or stateful."""
        definition, outputs = step.definition, step.outputs
        if definition is None or step.stateful or not outputs or any(v.dtype is dtypes.variant for v in outputs):
            return False
        if step.type in _SHAPE_OPS and all(v.known_shape for v in step.inputs):
            for read in (v.step for v in step.inputs if v.step is not None and v.step.type == "ReadCell"):
                read.attrs = {
                    "checked": True
                }  # a variable without a value is an error even where only its shape counts
            inputs = [np.broadcast_to(np.int8(0), v.shape) for v in step.inputs]  # type: ignore[arg-type]
        elif all(v.constant is not None and v.cell is None for v in step.inputs):
            inputs = [v.constant for v in step.inputs]
        else:
            return False
        if any(v.known_shape and v.nbytes > _LARGEST_FOLDED_BYTES for v in outputs) and step.inputs:
            return False
        try:
            with np.errstate(all="ignore"):
                results = evaluator(definition, step.attrs)(*inputs)
        except NotImplementedError:
            raise
        except Exception:  # it fails again, as part of the run, where the error gets the node's name
            return False
        for value, result in zip(outputs, results):
            value.constant = np.asarray(result)
            value.shape = value.constant.shape
        return True


def _forwards(step: Step) -> bool:
    if step.type in _FORWARDING_IF_SAME_SHAPE:
        return step.inputs[0].known_shape and step.inputs[0].shape == step.outputs[0].shape
    return step.type in _FORWARDING_OPS or step.type == "Cast" and step.inputs[0].dtype is step.outputs[0].dtype


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


def _is_handle(op: Operation) -> bool:
    return all(t.dtype._is_ref_dtype or t.dtype is dtypes.resource for t in op.outputs)


def _known_dims(value: Value) -> StaticShape:
    """What is known of an int vector that serves as a shape, at planning: the constant, or how it was packed."""
    if value.constant is not None and value.cell is None:
        return dims_from_value(value.constant)
    step = value.step
    if step is not None and step.type == "Pack" and value.shape is not None and len(value.shape) == 1:
        return tuple(int(v.constant) if v.constant is not None and v.constant >= 0 else None for v in step.inputs)
    return None if value.shape is None or None in value.shape else (None,) * (value.shape[0] if value.shape else 0)  # type: ignore


def _unfed(op: Operation) -> errors.OpError:
    dtype = op.attrs["dtype"]
    shape = op.outputs[0]._static_shape
    detail = f" and shape {brackets(shape)}" if shape is not None else ""
    name = {"float32": "float", "float64": "double", "float16": "half"}.get(dtype.name, dtype.name)
    words = f"You must feed a value for placeholder tensor '{op.name}' with dtype {name}{detail}"
    return errors.InvalidArgumentError(op.node_def, op, words + in_node(op))
