"""Bytes as numbers, and compressed bytes as they were."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.deprecation import renamed_argument
from pyflow.core.errors import DataLossError, InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, attr, op, sample
from pyflow.core.tensor import Tensor
from pyflow.ops.shape_rules import same_as

_NUMBERS = (
    dtypes.float16, dtypes.float32, dtypes.float64, dtypes.int32, dtypes.uint16, dtypes.uint8, dtypes.int16,
    dtypes.int8, dtypes.int64,
)  # fmt: skip
_RAW = (*_NUMBERS, dtypes.complex64, dtypes.complex128, dtypes.bool)


def _c_name(dtype: dtypes.DType) -> str:
    return {"float32": "float", "float64": "double", "float16": "half"}.get(dtype.name, dtype.name)


def _numbers(strings: list[bytes], dtype: dtypes.DType, little_endian: bool) -> np.ndarray:
    if dtype.is_complex and not little_endian:  # all bytes of a number are turned round, both of its parts at once
        turned = np.frombuffer(b"".join(strings), np.uint8).reshape(-1, dtype.size)[:, ::-1]
        return turned.copy().view(f"<c{dtype.size}").reshape(-1)
    stored = np.dtype(dtype.as_numpy_dtype).newbyteorder("<" if little_endian else ">")
    return np.frombuffer(bytearray().join(strings), stored).astype(dtype.as_numpy_dtype, copy=False)


@op("DecodeRaw(bytes: string) -> (output: out_type)", out_type=attr("type", allowed=_RAW), little_endian=True)
class DecodeRaw:
    """The numbers whose bytes each string is, as a last dimension."""

    grad = NOT_DIFFERENTIABLE
    samples = [
        sample(np.array([b"\x01\x02", b"\x03\x04"], object), out_type=dtypes.uint8),
        sample(np.array(b"\x01\x02", object), out_type=dtypes.int16, little_endian=False),
    ]

    def shape(bytes):
        return None if bytes is None else (*bytes, None)

    def cpu(bytes, out_type, little_endian):
        texts = np.asarray(bytes, object)
        flat = texts.reshape(-1).tolist()
        size, width = len(flat[0]) if flat else 0, out_type.size
        for i, data in enumerate(flat):
            if len(data) != size:
                words = f"DecodeRaw requires input strings to all be the same size, but element {i} has size {size} != "
                raise InvalidArgumentError(None, None, f"{words}{len(data)}")
        if size % width:
            raise InvalidArgumentError(
                None,
                None,
                f"Input to DecodeRaw has length {size} that is not a multiple of {width}, the size of "
                f"{_c_name(out_type)}",
            )
        return _numbers(flat, out_type, little_endian).reshape(*texts.shape, size // width)


@op(
    "DecodePaddedRaw(input_bytes: string, fixed_length: int32) -> (output: out_type)",
    out_type=attr("type", allowed=_NUMBERS),
    little_endian=True,
)
class DecodePaddedRaw:
    """As `DecodeRaw`, of strings first cut or filled with zero bytes to a fixed length."""

    grad = NOT_DIFFERENTIABLE
    samples = [sample(np.array([b"\x01\x02\x03", b"\x03"], object), 4, out_type=dtypes.int16)]

    def shape(input_bytes, fixed_length_value, out_type):
        if input_bytes is None:
            return None
        if fixed_length_value is None:
            return (*input_bytes, None)
        length = int(fixed_length_value)
        if length % out_type.size:
            raise ShapeError(f"Dimension size must be evenly divisible by {out_type.size} but is {length}")
        return (*input_bytes, length // out_type.size)

    def cpu(input_bytes, fixed_length, out_type, little_endian):
        texts, length = np.asarray(input_bytes, object), int(fixed_length)
        if length <= 0:
            raise InvalidArgumentError(None, None, "`fixed_length` must be positive")
        if length % out_type.size:
            words = f"fixed_length ({length}) must be a multiple of the size of out_type ({out_type.size})"
            raise InvalidArgumentError(None, None, words)
        strings = [text[:length].ljust(length, b"\0") for text in texts.reshape(-1)]
        return _numbers(strings, out_type, little_endian).reshape(*texts.shape, length // out_type.size)


@op("DecodeCompressed(bytes: string) -> (output: string)", compression_type="")
class DecodeCompressed:
    """Each string decompressed."""

    shape = same_as("bytes")
    grad = NOT_DIFFERENTIABLE
    samples = [sample(np.array([zlib.compress(b"abc")], object), compression_type="ZLIB")]

    def cpu(bytes, compression_type):
        window_bits = {"": 0, "ZLIB": 15, "GZIP": 31}.get(compression_type)
        if window_bits is None:
            raise InvalidArgumentError(None, None, "Only ZLIB, GZIP or NONE are supported compressions")
        texts = np.asarray(bytes, object)
        if not window_bits:
            return texts
        out = np.empty(texts.shape, object)
        for index in np.ndindex(texts.shape):
            try:
                out[index] = zlib.decompress(texts[index], window_bits)
            except zlib.error as error:
                words = str(error).replace("Error", "error", 1).replace(" while decompressing data", "", 1)
                raise DataLossError(None, None, f"inflate() failed with {words}") from None
        return out


@export("decode_raw", "io.decode_raw")
def decode_raw_v1(
    input_bytes: Any = None,
    out_type: Any = None,
    little_endian: bool = True,
    name: str | None = None,
    bytes: Any = None,
) -> Tensor:
    """The numbers whose bytes each string is.

    Args:
      input_bytes: strings, all of the same length; `bytes` is the older name.
      out_type: the dtype of the numbers.
      little_endian: the order of the bytes of each.

    Returns:
      The shape of `input_bytes` and a last dimension for the numbers of each string.

    Raises:
      InvalidArgumentError: the strings differ in length, or do not hold whole numbers.
    """
    input_bytes = renamed_argument("input_bytes", input_bytes, "bytes", bytes)
    if out_type is None:
        raise ValueError("decode_raw_v1() missing 1 positional argument: 'out_type'")
    return DecodeRaw(input_bytes, out_type, little_endian=little_endian, name=name)


decode_compressed = export("decode_compressed", "io.decode_compressed")(DecodeCompressed)


def decode_raw(
    input_bytes: Any, out_type: Any, little_endian: bool = True, fixed_length: Any = None, name: str | None = None
) -> Tensor:
    """As `decode_raw_v1`, with strings first cut or filled to `fixed_length` bytes if that is given."""
    if fixed_length is None:
        return DecodeRaw(input_bytes, out_type, little_endian=little_endian, name=name)
    return DecodePaddedRaw(input_bytes, fixed_length, out_type, little_endian=little_endian, name=name)
