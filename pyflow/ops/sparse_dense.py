"""A sparse tensor and a dense one: sums, products and quotients.

A sparse tensor comes as three arguments: coordinates [n, rank], values [n] and shape [rank].
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.dtypes import INDEX, NUMERIC, int64
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import op, raw, sample
from pyflow.core.tensor import StaticShape, Tensor
from pyflow.ops.array import expand_dims
from pyflow.ops.array_filling import ones, zeros_like
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.array_shape import size
from pyflow.ops.array_slicing import slice_
from pyflow.ops.cast import cast
from pyflow.ops.shape_rules import same_as, text, with_rank

_COORDINATES = np.array([[0, 1], [2, 0]], np.int64)
_SHAPE = np.array([3, 2], np.int64)
_CWISE = "(sp_indices: int64, sp_values: T, sp_shape: int64, dense: T) -> (output: T)"
_SAMPLES = [
    sample(_COORDINATES, [2.0, -4.0], _SHAPE, [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
    sample(_COORDINATES, [2.0, -4.0], _SHAPE, [0.5, 4.0]),
]


def _values_shape(sp_indices) -> StaticShape:
    return (with_rank(sp_indices, 2)[0],)


def _dense_values(indices: Any, shape: Any, dense: Any) -> Any:
    """The elements of `dense`, broadcast to `shape`, at the coordinates."""
    sizes = tuple(shape.tolist())
    pairs = zip(reversed(np.shape(dense)), reversed(sizes))
    if np.ndim(dense) > len(sizes) or any(d not in (1, s) for d, s in pairs):
        raise InvalidArgumentError(
            None,
            None,
            "SparseDenseBinaryOpShared broadcasts dense to sparse only; got incompatible shapes: "
            f"{text(sizes)} vs. {text(np.shape(dense))}",
        )
    if np.any(indices < 0) or np.any(indices >= shape):
        words = "Provided indices are out-of-bounds w.r.t. dense side with broadcasted shape"
        raise InvalidArgumentError(None, None, words)
    return np.broadcast_to(dense, sizes)[tuple(indices.T)]


def _product_gradient(op: Any, grad: Tensor, is_product: bool) -> tuple:
    indices, values, shape, y = op.inputs
    y_shape = cast(shape_of(y), int64)
    added = expand_dims(size(shape) - size(y_shape), 0)
    augmented = concat([ones(added, int64), y_shape], 0)
    scaling = shape // augmented
    scaled = indices // scaling
    scaled = slice_(scaled, concat([[0], added], 0), [-1, -1])
    dense = raw.GatherNd(y, scaled)
    if is_product:
        dx, dy = grad * dense, grad * values
    else:
        dx, dy = grad / dense, grad * (-values / raw.Square(dense))
    return None, dx, None, SparseTensorDenseAdd(scaled, dy, y_shape, zeros_like(y))


@op("SparseDenseCwiseMul" + _CWISE, T=NUMERIC)
class SparseDenseCwiseMul:
    """The values times the dense elements at their places; the dense side is broadcast."""

    shape = _values_shape

    def cpu(sp_indices, sp_values, sp_shape, dense, out):
        np.multiply(sp_values, _dense_values(sp_indices, sp_shape, dense), out=out)

    def grad(op, grad):
        return _product_gradient(op, grad, True)

    samples = _SAMPLES


@op("SparseDenseCwiseDiv" + _CWISE, T=NUMERIC)
class SparseDenseCwiseDiv:
    """The values by the dense elements at their places; the dense side is broadcast."""

    shape = _values_shape

    def cpu(sp_indices, sp_values, sp_shape, dense, out):
        np.divide(sp_values, _dense_values(sp_indices, sp_shape, dense), out=out, casting="unsafe")

    def grad(op, grad):
        return _product_gradient(op, grad, False)

    samples = _SAMPLES


@op("SparseDenseCwiseAdd" + _CWISE, T=NUMERIC)
class SparseDenseCwiseAdd:
    """The values plus the dense elements at their places; the dense side is broadcast."""

    shape = _values_shape

    def cpu(sp_indices, sp_values, sp_shape, dense, out):
        np.add(sp_values, _dense_values(sp_indices, sp_shape, dense), out=out)

    def grad(op, grad):
        raise NotImplementedError("Gradient for SparseDenseCwiseAdd is currently not implemented yet.")

    samples = [
        sample(_COORDINATES, [2.0, -4.0], _SHAPE, [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], grad=False),
    ]


@op(
    "SparseTensorDenseAdd(a_indices: Tindices, a_values: T, a_shape: Tindices, b: T) -> (output: T)",
    T=NUMERIC,
    Tindices=INDEX,
)
class SparseTensorDenseAdd:
    """The dense sum of a sparse and a dense tensor of one shape; coordinates may occur twice."""

    shape = same_as("b")

    def cpu(a_indices, a_values, a_shape, b, out):
        if a_shape.size != out.ndim:
            words = f"Two operands have different ranks; received: {a_shape.size} and {out.ndim}"
            raise InvalidArgumentError(None, None, words)
        for i, (s, d) in enumerate(zip(a_shape.tolist(), out.shape)):
            if s != d:
                sides = f"sparse side {s} vs dense side {d}"
                words = f"Dimension {i} does not equal (no broadcasting is supported): {sides}"
                raise InvalidArgumentError(None, None, words)
        for i, column in enumerate(a_indices.T):
            if np.any(column < 0) or np.any(column >= out.shape[i]):
                words = f"Sparse tensor has some invalid index on dimension {i}; dense tensor shape: {text(out.shape)}"
                raise InvalidArgumentError(None, None, words)
        np.copyto(out, b)
        np.add.at(out, tuple(a_indices.T), a_values)

    def grad(op, grad):
        return None, raw.GatherNd(grad, op.inputs[0]), None, grad

    samples = [
        sample(_COORDINATES, [2.0, -4.0], _SHAPE, [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
        sample(np.array([[1], [1]]), [2.0, -4.0], np.array([2]), [1.0, 2.0]),
    ]
