"""tf.contrib.training: train operations, training and evaluation loops.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/contrib/training
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.convert import convert_to_tensor
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.scopes import control_dependencies, get_collection, get_collection_ref, name_scope
from pyflow.ops.array_identity import check_numerics as checked
from pyflow.ops.clip import clip_by_norm, global_norm
from pyflow.ops.control_flow import no_op, with_dependencies
from pyflow.ops.variables import trainable_variables
from pyflow.platform import logging
from pyflow.summary import functions as summary
from pyflow.summary.writer import FileWriterCache
from pyflow.train import evaluation
from pyflow.train.global_step import get_or_create_global_step
from pyflow.train.global_step import global_step as read_global_step
from pyflow.train.monitored_session import MonitoredTrainingSession
from pyflow.train.optimizer import Optimizer
from pyflow.train.session_run_hook import SessionRunHook

for _name in (
    "StopAfterNEvalsHook",
    "checkpoints_iterator",
    "evaluate_once",
    "evaluate_repeatedly",
    "get_or_create_eval_step",
    "wait_for_new_checkpoint",
):
    export(f"contrib.training.{_name}")(getattr(evaluation, _name))

_USE_GLOBAL_STEP: Any = 0


@export("contrib.training.SummaryAtEndHook")
class SummaryAtEndHook(SessionRunHook):
    """Writes a summary at the end of an evaluation.

    Args:
      log_dir: the folder of the event file, or
      summary_writer: what writes it.
      summary_op: by default all summaries of the graph; `feed_dict` is fed to it.

    Raises:
      ValueError: there is no place to write to.
    """

    def __init__(
        self, log_dir: str | None = None, summary_writer: Any = None, summary_op: Any = None, feed_dict: Any = None
    ):
        if log_dir is None and summary_writer is None:
            raise ValueError("One of log_dir or summary_writer should be used.")
        self._summary_op = summary_op
        self._replace_summary_op = summary_op is None
        self._feed_dict = feed_dict
        self._summary_writer = summary_writer
        self._log_dir = log_dir

    def begin(self) -> None:
        if self._replace_summary_op:
            # Each time: a hook may serve several sessions, whose graphs are not the same.
            self._summary_op = summary.merge_all()
        self._global_step = get_or_create_global_step()

    def after_create_session(self, session: Any, coord: Any) -> None:
        if self._summary_writer is None and self._log_dir:
            self._summary_writer = FileWriterCache.get(self._log_dir)

    def end(self, session: Any) -> None:
        if self._summary_op is not None:
            step = read_global_step(session, self._global_step)
            value = session.run(self._summary_op, self._feed_dict)
            if self._summary_writer:
                self._summary_writer.add_summary(value, step)
        if self._summary_writer:
            self._summary_writer.flush()


def _on_values(function: Callable, grad: Any) -> Any:
    """`function(grad)`, of the values alone if the gradient is sparse."""
    if isinstance(grad, IndexedSlices):
        return IndexedSlices(function(grad.values), grad.indices, grad.dense_shape)
    return function(grad)


@export("contrib.training.add_gradients_summaries")
def add_gradients_summaries(grads_and_vars: list[tuple[Any, Any]]) -> list[Any]:
    """Adds a histogram and the norm of each gradient to the summaries."""
    added = []
    for grad, var in grads_and_vars:
        if grad is None:
            logging.info("Var %s has no gradient", var.op.name)
            continue
        values = grad.values if isinstance(grad, IndexedSlices) else grad
        added.append(summary.histogram(f"{var.op.name}_gradient", values))
        added.append(summary.scalar(f"{var.op.name}_gradient_norm", global_norm([values])))
    return added


@export("contrib.training.clip_gradient_norms")
def clip_gradient_norms(gradients_to_variables: list[tuple[Any, Any]], max_norm: float) -> list[tuple[Any, Any]]:
    """The (gradient, variable) pairs with each gradient scaled to a norm of at most `max_norm`."""
    return [
        (None if grad is None else _on_values(lambda values: clip_by_norm(values, max_norm), grad), var)
        for grad, var in gradients_to_variables
    ]


@export("contrib.training.clip_gradient_norms_fn")
def clip_gradient_norms_fn(max_norm: float) -> Callable:
    """`clip_gradient_norms` as a function of the pairs alone, for `transform_grads_fn`."""
    return lambda gradients_to_variables: clip_gradient_norms(gradients_to_variables, max_norm)


@export("contrib.training.multiply_gradients")
def multiply_gradients(grads_and_vars: Any, gradient_multipliers: Any) -> list[tuple[Any, Any]]:
    """The (gradient, variable) pairs with some gradients multiplied.

    Args:
      gradient_multipliers: a dict from variables or their names to factors.

    Raises:
      ValueError: the arguments are of other types, there is no factor, or one is for a gradient that is None.
    """
    if not isinstance(grads_and_vars, list):
        raise ValueError("`grads_and_vars` must be a list.")
    if not gradient_multipliers:
        raise ValueError("`gradient_multipliers` is empty.")
    if not isinstance(gradient_multipliers, dict):
        raise ValueError("`gradient_multipliers` must be a dict.")
    multiplied = []
    for grad, var in grads_and_vars:
        key = var if var in gradient_multipliers else var.op.name
        if key in gradient_multipliers:
            if grad is None:
                raise ValueError("Requested multiple of `None` gradient.")
            factor = convert_to_tensor(gradient_multipliers[key], dtype=grad.dtype)
            grad = _on_values(lambda values, factor=factor: values * factor, grad)
        multiplied.append((grad, var))
    return multiplied


@export("contrib.training.create_train_op")
def create_train_op(
    total_loss: Any,
    optimizer: Optimizer,
    global_step: Any = _USE_GLOBAL_STEP,
    update_ops: Any = None,
    variables_to_train: Any = None,
    transform_grads_fn: Callable | None = None,
    summarize_gradients: bool = False,
    gate_gradients: int = Optimizer.GATE_OP,
    aggregation_method: Any = None,
    colocate_gradients_with_ops: bool = False,
    check_numerics: bool = True,
) -> Any:
    """A tensor that trains when it is evaluated, and gives the loss.

    Args:
      global_step: counted up; by default the graph's, None for none.
      update_ops: run before the loss is computed; by default those in `GraphKeys.UPDATE_OPS`.
      variables_to_train: by default all trainable ones.
      transform_grads_fn: a function from (gradient, variable) pairs to such.
      summarize_gradients: whether gradients are added to the summaries.
      gate_gradients, aggregation_method, colocate_gradients_with_ops: as in `Optimizer.compute_gradients`.
      check_numerics: whether a loss that is NaN or infinite is an error of the run.
    """
    if global_step is _USE_GLOBAL_STEP:
        global_step = get_or_create_global_step()
    collected = get_collection(GraphKeys.UPDATE_OPS)
    updates = list(dict.fromkeys(collected if update_ops is None else update_ops))
    if not set(collected) <= set(updates):
        logging.warning("update_ops in create_train_op does not contain all the update_ops in GraphKeys.UPDATE_OPS")
    if updates:
        with control_dependencies(updates):
            barrier = no_op(name="update_barrier")
        total_loss = with_dependencies([barrier], total_loss)
    if variables_to_train is None:
        variables_to_train = trainable_variables()
    else:
        known = {id(v) for v in trainable_variables()}
        assert all(v.trainable or id(v) in known for v in variables_to_train)
    assert variables_to_train
    grads = optimizer.compute_gradients(
        total_loss,
        variables_to_train,
        gate_gradients=gate_gradients,
        aggregation_method=aggregation_method,
        colocate_gradients_with_ops=colocate_gradients_with_ops,
    )
    if transform_grads_fn:
        grads = transform_grads_fn(grads)
    if summarize_gradients:
        with name_scope("summarize_grads"):
            add_gradients_summaries(grads)
    update = optimizer.apply_gradients(grads, global_step=global_step)
    with name_scope("train_op"):
        if check_numerics:
            total_loss = checked(total_loss, "LossTensor is inf or nan")
        train_op = with_dependencies([update], total_loss)
    get_collection_ref(GraphKeys.TRAIN_OP).append(train_op)
    return train_op


@export("contrib.training.train")
def train(
    train_op: Any,
    logdir: str | None,
    master: Any = "",
    is_chief: bool = True,
    scaffold: Any = None,
    hooks: Any = None,
    chief_only_hooks: Any = None,
    save_checkpoint_secs: float | None = 600,
    save_summaries_steps: int | None = 100,
    config: Any = None,
    max_wait_secs: float = 7200,
    run_metadata: Any = None,
) -> Any:
    """Runs `train_op` until a hook asks to stop or the input ends; gives its last value.

    Args: as those of `tf.train.MonitoredTrainingSession`; `logdir` is its `checkpoint_dir`.

    Raises:
      ValueError: there is no `logdir`, and summaries or checkpoints are to be written.
    """
    if logdir is None and is_chief:
        if save_summaries_steps:
            raise ValueError("logdir cannot be None when save_summaries_steps is not None")
        if save_checkpoint_secs:
            raise ValueError("logdir cannot be None when save_checkpoint_secs is not None")
    loss = None
    with MonitoredTrainingSession(
        master=master,
        is_chief=is_chief,
        checkpoint_dir=logdir,
        scaffold=scaffold,
        hooks=hooks,
        chief_only_hooks=chief_only_hooks,
        save_checkpoint_secs=save_checkpoint_secs,
        save_summaries_steps=save_summaries_steps,
        config=config,
        max_wait_secs=max_wait_secs,
    ) as session:
        while not session.should_stop():
            loss = session.run(train_op, run_metadata=run_metadata)
    return loss
