"""The ops behind `tf.TensorArray`. `flow` carries no value; it makes what reads wait for what was written."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op
from pyflow.core.shapes import TensorShape
from pyflow.ops.shape_rules import merge_dim, no_outputs, scalar, with_rank
from pyflow.ops.tensor_array_storage import ArrayStorage, ElementShape
from pyflow.ops.tensor_list import stacked

_DTYPE = attr("type")
_ANY_SHAPE = attr("shape", default=None)
_FLOW = np.float32(0)
_HANDLE = (2,)  # the static shape that TensorFlow gives to handles of arrays


def _invalid(message: str) -> errors.OpError:
    return errors.InvalidArgumentError(None, None, message)


def _array(handle: Any, flow: Any, dtype: Any = None, source: Any = None) -> Any:
    """The `TensorArray` of a node's handle; with the gradient it collects in the call that `source` belongs to."""
    from pyflow.ops.tensor_array import TensorArray

    array = TensorArray(dtype=dtype, handle=handle, flow=flow, colocate_with_first_write_call=False)
    return array.grad(source=gradient_source(source), flow=flow)


def gradient_source(tensor: Any) -> str:
    """The scope of the `tf.gradients` call that made a tensor, which tells its arrays of gradients from others'.

    Raises:
      ValueError: the tensor was not made by one.
    """
    tokens = tensor.name.split("/")
    positions = [i for i, token in enumerate(tokens) if token.startswith("gradients")]
    if not positions:
        raise ValueError(
            f"Expected op/tensor name to start with gradients (excluding scope), got: {tensor.name}. This means that a "
            "tf.gradients op with this op in its dependency path has a custom name that does not start with "
            "'gradients'. Please make sure all calls to tf.gradients that have non-empty 'name' arguments use names "
            "that start with 'gradients'."
        )
    return "/".join(tokens[: positions[-1] + 1])


@op(
    "TensorArrayV3(size: int32) -> (handle: resource, flow: float32)",
    dtype=_DTYPE,
    element_shape=_ANY_SHAPE,
    dynamic_size=False,
    clear_after_read=True,
    identical_element_shapes=False,
    tensor_array_name="",
)
class TensorArrayV3:
    """An array of tensors that is written to element by element; it lasts as long as the run."""

    stateful = True

    def shape(size):
        with_rank(size, 0)
        return [_HANDLE, ()]

    def cpu(
        size, dtype, element_shape, dynamic_size, clear_after_read, identical_element_shapes, tensor_array_name, ctx
    ):
        if np.ndim(size) != 0:
            raise _invalid(f"TensorArray size must be scalar, but had shape: {np.shape(size)}")
        if size < 0:
            raise _invalid("Size should be >= 0.")
        shape = TensorShape(element_shape).as_tuple()
        storage = ArrayStorage(
            tensor_array_name or ctx.op_name,
            dtype,
            int(size),
            shape,
            dynamic_size,
            clear_after_read,
            identical_element_shapes,
        )
        return storage, _FLOW

    grad = NOT_DIFFERENTIABLE


@op(
    "TensorArrayGradV3(handle: resource, flow_in: float32) -> (grad_handle: resource, flow_out: float32)",
    source=attr("string"),
)
class TensorArrayGradV3:
    """The array for the gradients of an array's elements; one for each `source`."""

    stateful = True

    def shape():
        return [_HANDLE, ()]

    def cpu(handle, flow_in, source):
        return handle.gradient(source), _FLOW

    grad = NOT_DIFFERENTIABLE


@op(
    "TensorArrayGradWithShape(handle: resource, flow_in: float32, shape_to_prepend: int32)"
    " -> (grad_handle: resource, flow_out: float32)",
    source=attr("string"),
)
class TensorArrayGradWithShape:
    """As `TensorArrayGradV3`, for gradients with further dimensions in front."""

    stateful = True

    def shape():
        return [_HANDLE, ()]

    def cpu(handle, flow_in, shape_to_prepend, source):
        return handle.gradient(source, tuple(int(d) for d in shape_to_prepend)), _FLOW

    grad = NOT_DIFFERENTIABLE


@op(
    "TensorArrayWriteV3(handle: resource, index: int32, value: T, flow_in: float32) -> (flow_out: float32)",
    T=dtypes.ANY,
)
class TensorArrayWriteV3:
    """Writes an element."""

    stateful = True
    shape = scalar

    def cpu(handle, index, value, flow_in):
        handle.write(int(index), value)
        return flow_in

    def grad(op, flow):
        handle, index, value, _ = op.inputs
        return None, None, _array(handle, flow, value.dtype, flow).read(index), flow


@op("TensorArrayReadV3(handle: resource, index: int32, flow_in: float32) -> (value: dtype)", dtype=_DTYPE)
class TensorArrayReadV3:
    """Reads an element."""

    stateful = True

    def shape(handle_handle):
        return handle_handle.shape if isinstance(handle_handle, ElementShape) else None

    def cpu(handle, index, flow_in):
        return handle.read(int(index))

    def grad(op, dy):
        handle, index, flow = op.inputs
        return None, None, _array(handle, flow, op.attrs["dtype"], dy).write(index, dy).flow


def _rows(element_shape: Any) -> Any:
    shape = element_shape.as_tuple()
    return None if shape is None else (None, *shape)


@op(
    "TensorArrayGatherV3(handle: resource, indices: int32, flow_in: float32) -> (value: dtype)",
    dtype=_DTYPE,
    element_shape=_ANY_SHAPE,
)
class TensorArrayGatherV3:
    """The elements of some indices, stacked."""

    stateful = True

    def shape(indices, element_shape):
        shape = element_shape.as_tuple()
        return None if shape is None else (indices[0] if indices else None, *shape)

    def cpu(handle, indices, flow_in, dtype, element_shape):
        if len(indices):
            values = [handle.read(int(i)) for i in indices]
            for i, value in zip(indices, values):
                if value.shape != values[0].shape:
                    raise _invalid(
                        f"TensorArray {handle.name} has inconsistent shapes.  Index 0 has shape: "
                        f"{list(values[0].shape)} but index {i} has shape: {list(value.shape)}"
                    )
            return stacked(values)
        shape = element_shape.as_tuple()
        shape = handle.shape if shape is None or None in shape else shape
        if shape is None or None in shape:
            raise errors.UnimplementedError(
                None,
                None,
                f"TensorArray has size zero, but element shape {_text(shape)} is not fully defined. Currently only "
                "static shapes are supported when packing zero-size TensorArrays.",
            )
        return np.empty((0, *shape), dtype.as_numpy_dtype)

    def grad(op, dy):
        handle, indices, flow = op.inputs
        return None, None, _array(handle, flow, op.attrs["dtype"], dy).scatter(indices, dy).flow


def _text(shape: Any) -> str:
    return "<unknown>" if shape is None else "[" + ",".join("?" if d is None else str(d) for d in shape) + "]"


@op(
    "TensorArrayScatterV3(handle: resource, indices: int32, value: T, flow_in: float32) -> (flow_out: float32)",
    T=dtypes.ANY,
)
class TensorArrayScatterV3:
    """Writes the rows of a tensor to elements of some indices."""

    stateful = True

    def shape(indices, value):
        if indices and value:
            merge_dim(value[0], indices[0])
        return ()

    def cpu(handle, indices, value, flow_in):
        if np.ndim(value) < 1:
            raise _invalid("Expected value to be at least a vector, but received shape: []")
        if len(indices) != len(value):
            raise _invalid(f"Expected len(indices) == values.shape[0], but saw: {len(indices)} vs. {len(value)}")
        if not handle.dynamic and len(indices) and (last := int(np.max(indices))) >= handle.size():
            raise _invalid(f"Max scatter index must be < array size ({last} vs. {handle.size()})")
        if value.ndim > 1:
            value = np.array(value, handle.numpy_dtype)
        for i, row in zip(indices.tolist(), value):
            handle.write(i, row, value.ndim > 1)
        return flow_in

    def grad(op, flow):
        handle, indices, value, _ = op.inputs
        return None, None, _array(handle, flow, value.dtype, flow).gather(indices), flow


@op(
    "TensorArrayConcatV3(handle: resource, flow_in: float32) -> (value: dtype, lengths: int64)",
    dtype=_DTYPE,
    element_shape_except0=_ANY_SHAPE,
)
class TensorArrayConcatV3:
    """All elements, joined along their first dimension."""

    stateful = True

    def shape(element_shape_except0):
        return [_rows(element_shape_except0), (None,)]

    def cpu(handle, flow_in, dtype, element_shape_except0):
        values = [handle.read(i) for i in range(handle.size())]
        if not values:
            rest = element_shape_except0.as_tuple()
            if rest is None or None in rest:
                raise errors.UnimplementedError(
                    None,
                    None,
                    f"TensorArray has size zero, but element_shape_except0 {_text(rest)} is not fully defined. "
                    "Currently only static shapes are supported when concatenating zero-size TensorArrays.",
                )
            return np.empty((0, *rest), dtype.as_numpy_dtype), np.empty(0, np.int64)
        for i, value in enumerate(values):
            if value.ndim == 0:
                raise _invalid(
                    f"Concat saw a scalar shape at index {i} but requires at least vectors.  Did you mean to call pack?"
                )
            if value.shape[1:] != values[0].shape[1:]:
                raise _invalid(
                    f"TensorArray has inconsistent shapes.  Index 0 has (excepting dimension 0) shape: "
                    f"{list(values[0].shape[1:])} but index {i} has (excepting dimension 0) shape: "
                    f"{list(value.shape[1:])}"
                )
        return np.concatenate(values), np.array([len(v) for v in values], np.int64)

    def grad(op, dy, _):
        handle, flow = op.inputs
        return None, _array(handle, flow, op.attrs["dtype"], dy).split(dy, op.outputs[1]).flow


@op(
    "TensorArraySplitV3(handle: resource, value: T, lengths: int64, flow_in: float32) -> (flow_out: float32)",
    T=dtypes.ANY,
)
class TensorArraySplitV3:
    """Writes pieces of a tensor, of the given lengths along its first dimension, to the elements."""

    stateful = True

    def shape(lengths):
        with_rank(lengths, 1)
        return ()

    def cpu(handle, value, lengths, flow_in):
        if np.ndim(lengths) != 1:
            raise _invalid(f"Expected lengths to be a vector, received shape: {list(np.shape(lengths))}")
        if np.ndim(value) < 1:
            raise _invalid("Expected value to be at least a vector, but received shape: []")
        if lengths.sum() != len(value):
            raise _invalid(
                f"Expected sum of lengths to be equal to values.shape[0], but sum of lengths is {lengths.sum()} and "
                f"value's shape is: {list(value.shape)}"
            )
        if not handle.dynamic and handle.size() != len(lengths):
            raise _invalid(
                f"TensorArray's size is not equal to the size of lengths ({handle.size()} vs. {len(lengths)}), and the "
                "TensorArray is not marked as dynamically resizeable"
            )
        start = 0
        for i, length in enumerate(lengths):
            handle.write(i, value[start : start + int(length)])
            start += int(length)
        return flow_in

    def grad(op, flow):
        handle, value, _, _ = op.inputs
        return None, _array(handle, flow, value.dtype, flow).concat(), None, flow


@op("TensorArraySizeV3(handle: resource, flow_in: float32) -> (size: int32)")
class TensorArraySizeV3:
    """How many elements there are."""

    stateful = True
    shape = scalar

    def cpu(handle, flow_in):
        return np.int32(handle.size())

    grad = NOT_DIFFERENTIABLE


@op("TensorArrayCloseV3(handle: resource) -> ()")
class TensorArrayCloseV3:
    """Lets go of the elements; nothing can be read or written any more."""

    stateful = True
    shape = no_outputs

    def cpu(handle):
        handle.close()

    grad = NOT_DIFFERENTIABLE
