"""Sizes of recurrent states and outputs: ints, TensorShapes or tensors, joined with a batch size."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.core import nest
from pyflow.core.convert import constant_value
from pyflow.core.dtypes import as_dtype, int32
from pyflow.core.shapes import as_shape
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims
from pyflow.ops.array_filling import zeros
from pyflow.ops.array_joining import concat
from pyflow.ops.constant import constant


def _both(size: Any, what: str) -> tuple[Any, Any]:
    """A size as a tensor of one dimension (None when it isn't fully known) and as a static shape."""
    if isinstance(size, Tensor):
        static = constant_value(size)
        if size.shape.ndims == 0:
            return expand_dims(size, 0), None if static is None else [static]
        if size.shape.ndims != 1:
            raise ValueError(f"{what} tensor must be either a scalar or vector, but saw tensor: {size}")
        return size, static
    shape = as_shape(size)
    dims = None if shape.ndims is None else shape.as_list()
    return constant(dims, dtype=int32) if shape.is_fully_defined() else None, dims


def join_sizes(prefix: Any, suffix: Any) -> Tensor:
    """[prefix, suffix] as a tensor, for a batch size (or shape) and the shape of one example.

    Raises:
      ValueError: either is not fully known, or is a tensor of more than one dimension.
    """
    first, _ = _both(prefix, "prefix")
    second, _ = _both(suffix, "suffix")
    if first is None or second is None:
        raise ValueError(f"Provided a prefix or suffix of None: {prefix} and {suffix}")
    return concat((first, second), 0)


def join_static_sizes(prefix: Any, suffix: Any) -> list[int | None] | None:
    """[prefix, suffix] as far as it is known; None for an unknown rank."""
    # The tensors, which nothing needs, are made all the same: TensorFlow's graph has them too.
    (_, first), (_, second) = _both(prefix, "prefix"), _both(suffix, "suffix")
    shape = as_shape(first).concatenate(as_shape(second))
    return None if shape.ndims is None else shape.as_list()


def _concat(prefix: Any, suffix: Any, static: bool = False) -> Any:
    return join_static_sizes(prefix, suffix) if static else join_sizes(prefix, suffix)


def _zero_state_tensors(state_size: Any, batch_size: Any, dtype: Any) -> Any:
    """Zeros for each size of the structure `state_size`."""

    def zero_state(size: Any) -> Tensor:
        state = zeros(join_sizes(batch_size, size), dtype=dtype)
        state.set_shape(join_static_sizes(batch_size, size))
        return state

    return nest.map_structure(zero_state, state_size)


def _check_supported_dtypes(dtype: Any) -> None:
    if dtype is not None and not (as_dtype(dtype).is_floating or as_dtype(dtype).is_complex):
        raise ValueError(f"RNN cell only supports floating point inputs, but saw dtype: {as_dtype(dtype)}")


def _check_rnn_cell_input_dtypes(inputs: Any) -> None:
    for tensor in nest.flatten(inputs):
        _check_supported_dtypes(tensor.dtype)


def shape_type_conversion(build: Callable) -> Callable:
    """Decorates `build` of a layer, which then is given shapes as tuples of ints and None."""

    def wrapped(instance: Any, input_shape: Any) -> Any:
        return build(instance, None if input_shape is None else tuple(as_shape(input_shape).as_list()))

    return wrapped
