"""The forms in which public functions take strides, sizes of windows and paddings."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any


def numbers_for(value: Any, axes: int, channel_index: int, name: str) -> list:
    """A number for each axis of a tensor, from one number, one for each spatial axis, or all of them.

    Args:
      axes: the number of spatial axes.
      channel_index: 1 if the channels come first.
      name: what the numbers are, for the message.

    Raises:
      ValueError: there are others.
    """
    values = [1] if value is None else list(value) if isinstance(value, Sized) else [value]  # type: ignore[call-overload]
    if len(values) == axes + 2:
        return values
    if len(values) not in (1, axes):
        raise ValueError(f"{name} should be of length 1, {axes} or {axes + 2} but was {len(values)}")
    inner = values * axes if len(values) == 1 else values
    return [1, 1, *inner] if channel_index == 1 else [1, *inner, 1]


def channel_index(data_format: str | None, axes: int) -> int:
    """The axis of the channels."""
    return 1 if data_format is not None and data_format.startswith("NC") else axes + 1


def padding_attrs(padding: Any) -> dict[str, Any]:
    """The attrs `padding` and `explicit_paddings` for a name or a list of (before, after) for the four axes.

    Raises:
      ValueError: the list has another form.
    """
    if padding == "EXPLICIT":
        raise ValueError(
            '"EXPLICIT" is not a valid value for the padding parameter. To use explicit padding, the padding '
            "parameter must be a list."
        )
    if not isinstance(padding, (list, tuple)):
        if padding is None:
            raise TypeError("Expected string for argument 'padding' not None.")
        return {"padding": padding, "explicit_paddings": []}
    for index, pair in enumerate(padding):
        words = "When padding is a list, each element of padding must be a list/tuple of size 2. "
        words += f"Element with index {index}"
        if not isinstance(pair, (list, tuple)):
            raise ValueError(f"{words} of padding is not a list/tuple")
        if len(pair) != 2:
            raise ValueError(f"{words} of padding has size {len(pair)}")
    if len(padding) != 4:
        raise ValueError(f"When padding is a list, it must be of size 4. Got padding of size: {len(padding)}")
    return {"padding": "EXPLICIT", "explicit_paddings": [int(n) for pair in padding for n in pair]}
