"""Gradients by central differences, for comparison with those that rules give."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

# Balances the error of the formula, which grows with the step squared, against that of rounding: about eps ** (1/3).
STEP = {np.dtype(np.float64): 1e-5, np.dtype(np.float32): 1e-2}
TOLERANCE = {np.dtype(np.float64): 1e-6, np.dtype(np.float32): 1e-2}


def numeric_gradient(
    function: Callable[..., float], arrays: Sequence[np.ndarray], index: int, step: float
) -> np.ndarray:
    """d function(*arrays) / d arrays[index], of that array's shape."""
    gradient = np.zeros(arrays[index].shape)
    for position in np.ndindex(gradient.shape):
        values = []
        for sign in (1, -1):
            moved = [np.array(a) for a in arrays]
            moved[index][position] += sign * step
            values.append(function(*moved))
        gradient[position] = (values[0] - values[1]) / (2 * step)
    return gradient


def weights(shape: Sequence[int]) -> np.ndarray:
    """Numbers that tell elements apart: the scalar that is differentiated is a weighted sum of all outputs."""
    return np.cos(np.arange(np.prod(shape, dtype=int))).reshape(shape) + 0.25
