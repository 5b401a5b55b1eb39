"""Fields of protocol buffers whose types are only known when a graph runs: found, read and written in the wire format.

See https://protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

import functools
import importlib
import struct
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from google.protobuf import descriptor_pb2, descriptor_pool, message

from pyflow.core import dtypes
from pyflow.core.dtypes import DType
from pyflow.core.errors import InvalidArgumentError
from pyflow.protos import TENSORFLOW_MODULES

VARINT, FIXED64, BYTES, GROUP, GROUP_END, FIXED32 = range(6)


class Malformed(ValueError):
    """The bytes are no message."""


class Kind(NamedTuple):
    """How a type of field is named, written, and which dtypes its values may have.

    `form` is struct's for numbers of fixed size; for varints the number of bits, of `signed` ones; "" for bytes.
    """

    name: str
    wire_type: int
    form: Any
    accepted: tuple[DType, ...]
    signed: bool = False
    zigzag: bool = False


_INT32, _UINT32 = (dtypes.int32, dtypes.int64), (dtypes.uint32, dtypes.uint64)
_INT64, _UINT64 = (dtypes.int64,), (dtypes.uint64,)
# By the numbers that descriptors have for them.
KINDS = {
    1: Kind("double", FIXED64, "<d", (dtypes.float64,)),
    2: Kind("float", FIXED32, "<f", (dtypes.float32, dtypes.float64)),
    3: Kind("int64", VARINT, 64, _INT64, signed=True),
    4: Kind("uint64", VARINT, 64, _UINT64),
    5: Kind("int32", VARINT, 32, _INT32, signed=True),
    6: Kind("fixed64", FIXED64, "<Q", _UINT64),
    7: Kind("fixed32", FIXED32, "<I", _UINT32),
    8: Kind("bool", VARINT, 1, (dtypes.bool,)),
    9: Kind("string", BYTES, "", (dtypes.string,)),
    10: Kind("group", GROUP, "", (dtypes.string,)),
    11: Kind("message", BYTES, "", (dtypes.string,)),
    12: Kind("bytes", BYTES, "", (dtypes.string,)),
    13: Kind("uint32", VARINT, 32, _UINT32),
    14: Kind("enum", VARINT, 32, (dtypes.int32,), signed=True),
    15: Kind("sfixed32", FIXED32, "<i", _INT32),
    16: Kind("sfixed64", FIXED64, "<q", _INT64),
    17: Kind("sint32", VARINT, 32, _INT32, signed=True, zigzag=True),
    18: Kind("sint64", VARINT, 64, _INT64, signed=True, zigzag=True),
}


@functools.lru_cache(16)
def described(source: bytes) -> Any:
    """The pool of the descriptors in a serialized FileDescriptorSet.

    Raises:
      InvalidArgumentError: the bytes are none.
    """
    found = descriptor_pb2.FileDescriptorSet()
    pool = descriptor_pool.DescriptorPool()
    try:
        found.ParseFromString(source)
        for file in found.file:
            pool.AddSerializedFile(file.SerializeToString())
    except message.DecodeError:
        words = "Source does not represent serialized file descriptor set proto."
        raise InvalidArgumentError(None, None, words) from None
    except TypeError as error:
        raise InvalidArgumentError(None, None, f"Failed to create a descriptor pool: {error}") from None
    return pool


def descriptor(message_type: str, source: bytes) -> Any:
    """What is known of a type of messages.

    Args:
      source: "local://" for the types that this process has; "bytes://" and a serialized FileDescriptorSet; or the
        path of a file with one.

    Raises:
      InvalidArgumentError: there is no such type, or the source is no such set.
    """
    names = [message_type]
    if source == b"local://":
        for module in dict.fromkeys(TENSORFLOW_MODULES.values()):
            importlib.import_module(f"pyflow.protos.{module}")
        pool: Any = descriptor_pool.Default()
        if message_type.startswith("tensorflow."):
            names.insert(0, "pyflow." + message_type.removeprefix("tensorflow."))
    elif source.startswith(b"bytes://"):
        pool = described(source.removeprefix(b"bytes://"))
    else:
        pool = described(_content_of(source) if source else b"")
    for name in names:
        try:
            return pool.FindMessageTypeByName(name)
        except KeyError:
            continue
    raise InvalidArgumentError(None, None, f"No descriptor found for message type {message_type}")


def _content_of(path: bytes) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        words = "Source does not represent serialized file descriptor set proto."
        raise InvalidArgumentError(None, None, words) from None


def field(described_type: Any, message_type: str, name: str) -> Any:
    """The field of that name.

    Raises:
      InvalidArgumentError: there is none.
    """
    found = described_type.fields_by_name.get(name)
    if found is None:
        raise InvalidArgumentError(None, None, f"Unknown field: {name} in message type {message_type}")
    return found


def fields_of(data: bytes) -> Iterator[tuple[int, int, Any]]:
    """Number, wire type and content of each field: a number for varints, else bytes.

    Raises:
      Malformed: the bytes are no message.
    """
    position, size = 0, len(data)
    while position < size:
        tag, position = _varint(data, position)
        number, wire_type = tag >> 3, tag & 7
        start = position
        if wire_type == VARINT:
            value, position = _varint(data, position)
            yield number, wire_type, value
            continue
        if wire_type == GROUP:
            end, position = _group_end(data, position, number)
        elif wire_type == BYTES:
            length, start = _varint(data, position)
            end = position = start + length
        elif wire_type in (FIXED32, FIXED64):
            end = position = start + (8 if wire_type == FIXED64 else 4)
        else:
            raise Malformed
        if not number or end > size:
            raise Malformed
        yield number, wire_type, data[start:end]


def _group_end(data: bytes, position: int, number: int) -> tuple[int, int]:
    """Where the content of a group ends, and what is behind it starts."""
    open_groups = [number]
    while open_groups:
        start = position
        tag, position = _varint(data, position)
        wire_type = tag & 7
        if wire_type == GROUP:
            open_groups.append(tag >> 3)
        elif wire_type == GROUP_END:
            if open_groups.pop() != tag >> 3:
                raise Malformed
            if not open_groups:
                return start, position
        elif wire_type == VARINT:
            _, position = _varint(data, position)
        elif wire_type == BYTES:
            length, position = _varint(data, position)
            position += length
        elif wire_type in (FIXED32, FIXED64):
            position += 8 if wire_type == FIXED64 else 4
        else:
            raise Malformed
    raise Malformed


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 70 and position < len(data):
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, position
        shift += 7
    raise Malformed


def values_in(kind: Kind, wire_type: int, content: Any) -> list:
    """The values that a field with that content has; none if it is of another type, several if they are packed.

    Raises:
      Malformed: packed numbers that are cut off.
    """
    if wire_type == kind.wire_type:
        if kind.form == "":
            return [content]
        return [_number(kind, content)] if wire_type == VARINT else [struct.unpack(kind.form, content)[0]]
    if wire_type != BYTES or kind.form == "":
        return []
    if kind.wire_type != VARINT:
        if len(content) % struct.calcsize(kind.form):
            raise Malformed
        return [value for (value,) in struct.iter_unpack(kind.form, content)]
    values, position = [], 0
    while position < len(content):
        value, position = _varint(content, position)
        values.append(_number(kind, value))
    return values


def _number(kind: Kind, value: int) -> Any:
    if kind.form == 1:
        return value != 0
    value &= (1 << kind.form) - 1
    if kind.zigzag:
        return value >> 1 ^ -(value & 1)
    return value - (1 << kind.form) if kind.signed and value >> kind.form - 1 else value


def written(kind: Kind, number: int, packed: bool, values: Iterable) -> bytes:
    """A field with these values, as it stands in a message."""
    contents = [_content(kind, value) for value in values]
    if packed and contents:
        data = b"".join(contents)
        return _as_varint(number << 3 | BYTES) + _as_varint(len(data)) + data
    tag = _as_varint(number << 3 | kind.wire_type)
    if kind.wire_type == BYTES:
        return b"".join(tag + _as_varint(len(content)) + content for content in contents)
    end = _as_varint(number << 3 | GROUP_END) if kind.wire_type == GROUP else b""
    return b"".join(tag + content + end for content in contents)


def _content(kind: Kind, value: Any) -> bytes:
    if kind.form == "":
        return value
    if kind.wire_type == VARINT:
        if kind.form == 1:
            return b"\1" if value else b"\0"
        value = _number(kind._replace(zigzag=False), int(value))
        if kind.zigzag:
            value = value << 1 ^ value >> 63
        return _as_varint(value & (0xFFFFFFFFFFFFFFFF if not kind.zigzag else (1 << kind.form) - 1))
    if kind.form in ("<d", "<f"):
        return struct.pack(kind.form, value)
    bits = 8 * struct.calcsize(kind.form)
    return (int(value) & (1 << bits) - 1).to_bytes(bits // 8, "little")


def _as_varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
