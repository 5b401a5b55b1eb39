"""Checking and converting what is fed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pyflow.core import dtypes, errors, nest
from pyflow.core.graph import Graph
from pyflow.core.tensor import Tensor
from pyflow.ops.session_ops import TensorHandle
from pyflow.runtime.fetches import expand_feed


def flatten_feeds(graph: Graph, feed_dict: Any) -> dict[Tensor, Any]:
    """The fed arrays by tensor, from a feed dict whose keys may be names, sparse tensors or nested structures.

    Raises:
      TypeError: a key is no tensor, or a value is a tensor or does not fit the dtype.
      ValueError: a value has a shape that the tensor cannot have, or a tensor may not be fed.
    """
    if not isinstance(feed_dict, Mapping):
        raise TypeError("input must be a dictionary")
    feeds: dict[Tensor, Any] = {}
    for key, value in feed_dict.items():
        if type(key) is Tensor and key.graph is graph:
            feeds[key] = fed_array(graph, key, value)
        else:
            _feed_structure(graph, feeds, key, value)
    return feeds


def _feed_structure(graph: Graph, feeds: dict[Tensor, Any], key: Any, value: Any) -> None:
    for k, v in nest.flatten_dict_items({key: value}).items() if isinstance(key, tuple) else [(key, value)]:
        for part, part_value in expand_feed(k, v):
            try:
                tensor = graph.as_graph_element(part, allow_tensor=True, allow_operation=False)
            except Exception as error:
                raise TypeError(f"Cannot interpret feed_dict key as Tensor: {error.args[0]}") from None
            feeds[tensor] = fed_array(graph, tensor, part_value)


def fed_array(graph: Graph, tensor: Tensor, value: Any) -> Any:
    """`value` as a C-contiguous array of the tensor's dtype."""
    if isinstance(value, Tensor):
        raise TypeError(
            "The value of a feed cannot be a tf.Tensor object. Acceptable feed values include Python scalars, strings, "
            "lists, numpy ndarrays, or TensorHandles. For reference, the tensor object was "
            f"{value} which was passed to the feed with key {tensor}."
        )
    dtype = tensor._dtype.base_dtype
    if type(value) is TensorHandle:
        value = _kept_array(value, dtype)
    if dtype is dtypes.string:
        if isinstance(value, int):
            raise _too_narrow(value, object)
        array = _string_array(value)
    elif dtype in (dtypes.resource, dtypes.variant):
        return value
    else:
        numpy_dtype = dtype.as_numpy_dtype
        if type(value) is int and _changes(value, dtype):
            raise _too_narrow(value, numpy_dtype)
        array = np.asarray(value, numpy_dtype, order="C") if dtype is not dtypes.bfloat16 else _bfloat16_array(value)
    static = tensor._static_shape
    shape = array.shape
    if static is not None and static != shape:
        if len(static) != len(shape) or any(a is not None and a != b for a, b in zip(static, shape)):
            raise ValueError(
                f"Cannot feed value of shape {shape!r} for Tensor {tensor.name!r}, "
                f"which has shape {str(tensor.shape)!r}"
            )
    if tensor in graph._unfeedable:
        raise ValueError(f"Tensor {tensor} may not be fed.")
    return array


def as_fed(tensor: Tensor, array: Any, feed_dict: Any) -> Any:
    """What a fetch of a fed tensor gives: a copy of the array that was fed, in which strings are as they were."""
    if not isinstance(array, np.ndarray):
        return array
    given = feed_dict.get(tensor, feed_dict.get(tensor.name)) if tensor.dtype.base_dtype is dtypes.string else None
    return np.array(array) if given is None else np.array(given, object)


def _too_narrow(value: int, numpy_dtype: Any) -> TypeError:
    return TypeError(
        f"Type of feed value {value} with type {type(value)} is not compatible with Tensor type {numpy_dtype}. "
        "Try explicitly setting the type of the feed tensor to a larger type (e.g. int64)."
    )


def _kept_array(handle: TensorHandle, dtype: dtypes.DType) -> np.ndarray:
    """What the session keeps under a handle; a handle says its dtype and is not converted."""
    if handle._dtype != dtype:
        message = f"Expects arg[0] to be {dtype.name} but {handle._dtype.name} is provided"
        raise errors.InvalidArgumentError(None, None, message)
    return handle.value()


def _changes(value: int, dtype: dtypes.DType) -> bool:
    """Whether a Python int is not representable in the dtype."""
    if dtype.is_integer:
        return not dtype.min <= value <= dtype.max
    return dtype.is_floating and int(dtype.as_numpy_dtype(value)) != value if dtype is not dtypes.bfloat16 else False


def _string_array(value: Any) -> np.ndarray:
    array = np.asarray(value)
    if array.dtype.kind in "SU" or array.dtype == object:
        array = np.asarray(value, dtype=object) if array.dtype != object else array
        flat = [x.encode() if isinstance(x, str) else x for x in array.reshape(-1).tolist()] if array.size else []
        result = np.empty(array.size, object)
        result[:] = flat
        return result.reshape(array.shape)
    return np.asarray(value, dtype=object)


def _bfloat16_array(value: Any) -> np.ndarray:
    array = np.asarray(value)
    if array.dtype == dtypes.bfloat16.as_numpy_dtype:
        return array
    return dtypes.float32_to_bfloat16(array.astype(np.float32))
