"""tf.tensordot, beside numpy's."""

import numpy as np
import pytest

import pyflow as tf
from tests.numeric_gradient import gradient_error

CASES = [
    ((2, 3), (3, 4), 1),
    ((2, 3), (3, 4), 0),
    ((2, 3, 4), (3, 4, 5), 2),
    ((2, 3, 4), (4, 2), [[2], [0]]),
    ((2, 3, 4), (4, 2), [[2, 0], [0, 1]]),
    ((2, 3, 4), (4, 2), [[-1, -3], [0, 1]]),
    ((2, 3), (2, 3), [(0, 1), (0, 1)]),
    ((3,), (3, 4), [0, 0]),
    ((2, 0), (0, 4), 1),
]
IDS = [f"{a}-{b}-{axes}" for a, b, axes in CASES]


def values(shape, seed):
    return np.random.default_rng(seed).integers(-4, 5, shape).astype(np.float64)


@pytest.mark.parametrize("a, b, axes", CASES, ids=IDS)
@pytest.mark.parametrize("known", ["all", "rank", "nothing"])
def test_values_are_those_of_numpy(a, b, axes, known):
    x, y = values(a, 0), values(b, 1)
    static = {"all": lambda s: s, "rank": lambda s: [None] * len(s), "nothing": lambda s: None}[known]
    p, q = tf.placeholder(tf.float64, static(a)), tf.placeholder(tf.float64, static(b))
    product = tf.tensordot(p, q, axes)
    expected = np.tensordot(x, y, axes)
    assert product.shape.is_compatible_with(expected.shape)
    assert (product.shape.ndims is None) == (known == "nothing")
    with tf.Session() as sess:
        np.testing.assert_array_equal(sess.run(product, {p: x, q: y}), expected)


def test_axes_may_be_a_tensor():
    x, y = values((2, 3, 4), 0), values((4, 2), 1)
    axes = tf.placeholder(tf.int32, [2, 2])
    with tf.Session() as sess:
        value = sess.run(tf.tensordot(tf.constant(x), tf.constant(y), axes), {axes: [[2, 0], [0, 1]]})
    np.testing.assert_array_equal(value, np.tensordot(x, y, [[2, 0], [0, 1]]))


def test_static_shape_keeps_what_is_known():
    product = tf.tensordot(tf.placeholder(tf.float32, [None, 3, 5]), tf.zeros([5, 7]), 1)
    assert product.shape.as_list() == [None, 3, 7]


@pytest.mark.parametrize("axes", [1, [[1], [0]], [[0, 1], [1, 0]]])
def test_gradient(axes):
    assert gradient_error(lambda a, b: tf.tensordot(a, b, axes), values((3, 3), 0), values((3, 3), 1)) < 1e-6


@pytest.mark.parametrize(
    "axes, error, words",
    [
        (-1, ValueError, "'axes' must be at least 0."),
        (3, ValueError, "'axes' must not be larger than the number of dimensions of tensor"),
        ([[0]], ValueError, "'axes' must be an integer or have length 2."),
        ([[0], [0, 1]], ValueError, "Different number of contraction axes 'a' and 'b', 1 != 2."),
        ([[1], [1]], ValueError, "Dimensions must be equal, but are 3 and 2"),
        ([[2], [0]], IndexError, "index out of range"),
    ],
)
def test_axes_that_make_no_sense(axes, error, words):
    with pytest.raises(error, match=words):
        tf.tensordot(tf.zeros([2, 3]), tf.zeros([3, 2]), axes)


def test_node_names():
    product = tf.tensordot(tf.placeholder(tf.float32, [2, 3]), tf.placeholder(tf.float32, [3, 2]), 1)
    assert product.name == "Tensordot:0"
    assert [op.name for op in product.graph.get_operations()][2:] == [
        "Tensordot/transpose/perm",
        "Tensordot/transpose",
        "Tensordot/Reshape/shape",
        "Tensordot/Reshape",
        "Tensordot/transpose_1/perm",
        "Tensordot/transpose_1",
        "Tensordot/Reshape_1/shape",
        "Tensordot/Reshape_1",
        "Tensordot/MatMul",
        "Tensordot/shape",
        "Tensordot",
    ]
