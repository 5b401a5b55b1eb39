"""tf.timestamp is read anew in each run."""

from __future__ import annotations

import time

import pyflow as tf


def test_seconds_since_1970():
    now = tf.timestamp()
    assert now.op.type == "Timestamp" and now.dtype == tf.float64 and now.shape == []
    with tf.Session() as session:
        before = time.time()
        first, second = session.run(now), session.run(now)
    assert before - 1 <= first <= second <= time.time() + 1
