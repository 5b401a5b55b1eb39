"""tf.contrib.slim.learning: train operations, and the training loop on a Supervisor."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

from pyflow.contrib import training
from pyflow.core import errors
from pyflow.core.api import export
from pyflow.core.scopes import get_default_graph, name_scope
from pyflow.ops.comparison import equal, greater_equal
from pyflow.ops.constant import constant
from pyflow.ops.control_flow import group
from pyflow.ops.division import floormod
from pyflow.ops.table_initialization import tables_initializer
from pyflow.ops.variables import (
    global_variables_initializer,
    local_variables_initializer,
    report_uninitialized_variables,
)
from pyflow.platform import logging
from pyflow.platform.file_io import write_string_to_file
from pyflow.protos.config_pb2 import RunMetadata, RunOptions
from pyflow.runtime.timeline import Timeline
from pyflow.summary.functions import merge_all
from pyflow.train.global_step import get_or_create_global_step
from pyflow.train.global_step import global_step as read_global_step
from pyflow.train.optimizer import Optimizer
from pyflow.train.saver import Saver
from pyflow.train.supervisor import Supervisor

_USE_GLOBAL_STEP: Any = 0
_USE_DEFAULT: Any = 0

for _name in ("add_gradients_summaries", "clip_gradient_norms", "multiply_gradients"):
    export(f"contrib.slim.learning.{_name}")(getattr(training, _name))


@export("contrib.slim.learning.create_train_op")
def create_train_op(
    total_loss: Any,
    optimizer: Optimizer,
    global_step: Any = _USE_GLOBAL_STEP,
    update_ops: Any = None,
    variables_to_train: Any = None,
    clip_gradient_norm: float = 0,
    summarize_gradients: bool = False,
    gate_gradients: int = Optimizer.GATE_OP,
    aggregation_method: Any = None,
    colocate_gradients_with_ops: bool = False,
    gradient_multipliers: dict | None = None,
    check_numerics: bool = True,
) -> Any:
    """`tf.contrib.training.create_train_op` with gradients multiplied and clipped.

    Args:
      clip_gradient_norm: the largest norm of each gradient; 0 for any.
      gradient_multipliers: dict from variables, or names of their nodes, to factors for their gradients.
      others: as in `tf.contrib.training.create_train_op`.
    """

    def transform(grads: list) -> list:
        if gradient_multipliers:
            with name_scope("multiply_grads"):
                grads = training.multiply_gradients(grads, gradient_multipliers)
        if clip_gradient_norm > 0:
            with name_scope("clip_grads"):
                grads = training.clip_gradient_norms(grads, clip_gradient_norm)
        return grads

    if isinstance(global_step, int) and global_step == _USE_GLOBAL_STEP:
        global_step = get_or_create_global_step()
    return training.create_train_op(
        total_loss,
        optimizer,
        global_step=global_step,
        update_ops=update_ops,
        variables_to_train=variables_to_train,
        transform_grads_fn=transform,
        summarize_gradients=summarize_gradients,
        gate_gradients=gate_gradients,
        aggregation_method=aggregation_method,
        colocate_gradients_with_ops=colocate_gradients_with_ops,
        check_numerics=check_numerics,
    )


@export("contrib.slim.learning.train_step")
def train_step(sess: Any, train_op: Any, global_step: Any, train_step_kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """Runs one step of training; gives the loss and whether to stop.

    Args:
      train_step_kwargs: may hold tensors `should_stop`, `should_log` and `should_trace`; for traces, `logdir` and
        `summary_writer`.

    Raises:
      ValueError: there is `should_trace` without `logdir`.
    """
    start = time.time()
    options, metadata = None, None
    if "should_trace" in train_step_kwargs:
        if "logdir" not in train_step_kwargs:
            raise ValueError("logdir must be present in train_step_kwargs when should_trace is present")
        if sess.run(train_step_kwargs["should_trace"]):
            options, metadata = RunOptions(trace_level=RunOptions.FULL_TRACE), RunMetadata()
    loss, step = sess.run([train_op, global_step], options=options, run_metadata=metadata)
    elapsed = time.time() - start
    if metadata is not None:
        path = os.path.join(train_step_kwargs["logdir"], f"tf_trace-{step}.json")
        logging.info("Writing trace to %s", path)
        write_string_to_file(path, Timeline(metadata.step_stats).generate_chrome_trace_format())
        if "summary_writer" in train_step_kwargs:
            train_step_kwargs["summary_writer"].add_run_metadata(metadata, f"run_metadata-{step}")
    if "should_log" in train_step_kwargs and sess.run(train_step_kwargs["should_log"]):
        logging.info("global step %d: loss = %.4f (%.3f sec/step)", step, loss, elapsed)
    should_stop = sess.run(train_step_kwargs["should_stop"]) if "should_stop" in train_step_kwargs else False
    return loss, should_stop


@export("contrib.slim.learning.train")
def train(
    train_op: Any,
    logdir: str | None,
    train_step_fn: Callable = train_step,
    train_step_kwargs: Any = _USE_DEFAULT,
    log_every_n_steps: int = 1,
    graph: Any = None,
    master: str = "",
    is_chief: bool = True,
    global_step: Any = None,
    number_of_steps: int | None = None,
    init_op: Any = _USE_DEFAULT,
    init_feed_dict: Any = None,
    local_init_op: Any = _USE_DEFAULT,
    init_fn: Callable | None = None,
    ready_op: Any = _USE_DEFAULT,
    summary_op: Any = _USE_DEFAULT,
    save_summaries_secs: float = 600,
    summary_writer: Any = _USE_DEFAULT,
    startup_delay_steps: int = 0,
    saver: Any = None,
    save_interval_secs: float = 600,
    sync_optimizer: Any = None,
    session_config: Any = None,
    session_wrapper: Callable | None = None,
    trace_every_n_steps: int | None = None,
    ignore_live_threads: bool = False,
) -> Any:
    """Runs `train_op` step by step, saving checkpoints and summaries; gives the last loss.

    Args:
      logdir: where checkpoints and events go; None for nowhere.
      train_step_fn: called as `train_step` is, with `train_step_kwargs`.
      log_every_n_steps, trace_every_n_steps: how often the loss is logged, a step is traced.
      number_of_steps: the global step at which to stop; None goes on until the input ends.
      init_fn: function of the session, called after `init_op`.
      save_summaries_secs, save_interval_secs: seconds between summaries, between checkpoints.
      startup_delay_steps: the global step that workers other than the chief wait for.
      session_wrapper: function from the session to what takes its place.
      others: as in `tf.train.Supervisor`.

    Raises:
      ValueError: there is no `train_op`, or arguments do not go together.
    """
    _check(train_op, logdir, summary_op, saver, trace_every_n_steps, number_of_steps)
    if sync_optimizer is not None:
        raise NotImplementedError("slim.learning.train(sync_optimizer=...)")
    graph = graph or get_default_graph()
    with graph.as_default():
        global_step = get_or_create_global_step() if global_step is None else global_step
        saver = saver or Saver()
        with name_scope("init_ops"):
            if _is_default(init_op):
                init_op = global_variables_initializer()
            if _is_default(ready_op):
                ready_op = report_uninitialized_variables()
            if _is_default(local_init_op):
                local_init_op = group(local_variables_initializer(), tables_initializer())
        if _is_default(summary_op):
            summary_op = merge_all()
        if _is_default(train_step_kwargs):
            train_step_kwargs = _step_arguments(
                global_step, number_of_steps, log_every_n_steps, trace_every_n_steps if is_chief else None, logdir
            )
    supervisor = Supervisor(
        graph=graph,
        is_chief=is_chief,
        logdir=logdir,
        init_op=init_op,
        init_feed_dict=init_feed_dict,
        local_init_op=local_init_op,
        ready_for_local_init_op=None,
        ready_op=ready_op,
        summary_op=summary_op,
        summary_writer=Supervisor.USE_DEFAULT if _is_default(summary_writer) else summary_writer,
        global_step=global_step,
        saver=saver,
        save_summaries_secs=save_summaries_secs,
        save_model_secs=save_interval_secs,
        init_fn=init_fn,
    )
    if summary_writer is not None:
        train_step_kwargs["summary_writer"] = supervisor.summary_writer
    loss, retry = None, True
    while retry:
        retry = False
        try:
            with supervisor.managed_session(master, start_standard_services=False, config=session_config) as sess:
                logging.info("Starting Session.")
                if session_wrapper is not None:
                    logging.info("Wrapping session with wrapper function: %s", session_wrapper)
                    sess = session_wrapper(sess)
                if is_chief and logdir:
                    supervisor.start_standard_services(sess)
                elif not is_chief and startup_delay_steps > 0:
                    _wait_for_step(sess, global_step, min(startup_delay_steps, number_of_steps or sys.maxsize))
                threads = supervisor.start_queue_runners(sess)
                logging.info("Starting Queues.")
                try:
                    while not supervisor.should_stop():
                        loss, should_stop = train_step_fn(sess, train_op, global_step, train_step_kwargs)
                        if should_stop:
                            logging.info("Stopping Training.")
                            supervisor.request_stop()
                except errors.OutOfRangeError as e:
                    logging.info("Caught OutOfRangeError. Stopping Training. %s", e)
                if logdir and supervisor.is_chief:
                    logging.info("Finished training! Saving model to disk.")
                    supervisor.saver.save(sess, supervisor.save_path, global_step=supervisor.global_step)
                    supervisor.stop(threads, close_summary_writer=True, ignore_live_threads=ignore_live_threads)
        except errors.AbortedError:
            logging.info("Retrying training!")
            retry = True
    return loss


def _is_default(value: Any) -> bool:
    return isinstance(value, int) and value == _USE_DEFAULT


def _check(
    train_op: Any, logdir: Any, summary_op: Any, saver: Any, trace_every_n_steps: Any, number_of_steps: Any
) -> None:
    if train_op is None:
        raise ValueError("train_op cannot be None.")
    if logdir is None:
        if not _is_default(summary_op):
            raise ValueError("Cannot provide summary_op because logdir=None")
        if saver is not None:
            raise ValueError("Cannot provide saver because logdir=None")
        if trace_every_n_steps is not None:
            raise ValueError("Cannot provide trace_every_n_steps because logdir=None")
    if number_of_steps is not None and number_of_steps <= 0:
        raise ValueError("`number_of_steps` must be either None or a positive number.")


def _step_arguments(
    global_step: Any, number_of_steps: int | None, log_every: int, trace_every: int | None, logdir: str | None
) -> dict[str, Any]:
    with name_scope("train_step"):
        stop = greater_equal(global_step, number_of_steps) if number_of_steps else constant(False)
        arguments: dict[str, Any] = {"should_stop": stop}
        if log_every > 0:
            arguments["should_log"] = equal(floormod(global_step, log_every), 0)
        if trace_every is not None:
            arguments["should_trace"] = equal(floormod(global_step, trace_every), 0)
            arguments["logdir"] = logdir
        return arguments


def _wait_for_step(sess: Any, global_step: Any, step: int) -> None:
    while read_global_step(sess, global_step) < step:
        time.sleep(1.0)
