"""Lines of comma-separated values (RFC 4180) as columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.dtypes import DType, float32, float64, int32, int64, string
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, attr, op, sample
from pyflow.core.tensor import Tensor
from pyflow.ops.string_numbers import parse_number

_NAMES = {int32: "int32", int64: "int64", float32: "float", float64: "double"}


@op(
    "DecodeCSV(records: string, record_defaults: OUT_TYPE) -> (output: OUT_TYPE)",
    OUT_TYPE=attr("list(type)", allowed=(float32, float64, int32, int64, string), minimum=1),
    field_delim=",",
    use_quote_delim=True,
    na_value="",
    select_cols=attr("list(int)", default=[]),
)
class DecodeCSV:
    """The fields of each record, one tensor a field."""

    grad = NOT_DIFFERENTIABLE
    samples = [sample(np.array([b"1,a", b"2,"], object), [np.array([0], np.int32), np.array([b"?"], object)])]

    def shape(records, record_defaults, OUT_TYPE):
        for default in record_defaults:
            if default is not None and len(default) > 1:
                raise ShapeError(f"Shape must be at most rank 1 but is rank {len(default)}")
            if default and (default[0] or 0) > 1:
                raise ShapeError("Shape of a default must be a length-0 or length-1 vector, or a scalar.")
        return [records] * len(OUT_TYPE)

    def cpu(records, record_defaults, OUT_TYPE, field_delim, use_quote_delim, na_value, select_cols):
        return csv_columns(records, record_defaults, OUT_TYPE, field_delim, use_quote_delim, na_value, select_cols)


def csv_columns(
    records: Any, record_defaults: Any, types: list, field_delim: str, quoted: bool, na_value: str, select_cols: list
) -> tuple:
    """The fields of records, an array of the records' shape for each; see `DecodeCSV` for the arguments.

    Raises:
      InvalidArgumentError: a record has another number of fields, or one of them cannot be read.
    """
    if len(field_delim.encode()) != 1:
        raise InvalidArgumentError(None, None, "field_delim should be only 1 char")
    texts = np.asarray(records, object)
    defaults = [np.asarray(default).reshape(-1) for default in record_defaults]
    rows = [
        _selected_fields(text, field_delim.encode(), quoted, select_cols)
        for text in texts.reshape(-1)
    ]
    for i, fields in enumerate(rows):
        if len(fields) != len(types):
            words = f"Expect {len(types)} fields but have {len(fields)} in record {i}"
            raise InvalidArgumentError(None, None, words)
    return tuple(
        _column([row[f] for row in rows], f, dtype, default, na_value.encode()).reshape(texts.shape)
        for f, (dtype, default) in enumerate(zip(types, defaults))
    )


def _column(fields: list[bytes], place: int, dtype: DType, default: np.ndarray, missing: bytes) -> np.ndarray:
    values = np.empty(len(fields), dtype.as_numpy_dtype)
    for i, field in enumerate(fields):
        if not field or field == missing:
            if not default.size:
                words = f"Field {place} is required but missing in record {i}!"
                raise InvalidArgumentError(None, None, words)
            values[i] = default[0]
        elif dtype is string:
            values[i] = field
        else:
            try:
                values[i] = parse_number(field, dtype)
            except InvalidArgumentError:
                words = f"Field {place} in record {i} is not a valid {_NAMES[dtype]}: {field.decode(errors='replace')}"
                raise InvalidArgumentError(None, None, words) from None
    return values


def _selected_fields(record: bytes, delimiter: bytes, quoted: bool, wanted: list[int]) -> list[bytes]:
    if not record:
        return []
    if (quoted and b'"' in record) or b"\n" in record or b"\r" in record:
        fields = _quoted_fields(record, delimiter, quoted, wanted[-1] + 1 if wanted else None)
    else:
        fields = record.split(delimiter)
    return [fields[i] for i in wanted if i < len(fields)] if wanted else fields


def _quoted_fields(record: bytes, delimiter: bytes, quoted: bool, count: int | None) -> list[bytes]:
    """The first `count` fields of a record in which some may be quoted.

    Raises:
      InvalidArgumentError: the quotes are not as they should be.
    """
    fields: list[bytes] = []
    position, size = 0, len(record)
    while position < size and len(fields) != count:
        if record[position : position + 1] in (b"\n", b"\r"):
            position += 1
        elif quoted and record[position : position + 1] == b'"':
            field, position = _quoted_field(record, position + 1, delimiter)
            fields.append(field)
        else:
            end = record.find(delimiter, position)
            field = record[position:] if end < 0 else record[position:end]
            if (quoted and b'"' in field) or b"\n" in field or b"\r" in field:
                raise InvalidArgumentError(None, None, "Unquoted fields cannot have quotes/CRLFs inside")
            fields.append(field)
            position += len(field) + 1
    if len(fields) != count and record.endswith(delimiter):
        fields.append(b"")
    return fields


def _quoted_field(record: bytes, position: int, delimiter: bytes) -> tuple[bytes, int]:
    """The field whose opening quote is before `position`, and where the next one starts."""
    field = b""
    while True:
        quote = record.find(b'"', position)
        if quote < 0 or quote == len(record) - 1 or record[quote + 1 : quote + 2] == delimiter:
            if quote < 0:
                raise InvalidArgumentError(None, None, "Quoted field has to end with quote followed by delim or end")
            return field + record[position:quote], quote + 2
        if record[quote + 1 : quote + 2] != b'"':
            raise InvalidArgumentError(None, None, "Quote inside a string has to be escaped by another quote")
        field += record[position : quote + 1]
        position = quote + 2


@export("decode_csv", "io.decode_csv")
def decode_csv(
    records: Any,
    record_defaults: Any,
    field_delim: str = ",",
    use_quote_delim: bool = True,
    name: str | None = None,
    na_value: str = "",
    select_cols: Any = None,
) -> list[Tensor]:
    """The columns of comma-separated values.

    Args:
      records: strings of any shape, a record each.
      record_defaults: for each column a tensor of its dtype: [value] for fields that are missing, or [] where there
        must be one.
      field_delim: one character.
      use_quote_delim: whether fields may be in double quotes.
      na_value: further text that stands for a missing field.
      select_cols: sorted indices of the columns wanted; all if None.

    Returns:
      A tensor of the shape of `records` for each column.

    Raises:
      ValueError: the columns are not sorted, or there is not one default for each.
      InvalidArgumentError: a record has another number of fields, or one that is no number of its dtype.
    """
    return decode_csv_v2(records, record_defaults, field_delim, use_quote_delim, na_value, select_cols, name)


def decode_csv_v2(
    records: Any,
    record_defaults: Any,
    field_delim: str = ",",
    use_quote_delim: bool = True,
    na_value: str = "",
    select_cols: Any = None,
    name: str | None = None,
) -> list[Tensor]:
    """`decode_csv` with TF 2's order of arguments."""
    if select_cols is not None:
        if any(a >= b for a, b in zip(select_cols, select_cols[1:])):
            raise ValueError("select_cols is not strictly increasing.")
        if select_cols[0] < 0:
            raise ValueError("select_cols contains negative values.")
        if len(select_cols) != len(record_defaults):
            raise ValueError("Length of select_cols and record_defaults do not match.")
    return DecodeCSV(
        records, record_defaults, field_delim=field_delim, use_quote_delim=use_quote_delim, na_value=na_value,
        select_cols=select_cols, name=name,
    )  # fmt: skip
