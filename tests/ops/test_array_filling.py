"""zeros, ones, fill, *_like, one_hot, sequence_mask, meshgrid, and the placeholders that stand for arrays."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.numeric_gradient import gradient_error


def run(tensors, feed=None):
    with tf.Session() as sess:
        return sess.run(tensors, feed)


@pytest.mark.parametrize("make, value", [(tf.zeros, 0), (tf.ones, 1)])
@pytest.mark.parametrize("dtype", [tf.float32, tf.int64, tf.bool, tf.complex64, tf.float16])
def test_zeros_and_ones(make, value, dtype):
    result = make([2, 3], dtype)
    assert (result.dtype, result.shape.as_list()) == (dtype, [2, 3])
    np.testing.assert_array_equal(run(result), np.full((2, 3), value, dtype.as_numpy_dtype))


def test_zeros_of_strings_are_empty():
    assert run(tf.zeros([2], tf.string)).tolist() == [b"", b""]
    assert run(tf.zeros_like([b"abc"])).tolist() == [b""]


@pytest.mark.parametrize(
    "shape, op_type",
    [
        ([2, 3], "Const"),
        ([], "Const"),
        (tf.TensorShape([4]), "Const"),
        ((tf.Dimension(2), 3), "Const"),
        (np.array([30, 30]), "Const"),
        ([10, 100], "Fill"),
        (5, "Fill"),
    ],
)
def test_small_zeros_are_constants(shape, op_type):
    result = tf.zeros(shape, name="z")
    assert (result.op.type, result.op.name) == (op_type, "z")
    assert result.shape.is_fully_defined()
    assert not run(result).any()


def test_shapes_that_come_with_the_run():
    n = tf.placeholder(tf.int32, [])
    vector = tf.placeholder(tf.int32, [2])
    assert tf.zeros([n, 3]).shape.as_list() == [None, 3]
    assert tf.ones(vector).shape.as_list() == [None, None]
    assert run(tf.zeros([n, 3]), {n: 2}).shape == (2, 3)
    assert run(tf.ones(vector), {vector: [2, 5]}).sum() == 10
    assert run(tf.ones(n), {n: 4}).shape == (4,)
    assert run(tf.fill([n, 2], 7), {n: 3}).tolist() == [[7, 7]] * 3


@pytest.mark.parametrize(
    "build, error, words",
    [
        (lambda: tf.zeros(tf.TensorShape([2, None])), ValueError, "Cannot convert a partially known TensorShape"),
        (lambda: tf.fill([2], [1]), ValueError, "Shape must be rank 0 but is rank 1"),
        (lambda: tf.fill([[2]], 1), ValueError, "Shape must be rank 1 but is rank 2"),
        (lambda: tf.fill([2, -3], 1), ValueError, "Invalid value in tensor used for shape: -3"),
        (lambda: tf.one_hot([0], -3), ValueError, "must be non-negative but is -3"),
        (lambda: tf.one_hot([0], [3]), ValueError, "must be scalar but has rank 1"),
        (lambda: tf.one_hot([0], 3, axis=-2), ValueError, "axis must be >= -1"),
        (lambda: tf.one_hot([0], 3, 5, 1.0), TypeError, "of on_value does not match dtype"),
        (lambda: tf.one_hot([0], 3, 5, dtype=tf.float32), TypeError, "of on_value does not match dtype parameter"),
        (lambda: tf.sequence_mask([1], [5]), ValueError, "maxlen must be scalar for sequence_mask"),
        (lambda: tf.meshgrid([1], indexing="q"), ValueError, "indexing parameter must be either 'xy' or 'ij'"),
        (lambda: tf.meshgrid([1], foo=1), TypeError, "'foo' is an invalid keyword argument"),
        (lambda: tf.placeholder_with_default([1, 2], [3]), ValueError, "must be equal, but are 2 and 3"),
    ],
)
def test_wrong_arguments(build, error, words):
    with pytest.raises(error, match=words):
        build()


def test_likes_follow_shape_and_dtype():
    x = tf.placeholder(tf.float64, [2, None])
    assert tf.zeros_like(x).op.type == "ZerosLike"
    assert tf.zeros_like(x, tf.int32).dtype == tf.int32
    for result in (tf.zeros_like(x), tf.ones_like(x), tf.zeros_like(x, tf.int32), tf.ones_like(x, optimize=False)):
        assert result.shape.as_list() == [2, None]
    np.testing.assert_array_equal(run(tf.ones_like(x, tf.int8), {x: [[3.0], [4.0]]}), [[1], [1]])
    assert tf.zeros_like(np.zeros((2, 2))).op.type == "Const"


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_one_hot_puts_the_value_at_the_index(axis):
    indices = np.array([[0, 2, 5], [-1, 1, 0]])
    expected = np.zeros((2, 3, 4), np.float32)
    for (i, j), k in np.ndenumerate(indices):
        if 0 <= k < 4:
            expected[i, j, k] = 1
    expected = np.moveaxis(expected, -1, axis)
    result = tf.one_hot(indices, 4, axis=axis)
    assert result.shape.as_list() == list(expected.shape)
    np.testing.assert_array_equal(run(result), expected)
    swapped = tf.one_hot(indices, tf.constant(4), on_value=np.int16(0), off_value=np.int16(1), axis=axis)
    np.testing.assert_array_equal(run(swapped), 1 - expected)


def test_one_hot_takes_its_dtype_from_its_values():
    assert tf.one_hot([0], 2).dtype == tf.float32
    assert tf.one_hot([0], 2, 3).dtype == tf.int32
    assert tf.one_hot([0], 2, dtype=tf.float64).dtype == tf.float64
    np.testing.assert_array_equal(run(tf.one_hot([1], 2, True, False)), [[False, True]])


def test_sequence_mask():
    lengths = np.array([1, 3, 0])
    expected = np.arange(3) < lengths[:, None]
    np.testing.assert_array_equal(run(tf.sequence_mask(lengths)), expected)
    np.testing.assert_array_equal(run(tf.sequence_mask(lengths, 2, tf.int32)), expected[:, :2])
    np.testing.assert_array_equal(run(tf.sequence_mask(lengths[:, None], tf.constant(3))), expected[:, None])
    assert tf.sequence_mask(tf.placeholder(tf.int32, [None]), 5).shape.as_list() == [None, 5]


@pytest.mark.parametrize("indexing", ["xy", "ij"])
@pytest.mark.parametrize("axes", [([1, 2, 3],), ([1, 2, 3], [4, 5]), ([1.0, 2.0], [3.0], [4.0, 5.0, 6.0])])
def test_meshgrid_is_numpys(axes, indexing):
    for ours, theirs in zip(run(tf.meshgrid(*axes, indexing=indexing)), np.meshgrid(*axes, indexing=indexing)):
        np.testing.assert_array_equal(ours, theirs)


def test_shape_size_and_rank_are_constants_where_they_are_known():
    known, unknown = tf.placeholder(tf.float32, [2, 3]), tf.placeholder(tf.float32, [2, None])
    assert [f(known).op.type for f in (tf.shape, tf.size, tf.rank)] == ["Const"] * 3
    assert [f(unknown).op.type for f in (tf.shape, tf.size, tf.rank)] == ["Shape", "Size", "Const"]
    assert tf.size(tf.placeholder(tf.float32, [0, None])).op.type == "Const"
    assert tf.shape(known, out_type=tf.int64).dtype == tf.int64
    values = run(
        [tf.shape(unknown), tf.size(unknown), *tf.shape_n([unknown, known])],
        {unknown: np.ones((2, 4)), known: np.ones((2, 3))},
    )
    assert [np.asarray(v).tolist() for v in values] == [[2, 4], 8, [2, 4], [2, 3]]


def test_shape_of_a_sparse_tensor():
    sparse = tf.SparseTensor([[0, 1]], [5.0], [3, 4])
    values = run([tf.shape(sparse), tf.size(sparse), tf.rank(sparse)])
    assert [np.asarray(v).tolist() for v in values] == [[3, 4], 12, 2]


def test_placeholder_must_be_fed():
    x = tf.placeholder(tf.float32, [2], name="x")
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="You must feed a value for placeholder tensor 'x' with dtype float"
    ):
        run(x + 1)


def test_placeholder_with_default_is_what_is_fed_or_its_default():
    x = tf.placeholder_with_default([1.0, 2.0], [None])
    assert x.shape.as_list() == [None]
    assert run(x).tolist() == [1.0, 2.0]
    assert run(x, {x: [5.0]}).tolist() == [5.0]


@pytest.mark.parametrize(
    "shape, static",
    [([2, 3], [2, 3]), ([None, 3], [None, None]), (None, None)],
)
def test_sparse_placeholder(shape, static):
    x = tf.sparse_placeholder(tf.float32, shape, name="s")
    assert (None if x.shape.ndims is None else x.shape.as_list()) == static
    value = tf.SparseTensorValue([[0, 0], [1, 2]], [1.0, 2.0], [2, 3])
    feed = {x: value} if static != [2, 3] else {x.indices: value.indices, x.values: value.values}
    np.testing.assert_array_equal(run(x, feed).values, value.values)


def test_gradient_of_fill_is_the_sum():
    assert gradient_error(lambda x: tf.fill([2, 3], x) * np.arange(6.0).reshape(2, 3), 1.5) < 1e-6
    assert gradient_error(lambda x: tf.meshgrid(x, x)[0] * np.arange(9.0).reshape(3, 3), [1.0, 2.0, 3.0]) < 1e-6
