"""Segments: sorted, unsorted and sparse; against loops over the rows."""

import functools

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw


def run(tensor, feed=None):
    with tf.Session() as sess:
        return sess.run(tensor, feed)


def by_loop(reduce, default, data, ids, count):
    """`reduce` over the list of the rows of each segment."""
    rest = data.shape[np.ndim(ids) :]
    rows = data.reshape(-1, *rest)
    parts = [[row for row, i in zip(rows, np.ravel(ids)) if i == segment] for segment in range(count)]
    return np.array([reduce(part) if part else np.full(rest, default) for part in parts])


REDUCTIONS = {
    "sum": sum,
    "mean": lambda rows: sum(rows) / len(rows),
    "prod": functools.partial(functools.reduce, np.multiply),
    "max": functools.partial(functools.reduce, np.maximum),
    "min": functools.partial(functools.reduce, np.minimum),
    "sqrt_n": lambda rows: sum(rows) / len(rows) ** 0.5,
}
DATA = np.random.default_rng(0).uniform(-3, 3, [7, 2, 3])
SORTED, UNSORTED = [0, 0, 2, 2, 2, 3, 5], [3, 0, -1, 3, 2, 0, 3]


@pytest.mark.parametrize("kind", ["sum", "mean", "prod", "max", "min"])
@pytest.mark.parametrize("index", [tf.int32, tf.int64])
def test_sorted_segments(kind, index):
    result = getattr(tf, f"segment_{kind}")(tf.constant(DATA), tf.constant(SORTED, index))
    assert result.shape.as_list() == [None, 2, 3]
    default = 1 if kind == "prod" else 0
    np.testing.assert_allclose(run(result), by_loop(REDUCTIONS[kind], default, DATA, SORTED, 6), rtol=1e-12)


@pytest.mark.parametrize("kind", ["sum", "mean", "prod", "max", "min", "sqrt_n"])
@pytest.mark.parametrize("ids", [UNSORTED, np.array(UNSORTED * 2).reshape(7, 2)], ids=["vector", "matrix"])
def test_unsorted_segments(kind, ids):
    result = getattr(tf, f"unsorted_segment_{kind}")(tf.constant(DATA), tf.constant(ids, tf.int32), 5)
    limits = np.finfo(np.float64)
    default = {"prod": 1, "max": limits.min, "min": limits.max}.get(kind, 0)
    expected = by_loop(REDUCTIONS[kind], default, DATA, ids, 5)
    assert result.shape == expected.shape
    np.testing.assert_allclose(run(result), expected, rtol=1e-12)


@pytest.mark.parametrize("kind", ["sum", "mean", "sqrt_n"])
@pytest.mark.parametrize("count", [None, 7])
def test_sparse_segments(kind, count):
    indices, ids = [6, 1, 1, 0, 3], [0, 0, 2, 2, 4]
    result = getattr(tf, f"sparse_segment_{kind}")(tf.constant(DATA), indices, ids, num_segments=count)
    expected = by_loop(REDUCTIONS[kind], 0, DATA[indices], ids, count or 5)
    np.testing.assert_allclose(run(result), expected, rtol=1e-12)
    assert result.op.type.endswith("WithNumSegments") == (count is not None)


def test_the_mean_of_integers_is_rounded_towards_zero():
    assert run(tf.segment_mean([[1, 2], [4, -5], [5, 6]], [0, 0, 2])).tolist() == [[2, -1], [0, 0], [5, 6]]


def test_nothing_to_reduce():
    assert run(tf.segment_sum(tf.zeros([0, 3]), tf.zeros([0], tf.int32))).shape == (0, 3)
    assert run(tf.unsorted_segment_sum(tf.zeros([0, 3]), tf.zeros([0], tf.int32), 2)).tolist() == [[0] * 3] * 2
    assert run(tf.unsorted_segment_max([1, 2], [-1, -1], 1)).tolist() == [np.iinfo(np.int32).min]


def test_halves_are_added_up_in_single_precision():
    ones = tf.ones([5000], tf.float16)
    assert run(tf.segment_sum(ones, tf.zeros([5000], tf.int32))).tolist() == [5000.0]
    assert run(tf.unsorted_segment_sum(ones, tf.zeros([5000], tf.int32), 1)).tolist() == [5000.0]


ERRORS = [
    (lambda ids: tf.segment_sum([1.0, 2.0], ids), [1, 0], "segment ids are not increasing"),
    (lambda ids: tf.segment_sum([1.0, 2.0], ids), [-1, 0], r"Segment id -1 out of range \[0, 1\)"),
    (lambda ids: tf.segment_sum([1.0, 2.0], ids), [0], "segment_ids should be the same size as dimension 0 of input"),
    (lambda ids: tf.unsorted_segment_sum([1.0, 2.0], ids, 3), [0, 5], r"segment_ids\[1\] = 5 is out of range \[0, 3\)"),
    (lambda ids: tf.unsorted_segment_sum([[1.0, 2.0]], ids, 3), [[0, 5]], r"segment_ids\[0,1\] = 5 is out of range"),
    (
        lambda ids: tf.unsorted_segment_sum([1.0, 2.0, 3.0], ids, 3),
        [0, 1],
        r"data.shape = \[3\] does not start with segment_ids.shape = \[2\]",
    ),
    (lambda ids: tf.sparse_segment_sum([1.0, 2.0], [0, 2], ids), [0, 0], r"Bad: indices\[1\] == 2 out of range"),
    (lambda ids: tf.sparse_segment_sum([1.0, 2.0], [0, 1], ids), [1, 0], "segment ids are not increasing"),
    (
        lambda ids: tf.sparse_segment_sum([1.0, 2.0], [0, 1], ids, num_segments=1),
        [0, 1],
        "segment ids must be < num_segments",
    ),
]


@pytest.mark.parametrize("function, ids, words", ERRORS, ids=[row[2][:20] for row in ERRORS])
def test_errors_in_a_run(function, ids, words):
    fed = tf.placeholder(tf.int32)
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        run(function(fed), {fed: ids})


def test_errors_of_a_graph():
    with pytest.raises(ValueError, match="Shape must be rank 1 but is rank 2"):
        tf.segment_sum([1.0, 2.0], [[0, 1]])
    with pytest.raises(ValueError, match="Dimensions must be equal, but are 3 and 2"):
        tf.unsorted_segment_sum([1.0, 2.0, 3.0], [0, 1], 3)
    with pytest.raises(ValueError, match="must be non-negative but is -3"):
        tf.unsorted_segment_sum([1.0], [0], -3)
    with pytest.raises(ValueError, match="Cannot specify a negative value for num_segments"):
        tf.sparse_segment_sum([1.0], [0], [0], num_segments=-2)


def test_equal_extremes_share_the_gradient():
    x = tf.constant([2.0, 2.0, 1.0, 5.0])
    assert run(tf.gradients(tf.segment_max(x, [0, 0, 0, 1]), x))[0].tolist() == [0.5, 0.5, 0.0, 1.0]
    assert run(tf.gradients(tf.unsorted_segment_max(x, [1, 1, -1, 0], 2), x))[0].tolist() == [0.5, 0.5, 0.0, 1.0]


def test_the_gradient_of_a_product_with_zeros():
    x = tf.constant([2.0, 0.0, 3.0, 0.0, 0.0, 4.0])
    gradient = run(tf.gradients(tf.unsorted_segment_prod(x, [0, 0, 0, 1, 1, -1], 2), x))[0]
    assert gradient.tolist() == [0.0, 6.0, 0.0, 0.0, 0.0, 0.0]


def test_the_gradients_of_sparse_segments_are_their_transposes():
    kernel = {raw.SparseSegmentMeanGrad: 0.5, raw.SparseSegmentSqrtNGrad: 0.5**0.5}
    for op, weight in kernel.items():
        value = run(op([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [0, 2, 1], [0, 0, 2], 4))
        np.testing.assert_allclose(value, [[weight, 2 * weight], [5, 6], [weight, 2 * weight], [0, 0]], rtol=1e-6)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Invalid number of segments"):
        run(raw.SparseSegmentMeanGrad([[1.0]], [0], [1], 4))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Index 5 out of range \[0, 4\)"):
        run(raw.SparseSegmentMeanGrad([[1.0]], [5], [0], 4))
