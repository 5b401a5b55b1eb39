"""python -m benchmarks.gpu [--only=CASE] [ADAPTER...]: times products, convolutions and training steps on GPUs.

An adapter is a part of its name, as in PYFLOW_ADAPTER; all that are found by default. A case is a part of the names of
rows, or "replay": what a recorded dispatch costs Python. The peers are a simple kernel,
the equivalent product, and, if it is installed with dawn-python, tinygrad's WEBGPU device on the same Vulkan driver.
"""

from __future__ import annotations

import functools
import importlib.util
import math
import os
import pathlib
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

_SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json"
if pathlib.Path(_SWIFTSHADER).exists():
    os.environ.setdefault("VK_ADD_DRIVER_FILES", _SWIFTSHADER)
_DRIVERS = {"llvmpipe": "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json", "SwiftShader": _SWIFTSHADER}


import pyflow as tf  # noqa: E402
from benchmarks.cases import lenet_step, mnist_step  # noqa: E402
from pyflow.runtime.webgpu import native  # noqa: E402
from pyflow.runtime.webgpu.device import Command  # noqa: E402

ROUNDS = 5
SECONDS_PER_TURN = 1.0

NAIVE = """
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;
@compute @workgroup_size(16, 16)
fn main(@builtin(global_invocation_id) id: vec3u) {{
    if (id.y >= {rows}u || id.x >= {columns}u) {{ return; }}
    var sum = 0.0;
    for (var k = 0u; k < {inner}u; k++) {{ sum += a[id.y * {inner}u + k] * b[k * {columns}u + id.x]; }}
    c[id.y * {columns}u + id.x] = sum;
}}
"""

SMALL = """
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read_write> b: array<f32>;
@compute @workgroup_size(1)
fn main() {{ b[0] = a[0] + {number}.0; }}
"""

Turn = Callable[[], float]  # the seconds of a step, the mean over one turn


class Row(NamedTuple):
    name: str
    ours: Callable[[], Turn]
    peer: Callable[[], Turn]
    goal: float  # the peer's time divided by ours is to be at least this


class Timed:
    """A graph on an adapter's device, whose op is run over and over."""

    def __init__(self, make: Callable[[], Any]):
        with tf.Graph().as_default(), tf.device("/gpu:0"):
            step = make()
            self.session = tf.Session(config=tf.ConfigProto(allow_soft_placement=True))
            self.session.run(tf.global_variables_initializer())
            self._step = step if callable(step) else lambda: self.session.run(step)
        self._step()

    def __call__(self) -> float:
        return turn(self._step, self.session.device)


def turn(step: Callable[[], Any], device: Any) -> float:
    count, start = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - start) < SECONDS_PER_TURN:
        step()
        device.finish()
        count += 1
    return elapsed / count


def training(build: Callable[..., Any]) -> Timed:
    return Timed(lambda: build(tf, tf.ConfigProto(allow_soft_placement=True)))


def variable(*shape: int) -> Any:
    return tf.Variable(tf.random_normal(shape, seed=1))


def product(rows: int, inner: int, columns: int) -> Timed:
    return Timed(lambda: tf.matmul(variable(rows, inner), variable(inner, columns)).op)


def naive_product(device: Any, rows: int, inner: int, columns: int) -> Turn:
    buffers = [device.buffer(4 * size) for size in (rows * inner, inner * columns, rows * columns)]
    pipeline = device.pipeline(NAIVE.format(rows=rows, inner=inner, columns=columns), "naive")
    grid = (math.ceil(columns / 16), math.ceil(rows / 16), 1)
    recording = device.record([Command(pipeline, buffers, grid)], [])
    return lambda: turn(lambda: device.run(recording, []), device)


def convolutions() -> dict[str, tuple[Callable[[], Any], tuple[int, int, int]]]:
    """[100,14,14,32] with [5,5,32,64]: each with the sizes of the equivalent product."""
    sizes, filters, pixels = [100, 14, 14, 32], [5, 5, 32, 64], 100 * 14 * 14
    how = {"strides": [1, 1, 1, 1], "padding": "SAME"}

    def given() -> tuple[Any, Any, Any]:
        return variable(*sizes), variable(*filters), variable(*sizes[:3], filters[3])

    def forward() -> Any:
        x, w, _ = given()
        return tf.nn.conv2d(x, w, **how).op

    def to_input() -> Any:
        _, w, dy = given()
        return tf.nn.conv2d_backprop_input(sizes, w, dy, **how).op

    def to_filter() -> Any:
        x, _, dy = given()
        return tf.nn.conv2d_backprop_filter(x, filters, dy, **how).op

    return {
        "conv2d": (forward, (pixels, 800, 64)),
        "conv2d_backprop_input": (to_input, (pixels, 1600, 32)),
        "conv2d_backprop_filter": (to_filter, (800, pixels, 64)),
    }


class Tinygrad:
    """The peer's process, on the driver of an adapter."""

    def __init__(self, driver: str):
        environment = {**os.environ, "VK_ICD_FILENAMES": driver}
        self._process: Any = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.tinygrad_peer"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment,
        )  # fmt: skip

    def case(self, name: str) -> Turn:
        def ask() -> float:
            self._process.stdin.write(name + "\n")
            self._process.stdin.flush()
            return float(self._process.stdout.readline())

        return ask

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()


def rows(device: Any, adapter: str) -> Iterator[Row]:
    for name, sizes in (("product_512", (512, 512, 512)), ("product_mnist", (100, 784, 500))):
        ours, naive = functools.partial(product, *sizes), functools.partial(naive_product, device, *sizes)
        yield Row(f"{name} / naive kernel", ours, naive, 8)
    for name, (make, sizes) in convolutions().items():
        yield Row(f"{name} / product", functools.partial(Timed, make), functools.partial(product, *sizes), 1 / 1.5)
    driver = _DRIVERS.get(adapter)
    if driver and importlib.util.find_spec("tinygrad") and importlib.util.find_spec("pydawn"):
        peer = Tinygrad(driver)
        ours = functools.partial(product, 512, 512, 512)
        yield Row("product_512 / tinygrad", ours, functools.partial(peer.case, "product_512"), 2.5)
        for name, build, goal in (("mnist_step", mnist_step, 8), ("lenet_step", lenet_step, 3.5)):
            ours = functools.partial(training, build)
            yield Row(f"{name} / tinygrad", ours, functools.partial(peer.case, name), goal)
        peer.close()


def replay(device: Any) -> float:
    """The seconds that a dispatch costs Python when a recorded program is run again: of a hundred, no two alike."""
    buffers = [device.buffer(64) for _ in range(20)]
    commands = []
    for i in range(100):
        pipeline = device.pipeline(SMALL.format(number=i % 17), "small")
        commands.append(Command(pipeline, [buffers[i % 10], buffers[10 + i % 9]], (1, 1, 1)))
    recording = device.record(commands, [])
    times = []
    for _ in range(50):
        start = time.perf_counter()
        device.run(recording, [])
        times.append(time.perf_counter() - start)
        device.finish()
    return min(times) / len(commands)


def main() -> int:
    only = [a.partition("=")[2] for a in sys.argv[1:] if a.startswith("--only=")]
    found = [native.describe(a).name for a in native.adapters()]
    wanted = [a for a in sys.argv[1:] if not a.startswith("--")] or [name.split()[0] for name in found]
    print(f"{'adapter':12} {'case':32} {'ours':>10} {'peer':>10} {'peer/ours':>9} {'goal':>5}")
    missed = 0
    for adapter in wanted:
        os.environ["PYFLOW_ADAPTER"] = adapter
        with tf.Session() as session:
            device = session.device
        for row in rows(device, adapter):
            if only and not any(part in row.name for part in only):
                continue
            own, other = row.ours(), row.peer()
            turns = [(own(), other()) for _ in range(ROUNDS)]
            ratio = statistics.median(peer / ours for ours, peer in turns)
            ours, peer = (statistics.median(times) * 1e3 for times in zip(*turns))
            missed += ratio < row.goal
            verdict = "" if ratio >= row.goal else "  missed"
            figures = f"{ours:7.2f} ms {peer:7.2f} ms {ratio:9.2f} {row.goal:5.2f}{verdict}"
            print(f"{adapter:12} {row.name:32} {figures}", flush=True)
        if not only or "replay" in only:
            print(f"{adapter:12} Python's part of a dispatch: {replay(device) * 1e6:.1f} µs (goal 5)")
    return min(missed, 1)


if __name__ == "__main__":
    sys.exit(main())
