"""Variables whose value lives on a device from run to run, and comes to the host when somebody there looks at it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.resources import VariableCell

_WIRE_TYPES = {"float32": np.float32, "float16": np.float16, "bool": np.uint32}
_host: Any = VariableCell.__dict__["value"]  # the slot


class Residence:
    """A variable's buffer on a device, and on which side its value is newer."""

    __slots__ = ("device", "buffer", "on_host", "on_device")

    def __init__(self, device: Any):
        self.device = device
        self.buffer: Any = None
        self.on_host = True  # the host's array is up to date
        self.on_device = False  # the buffer is

    def __del__(self) -> None:
        if self.buffer is not None:
            self.device.free(self.buffer)


class ResidentCell(VariableCell):
    """A `VariableCell` with a `Residence`; what the device has computed is read back when `value` is asked for."""

    __slots__ = ()

    @property
    def value(self) -> Any:  # type: ignore[override]
        if not self.residence.on_host:
            _download(self)
        return _host.__get__(self)

    @value.setter
    def value(self, array: Any) -> None:
        _host.__set__(self, array)
        self.residence.on_host, self.residence.on_device = True, False

    def changing(self) -> np.ndarray:
        array = super().changing()
        self.residence.on_device = False
        return array

    def writable(self) -> np.ndarray:
        array = super().writable()
        self.residence.on_device = False
        return array

    def close_resource(self) -> None:
        """Gives up the value on the device: the session is closed."""
        self.residence = None
        self.__class__ = VariableCell  # type: ignore[assignment]

    def assign(self, value: Any) -> None:
        self.residence.on_host = True
        super().assign(value)
        self.residence.on_device = False


def _download(cell: VariableCell) -> None:
    residence = cell.residence
    array = _host.__get__(cell)
    if array is None:
        array = np.empty(cell.shape, cell.dtype.as_numpy_dtype)  # type: ignore[arg-type]
        _host.__set__(cell, array)
    nbytes = array.size * width(cell.dtype)
    data = np.frombuffer(residence.device.read(residence.buffer, nbytes), wire_type(cell.dtype))
    np.copyto(array, data.reshape(array.shape), casting="unsafe")
    residence.on_host = True


def wire_type(dtype: dtypes.DType) -> Any:
    """The numpy type in which values of a dtype travel to and from a device."""
    return _WIRE_TYPES.get(dtype.name, np.int32)


def width(dtype: dtypes.DType) -> int:
    """The bytes of an element on a device."""
    return 2 if dtype is dtypes.float16 else 4


def to_wire(array: Any, dtype: dtypes.DType) -> np.ndarray:
    """An array of the host as it is uploaded.

    Raises:
      InvalidArgumentError: it has integers that do not fit 32 bits.
    """
    if dtype is dtypes.int64 and np.size(array) and (np.max(array) > 2**31 - 1 or np.min(array) < -(2**31)):
        words = "An int64 tensor for the GPU holds values beyond 32 bits, which it has not"
        raise errors.InvalidArgumentError(None, None, words)
    array = np.ascontiguousarray(array, wire_type(dtype))
    return array if dtype is not dtypes.float16 else whole_words(array)


def whole_words(array: np.ndarray) -> np.ndarray:
    """The array, with another element behind if it has an odd number of two bytes each: devices write whole words."""
    return np.append(array, array.dtype.type(0)) if array.nbytes % 4 else array


def from_wire(data: memoryview, dtype: dtypes.DType, shape: Any) -> np.ndarray:
    """What was read from a device, as an array of the host that can be written to."""
    array = np.frombuffer(data, wire_type(dtype)).reshape(shape)
    numpy_type = dtype.as_numpy_dtype
    return array if array.dtype == numpy_type else array.astype(numpy_type)


def settle(cell: VariableCell, device: Any) -> Residence:
    """Has the variable live on the device from now on, and gives its place there."""
    if cell.residence is None or cell.residence.device is not device:
        if cell.residence is not None:
            leave(cell)
        shape: Any = cell.shape
        cell.residence = Residence(device)
        cell.residence.buffer = device.buffer(width(cell.dtype) * math.prod(shape))
        cell.__class__ = ResidentCell
    return cell.residence


def leave(cell: VariableCell) -> None:
    """Brings the value back for good, if the device is still there, and gives the buffer back."""
    residence = cell.residence
    if not residence.on_host and not residence.device.lost:
        _download(cell)
    cell.residence = None
    cell.__class__ = VariableCell


def bring_up(cell: VariableCell) -> None:
    """Makes the buffer up to date.

    Raises:
      FailedPreconditionError: the variable is not initialised.
    """
    residence = cell.residence
    if not residence.on_device:
        array = _host.__get__(cell)
        if array is None:
            raise cell.uninitialized()
        residence.device.write(residence.buffer, to_wire(array, cell.dtype))
        residence.on_device = True
