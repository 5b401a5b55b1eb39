"""Blocks of positions moved into the batch or into the channels, and back.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/space_to_batch
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.api import export
from pyflow.core.convert import constant_value, convert_to_tensor
from pyflow.core.deprecation import renamed_argument
from pyflow.core.registry import ShapeError, attr, one_of, op, sample
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import StaticShape, Tensor
from pyflow.ops.array_dimensions import add, divide, multiply
from pyflow.ops.array_filling import zeros
from pyflow.ops.array_joining import stack
from pyflow.ops.gpu import INDEXED, elementwise
from pyflow.ops.gpu_indices import constant
from pyflow.ops.gpu_movement import blocks_packed, blocks_unpacked
from pyflow.ops.shape_rules import merge, text, with_rank_at_least

_INDEX_T = one_of(dtypes.INDEX, default=dtypes.int32)


def _check_blocks(
    input: StaticShape, block_shape: StaticShape, block: Any, margins: StaticShape, margins_value: Any, word: str
) -> int | None:
    """The number of block dimensions, if it is known.

    Raises:
      ShapeError: the arguments don't fit together.
    """
    if block_shape is not None and len(block_shape) != 1:
        raise ShapeError("block_shape must have rank 1.")
    count = None if block_shape is None else block_shape[0]
    merge(margins, (count, 2))
    if count is None:
        return None
    with_rank_at_least(input, count + 1)
    if block is not None and (block < 1).any():
        raise ShapeError("block_shape must be positive")
    if margins_value is not None and (margins_value < 0).any():
        raise ShapeError(f"{word} cannot be negative")
    return count


def _packed_shape(input: StaticShape, count: int, block: Any, paddings: Any) -> StaticShape:
    if input is None:
        return None
    batch: int | None = input[0]
    for size in [None] * count if block is None else block.tolist():
        batch = multiply(batch, size)
    dims: list[int | None] = [None] * count
    if block is not None and paddings is not None:
        for i, size in enumerate(block.tolist()):
            padded = add(input[i + 1], int(paddings[i].sum()))
            dims[i] = divide(padded, size, f"padded_shape[{i}]={padded} is not divisible by block_shape[{i}]={size}")
    return (batch, *dims, *input[count + 1 :])


def _unpacked_shape(input: StaticShape, count: int, block: Any, crops: Any) -> StaticShape:
    if input is None:
        return None
    if block is None:
        return (None,) * (count + 1) + input[count + 1 :]
    batch, factor = input[0], int(block.prod())
    words = f"Input batch dimension ({batch}) is not divisible by product of block sizes ({factor})"
    for size in block.tolist():
        batch = divide(batch, size, words)
    dims: list[int | None] = [None] * count
    for i, (before, after) in enumerate([] if crops is None else crops.tolist()):
        whole, cropped = multiply(input[i + 1], int(block[i])), before + after
        if whole is not None and whole < cropped:
            raise ShapeError(f"Negative dimension size caused by subtracting {cropped} from {whole}")
        dims[i] = None if whole is None else whole - cropped
    return (batch, *dims, *input[count + 1 :])


def _pack(input: Any, block: list[int], paddings: Any) -> Any:
    count = len(block)
    margins = [(0, 0), *paddings.tolist(), *[(0, 0)] * (input.ndim - count - 1)]
    padded = np.pad(input, margins)
    sizes = [padded.shape[0]]
    for i, size in enumerate(block):
        if padded.shape[i + 1] % size:
            words = f"padded_shape[{i}]={padded.shape[i + 1]} is not divisible by block_shape[{i}]={size}"
            raise errors.InvalidArgumentError(None, None, words)
        sizes += [padded.shape[i + 1] // size, size]
    rest = padded.shape[count + 1 :]
    inside, outside = range(2, 2 * count + 1, 2), range(1, 2 * count, 2)
    order = [*inside, 0, *outside, *range(2 * count + 1, 2 * count + 1 + len(rest))]
    moved = padded.reshape([*sizes, *rest]).transpose(order)
    batch = input.shape[0] * int(np.prod(block, dtype=np.int64))
    return np.ascontiguousarray(moved).reshape([batch, *[sizes[i] for i in outside], *rest])


def _unpack(input: Any, block: list[int], crops: Any) -> Any:
    count, factor = len(block), int(np.prod(block, dtype=np.int64))
    if input.shape[0] % factor:
        words = f"Input batch dimension ({input.shape[0]}) is not divisible by product of block sizes ({factor})"
        raise errors.InvalidArgumentError(None, None, words)
    batch, rest = input.shape[0] // factor, input.shape[count + 1 :]
    order = [count]
    for i in range(count):
        order += [count + 1 + i, i]
    order += range(2 * count + 1, 2 * count + 1 + len(rest))
    moved = input.reshape([*block, batch, *input.shape[1:]]).transpose(order)
    whole = np.ascontiguousarray(moved).reshape([batch, *[n * b for n, b in zip(input.shape[1:], block)], *rest])
    index: list[Any] = [slice(None)]
    for i, (before, after) in enumerate(crops.tolist()):
        if before + after > whole.shape[i + 1]:
            words = f"cropped_shape[{i}]={whole.shape[i + 1] - before - after} must be non-negative"
            raise errors.InvalidArgumentError(None, None, words)
        index.append(slice(before, whole.shape[i + 1] - after))
    return whole[tuple(index)].copy()


def _check_margins(block: Any, margins: Any, word: str) -> None:
    if margins.shape != (len(block), 2):
        words = f"{word} should have shape [{len(block)}, 2] instead of {text(margins.shape)}"
        raise errors.InvalidArgumentError(None, None, words)
    if (margins < 0).any():
        raise errors.InvalidArgumentError(None, None, f"{word} must be non-negative")
    if (block < 1).any():
        raise errors.InvalidArgumentError(None, None, "All values in block_shape must be positive")


def _blocks(node: Any) -> tuple[list[int] | None, Any]:
    """The sides of the blocks and the margins of a node, as far as they are known."""
    *sides, margins = map(constant, node.inputs[1:])
    if not sides:
        return [node.attrs["block_size"]] * 2, margins
    return (None if sides[0] is None else sides[0].tolist()), margins


@op(
    "SpaceToBatchND(input: T, block_shape: Tblock_shape, paddings: Tpaddings) -> (output: T)",
    T=dtypes.ANY,
    Tblock_shape=_INDEX_T,
    Tpaddings=_INDEX_T,
)
class SpaceToBatchND:
    """Each position within the blocks of the (padded) spatial axes becomes a batch of its own."""

    def shape(input, block_shape, paddings, block_shape_value, paddings_value):
        count = _check_blocks(input, block_shape, block_shape_value, paddings, paddings_value, "paddings")
        return None if count is None else _packed_shape(input, count, block_shape_value, paddings_value)

    def cpu(input, block_shape, paddings):
        _check_margins(block_shape, paddings, "paddings")
        return _pack(input, block_shape.tolist(), paddings)

    def grad(op, dy):
        return BatchToSpaceND(dy, op.inputs[1], op.inputs[2]), None, None

    gpu = elementwise(lambda node: blocks_packed(node, *_blocks(node)), types=INDEXED)
    samples = [sample([[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]]], [3], [[1, 2]])]


@op(
    "BatchToSpaceND(input: T, block_shape: Tblock_shape, crops: Tcrops) -> (output: T)",
    T=dtypes.ANY,
    Tblock_shape=_INDEX_T,
    Tcrops=_INDEX_T,
)
class BatchToSpaceND:
    """The reverse of `SpaceToBatchND`: groups of batches become blocks, and the margins are cut off."""

    def shape(input, block_shape, crops, block_shape_value, crops_value):
        count = _check_blocks(input, block_shape, block_shape_value, crops, crops_value, "crops")
        return None if count is None else _unpacked_shape(input, count, block_shape_value, crops_value)

    def cpu(input, block_shape, crops):
        _check_margins(block_shape, crops, "crops")
        return _unpack(input, block_shape.tolist(), crops)

    def grad(op, dy):
        return SpaceToBatchND(dy, op.inputs[1], op.inputs[2]), None, None

    gpu = elementwise(lambda node: blocks_unpacked(node, *_blocks(node)), types=INDEXED)
    samples = [sample([[[1.0]], [[2.0]], [[3.0]], [[4.0]]], [2], [[0, 1]])]


space_to_batch_nd = export("space_to_batch_nd", "manip.space_to_batch_nd")(SpaceToBatchND)
batch_to_space_nd = export("batch_to_space_nd", "manip.batch_to_space_nd")(BatchToSpaceND)


@op(
    "SpaceToBatch(input: T, paddings: Tpaddings) -> (output: T)",
    T=dtypes.ANY,
    Tpaddings=_INDEX_T,
    block_size=attr("int", minimum=2),
)
class SpaceToBatch:
    """`SpaceToBatchND` with square blocks over axes 1 and 2, as old graphs have it."""

    def shape(input, paddings_value, block_size):
        with_rank_at_least(input, 4)
        return _packed_shape(input, 2, np.array([block_size] * 2), paddings_value)

    def cpu(input, paddings, block_size):
        return _pack(input, [block_size] * 2, paddings)

    def grad(op, dy):
        return BatchToSpace(dy, op.inputs[1], block_size=op.get_attr("block_size")), None

    gpu = elementwise(lambda node: blocks_packed(node, *_blocks(node)), types=INDEXED)
    samples = [sample([[[[1.0], [2.0]], [[3.0], [4.0]]]], [[0, 0], [0, 0]], block_size=2)]


@op(
    "BatchToSpace(input: T, crops: Tidx) -> (output: T)",
    T=dtypes.ANY,
    block_size=attr("int", minimum=2),
    Tidx=_INDEX_T,
)
class BatchToSpace:
    """The reverse of `SpaceToBatch`."""

    def shape(input, crops_value, block_size):
        with_rank_at_least(input, 4)
        return _unpacked_shape(input, 2, np.array([block_size] * 2), crops_value)

    def cpu(input, crops, block_size):
        return _unpack(input, [block_size] * 2, crops)

    def grad(op, dy):
        return SpaceToBatch(dy, op.inputs[1], block_size=op.get_attr("block_size")), None

    gpu = elementwise(lambda node: blocks_unpacked(node, *_blocks(node)), types=INDEXED)
    samples = [sample([[[[1.0]]], [[[2.0]]], [[[3.0]]], [[[4.0]]]], [[0, 0], [0, 0]], block_size=2)]


@export("nn.space_to_batch", "space_to_batch")
def space_to_batch(
    input: Any, paddings: Any, block_size: int | None = None, name: str | None = None, block_shape: int | None = None
) -> Tensor:
    """Blocks of an image batch [n, height, width, channels] moved into the batch.

    Args:
      paddings: int [2, 2]: zeros before and after, along height and width.
      block_size: the side of a block, at least 2 (`block_shape` is its newer name).

    Returns:
      [n * block_size ** 2, padded height / block_size, padded width / block_size, channels].
    """
    block_size = renamed_argument("block_shape", block_shape, "block_size", block_size)
    result = SpaceToBatchND(input, np.array([block_size, block_size], np.int64), paddings, name=name)
    result.set_shape(result.get_shape().with_rank(4))
    return result


@export("batch_to_space")
def batch_to_space(
    input: Any, crops: Any, block_size: int, name: str | None = None, block_shape: int | None = None
) -> Tensor:
    """The reverse of `space_to_batch`; `crops` says how much is cut off at each side."""
    block_size = renamed_argument("block_shape", block_shape, "block_size", block_size)
    result = BatchToSpaceND(input, np.array([block_size, block_size], np.int64), crops, name=name)
    result.set_shape(result.get_shape().with_rank(4))
    return result


@export("required_space_to_batch_paddings")
def required_space_to_batch_paddings(
    input_shape: Any, block_shape: Any, base_paddings: Any = None, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """The paddings that make spatial sizes divisible by the blocks, and the crops that undo them.

    Args:
      input_shape, block_shape: int vectors of n sizes.
      base_paddings: int [n, 2]: the paddings wanted anyway.

    Returns:
      (paddings, crops), each [n, 2].
    """
    with name_scope(name, "required_space_to_batch_paddings", [input_shape, block_shape]):
        input_shape = convert_to_tensor(input_shape, dtype=dtypes.int32, name="input_shape")
        block_shape = convert_to_tensor(block_shape, dtype=dtypes.int32, name="block_shape")
        block_shape.get_shape().assert_is_fully_defined()
        block_shape.get_shape().assert_has_rank(1)
        count = block_shape.get_shape().as_list()[0]
        if count == 0:
            return zeros([0, 2], dtypes.int32), zeros([0, 2], dtypes.int32)
        input_shape.get_shape().assert_is_compatible_with([count])
        if base_paddings is None:
            base_paddings = zeros([count, 2], dtypes.int32)
        else:
            base_paddings = convert_to_tensor(base_paddings, dtype=dtypes.int32, name="base_paddings")
            base_paddings.get_shape().assert_is_compatible_with([count, 2])
        known = [constant_value(x) for x in (block_shape, input_shape, base_paddings)]
        if all(value is not None for value in known):
            block_shape, input_shape, base_paddings = known
        start, end = base_paddings[:, 0], base_paddings[:, 1]
        extra = (block_shape - (input_shape + start + end) % block_shape) % block_shape
        end = end + extra
        paddings = stack([[start[i], end[i]] for i in range(count)], name="paddings")
        return paddings, stack([[0, extra[i]] for i in range(count)], name="crops")
