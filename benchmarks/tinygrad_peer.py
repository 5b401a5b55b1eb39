"""Runs in a process of its own: training steps and products on tinygrad's WEBGPU device, timed when asked to.

Each line of the input names a case; the answer is a line with the seconds of a step, the mean over one turn.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
import time
from collections.abc import Callable
from typing import Any

_ENDINGS = {"Linux": f"_{platform.machine()}.so", "Darwin": f"_{platform.machine()}.dylib", "Windows": ".dll"}
_LIBRARY = f"libwebgpu_dawn{_ENDINGS[platform.system()]}"
_PYDAWN: Any = importlib.util.find_spec("pydawn")
os.environ["WEBGPU_PATH"] = os.path.join(_PYDAWN.submodule_search_locations[0], "lib", _LIBRARY)
os.environ["DEV"] = "WEBGPU"

import numpy as np  # noqa: E402
from tinygrad import Context, Device, Tensor, TinyJit, nn  # noqa: E402

SECONDS_PER_TURN = 1.0


def product(rows: int, inner: int, columns: int) -> Callable[[], Any]:
    a, b = Tensor.rand(rows, inner).realize(), Tensor.rand(inner, columns).realize()
    return TinyJit(lambda: (a @ b).realize())


def _training(parameters: list[Tensor], scores: Callable[[Tensor], Tensor], shape: tuple[int, ...]) -> Callable:
    """Gradient descent with the weights held small, and moving averages of all parameters."""
    averages = [p.detach().clone().realize() for p in parameters]
    optimizer = nn.optim.SGD(parameters, lr=0.01)
    images = Tensor(np.random.rand(*shape).astype(np.float32))
    labels = Tensor(np.random.randint(0, 10, shape[0]))

    @TinyJit
    def step(x: Tensor, y: Tensor) -> None:
        with Context(TRAINING=1):
            optimizer.zero_grad()
            weights = [p for p in parameters if len(p.shape) == 2]
            penalty = sum((w * w).sum() for w in weights) * 0.00005
            (scores(x).sparse_categorical_crossentropy(y) + penalty).backward()
            optimizer.step()
            for average, parameter in zip(averages, parameters):
                average.assign(average * 0.99 + parameter.detach() * 0.01)
            Tensor.realize(*averages, *parameters)

    return lambda: step(images.realize(), labels.realize())


def _weights(*shape: int) -> Tensor:
    return (Tensor.randn(*shape) * 0.1).realize()


def mnist_step() -> Callable[[], Any]:
    w1, b1, w2, b2 = _weights(784, 500), _weights(500), _weights(500, 10), _weights(10)
    return _training([w1, b1, w2, b2], lambda x: (x @ w1 + b1).relu() @ w2 + b2, (100, 784))


def lenet_step() -> Callable[[], Any]:
    k1, c1, k2, c2 = _weights(32, 1, 5, 5), _weights(32), _weights(64, 32, 5, 5), _weights(64)
    w1, b1, w2, b2 = _weights(3136, 512), _weights(512), _weights(512, 10), _weights(10)

    def scores(x: Tensor) -> Tensor:
        x = x.conv2d(k1, c1, padding=2).relu().max_pool2d()
        x = x.conv2d(k2, c2, padding=2).relu().max_pool2d()
        return (x.flatten(1) @ w1 + b1).relu().dropout(0.5) @ w2 + b2

    return _training([k1, c1, k2, c2, w1, b1, w2, b2], scores, (100, 1, 28, 28))


CASES: dict[str, Callable[[], Callable[[], Any]]] = {
    "product_512": lambda: product(512, 512, 512),
    "product_mnist": lambda: product(100, 784, 500),
    "mnist_step": mnist_step,
    "lenet_step": lenet_step,
}


def main() -> None:
    ready: dict[str, Callable[[], Any]] = {}
    device = Device[Device.DEFAULT]
    for line in sys.stdin:
        name = line.strip()
        if name not in ready:
            ready[name] = CASES[name]()
            for _ in range(3):  # TinyJit records the second call
                ready[name]()
            device.synchronize()
        count, start = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - start) < SECONDS_PER_TURN:
            ready[name]()
            device.synchronize()
            count += 1
        print(elapsed / count, flush=True)


if __name__ == "__main__":
    main()
