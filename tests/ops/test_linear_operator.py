"""tf.linalg.LinearOperator multiplies, solves and measures as in TensorFlow 1.15.5."""

from __future__ import annotations

import numpy as np
import pytest

import pyflow as tf
from tests.golden_cases import Golden

GOLDEN = Golden("linear_operator_cases", "linear_operators.json")


@pytest.mark.parametrize("name", sorted(set(GOLDEN.cases) - {"refused", "kinds"}))
def test_as_in_tensorflow(name):
    rtol, atol = (2e-6, 1e-6) if name == "simple" else (1e-9, 1e-12)
    for ours, theirs in zip(GOLDEN.run(name), GOLDEN.expected[name], strict=True):
        assert ours[:3] == theirs[:3]
        for i, (our, their) in enumerate(zip(ours[3], theirs[3], strict=True)):
            np.testing.assert_allclose(np.array(our), np.array(their), rtol, atol, err_msg=f"{ours[0]} {i}")


def test_what_is_refused():
    GOLDEN.check("refused")


def test_products_quotients_and_inverses_are_of_the_simplest_kind():
    for ours, theirs in zip(GOLDEN.run("kinds"), GOLDEN.expected["kinds"], strict=True):
        assert ours == theirs


def test_promises_are_checked_when_asked_for():
    operator = tf.linalg.LinearOperatorFullMatrix(tf.placeholder_with_default([[1.0, 2.0], [0.0, 0.0]], [2, 2]))
    with tf.Session() as session:
        for check in (operator.assert_non_singular(), operator.assert_self_adjoint()):
            with pytest.raises(tf.errors.InvalidArgumentError):
                session.run(check)
        session.run(tf.linalg.LinearOperatorDiag([1.0, 2.0]).assert_positive_definite())


def test_triangle_is_cut_out_where_it_is_used():
    operator = tf.linalg.LinearOperatorLowerTriangular(tf.ones([2, 2]))
    assert operator.to_dense().name == "LinearOperatorLowerTriangular/to_dense/MatrixBandPart:0"
    assert operator.determinant().name == "LinearOperatorLowerTriangular/det/Prod:0"
