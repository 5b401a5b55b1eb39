"""Python values as the numpy arrays that constants hold, with TF's rules about which value fits which dtype."""

from __future__ import annotations

import numbers
from typing import Any, Iterator

import numpy as np

from pyflow.core import dtypes
from pyflow.core.dtypes import DType
from pyflow.core.shapes import Dimension, TensorShape

_SEQUENCES = (list, tuple, range)
_ACCEPTED: dict[str, tuple[type, ...]] = {
    "integer": (numbers.Integral, np.integer, Dimension),
    "floating": (numbers.Real, np.integer, np.floating),
    "complex": (numbers.Complex, np.number),
    "bool": (bool, np.bool_),
    "string": (str, bytes),
}


def array_value(values: Any, dtype: Any = None, shape: Any = None, verify_shape: bool = False) -> np.ndarray:
    """The array of a constant.

    Python ints become int32 (int64 where they don't fit), floats float32, complex numbers complex128, str and bytes
    string; numpy values keep their dtype. The last element of too few fills `shape`; a single one that does takes no
    memory, so the result may be read-only.

    Raises:
      TypeError: an element does not fit `dtype`, or `verify_shape` is on and the shape differs.
      ValueError: the value is None or ragged, or has more elements than `shape`.
    """
    array = given_array(values, dtype, shape)
    return array if shape is None else filled(array, checked_sizes(array, shape, verify_shape))


def given_array(values: Any, dtype: Any = None, shape: Any = None) -> np.ndarray:
    """The elements that were given, as an array of their own shape (a `shape` without elements is taken at once).

    Raises:
      TypeError, ValueError: as `array_value`.
    """
    wanted = None if dtype is None else dtypes.as_dtype(dtype).base_dtype
    if _is_array_like(values):
        return _from_numpy(np.asarray(values), wanted)
    if values is None:
        raise ValueError("None values not supported.")
    if shape is not None and np.prod([int(size) for size in shape], dtype=np.int64) == 0:
        return np.empty([int(size) for size in shape], np.float32 if wanted is None else wanted.as_numpy_dtype)
    return _from_python(values, wanted)


def checked_sizes(
    array: np.ndarray, shape: Any, verify_shape: bool = False, allow_broadcast: bool = False
) -> tuple[int, ...]:
    """The sizes of the `shape` that the given elements are to fill.

    Raises:
      TypeError: they would have to have that very shape (`verify_shape`), or be one or all (`allow_broadcast`).
      ValueError: there are too many of them.
    """
    sizes = tuple(int(size) for size in shape)
    count = int(np.prod(sizes, dtype=np.int64))
    if allow_broadcast:
        if array.shape not in ((), (1,)) and array.size != count:
            raise TypeError(f"Expected Tensor's shape: {sizes}, got {array.shape}.")
    elif verify_shape and array.shape != sizes:
        raise TypeError(f"Expected Tensor's shape: {sizes}, got {array.shape}.")
    elif array.size > count:
        raise ValueError(f"Too many elements provided. Needed at most {count}, but received {array.size}")
    return sizes


def filled(array: np.ndarray, sizes: tuple[int, ...]) -> np.ndarray:
    """The array [sizes] whose first elements are those given; the last one is repeated, none stands for zeros."""
    if array.shape == sizes:
        return array
    missing = int(np.prod(sizes, dtype=np.int64)) - array.size
    if missing == 0:
        return array.reshape(sizes)
    if array.size == 0:
        nothing = np.full((), b"", object) if array.dtype == object else np.zeros((), array.dtype)
        return np.broadcast_to(nothing, sizes)
    if array.size == 1:
        return np.broadcast_to(array.reshape(()), sizes)
    flat = array.reshape(-1)
    return np.concatenate([flat, np.broadcast_to(flat[-1:], missing)]).reshape(sizes)


def is_filled_with_one(array: np.ndarray) -> bool:
    """Whether the array is one element that `filled` spread over a shape."""
    return array.size > 1 and not any(array.strides)


def _is_array_like(values: Any) -> bool:
    if isinstance(values, (np.ndarray, np.generic)):
        return True
    if isinstance(values, (*_SEQUENCES, str, bytes, bool, int, float, complex)) or _is_symbolic(values):
        return False
    if callable(getattr(values, "__array__", None)) or isinstance(getattr(values, "__array_interface__", None), dict):
        return True
    return isinstance(values, (memoryview, bytearray))


def _is_symbolic(value: Any) -> bool:
    return hasattr(value, "_as_graph_element") or (hasattr(value, "graph") and hasattr(value, "op"))


def _from_numpy(array: np.ndarray, wanted: DType | None) -> np.ndarray:
    if wanted is dtypes.string or (wanted is None and array.dtype.kind in "SUO"):
        return _strings(array)
    if wanted is None:
        dtypes.as_dtype(array.dtype)
        return array.astype(array.dtype.newbyteorder("="), copy=True)
    if not wanted.is_numpy_compatible:
        raise TypeError(f"Incompatible types: {wanted} vs. {array.dtype}. Value is {array}")
    with np.errstate(all="ignore"):
        if array.dtype == dtypes.bfloat16.as_numpy_dtype and wanted is not dtypes.bfloat16:
            array = dtypes.bfloat16_to_float32(array)
        elif wanted is dtypes.bfloat16 and array.dtype != wanted.as_numpy_dtype:
            return dtypes.float32_to_bfloat16(array.astype(np.float32))
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
    if wanted is not None and wanted.is_quantized:
        _check_quantized(values, wanted)
        return np.array(values, dtype=wanted.as_numpy_dtype)
    leaves = list(_leaves(values))
    if wanted is None and hasattr(values, "dense_shape"):
        words = f"Failed to convert object of type {type(values)} to Tensor. Contents: {values}. "
        raise TypeError(words + "Consider casting elements to a supported type.")
    _check_leaves(leaves, wanted)
    if wanted is dtypes.string or (wanted is None and leaves and all(isinstance(x, (str, bytes)) for x in leaves)):
        return _string_array(values, leaves)
    if wanted is dtypes.bfloat16:
        return dtypes.float32_to_bfloat16(_from_python(values, dtypes.float32))
    if any(isinstance(x, Dimension) for x in leaves):
        values = _without_dimensions(values)
    if wanted is not None and not wanted.is_numpy_compatible:
        raise TypeError(f"Incompatible types: {wanted} vs. {np.asarray(values).dtype}. Value is {values}")
    return _natural_array(values) if wanted is None else _typed_array(values, wanted.as_numpy_dtype)


def _leaves(values: Any) -> Iterator[Any]:
    if isinstance(values, _SEQUENCES):
        for item in values:
            yield from _leaves(item)
    else:
        yield values


def _check_leaves(leaves: list, wanted: DType | None) -> None:
    """Raises TypeError for the first leaf that the dtype does not take (without one: for a tensor)."""
    kind = _kind(wanted)
    accepted = _ACCEPTED.get(kind)
    for x in leaves:
        if accepted is None:
            if not _is_symbolic(x):
                continue
            if wanted is None:
                raise TypeError("List of Tensors when single Tensor expected")
        elif isinstance(x, accepted) or (isinstance(x, np.ndarray) and issubclass(x.dtype.type, accepted)):
            continue
        raise TypeError(f"Expected {wanted.name}, got {x!r} of type '{type(x).__name__}' instead.")  # type: ignore


def _kind(dtype: DType | None) -> str:
    if dtype is None or not dtype.is_numpy_compatible:
        return ""
    if dtype is dtypes.bool or dtype is dtypes.string:
        return dtype.name
    return "complex" if dtype.is_complex else "floating" if dtype.is_floating else "integer"


def _check_quantized(values: Any, wanted: DType) -> None:
    # A quantized element is written as a tuple of one int, as numpy writes the element of a record.
    if isinstance(values, tuple):
        _check_leaves(list(values), dtypes.int64)
    elif isinstance(values, list):
        for item in values:
            _check_quantized(item, wanted)
    else:
        raise TypeError(f"Expected {wanted.name}, got {values!r} of type '{type(values).__name__}' instead.")


def _string_array(values: Any, leaves: list) -> np.ndarray:
    shape = _common_shape(values)
    if shape != _leading_shape(values):
        raise _not_dense(values, shape)
    array = np.empty(len(leaves), object)
    array[:] = [x.encode() if isinstance(x, str) else bytes(x) for x in leaves]
    return array.reshape(shape)


def _typed_array(values: Any, numpy_dtype: Any) -> np.ndarray:
    with np.errstate(all="ignore"):
        try:
            return np.array(values, dtype=numpy_dtype)
        except OverflowError:
            # Integers wrap, as they do in C; those that 64 bits don't hold are still an error.
            try:
                return np.array(values, dtype=np.int64).astype(numpy_dtype)
            except OverflowError:
                raise OverflowError("Python int too large to convert to C long") from None


def _natural_array(values: Any) -> np.ndarray:
    try:
        array = np.array(values)
    except ValueError:
        shape = _common_shape(values)
        if shape != _leading_shape(values):
            raise _not_dense(values, shape) from None
        raise _no_element_type(values) from None
    if array.dtype.kind in "OSU":
        raise _no_element_type(values)
    dtypes.as_dtype(array.dtype)
    if array.dtype == np.float64:
        return array.astype(np.float32)
    if array.dtype == np.int64:
        narrow = array.astype(np.int32)
        return narrow if np.array_equal(narrow, array) else array
    return array


def _no_element_type(values: Any) -> TypeError:
    return TypeError(
        f"Failed to convert object of type {type(values)} to Tensor. Contents: {values}. "
        "Consider casting elements to a supported type."
    )


def _not_dense(values: Any, shape: list[int]) -> ValueError:
    return ValueError(
        f"Argument must be a dense tensor: {values} - got shape {shape}, but wanted {_leading_shape(values)}."
    )


def _leading_shape(values: Any) -> list[int]:
    """The shape of a nested list, judged by the first element of each level."""
    if not isinstance(values, _SEQUENCES):
        return []
    return [len(values), *_leading_shape(values[0])] if len(values) else [0]


def _common_shape(values: Any) -> list[int]:
    """The shape of a nested list down to the first level at which elements differ."""
    if not isinstance(values, _SEQUENCES):
        return []
    inner = [_common_shape(item) for item in values]
    shared: list[int] = []
    for sizes in zip(*inner):
        if len(set(sizes)) > 1:
            break
        shared.append(sizes[0])
    return [len(values), *shared]


def _without_dimensions(values: Any) -> Any:
    if isinstance(values, _SEQUENCES):
        return [_without_dimensions(item) for item in values]
    return values.value if isinstance(values, Dimension) else values
