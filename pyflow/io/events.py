"""Event files: record files of Event messages, named so that TensorBoard finds them."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from typing import Any

from pyflow.io.record import RecordWriter, read_records

# What the first event of a file says.
_VERSION = "brain.Event:2"


class EventsWriter:
    """Writes event files `PREFIX.out.tfevents.SECONDS.HOST`; a file begins with the first event after a close.

    Args:
      prefix: the path up to there.
      suffix: goes at the end of the names.
    """

    def __init__(self, prefix: str, suffix: str = ""):
        self._prefix, self._suffix = prefix, suffix
        self._writer: RecordWriter | None = None

    def open(self) -> RecordWriter:
        """Starts a file unless there is one. One that exists is left alone, also if it is of the same second."""
        if self._writer is None:
            seconds = int(time.time())
            while os.path.exists(path := self._path(seconds)):
                seconds += 1
            self._writer = RecordWriter(path)
            self._writer.write(_new_event(wall_time=float(seconds), file_version=_VERSION).SerializeToString())
        return self._writer

    def _path(self, seconds: int) -> str:
        return f"{self._prefix}.out.tfevents.{seconds:010}.{socket.gethostname()}{self._suffix}"

    def write(self, event: Any) -> None:
        """Appends an Event."""
        self.open().write(event.SerializeToString())

    def flush(self) -> None:
        """Hands what has been written to the operating system."""
        if self._writer is not None:
            self._writer.flush()

    def close(self) -> None:
        """Completes the file, if there is one."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def read_events(path: str) -> Iterator[Any]:
    """The Event messages of a file.

    Raises:
      NotFoundError: there is no such file.
      DataLossError: it is damaged, or not an event file.
    """
    from google.protobuf.message import DecodeError

    from pyflow.core.errors import DataLossError
    from pyflow.protos.event_pb2 import Event

    for record in read_records(path):
        try:
            event = Event.FromString(record)
        except (DecodeError, UnicodeDecodeError):  # the latter from protobuf's pure Python
            raise DataLossError(None, None, f"{path}: a record is not an Event") from None
        yield event


def _new_event(**fields: Any) -> Any:
    from pyflow.protos.event_pb2 import Event

    return Event(**fields)
