"""reshape, squeeze, expand_dims, transpose, bitcast: static shapes, values, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.numeric_gradient import gradient_error

X = np.arange(24.0, dtype=np.float32).reshape(2, 3, 4)


def run(tensor, feed=None):
    with tf.Session() as sess:
        return sess.run(tensor, feed)


@pytest.mark.parametrize(
    "given, wanted, result",
    [
        ([2, 3, 4], [6, 4], [6, 4]),
        ([2, 3, 4], [-1], [24]),
        ([2, 3, 4], [4, -1, 2], [4, 3, 2]),
        ([2, None], [-1, 2], [None, 2]),
        ([2, None, 3], [2, -1, 3], [2, None, 3]),
        ([2, None], [6, 2], [6, 2]),
        ([None, 4], [-1, 2, 2], [None, 2, 2]),
        (None, [3, -1], [3, None]),
        ([0, 2], [-1, 5], [0, 5]),
        ([4], [-1, -1], [None, None]),
    ],
)
def test_reshape_infers_the_open_size(given, wanted, result):
    assert tf.reshape(tf.placeholder(tf.float32, given), wanted).shape.as_list() == result


def test_reshape_uses_what_is_known_of_a_packed_shape():
    rows = tf.placeholder(tf.int32, [])
    assert tf.reshape(tf.placeholder(tf.float32), [rows, 4]).shape.as_list() == [None, 4]
    assert tf.reshape(tf.placeholder(tf.float32), tf.placeholder(tf.int32, [2])).shape.as_list() == [None, None]
    assert tf.reshape(tf.placeholder(tf.float32), tf.placeholder(tf.int32)).shape.ndims is None
    batch = tf.placeholder(tf.float32, [None, 7])
    assert tf.reshape(tf.placeholder(tf.float32), tf.shape(batch)).shape.as_list() == [None, 7]


@pytest.mark.parametrize(
    "given, wanted, words",
    [
        ([2, 3, 5], [4, 4], r"Cannot reshape a tensor with 30 elements to shape \[4,4\] \(16 elements\)"),
        ([2, 3, 5], [-1, 4], "Dimension size must be evenly divisible by 4 but is 30"),
        ([3, None], [4, 2], "Dimension size must be evenly divisible by 3 but is 8"),
        ([2, 3], [[3, 2]], "Shape must be rank 1 but is rank 2"),
        ([2, 3], [-2, 3], "Invalid value in tensor used for shape: -2"),
    ],
)
def test_reshape_refuses_when_the_graph_is_built(given, wanted, words):
    with pytest.raises(ValueError, match=words):
        tf.reshape(tf.placeholder(tf.float32, given), wanted)


@pytest.mark.parametrize(
    "wanted, words",
    [
        ([4, 7], "Input to reshape is a tensor with 24 values, but the requested shape has 28"),
        ([-1, 7], "Input to reshape is a tensor with 24 values, but the requested shape requires a multiple of 7"),
        ([-1, -1], "Only one input size may be -1, not both 0 and 1"),
        ([-3, 8], "Size 0 must be non-negative, not -3"),
        ([[24]], r"sizes input must be 1-D, not \[1,1\]"),
    ],
)
def test_reshape_refuses_in_the_run(wanted, words):
    shape = tf.placeholder(tf.int32)
    result = tf.reshape(tf.placeholder_with_default(X, None), shape)
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        run(result, {shape: wanted})


def test_reshape_of_an_empty_tensor_keeps_the_size_beside_a_zero():
    shape = tf.placeholder(tf.int32)
    result = tf.reshape(tf.placeholder_with_default(np.zeros((2, 0), np.float32), None), shape)
    assert run(result, {shape: [-1, 0]}).shape == (2, 0)
    assert run(result, {shape: [-1, 5]}).shape == (0, 5)


@pytest.mark.parametrize(
    "given, axis, result",
    [
        ([1, 2, 1], None, [2]),
        ([1, 2, 1], 0, [2, 1]),
        ([1, 2, 1], [-1], [1, 2]),
        ([1, 2, 1], [0, 2], [2]),
        ([1, None], [1], [1]),
        ([2, 3], [], [2, 3]),
        ([], None, []),
    ],
)
def test_squeeze_removes_axes_of_size_one(given, axis, result):
    assert tf.squeeze(tf.placeholder(tf.float32, given), axis).shape.as_list() == result


def test_squeeze_tells_nothing_of_a_shape_with_open_sizes():
    assert tf.squeeze(tf.placeholder(tf.float32, [1, None])).shape.ndims is None


def test_squeeze_runs_as_numpy():
    value = X.reshape(2, 1, 12, 1)
    np.testing.assert_array_equal(run(tf.squeeze(value)), value.squeeze())
    np.testing.assert_array_equal(run(tf.squeeze(value, [-1])), value.squeeze(-1))
    np.testing.assert_array_equal(run(tf.squeeze(value, squeeze_dims=[1])), value.squeeze(1))


@pytest.mark.parametrize(
    "build, words",
    [
        (lambda x: tf.squeeze(x, [1]), r"Can not squeeze dim\[1\], expected a dimension of 1, got 3"),
        (lambda x: tf.squeeze(x, [3]), r"squeeze_dims\[0\] not in \[-3,3\)"),
        (lambda x: tf.squeeze(x, [0], squeeze_dims=[0]), "Cannot specify both 'squeeze_dims' and 'axis'"),
        (lambda x: tf.expand_dims(x, 4), r"dim 4 not in the interval \[-4, 3\]"),
        (lambda x: tf.expand_dims(x, [0, 1]), "'dim' input must be a tensor with a single value"),
        (lambda x: tf.expand_dims(x), "Must specify an axis argument to tf.expand_dims()"),
        (lambda x: tf.expand_dims(x, 0, dim=0), "Cannot specify both 'dim' and 'axis'"),
        (lambda x: tf.transpose(x, [0, 1]), "Dimension must be 3 but is 2"),
        (lambda x: tf.transpose(x, [0, 1, 3]), "perm dim 3 is out of range of input rank 3"),
        (lambda x: tf.matrix_transpose(x[0, 0]), "should be a .batch. matrix, with rank >= 2"),
    ],
)
def test_wrong_axes_are_refused(build, words):
    with pytest.raises(ValueError, match=words.replace("()", r"\(\)")):
        build(tf.placeholder(tf.float32, [2, 3, 4]))


@pytest.mark.parametrize("axis", [0, 1, 3, -1, -4])
def test_expand_dims_inserts_an_axis(axis):
    expanded = tf.expand_dims(X, axis)
    assert expanded.shape.as_list() == list(np.expand_dims(X, axis).shape)
    np.testing.assert_array_equal(run(expanded), np.expand_dims(X, axis))
    np.testing.assert_array_equal(run(tf.expand_dims(X, dim=axis)), np.expand_dims(X, axis))


@pytest.mark.parametrize("perm", [None, [0, 1, 2], [2, 0, 1], [1, 0, 2]])
def test_transpose_permutes_the_axes(perm):
    result = tf.transpose(X, perm)
    assert result.shape.as_list() == list(X.transpose(perm).shape)
    np.testing.assert_array_equal(run(result), X.transpose(perm))


def test_transpose_of_unknown_rank_reverses_the_axes_in_the_run():
    x = tf.placeholder(tf.float32)
    np.testing.assert_array_equal(run(tf.transpose(x), {x: X}), X.T)
    np.testing.assert_array_equal(run(tf.matrix_transpose(x), {x: X}), X.swapaxes(1, 2))


def test_transpose_conjugates_complex_elements_only():
    value = np.array([[1 + 2j, 3]], np.complex64)
    np.testing.assert_array_equal(run(tf.transpose(value, conjugate=True)), value.conj().T)
    assert tf.transpose(X, conjugate=True).op.type == "Transpose"
    np.testing.assert_array_equal(run(tf.linalg.matrix_transpose(value, conjugate=True)), value.conj().T)


@pytest.mark.parametrize(
    "value, dtype",
    [
        (np.array([1.0, -2.0], np.float32), np.int32),
        (np.array([[1, 258]], np.int32), np.uint8),
        (np.array([[1, 0], [0, 1]], np.int32), np.int64),
    ],
)
def test_bitcast_reads_the_same_bytes(value, dtype):
    expected = value.view(dtype)
    if value.itemsize > expected.itemsize:
        expected = expected.reshape(*value.shape, -1)
    elif value.itemsize < expected.itemsize:
        expected = expected[..., 0]
    result = tf.bitcast(value, tf.as_dtype(dtype))
    assert result.shape.as_list() == list(expected.shape)
    np.testing.assert_array_equal(run(result), expected)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: tf.reshape(x, [4, -1]),
        lambda x: tf.squeeze(tf.expand_dims(x, 1)),
        lambda x: tf.transpose(x, [1, 2, 0]),
        tf.matrix_transpose,
    ],
)
def test_gradients_go_back_to_the_same_elements(function):
    assert gradient_error(function, X / 7) < 1e-6
