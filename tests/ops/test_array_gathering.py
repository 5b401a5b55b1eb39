"""gather, gather_nd, batch_gather, scatter_nd and updates of a tensor at coordinates."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.numeric_gradient import gradient_error

X = np.arange(24.0, dtype=np.float32).reshape(2, 3, 4)


def run(tensors, feed=None):
    with tf.Session() as sess:
        return sess.run(tensors, feed)


def fed(value):
    """The value, of unknown shape until the run."""
    return tf.placeholder_with_default(np.asarray(value), None)


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize("indices", [1, [0, 1], [[1, 0], [1, 1]], np.zeros((0,), np.int64)], ids=str)
def test_gather_takes_slices_along_an_axis(axis, indices):
    expected = X.take(indices, axis)
    result = tf.gather(X, indices, axis=axis)
    assert result.shape.as_list() == list(expected.shape)
    np.testing.assert_array_equal(run(result), expected)
    np.testing.assert_array_equal(run(tf.gather(fed(X), fed(indices), axis=fed(axis))), expected)


@pytest.mark.parametrize("batch_dims, axis", [(1, 1), (1, 2), (1, None), (-1, 2)])
def test_gather_with_batch_axes_goes_through_both_in_step(batch_dims, axis):
    indices = np.array([[1, 0, 2], [2, 2, 0]])
    batch = batch_dims + 2 if batch_dims < 0 else batch_dims
    at = batch if axis is None else axis
    expected = np.stack([X[i].take(indices[i], at - 1) for i in range(2)])
    result = tf.gather(X, indices, batch_dims=batch_dims, axis=axis)
    assert result.shape.as_list() == list(expected.shape)
    np.testing.assert_array_equal(run(result), expected)


def test_gather_has_to_leave_an_axis_of_the_indices():
    # Graph building lets it pass.
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"batch_dims in the range \[-2, 2\), but got 2"):
        run(tf.gather(X, [[1, 0, 2], [2, 2, 0]], batch_dims=2, axis=2))


@pytest.mark.parametrize(
    "indices, words",
    [
        ([0, 2], r"indices\[1\] = 2 is not in \[0, 2\)"),
        ([[0, -1]], r"indices\[0,1\] = -1 is not"),
        (5, "indices = 5 is"),
    ],
)
def test_gather_refuses_indices_out_of_range(indices, words):
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        run(tf.gather(X, fed(indices)))


def test_gradient_of_gather_is_sparse_along_the_first_axis_only():
    x = tf.constant(X)
    (sparse,) = tf.gradients(tf.gather(x, [[0, 1], [1, 1]]), x)
    assert isinstance(sparse, tf.IndexedSlices)
    assert run(sparse.indices).tolist() == [0, 1, 1, 1]
    assert run(sparse.dense_shape).tolist() == [2, 3, 4]
    (dense,) = tf.gradients(tf.gather(x, [0, 0], axis=1), x)
    assert isinstance(dense, tf.Tensor)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: tf.gather(x, [1, 0, 1]),
        lambda x: tf.gather(x, [[2, 0]], axis=1),
        lambda x: tf.gather(x, [3, 3], axis=-1),
        lambda x: tf.gather(x, [[1, 0], [2, 2]], batch_dims=1),
        lambda x: tf.gather(x, [[1, 0], [2, 2]], axis=2, batch_dims=1),
        lambda x: tf.batch_gather(x, [[1, 0], [2, 2]]),
        lambda x: tf.gather_nd(x, [[0, 1], [1, 2], [0, 1]]),
        lambda x: tf.gather_nd(x, [[1], [1]]),
        lambda x: tf.gather_nd(x, [[[1, 3]], [[0, 2]]], batch_dims=1),
        lambda x: tf.scatter_nd([[4], [4]], x, [5, 3, 4]),
        lambda x: tf.tensor_scatter_update(x, [[1]], x[:1] * 2),
        lambda x: tf.tensor_scatter_add(x, [[1], [1]], x * 2),
        lambda x: tf.tensor_scatter_sub(x, [[0], [1]], x * x),
        lambda x: tf.boolean_mask(x, [[True, False, True], [False, True, True]]),
    ],
)
def test_gradients(function):
    assert gradient_error(function, X / 10) < 1e-6


@pytest.mark.parametrize(
    "indices",
    [[[0], [1]], [[1, 2]], [[1, 2, 3], [0, 0, 0]], [[[0, 1]], [[1, 1]]], np.zeros((2, 0), np.int32)],
    ids=str,
)
def test_gather_nd_takes_coordinates(indices):
    rows = np.asarray(indices)
    expected = X[tuple(np.moveaxis(rows, -1, 0))] if rows.shape[-1] else np.stack([X] * len(rows))
    result = tf.gather_nd(X, indices)
    assert result.shape.as_list() == list(expected.shape)
    np.testing.assert_array_equal(run(result), expected)
    np.testing.assert_array_equal(run(tf.manip.gather_nd(fed(X), fed(rows))), expected)


@pytest.mark.parametrize(
    "build, words",
    [
        (
            lambda: tf.gather_nd(fed(X), fed([[0, 3]])),
            r"indices\[0\] = \[0, 3\] does not index into param shape \[2,3,4\]",
        ),
        (
            lambda: tf.gather_nd(fed(X), fed([[0] * 4])),
            "index innermost dimension length must be <= params rank; saw: 4 vs. 3",
        ),
        (lambda: tf.scatter_nd(fed([[5]]), fed([1.0]), [3]), r"indices\[0\] = \[5\] does not index into shape \[3\]"),
        (lambda: tf.scatter_nd(fed([[0]]), fed([1.0, 2.0]), [3]), "Outer dimensions of indices and update must match"),
        (lambda: tf.scatter_nd(fed([[0]]), fed([[1.0, 2.0]]), [3, 3]), "The inner 1 dimensions of output.shape"),
        (lambda: tf.tensor_scatter_update(fed([1.0]), fed([[-1]]), fed([1.0])), r"= \[-1\] does not index into shape"),
    ],
)
def test_coordinates_outside_are_refused(build, words):
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        run(build())


def test_batch_gather_is_gather_within_each_batch():
    indices = np.array([[2, 0], [1, 1]])
    result = tf.batch_gather(X, indices)
    assert result.shape.as_list() == [2, 2, 4]
    np.testing.assert_array_equal(run(result), np.stack([X[i, indices[i]] for i in range(2)]))
    with pytest.raises(ValueError, match="does not allow indices with unknown shape"):
        tf.batch_gather(X, tf.placeholder(tf.int32))


def test_gather_nd_with_batch_axes():
    indices = np.array([[[2], [0]], [[1], [1]]])
    np.testing.assert_array_equal(
        run(tf.gather_nd(X, indices, batch_dims=1)), np.stack([X[i, indices[i, :, 0]] for i in range(2)])
    )
    with pytest.raises(ValueError, match=r"batch_dims = 3 must be less than rank\(indices\) = 3"):
        tf.gather_nd(X, indices, batch_dims=3)
    with pytest.raises(ValueError, match="does not allow negative batch_dims"):
        tf.gather_nd(X, indices, batch_dims=-1)


def test_scatter_nd_adds_what_goes_to_the_same_place():
    result = tf.scatter_nd([[1], [3], [1]], [[1, 2], [3, 4], [5, 6]], [4, 2])
    assert result.shape.as_list() == [4, 2]
    assert run(result).tolist() == [[0, 0], [6, 8], [0, 0], [3, 4]]
    whole = tf.scatter_nd(np.zeros((2, 0), np.int32), [[1, 2], [3, 4]], [2])
    assert run(whole).tolist() == [4, 6]


def test_updates_at_coordinates():
    base, at, updates = np.arange(4), [[1], [3]], [9, 8]
    assert run(tf.tensor_scatter_nd_update(base, at, updates)).tolist() == [0, 9, 2, 8]
    assert run(tf.tensor_scatter_nd_add(base, at, updates)).tolist() == [0, 10, 2, 11]
    assert run(tf.tensor_scatter_nd_sub(base, at, updates)).tolist() == [0, -8, 2, -5]
    assert run(tf.tensor_scatter_add(base, [[1], [1]], updates)).tolist() == [0, 18, 2, 3]


def test_strings_are_gathered_too():
    words = np.array([b"a", b"bc", b"d"], object)
    assert run(tf.gather(words, [2, 1])).tolist() == [b"d", b"bc"]
    assert run(tf.gather(words, 1)) == b"bc"
    assert run(tf.gather_nd(words, [1])) == b"bc"
    assert run(tf.gather_nd(words, [[0], [2]])).tolist() == [b"a", b"d"]


def test_rows_of_indexed_slices_are_masked():
    a = tf.IndexedSlices(tf.constant([[1, 1], [2, 2], [3, 3]]), tf.constant([10, 11, 12]), tf.constant([20, 2]))
    masked = tf.sparse_mask(a, [10, 12, 40])
    assert run(masked.indices).tolist() == [11]
    assert run(masked.values).tolist() == [[2, 2]]
