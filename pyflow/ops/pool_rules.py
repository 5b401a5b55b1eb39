"""Shape rules and checks that the pooling ops share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pyflow.core import errors
from pyflow.core.registry import Attr, ShapeError, attr
from pyflow.core.tensor import StaticShape
from pyflow.ops.shape_rules import text, with_rank
from pyflow.ops.windows import Windows, batch_and_depth, count_windows, in_format, make_windows, spatial

SAME_OR_VALID = attr("string", allowed=("SAME", "VALID"))
IMAGE_FORMAT = attr("string", default="NHWC", allowed=("NHWC", "NCHW"))
VOLUME_FORMAT = attr("string", default="NDHWC", allowed=("NDHWC", "NCDHW"))


def window_attrs(rank: int, data_format: Attr | None) -> dict[str, Attr]:
    """ksize, strides, padding and data_format of ops over tensors of that rank."""
    attrs = {
        "ksize": attr("list(int)", minimum=rank),
        "strides": attr("list(int)", minimum=rank),
        "padding": attr("string", allowed=("SAME", "VALID")),
    }
    if data_format is not None:
        attrs["data_format"] = attr("string", default=data_format.default, allowed=data_format.allowed)
    return attrs


def pooled_shape(
    op: str, x: StaticShape, ksize: Sequence[int], strides: Sequence[int], padding: str, data_format: str
) -> StaticShape:
    """The shape of what is pooled; windows over the channels count too.

    Raises:
      ShapeError: ranks do not fit, or there is no room for a window.
    """
    rank = len(data_format)
    try:
        x = with_rank(x, rank)
    except ShapeError as error:
        assert x is not None
        words = f"tensor_in_shape must have 2 spatial dimensions. {len(x)} {max(len(x) - 3, 0)}"
        raise ShapeError(str(error), words if rank == 4 else "tensor_in must be 5-dimensional") from None
    for word, values in (("ksize", ksize), ("stride", strides)):
        if len(values) != rank:
            raise ShapeError(f"{op} requires the {word} attribute to contain {rank} values, but got: {len(values)}")
    counts = [
        count_windows(size, k, stride, padding)
        for size, k, stride in zip(spatial(x, data_format), spatial(ksize, data_format), spatial(strides, data_format))
    ]
    batch, depth = batch_and_depth(x, data_format)
    _, k = batch_and_depth(ksize, data_format)
    _, stride = batch_and_depth(strides, data_format)
    if op.startswith("MaxPool"):
        depth = count_windows(depth, k, stride, padding)
    return in_format(batch, counts, depth, data_format)


def pool_windows(
    x_shape: Sequence[int], ksize: Sequence[int], strides: Sequence[int], padding: str, data_format: str
) -> Windows:
    """The spatial windows, once all is known."""
    return make_windows(
        spatial(x_shape, data_format), spatial(ksize, data_format), spatial(strides, data_format), padding
    )


def refuse(message: str) -> Any:
    """
    Raises:
      UnimplementedError: always, with that message.
    """
    raise errors.UnimplementedError(None, None, message)


def check_spatial(ksize: Sequence[int], strides: Sequence[int], data_format: str, gradient: bool = False) -> None:
    """
    Raises:
      UnimplementedError: windows go over the batch or the channels.
    """
    what = "MaxPoolingGrad" if gradient else "Pooling"
    (batch, depth), moves = batch_and_depth(ksize, data_format), batch_and_depth(strides, data_format)
    if batch != 1 or moves[0] != 1:
        refuse(f"{what} is not yet supported on the batch dimension.")
    if depth != 1 or moves[1] != 1:
        refuse(f"{what} is not yet supported on the depth dimension.")


def pools_depth(x: np.ndarray, ksize: Sequence[int], strides: Sequence[int], data_format: str) -> int:
    """The number of neighbouring channels of which the greatest is taken; 1 where the windows are spatial.

    Raises:
      UnimplementedError: both, or what TensorFlow cannot do either.
    """
    batch, depth = batch_and_depth(ksize, data_format)
    batch_move, depth_move = batch_and_depth(strides, data_format)
    if batch != 1 or batch_move != 1:
        refuse("Pooling is not yet supported on the batch dimension.")
    if depth == 1:
        return 1
    if max(spatial(ksize, data_format)) > 1:
        refuse("MaxPooling supports exactly one of pooling across depth or pooling across width/height.")
    channels = batch_and_depth(x.shape, data_format)[1]
    if channels % depth:
        refuse("Depthwise max pooling requires the depth window to evenly divide the input depth")
    if depth != depth_move:
        refuse("Depthwise max pooling requires the depth window to equal the depth stride")
    return depth


def of_same_shape(*shapes: StaticShape) -> str:
    """Shapes for a message."""
    return ", ".join(map(text, shapes))
