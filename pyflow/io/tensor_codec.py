"""The bytes of one tensor in a `.data` file."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.dtypes import DType
from pyflow.core.errors import DataLossError, UnimplementedError
from pyflow.io import crc32c, variant_codec, varint


def encode(array: Any, dtype: DType) -> tuple[list[Any], int]:
    """A tensor as buffers to be written one after the other, and the checksum of them.

    Raises:
      UnimplementedError: tensors of that dtype are not saved.
    """
    if dtype is dtypes.string:
        return _encode_strings([bytes(item) for item in np.asarray(array).reshape(-1)])
    if dtype is dtypes.variant:
        return variant_codec.encode(array)
    if not dtype.is_numpy_compatible:
        raise UnimplementedError(None, None, f"Saving a tensor of {dtype.name} is not supported")
    stored = np.ascontiguousarray(array, np.dtype(dtype.as_numpy_dtype).newbyteorder("<"))
    data = stored.reshape(-1).view(np.uint8).data
    return [data], crc32c.value(data)


def _encode_strings(strings: list[bytes]) -> tuple[list[Any], int]:
    # What is summed is the lengths as fixed-size numbers, the masked sum of those, and the text.
    lengths = b"".join(varint.encode(len(s)) for s in strings)
    crc = crc32c.value(_fixed_lengths(strings))
    check = struct.pack("<I", crc32c.mask(crc))
    text = b"".join(strings)
    return [lengths, check, text], crc32c.extend(crc32c.extend(crc, check), text)


def _fixed_lengths(strings: list[bytes]) -> bytes:
    return b"".join(struct.pack("<I" if len(s) < 1 << 32 else "<Q", len(s)) for s in strings)


def decode(data: Any, dtype: DType, shape: tuple[int, ...]) -> tuple[np.ndarray, int]:
    """The tensor of that dtype and shape, and the checksum that it should have.

    Args:
      data: a uint8 array, which becomes the tensor's memory.

    Raises:
      DataLossError: the data do not have the size of such a tensor.
    """
    count = 1
    for size in shape:
        count *= size
    if dtype is dtypes.string:
        strings, crc = _decode_strings(data.data, count)
        array = np.empty(count, object)
        array[:] = strings
        return array.reshape(shape), crc
    if dtype is dtypes.variant:
        messages, crc = variant_codec.decode(data.data, count)
        return messages.reshape(shape), crc
    numpy_dtype = np.dtype(dtype.as_numpy_dtype)
    if count * numpy_dtype.itemsize != len(data):
        raise DataLossError(
            None,
            None,
            f"Invalid size in bundle entry: stored size {len(data)}; expected {count * numpy_dtype.itemsize}",
        )
    crc = crc32c.value(data.data)
    stored = data.view(numpy_dtype.newbyteorder("<"))
    if dtype is dtypes.bool and data.size and data.max() > 1:
        stored = data.astype(bool)
    return stored.astype(numpy_dtype, copy=False).reshape(shape), crc


def _decode_strings(data: memoryview, count: int) -> tuple[list[bytes], int]:
    if count + 4 > len(data):  # each has a length of at least one byte
        raise DataLossError(None, None, "String lengths longer than expected offset")
    lengths, position = [], 0
    for _ in range(count):
        length, position = varint.decode(data, position, len(data))
        lengths.append(length)
    if position + 4 + sum(lengths) != len(data):
        raise DataLossError(None, None, "Lengths of strings do not add up to the size of the tensor")
    check, position = bytes(data[position : position + 4]), position + 4
    crc = crc32c.value(b"".join(struct.pack("<I" if n < 1 << 32 else "<Q", n) for n in lengths))
    if check != struct.pack("<I", crc32c.mask(crc)):
        raise DataLossError(None, None, "The length checksum does not match")
    crc = crc32c.extend(crc32c.extend(crc, check), data[position:])
    strings = []
    for length in lengths:
        strings.append(bytes(data[position : position + length]))
        position += length
    return strings, crc
