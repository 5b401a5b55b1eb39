"""`tf.train.Supervisor`: the older way to a training session that initialises, saves and stops.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/train/Supervisor
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.graph import Graph
from pyflow.core.scopes import add_to_collection, get_collection, get_default_graph
from pyflow.ops.control_flow import group
from pyflow.ops.table_initialization import tables_initializer
from pyflow.ops.variables import (
    global_variables,
    global_variables_initializer,
    local_variables_initializer,
    report_uninitialized_variables,
)
from pyflow.platform import logging
from pyflow.platform.code.deprecation import deprecated
from pyflow.protos.event_pb2 import SessionLog
from pyflow.summary.functions import merge_all
from pyflow.summary.writer import FileWriter
from pyflow.train.coordinator import Coordinator, LooperThread
from pyflow.train.global_step import global_step as read_global_step
from pyflow.train.meta_graph import export_meta_graph, write_graph
from pyflow.train.saver import Saver
from pyflow.train.session_manager import SessionManager
from pyflow.train.supervisor_services import SVStepCounterThread, SVSummaryThread, SVTimerCheckpointThread


def _first_of(key: str, make: Callable | None = None) -> Any:
    """The first item of a collection; if it is empty `make()`, added to it."""
    found = get_collection(key)
    if len(found) > 1:
        logging.info("Found %d %s operations. Returning the first one.", len(found), key)
    if found:
        return found[0]
    made = make() if make else None
    if made is not None:
        add_to_collection(key, made)
    return made


def _default_global_step() -> Any:
    try:
        step = get_default_graph().get_tensor_by_name("global_step:0")
    except KeyError:
        return None
    if step.dtype.base_dtype in (dtypes.int32, dtypes.int64):
        return step
    logging.warning("Found 'global_step' is not an int type: %s", step.dtype)
    return None


@export("train.Supervisor")
class Supervisor:
    """Opens a session, restores or initialises the model in it, and runs services beside it. Finalizes the graph.

    Every argument of `USE_DEFAULT` takes the first item of the collection of that name, or is made; None is none.

    Args:
      graph: the graph; None takes the default graph.
      ready_op: the names of what isn't initialised.
      ready_for_local_init_op: the same before `local_init_op`.
      is_chief: whether this process initialises the model and writes files; others wait for that.
      init_op: initialises the variables, if there is no checkpoint; `init_feed_dict` is fed to it.
      local_init_op: run in every new session.
      logdir: the folder of checkpoints and event files; None for neither.
      summary_op: what the service writes; None if the program calls `summary_computed` itself.
      saver: None for no checkpoints.
      global_step: the tensor that counts steps.
      save_summaries_secs: how many seconds lie between two summaries; 0 for none.
      save_model_secs: how many seconds lie between two checkpoints; 0 for none.
      recovery_wait_secs: seconds between two looks at whether the model is ready.
      stop_grace_secs: how long threads may take to end, in seconds.
      checkpoint_basename: how checkpoints' names begin.
      session_manager: a `SessionManager`; None makes one.
      summary_writer: by default a `FileWriter` of `logdir`.
      init_fn: called with the session after `init_op`.
      local_init_run_options: `RunOptions` for `local_init_op`.

    Raises:
      ValueError: this is not the chief, and a variable has no device.
    """

    USE_DEFAULT = 0

    @deprecated(None, "Please switch to tf.train.MonitoredTrainingSession")
    def __init__(
        self,
        graph: Graph | None = None,
        ready_op: Any = USE_DEFAULT,
        ready_for_local_init_op: Any = USE_DEFAULT,
        is_chief: bool = True,
        init_op: Any = USE_DEFAULT,
        init_feed_dict: Any = None,
        local_init_op: Any = USE_DEFAULT,
        logdir: str | None = None,
        summary_op: Any = USE_DEFAULT,
        saver: Any = USE_DEFAULT,
        global_step: Any = USE_DEFAULT,
        save_summaries_secs: float = 120,
        save_model_secs: float = 600,
        recovery_wait_secs: float = 30,
        stop_grace_secs: float = 120,
        checkpoint_basename: str = "model.ckpt",
        session_manager: Any = None,
        summary_writer: Any = USE_DEFAULT,
        init_fn: Callable | None = None,
        local_init_run_options: Any = None,
    ):
        def given(value: Any, key: str, make: Callable | None = None) -> Any:
            # Tensors compare element by element; only the plain 0 is the default.
            return _first_of(key, make) if value is Supervisor.USE_DEFAULT else value

        self._graph = graph = graph if graph is not None else get_default_graph()
        with graph.as_default():
            self._ready_op = given(ready_op, GraphKeys.READY_OP, report_uninitialized_variables)
            self._ready_for_local_init_op = given(ready_for_local_init_op, GraphKeys.READY_FOR_LOCAL_INIT_OP)
            self._init_op = given(init_op, GraphKeys.INIT_OP, global_variables_initializer)
            self._init_feed_dict = init_feed_dict
            self._local_init_op = given(
                local_init_op,
                GraphKeys.LOCAL_INIT_OP,
                lambda: group(local_variables_initializer(), tables_initializer()),
            )
            self._saver = given(saver, GraphKeys.SAVERS, lambda: Saver() if global_variables() else None)
            self._summary_op = given(summary_op, GraphKeys.SUMMARY_OP, merge_all)
            self._global_step = given(global_step, GraphKeys.GLOBAL_STEP, _default_global_step)
        self._meta_graph_def = export_meta_graph(
            graph=graph, saver_def=self._saver.saver_def if self._saver else None, collection_list=[]
        )
        self._is_chief = is_chief
        self._coord = Coordinator()
        self._stop_grace_secs = stop_grace_secs
        self._init_fn = init_fn
        self._logdir = self._save_path = self._summary_writer = None
        self._save_summaries_secs = self._save_model_secs = None
        self._graph_added_to_summary = False
        if is_chief:
            self._logdir = logdir
            self._save_summaries_secs = save_summaries_secs
            self._save_model_secs = save_model_secs
            if logdir:
                self._save_path = os.path.join(logdir, checkpoint_basename)
            if summary_writer is not Supervisor.USE_DEFAULT:
                self._summary_writer = summary_writer
            elif logdir:
                self._summary_writer = FileWriter(logdir)
        self._session_manager = session_manager or SessionManager(
            local_init_op=self._local_init_op,
            ready_op=self._ready_op,
            ready_for_local_init_op=self._ready_for_local_init_op,
            graph=graph,
            recovery_wait_secs=recovery_wait_secs,
            local_init_run_options=local_init_run_options,
        )
        self._verify_setup()
        graph.finalize()

    is_chief: bool = property(lambda self: self._is_chief)  # type: ignore
    session_manager: Any = property(lambda self: self._session_manager)
    coord: Coordinator = property(lambda self: self._coord, doc="The `Coordinator` of the services.")  # type: ignore
    init_op: Any = property(lambda self: self._init_op)
    init_feed_dict: Any = property(lambda self: self._init_feed_dict)
    ready_op: Any = property(lambda self: self._ready_op)
    ready_for_local_init_op: Any = property(lambda self: self._ready_for_local_init_op)
    summary_writer: Any = property(lambda self: self._summary_writer)
    summary_op: Any = property(lambda self: self._summary_op)
    save_summaries_secs: Any = property(lambda self: self._save_summaries_secs)
    global_step: Any = property(lambda self: self._global_step)
    saver: Any = property(lambda self: self._saver)
    save_model_secs: Any = property(lambda self: self._save_model_secs)
    save_path: Any = property(lambda self: self._save_path, doc="How the checkpoints' paths begin.")

    def _verify_setup(self) -> None:
        if not self._is_chief:
            for op in self._graph.get_operations():
                if op.type in ("Variable", "VariableV2") and not op.device:
                    raise ValueError(f"When using replicas, all Variables must have their device set: {op}")

    def _write_graph(self) -> None:
        if self._logdir:
            write_graph(self._graph.as_graph_def(add_shapes=True), self._logdir, "graph.pbtxt")
        if self._summary_writer and not self._graph_added_to_summary:
            self._summary_writer.add_graph(self._graph)
            self._summary_writer.add_meta_graph(self._meta_graph_def)
            self._graph_added_to_summary = True

    def start_standard_services(self, sess: Any) -> list[threading.Thread] | None:
        """Starts the threads that write summaries, steps per second and checkpoints; None without logdir.

        Raises:
          RuntimeError: this is not the chief.
        """
        if not self._is_chief:
            raise RuntimeError(
                "Only chief supervisor can start standard services. Because only chief supervisors can write events."
            )
        if not self._logdir:
            logging.warning("Standard services need a 'logdir' passed to the SessionManager")
            return None
        if self._global_step is not None and self._summary_writer:
            step = read_global_step(sess, self._global_step)
            self._summary_writer.add_session_log(SessionLog(status=SessionLog.START), step)
        threads: list[Any] = []
        if self._save_summaries_secs and self._summary_writer:
            if self._summary_op is not None:
                threads.append(SVSummaryThread(self, sess))
            if self._global_step is not None:
                threads.append(SVStepCounterThread(self, sess))
        if self.saver and self._save_model_secs:
            threads.append(SVTimerCheckpointThread(self, sess))
        for thread in threads:
            thread.start()
        return threads

    def prepare_or_wait_for_session(
        self,
        master: Any = "",
        config: Any = None,
        wait_for_checkpoint: bool = False,
        max_wait_secs: float = 7200,
        start_standard_services: bool = True,
    ) -> Any:
        """A session in which the model is ready, with services and queue runners started.

        Args:
          master: the session's target.
          config: a `ConfigProto`.
          wait_for_checkpoint: whether the chief waits for a checkpoint.
          max_wait_secs: how long to wait at most, in seconds.
          start_standard_services: whether services and queue runners are started.

        Raises:
          RuntimeError: the model is not ready after its initialisation.
        """
        self._coord.clear_stop()
        if self._summary_writer:
            self._summary_writer.reopen()
        if self._is_chief:
            sess = self._session_manager.prepare_session(
                master,
                init_op=self.init_op,
                saver=self.saver,
                checkpoint_dir=self._logdir,
                wait_for_checkpoint=wait_for_checkpoint,
                max_wait_secs=max_wait_secs,
                config=config,
                init_feed_dict=self._init_feed_dict,
                init_fn=self._init_fn,
            )
            self._write_graph()
            if start_standard_services:
                logging.info("Starting standard services.")
                self.start_standard_services(sess)
        else:
            sess = self._session_manager.wait_for_session(master, config=config, max_wait_secs=max_wait_secs)
        if start_standard_services:
            logging.info("Starting queue runners.")
            self.start_queue_runners(sess)
        return sess

    def start_queue_runners(self, sess: Any, queue_runners: Any = None) -> list[threading.Thread]:
        """Starts the threads of queue runners, by default of all in the graph; gives the threads."""
        if queue_runners is None:
            queue_runners = self._graph.get_collection(GraphKeys.QUEUE_RUNNERS)
        threads: list[threading.Thread] = []
        for runner in queue_runners:
            threads += runner.create_threads(sess, coord=self._coord, daemon=True, start=True)
        return threads

    def loop(
        self, timer_interval_secs: float | None, target: Callable, args: Any = None, kwargs: Any = None
    ) -> LooperThread:
        """Starts a thread that calls a function until the supervisor stops; see `LooperThread`."""
        return LooperThread.loop(self._coord, timer_interval_secs, target, args, kwargs)

    def stop(self, threads: Any = None, close_summary_writer: bool = True, ignore_live_threads: bool = False) -> None:
        """Stops services and queue runners, and waits for their threads; see `Coordinator.join`."""
        self._coord.request_stop()
        try:
            self._coord.join(
                threads, stop_grace_period_secs=self._stop_grace_secs, ignore_live_threads=ignore_live_threads
            )
        finally:
            if close_summary_writer and self._summary_writer:
                self._summary_writer.add_session_log(SessionLog(status=SessionLog.STOP))
                self._summary_writer.close()
                self._graph_added_to_summary = False

    def request_stop(self, ex: Any = None) -> None:
        """Asks services and program to stop; see `Coordinator.request_stop`."""
        self._coord.request_stop(ex=ex)

    def should_stop(self) -> bool:
        """Whether the program is to stop."""
        return self._coord.should_stop()

    def stop_on_exception(self) -> Any:
        """Turns an exception of the block into a request to stop; see `Coordinator.stop_on_exception`."""
        return self._coord.stop_on_exception()

    def wait_for_stop(self) -> None:
        """Waits until the program is to stop."""
        self._coord.wait_for_stop()

    def summary_computed(self, sess: Any, summary: Any, global_step: Any = None) -> None:
        """Writes a summary that the program has computed, by default at the present global step.

        Raises:
          RuntimeError: there is nothing to write it with.
        """
        if not self._summary_writer:
            raise RuntimeError("Writing a summary requires a summary writer.")
        if global_step is None and self.global_step is not None:
            global_step = read_global_step(sess, self.global_step)
        self._summary_writer.add_summary(summary, global_step)

    @contextlib.contextmanager
    def managed_session(
        self,
        master: Any = "",
        config: Any = None,
        start_standard_services: bool = True,
        close_summary_writer: bool = True,
    ) -> Iterator[Any]:
        """A session for a `with` block, which ends with the services stopped and the session closed.

        An exception of the block or of a service is raised then; the end of the input is none.
        """
        sess = None
        try:
            sess = self.prepare_or_wait_for_session(
                master=master, config=config, start_standard_services=start_standard_services
            )
            yield sess
        except Exception as error:
            self.request_stop(error)
        finally:
            try:
                self.stop(close_summary_writer=close_summary_writer)
            finally:
                # What went wrong before says more than what goes wrong in closing.
                with contextlib.suppress(Exception):
                    if sess is not None:
                        sess.close()

    PrepareSession = prepare_or_wait_for_session
    StartQueueRunners = start_queue_runners
    StartStandardServices = start_standard_services
    Stop = stop
    RequestStop = request_stop
    Loop = loop
    ShouldStop = should_stop
    StopOnException = stop_on_exception
    WaitForStop = wait_for_stop
    SummaryComputed = summary_computed
