"""Calling an op's shape rule and kernel: parameters are matched by name.

The same two functions serve graph building (static shapes, constant values) and the planner (concrete shapes).
"""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from pyflow.core import dtypes
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import OpDef
from pyflow.core.tensor import StaticShape


def infer_shapes(
    definition: OpDef,
    attrs: dict[str, Any],
    shapes: list[StaticShape],
    value_of: Callable[[int], Any],
    dims_of: Callable[[int], StaticShape],
    handle_of: Callable[[int], Any] = lambda i: None,
) -> list[StaticShape]:
    """The output shapes, one per output tensor.

    Args:
      shapes: the shape of each input tensor.
      value_of: gives the constant value of the input tensor with that index, or None.
      dims_of: gives the partly known value of an int vector as a shape, or None.
      handle_of: gives the (dtype, static shape) of what a resource input refers to, or None.

    Raises:
      ShapeError: the op's rule rejects the inputs.
    """
    names = definition.input_names
    grouped = None
    arguments = []
    for parameter in definition.shape_parameters:
        if parameter in names:
            if grouped is None:
                grouped = definition.group_inputs(shapes, attrs)
            arguments.append(grouped[names.index(parameter)])
        elif parameter in attrs:
            arguments.append(attrs[parameter])
        elif parameter.endswith("_value"):
            arguments.append(_gather(definition, attrs, parameter[:-6], shapes, value_of))
        elif parameter.endswith("_dims"):
            arguments.append(_gather(definition, attrs, parameter[:-5], shapes, dims_of))
        elif parameter.endswith("_handle"):
            arguments.append(_gather(definition, attrs, parameter[:-7], shapes, handle_of))
        else:
            raise TypeError(f"Shape rule of {definition.name} asks for unknown parameter {parameter!r}")
    result = definition.shape(*arguments)
    return [result] if definition.single_output else list(result)


def _gather(definition: OpDef, attrs: dict, name: str, shapes: list, get: Callable[[int], Any]) -> Any:
    indices = definition.group_inputs(range(len(shapes)), attrs)[definition.input_names.index(name)]
    return [get(i) for i in indices] if isinstance(indices, list) else get(indices)


def dims_from_value(value: Any) -> StaticShape:
    """A 1-D int array as a shape; -1 stands for an unknown dimension."""
    return None if value is None else tuple(None if d < 0 else int(d) for d in np.asarray(value).reshape(-1))


def bind_attrs(definition: OpDef, attrs: dict[str, Any], ctx: Any) -> dict[str, Any]:
    """The kernel parameters that are fixed for a node: its attrs and the run context."""
    bound = {}
    for parameter in definition.cpu_parameters:
        if parameter in definition.input_names or parameter == "out":
            continue
        if parameter == "ctx":
            bound[parameter] = ctx
        else:
            value = attrs[parameter]
            bound[parameter] = dtypes.float32 if value is dtypes.bfloat16 else value
    return bound


def evaluator(definition: OpDef, attrs: dict[str, Any], ctx: Any = None) -> Callable[..., tuple]:
    """A function from the flat input arrays to the tuple of output arrays, allocating its outputs anew at each call."""
    bound = bind_attrs(definition, attrs, ctx)
    output_dtypes = [d.base_dtype for d in definition.output_dtypes(attrs)]
    input_dtypes = [d.base_dtype for arg in definition.inputs for d in arg.dtypes(attrs)]
    kernel, names = definition.cpu, definition.input_names
    narrow_inputs = [i for i, d in enumerate(input_dtypes) if d is dtypes.bfloat16]
    numpy_dtypes = [np.float32 if d is dtypes.bfloat16 else d.as_numpy_dtype for d in output_dtypes]
    plain = not any(arg.is_list for arg in definition.inputs) and not narrow_inputs

    def evaluate(*inputs: Any) -> tuple:
        if narrow_inputs:
            inputs = tuple(
                dtypes.bfloat16_to_float32(x) if i in narrow_inputs else x for i, x in enumerate(inputs)
            )
        grouped = inputs if plain else definition.group_inputs(inputs, attrs)
        arguments = []
        for parameter in definition.cpu_parameters:
            if parameter in names:
                arguments.append(grouped[names.index(parameter)])
            elif parameter == "out":
                shapes = infer_shapes(
                    definition,
                    attrs,
                    [getattr(x, "shape", ()) for x in inputs],
                    lambda i: inputs[i],
                    lambda i: dims_from_value(inputs[i]),
                )
                if any(s is None or None in s for s in shapes):  # a shape was given as numbers, and with a -1
                    raise InvalidArgumentError(None, None, "Dimension -1 must be >= 0")
                out = tuple(np.empty(s, d) for s, d in zip(shapes, numpy_dtypes))  # type: ignore[arg-type]
                arguments.append(out[0] if definition.single_output else out)
            else:
                arguments.append(bound[parameter])
        if definition.takes_out:
            if isinstance(kernel, np.ufunc):
                kernel(*inputs, out=out)  # np.maximum and np.minimum want it by keyword
            else:
                kernel(*arguments)
            results = out
        else:
            results = kernel(*arguments)
            if definition.single_output:
                results = (results,)
            elif not isinstance(results, tuple):
                results = tuple(results) if results is not None else ()
        if any(d is dtypes.bfloat16 for d in output_dtypes):
            results = tuple(_stored(x, d) for x, d in zip(results, output_dtypes))
        return results

    return evaluate


def _stored(array: Any, dtype: dtypes.DType) -> Any:
    """A kernel's result in the form in which values of the dtype are kept; a constant has it already."""
    if dtype is not dtypes.bfloat16 or getattr(array, "dtype", None) == dtype.as_numpy_dtype:
        return array
    return dtypes.float32_to_bfloat16(array)
