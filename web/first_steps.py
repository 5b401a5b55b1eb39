"""What a visitor's first steps do: the first program, and the guided pages until they have trained a little.

Runs in Pyodide's Python, by web/compile.mjs, which measures what of PyFlow is needed for it.
"""

from __future__ import annotations

import json
from typing import Any

MNIST = {"rate": 0.1, "batch": 10, "hidden": 8, "l2": 0.0001, "ema": 0.99, "device": "CPU"}
SINE = {"hidden": 4, "rate": 0.1, "batch": 8, "device": "CPU"}


def take(first_program: str) -> None:
    """
    Raises:
      RuntimeError: one fails.
    """
    import numpy as np
    import playground  # type: ignore[import-not-found]  # web/python is on the path there

    playground.connect(lambda event, payload: None)

    def call(name: str, *arguments: Any) -> Any:
        answer = json.loads(playground.answer(name, json.dumps(arguments)))
        if "error" in answer:
            raise RuntimeError(f"{name}: {answer['error']}")
        return answer["value"]

    call("programs.version")
    call("files.tree")
    ending = call("programs.run", "program.py", first_program, "CPU", False)
    if ending["status"] != "done":
        raise RuntimeError(ending["message"])
    from playground import mnist_files  # type: ignore[import-not-found]

    pixels = np.random.RandomState(0).randint(0, 256, [20, 784]).astype(np.uint8)
    mnist_files.images = lambda: {part: (pixels, np.arange(20, dtype=np.uint8) % 10) for part in ("train", "t10k")}
    for model in ("full", "lenet"):
        call("mnist.make", {**MNIST, "model": model})
        call("mnist.train", 0.0)
        call("mnist.accuracy", 20)
        call("mnist.filters")
        call("mnist.predict", [0.0] * 784)
    for point_by_point in (False, True):
        call("sine.make", {**SINE, "point_by_point": point_by_point})
        call("sine.train", 0.0)
        call("sine.predict")
