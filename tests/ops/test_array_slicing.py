"""`tensor[...]`, tf.slice and tf.strided_slice: what numpy's basic indexing gives, and its gradient."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.numeric_gradient import gradient_error

X = np.arange(60.0, dtype=np.float32).reshape(3, 4, 5)

INDEXES = [
    np.s_[0],
    np.s_[-1],
    np.s_[1:],
    np.s_[:-1],
    np.s_[::2],
    np.s_[::-1],
    np.s_[2:0:-1],
    np.s_[1:2, 1:0],
    np.s_[5:, 2],
    np.s_[-100:100],
    np.s_[:, 1],
    np.s_[..., 1],
    np.s_[..., -1:, None],
    np.s_[None, ..., None, :, 1],
    np.s_[0, 1, 2],
    np.s_[1, ..., 2:0:-1],
    np.s_[:, :, ::-3],
    np.s_[...],
    np.s_[None],
    np.s_[:, None, 2, ::2],
    np.s_[-3, -4:, -5],
]


def run(tensor, feed=None):
    with tf.Session() as sess:
        return sess.run(tensor, feed)


@pytest.mark.parametrize("index", INDEXES, ids=str)
def test_indexing_is_numpys(index):
    result = tf.constant(X)[index]
    assert result.shape.as_list() == list(X[index].shape)
    np.testing.assert_array_equal(run(result), X[index])
    unknown = tf.placeholder(tf.float32)
    np.testing.assert_array_equal(run(unknown[index], {unknown: X}), X[index])


@pytest.mark.parametrize("index", [i for i in INDEXES if X[i].size], ids=str)
def test_gradient_of_indexing(index):
    assert gradient_error(lambda x: x[index] * x[index], X / 60) < 1e-6


@pytest.mark.parametrize("dtype", [tf.int32, tf.int64])
def test_tensors_are_indices(dtype):
    i, j = tf.placeholder(dtype, []), tf.placeholder(dtype, [])
    x = tf.constant(X)
    assert x[i].shape.as_list() == [4, 5]
    assert x[:, i:j].shape.as_list() == [3, None, 5]
    feed = {i: 1, j: 3}
    np.testing.assert_array_equal(run(x[i, j], feed), X[1, 3])
    np.testing.assert_array_equal(run(x[:, i:j, ::-1], feed), X[:, 1:3, ::-1])
    np.testing.assert_array_equal(run(x[-i], feed), X[-1])


def test_numpy_integers_and_dimensions_are_indices():
    np.testing.assert_array_equal(run(tf.constant(X)[np.int64(1), tf.Dimension(2)]), X[1, 2])


def test_a_list_is_a_tuple():
    np.testing.assert_array_equal(run(tf.constant(X)[[0, 1]]), X[0, 1])


@pytest.mark.parametrize("mask", [X[..., 0] > 20, np.array([True, False, True])])
def test_a_mask_selects(mask):
    np.testing.assert_array_equal(run(tf.constant(X)[mask]), X[mask])
    np.testing.assert_array_equal(run(tf.constant(X)[tf.constant(mask)]), X[mask])


@pytest.mark.parametrize("index", [1.0, "a", [[0, 1]], tf.float32], ids=str)
def test_other_things_are_no_indices(index):
    with pytest.raises(TypeError, match="Only integers, slices"):
        tf.constant(X)[index]


@pytest.mark.parametrize(
    "index, words",
    [
        (np.s_[3], "slice index 3 of dimension 0 out of bounds"),
        (np.s_[0, -5], "slice index -1 of dimension 1 out of bounds"),
        (np.s_[0, 0, 0, 0], "Index out of range using input dim 3; input has only 3 dims"),
        (np.s_[::0], r"strides\[0\] must be non-zero"),
        (np.s_[..., ...], "Multiple ellipses in slice spec not allowed"),
    ],
    ids=str,
)
def test_wrong_indices_are_refused_at_once_or_in_the_run(index, words):
    with pytest.raises(ValueError, match=words):
        tf.constant(X)[index]
    if index != np.s_[..., ...]:
        unknown = tf.placeholder(tf.float32)
        with pytest.raises(tf.errors.InvalidArgumentError, match=words):
            run(unknown[index], {unknown: X})


def test_nodes_are_named_as_tensorflow_names_them():
    x = tf.placeholder(tf.float32, [3, 4, 5], name="x")
    assert x[0].name == "strided_slice:0"
    assert [t.name for t in x[1:].op.inputs] == [
        "x:0",
        "strided_slice_1/stack:0",
        "strided_slice_1/stack_1:0",
        "strided_slice_1/stack_2:0",
    ]
    tf.gradients(x[1:], x)
    assert tf.get_default_graph().get_operation_by_name("gradients/strided_slice_2_grad/StridedSliceGrad")


def test_a_plain_tensor_cannot_be_assigned_to():
    with pytest.raises(ValueError, match="Sliced assignment is only supported for variables"):
        tf.constant(X)[0].assign(1.0)


@pytest.mark.parametrize(
    "begin, size",
    [([0, 0, 0], [3, 4, 5]), ([1, 2, 3], [2, 1, 2]), ([1, 2, 3], [-1, -1, -1]), ([3, 0, 0], [0, -1, 2])],
)
def test_slice_takes_a_block(begin, size):
    ends = [n if s == -1 else b + s for b, s, n in zip(begin, size, X.shape)]
    expected = X[tuple(slice(b, e) for b, e in zip(begin, ends))]
    result = tf.slice(X, begin, size)
    assert result.shape.as_list() == list(expected.shape)
    np.testing.assert_array_equal(run(result), expected)
    assert gradient_error(lambda x: tf.slice(x, begin, size), X) < 1e-6


@pytest.mark.parametrize(
    "begin, size, words",
    [
        ([0, 0, 6], [1, 1, -1], "Negative dimension size caused by subtracting 6 from 5"),
        ([0, 0], [1, 1], "Shape must be rank . but is rank ."),
        ([0, 0, 0], [1, 1, -2], "Invalid value in tensor used for shape: -2"),
    ],
)
def test_slice_refuses_when_the_graph_is_built(begin, size, words):
    with pytest.raises(ValueError, match=words):
        tf.slice(X, begin, size)


@pytest.mark.parametrize(
    "begin, size, words",
    [
        ([0, 0, 6], [1, 1, -1], r"Expected begin\[2\] in \[0, 5\], but got 6"),
        ([0, 0, 1], [1, 1, 5], r"Expected size\[2\] in \[0, 4\], but got 5"),
        ([-1, 0, 1], [1, 1, 1], r"Expected begin\[0\] in \[0, 3\], but got -1"),
    ],
)
def test_slice_refuses_in_the_run(begin, size, words):
    b, s = tf.placeholder(tf.int32), tf.placeholder(tf.int32)
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        run(tf.slice(X, b, s), {b: begin, s: size})


def test_strided_slice_masks():
    x = tf.constant(X)
    np.testing.assert_array_equal(run(tf.strided_slice(x, [1, 1], [2, 3])), X[1:2, 1:3])
    np.testing.assert_array_equal(run(tf.strided_slice(x, [1, 3], [9, 1], [1, -1], begin_mask=1)), X[:9, 3:1:-1])
    np.testing.assert_array_equal(run(tf.strided_slice(x, [1], [0], [1], end_mask=1)), X[1:])
    np.testing.assert_array_equal(run(tf.strided_slice(x, [0, 2], [0, 3], [1, 1], ellipsis_mask=1)), X[..., 2:3])
    np.testing.assert_array_equal(run(tf.strided_slice(x, [0, 2], [0, 3], [1, 1], new_axis_mask=1)), X[None, 2:3])
    np.testing.assert_array_equal(run(tf.strided_slice(x, [-1], [0], [1], shrink_axis_mask=1)), X[-1])


def test_second_derivative_of_a_slice():
    x = tf.constant([1.0, 2.0, 3.0])
    (first,) = tf.gradients(x[1:] ** 3, x)
    (second,) = tf.gradients(first, x)
    np.testing.assert_allclose(run(second), [0.0, 12.0, 18.0])
