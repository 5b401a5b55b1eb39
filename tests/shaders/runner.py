"""Runs one shader file on one adapter: numpy arrays in, numpy arrays out. PyFlow's own runtime has no part in it."""

from __future__ import annotations

import functools
import os

import numpy as np

from pyflow.runtime.webgpu import native, shaders

SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json"
LIMIT = 65535  # workgroups along one dimension of a grid


def grid(total: int) -> tuple[int, int, int]:
    """A grid of at least `total` workgroups, for the kernels that compute their flat number from x and y."""
    rows = -(-total // LIMIT)
    return -(-total // rows), rows, 1


class Adapter:
    """One Vulkan adapter with a device on it, and the pipelines made so far."""

    def __init__(self, adapter):
        import wgpu

        self.wgpu, self.adapter, self.pipelines = wgpu, adapter, {}
        names = ["max-storage-buffer-binding-size", "max-buffer-size"]
        features = {"shader-f16", "subgroup"} & set(adapter.features)
        limits = {n: adapter.limits[n] for n in names}
        self.device = adapter.request_device_sync(required_features=sorted(features), required_limits=limits)
        self.usage = wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.COPY_SRC | wgpu.BufferUsage.COPY_DST
        self.name = "lavapipe" if "llvmpipe" in adapter.info["device"] else adapter.info["device"].split()[0].lower()

    def pipeline(self, file: str, constants: dict, types: dict, functions: dict):
        """The shader, specialised as the runtime does it."""
        code = shaders.specialised(file, constants, types, functions)
        if code not in self.pipelines:
            stage = {"module": self.device.create_shader_module(code=native.for_naga(code)), "entry_point": "main"}
            self.pipelines[code] = self.device.create_compute_pipeline(layout="auto", compute=stage)
        return self.pipelines[code]

    def upload(self, array):
        array = np.ascontiguousarray(array)
        return self.device.create_buffer_with_data(data=array if array.size else bytes(4), usage=self.usage)

    def run(self, file, inputs, outputs, groups, constants, types=None, functions=None):
        """What the kernel wrote: `outputs` are pairs of shape and dtype, filled with NaN or -7777 beforehand."""
        pipeline = self.pipeline(file, constants, types or {}, functions or {})
        made = [np.full(shape, np.nan if np.dtype(kind).kind == "f" else -7777, kind) for shape, kind in outputs]
        buffers = [self.upload(a) for a in [*inputs, *made]]
        entries = [{"binding": i, "resource": {"buffer": b, "size": b.size}} for i, b in enumerate(buffers)]
        bound = self.device.create_bind_group(layout=pipeline.get_bind_group_layout(0), entries=entries)
        encoder = self.device.create_command_encoder()
        work = encoder.begin_compute_pass()
        work.set_pipeline(pipeline)
        work.set_bind_group(0, bound)
        work.dispatch_workgroups(*groups)
        work.end()
        self.device.queue.submit([encoder.finish()])
        read = (self.device.queue.read_buffer(b, 0, a.nbytes) for a, b in zip(made, buffers[len(inputs) :]))
        return [np.frombuffer(data, a.dtype).reshape(a.shape) for a, data in zip(made, read)]


@functools.cache
def adapters() -> list[Adapter]:
    """Every adapter of Vulkan; SwiftShader is looked for where Chromium has it."""
    if os.path.exists(SWIFTSHADER):
        os.environ.setdefault("VK_ADD_DRIVER_FILES", SWIFTSHADER)
    os.environ.setdefault("XDG_RUNTIME_DIR", "/tmp")
    import wgpu

    return [Adapter(a) for a in wgpu.gpu.enumerate_adapters_sync() if a.info["backend_type"] == "Vulkan"]
