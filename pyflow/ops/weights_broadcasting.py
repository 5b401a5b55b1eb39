"""Weights that are broadcast to the values they weigh: a scalar, or of the values' rank with dimensions 1 or theirs."""

from __future__ import annotations

from typing import Any

from pyflow.core.constants import constant_value
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims
from pyflow.ops.array_filling import ones_like
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import rank, size
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.comparison import equal
from pyflow.ops.cond import cond
from pyflow.ops.control_flow import no_op
from pyflow.ops.math_binary import multiply
from pyflow.ops.messages import Assert
from pyflow.ops.sets import set_difference

_FAILURE = "weights can not be broadcast to values."


def _measured(tensor: Any, name: str) -> tuple[Tensor, Tensor, Tensor]:
    """The tensor, its shape and its rank, made in a scope `name`."""
    with name_scope(None, name, (tensor,)) as scope:
        tensor = convert_to_tensor(tensor, name=scope)
        return tensor, shape_of(tensor, name="shape"), rank(tensor, name="rank")


def _dims_fit(weights_shape: Tensor, values_shape: Tensor) -> Tensor:
    """Whether each of the weights' dimensions is 1 or the values', for shapes of one length."""
    with name_scope(None, "has_invalid_dims", (weights_shape, values_shape)) as scope:
        wanted = expand_dims(values_shape, -1)
        allowed = concat((wanted, ones_like(wanted)), axis=1)
        excess = set_difference(expand_dims(weights_shape, -1), allowed)
        return equal(0, size(excess.values, name="num_invalid_dims"), name=scope)


def _fits_at_run(weights: tuple, values: tuple) -> Tensor:
    with name_scope(None, "has_valid_nonscalar_shape", (weights[2], weights[1], values[2], values[1])) as scope:
        same_rank = equal(values[2], weights[2], name="is_same_rank")
        return cond(same_rank, lambda: _dims_fit(weights[1], values[1]), lambda: same_rank, name=scope)


def _fits_statically(weights: tuple, values: tuple) -> str | None:
    """What shows before a run that the weights fit, or None where it cannot be known.

    Raises:
      ValueError: they don't.
    """
    weights_rank, values_rank = constant_value(weights[2]), constant_value(values[2])
    if weights_rank is None or values_rank is None:
        return None
    if weights_rank == 0:
        return "scalar"
    if weights_rank != values_rank:
        raise ValueError(
            f"{_FAILURE} values.rank={values_rank}. weights.rank={weights_rank}. values.shape={values[0].shape}. "
            f"weights.shape={weights[0].shape}."
        )
    weights_shape, values_shape = constant_value(weights[1]), constant_value(values[1])
    if weights_shape is None or values_shape is None:
        return None
    for i, (dim, wanted) in enumerate(zip(weights_shape, values_shape)):
        if dim not in (1, wanted):
            raise ValueError(
                f"{_FAILURE} Mismatch at dim {i}. values.shape={values_shape} weights.shape={weights_shape}."
            )
    return "dims"


def assert_broadcastable(weights: Any, values: Any) -> Any:
    """An operation that fails unless `weights` can be broadcast to `values`.

    Raises:
      ValueError: it is known that they cannot.
      InvalidArgumentError: (when run) they cannot.
    """
    with name_scope(None, "assert_broadcastable", (weights, values)) as scope:
        w, v = _measured(weights, "weights"), _measured(values, "values")
        shown = _fits_statically(w, v)
        if shown is not None:
            return no_op(name=f"static_{shown}_check_success")
        is_scalar = equal(0, w[2], name="is_scalar")
        data = (
            _FAILURE,
            "weights.shape=", w[0].name, w[1],
            "values.shape=", v[0].name, v[1],
            "is_scalar=", is_scalar,
        )  # fmt: skip
        fits = cond(is_scalar, lambda: is_scalar, lambda: _fits_at_run(w, v), name="is_valid_shape")
        return Assert(fits, data, name=scope)


def broadcast_weights(weights: Any, values: Any) -> Tensor:
    """The weights, broadcast to the shape of `values` and of its dtype; see `assert_broadcastable`."""
    with name_scope(None, "broadcast_weights", (weights, values)) as scope:
        values = convert_to_tensor(values, name="values")
        weights = convert_to_tensor(weights, dtype=values.dtype.base_dtype, name="weights")
        shapes = weights.get_shape(), values.get_shape()
        if all(s.is_fully_defined() for s in shapes) and shapes[0].is_compatible_with(shapes[1]):
            return weights
        with control_dependencies((assert_broadcastable(weights, values),)):
            return multiply(weights, ones_like(values), name=scope)
