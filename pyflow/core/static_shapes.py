"""The static shapes of a new node's outputs."""

from __future__ import annotations

import numpy as np

from pyflow.core.constants import is_static, static_dims, static_value
from pyflow.core.evaluation import infer_shapes
from pyflow.core.operation import Operation
from pyflow.core.registry import ShapeError
from pyflow.core.resources import handle_data
from pyflow.core.tensor import StaticShape, Tensor, brackets


def set_static_shapes(op: Operation) -> None:
    """Runs the shape rule of a node on what is known statically.

    Raises:
      ValueError: the rule rejects the inputs; the message names node, op type and input shapes.
    """
    inputs = op.inputs
    shapes = [t._static_shape for t in inputs]
    try:
        results = infer_shapes(
            op.definition,
            op.attrs,
            shapes,
            lambda i: static_value(inputs[i]),
            lambda i: _dims(inputs[i]),
            lambda i: handle_data(inputs[i]),
        )
    except ShapeError as error:
        words, computed = _error_without_values(op), ""
        if words is None:
            words, computed = str(error), _computed_inputs(op)
        shown = ", ".join(map(brackets, shapes))
        raise ValueError(f"{words} for '{op.name}' (op: '{op.type}') with input shapes: {shown}{computed}.") from None
    for tensor, shape in zip(op.outputs, results):
        tensor._static_shape = shape
    op._is_static = is_static(op)


def _error_without_values(op: Operation) -> str | None:
    """What a shape rule objects to from the shapes alone: TensorFlow looks at them before it computes any input."""
    shapes = [t._static_shape for t in op.inputs]
    try:
        infer_shapes(op.definition, op.attrs, shapes, _unknown, _unknown, lambda i: handle_data(op.inputs[i]))
    except ShapeError as error:
        return str(error)
    return None


def _dims(tensor: Tensor) -> StaticShape:
    try:
        return static_dims(tensor)
    except ValueError:
        raise ShapeError("Shape must be rank 1 but is rank 0") from None


def _unknown(index: int) -> None:
    """No value of any input."""


def _computed_inputs(op: Operation) -> str:
    """TensorFlow's mention of the constant inputs that a shape rule looked at."""
    consulted = op.definition.shape_parameters
    values, shapes = [], []
    position = 0
    for name, argument in zip(op.definition.input_names, op.definition.group_inputs(op.inputs, op.attrs)):
        for tensor in argument if isinstance(argument, list) else [argument]:
            if f"{name}_dims" in consulted and tensor._static_shape != () and (dims := static_dims(tensor)):
                shapes.append(f"input[{position}] = {brackets(dims)}")
            elif f"{name}_value" in consulted and (value := static_value(tensor)) is not None:
                values.append(f"input[{position}] = <{_summary(value)}>")
            position += 1
    text = f" and with computed input tensors: {', '.join(values)}" if values else ""
    return text + (f" and with input tensors computed as partial shapes: {','.join(shapes)}" if shapes else "")


def _summary(value: np.ndarray) -> str:
    """An array as TensorFlow's messages have it: `1 2` for a vector, `[1 2][3 4]` for a matrix."""
    if value.ndim == 0:
        return f"{value:g}" if value.dtype.kind == "f" else str(int(value) if value.dtype.kind == "b" else value)
    if value.ndim == 1:
        return " ".join(map(_summary, map(np.asarray, value)))
    return "".join(f"[{_summary(row)}]" for row in value)
