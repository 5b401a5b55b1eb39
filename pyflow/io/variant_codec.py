"""The bytes of tensors of dtype variant in a `.data` file: what their elements say of themselves as messages."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from pyflow.core.errors import DataLossError, UnimplementedError
from pyflow.io import crc32c, varint
from pyflow.protos.tensor_pb2 import VariantTensorDataProto


def encode(array: Any) -> tuple[list[bytes], int]:
    """The buffers to be written, and their checksum, which takes lengths as numbers of 64 bits.

    Raises:
      UnimplementedError: an element is nothing that can be saved.
    """
    buffers, crc = [], 0
    for element in np.asarray(array, object).reshape(-1):
        if not hasattr(element, "as_variant_message"):
            raise UnimplementedError(None, None, f"Saving a variant of {type(element).__name__} is not supported")
        text = element.as_variant_message().SerializeToString()
        crc = crc32c.extend(crc32c.extend(crc, struct.pack("<Q", len(text))), text)
        check = struct.pack("<I", crc32c.mask(crc))
        crc = crc32c.extend(crc, check)
        buffers.append(varint.encode(len(text)) + text + check)
    return buffers, crc


def decode(data: memoryview, count: int) -> tuple[np.ndarray, int]:
    """The messages of `count` elements, and the checksum that their bytes should have.

    Raises:
      DataLossError: these are no such bytes.
    """
    messages, position, crc = np.empty(count, object), 0, 0
    for i in range(count):
        length, position = varint.decode(data, position, len(data))
        end = position + length
        if end + 4 > len(data):
            raise DataLossError(None, None, "A variant is longer than the tensor that it is in")
        text, check = bytes(data[position:end]), bytes(data[end : end + 4])
        crc = crc32c.extend(crc32c.extend(crc, struct.pack("<Q", length)), text)
        if check != struct.pack("<I", crc32c.mask(crc)):
            raise DataLossError(None, None, "The checksum of a variant does not match")
        crc = crc32c.extend(crc, check)
        try:
            messages[i] = VariantTensorDataProto.FromString(text)
        except DecodeError:
            raise DataLossError(None, None, "A variant is no message") from None
        position = end + 4
    return messages, crc
