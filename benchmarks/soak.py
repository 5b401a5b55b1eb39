"""python -m benchmarks.soak [MINUTES]: trains on a GPU adapter for a while; memory has to stay what it was.

Sessions are made and closed over and over, each trains the network of examples/mnist_two_layers.py with batches of
changing size and looks at its variables. The process' memory and the device's are measured after each; what they grow
by after the first tenth of the time is printed.
"""

from __future__ import annotations

import os
import resource
import sys
import time

os.environ.setdefault("PYFLOW_ADAPTER", "llvmpipe")

import numpy as np

import pyflow as tf
from benchmarks.cases import digit_batches, mnist_training

MINUTES = 10
# What the process may grow by, in MiB: allocators keep some of what is freed.
ALLOWED = 50


def one_session(batches: list) -> int:
    """Trains for 50 steps; gives the bytes that the device has in use when all is closed."""
    with tf.Graph().as_default(), tf.device("/gpu:0"):
        images, labels = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, 10])
        train = mnist_training(tf, images, labels)
        with tf.Session(config=tf.ConfigProto(allow_soft_placement=True)) as sess:
            sess.run(tf.global_variables_initializer())
            for i, (x, y) in enumerate(batches):
                size = 100 - i % 3
                sess.run(train, {images: x[:size], labels: y[:size]})
            assert all(np.isfinite(v).all() for v in sess.run(tf.trainable_variables()))
            device = sess.device
    return device.memory_in_use()


def resident_mib() -> float:
    """The process' memory now, where the system tells; else its highest so far."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize() / 2**20
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def main() -> int:
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else MINUTES
    batches = digit_batches()
    start, sessions, before = time.monotonic(), 0, 0.0
    while (elapsed := time.monotonic() - start) < 60 * minutes:
        if elapsed < 6 * minutes:
            before = resident_mib()
        left = one_session(batches)
        sessions += 1
        if left:
            print(f"{left} bytes are left on the device")
            return 1
    grown = resident_mib() - before
    print(f"{sessions} sessions of 50 steps: {before:.0f} MiB, then {grown:+.1f} MiB; nothing is left on the device")
    return int(grown > ALLOWED)


if __name__ == "__main__":
    sys.exit(main())
