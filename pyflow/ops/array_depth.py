"""Blocks of an image moved into its channels, and back: space_to_depth, depth_to_space."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.api import export
from pyflow.core.registry import attr, op, sample
from pyflow.core.tensor import Tensor
from pyflow.ops.array_dimensions import divide, multiply
from pyflow.ops.gpu import INDEXED, elementwise
from pyflow.ops.gpu_movement import seen_as
from pyflow.ops.shape_rules import with_rank

_FORMATS = attr("string", default="NHWC", allowed=("NHWC", "NCHW", "NCHW_VECT_C"))


def _check_format(data_format: str, op_type: str) -> None:
    if data_format == "NCHW_VECT_C":
        words = f"Only NHWC and NCHW data_format supported on CPU by {op_type}. Got {data_format}"
        raise errors.InvalidArgumentError(None, None, words)


def _shape(input: Any, data_format: str, height: Any, width: Any, channels: Any) -> Any:
    """The output's shape by functions of the input's three sizes."""
    if data_format == "NCHW_VECT_C":
        return (None,) * 5 if input is None else (None,) * len(input)
    n, *rest = with_rank(input, 4)
    if data_format == "NHWC":
        return (n, height(rest[0]), width(rest[1]), channels(rest[2]))
    return (n, channels(rest[0]), height(rest[1]), width(rest[2]))


def _indivisible_sizes(input: Any, data_format: str, block_size: int) -> str:
    if input is None:
        return ""
    height, width = input[1:3] if data_format == "NHWC" else input[2:]
    return f"Image width {width} and height {height} should be divisible by block_size: {block_size}"


def _blocks_apart(input: Any, b: int, data_format: str) -> Any:
    """The elements in the order of `SpaceToDepth`'s output, as a view of six axes."""
    if data_format == "NHWC":
        n, height, width, channels = input.shape
        return input.reshape(n, height // b, b, width // b, b, channels).transpose(0, 1, 3, 2, 4, 5)
    n, channels, height, width = input.shape
    return input.reshape(n, channels, height // b, b, width // b, b).transpose(0, 3, 5, 1, 2, 4)


def _channels_apart(input: Any, b: int, data_format: str) -> Any:
    """The elements in the order of `DepthToSpace`'s output, as a view of six axes."""
    if data_format == "NHWC":
        n, height, width, channels = input.shape
        return input.reshape(n, height, width, b, b, channels // b**2).transpose(0, 1, 3, 2, 4, 5)
    n, channels, height, width = input.shape
    return input.reshape(n, b, b, channels // b**2, height, width).transpose(0, 3, 4, 1, 5, 2)


def _on_gpu(function: Any) -> Any:
    return elementwise(
        seen_as(lambda x, node: function(x, node.attrs["block_size"], node.attrs["data_format"])), types=INDEXED
    )


@op("SpaceToDepth(input: T) -> (output: T)", T=dtypes.ANY, block_size=attr("int", minimum=2), data_format=_FORMATS)
class SpaceToDepth:
    """Each block of positions becomes one position with block_size ** 2 as many channels."""

    def shape(input, block_size, data_format):
        def smaller(size):
            return divide(size, block_size, at_run=_indivisible_sizes(input, data_format, block_size))

        return _shape(input, data_format, smaller, smaller, lambda size: multiply(size, block_size**2))

    def cpu(input, block_size, data_format):
        _check_format(data_format, "SpaceToDepth")
        moved = _blocks_apart(input, block_size, data_format)
        return np.ascontiguousarray(moved).reshape(SpaceToDepth.shape(input.shape, block_size, data_format))

    def grad(op, dy):
        return DepthToSpace(dy, op.get_attr("block_size"), _format_of(op))

    gpu = _on_gpu(_blocks_apart)
    samples = [sample([[[[1.0], [2.0]], [[3.0], [4.0]]]], block_size=2)]


@op("DepthToSpace(input: T) -> (output: T)", T=dtypes.ANY, block_size=attr("int", minimum=2), data_format=_FORMATS)
class DepthToSpace:
    """The reverse of `SpaceToDepth`."""

    def shape(input, block_size, data_format):
        def larger(size):
            return multiply(size, block_size)

        return _shape(
            input,
            data_format,
            larger,
            larger,
            lambda size: divide(
                size, block_size**2, f"Input depth dimension {size} should be divisible by: {block_size**2}"
            ),
        )

    def cpu(input, block_size, data_format):
        _check_format(data_format, "DepthToSpace")
        moved = _channels_apart(input, block_size, data_format)
        return np.ascontiguousarray(moved).reshape(DepthToSpace.shape(input.shape, block_size, data_format))

    def grad(op, dy):
        return SpaceToDepth(dy, op.get_attr("block_size"), _format_of(op))

    gpu = _on_gpu(_channels_apart)
    samples = [sample([[[[1.0, 2.0, 3.0, 4.0]]]], block_size=2)]


def _format_of(op: Any) -> str:
    data_format = op.get_attr("data_format").decode()
    if data_format == "NCHW_VECT_C":
        raise ValueError(f"Cannot compute {op.type} gradient with NCHW_VECT_C. NCHW_VECT_C requires qint8 data type.")
    return data_format


@export("nn.space_to_depth", "space_to_depth")
def space_to_depth(input: Any, block_size: int, name: str | None = None, data_format: str = "NHWC") -> Tensor:
    """Blocks of an image batch moved into the channels.

    Args:
      block_size: the side of a block, at least 2; it divides height and width.
      data_format: "NHWC" or "NCHW".

    Returns:
      [n, height / block_size, width / block_size, channels * block_size ** 2] for NHWC.
    """
    return SpaceToDepth(input, block_size, data_format, name=name)


@export("nn.depth_to_space", "depth_to_space")
def depth_to_space(input: Any, block_size: int, name: str | None = None, data_format: str = "NHWC") -> Tensor:
    """The reverse of `space_to_depth`."""
    return DepthToSpace(input, block_size, data_format, name=name)
