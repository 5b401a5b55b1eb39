"""MNIST in the tab: a part of it that the site serves, in place of a download."""

from __future__ import annotations

import functools
import gzip
import lzma
import os
from collections.abc import Sequence

import numpy as np

from playground import Refused
from pyflow.examples.tutorials.mnist import download

_PIXELS = 28 * 28


def install() -> None:
    """Has `input_data.read_data_sets` take what it misses from the site."""

    def fetch(names: Sequence[str], folder: str, source_url: str | None = None) -> None:
        if source_url:
            raise Refused(f"The playground loads nothing from elsewhere: {source_url}")
        write(folder)

    download.fetch = fetch


@functools.cache
def images() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The parts "train" and "t10k": images [n, 784] and labels [n], both uint8."""
    import js  # type: ignore[import-not-found]

    packed = js.fetchNow("mnist.xz").to_bytes()  # src/engine/worker.ts
    content = np.frombuffer(lzma.decompress(packed), np.uint8)
    parts, start = {}, 8
    for name, count in zip(("train", "t10k"), content[:8].view("<u4").tolist()):
        labels, rest = content[start : start + count], content[start + count :]
        parts[name] = rest[: count * _PIXELS].reshape(count, _PIXELS), labels
        start += count * (1 + _PIXELS)
    return parts


def write(folder: str) -> None:
    """Puts the four files into a folder."""
    os.makedirs(folder, exist_ok=True)
    for name, (pixels, labels) in images().items():
        for kind, array, dims in (
            ("images-idx3", pixels, (len(pixels), 28, 28)),
            ("labels-idx1", labels, labels.shape),
        ):
            header = bytes([0, 0, 8, len(dims)]) + np.array(dims, ">u4").tobytes()
            path = os.path.join(folder, f"{name}-{kind}-ubyte.gz")
            with gzip.open(path, "wb", compresslevel=1) as file:
                file.write(header + array.tobytes())
