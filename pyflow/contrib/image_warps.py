"""tf.contrib.image: images warped by a flow, or so that some points come to lie where others were."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dimension import dimension_value
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims, reshape, transpose
from pyflow.ops.array_filling import ones_like, zeros
from pyflow.ops.array_gather import gather
from pyflow.ops.array_grid import meshgrid
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_shape import shape
from pyflow.ops.array_splitting import unstack
from pyflow.ops.cast import cast
from pyflow.ops.checks import assert_equal, assert_greater_equal
from pyflow.ops.constant import constant
from pyflow.ops.linalg_basics import eye
from pyflow.ops.linalg_solve import matrix_solve
from pyflow.ops.math_binary import maximum, minimum
from pyflow.ops.math_binary import pow as power
from pyflow.ops.math_rounding import floor
from pyflow.ops.math_unary import log, sqrt, square
from pyflow.ops.matmul import matmul
from pyflow.ops.ranges import range as range_
from pyflow.ops.reduce_functions import reduce_sum

_LEAST = 1e-10  # of squared distances, where a logarithm or root is taken


def _interpolate_bilinear(
    grid: Any, query_points: Any, name: str = "interpolate_bilinear", indexing: str = "ij"
) -> Tensor:
    """[n, queries, channels]: what [n, height, width, channels] is at places [n, queries, 2], between its pixels.

    Args:
      indexing: "ij" for places (y, x), "xy" for (x, y). Places outside are taken to the border.
    """
    if indexing not in ("ij", "xy"):
        raise ValueError("Indexing mode must be 'ij' or 'xy'")
    with name_scope(name):
        grid, query_points = convert_to_tensor(grid), convert_to_tensor(query_points)
        if len(grid.get_shape().as_list()) != 4:
            raise ValueError(f"Grid must be 4 dimensional. Received size: {grid.get_shape()}")
        sizes = [shape(grid)[i] for i in range(4)]
        batch, height, width, channels = sizes
        checks = [
            assert_equal(len(query_points.get_shape()), 3, message="Query points must be 3 dimensional."),
            assert_equal(shape(query_points)[2], 2, message="Query points must be size 2 in dim 2."),
        ]
        with control_dependencies(checks):
            queries = shape(query_points)[1]
        checks = [
            assert_greater_equal(height, 2, message="Grid height must be at least 2."),
            assert_greater_equal(width, 2, message="Grid width must be at least 2."),
        ]
        with control_dependencies(checks):
            parts = unstack(query_points, axis=2)
        weights, before = [], []
        for i in (0, 1) if indexing == "ij" else (1, 0):
            with name_scope(f"dim-{i}"):
                last = cast(sizes[i + 1] - 2, query_points.dtype)
                whole = minimum(maximum(constant(0.0, dtype=query_points.dtype), floor(parts[i])), last)
                before.append(cast(whole, dtypes.int32))
                weight = cast(parts[i] - whole, grid.dtype)
                zero, one = constant(0.0, dtype=grid.dtype), constant(1.0, dtype=grid.dtype)
                weights.append(expand_dims(minimum(maximum(zero, weight), one), 2))
        flat = reshape(grid, [batch * height * width, channels])
        first = reshape(range_(batch) * height * width, [batch, 1])

        def pixels(y: Any, x: Any, corner: str) -> Tensor:
            with name_scope(f"gather-{corner}"):
                return reshape(gather(flat, first + y * width + x), [batch, queries, channels])

        (top, left), (bottom, right) = before, [index + 1 for index in before]
        top_left, top_right = pixels(top, left, "top_left"), pixels(top, right, "top_right")
        bottom_left, bottom_right = pixels(bottom, left, "bottom_left"), pixels(bottom, right, "bottom_right")
        with name_scope("interpolate"):
            upper = weights[1] * (top_right - top_left) + top_left
            lower = weights[1] * (bottom_right - bottom_left) + bottom_left
            return weights[0] * (lower - upper) + upper


@export("contrib.image.dense_image_warp")
def dense_image_warp(image: Any, flow: Any, name: str = "dense_image_warp") -> Tensor:
    """Images [n, height, width, channels] whose pixel at p is taken from p - flow(p), by bilinear interpolation.

    Args:
      flow: [n, height, width, 2], (y, x) in pixels.
    """
    with name_scope(name):
        batch, height, width, channels = (shape(image)[i] for i in range(4))
        x, y = meshgrid(range_(width), range_(height))
        places = expand_dims(cast(stack([y, x], axis=2), flow.dtype), axis=0) - flow
        warped = _interpolate_bilinear(image, reshape(places, [batch, height * width, 2]))
        return reshape(warped, [batch, height, width, channels])


def _squared_distances(x: Tensor, y: Tensor) -> Tensor:
    x_norms, y_norms = reduce_sum(square(x), 2), reduce_sum(square(y), 2)
    return expand_dims(x_norms, 2) - 2 * matmul(x, y, adjoint_b=True) + expand_dims(y_norms, 1)


def _phi(r: Tensor, order: int) -> Tensor:
    """The radial function of polyharmonic splines, of squared distances."""
    with name_scope("phi"):
        floored = maximum(r, _LEAST)
        if order == 1:
            return sqrt(floored)
        if order == 2:
            return 0.5 * r * log(floored)
        if order == 4:
            return 0.5 * square(r) * log(floored)
        if order % 2 == 0:
            return 0.5 * power(floored, 0.5 * order) * log(floored)
        return power(floored, 0.5 * order)


@export("contrib.image.interpolate_spline")
def interpolate_spline(
    train_points: Any,
    train_values: Any,
    query_points: Any,
    order: int,
    regularization_weight: float = 0.0,
    name: str = "interpolate_spline",
) -> Tensor:
    """Values [b, m, k] at `query_points` [b, m, d] of the polyharmonic spline through values at points.

    Args:
      train_points, train_values: [b, n, d] and [b, n, k]; d and k must be known.
      order: of the spline; 2 is the thin plate's.
      regularization_weight: how much smoothness counts against going through the points.

    Raises:
      ValueError: d or k is not known.
    """
    with name_scope(name):
        points, values = convert_to_tensor(train_points), convert_to_tensor(train_values)
        queries = convert_to_tensor(query_points)
        with name_scope("solve"):
            batch, count, _ = unstack(shape(points), num=3)
            dimensions, outputs = (dimension_value(t.shape[-1]) for t in (points, values))
            if dimensions is None:
                raise ValueError("The dimensionality of the input points (d) must be statically-inferrable.")
            if outputs is None:
                raise ValueError("The dimensionality of the output values (k) must be statically-inferrable.")
            with name_scope("construct_linear_system"):
                radial = _phi(_squared_distances(points, points), order)
                if regularization_weight > 0:
                    radial += regularization_weight * expand_dims(eye(count, dtype=points.dtype), 0)
                linear = concat([points, ones_like(points[..., :1], dtype=points.dtype)], 2)
                left = concat([radial, transpose(linear, [0, 2, 1])], 1)
                right = concat([linear, zeros([batch, dimensions + 1, dimensions + 1], points.dtype)], 1)
                wanted = concat([values, zeros([batch, dimensions + 1, outputs], points.dtype)], 1)
            with name_scope("solve_linear_system"):
                weights = matrix_solve(concat([left, right], 2), wanted)
        with name_scope("predict"):
            radial = matmul(_phi(_squared_distances(queries, points), order), weights[:, :count, :])
            padded = concat([queries, ones_like(queries[..., :1], points.dtype)], 2)
            return radial + matmul(padded, weights[:, count:, :])


def _border(height: int, width: int, between: int) -> np.ndarray:
    """float64[m, 2]: places along the border, the corners and so many between them on each side."""
    y, x = np.meshgrid(np.linspace(0, height - 1, between + 2), np.linspace(0, width - 1, between + 2), indexing="ij")
    outer = (x == 0) | (x == width - 1) | (y == 0) | (y == height - 1)
    return np.stack([y[outer], x[outer]], axis=-1)


@export("contrib.image.sparse_image_warp")
def sparse_image_warp(
    image: Any,
    source_control_point_locations: Any,
    dest_control_point_locations: Any,
    interpolation_order: int = 2,
    regularization_weight: float = 0.0,
    num_boundary_points: int = 0,
    name: str = "sparse_image_warp",
) -> tuple[Tensor, Tensor]:
    """Images warped so that points [n, points, 2], (y, x) in pixels, move from source to destination.

    Args:
      image: [n, height, width, channels], whose sizes must be known.
      num_boundary_points: how many points of each side of the border stay where they are; 0 for none.

    Returns:
      The images, and the flow [n, height, width, 2] that `dense_image_warp` was given.
    """
    image = convert_to_tensor(image)
    source, destination = (
        convert_to_tensor(points) for points in (source_control_point_locations, dest_control_point_locations)
    )
    flows = destination - source
    with name_scope(name):
        batch, height, width, _ = image.get_shape().as_list()
        places = np.stack(np.meshgrid(np.arange(height), np.arange(width), indexing="ij"), -1).reshape(-1, 2)
        queries = constant(np.tile(places[None], [batch, 1, 1]), image.dtype)
        if num_boundary_points > 0:
            border = _border(height, width, num_boundary_points - 1)
            fixed = np.tile(border[None], [dimension_value(destination.shape[0]), 1, 1])
            destination = concat([destination, constant(fixed, dtype=destination.dtype)], 1)
            flows = concat([flows, constant(np.zeros_like(fixed), dtype=flows.dtype)], 1)
        flat = interpolate_spline(destination, flows, queries, interpolation_order, regularization_weight)
        flow = reshape(flat, [batch, height, width, 2])
        return dense_image_warp(image, flow), flow
