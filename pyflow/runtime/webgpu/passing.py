"""Values that go from one segment of a program to a later one without coming to the host."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from pyflow.runtime.program import Value
from pyflow.runtime.webgpu import residency
from pyflow.runtime.webgpu.node import elements


class Passed:
    """What stands for such a value in a run.

    Attributes:
      saved: the value on the host, once another run needs the place where it was.
    """

    __slots__ = ("saved", "__weakref__")

    def __init__(self) -> None:
        self.saved: np.ndarray | None = None


class Place:
    """The buffer through which a value is passed. Several runs may be under way; it has the value of one of them."""

    def __init__(self, device: Any, buffer: Any, value: Value):
        self._device, self.buffer, self._value = device, buffer, value
        self._held: Any = lambda: None

    def vacate(self) -> None:
        """Before something else is written there: saves the value if a run still waits for it."""
        held = self._held()
        if held is not None:
            dtype = self._value.dtype
            data = self._device.read(self.buffer, residency.width(dtype) * elements(self._value))
            held.saved = residency.whole_words(np.frombuffer(bytes(data), residency.wire_type(dtype)))
        self._held = lambda: None

    def give(self) -> Passed:
        """When the value has been written."""
        passed = Passed()
        self._held = weakref.ref(passed)
        return passed

    def brought(self, passed: Passed) -> np.ndarray | None:
        """What has to be written there for the value to be there again, if anything."""
        if self._held() is passed:
            return None
        self.vacate()
        self._held = weakref.ref(passed)
        saved, passed.saved = passed.saved, None
        return saved
