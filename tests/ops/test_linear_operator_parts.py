"""Block diagonal and Kronecker operators do what the dense matrices made of their parts do."""

from __future__ import annotations

import functools

import numpy as np
import pytest

import pyflow as tf
from tests.linear_operator_behaviour import acts_as

L = tf.linalg
RANDOM = np.random.RandomState(0)
A = RANDOM.randn(2, 2) + 3 * np.eye(2)
B = RANDOM.randn(3, 3) + 4 * np.eye(3)
C = RANDOM.randn(2, 2) + 1j * RANDOM.randn(2, 2)
BATCH = RANDOM.randn(5, 1, 3, 3) + 4 * np.eye(3)
D = np.array([1.0, 2.0, 5.0])
FULL = L.LinearOperatorFullMatrix


def block_diagonal(*blocks):
    batch = np.broadcast_shapes(*(block.shape[:-2] for block in blocks))
    result = np.zeros((*batch, *[sum(block.shape[-1] for block in blocks)] * 2), np.result_type(*blocks))
    at = 0
    for block in blocks:
        end = at + block.shape[-1]
        result[..., at:end, at:end] = block
        at = end
    return result


def kronecker(left, right):
    entries = left[..., :, None, :, None] * right[..., None, :, None, :]
    *batch, m1, m2, n1, n2 = entries.shape
    return entries.reshape(*batch, m1 * m2, n1 * n2)


KINDS = {
    L.LinearOperatorBlockDiag: block_diagonal,
    L.LinearOperatorKronecker: lambda *parts: functools.reduce(kronecker, parts),
}
both = pytest.mark.parametrize("kind", list(KINDS))


@both
@pytest.mark.parametrize("parts", [(A,), (A, B), (A, B, A), (C, C), (A, BATCH), (BATCH, A, BATCH[0])])
@pytest.mark.parametrize("static", [True, False])
def test_acts_as_the_matrix(kind, parts, static):
    shapes = [part.shape if static else [None] * part.ndim for part in parts]
    tensors = [tf.placeholder_with_default(part, shape) for part, shape in zip(parts, shapes)]
    operator = kind([FULL(tensor, is_square=True) for tensor in tensors])
    acts_as(operator, KINDS[kind](*parts), hint_square=static)


def test_factors_of_a_kronecker_product_may_be_rectangular():
    left, right = RANDOM.randn(2, 3), RANDOM.randn(3, 2)
    operator = L.LinearOperatorKronecker([FULL(left), FULL(right)])
    dense = np.kron(left, right)
    x = RANDOM.randn(6, 2)
    with tf.Session() as session:
        np.testing.assert_allclose(session.run(operator.to_dense()), dense)
        np.testing.assert_allclose(session.run(operator.matmul(x)), dense @ x)
        np.testing.assert_allclose(session.run(operator.matmul(x, adjoint=True)), dense.T @ x)
        np.testing.assert_allclose(session.run(operator.diag_part()), np.diag(dense))
        np.testing.assert_allclose(session.run(operator.trace()), np.trace(dense))
    with pytest.raises(tf.errors.InvalidArgumentError, match="square for the product to be invertible"):
        operator.assert_non_singular()
    with pytest.raises(tf.errors.InvalidArgumentError, match="square for the product to be self adjoint"):
        operator.assert_self_adjoint()


@pytest.mark.parametrize(("kind", "joined"), list(zip(KINDS, ["_ds_", "_x_"])))
def test_what_all_parts_promise_is_promised(kind, joined):
    part = L.LinearOperatorDiag(D, is_positive_definite=True, name="d")
    operator = kind([part, part])
    assert operator.name == f"d{joined}d"
    assert operator.is_non_singular and operator.is_self_adjoint and operator.is_positive_definite
    assert operator.adjoint() is operator
    factors = operator.cholesky()
    assert isinstance(factors, kind) and factors.is_positive_definite
    inverted = operator.inverse()
    assert isinstance(inverted, kind) and isinstance(inverted.operators[0], L.LinearOperatorDiag)
    dense = KINDS[kind](np.diag(D), np.diag(D))
    with tf.Session() as session:
        session.run(
            [operator.assert_non_singular(), operator.assert_self_adjoint(), operator.assert_positive_definite()]
        )
        np.testing.assert_allclose(session.run(factors.to_dense()), np.sqrt(dense))
        np.testing.assert_allclose(session.run(inverted.to_dense()), np.linalg.inv(dense))
    unknown = kind([part, FULL(A)])
    assert (unknown.is_non_singular, unknown.is_self_adjoint, unknown.is_positive_definite) == (None, None, None)
    assert isinstance(unknown.adjoint(), kind)
    assert isinstance(unknown.matmul(unknown), L.LinearOperatorComposition)


def test_what_is_refused():
    definite = L.LinearOperatorDiag([1.0], is_positive_definite=True)
    for kind, words in (
        (L.LinearOperatorBlockDiag, "The direct sum of non-singular operators is always non-singular."),
        (L.LinearOperatorKronecker, "The Kronecker product of non-singular operators is always non-singular."),
    ):
        with pytest.raises(ValueError, match=words):
            kind([definite], is_non_singular=False)
        with pytest.raises(TypeError, match="Expected all operators to have the same dtype.  Found"):
            kind([definite, FULL(A)])
        with pytest.raises(TypeError, match='Expected argument "values" to be iterable'):
            kind(definite)
    with pytest.raises(ValueError, match=r"Expected a non-empty list of operators. Found: \[\]"):
        L.LinearOperatorBlockDiag([])
    with pytest.raises(ValueError, match=r"Expected a list of >=1 operators. Found: \[\]"):
        L.LinearOperatorKronecker([])
    with pytest.raises(ValueError, match="Can only represent a block diagonal of square matrices."):
        L.LinearOperatorBlockDiag([FULL(np.ones([2, 3]))])
