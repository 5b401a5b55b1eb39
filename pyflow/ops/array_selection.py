"""Choosing elements by a condition: where (both forms), boolean_mask."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.api import PUBLIC, export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import one_of, op, raw, sample
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import as_shape
from pyflow.core.tensor import Tensor
from pyflow.ops import parallel
from pyflow.ops.array import reshape, squeeze
from pyflow.ops.array_broadcasting import BroadcastGradientArgs
from pyflow.ops.array_dimensions import kernel_words
from pyflow.ops.array_filling import zeros, zeros_like
from pyflow.ops.array_gather import gather
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape
from pyflow.ops.gpu import INDEXED, elementwise
from pyflow.ops.shape_rules import broadcast_shapes, merge, text

_ELEMENTS = tuple(
    dtypes.as_dtype(name)
    for name in (
        "float32 float64 int32 uint8 int16 int8 complex64 int64 qint8 quint8 qint32 bfloat16 uint16 complex128 float16 "
        "uint32 uint64 bool"
    ).split()
)


# Fewer elements are chosen faster one by one; so many at a time stay in the cache.
_FEW, _BLOCK = 256, 1 << 14
_BITS = {1: np.int8, 2: np.int16, 4: np.int32, 8: np.int64}


def _choose(condition: Any, t: Any, e: Any, out: Any) -> None:
    condition, t, e = np.asarray(condition), np.asarray(t), np.asarray(e)
    if out.size >= _FEW and condition.shape == out.shape and _are_bits(t, out) and _are_bits(e, out):
        _choose_bits(condition, t, e, out)
        return
    np.copyto(out, e)
    if condition.shape == t.shape == out.shape:
        np.putmask(out, condition, t)  # three times as fast
    else:
        np.copyto(out, t, where=condition)


def _are_bits(value: np.ndarray, out: np.ndarray) -> bool:
    """Whether a value is as large as the result, or one number, and its elements can be looked at as integers."""
    return (
        (value.shape == out.shape or not value.ndim)
        and value.dtype == out.dtype != object
        and out.dtype.itemsize in _BITS
        and out.flags.c_contiguous
    )


def _choose_bits(condition: np.ndarray, t: np.ndarray, e: np.ndarray, out: np.ndarray) -> None:
    """e ^ ((t ^ e) & mask), block by block: ten times as fast as to branch at each element."""
    kind = _BITS[out.dtype.itemsize]
    one_of_two = [np.ascontiguousarray(v).view(kind).reshape(-1) if v.ndim else v.reshape(1).view(kind) for v in (t, e)]
    holds, result = condition.reshape(-1), out.view(kind).reshape(-1)
    for start in range(0, out.size, _BLOCK):
        block = slice(start, start + _BLOCK)
        bits = result[block]
        first, second = (v if len(v) == 1 else v[block] for v in one_of_two)
        mask = parallel.scratch(bits.shape, kind, "mask")
        np.copyto(mask, holds[block])
        np.negative(mask, out=mask)
        np.bitwise_xor(first, second, out=bits)
        np.bitwise_and(bits, mask, out=bits)
        np.bitwise_xor(bits, second, out=bits)


def _by_rows(node: Any) -> list:
    """A vector of conditions lies along the first axis, not the last."""
    condition, *values = (v.shape for v in node.inputs)
    return [condition if len(condition) != 1 else (*condition, *(1,) * (len(values[0]) - 1)), *values]


@op("Select(condition: bool, t: T, e: T) -> (output: T)", T=dtypes.ANY)
class Select:
    """`t` where the condition holds, `e` elsewhere; a vector of conditions may choose whole rows."""

    def shape(condition, t, e):
        with kernel_words(lambda: f"'then' and 'else' must have the same size.  but received: {text(t)} vs. {text(e)}"):
            data = merge(t, e)
        if condition is None or data is None or not condition:
            return data
        if len(condition) == 1 and not data:
            with kernel_words(lambda: "'then' must be at least a vector, but saw shape: []"):
                return merge(data, condition)
        if len(condition) != 1:
            with kernel_words(
                lambda: (
                    "Inputs to operation {node} of type Select must have the same size and shape.  "
                    f"Input 0: {text(condition)} != input 1: {text(data)}"
                )
            ):
                return merge(data, condition)
        with kernel_words(
            lambda: f"Number of batches of 'then' must match size of 'cond', but saw: {data[0]} vs. {condition[0]}"
        ):
            merge(condition, (data[0],))
        return data

    def cpu(condition, t, e, out):
        if condition.ndim == 1 and out.ndim > 1:
            condition = condition.reshape((-1,) + (1,) * (out.ndim - 1))
        _choose(condition, t, e, out)

    def grad(op, dy):
        condition, zero = op.inputs[0], zeros_like(op.inputs[1])
        return None, where(condition, dy, zero), where(condition, zero, dy)

    gpu = elementwise("select(e, t, condition)", types=INDEXED, layout=_by_rows)
    samples = [
        sample(np.array([True, False]), [[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]),
        sample(np.array([[True, False]]), [[1.0, 2.0]], [[5.0, 6.0]]),
        sample(np.array(False), [1.0], [5.0]),
    ]


@op("SelectV2(condition: bool, t: T, e: T) -> (output: T)", T=dtypes.ANY)
class SelectV2:
    """`t` where the condition holds, `e` elsewhere; all three are broadcast."""

    def shape(condition, t, e):
        with kernel_words(
            lambda: f"condition {text(condition)}, then {text(t)}, and else {text(e)} must be broadcastable"
        ):
            return broadcast_shapes(condition, broadcast_shapes(t, e))

    def cpu(condition, t, e, out):
        _choose(condition, t, e, out)

    def grad(op, dy):
        condition, t, e = op.inputs
        zero = zeros([], dtype=dy.dtype.base_dtype)
        output_shape = shape(op.outputs[0])
        grads = []
        for value, masked in ((t, where_v2(condition, dy, zero)), (e, None)):
            value_shape = shape(value)
            axes, _ = BroadcastGradientArgs(value_shape, output_shape)
            if masked is None:
                masked = where_v2(condition, zero, dy)
            grads.append(reshape(PUBLIC["reduce_sum"](masked, keepdims=True, axis=axes), value_shape))
        return None, *grads

    gpu = elementwise("select(e, t, condition)", types=INDEXED)
    samples = [sample(np.array([[True], [False]]), [[1.0, 2.0]], 3.0)]


@op("Where(input: T) -> (index: int64)", T=one_of(_ELEMENTS, default=dtypes.bool))
class Where:
    """The coordinates of the elements that are true (not zero), in row-major order: a row each."""

    def shape(input):
        return (None, None if input is None else len(input))

    def cpu(input):
        if not np.ndim(input):
            raise errors.InvalidArgumentError(None, None, "WhereOp : Unhandled input dimensions: 0")
        return np.argwhere(input).astype(np.int64, copy=False)

    samples = [sample(np.array([[True, False], [True, True]])), sample([0.0, 2.0], grad=False)]


@export("where")
def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Tensor:
    """The coordinates of the true elements, or `x` where `condition` holds and `y` elsewhere.

    Args:
      condition: a bool tensor; with `x` and `y`, of their shape, or a vector that chooses rows, or a scalar.
      x, y: tensors of one shape and dtype, both or neither.

    Returns:
      Without `x` and `y`, int64 [number of true elements, rank of condition].

    Raises:
      ValueError: only one of `x` and `y` is given, or shapes don't fit.
    """
    return _where(condition, x, y, name, Select)


@export("where_v2")
def where_v2(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Tensor:
    """`where` with numpy's broadcasting of all three arguments."""
    return _where(condition, x, y, name, SelectV2)


def _where(condition: Any, x: Any, y: Any, name: str | None, select: Any) -> Tensor:
    if (x is None) != (y is None):
        raise ValueError("x and y must both be non-None or both be None.")
    if x is not None:
        return select(condition, x, y, name=name)
    with name_scope(name, "Where", [condition]) as scope:
        condition = convert_to_tensor(condition, preferred_dtype=dtypes.bool, name="condition")
        return Where(condition, name=scope)


@export("boolean_mask")
def boolean_mask(tensor: Any, mask: Any, name: str | None = "boolean_mask", axis: int | None = None) -> Tensor:
    """The parts of `tensor` at which `mask` is true.

    Args:
      mask: bool, of known rank K >= 1; its shape matches the dimensions axis .. axis + K - 1 of `tensor`.

    Returns:
      A tensor in which those K dimensions are one, as long as `mask` has true elements.

    Raises:
      ValueError: the mask is a scalar, of unknown rank, or doesn't fit.
    """
    with name_scope(name, values=[tensor, mask]):
        tensor = convert_to_tensor(tensor, name="tensor")
        mask = convert_to_tensor(mask, name="mask")
        known, rank = tensor.get_shape(), mask.get_shape().ndims
        if rank == 0:
            raise ValueError("mask cannot be scalar.")
        if rank is None:
            raise ValueError(
                "Number of mask dimensions must be specified, even if some dimensions are None.  "
                "E.g. shape=[None] is ok, but shape=None is not."
            )
        first = 0 if axis is None else axis
        last = first + rank
        known[first:last].assert_is_compatible_with(mask.get_shape())
        masked_size = raw.Prod(shape(tensor)[first:last], [0])
        flat_shape = concat([shape(tensor)[:first], [masked_size], shape(tensor)[last:]], 0)
        flat = reshape(tensor, flat_shape)
        flat.set_shape(
            as_shape(known[:first]).concatenate([known[first:last].num_elements()]).concatenate(known[last:])
        )
        chosen = squeeze(where(reshape(mask, [-1])), axis=[1])
        return gather(flat, chosen, axis=first)
