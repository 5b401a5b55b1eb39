"""Device names: "/job:worker/replica:0/task:1/device:GPU:0", any part of which may be left open.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/DeviceSpec
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from pyflow.core.api import export


class _Parts(NamedTuple):
    job: str | None = None
    replica: int | None = None
    task: int | None = None
    device_type: str | None = None
    device_index: int | None = None


def _parts(job: Any, replica: Any, task: Any, device_type: Any, device_index: Any) -> _Parts:
    if device_type is not None:
        device_type = str(device_type)
        device_type = device_type.upper() if device_type in ("cpu", "gpu") else device_type
    return _Parts(
        None if job is None else str(job),
        None if replica is None else int(replica),
        None if task is None else int(task),
        device_type,
        None if device_index is None else int(device_index),
    )


@lru_cache(1024)
def _parse(spec: str) -> _Parts:
    found: dict[str, Any] = {}
    for piece in spec.split("/"):
        words = piece.split(":")
        kind = words[0]
        legacy = kind.upper() in ("CPU", "GPU") and len(words) <= 2
        if len(words) == 2 and kind in ("job", "replica", "task"):
            found[kind] = words[1]
        elif legacy or (kind == "device" and len(words) == 3):
            if "device_type" in found:
                raise ValueError(f"Cannot specify multiple device types: {spec}")
            found["device_type"] = kind.upper() if legacy else words[1]
            index = words[-1] if len(words) > 1 else "*"
            found["device_index"] = None if index == "*" else int(index)
        elif kind:
            raise ValueError(f"Unknown attribute: '{kind}' in '{spec}'")
    return _parts(*(found.get(field) for field in _Parts._fields))


@lru_cache(1024)
def _format(parts: _Parts) -> str:
    text = "".join(
        f"/{name}:{value}"
        for name, value in (("job", parts.job), ("replica", parts.replica), ("task", parts.task))
        if value is not None
    )
    if parts.device_type is not None:
        index = "*" if parts.device_index is None else parts.device_index
        text += f"/device:{parts.device_type}:{index}"
    return text


class DeviceSpecV2:
    """A device, or a set of devices when parts are left open, that cannot be changed.

    Args:
      job: name of the job in a cluster.
      replica: number of the replica.
      task: number of the task.
      device_type: "CPU" or "GPU" (in any case), or another kind.
      device_index: number among the task's devices of that type.
    """

    __slots__ = ("_parts",)

    def __init__(
        self,
        job: str | None = None,
        replica: int | None = None,
        task: int | None = None,
        device_type: str | None = None,
        device_index: int | None = None,
    ):
        self._parts = _parts(job, replica, task, device_type, device_index)

    job = property(lambda self: self._parts.job)
    replica = property(lambda self: self._parts.replica)
    task = property(lambda self: self._parts.task)
    device_type = property(lambda self: self._parts.device_type)
    device_index = property(lambda self: self._parts.device_index)

    @classmethod
    def from_string(cls, spec: str | None) -> Any:
        """The device that `spec` names: "/job:<name>/replica:<n>/task:<n>/device:<type>:<n>", "/gpu:0", or "".

        Raises:
          ValueError: a part of the name is not understood, or there are two device types.
        """
        return cls(*_parse(spec or ""))

    def parse_from_string(self, spec: str | None) -> Any:
        """Same as `from_string`."""
        return self.from_string(spec)

    def to_string(self) -> str:
        """The canonical name; an open index is "*", other open parts are left out."""
        return _format(self._parts)

    def make_merged_spec(self, dev: DeviceSpecV2) -> Any:
        """A new device: the parts of `dev`, and those of this one where `dev` leaves them open."""
        return type(self)(*self._merged(dev))

    def replace(self, **kwargs: Any) -> Any:
        """A new device with some parts changed; they are named as in the constructor."""
        return type(self)(**{**self._parts._asdict(), **kwargs})

    def _merged(self, dev: DeviceSpecV2) -> _Parts:
        return _Parts._make(mine if theirs is None else theirs for mine, theirs in zip(self._parts, dev._parts))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.to_string() == other.to_string()

    def __hash__(self) -> int:
        return hash(self.to_string())

    def __repr__(self) -> str:
        return f"<DeviceSpec {self.to_string()!r}>"


def _settable(field: str) -> property:
    def change(self: DeviceSpecV1, value: Any) -> None:
        self._parts = _parts(*self._parts._replace(**{field: value}))

    return property(lambda self: getattr(self._parts, field), change)


@export("DeviceSpec")
class DeviceSpecV1(DeviceSpecV2):
    """A device, or a set of devices when parts are left open. Its parts may be assigned.

    Args:
      job: name of the job in a cluster.
      replica: number of the replica.
      task: number of the task.
      device_type: "CPU" or "GPU" (in any case), or another kind.
      device_index: number among the task's devices of that type.
    """

    __slots__ = ()

    job = _settable("job")
    replica = _settable("replica")
    task = _settable("task")
    device_type = _settable("device_type")
    device_index = _settable("device_index")

    __hash__ = DeviceSpecV2.__hash__

    def parse_from_string(self, spec: str | None) -> DeviceSpecV1:
        """Takes over the parts that `spec` names and forgets all others. Returns itself."""
        self._parts = _parse(spec or "")
        return self

    def merge_from(self, dev: DeviceSpecV2) -> None:
        """Takes over the parts that `dev` doesn't leave open."""
        self._parts = self._merged(dev)


DeviceSpec = DeviceSpecV1


def check_valid(spec: str) -> None:
    """Raises ValueError when `spec` is not a device name."""
    _parse(spec or "")


def is_device_spec(obj: Any) -> bool:
    return isinstance(obj, DeviceSpecV2)


def canonical_name(device: DeviceSpecV2 | str | None) -> str:
    """The full form of a device name: "/gpu:0" becomes "/device:GPU:0", and None becomes ""."""
    if not device:
        return ""
    return device.to_string() if isinstance(device, DeviceSpecV2) else _format(_parse(device))


class MergeDevice:
    """A device function that fills in what a node's own device leaves open."""

    def __init__(self, spec: DeviceSpecV2 | str | None):
        self._name = canonical_name(spec)

    def __call__(self, node_def: Any) -> DeviceSpec:
        """The merged device of a node (anything with a `device` attribute)."""
        return DeviceSpec.from_string(self.shortcut_string_merge(node_def))

    def shortcut_string_merge(self, node_def: Any) -> str:
        """The name of the merged device of a node."""
        return _merged_name(self._name, node_def.device or "")

    def __repr__(self) -> str:
        return f"{super().__repr__()} (spec: {self._name})"

    @property
    def is_null_merge(self) -> bool:
        """Whether it leaves every node as it is."""
        return not self._name


@lru_cache(1024)
def _merged_name(outer: str, inner: str) -> str:
    return DeviceSpecV2.from_string(outer).make_merged_spec(DeviceSpecV2.from_string(inner)).to_string()


def merge_device(spec: DeviceSpecV2 | MergeDevice | str | None) -> MergeDevice:
    """A device function for `tf.device`: what an inner scope says of a part wins, `spec` fills in the others.

    Raises:
      ValueError: `spec` is not a device name.
    """
    return spec if isinstance(spec, MergeDevice) else _merger(canonical_name(spec))


@lru_cache(1024)
def _merger(name: str) -> MergeDevice:
    return MergeDevice(name)
