"""tf.contrib.resampler: values of images between their pixels, at given places."""

from __future__ import annotations

import numpy as np

from pyflow.core import dtypes
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, op, sample

_FLOATS = (dtypes.bfloat16, dtypes.float16, dtypes.float32, dtypes.float64)


def _corners(data: np.ndarray, warp: np.ndarray) -> tuple[np.ndarray, list[tuple]]:
    """Whether places lie within a pixel of the images; and of each of four pixels (y, x, weight of y, of x, signs)."""
    height, width = data.shape[1:3]
    x, y = warp[..., 0], warp[..., 1]
    inside = (x > -1) & (y > -1) & (x < width) & (y < height)
    left, top = np.floor(np.where(inside, x, 0)), np.floor(np.where(inside, y, 0))
    dx, dy = left + 1 - x, top + 1 - y
    corners = []
    for row, wy, sy in ((top, dy, -1), (top + 1, 1 - dy, 1)):
        for column, wx, sx in ((left, dx, -1), (left + 1, 1 - dx, 1)):
            corners.append((row.astype(np.intp), column.astype(np.intp), wy, wx, sy, sx))
    return inside, corners


def _at(data: np.ndarray, batch: np.ndarray, y: np.ndarray, x: np.ndarray, inside: np.ndarray) -> np.ndarray:
    there = inside & (y >= 0) & (x >= 0) & (y < data.shape[1]) & (x < data.shape[2])
    return np.where(there[..., None], data[batch, np.where(there, y, 0), np.where(there, x, 0)], data.dtype.type(0))


def _flat(data: np.ndarray, warp: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places as [batch, n, 2], and the number of the image of each."""
    places = warp.reshape(len(warp), -1, 2)
    return places, np.broadcast_to(np.arange(len(data))[:, None], places.shape[:2])


@op("Resampler(data: T, warp: T) -> (output: T)", T=_FLOATS)
class Resampler:
    """Images [n, height, width, channels] at places (x, y), [n, ..., 2], by bilinear interpolation; 0 outside."""

    def shape(data, warp):
        if data is not None and len(data) != 4:
            raise ShapeError("data should be 4-dimensional")
        if data is None or warp is None:
            return None
        return (*warp[:-1], data[3])

    def cpu(data, warp, out):
        places, batch = _flat(data, warp)
        inside, corners = _corners(data, places)
        total = sum(_at(data, batch, y, x, inside) * (wy * wx)[..., None] for y, x, wy, wx, _, _ in corners)
        out[...] = np.asarray(total).reshape(out.shape)

    def grad(op, dy):
        return ResamplerGrad(op.inputs[0], op.inputs[1], dy)

    samples = [
        sample(
            (np.arange(12.0).reshape(1, 3, 4, 1) ** 2).tolist(), [[[0.3, 0.6], [2.2, 1.7], [-0.4, 2.3], [9.0, 9.0]]]
        ),
    ]


@op("ResamplerGrad(data: T, warp: T, grad_output: T) -> (grad_data: T, grad_warp: T)", T=_FLOATS)
class ResamplerGrad:
    """The gradients of `Resampler`."""

    def shape(data, warp):
        return [data, warp]

    def cpu(data, warp, grad_output, out):
        of_data, of_warp = out
        of_data.fill(0)
        places, batch = _flat(data, warp)
        inside, corners = _corners(data, places)
        dy = grad_output.reshape(*places.shape[:2], -1)
        slopes = np.zeros(places.shape, of_warp.dtype)
        for y, x, wy, wx, sy, sx in corners:
            there = inside & (y >= 0) & (x >= 0) & (y < data.shape[1]) & (x < data.shape[2])
            np.add.at(of_data, (batch[there], y[there], x[there]), (dy * (wy * wx)[..., None])[there])
            along = (_at(data, batch, y, x, inside) * dy).sum(-1)
            slopes[..., 0] += along * wy * sx
            slopes[..., 1] += along * wx * sy
        of_warp[...] = np.where(inside[..., None], slopes, 0).reshape(of_warp.shape)

    grad = NOT_DIFFERENTIABLE
    samples = [sample(np.arange(12.0).reshape(1, 3, 4, 1).tolist(), [[[0.3, 0.6], [2.2, 1.7]]], [[[1.0], [2.0]]])]
