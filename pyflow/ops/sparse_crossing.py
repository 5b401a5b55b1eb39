"""Crosses of features: each combination of one value from each of several tensors, row by row."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.dtypes import int64, string
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op, sample
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops.cast import cast
from pyflow.ops.sparse_coordinates import ONE, SHAPE, check_rank, check_rows, invalid, places_in_rows
from pyflow.ops.string_hashes import fingerprint64, joined_fingerprints

_CROSSED = (int64, string)
_BETWEEN = b"_X_"
_HIGHEST = (1 << 63) - 1
_DEFAULT_KEY = 0xDECAFCAFFE


def _rows_of_sparse(position: int, indices: Any, values: Any, shape: Any, batch: int) -> list[list]:
    """The values of each row.

    Raises:
      InvalidArgumentError: it is no matrix of that many rows.
    """
    check_rank(indices, 2, "Input indices should be a matrix but received shape {}")
    check_rank(values, 1, "Input values should be a std::vector but received shape {}")
    check_rank(shape, 1, "Input shapes should be a std::vector but received shape {}")
    check_rows(indices, values)
    if indices.shape[1] != 2:
        raise invalid(f"Expected D2 of index to be 2 got {indices.shape[1]} at position {position}")
    if len(shape) != 2:
        raise invalid(f"Expected imput to be of rank 2 got {len(shape)} at position {position}")
    if shape[0] != batch:
        raise invalid(f"Expected batch size {batch} got {shape[0]} at position {position}")
    rows: list[list] = [[] for _ in range(batch)]
    for row, value in zip(indices[:, 0].tolist(), values.tolist()):
        if not 0 <= row < batch:
            raise invalid(f"Row {row} of sparse tensor {position} is outside of the batch of {batch}")
        rows[row].append(value)
    return rows


def _rows_of_dense(position: int, values: Any, batch: int) -> list[list]:
    check_rank(values, 2, "Dense inputs should be a matrix but received shape {}")
    if len(values) != batch:
        raise invalid(f"Expected batch size {batch} got {len(values)} at dense tensor {position}")
    return values.tolist()


def _joined_text(values: Sequence[Any]) -> bytes:
    return _BETWEEN.join([value if isinstance(value, bytes) else b"%d" % value for value in values])


def _hashed(num_buckets: int, key: int) -> Callable[[Sequence[Any]], int]:
    def cross(values: Sequence[Any]) -> int:
        hashed = key
        for value in values:
            hashed = joined_fingerprints(hashed, fingerprint64(value) if isinstance(value, bytes) else value)
        return hashed % (num_buckets or _HIGHEST)

    return cross


def _simply_hashed(num_buckets: int) -> Callable[[Sequence[Any]], int]:
    """The older hash, of signed numbers of 64 bits."""

    def signed(number: int) -> int:
        return (number + _HIGHEST + 1) % (1 << 64) - _HIGHEST - 1

    def cross(values: Sequence[Any]) -> int:
        hashed = _DEFAULT_KEY
        for value in values:
            number = fingerprint64(value) if isinstance(value, bytes) else value
            hashed = signed(hashed ^ signed(number + 0x9E3779B97F4A7800 + (hashed << 10) + (hashed >> 4)))
        return hashed % (1 << 64) % (num_buckets or _HIGHEST)

    return cross


@op(
    "SparseCross(indices: N*int64, values: sparse_types, shapes: N*int64, dense_inputs: dense_types) -> "
    "(output_indices: int64, output_values: out_type, output_shape: int64)",
    N=attr("int", minimum=0),
    hashed_output=attr("bool"),
    num_buckets=attr("int", minimum=0),
    hash_key=attr("int"),
    sparse_types=attr("list(type)", allowed=_CROSSED),
    dense_types=attr("list(type)", allowed=_CROSSED),
    out_type=attr("type", allowed=_CROSSED),
    internal_type=attr("type", allowed=_CROSSED),
)
class SparseCross:
    """In each row, every combination of one value from each input: joined as texts, or a number that is their hash."""

    grad = NOT_DIFFERENTIABLE
    samples = [
        sample(
            [ONE, ONE], [np.array([3, -4], np.int64), np.array([b"a", b"b"], object)], [SHAPE, SHAPE],
            [np.array([[b"x", b"y"], [b"z", b"u"], [b"v", b"w"]], object)], hashed_output=hashed, num_buckets=100,
            hash_key=7, out_type=kind, internal_type=int64,
        )
        for hashed, kind in ((True, int64), (False, string))
    ]  # fmt: skip

    def shape():
        return (None, 2), (None,), (2,)

    def cpu(indices, values, shapes, dense_inputs, num_buckets, hash_key, out_type):
        return _cross_rows(indices, values, shapes, dense_inputs, _hashed(num_buckets, hash_key), out_type)


@op(
    "SparseFeatureCross(indices: N*int64, values: sparse_types, shapes: N*int64, dense: dense_types) -> "
    "(output_indices: int64, output_values: out_type, output_shape: int64)",
    N=attr("int", minimum=0),
    hashed_output=attr("bool"),
    num_buckets=attr("int", minimum=0),
    sparse_types=attr("list(type)", allowed=_CROSSED),
    dense_types=attr("list(type)", allowed=_CROSSED),
    out_type=attr("type", allowed=_CROSSED),
    internal_type=attr("type", allowed=_CROSSED),
)
class SparseFeatureCross:
    """`SparseCross` of tf.contrib.layers, whose hash is simpler and has no key."""

    grad = NOT_DIFFERENTIABLE
    samples = [
        sample(
            [ONE], [np.array([3, -4], np.int64)], [SHAPE], [np.array([[b"x"], [b"z"], [b"v"]], object)],
            hashed_output=True, num_buckets=100, out_type=int64, internal_type=int64,
        )
    ]  # fmt: skip

    def shape():
        return (None, 2), (None,), (2,)

    def cpu(indices, values, shapes, dense, num_buckets, out_type):
        return _cross_rows(indices, values, shapes, dense, _simply_hashed(num_buckets), out_type)


def _cross_rows(
    indices: Any, values: Any, shapes: Any, dense: Any, hashed: Callable[[Sequence[Any]], int], out_type: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    denses = [np.asarray(value) for value in dense]
    if len(shapes) and not np.size(shapes[0]) or not len(shapes) and (not denses or not denses[0].ndim):
        raise invalid("Expected at least one matrix to cross")
    batch = int(shapes[0][0]) if len(shapes) else len(denses[0])
    columns = [_rows_of_sparse(i, *parts, batch) for i, parts in enumerate(zip(indices, values, shapes))]
    columns += [_rows_of_dense(i, value, batch) for i, value in enumerate(denses)]
    cross = _joined_text if out_type is string else hashed
    crossed = [[cross(chosen) for chosen in itertools.product(*rows)] for rows in zip(*columns)]
    counts = np.array([len(row) for row in crossed], np.int64)
    places = places_in_rows(counts)
    found = np.empty(len(places), object if out_type is string else np.int64)
    found[:] = [value for row in crossed for value in row]
    return places, found, np.array([batch, counts.max(initial=0)], np.int64)


@export("sparse.cross")
def sparse_cross(inputs: list, name: str | None = None) -> SparseTensor:
    """Crosses of features as texts: the values of each combination joined by `_X_`.

    Args:
      inputs: matrices, sparse or dense, with a row for each example; numbers are taken as int64.

    Returns:
      A sparse tensor of strings with a row for each example. The values of sparse inputs come before those of dense
      ones.

    Raises:
      TypeError: `inputs` is no list, or holds something else than tensors.
      InvalidArgumentError: they have different numbers of rows.
    """
    return _crossed(inputs, string, 0, None, name)


@export("sparse.cross_hashed")
def sparse_cross_hashed(
    inputs: list, num_buckets: int = 0, hash_key: int | None = None, name: str | None = None
) -> SparseTensor:
    """As `sparse.cross`, with a number in place of each text: a hash made of the fingerprints of its parts.

    Args:
      num_buckets: the hash is taken modulo this; 0 for all the positive numbers of 64 bits.
      hash_key: what the hash starts from.
    """
    return _crossed(inputs, int64, num_buckets, hash_key, name)


def sparse_feature_cross(
    inputs: list,
    hashed_output: bool = False,
    num_buckets: int = 0,
    name: str | None = None,
    hash_key: int | None = None,
) -> SparseTensor:
    """The crosses of tf.contrib.layers: with a key, those of `sparse.cross_hashed`; else of an older hash."""
    out_type = int64 if hashed_output else string
    return _crossed(inputs, out_type, num_buckets, hash_key, name, is_simple=not hash_key)


def _crossed(
    inputs: Any, out_type: Any, num_buckets: int, hash_key: int | None, name: str | None, is_simple: bool = False
) -> SparseTensor:
    if not isinstance(inputs, list):
        raise TypeError("Inputs must be a list")
    if not all(isinstance(x, (SparseTensor, Tensor)) for x in inputs):
        raise TypeError("All inputs must be SparseTensors")
    sparse = [x for x in inputs if isinstance(x, SparseTensor)]
    parts = [x.values for x in sparse], [x for x in inputs if not isinstance(x, SparseTensor)]
    numbers = any(x.dtype != string for part in parts for x in part)
    values, dense = ([x if x.dtype == string else cast(x, int64) for x in part] for part in parts)
    if is_simple:
        return SparseTensor(
            *SparseFeatureCross(
                [x.indices for x in sparse], values, [x.dense_shape for x in sparse], dense,
                hashed_output=out_type is int64, num_buckets=num_buckets,
                out_type=out_type, internal_type=int64 if numbers else string, name=name,
            )
        )  # fmt: skip
    return SparseTensor(
        *SparseCross(
            [x.indices for x in sparse], values, [x.dense_shape for x in sparse], dense,
            hashed_output=out_type is int64, num_buckets=num_buckets, hash_key=hash_key or _DEFAULT_KEY,
            out_type=out_type, internal_type=int64 if numbers else string, name=name,
        )
    )  # fmt: skip
