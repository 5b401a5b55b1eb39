"""Batch normalization on the GPU, and its gradient, of images with the channels behind."""

from __future__ import annotations

import math
from typing import Any

from pyflow.ops.gpu import Dispatch, groups

# So many rows are summed by one invocation, if there are then enough of them, and not more parts than one can add up.
_ROWS_A_PART = 128
_MOST_PARTS = 256


def _sizes(x: Any) -> tuple[int, int, int]:
    """Rows, channels, and the parts in which the rows are summed."""
    channels = x.shape[-1]
    rows = math.prod(x.shape[:-1])
    return rows, channels, min(math.ceil(rows / _ROWS_A_PART), _MOST_PARTS)


def _file(name: str) -> str:
    return f"batch_norm/{name}.wgsl"


def normalization(node: Any) -> list[Dispatch] | None:
    """The rule of FusedBatchNorm in its three versions."""
    x, scale, offset, mean, variance = node.inputs
    y, *moments = node.outputs
    if node.attrs["data_format"] != "NHWC":
        return None
    rows, channels, parts = _sizes(x)
    if len(moments) < 5:
        moments.append(node.scratch((1,)))
    sizes = {"ROWS": rows, "CHANNELS": channels}
    if node.attrs["is_training"]:
        of_parts = node.scratch((parts, 2, channels))
        mean, variance = moments[2:4]
        made = [
            Dispatch(_file("moments_of_parts"), [x], [of_parts], groups(parts * channels), PARTS=parts, **sizes),
            Dispatch(_file("moments"), [of_parts], moments, groups(channels), PARTS=parts, **sizes),
        ]
    else:
        made = [Dispatch(_file("given_moments"), [mean, variance], moments, groups(channels), CHANNELS=channels)]
    inputs, epsilon = [x, scale, offset, mean, variance], node.attrs["epsilon"]
    return [*made, Dispatch(_file("normalize"), inputs, [y], groups(rows * channels), EPSILON=epsilon, **sizes)]


def normalization_gradient(node: Any) -> list[Dispatch] | None:
    """The rule of FusedBatchNormGrad in its three versions."""
    dy, x, scale, mean, variance = node.inputs[:5]
    dx, scale_grad, offset_grad, *reserved = node.outputs
    attrs = node.attrs
    if attrs["data_format"] != "NHWC":
        return None
    rows, channels, parts = _sizes(x)
    sizes, epsilon = {"ROWS": rows, "CHANNELS": channels}, attrs["epsilon"]
    if attrs["is_training"]:
        reserved = [node.scratch((channels,)) for _ in reserved]  # the outputs have no elements
    of_parts = node.scratch((parts, 2, channels))
    return [
        Dispatch(_file("gradient_of_parts"), [dy, x, mean, variance], [of_parts], groups(parts * channels),
                 PARTS=parts, EPSILON=epsilon, **sizes),
        Dispatch(_file("gradient_sums"), [of_parts], [scale_grad, offset_grad, *reserved], groups(channels),
                 PARTS=parts, CHANNELS=channels),
        Dispatch(_file("gradient"), [dy, x, scale, mean, variance, scale_grad, offset_grad], [dx],
                 groups(rows * channels), EPSILON=epsilon, IS_TRAINING=attrs["is_training"], **sizes),
    ]  # fmt: skip
