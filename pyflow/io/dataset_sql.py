"""Datasets of the rows that a query of an SQLite data base gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.io.dataset_files import text
from pyflow.ops.dataset_values import TYPED, DatasetValue, Elements, Run, dataset_op, object_scalar, refuse

_TYPES = {
    dtypes.string,
    dtypes.int8,
    dtypes.int16,
    dtypes.int32,
    dtypes.int64,
    dtypes.uint8,
    dtypes.uint16,
    dtypes.bool,
    dtypes.float64,
}


class _Rows(Elements):
    def __init__(self, path: str, query: str, types: list):
        self._path, self._query, self._types = path, query, types
        self._rows: Iterator | None = None

    def __next__(self) -> list:
        import sqlite3  # not there in every Python

        try:
            if self._rows is None:
                self._rows = iter(sqlite3.connect(self._path, check_same_thread=False).execute(self._query))
            row = next(self._rows)
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 1)  # since Python 3.11
            raise errors.UnknownError(None, None, f"Prepare() failed: [{code}] {error}: {self._query}") from None
        refuse(
            len(row) != len(self._types),
            f"The number of columns in query ({len(row)}) must match the number of elements in output_types "
            f"({len(self._types)}).",
        )
        return [_value(value, dtype) for value, dtype in zip(row, self._types)]


def _value(value: Any, dtype: dtypes.DType) -> Any:
    if dtype is dtypes.string:
        value = b"" if value is None else value
        return object_scalar(value if isinstance(value, bytes) else str(value).encode())
    return np.asarray(0 if value is None else value).astype(dtype.as_numpy_dtype)[()]


class _SqlDataset(DatasetValue):
    def __init__(self, path: str, query: str, types: list):
        self._arguments = path, query, types

    def iterator(self, run: Run) -> Elements:
        return _Rows(*self._arguments)


@dataset_op("SqlDataset(driver_name: string, data_source_name: string, query: string)", **TYPED)
def SqlDataset(driver_name, data_source_name, query, output_types):
    """The rows that a query gives."""
    driver = text(driver_name)
    refuse(
        driver != "sqlite",
        f"The database type, {driver}, is not supported by SqlDataset. The set of supported databases is: "
        "{'sqlite'}.",
    )
    refuse(
        not _TYPES.issuperset(output_types),
        "Each element of `output_types_` must be one of: DT_STRING, DT_INT8, DT_INT16, DT_INT32, DT_INT64, DT_UINT8, "
        "DT_UINT16, DT_BOOL, DT_DOUBLE",
    )
    return _SqlDataset(text(data_source_name), text(query), output_types)
