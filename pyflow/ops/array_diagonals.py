"""Diagonals of tensors and of (batches of) matrices.

The ops of version 2 take bands: `k` is one diagonal or a pair (lowest, highest), 0 the main one, positive above it.
In the compact form of a band, diagonals run from the highest to the lowest; each is padded at its end.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.api import export
from pyflow.core.registry import ShapeError, one_of, op, sample
from pyflow.core.tensor import Tensor
from pyflow.ops.array_dimensions import kernel_words
from pyflow.ops.array_filling import zeros, zeros_like
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import rank, shape
from pyflow.ops.array_slicing import slice_
from pyflow.ops.gpu import INDEXED, elementwise
from pyflow.ops.gpu_diagonals import band_part, gathered, of_band, part, spread
from pyflow.ops.shape_rules import merge, merge_dim, text, with_rank_at_least

_NUMBERS = tuple(
    dtypes.as_dtype(name) for name in "bfloat16 float16 float32 float64 int32 int64 complex64 complex128".split()
)


@op("Diag(diagonal: T) -> (output: T)", T=_NUMBERS)
class Diag:
    """A tensor of twice the rank with the input on its diagonal."""

    def shape(diagonal):
        with_rank_at_least(diagonal, 1)
        return None if diagonal is None else diagonal + diagonal

    def cpu(diagonal, out):
        out.fill(0)
        np.fill_diagonal(out.reshape(diagonal.size, diagonal.size), diagonal.reshape(-1))

    def grad(op, dy):
        return DiagPart(dy)

    gpu = elementwise(spread, types=INDEXED)
    samples = [sample([1.0, 2.0, 3.0]), sample([[1.0, 2.0]])]


diag = export("linalg.tensor_diag", "diag")(Diag)


@op("DiagPart(input: T) -> (diagonal: T)", T=_NUMBERS)
class DiagPart:
    """The diagonal of a tensor of shape [d..., d...]."""

    def shape(input):
        if input is None:
            return None
        rank = len(input)
        if rank % 2 or not rank:
            raise ShapeError(f"Input must have even and non-zero rank, input rank is {rank}")
        for i, (a, b) in enumerate(zip(input, input[rank // 2 :])):
            both = f"{i} and {i + rank // 2}"
            with kernel_words(lambda both=both: f"Invalid shape {text(input)}: dimensions {both} do not match."):
                merge_dim(a, b)
        return tuple(map(merge_dim, input[: rank // 2], input[rank // 2 :]))

    def cpu(input):
        sizes = input.shape[: input.ndim // 2]
        if sizes != input.shape[input.ndim // 2 :]:
            words = f"Invalid shape {text(input.shape)}: dimensions {sizes} do not match the rest"
            raise errors.InvalidArgumentError(None, None, words)
        count = int(np.prod(sizes, dtype=np.int64))
        return np.diagonal(input.reshape(count, count)).reshape(sizes).copy()

    def grad(op, dy):
        return Diag(dy)

    gpu = elementwise(gathered, types=INDEXED)
    samples = [sample([[1.0, 2.0], [3.0, 4.0]])]


diag_part = export("linalg.tensor_diag_part", "diag_part")(DiagPart)


def _smaller(a: int | None, b: int | None) -> int | None:
    if a == 0 or b == 0:
        return 0
    return None if a is None or b is None else min(a, b)


def _set_diagonal(matrix: Any, offset: int, values: Any) -> None:
    """Writes the diagonals of a batch of matrices; entries of `values` beyond the diagonal are left out."""
    rows, columns = matrix.shape[-2:]
    count = min(rows + min(offset, 0), columns - max(offset, 0))
    positions = np.arange(count)
    matrix[..., positions + max(-offset, 0), positions + max(offset, 0)] = values[..., :count]


@op("MatrixDiag(diagonal: T) -> (output: T)", T=dtypes.ANY)
class MatrixDiag:
    """For each vector along the last axis, the matrix with that diagonal."""

    def shape(diagonal):
        with_rank_at_least(diagonal, 1)
        return None if diagonal is None else (*diagonal, diagonal[-1])

    def cpu(diagonal, out):
        out.fill(0)
        _set_diagonal(out, 0, diagonal)

    def grad(op, dy):
        return matrix_diag_part(dy)

    gpu = elementwise(of_band("T(0)"), types=INDEXED)
    samples = [sample([[1.0, 2.0], [3.0, 4.0]])]


@op("MatrixDiagPart(input: T) -> (diagonal: T)", T=dtypes.ANY)
class MatrixDiagPart:
    """The main diagonals of a batch of matrices."""

    def shape(input):
        with kernel_words(lambda: f"input must be at least 2-dim, received shape: {text(input)}"):
            with_rank_at_least(input, 2)
        return None if input is None else (*input[:-2], _smaller(input[-2], input[-1]))

    def cpu(input, out):
        if input.ndim < 2:
            words = f"input must be at least 2-dim, received shape: {text(input.shape)}"
            raise errors.InvalidArgumentError(None, None, words)
        out[...] = np.diagonal(input, 0, -2, -1)

    def grad(op, dy):
        matrix = op.inputs[0].get_shape()[-2:]
        if matrix.is_fully_defined() and matrix[0] == matrix[1]:
            return matrix_diag(dy)
        return matrix_set_diag(zeros_like(op.inputs[0]), dy)

    gpu = elementwise(part, types=INDEXED)
    samples = [sample([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), sample([[1.0, 2.0], [4.0, 5.0]])]


@op("MatrixSetDiag(input: T, diagonal: T) -> (output: T)", T=dtypes.ANY)
class MatrixSetDiag:
    """A copy of the matrices with other main diagonals."""

    def shape(input, diagonal):
        with kernel_words(lambda: f"input must be at least 2-dim, received shape: {text(input)}"):
            with_rank_at_least(input, 2)
        with_rank_at_least(diagonal, 1)
        if input is not None and diagonal is not None:
            merge_dim(_smaller(input[-2], input[-1]), diagonal[-1])
        return input if diagonal is None else merge(input, (*diagonal[:-1], None, None))

    def cpu(input, diagonal, out):
        if input.ndim < 2:
            words = f"input must be at least 2-dim, received shape: {text(input.shape)}"
            raise errors.InvalidArgumentError(None, None, words)
        np.copyto(out, input)
        _set_diagonal(out, 0, diagonal)

    def grad(op, dy):
        known = op.inputs[0].get_shape().merge_with(dy.get_shape())
        diagonal = op.inputs[1].get_shape()
        batch, matrix = known[:-2].merge_with(diagonal[:-1]), known[-2:]
        if batch.is_fully_defined() and matrix.is_fully_defined():
            diagonal_shape: Any = batch.as_list() + [min(matrix.as_list())]
        else:
            diagonal_shape = _dynamic_diagonal_shape(dy)
        return matrix_set_diag(dy, zeros(diagonal_shape, dtype=dy.dtype)), matrix_diag_part(dy)

    gpu = elementwise(of_band("input", diagonal=1), types=INDEXED)
    samples = [sample([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [7.0, 8.0])]


def _dynamic_diagonal_shape(dy: Tensor) -> Tensor:
    from pyflow.core.api import PUBLIC
    from pyflow.core.scopes import colocate_with

    with colocate_with(dy.op):
        whole, axes = shape(dy), rank(dy)
        batch = slice_(whole, [0], [axes - 2])
        matrix = slice_(whole, [axes - 2], [2])
        return concat([batch, [PUBLIC["reduce_min"](matrix)]], 0)


_INDEX_T = one_of(dtypes.INDEX, default=dtypes.int64)


@op("MatrixBandPart(input: T, num_lower: Tindex, num_upper: Tindex) -> (band: T)", T=dtypes.ANY, Tindex=_INDEX_T)
class MatrixBandPart:
    """The matrices with zeros outside the band of so many diagonals below and above the main one; -1 means all."""

    def shape(input, num_lower, num_upper):
        for bound in (num_lower, num_upper):
            if bound:
                raise ShapeError(f"Shape must be rank 0 but is rank {len(bound)}")
        return input

    def cpu(input, num_lower, num_upper, out):
        if input.ndim < 2:
            words = f"input must be at least 2-dim, received shape: {text(input.shape)}"
            raise errors.InvalidArgumentError(None, None, words)
        rows, columns = input.shape[-2:]
        lower, upper = int(num_lower), int(num_upper)
        for word, bound, limit in (("lower", lower, rows), ("upper", upper, columns)):
            if bound > limit:
                kind = "rows" if word == "lower" else "cols"
                words = f"num_{word} must be negative or less or equal to number of {kind} ({limit}) got: {bound}"
                raise errors.InvalidArgumentError(None, None, words)
        distance = np.arange(columns) - np.arange(rows)[:, None]
        kept = np.ones((rows, columns), bool)
        if lower >= 0:
            kept &= distance >= -lower
        if upper >= 0:
            kept &= distance <= upper
        out.fill(0)
        np.copyto(out, input, where=kept)

    def grad(op, dy):
        return MatrixBandPart(dy, op.inputs[1], op.inputs[2]), None, None

    gpu = elementwise(band_part, types=INDEXED)
    samples = [sample([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], np.array(0, np.int64), np.array(1, np.int64))]


matrix_band_part = export("linalg.band_part", "matrix_band_part")(MatrixBandPart)


def _is_main(k: Any) -> bool:
    return isinstance(k, int) and k == 0


@export("linalg.diag", "matrix_diag")
def matrix_diag(
    diagonal: Any,
    name: str | None = "diag",
    k: Any = 0,
    num_rows: Any = -1,
    num_cols: Any = -1,
    padding_value: Any = 0,
) -> Tensor:
    """Matrices with given diagonals.

    Args:
      diagonal: [..., n], or [..., number of diagonals, longest] for a band.
      k: the diagonal, or a pair (lowest, highest): 0 is the main one, positive ones are above it.
      num_rows, num_cols: the size of the matrices; -1 takes the smallest that fits.
      padding_value: what stands outside the diagonals.
    """
    if _is_main(k) and num_rows == -1 and num_cols == -1 and padding_value == 0:
        return MatrixDiag(diagonal, name=name)
    from pyflow.ops.array_bands import MatrixDiagV2

    if getattr(diagonal, "dtype", None) == dtypes.bool:
        padding_value = bool(padding_value)
    return MatrixDiagV2(diagonal, k, num_rows, num_cols, padding_value, name=name)


@export("linalg.diag_part", "matrix_diag_part")
def matrix_diag_part(input: Any, name: str | None = "diag_part", k: Any = 0, padding_value: Any = 0) -> Tensor:
    """The diagonals of matrices [..., rows, columns].

    Args:
      k: the diagonal, or a pair (lowest, highest) for the compact form of a band.
      padding_value: what stands behind the end of the shorter diagonals of a band.
    """
    if _is_main(k):
        return MatrixDiagPart(input, name=name)
    from pyflow.ops.array_bands import MatrixDiagPartV2

    if getattr(input, "dtype", None) == dtypes.bool:
        padding_value = bool(padding_value)
    return MatrixDiagPartV2(input, k, padding_value, name=name)


@export("linalg.set_diag", "matrix_set_diag")
def matrix_set_diag(input: Any, diagonal: Any, name: str | None = "set_diag", k: Any = 0) -> Tensor:
    """The matrices [..., rows, columns] with other diagonals.

    Args:
      diagonal: [..., n], or [..., number of diagonals, longest] for a band.
      k: the diagonal, or a pair (lowest, highest).
    """
    if _is_main(k):
        return MatrixSetDiag(input, diagonal, name=name)
    from pyflow.ops.array_bands import MatrixSetDiagV2

    return MatrixSetDiagV2(input, diagonal, k, name=name)
