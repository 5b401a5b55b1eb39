"""Protocol buffers taken apart and put together while a graph runs: DecodeProtoV2 and EncodeProto."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from google.protobuf import message, message_factory, text_format

from pyflow.core.api import export
from pyflow.core.dtypes import int64
from pyflow.core.errors import DataLossError, InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op, sample
from pyflow.io.proto_fields import KINDS, Malformed, descriptor, field, fields_of, values_in, written
from pyflow.ops.shape_rules import merge_all, text, with_rank_at_least

_FEATURE = "tensorflow.Int64List"


def _invalid(words: str) -> InvalidArgumentError:
    return InvalidArgumentError(None, None, words)


def _descriptor(message_type: Any, source: Any) -> Any:
    return descriptor(os.fsdecode(message_type), os.fsencode(source))


def _in_binary(data: bytes, described: Any, message_format: str, sanitize: bool) -> bytes:
    """A message in the wire format.

    Raises:
      DataLossError: it is none in the format that it is said to have.
    """
    if message_format == "binary" and not sanitize:
        return data
    parsed = message_factory.GetMessageClass(described)()
    try:
        if message_format == "text":
            text_format.Parse(data, parsed)
        else:
            parsed.ParseFromString(data)
    except (text_format.ParseError, message.DecodeError, UnicodeDecodeError):
        words = "Unable to parse text protobuf" if message_format == "text" else "Failed to sanitize binary protobuf"
        raise DataLossError(None, None, words) from None
    return parsed.SerializePartialToString()


def _values(data: bytes, kinds: dict[int, Any]) -> dict[int, list]:
    """The values of the fields with those numbers."""
    found: dict[int, list] = {number: [] for number in kinds}
    try:
        for number, wire_type, content in fields_of(data):
            if number in found:
                found[number] += values_in(kinds[number], wire_type, content)
    except Malformed:
        raise DataLossError(None, None, "CountFields: Failed to consume entire buffer") from None
    return found


def _default(described: Any) -> Any:
    if described.type in (10, 11):
        return b""
    value = described.default_value if not described.is_repeated else 0 if KINDS[described.type].form else b""
    return value.encode() if isinstance(value, str) else value


@op(
    "DecodeProtoV2(bytes: string) -> (sizes: int32, values: output_types)",
    message_type=attr("string"),
    field_names=attr("list(string)"),
    output_types=attr("list(type)", minimum=0),
    descriptor_source="local://",
    message_format="binary",
    sanitize=False,
)
class DecodeProtoV2:
    """Fields of serialized messages: how many values each message has, and those, filled up to as many as the most."""

    grad = NOT_DIFFERENTIABLE
    samples = [
        sample(
            np.array([b"\x0a\x02\x01\x02", b""], object), message_type=_FEATURE, field_names=["value"],
            output_types=[int64],
        )
    ]  # fmt: skip

    def shape(bytes, field_names, output_types):
        if bytes is None:
            return [None] * (1 + len(output_types))
        return [(*bytes, len(field_names))] + [(*bytes, None)] * len(output_types)

    def cpu(bytes, message_type, field_names, output_types, descriptor_source, message_format, sanitize):
        described = _descriptor(message_type, descriptor_source)
        if len(field_names) != len(output_types):
            raise _invalid("field_names and output_types attributes must have the same length")
        fields = [field(described, message_type, name) for name in field_names]
        for found, dtype in zip(fields, output_types):
            if dtype not in KINDS[found.type].accepted:
                raise _invalid(
                    f"Unexpected output type for {found.full_name}: {found.cpp_type} to {dtype.as_datatype_enum}"
                )
        if message_format not in ("binary", "text"):
            raise _invalid("format must be one of binary or text")
        given = np.asarray(bytes, object)
        if not given.size:
            raise _invalid("Bufs argument must contain at least one value")
        kinds = {found.number: KINDS[found.type] for found in fields}
        rows = [
            _values(_in_binary(data, described, message_format, sanitize), kinds)
            for data in given.reshape(-1).tolist()
        ]
        sizes = np.empty((len(rows), len(fields)), np.int32)
        arrays = []
        for k, (found, dtype) in enumerate(zip(fields, output_types)):
            columns = [row[found.number] for row in rows]
            if not found.is_repeated:
                columns = [column[-1:] for column in columns]  # of several, the last one counts
            sizes[:, k] = [len(column) for column in columns]
            longest = max(int(sizes[:, k].max()), 1)
            values = np.empty((len(rows), longest), object if dtype.name == "string" else dtype.as_numpy_dtype)
            values.fill(_default(found))
            for row, column in zip(values, columns):
                row[: len(column)] = column
            arrays.append(values.reshape(*given.shape, longest))
        return (sizes.reshape(*given.shape, len(fields)), *arrays)


@op(
    "EncodeProto(sizes: int32, values: Tinput_types) -> (bytes: string)",
    field_names=attr("list(string)"),
    message_type=attr("string"),
    descriptor_source="local://",
    Tinput_types=attr("list(type)", minimum=1),
)
class EncodeProto:
    """Serialized messages made of the values of their fields."""

    grad = NOT_DIFFERENTIABLE
    samples = [
        sample(
            np.array([[2], [1]], np.int32), [np.array([[1, -2], [3, 0]], np.int64)], message_type=_FEATURE,
            field_names=["value"],
        )
    ]  # fmt: skip

    def shape(values):
        if not values:
            raise ValueError("Attr 'Tinput_types' of 'EncodeProto' Op passed list of length 0 less than minimum 1.")
        batches = [with_rank_at_least(shape, 2) for shape in values]
        return merge_all([None if shape is None else shape[:-1] for shape in batches])

    def cpu(sizes, values, field_names, message_type, descriptor_source, Tinput_types):
        described = _descriptor(message_type, descriptor_source)
        fields = [field(described, message_type, name) for name in field_names]
        if len(fields) != len(values):
            raise _invalid("Length of inputs list must match field_names")
        arrays = [np.asarray(value) for value in values]
        batch = arrays[0].shape[:-1]
        if sizes.shape != (*batch, len(fields)):
            saw, expected = (text(shape) for shape in (sizes.shape, (*batch, len(fields))))
            raise _invalid(f"sizes should be batch_size + [len(field_names)].  Saw: {saw} but expected: {expected}")
        for name, found, array, dtype in zip(field_names, fields, arrays, Tinput_types):
            if array.shape[:-1] != batch:
                raise _invalid(
                    f"Values must match up to the last dimension: {text(array.shape)} vs. {text(arrays[0].shape)}"
                )
            kind = KINDS[found.type]
            if dtype not in kind.accepted:
                shown = {"float32": "float", "float64": "double"}.get(dtype.name, dtype.name)
                words = f"Incompatible type for field {name}.  Saw dtype: {shown} but field type is: {kind.name}"
                raise _invalid(words)
        counts = sizes.reshape(-1, len(fields)).tolist()
        columns = [array.reshape(len(counts), array.shape[-1]).tolist() for array in arrays]
        order = sorted(range(len(fields)), key=lambda k: fields[k].number)
        out = np.empty(len(counts), object)
        for i, row in enumerate(counts):
            pieces = []
            for k in order:
                if row[k] > len(columns[k][i]):
                    raise _invalid(
                        "Size to write must not be larger than value tensor; but saw: "
                        f"{row[k]} > {len(columns[k][i])} at message {i} field {k}"
                    )
                found = fields[k]
                chosen = columns[k][i][: max(row[k], 0)]
                pieces.append(written(KINDS[found.type], found.number, found.is_packed, chosen))
            out[i] = b"".join(pieces)
        return out.reshape(batch)


decode_proto = export("io.decode_proto")(DecodeProtoV2)
encode_proto = export("io.encode_proto")(EncodeProto)
