"""The device that wgpu drives: Vulkan, Metal or Direct3D 12 below."""

from __future__ import annotations

import functools
import os
import time
from typing import Any, Callable, Sequence

import numpy as np

from pyflow.core import errors
from pyflow.runtime.webgpu.device import AdapterInfo, Command

_ALIGNMENT = 16
# A program that reads nothing returns at once; after so many of them the GPU is waited for.
_SUBMISSIONS_AHEAD = 32
_FEATURES = ("shader-f16", "subgroup", "timestamp-query")
_LIMITS = (
    *("max-buffer-size", "max-storage-buffer-binding-size", "max-storage-buffers-per-shader-stage"),
    *("max-compute-workgroup-storage-size", "max-compute-invocations-per-workgroup"),
)


def adapters() -> list[Any]:
    """wgpu's compute adapters, each only by the first of the interfaces that reach it; [] without wgpu."""
    try:
        import wgpu
    except ImportError:
        return []
    os.environ.setdefault("XDG_RUNTIME_DIR", "/tmp")  # drivers complain about it though nothing is displayed
    found = [a for a in wgpu.gpu.enumerate_adapters_sync() if a.info["backend_type"] != "OpenGL"]
    names = [a.info["device"] for a in found]
    return [a for i, a in enumerate(found) if names[i] not in names[:i]]


def describe(adapter: Any) -> AdapterInfo:
    """What is known of one of `adapters()`."""
    info = adapter.info
    description = f"{info['backend_type']}, {info['description']}".rstrip(", ")
    return AdapterInfo(info["device"], info["adapter_type"] == "CPU", description, 0)


def open_device(adapter: Any) -> NativeDevice:
    """A device of one of `adapters()`."""
    return NativeDevice(adapter)


def for_naga(source: str) -> str:
    """A shader's text for wgpu's compiler, which knows subgroups, but not yet the line that asks for them."""
    return source.replace("enable subgroups;\n", "")


def _guarded(method: Callable) -> Callable:
    """The method, with wgpu's errors as those of `tf.errors`."""

    @functools.wraps(method)
    def call(self: Any, *args: Any) -> Any:
        if self.lost:
            raise errors.AbortedError(None, None, self.lost)
        try:
            return method(self, *args)
        except (RuntimeError, OSError) as error:
            raise self._translated(error) from error
        except Exception as error:
            if type(error).__module__.partition(".")[0] != "wgpu":
                raise
            raise self._translated(error) from error

    return call


class NativeDevice:
    """A `Device` on an adapter of wgpu."""

    def __init__(self, adapter: Any):
        import wgpu

        self._wgpu = wgpu
        self.info = describe(adapter)
        self.features = frozenset(_FEATURES) & frozenset(adapter.features)
        limits = {name: adapter.limits[name] for name in _LIMITS}
        self._device = adapter.request_device_sync(required_features=sorted(self.features), required_limits=limits)
        self.limits = {name: self._device.limits[name] for name in _LIMITS}
        self._queue = self._device.queue
        self._usage = wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.COPY_SRC | wgpu.BufferUsage.COPY_DST
        self._pipelines: dict[str, Any] = {}
        self._in_use = 0
        self._ahead = 0
        self.lost = ""

    def _translated(self, error: Exception) -> Exception:
        words = str(error)
        if "lost" in words.lower() or "device is invalid" in words.lower() or "destroyed" in words.lower():
            self.lost = f"The GPU {self.info.name} was lost: {words}"
            return errors.AbortedError(None, None, self.lost)
        if isinstance(error, MemoryError) or "memory" in words.lower():
            return errors.ResourceExhaustedError(None, None, f"OOM on the GPU {self.info.name}: {words}")
        return errors.InternalError(None, None, f"{self.info.name}: {words}")

    @_guarded
    def buffer(self, nbytes: int) -> Any:
        size = -(-max(nbytes, 1) // _ALIGNMENT) * _ALIGNMENT
        if size > self.limits["max-storage-buffer-binding-size"]:
            raise errors.ResourceExhaustedError(
                None, None, f"OOM on the GPU {self.info.name}: a buffer of {nbytes} bytes is more than it can bind"
            )
        buffer = self._device.create_buffer(size=size, usage=self._usage)
        self._in_use += size
        return buffer

    def free(self, buffer: Any) -> None:
        if not self.lost:
            self._in_use -= buffer.size
            buffer.destroy()

    @_guarded
    def write(self, buffer: Any, array: np.ndarray) -> None:
        self._queue.write_buffer(buffer, 0, array)

    @_guarded
    def read(self, buffer: Any, nbytes: int) -> memoryview:
        return self._queue.read_buffer(buffer, 0, -(-nbytes // 4) * 4)[:nbytes]

    @_guarded
    def pipeline(self, source: str, label: str) -> Any:
        pipeline = self._pipelines.get(source)
        if pipeline is None:
            module = self._device.create_shader_module(label=label, code=for_naga(source))
            stage = {"module": module, "entry_point": "main"}
            pipeline = self._device.create_compute_pipeline(label=label, layout="auto", compute=stage)
            self._pipelines[source] = pipeline
        return pipeline

    @_guarded
    def record(self, commands: Sequence[Command], reads: Sequence[tuple[Any, int]]) -> Any:
        return _Recording(self._device, self._wgpu, commands, reads)

    @_guarded
    def run(self, recording: Any, writes: Sequence[tuple[Any, np.ndarray]]) -> Sequence[memoryview]:
        write_buffer = self._queue.write_buffer
        for buffer, array in writes:
            write_buffer(buffer, 0, array)
        self._queue.submit([recording.encode(self._device)])
        if recording.staging is not None:
            self._ahead = 0
            return recording.read()
        self._ahead += 1
        if self._ahead >= _SUBMISSIONS_AHEAD:
            self._ahead = 0
            self._device._poll_wait()
        return ()

    @_guarded
    def run_timed(
        self, recording: Any, writes: Sequence[tuple[Any, np.ndarray]]
    ) -> tuple[Sequence[memoryview], Sequence[tuple[float, float]]]:
        if "timestamp-query" not in self.features or not recording.length:
            return self.run(recording, writes), ()
        for buffer, array in writes:
            self._queue.write_buffer(buffer, 0, array)
        command, stamps = recording.encode_timed(self._device, self._wgpu)
        self._queue.submit([command])
        read = recording.read() if recording.staging is not None else ()
        nanoseconds = np.frombuffer(self._queue.read_buffer(stamps), np.uint64).astype(np.float64)
        seconds = (nanoseconds - nanoseconds[-1]) * 1e-9 + time.perf_counter()
        return read, [(float(a), float(b)) for a, b in seconds.reshape(-1, 2)]

    @_guarded
    def finish(self) -> None:
        self._device._poll_wait()

    def memory_in_use(self) -> int:
        return self._in_use

    def close(self) -> None:
        if not self.lost:
            self.lost = f"The GPU {self.info.name} was closed"
            self._pipelines.clear()
            self._device.destroy()


class _Recording:
    """Commands with their bind groups, and where to read."""

    def __init__(self, device: Any, wgpu: Any, commands: Sequence[Command], reads: Sequence[tuple[Any, int]]):
        from wgpu.backends import wgpu_native

        self._steps = [
            (pipeline, _bind(device, pipeline, buffers), *grid) for pipeline, buffers, grid in commands
        ]
        self.length = len(self._steps)
        # What wgpu's functions take, so that replaying asks nothing of its objects: that is most of what it costs.
        library: Any = wgpu_native.lib
        self._set_pipeline = library.wgpuComputePassEncoderSetPipeline
        self._set_bind_group = library.wgpuComputePassEncoderSetBindGroup
        self._dispatch = library.wgpuComputePassEncoderDispatchWorkgroups
        self._no_offsets = wgpu_native.ffi.NULL
        self._handles = []
        current = None
        for pipeline, group, *grid in self._steps:
            self._handles.append((pipeline._internal if pipeline is not current else None, group._internal, *grid))
            current = pipeline
        self._mode = wgpu.MapMode.READ
        self.staging = None
        self._copies, self._ranges, end = [], [], 0
        for buffer, nbytes in reads:
            size = -(-nbytes // 8) * 8
            self._copies.append((buffer, end, min(size, buffer.size)))
            self._ranges.append((end, end + nbytes))
            end += size
        if reads:
            self.staging = device.create_buffer(size=end, usage=wgpu.BufferUsage.MAP_READ | wgpu.BufferUsage.COPY_DST)

    def encode(self, device: Any) -> Any:
        encoder = device.create_command_encoder()
        if self._steps:
            each = encoder.begin_compute_pass()
            handle, no_offsets = each._internal, self._no_offsets
            set_pipeline, set_bind_group, dispatch = self._set_pipeline, self._set_bind_group, self._dispatch
            for pipeline, group, x, y, z in self._handles:
                if pipeline is not None:
                    set_pipeline(handle, pipeline)
                set_bind_group(handle, 0, group, 0, no_offsets)
                dispatch(handle, x, y, z)
            each.end()  # says what was wrong with any of them
        for buffer, offset, nbytes in self._copies:
            encoder.copy_buffer_to_buffer(buffer, 0, self.staging, offset, nbytes)
        return encoder.finish()

    def encode_timed(self, device: Any, wgpu: Any) -> tuple[Any, Any]:
        """As `encode`, with a pass for each dispatch, and the buffer that gets the times of their starts and ends."""
        count = 2 * self.length
        queries = device.create_query_set(type="timestamp", count=count)
        stamps = device.create_buffer(size=8 * count, usage=wgpu.BufferUsage.QUERY_RESOLVE | wgpu.BufferUsage.COPY_SRC)
        encoder = device.create_command_encoder()
        for i, (pipeline, group, x, y, z) in enumerate(self._steps):
            ends = {"beginning_of_pass_write_index": 2 * i, "end_of_pass_write_index": 2 * i + 1}
            each = encoder.begin_compute_pass(timestamp_writes={"query_set": queries, **ends})
            each.set_pipeline(pipeline)
            each.set_bind_group(0, group)
            each.dispatch_workgroups(x, y, z)
            each.end()
        encoder.resolve_query_set(queries, 0, count, stamps, 0)
        for buffer, offset, nbytes in self._copies:
            encoder.copy_buffer_to_buffer(buffer, 0, self.staging, offset, nbytes)
        return encoder.finish(), stamps

    def read(self) -> list[memoryview]:
        staging: Any = self.staging
        staging.map_async(self._mode).sync_wait()
        data = staging.read_mapped()
        staging.unmap()
        return [data[start:end] for start, end in self._ranges]


def _bind(device: Any, pipeline: Any, buffers: Sequence[Any]) -> Any:
    entries = [{"binding": i, "resource": {"buffer": b, "offset": 0, "size": b.size}} for i, b in enumerate(buffers)]
    return device.create_bind_group(layout=pipeline.get_bind_group_layout(0), entries=entries)
