"""`tf.estimator.RunConfig`: where and how an estimator runs.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/estimator/RunConfig
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from typing import Any

from pyflow.core.api import export
from pyflow.estimator.cluster_settings import TaskType, model_dir_of, read_cluster
from pyflow.platform import compat, logging
from pyflow.platform.code.callables import fn_args
from pyflow.protos.config_pb2 import ConfigProto, GraphOptions
from pyflow.protos.rewriter_config_pb2 import RewriterConfig

_USE_DEFAULT: Any = object()
_SAVE_CKPT_ERR = "`save_checkpoints_steps` and `save_checkpoints_secs` cannot be both set."

_DEFAULT_REPLACEABLE_LIST = [
    "model_dir",
    "tf_random_seed",
    "save_summary_steps",
    "save_checkpoints_steps",
    "save_checkpoints_secs",
    "session_config",
    "keep_checkpoint_max",
    "keep_checkpoint_every_n_hours",
    "log_step_count_steps",
    "train_distribute",
    "device_fn",
    "protocol",
    "eval_distribute",
    "experimental_distribute",
    "experimental_max_worker_delay_secs",
    "session_creation_timeout_secs",
]

# What each property must fulfil unless it is None, and the words if it doesn't.
_CONDITIONS: tuple[tuple[str, Callable[[Any], Any], str], ...] = (
    ("model_dir", bool, "model_dir should be non-empty"),
    ("save_summary_steps", lambda steps: steps >= 0, "save_summary_steps should be >= 0"),
    ("save_checkpoints_steps", lambda steps: steps >= 0, "save_checkpoints_steps should be >= 0"),
    ("save_checkpoints_secs", lambda secs: secs >= 0, "save_checkpoints_secs should be >= 0"),
    ("session_config", lambda c: isinstance(c, ConfigProto), "session_config must be instance of ConfigProto"),
    ("keep_checkpoint_max", lambda count: count >= 0, "keep_checkpoint_max should be >= 0"),
    ("keep_checkpoint_every_n_hours", lambda hours: hours > 0, "keep_checkpoint_every_n_hours should be > 0"),
    ("log_step_count_steps", lambda steps: steps > 0, "log_step_count_steps should be > 0"),
    ("tf_random_seed", lambda seed: isinstance(seed, int), "tf_random_seed must be integer."),
    (
        "experimental_max_worker_delay_secs",
        lambda delay: isinstance(delay, int),
        "experimental_max_worker_delay_secs must be an integer if set.",
    ),
    ("session_creation_timeout_secs", lambda secs: secs > 0, "session_creation_timeout_secs should be > 0"),
    (
        "device_fn",
        lambda fn: callable(fn) and set(fn_args(fn)) == {"op"},
        'device_fn must be callable with exactly one argument "op".',
    ),
    ("protocol", lambda protocol: protocol in ("grpc", "grpc+verbs"), "protocol should be grpc or grpc+verbs"),
)


def get_default_session_config() -> Any:
    """The ConfigProto of sessions where none is given: with soft placement, and one round of graph rewriting."""
    rewriting = RewriterConfig(meta_optimizer_iterations=RewriterConfig.ONE)
    return ConfigProto(allow_soft_placement=True, graph_options=GraphOptions(rewrite_options=rewriting))


@export("estimator.RunConfig")
class RunConfig:
    """How an estimator runs; what it says of the cluster comes from the environment variable TF_CONFIG.

    Args:
      model_dir: the folder of checkpoints and event files; a path, or None.
      tf_random_seed: the graph-level seed of the random operations.
      save_summary_steps: after how many steps summaries are written.
      save_checkpoints_steps, save_checkpoints_secs: after how many steps or seconds a checkpoint is saved; 600 seconds
        if neither is given; None for both: never.
      session_config: a `ConfigProto`.
      keep_checkpoint_max: how many checkpoints are kept; 0 or None for all.
      keep_checkpoint_every_n_hours: besides, one checkpoint for each so many hours.
      log_step_count_steps: after how many steps loss and speed are logged.
      train_distribute, eval_distribute, experimental_distribute: distribution strategies.
      device_fn: a function of an operation that gives its device.
      protocol: the server's: None, "grpc" or "grpc+verbs".
      experimental_max_worker_delay_secs: how long workers wait at most before they start, in seconds.
      session_creation_timeout_secs: how long workers wait for the chief at most, in seconds.

    Raises:
      ValueError: a value is out of its range, both intervals of checkpoints are given, or TF_CONFIG is inconsistent.
    """

    def __init__(
        self,
        model_dir: Any = None,
        tf_random_seed: int | None = None,
        save_summary_steps: int | None = 100,
        save_checkpoints_steps: Any = _USE_DEFAULT,
        save_checkpoints_secs: Any = _USE_DEFAULT,
        session_config: Any = None,
        keep_checkpoint_max: int | None = 5,
        keep_checkpoint_every_n_hours: float = 10000,
        log_step_count_steps: int | None = 100,
        train_distribute: Any = None,
        device_fn: Callable | None = None,
        protocol: str | None = None,
        eval_distribute: Any = None,
        experimental_distribute: Any = None,
        experimental_max_worker_delay_secs: int | None = None,
        session_creation_timeout_secs: float = 7200,
    ):
        if save_checkpoints_steps is _USE_DEFAULT and save_checkpoints_secs is _USE_DEFAULT:
            save_checkpoints_steps, save_checkpoints_secs = None, 600
        elif save_checkpoints_secs is _USE_DEFAULT:
            save_checkpoints_secs = None
        elif save_checkpoints_steps is _USE_DEFAULT:
            save_checkpoints_steps = None
        elif save_checkpoints_steps is not None and save_checkpoints_secs is not None:
            raise ValueError(_SAVE_CKPT_ERR)
        tf_config = json.loads(os.environ.get("TF_CONFIG", "{}"))
        if tf_config:
            logging.info("TF_CONFIG environment variable: %s", tf_config)
        RunConfig._replace(
            self,
            allowed_properties_list=_DEFAULT_REPLACEABLE_LIST,
            model_dir=model_dir_of(tf_config, compat.path_to_str(model_dir)),
            tf_random_seed=tf_random_seed,
            save_summary_steps=save_summary_steps,
            save_checkpoints_steps=save_checkpoints_steps,
            save_checkpoints_secs=save_checkpoints_secs,
            session_config=session_config,
            keep_checkpoint_max=keep_checkpoint_max,
            keep_checkpoint_every_n_hours=keep_checkpoint_every_n_hours,
            log_step_count_steps=log_step_count_steps,
            train_distribute=train_distribute,
            device_fn=device_fn,
            protocol=protocol,
            eval_distribute=eval_distribute,
            experimental_distribute=experimental_distribute,
            experimental_max_worker_delay_secs=experimental_max_worker_delay_secs,
            session_creation_timeout_secs=session_creation_timeout_secs,
        )
        for name, value in read_cluster(tf_config).items():
            setattr(self, f"_{name}", value)
        self._maybe_overwrite_session_config_for_distributed_training()

    def _maybe_overwrite_session_config_for_distributed_training(self) -> None:
        if not self._session_config and self._cluster_spec:
            RunConfig._replace(
                self,
                allowed_properties_list=_DEFAULT_REPLACEABLE_LIST,
                session_config=self._get_default_session_config_distributed(),
            )

    _session_config: Any
    _save_checkpoints_steps: Any
    _save_checkpoints_secs: Any
    _cluster_spec: Any
    _task_type: str
    _task_id: int

    def _get_default_session_config_distributed(self) -> Any:
        """The ConfigProto of a task in a cluster: it sees parameter servers and itself, these see all."""
        seen = {
            TaskType.MASTER: ["/job:ps", "/job:master"],
            TaskType.CHIEF: ["/job:ps", "/job:chief"],
            TaskType.WORKER: ["/job:ps", f"/job:worker/task:{self._task_id}"],
            TaskType.PS: ["/job:ps", "/job:worker", "/job:chief", "/job:master"],
        }.get(self._task_type)
        if seen is None:
            return None
        config = get_default_session_config()
        config.device_filters.extend(seen)
        return config

    cluster_spec: Any = property(lambda self: self._cluster_spec)
    device_fn: Any = property(lambda self: self._device_fn)
    eval_distribute: Any = property(lambda self: self._eval_distribute)
    evaluation_master: Any = property(lambda self: self._evaluation_master)
    experimental_max_worker_delay_secs: Any = property(lambda self: self._experimental_max_worker_delay_secs)
    global_id_in_cluster: Any = property(lambda self: self._global_id_in_cluster)
    is_chief: Any = property(lambda self: self._is_chief)
    keep_checkpoint_every_n_hours: Any = property(lambda self: self._keep_checkpoint_every_n_hours)
    keep_checkpoint_max: Any = property(lambda self: self._keep_checkpoint_max)
    log_step_count_steps: Any = property(lambda self: self._log_step_count_steps)
    master: Any = property(lambda self: self._master)
    model_dir: Any = property(lambda self: self._model_dir)
    num_ps_replicas: Any = property(lambda self: self._num_ps_replicas)
    num_worker_replicas: Any = property(lambda self: self._num_worker_replicas)
    protocol: Any = property(lambda self: self._protocol)
    save_checkpoints_secs: Any = property(lambda self: self._save_checkpoints_secs)
    save_checkpoints_steps: Any = property(lambda self: self._save_checkpoints_steps)
    save_summary_steps: Any = property(lambda self: self._save_summary_steps)
    service: Any = property(lambda self: self._service)
    session_config: Any = property(lambda self: self._session_config)
    session_creation_timeout_secs: Any = property(lambda self: self._session_creation_timeout_secs)
    task_id: Any = property(lambda self: self._task_id)
    task_type: Any = property(lambda self: self._task_type)
    tf_random_seed: Any = property(lambda self: self._tf_random_seed)
    train_distribute: Any = property(lambda self: self._train_distribute)

    def replace(self, **kwargs: Any) -> RunConfig:
        """A copy with other values; setting one interval of checkpoints takes the other away.

        Raises:
          ValueError: the property cannot be replaced, or not by this.
        """
        return RunConfig._replace(copy.deepcopy(self), allowed_properties_list=_DEFAULT_REPLACEABLE_LIST, **kwargs)

    @staticmethod
    def _replace(config: Any, allowed_properties_list: list[str] | None = None, **kwargs: Any) -> Any:
        allowed = allowed_properties_list or []
        for name, value in kwargs.items():
            if name not in allowed:
                raise ValueError(f"Replacing {name} is not supported. Allowed properties are {allowed}.")
            setattr(config, f"_{name}", value)
        steps, secs = config._save_checkpoints_steps, config._save_checkpoints_secs
        new_steps, new_secs = "save_checkpoints_steps" in kwargs, "save_checkpoints_secs" in kwargs
        if new_steps and new_secs:
            if steps is not None and secs is not None:
                raise ValueError(_SAVE_CKPT_ERR)
        elif new_steps and steps is not None:
            config._save_checkpoints_secs = None
        elif new_secs and secs is not None:
            config._save_checkpoints_steps = None
        for name, condition, message in _CONDITIONS:
            value = getattr(config, f"_{name}")
            if value is not None and not condition(value):
                raise ValueError(message)
        return config
