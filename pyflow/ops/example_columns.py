"""Many serialized Examples as columns: of each feature all its values, one example after the other.

Examples of one writer mostly look alike: the same features in the same order and as many bytes, only with other values.
Those are read together: their bytes make a matrix, in which what has to be equal is compared and each value is a slice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pyflow.core.errors import InvalidArgumentError
from pyflow.ops.example_wire import (
    BYTES,
    FLOAT,
    INT64,
    NOTHING,
    Located,
    Malformed,
    append_values,
    integers_of_rows,
    locate_example,
)
from pyflow.ops.sparse_coordinates import places_in_rows

_FEWEST_ALIKE = 4
_LONGEST_ALIKE = 8192  # bytes; what is longer is mostly one large value, which is better not copied
_MOST_LAYOUTS = 4  # tried for one length


class Column:
    """The values of one feature in examples [batch].

    Attributes:
      kinds: uint8 [batch], the kind of the feature in each example, 0 where it is missing.
      counts: int64 [batch], the number of values.
      alike: kind and number of values, if all examples have equally many of one kind, else None.
    """

    def __init__(self, batch: int):
        self.kinds = np.zeros(batch, np.uint8)
        self.counts = np.zeros(batch, np.int64)
        self.alike: tuple[int, int] | None = None
        self._parts: list[tuple[np.ndarray, int, Any]] = []

    def add(self, rows: np.ndarray, kind: int, counts: Any, values: Any) -> None:
        """Values of some examples, one example after the other; floats may be bytes."""
        self.kinds[rows] = kind
        self.counts[rows] = counts
        self._parts.append((rows, kind, values))

    def add_all(self, kind: int, count: int, values: Any) -> None:
        """The values of all examples, `count` in each."""
        self.kinds[...] = kind
        self.counts[...] = count
        self.alike = kind, count
        self._parts = [(np.arange(0), kind, values)]

    def values(self, kind: int) -> np.ndarray:
        """All values, in the order of the examples, which must all be of that kind or have none."""
        parts = [(rows, as_values(values, kind)) for rows, part_kind, values in self._parts if part_kind == kind]
        if len(parts) == 1 and (len(parts[0][0]) < 2 or bool(np.all(np.diff(parts[0][0]) > 0))):
            return parts[0][1]
        ends = np.cumsum(self.counts)
        out = np.empty(int(ends[-1]) if len(ends) else 0, _DTYPES[kind])
        starts = ends - self.counts
        for rows, values in parts:
            counts = self.counts[rows]
            if counts.size and (counts == 1).all():
                out[starts[rows]] = values
                continue
            owner, within = places_in_rows(counts).T
            out[starts[rows][owner] + within] = values
        return out


_DTYPES: dict[int, Any] = {BYTES: object, FLOAT: np.float32, INT64: np.int64}


def as_values(values: Any, kind: int) -> np.ndarray:
    """Values of that kind as an array; floats may be bytes."""
    if isinstance(values, np.ndarray):
        return values
    if kind == FLOAT:
        return np.frombuffer(b"".join(values), "<f4").astype(np.float32, copy=False)
    if kind == INT64:
        return np.array(values, np.int64)
    array = np.empty(len(values), object)
    array[:] = values
    return array


def read_columns(serialized: Sequence[bytes], keys: Sequence[bytes]) -> list[Column]:
    """The columns of the features of these names.

    Raises:
      InvalidArgumentError: one of the strings is no Example.
    """
    columns = [Column(len(serialized)) for _ in keys]
    rest: list[int] = []
    sizes = list(map(len, serialized))
    if len(sizes) < _FEWEST_ALIKE:
        rest = list(range(len(sizes)))
    elif sizes.count(sizes[0]) == len(sizes):
        rest = _read_alike(serialized, keys, columns, None)
    else:
        by_size: dict[int, list[int]] = {}
        for row, size in enumerate(sizes):
            by_size.setdefault(size, []).append(row)
        for rows in by_size.values():
            rest += _read_alike(serialized, keys, columns, rows)
    if rest:
        _read_singly(serialized, keys, columns, rest)
    return columns


def _located(data: bytes) -> dict[bytes, Located]:
    try:
        return locate_example(data)
    except Malformed:
        raise malformed(data) from None


def malformed(data: bytes) -> InvalidArgumentError:
    """The error about bytes that are no Example."""
    return InvalidArgumentError(
        None, None, f"Could not parse example input, value: '{data.decode('utf-8', 'replace')}'"
    )


def _read_singly(
    serialized: Sequence[bytes], keys: Sequence[bytes], columns: list[Column], rows: list[int]
) -> None:
    found = [_located(serialized[row]) for row in rows]
    for key, column in zip(keys, columns):
        by_kind: dict[int, tuple[list, list, list]] = {}
        for row, features in zip(rows, found):
            feature = features.get(key)
            if feature is None or feature.kind == NOTHING:
                continue
            part = by_kind.get(feature.kind)
            if part is None:
                part = by_kind[feature.kind] = [], [], []
            part[0].append(row)
            try:
                part[1].append(append_values(serialized[row], feature, part[2]))
            except Malformed:
                raise malformed(serialized[row]) from None
        for kind, (where, counts, values) in by_kind.items():
            column.add(np.array(where), kind, counts, values)


def _read_alike(
    serialized: Sequence[bytes], keys: Sequence[bytes], columns: list[Column], rows: list[int] | None
) -> list[int]:
    """Reads examples of one length (None for all) that look alike; gives those that look like no other."""
    datas = serialized if rows is None else [serialized[row] for row in rows]
    left = range(len(datas)) if rows is None else rows
    length = len(datas[0])
    if length > _LONGEST_ALIKE or len(datas) < _FEWEST_ALIKE:
        return list(left)
    matrix = np.frombuffer(b"".join(datas), np.uint8).reshape(len(datas), length)
    for _ in range(_MOST_LAYOUTS):
        found = _located(datas[0])
        alike = _matches(matrix, found)
        count = int(np.count_nonzero(alike))
        if count < _FEWEST_ALIKE and len(left) > 1:
            break
        if count == len(left):
            where = None if rows is None and count == len(serialized) else np.array(left)
            _add_columns(columns, keys, where, matrix, datas, found)
            return []
        chosen = np.flatnonzero(alike).tolist()
        where = np.array([left[i] for i in chosen])
        _add_columns(columns, keys, where, matrix[alike], [datas[i] for i in chosen], found)
        others = np.flatnonzero(~alike).tolist()
        left, datas, matrix = [left[i] for i in others], [datas[i] for i in others], matrix[~alike]
    return list(left)


def _add_columns(
    columns: list[Column], keys: Sequence[bytes], where: np.ndarray | None, matrix: np.ndarray, datas: Sequence[bytes],
    found: dict[bytes, Located],
) -> None:  # fmt: skip
    for key, column in zip(keys, columns):
        feature = found.get(key)
        if feature is None or feature.kind == NOTHING:
            continue
        count, values = _values_alike(matrix, datas, feature)
        if where is None:
            column.add_all(feature.kind, count, values)
        else:
            column.add(where, feature.kind, count, values)


def _matches(matrix: np.ndarray, found: dict[bytes, Located]) -> np.ndarray:
    """Which rows have the first one's structure: everything but values, and which bytes of an integer end it."""
    template = matrix[0]
    structure = np.full(len(template), 0xFF, np.uint8)
    for feature in found.values():
        for start, end in feature.stretches:
            structure[start:end] = 0x80 if feature.kind == INT64 else 0
    compared = np.flatnonzero(structure)
    differs = (matrix.take(compared, axis=1) ^ template[compared]) & structure[compared]
    return np.logical_not(differs.any(axis=1))


def _values_alike(matrix: np.ndarray, datas: Sequence[bytes], feature: Located) -> tuple[int, np.ndarray]:
    """How many values each of the rows has, and all of them."""
    stretches = feature.stretches
    if feature.kind == BYTES:
        values = np.empty(len(datas) * len(stretches), object)
        for i, (start, end) in enumerate(stretches):
            values[i :: len(stretches)] = [data[start:end] for data in datas]
        return len(stretches), values
    if len(stretches) == 1:
        run = matrix[:, slice(*stretches[0])]
    elif stretches:
        run = np.concatenate([matrix[:, start:end] for start, end in stretches], axis=1)
    else:
        run = matrix[:, :0]
    if feature.kind == FLOAT:
        numbers = np.ascontiguousarray(run).view("<f4").astype(np.float32, copy=False)
    else:
        try:
            numbers = integers_of_rows(run) if run.shape[1] else run.astype(np.int64)
        except Malformed:
            raise malformed(datas[0]) from None
    return numbers.shape[1], numbers.reshape(-1)
