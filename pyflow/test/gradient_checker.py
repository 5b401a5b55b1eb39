"""Gradients by rules against gradients by differences."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.autodiff import gradients
from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.scopes import get_default_session
from pyflow.ops.constant import constant

_SUPPORTED = (dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64, dtypes.complex64, dtypes.complex128)


def _real_parts(array: np.ndarray) -> np.ndarray:
    """The real numbers that an array holds, as a vector: complex ones count as two."""
    flat: Any = np.ascontiguousarray(array).reshape(-1)
    return flat.view(flat.real.dtype) if flat.dtype.kind == "c" else flat


def jacobian_by_rules(
    session: Any, x: Any, y: Any, dy: Any, dx: Any, x_data: np.ndarray, y_shape: Any, feeds: dict
) -> np.ndarray:
    """Jacobian [elements of x, elements of y] from `tf.gradients`."""
    dy_data = np.zeros(y_shape, y.dtype.as_numpy_dtype)
    columns = _real_parts(dy_data)
    jacobian = np.zeros((_real_parts(x_data).size, columns.size), columns.dtype)
    for column in range(columns.size):
        columns[column] = 1
        row = session.run(dx, {**feeds, x: x_data, dy: columns.view(dy_data.dtype).reshape(y_shape)})
        if hasattr(row, "indices"):
            dense = np.zeros(x_data.shape, x_data.dtype)
            np.add.at(dense, row.indices, row.values)
            row = dense
        jacobian[:, column] = _real_parts(np.asarray(row))
        columns[column] = 0
    return jacobian


def jacobian_by_differences(
    session: Any, x: Any, y: Any, x_data: np.ndarray, y_shape: Any, delta: float, feeds: dict
) -> np.ndarray:
    """The same Jacobian from central differences."""
    size = int(np.prod(y_shape)) * (2 if y.dtype.is_complex else 1)
    values = _real_parts(x_data.copy())
    jacobian = np.zeros((values.size, size), values.dtype)
    for row in range(values.size):
        original = values[row]
        results = []
        for sign in (1, -1):
            values[row] = original + sign * delta
            fed = values.view(x_data.dtype).reshape(x_data.shape)
            results.append(_real_parts(np.asarray(session.run(y, {**feeds, x: fed}))))
        values[row] = original
        jacobian[row] = (results[0] - results[1]) / (2 * delta)
    return jacobian


def _jacobians(x: Any, x_shape: Any, y: Any, y_shape: Any, start: Any, delta: float, feeds: dict) -> tuple:
    for t in (x, y):
        if t.dtype.base_dtype not in _SUPPORTED:
            raise TypeError(f"Gradient checker cannot handle dtype {t.dtype.name}")
    session = get_default_session()
    if session is None:
        raise ValueError("compute_gradient wants a default session")
    dy = constant(1.0, shape=y_shape, dtype=y.dtype.base_dtype)
    dx = gradients(y, x, dy)[0]
    if dx is None:
        raise ValueError(f"{y} does not depend on {x}")
    if start is None:
        start = np.random.random_sample(x_shape).astype(x.dtype.as_numpy_dtype)
        if x.dtype.is_complex:
            start = start + 1j * np.random.random_sample(x_shape).astype(start.dtype)
    data = np.array(start, dtype=x.dtype.as_numpy_dtype).reshape(x_shape)
    exact = dx if not isinstance(dx, IndexedSlices) else dx
    return (
        jacobian_by_rules(session, x, y, dy, exact, data, tuple(y_shape), feeds),
        jacobian_by_differences(session, x, y, data, tuple(y_shape), delta, feeds),
    )


@export("test.compute_gradient")
def compute_gradient(
    x: Any,
    x_shape: Any,
    y: Any,
    y_shape: Any,
    x_init_value: Any = None,
    delta: float = 1e-3,
    init_targets: Any = None,
    extra_feed_dict: Any = None,
) -> Any:
    """The Jacobian of y by x, computed by `tf.gradients` and by central differences, in the default session.

    Args:
      x: a tensor, or list of tensors.
      x_shape: its shape as a list of ints, or a list of such.
      y: a tensor.
      x_init_value: where to differentiate; None for a random point.
      delta: half the step of the differences.
      init_targets: operations to run first.
      extra_feed_dict: what else to feed.

    Returns:
      Two arrays of shape [elements of x, elements of y] (a list of such pairs for a list of xs).
    """
    feeds = dict(extra_feed_dict or {})
    session = get_default_session()
    for target in init_targets if isinstance(init_targets, (list, tuple)) else [init_targets] if init_targets else []:
        session.run(target)
    if not isinstance(x, (list, tuple)):
        return _jacobians(x, list(x_shape), y, y_shape, x_init_value, delta, feeds)
    starts = x_init_value if x_init_value is not None else [None] * len(x)
    starts = [
        np.random.random_sample(s).astype(t.dtype.as_numpy_dtype)
        if i is None
        else np.asarray(i, t.dtype.as_numpy_dtype)
        for t, s, i in zip(x, x_shape, starts)
    ]
    feeds.update(zip(x, starts))
    return [_jacobians(t, list(s), y, y_shape, i, delta, feeds) for t, s, i in zip(x, x_shape, starts)]


def _max_error(pair: tuple) -> float:
    exact, numeric = pair
    if not exact.size and not numeric.size:
        return 0.0
    return float(np.max(np.abs(exact - numeric)))


@export("test.compute_gradient_error")
def compute_gradient_error(
    x: Any,
    x_shape: Any,
    y: Any,
    y_shape: Any,
    x_init_value: Any = None,
    delta: float = 1e-3,
    init_targets: Any = None,
    extra_feed_dict: Any = None,
) -> float:
    """The largest difference between the two Jacobians of `compute_gradient`."""
    result = compute_gradient(x, x_shape, y, y_shape, x_init_value, delta, init_targets, extra_feed_dict)
    return max(map(_max_error, result)) if isinstance(result, list) else _max_error(result)
