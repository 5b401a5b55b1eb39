"""Datasets of what is in files: TextLineDataset, TFRecordDataset and FixedLengthRecordDataset."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.type_specs import TensorSpec
from pyflow.data.dataset import DatasetV1, DatasetV2
from pyflow.data.interleaving import parallel_interleave
from pyflow.data.sources import Sources, made
from pyflow.data.transformations import int64
from pyflow.ops.array import reshape
from pyflow.ops.constant import constant

# How much TensorFlow reads at a time; the reading here has sizes of its own.
DEFAULT_READER_BUFFER_SIZE_BYTES = 256 * 1024


def optional_argument(value: Any, name: str, default: Any, dtype: Any = dtypes.int64) -> Any:
    """An argument as a tensor; the default for None."""
    if value is None:
        return constant(default, dtype=dtype, name=name)
    return convert_to_tensor(value, dtype=dtype, name=name)


class _FileDataset(DatasetV1):
    """The strings that are in files.

    Args:
      names: a string, a vector of them, or a dataset of them.
      read_one_file: makes the dataset of one file.
      parallel: how many files at a time.
    """

    def __init__(self, names: Any, read_one_file: Callable, parallel: Any):
        dataset = as_filenames(names)
        if parallel is None:
            merged = dataset.flat_map(read_one_file)
        else:
            merged = parallel_interleave(read_one_file, parallel, sloppy=False)(dataset)
        self._made_of = merged
        DatasetV2.__init__(self, merged._variant_tensor)

    def _inputs(self) -> list:
        return [self._made_of]

    element_spec = property(lambda self: TensorSpec([], dtypes.string))


def as_filenames(filenames: Any) -> Any:
    """A dataset of names of files.

    Raises:
      TypeError, ValueError: these are no names, or no dataset of names.
    """
    if isinstance(filenames, DatasetV2):
        types, shapes = filenames.output_types, filenames.output_shapes  # type: ignore[attr-defined]
        if types != dtypes.string:
            raise TypeError("`filenames` must be a `tf.data.Dataset` of `tf.string` elements.")
        if not shapes.is_compatible_with([]):
            raise TypeError("`filenames` must be a `tf.data.Dataset` of scalar `tf.string` elements.")
        return filenames
    names = convert_to_tensor(filenames, dtype=dtypes.string)
    return Sources.from_tensor_slices(reshape(names, [-1], name="flat_filenames"))


def _strings(tensor: Any) -> Any:
    return made(tensor, TensorSpec([], dtypes.string))


@export("data.TextLineDataset")
class TextLineDatasetV1(_FileDataset):
    """The lines of files, without their ends.

    Args:
      filenames: a string, a vector of them, or a dataset of them.
      compression_type: "", "ZLIB" or "GZIP".
      buffer_size: has no effect.
      num_parallel_reads: how many files are read by turns; None for one after the other.
    """

    def __init__(
        self, filenames: Any, compression_type: Any = None, buffer_size: Any = None, num_parallel_reads: Any = None
    ):
        def read_one_file(filename: Any) -> Any:
            compression = optional_argument(compression_type, "compression_type", "", dtypes.string)
            size = optional_argument(buffer_size, "buffer_size", DEFAULT_READER_BUFFER_SIZE_BYTES)
            return _strings(raw.TextLineDataset(filename, compression, size))

        super().__init__(filenames, read_one_file, num_parallel_reads)


@export("data.TFRecordDataset")
class TFRecordDatasetV1(_FileDataset):
    """The records of TFRecord files, as strings.

    Args:
      filenames: a string, a vector of them, or a dataset of them.
      compression_type: "", "ZLIB" or "GZIP".
      buffer_size: has no effect.
      num_parallel_reads: how many files are read by turns; None for one after the other.
    """

    def __init__(
        self, filenames: Any, compression_type: Any = None, buffer_size: Any = None, num_parallel_reads: Any = None
    ):
        def read_one_file(filename: Any) -> Any:
            compression = optional_argument(compression_type, "compression_type", "", dtypes.string)
            size = optional_argument(buffer_size, "buffer_size", DEFAULT_READER_BUFFER_SIZE_BYTES)
            return _strings(raw.TFRecordDataset(filename, compression, size))

        super().__init__(filenames, read_one_file, num_parallel_reads)


@export("data.FixedLengthRecordDataset")
class FixedLengthRecordDatasetV1(_FileDataset):
    """Pieces of one length of files, as strings.

    Args:
      filenames: a string, a vector of them, or a dataset of them.
      record_bytes: the length of a piece.
      header_bytes, footer_bytes: how much is left out at the beginning and at the end of a file.
      buffer_size: has no effect.
      compression_type: "", "ZLIB" or "GZIP".
      num_parallel_reads: how many files are read by turns; None for one after the other.
    """

    def __init__(
        self,
        filenames: Any,
        record_bytes: Any,
        header_bytes: Any = None,
        footer_bytes: Any = None,
        buffer_size: Any = None,
        compression_type: Any = None,
        num_parallel_reads: Any = None,
    ):
        def read_one_file(filename: Any) -> Any:
            record = int64(record_bytes, "record_bytes")
            header = optional_argument(header_bytes, "header_bytes", 0)
            footer = optional_argument(footer_bytes, "footer_bytes", 0)
            size = optional_argument(buffer_size, "buffer_size", DEFAULT_READER_BUFFER_SIZE_BYTES)
            compression = optional_argument(compression_type, "compression_type", "", dtypes.string)
            return _strings(raw.FixedLengthRecordDatasetV2(filename, header, record, footer, size, compression))

        super().__init__(filenames, read_one_file, num_parallel_reads)


TextLineDataset, TFRecordDataset = TextLineDatasetV1, TFRecordDatasetV1
FixedLengthRecordDataset = FixedLengthRecordDatasetV1
