"""Hooks that write files now and then: checkpoints, summaries, profiles."""

from __future__ import annotations

import os
from typing import Any

from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.scopes import get_collection, get_default_graph
from pyflow.platform import gfile, logging
from pyflow.protos.config_pb2 import RunOptions
from pyflow.protos.event_pb2 import SessionLog
from pyflow.runtime import timeline
from pyflow.summary.writer import FileWriterCache
from pyflow.train import meta_graph
from pyflow.train.session_run_hook import SessionRunArgs, SessionRunHook
from pyflow.train.step_hooks import SecondOrStepTimer, require_global_step


@export("train.CheckpointSaverListener", "estimator.CheckpointSaverListener")
class CheckpointSaverListener:
    """Takes part in the savings of a `CheckpointSaverHook`; subclasses override what they need."""

    def begin(self) -> None:
        """Called when the hook begins; may add to the graph."""

    def before_save(self, session: Any, global_step_value: Any) -> None:
        """Called before each checkpoint is written."""

    def after_save(self, session: Any, global_step_value: Any) -> Any:
        """Called after each checkpoint is written; returns True to ask to stop."""

    def end(self, session: Any, global_step_value: Any) -> None:
        """Called at the end, after the last checkpoint."""


@export("train.CheckpointSaverHook", "estimator.CheckpointSaverHook")
class CheckpointSaverHook(SessionRunHook):
    """Saves a checkpoint at the start, every so many steps or seconds, and at the end.

    Args:
      checkpoint_dir: the folder of the checkpoints.
      save_secs: how many seconds lie between two, or
      save_steps: how many steps.
      saver: saves them; or
      scaffold: a `Scaffold` whose saver does. With neither it is the one in the collection `GraphKeys.SAVERS`.
      checkpoint_basename: how the checkpoints' names begin.
      listeners: `CheckpointSaverListener`s.

    Raises:
      ValueError: both `saver` and `scaffold` are given, or not exactly one of the intervals.
    """

    def __init__(
        self,
        checkpoint_dir: str,
        save_secs: float | None = None,
        save_steps: int | None = None,
        saver: Any = None,
        checkpoint_basename: str = "model.ckpt",
        scaffold: Any = None,
        listeners: Any = None,
    ):
        logging.info("Create CheckpointSaverHook.")
        if saver is not None and scaffold is not None:
            raise ValueError("You cannot provide both saver and scaffold.")
        self._saver = saver
        self._checkpoint_dir = checkpoint_dir
        self._save_path = os.path.join(checkpoint_dir, checkpoint_basename)
        self._scaffold = scaffold
        self._timer = SecondOrStepTimer(every_secs=save_secs, every_steps=save_steps)
        self._listeners = listeners or []
        self._steps_per_run = 1

    def _set_steps_per_run(self, steps_per_run: int) -> None:
        self._steps_per_run = steps_per_run

    def begin(self) -> None:
        self._summary_writer = FileWriterCache.get(self._checkpoint_dir)
        self._global_step_tensor = require_global_step("CheckpointSaverHook")
        for listener in self._listeners:
            listener.begin()

    def after_create_session(self, session: Any, coord: Any) -> None:
        # Only now: the hooks after this one may have added to the graph when they began.
        step = session.run(self._global_step_tensor)
        graph = get_default_graph()
        definition = graph.as_graph_def(add_shapes=True)
        meta_graph.write_graph(definition, self._checkpoint_dir, "graph.pbtxt")
        saver = self._get_saver()
        self._summary_writer.add_graph(graph)
        self._summary_writer.add_meta_graph(
            meta_graph.export_meta_graph(
                graph_def=definition, saver_def=saver.saver_def if saver else None, collection_list=[]
            )
        )
        # The first checkpoint has the state before any training.
        self._save(session, step)
        self._timer.update_last_triggered_step(step)

    def before_run(self, run_context: Any) -> Any:
        return SessionRunArgs(self._global_step_tensor)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        # Whether the step was read before or after this run counted it is not known: what looks due is looked at.
        if self._timer.should_trigger_for_step(run_values.results + self._steps_per_run):
            step = run_context.session.run(self._global_step_tensor)
            if self._timer.should_trigger_for_step(step):
                self._timer.update_last_triggered_step(step)
                if self._save(run_context.session, step):
                    run_context.request_stop()

    def end(self, session: Any) -> None:
        step = session.run(self._global_step_tensor)
        if step != self._timer.last_triggered_step():
            self._save(session, step)
        for listener in self._listeners:
            listener.end(session, step)

    def _save(self, session: Any, step: Any) -> bool:
        """Saves a checkpoint; whether a listener asks to stop."""
        logging.info("Saving checkpoints for %d into %s.", step, self._save_path)
        for listener in self._listeners:
            listener.before_save(session, step)
        self._get_saver().save(session, self._save_path, global_step=step)
        self._summary_writer.add_session_log(
            SessionLog(status=SessionLog.CHECKPOINT, checkpoint_path=self._save_path), step
        )
        should_stop = False
        for listener in self._listeners:
            if listener.after_save(session, step):
                logging.info(f"A CheckpointSaverListener requested that training be stopped. listener: {listener}")
                should_stop = True
        return should_stop

    def _get_saver(self) -> Any:
        if self._saver is not None:
            return self._saver
        if self._scaffold is not None:
            return self._scaffold.saver
        savers = get_collection(GraphKeys.SAVERS)
        if not savers:
            raise RuntimeError(
                f"No items in collection {GraphKeys.SAVERS}. Please add a saver to the collection or provide a saver "
                "or scaffold."
            )
        if len(savers) > 1:
            raise RuntimeError(
                f"More than one item in collection {GraphKeys.SAVERS}. Please indicate which one to use by passing it "
                "to the constructor."
            )
        self._saver = savers[0]
        return self._saver


@export("train.SummarySaverHook", "estimator.SummarySaverHook")
class SummarySaverHook(SessionRunHook):
    """Writes summaries every so many steps or seconds.

    Args:
      save_steps: how many steps lie between two, or
      save_secs: how many seconds.
      output_dir: the folder of the event file, or
      summary_writer: what writes them.
      summary_op: a tensor of serialized Summary messages, or a list of such; or
      scaffold: a `Scaffold` whose summary_op it is.

    Raises:
      ValueError: not exactly one of `scaffold` and `summary_op` is given, or not exactly one of the intervals.
    """

    def __init__(
        self,
        save_steps: int | None = None,
        save_secs: float | None = None,
        output_dir: str | None = None,
        summary_writer: Any = None,
        scaffold: Any = None,
        summary_op: Any = None,
    ):
        if (scaffold is None) == (summary_op is None):
            raise ValueError("Exactly one of scaffold or summary_op must be provided.")
        self._summary_op = summary_op
        self._summary_writer = summary_writer
        self._output_dir = output_dir
        self._scaffold: Any = scaffold
        self._timer = SecondOrStepTimer(every_secs=save_secs, every_steps=save_steps)

    def begin(self) -> None:
        if self._summary_writer is None and self._output_dir:
            self._summary_writer = FileWriterCache.get(self._output_dir)
        self._next_step: Any = None
        self._ahead = 1
        self._global_step_tensor = require_global_step("SummarySaverHook")

    def before_run(self, run_context: Any) -> Any:
        self._request_summary = self._next_step is None or self._timer.should_trigger_for_step(self._next_step)
        wanted = {"global_step": self._global_step_tensor}
        if self._request_summary:
            summaries = self._get_summary_op()
            if summaries is not None:
                wanted["summary"] = summaries
        return SessionRunArgs(wanted)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        if not self._summary_writer:
            return
        read = run_values.results["global_step"]
        if self._next_step is None or self._request_summary:
            # How far the run got beyond what it read itself is the same in all runs.
            self._ahead = run_context.session.run(self._global_step_tensor) - read
        step = read + self._ahead
        if self._next_step is None:
            self._summary_writer.add_session_log(SessionLog(status=SessionLog.START), step)
        if self._request_summary:
            self._timer.update_last_triggered_step(step)
            for summary in run_values.results.get("summary", ()):
                self._summary_writer.add_summary(summary, step)
        self._next_step = step + 1

    def end(self, session: Any = None) -> None:
        if self._summary_writer:
            self._summary_writer.flush()

    def _get_summary_op(self) -> list | None:
        summaries = self._summary_op if self._summary_op is not None else self._scaffold.summary_op
        return summaries if summaries is None or isinstance(summaries, list) else [summaries]


@export("train.ProfilerHook", "estimator.ProfilerHook")
class ProfilerHook(SessionRunHook):
    """Writes a profile of one run every so many steps or seconds: `timeline-STEP.json`, for chrome://tracing.

    Args:
      save_steps: how many steps lie between two, or
      save_secs: how many seconds.
      output_dir: the folder.
      show_dataflow, show_memory: as in `Timeline.generate_chrome_trace_format`.

    Raises:
      ValueError: not exactly one of the intervals is given.
    """

    def __init__(
        self,
        save_steps: int | None = None,
        save_secs: float | None = None,
        output_dir: str = "",
        show_dataflow: bool = True,
        show_memory: bool = False,
    ):
        self._output_file = os.path.join(output_dir, "timeline-{}.json")
        self._file_writer = FileWriterCache.get(output_dir)
        self._show_dataflow = show_dataflow
        self._show_memory = show_memory
        self._timer = SecondOrStepTimer(every_secs=save_secs, every_steps=save_steps)

    def begin(self) -> None:
        self._next_step: Any = None
        self._ahead = 1
        self._global_step_tensor = require_global_step("ProfilerHook")

    def before_run(self, run_context: Any) -> Any:
        # The first run is not a typical one.
        self._request_summary = self._next_step is not None and self._timer.should_trigger_for_step(self._next_step)
        options = RunOptions(trace_level=RunOptions.FULL_TRACE) if self._request_summary else None
        return SessionRunArgs({"global_step": self._global_step_tensor}, options=options)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        read = run_values.results["global_step"]
        if self._next_step is None or self._request_summary:
            self._ahead = run_context.session.run(self._global_step_tensor) - read
        step = read + self._ahead
        if self._next_step is None:
            self._timer.update_last_triggered_step(read)
        if self._request_summary:
            self._timer.update_last_triggered_step(step)
            metadata = run_values.run_metadata
            self._save(step, self._output_file.format(step), metadata.step_stats)
            self._file_writer.add_run_metadata(metadata, f"step_{step:d}")
        self._next_step = step + 1

    def _save(self, step: Any, save_path: str, step_stats: Any) -> None:
        logging.info("Saving timeline for %d into '%s'.", step, save_path)
        trace = timeline.Timeline(step_stats).generate_chrome_trace_format(
            show_dataflow=self._show_dataflow, show_memory=self._show_memory
        )
        with gfile.Open(save_path, "w") as file:
            file.write(trace)
