"""The largest elements, sorting, and whether a class is among the best."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw
from pyflow.ops.nn_top_k import nth_element
from tests.numeric_gradient import gradient_error

RANDOM = np.random.RandomState(4)
DTYPES = [np.float64, np.float32, np.float16, np.int8, np.uint8, np.int32, np.int64, np.uint64]


def run(*fetches, feed=None):
    with tf.Session() as session:
        return session.run(fetches if len(fetches) > 1 else fetches[0], feed)


def extremes(dtype):
    info = np.finfo(dtype) if np.dtype(dtype).kind == "f" else np.iinfo(dtype)
    return [info.min, info.max]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("k", [0, 1, 2, 5, 40])
def test_top_k(dtype, k):
    x = RANDOM.randint(0, 12, (3, 2, 40)).astype(dtype)
    x[0, 0, :2] = extremes(dtype)
    values, indices = run(*tf.nn.top_k(x, k))
    expected = np.array([sorted(range(40), key=lambda i: (-row[i].item(), i))[:k] for row in x.reshape(6, 40)])
    assert values.dtype == dtype and indices.dtype == np.int32
    np.testing.assert_array_equal(indices, expected.reshape(3, 2, k))
    np.testing.assert_array_equal(values, np.take_along_axis(x, indices.astype(np.int64), -1))


def test_top_k_of_vectors_empty_batches_and_infinities():
    values, indices = run(*tf.nn.top_k([1.0, np.inf, -np.inf, 2.0], 4))
    assert values.tolist() == [np.inf, 2.0, 1.0, -np.inf] and indices.tolist() == [1, 3, 0, 2]
    assert run(tf.nn.top_k(np.zeros((0, 5), np.float32), 2).values).shape == (0, 2)
    assert run(tf.nn.top_k(np.zeros((2, 0), np.float32), 0).indices).shape == (2, 0)


def test_top_k_by_a_fed_number():
    k = tf.placeholder(tf.int32)
    top = tf.nn.top_k([[3.0, 1.0, 2.0]], k)
    assert top.values.shape.as_list() == [1, None]
    assert run(top.values, feed={k: 2}).tolist() == [[3.0, 2.0]]
    assert run(raw.TopK([[3.0, 1.0, 2.0]], k=1).indices).tolist() == [[0]]


def test_gradient_of_top_k():
    x = np.array([[3.0, 1.0, 2.0], [5.0, 7.0, 6.0]])
    assert gradient_error(lambda x: tf.nn.top_k(x, 2).values, x) < 1e-8
    assert gradient_error(lambda x: tf.nn.top_k(x, 2).values, x[0]) < 1e-8


@pytest.mark.parametrize(
    "x, k, static, at_run",
    [
        (1.0, 1, "Shape must be at least rank 1 but is rank 0", "input must be >= 1-D, got shape []"),
        ([1.0], 2, "input must have last dimension >= k = 2 but is 1", "must have at least k columns. Had 1, needed 2"),
        ([1.0], -2, "Dimension size, given by scalar input 1, must be non-negative but is -2", "Need k >= 0, got -2"),
        ([1.0], [1], "Input must be scalar but has rank 1", "k must be scalar, got shape [1]"),
    ],
)
def test_top_k_that_does_not_fit(x, k, static, at_run):
    with pytest.raises(ValueError) as error:
        tf.nn.top_k(x, k)
    assert static in str(error.value)
    feeds = tf.placeholder(tf.float32), tf.placeholder(tf.int32)
    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        run(tf.nn.top_k(*feeds).values, feed=dict(zip(feeds, (x, k))))
    assert at_run in str(error.value)


@pytest.mark.parametrize("n", [0, 1, 4])
@pytest.mark.parametrize("reverse", [False, True])
def test_nth_element(n, reverse):
    x = np.array([[3.0, 1.0, 2.0, 9.0, -4.0], [5.0, 7.0, 6.0, 0.0, 1.0]])
    expected = np.sort(x, -1)[:, :: -1 if reverse else 1][:, n]
    np.testing.assert_array_equal(run(nth_element(x, n, reverse)), expected)
    assert run(nth_element(x[0], n, reverse)) == expected[0]
    assert gradient_error(lambda x: nth_element(x, n, reverse), x) < 1e-8


def test_gradient_of_nth_element_is_shared_among_equals():
    x = tf.constant([2.0, 1.0, 2.0, 3.0])
    assert run(tf.gradients(nth_element(x, 1), [x])[0]).tolist() == [0.5, 0.0, 0.5, 0.0]


@pytest.mark.parametrize(
    "x, n, at_run",
    [
        (1.0, 0, "Input must be >= 1-D, got shape []"),
        ([1.0], 1, "Input must have at least n+1 columns"),
        ([1.0], -1, "Need n >= 0, got -1"),
        ([1.0], [0], "N must be scalar, got shape [1]"),
    ],
)
def test_nth_element_that_does_not_exist(x, n, at_run):
    feeds = tf.placeholder(tf.float32), tf.placeholder(tf.int32)
    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        run(nth_element(*feeds), feed=dict(zip(feeds, (x, n))))
    assert at_run in str(error.value)
    with pytest.raises(ValueError):
        nth_element(x, n)


@pytest.mark.parametrize("targets", [np.int32, np.int64])
@pytest.mark.parametrize(
    "k, expected",
    [
        (0, [0, 0, 0, 0, 0, 0]),
        (1, [0, 1, 0, 1, 0, 0]),
        (2, [0, 1, 0, 1, 0, 0]),
        (3, [0, 1, 1, 1, 0, 0]),
        (9, [1, 1, 1, 1, 0, 0]),
    ],
)
def test_in_top_k_lets_ties_in_and_no_class_out(targets, k, expected):
    predictions = np.tile(np.array([0.1, 0.3, 0.2, 0.3], np.float32), (6, 1))
    result = tf.nn.in_top_k(predictions, np.array([0, 1, 2, 3, 4, -1], targets), k)
    assert run(result).tolist() == list(map(bool, expected)) and result.op.name == "in_top_k/InTopKV2"


def test_in_top_k_of_what_is_not_finite():
    predictions = [[0.1, 0.3, np.inf], [0.1, np.nan, 0.5], [0.1, 0.3, -np.inf]]
    assert run(tf.nn.in_top_k(predictions, [1, 2, 1], 2)).tolist() == [False, False, False]


@pytest.mark.parametrize(
    "predictions, targets, at_run",
    [
        ([1.0], [0], "predictions must be 2-dimensional"),
        ([[1.0]], [[0]], "targets must be 1-dimensional"),
        ([[1.0]], [0, 0], "First dimension of predictions 1 must match length of targets 2"),
    ],
)
def test_in_top_k_shapes(predictions, targets, at_run):
    with pytest.raises(ValueError):
        tf.nn.in_top_k(predictions, targets, 1)
    feeds = tf.placeholder(tf.float32), tf.placeholder(tf.int32)
    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        run(tf.nn.in_top_k(*feeds, 1), feed=dict(zip(feeds, (predictions, targets))))
    assert at_run in str(error.value)


@pytest.mark.parametrize("shape, axis", [((6,), -1), ((3, 5), 0), ((2, 3, 4), 1), ((2, 3, 4), -3), ((2, 3, 4), -2)])
@pytest.mark.parametrize("direction", ["ASCENDING", "DESCENDING"])
def test_sort_and_argsort(shape, axis, direction):
    x = RANDOM.permutation(int(np.prod(shape))).reshape(shape).astype(np.float32)
    unknown = tf.placeholder(tf.float32)
    arguments = {"axis": axis, "direction": direction}
    fetches = [f(t, **arguments) for t in (x, unknown) for f in (tf.sort, tf.argsort)]
    sorted_, order, late_sorted, late_order = run(*fetches, feed={unknown: x})
    places = np.argsort(x if direction == "ASCENDING" else -x, axis)
    np.testing.assert_array_equal(order, places)
    np.testing.assert_array_equal(sorted_, np.take_along_axis(x, places, axis))
    np.testing.assert_array_equal(late_order, order)
    np.testing.assert_array_equal(late_sorted, sorted_)


def test_sort_rejects():
    with pytest.raises(ValueError, match="UP should be one of ASCENDING, DESCENDING"):
        tf.sort([1.0], direction="UP")
    with pytest.raises(ValueError, match="axis must be a constant scalar"):
        tf.sort([1.0], axis=tf.placeholder(tf.int32, []))
    with pytest.raises(ValueError, match="axis must be a constant scalar"):
        tf.argsort([1.0], axis=[0])
