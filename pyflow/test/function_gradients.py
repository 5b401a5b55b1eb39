"""Jacobians of a function, symbolic and numeric (TensorFlow's gradient_checker_v2)."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from pyflow.autodiff import gradients
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import as_dtype
from pyflow.core.scopes import get_default_graph, get_default_session
from pyflow.ops.placeholder import placeholder
from pyflow.runtime.session import Session
from pyflow.test.gradient_checker import jacobian_by_differences, jacobian_by_rules


def compute_gradient(f: Callable, x: Any, delta: float | None = None) -> tuple[list, list]:
    """The Jacobians of `f` at `x`: those that gradients give, and those of central differences.

    Args:
      f: from as many tensors as `x` has values to a tensor.
      x: a list of arrays.
      delta: how far to move each element; None stands for 1/1024.

    Returns:
      Two lists with a matrix of shape [y size, x size] for each x; a complex number counts as two.

    Raises:
      ValueError: `x` is no list.
    """
    if not isinstance(x, (list, tuple)):
        raise ValueError(
            f"`x` must be a list or tuple of values convertible to a Tensor (arguments to `f`), not a {type(x)}"
        )
    values = [_as_array(v) for v in x]
    step = 1 / 1024 if delta is None else delta
    inputs = [placeholder(as_dtype(v.dtype), v.shape) for v in values]
    y = convert_to_tensor(f(*inputs))
    session = get_default_session()
    if session is None or session.graph is not get_default_graph():
        session = Session()
    seed = placeholder(y.dtype.base_dtype, y.shape)
    feeds = dict(zip(inputs, values))
    shape = np.shape(session.run(y, feeds))
    symbolic, numeric = [], []
    for i, gradient in enumerate(gradients(y, inputs, grad_ys=seed)):
        by_differences = jacobian_by_differences(session, inputs[i], y, values[i], shape, step, feeds).T
        numeric.append(by_differences)
        if gradient is None:
            symbolic.append(np.zeros_like(by_differences))
        else:
            symbolic.append(jacobian_by_rules(session, inputs[i], y, seed, gradient, values[i], shape, feeds).T)
    return symbolic, numeric


def _as_array(value: Any) -> np.ndarray:
    if hasattr(value, "op"):
        return value.eval()
    return np.asarray(convert_to_tensor(value).op.attrs["value"])


def max_error(grad1: list, grad2: list) -> float:
    """The greatest difference of two lists of Jacobians."""
    return max((float(np.abs(a - b).max(initial=0)) for a, b in zip(grad1, grad2)), default=0.0)
