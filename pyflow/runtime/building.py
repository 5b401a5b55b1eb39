"""From a graph to a program: `build` prunes the graph to the fetches, orders it by creation, infers shapes from the fed
ones, and evaluates at once whatever depends only on constants and shapes.
"""

from __future__ import annotations

from typing import Any, Iterable

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.evaluation import dims_from_value, evaluator, infer_shapes
from pyflow.core.function_graph import FunctionGraph
from pyflow.core.operation import Operation
from pyflow.core.registry import ShapeError, get
from pyflow.core.resources import VariableCell
from pyflow.core.tensor import StaticShape, Tensor, brackets
from pyflow.ops.tensor_array_storage import ElementShape
from pyflow.runtime import functions, unrolling
from pyflow.runtime.dead_values import DeadValues
from pyflow.runtime.forwarding import Forwarding
from pyflow.runtime.identities import equal_input
from pyflow.runtime.ordering import needed_ops
from pyflow.runtime.program import Program, Step, Value, written_cells
from pyflow.runtime.resources import NodeContext
from pyflow.runtime.tensor_arrays import fold_size, note_elements
from pyflow.runtime.user_frame import in_node

_LARGEST_FOLDED_BYTES = 10 * 2**20
_LARGEST_ZEROS_BYTES = 2**18
_SHAPE_OPS = frozenset(("Shape", "Size", "Rank", "ShapeN", "ZerosLike"))


def build(
    session: Any,
    fetches: list[Tensor],
    targets: list[Operation],
    feeds: dict[Tensor, Any],
    limits: unrolling.Limits | None = None,
) -> Program:
    """The program that computes `fetches` and runs `targets` when arrays of the given shapes are fed.

    Args:
      feeds: for each fed tensor the shape of the array; of a function's inputs also a variable's cell, an array that
        is the same at each run, or None for what is no array.
      limits: of the loops whose rounds become steps; None for those that suit the CPU.

    Raises:
      InvalidArgumentError: a placeholder that is needed is not fed, or shapes don't fit.
    """
    values: dict[Tensor, Value] = {t: _fed_value(t, fed) for t, fed in feeds.items()}
    builder = _Builder(session, values, limits or unrolling.FEW)
    fetched = builder.add_all(fetches, targets)
    if (check := builder.dead.checked([(t, values[t]) for t in fetches])) is not None:
        builder.steps.append(check)
    unneeded = builder.forwarding.unneeded(fetched)
    steps = [s for s in builder.steps if s not in unneeded] if unneeded else builder.steps
    program = Program([values[t] for t in feeds], steps, fetched, builder.wanted)
    return program


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
    def __init__(self, session: Any, values: dict[Tensor, Value], limits: unrolling.Limits):
        self.session = session
        self.limits = limits
        self.values = values
        self.steps: list[Step] = []
        self.wanted: list[Value] = []
        self.forwarding = Forwarding(self._derive)
        self.dead = DeadValues()
        self._used: set[Tensor] = set()
        self._reads: dict[int, Value] = {}
        self._assigned: dict[int, StaticShape] = {}

    def add_all(self, fetches: list[Tensor], targets: list[Operation]) -> list[Value]:
        """Adds all that the fetches need and the targets; gives the fetched values."""
        values, fed = self.values, set(self.values)
        ops = needed_ops(fetches, targets, fed)
        waited_for = [*targets, *(other for op in ops for other in op._control_inputs)]
        around = self._used
        self._used = {*fetches, *(t for op in ops for t in op.inputs), *(t for op in waited_for for t in op.outputs)}
        try:
            for op in ops:
                self.add(op)
        finally:
            self._used = around
        fetched = [self.read(values[t], t.op) if t.dtype._is_ref_dtype and t not in fed else values[t] for t in fetches]
        for op in waited_for:
            for step in (values[t].step for t in op.outputs if t in values):
                if step is not None and step.type == "ReadCell":
                    step.attrs = {"checked": True}
        # As in TensorFlow, what has no effect runs if it is a target, but not just because others wait for it.
        self.wanted += [values[t] for op in targets for t in op.outputs if t in values]
        return fetched

    def inline(self, function: FunctionGraph, arguments: list[Value], only: Iterable[int] | None = None) -> list[Value]:
        """Adds what a function does, or what is needed for some of its outputs; gives the values of these."""
        around, self.values = self.values, dict(zip(function.inputs, arguments))
        try:
            if only is not None:
                return self.add_all([function.outputs[i] for i in only], [])
            return self.add_all(function.outputs, function.control_outputs)
        finally:
            self.values = around

    def mark(self) -> Any:
        """What `reset` needs to take back all that is added from now on."""
        return len(self.steps), len(self.wanted), dict(self._reads), dict(self._assigned), self.forwarding.mark()

    def reset(self, mark: Any) -> None:
        steps, wanted, self._reads, self._assigned, forwarding = mark
        del self.steps[steps:], self.wanted[wanted:]
        self.forwarding.reset(forwarding)

    def add(self, op: Operation) -> None:
        definition = op.definition
        if op.type == "Placeholder":
            if op.outputs[0] not in self.values:
                raise _unfed(op)
            return  # something waits for what is fed
        if self.dead.may_reach(op, self.values):
            self._add_that_may_be_dead(op)
            return
        inputs = self._inputs(op)
        if definition.calls and (results := unrolling.inlined(self, op, inputs)) is not None:
            for tensor, value in zip(op.outputs, results):
                self.values.setdefault(tensor, value)
            return
        try:
            shapes = self._shapes(op, inputs)
        except errors.InvalidArgumentError as error:
            if not any(step.type == "Assert" for step in self.steps):
                raise
            self._add_that_fails(op, inputs, error)
            return
        outputs = [Value(t.dtype.base_dtype, shape) for t, shape in zip(op.outputs, shapes)]
        step = Step(op, definition, op.attrs, inputs, outputs)
        if definition.calls:
            functions.plan_call(self.session, step, self._used)
            self.steps.append(step)
            self.forwarding.forward(step)
            passed_on = functions.passed_on(step)
            outputs = [inputs[i] if i in passed_on else value for i, value in enumerate(outputs)]
        elif (same := equal_input(step)) is not None:
            outputs = [same]
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
            outputs = self.forwarding.forward(step)
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

    def _add_that_fails(self, op: Operation, inputs: list[Value], error: errors.OpError) -> None:
        """Adds a step that raises the error when its turn comes: an assertion before it may say what is wrong."""

        def refuse(*values: Any) -> None:
            raise error

        outputs = [Value(t.dtype.base_dtype, None) for t in op.outputs]
        step = Step(op, None, {"returns": True}, inputs, outputs)
        step.kernel = refuse
        self.steps.append(step)
        for tensor, value in zip(op.outputs, outputs):
            self.values.setdefault(tensor, value)

    def _add_that_may_be_dead(self, op: Operation) -> None:
        inputs = self._inputs(op)
        try:
            shapes = self._shapes(op, inputs)
        except errors.InvalidArgumentError:
            if not self.dead.may_stop(op, self.values):
                raise
            shapes = [None for _ in op.outputs]  # it is an error only if it runs
        outputs = [Value(t.dtype.base_dtype, shape) for t, shape in zip(op.outputs, shapes)]
        self.steps.append(self.dead.step(self.session, op, inputs, outputs, self.values))
        for tensor, value in zip(op.outputs, outputs):
            if tensor.dtype._is_ref_dtype or tensor.dtype is dtypes.resource:
                value.cell = next((v.cell for v in inputs if v.cell is not None), None)
            self.values.setdefault(tensor, value)
        if op.definition.stateful or op.definition.has_ref_input:
            self._reads.clear()

    def _derive(self, op_type: str, origin: Step, attrs: dict[str, Any], inputs: list[Value]) -> Value:
        """The output of a step of another type, added for the node of a step."""
        definition, dtype = get(op_type), inputs[0].dtype
        attrs = {"T": dtype, **attrs}
        shapes, constants = [v.shape for v in inputs], [v.constant if v.cell is None else None for v in inputs]
        (shape,) = infer_shapes(
            definition, attrs, shapes, constants.__getitem__, lambda i: dims_from_value(constants[i])
        )
        step = Step(origin.op, definition, attrs, inputs, [Value(dtype, shape)])
        if not self._fold(step):
            self.steps.append(step)
        return step.outputs[0]

    def _inputs(self, op: Operation) -> list[Value]:
        """The step's inputs; a variable given to an op that wants its value is read first."""
        inputs = []
        wanted = [d for arg in op.definition.inputs for d in arg.dtypes(op.attrs)]
        for tensor, dtype in zip(op.inputs, wanted):
            value = self.values[tensor]
            wants_value = not dtype._is_ref_dtype and not op.definition.calls
            if tensor.dtype._is_ref_dtype and wants_value and isinstance(value.cell, VariableCell):
                # What is read is there even if this reference to it may not arrive.
                cell = value.cell
                value = self.read(Value(value.dtype, (), cell, cell) if value in self.dead else value, tensor.op)
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
                op.definition,
                op.attrs,
                [self._input_shape(t, v) for t, v in zip(op.inputs, inputs)],
                lambda i: inputs[i].constant if inputs[i].cell is None else None,
                lambda i: _known_dims(inputs[i]),
                lambda i: self._handle_data(op, inputs[i]),
            )
        except ShapeError as error:
            shapes = ", ".join(brackets(v.shape) for v in inputs)
            at_run = error.at_run.replace("{node}", op.name)
            words = at_run or f"{error} for '{op.name}' (op: '{op.type}') with input shapes: {shapes}."
            kind = error.kind or errors.InvalidArgumentError
            raise kind(op.node_def, op, words + in_node(op)) from None

    def _fold(self, step: Step) -> bool:
        """Evaluates the step now if its result cannot depend on anything fed or stateful."""
        definition, outputs = step.definition, step.outputs
        if definition is None or step.stateful or not outputs or any(v.dtype is dtypes.variant for v in outputs):
            return False
        if _depends_on_shapes(step):
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


def _depends_on_shapes(step: Step) -> bool:
    """Whether the result is known because the inputs' shapes are."""
    if step.type not in _SHAPE_OPS or not all(v.known_shape for v in step.inputs):
        return False
    return step.type != "ZerosLike" or step.outputs[0].nbytes <= _LARGEST_ZEROS_BYTES


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
    detail = f" and shape {brackets(shape)}" if shape else ""
    name = {"float32": "float", "float64": "double", "float16": "half"}.get(dtype.name, dtype.name)
    words = f"You must feed a value for placeholder tensor '{op.name}' with dtype {name}{detail}"
    return errors.InvalidArgumentError(op.node_def, op, words + in_node(op))
