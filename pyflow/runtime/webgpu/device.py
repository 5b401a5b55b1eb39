"""What a device of the GPU backend must do. There are two: `native` on wgpu, `browser` on navigator.gpu."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, Sequence

import numpy as np


class AdapterInfo(NamedTuple):
    """An adapter: its name, whether it is software, its driver's description, and its memory in bytes (0: unknown)."""

    name: str
    is_software: bool
    description: str
    memory_bytes: int


class Command(NamedTuple):
    """One dispatch of a recorded program: what is run, on which buffers in the order of their bindings, how often."""

    pipeline: Any
    buffers: Sequence[Any]
    grid: tuple[int, int, int]


class Device(Protocol):
    """Buffers, pipelines, and recorded programs, which are run with one call.

    Everything but `read` and the end of `run` returns before the GPU has done it. Any call raises `AbortedError` once
    the device is lost, `ResourceExhaustedError` where memory is not enough, and `InternalError` for what the driver
    refuses.
    """

    info: AdapterInfo
    limits: dict[str, int]
    features: frozenset[str]
    lost: str  # why the device is gone, or ""

    def buffer(self, nbytes: int) -> Any:
        """Memory of at least that many bytes, with any content."""
        ...

    def free(self, buffer: Any) -> None:
        """Gives a buffer back."""
        ...

    def write(self, buffer: Any, array: np.ndarray) -> None:
        """Copies a contiguous array to the start of the buffer."""
        ...

    def read(self, buffer: Any, nbytes: int) -> memoryview:
        """The first bytes of the buffer, when all that was started before is done."""
        ...

    def pipeline(self, source: str, label: str) -> Any:
        """The compiled shader with that WGSL text, whose entry point is `main`."""
        ...

    def record(self, commands: Sequence[Command], reads: Sequence[tuple[Any, int]]) -> Any:
        """A program: the commands in order, then copies of so many bytes of some buffers for the host."""
        ...

    def run(self, recording: Any, writes: Sequence[tuple[Any, np.ndarray]]) -> Sequence[memoryview]:
        """Writes into buffers, runs the recorded program and gives what it reads."""
        ...

    def run_timed(
        self, recording: Any, writes: Sequence[tuple[Any, np.ndarray]]
    ) -> tuple[Sequence[memoryview], Sequence[tuple[float, float]]]:
        """As `run`, and the start and end of each command in seconds of `perf_counter`; none if it cannot be told."""
        ...

    def finish(self) -> None:
        """Waits until all that was started is done."""
        ...

    def memory_in_use(self) -> int:
        """Bytes of the buffers that are not given back."""
        ...

    def close(self) -> None:
        """Lets go of everything."""
        ...
