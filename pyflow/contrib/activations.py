"""tf.contrib.nn, tf.contrib.sparsemax: activations and losses beside those of tf.nn."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.constants import constant_value
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array_batches import gather_nd
from pyflow.ops.array_filling import fill, zeros_like
from pyflow.ops.array_joining import stack
from pyflow.ops.array_selection import where
from pyflow.ops.array_shape import shape
from pyflow.ops.cast import cast
from pyflow.ops.comparison import equal, greater, greater_equal, logical_and, logical_or
from pyflow.ops.cumulative import cumsum
from pyflow.ops.math_binary import maximum, minimum
from pyflow.ops.math_rounding import is_inf, is_nan
from pyflow.ops.nn_activations import softplus
from pyflow.ops.nn_cross_entropy import softmax_cross_entropy_with_logits, sparse_softmax_cross_entropy_with_logits
from pyflow.ops.nn_losses import sigmoid_cross_entropy_with_logits
from pyflow.ops.nn_top_k import top_k
from pyflow.ops.random import random_uniform
from pyflow.ops.ranges import range as range_
from pyflow.ops.reduce_functions import reduce_sum


@export("contrib.nn.alpha_dropout")
def alpha_dropout(
    x: Any, keep_prob: Any, noise_shape: Any = None, seed: int | None = None, name: str | None = None
) -> Tensor:
    """Dropout for self-normalizing networks: mean and variance of x stay (Klambauer et al., 2017).

    Raises:
      ValueError: `keep_prob` is not within (0, 1].
    """
    with name_scope(name, "alpha_dropout", [x]):
        x = convert_to_tensor(x, name="x")
        if isinstance(keep_prob, (int, float, np.number)) and not 0 < keep_prob <= 1.0:
            raise ValueError(f"keep_prob must be a scalar tensor or a float in the range (0, 1], got {keep_prob:g}")
        keep = convert_to_tensor(keep_prob, dtype=x.dtype, name="keep_prob")
        keep.get_shape().assert_is_compatible_with([])
        if constant_value(keep) == 1:
            return x
        noise_shape = shape(x) if noise_shape is None else noise_shape
        kept = cast(greater_equal(random_uniform(noise_shape, seed=seed, dtype=x.dtype), 1 - keep), x.dtype)
        # What SELU tends to for very negative numbers.
        low = -1.7580993408473766
        mixed = x * kept + low * (1 - kept)
        a = (keep + low**2 * keep * (1 - keep)) ** -0.5
        return a * mixed + -a * low * (1 - keep)


@export("contrib.nn.scaled_softplus")
def scaled_softplus(x: Any, alpha: Any, clip: Any = None, name: str | None = None) -> Tensor:
    """alpha log(1 + exp(x / alpha)), at most `clip`."""
    with name_scope(name, "scaled_softplus", [x, alpha] + ([] if clip is None else [clip])):
        x = convert_to_tensor(x, name="x")
        alpha = convert_to_tensor(alpha, dtype=x.dtype, name="alpha")
        y = alpha * softplus(x / alpha)
        return y if clip is None else minimum(y, convert_to_tensor(clip, dtype=x.dtype, name="clip"))


@export("contrib.nn.deprecated_flipped_softmax_cross_entropy_with_logits")
def deprecated_flipped_softmax_cross_entropy_with_logits(
    logits: Any, labels: Any, dim: int = -1, name: str | None = None
) -> Tensor:
    """`tf.nn.softmax_cross_entropy_with_logits` with the arguments as before TensorFlow 1.0."""
    return softmax_cross_entropy_with_logits(labels=labels, logits=logits, dim=dim, name=name)


@export("contrib.nn.deprecated_flipped_sparse_softmax_cross_entropy_with_logits")
def deprecated_flipped_sparse_softmax_cross_entropy_with_logits(
    logits: Any, labels: Any, name: str | None = None
) -> Tensor:
    """`tf.nn.sparse_softmax_cross_entropy_with_logits` with the arguments as before TensorFlow 1.0."""
    return sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits, name=name)


@export("contrib.nn.deprecated_flipped_sigmoid_cross_entropy_with_logits")
def deprecated_flipped_sigmoid_cross_entropy_with_logits(logits: Any, targets: Any, name: str | None = None) -> Tensor:
    """`tf.nn.sigmoid_cross_entropy_with_logits` with the arguments as before TensorFlow 1.0."""
    return sigmoid_cross_entropy_with_logits(labels=targets, logits=logits, name=name)


@export("contrib.sparsemax.sparsemax")
def sparsemax(logits: Any, name: str | None = None) -> Tensor:
    """The nearest shares to each row [n, classes]: as softmax, with zeros (Martins and Astudillo, 2016)."""
    with name_scope(name, "sparsemax", [logits]):
        z = convert_to_tensor(logits, name="logits")
        rows, columns = shape(z)[0], shape(z)[1]
        ordered, _ = top_k(z, k=columns)
        sums = cumsum(ordered, axis=1)
        k = range_(1, cast(columns, z.dtype) + 1, dtype=z.dtype)
        support = reduce_sum(cast(greater(1 + k * ordered, sums), dtypes.int32), axis=1)
        places = stack([range_(0, rows), maximum(support, 1) - 1], axis=1)
        threshold = (gather_nd(sums, places) - 1) / cast(support, z.dtype)
        p = maximum(cast(0, z.dtype), z - threshold[:, None])
        wrong = logical_or(equal(support, 0), is_nan(sums[:, -1]))
        return where(wrong, fill([rows, columns], cast(float("nan"), z.dtype)), p)


@export("contrib.sparsemax.sparsemax_loss")
def sparsemax_loss(logits: Any, sparsemax: Any, labels: Any, name: str | None = None) -> Tensor:
    """[n]: the loss whose gradient is sparsemax(logits) - labels; all arguments are [n, classes]."""
    with name_scope(name, "sparsemax_loss", [logits, sparsemax, labels]):
        z = convert_to_tensor(logits, name="logits")
        p, q = convert_to_tensor(sparsemax, name="sparsemax"), convert_to_tensor(labels, name="labels")
        counted = logical_or(greater(p, 0), is_nan(p))
        of_p = where(counted, p * (z - 0.5 * p), zeros_like(p))
        of_q = where(logical_and(equal(q, 0), is_inf(z)), zeros_like(z), q * (0.5 * q - z))
        return reduce_sum(of_p + of_q, axis=1)
