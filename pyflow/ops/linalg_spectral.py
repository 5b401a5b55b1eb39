"""Eigenvalues of self-adjoint matrices, singular values, and what follows from these.

Gradients: M. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic
differentiation", 2008;
J. Townsend, "Differentiating the singular value decomposition", 2016.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import op, raw, sample
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims, matrix_transpose, shape
from pyflow.ops.array_diagonals import matrix_band_part, matrix_diag, matrix_diag_part, matrix_set_diag
from pyflow.ops.array_filling import zeros_like
from pyflow.ops.complex_numbers import real
from pyflow.ops.linalg_basics import adjoint, eye
from pyflow.ops.linalg_factorizations import smaller
from pyflow.ops.linalg_rules import FACTORED, adjoint_of, as_dtype_of, check_square, computable, invalid, square_shape
from pyflow.ops.matmul import matmul
from pyflow.ops.reduce_functions import reduce_max, reduce_sum
from pyflow.ops.shape_rules import merge, merge_dim, with_rank_at_least

_EIGEN_FAILED = "Self-adjoint eigen decomposition was not successful. The input might not be valid."


@op("SelfAdjointEigV2(input: T) -> (e: T, v: T)", compute_v=True, T=FACTORED)
class SelfAdjointEigV2:
    """Eigenvalues [..., m] in ascending order and eigenvectors (columns) of self-adjoint matrices [..., m, m].

    Only the lower triangle is looked at. Without `compute_v`, `v` is empty.
    """

    def shape(input, compute_v):
        input = square_shape(input)
        if input is None:
            return [None, None if compute_v else (0,)]
        return [input[:-1], input if compute_v else (0,)]

    def cpu(input, compute_v):
        check_square(input)
        matrix = computable(input)
        if np.isnan(matrix).any():
            raise invalid(_EIGEN_FAILED)
        try:
            if not compute_v:
                return as_dtype_of(np.linalg.eigvalsh(matrix), input), np.zeros(0, input.dtype)
            values, vectors = np.linalg.eigh(matrix)
        except np.linalg.LinAlgError:
            raise invalid(_EIGEN_FAILED) from None
        return as_dtype_of(values, input), as_dtype_of(vectors, input)

    def grad(op, d_values, d_vectors):
        values = op.outputs[0]
        with control_dependencies([d_values, d_vectors]):
            if op.attrs["compute_v"]:
                vectors = op.outputs[1]
                # 1 / (e_j - e_i) off the diagonal; infinite for eigenvalues that are not simple.
                gaps = expand_dims(values, -2) - expand_dims(values, -1)
                inverse_gaps = matrix_set_diag(raw.Reciprocal(gaps), zeros_like(values))
                inner = matrix_diag(d_values) + inverse_gaps * matmul(vectors, d_vectors, adjoint_a=True)
            else:
                _, vectors = self_adjoint_eig(op.inputs[0])
                inner = matrix_diag(d_values)
            dx = matmul(vectors, matmul(inner, vectors, adjoint_b=True))
            # The op looks at the lower triangle only, so the upper one's share goes there.
            dx = matrix_band_part(dx + adjoint(dx), -1, 0)
            return matrix_set_diag(dx, 0.5 * matrix_diag_part(dx))

    samples = [sample([[2.0, 0.0], [0.5, 3.0]]), sample([[2.0, 0.0], [0.5, 3.0]], compute_v=False)]


@export("linalg.eigh", "self_adjoint_eig")
def self_adjoint_eig(tensor: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Eigenvalues and eigenvectors of self-adjoint matrices [..., m, m], of which the lower triangle is looked at.

    Returns:
      (e, v): the values [..., m] in ascending order, and the vectors as columns [..., m, m].
    """
    values, vectors = SelfAdjointEigV2(tensor, compute_v=True, name=name)
    return values, vectors


@export("linalg.eigvalsh", "self_adjoint_eigvals")
def self_adjoint_eigvals(tensor: Any, name: str | None = None) -> Tensor:
    """The eigenvalues [..., m] of self-adjoint matrices [..., m, m], in ascending order."""
    return SelfAdjointEigV2(tensor, compute_v=False, name=name).e


def _singular(matrix: np.ndarray, compute_uv: bool, full_matrices: bool) -> tuple:
    """(s, u, v), with NaN for the singular values of matrices that have none."""
    try:
        if not compute_uv:
            return np.linalg.svd(matrix, compute_uv=False), None, None
        u, s, vh = np.linalg.svd(matrix, full_matrices=full_matrices)
        return s, u, adjoint_of(vh)
    except np.linalg.LinAlgError:
        good = np.isfinite(matrix).all((-1, -2), keepdims=True)
        s, u, v = _singular(np.where(good, matrix, 0), compute_uv, full_matrices)
        return np.where(good[..., 0], s, np.nan), u, v


@op("Svd(input: T) -> (s: T, u: T, v: T)", compute_uv=True, full_matrices=False, T=FACTORED)
class Svd:
    """The singular value decomposition: matrices [..., m, n] are u diag(s) v^H, s in descending order.

    With p = min(m, n), s is [..., p], u [..., m, p] and v [..., n, p]; with `full_matrices` u and v are square, and
    without `compute_uv` they are empty.
    """

    def shape(input, compute_uv, full_matrices):
        input = with_rank_at_least(input, 2)
        if input is None:
            vectors = None if compute_uv else (0,)
            return [None, vectors, vectors]
        batch, (rows, columns) = input[:-2], input[-2:]
        count = smaller(rows, columns)
        if not compute_uv:
            return [(*batch, count), (0,), (0,)]
        if full_matrices:
            return [(*batch, count), (*batch, rows, rows), (*batch, columns, columns)]
        return [(*batch, count), (*batch, rows, count), (*batch, columns, count)]

    def cpu(input, compute_uv, full_matrices):
        s, u, v = _singular(computable(input), compute_uv, full_matrices)
        if not compute_uv:
            u = v = np.zeros(0, input.dtype)
        return as_dtype_of(s, input), as_dtype_of(u, input), as_dtype_of(v, input)

    def grad(op, ds, du, dv):
        return _svd_gradient(op, ds, du, dv)

    samples = [
        sample([[2.0, 1.0], [0.5, 3.0], [1.0, -1.0]]),
        sample([[2.0, 1.0, 0.5], [0.5, 3.0, -1.0]], full_matrices=True, grad=False),
        sample([[2.0, 1.0], [0.5, 3.0]], compute_uv=False),
    ]


def _svd_gradient(op: Any, ds: Tensor, du: Tensor, dv: Tensor) -> Tensor:
    a = op.inputs[0]
    ds_matrix = matrix_diag(ds)
    if not op.attrs["compute_uv"]:
        _, u, v = svd(a, compute_uv=True)
        da = matmul(u, matmul(ds_matrix, v, adjoint_b=True))
        da.set_shape(a.shape)
        return da
    if a.dtype.is_complex:
        raise NotImplementedError("SVD gradient is not implemented for complex types and compute_uv=True.")
    full_matrices = op.attrs["full_matrices"]
    a_shape = _known_shape(a, du, dv)
    if a_shape is None or None in a_shape[-2:]:
        raise NotImplementedError("SVD gradient has not been implemented for input with unknown inner matrix shape.")
    m, n = a_shape[-2:]
    s, u, v = op.outputs
    # The derivation is for wide matrices; a tall one is its transpose, with u and v in each other's place.
    is_tall = m > n
    if is_tall:
        m, n, u, v, du, dv = n, m, v, u, dv, du
    with control_dependencies([ds, du, dv]):
        if full_matrices and abs(m - n) > 1:
            raise NotImplementedError("svd gradient is not implemented for abs(m - n) > 1 when full_matrices is True")
        s_matrix = matrix_diag(s)
        squares = raw.Square(s)
        s_shape = shape(s)
        ones = eye(s_shape[-1], batch_shape=s_shape[:-1], dtype=s.dtype)
        # Off the diagonal 1 / (s_j^2 - s_i^2), infinite for values that are not simple; the ones keep the diagonal,
        # which is set to zero, finite when this gradient is differentiated in turn.
        gaps = expand_dims(squares, -2) - expand_dims(squares, -1) + ones
        inverse_gaps = matrix_set_diag(raw.Reciprocal(gaps), zeros_like(s))
        s_inverse = matrix_diag(raw.Reciprocal(s))
        v1, dv1 = v[..., :, :m], dv[..., :, :m]
        u_part = inverse_gaps * matmul(u, du, adjoint_a=True)
        v_part = inverse_gaps * matmul(v1, dv1, adjoint_a=True)
        inner = ds_matrix + matmul(u_part + adjoint(u_part), s_matrix) + matmul(s_matrix, v_part + adjoint(v_part))
        da = matmul(u, matmul(inner, v1, adjoint_b=True))
        if m != n:
            dv1_transposed = matrix_transpose(dv1)
            outside = dv1_transposed - matmul(matmul(dv1_transposed, v1), v1, adjoint_b=True)
            if full_matrices:
                v2, dv2 = v[..., :, m:n], dv[..., :, m:n]
                outside -= matmul(matmul(v1, dv2, adjoint_a=True), v2, adjoint_b=True)
            da = da + matmul(matmul(u, s_inverse), outside)
        if is_tall:
            da = matrix_transpose(da)
        da.set_shape(a_shape)
        return da


def _known_shape(a: Tensor, du: Tensor, dv: Tensor) -> Any:
    """The shape of the decomposed matrices, by their own static shape and those of the gradients of u and v."""
    known, u_shape, v_shape = a._shape_tuple(), du._shape_tuple(), dv._shape_tuple()
    if known is None:
        return None
    batch, (m, n) = known[:-2], known[-2:]
    for shape_ in (u_shape, v_shape):
        if shape_ is not None:
            batch = merge(batch, shape_[:-2])
    m = m if u_shape is None else merge_dim(m, u_shape[-2])
    n = n if v_shape is None else merge_dim(n, v_shape[-2])
    return (*batch, m, n)  # type: ignore[misc]


@export("linalg.svd", "svd")
def svd(tensor: Any, full_matrices: bool = False, compute_uv: bool = True, name: str | None = None) -> Any:
    """The singular value decomposition of matrices [..., m, n]: u diag(s) v^H.

    Args:
      full_matrices: whether u and v are to be square.
      compute_uv: whether to give u and v at all.

    Returns:
      (s, u, v), or s alone. s [..., min(m, n)] is real and in descending order; the singular vectors are columns.
    """
    s, u, v = Svd(tensor, compute_uv=compute_uv, full_matrices=full_matrices, name=name)
    return (real(s), u, v) if compute_uv else real(s)


def _checked_matrix(a: Tensor, validate_args: bool) -> Tensor:
    if not a.dtype.is_floating:
        raise TypeError(f"Input `a` must have `float`-like `dtype` (saw {a.dtype.name}).")
    if a._rank is not None:
        if a._rank < 2:
            raise ValueError(f"Input `a` must have at least 2 dimensions (saw: {a._rank}).")
    elif validate_args:
        from pyflow.core.api import PUBLIC

        words = "Input `a` must have at least 2 dimensions."
        with control_dependencies([PUBLIC["assert_rank_at_least"](a, rank=2, message=words)]):
            return raw.Identity(a)
    return a


@export("linalg.matrix_rank")
def matrix_rank(a: Any, tol: Any = None, validate_args: bool = False, name: str | None = None) -> Tensor:
    """The rank of matrices [..., m, n], as int32 [...]: the number of singular values above `tol`.

    Args:
      tol: None for the largest singular value times max(m, n) times the dtype's epsilon.
      validate_args: whether to check the rank of `a` in the run, where it is not known statically.

    Raises:
      TypeError: the matrices are not of a floating dtype.
      ValueError: `a` has fewer than two dimensions.
    """
    from pyflow.ops.cast import cast

    with name_scope(name or "matrix_rank"):
        a = _checked_matrix(convert_to_tensor(a, dtype_hint=dtypes.float32, name="a"), validate_args)
        s = svd(a, compute_uv=False)
        if tol is None:
            sizes = a._shape_tuple()
            known = sizes is not None and None not in sizes[-2:]
            larger: Any = max(sizes[-2:]) if known else reduce_max(shape(a)[-2:])  # type: ignore[index,type-var]
            epsilon = np.finfo(a.dtype.as_numpy_dtype).eps
            tol = epsilon * cast(larger, a.dtype) * reduce_max(s, axis=-1, keepdims=True)
        return reduce_sum(cast(s > tol, dtypes.int32), axis=-1)


@export("linalg.pinv")
def pinv(a: Any, rcond: Any = None, validate_args: bool = False, name: str | None = None) -> Tensor:
    """The Moore-Penrose inverse [..., n, m] of matrices [..., m, n].

    Args:
      rcond: singular values below this part of the largest count as zero; None for 10 max(m, n) times the dtype's
        epsilon. It broadcasts with [...].
      validate_args: whether to check the rank of `a` in the run, where it is not known statically.

    Raises:
      TypeError: the matrices are not of a floating dtype.
      ValueError: `a` has fewer than two dimensions.
    """
    from pyflow.ops.array_selection import where_v2
    from pyflow.ops.cast import cast
    from pyflow.ops.math_binary import maximum

    with name_scope(name or "pinv"):
        a = _checked_matrix(convert_to_tensor(a, name="a"), validate_args)
        dtype = a.dtype.as_numpy_dtype
        sizes = a._shape_tuple()
        if rcond is None:
            if sizes is not None and None not in sizes[-2:]:
                larger: Any = float(max(sizes[-2:]))  # type: ignore[type-var,arg-type]
            else:
                larger = cast(maximum(shape(a)[-2], shape(a)[-1]), a.dtype)
            rcond = 10.0 * larger * np.finfo(dtype).eps
        rcond = convert_to_tensor(rcond, dtype=a.dtype, name="rcond")
        s, u, v = svd(a, full_matrices=False, compute_uv=True)
        # The inverse of infinity is zero, and so is its gradient.
        cutoff = rcond * reduce_max(s, axis=-1)
        s = where_v2(s > expand_dims(cutoff, -1), s, np.array(np.inf, dtype))
        inverse = matmul(v / expand_dims(s, -2), u, adjoint_b=True)
        if sizes is not None:
            inverse.set_shape((*sizes[:-2], sizes[-1], sizes[-2]))
        return inverse
