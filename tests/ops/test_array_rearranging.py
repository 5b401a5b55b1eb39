"""pad, tile, repeat, broadcast_to, reverse, reverse_sequence, roll: values, shapes, gradients, refusals."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.numeric_gradient import gradient_error

X = np.arange(12.0, dtype=np.float32).reshape(3, 4)


def run(tensors, feed=None):
    with tf.Session() as sess:
        return sess.run(tensors, feed)


def fed(value):
    """The value, of unknown shape until the run."""
    return tf.placeholder_with_default(np.asarray(value), None)


def flipped_beginnings(x, lengths):
    return np.stack([np.concatenate([row[:n][::-1], row[n:]]) for row, n in zip(x, lengths)])


# name, function on tensors, the same in numpy
CASES = [
    ("pad", lambda x: tf.pad(x, [[1, 0], [0, 2]]), lambda x: np.pad(x, [(1, 0), (0, 2)])),
    (
        "pad_value",
        lambda x: tf.pad(x, [[1, 0], [0, 2]], constant_values=7),
        lambda x: np.pad(x, [(1, 0), (0, 2)], constant_values=7),
    ),
    ("reflect", lambda x: tf.pad(x, [[2, 1], [3, 0]], "REFLECT"), lambda x: np.pad(x, [(2, 1), (3, 0)], "reflect")),
    (
        "symmetric",
        lambda x: tf.pad(x, [[3, 1], [0, 4]], "symmetric"),
        lambda x: np.pad(x, [(3, 1), (0, 4)], "symmetric"),
    ),
    ("tile", lambda x: tf.tile(x, [2, 3]), lambda x: np.tile(x, [2, 3])),
    ("tile_once", lambda x: tf.tile(x, [1, 1]), lambda x: x),
    ("repeat_all", lambda x: tf.repeat(x, 2), lambda x: np.repeat(x, 2)),
    ("repeat_rows", lambda x: tf.repeat(x, [2, 0, 1], axis=0), lambda x: np.repeat(x, [2, 0, 1], 0)),
    ("repeat_columns", lambda x: tf.repeat(x, [1, 0, 2, 1], axis=-1), lambda x: np.repeat(x, [1, 0, 2, 1], 1)),
    ("repeat_same", lambda x: tf.repeat(x, 3, axis=1), lambda x: np.repeat(x, 3, 1)),
    ("broadcast_to", lambda x: tf.broadcast_to(x[:, :1], [2, 3, 4]), lambda x: np.broadcast_to(x[:, :1], [2, 3, 4])),
    ("reverse", lambda x: tf.reverse(x, [0]), lambda x: x[::-1]),
    ("reverse_both", lambda x: tf.reverse_v2(x, [1, -2]), lambda x: x[::-1, ::-1]),
    ("reverse_none", lambda x: tf.reverse(x, np.zeros(0, np.int32)), lambda x: x),
    ("sequence", lambda x: tf.reverse_sequence(x, [2, 4, 0], 1), lambda x: flipped_beginnings(x, [2, 4, 0])),
    (
        "sequence_old_names",
        lambda x: tf.reverse_sequence(x, [1, 2, 3, 2], seq_dim=0, batch_dim=1),
        lambda x: flipped_beginnings(x.T, [1, 2, 3, 2]).T,
    ),
    ("roll", lambda x: tf.roll(x, 1, 0), lambda x: np.roll(x, 1, 0)),
    ("roll_both", lambda x: tf.manip.roll(x, [1, -2], [0, 1]), lambda x: np.roll(x, (1, -2), (0, 1))),
]


@pytest.mark.parametrize("ours, theirs", [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_values_and_gradients(ours, theirs):
    expected = theirs(X)
    result = ours(tf.constant(X))
    assert result.shape.is_compatible_with(expected.shape)
    np.testing.assert_array_equal(run(result), expected)
    unknown = tf.placeholder(tf.float32, [None, None])
    np.testing.assert_array_equal(run(ours(unknown), {unknown: X}), expected)
    assert gradient_error(lambda x: ours(x) ** 2, X / 12) < 1e-6


@pytest.mark.parametrize(
    "build, shape",
    [
        (lambda x: tf.pad(x, [[1, 2], [3, 4]]), [6, None]),
        (lambda x: tf.pad(x, tf.placeholder(tf.int32, [None, 2])), [None, None]),
        (lambda x: tf.pad(x, [[1, tf.placeholder(tf.int32, [])], [1, 2]]), [None, None]),
        (lambda x: tf.tile(x, [2, 3]), [6, None]),
        (lambda x: tf.tile(x, [tf.placeholder(tf.int32, []), 0]), [None, 0]),
        (lambda x: tf.broadcast_to(x, [5, 3, 4]), [5, 3, 4]),
        (lambda x: tf.reverse(x, tf.placeholder(tf.int32, [1])), [3, None]),
        (lambda x: tf.reverse_sequence(x, tf.placeholder(tf.int32, [None]), 1), [3, None]),
        (lambda x: tf.repeat(x, 2, axis=1), [3, None]),
    ],
)
def test_static_shapes(build, shape):
    assert build(tf.placeholder(tf.float32, [3, None])).shape.as_list() == shape


def test_pad_uses_the_paddings_that_are_known():
    x = tf.placeholder(tf.float32, [3, 4])
    assert tf.pad(x, [[1, tf.placeholder(tf.int32, [])], [1, 2]]).shape.as_list() == [None, 7]


@pytest.mark.parametrize(
    "build, words",
    [
        (lambda x: tf.pad(x, [[1, 1]]), "Shape must be rank 1 but is rank 2"),
        (lambda x: tf.pad(x, [[1, 1, 1], [1, 1, 1]]), "Dimension must be 2 but is 3"),
        (lambda x: tf.pad(x, [[1, 1], [1, -1]]), "Paddings must be non-negative"),
        (lambda x: tf.pad(x, [[1, 1], [1, 1]], "WRAP"), "Unknown padding mode: WRAP"),
        (lambda x: tf.tile(x, [1]), "Shape must be rank 2 but is rank 1"),
        (lambda x: tf.tile(x, [1, -1]), "Expected multiples.1. >= 0, but got -1"),
        (lambda x: tf.reverse(x, [2]), r"'axis'\[0\] = 2 is out of valid range \[0, 1"),
        (lambda x: tf.reverse(x, [1, -1]), "axis 1 specified more than once"),
        (lambda x: tf.reverse_sequence(x, [1, 1], 1), "Dimensions must be equal, but are 3 and 2"),
        (lambda x: tf.reverse_sequence(x, [1, 1, 1], 2), "seq_dim must be < input rank: 2 vs. 2"),
        (lambda x: tf.roll(x, 1, [0]), "Shapes must be equal rank, but are 0 and 1"),
        (lambda x: tf.broadcast_to(x, [3, 5]), "must be equal, but are 4 and 5|Incompatible"),
        (lambda x: tf.repeat(x, [1, 2], axis=1), "Dimensions 4 and 2 are not compatible"),
        (lambda x: tf.repeat(x, 2, axis=2), "axis=2 out of bounds: expected -2<=axis<2"),
    ],
)
def test_refused_when_the_graph_is_built(build, words):
    with pytest.raises(ValueError, match=words):
        build(tf.constant(X))


@pytest.mark.parametrize(
    "build, words",
    [
        (lambda x: tf.pad(x, fed([[1, 1]])), "The first dimension of paddings must be the rank of inputs"),
        (
            lambda x: tf.pad(x, fed([[3, 0], [0, 0]]), "REFLECT"),
            "paddings must be less than the dimension size: 3, 0 not",
        ),
        (
            lambda x: tf.pad(x, fed([[4, 0], [0, 0]]), "SYMMETRIC"),
            "paddings must be no greater than the dimension size",
        ),
        (lambda x: tf.tile(x, fed([2])), "Expected multiples argument to be a vector of length 2 but got length 1"),
        (lambda x: tf.tile(x, fed([2, -1])), r"Expected multiples\[1\] >= 0, but got -1"),
        (lambda x: tf.reverse_sequence(x, fed([1, 2, 9]), 1), r"seq_lens\(2\) > input.dims\(1\)"),
        (lambda x: tf.reverse_sequence(x, fed([1, 2, -9]), 1), r"seq_lens\(2\) < 0"),
        (lambda x: tf.roll(x, fed([1]), fed([0, 1])), "shift and axis must have the same size"),
        (lambda x: tf.roll(x, fed(1), fed(2)), "axis 2 is out of range"),
    ],
)
def test_refused_in_the_run(build, words):
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        run(build(fed(X)))


@pytest.mark.parametrize(
    "x, y, result",
    [([2, 1], [3], [2, 3]), ([], [4], [4]), ([5, 1, 2], [5, 7, 1], [5, 7, 2]), ([3], [3], [3])],
)
def test_broadcast_shapes(x, y, result):
    assert tf.broadcast_static_shape(tf.TensorShape(x), tf.TensorShape(y)).as_list() == result
    assert run(tf.broadcast_dynamic_shape(np.array(x, np.int32), np.array(y, np.int32))).tolist() == result


def test_shapes_that_cannot_be_broadcast():
    with pytest.raises(ValueError, match="Incompatible shapes for broadcasting"):
        tf.broadcast_static_shape(tf.TensorShape([2]), tf.TensorShape([3]))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Incompatible shapes: \[2\] vs. \[3\]"):
        run(tf.broadcast_dynamic_shape(fed([2]), fed([3])))


def test_gradient_of_tile_of_rows_stays_cheap():
    x = tf.constant(X)
    (grad,) = tf.gradients(tf.gather(tf.tile(x, [2, 1]), [0, 4, 3]), x)
    np.testing.assert_array_equal(run(grad), [[2] * 4, [1] * 4, [0] * 4])


def test_strings_are_moved_about_too():
    words = np.array([b"a", b"b"], object)
    assert run(tf.pad(words, [[1, 0]])).tolist() == [b"", b"a", b"b"]
    assert run(tf.tile(words, [2])).tolist() == [b"a", b"b"] * 2
    assert run(tf.reverse(words, [0])).tolist() == [b"b", b"a"]
    assert run(tf.transpose([[b"a", b"b"]] * 2)).tolist() == [[b"a", b"a"], [b"b", b"b"]]
