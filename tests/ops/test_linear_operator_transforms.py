"""Circulant, Toeplitz and Householder operators do what their dense matrices do."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.linear_operator_behaviour import acts_as

L = tf.linalg
RANDOM = np.random.RandomState(0)
CIRCULANT = {1: L.LinearOperatorCirculant, 2: L.LinearOperatorCirculant2D, 3: L.LinearOperatorCirculant3D}


def circulant(spectrum, depth):
    """The matrix that convolves with the inverse transform of the spectrum."""
    batch, block = spectrum.shape[:-depth], spectrum.shape[-depth:]
    n, axes = int(np.prod(block)), tuple(range(-depth, 0))
    each = np.eye(n).reshape(n, *block)
    columns = np.fft.ifftn(np.fft.fftn(each, axes=axes) * np.expand_dims(spectrum, -1 - depth), axes=axes)
    return np.swapaxes(columns.reshape(*batch, n, n), -1, -2)


def toeplitz(col, row):
    n = col.shape[-1]
    along = np.concatenate([col[..., ::-1], row[..., 1:]], axis=-1)
    return np.stack([along[..., n - 1 - i : 2 * n - 1 - i] for i in range(n)], axis=-2)


def householder(v):
    unit = (v / np.linalg.norm(v, axis=-1, keepdims=True))[..., None]
    return np.eye(v.shape[-1]) - 2 * unit * np.conj(np.swapaxes(unit, -1, -2))


def given(value, static):
    return tf.placeholder_with_default(value, value.shape if static else [None] * value.ndim)


static_or_not = pytest.mark.parametrize("static", [True, False])


@static_or_not
@pytest.mark.parametrize(("depth", "shape"), [(1, (4,)), (1, (2, 1, 3)), (2, (2, 3)), (2, (2, 3, 2)), (3, (2, 3, 2))])
def test_circulant_of_a_complex_spectrum(depth, shape, static):
    spectrum = RANDOM.randn(*shape) + 3 + 1j * RANDOM.randn(*shape)
    operator = CIRCULANT[depth](given(spectrum, static), tf.complex128)
    rtol, atol = (1e-9, 1e-10) if depth > 1 else (2e-5, 2e-5)  # adjoints and inverses of depth 1 are complex64
    acts_as(operator, circulant(spectrum, depth), static, rtol, atol)


def test_circulant_of_a_hermitian_spectrum_is_real():
    spectrum = np.fft.fft([4.0, 1.0, 2.0, 0.5])
    operator = L.LinearOperatorCirculant(spectrum, tf.float64)
    dense = circulant(spectrum, 1).real
    np.testing.assert_allclose(dense[:, 0], [4.0, 1.0, 2.0, 0.5])
    with tf.Session() as session:
        session.run(operator.assert_hermitian_spectrum())
        np.testing.assert_allclose(session.run(operator.to_dense()), dense)
        np.testing.assert_allclose(session.run(operator.convolution_kernel()), dense[:, 0])
        np.testing.assert_allclose(session.run(operator.trace()), 16.0)
        wrong = L.LinearOperatorCirculant(np.array([1.0, 1j]), tf.complex128)
        for check in (wrong.assert_hermitian_spectrum(), wrong.assert_self_adjoint(), wrong.assert_positive_definite()):
            with pytest.raises(tf.errors.InvalidArgumentError):
                session.run(check)
        with pytest.raises(tf.errors.InvalidArgumentError, match="Spectrum contained zero values"):
            session.run(L.LinearOperatorCirculant([1.0, 0.0]).assert_non_singular())


def test_circulant_says_what_it_is():
    operator = L.LinearOperatorCirculant2D(np.ones([5, 2, 3], np.float32), is_positive_definite=True)
    assert operator.name == "LinearOperatorCirculant2D" and operator.dtype == tf.complex64
    assert operator.block_depth == 2 and operator.block_shape == [2, 3] and operator.shape == [5, 6, 6]
    assert operator.is_self_adjoint and operator.is_non_singular and operator.is_square
    assert operator.adjoint() is operator
    assert isinstance(operator.inverse(), L.LinearOperatorInversion)
    assert isinstance(operator.matmul(operator), L.LinearOperatorComposition)
    one = L.LinearOperatorCirculant(np.array([1.0, 1j, 2.0]), tf.complex128, is_non_singular=True)
    for made in (one.adjoint(), one.inverse(), one.matmul(one), one.solve(one)):
        assert isinstance(made, L.LinearOperatorCirculant) and made.is_non_singular and made.dtype == tf.complex64
    with tf.Session() as session:
        assert session.run(operator.block_shape_tensor()).tolist() == [2, 3]


@static_or_not
@pytest.mark.parametrize("shape", [(1,), (4,), (2, 3)])
@pytest.mark.parametrize("imaginary", [0.0, 1j])
def test_toeplitz(shape, imaginary, static):
    col, row = (RANDOM.randn(*shape) + imaginary * RANDOM.randn(*shape) for _ in range(2))
    col[..., 0] += 4
    row[..., 0] = col[..., 0]
    operator = L.LinearOperatorToeplitz(given(col, static), given(row, static))
    assert operator.is_square and operator.is_self_adjoint is None and operator.is_non_singular is None
    acts_as(operator, toeplitz(col, row), static)


def test_toeplitz_is_called_self_adjoint_where_row_and_column_are_equal():
    with tf.Session() as session:
        session.run(L.LinearOperatorToeplitz([1.0, 2.0], [1.0, 2.0]).assert_self_adjoint())
        with pytest.raises(tf.errors.InvalidArgumentError, match="row and col are not the same, and so this operator"):
            session.run(L.LinearOperatorToeplitz([1.0, 2.0], [1.0, 3.0]).assert_self_adjoint())


@static_or_not
@pytest.mark.parametrize("shape", [(1,), (4,), (2, 3)])
@pytest.mark.parametrize("imaginary", [0.0, 1j])
def test_householder(shape, imaginary, static):
    axis = RANDOM.randn(*shape) + imaginary * RANDOM.randn(*shape)
    acts_as(L.LinearOperatorHouseholder(given(axis, static)), householder(axis), static)


def test_householder_is_its_own_adjoint_and_inverse():
    operator = L.LinearOperatorHouseholder([1.0, 2.0])
    assert operator.adjoint() is operator and operator.inverse() is operator
    assert operator.is_self_adjoint and operator.is_square and operator.is_positive_definite is False
    assert operator.is_non_singular is None
    assert operator.reflection_axis.name == "LinearOperatorHouseholder/reflection_axis:0"
    assert operator.assert_self_adjoint().name == "LinearOperatorHouseholder/assert_self_adjoint/assert_self_adjoint"
    with pytest.raises(tf.errors.InvalidArgumentError, match="Householder operators are always non-positive definite."):
        operator.assert_positive_definite()
    with pytest.raises(ValueError, match="Not a positive definite self adjoint matrix"):
        operator.cholesky()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: L.LinearOperatorCirculant2D([1.0]), "Argument spectrum must have at least 2 dimensions.  Found: "),
        (
            lambda: L.LinearOperatorCirculant([1.0], is_self_adjoint=False),
            "A real spectrum always corresponds to a self-adjoint operator.",
        ),
        (
            lambda: L.LinearOperatorCirculant([1.0], is_square=False),
            r"A \[\[nested\] block\] circulant operator is always square.",
        ),
        (
            lambda: L.LinearOperatorToeplitz([1.0, 2.0], [1.0, 2.0, 3.0]),
            "Expected square matrix, got row and col with mismatched dimensions.",
        ),
        (lambda: L.LinearOperatorToeplitz(1.0, [1.0]), "Argument col must have at least 1 dimension.  Found: "),
        (
            lambda: L.LinearOperatorToeplitz([1.0], [1.0], is_square=False),
            "Only square Toeplitz operators currently supported.",
        ),
        (lambda: L.LinearOperatorHouseholder(1.0), "Argument reflection_axis must have at least 1 dimension.  Found: "),
        (
            lambda: L.LinearOperatorHouseholder([1.0], is_positive_definite=True),
            "A Householder operator is always non-positive definite.",
        ),
    ],
)
def test_what_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
