"""`tf.train.QueueRunner`: fills a queue from threads, or, where there are none, whenever an operation waits for it.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/train/QueueRunner
"""

from __future__ import annotations

import threading
import weakref
from typing import Any

from pyflow.core import errors
from pyflow.core.api import export
from pyflow.core.collection_protos import prepend_name_scope, register_proto_function, strip_name_scope
from pyflow.core.collections import GraphKeys
from pyflow.core.scopes import add_to_collection, get_collection, get_default_graph, get_default_session
from pyflow.core.waiting import threads_available
from pyflow.platform import logging
from pyflow.protos.queue_runner_pb2 import QueueRunnerDef
from pyflow.runtime.session import BaseSession


@export("train.QueueRunner", "train.queue_runner.QueueRunner")
class QueueRunner:
    """Runs the operations that fill a queue, each again and again in a thread of its own.

    When the last of them has come to the end of its input, the queue is closed.

    Args:
      queue: the queue; by default the runner makes the operations that close it.
      enqueue_ops: the operations; one may be in the list several times.
      close_op: closes the queue at the end of the input.
      cancel_op: closes it and cancels what waits to put something in, when the coordinator stops the threads.
      queue_closed_exception_types: a tuple of `tf.errors` classes that mean the end of the input; by default
        `OutOfRangeError`.
      queue_runner_def: a `QueueRunnerDef` to make the runner from, instead of all of the above.
      import_scope: the name scope that the graph was imported under.

    Raises:
      ValueError: queue or operations are missing.
      TypeError: the exception types are no tuple of error classes.
    """

    def __init__(
        self,
        queue: Any = None,
        enqueue_ops: Any = None,
        close_op: Any = None,
        cancel_op: Any = None,
        queue_closed_exception_types: Any = None,
        queue_runner_def: Any = None,
        import_scope: str | None = None,
    ):
        if queue_runner_def is not None:
            if queue or enqueue_ops:
                raise ValueError("queue_runner_def and queue are mutually exclusive.")
            self._init_from_proto(queue_runner_def, import_scope)
        else:
            self._init_from_args(queue, enqueue_ops, close_op, cancel_op, queue_closed_exception_types)
        self._lock = threading.Lock()
        # How many threads have not come to an end, by session.
        self._runs_per_session: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
        self._exceptions_raised: list[Exception] = []

    def _init_from_args(self, queue: Any, enqueue_ops: Any, close_op: Any, cancel_op: Any, closed: Any) -> None:
        if not queue or not enqueue_ops:
            raise ValueError("Must provide queue and enqueue_ops.")
        if closed is not None and (
            not isinstance(closed, tuple) or not closed or not all(issubclass(t, errors.OpError) for t in closed)
        ):
            raise TypeError(
                f"queue_closed_exception_types, when provided, must be a tuple of tf.error types, but saw: {closed}"
            )
        self._queue = queue
        self._enqueue_ops = enqueue_ops
        self._queue_closed_exception_types: tuple = closed or (errors.OutOfRangeError,)
        self._close_op = queue.close() if close_op is None else close_op
        self._cancel_op = queue.close(cancel_pending_enqueues=True) if cancel_op is None else cancel_op

    def _init_from_proto(self, definition: Any, import_scope: str | None) -> None:
        assert isinstance(definition, QueueRunnerDef)
        graph = get_default_graph()

        def element(name: str) -> Any:
            return graph.as_graph_element(prepend_name_scope(name, import_scope))

        self._queue = element(definition.queue_name)
        self._enqueue_ops = [element(name) for name in definition.enqueue_op_name]
        self._close_op = element(definition.close_op_name)
        self._cancel_op = element(definition.cancel_op_name)
        self._queue_closed_exception_types = tuple(
            errors.exception_type_from_error_code(code) for code in definition.queue_closed_exception_types
        ) or (errors.OutOfRangeError,)

    queue = property(lambda self: self._queue)
    enqueue_ops = property(lambda self: self._enqueue_ops)
    close_op = property(lambda self: self._close_op)
    cancel_op = property(lambda self: self._cancel_op)
    queue_closed_exception_types = property(lambda self: self._queue_closed_exception_types)
    name = property(lambda self: self._queue.name, doc="The name of the queue.")

    @property
    def exceptions_raised(self) -> list[Exception]:
        """What ended threads that had no coordinator to tell."""
        return self._exceptions_raised

    # ---------------------------------------------------------------- running

    def _enqueuing(self, sess: Any, number: int) -> Any:
        """What runs the enqueue operation of that number."""
        return sess.make_callable(self._enqueue_ops[number])

    def _run(self, sess: Any, number: int, coord: Any = None) -> None:
        """What a thread does."""
        try:
            enqueue = self._enqueuing(sess, number)
            while not (coord and coord.should_stop()):
                try:
                    enqueue()
                except self._queue_closed_exception_types:
                    self._end_run(sess, at_end_of_input=True)
                    return
        except Exception as error:
            self._end_run(sess)
            self._report(error, coord)
            if not coord:
                raise
        else:
            self._end_run(sess)

    def _end_run(self, sess: Any, at_end_of_input: bool = False) -> None:
        with self._lock:
            self._runs_per_session[sess] -= 1
            is_last = self._runs_per_session[sess] == 0
        if at_end_of_input and is_last:
            _run_ignoring_errors(sess, self._close_op)

    def _report(self, error: Exception, coord: Any) -> None:
        if coord:
            coord.request_stop(error)
            return
        logging.error("Exception in QueueRunner: %s", error)
        with self._lock:
            self._exceptions_raised.append(error)

    def _close_on_stop(self, sess: Any, cancel_op: Any, coord: Any) -> None:
        """What the thread does that unblocks the others when the coordinator stops them."""
        coord.wait_for_stop()
        _run_ignoring_errors(sess, cancel_op)

    def create_threads(
        self, sess: Any, coord: Any = None, daemon: bool = False, start: bool = False
    ) -> list[threading.Thread]:
        """The threads that fill the queue of a session, unless there are some already.

        Where no threads can be started there are none in the list; from now on operations that wait for elements of the
        queue run the enqueue operations themselves.

        Args:
          coord: a `Coordinator` that stops the threads, and is told the exceptions that end them.
          daemon: whether the process may end while they run.
          start: whether they are started.
        """
        with self._lock:
            if self._runs_per_session.get(sess, 0) > 0:
                return []
            self._runs_per_session[sess] = len(self._enqueue_ops)
            self._exceptions_raised = []
        if not threads_available():
            for number in range(len(self._enqueue_ops)):
                sess.resources.producers.add(_ThreadlessRun(self, sess, number, coord))
            return []
        threads = [
            threading.Thread(target=self._run, args=(sess, i, coord), name=f"QueueRunnerThread-{self.name}-{op.name}")
            for i, op in enumerate(self._enqueue_ops)
        ]
        if coord:
            name = f"QueueRunnerThread-{self.name}-close_on_stop"
            threads.append(threading.Thread(target=self._close_on_stop, args=(sess, self._cancel_op, coord), name=name))
        for thread in threads:
            if coord:
                coord.register_thread(thread)
            if daemon:
                thread.daemon = True
            if start:
                thread.start()
        return threads

    # ---------------------------------------------------------------- protocol buffers

    def to_proto(self, export_scope: str | None = None) -> Any:
        """The runner as a `QueueRunnerDef`, or None when its queue lies outside of `export_scope`."""
        if export_scope is not None and not self._queue.name.startswith(export_scope):
            return None
        return QueueRunnerDef(
            queue_name=strip_name_scope(self._queue.name, export_scope),
            enqueue_op_name=[strip_name_scope(op.name, export_scope) for op in self._enqueue_ops],
            close_op_name=strip_name_scope(self._close_op.name, export_scope),
            cancel_op_name=strip_name_scope(self._cancel_op.name, export_scope),
            queue_closed_exception_types=[  # type: ignore[arg-type]
                errors.error_code_from_exception_type(t) for t in self._queue_closed_exception_types
            ],
        )

    @staticmethod
    def from_proto(queue_runner_def: Any, import_scope: str | None = None) -> QueueRunner:
        """The runner that a `QueueRunnerDef` describes, in the default graph."""
        return QueueRunner(queue_runner_def=queue_runner_def, import_scope=import_scope)


def _run_ignoring_errors(sess: Any, op: Any) -> None:
    """Closes a queue, which may be closed already, as may the session."""
    try:
        sess.run(op)
    except Exception as error:
        logging.vlog(1, "Ignored exception: %s", error)


class _ThreadlessRun:
    """One enqueue operation of a runner where there are no threads; see `pyflow.runtime.producers`."""

    def __init__(self, runner: QueueRunner, sess: Any, number: int, coord: Any):
        self._runner, self._sess, self._coord = runner, sess, coord
        self._enqueue = runner._enqueuing(sess, number)
        self._ended = False
        self.fills: set[Any] = set()
        self.pending: Any = None

    def ready(self) -> bool:
        return not self._ended and (self.pending is None or self.pending.done)

    def run(self) -> None:
        runner, pending = self._runner, self.pending
        try:
            if self._coord and self._coord.should_stop():
                self._end()
                _run_ignoring_errors(self._sess, runner.cancel_op)
                return
            if pending is not None and pending.error is not None:
                raise pending.error
            self.pending = None
            self._enqueue()
        except runner.queue_closed_exception_types:
            self._end(at_end_of_input=True)
        except Exception as error:
            self._end()
            runner._report(error, self._coord)
            if not self._coord:
                raise
            _run_ignoring_errors(self._sess, runner.cancel_op)

    def _end(self, at_end_of_input: bool = False) -> None:
        self._ended = True
        self._runner._end_run(self._sess, at_end_of_input)


@export("train.add_queue_runner", "train.queue_runner.add_queue_runner")
def add_queue_runner(qr: QueueRunner, collection: str = GraphKeys.QUEUE_RUNNERS) -> None:
    """Adds a runner to a collection of the default graph, from which `start_queue_runners` takes it."""
    add_to_collection(collection, qr)


@export("train.start_queue_runners", "train.queue_runner.start_queue_runners")
def start_queue_runners(
    sess: Any = None,
    coord: Any = None,
    daemon: bool = True,
    start: bool = True,
    collection: str = GraphKeys.QUEUE_RUNNERS,
) -> list[threading.Thread]:
    """Makes, and starts, the threads of all runners in a collection.

    Args:
      sess: the session; None takes the default session.
      coord: a `Coordinator` that stops the threads, and is told the exceptions that end them.
      daemon: whether the process may end while they run.

    Raises:
      ValueError: there is no session.
      TypeError: `sess` is none.
    """
    if sess is None:
        sess = get_default_session()
        if sess is None:
            raise ValueError(
                "Cannot start queue runners: No default session is registered. Use `with sess.as_default()` or pass an "
                "explicit session to tf.start_queue_runners(sess=sess)"
            )
    if not isinstance(sess, BaseSession):
        # These have started the runners themselves.
        if type(sess).__name__ in ("MonitoredSession", "SingularMonitoredSession"):
            return []
        raise TypeError(f"sess must be a `tf.Session` object. Given class: {type(sess)}")
    if not get_collection(collection):
        logging.warning(
            "`tf.train.start_queue_runners()` was called when no queue runners were defined. You can safely remove the "
            "call to this deprecated function."
        )
    with sess.graph.as_default():
        return [
            thread
            for runner in get_collection(collection)
            for thread in runner.create_threads(sess, coord=coord, daemon=daemon, start=start)
        ]


register_proto_function(
    GraphKeys.QUEUE_RUNNERS,
    proto_type=QueueRunnerDef,
    to_proto=QueueRunner.to_proto,
    from_proto=QueueRunner.from_proto,
)
