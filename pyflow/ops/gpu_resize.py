"""Images of another size on the GPU, and the gradients: along each axis a pixel is a weighted sum of some others."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from pyflow.ops.gpu import Dispatch, groups, size, word_of

# (pixels there are, pixels wanted, attrs) -> [wanted, there are]: what an axis is multiplied with.
Matrix = Callable[[int, int, dict[str, Any]], np.ndarray]


def resized(matrix: Matrix) -> Callable[[Any], list[Dispatch]]:
    """The rule of an op that multiplies rows and columns of its first input with matrices."""
    return lambda node: _sampled(node, [matrix(a, b, node.attrs) for a, b in _axes(node.inputs[0], node.outputs[0])])


def resized_gradient(matrix: Matrix) -> Callable[[Any], list[Dispatch]]:
    """The rule of its gradient, whose output has the size of the images."""
    return lambda node: _sampled(node, [matrix(b, a, node.attrs).T for a, b in _axes(node.inputs[0], node.outputs[0])])


def _axes(x: Any, y: Any) -> list[tuple[int, int]]:
    return list(zip(x.shape[1:3], y.shape[1:3]))


def _sampled(node: Any, matrices: list[np.ndarray]) -> list[Dispatch]:
    x, y = node.inputs[0], node.outputs[0]
    tables = [node.fixed(array) for axis in matrices for array in _taps(axis)]
    names = ("BATCH", "HEIGHT", "WIDTH", "DEPTH", "ROWS", "COLUMNS")
    sizes = dict(zip(names, (*x.shape, *y.shape[1:3])))
    taps = {"TAPS_ROWS": tables[0].shape[1], "TAPS_COLUMNS": tables[2].shape[1]}
    types, work = {"T": word_of(x), "R": word_of(y)}, 2 * size(y) * taps["TAPS_ROWS"] * taps["TAPS_COLUMNS"]
    return [Dispatch("resize/taps.wgsl", [x, *tables], [y], groups(size(y)), types, work=work, **sizes, **taps)]


def _taps(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each row of a matrix has numbers, and these; as many of each row as the fullest one has, at least one."""
    most = max(int(np.count_nonzero(matrix, axis=1).max()), 1)
    places = np.argsort(matrix == 0, axis=1, kind="stable")[:, :most]
    weights = np.take_along_axis(matrix, places, axis=1)
    return places.astype(np.int32), np.ascontiguousarray(weights, np.float32)
