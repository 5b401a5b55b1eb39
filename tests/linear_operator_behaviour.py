"""What tests of linear operators compare with a dense matrix."""

from __future__ import annotations

import numpy as np

import pyflow as tf


def acts_as(operator, dense, hint_square=True, rtol=1e-9, atol=1e-10):
    """Every product, solution and measure of a square operator is that of `dense`, [batch..., n, n]."""
    *batch, n, _ = dense.shape
    adjoint = np.conj(np.swapaxes(dense, -1, -2))
    random = np.random.RandomState(1)
    x, v = random.randn(*batch, n, 2).astype(dense.dtype), random.randn(*batch, n).astype(dense.dtype)
    if np.iscomplexobj(x):
        x = x + 1j * random.randn(*x.shape)
    turned = np.conj(np.swapaxes(x, -1, -2))
    diagonal = np.diagonal(dense, axis1=-2, axis2=-1)
    pairs = {
        "to_dense": (operator.to_dense(), dense),
        "shape_tensor": (operator.shape_tensor(), dense.shape),
        "batch_shape_tensor": (operator.batch_shape_tensor(), batch),
        "domain_dimension_tensor": (operator.domain_dimension_tensor(), n),
        "matmul": (operator.matmul(x), dense @ x),
        "matmul of one": (operator.matmul(x.reshape(-1, n, 2)[0]), dense @ x.reshape(-1, n, 2)[0]),
        "matmul adjoint": (operator.matmul(x, adjoint=True), adjoint @ x),
        "matmul adjoint_arg": (operator.matmul(turned, adjoint_arg=True), dense @ x),
        "matmul both": (operator.matmul(turned, adjoint=True, adjoint_arg=True), adjoint @ x),
        "matvec": (operator.matvec(v), (dense @ v[..., None])[..., 0]),
        "solve": (operator.solve(x), np.linalg.solve(dense, x)),
        "solve adjoint": (operator.solve(x, adjoint=True), np.linalg.solve(adjoint, x)),
        "solve adjoint_arg": (operator.solve(turned, adjoint_arg=True), np.linalg.solve(dense, x)),
        "solvevec": (operator.solvevec(v), np.linalg.solve(dense, v[..., None])[..., 0]),
        "diag_part": (operator.diag_part(), diagonal),
        "trace": (operator.trace(), diagonal.sum(-1)),
        "determinant": (operator.determinant(), np.linalg.det(dense)),
        "log_abs_determinant": (operator.log_abs_determinant(), np.linalg.slogdet(dense)[1]),
        "add_to_tensor": (operator.add_to_tensor(dense), 2 * dense),
        "adjoint": (operator.adjoint().to_dense(), adjoint),
        "inverse": (operator.inverse().to_dense(), np.linalg.inv(dense)),
        "product": (operator.matmul(operator).to_dense(), dense @ dense),
        "quotient": (operator.solve(operator).matmul(x), x),
    }
    if hint_square:
        assert operator.is_square and operator.shape.as_list() == list(dense.shape)
        for name in ("to_dense", "matmul", "solve", "diag_part"):
            assert pairs[name][0].shape.as_list() == list(np.shape(pairs[name][1])), name
    with tf.Session() as session:
        values = session.run({name: tensor for name, (tensor, _) in pairs.items()})
    for name, value in values.items():
        assert np.shape(value) == np.shape(pairs[name][1]), name
        np.testing.assert_allclose(value, pairs[name][1], rtol, atol, err_msg=name)
