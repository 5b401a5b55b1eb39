"""Slices of tensors, as checkpoints name them: "4 8 0,2:-" is rows 0 and 1 of a tensor of shape [4, 8]."""

from __future__ import annotations

from typing import Any, NamedTuple

from pyflow.core.errors import InvalidArgumentError


class TensorSlice(NamedTuple):
    """Start and length on every axis; a length of None is the whole axis."""

    extents: tuple[tuple[int, int | None], ...]

    def shape(self, full: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of the slice of a tensor of shape `full`."""
        return tuple(size if length is None else length for (_, length), size in zip(self.extents, full))

    def index(self) -> tuple[slice, ...]:
        """The slice as numpy's subscript."""
        return tuple(slice(start, None if length is None else start + length) for start, length in self.extents)

    def is_within(self, full: tuple[int, ...]) -> bool:
        """Whether a tensor of shape `full` has such a slice."""
        return len(self.extents) == len(full) and all(
            start == 0 if length is None else start >= 0 and 0 <= length <= size - start
            for (start, length), size in zip(self.extents, full)
        )

    def is_full(self, full: tuple[int, ...]) -> bool:
        """Whether it is all of a tensor of shape `full`."""
        return self.shape(full) == full

    def write(self, message: Any) -> None:
        """Fills a TensorSliceProto."""
        for start, length in self.extents:
            extent = message.extent.add()
            if length is not None:
                extent.start, extent.length = start, length


def whole_of(rank: int) -> TensorSlice:
    """All of a tensor of that rank."""
    return TensorSlice(((0, None),) * rank)


def read_slice(message: Any) -> TensorSlice:
    """The slice that a TensorSliceProto stands for."""
    return TensorSlice(tuple((e.start, e.length if e.HasField("length") else None) for e in message.extent))


def parse_slice(text: str) -> TensorSlice:
    """The slice that is written as "0,2:-".

    Raises:
      InvalidArgumentError: the text is not of that form.
    """
    extents: list[tuple[int, int | None]] = []
    for part in text.split(":") if text else ():
        if part == "-":
            extents.append((0, None))
            continue
        numbers = part.split(",")
        if len(numbers) != 2 or not all(n.isascii() and n.isdigit() for n in numbers) or int(numbers[1]) <= 0:
            raise InvalidArgumentError(
                None, None, f"Expected a pair of numbers or '-' but got '{part}': string = {text}"
            )
        extents.append((int(numbers[0]), int(numbers[1])))
    return TensorSlice(tuple(extents))


def parse_shape_and_slice(text: str) -> tuple[tuple[int, ...], TensorSlice]:
    """The full shape and the slice that "4 8 0,2:-" stands for.

    Raises:
      InvalidArgumentError: the text is not of that form, or the shape has no such slice.
    """
    *sizes, part = text.split(" ")
    if not sizes or not all(n.isascii() and n.isdigit() for n in sizes):
        raise InvalidArgumentError(None, None, f"Need least two elements in shape_and_slice specification: {text}")
    shape, found = tuple(int(n) for n in sizes), parse_slice(part)
    if not found.is_within(shape):
        raise InvalidArgumentError(None, None, f"Shape {list(shape)} has no slice {part}: shape_and_slice = {text}")
    return shape, found


def slice_key(name: bytes, part: TensorSlice) -> bytes:
    """The key under which a slice is stored: text and numbers so encoded that keys sort as what they stand for does."""
    escaped = _escaped(name)
    key = _number(0) + escaped + b"\x00\x01" + _number(len(part.extents))
    for start, length in part.extents:
        key += _signed(start) + _signed(-1 if length is None else length)
    return key


def _escaped(text: bytes) -> bytes:
    return b"".join({0: b"\x00\xff", 255: b"\xff\x00"}.get(byte, bytes([byte])) for byte in text)


def _number(value: int) -> bytes:
    content = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return bytes([len(content)]) + content


def _signed(value: int) -> bytes:
    """As many leading ones (zeros, for a negative number) as there are bytes, then the number in two's complement."""
    magnitude = ~value if value < 0 else value
    size = magnitude.bit_length() // 7 + 1
    header = ((1 << size) - 1) << (8 * size - size)
    return ((value & ((1 << 8 * size) - 1)) ^ header).to_bytes(size, "big")
