"""concat, stack, unstack, split and the dtype and shape rules of their lists."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.numeric_gradient import gradient_error

A = np.arange(6.0, dtype=np.float32).reshape(2, 3)
B = A + 10


def run(tensors, feed=None):
    with tf.Session() as sess:
        return sess.run(tensors, feed)


def fed(value):
    """The value, of unknown shape until the run."""
    return tf.placeholder_with_default(np.asarray(value), None)


@pytest.mark.parametrize("axis", [0, 1, -1, -2])
def test_concat_and_stack_are_numpys(axis):
    np.testing.assert_array_equal(run(tf.concat([A, B, A], axis)), np.concatenate([A, B, A], axis))
    np.testing.assert_array_equal(run(tf.concat([fed(A), fed(B)], axis)), np.concatenate([A, B], axis))
    np.testing.assert_array_equal(run(tf.stack([A, B], axis)), np.stack([A, B], axis))
    np.testing.assert_array_equal(run(tf.parallel_stack([A, B])), np.stack([A, B]))


@pytest.mark.parametrize(
    "shapes, axis, result",
    [
        ([[2, None], [3, 4]], 0, [5, 4]),
        ([[2, 3, 4], [2, 5, None]], -2, [2, 8, 4]),
        ([[2], None], 0, [None]),
        ([None, None], 0, None),
        ([[None, 3], [2, 3]], 1, [2, 6]),
    ],
)
def test_concat_knows_as_much_of_the_shape_as_its_inputs_tell(shapes, axis, result):
    shape = tf.concat([tf.placeholder(tf.float32, s) for s in shapes], axis).shape
    assert (None if shape.ndims is None else shape.as_list()) == result


def test_concat_along_an_unknown_axis_knows_the_rank():
    axis = tf.placeholder(tf.int32, [])
    assert tf.concat([A, B], axis).shape.as_list() == [None, None]
    np.testing.assert_array_equal(run(tf.concat([A, B], axis), {axis: 1}), np.concatenate([A, B], 1))


def test_a_single_tensor_is_concatenated_to_itself():
    result = tf.concat([A], 0, name="one")
    assert result.op.type == "Identity"
    np.testing.assert_array_equal(run(result), A)


@pytest.mark.parametrize(
    "build, words",
    [
        (lambda: tf.concat([A, A[:, :2]], 0), r"but are 3 and 2. Shapes are \[3\] and \[2\]"),
        (lambda: tf.concat([A, A], 2), "Shape must be at least rank 3 but is rank 2"),
        (lambda: tf.concat([1.0, 2.0], 0), "Can't concatenate scalars"),
        (lambda: tf.concat([], 0), "shorter than minimum length 2"),
        (lambda: tf.stack([A, A[0]]), "Shapes must be equal rank, but are 2 and 1\n\tFrom merging shape 0"),
        (lambda: tf.stack([A, A], 3), r"axis = 3 not in \[-3, 3\)"),
        (lambda: tf.unstack(A, axis=2), r"axis = 2 not in \[-2, 2\)"),
        (lambda: tf.unstack(A, num=3), "Dimension must be 3 but is 2"),
        (lambda: tf.unstack(tf.placeholder(tf.float32)), "Cannot infer num from shape <unknown>"),
        (lambda: tf.split(A, 2, 1), "evenly divisible by 2 but is 3"),
        (lambda: tf.split(A, 2, 2), r"must be in range \[-2, 2\)"),
        (lambda: tf.split(A, [1, 1], 1), r"can't split axis of size 3 into pieces of size \[1,1\]"),
        (lambda: tf.split(A, [-1, -1], 1), "size_splits can only have one -1"),
        (lambda: tf.split(A, tf.placeholder(tf.int32, [None])), "Cannot infer num from shape"),
        (lambda: tf.split(A, tf.placeholder(tf.int32, [])), "Rank-0 tensors are not supported"),
    ],
)
def test_what_does_not_fit_is_refused_when_the_graph_is_built(build, words):
    with pytest.raises(ValueError, match=words):
        build()


@pytest.mark.parametrize("join", [lambda x, y: tf.concat([x, y], 0), lambda x, y: tf.stack([x, y])])
def test_lists_are_of_one_dtype(join):
    with pytest.raises(TypeError, match=r"have types \[float32, int32\] that don't all match"):
        join(tf.placeholder(tf.float32, [2]), tf.placeholder(tf.int32, [2]))
    assert join(tf.placeholder(tf.float64, [2]), [1, 2]).dtype == tf.float64


@pytest.mark.parametrize(
    "build, words",
    [
        (lambda: tf.concat([fed(A), fed(A[:1])], 1), "ConcatOp : Dimensions of inputs should match"),
        (lambda: tf.concat([fed(A), fed(A[0])], 0), "ConcatOp : Ranks of all input tensors should match"),
        (
            lambda: tf.concat([fed(A), fed(A)], 2),
            r"Expected concatenating dimensions in the range \[-2, 2\), but got 2",
        ),
        (lambda: tf.stack([fed(A), fed(A[0])]), "Shapes of all inputs must match"),
        (lambda: tf.unstack(fed(A), 3), r"Input shape axis 0 must equal 3, got shape \[2,3\]"),
        (lambda: tf.split(fed(A), 2, 1), "Number of ways to split should evenly divide the split dimension"),
        (lambda: tf.split(fed(A), fed([1, 1]), 1, num=2), "Determined shape must either match input shape"),
    ],
)
def test_what_does_not_fit_in_a_run_is_told_in_the_words_of_the_kernel(build, words):
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        run(build())


@pytest.mark.parametrize(
    "sizes, axis",
    [(3, 1), (1, 0), ([1, 2], 1), ([1, -1], -1), ([0, 3], 1), (tf.Dimension(2), 0), (np.array([2, 0]), 0)],
)
def test_split_and_concat_undo_each_other(sizes, axis):
    parts = tf.split(A, sizes, axis)
    expected = [2, 3][axis] // int(sizes) if np.ndim(getattr(sizes, "value", sizes)) == 0 else None
    for part in parts:
        assert expected is None or part.shape.as_list()[axis] == expected
    np.testing.assert_array_equal(run(tf.concat(parts, axis)), A)


def test_split_of_open_sizes_keeps_what_is_known():
    x = tf.placeholder(tf.float32, [4, None])
    assert [p.shape.as_list() for p in tf.split(x, [1, -1])] == [[1, None], [3, None]]
    assert [p.shape.as_list() for p in tf.split(x, 2, 1)] == [[4, None], [4, None]]
    assert [p.shape.as_list() for p in tf.split(x, 2, tf.placeholder(tf.int32, []))] == [[None, None]] * 2


def test_unstack_gives_a_list_and_stack_the_whole_again():
    rows = tf.unstack(A)
    assert [r.shape.as_list() for r in rows] == [[3], [3]]
    np.testing.assert_array_equal(run(tf.stack(tf.unstack(A, axis=1), axis=1)), A)


def test_a_list_with_a_tensor_in_it_is_packed():
    x = tf.placeholder(tf.int32, [])
    packed = tf.convert_to_tensor([[x, 1], [2, x]])
    assert packed.shape.as_list() == [2, 2]
    np.testing.assert_array_equal(run(packed, {x: 7}), [[7, 1], [2, 7]])
    assert tf.stack([1, 2]).op.type == "Const"


@pytest.mark.parametrize(
    "function",
    [
        lambda x, y: tf.concat([x, y, x], 0),
        lambda x, y: tf.concat([x, y], -1),
        lambda x, y: tf.concat([x, y] * 9, 1),
        lambda x, y: tf.stack([x, y, x], 1),
        lambda x, y: tf.concat([x, y], 0)[1:3],
        lambda x, y: tf.unstack(x, axis=1)[1] * tf.unstack(y, axis=1)[0],
        lambda x, y: tf.split(x, 3, 1)[2] * tf.split(y, [1, 2], 1)[0],
    ],
)
def test_gradients(function):
    assert gradient_error(function, A / 3, B / 5) < 1e-6


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_concat_hands_sparse_gradients_on(axis):
    x, y = tf.constant(A), tf.constant(B)
    rows = tf.gather(tf.concat([x, y], axis), [1, 0, 1])
    grads = tf.gradients(rows, [x, y])
    assert all(isinstance(g, tf.IndexedSlices) for g in grads)
    dense = tf.gradients(tf.gather(tf.identity(tf.concat([x, y], axis)) * 1.0, [1, 0, 1]), [x, y])
    for sparse, expected in zip(run([tf.convert_to_tensor(g) for g in grads]), run(dense)):
        np.testing.assert_array_equal(sparse, expected)
