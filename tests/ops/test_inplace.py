"""Updates of rows of a tensor: values, what `i` may be, errors; values seen in TensorFlow 1.15.5."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from pyflow.ops import inplace
from pyflow.ops.layout_names import CompareAndBitpack, DataFormatDimMap, DataFormatVecPermute

ROWS = np.arange(6.0).reshape(3, 2)
ONES = np.ones((1, 2))


def value(tensor):
    with tf.Session() as sess:
        return sess.run(tensor).tolist()


@pytest.mark.parametrize(
    ("i", "v", "expected"),
    [
        ([0, 2], np.ones((2, 2)), [[1, 2], [2, 3], [5, 6]]),
        (1, np.ones(2), [[0, 1], [3, 4], [4, 5]]),
        ([1, 1], np.ones((2, 2)), [[0, 1], [4, 5], [4, 5]]),
        ([5], ONES, [[0, 1], [2, 3], [5, 6]]),
        ([-1], ONES, [[0, 1], [2, 3], [5, 6]]),
        (None, np.ones((3, 2)), ROWS + 1),
    ],
)
def test_rows_are_added_to(i, v, expected):
    assert value(inplace.inplace_add(ROWS, i, v)) == np.asarray(expected).tolist()


def test_the_input_stays_as_it_is():
    x = tf.constant(ROWS)
    updated = inplace.inplace_update(x, [0], ONES)
    with tf.Session() as sess:
        assert sess.run([updated, x])[1].tolist() == ROWS.tolist()


@pytest.mark.parametrize(
    ("i", "v", "words"),
    [
        ([[1]], ONES, r"i must be a vector\. \[1,1\]"),
        ([1, 2], ONES, r"i and x shape doesn't match at index 0: \[2\] vs\. \[1,2\]"),
        ([1], np.ones((1, 3)), r"x and v shape doesn't match at index 1 : \[3,2\] vs\. \[1,3\]"),
        ([0], np.ones((1, 2, 2)), r"x and v shape doesn't match \(ranks differ\): \[3,2\] vs\. \[1,2,2\]"),
    ],
)
def test_shapes_that_do_not_go_together(i, v, words):
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        value(inplace.inplace_sub(tf.placeholder_with_default(ROWS, None), i, v))


def test_axes_from_one_layout_to_another():
    assert value(DataFormatDimMap([[0, 3], [1, -2]])) == [[0, 1], [2, 3]]
    assert value(DataFormatVecPermute([[1, 2], [3, 4], [5, 6], [7, 8]])) == [[1, 2], [7, 8], [3, 4], [5, 6]]
    with pytest.raises(tf.errors.InvalidArgumentError, match="1D input must be of size 4, but got shape \\[3\\]"):
        value(DataFormatVecPermute([1, 2, 3]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="must determine a permutation, got NHWC and ABCD"):
        value(DataFormatDimMap([0], dst_format="ABCD"))


def test_comparisons_are_packed_into_bytes():
    assert value(CompareAndBitpack(np.arange(16.0).reshape(2, 8), 3.0)) == [[15], [255]]
    with pytest.raises(ValueError, match="Dimension size must be evenly divisible by 8 but is 6"):
        CompareAndBitpack(np.zeros(6), 0.0)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Input should be at least a vector, but saw a scalar"):
        value(CompareAndBitpack(tf.placeholder_with_default(1.0, None), 0.0))
