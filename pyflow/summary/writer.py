"""tf.summary.FileWriter: summaries, graphs and logs become events of a file; tf.train.summary_iterator reads them."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Iterator
from typing import Any

from pyflow.core.api import export
from pyflow.core.graph import Graph
from pyflow.core.scopes import get_default_graph
from pyflow.io.events import read_events
from pyflow.platform import logging, version
from pyflow.summary.event_file_writer import EventFileWriter


@export("summary.FileWriter")
class FileWriter:
    """Writes what TensorBoard shows to an event file in a folder; a context manager that closes it.

    Args:
      logdir: the folder, made if need be.
      graph: a Graph to write first.
      max_queue: taken for TensorFlow's sake; events are written as they come.
      flush_secs: seconds after which the next event takes everything before it to the file.
      graph_def: a GraphDef, instead of `graph`.
      filename_suffix: goes at the end of the file's name.
      session: not supported.

    Raises:
      NotImplementedError: a session was given; that is for tf.contrib.summary.
    """

    def __init__(
        self,
        logdir: Any,
        graph: Any = None,
        max_queue: int = 10,
        flush_secs: float = 120,
        graph_def: Any = None,
        filename_suffix: str | None = None,
        session: Any = None,
    ):
        if session is not None:
            raise NotImplementedError("tf.summary.FileWriter of a session")
        self.event_writer = EventFileWriter(logdir, max_queue, flush_secs, filename_suffix)
        self._closed = False
        self._run_tags: set[str] = set()
        self._seen_tags: set[str] = set()
        if graph is not None or graph_def is not None:
            self.add_graph(graph=graph, graph_def=graph_def)
            given = graph if graph_def is None else graph_def
            self.add_meta_graph(_meta_graph(given.as_graph_def(add_shapes=True) if isinstance(given, Graph) else given))

    def add_summary(self, summary: Any, global_step: Any = None) -> None:
        """Adds a Summary message, serialized or not: what a summary op gave, or one's own.

        The metadata of a tag are written with its first value only, and taken out of later ones.
        """
        from pyflow.protos.event_pb2 import Event, Summary

        if isinstance(summary, bytes):
            summary = Summary.FromString(summary)
        for value in summary.value:
            if value.tag in self._seen_tags:
                value.ClearField("metadata")
            self._seen_tags.add(value.tag)
        self._add(Event(summary=summary), global_step)

    def add_event(self, event: Any) -> None:
        """Adds an Event message as it is."""
        self._warn_if_closed(3)
        self.event_writer.add_event(event)

    def add_session_log(self, session_log: Any, global_step: Any = None) -> None:
        """Adds a SessionLog message: start, stop or checkpoint of a session."""
        from pyflow.protos.event_pb2 import Event

        self._add(Event(session_log=session_log), global_step)

    def add_graph(self, graph: Any, global_step: Any = None, graph_def: Any = None) -> None:
        """Adds a Graph, with its static shapes.

        Raises:
          ValueError: both `graph` and the deprecated `graph_def` were given.
          TypeError: neither is a Graph or GraphDef.
        """
        from pyflow.protos.event_pb2 import Event
        from pyflow.protos.graph_pb2 import GraphDef

        if graph is not None and graph_def is not None:
            raise ValueError("Please pass only graph, or graph_def (deprecated), but not both.")
        given = graph_def if graph is None else graph
        if isinstance(given, Graph):
            if graph is None:
                logging.warning(
                    "When passing a `Graph` object, please use the `graph` named argument instead of `graph_def`."
                )
            given = given.as_graph_def(add_shapes=True)
        elif isinstance(given, GraphDef):
            logging.warning(
                "Passing a `GraphDef` to the SummaryWriter is deprecated. Pass a `Graph` object instead, such as "
                "`sess.graph`."
            )
        else:
            raise TypeError("The passed graph must be an instance of `Graph` or the deprecated `GraphDef`")
        self._add(Event(graph_def=given.SerializeToString()), global_step)

    def add_meta_graph(self, meta_graph_def: Any, global_step: Any = None) -> None:
        """Adds a MetaGraphDef.

        Raises:
          TypeError: it isn't one.
        """
        from pyflow.protos.event_pb2 import Event
        from pyflow.protos.meta_graph_pb2 import MetaGraphDef

        if not isinstance(meta_graph_def, MetaGraphDef):
            raise TypeError(f"meta_graph_def must be type MetaGraphDef, saw type: {type(meta_graph_def)}")
        self._add(Event(meta_graph_def=meta_graph_def.SerializeToString()), global_step)

    def add_run_metadata(self, run_metadata: Any, tag: str, global_step: Any = None) -> None:
        """Adds the RunMetadata of one run under a tag.

        Raises:
          ValueError: the tag has been used.
        """
        from pyflow.protos.event_pb2 import Event, TaggedRunMetadata

        if tag in self._run_tags:
            raise ValueError("The provided tag was already used for this event type")
        self._run_tags.add(tag)
        tagged = TaggedRunMetadata(tag=tag, run_metadata=run_metadata.SerializeToString())
        self._add(Event(tagged_run_metadata=tagged), global_step)

    def _add(self, event: Any, step: Any) -> None:
        event.wall_time = time.time()
        if step is not None:
            event.step = int(step)
        self._warn_if_closed(4)
        self.event_writer.add_event(event)

    def get_logdir(self) -> str:
        """The folder."""
        return self.event_writer.get_logdir()

    def flush(self) -> None:
        """Hands all events so far to the operating system."""
        self._warn_if_closed(3)
        self.event_writer.flush()

    def close(self) -> None:
        """Completes the file; what is added later is ignored, with a warning."""
        self.event_writer.close()
        self._closed = True

    def reopen(self) -> None:
        """Lets events be added after `close`: to another file. Otherwise nothing happens."""
        self.event_writer.reopen()
        self._closed = False

    def _warn_if_closed(self, stacklevel: int) -> None:
        if self._closed:
            warnings.warn(
                "Attempting to use a closed FileWriter. The operation will be a noop unless the FileWriter is "
                "explicitly reopened.",
                stacklevel=stacklevel,
            )

    def __enter__(self) -> FileWriter:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()


def _meta_graph(graph_def: Any) -> Any:
    from pyflow.protos.meta_graph_pb2 import MetaGraphDef

    info = MetaGraphDef.MetaInfoDef(tensorflow_version=version.VERSION, tensorflow_git_version=version.GIT_VERSION)
    return MetaGraphDef(meta_info_def=info, graph_def=graph_def)


@export("summary.FileWriterCache")
class FileWriterCache:
    """The FileWriters of a program, one a folder."""

    _cache: dict[str, FileWriter] = {}
    _lock = threading.RLock()

    @staticmethod
    def clear() -> None:
        """Closes and forgets all of them."""
        with FileWriterCache._lock:
            for writer in FileWriterCache._cache.values():
                writer.close()
            FileWriterCache._cache = {}

    @staticmethod
    def get(logdir: str) -> FileWriter:
        """The writer of a folder; a new one starts with the default graph."""
        with FileWriterCache._lock:
            if logdir not in FileWriterCache._cache:
                FileWriterCache._cache[logdir] = FileWriter(logdir, graph=get_default_graph())
            return FileWriterCache._cache[logdir]


@export("train.summary_iterator")
def summary_iterator(path: str) -> Iterator[Any]:
    """The Event messages of an event file, in order.

    Raises:
      NotFoundError: there is no such file.
      DataLossError: it is damaged, or not an event file.
    """
    return read_events(path)
