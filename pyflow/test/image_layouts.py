"""Images and their shapes from one layout to another, for tests."""

from __future__ import annotations

from typing import Any

from pyflow.ops.array import reshape, transpose


def NHWCToNCHW(input_tensor: Any) -> Any:
    """A tensor of rank 4 or 5, or a shape as a list, from NHWC to NCHW."""
    if isinstance(input_tensor, (list, tuple)):
        return [input_tensor[0], input_tensor[-1], *input_tensor[1:-1]]
    return transpose(input_tensor, {4: [0, 3, 1, 2], 5: [0, 4, 1, 2, 3]}[input_tensor.shape.ndims])


def NCHWToNHWC(input_tensor: Any) -> Any:
    """A tensor of rank 4 or 5, or a shape as a list, from NCHW to NHWC."""
    if isinstance(input_tensor, (list, tuple)):
        return [input_tensor[0], *input_tensor[2:], input_tensor[1]]
    return transpose(input_tensor, {4: [0, 2, 3, 1], 5: [0, 2, 3, 4, 1]}[input_tensor.shape.ndims])


def NHWCToNCHW_VECT_C(input_shape_or_tensor: Any) -> Any:
    """A tensor of rank 4, or a shape as a list, from NHWC to NCHW with four channels at a time in the last axis.

    Raises:
      ValueError: the number of channels is not divisible by 4.
    """
    is_tensor = not isinstance(input_shape_or_tensor, (list, tuple))
    sizes = input_shape_or_tensor.shape.as_list() if is_tensor else list(input_shape_or_tensor)
    if sizes[-1] % 4:
        raise ValueError("Last dimension of input must be evenly divisible by 4 to convert to NCHW_VECT_C.")
    split = [*sizes[:-1], sizes[-1] // 4, 4]
    if is_tensor:
        return transpose(reshape(input_shape_or_tensor, split), [0, 3, 1, 2, 4])
    return [split[i] for i in (0, 3, 1, 2, 4)]


def NCHW_VECT_CToNHWC(input_shape_or_tensor: Any) -> Any:
    """What `NHWCToNCHW_VECT_C` makes, back in NHWC.

    Raises:
      ValueError: the last axis is not of 4.
    """
    is_tensor = not isinstance(input_shape_or_tensor, (list, tuple))
    sizes = input_shape_or_tensor.shape.as_list() if is_tensor else list(input_shape_or_tensor)
    if sizes[-1] != 4:
        raise ValueError("Last dimension of NCHW_VECT_C must be 4.")
    joined = [sizes[0], sizes[2], sizes[3], sizes[1] * sizes[4]]
    return reshape(transpose(input_shape_or_tensor, [0, 2, 3, 1, 4]), joined) if is_tensor else joined
