"""Pieces of batch normalization: moving averages, batch renormalization, virtual batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import colocate_with, control_dependencies, name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.ops.array import reshape
from pyflow.ops.array_filling import ones_like, zeros_like
from pyflow.ops.array_identity import identity, stop_gradient
from pyflow.ops.cast import cast
from pyflow.ops.math_binary import maximum, minimum
from pyflow.ops.math_unary import sqrt
from pyflow.ops.smart_cond import smart_cond, smart_constant_value
from pyflow.ops.state import assign, assign_sub
from pyflow.ops.variable_base import Variable


def smart_constant(training: Any) -> bool | None:
    """Whether it is for training, where that is known without a run."""
    return None if isinstance(training, Variable) else smart_constant_value(training)


def new_average(variable: Any, value: Any, momentum: Any) -> Any:
    """variable -= (variable - value) · (1 - momentum)."""
    with name_scope("AssignMovingAvg") as scope, colocate_with(variable):
        decay = convert_to_tensor(1.0 - momentum, name="decay")
        if decay.dtype != variable.dtype.base_dtype:
            decay = cast(decay, variable.dtype.base_dtype)
        change = (variable - cast(value, variable.dtype)) * decay
        return assign_sub(variable, change, name=scope)


def new_value(variable: Any, value: Any) -> Any:
    """variable = value."""
    with name_scope("AssignNewValue") as scope, colocate_with(variable):
        return assign(variable, value, name=scope)


def broadcaster(shape: TensorShape, axis: list[int], reduced: list[int]) -> Callable[[Any], Any]:
    """A function that gives a vector for the features the inputs' rank, where that takes a reshape."""
    ndims = len(shape)
    broadcast_shape = [1] * ndims
    broadcast_shape[axis[0]] = shape.as_list()[axis[0]]  # type: ignore[assignment]

    def broadcast(v: Any) -> Any:
        if v is None or len(v.shape) == ndims or reduced == list(range(ndims - 1)):
            return v
        return reshape(v, broadcast_shape)

    return broadcast


def compose(scale: Any, offset: Any, then_scale: Any, then_offset: Any) -> tuple[Any, Any]:
    """(scale, offset) of one linear map followed by another, whose parts may be None."""
    if then_scale is not None:
        scale *= then_scale
        offset *= then_scale
    if then_offset is not None:
        offset += then_offset
    return scale, offset


def renorm_correction(layer: Any, mean: Tensor, variance: Tensor, training: Any) -> tuple[Any, Any, Tensor, Tensor]:
    """Batch renormalization's r and d, and the moments, to be used after the averages have been moved.

    r = σ_batch / σ_average and d = (μ_batch - μ_average) / σ_average, within the layer's bounds; no gradient goes
    through them. Source: Ioffe, 2017, https://arxiv.org/abs/1702.03275, algorithm 1.
    """
    stddev = sqrt(variance + layer.epsilon)
    average = maximum(layer.renorm_stddev, sqrt(layer.epsilon))
    r = stddev / average
    d = (mean - layer.renorm_mean) / average
    with control_dependencies([r, d]):
        mean, stddev = identity(mean), identity(stddev)
    rmin, rmax, dmax = (layer.renorm_clipping.get(key) for key in ("rmin", "rmax", "dmax"))
    if rmin is not None:
        r = maximum(r, rmin)
    if rmax is not None:
        r = minimum(r, rmax)
    if dmax is not None:
        d = minimum(maximum(d, -dmax), dmax)
    r = smart_cond(training, lambda: r, lambda: ones_like(r))
    d = smart_cond(training, lambda: d, lambda: zeros_like(d))

    def moved(variable: Any, value: Tensor) -> Any:
        value = identity(value)
        return smart_cond(
            training, lambda: new_average(variable, value, layer.renorm_momentum), lambda: identity(variable)
        )

    moves = [moved(layer.renorm_mean, mean), moved(layer.renorm_stddev, stddev)]
    with control_dependencies(moves):
        mean, variance = identity(mean), identity(variance)
    return stop_gradient(r, name="renorm_r"), stop_gradient(d, name="renorm_d"), mean, variance


def with_virtual_batches(inputs: Tensor, size: int, normalize: Callable[[Tensor], Tensor]) -> Tensor:
    """Normalizes inputs [batch_size, ...] as [size, batch_size / size, ...]: `size` entries by themselves."""
    original = [-1, *inputs.shape.as_list()[1:]]
    return reshape(normalize(reshape(inputs, [size, -1, *original[1:]])), original)
