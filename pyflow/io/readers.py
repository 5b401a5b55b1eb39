"""tf.TFRecordReader and its kin: readers of files whose names come from a queue."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.registry import raw
from pyflow.core.tensor import Tensor
from pyflow.io import reader_ops
from pyflow.io.tf_record import TFRecordOptions


@export("ReaderBase")
class ReaderBase:
    """A reader: it takes work units, mostly names of files, from a queue, and gives their records.

    Args:
      reader_ref: the handle.
      supports_serialize: whether its state can be saved.
    """

    def __init__(self, reader_ref: Any, supports_serialize: bool = False):
        self._reader_ref = reader_ref
        self._supports_serialize = supports_serialize

    reader_ref = property(lambda self: self._reader_ref, doc="The handle.")
    supports_serialize = property(lambda self: self._supports_serialize, doc="Whether its state can be saved.")

    def _do(self, action: str, *arguments: Any, name: str | None) -> Any:
        version = "V2" if self._reader_ref.dtype.name == "resource" else ""
        return getattr(raw, f"Reader{action}{version}")(self._reader_ref, *arguments, name=name)

    def read(self, queue: Any, name: str | None = None) -> Any:
        """The next record; it waits for the queue to have a file where there is none at work.

        Args:
          queue: a queue of strings, or its handle.

        Returns:
          (key, value), string scalars.

        Raises:
          OutOfRangeError: the queue is closed and empty.
          NotFoundError, DataLossError: a file is missing or damaged.
        """
        return self._do("Read", _handle(queue), name=name)

    def read_up_to(self, queue: Any, num_records: Any, name: str | None = None) -> Any:
        """Up to `num_records` next records, which may be fewer though there are more to come.

        Returns:
          (keys, values), string vectors.

        Raises:
          OutOfRangeError, NotFoundError, DataLossError: as `read`.
        """
        return self._do("ReadUpTo", _handle(queue), num_records, name=name)

    def num_records_produced(self, name: str | None = None) -> Tensor:
        """How many records it has given; int64."""
        return self._do("NumRecordsProduced", name=name)

    def num_work_units_completed(self, name: str | None = None) -> Tensor:
        """How many work units it has done with; int64."""
        return self._do("NumWorkUnitsCompleted", name=name)

    def serialize_state(self, name: str | None = None) -> Tensor:
        """Its state as a string.

        Raises:
          UnimplementedError: the kind of reader does not support it.
        """
        return self._do("SerializeState", name=name)

    def restore_state(self, state: Any, name: str | None = None) -> Any:
        """The operation that gives it a state that it had.

        Raises:
          UnimplementedError: the kind of reader does not support it.
          InvalidArgumentError: that is no state of it.
        """
        return self._do("RestoreState", state, name=name)

    def reset(self, name: str | None = None) -> Any:
        """The operation that takes it back to its start."""
        return self._do("Reset", name=name)


def _handle(queue: Any) -> Tensor:
    return queue if isinstance(queue, Tensor) else queue.queue_ref


@export("WholeFileReader")
class WholeFileReader(ReaderBase):
    """Whole files: the key is the name, the value the content."""

    def __init__(self, name: str | None = None):
        super().__init__(reader_ops.WholeFileReaderV2(name=name), supports_serialize=True)


@export("TextLineReader")
class TextLineReader(ReaderBase):
    """Lines of text files: the key is file:number, the value the line without its end.

    Args:
      skip_header_lines: how many lines at the start of each file are left out.
    """

    def __init__(self, skip_header_lines: int | None = None, name: str | None = None):
        super().__init__(reader_ops.TextLineReaderV2(name=name, skip_header_lines=skip_header_lines))


@export("FixedLengthRecordReader")
class FixedLengthRecordReader(ReaderBase):
    """Records of a fixed length: the key is file:number.

    Args:
      record_bytes: of a record.
      header_bytes, footer_bytes: before the first record and after the last, 0 if None.
      hop_bytes: from one record to the next; None or 0 for those of a record.
      encoding: None, "", "ZLIB" or "GZIP": how the files are compressed.
    """

    def __init__(
        self,
        record_bytes: int,
        header_bytes: int | None = None,
        footer_bytes: int | None = None,
        hop_bytes: int | None = None,
        name: str | None = None,
        encoding: str | None = None,
    ):
        reader = reader_ops.FixedLengthRecordReaderV2(
            record_bytes=record_bytes, header_bytes=header_bytes, footer_bytes=footer_bytes, hop_bytes=hop_bytes,
            encoding=encoding, name=name,
        )  # fmt: skip
        super().__init__(reader)


@export("TFRecordReader")
class TFRecordReader(ReaderBase):
    """Records of TFRecord files: the key is file:place in bytes.

    Args:
      options: `tf.python_io.TFRecordOptions`, or the compression alone.
    """

    def __init__(self, name: str | None = None, options: Any = None):
        compression = TFRecordOptions.get_compression_type_string(options)
        super().__init__(reader_ops.TFRecordReaderV2(name=name, compression_type=compression))


@export("LMDBReader")
class LMDBReader(ReaderBase):
    """Records of LMDB files, which PyFlow does not read."""

    def __init__(self, name: str | None = None, options: Any = None):
        raise NotImplementedError("LMDBReader")


@export("IdentityReader")
class IdentityReader(ReaderBase):
    """The work units themselves, as keys and values."""

    def __init__(self, name: str | None = None):
        super().__init__(reader_ops.IdentityReaderV2(name=name), supports_serialize=True)
