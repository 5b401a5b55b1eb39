"""How an estimator trains: the hooks it adds, and the session."""

from __future__ import annotations

from typing import Any

from pyflow.core.collections import GraphKeys
from pyflow.core.scopes import add_to_collection, get_collection
from pyflow.estimator.cluster_settings import TaskType
from pyflow.platform import logging
from pyflow.summary.functions import scalar
from pyflow.train.checkpoint_management import latest_checkpoint
from pyflow.train.checkpoint_reader import NewCheckpointReader
from pyflow.train.device_setter import replica_device_setter
from pyflow.train.monitored_session import MonitoredTrainingSession
from pyflow.train.saver import Saver
from pyflow.train.saving_hooks import CheckpointSaverHook, SummarySaverHook
from pyflow.train.step_hooks import StepCounterHook
from pyflow.train.tensor_hooks import LoggingTensorHook, NanTensorHook


def train_with_spec(
    config: Any,
    model_dir: str,
    spec: Any,
    worker_hooks: list,
    hooks: list,
    global_step: Any,
    saving_listeners: list,
) -> Any:
    """Trains what an `EstimatorSpec` describes, until a hook asks to stop or the input ends; gives the last loss.

    Raises:
      ValueError: there are listeners and nothing saves.
    """
    if not any(each.op.name == "loss" for each in get_collection(GraphKeys.SUMMARIES)):
        scalar("loss", spec.loss)
    add_to_collection(GraphKeys.LOSSES, spec.loss)
    worker_hooks.extend(hooks)
    worker_hooks.append(NanTensorHook(spec.loss))
    if config.log_step_count_steps is not None:
        logged = {"loss": spec.loss, "step": global_step}
        worker_hooks.append(LoggingTensorHook(logged, every_n_iter=config.log_step_count_steps))
    worker_hooks.extend(spec.training_hooks)
    if not (spec.scaffold.saver or get_collection(GraphKeys.SAVERS)):
        saver = Saver(
            sharded=True,
            max_to_keep=config.keep_checkpoint_max,
            keep_checkpoint_every_n_hours=config.keep_checkpoint_every_n_hours,
            defer_build=True,
            save_relative_paths=True,
        )
        add_to_collection(GraphKeys.SAVERS, saver)
    chief_hooks = _saving_hooks(config, model_dir, spec, worker_hooks, saving_listeners)
    summary_steps, log_steps = _intervals(config, spec, worker_hooks)
    with MonitoredTrainingSession(
        master=config.master,
        is_chief=config.is_chief,
        checkpoint_dir=model_dir,
        scaffold=spec.scaffold,
        hooks=worker_hooks,
        chief_only_hooks=(*chief_hooks, *spec.training_chief_hooks),
        save_checkpoint_secs=0,  # one of the hooks saves
        save_summaries_steps=summary_steps,
        config=config.session_config,
        max_wait_secs=config.session_creation_timeout_secs,
        log_step_count_steps=log_steps,
    ) as session:
        loss = None
        fetches = [spec.train_op, spec.loss]
        any_step_done = False
        while not session.should_stop():
            _, loss = session.run(fetches)
            any_step_done = True
    if not any_step_done:
        logging.warning("Training with estimator made no steps. Perhaps input is empty or misspecified.")
    return loss


def _saving_hooks(config: Any, model_dir: str, spec: Any, worker_hooks: list, saving_listeners: list) -> list:
    """The hook that saves checkpoints, unless there is one already, which then gets the listeners."""
    there = [h for h in (*worker_hooks, *spec.training_chief_hooks) if isinstance(h, CheckpointSaverHook)]
    added = []
    if not there and (config.save_checkpoints_secs or config.save_checkpoints_steps):
        there = added = [
            CheckpointSaverHook(
                model_dir,
                save_secs=config.save_checkpoints_secs,
                save_steps=config.save_checkpoints_steps,
                scaffold=spec.scaffold,
            )
        ]
    if saving_listeners and not there:
        raise ValueError(
            "There should be a CheckpointSaverHook to use saving_listeners. Please set one of the "
            "RunConfig.save_checkpoints_steps or RunConfig.save_checkpoints_secs."
        )
    for listener in saving_listeners or ():
        if listener not in there[0]._listeners:
            there[0]._listeners.append(listener)
    return added


def _intervals(config: Any, spec: Any, worker_hooks: list) -> tuple[int | None, int | None]:
    """After how many steps the session writes summaries, and logs its speed.

    With a master and workers the first worker does both, as the master evaluates in between.
    """
    summary_steps, log_steps = config.save_summary_steps, config.log_step_count_steps
    jobs = config.cluster_spec.jobs if config.cluster_spec else ()
    if TaskType.WORKER not in jobs or TaskType.MASTER not in jobs:
        return summary_steps, log_steps
    if config.task_type == TaskType.WORKER and config.task_id == 0:
        if summary_steps and summary_steps > 0:
            worker_hooks.append(
                SummarySaverHook(save_steps=summary_steps, output_dir=config.model_dir, scaffold=spec.scaffold)
            )
        if log_steps and log_steps > 0:
            worker_hooks.append(StepCounterHook(every_n_steps=log_steps, output_dir=config.model_dir))
    return 0, None


def replica_device_setter_of(config: Any) -> Any:
    """The device function of a task in a cluster with parameter servers, else None."""
    if config.num_ps_replicas <= 0:
        return None
    worker = f"/job:{config.task_type}/task:{config.task_id}" if config.task_type else "/job:worker"
    return replica_device_setter(
        ps_tasks=config.num_ps_replicas,
        worker_device=worker,
        merge_devices=True,
        cluster=config.cluster_spec,
    )


def load_global_step(checkpoint_dir: str) -> int:
    """The global step in the newest checkpoint of a folder; 0 if there is none."""
    path = latest_checkpoint(checkpoint_dir)
    if not path:
        return 0
    reader = NewCheckpointReader(path)
    return reader.get_tensor(GraphKeys.GLOBAL_STEP) if reader.has_tensor(GraphKeys.GLOBAL_STEP) else 0
