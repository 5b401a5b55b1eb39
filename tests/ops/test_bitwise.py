"""Bits of integers."""

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw


def run(tensor, feed=None):
    with tf.Session() as sess:
        return sess.run(tensor, feed)


DTYPES = [np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64]


@pytest.mark.parametrize("dtype", DTYPES)
def test_bitwise_logic(dtype):
    x, y = np.array([0, 5, 3, 14], dtype), np.array([[5], [7]], dtype)
    assert run(tf.bitwise.bitwise_and(x, y)).tolist() == (x & y).tolist()
    assert run(tf.bitwise.bitwise_or(x, y)).tolist() == (x | y).tolist()
    assert run(tf.bitwise.bitwise_xor(x, y)).tolist() == (x ^ y).tolist()
    assert run(tf.bitwise.invert(x)).tolist() == (~x).tolist()
    assert run(tf.bitwise.invert(x)).dtype == dtype


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_number_of_bits_set(dtype):
    x = np.array([0, 1, 3, 127, np.iinfo(dtype).max, np.iinfo(dtype).min], dtype)
    mask = (1 << (x.itemsize * 8)) - 1
    value = run(raw.PopulationCount(x))
    assert value.dtype == np.uint8
    assert value.tolist() == [bin(int(v) & mask).count("1") for v in x]
    assert run(raw.PopulationCount(tf.constant(5))) == 2


@pytest.mark.parametrize("dtype", DTYPES)
def test_shifts(dtype):
    x, y = np.array([1, 5, 64], dtype), np.array([0, 2, 6], dtype)
    assert run(tf.bitwise.left_shift(x, y)).tolist() == (x << y).tolist()
    assert run(tf.bitwise.right_shift(x, y)).tolist() == (x >> y).tolist()


def test_places_out_of_range_are_brought_into_it():
    assert run(tf.bitwise.left_shift([1, -1], [33, -1])).tolist() == [-(2**31), -1]
    assert run(tf.bitwise.right_shift(np.int8([8, -8]), np.int8([9, -1]))).tolist() == [0, -8]
    assert run(tf.bitwise.left_shift(np.uint8([1, 255]), np.uint8([9, 3]))).tolist() == [128, 248]
