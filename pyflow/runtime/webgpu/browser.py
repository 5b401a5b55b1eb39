"""The device of a browser tab: navigator.gpu, reached through the page's worker.

The worker registers the JavaScript module `pyflow_webgpu`, whose `adapter` is web/src/engine/webgpu.ts' Adapter. What
takes the GPU's time is waited for by `run_sync`, which needs a browser that can suspend WebAssembly.
"""

from __future__ import annotations

from typing import Any, Callable, Sequence

import numpy as np

from pyflow.core import errors
from pyflow.runtime.webgpu.device import AdapterInfo, Command

_ALIGNMENT = 16
_LIMITS = {
    "max-buffer-size": "maxBufferSize",
    "max-storage-buffer-binding-size": "maxStorageBufferBindingSize",
    "max-storage-buffers-per-shader-stage": "maxStorageBuffersPerShaderStage",
    "max-compute-workgroup-storage-size": "maxComputeWorkgroupStorageSize",
    "max-compute-invocations-per-workgroup": "maxComputeInvocationsPerWorkgroup",
}


def adapters() -> list[Any]:
    """The browser's adapter, if the page has found one."""
    try:
        import pyflow_webgpu  # type: ignore[import-not-found]
    except ImportError:
        return []
    return [pyflow_webgpu.adapter]


def describe(adapter: Any) -> AdapterInfo:
    """What is known of one of `adapters()`."""
    return AdapterInfo(str(adapter.name), bool(adapter.isSoftware), "WebGPU of the browser", 0)


def open_device(adapter: Any) -> BrowserDevice:
    """A device of one of `adapters()`."""
    return BrowserDevice(adapter)


async def suspended(call: Callable[[], Any]) -> Any:
    """The result of a call that may wait for the GPU; while it does, the event loop goes on."""
    from pyodide.ffi import can_run_sync, create_proxy  # type: ignore[import-not-found]

    if can_run_sync() or not adapters():
        return call()
    results: list[Any] = []
    proxy = create_proxy(lambda: results.append(call()))
    try:
        await proxy.callPromising()
    finally:
        proxy.destroy()
    return results[0]


def _address(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


class BrowserDevice:
    """A `Device` on the browser's adapter."""

    def __init__(self, adapter: Any):
        from pyodide.ffi import run_sync  # type: ignore[import-not-found]

        self._run_sync = run_sync
        self.info = describe(adapter)
        self._gpu = run_sync(adapter.open())
        limits = self._gpu.limits.to_py() if hasattr(self._gpu.limits, "to_py") else self._gpu.limits
        self.limits = {name: int(limits[there]) for name, there in _LIMITS.items()}
        self.features = frozenset("subgroup" if f == "subgroups" else str(f) for f in self._gpu.features)
        self._pipelines: dict[str, int] = {}
        self._sizes: dict[int, int] = {}
        self._closed = ""

    @property
    def lost(self) -> str:
        """Why the device is gone, or ""."""
        why = self._closed or str(self._gpu.lost)
        return f"The GPU {self.info.name} was lost: {why}" if why else ""

    def _call(self, function: Any, *arguments: Any) -> Any:
        """What the function gives, or its promise; JavaScript's errors as those of `tf.errors`."""
        from pyodide.ffi import JsException  # type: ignore[import-not-found]

        if self.lost:
            raise errors.AbortedError(None, None, self.lost)
        try:
            result = function(*arguments)
            return self._run_sync(result) if hasattr(result, "then") else result
        except JsException as error:
            words = str(error)
            if self.lost or "lost" in words:
                self._closed = self._closed or words
                raise errors.AbortedError(None, None, self.lost) from None
            if "memory" in words:
                raise errors.ResourceExhaustedError(None, None, f"OOM on the GPU {self.info.name}: {words}") from None
            raise errors.InternalError(None, None, f"{self.info.name}: {words}") from None

    def buffer(self, nbytes: int) -> Any:
        size = -(-max(nbytes, 1) // _ALIGNMENT) * _ALIGNMENT
        if size > self.limits["max-storage-buffer-binding-size"]:
            raise errors.ResourceExhaustedError(
                None, None, f"OOM on the GPU {self.info.name}: a buffer of {nbytes} bytes is more than it can bind"
            )
        buffer = self._call(self._gpu.buffer, size)
        self._sizes[buffer] = size
        return buffer

    def free(self, buffer: Any) -> None:
        self._sizes.pop(buffer, None)
        if not self._closed:
            self._gpu.free(buffer)

    def write(self, buffer: Any, array: np.ndarray) -> None:
        self._call(self._gpu.write, buffer, _address(array), array.nbytes)

    def read(self, buffer: Any, nbytes: int) -> memoryview:
        data = np.empty(-(-nbytes // 8) * 8, np.uint8)
        self._call(self._gpu.read, buffer, _address(data), nbytes)
        return data.data[:nbytes]

    def pipeline(self, source: str, label: str) -> Any:
        pipeline = self._pipelines.get(source)
        if pipeline is None:
            pipeline = self._pipelines[source] = self._call(self._gpu.pipeline, source, label)
        return pipeline

    def record(self, commands: Sequence[Command], reads: Sequence[tuple[Any, int]]) -> Any:
        table = [len(commands)]
        for pipeline, buffers, grid in commands:
            table += [pipeline, *grid, len(buffers), *buffers]
        for buffer, nbytes in reads:
            table += [buffer, nbytes]
        packed = np.array(table, np.int32)
        number = self._call(self._gpu.record, _address(packed), len(packed))
        return _Recording(self._gpu, number, [nbytes for _, nbytes in reads])

    def run(self, recording: Any, writes: Sequence[tuple[Any, np.ndarray]]) -> Sequence[memoryview]:
        table = [item for buffer, array in writes for item in (buffer, _address(array), array.nbytes)]
        packed = np.array(table, np.uint32)
        data = np.empty(recording.nbytes, np.uint8)
        self._call(self._gpu.run, recording.number, _address(packed), len(writes), _address(data))
        view = data.data
        return [view[start:end] for start, end in recording.ranges]

    def run_timed(
        self, recording: Any, writes: Sequence[tuple[Any, np.ndarray]]
    ) -> tuple[Sequence[memoryview], Sequence[tuple[float, float]]]:
        return self.run(recording, writes), ()  # browsers blur the GPU's clock

    def finish(self) -> None:
        self._call(self._gpu.finish)

    def memory_in_use(self) -> int:
        return sum(self._sizes.values())

    def close(self) -> None:
        if not self._closed:
            self._closed = "it was closed"
            self._gpu.close()


class _Recording:
    """A recorded program by its number, and where what it reads lies in the result."""

    def __init__(self, gpu: Any, number: int, reads: list[int]):
        self._gpu, self.number = gpu, number
        self.ranges, end = [], 0
        for nbytes in reads:
            self.ranges.append((end, end + nbytes))
            end += -(-nbytes // 8) * 8
        self.nbytes = end

    def __del__(self) -> None:
        self._gpu.forget(self.number)
