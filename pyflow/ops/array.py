"""Other views of the same elements: reshape, squeeze, expand_dims, transpose, bitcast."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.deprecation import renamed_argument
from pyflow.core.registry import ShapeError, attr, one_of, op, raw, sample
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import StaticShape, Tensor
from pyflow.ops.array_dimensions import check_sizes, divide, kernel_words, product
from pyflow.ops.array_shape import Rank, rank, shape
from pyflow.ops.gpu import ALIAS, INDEXED, elementwise
from pyflow.ops.gpu_movement import as_view
from pyflow.ops.indexed_slices import quiet_densification
from pyflow.ops.shape_rules import element_count, text, with_rank, with_rank_at_least

newaxis = export("newaxis")(None)


@op("Reshape(tensor: T, shape: Tshape) -> (output: T)", T=dtypes.ANY, Tshape=one_of(dtypes.INDEX, default=dtypes.int32))
class Reshape:
    """The elements in the same order under another shape; one size may be -1."""

    view = True

    def shape(tensor, shape, shape_value, shape_dims):
        with kernel_words(lambda: f"sizes input must be 1-D, not {text(shape)}"):
            with_rank(shape, 1)
        check_sizes(shape_value)
        return None if shape_dims is None else _reshaped(tensor, shape_dims)

    def cpu(tensor, shape):
        sizes = shape.tolist()
        try:
            if min(sizes, default=0) >= -1:
                return tensor.reshape(sizes)
        except (ValueError, TypeError):
            pass
        return _unusual_reshape(tensor, sizes)

    def grad(op, dy):
        return _reshape_to_input(op, dy), None

    gpu = ALIAS
    samples = [sample([[1.0, 2.0], [3.0, 4.0]], [-1]), sample([1.0, 2.0], [2, 1])]


def _reshape_to_input(op: Any, dy: Any) -> Tensor:
    with quiet_densification():
        return reshape(dy, shape(op.inputs[0]))


def _reshaped(given: StaticShape, wanted: tuple) -> StaticShape:
    """The wanted shape, its one open size worked out where that is possible."""
    if given is None:
        return wanted
    total, count = element_count(given), element_count(wanted)
    if total is not None and count is not None:
        if total != count:
            raise ShapeError(
                f"Cannot reshape a tensor with {total} elements to shape {text(wanted)} ({count} elements)",
                at_run=f"Input to reshape is a tensor with {total} values, but the requested shape has {count}",
            )
        return wanted
    if wanted.count(None) > 1 or given.count(None) > 1:
        return wanted
    known_given, known_wanted = product(d for d in given if d is not None), product(d for d in wanted if d is not None)
    if None in given and None in wanted:
        return tuple(None if d is None else d for d in wanted)
    if None in wanted and known_wanted:
        words = f"Input to reshape is a tensor with {total} values, but the requested shape requires a multiple of "
        inferred = divide(total, known_wanted, at_run=f"{words}{known_wanted}")
        return tuple(inferred if d is None else d for d in wanted)
    if None in given and known_given:
        divide(count, known_given)
    return wanted


def _unusual_reshape(tensor: Any, sizes: Any) -> Any:
    """An empty tensor's reshape as TF does it; for all others, what is wrong in TF's words."""
    if not isinstance(sizes, list) or any(isinstance(size, list) for size in sizes):
        words = f"sizes input must be 1-D, not {text(np.shape(sizes))}"
        raise errors.InvalidArgumentError(None, None, words)
    unknown = [i for i, size in enumerate(sizes) if size == -1]
    if len(unknown) > 1:
        words = f"Only one input size may be -1, not both {unknown[0]} and {unknown[1]}"
        raise errors.InvalidArgumentError(None, None, words)
    for i, size in enumerate(sizes):
        if size < -1:
            raise errors.InvalidArgumentError(None, None, f"Size {i} must be non-negative, not {size}")
    given, total = np.shape(tensor), np.size(tensor)
    if not unknown:
        words = f"Input to reshape is a tensor with {total} values, but the requested shape has {math.prod(sizes)}"
        raise errors.InvalidArgumentError(None, None, words)
    # Next to a size of 0, the open one is what the other sizes of the input give.
    count = math.prod(size for size in sizes if size > 0)
    available = math.prod(d for d in given if d or 0 not in sizes)
    if available % count and 0 not in given:
        words = f"Input to reshape is a tensor with {available} values, but the requested shape requires a multiple of "
        raise errors.InvalidArgumentError(None, None, f"{words}{count}")
    return np.reshape(tensor, [available // count if size == -1 else size for size in sizes])


@export("reshape", "manip.reshape")
def reshape(tensor: Any, shape: Any, name: str | None = None) -> Tensor:
    """`tensor` under another shape, its elements in the same (row-major) order.

    Args:
      shape: an int vector; one size may be -1, which is worked out from the others.

    Raises:
      ValueError: the static shapes have different numbers of elements.
      InvalidArgumentError: the numbers of elements turn out different at the run.
    """
    return Reshape(tensor, shape, name=name)


@op("Squeeze(input: T) -> (output: T)", T=dtypes.ANY, squeeze_dims=attr("list(int)", default=[], minimum=0))
class Squeeze:
    """The input without axes of size 1."""

    view = True

    def shape(input, squeeze_dims):
        if input is None:
            return None
        rank = len(input)
        for i, axis in enumerate(squeeze_dims):
            if not -rank <= axis < rank:
                words = f"Tried to squeeze dim index {axis} for tensor with {rank} dimensions."
                raise ShapeError(f"squeeze_dims[{i}] not in [{-rank},{rank}).", words)
        axes = {axis % rank for axis in squeeze_dims}
        if not axes:
            return None if None in input else tuple(d for d in input if d != 1)
        for i in sorted(axes):
            if input[i] not in (None, 1):
                words = f"Can not squeeze dim[{i}], expected a dimension of 1, got {input[i]}"
                raise ShapeError(words, words)
        return tuple(d for i, d in enumerate(input) if i not in axes)

    def cpu(input, squeeze_dims):
        try:
            return np.squeeze(input, tuple(squeeze_dims) or None)
        except ValueError:
            rank, sizes = np.ndim(input), np.shape(input)
            for axis in squeeze_dims:
                if not -rank <= axis < rank:
                    words = f"Tried to squeeze dim index {axis} for tensor with {rank} dimensions."
                    raise errors.InvalidArgumentError(None, None, words) from None
                if sizes[axis] != 1:
                    words = f"Can not squeeze dim[{axis % rank}], expected a dimension of 1, got {sizes[axis]}"
                    raise errors.InvalidArgumentError(None, None, words) from None
            # The same axis twice, which TF takes for once.
            return np.squeeze(input, tuple({axis % rank for axis in squeeze_dims}))

    def grad(op, dy):
        return _reshape_to_input(op, dy)

    gpu = ALIAS
    samples = [sample([[[1.0], [2.0]]]), sample([[[1.0], [2.0]]], squeeze_dims=[-1])]


@export("squeeze")
def squeeze(input: Any, axis: Any = None, name: str | None = None, squeeze_dims: Any = None) -> Tensor:
    """`input` without its axes of size 1, or without those given only.

    Args:
      axis: an axis or a list of axes, which must be of size 1 (`squeeze_dims` is its old name).

    Raises:
      ValueError: an axis is out of range or of another size.
    """
    axis = renamed_argument("axis", axis, "squeeze_dims", squeeze_dims)
    return Squeeze(input, [axis] if np.isscalar(axis) else axis, name=name)


@op("ExpandDims(input: T, dim: Tdim) -> (output: T)", T=dtypes.ANY, Tdim=one_of(dtypes.INDEX, default=dtypes.int32))
class ExpandDims:
    """The input with a new axis of size 1 before axis `dim`."""

    view = True

    def shape(input, dim, dim_value):
        if dim_value is not None and np.size(dim_value) != 1:
            raise ShapeError("'dim' input must be a tensor with a single value")
        if dim_value is None or input is None:
            return None
        rank, axis = len(input), int(np.reshape(dim_value, ()))
        if not -rank - 1 <= axis <= rank:
            words = f"Tried to expand dim index {axis} for tensor with {rank} dimensions."
            raise ShapeError(f"dim {axis} not in the interval [{-rank - 1}, {rank}].", words)
        axis += rank + 1 if axis < 0 else 0
        return (*input[:axis], 1, *input[axis:])

    def cpu(input, dim):
        if dim.size != 1:
            raise errors.InvalidArgumentError(None, None, "'dim' must be a tensor with a single value")
        axis, rank = dim.item(), input.ndim
        if not -rank - 1 <= axis <= rank:
            words = f"Tried to expand dim index {axis} for tensor with {rank} dimensions."
            raise errors.InvalidArgumentError(None, None, words)
        axis += rank + 1 if axis < 0 else 0
        return input.reshape((*input.shape[:axis], 1, *input.shape[axis:]))

    def grad(op, dy):
        return _reshape_to_input(op, dy), None

    gpu = ALIAS
    samples = [sample([[1.0, 2.0]], 1), sample([[1.0, 2.0]], -1)]


@export("expand_dims")
def expand_dims(input: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """`input` with a new axis of size 1.

    Args:
      axis: where the new axis will be, within [-rank - 1, rank] (`dim` is its old name).

    Raises:
      ValueError: no axis is given, or it is out of range.
    """
    axis = renamed_argument("axis", axis, "dim", dim)
    if axis is None:
        raise ValueError("Must specify an axis argument to tf.expand_dims()")
    return ExpandDims(input, axis, name=name)


def _transposed_shape(x, perm, perm_value):
    entries = element_count(perm)
    if x is None and entries is None and perm_value is None:
        return None
    rank = len(x) if x is not None else entries if entries is not None else np.size(perm_value)
    if x is None and rank < 2:
        # A perm of one entry is also taken for a scalar.
        return None
    x = with_rank(x, rank)
    with_rank(perm, 1)
    if entries is not None and entries != rank:
        raise ShapeError(
            f"Dimension must be {rank} but is {entries}",
            at_run=f"transpose expects a vector of size {rank}. But input(1) is a vector of size {entries}",
        )
    if perm_value is None:
        return (None,) * rank
    for axis in perm_value.tolist():
        if not -rank <= axis < rank:
            raise ShapeError(f"perm dim {axis} is out of range of input rank {rank}")
    return tuple(x[axis] for axis in perm_value.tolist())


def _axes(x, perm):
    axes = perm.tolist()
    rank = np.ndim(x)
    if len(axes) != rank:
        words = f"transpose expects a vector of size {rank}. But input(1) is a vector of size {len(axes)}"
        raise errors.InvalidArgumentError(None, None, words)
    for axis in axes:
        if not 0 <= axis < rank:
            words = f"{axis} is out of range [0 .. {rank})"
            raise errors.InvalidArgumentError(None, None, words)
    for axis in range(rank):
        if axis not in axes:
            words = f"{axis} is missing from {{{','.join(map(str, axes))}}}."
            raise errors.InvalidArgumentError(None, None, words)
    return axes


@op("Transpose(x: T, perm: Tperm) -> (y: T)", T=dtypes.ANY, Tperm=one_of(dtypes.INDEX, default=dtypes.int32))
class Transpose:
    """Axis i of the output is axis perm[i] of the input."""

    view = True
    shape = _transposed_shape

    def cpu(x, perm):
        axes = perm.tolist()
        try:
            if min(axes, default=0) >= 0:
                return x.transpose(axes)
        except ValueError:
            pass
        return x.transpose(_axes(x, perm))

    def grad(op, dy):
        return transpose(dy, raw.InvertPermutation(op.inputs[1])), None

    gpu = elementwise(as_view, types=INDEXED)
    samples = [sample([[1.0, 2.0, 3.0]], [1, 0]), sample([[[1.0, 2.0], [3.0, 4.0]]], [2, 0, 1])]


@op("ConjugateTranspose(x: T, perm: Tperm) -> (y: T)", T=dtypes.ANY, Tperm=one_of(dtypes.INDEX, default=dtypes.int32))
class ConjugateTranspose:
    """`Transpose` of the complex conjugate."""

    shape = _transposed_shape

    def cpu(x, perm):
        return np.conj(x.transpose(_axes(x, perm)))

    def grad(op, dy):
        return transpose(dy, raw.InvertPermutation(op.inputs[1]), conjugate=True), None

    samples = [sample(np.array([[1 + 2j, 3 - 1j]], np.complex64), [1, 0], grad=False)]


@export("transpose")
def transpose(a: Any, perm: Any = None, name: str | None = "transpose", conjugate: bool = False) -> Tensor:
    """`a` with its axes in another order: axis i of the result is axis perm[i] of `a`.

    Args:
      perm: a permutation of the axes; None reverses them.
      conjugate: whether complex elements are conjugated too.
    """
    with name_scope(name, "transpose", [a]) as scope:
        if perm is not None:
            return _transpose_op(a, conjugate)(a, perm, name=scope)
        a = convert_to_tensor(a, name="a")
        rank = a.get_shape().ndims
        if rank:
            perm = rank - 1 - np.arange(rank)
        else:
            unknown = Rank(a)
            perm = unknown - 1 - raw.Range(0, unknown, 1)
        result = _transpose_op(a, conjugate)(a, perm, name=scope)
        if a.get_shape().ndims is not None:
            result.set_shape(a.get_shape()[::-1])
        return result


def _transpose_op(a: Any, conjugate: bool) -> Any:
    return ConjugateTranspose if conjugate and convert_to_tensor(a).dtype.is_complex else Transpose


@export("linalg.transpose", "linalg.matrix_transpose", "matrix_transpose")
def matrix_transpose(a: Any, name: str | None = "matrix_transpose", conjugate: bool = False) -> Tensor:
    """`a` with its last two axes exchanged.

    Raises:
      ValueError: `a` has fewer than two axes.
    """
    with name_scope(name, values=[a]):
        a = convert_to_tensor(a, name="a")
        known = a.get_shape()
        if known.ndims is None:
            from pyflow.ops.array_joining import concat

            count = rank(a)
            perm = concat((raw.Range(0, count - 2, 1), [count - 1, count - 2]), 0)
        elif known.ndims < 2:
            raise ValueError(f"Argument 'a' should be a (batch) matrix, with rank >= 2.  Found: {known}")
        else:
            perm = [*range(known.ndims - 2), known.ndims - 1, known.ndims - 2]
        return transpose(a, perm=perm, conjugate=conjugate)


_BITS = tuple(map(dtypes.as_dtype, (
    "bfloat16 float16 float32 float64 int64 int32 uint8 uint16 uint32 uint64 int8 int16 complex64 complex128 "
    "qint8 quint8 qint16 quint16 qint32").split()))  # fmt: skip


@op("Bitcast(input: T) -> (output: type)", T=_BITS, type=attr("type", allowed=_BITS))
class Bitcast:
    """The same bytes taken for another dtype; a smaller one adds an axis, a larger one takes the last axis."""

    def shape(input, T, type):
        if input is None or T.size == type.size:
            return input
        if T.size > type.size:
            return (*input, T.size // type.size)
        with_rank_at_least(input, 1)
        if input[-1] is not None and input[-1] != type.size // T.size:
            raise ShapeError(f"Cannot bitcast due to shape. {input[-1]} does not match {type.size // T.size}")
        return input[:-1]

    def cpu(input, T, type):
        array, target = np.ascontiguousarray(input).reshape(np.shape(input)), np.dtype(type.as_numpy_dtype)
        if T.size == type.size:
            return array.view(target).copy()
        if T.size > type.size:
            return array[..., None].view(target).copy()
        if not array.ndim or array.shape[-1] != type.size // T.size:
            given = str(list(array.shape)).replace(" ", "")
            words = f"Cannot bitcast from {T.name} to {type.name}: shape {given}"
            raise errors.InvalidArgumentError(None, None, words)
        return array.view(target)[..., 0].copy()

    gpu = elementwise("bitcast<type>(input)")
    samples = [sample([1.0, 2.0], type=dtypes.int32, grad=False), sample([[1, 2]], type=dtypes.int64, grad=False)]


bitcast = export("bitcast")(Bitcast)
