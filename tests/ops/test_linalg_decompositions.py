"""QR, LU, eigenvalues, singular values, and what is made of them."""

import numpy as np
import pytest

import pyflow as tf
from pyflow.core.registry import raw
from tests.numeric_gradient import gradient_error
from tests.ops.test_linalg_systems import TOLERANCE, adjoint, random, run

DTYPES = ["float16", "float32", "float64", "complex64", "complex128"]
SHAPES = [(3, 3), (4, 2), (2, 4), (2, 3, 3), (2, 4, 2), (0, 2, 2), (3, 1)]
every_dtype_and_shape = pytest.mark.parametrize(
    "dtype, shape", [(d, (4, 3)) for d in DTYPES] + [("float64", s) for s in SHAPES]
)


def assert_near(x, y, dtype):
    np.testing.assert_allclose(x, y, rtol=0, atol=10 * TOLERANCE[dtype])


def identities(batch, size):
    return np.broadcast_to(np.eye(size), (*batch, size, size))


@every_dtype_and_shape
@pytest.mark.parametrize("full_matrices", [False, True])
def test_qr(dtype, shape, full_matrices):
    x = random(shape, dtype)
    tensors = tf.linalg.qr(tf.constant(x), full_matrices=full_matrices)
    q, r = run(tensors)
    assert (q.dtype, r.dtype) == (np.dtype(dtype),) * 2
    assert [t.shape for t in tensors] == [q.shape, r.shape]
    inner = shape[-2] if full_matrices else min(shape[-2:])
    assert q.shape == (*shape[:-1], inner)
    assert_near(q @ r, x, dtype)
    assert_near(adjoint(q) @ q, identities(shape[:-2], inner), dtype)
    np.testing.assert_array_equal(r, np.triu(r))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 1), (4, 4), (3, 4, 4), (2, 2, 3, 3), (0, 2, 2), (0, 0)])
@pytest.mark.parametrize("index_type", [tf.int32, tf.int64])
def test_lu(dtype, shape, index_type):
    x = random(shape, dtype)
    lu, p = run(tf.linalg.lu(tf.constant(x), output_idx_type=index_type))
    assert (lu.dtype, p.dtype) == (np.dtype(dtype), index_type.as_numpy_dtype)
    lower = np.tril(lu, -1) + np.eye(shape[-1], dtype=dtype)
    assert np.abs(np.tril(lu, -1)).max(initial=0) <= 1 + 1e-3
    assert_near(lower @ np.triu(lu), np.take_along_axis(x, p[..., None].astype(int), -2), dtype)


def test_lu_of_singular_matrices_is_refused():
    with pytest.raises(tf.errors.InvalidArgumentError, match="Input is not invertible."):
        run(tf.linalg.lu([[1.0, 2.0], [2.0, 4.0]]))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("batch", [(), (3,), (0,)])
def test_eigenvalues(dtype, batch):
    x = random((*batch, 3, 3), dtype)
    self_adjoint = x + adjoint(x)
    e, v = run(tf.linalg.eigh(tf.constant(np.tril(self_adjoint))))
    assert (e.dtype, v.dtype) == (np.dtype(dtype),) * 2
    assert_near(v * e[..., None, :] @ adjoint(v), self_adjoint, dtype)
    assert_near(adjoint(v) @ v, identities(batch, 3), dtype)
    assert (np.diff(e.real) >= 0).all()
    assert_near(run(tf.self_adjoint_eigvals(tf.constant(self_adjoint))), e, dtype)


def test_eigenvalues_of_nan_are_refused():
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="Self-adjoint eigen decomposition was not successful. The input"
    ):
        run(tf.self_adjoint_eig(np.full((2, 2), np.nan)))


@every_dtype_and_shape
@pytest.mark.parametrize("full_matrices", [False, True])
def test_svd(dtype, shape, full_matrices):
    x = random(shape, dtype)
    tensors = tf.svd(tf.constant(x), full_matrices=full_matrices)
    s, u, v = run(tensors)
    assert [t.shape for t in tensors] == [s.shape, u.shape, v.shape]
    assert s.dtype == x.real.dtype
    count = min(shape[-2:])
    assert u.shape[-1] == (shape[-2] if full_matrices else count)
    assert v.shape[-1] == (shape[-1] if full_matrices else count)
    assert_near(u[..., :count] * s[..., None, :] @ adjoint(v[..., :count]), x, dtype)
    assert_near(adjoint(v) @ v, identities(shape[:-2], v.shape[-1]), dtype)
    assert (np.diff(s) <= 0).all() and (s >= 0).all()
    assert_near(run(tf.svd(tf.constant(x), compute_uv=False)), s, dtype)


def test_svd_of_nan_is_nan():
    s = run(tf.svd(np.stack([np.full((2, 2), np.nan), np.eye(2)]), compute_uv=False))
    np.testing.assert_array_equal(s, [[np.nan, np.nan], [1, 1]])


def test_vectors_that_are_not_asked_for_are_empty():
    x = tf.zeros([5, 4, 4])
    assert raw.Svd(x, compute_uv=False).u.shape == [0]
    assert raw.SelfAdjointEigV2(x, compute_v=False).v.shape == [0]


def signs_settled(vectors):
    """Eigenvectors with a positive sum, so that they are a smooth function of the matrix."""
    return vectors * tf.sign(tf.reduce_sum(tf.stop_gradient(vectors), axis=-2, keepdims=True))


@pytest.mark.parametrize("batch", [(), (2,)])
@pytest.mark.parametrize(
    "function",
    [
        lambda x: tf.linalg.qr(x)[0],
        lambda x: tf.linalg.qr(x)[1],
        lambda x: tf.linalg.eigvalsh(x + tf.linalg.adjoint(x)),
        lambda x: tf.linalg.eigh(x + tf.linalg.adjoint(x))[0],
        lambda x: signs_settled(tf.linalg.eigh(x + tf.linalg.adjoint(x))[1]),
        lambda x: tf.svd(x, compute_uv=False),
        lambda x: tf.svd(x)[0],
        lambda x: tf.matmul(tf.square(tf.svd(x)[1]), tf.square(tf.svd(x)[2]), transpose_b=True),
        tf.linalg.pinv,
    ],
    ids=["q", "r", "eigvalsh", "e", "v", "singular values", "s", "u and v", "pinv"],
)
def test_gradient(function, batch):
    assert gradient_error(function, random((*batch, 3, 3), seed=3)) < 1e-5


@pytest.mark.parametrize("shape", [(4, 2), (2, 4), (2, 3)])
@pytest.mark.parametrize("full_matrices", [False, True])
def test_gradient_of_svd_of_other_shapes(shape, full_matrices):
    def function(x):
        s, u, v = tf.svd(x, full_matrices=full_matrices)
        return tf.concat([tf.reshape(t, [-1]) for t in (s, tf.square(u[:, :2]), tf.square(v[:, :2]))], 0)

    if full_matrices and abs(shape[0] - shape[1]) > 1:
        with pytest.raises(NotImplementedError, match=r"svd gradient is not implemented for abs\(m - n\) > 1"):
            gradient_error(function, random(shape))
    else:
        assert gradient_error(function, random(shape)) < 1e-5


def test_gradient_of_tall_qr():
    assert gradient_error(lambda x: tf.linalg.qr(x)[0], random((4, 2))) < 1e-6
    assert gradient_error(lambda x: tf.linalg.qr(x)[1], random((4, 2))) < 1e-6


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: tf.linalg.qr(tf.zeros([2, 2], tf.complex64)).q, "QrGrad not implemented for dtype"),
        (lambda: tf.linalg.qr(tf.placeholder(tf.float32)).q, "QrGrad not implemented with dynamic shapes."),
        (lambda: tf.linalg.qr(tf.zeros([2, 3])).q, "QrGrad not implemented when ncols > nrows"),
        (
            lambda: tf.svd(tf.placeholder(tf.float32, [None, 2]))[1],
            "SVD gradient has not been implemented for input with un",
        ),
        (lambda: tf.svd(tf.zeros([2, 2], tf.complex64))[1], "SVD gradient is not implemented for complex types"),
    ],
)
def test_gradients_that_there_are_not(make, words):
    y = make()
    with pytest.raises(NotImplementedError, match=words):
        tf.gradients(y, [y.op.inputs[0]], grad_ys=[tf.ones_like(y)])


def test_matrix_rank():
    x = np.stack([np.eye(3), np.diag([1.0, 0, 0]), np.zeros((3, 3)), np.ones((3, 3))])
    assert run(tf.linalg.matrix_rank(x)).tolist() == [3, 1, 0, 1]
    assert run(tf.linalg.matrix_rank(np.diag([1.0, 0.1]), tol=0.5)) == 1
    unknown = tf.placeholder(tf.float64)
    assert run(tf.linalg.matrix_rank(unknown), {unknown: x[1]}) == 1


@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4), (2, 4, 3)])
def test_pinv(shape):
    x = random(shape)
    inverse = tf.linalg.pinv(x)
    assert inverse.shape.as_list() == [*shape[:-2], shape[-1], shape[-2]]
    np.testing.assert_allclose(run(inverse), np.linalg.pinv(x), atol=1e-12)


def test_pinv_of_deficient_rank():
    np.testing.assert_allclose(run(tf.linalg.pinv([[1.0, 2.0], [2.0, 4.0]])), [[0.04, 0.08], [0.08, 0.16]], rtol=1e-5)


@pytest.mark.parametrize("function", [tf.linalg.matrix_rank, tf.linalg.pinv])
def test_matrices_that_are_refused(function):
    with pytest.raises(TypeError, match=r"Input `a` must have `float`-like `dtype` \(saw int32\)."):
        function(tf.constant([[1]]))
    with pytest.raises(ValueError, match=r"Input `a` must have at least 2 dimensions \(saw: 1\)."):
        function(tf.constant([1.0]))


def test_static_shapes():
    x = tf.placeholder(tf.float32, [5, None, 3])
    assert [t.shape.as_list() for t in tf.linalg.qr(x)] == [[5, None, None], [5, None, 3]]
    assert [t.shape.as_list() for t in tf.svd(x)] == [[5, None], [5, None, None], [5, 3, None]]
    assert [t.shape.as_list() for t in tf.linalg.eigh(x)] == [[5, 3], [5, 3, 3]]
    assert [t.shape.as_list() for t in tf.linalg.lu(x)] == [[5, 3, 3], [5, 3]]
    with pytest.raises(ValueError, match="Shape must be at least rank 2 but is rank 1"):
        tf.svd(tf.zeros([2]))
