"""Norms of vectors and matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.node_count import count_nodes
from pyflow.core.registry import raw
from pyflow.core.scopes import get_default_graph, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims, squeeze, transpose
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import rank
from pyflow.ops.complex_numbers import conj
from pyflow.ops.linalg_spectral import Svd
from pyflow.ops.math_binary import pow
from pyflow.ops.math_unary import abs, sqrt
from pyflow.ops.reduce_functions import reduce_max, reduce_sum

_MATRIX_NORMS = ["euclidean", "fro", 1, 2, np.inf]
_VECTOR_NORMS = ["euclidean", 1, 2, np.inf]


def _checked_axis(ord: Any, axis: Any) -> Any:
    """The axes as a tuple: of two for a matrix norm, of one for a vector norm, None for all elements as one vector.

    Raises:
      ValueError: there is no such norm.
    """
    if isinstance(axis, (tuple, list)) and len(axis) == 2:
        if not isinstance(axis[0], int) or not isinstance(axis[1], int) or axis[0] == axis[1]:
            raise ValueError("'axis' must be None, an integer, or a tuple of 2 unique integers")
        if ord not in _MATRIX_NORMS:
            raise ValueError(f"'ord' must be a supported matrix norm in {_MATRIX_NORMS}, got {ord}")
        return tuple(axis)
    if not isinstance(axis, int) and axis is not None:
        raise ValueError("'axis' must be None, an integer, or a tuple of 2 unique integers")
    if ord not in _VECTOR_NORMS and (isinstance(ord, str) or not np.isreal(ord) or ord <= 0):
        raise ValueError(f"'ord' must be a supported vector norm, got {ord}")
    return None if axis is None else (axis,)


@export("norm", "linalg.norm")
def norm(
    tensor: Any,
    ord: Any = "euclidean",
    axis: Any = None,
    keepdims: bool | None = None,
    name: str | None = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """The norm of vectors, or of matrices.

    Args:
      tensor: floating or complex.
      ord: "euclidean", 1, 2, `np.inf` or another positive number p for the p-norm of vectors; of matrices "euclidean"
        or "fro" (Frobenius), 1 (largest column sum), 2 (largest singular value) or `np.inf` (largest row sum).
      axis: an int for the norms of the vectors along that axis, a pair of ints for those of the matrices along these,
        None for the norm of all elements as one vector.
      keepdims: whether the axes stay, with size 1 (`keep_dims` is its old name).

    Raises:
      ValueError: there is no such norm, or the axes are not as described.
    """
    from pyflow.core.deprecation import renamed_argument

    keepdims = bool(renamed_argument("keepdims", keepdims, "keep_dims", keep_dims))
    axes = _checked_axis(ord, axis)
    is_matrix_norm = axes is not None and len(axes) == 2
    first, last = (None, None) if axes is None else (axes[0], axes[-1])
    with name_scope(name, "norm", [tensor]):
        tensor = convert_to_tensor(tensor)
        if is_matrix_norm and ord == 2:
            result = _largest_singular_value(tensor, axes)
        elif ord in ("fro", "euclidean", 2):
            result = sqrt(reduce_sum(tensor * conj(tensor), axes, keepdims=True))
        elif ord == 1:
            result = reduce_sum(abs(tensor), first, keepdims=True)
            if is_matrix_norm:
                result = reduce_max(result, last, keepdims=True)
        elif ord == np.inf:
            result = abs(tensor)
            if is_matrix_norm:
                result = reduce_sum(result, last, keepdims=True)
            result = reduce_max(result, first, keepdims=True)
        else:
            result = pow(reduce_sum(pow(abs(tensor), ord), axes, keepdims=True), 1.0 / ord)
        return result if keepdims else squeeze(result, axes)


def _largest_singular_value(tensor: Tensor, axes: Any) -> Tensor:
    """The spectral norm of the matrices along two axes, which stay with size 1."""
    if tensor._rank is not None:
        matrix_axes = [axis + tensor._rank if axis < 0 else axis for axis in axes]
        order: Any = [i for i in range(tensor._rank) if i not in matrix_axes] + matrix_axes
        back: Any = np.argsort(order).astype(np.int32)
        count_nodes(get_default_graph(), *["Const"] * 131)  # TensorFlow makes the orders in two loops
    else:
        from pyflow.ops.array_search import setdiff1d
        from pyflow.ops.ranges import range as range_op

        tensor_rank = rank(tensor)
        matrix_axes = raw.FloorMod(convert_to_tensor(axes), tensor_rank)
        order = concat([setdiff1d(range_op(tensor_rank), matrix_axes)[0], matrix_axes], axis=0)
        back = raw.InvertPermutation(order)
    s = Svd(transpose(tensor, perm=order), compute_uv=False).s
    return transpose(expand_dims(reduce_max(abs(s), axis=-1, keepdims=True), axis=-1), perm=back)


@export("linalg.normalize")
def normalize(tensor: Any, ord: Any = "euclidean", axis: Any = None, name: str | None = None) -> tuple[Tensor, Tensor]:
    """The tensor divided by its norms along `axis`, and these norms with the axes kept.

    Args:
      ord, axis: as for `norm`.

    Raises:
      ValueError: as for `norm`.
    """
    with name_scope(name, "normalize", [tensor]):
        tensor = convert_to_tensor(tensor)
        norms = norm(tensor, ord, axis, True)
        from pyflow.ops.cast import cast

        norms = cast(norms, tensor.dtype)
        return tensor / norms, norms
