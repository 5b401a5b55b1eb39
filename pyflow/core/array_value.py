"""Python values as the numpy arrays that constants hold, with TF's rules about which value fits which dtype."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.dtypes import DType
from pyflow.core.shapes import Dimension, TensorShape

_SEQUENCES = (list, tuple, range)


def array_value(values: Any, dtype: Any = None, shape: Any = None, verify_shape: bool = False) -> np.ndarray:
    """The array of a constant.

    Python ints become int32 (int64 where they don't fit), floats float32, complex numbers complex128, str and bytes
    string; numpy values keep their dtype. A scalar, or the last element of too few, fills `shape`.

    Raises:
      TypeError: an element does not fit `dtype`, or `verify_shape` is on and the shape differs.
      ValueError: the value is None, ragged, empty where it must fill a shape, or has more elements than `shape`.
    """
    wanted = dtypes.as_dtype(dtype).base_dtype if dtype is not None else None
    if isinstance(values, (np.ndarray, np.generic)):
        array = _from_numpy(values, wanted)
    elif values is None:
        raise ValueError("None values not supported.")
    else:
        array = _from_python(values, wanted)
    return array if shape is None else _filled(array, shape, verify_shape)


def _from_numpy(values: Any, wanted: DType | None) -> np.ndarray:
    array = np.asarray(values)
    if wanted is None:
        if array.dtype.kind in "SUO":
            return _strings(array)
        dtypes.as_dtype(array.dtype)
        return array.astype(array.dtype.newbyteorder("="), copy=True)
    if wanted is dtypes.string:
        return _strings(array)
    if wanted is dtypes.bfloat16 and array.dtype != wanted.as_numpy_dtype:
        return dtypes.float32_to_bfloat16(array.astype(np.float32))
    if array.dtype.kind in "SU":
        raise TypeError(f"Expected {wanted.name}, got {array.reshape(-1)[0]!r} of type 'str' instead.")
    return array.astype(wanted.as_numpy_dtype)


def _strings(array: np.ndarray) -> np.ndarray:
    result = np.empty(array.size, object)
    for i, x in enumerate(array.reshape(-1).tolist()):
        if not isinstance(x, (str, bytes)):
            raise TypeError(f"Expected binary or unicode string, got {x!r}")
        result[i] = x.encode() if isinstance(x, str) else x
    return result.reshape(array.shape)


def _from_python(values: Any, wanted: DType | None) -> np.ndarray:
    if isinstance(values, TensorShape):
        values = values.as_list()
    flat: list[Any] = []
    shape = _flatten(values, flat, 0)
    if shape is None:
        # Nested arrays and array-likes: numpy finds the shape.
        array = np.asarray(values)
        if array.dtype == object and not all(isinstance(x, (str, bytes)) for x in array.reshape(-1)):
            _reject(array.reshape(-1).tolist(), wanted)
            raise TypeError(f"Failed to convert object of type {type(values)} to Tensor. Contents: {values}. Consider casting elements to a supported type.")
        return _from_numpy(array, wanted)
    _reject(flat, wanted)
    if wanted is None:
        wanted = _natural_dtype(flat)
    if wanted is dtypes.string:
        return _strings(_object_array(flat, shape))
    if wanted is dtypes.bfloat16:
        return dtypes.float32_to_bfloat16(np.array(flat, np.float32)).reshape(shape)
    numpy_dtype = wanted.as_numpy_dtype
    if wanted.is_integer and flat and not all(wanted.min <= x <= wanted.max for x in flat):
        if wanted is dtypes.int32:
            raise ValueError(f"Tensor values out of range for {wanted.name}: {values!r}")
        return np.array(flat, dtype=object).astype(numpy_dtype).reshape(shape)
    return np.array(flat, dtype=numpy_dtype).reshape(shape)


def _object_array(flat: list, shape: tuple[int, ...]) -> np.ndarray:
    array = np.empty(len(flat), object)
    array[:] = flat
    return array.reshape(shape)


def _flatten(values: Any, flat: list, depth: int) -> tuple[int, ...] | None:
    """Collects the leaves; gives the shape, or None when leaves are arrays."""
    if isinstance(values, Dimension):
        values = values.value
    if not isinstance(values, _SEQUENCES):
        if isinstance(values, np.generic):
            values = values.item() if values.dtype.kind in "SU" else values
        elif not isinstance(values, (str, bytes, numbers.Number)) and hasattr(values, "__array__") and not hasattr(values, "graph"):
            return None
        flat.append(values)
        return ()
    inner: Any = ()
    for i, item in enumerate(values):
        shape = _flatten(item, flat, depth + 1)
        if shape is None:
            return None
        if i and shape != inner:
            raise ValueError(
                f"Argument must be a dense tensor: {values!r} - got shape {[len(values), *inner]}, but wanted {[len(values)]}."
            )
        inner = shape
    return (len(values), *inner)


_ACCEPTED = {
    "integer": (numbers.Integral, Dimension),
    "floating": (numbers.Real, np.floating),
    "complex": (numbers.Complex,),
    "bool": (bool, np.bool_),
    "string": (str, bytes),
}


def _kind(dtype: DType) -> str:
    if dtype is dtypes.bool or dtype is dtypes.string:
        return dtype.name
    return "complex" if dtype.is_complex else "floating" if dtype.is_floating else "integer"


def _reject(flat: list, wanted: DType | None) -> None:
    """Raises TypeError for the first leaf that the dtype does not take (or that no dtype takes)."""
    if wanted is None:
        for x in flat:
            if x is None:
                raise ValueError("None values not supported.")
        return
    kind = _kind(wanted)
    accepted = _ACCEPTED[kind]
    for x in flat:
        fits = isinstance(x, accepted) and (kind == "bool" or not isinstance(x, (bool, np.bool_)) or kind == "string")
        if not fits:
            if kind == "string":
                raise TypeError(f"Expected string, got {x!r} of type '{type(x).__name__}' instead.")
            shown = f"{x!r} of type '{type(x).__name__}'"
            if isinstance(x, (list, tuple)) or hasattr(x, "graph"):
                raise TypeError(f"Expected {wanted.name}, got {shown} instead.")
            raise TypeError(f"Expected {wanted.name}, got {shown} instead.")


def _natural_dtype(flat: list) -> DType:
    if not flat:
        return dtypes.float32
    if any(isinstance(x, np.generic) for x in flat):
        return dtypes.as_dtype(np.asarray(flat).dtype) if not all(isinstance(x, np.generic) for x in flat) else dtypes.as_dtype(np.result_type(*flat))
    kinds = {type(x) for x in flat}
    if kinds <= {bool}:
        return dtypes.bool
    if kinds <= {str, bytes}:
        return dtypes.string
    for x in flat:
        if not isinstance(x, (numbers.Number, np.generic)):
            raise TypeError(
                f"Failed to convert object of type {type(x)} to Tensor. Contents: {x}. Consider casting elements to a supported type."
                if not isinstance(x, (str, bytes))
                else f"Expected {'bool' if bool in kinds else 'int32' if int in kinds else 'float32'}, got {x!r} of type '{type(x).__name__}' instead."
            )
    if bool in kinds:
        odd = next(x for x in flat if type(x) is not (bool if type(flat[0]) is bool else type(flat[0])))
        expected = {bool: "bool", int: "int32", float: "float32"}.get(type(flat[0]), "complex128")
        raise TypeError(f"Expected {expected}, got {odd!r} of type '{type(odd).__name__}' instead.")
    if complex in kinds:
        return dtypes.complex128
    if float in kinds or not all(isinstance(x, numbers.Integral) for x in flat):
        return dtypes.float32
    return dtypes.int32 if all(-(2**31) <= x < 2**31 for x in flat) else dtypes.int64


def _filled(array: np.ndarray, shape: Any, verify_shape: bool) -> np.ndarray:
    dims = tuple(int(d) for d in (shape.as_list() if isinstance(shape, TensorShape) else np.asarray(shape).reshape(-1)))
    if array.shape == dims:
        return array
    if verify_shape:
        raise TypeError(f"Expected Tensor's shape: {dims}, got {array.shape}.")
    size = int(np.prod(dims, dtype=np.int64))
    if array.size > size:
        raise ValueError(f"Too many elements provided. Needed at most {size}, but received {array.size}")
    flat = array.reshape(-1)
    if array.size < size:
        if not array.size:
            raise ValueError(f"Cannot fill shape {dims} from an empty value")
        flat = np.concatenate([flat, np.full(size - array.size, flat[-1], flat.dtype)])
    return flat.reshape(dims)
