"""Constant tensors as `TensorProto`, and back.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/make_tensor_proto
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.array_value import checked_sizes, filled, given_array, is_filled_with_one
from pyflow.core.dtypes import DType
from pyflow.core.shapes import TensorShape

_LARGEST_CONTENT = 2**31  # bytes; a protocol buffer cannot be larger

# The field that lists the elements of each type, and the numpy type of its items.
_FIELDS: dict[DType, tuple[str, Any]] = {
    dtypes.float32: ("float_val", np.float32),
    dtypes.float64: ("double_val", np.float64),
    dtypes.int64: ("int64_val", np.int64),
    dtypes.uint32: ("uint32_val", np.uint32),
    dtypes.uint64: ("uint64_val", np.uint64),
    dtypes.bool: ("bool_val", np.bool_),
    dtypes.complex64: ("scomplex_val", np.float32),
    dtypes.complex128: ("dcomplex_val", np.float64),
    dtypes.float16: ("half_val", np.uint16),
    dtypes.bfloat16: ("half_val", np.uint16),
    dtypes.int32: ("int_val", np.int32),
    dtypes.int16: ("int_val", np.int16),
    dtypes.int8: ("int_val", np.int8),
    dtypes.uint16: ("int_val", np.uint16),
    dtypes.uint8: ("int_val", np.uint8),
    dtypes.qint32: ("int_val", np.int32),
    dtypes.qint16: ("int_val", np.int16),
    dtypes.quint16: ("int_val", np.uint16),
    dtypes.qint8: ("int_val", np.int8),
    dtypes.quint8: ("int_val", np.uint8),
}

# The other types are listed element by element, however many there are.
_PACKED = {
    *(dtypes.float32, dtypes.float64, dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64),
    *(dtypes.uint8, dtypes.uint32, dtypes.uint64, *(d for d in dtypes.QUANTIZED_DTYPES if not d._is_ref_dtype)),
}


@export("make_tensor_proto")
def make_tensor_proto(
    values: Any, dtype: Any = None, shape: Any = None, verify_shape: bool = False, allow_broadcast: bool = False
) -> Any:
    """A `TensorProto` of a constant.

    Args:
      values: a number, string, (nested) list or numpy array; a `TensorProto` is given back as it is.
      dtype: the dtype; None lets the value decide.
      shape: the shape; fewer values than it holds are continued with the last one by whoever reads the result.
      verify_shape: whether a value of another shape is an error.
      allow_broadcast: whether only a single value, or just as many as `shape` holds, will do.

    Raises:
      TypeError: a value doesn't fit `dtype`, or the shape isn't as asked for.
      ValueError: the value is None or ragged, has more elements than `shape`, or needs more than 2 GB; or both
        `verify_shape` and `allow_broadcast` are on.
    """
    from pyflow.protos.tensor_pb2 import TensorProto

    if allow_broadcast and verify_shape:
        raise ValueError("allow_broadcast and verify_shape are not both allowed.")
    if isinstance(values, TensorProto):
        return values
    array = given_array(values, dtype, shape)
    sizes = array.shape if shape is None else checked_sizes(array, shape, verify_shape, allow_broadcast)
    kind = dtypes.as_dtype(array.dtype) if dtype is None else dtypes.as_dtype(dtype).base_dtype
    return _written(array, kind, sizes)


def array_to_proto(array: np.ndarray, dtype: DType | None = None) -> Any:
    """A `TensorProto` of an array as constants hold it; one element that fills a shape is written once."""
    given = array.reshape(-1)[:1] if is_filled_with_one(array) else array
    return _written(given, dtypes.as_dtype(array.dtype) if dtype is None else dtype, array.shape)


def _written(array: np.ndarray, dtype: DType, sizes: tuple[int, ...]) -> Any:
    from pyflow.protos.tensor_pb2 import TensorProto

    proto = TensorProto(dtype=dtype.as_datatype_enum, tensor_shape=TensorShape(sizes).as_proto())  # type: ignore
    count = int(np.prod(sizes, dtype=np.int64))
    if dtype in _PACKED and array.size == count and count > 1:
        if array.nbytes >= _LARGEST_CONTENT:
            raise ValueError("Cannot create a tensor proto whose content is larger than 2GB.")
        proto.tensor_content = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    elif dtype is dtypes.string:
        proto.string_val.extend(array.reshape(-1).tolist())
    else:
        field, item = _FIELDS[dtype]
        getattr(proto, field).extend(np.ascontiguousarray(array).reshape(-1).view(item).tolist())
    return proto


@export("make_ndarray")
def make_ndarray(tensor: Any) -> np.ndarray:
    """The array [shape] that a `TensorProto` stands for; strings come as an object array of bytes.

    Raises:
      TypeError: arrays cannot hold the type.
      ValueError: the contents don't fit the shape, or would fill more than 2 GB from a single value.
    """
    array = proto_to_array(tensor)
    if is_filled_with_one(array) and array.nbytes >= _LARGEST_CONTENT:
        raise ValueError(f"A tensor of shape {array.shape} is larger than 2GB.")
    return array.copy()


MakeNdarray = make_ndarray  # its name in tensorflow.python.framework.tensor_util


def proto_to_array(proto: Any) -> np.ndarray:
    """The array of a `TensorProto` in the form that constants hold: perhaps read-only, one element spread over a shape.

    Raises:
      TypeError, ValueError: as `make_ndarray`.
    """
    dtype = dtypes.as_dtype(proto.dtype)
    if dtype is not dtypes.string and dtype not in _FIELDS:
        raise TypeError(f"Unsupported tensor type: {proto.dtype}")
    sizes = tuple(dim.size for dim in proto.tensor_shape.dim)
    if proto.tensor_shape.unknown_rank or any(size < 0 for size in sizes):
        raise ValueError(f"A constant cannot have the shape {TensorShape(proto.tensor_shape)}")
    given = _listed(proto, dtype)
    count = 1
    for size in sizes:
        count *= size
    if given.size > count or (proto.tensor_content and given.size != count) or count >= 2**62:
        raise ValueError(f"cannot reshape array of size {given.size} into shape {sizes}")
    if 1 < given.size < count and count * given.dtype.itemsize >= _LARGEST_CONTENT:
        raise ValueError(f"A tensor of shape {sizes} is larger than 2GB.")
    return filled(given, sizes)


def _listed(proto: Any, dtype: DType) -> np.ndarray:
    """The elements that are there, [n]."""
    numpy_dtype = np.dtype(dtype.as_numpy_dtype)
    if dtype is dtypes.string:
        strings = np.empty(len(proto.string_val), object)
        strings[:] = list(proto.string_val)
        return strings
    if proto.tensor_content:
        if len(proto.tensor_content) % numpy_dtype.itemsize:
            raise ValueError("buffer size must be a multiple of element size")
        little = np.frombuffer(proto.tensor_content, numpy_dtype.newbyteorder("<"))
        return little.astype(numpy_dtype)
    field, item = _FIELDS[dtype]
    with np.errstate(all="ignore"):
        # Through the wide type of the field: what doesn't fit the element type wraps, as it does in C.
        wide = {"half_val": np.int32, "int_val": np.int32}.get(field, item)
        values = np.array(getattr(proto, field), wide).astype(item)
    if values.nbytes % numpy_dtype.itemsize:
        raise ValueError("an odd number of real and imaginary parts")
    return values.view(numpy_dtype)


def tensor_shape_proto_to_list(shape: Any) -> list[int]:
    """The sizes in a `TensorShapeProto`."""
    return [dim.size for dim in shape.dim]


def shape_equals(tensor_proto: Any, shape: Any) -> bool:
    """Whether a `TensorProto` has that shape: a `TensorShapeProto`, or a list or tuple of sizes.

    Raises:
      TypeError: an argument is something else.
    """
    from pyflow.protos.tensor_pb2 import TensorProto, TensorShapeProto

    if not isinstance(tensor_proto, TensorProto):
        raise TypeError("tensor_proto is not a tensor_pb2.TensorProto object")
    if isinstance(shape, TensorShapeProto):
        shape = tensor_shape_proto_to_list(shape)
    elif not isinstance(shape, (list, tuple)):
        raise TypeError("shape is not a list or tuple")
    return tensor_shape_proto_to_list(tensor_proto.tensor_shape) == [int(size) for size in shape]


# Their names in tensorflow.python.framework.tensor_util
TensorShapeProtoToList, ShapeEquals = tensor_shape_proto_to_list, shape_equals
