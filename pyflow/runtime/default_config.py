"""tf.config: what sessions without a ConfigProto of their own take; and the devices of the machine."""

from __future__ import annotations

import collections
from typing import Any

from pyflow.core.api import export
from pyflow.protos.config_pb2 import ConfigProto
from pyflow.protos.rewriter_config_pb2 import RewriterConfig
from pyflow.runtime.webgpu import adapters

_config = ConfigProto()
_chosen: dict[str, Any] = {"visible": None, "growth": {}, "virtual": {}, "policy": "silent", "synchronous": True}

PhysicalDevice = collections.namedtuple("PhysicalDevice", ["name", "device_type"])
LogicalDevice = collections.namedtuple("LogicalDevice", ["name", "device_type"])
VirtualDeviceConfiguration = export("config.experimental.VirtualDeviceConfiguration")(
    collections.namedtuple("VirtualDeviceConfiguration", ["memory_limit"], defaults=[None])
)


def default_config() -> ConfigProto:
    """A copy of what is set."""
    copy = ConfigProto()
    copy.CopyFrom(_config)
    return copy


@export("debugging.get_log_device_placement")
def get_log_device_placement() -> bool:
    """Whether sessions print the devices of their operations."""
    return _config.log_device_placement


@export("debugging.set_log_device_placement")
def set_log_device_placement(enabled: bool) -> None:
    """Has sessions that are made from now on print the devices of their operations, or not."""
    _config.log_device_placement = enabled


@export("config.get_soft_device_placement")
def get_soft_device_placement() -> bool:
    """Whether operations may run elsewhere when their device cannot run them."""
    return _config.allow_soft_placement


@export("config.set_soft_device_placement")
def set_soft_device_placement(enabled: bool) -> None:
    _config.allow_soft_placement = enabled


@export("config.threading.get_intra_op_parallelism_threads")
def get_intra_op_parallelism_threads() -> int:
    """How many threads one operation may use; 0 leaves it open."""
    return _config.intra_op_parallelism_threads


@export("config.threading.set_intra_op_parallelism_threads")
def set_intra_op_parallelism_threads(num_threads: int) -> None:
    _config.intra_op_parallelism_threads = num_threads


@export("config.threading.get_inter_op_parallelism_threads")
def get_inter_op_parallelism_threads() -> int:
    """How many operations may run at a time; 0 leaves it open."""
    return _config.inter_op_parallelism_threads


@export("config.threading.set_inter_op_parallelism_threads")
def set_inter_op_parallelism_threads(num_threads: int) -> None:
    _config.inter_op_parallelism_threads = num_threads


@export("config.optimizer.get_jit")
def get_jit() -> bool:
    """Whether graphs are compiled by XLA: there is none."""
    level = _config.graph_options.optimizer_options.global_jit_level
    return level in (1, 2)


@export("config.optimizer.set_jit")
def set_jit(enabled: bool) -> None:
    """Asks for compiling by XLA, which has no effect."""
    _config.graph_options.optimizer_options.global_jit_level = 1 if enabled else -1  # type: ignore[assignment]


_SWITCHES = ("disable_model_pruning", "disable_meta_optimizer")
_REWRITES = (
    *("layout_optimizer", "constant_folding", "shape_optimization", "remapping", "arithmetic_optimization"),
    *("dependency_optimization", "loop_optimization", "function_optimization", "debug_stripper"),
    *("scoped_allocator_optimization", "pin_to_host_optimization", "implementation_selector"),
    *("auto_mixed_precision",),
)
_options: dict[str, bool] = {}


@export("config.optimizer.get_experimental_options")
def get_experimental_options() -> dict[str, bool]:
    """The rewritings of graphs that were asked for or forbidden."""
    return {**dict.fromkeys(_SWITCHES, False), **_options}


@export("config.optimizer.set_experimental_options")
def set_experimental_options(options: dict[str, bool]) -> None:
    """Asks for rewritings of graphs, or forbids them; the results of a graph do not depend on it."""
    rewrites = _config.graph_options.rewrite_options
    for name, value in options.items():
        if name in _SWITCHES:
            setattr(rewrites, name, value)
        elif name in _REWRITES and name in rewrites.DESCRIPTOR.fields_by_name:
            setattr(rewrites, name, RewriterConfig.ON if value else RewriterConfig.OFF)
        elif name not in _REWRITES:
            continue
        _options[name] = value


@export("config.experimental.list_physical_devices")
def list_physical_devices(device_type: str | None = None) -> list[Any]:
    """The devices of the machine, of one type or all."""
    kinds = ["CPU"] + (["GPU"] if adapters.chosen(_config) is not None else [])
    return [PhysicalDevice(f"/physical_device:{k}:0", k) for k in kinds if device_type in (None, k)]


@export("config.experimental_list_devices")
def experimental_list_devices() -> list[str]:
    """The names of the devices that operations may be placed on."""
    return [device.name for device in list_logical_devices()]


@export("config.experimental.list_logical_devices")
def list_logical_devices(device_type: str | None = None) -> list[Any]:
    """The devices that operations may be placed on."""
    prefix = "/job:localhost/replica:0/task:0/device:"
    return [LogicalDevice(f"{prefix}{d.device_type}:0", d.device_type) for d in get_visible_devices(device_type)]


@export("config.experimental.get_visible_devices")
def get_visible_devices(device_type: str | None = None) -> list[Any]:
    """The devices of the machine that are in use."""
    visible = list_physical_devices() if _chosen["visible"] is None else _chosen["visible"]
    return [device for device in visible if device_type in (None, device.device_type)]


@export("config.experimental.set_visible_devices")
def set_visible_devices(devices: Any, device_type: str | None = None) -> None:
    """Which devices of the machine are in use.

    Raises:
      ValueError: one of them is not there, or not of the type.
    """
    devices = list(devices) if isinstance(devices, list) else [devices] if devices else []
    for device in devices:
        _check_device(device)
        if device_type is not None and device.device_type != device_type:
            raise ValueError(f"Unrecognized device: {device!r}")
    others = [d for d in get_visible_devices() if device_type is not None and d.device_type != device_type]
    _chosen["visible"] = others + devices


def _check_device(device: Any) -> None:
    if device not in list_physical_devices():
        raise ValueError(f"Unrecognized device: {device!r}")


@export("config.experimental.get_memory_growth")
def get_memory_growth(device: Any) -> bool:
    """Whether memory of a GPU is taken only as it is needed, which it always is."""
    _check_device(device)
    return _chosen["growth"][device]


@export("config.experimental.set_memory_growth")
def set_memory_growth(device: Any, enable: bool) -> None:
    """Has memory of a GPU be taken only as it is needed, which it always is.

    Raises:
      ValueError: the device is no GPU, or none of the machine.
    """
    _check_device(device)
    if device.device_type != "GPU":
        raise ValueError("Cannot set memory growth on non-GPU devices")
    _chosen["growth"][device] = enable
    _config.gpu_options.allow_growth = enable


@export("config.experimental.get_virtual_device_configuration")
def get_virtual_device_configuration(device: Any) -> Any:
    """The parts that a device is divided into, or None."""
    _check_device(device)
    return _chosen["virtual"].get(device)


@export("config.experimental.set_virtual_device_configuration")
def set_virtual_device_configuration(device: Any, virtual_devices: Any) -> None:
    """Divides a device into several; here only a CPU can be.

    Raises:
      ValueError: the device is none of the machine, or a memory limit is set for a CPU.
      NotImplementedError: it is a GPU.
    """
    _check_device(device)
    if device.device_type != "CPU":
        raise NotImplementedError("set_virtual_device_configuration: of a GPU")
    if any(part.memory_limit is not None for part in virtual_devices):
        raise ValueError("Setting memory limit on CPU virtual devices is currently not supported")
    _chosen["virtual"][device] = virtual_devices
    _config.device_count["CPU"] = len(virtual_devices)


@export("config.experimental.get_device_policy")
def get_device_policy() -> str:
    """What eager execution does with inputs on other devices; graphs are not concerned."""
    return _chosen["policy"]


@export("config.experimental.set_device_policy")
def set_device_policy(device_policy: str | None) -> None:
    if device_policy not in (None, "silent", "silent_for_int32", "warn", "explicit"):
        raise ValueError(f"Invalid policy type: {device_policy}")
    _chosen["policy"] = device_policy or "silent"


@export("config.experimental.get_synchronous_execution")
def get_synchronous_execution() -> bool:
    """Whether eager execution waits for each operation; graphs are not concerned."""
    return _chosen["synchronous"]


@export("config.experimental.set_synchronous_execution")
def set_synchronous_execution(enable: bool) -> None:
    _chosen["synchronous"] = enable


@export("config.experimental_connect_to_host")
def experimental_connect_to_host(remote_host: Any = None, job_name: str = "worker") -> None:
    """Raises NotImplementedError: there is no other process."""
    raise NotImplementedError("config.experimental_connect_to_host: PyFlow runs in this process only")


@export("config.experimental_connect_to_cluster")
def experimental_connect_to_cluster(
    cluster_spec_or_resolver: Any, job_name: str = "localhost", task_index: int = 0, protocol: Any = None
) -> None:
    """Raises NotImplementedError: there is no other process."""
    raise NotImplementedError("config.experimental_connect_to_cluster: PyFlow runs in this process only")


@export("config.experimental_run_functions_eagerly")
def experimental_run_functions_eagerly(run_eagerly: bool) -> None:
    """Raises NotImplementedError when eager execution is wanted: there is none."""
    if run_eagerly:
        raise NotImplementedError("config.experimental_run_functions_eagerly: PyFlow builds graphs")
