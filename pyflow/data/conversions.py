"""Arguments of datasets as tensors; known as tensorflow.python.data.util.convert."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.convert import convert_to_tensor
from pyflow.core.shapes import TensorShape, as_shape
from pyflow.core.tensor import Tensor


def optional_param_to_tensor(
    argument_name: str, argument_value: Any, argument_default: Any = 0, argument_dtype: Any = dtypes.int64
) -> Tensor:
    """An argument, or its default where it is None."""
    value = argument_default if argument_value is None else argument_value
    return convert_to_tensor(value, argument_dtype, argument_name)


def partial_shape_to_tensor(shape_like: Any) -> Tensor:
    """What may be a shape as an int64 vector, in which -1 stands for an unknown size.

    Raises:
      TypeError: it is a tensor of another dtype.
      ValueError: it is no vector.
    """
    try:
        dims = as_shape(shape_like).as_list()
    except (TypeError, ValueError):
        tensor = convert_to_tensor(shape_like, dtypes.int64) if _is_int64(shape_like) else convert_to_tensor(shape_like)
        if tensor.shape.ndims is not None and tensor.shape.ndims != 1:
            raise ValueError(
                f"The given shape {shape_like} must be a 1-D tensor of tf.int64 values, but the shape was "
                f"{tensor.shape}."
            ) from None
        if tensor.dtype != dtypes.int64:
            raise TypeError(
                f"The given shape {shape_like} must be a 1-D tensor of tf.int64 values, but the element type was "
                f"{tensor.dtype.name}."
            ) from None
        return tensor
    return convert_to_tensor([-1 if size is None else size for size in dims], dtypes.int64)


def _is_int64(value: Any) -> bool:
    return isinstance(value, (list, tuple, TensorShape))
