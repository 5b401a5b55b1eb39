"""`tf.contrib.learn.RunConfig`: where and how an estimator of tf.contrib.learn runs."""

from __future__ import annotations

import json
import os
from typing import Any

from pyflow.core.api import export
from pyflow.estimator import run_config
from pyflow.platform import logging
from pyflow.protos.config_pb2 import ConfigProto, GPUOptions
from pyflow.train.server_lib import ClusterSpec


class Environment:
    """Where a program runs."""

    CLOUD = "cloud"
    GOOGLE = "google"
    LOCAL = "local"


class TaskType:
    """The kinds of tasks in a cluster."""

    MASTER = "master"
    PS = "ps"
    WORKER = "worker"


@export("contrib.learn.RunConfig")
class RunConfig(run_config.RunConfig):
    """As `tf.estimator.RunConfig`, with other arguments and an older reading of TF_CONFIG.

    Args:
      master, evaluation_master: the targets of sessions.
      num_cores: how many threads; 0 for the system's choice.
      log_device_placement, gpu_memory_fraction: for the ConfigProto in `tf_config`.
      save_checkpoints_secs: by default 600, if `save_checkpoints_steps` is None.
      others: as those of `tf.estimator.RunConfig`.

    Raises:
      ValueError: the folder in TF_CONFIG is another, or this task isn't in the cluster.
    """

    _USE_DEFAULT = 0

    def __init__(
        self,
        master: str | None = None,
        num_cores: int = 0,
        log_device_placement: bool = False,
        gpu_memory_fraction: float = 1,
        tf_random_seed: int | None = None,
        save_summary_steps: int | None = 100,
        save_checkpoints_secs: Any = _USE_DEFAULT,
        save_checkpoints_steps: int | None = None,
        keep_checkpoint_max: int | None = 5,
        keep_checkpoint_every_n_hours: float = 10000,
        log_step_count_steps: int | None = 100,
        protocol: str | None = None,
        evaluation_master: str = "",
        model_dir: str | None = None,
        session_config: Any = None,
        session_creation_timeout_secs: float = 7200,
    ):
        self._read_cluster(json.loads(os.environ.get("TF_CONFIG") or "{}"), master)
        self._evaluation_master = evaluation_master or ""
        self._train_distribute = self._eval_distribute = self._experimental_distribute = None
        self._experimental_max_worker_delay_secs = self._device_fn = None
        self._tf_config = ConfigProto(
            log_device_placement=log_device_placement,
            inter_op_parallelism_threads=num_cores,
            intra_op_parallelism_threads=num_cores,
            gpu_options=GPUOptions(per_process_gpu_memory_fraction=gpu_memory_fraction),
        )
        self._tf_random_seed = tf_random_seed
        self._save_summary_steps = save_summary_steps
        self._log_step_count_steps = log_step_count_steps
        self._protocol = protocol
        self._session_config = session_config
        if save_checkpoints_secs == RunConfig._USE_DEFAULT:
            save_checkpoints_secs = 600 if save_checkpoints_steps is None else None
        self._save_checkpoints_secs = save_checkpoints_secs
        self._save_checkpoints_steps = save_checkpoints_steps
        self._keep_checkpoint_max = keep_checkpoint_max
        self._keep_checkpoint_every_n_hours = keep_checkpoint_every_n_hours
        self._model_dir = _model_dir(model_dir)
        self._session_creation_timeout_secs = session_creation_timeout_secs

    def _read_cluster(self, config: dict, master: str | None) -> None:
        task = config.get("task", {})
        self._task_type = task.get("type")
        self._task_id = int(task.get("index") or 0)
        self._cluster_spec = ClusterSpec(config.get("cluster", {}))
        self._service = self._global_id_in_cluster = None
        self._master = _master_of(self._cluster_spec, self._task_type, self._task_id) if master is None else master
        jobs = self._cluster_spec.as_dict() if self._cluster_spec else {}
        self._num_ps_replicas = len(jobs.get("ps", []))
        self._num_worker_replicas = len(jobs.get("worker", [])) + len(jobs.get("master", []))
        self._environment = config.get("environment", Environment.LOCAL)
        chief = TaskType.MASTER if self._environment == Environment.CLOUD else TaskType.WORKER
        self._is_chief = self._task_id == 0 and self._task_type in (None, chief)

    environment: Any = property(lambda self: self._environment)
    tf_config: Any = property(lambda self: self._tf_config)

    @staticmethod
    def get_task_id() -> int:
        """The number of this task in TF_CONFIG, or 0."""
        return int(json.loads(os.environ.get("TF_CONFIG") or "{}").get("task", {}).get("index") or 0)

    def uid(self, whitelist: list[str] | None = None) -> str:
        """A text that two equal configurations share, whatever the properties in `whitelist` are."""
        ignored = whitelist
        if ignored is None:
            ignored = [
                "tf_random_seed",
                "save_summary_steps",
                "save_checkpoints_steps",
                "save_checkpoints_secs",
                "session_config",
                "keep_checkpoint_max",
                "keep_checkpoint_every_n_hours",
                "log_step_count_steps",
            ]
        state = {name: value for name, value in vars(self).items() if name.removeprefix("_") not in ignored}
        state["_cluster_spec"] = dict(sorted(self._cluster_spec.as_dict().items()))
        return ", ".join(f"{name}={value!r}" for name, value in sorted(state.items()))


def _master_of(cluster: ClusterSpec, kind: str | None, number: int) -> str:
    if not cluster or not kind:
        return ""
    jobs = cluster.jobs
    if len(jobs) == 1 and len(cluster.job_tasks(jobs[0])) == 1:
        return ""
    source = "Note that these values may be coming from the TF_CONFIG environment variable."
    if kind not in jobs:
        raise ValueError(f"{kind} is not a valid task_type in the cluster_spec:\n{cluster}\n\n{source}")
    addresses = cluster.job_tasks(kind)
    if not 0 <= number < len(addresses):
        raise ValueError(
            f"{number} is not a valid task_id for task_type {kind} in the cluster_spec:\n{cluster}\n\n"
            + source.replace("values", "value")
        )
    return f"grpc://{addresses[number]}"


def _model_dir(model_dir: str | None) -> str | None:
    configured = json.loads(os.environ.get("TF_CONFIG") or "{}").get("model_dir")
    if configured is not None:
        if model_dir is not None and configured != model_dir:
            raise ValueError(
                "`model_dir` provided in RunConfig construct, if set, must have the same value as the model_dir in "
                f'TF_CONFIG. model_dir: {model_dir}\nTF_CONFIG["model_dir"]: {configured}.\n'
            )
        logging.info("Using model_dir in TF_CONFIG: %s", configured)
    return model_dir or configured
