"""How far the gradients that `tf.gradients` gives are from central differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import pyflow as tf
from tests.central_differences import numeric_gradient

_STEP = 1e-6


def gradient_error(function: Callable[..., Any], *arrays: Any) -> float:
    """The largest difference between symbolic and numeric gradients of a random weighting of the function's result.

    Args:
      function: from float64 tensors to a tensor.
      arrays: where to evaluate it.
    """
    values = [np.array(a, np.float64) for a in arrays]
    with tf.Graph().as_default(), tf.Session() as session:
        inputs = [tf.placeholder(tf.float64, v.shape) for v in values]
        y = function(*inputs)
        weights = np.random.RandomState(0).uniform(0.5, 1.5, session.run(y, dict(zip(inputs, values))).shape)
        total = tf.reduce_sum(y * tf.constant(weights))
        gradients = [tf.convert_to_tensor(g) for g in tf.gradients(total, inputs)]
        symbolic = session.run(gradients, dict(zip(inputs, values)))

        def evaluate(*moved: np.ndarray) -> float:
            return session.run(total, dict(zip(inputs, moved)))

        numeric = [numeric_gradient(evaluate, values, i, _STEP) for i in range(len(values))]
    return max(float(np.abs(a - b).max(initial=0)) for a, b in zip(symbolic, numeric))
