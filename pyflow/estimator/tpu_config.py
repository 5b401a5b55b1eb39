"""`tf.estimator.tpu.RunConfig` and `TPUConfig`, for programs that were written for TPUs.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/estimator/tpu/TPUConfig
"""

from __future__ import annotations

import json
import os
import re
from collections import namedtuple
from typing import Any

from pyflow.core.api import export
from pyflow.estimator import run_config
from pyflow.estimator.cluster_settings import TaskType
from pyflow.platform import logging
from pyflow.protos.config_pb2 import ConfigProto

IterationsPerLoopCounter = namedtuple("IterationsPerLoopCounter", ("value", "unit"))
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def check_positive_integer(value: Any, name: str) -> None:
    """Raises TypeError or ValueError if it is none."""
    if not isinstance(value, int):
        raise TypeError(f"{name} must be int, got {type(value)}")
    if value <= 0:
        raise ValueError(f"{name} must be positive, got {value}")


def parse_iterations_per_loop(iterations_per_loop: Any) -> IterationsPerLoopCounter:
    """A number of steps ("count") or of seconds ("seconds", from "3600s", "60m", "1h").

    Raises:
      ValueError: it is something else.
    """
    match = re.match(r"^([1-9]\d*)([smh]?)$", str(iterations_per_loop))
    if match is None:
        raise ValueError(
            "Invalid TPUConfig `iterations_per_loop` value. Value must be positive integer value or time-based value "
            "`<N><s|m|h>` where <N> is anypositive integer and `s`, `m`, `h` are unit of time in seconds, minutes, "
            "hours respectively. Examples of valid values: `3600s`, `60m`, `1h`."
        )
    number, unit = int(match[1]), match[2]
    return IterationsPerLoopCounter(number * _SECONDS.get(unit, 1), "seconds" if unit else "count")


@export("estimator.tpu.InputPipelineConfig", "contrib.tpu.InputPipelineConfig")
class InputPipelineConfig:
    """Which hosts and cores of TPUs call the input function."""

    PER_SHARD_V1 = 1
    PER_HOST_V1 = 2
    PER_HOST_V2 = 3
    BROADCAST = 4
    SLICED = 5


_FIELDS = (
    "iterations_per_loop",
    "num_shards",
    "num_cores_per_replica",
    "per_host_input_for_training",
    "tpu_job_name",
    "initial_infeed_sleep_secs",
    "input_partition_dims",
    "eval_training_input_configuration",
    "experimental_host_call_every_n_steps",
)


@export("estimator.tpu.TPUConfig", "contrib.tpu.TPUConfig")
class TPUConfig(namedtuple("TPUConfig", _FIELDS)):
    """How a TPU is used. Without one, only `iterations_per_loop` matters: how often the speed is logged.

    Raises:
      ValueError, TypeError: a value is out of its range, or values don't go together.
    """

    __slots__ = ()

    def __new__(
        cls,
        iterations_per_loop: Any = 2,
        num_shards: int | None = None,
        num_cores_per_replica: int | None = None,
        per_host_input_for_training: Any = True,
        tpu_job_name: str | None = None,
        initial_infeed_sleep_secs: int | None = None,
        input_partition_dims: Any = None,
        eval_training_input_configuration: int = InputPipelineConfig.PER_HOST_V1,
        experimental_host_call_every_n_steps: int = 1,
    ) -> TPUConfig:
        parse_iterations_per_loop(iterations_per_loop)
        if num_shards is not None:
            check_positive_integer(num_shards, "TPUConfig num_shards")
        if input_partition_dims is not None:
            if len(input_partition_dims) not in (1, 2):
                raise ValueError("input_partition_dims must be a list/tuple with one or two elements.")
            if per_host_input_for_training is not InputPipelineConfig.PER_HOST_V2:
                raise ValueError("input_partition_dims is only supported in PER_HOST_V2 mode.")
            if num_cores_per_replica is None:
                raise ValueError("input_partition_dims requires setting num_cores_per_replica.")
        if num_cores_per_replica is not None and num_cores_per_replica not in [1, 2, 4, 8, 16, 32, 64, 128]:
            raise ValueError(f"num_cores_per_replica must be 1, 2, 4, 8, 16, 32, 64, 128; got {num_cores_per_replica}")
        if eval_training_input_configuration not in (InputPipelineConfig.PER_HOST_V1, InputPipelineConfig.SLICED):
            raise ValueError(
                "eval_training_input_configuration must be PER_HOST_V1 or SLICED; got "
                f"{eval_training_input_configuration}"
            )
        if per_host_input_for_training is False:
            per_host_input_for_training = InputPipelineConfig.PER_SHARD_V1
        elif per_host_input_for_training is True:
            per_host_input_for_training = InputPipelineConfig.PER_HOST_V1
        if initial_infeed_sleep_secs:
            check_positive_integer(initial_infeed_sleep_secs, "TPUConfig initial_infeed_sleep_secs")
        return super().__new__(
            cls,
            iterations_per_loop,
            num_shards,
            num_cores_per_replica,
            per_host_input_for_training,
            tpu_job_name or _job_name_from_environment(),
            initial_infeed_sleep_secs,
            input_partition_dims,
            eval_training_input_configuration,
            experimental_host_call_every_n_steps,
        )


def _job_name_from_environment() -> str | None:
    name = json.loads(os.environ.get("TF_CONFIG", "{}")).get("service", {}).get("tpu_worker_job_name")
    if name:
        logging.info("Load TPU job name from TF_CONFIG: %s", name)
    return name


@export("estimator.tpu.RunConfig", "contrib.tpu.RunConfig")
class RunConfig(run_config.RunConfig):
    """A `RunConfig` with a `TPUConfig`.

    Args:
      tpu_config: the `TPUConfig`.
      evaluation_master, master: the targets of sessions.
      cluster: a cluster resolver, in the place of `master`.
      kwargs: as those of `tf.estimator.RunConfig`.

    Raises:
      ValueError: master and cluster are both given.
    """

    def __init__(
        self,
        tpu_config: TPUConfig | None = None,
        evaluation_master: str | None = None,
        master: str | None = None,
        cluster: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self._tpu_config = tpu_config or TPUConfig()
        self._cluster = cluster
        if master is not None:
            if cluster is not None:
                raise ValueError("Both master and cluster are set.")
            self._master = master
        elif cluster:
            self._master = cluster.master()
        if evaluation_master is not None:
            self._evaluation_master = evaluation_master
        elif not self._evaluation_master and self.task_type != TaskType.EVALUATOR:
            self._evaluation_master = self._master
        if cluster:
            self._cluster_spec = cluster.cluster_spec()
            if self._session_config is None:
                self._session_config = ConfigProto(allow_soft_placement=True, isolate_session_state=True)
            if self._session_config.HasField("cluster_def"):
                raise ValueError("You cannot provide a ClusterResolver and session_config.cluster_def.")
            if self._cluster_spec:
                self._session_config.cluster_def.CopyFrom(self._cluster_spec.as_cluster_def())

    _master: Any
    _evaluation_master: Any

    def _maybe_overwrite_session_config_for_distributed_training(self) -> None:
        """TPUs see to that themselves."""

    tpu_config: Any = property(lambda self: self._tpu_config)
    cluster: Any = property(lambda self: self._cluster)

    def replace(self, **kwargs: Any) -> RunConfig:
        """A copy with other values, also of `tpu_config`."""
        tpu_config = kwargs.pop("tpu_config", None) if "tpu_config" in kwargs else self._tpu_config
        copied: Any = super().replace(**kwargs)
        copied._tpu_config = tpu_config
        return copied
