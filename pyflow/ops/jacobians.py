"""Matrices of derivatives: of each element of a tensor by each of another."""

from __future__ import annotations

from typing import Any

from pyflow.autodiff import gradients
from pyflow.core import nest
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.ops.parallel_for import for_loop


def jacobian(output: Any, inputs: Any, use_pfor: bool = True, parallel_iterations: int | None = None) -> Any:
    """The derivatives of each element of `output` by each of `inputs`: of shape output.shape + input.shape.

    They come in the structure of `inputs`, with None for what the output doesn't depend on.

    Args:
      use_pfor: has no effect: there is one way to compute them.
      parallel_iterations: how many elements may be differentiated at once.
    """
    output = convert_to_tensor(output)
    sources = nest.flatten(inputs)
    flat = raw.Reshape(output, [-1])
    rows = _rows(flat, sources, parallel_iterations)
    shaped = [None if each is None else _with_shape_of(each, output) for each in rows]
    return nest.pack_sequence_as(inputs, shaped)


def batch_jacobian(output: Any, inp: Any, use_pfor: bool = True, parallel_iterations: int | None = None) -> Any:
    """The derivatives of each row of `output` by the same row of `inp`: [batch, ...output, ...inp]; or None.

    Args:
      use_pfor, parallel_iterations: as in `jacobian`.

    Raises:
      ValueError: the two have not the same number of rows.
    """
    output, value = convert_to_tensor(output), convert_to_tensor(inp)
    if not output.shape[:1].is_compatible_with(value.shape[:1]):
        raise ValueError(
            f"Need first dimension of output shape ({output.shape}) and inp shape ({value.shape}) to match."
        )
    batch = raw.Shape(output)
    by_row = raw.Transpose(raw.Reshape(output, raw.Pack([_first(batch), -1])), [1, 0])
    (columns,) = _rows(by_row, [inp], parallel_iterations)
    if columns is None:
        return None
    # [row of output, batch, ...] becomes [batch, row, ...] by way of a matrix, so that any rank will do.
    sizes = raw.Shape(columns)
    swapped = raw.Transpose(raw.Reshape(columns, raw.Pack([_first(sizes), _first(batch), -1])), [1, 0, 2])
    rest = raw.StridedSlice(raw.Shape(value), [1], [0], [1], end_mask=1)
    result = raw.Reshape(swapped, raw.ConcatV2([batch, rest], 0))
    result.set_shape(output.shape.concatenate(value.shape[1:]))
    return result


def _first(sizes: Tensor) -> Tensor:
    return raw.StridedSlice(sizes, [0], [1], [1], shrink_axis_mask=1)


def _rows(flat: Tensor, sources: list, parallel_iterations: int | None) -> list[Tensor | None]:
    """The gradients of each element, or row, of a tensor by each source, stacked; None by what it doesn't depend on."""
    known = [source for source, found in zip(sources, gradients(flat, sources)) if found is not None]
    if not known:
        return [None] * len(sources)

    def row(i: Tensor) -> list[Tensor]:
        element = raw.StridedSlice(flat, [i], [i + 1], [1], shrink_axis_mask=1)
        return [convert_to_tensor(gradient) for gradient in gradients(element, known)]

    values = [convert_to_tensor(source) for source in known]
    stacked = for_loop(row, [value.dtype for value in values], _first(raw.Shape(flat)), parallel_iterations)
    for rows, value in zip(stacked, values):
        rows.set_shape(TensorShape([None]).concatenate(value.shape))
    by_source = {id(source): rows for source, rows in zip(known, stacked)}
    return [by_source.get(id(source)) for source in sources]


def _with_shape_of(rows: Tensor, output: Tensor) -> Tensor:
    rest = raw.StridedSlice(raw.Shape(rows), [1], [0], [1], end_mask=1)
    result = raw.Reshape(rows, raw.ConcatV2([raw.Shape(output), rest], 0))
    result.set_shape(output.shape.concatenate(rows.shape[1:]))
    return result
