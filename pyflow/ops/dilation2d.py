"""Morphology of images: grey dilation and erosion, and the gradients of dilation."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import errors
from pyflow.core.api import export
from pyflow.core.deprecation import renamed_argument
from pyflow.core.dtypes import REAL
from pyflow.core.registry import NOT_DIFFERENTIABLE, Attr, attr, op, sample
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.math_unary import negative
from pyflow.ops.pool_kernels import places
from pyflow.ops.shape_rules import merge_dim, with_rank
from pyflow.ops.windows import Windows, count_windows, make_windows


def _attrs() -> dict[str, Attr]:
    return {
        "T": attr("type", allowed=REAL),
        "strides": attr("list(int)", minimum=4),
        "rates": attr("list(int)", minimum=4),
        "padding": attr("string", allowed=("SAME", "VALID")),
    }


def _windows(x: tuple, filter: tuple, strides: list, rates: list, padding: str) -> Windows:
    for word, values in (("Stride", strides), ("Rate", rates)):
        if values[0] != 1 or values[3] != 1:
            message = f"{word} is only supported across spatial dimensions."
            raise errors.UnimplementedError(None, None, message)
    return make_windows(x[1:3], filter[:2], strides[1:3], padding, rates[1:3])


def _search(x: np.ndarray, filter: np.ndarray, windows: Windows) -> tuple[np.ndarray, np.ndarray]:
    """For each window the greatest of element + filter, and the index of the first place that has it."""
    shape = (len(x), *windows.counts, x.shape[-1])
    greatest = np.full(shape, -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min, x.dtype)
    where = np.zeros(shape, np.int32)
    flat = filter.reshape(-1, filter.shape[-1])
    for index, (of_windows, of_elements) in enumerate(places(windows)):
        value = x[of_elements] + flat[index]
        best, place = greatest[of_windows], where[of_windows]
        better = value > best
        np.copyto(best, value, where=better)
        place[better] = index
    return greatest, where


_X = ((np.arange(24, dtype=float) * 7 % 24).reshape(1, 4, 3, 2) / 4).tolist()
_FILTER = ((np.arange(12, dtype=float) * 5 % 12).reshape(3, 2, 2) / 8).tolist()
_DY = np.arange(24.0).reshape(1, 4, 3, 2).tolist()
_PLAIN: dict[str, Any] = {"strides": [1, 1, 1, 1], "rates": [1, 1, 1, 1], "padding": "SAME"}


@op("Dilation2D(input: T, filter: T) -> (output: T)", **_attrs())
class Dilation2D:
    """The greatest of element + filter in each window of each channel."""

    def shape(input, filter, strides, rates, padding):
        batch, rows, columns, depth = with_rank(input, 4)
        height, width, filter_depth = with_rank(filter, 3)
        depth = merge_dim(depth, filter_depth)
        return (
            batch,
            count_windows(rows, height, strides[1], padding, rates[1]),
            count_windows(columns, width, strides[2], padding, rates[2]),
            depth,
        )

    def cpu(input, filter, strides, rates, padding, out):
        windows = _windows(input.shape, filter.shape, strides, rates, padding)
        np.copyto(out, _search(input, filter, windows)[0])

    def grad(op, dy):
        x, filter = op.inputs
        attrs = {name: op.get_attr(name) for name in ("strides", "rates", "padding")}
        return Dilation2DBackpropInput(x, filter, dy, **attrs), Dilation2DBackpropFilter(x, filter, dy, **attrs)

    samples = [
        sample(_X, _FILTER, **_PLAIN),
        sample(_X, _FILTER, strides=[1, 2, 1, 1], rates=[1, 1, 2, 1], padding="VALID"),
    ]


@op("Dilation2DBackpropInput(input: T, filter: T, out_backprop: T) -> (in_backprop: T)", **_attrs())
class Dilation2DBackpropInput:
    """The gradient of `Dilation2D` to its input: to the first element of a window that gave the greatest sum."""

    def shape(input, filter, out_backprop):
        return input

    def cpu(input, filter, out_backprop, strides, rates, padding, out):
        windows = _windows(input.shape, filter.shape, strides, rates, padding)
        where = _search(input, filter, windows)[1]
        out.fill(0)
        for index, (of_windows, of_elements) in enumerate(places(windows)):
            out[of_elements] += out_backprop[of_windows] * (where[of_windows] == index)

    grad = NOT_DIFFERENTIABLE
    samples = [sample(_X, _FILTER, _DY, **_PLAIN)]


@op("Dilation2DBackpropFilter(input: T, filter: T, out_backprop: T) -> (filter_backprop: T)", **_attrs())
class Dilation2DBackpropFilter:
    """The gradient of `Dilation2D` to its filter: to the first element that gave the greatest sum."""

    def shape(input, filter, out_backprop):
        return filter

    def cpu(input, filter, out_backprop, strides, rates, padding, out):
        windows = _windows(input.shape, filter.shape, strides, rates, padding)
        where = _search(input, filter, windows)[1]
        flat = out.reshape(-1, out.shape[-1])
        for index in range(len(flat)):
            flat[index] = (out_backprop * (where == index)).sum((0, 1, 2))

    grad = NOT_DIFFERENTIABLE
    samples = [sample(_X, _FILTER, _DY, **_PLAIN)]


@export("nn.dilation2d")
def dilation2d(
    input: Any,
    filter: Any = None,
    strides: Any = None,
    rates: Any = None,
    padding: Any = None,
    name: str | None = None,
    filters: Any = None,
    dilations: Any = None,
) -> Tensor:
    """Grey dilation: the greatest of element + filter in each window of each channel.

    Args:
      input: [n, height, width, channels]; real numbers.
      filter: [rows, columns, channels] (`filters` is its newer name).
      strides: [1, down, right, 1].
      rates: [1, down, right, 1], how far the elements of the filter stand apart (`dilations` is its newer name).
      padding: "SAME" or "VALID"; padding is never the greatest.
    """
    filter = renamed_argument("filters", filters, "filter", filter)
    rates = renamed_argument("dilations", dilations, "rates", rates)
    return Dilation2D(input, filter, strides, rates, padding, name=name)


@export("nn.erosion2d")
def erosion2d(value: Any, kernel: Any, strides: Any, rates: Any, padding: str, name: str | None = None) -> Tensor:
    """Grey erosion: the least of element − kernel in each window of each channel; see `dilation2d`."""
    from pyflow.ops.array_reversing import reverse

    with name_scope(name, "erosion2d", [value, kernel]) as name:
        dilated = Dilation2D(negative(value), reverse(kernel, [0, 1]), strides, rates, padding, name=name)
        return negative(dilated)
