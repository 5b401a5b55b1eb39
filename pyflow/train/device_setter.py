"""`tf.train.replica_device_setter`: variables on parameter servers, all else on the worker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core.api import export
from pyflow.core.device import DeviceSpec
from pyflow.platform import logging
from pyflow.train.server_lib import ClusterSpec

# What holds state by itself.
STANDARD_PS_OPS = (
    "Variable",
    "VariableV2",
    "AutoReloadVariable",
    "MutableHashTable",
    "MutableHashTableV2",
    "MutableHashTableOfTensors",
    "MutableHashTableOfTensorsV2",
    "MutableDenseHashTable",
    "MutableDenseHashTableV2",
    "VarHandleOp",
    "BoostedTreesEnsembleResourceHandleOp",
    "BoostedTreesQuantileStreamResourceHandleOp",
    "ResourceConditionalAccumulator",
)


class _RoundRobinStrategy:
    """Gives the tasks' numbers one after the other, and again."""

    def __init__(self, num_tasks: int):
        self._num_tasks = num_tasks
        self._next_task = 0

    def __call__(self, op: Any) -> int:
        task = self._next_task
        self._next_task = (task + 1) % self._num_tasks
        return task


@export("train.replica_device_setter")
def replica_device_setter(
    ps_tasks: int = 0,
    ps_device: str = "/job:ps",
    worker_device: str = "/job:worker",
    merge_devices: bool = True,
    cluster: Any = None,
    ps_ops: Any = None,
    ps_strategy: Callable | None = None,
) -> Callable | None:
    """A function for `tf.device` that places variables on parameter servers; None if there are none.

    Args:
      ps_tasks: how many parameter servers there are.
      ps_device: their device, without task.
      worker_device: the device of everything else.
      merge_devices: whether an operation with a device gets the parts that it leaves open; otherwise it keeps it.
      cluster: a `ClusterSpec`, `ClusterDef` or dict, from which the number of servers is taken.
      ps_ops: the op types to place on the servers; None for `STANDARD_PS_OPS`.
      ps_strategy: a function from the operation to the number of its server; by default one after the other.

    Raises:
      TypeError: `ps_strategy` is no function, or `cluster` no cluster.
    """
    servers = DeviceSpec.from_string(ps_device or "")
    if cluster is not None:
        ps_tasks = len(ClusterSpec(cluster).as_dict().get(servers.job) or ())
    if ps_tasks == 0:
        return None
    if not merge_devices:
        logging.warning("DEPRECATION: It is recommended to set merge_devices=true in replica_device_setter")
    choose = _RoundRobinStrategy(ps_tasks) if ps_strategy is None else ps_strategy
    if not callable(choose):
        raise TypeError("ps_strategy must be callable")
    types = STANDARD_PS_OPS if ps_ops is None else ps_ops

    def device_function(op: Any) -> str:
        if op.device and not merge_devices:
            return op.device
        current = DeviceSpec.from_string(op.device or "")
        if ps_device and getattr(op, "type", None) in types:
            place = servers
            if servers.job and current.job in (None, "", servers.job):
                place = servers.replace(task=choose(op))
        else:
            place = DeviceSpec.from_string(worker_device or "")
        return place.make_merged_spec(current).to_string()

    return device_function
