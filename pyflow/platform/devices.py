"""What devices there are (device_lib), and functions about their names."""

from __future__ import annotations

from typing import Any

from pyflow.core.device import DeviceSpec
from pyflow.protos.config_pb2 import ConfigProto
from pyflow.protos.device_pb2 import DeviceAttributes
from pyflow.runtime.placement import Placer
from pyflow.runtime.webgpu import adapters


def list_local_devices(session_config: Any = None) -> list[DeviceAttributes]:
    """The devices of this process, as DeviceAttributes messages."""
    config = session_config or ConfigProto()
    return [
        DeviceAttributes(
            name=d.name.rpartition("/task:0")[2],
            device_type=d.device_type,
            memory_limit=d.memory_limit_bytes,
            incarnation=d.incarnation,
            physical_device_desc=d.description,
        )
        for d in Placer(config, adapters.chosen(config)).devices()
    ]


def is_device_spec(obj: Any) -> bool:
    """Whether it is a device's description."""
    return isinstance(obj, DeviceSpec)


def check_valid(spec: str) -> None:
    """ValueError where a device's name cannot be read."""
    DeviceSpec.from_string(spec)
