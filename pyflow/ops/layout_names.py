"""Axes and sizes from one layout of images to another, like NHWC to NCHW; and many comparisons in a byte."""

from __future__ import annotations

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.dtypes import int32, int64
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, one_of, op, sample
from pyflow.ops.shape_rules import same_as, text

_INDEX = one_of((int32, int64), default=int32)


def _refuse(message: str) -> None:
    raise errors.InvalidArgumentError(None, None, message)


def _places(src_format: str, dst_format: str) -> list[int]:
    """For each axis of the destination, where the source has it.

    Raises:
      InvalidArgumentError: the layouts aren't of the same axes.
    """
    for words, layout in (("Source", src_format), ("Destination", dst_format)):
        if len(layout) not in (4, 5):
            name = "src_format" if words == "Source" else "dst_format"
            _refuse(f"{words} format must be of length 4 or 5, received {name} = {layout}")
    if sorted(src_format) != sorted(dst_format) or len(set(src_format)) != len(src_format):
        _refuse(f"Destination and source format must determine a permutation, got {src_format} and {dst_format}")
    return [src_format.index(axis) for axis in dst_format]


@op("DataFormatDimMap(x: T) -> (y: T)", src_format="NHWC", dst_format="NCHW", T=_INDEX)
class DataFormatDimMap:
    """The numbers of axes in the one layout as numbers of the same axes in the other."""

    shape = same_as("x")

    def cpu(x, src_format, dst_format, out):
        there = np.argsort(_places(src_format, dst_format))
        out[...] = there[x % len(there)]

    grad = NOT_DIFFERENTIABLE
    samples = [sample([0, 1, 2, 3]), sample([[-1, -3]], src_format="NHWC", dst_format="HWNC")]


@op("DataFormatVecPermute(x: T) -> (y: T)", src_format="NHWC", dst_format="NCHW", T=_INDEX)
class DataFormatVecPermute:
    """Something for each axis of the one layout, or a pair, in the order of the other."""

    shape = same_as("x")

    def cpu(x, src_format, dst_format, out):
        if x.ndim not in (1, 2):
            _refuse(f"input must be a vector or 2D tensor, but got shape {text(x.shape)}")
        if len(x) != 4:
            _refuse(f"{x.ndim}D input must be of size 4, but got shape {text(x.shape)}")
        if x.ndim == 2 and x.shape[1] != 2:
            _refuse(f"Second dimension of 2D input must be of size 2, but got shape {text(x.shape)}")
        out[...] = x[_places(src_format, dst_format)]

    grad = NOT_DIFFERENTIABLE
    samples = [sample([7, 4, 9, 3]), sample([[1, 2], [3, 4], [5, 6], [7, 8]], dst_format="HWNC")]


_COMPARED = (dtypes.bool, dtypes.float16, dtypes.float32, dtypes.float64, dtypes.int8, dtypes.int16, int32, int64)


@op("CompareAndBitpack(input: T, threshold: T) -> (output: uint8)", T=_COMPARED)
class CompareAndBitpack:
    """Whether numbers exceed a threshold, eight in a byte, the first in its highest bit."""

    def shape(input, threshold):
        if threshold:
            words = f"Compare must be a scalar, but saw shape: {text(threshold)}"
            raise ShapeError(f"Shape must be rank 0 but is rank {len(threshold)}", words)
        if input is None:
            return None
        if not input:
            words = "Input should be at least a vector, but saw a scalar."
            raise ShapeError("Shape must be at least rank 1 but is rank 0", words)
        *outer, last = input
        if last is None:
            return (*outer, None)
        if last % 8:
            words = f"Inner dimension of input should be divisible by 8, but saw shape: {text(input)}"
            raise ShapeError(f"Dimension size must be evenly divisible by 8 but is {last}", words)
        return (*outer, last // 8)

    def cpu(input, threshold, out):
        out[...] = np.packbits(input > threshold, axis=-1)

    grad = NOT_DIFFERENTIABLE
    samples = [sample([[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], [9.0] * 8], 3.0)]
