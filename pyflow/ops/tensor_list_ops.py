"""Ops on lists of tensors: what loops remember of their rounds for the gradient, and TensorFlow 2's tensor arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op, raw
from pyflow.ops.shape_rules import scalar
from pyflow.ops.tensor_list import TensorList, as_dims, invalid, merged, stacked

_SHAPE_TYPE = attr("type", allowed=(dtypes.int32, dtypes.int64))
_ELEMENT = attr("type")


def _known(element_shape: Any, dims: Any) -> Any:
    """The elements' shape as far as it is known; a scalar, -1, stands for one of unknown rank."""
    return None if element_shape == () else dims


def shape_tensor(tensor: Any) -> Any:
    """What is known of a tensor's shape, in the form that these ops take it."""
    shape = tensor._static_shape
    value = -1 if shape is None else [-1 if d is None else d for d in shape]
    return raw.Const(value=np.asarray(value, np.int32), dtype=dtypes.int32, name="element_shape")


@op(
    "EmptyTensorList(element_shape: shape_type, max_num_elements: int32) -> (handle: variant)",
    element_dtype=_ELEMENT,
    shape_type=_SHAPE_TYPE,
)
class EmptyTensorList:
    """A list without elements."""

    shape = scalar

    def cpu(element_shape, max_num_elements, element_dtype):
        return TensorList([], 0, element_dtype, as_dims(element_shape))

    grad = NOT_DIFFERENTIABLE


@op(
    "TensorListReserve(element_shape: shape_type, num_elements: int32) -> (handle: variant)",
    element_dtype=_ELEMENT,
    shape_type=_SHAPE_TYPE,
)
class TensorListReserve:
    """A list of elements that are not set."""

    shape = scalar

    def cpu(element_shape, num_elements, element_dtype):
        if num_elements < 0:
            raise invalid(f"The num_elements to reserve must be a non negative number, but got {num_elements}")
        return TensorList([None] * int(num_elements), int(num_elements), element_dtype, as_dims(element_shape))

    grad = NOT_DIFFERENTIABLE


@op(
    "TensorListPushBack(input_handle: variant, tensor: element_dtype) -> (output_handle: variant)",
    element_dtype=dtypes.ANY,
)
class TensorListPushBack:
    """The list with one more element at its end."""

    shape = scalar

    def cpu(input_handle, tensor):
        return input_handle.pushed(tensor)

    def grad(op, d_list):
        tensor = op.inputs[1]
        rest, element = TensorListPopBack(d_list, raw.Shape(tensor), element_dtype=tensor.dtype.base_dtype)
        return rest, element


@op(
    "TensorListPopBack(input_handle: variant, element_shape: int32) -> (output_handle: variant, tensor: element_dtype)",
    element_dtype=_ELEMENT,
)
class TensorListPopBack:
    """The list without its last element, and that."""

    def shape(element_shape, element_shape_dims):
        return [(), _known(element_shape, element_shape_dims)]

    def cpu(input_handle, element_shape):
        if not input_handle.length:
            raise invalid("Trying to pop from an empty list.")
        last = input_handle.length - 1
        rest = TensorList(input_handle.items, last, input_handle.dtype, input_handle.shape)
        return rest, input_handle.element(last, as_dims(element_shape))

    def grad(op, d_rest, d_tensor):
        dtype = op.attrs["element_dtype"]
        if d_rest is None:
            d_rest = EmptyTensorList(-1, -1, element_dtype=dtype)
        if d_tensor is None:
            d_tensor = raw.ZerosLike(op.outputs[1])
        return TensorListPushBack(d_rest, d_tensor), None


@op("TensorListLength(input_handle: variant) -> (length: int32)")
class TensorListLength:
    """How many elements a list has."""

    shape = scalar

    def cpu(input_handle):
        return np.int32(input_handle.length)

    grad = NOT_DIFFERENTIABLE


@op(
    "TensorListFromTensor(tensor: element_dtype, element_shape: shape_type) -> (output_handle: variant)",
    element_dtype=dtypes.ANY,
    shape_type=_SHAPE_TYPE,
)
class TensorListFromTensor:
    """The rows of a tensor."""

    shape = scalar

    def cpu(tensor, element_shape, element_dtype):
        rows = list(np.array(tensor))
        return TensorList(rows, len(rows), element_dtype, as_dims(element_shape))

    def grad(op, d_list):
        tensor = op.inputs[0]
        stacked = TensorListStack(d_list, _row_shape(tensor), element_dtype=tensor.dtype.base_dtype)
        stacked.set_shape(tensor.shape)
        return stacked, None


def _row_shape(tensor: Any) -> Any:
    return raw.StridedSlice(raw.Shape(tensor), [1], [0], [1], end_mask=1)


@op(
    "TensorListStack(input_handle: variant, element_shape: int32) -> (tensor: element_dtype)",
    element_dtype=_ELEMENT,
    num_elements=-1,
)
class TensorListStack:
    """All elements, stacked along a new first dimension."""

    def shape(element_shape, element_shape_dims, num_elements):
        dims = _known(element_shape, element_shape_dims)
        return None if dims is None else (None if num_elements < 0 else num_elements, *dims)

    def cpu(input_handle, element_shape, element_dtype, num_elements):
        shape = as_dims(element_shape)
        if num_elements >= 0 and input_handle.length != num_elements:
            raise invalid(
                f"Operation expected a list with {num_elements} elements but got a list with {input_handle.length} "
                "elements."
            )
        values = [input_handle.value(x, shape) for x in input_handle.elements()]
        if values:
            return stacked(values)
        shape = merged(input_handle.shape, shape)
        if shape is None or None in shape:
            raise invalid("Tried to stack elements of an empty list with non-fully-defined element_shape")
        return np.empty((0, *shape), element_dtype.as_numpy_dtype)

    def grad(op, dy):
        return TensorListFromTensor(dy, _row_shape(dy)), None


@op(
    "TensorListGetItem(input_handle: variant, index: int32, element_shape: int32) -> (item: element_dtype)",
    element_dtype=_ELEMENT,
)
class TensorListGetItem:
    """One element."""

    def shape(element_shape, element_shape_dims):
        return _known(element_shape, element_shape_dims)

    def cpu(input_handle, index, element_shape):
        return input_handle.element(int(index), as_dims(element_shape))

    def grad(op, dy):
        handle, index, _ = op.inputs
        empty = TensorListReserve(raw.Shape(dy), TensorListLength(handle), element_dtype=op.attrs["element_dtype"])
        return TensorListSetItem(empty, index, dy), None, None


@op(
    "TensorListSetItem(input_handle: variant, index: int32, item: element_dtype) -> (output_handle: variant)",
    element_dtype=dtypes.ANY,
)
class TensorListSetItem:
    """The list with another element in one place."""

    shape = scalar

    def cpu(input_handle, index, item):
        if not 0 <= index < input_handle.length:
            raise invalid(f"Trying to modify element {index} in a list with {input_handle.length} elements.")
        items = input_handle.elements()
        items[int(index)] = np.array(item) if isinstance(item, (np.ndarray, np.generic)) else item
        return TensorList(items, len(items), input_handle.dtype, input_handle.shape)

    def grad(op, d_list):
        _, index, item = op.inputs
        dtype, shape = item.dtype.base_dtype, raw.Shape(item)
        element = TensorListGetItem(d_list, index, shape, element_dtype=dtype)
        return TensorListSetItem(d_list, index, raw.ZerosLike(item)), None, element


@op(
    "TensorListGather(input_handle: variant, indices: int32, element_shape: int32) -> (values: element_dtype)",
    element_dtype=_ELEMENT,
)
class TensorListGather:
    """The elements of some indices, stacked."""

    def shape(indices, element_shape, element_shape_dims):
        dims = _known(element_shape, element_shape_dims)
        return None if dims is None else (indices[0] if indices else None, *dims)

    def cpu(input_handle, indices, element_shape, element_dtype):
        shape = as_dims(element_shape)
        values = [input_handle.element(int(i), shape) for i in indices]
        if values:
            return stacked(values)
        return np.empty((0, *(merged(input_handle.shape, shape) or ())), element_dtype.as_numpy_dtype)

    def grad(op, dy):
        handle, indices, shape = op.inputs
        return TensorListScatterV2(dy, indices, shape, TensorListLength(handle)), None, None


@op(
    "TensorListScatterV2(tensor: element_dtype, indices: int32, element_shape: shape_type, num_elements: int32)"
    " -> (output_handle: variant)",
    element_dtype=dtypes.ANY,
    shape_type=_SHAPE_TYPE,
)
class TensorListScatterV2:
    """A list with the rows of a tensor in some places."""

    shape = scalar

    def cpu(tensor, indices, element_shape, num_elements, element_dtype):
        length = int(num_elements) if num_elements >= 0 else int(max(indices, default=-1)) + 1
        items: list = [None] * length
        for i, row in zip(indices, np.array(tensor)):
            items[int(i)] = row
        return TensorList(items, length, element_dtype, as_dims(element_shape))

    def grad(op, d_list):
        tensor, indices = op.inputs[:2]
        rows = TensorListGather(d_list, indices, _row_shape(tensor), element_dtype=tensor.dtype.base_dtype)
        return rows, None, None, None


@op(
    "TensorListConcatV2(input_handle: variant, element_shape: shape_type, leading_dims: int64)"
    " -> (tensor: element_dtype, lengths: int64)",
    element_dtype=_ELEMENT,
    shape_type=_SHAPE_TYPE,
)
class TensorListConcatV2:
    """All elements, joined along their first dimension."""

    def shape(element_shape, element_shape_dims):
        dims = _known(element_shape, element_shape_dims)
        return [None if dims is None else (None, *dims[1:]), (None,)]

    def cpu(input_handle, element_shape, leading_dims, element_dtype):
        shape = as_dims(element_shape)
        values = [input_handle.value(x, shape) for x in input_handle.elements()]
        lengths = np.array([len(v) for v in values], np.int64)
        if values:
            return np.concatenate(values), lengths
        return np.empty((0, *(merged(input_handle.shape, shape) or (0,))[1:]), element_dtype.as_numpy_dtype), lengths

    def grad(op, dy, _):
        return TensorListSplit(dy, op.inputs[1], op.outputs[1]), None, None


@op(
    "TensorListSplit(tensor: element_dtype, element_shape: shape_type, lengths: int64) -> (output_handle: variant)",
    element_dtype=dtypes.ANY,
    shape_type=_SHAPE_TYPE,
)
class TensorListSplit:
    """Pieces of a tensor, of the given lengths along its first dimension."""

    shape = scalar

    def cpu(tensor, element_shape, lengths, element_dtype):
        pieces = np.split(np.array(tensor), np.cumsum(lengths)[:-1]) if len(lengths) else []
        return TensorList(list(pieces), len(lengths), element_dtype, as_dims(element_shape))

    def grad(op, d_list):
        tensor, shape, lengths = op.inputs
        whole, _ = TensorListConcatV2(d_list, shape, lengths, element_dtype=tensor.dtype.base_dtype)
        return whole, None, None


@op("TensorListResize(input_handle: variant, size: int32) -> (output_handle: variant)")
class TensorListResize:
    """The list cut off, or filled up with elements that are not set."""

    shape = scalar

    def cpu(input_handle, size):
        items = input_handle.elements()[: int(size)]
        items += [None] * (int(size) - len(items))
        return TensorList(items, len(items), input_handle.dtype, input_handle.shape)

    def grad(op, d_list):
        return TensorListResize(d_list, TensorListLength(op.inputs[0])), None


@op("TensorListElementShape(input_handle: variant) -> (element_shape: shape_type)", shape_type=_SHAPE_TYPE)
class TensorListElementShape:
    """What is known of the elements' shape."""

    def shape():
        return None

    def cpu(input_handle, shape_type):
        shape = input_handle.shape
        value = -1 if shape is None else [-1 if d is None else d for d in shape]
        return np.asarray(value, shape_type.as_numpy_dtype)

    grad = NOT_DIFFERENTIABLE


@op("FakeParam() -> (output: dtype)", dtype=_ELEMENT, shape=attr("shape"))
class FakeParam:
    """What a branch returns in place of something that only another branch computes."""

    stateful = True  # not to be folded into a constant of its size

    def shape(shape):
        return None

    def cpu(dtype, shape):
        if dtype in (dtypes.variant, dtypes.resource):
            return None
        dims = shape.as_tuple() or ()
        return np.broadcast_to(np.zeros((), dtype.as_numpy_dtype), tuple(d or 0 for d in dims))

    grad = NOT_DIFFERENTIABLE
