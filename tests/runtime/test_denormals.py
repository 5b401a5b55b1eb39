"""Numbers too small to be normal count as zero in large runs, and nowhere else."""

from __future__ import annotations

import platform
import sys

import numpy as np
import pytest

import pyflow as tf

TINY = np.float32(1e-39)


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or platform.machine() != "x86_64" or platform.libc_ver()[0] != "glibc",
    reason="the processor's mode is set on Linux on x86-64 only",
)
@pytest.mark.native
def test_large_runs_take_them_for_zero():
    x = tf.placeholder(tf.float32, [None])
    y = x * 0.5
    with tf.Session() as sess:
        assert not sess.run(y, {x: np.full(5000, TINY)}).any()
        assert sess.run(y, {x: [TINY]})[0] == TINY * np.float32(0.5) != 0


def test_the_caller_s_arithmetic_is_as_before():
    x = tf.placeholder(tf.float32, [5000])
    with tf.Session() as sess:
        sess.run(x * 2.0, {x: np.ones(5000)})
        with pytest.raises(tf.errors.InvalidArgumentError):
            sess.run(tf.check_numerics(x * 2.0, "bad"), {x: np.full(5000, np.nan)})
    assert (np.full(3, TINY) * np.float32(0.5)).all()
