"""Constants, and the conversion of Python and numpy values to them."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.array_value import array_value
from pyflow.core.convert import register_tensor_conversion_function
from pyflow.core.operation import Operation
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op, raw
from pyflow.core.scopes import get_default_graph
from pyflow.core.shapes import Dimension, TensorShape
from pyflow.core.tensor import Tensor


@op("Const() -> (output: dtype)", value=attr("tensor"), dtype=attr("type"))
class Const:
    """A constant tensor."""

    def shape(value):
        return value.shape

    def cpu(value):
        return value

    grad = NOT_DIFFERENTIABLE


def constant_v1(
    value: Any, dtype: Any = None, shape: Any = None, name: str = "Const", verify_shape: bool = False
) -> Tensor:
    """A tensor that holds `value`.

    Args:
      value: a number, string, (nested) list or numpy array.
      dtype: the dtype; None lets the value decide.
      shape: the shape; fewer values than it holds are continued with the last one.
      verify_shape: whether a value of another shape is an error.

    Raises:
      TypeError: the value does not fit the dtype, or `verify_shape` is on and the shape differs.
      ValueError: the value is ragged, or has more elements than `shape`.
    """
    array = array_value(value, dtype, shape, verify_shape)
    array.setflags(write=False)
    dtype = dtypes.as_dtype(dtype).base_dtype if dtype is not None else dtypes.as_dtype(array.dtype)
    return get_default_graph().add_node(Const, [], {"value": array, "dtype": dtype}, name).outputs[0]


constant = export("constant")(constant_v1)


def is_constant(tensor_or_op: Any) -> bool:
    node = tensor_or_op.op if isinstance(tensor_or_op, Tensor) else tensor_or_op
    return isinstance(node, Operation) and node.type == "Const"


def _convert_python(value: Any, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Any:
    return constant(value, dtype=dtype, name=name or "Const")


def _convert_sequence(value: Any, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Any:
    if any(_holds_tensor(item) for item in value):
        return auto_pack(value, dtype, name)
    return constant(value, dtype=dtype, name=name or "Const")


def _holds_tensor(item: Any) -> bool:
    if isinstance(item, (list, tuple)):
        return any(map(_holds_tensor, item))
    return isinstance(item, Tensor) or hasattr(item, "_as_graph_element")


def auto_pack(value: Any, dtype: Any = None, name: str | None = None) -> Any:
    """A (nested) list that contains tensors, as nested `Pack` ops."""
    inferred = dtype
    if inferred is None:
        inferred = _first_tensor_dtype(value)
    return _pack(value, inferred, name or "packed")


def _first_tensor_dtype(value: Any) -> Any:
    for item in value:
        if isinstance(item, (list, tuple)):
            found = _first_tensor_dtype(item)
            if found is not None:
                return found
        elif isinstance(item, Tensor) or hasattr(item, "_as_graph_element"):
            return item.dtype.base_dtype
    return None


def _pack(items: Any, dtype: Any, scope: str) -> Any:
    from pyflow.core.convert import convert_to_tensor
    from pyflow.core.scopes import name_scope

    if not _holds_tensor(items):
        return constant(items, dtype=dtype)
    with name_scope(scope) as inner:
        parts = []
        for i, item in enumerate(items):
            if isinstance(item, Tensor):
                if dtype is not None and item.dtype.base_dtype != dtype:
                    raise TypeError(
                        f"Cannot convert a list containing a tensor of dtype {item.dtype} to {dtype} (Tensor is: "
                        f"{item!r})"
                    )
                parts.append(item)
            elif isinstance(item, (list, tuple)):
                inner_pack = _holds_tensor(item)
                parts.append(_pack(item, dtype, str(i)) if inner_pack else constant(item, dtype=dtype, name=str(i)))
            elif hasattr(item, "_as_graph_element"):
                parts.append(convert_to_tensor(item, dtype=dtype))
            else:
                parts.append(constant(item, dtype=dtype, name=str(i)))
        return raw.Pack(parts, name=inner)


def _convert_shape(value: Any, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Any:
    if not value.is_fully_defined():
        raise ValueError(f"Cannot convert a partially known TensorShape to a Tensor: {value}")
    dims = value.as_list()
    if dtype is None:
        dtype = dtypes.int64 if any(d >= 2**31 for d in dims) else dtypes.int32
    elif dtypes.as_dtype(dtype) not in (dtypes.int32, dtypes.int64):
        raise TypeError(f"Cannot convert a TensorShape to dtype: {dtypes.as_dtype(dtype).name}")
    return constant(dims, dtype=dtype, name=name or "shape_as_tensor")


def _convert_dimension(value: Any, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Any:
    if value.value is None:
        raise ValueError(f"Cannot convert an unknown Dimension to a Tensor: {value}")
    if dtype is not None and dtypes.as_dtype(dtype) not in (dtypes.int32, dtypes.int64):
        raise TypeError(f"Cannot convert a TensorShape to dtype: {dtype}")
    if dtype is None:
        dtype = dtypes.int64 if value.value >= 2**31 else dtypes.int32
    return constant(value.value, dtype=dtype, name=name or "shape_as_tensor")


register_tensor_conversion_function((list, tuple), _convert_sequence, 100)
register_tensor_conversion_function((np.ndarray, np.generic, numbers.Number, str, bytes, range), _convert_python, 100)
register_tensor_conversion_function(TensorShape, _convert_shape, 100)
register_tensor_conversion_function(Dimension, _convert_dimension, 100)
register_tensor_conversion_function(object, _convert_python, 200)
