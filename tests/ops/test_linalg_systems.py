"""Inverses, determinants, Cholesky factors, systems of equations and least squares."""

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw
from tests.numeric_gradient import gradient_error

DTYPES = ["float16", "float32", "float64", "complex64", "complex128"]
TOLERANCE = {"float16": 2e-2, "float32": 1e-4, "float64": 1e-11, "complex64": 1e-4, "complex128": 1e-11}
BATCHES = [(), (3,), (2, 2), (0,)]
SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])


def run(tensor, feed=None):
    with tf.Session() as sess:
        return sess.run(tensor, feed)


def random(shape, dtype="float64", seed=0):
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, shape)
    return (x + 1j * rng.uniform(-1, 1, shape) if np.dtype(dtype).kind == "c" else x).astype(dtype)


def well_conditioned(shape, dtype="float64", seed=0):
    return random(shape, dtype, seed) + 2 * np.eye(shape[-1], dtype=dtype)


def positive_definite(shape, dtype="float64", seed=0):
    x = well_conditioned(shape, dtype, seed)
    return x @ adjoint(x)


def adjoint(x):
    return np.conj(np.swapaxes(x, -1, -2))


def doubled(x):
    """The array in double precision."""
    return x.astype(np.result_type(x, np.float64))


def assert_close(value, expected, dtype):
    assert value.dtype == np.dtype(dtype)
    assert value.shape == expected.shape
    np.testing.assert_allclose(value, expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


every_dtype_and_batch = pytest.mark.parametrize(
    "dtype, batch", [(d, ()) for d in DTYPES] + [("float64", b) for b in BATCHES[1:]]
)


@every_dtype_and_batch
def test_inverse(dtype, batch):
    x = well_conditioned((*batch, 3, 3), dtype)
    expected = np.linalg.inv(doubled(x))
    assert_close(run(tf.linalg.inv(tf.constant(x))), expected, dtype)
    assert_close(run(tf.matrix_inverse(tf.constant(x), adjoint=True)), adjoint(expected), dtype)


@every_dtype_and_batch
def test_determinants(dtype, batch):
    x = well_conditioned((*batch, 3, 3), dtype)
    expected = np.linalg.det(doubled(x))
    value, (sign, logarithm) = run([tf.linalg.det(tf.constant(x)), tf.linalg.slogdet(tf.constant(x))])
    assert_close(np.asarray(value), expected, dtype)
    assert_close(np.asarray(sign * np.exp(logarithm)), expected, dtype)
    np.testing.assert_allclose(np.abs(sign), 1, rtol=TOLERANCE[dtype])


def test_determinant_of_singular_and_empty_matrices():
    assert run(tf.linalg.det(SINGULAR)) == 0
    sign, logarithm = run(tf.linalg.slogdet(SINGULAR))
    assert (sign, logarithm) == (0, -np.inf)
    assert run(tf.linalg.det(tf.zeros([0, 0]))) == 1


@every_dtype_and_batch
def test_cholesky(dtype, batch):
    x = positive_definite((*batch, 3, 3), dtype)
    lower = run(tf.linalg.cholesky(tf.constant(x)))
    assert_close(lower, np.tril(lower), dtype)
    np.testing.assert_allclose(lower @ adjoint(lower), x, rtol=0, atol=20 * TOLERANCE[dtype])


def test_cholesky_looks_at_the_lower_triangle_only():
    x = positive_definite((3, 3))
    np.testing.assert_array_equal(*run([tf.cholesky(x), tf.cholesky(np.tril(x))]))


def test_cholesky_of_nan_is_nan():
    x = np.stack([np.eye(2), np.full((2, 2), np.nan)])
    value = run(tf.cholesky(x))
    np.testing.assert_array_equal(value[0], np.eye(2))
    np.testing.assert_array_equal(value[1], [[np.nan, 0], [np.nan, np.nan]])


@every_dtype_and_batch
@pytest.mark.parametrize("adjoint_", [False, True])
def test_solve(dtype, batch, adjoint_):
    a, b = well_conditioned((*batch, 3, 3), dtype), random((*batch, 3, 2), dtype, 1)
    x = run(tf.linalg.solve(tf.constant(a), tf.constant(b), adjoint=adjoint_))
    assert_close((adjoint(a) if adjoint_ else a) @ x, b, dtype)


@every_dtype_and_batch
@pytest.mark.parametrize("adjoint_", [False, True])
@pytest.mark.parametrize("lower", [False, True])
def test_triangular_solve(dtype, batch, adjoint_, lower):
    a, b = well_conditioned((*batch, 3, 3), dtype), random((*batch, 3, 2), dtype, 1)
    x = run(tf.linalg.triangular_solve(tf.constant(a), tf.constant(b), lower=lower, adjoint=adjoint_))
    triangle = np.tril(a) if lower else np.triu(a)
    assert_close((adjoint(triangle) if adjoint_ else triangle) @ x, b, dtype)


@pytest.mark.parametrize("lower", [False, True])
def test_large_triangular_systems_are_solved_exactly(lower):
    size = 300
    a, b = random((size, size)) / size + np.eye(size), random((size, 2), seed=1)
    x = run(tf.linalg.triangular_solve(a, b, lower=lower))
    np.testing.assert_allclose((np.tril(a) if lower else np.triu(a)) @ x, b, atol=1e-13)


@pytest.mark.parametrize("batch", BATCHES)
def test_cholesky_solve(batch):
    a, b = positive_definite((*batch, 3, 3)), random((*batch, 3, 2), seed=1)
    x = run(tf.cholesky_solve(tf.cholesky(a), tf.constant(b)))
    np.testing.assert_allclose(a @ x, b, atol=1e-11)


def test_logdet():
    x = positive_definite((2, 3, 3))
    np.testing.assert_allclose(run(tf.linalg.logdet(x)), np.linalg.slogdet(x)[1])


@pytest.mark.parametrize("shape", [(4, 3), (3, 3), (3, 4), (2, 5, 3), (2, 3, 5)])
@pytest.mark.parametrize("regularizer", [0.0, 0.5])
@pytest.mark.parametrize("by", ["composite", "op"])
def test_least_squares(shape, regularizer, by):
    a, b = random(shape), random((*shape[:-1], 2), seed=1)
    solve = tf.matrix_solve_ls if by == "composite" else raw.MatrixSolveLs
    x = run(solve(tf.constant(a), tf.constant(b), regularizer))
    if regularizer:
        gramian = adjoint(a) @ a + regularizer * np.eye(shape[-1])
        np.testing.assert_allclose(gramian @ x, adjoint(a) @ b, atol=1e-11)
    else:
        np.testing.assert_allclose(x, np.linalg.pinv(a) @ b, atol=1e-10)


@pytest.mark.parametrize("dtype", DTYPES)
def test_least_squares_of_deficient_rank(dtype):
    a, b = SINGULAR.astype(dtype), np.array([[1.0], [0.0]], dtype)
    x = run(tf.linalg.lstsq(tf.constant(a), tf.constant(b), fast=False))
    assert_close(x, np.linalg.pinv(SINGULAR) @ doubled(b), dtype)


def test_least_squares_of_many_small_matrices_is_one_op():
    a = tf.zeros([8000, 4, 3])
    assert tf.matrix_solve_ls(a, tf.zeros([8000, 4, 1])).op.type == "MatrixSolveLs"


@pytest.mark.parametrize(
    "function",
    [
        tf.linalg.inv,
        lambda x: tf.linalg.inv(x, adjoint=True),
        tf.linalg.det,
        lambda x: tf.linalg.slogdet(x)[1],
        lambda x: tf.cholesky(tf.matmul(x, x, transpose_b=True)),
        lambda x: tf.linalg.logdet(tf.matmul(x, x, transpose_b=True)),
    ],
    ids=["inv", "inv-adjoint", "det", "slogdet", "cholesky", "logdet"],
)
@pytest.mark.parametrize("batch", [(), (2,)])
def test_gradient_of_one_matrix(function, batch):
    assert gradient_error(function, well_conditioned((*batch, 3, 3))) < 1e-6


@pytest.mark.parametrize(
    "function",
    [
        tf.linalg.solve,
        lambda a, b: tf.linalg.solve(a, b, adjoint=True),
        tf.linalg.triangular_solve,
        lambda a, b: tf.linalg.triangular_solve(a, b, adjoint=True),
        lambda a, b: tf.linalg.triangular_solve(a, b, lower=False),
        lambda a, b: tf.cholesky_solve(tf.cholesky(tf.matmul(a, a, transpose_b=True)), b),
        tf.linalg.lstsq,
        lambda a, b: tf.linalg.lstsq(a[..., :2, :], b[..., :2, :]),
        lambda a, b: raw.MatrixSolveLs(a[..., :2], b, 0.3),
        lambda a, b: raw.MatrixSolveLs(a[..., :2, :], b[..., :2, :], 0.3),
    ],
    ids=[
        "solve", "solve-adjoint", "triangular", "triangular-adjoint", "upper", "cholesky", "lstsq", "lstsq-wide",
        "op-tall", "op-wide",
    ],
)  # fmt: skip
@pytest.mark.parametrize("batch", [(), (2,)])
def test_gradient_of_a_system(function, batch):
    assert gradient_error(function, well_conditioned((*batch, 3, 3)), random((*batch, 3, 2), seed=1)) < 1e-6


def test_cholesky_grad_gives_half_of_both_triangles():
    gradient = run(raw.CholeskyGrad([[2.0, 0.0], [0.5, 1.5]], [[1.0, 7.0], [2.0, 3.0]]))
    np.testing.assert_allclose(gradient, [[0.1875, 0.25], [0.25, 1.0]])


def feed(function, *arrays):
    """What the function gives for arrays whose shapes become known in the run only."""
    inputs = [tf.placeholder(a.dtype) for a in map(np.asarray, arrays)]
    return run(function(*inputs), dict(zip(inputs, arrays)))


@pytest.mark.parametrize(
    "function, matrix, words",
    [
        (tf.linalg.inv, SINGULAR, "Input is not invertible."),
        (tf.linalg.inv, np.full((2, 2), np.nan), "Input is not invertible."),
        (tf.linalg.inv, np.zeros((2, 3)), "Input matrix must be square."),
        (tf.linalg.inv, np.zeros(2), "Input tensor 0 must have rank >= 2, got 1"),
        (tf.linalg.det, np.zeros((2, 3)), "Input matrix must be square."),
        (tf.cholesky, np.zeros((2, 3)), "Input matrix must be square."),
        (tf.cholesky, -np.eye(2), "Cholesky decomposition was not successful. The input might not be valid."),
        (tf.linalg.logdet, -np.eye(2), "Cholesky decomposition was not successful. The input might not be valid."),
    ],
)
def test_matrices_that_are_refused(function, matrix, words):
    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        feed(function, matrix)
    assert words in str(error.value)


ILL = "Input matrix was rank deficient or ill-conditioned. Try setting fast=False or provide"


@pytest.mark.parametrize(
    "function, a, b, words",
    [
        (tf.linalg.solve, SINGULAR, np.ones((2, 1)), "Input matrix is not invertible."),
        (tf.linalg.solve, np.zeros((2, 3)), np.ones((2, 1)), "First input (lhs) must be a square matrix."),
        (tf.linalg.solve, np.eye(2), np.ones((3, 1)), "Input matrix and rhs are incompatible."),
        (tf.linalg.solve, np.eye(2), np.ones(2), "All input tensors must have the same rank."),
        (
            tf.linalg.solve,
            np.zeros((2, 2, 2)),
            np.ones((3, 2, 1)),
            "All input tensors must have the same outer dimensions.",
        ),
        (tf.linalg.triangular_solve, np.diag([1.0, 0.0]), np.ones((2, 1)), "Input matrix is not invertible."),
        (raw.MatrixSolveLs, np.zeros((3, 2)), np.ones((3, 1)), f"{ILL} a larger l2_regularizer > 0."),
        (raw.MatrixSolveLs, np.zeros((2, 3)), np.ones((2, 1)), f"{ILL} an l2_regularizer > 0."),
    ],
)
def test_systems_that_are_refused(function, a, b, words):
    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        feed(lambda a, b: function(a, b, 0.0) if function is raw.MatrixSolveLs else function(a, b), a, b)
    assert words in str(error.value)


@pytest.mark.parametrize("function", [tf.linalg.inv, tf.linalg.det, tf.linalg.slogdet, tf.cholesky, tf.linalg.logdet])
def test_static_shapes_that_are_refused(function):
    with pytest.raises(ValueError, match="Dimensions must be equal, but are "):
        function(tf.zeros([2, 3]))
    with pytest.raises(ValueError, match="Shape must be at least rank 2 but is rank 1"):
        function(tf.zeros([2]))


def test_static_shapes():
    x = tf.placeholder(tf.float32, [5, None, 3])
    assert tf.linalg.inv(x).shape.as_list() == [5, 3, 3]
    assert tf.linalg.det(x).shape.as_list() == [5]
    unknown = tf.placeholder(tf.float32)
    assert tf.linalg.solve(unknown, tf.zeros([4, 2, 1])).shape.as_list() == [4, 2, 1]
    assert tf.linalg.lstsq(unknown, tf.zeros([4, 2, 1]), fast=False).shape.as_list() == [4, None, 1]


def test_regularized_least_squares_of_complex128_are_refused():
    with pytest.raises(NotImplementedError, match="matrix_solve_ls is currently disabled for complex128"):
        tf.linalg.lstsq(tf.zeros([2, 2], tf.complex128), tf.zeros([2, 1], tf.complex128), l2_regularizer=1.0)


def test_gradient_of_orthogonal_least_squares_is_refused():
    a = tf.zeros([2, 2])
    with pytest.raises(ValueError, match="Gradient not defined for fast=False"):
        tf.gradients(tf.linalg.lstsq(a, tf.zeros([2, 1]), fast=False), [a])


def test_least_squares_of_matrices_whose_sides_are_known_in_the_run():
    a, b = tf.placeholder(tf.float64), tf.placeholder(tf.float64)
    x = tf.linalg.lstsq(a, b, l2_regularizer=0.1)
    tall, right = random((5, 3)), np.ones((5, 1))
    expected = np.linalg.solve(tall.T @ tall + 0.1 * np.eye(3), tall.T @ right)
    with tf.Session() as session:
        np.testing.assert_allclose(session.run(x, {a: tall, b: right}), expected, rtol=1e-10)
    with pytest.raises(NotImplementedError, match="gradient of MatrixSolveLs"):
        tf.gradients(x, a)
