"""The readers of a session: they take names of files from a queue and give their records one after the other."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import Any, BinaryIO

from google.protobuf import message

from pyflow.core.errors import InvalidArgumentError, UnimplementedError
from pyflow.io.file_errors import errors_about
from pyflow.io.record import decompressed_file, read_placed_records

Record = tuple[bytes, bytes]
_BLOCK = 1 << 20


class Reader:
    """What all readers share: the work units (files) they take from a queue, and how many records they gave.

    Args:
      name: the name in messages.
    """

    # Whether its state is but the counts and the name of the file.
    is_serializable = False
    kind = "Reader"

    def __init__(self, name: str):
        self.name = name
        self._lock = threading.Lock()
        self._clear()

    def _clear(self) -> None:
        self.records_produced = self.work_started = self.work_finished = 0
        self._work = b""
        self._records: Iterator[Record] = iter(())
        self._error: Exception | None = None
        self._next: Record | None = None

    def _open(self, work: bytes) -> Iterator[Record]:
        """Keys and values of the records of a work unit; errors of opening are raised at once."""
        raise NotImplementedError

    def _start(self, queue: Any, ctx: Any) -> None:
        """Goes on to the next work unit, unless there is one at work.

        Raises:
          OutOfRangeError: the queue is closed and empty.
        """
        if self.work_finished < self.work_started:
            return
        self._work = b""
        if len(queue.dtypes) != 1 or queue.dtypes[0].name != "string":
            words = f"Expected a queue of strings for {self.kind} '{self.name}'"
            raise InvalidArgumentError(None, None, words)
        self._work = queue.dequeue(ctx)[0].item()
        self._records = self._open(self._work)
        self.work_started += 1

    def _advance(self) -> Record | None:
        """The next record of the work unit; None at its end, which is thereby reached."""
        if self._error is not None:  # what is damaged stays so
            raise self._error
        try:
            record = next(self._records, None)
        except Exception as error:
            self._error = error
            raise
        if record is None:
            self.work_finished = self.work_started
        else:
            self.records_produced += 1
        return record

    def read(self, queue: Any, ctx: Any) -> Record:
        """The next record, from the next file if need be: its key (file and place) and its value.

        Raises:
          OutOfRangeError: there are no more files to come.
          NotFoundError, DataLossError: a file is missing or damaged.
        """
        with self._lock:
            while True:
                self._start(queue, ctx)
                record = self._advance()
                if record is not None:
                    self._after(record)
                    return record

    def _after(self, record: Record) -> None:
        """Called when a record was read."""

    def read_up_to(self, count: int, queue: Any, ctx: Any) -> list[Record]:
        """Up to `count` next records, all of one file; as `read`."""
        records: list[Record] = []
        with self._lock:
            while not records and count > 0:
                self._start(queue, ctx)
                while len(records) < count:
                    record = self._advance()
                    if record is None:
                        break
                    records.append(record)
                    self._after(record)
        return records

    def reset(self) -> None:
        """Back to how it started."""
        with self._lock:
            self._clear()

    def close_resource(self) -> None:
        """Called when the session is closed."""
        close = getattr(self._records, "close", None)
        if close is not None and self._lock.acquire(blocking=False):  # else a thread is just reading
            close()
            self._lock.release()

    def serialize(self) -> bytes:
        """The state as a ReaderBaseState message.

        Raises:
          UnimplementedError: readers of this kind cannot say where they are.
        """
        from pyflow.protos.checkpoint_pb2 import ReaderBaseState

        if not self.is_serializable:
            raise UnimplementedError(None, None, "Reader SerializeState")
        with self._lock:
            return ReaderBaseState(
                work_started=self.work_started,
                work_finished=self.work_finished,
                num_records_produced=self.records_produced,
                current_work=self._work,
            ).SerializeToString()

    def restore(self, state: bytes) -> None:
        """Goes to where `serialize` was called.

        Raises:
          UnimplementedError: as `serialize`.
          InvalidArgumentError: that is no state of it.
        """
        from pyflow.protos.checkpoint_pb2 import ReaderBaseState

        if not self.is_serializable:
            raise UnimplementedError(None, None, "Reader RestoreState")
        try:
            parsed = ReaderBaseState.FromString(state)
        except message.DecodeError:
            words = f"Could not parse state for {self.kind} '{self.name}': {_escaped(state)}"
            raise InvalidArgumentError(None, None, words) from None
        if parsed.work_started < 0 or not 0 <= parsed.work_finished <= parsed.work_started:
            words = f"Unexpected number of work units in state for {self.kind} '{self.name}'"
            raise InvalidArgumentError(None, None, words)
        with self._lock:
            self._clear()
            self.work_started, self.work_finished = parsed.work_started, parsed.work_finished
            self.records_produced, self._work = parsed.num_records_produced, parsed.current_work
            if self.work_finished < self.work_started:
                self._records = self._open(self._work)


def _escaped(data: bytes) -> str:
    """Bytes as C writes them in a string."""
    named = {10: "\\n", 13: "\\r", 9: "\\t", 34: '\\"', 39: "\\'", 92: "\\\\"}
    return "".join(named.get(b) or (chr(b) if 32 <= b < 127 else f"\\{b:03o}") for b in data)


class TextLineReader(Reader):
    """Lines of text files, without their ends; the key is file:number, counted from 1.

    Args:
      skipped: how many lines at the start of each file are left out.
    """

    kind = "TextLineReader"

    def __init__(self, name: str, skipped: int):
        super().__init__(name)
        self._skipped = skipped

    def _open(self, work: bytes) -> Iterator[Record]:
        with errors_about(os.fsdecode(work)):
            file = open(work, "rb")  # the generator closes it
        return self._lines(work, file)

    def _lines(self, work: bytes, file: BinaryIO) -> Iterator[Record]:
        number = 0
        with file:
            rest, more = b"", True
            while more:
                block = file.read(_BLOCK)
                more = len(block) == _BLOCK
                if not more:
                    file.close()  # mostly at once: a reader that is left alone keeps no small file open
                *lines, rest = (rest + block).split(b"\n")
                if not more and rest:
                    lines.append(rest)
                for line in lines:
                    number += 1
                    if number > self._skipped:
                        yield b"%s:%d" % (work, number), line.replace(b"\r", b"")


class TfRecordReader(Reader):
    """Records of TFRecord files; the key is file:place in bytes.

    Args:
      compression: "", "GZIP" or "ZLIB".
    """

    kind = "TFRecordReader"

    def __init__(self, name: str, compression: str):
        super().__init__(name)
        self._compression = compression

    def _open(self, work: bytes) -> Iterator[Record]:
        path = os.fsdecode(work)
        with errors_about(path):
            open(work, "rb").close()  # the generator opens it when it gives the first record
        return ((b"%s:%d" % (work, place), record) for place, record in read_placed_records(path, self._compression))


class WholeFileReader(Reader):
    """The contents of files; the key is the file."""

    kind = "WholeFileReader"
    is_serializable = True

    def _open(self, work: bytes) -> Iterator[Record]:
        return self._content(work)

    def _content(self, work: bytes) -> Iterator[Record]:
        with errors_about(os.fsdecode(work)), open(work, "rb") as file:
            content = file.read()
        yield work, content

    def _after(self, record: Record) -> None:
        self.work_finished = self.work_started


class IdentityReader(Reader):
    """The work units themselves, as keys and values."""

    kind = "IdentityReader"
    is_serializable = True

    def _open(self, work: bytes) -> Iterator[Record]:
        return iter(((work, work),))

    def _after(self, record: Record) -> None:
        self.work_finished = self.work_started


class FixedLengthRecordReader(Reader):
    """Records of a fixed length; the key is file:number, counted from 0.

    Args:
      header, record, footer: bytes before the first record, of a record, and after the last.
      hop: bytes from one record to the next; 0 for those of a record.
      encoding: "", "GZIP" or "ZLIB": how the file is compressed.
    """

    kind = "FixedLengthRecordReader"

    def __init__(self, name: str, header: int, record: int, footer: int, hop: int, encoding: str):
        super().__init__(name)
        self._header, self._record, self._footer = header, record, footer
        self._hop, self._encoding = hop or record, encoding

    def _open(self, work: bytes) -> Iterator[Record]:
        path = os.fsdecode(work)
        with errors_about(path):
            file = decompressed_file(path, self._encoding)
        return self._records_of(work, file)

    def _records_of(self, work: bytes, file: Any) -> Iterator[Record]:
        with file:
            file.read(self._header)
            number, buffer, ended = 0, b"", False
            needed = max(self._record, self._hop) + self._footer
            while True:
                while len(buffer) < needed and not ended:
                    more = file.read(max(needed - len(buffer), _BLOCK))
                    ended = not more
                    buffer += more
                available = len(buffer) - self._footer
                position = 0
                while available - position >= self._record and (ended or len(buffer) - position >= needed):
                    yield b"%s:%d" % (work, number), buffer[position : position + self._record]
                    number += 1
                    position += self._hop
                if ended:
                    return
                buffer = buffer[position:]
