"""One tensor made several: split, unstack."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dimension import Dimension
from pyflow.core.registry import ShapeError, attr, one_of, op, sample
from pyflow.core.tensor import Tensor
from pyflow.ops.array_dimensions import axis_between, divide, kernel_words, length, unknown_of_rank, with_value
from pyflow.ops.array_joining import axis_input, concat, stack
from pyflow.ops.gpu import INDEXED, elementwise
from pyflow.ops.gpu_movement import parts
from pyflow.ops.shape_rules import text, with_rank

_AXIS_RANGE = "Invalid axis: {axis}; must be in [-{rank},{rank})"
_SPLIT_RANGE = "Dimension size, given by scalar input {axis} must be in range [-{rank}, {rank})"


@op("Unpack(value: T) -> (output: num*T)", num=attr("int", minimum=0), T=dtypes.ANY, axis=0)
class Unpack:
    """The slices of a tensor along one axis, without that axis."""

    def shape(value, num, axis):
        if value is None:
            return [None] * num
        with kernel_words(lambda: f"axis = {axis} not in [{-len(value)}, {len(value)})"):
            axis = axis_between(axis, len(value), _AXIS_RANGE)
        with kernel_words(lambda: f"Input shape axis {axis} must equal {num}, got shape {text(value)}"):
            with_value(value[axis], num)
        return [(*value[:axis], *value[axis + 1 :])] * num

    def cpu(value, num, axis, out):
        before = (slice(None),) * (axis % value.ndim)
        for i, part in enumerate(out):
            part[...] = value[(*before, i, ...)]

    def grad(op, *dys):
        return stack(dys, axis=op.get_attr("axis"))

    gpu = elementwise(parts(lambda node: node.attrs["axis"]), types=INDEXED)
    samples = [sample([[1.0, 2.0], [3.0, 4.0]], num=2), sample([[1.0], [3.0]], num=1, axis=-1)]


@export("unstack")
def unstack(value: Any, num: int | None = None, axis: int = 0, name: str | None = "unstack") -> list[Tensor]:
    """The slices of `value` along `axis`, as a list of tensors of one axis less.

    Args:
      num: their number; None takes it from the static shape.

    Raises:
      ValueError: the number isn't known, or `axis` is out of range.
    """
    if num is None:
        value = convert_to_tensor(value)
        known = value.get_shape()
        if known.ndims is not None:
            if not -known.ndims <= axis < known.ndims:
                raise ValueError(f"axis = {axis} not in [{-known.ndims}, {known.ndims})")
            num = known.dims[axis].value
        if num is None:
            raise ValueError(f"Cannot infer num from shape {known}")
    return Unpack(value, num=num, axis=axis, name=name)


def _copy_parts(value, axis, out):
    """Fills the outputs with the parts of `value` that follow each other along an axis."""
    before, start = (slice(None),) * axis, 0
    for part in out:
        end = start + part.shape[axis]
        part[...] = value[(*before, slice(start, end))]
        start = end


def _split_axis(axis_value: Any, rank: int) -> int:
    axis = int(axis_value)
    with kernel_words(lambda: f"-input rank(-{rank}) <= split_dim < input rank ({rank}), but got {axis}"):
        return axis_between(axis, rank, _SPLIT_RANGE)


@op("Split(split_dim: int32, value: T) -> (output: num_split*T)", num_split=attr("int", minimum=1), T=dtypes.ANY)
class Split:
    """A tensor in `num_split` equal parts along one axis."""

    def shape(split_dim, value, split_dim_value, num_split):
        with_rank(split_dim, 0)
        if split_dim_value is None:
            return [unknown_of_rank(None if value is None else len(value))] * num_split
        if value is None:
            return [None] * num_split
        axis = _split_axis(split_dim_value, len(value))
        try:
            size = divide(value[axis], num_split)
        except ShapeError as error:
            words = "Number of ways to split should evenly divide the split dimension"
            at_run = f"{words}, but got split_dim {axis} (size = {value[axis]}) and num_split {num_split}"
            raise ShapeError(f"{error}\n\t{words}", at_run) from None
        return [(*value[:axis], size, *value[axis + 1 :])] * num_split

    def cpu(split_dim, value, out):
        _copy_parts(value, int(split_dim) % value.ndim, out)

    def grad(op, *dys):
        return None, concat(list(dys), op.inputs[0])

    gpu = elementwise(parts(axis_input(0)), types=INDEXED)
    samples = [sample(1, [[1.0, 2.0], [3.0, 4.0]], num_split=2), sample(0, [[1.0], [3.0]], num_split=1)]


def _check_sizes(sizes: list[int], whole: int | None, total: int, count: int) -> None:
    """Raises ShapeError when an axis of size `whole` cannot be cut into pieces of these sizes."""
    if len(sizes) != count:
        words = "size of the split_tensor must be 1-D and have the same elements as outputs got 1 -D and "
        raise ShapeError("Length of size_splits should be equal to num_outputs", f"{words}{len(sizes)} elements")
    if sizes.count(-1) > 1:
        raise ShapeError("size_splits can only have one -1", "There can only be one -1 in the input.")
    for i, size in enumerate(sizes):
        if size < -1:
            words = f"Split size at index {i} must be >= 0. Got: {size}"
            raise ShapeError(words, words)
    if whole is not None and (total > whole if -1 in sizes else total != whole):
        at_run = (
            "Determined shape must either match input shape along split_dim exactly if fully specified, or be less "
            f"than the size of the input along split_dim if not fully specified.  Got: {total}"
        )
        pieces = ",".join(map(str, sizes))
        raise ShapeError(f"can't split axis of size {whole} into pieces of size [{pieces}]", at_run)


@op(
    "SplitV(value: T, size_splits: Tlen, split_dim: int32) -> (output: num_split*T)",
    num_split=attr("int", minimum=1),
    T=dtypes.ANY,
    Tlen=one_of(dtypes.INDEX, default=dtypes.int64),
)
class SplitV:
    """A tensor in parts of given sizes along one axis; one size may be -1."""

    def shape(value, size_splits, split_dim, size_splits_value, split_dim_value, num_split):
        length(size_splits)
        if value is None or split_dim_value is None:
            return [unknown_of_rank(None if value is None else len(value))] * num_split
        axis = _split_axis(split_dim_value, len(value))
        if size_splits_value is None:
            size = value[axis] if num_split == 1 else None
            return [(*value[:axis], size, *value[axis + 1 :])] * num_split
        sizes = np.reshape(size_splits_value, -1).tolist()
        whole, total = value[axis], sum(size for size in sizes if size != -1)
        _check_sizes(sizes, whole, total, num_split)
        rest = None if whole is None else whole - total
        return [(*value[:axis], rest if size == -1 else size, *value[axis + 1 :]) for size in sizes]

    def cpu(value, split_dim, out):
        _copy_parts(value, int(split_dim) % value.ndim, out)

    def grad(op, *dys):
        return concat(list(dys), op.inputs[2]), None, None

    gpu = elementwise(parts(axis_input(2)), types=INDEXED)
    samples = [
        sample([[1.0, 2.0, 3.0]], np.array([1, 2], np.int64), 1, num_split=2),
        sample([[1.0], [2.0], [3.0]], np.array([-1, 2], np.int64), 0, num_split=2),
    ]


@export("split")
def split(
    value: Any, num_or_size_splits: Any, axis: Any = 0, num: int | None = None, name: str | None = "split"
) -> list[Tensor]:
    """`value` in parts along `axis`.

    Args:
      num_or_size_splits: the number of equal parts, or the sizes of the parts (one may be -1) as a list or vector.
      axis: the axis, a Python int or scalar tensor.
      num: the number of parts when it cannot be told from `num_or_size_splits`.

    Raises:
      ValueError: the size isn't divisible, the sizes don't add up, or the number of parts isn't known.
    """
    sizes = convert_to_tensor(num_or_size_splits)
    if isinstance(num_or_size_splits, (int, np.integer, Dimension)):
        count = num_or_size_splits.value if isinstance(num_or_size_splits, Dimension) else int(num_or_size_splits)
        return Split(split_dim=axis, value=value, num_split=count, name=name)
    if sizes._rank == 0:
        raise ValueError(
            "Rank-0 tensors are not supported as the num_or_size_splits argument to split. Argument provided: "
            f"{num_or_size_splits}"
        )
    if num is None:
        known = sizes._shape_tuple()
        num = known[0] if known else None
        if num is None:
            raise ValueError(f"Cannot infer num from shape {num_or_size_splits}")
    return SplitV(value=value, size_splits=sizes, split_dim=axis, num_split=num, name=name)
