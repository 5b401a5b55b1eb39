"""Losses on logits and counts: half squared norm, logistic loss, Poisson loss."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.deprecation import renamed_argument
from pyflow.core.dtypes import FLOATING
from pyflow.core.registry import op, sample
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array_filling import ones_like, zeros_like
from pyflow.ops.array_selection import where
from pyflow.ops.comparison import logical_and
from pyflow.ops.constant import constant
from pyflow.ops.gpu import FLOATS, dispatches
from pyflow.ops.gpu_reductions import reduced
from pyflow.ops.math_binary import add
from pyflow.ops.math_unary import abs, exp, log, log1p
from pyflow.ops.nn_cross_entropy import ensure_named_arguments
from pyflow.ops.nn_relu import relu
from pyflow.ops.shape_rules import scalar


@op("L2Loss(t: T) -> (output: T)", T=FLOATING)
class L2Loss:
    """Half the sum of the squares of all elements."""

    shape = scalar

    def cpu(t, out):
        flat = t.reshape(-1)
        if out.dtype == np.float16:
            flat = flat.astype(np.float32)
        np.multiply(np.dot(flat, flat), 0.5, out=out, casting="same_kind")

    def grad(op, grad):
        return op.inputs[0] * grad

    gpu = dispatches(lambda node: reduced(node, "L2Loss", [*range(len(node.inputs[0].shape))]), types=FLOATS)
    samples = [sample([[1.0, -2.0], [3.0, 0.5]], reference=lambda t: (t**2).sum() / 2)]


l2_loss = export("nn.l2_loss")(L2Loss)


def _check_same_shape(first: Tensor, second: Tensor, names: str) -> None:
    try:
        first.get_shape().merge_with(second.get_shape())
    except ValueError:
        raise ValueError(f"{names} must have the same shape ({second.get_shape()} vs {first.get_shape()})") from None


@export("nn.log_poisson_loss")
def log_poisson_loss(targets: Any, log_input: Any, compute_full_loss: bool = False, name: str | None = None) -> Tensor:
    """exp(log_input) - log_input · targets: how unlikely Poisson-distributed targets are, element by element.

    Args:
      targets: counts; of the shape of `log_input`.
      log_input: the logarithm of the expected counts.
      compute_full_loss: add Stirling's approximation of log(targets!) where targets exceed 1.

    Raises:
      ValueError: the shapes differ.
    """
    with name_scope(name, "log_poisson_loss", [log_input, targets]) as name:
        log_input = convert_to_tensor(log_input, name="log_input")
        targets = convert_to_tensor(targets, name="targets")
        _check_same_shape(targets, log_input, "log_input and targets")
        result = exp(log_input) - log_input * targets
        if compute_full_loss:
            half = constant(0.5, dtype=targets.dtype)
            two_pi = constant(2 * math.pi, dtype=targets.dtype)
            stirling = (targets * log(targets)) - targets + (half * log(two_pi * targets))
            zeros = zeros_like(targets, dtype=targets.dtype)
            ones = ones_like(targets, dtype=targets.dtype)
            result += where(logical_and(targets >= zeros, targets <= ones), zeros, stirling)
        return result


@export("nn.sigmoid_cross_entropy_with_logits")
def sigmoid_cross_entropy_with_logits(
    _sentinel: Any = None, labels: Any = None, logits: Any = None, name: str | None = None
) -> Tensor:
    """-labels · log(sigmoid(logits)) - (1 - labels) · log(1 - sigmoid(logits)), element by element, without overflow.

    Computed as max(x, 0) - x · z + log(1 + exp(-|x|)) for logits x and labels z.

    Args:
      labels: probabilities; of the shape and dtype of `logits`.
      logits: floating-point numbers.

    Raises:
      ValueError: the arguments are not given by name, or the shapes differ.
    """
    ensure_named_arguments("sigmoid_cross_entropy_with_logits", _sentinel, labels, logits)
    with name_scope(name, "logistic_loss", [logits, labels]) as name:
        logits = convert_to_tensor(logits, name="logits")
        labels = convert_to_tensor(labels, name="labels")
        _check_same_shape(labels, logits, "logits and labels")
        # Selections in place of max and abs, so that there is a gradient at 0.
        zeros = zeros_like(logits, dtype=logits.dtype)
        positive = logits >= zeros
        rectified = where(positive, logits, zeros)
        minus_abs = where(positive, -logits, logits)
        return add(rectified - logits * labels, log1p(exp(minus_abs)), name=name)


@export("nn.weighted_cross_entropy_with_logits")
def weighted_cross_entropy_with_logits(
    labels: Any = None, logits: Any = None, pos_weight: Any = None, name: str | None = None, targets: Any = None
) -> Tensor:
    """`sigmoid_cross_entropy_with_logits` with the term of the positive labels multiplied by `pos_weight`.

    Args:
      labels: probabilities; of the shape and dtype of `logits`. `targets` is its older name.
      logits: floating-point numbers.
      pos_weight: above 1 it finds more of the positives, below 1 fewer of the negatives are taken for positive.

    Raises:
      ValueError: the shapes differ.
    """
    labels = renamed_argument("labels", labels, "targets", targets)
    with name_scope(name, "logistic_loss", [logits, labels]) as name:
        logits = convert_to_tensor(logits, name="logits")
        labels = convert_to_tensor(labels, name="labels")
        _check_same_shape(labels, logits, "logits and labels")
        weight = 1 + (pos_weight - 1) * labels
        return add((1 - labels) * logits, weight * (log1p(exp(-abs(logits))) + relu(-logits)), name=name)
