"""Shape rules and checks of convolutions: images and volumes, and their gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pyflow.core import errors
from pyflow.core.registry import ShapeError
from pyflow.core.tensor import StaticShape
from pyflow.ops.shape_rules import text, with_rank
from pyflow.ops.windows import (
    Windows,
    batch_and_depth,
    count_windows,
    flat_pads,
    in_format,
    make_windows,
    spatial,
)


def convolved_shape(
    input: StaticShape,
    filter: StaticShape,
    strides: Sequence[int],
    padding: str,
    explicit_paddings: Sequence[int],
    data_format: str,
    dilations: Sequence[int],
) -> StaticShape:
    """The shape of a convolution over `len(strides) - 2` axes.

    Raises:
      ShapeError: ranks, depths or attrs do not fit, or there is no room for a window.
    """
    rank = len(strides)
    input = _ranked(input, rank, "input must be {}-dimensional{}")
    filter = _ranked(filter, rank, "filter must be {}-dimensional: {}")
    _check_explicit(padding, explicit_paddings, data_format)
    batch, depth = batch_and_depth(input, data_format)
    *window, filter_depth, out_depth = filter
    if depth is not None and filter_depth is not None:
        if filter_depth == 0 or depth % filter_depth:
            at_run = (
                f"input depth must be evenly divisible by filter depth: {depth} vs {filter_depth}"
                if rank == 4
                else f"Input depth must be evenly divisible by filter depth: {depth} vs {filter_depth}"
            )
            words = f"Depth of input ({depth}) is not a multiple of input depth of filter ({filter_depth})"
            raise ShapeError(words, at_run)
        groups = depth // filter_depth
        if out_depth is not None and out_depth % max(groups, 1):
            raise ShapeError(f"Depth of output ({out_depth}) is not a multiple of the number of groups ({groups})")
    pads = flat_pads(explicit_paddings, data_format) or (0, 0) * (rank - 2)
    counts = [
        count_windows(size, k, stride, padding, dilation, pads[2 * i : 2 * i + 2])
        for i, (size, k, stride, dilation) in enumerate(
            zip(spatial(input, data_format), window, spatial(strides, data_format), spatial(dilations, data_format))
        )
    ]
    return in_format(batch, counts, out_depth, data_format)


def _ranked(shape: StaticShape, rank: int, at_run: str) -> tuple[int | None, ...]:
    try:
        return with_rank(shape, rank)
    except ShapeError as error:
        raise ShapeError(str(error), at_run.format(rank, text(shape))) from None


def _check_explicit(padding: str, explicit: Sequence[int], data_format: str) -> None:
    if padding != "EXPLICIT":
        if explicit:
            raise ShapeError("explicit_paddings attribute must be empty if the padding type is not EXPLICIT")
        return
    if len(explicit) != 8:
        raise ShapeError(f"explicit_paddings attribute must contain 8 values, but got: {len(explicit)}")
    if min(explicit) < 0:
        raise ShapeError("All elements of explicit_paddings must be nonnegative")
    depth = 2 if data_format == "NCHW" else 6
    if any(explicit[:2]) or any(explicit[depth : depth + 2]):
        raise ShapeError("Nonzero explicit padding in the batch or depth dimensions is not supported")


def four_numbers(op: str) -> Callable[[Sequence[int], Sequence[int]], None]:
    """A check that strides and dilations have a number for each axis."""

    def check(strides: Sequence[int], dilations: Sequence[int]) -> None:
        for word, values in (("stride", strides), ("dilations", dilations)):
            if len(values) != 4:
                raise ShapeError(f"{op} requires the {word} attribute to contain 4 values, but got: {len(values)}")

    return check


def check_moves(strides: Sequence[int], dilations: Sequence[int], data_format: str) -> None:
    """
    Raises:
      InvalidArgumentError: windows would move over the batch or the channels.
    """
    for word, values in (("strides", strides), ("dilations", dilations)):
        if batch_and_depth(values, data_format) != (1, 1):
            message = f"Current implementation does not yet support {word} in the batch and depth dimensions."
            raise errors.InvalidArgumentError(None, None, message)


def windows_of(
    x_shape: Sequence[int],
    filter_shape: Sequence[int],
    strides: Sequence[int],
    padding: str,
    explicit_paddings: Sequence[int],
    data_format: str,
    dilations: Sequence[int],
) -> Windows:
    """The windows of a convolution of which all is known."""
    return make_windows(
        spatial(x_shape, data_format),
        filter_shape[:-2],
        spatial(strides, data_format),
        padding,
        spatial(dilations, data_format),
        flat_pads(explicit_paddings, data_format) if padding == "EXPLICIT" else (),
    )


def given_shape(sizes: StaticShape, value: Any, rank: int) -> StaticShape:
    """What is known of a shape that a vector gives.

    Args:
      sizes: the shape of the vector.
      value: its partly known value as a shape, or None.
    """
    (length,) = with_rank(sizes, 1)
    if value is not None:
        return with_rank(tuple(value), rank)
    if length is not None:
        with_rank((None,) * length, rank)
    return (None,) * rank


def check_gradient(
    kernel: str,
    x_shape: Sequence[int],
    filter_shape: Sequence[int],
    gradient: Sequence[int],
    windows: Windows,
    data_format: str,
) -> None:
    """
    Raises:
      InvalidArgumentError: the gradient has not the shape that the convolution's result has.
    """
    batch, depth = batch_and_depth(x_shape, data_format)
    out_batch, out_depth = batch_and_depth(gradient, data_format)
    words = ""
    if batch != out_batch:
        axis = 0
        words = (
            "input and out_backprop must have the same batch size"
            f"input batch: {batch}outbackprop batch: {out_batch} batch_dim: {axis}"
        )
    elif filter_shape[-2] == 0 or depth % filter_shape[-2]:
        words = "input depth must be evenly divisible by filter depth"
    elif filter_shape[-1] != out_depth:
        words = "filter and out_backprop must have the same out_depth"
    else:
        first = 2 if data_format.startswith("NC") else 1
        for axis, count in enumerate(spatial(gradient, data_format)):
            if count != windows.counts[axis]:
                words = (
                    f"Size of out_backprop doesn't match computed: actual = {count}, computed = "
                    f"{windows.counts[axis]} spatial_dim: {first + axis} input: {windows.sizes[axis]} filter: "
                    f"{windows.window[axis]} output: {count} stride: {windows.strides[axis]} dilation: "
                    f"{windows.dilations[axis]}"
                )
                break
    if words:
        raise errors.InvalidArgumentError(None, None, f"{kernel}: {words}")
