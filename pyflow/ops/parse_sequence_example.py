"""The ops that parse tf.train.SequenceExample: one, or a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pyflow.core.dtypes import DType, float32
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op, sample
from pyflow.core.shapes import TensorShape
from pyflow.ops.example_columns import as_values, malformed
from pyflow.ops.example_wire import (
    BYTES,
    FLOAT,
    INT64,
    NOTHING,
    Located,
    Malformed,
    append_values,
    locate_sequence_example,
)
from pyflow.ops.parse_example import COUNTED, KINDS, encoded, parsed_types, texts
from pyflow.ops.shape_rules import text, with_rank
from pyflow.ops.sparse_coordinates import places_in_rows

# A serialized SequenceExample with the context a = [1, 2] (int64) and the feature list b = [[0.5], [2.0]] (float).
_SAMPLE = bytes.fromhex(
    "0a0d0a0b0a016112061a040a020102" "121b0a190a016212140a0812060a040000003f0a0812060a0400000040"
)
_ABSENT = Located(NOTHING, [])
_FIELDS = {BYTES: "bytes_list", FLOAT: "float_list", INT64: "int64_list"}
_TYPES = {BYTES: "string", FLOAT: "float", INT64: "int64"}


def _counts_and_types(spec: dict[str, Any]) -> dict[str, Any]:
    """The attrs that both ops have, in their order."""
    return {
        **spec,
        "Ncontext_sparse": 0,
        "Ncontext_dense": 0,
        "Nfeature_list_sparse": 0,
        "Nfeature_list_dense": 0,
        "context_sparse_types": attr("list(type)", default=[], allowed=parsed_types().allowed),
        "Tcontext_dense": attr("list(type)", default=[], allowed=parsed_types().allowed),
        "feature_list_dense_types": attr("list(type)", default=[], allowed=parsed_types().allowed),
        "context_dense_shapes": attr("list(shape)", default=[]),
        "feature_list_sparse_types": attr("list(type)", default=[], allowed=parsed_types().allowed),
        "feature_list_dense_shapes": attr("list(shape)", default=[]),
    }


def _read(data: bytes, feature: Located) -> np.ndarray:
    values: list = []
    try:
        append_values(data, feature, values)
    except Malformed:
        raise malformed(data) from None
    return as_values(values, feature.kind)


def _size(shape: TensorShape) -> int:
    return int(np.prod(shape.as_list(), dtype=np.int64))


def _joined(parts: list[np.ndarray], kind: int) -> np.ndarray:
    return np.concatenate(parts) if parts else as_values([], kind)


@op(
    "ParseSingleSequenceExample(serialized: string, feature_list_dense_missing_assumed_empty: string, "
    "context_sparse_keys: Ncontext_sparse*string, context_dense_keys: Ncontext_dense*string, "
    "feature_list_sparse_keys: Nfeature_list_sparse*string, feature_list_dense_keys: Nfeature_list_dense*string, "
    "context_dense_defaults: Tcontext_dense, debug_name: string) -> "
    "(context_sparse_indices: Ncontext_sparse*int64, context_sparse_values: context_sparse_types, "
    "context_sparse_shapes: Ncontext_sparse*int64, context_dense_values: Tcontext_dense, "
    "feature_list_sparse_indices: Nfeature_list_sparse*int64, feature_list_sparse_values: feature_list_sparse_types, "
    "feature_list_sparse_shapes: Nfeature_list_sparse*int64, feature_list_dense_values: feature_list_dense_types)",
    **_counts_and_types({}),
)
class ParseSingleSequenceExample:
    """Context and feature lists of one serialized SequenceExample."""

    grad = NOT_DIFFERENTIABLE
    samples = [
        sample(
            np.array(_SAMPLE, object), np.empty(0, object), [], [np.array(b"a", object)], [np.array(b"b", object)], [],
            [np.zeros(0, np.int64)], np.array(b"", object), context_dense_shapes=[[2]],
            feature_list_sparse_types=[float32],
        )
    ]  # fmt: skip

    def shape(
        serialized, context_sparse_types, context_dense_shapes, feature_list_sparse_types, feature_list_dense_shapes
    ):
        with_rank(serialized, 0)
        c, n = len(context_sparse_types), len(feature_list_sparse_types)
        context = [(None, 1)] * c + [(None,)] * c + [(1,)] * c + [s.as_tuple() for s in context_dense_shapes]
        dense = [None if s.ndims is None else (None, *s.as_tuple()) for s in feature_list_dense_shapes]
        return context + [(None, 2)] * n + [(None,)] * n + [(2,)] * n + dense

    def cpu(
        serialized, feature_list_dense_missing_assumed_empty, context_sparse_keys, context_dense_keys,
        feature_list_sparse_keys, feature_list_dense_keys, context_dense_defaults, debug_name, context_sparse_types,
        Tcontext_dense, feature_list_dense_types, context_dense_shapes, feature_list_sparse_types,
        feature_list_dense_shapes,
    ):  # fmt: skip
        parser = _SingleParser(texts(serialized)[0], texts(debug_name)[0])
        optional = set(texts(feature_list_dense_missing_assumed_empty))
        dense = [
            parser.context_dense(*wanted)
            for wanted in zip(texts(context_dense_keys), Tcontext_dense, context_dense_shapes, context_dense_defaults)
        ]
        lists = [
            parser.list_dense(key, dtype, shape, key in optional)
            for key, dtype, shape in zip(
                texts(feature_list_dense_keys), feature_list_dense_types, feature_list_dense_shapes
            )
        ]
        sparse = [parser.context_sparse(*wanted) for wanted in zip(texts(context_sparse_keys), context_sparse_types)]
        ragged = [
            parser.list_sparse(*wanted) for wanted in zip(texts(feature_list_sparse_keys), feature_list_sparse_types)
        ]
        return (*_by_part(sparse), *dense, *_by_part(ragged), *lists)


def _by_part(tensors: list[tuple]) -> list[np.ndarray]:
    return [tensor[part] for part in range(3) for tensor in tensors]


class _SingleParser:
    """Parses one SequenceExample, which messages call `name`."""

    def __init__(self, data: bytes, name: bytes):
        self._data, self._name = data, name.decode("utf-8", "replace")
        try:
            self._context, self._lists = locate_sequence_example(data)
        except Malformed:
            raise malformed(data) from None

    def _error(self, message: str) -> InvalidArgumentError:
        return InvalidArgumentError(None, None, f"Name: {self._name}, {message}")

    def _check_type(self, where: str, feature: Located, kind: int) -> None:
        if feature.kind != kind:
            shown = "" if feature.kind == NOTHING else _shown(self._data, feature)
            raise self._error(f"{where}.  Data types don't match. Expected type: {_TYPES[kind]}  Feature is: {shown}")

    def _check_size(self, key: bytes, index: int, values: np.ndarray, kind: int, shape: TensorShape) -> None:
        if len(values) != _size(shape):
            raise self._error(
                f"Key: {_text(key)}, Index: {index}.  Number of {COUNTED[kind]} values != expected.  values size: "
                f"{len(values)} but output shape: {text(shape.as_tuple())}"
            )

    def context_dense(self, key: bytes, dtype: DType, shape: TensorShape, default: np.ndarray) -> np.ndarray:
        feature = self._context.get(key)
        if feature is None:
            if np.size(default) == 0 and _size(shape):
                raise self._error(f"Context feature '{_text(key)}' is required but could not be found.")
            return np.asarray(default)
        self._check_type(f"Context feature: {_text(key)}", feature, KINDS[dtype])
        values = _read(self._data, feature)
        self._check_size(key, 0, values, KINDS[dtype], shape)
        return values.reshape(shape.as_list())

    def context_sparse(self, key: bytes, dtype: DType) -> tuple:
        feature = self._context.get(key)
        values = as_values([], KINDS[dtype])
        if feature is not None:
            self._check_type(f"Context feature: {_text(key)}", feature, KINDS[dtype])
            values = _read(self._data, feature)
        return np.arange(len(values), dtype=np.int64)[:, None], values, np.array([len(values)], np.int64)

    def list_dense(self, key: bytes, dtype: DType, shape: TensorShape, optional: bool) -> np.ndarray:
        steps = self._lists.get(key)
        if steps is None:
            if not optional:
                raise self._error(
                    f"Feature list '{_text(key)}' is required but could not be found.  Did you mean to include it in "
                    "feature_list_dense_missing_assumed_empty or feature_list_dense_defaults?"
                )
            steps = []
        parts = []
        for i, step in enumerate(steps):
            self._check_type(f"Feature list: {_text(key)}, Index: {i}", step, KINDS[dtype])
            parts.append(_read(self._data, step))
            self._check_size(key, i, parts[-1], KINDS[dtype], shape)
        return _joined(parts, KINDS[dtype]).reshape(len(parts), *shape.as_list())

    def list_sparse(self, key: bytes, dtype: DType) -> tuple:
        parts = []
        for i, step in enumerate(self._lists.get(key, ())):
            if step.kind != NOTHING:
                self._check_type(f"Feature List: {_text(key)}, Index: {i}", step, KINDS[dtype])
            parts.append(_read(self._data, step) if step.kind else as_values([], KINDS[dtype]))
        counts = np.array([len(part) for part in parts], np.int64)
        shape = np.array([len(parts), counts.max(initial=0)], np.int64)
        return places_in_rows(counts), _joined(parts, KINDS[dtype]), shape


def _text(key: bytes) -> str:
    return key.decode("utf-8", "replace")


def _shown(data: bytes, feature: Located) -> str:
    values = _read(data, feature).tolist()
    kind = feature.kind
    lines = [f'  value: "{_text(v)}"' if kind == BYTES else f"  value: {v:g}" for v in values]
    return "\n".join([f"{_FIELDS[kind]} {{", *lines, "}", ""])


@op(
    "ParseSequenceExample(serialized: string, debug_name: string, context_dense_defaults: Tcontext_dense) -> "
    "(context_sparse_indices: Ncontext_sparse*int64, context_sparse_values: context_sparse_types, "
    "context_sparse_shapes: Ncontext_sparse*int64, context_dense_values: Tcontext_dense, "
    "feature_list_sparse_indices: Nfeature_list_sparse*int64, feature_list_sparse_values: feature_list_sparse_types, "
    "feature_list_sparse_shapes: Nfeature_list_sparse*int64, feature_list_dense_values: feature_list_dense_types, "
    "feature_list_dense_lengths: Nfeature_list_dense*int64)",
    **_counts_and_types(
        {
            "feature_list_dense_missing_assumed_empty": attr("list(string)"),
            "context_sparse_keys": attr("list(string)"),
            "context_dense_keys": attr("list(string)"),
            "feature_list_sparse_keys": attr("list(string)"),
            "feature_list_dense_keys": attr("list(string)"),
        }
    ),
)
class ParseSequenceExample:
    """Context and feature lists of a batch of serialized SequenceExamples."""

    grad = NOT_DIFFERENTIABLE
    samples = [
        sample(
            np.array([_SAMPLE], object), np.empty(0, object), [np.zeros(0, np.int64)],
            feature_list_dense_missing_assumed_empty=[], context_sparse_keys=[], context_dense_keys=["a"],
            feature_list_sparse_keys=[], feature_list_dense_keys=["b"], Ncontext_dense=1, Nfeature_list_dense=1,
            feature_list_dense_types=[float32], context_dense_shapes=[[2]], feature_list_dense_shapes=[[1]],
        )
    ]  # fmt: skip

    def shape(
        serialized, context_sparse_types, context_dense_shapes, feature_list_sparse_types, feature_list_dense_shapes
    ):
        (batch,) = with_rank(serialized, 1)
        c, n = len(context_sparse_types), len(feature_list_sparse_types)
        context = [None if s.ndims is None else (batch, *s.as_tuple()) for s in context_dense_shapes]
        dense = [None if s.ndims is None else (batch, None, *s.as_tuple()) for s in feature_list_dense_shapes]
        return [
            *[(None, 2)] * c, *[(None,)] * c, *[(2,)] * c, *context,
            *[(None, 3)] * n, *[(None,)] * n, *[(3,)] * n, *dense, *[(batch,)] * len(dense),
        ]  # fmt: skip

    def cpu(
        serialized, debug_name, context_dense_defaults, feature_list_dense_missing_assumed_empty, context_sparse_keys,
        context_dense_keys, feature_list_sparse_keys, feature_list_dense_keys, context_sparse_types, Tcontext_dense,
        feature_list_dense_types, context_dense_shapes, feature_list_sparse_types, feature_list_dense_shapes,
    ):  # fmt: skip
        parser = _BatchParser(texts(serialized), texts(debug_name))
        optional = set(feature_list_dense_missing_assumed_empty)
        dense = [
            parser.context_dense(*wanted)
            for wanted in zip(encoded(context_dense_keys), Tcontext_dense, context_dense_shapes, context_dense_defaults)
        ]
        lists = [
            parser.list_dense(key.encode(), dtype, shape, key in optional)
            for key, dtype, shape in zip(feature_list_dense_keys, feature_list_dense_types, feature_list_dense_shapes)
        ]
        sparse = [parser.context_sparse(*wanted) for wanted in zip(encoded(context_sparse_keys), context_sparse_types)]
        ragged = [
            parser.list_sparse(*wanted) for wanted in zip(encoded(feature_list_sparse_keys), feature_list_sparse_types)
        ]
        padded, lengths = [x[0] for x in lists], [x[1] for x in lists]
        return (*_by_part(sparse), *dense, *_by_part(ragged), *padded, *lengths)


class _BatchParser:
    """Parses a batch of SequenceExamples, which messages call by `names` if there are any."""

    def __init__(self, datas: Sequence[bytes], names: Sequence[bytes]):
        self._datas, self._names = datas, names
        self._located = []
        for row, data in enumerate(datas):
            try:
                self._located.append(locate_sequence_example(data))
            except Malformed:
                raise self._error(row, "Invalid protocol message input, example id: {}") from None

    def _error(self, row: int, message: str) -> InvalidArgumentError:
        name = self._names[row].decode("utf-8", "replace") if self._names else "<unknown>"
        return InvalidArgumentError(None, None, message.format(name))

    def _values(self, row: int, feature: Located, kind: int, about: Callable[[], str]) -> np.ndarray:
        if feature.kind == NOTHING:
            return as_values([], kind)
        if feature.kind != kind:
            raise self._error(row, about())
        return _read(self._datas[row], feature)

    def _context_rows(self, key: bytes, kind: int) -> list[np.ndarray]:
        return [
            self._values(
                row, context.get(key, _ABSENT), kind, lambda: f"Error in context feature {_text(key)} in example {{}}"
            )
            for row, (context, _) in enumerate(self._located)
        ]

    def _list_rows(self, key: bytes, kind: int) -> list[list[np.ndarray]]:
        about = f"Error in sequence feature {_text(key)} in example {{}}"
        return [
            [self._values(row, step, kind, lambda: about) for step in lists.get(key, ())]
            for row, (_, lists) in enumerate(self._located)
        ]

    def context_dense(self, key: bytes, dtype: DType, shape: TensorShape, default: np.ndarray) -> np.ndarray:
        rows, wanted = self._context_rows(key, KINDS[dtype]), _size(shape)
        required = np.size(default) == 0 and wanted > 0
        for row, (context, _) in enumerate(self._located):
            if key not in context and not required:
                rows[row] = np.asarray(default).reshape(-1)
        most = max(map(len, rows), default=wanted)
        if most != wanted:
            words = f"Inconsistent number of elements for feature {_text(key)}: {most} vs {wanted}"
            raise InvalidArgumentError(None, None, words)
        for row, (context, _) in enumerate(self._located):
            if key not in context and required:
                words = f"Feature: {_text(key)} (data type: {_TYPES[KINDS[dtype]]}) is required but could not be found."
                raise InvalidArgumentError(None, None, words)
            if len(rows[row]) != wanted:
                raise self._error(row, "Unexpected number of elements in example {}")
        return _joined(rows, KINDS[dtype]).reshape(len(rows), *shape.as_list())

    def context_sparse(self, key: bytes, dtype: DType) -> tuple:
        rows = self._context_rows(key, KINDS[dtype])
        counts = np.array([len(values) for values in rows], np.int64)
        shape = np.array([len(rows), counts.max(initial=0)], np.int64)
        return places_in_rows(counts), _joined(rows, KINDS[dtype]), shape

    def list_dense(self, key: bytes, dtype: DType, shape: TensorShape, optional: bool) -> tuple:
        rows, wanted = self._list_rows(key, KINDS[dtype]), _size(shape)
        for row, (_, lists) in enumerate(self._located):
            if key not in lists and not optional:
                raise self._error(row, f"Missing feature {_text(key)} in example {{}}")
            if any(len(values) != wanted for values in rows[row]):
                raise self._error(row, f"Unexpected number of elements in feature {_text(key)}, example {{}}")
        lengths = np.array([len(steps) for steps in rows], np.int64)
        longest = int(lengths.max(initial=0))
        values = _joined([step for steps in rows for step in steps], KINDS[dtype])
        out = np.zeros((len(rows), longest, *shape.as_list()), values.dtype)
        if values.dtype == object:
            out[...] = b""
        out[np.arange(longest) < lengths[:, None]] = values.reshape(-1, *shape.as_list())
        return out, lengths

    def list_sparse(self, key: bytes, dtype: DType) -> tuple:
        rows = self._list_rows(key, KINDS[dtype])
        steps = np.array([len(row) for row in rows], np.int64)
        counts = np.array([len(values) for row in rows for values in row], np.int64)
        places = places_in_rows(steps)
        within = places_in_rows(counts)
        indices = np.concatenate([places[within[:, 0]], within[:, 1:]], axis=1)
        shape = np.array([len(rows), steps.max(initial=0), counts.max(initial=0)], np.int64)
        return indices, _joined([values for row in rows for values in row], KINDS[dtype]), shape
