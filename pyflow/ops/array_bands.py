"""Bands of diagonals of matrices: the ops behind `tf.linalg.diag` and its kin when `k` isn't the main diagonal."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.api import PUBLIC
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import ShapeError, op, sample
from pyflow.core.tensor import StaticShape, Tensor
from pyflow.ops.array import reshape
from pyflow.ops.array_diagonals import matrix_diag, matrix_diag_part, matrix_set_diag
from pyflow.ops.array_filling import zeros, zeros_like
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape
from pyflow.ops.gpu import INDEXED, elementwise
from pyflow.ops.gpu_diagonals import of_band, part
from pyflow.ops.shape_rules import merge, with_rank, with_rank_at_least


def _band(k: Any) -> tuple[int, int]:
    """The lowest and the highest diagonal.

    Raises:
      ShapeError: `k` isn't one or two numbers in order.
    """
    diagonals = np.reshape(k, -1).tolist()
    if not 1 <= len(diagonals) <= 2:
        words = f"diag_index must be a vector with one or two elements. It has {len(diagonals)} elements."
        raise ShapeError(words)
    if diagonals[0] > diagonals[-1]:
        raise ShapeError("lower_diag_index is greater than upper_diag_index")
    return diagonals[0], diagonals[-1]


def _longest(rows: int | None, columns: int | None, low: int, high: int) -> int | None:
    """The length of the longest diagonal of the band.

    Raises:
      ShapeError: the band reaches outside the matrix.
    """
    if rows is None or columns is None:
        return None
    for word, k in (("lower", low), ("upper", high)):
        if k and not -rows < k < columns:
            raise ShapeError(f"{word}_diag_index is out of bound.")
    return min(rows + min(high, 0), columns - max(low, 0))


def _matrix_size(longest: int, low: int, high: int, rows: int, columns: int) -> tuple[int, int]:
    least_rows, least_columns = longest - min(high, 0), longest + max(low, 0)
    if rows == -1 and columns == -1:
        rows = columns = max(least_rows, least_columns)
    rows = least_rows if rows == -1 else rows
    columns = least_columns if columns == -1 else columns
    if rows < least_rows:
        raise ShapeError("num_rows is too small")
    if columns < least_columns:
        raise ShapeError("num_cols is too small.")
    if rows != least_rows and columns != least_columns:
        raise ShapeError(
            "num_rows and num_cols are not consistent with lower_diag_index, upper_diag_index, and the length of the "
            f"given diagonals.\nnum_rows = {rows} != min_num_rows = {least_rows}, num_cols = {columns} != "
            f"min_num_cols = {least_columns}"
        )
    return rows, columns


def _given_size(value: Any) -> int | None:
    return None if value is None or value < 0 else int(value)


def _positions(offset: int, rows: int, columns: int) -> tuple[Any, Any]:
    """The rows and columns of the elements of a diagonal."""
    steps = np.arange(max(min(rows + min(offset, 0), columns - max(offset, 0)), 0))
    return steps + max(-offset, 0), steps + max(offset, 0)


def _write_band(matrix: Any, band: Any, low: int, high: int) -> None:
    rows, columns = matrix.shape[-2:]
    if low == high:
        band = band[..., None, :]
    for i, offset in enumerate(range(high, low - 1, -1)):
        at = _positions(offset, rows, columns)
        matrix[(..., *at)] = band[..., i, : len(at[0])]


def _checked(function: Any, *args: Any) -> Any:
    try:
        return function(*args)
    except ShapeError as error:
        raise errors.InvalidArgumentError(None, None, str(error)) from None


@op(
    "MatrixDiagV2(diagonal: T, k: int32, num_rows: int32, num_cols: int32, padding_value: T) -> (output: T)",
    T=dtypes.ANY,
)
class MatrixDiagV2:
    """Matrices with the given band and `padding_value` elsewhere."""

    def shape(diagonal, k, num_rows, num_cols, padding_value, k_value, num_rows_value, num_cols_value):
        with_rank_at_least(diagonal, 1)
        for scalar in (num_rows, num_cols, padding_value):
            with_rank(scalar, 0)
        if diagonal is None or k_value is None:
            return None
        low, high = _band(k_value)
        if low != high and diagonal[-2] not in (None, high - low + 1):
            words = "The number of rows of `diagonal` doesn't match the number of diagonals implied from `d_lower` and "
            raise ShapeError(f"{words}`d_upper`.\nnum_diags = {high - low + 1}, d_lower = {low}, d_upper = {high}")
        batch = diagonal[:-1] if low == high else diagonal[:-2]
        if diagonal[-1] is None or num_rows_value is None or num_cols_value is None:
            return (*batch, _given_size(num_rows_value), _given_size(num_cols_value))
        return (*batch, *_matrix_size(diagonal[-1], low, high, int(num_rows_value), int(num_cols_value)))

    def cpu(diagonal, k, num_rows, num_cols, padding_value):
        low, high = _checked(_band, k)
        size = _checked(_matrix_size, diagonal.shape[-1], low, high, int(num_rows), int(num_cols))
        batch = diagonal.shape[:-1] if low == high else diagonal.shape[:-2]
        matrix = np.empty((*batch, *size), diagonal.dtype)
        matrix[...] = padding_value
        _write_band(matrix, diagonal, low, high)
        return matrix

    def grad(op, dy):
        return matrix_diag_part(dy, k=op.inputs[1]), None, None, None, None

    gpu = elementwise(of_band("padding_value", k=1), types=INDEXED)
    samples = [
        sample([1.0, 2.0], 1, -1, -1, 0.0, grad=False),
        sample([[1.0, 2.0], [3.0, 0.0]], [-1, 0], 2, 2, 9.0, grad=False),
    ]


@op("MatrixDiagPartV2(input: T, k: int32, padding_value: T) -> (diagonal: T)", T=dtypes.ANY)
class MatrixDiagPartV2:
    """The band of diagonals `k` in compact form."""

    def shape(input, k, padding_value, k_value):
        with_rank_at_least(input, 2)
        with_rank(padding_value, 0)
        if input is None or k_value is None:
            return None
        low, high = _band(k_value)
        longest = _longest(input[-2], input[-1], low, high)
        return (*input[:-2], longest) if low == high else (*input[:-2], high - low + 1, longest)

    def cpu(input, k, padding_value):
        low, high = _checked(_band, k)
        rows, columns = input.shape[-2:]
        longest = _checked(_longest, rows, columns, low, high)
        band = np.empty((*input.shape[:-2], high - low + 1, longest), input.dtype)
        band[...] = padding_value
        for i, offset in enumerate(range(high, low - 1, -1)):
            at = _positions(offset, rows, columns)
            band[..., i, : len(at[0])] = input[(..., *at)]
        return band[..., 0, :].copy() if low == high else band

    def grad(op, dy):
        matrix = op.inputs[0].get_shape()[-2:]
        if matrix.is_fully_defined():
            rows, columns = matrix.as_list()
            return matrix_diag(dy, k=op.inputs[1], num_rows=rows, num_cols=columns), None, None
        return matrix_set_diag(zeros_like(op.inputs[0]), dy, k=op.inputs[1]), None, None

    gpu = elementwise(part, types=INDEXED)
    samples = [
        sample([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [-1, 1], 0.0, grad=False),
        sample([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], 1, 0.0, grad=False),
    ]


@op("MatrixSetDiagV2(input: T, diagonal: T, k: int32) -> (output: T)", T=dtypes.ANY)
class MatrixSetDiagV2:
    """A copy of the matrices with another band."""

    def shape(input, diagonal, k_value):
        with_rank_at_least(input, 2)
        with_rank_at_least(diagonal, 1)
        if input is None or k_value is None:
            return input
        low, high = _band(k_value)
        longest = _longest(input[-2], input[-1], low, high)
        if diagonal is None or None not in input:
            return input
        return _merged_batch(input, diagonal, low, high, longest)

    def cpu(input, diagonal, k):
        low, high = _checked(_band, k)
        _checked(_longest, *input.shape[-2:], low, high)
        matrix = np.array(input)
        _write_band(matrix, diagonal, low, high)
        return matrix

    def grad(op, dy):
        k = op.inputs[2]
        known = op.inputs[1].get_shape()
        diagonal_shape = known if known.is_fully_defined() else _dynamic_diagonal_shape(dy, k)
        input_grad = matrix_set_diag(dy, zeros(diagonal_shape, dtype=dy.dtype), k=k)
        return input_grad, matrix_diag_part(dy, k=k), None

    gpu = elementwise(of_band("input", k=2, diagonal=1), types=INDEXED)
    samples = [sample([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [7.0, 8.0], 1)]


def _merged_batch(input: tuple, diagonal: tuple, low: int, high: int, longest: int | None) -> StaticShape:
    """The input's shape with what the diagonals tell about the batch; checks that they fit."""
    band = (longest,) if low == high else (high - low + 1, longest)
    if len(diagonal) != len(input) - 2 + len(band):
        raise ShapeError(f"Shape must be rank {len(input) - 2 + len(band)} but is rank {len(diagonal)}")
    merged = merge(diagonal, (*input[:-2], *band))
    assert merged is not None
    return (*merged[: len(input) - 2], *input[-2:])


def _dynamic_diagonal_shape(dy: Any, k: Tensor) -> Tensor:
    """The shape of the compact form when sizes come with the run."""
    whole = shape(dy)
    batch, matrix = whole[:-2], whole[-2:]
    diagonals = reshape(k, [-1])
    low, high = diagonals[0], diagonals[-1]
    below, beside = PUBLIC["minimum"](high, 0), -PUBLIC["maximum"](low, 0)
    longest = PUBLIC["minimum"](matrix[0] + below, matrix[1] + beside)
    is_single = PUBLIC["cast"](PUBLIC["equal"](low, high), dtypes.int32)
    band = convert_to_tensor([high - low + 1, longest])[is_single:]
    return concat([batch, band], 0)
