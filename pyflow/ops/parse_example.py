"""The ops that parse tf.train.Example: ParseExample and ParseSingleExample."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pyflow.core.dtypes import DType, float32, int64, string
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op, sample
from pyflow.core.shapes import TensorShape
from pyflow.ops.example_columns import Column, read_columns
from pyflow.ops.example_wire import BYTES, FLOAT, INT64, NOTHING
from pyflow.ops.shape_rules import text, with_rank
from pyflow.ops.sparse_coordinates import places_in_rows

PARSED = (float32, int64, string)
KINDS: dict[DType, int] = {string: BYTES, float32: FLOAT, int64: INT64}
NAMES = {BYTES: "string", FLOAT: "float", INT64: "int64", NOTHING: "invalid"}
COUNTED = {BYTES: "bytes", FLOAT: "float", INT64: "int64"}


def parsed_types() -> Any:
    """The attr of the types of features."""
    return attr("list(type)", allowed=PARSED)


# A serialized Example with the int64 feature a = [1, 2].
_SAMPLE = bytes.fromhex("0a0d0a0b0a016112061a040a020102")


class _Blame:
    """Finds the error to raise: that of the first example with one, and of the first feature in it."""

    def __init__(self) -> None:
        self._row = -1
        self._message: Callable[[int], str] | None = None

    def note(self, wrong: np.ndarray, message: Callable[[int], str]) -> None:
        """`wrong` says of each example whether `message` is to be given about it."""
        if wrong.any():
            row = int(wrong.argmax())
            if self._message is None or row < self._row:
                self._row, self._message = row, message

    def check(self) -> None:
        if self._message is not None:
            raise InvalidArgumentError(None, None, self._message(self._row))


class Reader:
    """Parses a batch of examples (or a single one) into sparse and dense tensors.

    Args:
      names: what to call the examples in messages; None for a single one, that has no name.
    """

    def __init__(self, serialized: Sequence[bytes], names: Sequence[bytes] | None, single: bool):
        self._serialized, self._names, self._single = serialized, names, single
        self._blame = _Blame()

    def read(
        self, sparse_keys: Sequence[bytes], sparse_types: Sequence[DType], dense_keys: Sequence[bytes],
        dense_defaults: Sequence[np.ndarray], dense_shapes: Sequence[TensorShape], dense_types: Sequence[DType],
    ) -> tuple[list, list, list, list]:  # fmt: skip
        """Indices, values and shapes of the sparse features, and the dense ones.

        Raises:
          InvalidArgumentError: an example is none, lacks a feature, or has one of another type or size.
        """
        columns = read_columns(self._serialized, [*dense_keys, *sparse_keys])
        dense = list(zip(columns, dense_keys, dense_types, dense_shapes, dense_defaults))
        sparse = list(zip(columns[len(dense_keys) :], sparse_keys, sparse_types))
        for column, key, dtype, shape, default in dense:
            self._check_dense(column, key, dtype, shape.as_tuple(), default)
        for column, key, dtype in sparse:
            self._note(
                key, (column.kinds != KINDS[dtype]) & (column.kinds != NOTHING),
                lambda row, c=column, t=dtype: f"Data types don't match. Expected type: {NAMES[KINDS[t]]}, "
                f"Actual type: {NAMES[c.kinds[row]]}",
            )  # fmt: skip
        self._blame.check()
        arrays = [
            self._dense(column, KINDS[dtype], shape.as_tuple(), default) for column, _, dtype, shape, default in dense
        ]
        parts = [self._sparse(column, KINDS[dtype]) for column, _, dtype in sparse]
        return [p[0] for p in parts], [p[1] for p in parts], [p[2] for p in parts], arrays

    def _note(self, key: bytes, wrong: np.ndarray, words: Callable[[int], str]) -> None:
        shown = key.decode("utf-8", "replace")
        if self._single:
            self._blame.note(wrong, lambda row: f"Key: {shown}.  {words(row)}")
        else:
            self._blame.note(wrong, lambda row: f"Name: {self._name(row)}, Key: {shown}, Index: {row}.  {words(row)}")

    def _name(self, row: int) -> str:
        return self._names[row].decode("utf-8", "replace") if self._names else "<unknown>"

    def _check_dense(self, column: Column, key: bytes, dtype: DType, shape: Any, default: np.ndarray) -> None:
        kind = KINDS[dtype]
        varies = bool(shape) and shape[0] is None
        if not varies and column.alike == (kind, _size(shape)):
            return
        missing = column.kinds == NOTHING
        if not varies and default.size == 0 and missing.any():
            shown = f"Feature: {key.decode('utf-8', 'replace')} (data type: {NAMES[kind]})"
            self._blame.note(
                missing,
                lambda row: f"{'' if self._single else f'Name: {self._name(row)}, '}{shown} is required but could not "
                "be found.",
            )
        self._note(
            key, ~missing & (column.kinds != kind),
            lambda row: f"Data types don't match. Data type: {NAMES[column.kinds[row]]} but expected type: "
            f"{NAMES[kind]}",
        )  # fmt: skip
        stride = _size(shape[1:] if varies else shape)
        wrong = (column.counts % max(stride, 1) != 0) if varies else (column.counts != stride)

        def words(row: int) -> str:
            if self._single:
                return "Can't parse serialized Example."
            if varies:
                return (
                    f"Number of {COUNTED[kind]} values is not a multiple of stride length. Saw {column.counts[row]} "
                    f"values but output shape is: {text(shape)}"
                )
            return (
                f"Number of {COUNTED[kind]} values != expected.  Values size: {column.counts[row]} but output shape: "
                f"{text(shape)}"
            )

        self._note(key, ~missing & wrong, words)

    def _dense(self, column: Column, kind: int, shape: Any, default: np.ndarray) -> np.ndarray:
        batch = len(self._serialized)
        values = column.values(kind)
        if shape and shape[0] is None:
            return self._padded(column, values, shape[1:], default)
        missing = column.kinds == NOTHING
        if column.alike or not missing.any():
            return values.reshape(shape if self._single else (batch, *shape))
        out = np.empty((batch, *shape), values.dtype)
        out[~missing] = values.reshape(-1, *shape)
        out[missing] = default.reshape(shape) if default.ndim or not shape else default
        return out.reshape(shape) if self._single else out

    def _padded(self, column: Column, values: np.ndarray, step: Any, padding: np.ndarray) -> np.ndarray:
        stride = max(_size(step), 1)
        if self._single:
            return values.reshape(len(values) // stride, *step)
        longest = int(column.counts.max()) if len(column.counts) else 0
        out = np.empty((len(self._serialized), longest), values.dtype)
        out[...] = padding.item() if padding.dtype == object else padding.reshape(())
        out[np.arange(longest) < column.counts[:, None]] = values
        return out.reshape(len(self._serialized), longest // stride, *step)

    def _sparse(self, column: Column, kind: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        counts, values = column.counts, column.values(kind)
        if self._single:
            return np.arange(len(values), dtype=np.int64)[:, None], values, counts
        return places_in_rows(counts), values, np.array([len(counts), counts.max(initial=0)], np.int64)


def _size(shape: Any) -> int:
    return math.prod(shape) if shape else 1


def texts(values: Any) -> list[bytes]:
    """A string tensor of any shape, or a list of scalars, as a list of bytes."""
    if isinstance(values, list):
        return [np.asarray(value, object).item() for value in values]
    return np.asarray(values, object).reshape(-1).tolist()


def check_defaults(defaults: Sequence[np.ndarray], shapes: Sequence[TensorShape]) -> None:
    """Raises InvalidArgumentError for a default value that does not have the shape of its feature."""
    for i, (default, shape) in enumerate(zip(defaults, shapes)):
        wanted, given = shape.as_tuple(), text(np.shape(default))
        if wanted and wanted[0] is None:
            if np.size(default) != 1:
                words = f"dense_shape[{i}] is a variable length shape: {text(wanted)}, therefore def_value[{i}] must "
                words += f"contain a single element (the padding element).  But its shape is: {given}"
                raise InvalidArgumentError(None, None, words)
        elif np.size(default) and np.shape(default) != wanted:
            words = f"def_value[{i}].shape() == {given} is not compatible with dense_shapes_[{i}] == {text(wanted)}"
            raise InvalidArgumentError(None, None, words)


@op(
    "ParseExample(serialized: string, names: string, sparse_keys: Nsparse*string, dense_keys: Ndense*string, "
    "dense_defaults: Tdense) -> (sparse_indices: Nsparse*int64, sparse_values: sparse_types, "
    "sparse_shapes: Nsparse*int64, dense_values: Tdense)",
    Nsparse=attr("int", minimum=0),
    Ndense=attr("int", minimum=0),
    sparse_types=parsed_types(),
    Tdense=parsed_types(),
    dense_shapes=attr("list(shape)"),
)
class ParseExample:
    """The features of a batch of serialized Examples."""

    grad = NOT_DIFFERENTIABLE
    samples = [
        sample(
            np.array([_SAMPLE, b""], object), np.empty(0, object), [np.array(b"a", object)], [np.array(b"b", object)],
            [np.zeros(2, np.float32)], sparse_types=[int64], dense_shapes=[[2]],
        )
    ]  # fmt: skip

    def shape(serialized, names, sparse_types, dense_shapes):
        (batch,) = with_rank(serialized, 1)
        with_rank(names, 1)
        n = len(sparse_types)
        dense = [None if s.ndims is None else (batch, *s.as_tuple()) for s in dense_shapes]
        return [(None, 2)] * n + [(None,)] * n + [(2,)] * n + dense

    def cpu(serialized, names, sparse_keys, dense_keys, dense_defaults, sparse_types, dense_shapes, Tdense):
        given = texts(serialized)
        called = texts(names)
        if called and len(called) != len(given):
            raise InvalidArgumentError(
                None, None, "Expected len(names) == len(serialized), but got: "
                f"{len(called)} vs. {len(given)}",
            )  # fmt: skip
        keys = texts(dense_keys)
        defaults = [np.asarray(default) for default in dense_defaults]
        check_defaults(defaults, dense_shapes)
        reader = Reader(given, called, single=False)
        parts = reader.read(texts(sparse_keys), sparse_types, keys, defaults, dense_shapes, Tdense)
        return tuple(array for part in parts for array in part)


@op(
    "ParseSingleExample(serialized: string, dense_defaults: Tdense) -> (sparse_indices: num_sparse*int64, "
    "sparse_values: sparse_types, sparse_shapes: num_sparse*int64, dense_values: Tdense)",
    num_sparse=attr("int", minimum=0),
    sparse_keys=attr("list(string)"),
    dense_keys=attr("list(string)"),
    sparse_types=parsed_types(),
    Tdense=parsed_types(),
    dense_shapes=attr("list(shape)"),
)
class ParseSingleExample:
    """The features of one serialized Example."""

    grad = NOT_DIFFERENTIABLE
    samples = [
        sample(
            np.array(_SAMPLE, object), [np.zeros(0, np.int64)], num_sparse=1, sparse_keys=["b"], dense_keys=["a"],
            sparse_types=[string], dense_shapes=[[2]],
        )
    ]  # fmt: skip

    def shape(serialized, sparse_types, dense_shapes):
        with_rank(serialized, 0)
        n = len(sparse_types)
        return [(None, 1)] * n + [(None,)] * n + [(1,)] * n + [s.as_tuple() for s in dense_shapes]

    def cpu(serialized, dense_defaults, sparse_keys, dense_keys, sparse_types, dense_shapes, Tdense):
        defaults = [np.asarray(default) for default in dense_defaults]
        keys = encoded(dense_keys)
        check_defaults(defaults, dense_shapes)
        reader = Reader(texts(serialized), None, single=True)
        parts = reader.read(encoded(sparse_keys), sparse_types, keys, defaults, dense_shapes, Tdense)
        return tuple(array for part in parts for array in part)


def encoded(keys: Sequence[str]) -> list[bytes]:
    """The keys in an attr as they stand in messages."""
    return [key.encode("utf-8", "surrogateescape") for key in keys]

