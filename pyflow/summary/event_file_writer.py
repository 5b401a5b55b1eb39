"""Writes events into a folder, now and then handing them to the operating system."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

from pyflow.io.events import EventsWriter
from pyflow.platform import gfile


class EventFileWriter:
    """Writes Event messages to an event file in a folder.

    Events are written at once, through a buffer; there is no thread behind it.

    Args:
      logdir: the folder, made if need be.
      max_queue: taken for TensorFlow's sake; nothing queues.
      flush_secs: seconds after which the next event takes everything before it to the file.
      filename_suffix: goes at the end of the file's name.
    """

    def __init__(self, logdir: Any, max_queue: int = 10, flush_secs: float = 120, filename_suffix: str | None = None):
        self._logdir = str(logdir)
        if not gfile.IsDirectory(self._logdir):
            gfile.MakeDirs(self._logdir)
        self._writer = EventsWriter(os.path.join(self._logdir, "events"), filename_suffix or "")
        if filename_suffix:
            self._writer.open()
        self._flush_secs = flush_secs
        self._next_flush = 0.0  # the first event goes to the file at once
        self._closed = False
        self._lock = threading.Lock()

    def get_logdir(self) -> str:
        """The folder."""
        return self._logdir

    def add_event(self, event: Any) -> None:
        """Adds an Event; nothing happens after `close`."""
        with self._lock:
            if self._closed:
                return
            self._writer.write(event)
            now = time.monotonic()
            if now > self._next_flush:
                self._writer.flush()
                self._next_flush = now + self._flush_secs

    def flush(self) -> None:
        """Hands all events so far to the operating system."""
        with self._lock:
            self._writer.flush()

    def close(self) -> None:
        """Completes the file."""
        with self._lock:
            self._writer.close()
            self._closed = True

    def reopen(self) -> None:
        """Lets events be added after `close`: to another file. Otherwise nothing happens."""
        with self._lock:
            if self._closed:
                self._next_flush = 0.0
                self._closed = False
