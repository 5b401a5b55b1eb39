"""Two sparse tensors, element by element: sum, maximum and minimum."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.deprecation import renamed_argument
from pyflow.core.dtypes import NUMERIC, REAL
from pyflow.core.registry import NOT_DIFFERENTIABLE, OpDef, op, sample
from pyflow.core.scopes import name_scope
from pyflow.core.sparse_tensor import SparseTensor, SparseTensorValue
from pyflow.core.tensor import StaticShape
from pyflow.ops.array_broadcasting import broadcast_static_shape
from pyflow.ops.shape_rules import text
from pyflow.ops.sparse_coordinates import ONE, SHAPE, TWO, as_sparse, check_rank, invalid, numbered, ranked
from pyflow.ops.sparse_dense import SparseTensorDenseAdd

_TWO_SPARSE = "a_indices: int64, a_values: T, a_shape: int64, b_indices: int64, b_values: T, b_shape: int64"


def _pair(a: Any, b: Any, separator: str = " and ") -> str:
    return text(np.shape(a)) + separator + text(np.shape(b))


def _check_alike(a_indices: Any, a_values: Any, a_shape: Any, b_indices: Any, b_values: Any, b_shape: Any) -> None:
    """Raises InvalidArgumentError unless the two sparse tensors are well-formed and of one shape."""
    counts = len(a_indices), len(b_indices)
    if counts != (len(a_values), len(b_values)):
        words = f"{counts[0]} and {counts[1]} non-empty input values, got {len(a_values)} and {len(b_values)}"
        raise invalid(f"Expected {words}")
    if np.ndim(a_shape) != 1 or np.ndim(b_shape) != 1:
        raise invalid(f"Input shapes should be a vector but received shapes {_pair(a_shape, b_shape)}")
    if len(a_shape) != len(b_shape):
        shapes = " and ".join(" ".join(map(str, shape.tolist())) for shape in (a_shape, b_shape))
        raise invalid(f"Operands do not have the same ranks; got shapes: {shapes}")
    for i, (a, b) in enumerate(zip(a_shape.tolist(), b_shape.tolist())):
        if a != b:
            raise invalid(f"Operands' shapes do not match: got {a} and {b} for dimension {i}")


def _aligned(a: np.ndarray, a_values: Any, b: np.ndarray, b_values: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The coordinates that occur in a or b, in order, and the values of a and of b there, 0 where there is none."""
    places, others = numbered(a, b)
    count = int(max(places.max(initial=-1), others.max(initial=-1))) + 1
    indices = np.empty((count, a.shape[1]), np.int64)
    left, right = np.zeros(count, a_values.dtype), np.zeros(count, b_values.dtype)
    indices[places], left[places] = a, a_values
    indices[others], right[others] = b, b_values
    return indices, left, right


@op(
    f"SparseAdd({_TWO_SPARSE}, thresh: Treal) -> (sum_indices: int64, sum_values: T, sum_shape: int64)",
    T=NUMERIC,
    Treal=REAL,
)
class SparseAdd:
    """The sum of two sparse tensors in row-major order, without the elements smaller in magnitude than `thresh`."""

    def shape(a_shape):
        # What doesn't fit is left to the run, as in TensorFlow.
        rank = None if a_shape is None or len(a_shape) != 1 else a_shape[0]
        return [(None, rank), (None,), (rank,)]

    def cpu(a_indices, a_values, a_shape, b_indices, b_values, b_shape, thresh):
        if np.ndim(a_indices) != 2 or np.ndim(b_indices) != 2:
            raise invalid(f"Input indices should be matrices but received shapes: {_pair(a_indices, b_indices)}")
        if np.ndim(a_values) != 1 or np.ndim(b_values) != 1:
            raise invalid(f"Input values should be vectors but received shapes: {_pair(a_values, b_values)}")
        _check_alike(a_indices, a_values, a_shape, b_indices, b_values, b_shape)
        check_rank(thresh, 0, "The magnitude threshold must be a scalar: got shape {}")
        indices, left, right = _aligned(a_indices, a_values, b_indices, b_values)
        total = left + right
        kept = np.abs(total) >= thresh
        return indices[kept], total[kept], a_shape.copy()

    def grad(op, indices_grad, values_grad, shape_grad):
        a_indices, b_indices = op.inputs[0], op.inputs[3]
        da, db = SparseAddGrad(values_grad, a_indices, b_indices, op.outputs[0])
        da.set_shape(op.inputs[1].get_shape())
        db.set_shape(op.inputs[4].get_shape())
        return None, da, None, None, db, None, None

    samples = [
        sample(ONE, [2.0, -4.0], SHAPE, TWO, [5.0, 6.0, 7.0], SHAPE, 0.0),
        sample(ONE, [2.0, -4.0], SHAPE, TWO, [5.0, -2.1, 7.0], SHAPE, 0.5),
    ]


@op(
    "SparseAddGrad(backprop_val_grad: T, a_indices: int64, b_indices: int64, sum_indices: int64) "
    "-> (a_val_grad: T, b_val_grad: T)",
    T=NUMERIC,
)
class SparseAddGrad:
    """The gradients of SparseAdd to the values of both sides: 0 at coordinates that are not in the sum."""

    def shape(a_indices, b_indices, sum_indices):
        shapes = " and ".join(map(text, (a_indices, b_indices, sum_indices)))
        words = f"Input indices should be matrices but received shapes: {shapes}"
        return [(ranked(a_indices, 2, words)[0],), (ranked(b_indices, 2, words)[0],)]

    def cpu(backprop_val_grad, a_indices, b_indices, sum_indices):
        check_rank(backprop_val_grad, 1, "Input backprop_val_grad should be a vector but received shape: {}")
        if {np.ndim(a_indices), np.ndim(b_indices), np.ndim(sum_indices)} != {2}:
            shapes = f"{_pair(a_indices, b_indices)} and {text(np.shape(sum_indices))}"
            raise invalid(f"Input indices should be matrices but received shapes: {shapes}")
        count = len(backprop_val_grad)
        if count != len(sum_indices):
            words = "# elements of backprop_val_grad and # rows of sum_indices should match (#nnz of sum): got"
            raise invalid(f"{words} {count} and {len(sum_indices)}")
        ranks = [indices.shape[1] for indices in (a_indices, b_indices, sum_indices)]
        if len(set(ranks)) != 1:
            words = "The densified operands should have the same ndims; for A, B, sum got: "
            raise invalid(words + "".join(map(str, ranks)))
        a, b, total = numbered(a_indices, b_indices, sum_indices)
        gradients = np.zeros(len(a) + len(b) + len(total), backprop_val_grad.dtype)
        gradients[total] = backprop_val_grad
        return gradients[a], gradients[b]

    grad = NOT_DIFFERENTIABLE
    samples = [sample([1.0, 2.0, 3.0, 4.0], ONE, TWO, np.array([[0, 0], [0, 1], [1, 1], [2, 0]]), grad=False)]


def _extremum_shape(a_indices, a_values, a_shape, b_indices, b_values, b_shape) -> list[StaticShape]:
    shapes = f"{text(a_indices)}, {text(b_indices)}"
    for indices in (a_indices, b_indices):
        ranked(indices, 2, f"Inputs a_indices and b_indices should be matrices but received shapes: {shapes}")
    shapes = f"{text(a_values)} and {text(b_values)}"
    for values in (a_values, b_values):
        ranked(values, 1, f"Inputs a_values and b_values should be vectors but received shapes: {shapes}")
    shapes = f"{text(a_shape)} and {text(b_shape)}"
    for sizes in (a_shape, b_shape):
        ranked(sizes, 1, f"Input shapes should be a vector but received shapes {shapes}")
    return [(None, None), (None,)]


def _extremum(ufunc: np.ufunc) -> Any:
    def kernel(a_indices, a_values, a_shape, b_indices, b_values, b_shape):
        _check_alike(a_indices, a_values, a_shape, b_indices, b_values, b_shape)
        indices, left, right = _aligned(a_indices, a_values, b_indices, b_values)
        return indices, ufunc(left, right)

    return kernel


def _no_gradient(name: str) -> Any:
    def grad(op, *dys):
        raise NotImplementedError(f"Gradient for {name} is currently not implemented yet.")

    return grad


_SAMPLES = [sample(ONE, [2.0, -4.0], SHAPE, TWO, [5.0, 1.0, 7.0], SHAPE, grad=False)]


@op(f"SparseSparseMaximum({_TWO_SPARSE}) -> (output_indices: int64, output_values: T)", T=REAL)
class SparseSparseMaximum:
    """The larger elements of two sparse tensors of one shape, wherever one of them has any; elsewhere they are 0."""

    shape = _extremum_shape
    cpu = _extremum(np.maximum)
    grad = _no_gradient("SparseSparseMaximum")
    samples = _SAMPLES


@op(f"SparseSparseMinimum({_TWO_SPARSE}) -> (output_indices: int64, output_values: T)", T=NUMERIC)
class SparseSparseMinimum:
    """The smaller elements of two sparse tensors of one shape, wherever one of them has any; elsewhere they are 0."""

    shape = _extremum_shape
    cpu = _extremum(np.minimum)
    grad = _no_gradient("SparseSparseMinimum")
    samples = _SAMPLES


@export("sparse.add", "sparse_add")
def sparse_add(a: Any, b: Any, threshold: Any = None, thresh: Any = None) -> Any:
    """The sum of two tensors of one shape of which at least one is sparse: sparse if both are, otherwise dense.

    Args:
      threshold: elements of a sparse sum that are smaller in magnitude are left out; None for 0. `thresh` is the
        older name.

    Raises:
      TypeError: neither is sparse.
      InvalidArgumentError: the shapes differ.
    """
    threshold = renamed_argument("threshold", threshold, "thresh", thresh)
    kinds = SparseTensor, SparseTensorValue
    if not isinstance(a, kinds) and not isinstance(b, kinds):
        raise TypeError("At least one input should be SparseTensor; do you mean to use tf.add()?")
    if not isinstance(a, kinds) or not isinstance(b, kinds):
        sparse, dense = (a, b) if isinstance(a, kinds) else (b, a)
        return SparseTensorDenseAdd(sparse.indices, sparse.values, sparse.dense_shape, dense)
    a, b = as_sparse(a), as_sparse(b)
    real = a.values.dtype.real_dtype.base_dtype
    threshold = convert_to_tensor(0 if threshold is None else threshold, dtype=real, name="threshold")
    indices, values, dense_shape = SparseAdd(*_parts(a), *_parts(b), threshold)
    a.get_shape().assert_is_compatible_with(b.get_shape())
    static = broadcast_static_shape(a.get_shape(), b.get_shape())
    return SparseTensor(indices, values, static.as_list() if static.is_fully_defined() else dense_shape)


def _parts(sparse: SparseTensor) -> tuple:
    return sparse.indices, sparse.values, sparse.dense_shape


def _extremum_of(definition: OpDef, sp_a: SparseTensor, sp_b: SparseTensor, name: str | None) -> SparseTensor:
    with name_scope(name, definition.name, [sp_a.indices, sp_a.values, sp_b.indices, sp_b.values]) as name:
        indices, values = definition(*_parts(sp_a), *_parts(sp_b), name=name)
    return SparseTensor(indices, values, sp_a.dense_shape)


@export("sparse.maximum", "sparse_maximum")
def sparse_maximum(sp_a: SparseTensor, sp_b: SparseTensor, name: str | None = None) -> SparseTensor:
    """The larger elements of two sparse tensors of one shape, at the coordinates of both; what is not there is 0."""
    return _extremum_of(SparseSparseMaximum, sp_a, sp_b, name)


@export("sparse.minimum", "sparse_minimum")
def sparse_minimum(sp_a: SparseTensor, sp_b: SparseTensor, name: str | None = None) -> SparseTensor:
    """The smaller elements of two sparse tensors of one shape, at the coordinates of both; what is not there is 0."""
    return _extremum_of(SparseSparseMinimum, sp_a, sp_b, name)
