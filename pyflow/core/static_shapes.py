"""The static shapes of a new node's outputs."""

from __future__ import annotations

from pyflow.core.constants import static_dims, static_value
from pyflow.core.evaluation import infer_shapes
from pyflow.core.operation import Operation
from pyflow.core.registry import ShapeError
from pyflow.core.resources import handle_data
from pyflow.core.tensor import brackets


def set_static_shapes(op: Operation) -> None:
    """Runs the shape rule of a node on what is known statically.

    Raises:
      ValueError: the rule rejects the inputs; the message names node, op type and input shapes.
    """
    inputs = op.inputs
    shapes = [t._static_shape for t in inputs]
    try:
        results = infer_shapes(
            op.op_def,
            op.attrs,
            shapes,
            lambda i: static_value(inputs[i]),
            lambda i: static_dims(inputs[i]),
            lambda i: handle_data(inputs[i]),
        )
    except ShapeError as error:
        raise ValueError(
            f"{error} for '{op.name}' (op: '{op.type}') with input shapes: {', '.join(map(brackets, shapes))}"
            f"{_computed_inputs(op)}."
        ) from None
    for tensor, shape in zip(op.outputs, results):
        tensor._static_shape = shape


def _computed_inputs(op: Operation) -> str:
    """TensorFlow's mention of the constant inputs that a shape rule looked at."""
    consulted = op.op_def.shape_parameters
    known = []
    for i, (name, tensor) in enumerate(zip(op.op_def.input_names, op.inputs)):
        if f"{name}_value" in consulted or f"{name}_dims" in consulted:
            value = static_value(tensor)
            if value is not None:
                known.append(f"input[{i}] = <{','.join(map(str, value.reshape(-1)))}>")
    return f" and with computed input tensors: {', '.join(known)}" if known else ""
