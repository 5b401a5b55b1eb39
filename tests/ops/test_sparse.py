"""Ops and functions of sparse tensors: what TensorFlow 1.15.5 gives, and what it crashes on or gets wrong."""

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw
from tests.golden_cases import Golden

GOLDEN = Golden("sparse_cases", "sparse.json")
INDICES, SHAPE = np.array([[0, 1], [2, 0]], np.int64), np.array([3, 2], np.int64)  # of 32 bits by default in a browser


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def run(tensor, feed=None):
    with tf.Session() as sess:
        return sess.run(tensor, feed)


def random_sparse(rng, shape, density=0.3):
    """(a sparse tensor, the dense array that it stands for)."""
    dense = rng.standard_normal(shape) * (rng.random(shape) < density)
    return tf.sparse.from_dense(dense), dense


@pytest.mark.parametrize("name", GOLDEN.cases)
def test_case_gives_what_tensorflow_gives(name):
    GOLDEN.check(name)


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: raw.SparseSlice(INDICES, [1.0, 2.0], SHAPE, [0, 0], [-1, 1]), "has no size"),
        (lambda: raw.SparseSlice(INDICES, [1.0, 2.0], SHAPE, [5, 0], [2, 2]), "has no size"),
        (lambda: raw.SparseSplit(np.array([0, 1]), INDICES, [1.0, 2.0], SHAPE, 2), "split_dim must be a scalar"),
        (lambda: raw.SparseReduceSum(np.array([[7, 0]]), [1.0], SHAPE, [1]), r"indices\[0\] = \[7\] is out of bounds"),
        (lambda: raw.SparseFillEmptyRows(*fed(INDICES, [1.0, 2.0, 3.0], SHAPE, 9.0)), "must match|must be equal"),
        (lambda: raw.SparseReshape(np.array([[1, 1]]), np.array([3, 2, 1]), np.array([2, 3])), "rank must match"),
    ],
)
def test_errors_where_tensorflow_crashes_or_reads_beyond_its_arrays(make, words):
    with pytest.raises((tf.errors.InvalidArgumentError, ValueError), match=words):
        run(make())


def fed(*values):
    return [tf.placeholder_with_default(value, None) for value in values]


def test_adjoint_of_a_complex_matrix_is_conjugated():
    # TensorFlow 1.15 forgets to.
    sparse = tf.SparseTensor(INDICES, np.array([1 + 2j, 3j], np.complex64), SHAPE)
    product = run(tf.sparse.matmul(sparse, np.full([3, 1], 1j, np.complex64), adjoint_a=True))
    assert product.tolist() == [[3], [2 + 1j]]


@pytest.mark.parametrize("function", ["square", "negative", "sqrt", "abs", "sign", "tanh", "erf"])
def test_function_of_the_values(function):
    sparse = tf.SparseTensor(INDICES, [1.0, 4.0], SHAPE)
    result = getattr(tf, function)(sparse)
    indices, values, shape = run([result.indices, result.values, result.dense_shape])
    assert indices.tolist() == INDICES.tolist() and shape.tolist() == [3, 2]
    np.testing.assert_array_equal(values, run(getattr(tf, function)([1.0, 4.0])))


def test_there_and_back(rng):
    sparse, dense = random_sparse(rng, [4, 3, 5])
    np.testing.assert_array_equal(run(tf.sparse.to_dense(sparse)), dense)


def test_functions_agree_with_those_of_dense_tensors(rng):
    sparse, dense = random_sparse(rng, [4, 3, 5])
    to_dense = tf.sparse.to_dense
    pairs = [
        (to_dense(tf.sparse.transpose(sparse, [2, 0, 1])), dense.transpose(2, 0, 1)),
        (to_dense(tf.sparse.reshape(sparse, [6, -1])), dense.reshape(6, 10)),
        (to_dense(tf.sparse.slice(sparse, [1, 0, 2], [2, 3, 9])), dense[1:3, :, 2:]),
        (to_dense(tf.sparse.concat(-1, [sparse, sparse])), np.concatenate([dense, dense], -1)),
        (to_dense(tf.sparse.split(sp_input=sparse, num_split=2, axis=2)[1]), dense[:, :, 3:]),
        (to_dense(tf.sparse.expand_dims(sparse, 1)), dense[:, None]),
        (to_dense(tf.sparse.expand_dims(sparse)), dense[..., None]),
        (tf.sparse.reduce_sum(sparse, [0, -1]), dense.sum((0, 2))),
        (to_dense(tf.sparse.reduce_sum_sparse(sparse, 1)), dense.sum(1)),
        (to_dense(sparse * dense[0]), dense * dense[0]),
    ]
    for result, expected in zip(run([tensor for tensor, _ in pairs]), [expected for _, expected in pairs]):
        np.testing.assert_allclose(result, expected, rtol=1e-12)


def test_product_and_sums_of_matrices(rng):
    (a, dense_a), (b, dense_b) = (random_sparse(rng, [40, 30]) for _ in range(2))
    right = rng.standard_normal([30, 7])
    to_dense = tf.sparse.to_dense
    results = run(
        [
            tf.sparse.matmul(a, right),
            tf.sparse.matmul(a, dense_b, adjoint_a=True),
            tf.sparse.matmul(a, dense_b, adjoint_b=True),
            to_dense(tf.sparse.add(a, b)),
            to_dense(tf.sparse.maximum(a, b)),
            to_dense(tf.sparse.minimum(a, b)),
        ]
    )
    expected = [
        dense_a @ right,
        dense_a.T @ dense_b,
        dense_a @ dense_b.T,
        dense_a + dense_b,
        np.maximum(dense_a, dense_b),
        np.minimum(dense_a, dense_b),
    ]
    for result, wanted in zip(results, expected):
        np.testing.assert_allclose(result, wanted, rtol=1e-12, atol=1e-12)


def test_product_in_parts_is_the_same(rng, monkeypatch):
    a, dense = random_sparse(rng, [20, 30])
    right = rng.standard_normal([30, 8])
    monkeypatch.setattr("pyflow.ops.sparse_matmul._CHUNK", 50)
    np.testing.assert_allclose(run(tf.sparse.matmul(a, right)), dense @ right, rtol=1e-12, atol=1e-12)


def test_softmax_is_that_of_the_elements_there():
    sparse = tf.SparseTensor([[0, 0], [0, 2], [1, 1]], [1.0, 2.0, 3.0], [2, 3])
    first = np.exp([1.0, 2.0]) / np.exp([1.0, 2.0]).sum()
    np.testing.assert_allclose(run(tf.sparse.softmax(sparse).values), [*first, 1.0], rtol=1e-6)


def test_shape_that_turns_out_too_small():
    sparse = tf.sparse_placeholder(tf.float32)
    reset = tf.sparse.reset_shape(sparse, [2, 2])
    value = tf.SparseTensorValue(INDICES, [1.0, 2.0], SHAPE)
    with pytest.raises(tf.errors.InvalidArgumentError, match="assertion failed"):
        run(reset, {sparse: value})


def test_gradient_of_an_extremum_says_that_there_is_none():
    values = tf.constant([1.0, 2.0])
    sparse = tf.SparseTensor(INDICES, values, SHAPE)
    with pytest.raises(NotImplementedError, match="Gradient for SparseSparseMaximum"):
        tf.gradients(tf.sparse.maximum(sparse, sparse).values, values)


def test_a_cross_refuses_what_has_other_rows():
    sparse = tf.SparseTensor(INDICES, [1.0, 2.0], SHAPE)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Expected batch size 3 got 2 at dense tensor 0"):
        run(tf.sparse.cross([sparse, tf.constant([["a"], ["b"]])]).values)
