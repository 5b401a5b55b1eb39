"""Datasets of comma-separated values."""

from __future__ import annotations

import collections
import csv
import gzip
import os
from collections.abc import Iterator
from typing import Any, Callable

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.tensor import Tensor
from pyflow.core.type_specs import TensorSpec
from pyflow.data.dataset import AUTOTUNE, DatasetV1Adapter
from pyflow.data.experimental import ignore_errors as without_errors
from pyflow.data.experimental import shuffle_and_repeat
from pyflow.data.interleaving import parallel_interleave
from pyflow.data.readers import DEFAULT_READER_BUFFER_SIZE_BYTES, optional_argument
from pyflow.data.sources import Sources
from pyflow.data.structure import flat_structure
from pyflow.ops.constant import constant
from pyflow.platform import gfile

# From the narrowest to the one that holds everything.
_TYPES = (dtypes.int32, dtypes.int64, dtypes.float32, dtypes.float64, dtypes.string)


def _defaults(record_defaults: Any) -> list[Tensor]:
    """A tensor for each column: what stands for a field that is missing, or nothing where there must be one."""
    tensors = []
    for i, default in enumerate(record_defaults):
        if not isinstance(default, Tensor) and any(default is t or default == t for t in _TYPES if _is_type(default)):
            default = constant([], dtype=default)
        tensors.append(convert_to_tensor(default, name=f"record_defaults_{i}"))
    return tensors


def _is_type(value: Any) -> bool:
    return isinstance(value, dtypes.DType)


@export("data.experimental.CsvDataset", "contrib.data.CsvDataset")
class CsvDatasetV1(DatasetV1Adapter):
    """The rows of CSV files, a tuple with a scalar for each column.

    Args:
      filenames: a string, or a vector of them.
      record_defaults: for each column a tensor with what stands for a missing field, or the dtype where there must be
        one.
      compression_type: "", "ZLIB" or "GZIP".
      buffer_size: has no effect.
      header: whether the first row of each file is left out.
      field_delim: one character.
      use_quote_delim: whether fields may be in double quotes.
      na_value: further text that stands for a missing field.
      select_cols: sorted indices of the columns wanted; all if None.

    Raises:
      InvalidArgumentError: at run time, a row has another number of fields, or one that is no number of its dtype.
    """

    def __init__(
        self,
        filenames: Any,
        record_defaults: Any,
        compression_type: Any = None,
        buffer_size: Any = None,
        header: Any = False,
        field_delim: Any = ",",
        use_quote_delim: Any = True,
        na_value: Any = "",
        select_cols: Any = None,
    ):
        names = convert_to_tensor(filenames, dtype=dtypes.string, name="filenames")
        compression = optional_argument(compression_type, "compression_type", "", dtypes.string)
        defaults = _defaults(record_defaults)
        size = optional_argument(buffer_size, "buffer_size", DEFAULT_READER_BUFFER_SIZE_BYTES)
        spec = tuple(TensorSpec([], default.dtype) for default in defaults)
        tensor = raw.CSVDataset(
            names,
            compression,
            size,
            convert_to_tensor(header, dtype=dtypes.bool, name="header"),
            convert_to_tensor(field_delim, dtype=dtypes.string, name="field_delim"),
            convert_to_tensor(use_quote_delim, dtype=dtypes.bool, name="use_quote_delim"),
            convert_to_tensor(na_value, dtype=dtypes.string, name="na_value"),
            optional_argument(select_cols, "select_cols", []),
            defaults,
            output_shapes=flat_structure(spec)["output_shapes"],
        )
        super().__init__(tensor, spec)


CsvDataset = CsvDatasetV1


def file_names(file_pattern: Any, shuffle: bool) -> list[str]:
    """The names of files that match a pattern, or any of a list of patterns.

    Raises:
      ValueError: there are none.
    """
    if isinstance(file_pattern, list) and not file_pattern:
        raise ValueError("File pattern is empty.")
    patterns = file_pattern if isinstance(file_pattern, list) else [file_pattern]
    names = [name for pattern in patterns for name in gfile.Glob(pattern)]
    if not names:
        raise ValueError(f"No files match {file_pattern}.")
    return names if shuffle else sorted(names)


def shuffled_and_repeated(dataset: Any, num_epochs: int | None, shuffle: bool, buffer_size: int, seed: Any) -> Any:
    """The dataset so many times over, without end for None, in another order each time if `shuffle`."""
    if shuffle and num_epochs != 1:
        return dataset.apply(shuffle_and_repeat(buffer_size, num_epochs, seed))
    if shuffle:
        return dataset.shuffle(buffer_size, seed)
    return dataset if num_epochs == 1 else dataset.repeat(num_epochs)


class _Files:
    """CSV files, looked into while the graph is built."""

    def __init__(self, names: list[str], compression_type: Any, delimiter: str, quotes: bool):
        self.names = names
        self._options = {"delimiter": delimiter, "quoting": csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE}
        self._open: Callable = open
        if compression_type == "GZIP":
            self._open = gzip.open
        elif compression_type not in (None, ""):
            raise ValueError(f"compression_type ({compression_type}) is not supported for probing columns")

    def rows(self, name: str) -> Iterator[list[str]]:
        with self._open(os.fspath(name), "rt", encoding="utf-8", newline="") as file:
            yield from csv.reader(file, **self._options)  # type: ignore[arg-type]

    def header(self) -> list[str]:
        """The first row, which is the same in all of them.

        Raises:
          ValueError: it isn't, or a file is empty.
        """
        first = None
        for name in self.names:
            found = next(self.rows(name), None)
            if found is None:
                raise ValueError(
                    f"Received StopIteration when reading the header line of {self.names[0]}.  Empty file?"
                )
            if first is not None and found != first:
                raise ValueError("Files have different column names in the header row.")
            first = found
        return first or []

    def defaults(self, count: int, chosen: list[int], missing: str, header: bool, limit: int | None) -> list[Tensor]:
        """Zeros and empty strings of the dtypes that the first rows' fields have."""
        kinds: list[Any] = [None] * len(chosen)
        for i, row in enumerate(row for name in self.names for row in _without_header(self.rows(name), header)):
            if limit is not None and i >= limit:
                break
            if len(row) != count:
                raise ValueError("Problem inferring types: CSV row has different number of fields than expected.")
            kinds = [_widened(row[column], missing, kind) for column, kind in zip(chosen, kinds)]
        found = [dtypes.string if kind is None else kind for kind in kinds]
        return [constant(["" if kind is dtypes.string else 0], dtype=kind) for kind in found]


def _without_header(rows: Iterator[list[str]], header: bool) -> Iterator[list[str]]:
    if header:
        next(rows, None)
    return rows


def _widened(field: str, missing: str, kind: Any) -> Any:
    """The narrowest dtype that holds a field, and all that `kind` held."""
    if field in ("", missing):
        return kind
    least = 0 if kind is None else _TYPES.index(kind)
    return next(t for t in _TYPES[least:] if _holds(t, field))


def _holds(dtype: Any, field: str) -> bool:
    if dtype is dtypes.string:
        return True
    try:
        if dtype.is_integer:
            return dtype.min <= int(field) <= dtype.max
        return bool(dtype.as_numpy_dtype(field) < np.inf)
    except (ValueError, OverflowError):
        return False


def _sorted_columns(select_columns: Any, names: list[str]) -> list[int]:
    result = []
    for column in select_columns:
        if isinstance(column, int):
            if not 0 <= column < len(names):
                raise ValueError(f"Column index {column} specified in select_columns out of valid range.")
            result.append(column)
        elif column not in names:
            raise ValueError(f"Value '{column}' specified in select_columns not a valid column index or name.")
        else:
            result.append(names.index(column))
    result = sorted(set(result))
    if len(result) != len(select_columns):
        raise ValueError("select_columns contains duplicate columns")
    return result


@export("data.experimental.make_csv_dataset", "contrib.data.make_csv_dataset")
def make_csv_dataset(
    file_pattern: Any,
    batch_size: int,
    column_names: Any = None,
    column_defaults: Any = None,
    label_name: str | None = None,
    select_columns: Any = None,
    field_delim: str = ",",
    use_quote_delim: bool = True,
    na_value: str = "",
    header: bool = True,
    num_epochs: int | None = None,
    shuffle: bool = True,
    shuffle_buffer_size: int = 10000,
    shuffle_seed: int | None = None,
    prefetch_buffer_size: int | None = None,
    num_parallel_reads: int | None = None,
    sloppy: bool = False,
    num_rows_for_inference: int | None = 100,
    compression_type: Any = None,
    ignore_errors: bool = False,
) -> Any:
    """Batches of the rows of CSV files, as dicts from the names of columns to vectors.

    Args:
      file_pattern: a pattern for names of files, or a list of them.
      batch_size: how many rows at a time.
      column_names: by default the first row of the files.
      column_defaults: as `record_defaults` of `CsvDataset`; by default the dtypes are guessed from the first rows.
      label_name: a column that is given apart: elements are then tuples of the dict and this column.
      select_columns: indices or names of the columns wanted.
      field_delim, use_quote_delim, na_value, header, compression_type: as of `CsvDataset`.
      num_epochs: how many times over; None for without end.
      shuffle, shuffle_buffer_size, shuffle_seed: whether and how rows are shuffled.
      prefetch_buffer_size: how many batches are made ready.
      num_parallel_reads: how many files are read by turns.
      sloppy: has no effect.
      num_rows_for_inference: how many rows are looked at for dtypes; None for all.
      ignore_errors: whether rows that cannot be read are left out.

    Raises:
      ValueError: no file matches, or names, defaults and columns don't fit each other.
    """
    names = file_names(file_pattern, False)
    dataset = Sources.from_tensor_slices(names)
    if shuffle:
        dataset = dataset.shuffle(len(names), shuffle_seed)
    if column_names is None and not header:
        raise ValueError("Cannot infer column names without a header line.")
    if column_names is None or column_defaults is None:
        files = _Files(names, compression_type, field_delim, use_quote_delim)
        column_names = files.header() if column_names is None else column_names
    column_names = list(column_names)
    if len(column_names) != len(set(column_names)):
        raise ValueError("Cannot have duplicate column names.")
    chosen = None if select_columns is None else _sorted_columns(select_columns, column_names)
    if column_defaults is None:
        wanted = list(range(len(column_names))) if chosen is None else chosen
        column_defaults = files.defaults(len(column_names), wanted, na_value, header, num_rows_for_inference)
    if chosen is not None and len(column_defaults) != len(chosen):
        raise ValueError("If specified, column_defaults and select_columns must have same length.")
    if chosen is not None:
        column_names = [column_names[i] for i in chosen]
    if label_name is not None and label_name not in column_names:
        raise ValueError("`label_name` provided must be one of the columns.")

    def rows(filename: Any) -> Any:
        result: Any = CsvDatasetV1(
            filename,
            record_defaults=column_defaults,
            field_delim=field_delim,
            use_quote_delim=use_quote_delim,
            na_value=na_value,
            select_cols=chosen,
            header=header,
            compression_type=compression_type,
        )
        return result.apply(without_errors()) if ignore_errors else result

    def by_name(*columns: Any) -> Any:
        features = collections.OrderedDict(zip(column_names, columns))
        if label_name is None:
            return features
        label = features.pop(label_name)
        return features, label

    parallel = 1 if num_parallel_reads in (None, AUTOTUNE) else num_parallel_reads
    dataset = dataset.apply(parallel_interleave(rows, cycle_length=parallel, sloppy=sloppy))
    dataset = shuffled_and_repeated(dataset, num_epochs, shuffle, shuffle_buffer_size, shuffle_seed)
    dataset = dataset.batch(batch_size, drop_remainder=num_epochs is None).map(by_name)
    return dataset.prefetch(AUTOTUNE if prefetch_buffer_size is None else prefetch_buffer_size)
