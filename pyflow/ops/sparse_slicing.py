"""Parts of sparse tensors, and sparse tensors put together."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.constants import constant_value
from pyflow.core.convert import convert_to_tensor
from pyflow.core.deprecation import renamed_argument
from pyflow.core.dtypes import ANY, NUMERIC, int64
from pyflow.core.errors import InternalError
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op, sample
from pyflow.core.scopes import name_scope
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.ops.array import reshape
from pyflow.ops.array_dimensions import add, kernel_words
from pyflow.ops.array_joining import concat
from pyflow.ops.reduce_functions import reduce_max
from pyflow.ops.shape_rules import element_count, merge, merge_dim, text
from pyflow.ops.sparse_coordinates import (
    ONE,
    SHAPE,
    TWO,
    as_sparse,
    check_rank,
    check_rows,
    check_sparse,
    invalid,
    numbered,
    ranked,
    row_major_order,
    uneven_rows,
)


@op(
    "SparseConcat(indices: N*int64, values: N*T, shapes: N*int64) "
    "-> (output_indices: int64, output_values: T, output_shape: int64)",
    concat_dim=attr("int"),
    N=attr("int", minimum=2),
    T=ANY,
)
class SparseConcat:
    """Sparse tensors one after the other along a dimension, in row-major order."""

    def shape(indices, values, shapes):
        count: int | None = 0
        columns, sizes = None, None
        for i, (rows, numbers, size) in enumerate(zip(indices, values, shapes)):
            words = f" received shape {{}} at position {i}"
            places = ranked(rows, 2, "Input indices should be a matrix but" + words)
            number = ranked(numbers, 1, "Input values should be a vector but" + words)
            size = ranked(size, 1, "Input shapes should be a vector but" + words)
            count = add(count, _merge_dim(places[0], number[0], uneven_rows(places[0], number[0])))
            columns = _merge_dim(columns, places[1], _other_rank(columns, places[1], i))
            sizes = merge(sizes, size)
        return [(count, columns), (count,), sizes]

    def cpu(indices, values, shapes, concat_dim):
        for i, parts in enumerate(zip(indices, values, shapes)):
            for array, rank, kind in zip(parts, (2, 1, 1), ("indices", "values", "shapes")):
                form = "matrix" if rank == 2 else "vector"
                check_rank(array, rank, f"Input {kind} should be a {form} but received shape {{}} at position {i}")
        rank = len(shapes[0])
        if not -rank <= concat_dim < rank:
            raise invalid(f"Concat dimension must be in range [{-rank}, {rank}), got {concat_dim}")
        axis = concat_dim % rank
        _check_alike(shapes, axis)
        size, moved = 0, []
        for rows, numbers, shape in zip(indices, values, shapes):
            check_rows(rows, numbers)
            rows = rows.copy()
            rows[:, axis] += size
            size += int(shape[axis])
            moved.append(rows)
        whole = shapes[0].copy()
        whole[axis] = size
        rows, numbers = np.concatenate(moved), np.concatenate(values)
        order = row_major_order(rows)
        return (rows, numbers, whole) if order is None else (rows[order], numbers[order], whole)

    grad = NOT_DIFFERENTIABLE
    samples = [
        sample([ONE, TWO], [[1.0, 2.0], [3.0, 4.0, 5.0]], [SHAPE, SHAPE], concat_dim=1),
        sample([ONE, TWO], [[1.0, 2.0], [3.0, 4.0, 5.0]], [SHAPE, SHAPE], concat_dim=-2),
    ]


def _merge_dim(a: int | None, b: int | None, words: str) -> int | None:
    with kernel_words(lambda: words):
        return merge_dim(a, b)


def _other_rank(expected: int | None, rank: int | None, position: int) -> str:
    return f"Ranks of all input tensors must match: expected {expected} but got {rank} at position {position}"


def _check_alike(shapes: list[np.ndarray], axis: int) -> None:
    """Raises InvalidArgumentError unless all shapes are equal but for the size of `axis`."""
    first = shapes[0]
    for i, shape in enumerate(shapes):
        if len(shape) != len(first):
            raise invalid(_other_rank(len(first), len(shape), i))
        for d, (expected, size) in enumerate(zip(first.tolist(), shape.tolist())):
            if d != axis and expected != size:
                words = f"expected {expected} for dimension {d} but got {size} at position {i}"
                raise invalid(f"Input shapes must match: {words}")


@op(
    "SparseSplit(split_dim: int64, indices: int64, values: T, shape: int64) -> (output_indices: num_split*int64, "
    "output_values: num_split*T, output_shape: num_split*int64)",
    num_split=attr("int", minimum=1),
    T=ANY,
)
class SparseSplit:
    """Parts along a dimension, of which the first are larger by one where it can't be divided evenly."""

    def shape(shape, num_split):
        return [(None, element_count(shape))] * num_split + [(None,)] * num_split + [shape] * num_split

    def cpu(split_dim, indices, values, shape, num_split):
        check_sparse(indices, values, shape)
        if np.size(split_dim) != 1:
            raise invalid(f"split_dim must be a scalar, got shape {text(np.shape(split_dim))}")
        axis, rank = int(np.reshape(split_dim, -1)[0]), len(shape)
        if axis < 0:
            raise invalid(f"num_dim must be in the interval [0, {rank})")
        if axis >= rank:
            raise invalid(f"Input split_dim should be between 0 and rank ({rank}), got {axis}")
        if num_split > shape[axis]:
            words = f"between 1 and the splitting dimension size ({shape[axis]}), got {num_split}"
            raise invalid(f"Input num_split should be {words}")
        check_rows(indices, values)
        size, larger = divmod(int(shape[axis]), num_split)
        sizes = np.where(np.arange(num_split) < larger, size + 1, size)
        starts = np.cumsum(sizes) - sizes
        owners = np.searchsorted(starts, indices[:, axis], side="right") - 1
        parts = []
        for i, (start, length) in enumerate(zip(starts, sizes)):
            rows = indices[owners == i]
            rows[:, axis] -= start
            whole = shape.copy()
            whole[axis] = length
            parts.append((rows, values[owners == i], whole))
        return tuple(array for kind in zip(*parts) for array in kind)

    samples = [
        sample(0, TWO, [1.0, 2.0, 3.0], SHAPE, num_split=2, grad=False),
        sample(1, TWO, [1.0, 2.0, 3.0], SHAPE, num_split=1, grad=False),
    ]


@op(
    "SparseSlice(indices: int64, values: T, shape: int64, start: int64, size: int64) "
    "-> (output_indices: int64, output_values: T, output_shape: int64)",
    T=ANY,
)
class SparseSlice:
    """What lies in the box of `size` from `start` on, as far as there is something of the tensor."""

    def shape(shape):
        return [(None, element_count(shape)), (None,), shape]

    def cpu(indices, values, shape, start, size):
        check_sparse(indices, values, shape)
        for name, vector in (("start", start), ("size", size)):
            check_rank(vector, 1, f"Input {name} should be a vector but received shape {{}}")
            if len(vector) != len(shape):
                words = f"Expected {name} to be a vector of length {len(shape)} but got length {len(vector)}"
                raise invalid(words)
        sizes = np.minimum(size, shape - start)
        if np.any(sizes < 0):
            raise invalid(f"Slice of {text(tuple(shape))} from {text(tuple(start))} has no size {text(tuple(size))}")
        chosen = np.all((indices >= start) & (indices < start + size), axis=1)
        return indices[chosen] - start, values[chosen], sizes

    def grad(op, indices_grad, values_grad, shape_grad):
        result = SparseSliceGrad(values_grad, op.inputs[0], op.inputs[3], op.outputs[0])
        result.set_shape(op.inputs[1].get_shape())
        return None, result, None, None, None

    samples = [sample(TWO, [1.0, 2.0, 3.0], SHAPE, [0, 1], [3, 9])]


@op(
    "SparseSliceGrad(backprop_val_grad: T, input_indices: int64, input_start: int64, output_indices: int64) "
    "-> (val_grad: T)",
    T=NUMERIC,
)
class SparseSliceGrad:
    """The gradient of SparseSlice to its values: 0 at coordinates that are not in the slice."""

    def shape(input_indices, output_indices):
        words = "Input and output indices should be matrices but received shapes: "
        return (ranked(input_indices, 2, f"{words}{{}} and {text(output_indices)}")[0],)

    def cpu(backprop_val_grad, input_indices, input_start, output_indices):
        check_rank(backprop_val_grad, 1, "Input backprop_val_grad should be a vector but received shape: {}")
        if np.ndim(input_indices) != 2 or np.ndim(output_indices) != 2:
            shapes = f"{text(np.shape(input_indices))} and {text(np.shape(output_indices))}"
            raise invalid(f"Input and output indices should be matrices but received shapes: {shapes}")
        rank = input_indices.shape[1]
        if output_indices.shape[1] != rank:
            ranks = f"got: {rank} and {output_indices.shape[1]}"
            raise invalid(f"The input and output should have the same ndims: {ranks}")
        count = len(backprop_val_grad)
        if count != len(output_indices):
            words = "# elements of backprop_val_grad and # rows of output_indices should match (#nnz of sum): got"
            raise invalid(f"{words} {count} and {len(output_indices)}")
        if len(input_start) != rank:
            words = f"of length {rank} but got length {len(input_start)}"
            raise invalid(f"Expected input_start to be a vector {words}")
        ours, theirs = numbered(input_indices, output_indices + input_start)
        result = np.zeros(len(input_indices), backprop_val_grad.dtype)
        _, places, sources = np.intersect1d(ours, theirs, assume_unique=True, return_indices=True)
        if len(sources) != count:
            counts = f"Num elements:{count}, used: {len(sources)}"
            raise InternalError(None, None, f"Elements of backprop_val_grad aren't all propagated. {counts}")
        result[places] = backprop_val_grad[sources]
        return result

    grad = NOT_DIFFERENTIABLE
    samples = [sample([7.0], ONE, [1, 0], np.array([[1, 0]]), grad=False)]


@export("sparse.concat", "sparse_concat")
def sparse_concat(
    axis: int,
    sp_inputs: Any,
    name: str | None = None,
    expand_nonconcat_dim: bool = False,
    concat_dim: int | None = None,
    expand_nonconcat_dims: bool | None = None,
) -> SparseTensor:
    """Sparse tensors one after the other along `axis`, in row-major order.

    Args:
      sp_inputs: a list of sparse tensors of one rank and dtype.
      expand_nonconcat_dim: the other dimensions may differ in size and become the largest.
      expand_nonconcat_dims: must be None, as TensorFlow 1.15 takes the other name to be given always.
      concat_dim: the older name of `axis`.

    Raises:
      TypeError: the inputs are no list, or one of them is no sparse tensor.
      ValueError: `expand_nonconcat_dims` is given.
      InvalidArgumentError: other dimensions differ in size.
    """
    expand = renamed_argument(
        "expand_nonconcat_dims", expand_nonconcat_dims, "expand_nonconcat_dim", expand_nonconcat_dim
    )
    axis = renamed_argument("axis", axis, "concat_dim", concat_dim)
    if not isinstance(sp_inputs, (list, tuple)):
        raise TypeError("Inputs must be a list or tuple.")
    parts = [as_sparse(part) for part in sp_inputs]
    if len(parts) == 1:
        return parts[0]
    shapes = [part.dense_shape for part in parts]
    if expand:
        largest = reduce_max(concat([reshape(shape, [1, -1]) for shape in shapes], 0), 0)
        shapes = [
            concat(
                [
                    largest[:axis],
                    shape[-1:] if axis == -1 else shape[axis : axis + 1],
                    [] if axis == -1 else largest[axis + 1 :],
                ],
                0,
            )
            for shape in shapes
        ]
    indices, values, dense_shape = SparseConcat(
        [part.indices for part in parts], [part.values for part in parts], shapes, axis, name=name
    )
    known = [constant_value(shape) for shape in shapes]
    if all(shape is not None for shape in known):
        sizes = np.array(known[0])
        sizes[axis] = sum(shape[axis] for shape in known if shape is not None)
        dense_shape = convert_to_tensor(sizes)
    return SparseTensor(indices, values, dense_shape)


class _KeywordRequired:
    def __repr__(self) -> str:
        return "KeywordRequired()"


@export("sparse.split", "sparse_split")
def sparse_split(
    keyword_required: Any = _KeywordRequired(),  # noqa: B008
    sp_input: Any = None,
    num_split: int | None = None,
    axis: Any = None,
    name: str | None = None,
    split_dim: Any = None,
) -> list[SparseTensor]:
    """A list of `num_split` parts of a sparse tensor along `axis`; the first ones are larger where it doesn't divide.

    Args:
      keyword_required: not to be given: arguments are given by name.
      split_dim: the older name of `axis`.

    Raises:
      TypeError: `sp_input` is no sparse tensor.
      ValueError: an argument is missing or not given by name.
    """
    if not isinstance(keyword_required, _KeywordRequired):
        raise ValueError("Keyword arguments are required for this function.")
    if sp_input is None:
        raise ValueError("sp_input is required")
    if num_split is None:
        raise ValueError("num_split is required")
    if axis is None:
        raise ValueError("axis is required")
    axis = renamed_argument("axis", axis, "split_dim", split_dim)
    sp_input = as_sparse(sp_input)
    parts = SparseSplit(axis, sp_input.indices, sp_input.values, sp_input.dense_shape, num_split, name=name)
    return [SparseTensor(*part) for part in zip(*parts)]


@export("sparse.slice", "sparse_slice")
def sparse_slice(sp_input: Any, start: Any, size: Any, name: str | None = None) -> SparseTensor:
    """The part of a sparse tensor in the box of `size` from `start` on (int vectors), as far as the tensor reaches."""
    sp_input = as_sparse(sp_input)
    start, size = convert_to_tensor(start, int64), convert_to_tensor(size, int64)
    with name_scope(name, "SparseSlice", [sp_input]) as name:
        return SparseTensor(*SparseSlice(*_parts(sp_input), start, size, name=name))


def _parts(sparse: SparseTensor) -> tuple:
    return sparse.indices, sparse.values, sparse.dense_shape
