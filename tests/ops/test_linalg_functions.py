"""Functions of matrices, norms, identity matrices, traces, tridiagonal matrices."""

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw
from tests.numeric_gradient import gradient_error
from tests.ops.test_linalg_systems import TOLERANCE, adjoint, random, run, well_conditioned


def exponential_series(x):
    """exp by its series, in the highest precision there is."""
    x = x.astype(np.clongdouble)
    scale = 2 ** int(np.ceil(np.log2(np.abs(x).sum() + 1)))
    total = term = np.eye(len(x), dtype=x.dtype)
    for k in range(1, 40):
        term = term @ x / scale / k
        total = total + term
    while scale > 1:
        total, scale = total @ total, scale // 2
    return total


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("scale", [0.01, 0.5, 3.0, 30.0])
def test_expm(dtype, scale):
    x = (scale * random((3, 3), dtype)).astype(dtype)
    value = run(tf.linalg.expm(tf.constant(x)))
    assert value.dtype == np.dtype(dtype)
    expected = exponential_series(x).astype("complex128")
    np.testing.assert_allclose(value, expected, rtol=0, atol=np.abs(expected).max() * TOLERANCE[dtype])


def test_expm_of_batches_and_empty_matrices():
    x = random((2, 3, 3)) * np.array([0.1, 20])[:, None, None]
    value = run(tf.linalg.expm(x))
    for each, single in zip(value, x):
        np.testing.assert_allclose(each, exponential_series(single).real, rtol=1e-11)
    assert run(tf.linalg.expm(tf.zeros([0, 2, 2]))).shape == (0, 2, 2)
    assert run(tf.linalg.expm(tf.zeros([0, 0]))).shape == (0, 0)
    np.testing.assert_array_equal(run(tf.linalg.expm(tf.zeros([2, 2]))), np.eye(2))


def test_expm_refuses():
    with pytest.raises(ValueError, match="tf.linalg.expm does not support matrices of type"):
        tf.linalg.expm(tf.constant([[1]]))
    with pytest.raises(ValueError, match="Dimensions must be equal"):
        tf.linalg.expm(tf.zeros([2, 3]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="Input matrix is not invertible."):
        run(tf.linalg.expm([[np.nan]]))


MATRICES = {
    "general": [[1.0, 2.0], [3.0, 4.0]],
    "identity": np.eye(3),
    "defective": [[1.0, 1.0, 0.0], [0.0, 1.0, 1.0], [0.0, 0.0, 1.0]],
    "nearly defective": [[1.0, 1.0], [1e-14, 1.0]],
    "rotation": [[0.6, -0.8], [0.8, 0.6]],
    "large": 1e6 * np.array([[2.0, 1.0], [0.5, 3.0]]),
    "six by six": np.random.default_rng(0).uniform(-1, 1, (6, 6)) + 3 * np.eye(6),
    "batch": np.random.default_rng(1).uniform(-1, 1, (2, 2, 3, 3)) + 2 * np.eye(3),
    "empty": np.zeros((0, 0)),
    "empty batch": np.zeros((0, 2, 2)),
}


@pytest.mark.parametrize("name", MATRICES)
@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_logm_is_the_inverse_of_expm(name, dtype):
    x = np.asarray(MATRICES[name], dtype)
    logarithm = tf.linalg.logm(tf.constant(x))
    value, back = run([logarithm, tf.linalg.expm(logarithm)])
    assert value.dtype == np.dtype(dtype)
    assert value.shape == logarithm.shape == x.shape
    np.testing.assert_allclose(back, x, rtol=0, atol=np.abs(x).max(initial=0) * TOLERANCE[dtype])


@pytest.mark.parametrize("name", [n for n in MATRICES if n != "general"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
def test_sqrtm(name, dtype):
    x = np.asarray(MATRICES[name], dtype)
    root = run(tf.linalg.sqrtm(tf.constant(x)))
    assert root.dtype == np.dtype(dtype)
    np.testing.assert_allclose(root @ root, x, rtol=0, atol=np.abs(x).max(initial=0) * TOLERANCE[dtype])


def test_matrices_without_a_root_or_logarithm():
    assert np.isnan(run(tf.matrix_square_root([[-1.0, 0.0], [0.0, -2.0]]))).all()
    assert np.isnan(run(tf.matrix_square_root(MATRICES["general"]))).all()
    assert not np.isnan(run(tf.matrix_square_root(tf.constant(MATRICES["general"], tf.complex64)))).any()
    assert np.isnan(run(tf.linalg.logm(np.zeros((2, 2), complex)))).all()
    assert np.isnan(run(tf.linalg.sqrtm([[np.nan]]))).all()


@pytest.mark.parametrize("function", [tf.linalg.expm, tf.linalg.sqrtm])
@pytest.mark.parametrize("batch", [(), (2,)])
def test_gradient_of_functions(function, batch):
    assert gradient_error(function, well_conditioned((*batch, 3, 3))) < 1e-6


@pytest.mark.parametrize(
    "arguments, expected",
    [
        ((3,), np.eye(3)),
        ((2, 3), np.eye(2, 3)),
        ((3, 2), np.eye(3, 2)),
        ((2, 3, [2, 1]), np.broadcast_to(np.eye(2, 3), (2, 1, 2, 3))),
        ((2, None, [3]), np.broadcast_to(np.eye(2), (3, 2, 2))),
        ((0,), np.zeros((0, 0))),
        ((2, 2, [0]), np.zeros((0, 2, 2))),
    ],
)
@pytest.mark.parametrize("dtype", [tf.float32, tf.int32, tf.bool, tf.complex64])
def test_eye(arguments, expected, dtype):
    if dtype == tf.bool and 0 in expected.shape[-2:]:
        expected = expected.astype(bool)
    tensor = tf.eye(*arguments, dtype=dtype)
    assert tensor.shape == expected.shape
    value = run(tensor)
    assert value.dtype == dtype.as_numpy_dtype
    np.testing.assert_array_equal(value, expected.astype(value.dtype))


def test_eye_of_sizes_from_tensors():
    rows, columns, batch = (tf.placeholder(tf.int32, s) for s in ([], [], [None]))
    feed = {rows: 2, columns: 3, batch: [2]}
    np.testing.assert_array_equal(run(tf.eye(rows, columns, batch), feed), [np.eye(2, 3)] * 2)
    np.testing.assert_array_equal(run(tf.eye(rows), feed), np.eye(2))
    np.testing.assert_array_equal(run(tf.eye(2, batch_shape=batch), feed), [np.eye(2)] * 2)
    with pytest.raises(TypeError, match="num_rows and num_columns must be positive integer values."):
        tf.eye(2.5)


def test_trace_and_adjoint():
    x = random((2, 3, 4))
    np.testing.assert_allclose(run(tf.trace(x)), np.trace(x, axis1=1, axis2=2))
    z = random((2, 3, 4), "complex64")
    np.testing.assert_array_equal(run(tf.linalg.adjoint(z)), adjoint(z))
    assert tf.trace(x, name="sum").name == "sum:0"


@pytest.mark.parametrize("order", ["euclidean", "fro", 0.5, 1, 2, 3, np.inf])
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 1), [-1, -2], (0, 2)])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "complex64"])
@pytest.mark.parametrize("known", [True, False])
def test_norm(order, axis, keepdims, dtype, known):
    x = random((3, 2, 4), dtype)
    is_matrix_norm = isinstance(axis, (tuple, list))
    tensor = tf.constant(x) if known else tf.placeholder(dtype)
    if order in ((0.5, 3) if is_matrix_norm else ("fro",)):
        with pytest.raises(ValueError, match="'ord' must be a supported (matrix|vector) norm"):
            tf.norm(tensor, order, axis)
        return
    numpy_order = {"euclidean": "fro" if is_matrix_norm else 2}.get(order, order)
    if axis is None:
        expected = np.linalg.norm(x.reshape(-1), numpy_order)
        expected = expected.reshape((1, 1, 1)) if keepdims else expected
    else:
        expected = np.linalg.norm(x, numpy_order, tuple(axis) if is_matrix_norm else axis, keepdims)
    value = run(tf.norm(tensor, order, axis, keepdims), None if known else {tensor: x})
    assert value.shape == expected.shape
    np.testing.assert_allclose(value, expected, rtol=1e-5)


@pytest.mark.parametrize("axis", [(0,), [0, 0], "a", (0, 1.5), (0, 1, 2)])
def test_axes_that_norm_refuses(axis):
    with pytest.raises(ValueError, match="'axis' must be None, an integer, or a tuple of 2 unique integers"):
        tf.norm(tf.zeros([2, 3]), axis=axis)


@pytest.mark.parametrize("order", [-1, 0, "x"])
def test_orders_that_norm_refuses(order):
    with pytest.raises(ValueError, match="'ord' must be a supported vector norm, got"):
        tf.norm(tf.zeros([2, 3]), order)


@pytest.mark.parametrize(
    "order, axis", [("euclidean", None), (1, 0), (3, 1), (2, (0, 1)), (1, (0, 1)), (np.inf, (0, 1)), ("fro", (0, 1))]
)
def test_gradient_of_norm(order, axis):
    assert gradient_error(lambda x: tf.norm(x, order, axis), random((3, 2))) < 1e-6


def test_old_name_of_keepdims():
    assert tf.norm(tf.zeros([2, 3]), keep_dims=True).shape == [1, 1]
    with pytest.raises(ValueError, match="Cannot specify both 'keep_dims' and 'keepdims'"):
        tf.norm(tf.zeros([2, 3]), keepdims=True, keep_dims=True)


def test_normalize():
    x = random((3, 2))
    value, norms = run(tf.linalg.normalize(tf.constant(x), axis=1))
    np.testing.assert_allclose(norms, np.linalg.norm(x, axis=1, keepdims=True))
    np.testing.assert_allclose(value, x / norms)


def banded(above, main, below):
    return np.diag(main) + np.diag(above[:-1], 1) + np.diag(below[1:], -1)


@pytest.mark.parametrize("size", [1, 2, 3, 6])
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("pivoting", [True, False])
def test_tridiagonal_solve(size, dtype, pivoting):
    diagonals, b = random((3, size), dtype), random((size, 2), dtype, 1)
    diagonals[1] += 2
    x = run(tf.linalg.tridiagonal_solve(tf.constant(diagonals), tf.constant(b), partial_pivoting=pivoting))
    assert x.dtype == np.dtype(dtype)
    np.testing.assert_allclose(banded(*diagonals) @ x, b, atol=TOLERANCE[dtype])


def test_rows_are_exchanged_where_needed():
    diagonals = np.array([[1.0, 2.0, 3.0, 0.0], [0.0, 0.0, 1.0, 2.0], [0.0, 4.0, 5.0, -1.0]])
    b = np.arange(4.0)
    x = run(tf.linalg.tridiagonal_solve(tf.constant(diagonals), tf.constant(b)))
    np.testing.assert_allclose(banded(*diagonals) @ x, b, atol=1e-14)


@pytest.mark.parametrize("form", ["compact", "sequence", "short sequence", "matrix"])
def test_forms_of_diagonals(form):
    diagonals, b = random((2, 3, 4)) + 2, random((2, 4, 3), seed=1)
    matrices = np.stack([banded(*d) for d in diagonals])
    above, main, below = (tf.constant(diagonals[:, i]) for i in range(3))
    given = {
        "compact": diagonals,
        "sequence": [above, main, below],
        "short sequence": [above[:, :-1], main, below[:, 1:]],
        "matrix": tf.constant(matrices),
    }[form]
    given = tf.constant(given) if form == "compact" else given
    x = run(tf.linalg.tridiagonal_solve(given, tf.constant(b), diagonals_format=form.split()[-1]))
    np.testing.assert_allclose(matrices @ x, b, atol=1e-12)
    if form != "short sequence":
        product = tf.linalg.tridiagonal_matmul(given, tf.constant(b), diagonals_format=form)
        np.testing.assert_allclose(run(product), matrices @ b, atol=1e-12)


def test_right_hand_sides_may_be_vectors_transposed_or_conjugated():
    diagonals, b = random((3, 4), "complex128") + 2, random((4, 2), "complex128", 1)
    matrix, given = banded(*diagonals), tf.constant(diagonals)
    solve = tf.linalg.tridiagonal_solve
    np.testing.assert_allclose(matrix @ run(solve(given, tf.constant(b[:, 0]))), b[:, 0])
    x = run(solve(given, tf.constant(adjoint(b)), transpose_rhs=True, conjugate_rhs=True))
    np.testing.assert_allclose(matrix @ x.T, b)
    np.testing.assert_allclose(matrix @ run(solve(given, tf.constant(b), conjugate_rhs=True)), b.conj())


@pytest.mark.parametrize("batch", [(), (2,)])
def test_gradients_of_tridiagonal_ops(batch):
    diagonals, b = random((*batch, 3, 4)), random((*batch, 4, 2), seed=1)
    diagonals[..., 1, :] += 3
    assert gradient_error(tf.linalg.tridiagonal_solve, diagonals, b) < 1e-6
    assert gradient_error(tf.linalg.tridiagonal_matmul, diagonals, b) < 1e-6


@pytest.mark.parametrize(
    "diagonals, pivoting, words",
    [
        ([[0.0], [0.0], [0.0]], True, "The matrix is not invertible: it is a scalar with value zero."),
        ([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]], True, "The matrix is not invertible."),
        ([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]], False, "The matrix is either not invertible, or requires pivoting. Try"),
    ],
)
def test_tridiagonal_matrices_that_are_not_invertible(diagonals, pivoting, words):
    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        run(raw.TridiagonalSolve(diagonals, tf.ones([len(diagonals[0]), 1]), partial_pivoting=pivoting))
    assert words in str(error.value)


@pytest.mark.parametrize(
    "diagonals, rhs, words",
    [
        ([4], [4], "Expected diagonals to have rank at least 2, got 1"),
        ([3, 4], [2, 2, 4, 1], "Expected the rank of rhs to be 1 or 2, got 4"),
        ([2, 4], [4], "Expected 3 diagonals got 2"),
        ([2, 3, 4], [3, 4], r"Batch shapes \(2,\) and \(3,\) are incompatible"),
        ([3, 4], [5], "Expected number of left-hand sided and right-hand sides to be equal, got 4 and 5"),
    ],
)
def test_shapes_that_tridiagonal_solve_refuses(diagonals, rhs, words):
    with pytest.raises(ValueError, match=words):
        tf.linalg.tridiagonal_solve(tf.zeros(diagonals), tf.zeros(rhs))
