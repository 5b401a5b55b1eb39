"""tf.signal: a signal as overlapping frames, and frames as a signal again."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.constants import constant_value
from pyflow.core.convert import convert_to_tensor
from pyflow.core.node_count import counted_as
from pyflow.core.scopes import get_default_graph, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array import reshape, transpose
from pyflow.ops.array_filling import zeros_like
from pyflow.ops.array_gather import gather
from pyflow.ops.array_grid import one_hot
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_padding import pad
from pyflow.ops.array_shape import shape, size
from pyflow.ops.cast import cast
from pyflow.ops.division import floormod
from pyflow.ops.math_binary import maximum
from pyflow.ops.ranges import range as index_range
from pyflow.ops.reduce_functions import reduce_sum


def known(value: Any) -> Any:
    """A number where the value is known while the graph is built, else a tensor of shape ()."""
    if not isinstance(value, Tensor):
        return int(value)
    number = constant_value(value)
    return value if number is None else int(number)


def _size(x: Tensor, axis: int) -> Any:
    size = x.shape.as_list()[axis]
    return shape(x)[axis] if size is None else size


def _at_least_zero(value: Any) -> Any:
    return maximum(value, 0) if isinstance(value, Tensor) else max(value, 0)


@export("signal.frame", "contrib.signal.frame")
def frame(
    signal: Any,
    frame_length: Any,
    frame_step: Any,
    pad_end: bool = False,
    pad_value: Any = 0,
    axis: int = -1,
    name: str | None = None,
) -> Tensor:
    """Cuts `axis` of a signal into frames that may overlap.

    Args:
      signal: [..., samples, ...].
      frame_length, frame_step: ints or int32 tensors of shape (); samples of a frame, and between their starts.
      pad_end: fill the last frames with `pad_value`; otherwise a frame that is not full is left out.

    Returns:
      [..., frames, frame_length, ...].

    Raises:
      ValueError: `axis` is not constant, or not one of the signal.
    """
    # TensorFlow works with tensors throughout, and gathers pieces of the greatest length that frames and steps share.
    nodes = (99 if pad_end else 65) + sum(not isinstance(x, Tensor) for x in (signal, frame_length, frame_step))
    counting = counted_as(get_default_graph(), nodes)
    with counting, name_scope(name, "frame", [signal, frame_length, frame_step, pad_value]):
        signal = convert_to_tensor(signal, name="signal")
        length = known(convert_to_tensor(frame_length, name="frame_length"))
        step = known(convert_to_tensor(frame_step, name="frame_step"))
        rank = signal.shape.ndims
        if rank is None:
            return _frames_of_unknown_rank(signal, length, step, pad_end, pad_value, axis)
        if not -rank <= axis < rank:
            raise ValueError(f"axis must be in [{-rank}, {rank}), got {axis}")
        axis %= rank
        samples = _size(signal, axis)
        if pad_end:
            frames = _at_least_zero(-(-samples // step))
            missing = _at_least_zero(length + step * (frames - 1) - samples)
            paddings = [[0, missing if i == axis else 0] for i in range(rank)]
            signal = pad(signal, paddings, constant_values=cast(pad_value, signal.dtype))
        else:
            frames = _at_least_zero(1 + (samples - length) // step)
        starts = reshape(index_range(frames) * step, [-1, 1])
        return gather(signal, starts + reshape(index_range(length), [1, -1]), axis=axis)


def _frames_of_unknown_rank(signal: Tensor, length: Any, step: Any, pad_end: bool, pad_value: Any, axis: Any) -> Tensor:
    dims = shape(signal)
    axes = size(dims)
    axis = floormod(axis, axes)
    samples = dims[axis]
    if pad_end:
        frames = _at_least_zero(-(-samples // step))
        missing = _at_least_zero(length + step * (frames - 1) - samples)
        after = one_hot(axis, axes, missing, 0)
        signal = pad(signal, stack([zeros_like(after), after], 1), constant_values=cast(pad_value, signal.dtype))
    else:
        frames = _at_least_zero(1 + (samples - length) // step)
    starts = reshape(index_range(frames) * step, [-1, 1])
    return gather(signal, starts + reshape(index_range(length), [1, -1]), axis=axis)


@export("signal.overlap_and_add", "contrib.signal.overlap_and_add")
def overlap_and_add(signal: Any, frame_step: Any, name: str | None = None) -> Tensor:
    """The sum of frames, each `frame_step` samples behind the one before.

    Args:
      signal: [..., frames, frame_length], at least of rank 2.
      frame_step: int or integer tensor of shape ().

    Returns:
      [..., (frames - 1) * frame_step + frame_length].

    Raises:
      ValueError: the step has a shape or is no integer, or the signal has too few dimensions.
    """
    with counted_as(get_default_graph(), _nodes_of_overlap(signal, frame_step)):
        return _overlap_and_add(signal, frame_step, name)


def _nodes_of_overlap(signal: Any, frame_step: Any) -> int:
    """How many nodes TensorFlow makes; frames that lie one after the other it only reshapes."""
    is_tensor = isinstance(signal, Tensor)
    dims = (signal.shape.dims and signal.shape.as_list()) if is_tensor else np.shape(signal)
    made = 22 if dims and not isinstance(frame_step, Tensor) and dims[-1] == frame_step else 90
    return made + (not is_tensor) + (not isinstance(frame_step, Tensor))


def _overlap_and_add(signal: Any, frame_step: Any, name: str | None) -> Tensor:
    with name_scope(name, "overlap_and_add", [signal, frame_step]):
        signal = convert_to_tensor(signal, name="signal")
        signal.shape.with_rank_at_least(2)
        step_tensor = convert_to_tensor(frame_step, name="frame_step")
        step_tensor.shape.assert_has_rank(0)
        if not step_tensor.dtype.is_integer:
            raise ValueError(f"frame_step must be an integer. Got {step_tensor.dtype}")
        step = known(cast(step_tensor, dtypes.int32) if known(step_tensor) is step_tensor else step_tensor)
        rank = signal.shape.ndims
        outer = shape(signal)[:-2]
        frames, length = _size(signal, -2), _size(signal, -1)
        # Each frame in pieces of a step; piece k of frame i lies at i + k. Padded by a frame per piece, the rows of
        # all pieces one after another, shifted by one piece each, are the pieces at their places.
        pieces = -(-length // step)
        rows = frames + pieces
        x = reshape(signal, [-1, frames, length])
        x = pad(x, [[0, 0], [0, pieces], [0, pieces * step - length]])
        x = transpose(reshape(x, [-1, rows, pieces, step]), [0, 2, 1, 3])
        x = reshape(x, [-1, pieces * rows, step])[:, : pieces * (rows - 1)]
        x = reduce_sum(reshape(x, [-1, pieces, rows - 1, step]), 1)
        total = (frames - 1) * step + length
        x = reshape(x, [-1, (rows - 1) * step])[:, :total]
        result = reshape(x, concat([outer, [total]], 0))
        if rank is not None:
            result.set_shape([*signal.shape.as_list()[:-2], None if isinstance(total, Tensor) else total])
        return result
