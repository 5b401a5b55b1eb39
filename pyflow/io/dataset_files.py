"""Datasets of what is in files: lines, records, rows of CSV; and a dataset written to a file."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op
from pyflow.io.file_errors import errors_about
from pyflow.io.file_patterns import matching_paths
from pyflow.io.record import RecordWriter, decompressed_file, read_record_blocks
from pyflow.ops.dataset_options import whole_run
from pyflow.ops.dataset_values import (
    SHAPES,
    DatasetValue,
    Elements,
    FormedElements,
    Items,
    ListedDataset,
    Run,
    Strings,
    dataset_op,
    object_scalar,
    refuse,
)
from pyflow.ops.decode_csv import csv_columns
from pyflow.ops.shape_rules import no_outputs

_BLOCK = 1 << 20


class _FileItems(Items):
    """What `open_file` gives of each file, in blocks, one file after the other."""

    def __init__(self, names: list[bytes], open_file: Callable[[str], Iterator[list]]):
        self._names, self._open_file = list(names), open_file
        self._blocks: Iterator[list] | None = None
        self._block: list = []
        self._used = 0

    def take(self, count: int) -> list:
        while self._used == len(self._block):
            if not self._names:
                return []
            self._advance()
        found = self._block[self._used : self._used + count]
        self._used += len(found)
        return found

    def _advance(self) -> None:
        self._block, self._used = [], 0
        try:
            if self._blocks is None:
                self._blocks = self._open_file(os.fsdecode(self._names[0]))
            block = next(self._blocks, None)
        except Exception as error:
            self._blocks = None
            if not isinstance(error, errors.NotFoundError):
                del self._names[0]  # what comes behind damage in a file cannot be read
            raise
        if block is None:
            self._blocks = None
            del self._names[0]
        else:
            self._block = block


class _FilesDataset(DatasetValue):
    """Strings that are in files, in blocks."""

    form = Strings()

    def __init__(self, filenames: Any, open_file: Callable[[str], Iterator[list]]):
        self._names, self._open_file = texts(filenames), open_file

    def iterator(self, run: Run) -> Elements:
        return FormedElements(self.form, self.items(run))

    def items(self, run: Run) -> Items:
        return _FileItems(self._names, self._open_file)


class _Parsed(Elements):
    """Elements that are made of strings one at a time: what cannot be parsed does not take others with it."""

    def __init__(self, items: Items, parse: Callable[[bytes], list]):
        self._items, self._parse = items, parse

    def __next__(self) -> list:
        found = self._items.take(1)
        if not found:
            raise StopIteration
        return self._parse(found[0])


class _ParsedDataset(DatasetValue):
    def __init__(self, files: _FilesDataset, parse: Callable[[bytes], list]):
        self._files, self._parse = files, parse

    def iterator(self, run: Run) -> Elements:
        return _Parsed(self._files.items(run), self._parse)


def texts(value: Any) -> list[bytes]:
    """The strings of an array of at most one dimension."""
    array = np.asarray(value, object)
    refuse(array.ndim > 1, "`filenames` must be a scalar or a vector.")
    return [v.encode() if isinstance(v, str) else v for v in array.reshape(-1).tolist()]


def text(value: Any) -> str:
    """A string of shape ()."""
    return os.fsdecode(np.asarray(value, object).item())


def lines(path: str, compression: str) -> Iterator[list[bytes]]:
    """The lines of a file, in blocks, without their ends and without carriage returns."""
    with errors_about(path):
        source = decompressed_file(path, compression)
    with source:
        rest = b""
        while True:
            block = source.read(_BLOCK)
            *complete, rest = (rest + block).split(b"\n")
            yield [line.replace(b"\r", b"") for line in complete]
            if not block:
                break
        if rest:
            yield [rest.replace(b"\r", b"")]


@dataset_op("TextLineDataset(filenames: string, compression_type: string, buffer_size: int64)")
def TextLineDataset(filenames, compression_type):
    """The lines of files."""
    compression = text(compression_type)
    _check_compression(compression)
    return _FilesDataset(filenames, lambda path: lines(path, compression))


@dataset_op("TFRecordDataset(filenames: string, compression_type: string, buffer_size: int64)")
def TFRecordDataset(filenames, compression_type):
    """The records of TFRecord files."""
    compression = text(compression_type)
    _check_compression(compression)
    return _FilesDataset(filenames, lambda path: read_record_blocks(path, compression))


def _check_compression(compression: str) -> None:
    refuse(compression not in ("", "ZLIB", "GZIP"), "Unsupported compression_type.")


def _fixed_records(path: str, compression: str, header: int, size: int, footer: int) -> Iterator[list[bytes]]:
    with errors_about(path), decompressed_file(path, compression) as source:
        content = b"".join(iter(lambda: source.read(_BLOCK), b""))
    body = len(content) - header - footer
    refuse(
        body < 0 or body % size,
        f'Excluding the header ({header} bytes) and footer ({footer} bytes), input file "{path}" has body length '
        f"{body} bytes, which is not an exact multiple of the record length ({size} bytes).",
    )
    yield [content[start : start + size] for start in range(header, header + body, size)]


def _fixed_length_dataset(filenames, header_bytes, record_bytes, footer_bytes, compression) -> DatasetValue:
    refuse(header_bytes < 0, "`header_bytes` must be >= 0")
    refuse(record_bytes <= 0, "`record_bytes` must be > 0")
    refuse(footer_bytes < 0, "`footer_bytes` must be >= 0")
    _check_compression(compression)
    sizes = int(header_bytes), int(record_bytes), int(footer_bytes)
    return _FilesDataset(filenames, lambda path: _fixed_records(path, compression, *sizes))


_FIXED = "filenames: string, header_bytes: int64, record_bytes: int64, footer_bytes: int64, buffer_size: int64"


@dataset_op(f"FixedLengthRecordDataset({_FIXED})")
def FixedLengthRecordDataset(filenames, header_bytes, record_bytes, footer_bytes):
    """Records of one length of files."""
    return _fixed_length_dataset(filenames, header_bytes, record_bytes, footer_bytes, "")


@dataset_op(f"FixedLengthRecordDatasetV2({_FIXED}, compression_type: string)")
def FixedLengthRecordDatasetV2(filenames, header_bytes, record_bytes, footer_bytes, compression_type):
    """Records of one length of files that may be compressed."""
    return _fixed_length_dataset(filenames, header_bytes, record_bytes, footer_bytes, text(compression_type))


@dataset_op("MatchingFilesDataset(patterns: string)")
def MatchingFilesDataset(patterns):
    """The names of the files that match patterns."""
    names = sorted(os.fsencode(p) for one in texts(patterns) for p in matching_paths(os.fsdecode(one)))
    return ListedDataset([[object_scalar(name)] for name in names])


def csv_records(path: str, compression: str, header: bool, quotes: bool) -> Iterator[bytes]:
    """The rows of a CSV file; one with line ends within quotes is one row."""
    pending = b""
    for line in itertools.chain.from_iterable(lines(path, compression)):
        if pending:
            line = pending + b"\n" + line
        if quotes and line.count(b'"') % 2:
            pending = line
            continue
        pending = b""
        if header:
            header = False
        elif line:
            yield line
    if pending:
        yield pending


@dataset_op(
    "CSVDataset(filenames: string, compression_type: string, buffer_size: int64, header: bool, field_delim: string, "
    "use_quote_delim: bool, na_value: string, select_cols: int64, record_defaults: output_types)",
    output_types=attr(
        "list(type)",
        allowed=(dtypes.float32, dtypes.float64, dtypes.int32, dtypes.int64, dtypes.string),
        minimum=1,
    ),
    output_shapes=SHAPES,
)
def CSVDataset(
    filenames,
    compression_type,
    header,
    field_delim,
    use_quote_delim,
    na_value,
    select_cols,
    record_defaults,
    output_types,
):
    """The fields of the rows of CSV files."""
    compression, delimiter, missing = text(compression_type), text(field_delim), text(na_value)
    defaults = [np.array(np.asarray(d)) for d in record_defaults]
    chosen = np.asarray(select_cols).tolist()
    _check_compression(compression)
    refuse(len(delimiter.encode()) != 1, "field_delim should be only 1 char")
    refuse(chosen and len(chosen) != len(output_types), "select_cols should match output size")
    refuse(any(b <= a for a, b in itertools.pairwise(chosen)), "select_cols should be strictly increasing indices")
    refuse(chosen and chosen[0] < 0, "select_cols should be non-negative indices")

    def rows(path: str) -> Iterator[list[bytes]]:
        return ([row] for row in csv_records(path, compression, bool(header), bool(use_quote_delim)))

    def fields(record: bytes) -> list:
        try:
            columns = csv_columns(
                object_scalar(record), defaults, output_types, delimiter, bool(use_quote_delim), missing, chosen
            )
        except errors.InvalidArgumentError as error:
            words = error.message.replace(" in record 0", " in record")
            raise errors.InvalidArgumentError(None, None, words) from None
        return list(columns)

    return _ParsedDataset(_FilesDataset(filenames, rows), fields)


@op("DatasetToTFRecord(input_dataset: variant, filename: string, compression_type: string) -> ()")
class DatasetToTFRecord:
    """Writes elements, which are strings, as the records of a file."""

    stateful = True
    shape = no_outputs
    grad = NOT_DIFFERENTIABLE

    def cpu(input_dataset, filename, compression_type, ctx):
        run = whole_run(ctx)
        path = text(filename)
        try:
            with errors_about(path), RecordWriter(path, text(compression_type)) as writer:
                for element in input_dataset.iterator(run):  # type: ignore[attr-defined]
                    writer.write(np.asarray(element[0], object).item())
        finally:
            run.close()
