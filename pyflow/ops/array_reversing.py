"""The order of elements along axes turned round or shifted: reverse, reverse_sequence, roll."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.api import export
from pyflow.core.deprecation import renamed_argument
from pyflow.core.registry import ShapeError, attr, one_of, op, sample
from pyflow.core.tensor import Tensor
from pyflow.ops.array_dimensions import kernel_words, length, with_value
from pyflow.ops.gpu import INDEXED, elementwise
from pyflow.ops.gpu_movement import as_view, rolled, sequences_reversed
from pyflow.ops.shape_rules import merge, merge_dim, with_rank, with_rank_at_least

_NAMES = "uint8 int8 uint16 int16 int32 int64 bool bfloat16 float16 float32 float64 complex64 complex128 string".split()
_REVERSIBLE = tuple(dtypes.as_dtype(name) for name in _NAMES)
_LARGEST_RANK = 8
# numpy is slow at copying what is turned round before a last axis of so few: such pixels, if many, are copied here.
_FEW_CHANNELS = 4
_LARGE = 1 << 12
_FORWARDS, _BACKWARDS = slice(None), slice(None, None, -1)


@op("ReverseV2(tensor: T, axis: Tidx) -> (output: T)", Tidx=one_of(dtypes.INDEX, default=dtypes.int32), T=_REVERSIBLE)
class ReverseV2:
    """The elements in reverse order along the given axes."""

    view = True

    def shape(tensor, axis, axis_value):
        with_rank(axis, 1)
        if tensor is None or axis_value is None:
            return tensor
        _check_axes(axis_value.tolist(), len(tensor), lambda words: ShapeError(words, words))
        return tensor

    def cpu(tensor, axis):
        axes = _check_axes(axis.tolist(), np.ndim(tensor), lambda words: errors.InvalidArgumentError(None, None, words))
        if not axes:
            return tensor
        channels = np.shape(tensor)[-1]
        if channels > _FEW_CHANNELS or tensor.ndim - 1 in axes or tensor.size < _LARGE:
            return np.flip(tensor, axes)
        result = np.empty_like(tensor)
        turned = tensor[tuple([_BACKWARDS if i in axes else _FORWARDS for i in range(tensor.ndim)])]
        for i in range(channels):
            np.copyto(result[..., i], turned[..., i])
        return result

    def grad(op, dy):
        return ReverseV2(dy, op.inputs[1]), None

    gpu = elementwise(as_view, types=INDEXED)
    samples = [sample([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [-1]), sample([[1.0, 2.0], [4.0, 5.0]], [0, 1])]


def _check_axes(axes: list[int], rank: int, error: Any) -> tuple[int, ...]:
    if rank > _LARGEST_RANK:
        raise error("reverse does not work on tensors with more than 8 dimensions")
    seen = []
    for i, axis in enumerate(axes):
        if not -rank <= axis < rank:
            raise error(f"'axis'[{i}] = {axis} is out of valid range [0, {rank - 1}")
        if axis % rank in seen:
            raise error(f"axis {axis % rank} specified more than once.")
        seen.append(axis % rank)
    return tuple(seen)


reverse = export("reverse", "reverse_v2", "manip.reverse")(ReverseV2)


@op("Reverse(tensor: T, dims: bool) -> (output: T)", T=tuple(d for d in _REVERSIBLE if d is not dtypes.bfloat16))
class Reverse:
    """`ReverseV2` as old graphs have it: a bool for each axis."""

    view = True

    def shape(tensor, dims):
        count = length(dims)
        if tensor is not None:
            with_value(count, len(tensor))
        return (None,) * count if tensor is None and count is not None else tensor

    def cpu(tensor, dims):
        if len(dims) != np.ndim(tensor):
            words = (
                f"'dims' must have the same number of values as 'tensor' has dimensions. 'tensor' has {np.ndim(tensor)}"
                f"'dims' has {len(dims)} values"
            )
            raise errors.InvalidArgumentError(None, None, words)
        axes = tuple(np.flatnonzero(dims).tolist())
        return np.flip(tensor, axes) if axes else tensor

    def grad(op, dy):
        return Reverse(dy, op.inputs[1]), None

    gpu = elementwise(as_view, types=INDEXED)
    samples = [sample([[1.0, 2.0], [4.0, 5.0]], np.array([False, True]))]


@op(
    "ReverseSequence(input: T, seq_lengths: Tlen) -> (output: T)",
    seq_dim=attr("int"),
    batch_dim=0,
    T=dtypes.ANY,
    Tlen=one_of(dtypes.INDEX, default=dtypes.int64),
)
class ReverseSequence:
    """For each i along `batch_dim`, the first seq_lengths[i] slices along `seq_dim` in reverse order."""

    def shape(input, seq_lengths, seq_dim, batch_dim):
        count = length(seq_lengths)
        if input is None:
            return None
        rank = len(input)
        if batch_dim >= rank:
            raise ShapeError(f"batch_dim must be < input rank: {batch_dim} vs. {rank}")
        if seq_dim >= rank:
            words = f"seq_dim must be < input.dims()( {seq_dim} vs. {rank})"
            raise ShapeError(f"seq_dim must be < input rank: {seq_dim} vs. {rank}", words)
        with kernel_words(lambda: f"len(seq_lens) != input.dims({batch_dim}), ({count} vs. {input[batch_dim]})"):
            batch = merge_dim(input[batch_dim], count)
        return tuple(batch if i == batch_dim % rank else d for i, d in enumerate(input))

    def cpu(input, seq_lengths, seq_dim, batch_dim, out):
        if batch_dim == seq_dim:
            raise errors.InvalidArgumentError(None, None, f"batch_dim == seq_dim == {seq_dim}")
        if len(seq_lengths) != input.shape[batch_dim]:
            words = f"len(seq_lens) != input.dims({batch_dim}), ({len(seq_lengths)} vs. {input.shape[batch_dim]})"
            raise errors.InvalidArgumentError(None, None, words)
        np.copyto(out, input)
        given, result = (np.moveaxis(x, (batch_dim, seq_dim), (0, 1)) for x in (input, out))
        for i, count in enumerate(seq_lengths.tolist()):
            if count < 0:
                raise errors.InvalidArgumentError(None, None, f"seq_lens({i}) < 0")
            if count > input.shape[seq_dim]:
                raise errors.InvalidArgumentError(None, None, f"seq_lens({i}) > input.dims({seq_dim})")
            result[i, :count] = given[i, :count][::-1]

    def grad(op, dy):
        seq_axis, batch_axis = op.get_attr("seq_dim"), op.get_attr("batch_dim")
        return reverse_sequence(dy, op.inputs[1], seq_axis, batch_axis), None

    gpu = elementwise(sequences_reversed, types=INDEXED)
    samples = [sample([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], np.array([2, 3], np.int64), seq_dim=1)]


@export("reverse_sequence")
def reverse_sequence(
    input: Any,
    seq_lengths: Any,
    seq_axis: int | None = None,
    batch_axis: int | None = None,
    name: str | None = None,
    seq_dim: int | None = None,
    batch_dim: int | None = None,
) -> Tensor:
    """`input` with the beginning of each sequence in reverse order.

    Args:
      seq_lengths: int vector: how many elements of each sequence are reversed; the rest stays.
      seq_axis: the axis along which sequences run (`seq_dim` is its old name).
      batch_axis: the axis that numbers the sequences, 0 by default (`batch_dim` is its old name).
    """
    seq_axis = renamed_argument("seq_axis", seq_axis, "seq_dim", seq_dim)
    batch_axis = renamed_argument("batch_axis", batch_axis, "batch_dim", batch_dim)
    return ReverseSequence(input, seq_lengths, seq_dim=seq_axis, batch_dim=batch_axis, name=name)


@op("Roll(input: T, shift: Tshift, axis: Taxis) -> (output: T)", T=dtypes.ANY, Tshift=dtypes.INDEX, Taxis=dtypes.INDEX)
class Roll:
    """The elements shifted along axes; what leaves at one end comes in at the other."""

    def shape(input, shift, axis):
        for vector in (shift, axis):
            if vector is not None and len(vector) > 1:
                raise ShapeError(f"Shape must be at most rank 1 but is rank {len(vector)}")
        with kernel_words(lambda: "input must be 1-D or higher"):
            with_rank_at_least(input, 1)
        with kernel_words(lambda: "shift and axis must have the same size"):
            merge(shift, axis)
        return input

    def cpu(input, shift, axis):
        if input.ndim < 1:
            raise errors.InvalidArgumentError(None, None, "input must be 1-D or higher")
        if np.shape(shift) != np.shape(axis):
            raise errors.InvalidArgumentError(None, None, "shift and axis must have the same size")
        axes = np.reshape(axis, -1).tolist()
        for a in axes:
            if not -input.ndim <= a < input.ndim:
                raise errors.InvalidArgumentError(None, None, f"axis {a} is out of range")
        return np.roll(input, np.reshape(shift, -1).tolist(), axes)

    def grad(op, dy):
        shift, axis = op.inputs[1:]
        return roll(dy, -shift, axis), None, None

    gpu = elementwise(rolled, types=INDEXED)
    samples = [sample([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [1, -1], [0, 1]), sample([1.0, 2.0, 3.0], 1, 0)]


roll = export("roll", "manip.roll")(Roll)
