"""Strings as numbers of hash buckets, and fingerprints of rows of bytes."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.deprecation import renamed_argument
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, attr, op, sample
from pyflow.core.tensor import Tensor
from pyflow.ops.shape_rules import same_as
from pyflow.ops.string_arrays import each
from pyflow.ops.string_hashes import fingerprint64, murmur64, siphash64

_WORDS = np.array([[b"a", b"some longer text"]], object)


@op("StringToHashBucket(string_tensor: string) -> (output: int64)", num_buckets=attr("int", minimum=1))
class StringToHashBucket:
    """A hash of each string, modulo the number of buckets."""

    shape = same_as("string_tensor")
    grad = NOT_DIFFERENTIABLE
    samples = [sample(_WORDS, num_buckets=10)]

    def cpu(string_tensor, num_buckets):
        return each(string_tensor, lambda text: murmur64(text) % num_buckets, np.int64)


@op("StringToHashBucketFast(input: string) -> (output: int64)", num_buckets=attr("int", minimum=1))
class StringToHashBucketFast:
    """The fingerprint of each string, modulo the number of buckets: the same on all platforms and at all times."""

    shape = same_as("input")
    grad = NOT_DIFFERENTIABLE
    samples = [sample(_WORDS, num_buckets=10)]

    def cpu(input, num_buckets):
        return each(input, lambda text: fingerprint64(text) % num_buckets, np.int64)


@op(
    "StringToHashBucketStrong(input: string) -> (output: int64)",
    num_buckets=attr("int", minimum=1),
    key=attr("list(int)"),
)
class StringToHashBucketStrong:
    """A keyed hash of each string, modulo the number of buckets: without the key, none can be aimed at."""

    shape = same_as("input")
    grad = NOT_DIFFERENTIABLE
    samples = [sample(_WORDS, num_buckets=10, key=[1, 2])]

    def cpu(input, num_buckets, key):
        if len(key) != 2:
            raise InvalidArgumentError(None, None, "Key must have 2 elements")
        words = [word & 0xFFFFFFFFFFFFFFFF for word in key]
        return each(input, lambda text: siphash64(text, words) % num_buckets, np.int64)


@op("Fingerprint(data: T, method: string) -> (fingerprint: uint8)", T=attr("type"))
class Fingerprint:
    """FarmHash's fingerprint of each row of the data, as 8 bytes."""

    grad = NOT_DIFFERENTIABLE
    samples = [sample(np.array([[b"a", b"b"]], object), np.array(b"farmhash64", object)),
               sample([[1, 2], [3, 4]], np.array(b"farmhash64", object))]  # fmt: skip

    def shape(data, method_value):
        if data is not None and not data:
            raise ShapeError("Shape must be at least rank 1 but is rank 0")
        method = None if method_value is None else np.asarray(method_value, object).item()
        if method not in (None, b"farmhash64"):
            raise ShapeError(f"Unsupported method: {method.decode(errors='replace')}")
        return (data[0] if data else None, 8)

    def cpu(data, method):
        given = np.asarray(method, object).item()
        if given != b"farmhash64":
            raise InvalidArgumentError(None, None, f"Unsupported data method: {given.decode(errors='replace')}")
        rows = np.asarray(data)
        rows = rows.reshape(len(rows), -1)
        if rows.dtype != object:
            prints = [fingerprint64(row.tobytes()) for row in rows]
        elif rows.shape[1] == 1:
            prints = [fingerprint64(row[0]) for row in rows]
        else:
            prints = [fingerprint64(b"".join(fingerprint64(x).to_bytes(8, "little") for x in row)) for row in rows]
        return np.array(prints, "<u8").view(np.uint8).reshape(len(prints), 8)


@export("string_to_hash_bucket", "strings.to_hash_bucket")
def string_to_hash_bucket_v1(
    string_tensor: Any = None, num_buckets: Any = None, name: str | None = None, input: Any = None
) -> Tensor:
    """A hash of each string, modulo `num_buckets`; `input` is the newer name of `string_tensor`."""
    return StringToHashBucket(renamed_argument("input", input, "string_tensor", string_tensor), num_buckets, name)


string_to_hash_bucket_fast = export("string_to_hash_bucket_fast", "strings.to_hash_bucket_fast")(StringToHashBucketFast)
string_to_hash_bucket_strong = export("string_to_hash_bucket_strong", "strings.to_hash_bucket_strong")(
    StringToHashBucketStrong
)


@export("fingerprint")
def fingerprint(data: Any, method: str = "farmhash64", name: str | None = None) -> Tensor:
    """The fingerprint of each row of the data: uint8 [rows, 8]."""
    return Fingerprint(data, method, name)
