"""tf.train.Example in the wire format of protocol buffers: where in the bytes the values of its features are.

Reading the bytes directly is several times faster than making messages of them, as most of what an Example holds can
be handed on as it stands. See https://protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

# The kinds of a feature are the numbers of their fields in the message `Feature`; 0 stands for one that holds nothing.
NOTHING, BYTES, FLOAT, INT64 = range(4)
# What the lower seven bits of the first bytes of a varint count.
_SHARES = 1 << 7 * np.arange(8, dtype=np.int64)


class Malformed(ValueError):
    """The bytes are no message of that type."""


class Located(NamedTuple):
    """A feature: its kind, and where in the message its values are, as (start, end) in bytes.

    A stretch is one element of a bytes list, or a run of floats or of varints.
    """

    kind: int
    stretches: list[tuple[int, int]]


def locate_example(data: bytes) -> dict[bytes, Located]:
    """The features of a serialized Example by their names; of two with the same name the last.

    Raises:
      Malformed: it is none.
    """
    found: dict[bytes, Located] = {}
    try:
        position, size = 0, len(data)
        while position < size:
            tag, position = _varint(data, position)
            if tag == 0x0A:
                end, position = _extent(data, position, size)
                locate_features(data, position, end, found)
                position = end
            else:
                position = min(_skip(data, position, tag), size)
    except IndexError:
        raise Malformed from None
    return found


def locate_sequence_example(data: bytes) -> tuple[dict[bytes, Located], dict[bytes, list[Located]]]:
    """The context of a serialized SequenceExample, and its feature lists.

    Raises:
      Malformed: it is none.
    """
    context: dict[bytes, Located] = {}
    lists: dict[bytes, list[Located]] = {}
    try:
        position, size = 0, len(data)
        while position < size:
            tag, position = _varint(data, position)
            if tag in (0x0A, 0x12):
                end, position = _extent(data, position, size)
                if tag == 0x0A:
                    locate_features(data, position, end, context)
                else:
                    _locate_lists(data, position, end, lists)
                position = end
            else:
                position = _skip(data, position, tag)
                if position > size:
                    raise Malformed
    except IndexError:
        raise Malformed from None
    return context, lists


def locate_features(data: bytes, position: int, end: int, found: dict[bytes, Located]) -> None:
    """Adds what stands in data[position:end], a message `Features`, to `found`."""
    while position < end:
        tag, position = _varint(data, position)
        if tag != 0x0A:
            position = _skip(data, position, tag)
            continue
        entry_end, position = _extent(data, position, end)
        if entry_end - position >= 4:  # nearly always: the key, whose length is one byte, then the feature
            key_end = position + 2 + data[position + 1]
            if data[position] == 0x0A and data[position + 1] < 0x80 and key_end + 1 < entry_end:
                length, start = data[key_end + 1], key_end + 2
                if length >= 0x80:
                    length, start = _varint(data, key_end + 1)
                if data[key_end] == 0x12 and start + length == entry_end:
                    found[data[position + 2 : key_end]] = _feature(data, start, entry_end)
                    position = entry_end
                    continue
        key, start, stop = _entry(data, position, entry_end)
        found[key] = _feature(data, start, stop)
        position = entry_end
    if position > end:
        raise Malformed


def _locate_lists(data: bytes, position: int, end: int, found: dict[bytes, list[Located]]) -> None:
    while position < end:
        tag, position = _varint(data, position)
        if tag != 0x0A:
            position = _skip(data, position, tag)
            continue
        entry_end, position = _extent(data, position, end)
        key, start, stop = _entry(data, position, entry_end)
        steps = []
        while start < stop:
            tag, start = _varint(data, start)
            if tag == 0x0A:
                step_end, start = _extent(data, start, stop)
                steps.append(_feature(data, start, step_end))
                start = step_end
            else:
                start = _skip(data, start, tag)
        found[key] = steps
        position = entry_end


def _entry(data: bytes, position: int, end: int) -> tuple[bytes, int, int]:
    """Key of an entry of a map, and where its value starts and ends."""
    key, start, stop = b"", position, position
    while position < end:
        tag, position = _varint(data, position)
        if tag == 0x0A:
            stretch_end, position = _extent(data, position, end)
            key = data[position:stretch_end]
            position = stretch_end
        elif tag == 0x12:
            stop, start = _extent(data, position, end)
            position = stop
        else:
            position = _skip(data, position, tag)
    return key, start, stop


def _feature(data: bytes, position: int, end: int) -> Located:
    kind, stretches = NOTHING, []
    if end - position >= 4:  # nearly always: one list, with one stretch of values
        tag, length, start = data[position], data[position + 1], position + 2
        if length >= 0x80:
            length, start = _varint(data, position + 1)
        if start + length == end and length >= 2 and tag in (0x0A, 0x12, 0x1A) and data[start] == 0x0A:
            length, first = data[start + 1], start + 2
            if length >= 0x80:
                length, first = _varint(data, start + 1)
            if first + length == end and (tag != 0x12 or length % 4 == 0):
                return Located(tag >> 3, [(first, end)])
    while position < end:
        tag, position = _varint(data, position)
        if tag in (0x0A, 0x12, 0x1A):
            list_end, position = _extent(data, position, end)
            if kind != tag >> 3:
                kind, stretches = tag >> 3, []
            _locate_values(data, position, list_end, kind, stretches)
            position = list_end
        else:
            position = _skip(data, position, tag)
    return Located(kind, stretches)


def _locate_values(data: bytes, position: int, end: int, kind: int, stretches: list[tuple[int, int]]) -> None:
    while position < end:
        tag, position = _varint(data, position)
        if tag == 0x0A:  # an element of bytes, or packed numbers
            position, start = _extent(data, position, end)
            if kind == FLOAT and (position - start) % 4:
                raise Malformed
            stretches.append((start, position))
        elif kind == INT64 and tag == 0x08:
            start = position
            _, position = _varint(data, position)
            stretches.append((start, position))
        elif kind == FLOAT and tag == 0x0D:
            stretches.append((position, position + 4))
            position += 4
        else:
            position = _skip(data, position, tag)
    if position > end:
        raise Malformed


def _varint(data: bytes, position: int) -> tuple[int, int]:
    byte = data[position]
    position += 1
    if byte < 0x80:
        return byte, position
    value, shift = byte & 0x7F, 7
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
        if shift > 63:
            raise Malformed


def _extent(data: bytes, position: int, limit: int) -> tuple[int, int]:
    """End and start of a field that begins with its length."""
    length = data[position]
    position += 1
    if length >= 0x80:
        length, position = _varint(data, position - 1)
    if position + length > limit:
        raise Malformed
    return position + length, position


def _skip(data: bytes, position: int, tag: int) -> int:
    """Where the field after one with that tag starts, of which nothing is wanted."""
    wire_type = tag & 7
    if wire_type == 0:
        return _varint(data, position)[1]
    if wire_type == 1:
        return position + 8
    if wire_type == 2:
        length, position = _varint(data, position)
        return position + length
    if wire_type == 5:
        return position + 4
    raise Malformed


def append_values(data: bytes, feature: Located, values: list) -> int:
    """Appends the values of a feature (floats as stretches of bytes), and gives their number.

    Raises:
      Malformed: an integer has no end.
    """
    if feature.kind == BYTES:
        values += [data[start:end] for start, end in feature.stretches]
        return len(feature.stretches)
    if feature.kind == INT64 and len(feature.stretches) == 1:
        ((start, end),) = feature.stretches
        numbers = _integers(data[start:end])
        values += numbers
        return len(numbers)
    count = 0
    for start, end in feature.stretches:
        if feature.kind == FLOAT:
            values.append(data[start:end])
            count += (end - start) // 4
        else:
            numbers = _integers(data[start:end])
            values += numbers
            count += len(numbers)
    return count


def _integers(run: bytes) -> Any:
    if run.isascii():
        return run
    if len(run) > 64:
        return integers_of_rows(np.frombuffer(run, np.uint8)[None])[0].tolist()
    numbers, position = [], 0
    try:
        while position < len(run):
            number, position = _varint(run, position)
            number &= 0xFFFFFFFFFFFFFFFF
            numbers.append(number - (1 << 64) if number >> 63 else number)
    except IndexError:
        raise Malformed from None
    return numbers


def integers_of_rows(rows: np.ndarray) -> np.ndarray:
    """The integers of runs of varints [rows, bytes] of which each byte's highest bit is the same in all rows."""
    ends = np.flatnonzero(rows[0] < 0x80)
    if len(ends) == rows.shape[1]:
        return rows.astype(np.int64)
    if not len(ends) or ends[-1] != rows.shape[1] - 1:
        raise Malformed
    if len(ends) == 1 and len(rows[0]) <= 8:
        return (rows & 0x7F) @ _SHARES[: len(rows[0]), None]
    starts = np.concatenate([[0], ends[:-1] + 1])
    sizes = ends - starts + 1
    numbers = np.zeros((len(rows), len(ends)), np.uint64)
    for k in range(min(int(sizes.max()), 10)):
        longer = np.flatnonzero(sizes > k)
        numbers[:, longer] |= (rows[:, starts[longer] + k] & 0x7F).astype(np.uint64) << np.uint64(7 * k)
    return numbers.view(np.int64)
