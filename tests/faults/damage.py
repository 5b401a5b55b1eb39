"""Ways to damage files: by chance, and on purpose, behind the checksums."""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Callable

from pyflow.io import crc32c, varint
from pyflow.io.table import FOOTER_SIZE, MAGIC, TableReader, TableWriter

HOSTILE = [
    0,
    1,
    2,
    127,
    128,
    255,
    1 << 16,
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 1,
    1 << 40,
    (1 << 63) - 1,
    (1 << 64) - 1,
]


def by_chance(random: random.Random, data: bytes) -> bytes:
    """A truncation, flipped bits, bytes put in, taken out, moved or repeated, or a hostile number in their place."""
    size = len(data)
    at = random.randrange(size) if size else 0
    some = random.randrange(1, 20)
    piece = data[at : at + some]
    kind = random.randrange(8)
    if kind == 0:
        return data[:at]
    if kind == 1:
        return data[:at] + bytes(b ^ 1 << random.randrange(8) for b in data[at : at + 1]) + data[at + 1 :]
    if kind == 2:
        return data[:at] + random.randbytes(some) + data[at:]
    if kind == 3:
        return data[:at] + data[at + some :]
    if kind == 4:
        return data[:at] + random.randbytes(len(piece)) + data[at + some :]
    if kind == 5:
        return data[:at] + varint.encode(random.choice(HOSTILE)) + data[at + random.randrange(3) :]
    if kind == 6:
        other = random.randrange(size + 1)
        return data[:other] + piece + data[other:]
    width = random.choice((4, 8))
    return data[:at] + random.choice(HOSTILE).to_bytes(8, "little")[:width] + data[at + width :]


def behind_checksums(random: random.Random, table: bytes) -> bytes:
    """A table one of whose blocks is damaged, with a checksum that is right again."""
    footer = table[-FOOTER_SIZE:]
    blocks, position = [], 0
    for _ in range(2):
        offset, position = varint.decode(footer, position, 40)
        size, position = varint.decode(footer, position, 40)
        blocks.append((offset, size))
    blocks.append((0, blocks[0][0] - 5))  # the one with the pairs
    contents = [table[offset : offset + size] for offset, size in blocks]
    hurt = random.choice((1, 2, 2))
    contents[hurt] = by_chance(random, contents[hurt])
    kind = random.choice((0, 0, 0, 1, 7))  # not compressed, said to be, unknown
    out, handles = b"", {}
    for number in (2, 0, 1):
        handles[number] = varint.encode(len(out)) + varint.encode(len(contents[number]))
        typed = contents[number] + bytes([kind if number == hurt else 0])
        out += typed + struct.pack("<I", crc32c.mask(crc32c.value(typed)))
    return out + (handles[0] + handles[1]).ljust(40, b"\0") + struct.pack("<Q", MAGIC)


def with_values(table: bytes, change: Callable[[bytes, bytes], bytes]) -> bytes:
    """A table whose values are changed: `change(key, value)`."""
    pairs = TableReader(io.BytesIO(table)).read_all()
    file = io.BytesIO()
    writer = TableWriter(file)
    for key, value in pairs.items():
        writer.add(key, change(key, value))
    writer.finish()
    return file.getvalue()


def hostile_message(random: random.Random, message: bytes) -> bytes:
    """A protocol buffer with damage, a field of hostile size, or nested more deeply than anything sane."""
    kind = random.randrange(5)
    if kind == 0:
        return message + bytes([random.randrange(1, 9) << 3 | 2]) + varint.encode(random.choice(HOSTILE))
    if kind == 1:
        return message + bytes([random.randrange(1, 9) << 3]) + varint.encode(random.choice(HOSTILE))
    if kind == 2:
        return message + bytes([random.randrange(1, 16) << 3 | 3]) * random.choice((10, 1000, 20_000))
    if kind == 3:
        nested = b""
        for _ in range(random.choice((5, 200, 1000))):
            nested = b"\x12" + varint.encode(len(nested)) + nested
        return message + nested
    return by_chance(random, message)
