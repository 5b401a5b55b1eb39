"""Arguments of layers with windows, as tuples and in nn's words; and the sizes of such layers' outputs."""

from __future__ import annotations

from typing import Any

_FORMATS = {
    "channels_last": {3: "NWC", 4: "NHWC", 5: "NDHWC"},
    "channels_first": {3: "NCW", 4: "NCHW", 5: "NCDHW"},
}


def convert_data_format(data_format: str, ndim: int) -> str:
    """ "NHWC" for "channels_last" and rank 4, and so on.

    Raises:
      ValueError: there is no such format or rank.
    """
    if data_format not in _FORMATS:
        raise ValueError("Invalid data_format:", data_format)
    if ndim not in _FORMATS[data_format]:
        raise ValueError("Input rank not supported:", ndim)
    return _FORMATS[data_format][ndim]


def normalize_tuple(value: Any, n: int, name: str) -> tuple:
    """n numbers from one for all, or from n.

    Raises:
      ValueError: they are not n, or no numbers.
    """
    if isinstance(value, int):
        return (value,) * n
    message = f"The `{name}` argument must be a tuple of {n} integers. Received: {value}"
    try:
        values = tuple(value)
    except TypeError:
        raise ValueError(message) from None
    if len(values) != n:
        raise ValueError(message)
    for single in values:
        try:
            int(single)
        except (ValueError, TypeError):
            raise ValueError(f"{message} including element {single} of type {type(single)}") from None
    return values


def normalize_data_format(value: str | None) -> str:
    """The format in lower case; None is "channels_last"."""
    data_format = "channels_last" if value is None else value.lower()
    if data_format not in _FORMATS:
        raise ValueError(
            f'The `data_format` argument must be one of "channels_first", "channels_last". Received: {value}'
        )
    return data_format


def normalize_padding(value: Any) -> Any:
    """The padding in lower case."""
    if isinstance(value, (list, tuple)):
        return value
    padding = value.lower()
    if padding not in ("valid", "same", "causal"):
        raise ValueError(
            'The `padding` argument must be a list/tuple or one of "valid", "same" (or "causal", only for `Conv1D). '
            f"Received: {padding}"
        )
    return padding


def conv_output_length(length: int | None, window: int, padding: str, stride: int, dilation: int = 1) -> int | None:
    """How many windows there are along an axis."""
    if length is None:
        return None
    if padding == "valid":
        length -= window + (window - 1) * (dilation - 1) - 1
    return (length + stride - 1) // stride


def conv_input_length(output_length: int | None, filter_size: int, padding: str, stride: int) -> int | None:
    """How long an axis is of which so many windows are taken."""
    if output_length is None:
        return None
    pad = {"same": filter_size // 2, "valid": 0, "full": filter_size - 1}
    assert padding in pad
    return (output_length - 1) * stride - 2 * pad[padding] + filter_size


def deconv_output_length(
    length: Any, window: int, padding: str, output_padding: int | None, stride: int, dilation: int = 1
) -> Any:
    """How long the axis was of which the windows were taken; `length` may be a tensor.

    Where several lengths give as many windows, `output_padding` chooses one.
    """
    if length is None:
        return None
    window += (window - 1) * (dilation - 1)
    if output_padding is None:
        return length * stride + max(window - stride, 0) if padding == "valid" else length * stride
    pad = window // 2 if padding == "same" else 0
    return (length - 1) * stride + window - 2 * pad + output_padding


def channel_axis(data_format: str) -> int:
    return 1 if data_format == "channels_first" else -1


def around(data_format: str, spatial: tuple) -> tuple:
    """Numbers for all axes of images from those for the spatial ones: 1 for batch and channels."""
    return (1, 1, *spatial) if data_format == "channels_first" else (1, *spatial, 1)
