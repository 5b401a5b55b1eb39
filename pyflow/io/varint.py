"""Whole numbers of variable length: seven bits a byte, the lowest first."""

from __future__ import annotations

from typing import Any

from pyflow.core.errors import DataLossError


def encode(number: int) -> bytes:
    """The bytes of a number that is not negative."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def decode(data: Any, position: int, end: int, bits: int = 64) -> tuple[int, int]:
    """The number that starts at `position`, and the position after it.

    Raises:
      DataLossError: it does not end before `end`, or has more than `bits` bits.
    """
    number = shift = 0
    while position < end and shift < bits:
        byte = data[position]
        position += 1
        number |= (byte & 127) << shift
        if byte < 128:
            if number >> bits:
                break
            return number, position
        shift += 7
    raise DataLossError(None, None, "bad number of variable length")
