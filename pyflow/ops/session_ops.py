"""Tensors that a session keeps from run to run: `tf.get_session_handle` and what uses the handles."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.device import DeviceSpec
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op
from pyflow.core.scopes import device
from pyflow.core.tensor import Tensor
from pyflow.ops.placeholder import placeholder

_CPU = "/job:localhost/replica:0/task:0/device:CPU:0"
_DEAD_HANDLES = 10  # so many may wait until their tensors are given up


class KeptTensors:
    """The tensors that a session keeps, by handle."""

    def __init__(self) -> None:
        self.numbers = itertools.count()
        self.arrays: dict[str, np.ndarray] = {}
        self.dead: list[str] = []  # handles that no program holds any more

    @staticmethod
    def of(resources: Any) -> KeptTensors:
        return resources.get_or_create(KeptTensors, "", "session_store", KeptTensors)

    def find(self, handle: Any) -> np.ndarray:
        """The tensor of a handle.

        Raises:
          InvalidArgumentError: there is none.
        """
        text = handle.decode() if isinstance(handle, bytes) else str(handle)
        if text not in self.arrays:
            message = f"The tensor with handle '{text}' is not in the session store."
            raise errors.InvalidArgumentError(None, None, message)
        return self.arrays[text]

    def delete(self, handle: Any) -> None:
        text = handle.decode() if isinstance(handle, bytes) else str(handle)
        if self.arrays.pop(text, None) is None:
            message = f"Failed to delete a tensor with handle '{text}' in the session store."
            raise errors.InvalidArgumentError(None, None, message)

    def give_up(self, handle: str) -> None:
        """Notes that nobody holds the handle; after some of them their tensors are deleted."""
        self.dead.append(handle)
        if len(self.dead) >= _DEAD_HANDLES:
            for dead in self.dead:
                self.arrays.pop(dead, None)
            self.dead.clear()


def _keep(ctx, value):
    kept = KeptTensors.of(ctx.resources)
    handle = f"{ctx.op_name};{next(kept.numbers)};{_CPU}"
    kept.arrays[handle] = np.array(value)
    return np.array(handle.encode(), object)


@op("GetSessionHandle(value: T) -> (handle: string)", T=attr("type"))
class GetSessionHandle:
    """Keeps the value in the session; the handle finds it again."""

    stateful = True

    def shape(value):
        return ()

    cpu = _keep
    grad = NOT_DIFFERENTIABLE


@op("GetSessionTensor(handle: string) -> (value: dtype)", dtype=attr("type"))
class GetSessionTensor:
    """The tensor that the session keeps under a handle."""

    stateful = True

    def shape(handle):
        return None

    def cpu(ctx, handle, dtype):
        array = KeptTensors.of(ctx.resources).find(np.asarray(handle, object).item())
        actual = dtypes.as_dtype(array.dtype)
        if actual != dtype:
            message = f"GetSessionTensor is asked for {dtype.name}, but the tensor is of {actual.name}"
            raise errors.InvalidArgumentError(None, None, message)
        return array

    grad = NOT_DIFFERENTIABLE


@op("DeleteSessionTensor(handle: string) -> ()")
class DeleteSessionTensor:
    """Has the session forget the tensor of a handle."""

    stateful = True

    def shape(handle):
        return []

    def cpu(ctx, handle):
        KeptTensors.of(ctx.resources).delete(np.asarray(handle, object).item())
        return ()

    grad = NOT_DIFFERENTIABLE


class TensorHandle:
    """A tensor that a session keeps, as `Session.run` returns it for a handle; the tensor goes when this goes."""

    def __init__(self, handle: Any, dtype: dtypes.DType, session: Any):
        self._handle = handle.decode() if isinstance(handle, bytes) else str(handle)
        self._dtype = dtype
        self._session = session
        self._kept: KeptTensors | None = KeptTensors.of(session.resources)
        self._auto_gc_enabled = True

    def __del__(self) -> None:
        if self._auto_gc_enabled and self._kept is not None:
            self._kept.give_up(self._handle)

    def __str__(self) -> str:
        return self._handle

    def _live(self) -> KeptTensors:
        if not self._auto_gc_enabled or self._kept is None:
            raise TypeError(f"Persistent tensor {self._handle} may have already been deleted.")
        return self._kept

    @property
    def handle(self) -> str:
        """The text that stands for the tensor."""
        return self._handle

    def eval(self) -> Any:
        """The value of the tensor."""
        self._live()
        holder, tensor = _reader(self._session.graph, self._handle, self._dtype)
        return self._session.run(tensor, {holder: self._handle})

    def value(self) -> np.ndarray:
        """The array itself, as it is fed; not to be changed."""
        return self._live().find(self._handle)

    def delete(self) -> None:
        """Has the session forget the tensor."""
        self._live()
        self._auto_gc_enabled = False
        holder, deleter = _deleter(self._session.graph, self._handle)
        self._session.run(deleter, {holder: self._handle})

    def get_raw_handle(self) -> str:
        """The text of the handle; the tensor will then stay as long as the session."""
        self._auto_gc_enabled = False
        return self._handle


def _on_device_of(handle: str) -> Any:
    name = handle.split(";")[-1]
    DeviceSpec.from_string(name)
    return device(name)


def _reader(graph: Any, handle: str, dtype: Any) -> tuple[Tensor, Tensor]:
    """A placeholder for a handle and the tensor read by it, made once for each dtype in a graph."""
    readers = graph.__dict__.setdefault("_handle_readers", {})
    if dtype not in readers:
        with graph.as_default(), device(None), _on_device_of(handle):
            holder = placeholder(dtypes.string)
            readers[dtype] = holder, GetSessionTensor(holder, dtype=dtype)
    return readers[dtype]


def _deleter(graph: Any, handle: str) -> tuple[Tensor, Any]:
    deleters = graph.__dict__.setdefault("_handle_deleters", [])
    if not deleters:
        with graph.as_default(), device(None), _on_device_of(handle):
            holder = placeholder(dtypes.string)
            deleters.append((holder, DeleteSessionTensor(holder)))
    return deleters[0]


@export("get_session_handle")
def get_session_handle(data: Any, name: str | None = None) -> Tensor:
    """A tensor that, run, has the session keep the value of `data`; `Session.run` returns it as a `TensorHandle`.

    Raises:
      TypeError: `data` is no tensor.
    """
    if not isinstance(data, Tensor):
        raise TypeError("`data` must be of type Tensor.")
    with device(data.device or None):
        return GetSessionHandle(data, name=name)


@export("get_session_tensor")
def get_session_tensor(handle: str, dtype: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """A placeholder to be fed with a handle, and the tensor of type `dtype` that the session keeps under it."""
    with _on_device_of(handle):
        holder = placeholder(dtypes.string)
        return holder, GetSessionTensor(convert_to_tensor(holder), dtype=dtype, name=name)


@export("delete_session_tensor")
def delete_session_tensor(handle: str, name: str | None = None) -> tuple[Tensor, Any]:
    """A placeholder to be fed with a handle, and an operation that has the session forget its tensor."""
    with _on_device_of(handle):
        holder = placeholder(dtypes.string)
        return holder, DeleteSessionTensor(holder, name=name)
