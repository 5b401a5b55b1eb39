"""The threads of a `Supervisor`: summaries, steps per second, checkpoints."""

from __future__ import annotations

import time
from typing import Any

from pyflow.platform import logging
from pyflow.protos.event_pb2 import SessionLog, Summary
from pyflow.train.coordinator import LooperThread
from pyflow.train.global_step import global_step as read_global_step


class SVSummaryThread(LooperThread):
    """Writes summaries every `save_summaries_secs` seconds.

    Args:
      sv: the `Supervisor`.
      sess: the session to run the summary_op in.
    """

    def __init__(self, sv: Any, sess: Any):
        super().__init__(sv.coord, sv.save_summaries_secs)
        self._sv = sv
        self._sess = sess

    def run_loop(self) -> None:
        if self._sv.global_step is not None:
            summaries, step = self._sess.run([self._sv.summary_op, self._sv.global_step])
        else:
            summaries, step = self._sess.run(self._sv.summary_op), None
        if self._sv.summary_writer:
            logging.info("Recording summary at step %s.", step)
            self._sv.summary_writer.add_summary(summaries, step)


class SVStepCounterThread(LooperThread):
    """Logs steps per second every `save_summaries_secs` seconds, and writes them as a summary.

    Args:
      step_counter: what counts; by default the supervisor's global step.
    """

    def __init__(self, sv: Any, sess: Any, step_counter: Any = None):
        super().__init__(sv.coord, sv.save_summaries_secs)
        self._sv = sv
        self._sess = sess
        self._last_time = 0.0
        self._last_step = 0
        self._step_counter = sv.global_step if step_counter is None else step_counter
        self._summary_tag = f"{self._step_counter.op.name}/sec"

    def start_loop(self) -> None:
        self._last_time = time.time()
        self._last_step = read_global_step(self._sess, self._step_counter)

    def run_loop(self) -> None:
        step = read_global_step(self._sess, self._step_counter)
        added = step - self._last_step
        self._last_step = step
        now = time.time()
        elapsed = now - self._last_time
        self._last_time = now
        steps_per_sec = added / elapsed if elapsed > 0.0 else float("inf")
        if self._sv.summary_writer:
            value = Summary.Value(tag=self._summary_tag, simple_value=steps_per_sec)
            self._sv.summary_writer.add_summary(Summary(value=[value]), step)
        logging.info("%s: %g", self._summary_tag, steps_per_sec)


class SVTimerCheckpointThread(LooperThread):
    """Saves a checkpoint every `save_model_secs` seconds."""

    def __init__(self, sv: Any, sess: Any):
        super().__init__(sv.coord, sv.save_model_secs)
        self._sv = sv
        self._sess = sess

    def run_loop(self) -> None:
        logging.info("Saving checkpoint to path %s", self._sv.save_path)
        self._sv.saver.save(self._sess, self._sv.save_path, global_step=self._sv.global_step)
        if self._sv.summary_writer and self._sv.global_step is not None:
            step = read_global_step(self._sess, self._sv.global_step)
            self._sv.summary_writer.add_session_log(
                SessionLog(status=SessionLog.CHECKPOINT, checkpoint_path=self._sv.save_path), step
            )
