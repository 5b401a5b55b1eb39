"""Sums of sparse and dense tensors."""

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw


def run(tensor, feed=None):
    with tf.Session() as sess:
        return sess.run(tensor, feed)


def test_coordinates_that_occur_twice_add_up():
    total = raw.SparseTensorDenseAdd(np.array([[1], [1]]), [2.0, 3.0], np.array([2]), [10.0, 20.0])
    assert total.shape == [2]
    assert run(total).tolist() == [10.0, 25.0]


@pytest.mark.parametrize(
    "indices, shape, dense, words",
    [
        ([[0, 1]], [3, 2], np.ones([2, 2]), "Dimension 0 does not equal .* sparse side 3 vs dense side 2"),
        ([[3, 0]], [3, 2], np.ones([3, 2]), r"some invalid index on dimension 0; dense tensor shape: \[3,2\]"),
        ([[0, 1]], [3, 2], np.ones([2]), "Two operands have different ranks; received: 2 and 1"),
    ],
)
def test_errors_of_sums(indices, shape, dense, words):
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        run(raw.SparseTensorDenseAdd(np.array(indices), [1.0], np.array(shape), dense.astype(np.float32)))


def test_a_dense_tensor_is_broadcast_to_the_sparse_one():
    indices, shape = np.array([[0, 1], [2, 0]]), np.array([3, 2])
    assert run(raw.SparseDenseCwiseAdd(indices, [1.0, 2.0], shape, [10.0, 20.0])).tolist() == [21.0, 12.0]
    with pytest.raises(tf.errors.InvalidArgumentError, match="Provided indices are out-of-bounds"):
        run(raw.SparseDenseCwiseMul(np.array([[3, 0]]), [1.0], shape, 2.0))


def test_the_gradient_of_a_broadcast_side_is_summed():
    values, dense = tf.constant([2.0, 4.0, 6.0]), tf.constant([10.0, 20.0])
    product = tf.SparseTensor([[0, 1], [2, 0], [2, 1]], values, [3, 2]) * dense
    gv, gd = run(tf.gradients(product.values, [values, dense]))
    assert gv.tolist() == [20.0, 10.0, 20.0] and gd.tolist() == [4.0, 8.0]
