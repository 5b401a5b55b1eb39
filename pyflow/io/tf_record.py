"""tf.python_io: writing and reading TFRecord files from Python."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyflow.core.api import export
from pyflow.io.record import RecordWriter, read_records


@export("python_io.TFRecordCompressionType", "io.TFRecordCompressionType")
class TFRecordCompressionType:
    """How the whole of a file of records is compressed."""

    NONE = 0
    ZLIB = 1
    GZIP = 2


@export("python_io.TFRecordOptions", "io.TFRecordOptions")
class TFRecordOptions:
    """Compression of a file of records, and zlib's parameters for writing it.

    Args:
      compression_type: "", "ZLIB", "GZIP", one of `TFRecordCompressionType`, or None.
      compression_level: 0 ... 9, or -1 for zlib's own choice. The buffers' sizes change nothing that is written; the
        remaining parameters are zlib's of these names.

    Raises:
      ValueError: no such compression.
    """

    compression_type_map = {
        TFRecordCompressionType.ZLIB: "ZLIB",
        TFRecordCompressionType.GZIP: "GZIP",
        TFRecordCompressionType.NONE: "",
    }

    def __init__(
        self,
        compression_type: Any = None,
        flush_mode: int | None = None,
        input_buffer_size: int | None = None,
        output_buffer_size: int | None = None,
        window_bits: int | None = None,
        compression_level: int | None = None,
        compression_method: int | None = None,
        mem_level: int | None = None,
        compression_strategy: int | None = None,
    ):
        self.get_compression_type_string(compression_type)
        self.compression_type = compression_type
        self.flush_mode = flush_mode
        self.input_buffer_size = input_buffer_size
        self.output_buffer_size = output_buffer_size
        self.window_bits = window_bits
        self.compression_level = compression_level
        self.compression_method = compression_method
        self.mem_level = mem_level
        self.compression_strategy = compression_strategy

    @classmethod
    def get_compression_type_string(cls, options: Any) -> str:
        """ "", "ZLIB" or "GZIP" for options, a type or its name.

        Raises:
          ValueError: no such compression.
        """
        if not options:
            return ""
        if isinstance(options, TFRecordOptions):
            return cls.get_compression_type_string(options.compression_type)
        if options in cls.compression_type_map:
            return cls.compression_type_map[options]
        if options in cls.compression_type_map.values():
            return options
        raise ValueError(f'Not a valid compression_type: "{options}"')


@export("python_io.TFRecordWriter", "io.TFRecordWriter")
class TFRecordWriter:
    """Writes a file of records; a context manager.

    Args:
      path: the file, which is replaced if it exists.
      options: `TFRecordOptions`, or the compression alone as those take it.

    Raises:
      NotFoundError: the folder does not exist.
      ValueError: no such compression.
    """

    def __init__(self, path: Any, options: Any = None):
        compression = TFRecordOptions.get_compression_type_string(options)
        level = options.compression_level if isinstance(options, TFRecordOptions) else None
        self._writer = RecordWriter(path, compression, -1 if level is None else level)

    def __enter__(self) -> TFRecordWriter:
        return self

    def __exit__(self, unused_type: Any, unused_value: Any, unused_traceback: Any) -> None:
        self.close()

    def write(self, record: bytes) -> None:
        """Appends a record.

        Raises:
          TypeError: it is no bytes.
          FailedPreconditionError: the writer is closed.
        """
        if not isinstance(record, (bytes, bytearray)):
            raise TypeError(f"expected bytes, {type(record).__name__} found")
        self._writer.write(bytes(record))

    def flush(self) -> None:
        """Hands what was written to the operating system.

        Raises:
          FailedPreconditionError: the writer is closed.
        """
        self._writer.check_open()
        self._writer.flush()

    def close(self) -> None:
        """Completes the file; again is fine."""
        self._writer.close()

    def __del__(self) -> None:
        if hasattr(self, "_writer"):
            self.close()  # what was written must reach the file even when the program forgets to close it


@export("python_io.tf_record_iterator", "io.tf_record_iterator")
def tf_record_iterator(path: Any, options: Any = None) -> Iterator[bytes]:
    """The records of a file, as bytes, in order.

    Args:
      path: the file.
      options: as of `TFRecordWriter`.

    Raises:
      NotFoundError: there is no such file.
      DataLossError: a record is cut off or damaged; the message says where.
      ValueError: no such compression.
    """
    yield from read_records(path, TFRecordOptions.get_compression_type_string(options))
