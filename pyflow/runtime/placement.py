"""Where operations run: checks requested devices against those there are, and logs placements in TF's words."""

from __future__ import annotations

from typing import Any

from pyflow.core import device as pydev
from pyflow.core import errors
from pyflow.core.operation import Operation
from pyflow.runtime.ordering import needed_ops
from pyflow.runtime.user_frame import defined_at
from pyflow.runtime.webgpu import adapters

_HOST = "/job:localhost/replica:0/task:0/device:CPU:0"
GPU = "/job:localhost/replica:0/task:0/device:GPU:0"


class DeviceAttributes:
    """A device of a session: its name, type ("CPU" or "GPU") and memory in bytes."""

    def __init__(self, name: str, device_type: str, memory_limit_bytes: int, incarnation: int, description: str = ""):
        self._name = pydev.canonical_name(name)
        self._device_type = device_type
        self._memory_limit_bytes = memory_limit_bytes
        self._incarnation = incarnation
        self.description = description  # of the hardware

    name = property(lambda self: self._name)
    device_type = property(lambda self: self._device_type)
    memory_limit_bytes = property(lambda self: self._memory_limit_bytes)
    incarnation = property(lambda self: self._incarnation)

    def __repr__(self) -> str:
        return f"_DeviceAttributes({self._name}, {self._device_type}, {self._memory_limit_bytes}, {self._incarnation})"


class Placer:
    """Places the operations of one session's graph."""

    def __init__(self, config: Any, device: Any = None):
        self._soft = config.allow_soft_placement
        self._log = config.log_device_placement
        count = dict(config.device_count).get("CPU", 1) or 1
        self._devices = [
            DeviceAttributes(f"/job:localhost/replica:0/task:0/device:CPU:{i}", "CPU", 268435456, i + 1)
            for i in range(count)
        ]
        if device is not None:
            memory = device.info.memory_bytes or device.limits["max-buffer-size"]
            described = f"device: 0, name: {device.info.name}, {device.info.description}"
            self._devices.append(DeviceAttributes(GPU, "GPU", memory, len(self._devices) + 1, described))
            if self._log:
                print(f"Device mapping:\n{GPU} -> {described}")
        self._has_gpu = device is not None
        self._names = {d.name for d in self._devices}
        self._logged: set[Operation] = set()

    def devices(self) -> list[DeviceAttributes]:
        return list(self._devices)

    def check(self, fetches: Any, targets: Any, fed: Any) -> None:
        """Places what a run needs.

        Raises:
          InvalidArgumentError: an operation was explicitly put on a device there isn't, without soft placement.
        """
        ops = needed_ops(fetches, targets, fed)
        for op in ops:
            if op.device and not self._soft:
                self._require(op)
        if self._log:
            for op in ops:
                if op not in self._logged:
                    self._logged.add(op)
                    print(f"{op.name}: ({op.type}): {self._placed(op)}")

    def _placed(self, op: Operation) -> str:
        wanted = pydev.DeviceSpec.from_string(op.device) if op.device else None
        if self._has_gpu and op.definition.gpu is not None and (wanted is None or wanted.device_type in (None, "GPU")):
            return GPU
        if wanted is not None and wanted.device_type == "CPU" and wanted.device_index is not None:
            name = f"/job:localhost/replica:0/task:0/device:CPU:{wanted.device_index}"
            return name if name in self._names else _HOST
        return _HOST

    def _require(self, op: Operation) -> None:
        wanted = pydev.DeviceSpec.from_string(op.device)
        for device in self._devices:
            have = pydev.DeviceSpec.from_string(device.name)
            pairs = (
                (wanted.job, have.job),
                (wanted.replica, have.replica),
                (wanted.task, have.task),
                (wanted.device_type, have.device_type),
                (wanted.device_index, have.device_index),
            )
            if all(w is None or w == h for w, h in pairs):
                return
        hint = adapters.why_none() if wanted.device_type == "GPU" and not self._has_gpu else ""
        available = ", ".join(d.name for d in self._devices)
        raise errors.InvalidArgumentError(
            op.node_def,
            op,
            f"Cannot assign a device for operation {op.name}: node {op.name} ({defined_at(op)}) was explicitly "
            "assigned "
            f"to {op.device} but available devices are [ {available} ]. Make sure the device specification refers to a "
            f"valid device.{hint}\n\t [[{op.name}]]",
        )
