"""Updates of plain gradient descent."""

from __future__ import annotations

import numpy as np

from pyflow.core import dtypes
from pyflow.core.registry import NOT_DIFFERENTIABLE, op
from pyflow.ops.shape_rules import merge, no_outputs


def _descend(var, alpha, delta):
    value = var.read()
    np.subtract(value, np.multiply(delta, alpha), out=value)
    return var


@op("ApplyGradientDescent(var: Ref(T), alpha: T, delta: T) -> (out: Ref(T))", T=dtypes.NUMERIC, use_locking=False)
class ApplyGradientDescent:
    """var -= alpha * delta."""

    stateful = True

    def shape(var, delta):
        return merge(var, delta)

    cpu = _descend
    grad = NOT_DIFFERENTIABLE


@op("ResourceApplyGradientDescent(var: resource, alpha: T, delta: T) -> ()", T=dtypes.NUMERIC, use_locking=False)
class ResourceApplyGradientDescent:
    """var -= alpha * delta."""

    stateful = True
    shape = no_outputs

    def cpu(var, alpha, delta):
        _descend(var, alpha, delta)

    grad = NOT_DIFFERENTIABLE
