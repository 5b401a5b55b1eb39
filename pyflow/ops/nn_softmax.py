"""Softmax and its logarithm."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import constant_value, convert_to_tensor
from pyflow.core.deprecation import renamed_argument
from pyflow.core.dtypes import FLOATING, float32
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import OpDef, ShapeError, op, sample
from pyflow.core.tensor import Tensor
from pyflow.ops.gpu import dispatches
from pyflow.ops.gpu_reductions import softmax as softmax_rule
from pyflow.ops.primitives import primitives


def _at_least_vector(logits: Any) -> Any:
    if logits == ():
        raise ShapeError(
            "Shape must be at least rank 1 but is rank 0", at_run="logits must have >= 1 dimension, got []"
        )
    return logits


def row_maxima(x: np.ndarray) -> np.ndarray:
    """The maxima along the last dimension, which stays, with size 1."""
    if x.ndim == 2 and 0 < x.shape[1] <= 64:
        # Along a short dimension numpy reduces row by row; down the columns of a copy it goes in vectors.
        return np.maximum.reduce(x.T.copy(), 0)[:, None]
    return np.maximum.reduce(x, -1, None, None, True)


def shifted_exponentials(logits: np.ndarray, out: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Writes logits minus their row's maximum to `out`.

    Returns:
      The exponentials of `out`, and their sums along the last dimension, which stays.
    """
    np.subtract(logits, row_maxima(logits), out=out)
    exponentials = np.empty_like(out)
    primitives.exp(out, exponentials)
    return exponentials, np.add.reduce(exponentials, -1, None, None, True)


def _in_single_precision(kernel: Any) -> Any:
    """The kernel, which is given float32 arrays in place of halves: sums of exponentials need more than 11 bits."""

    def cpu(logits, out):
        if out.size == 0:
            return
        if out.dtype == np.float16:
            wide = np.empty(out.shape, np.float32)
            kernel(logits.astype(np.float32), wide)
            np.copyto(out, wide, casting="same_kind")
        else:
            kernel(logits, out)

    return cpu


def _softmax_kernel(logits: np.ndarray, out: np.ndarray) -> None:
    np.subtract(logits, row_maxima(logits), out=out)
    primitives.exp(out, out)
    np.divide(out, np.add.reduce(out, -1, None, None, True), out=out)


def _log_softmax_kernel(logits: np.ndarray, out: np.ndarray) -> None:
    _, sums = shifted_exponentials(logits, out)
    np.subtract(out, np.log(sums, out=sums), out=out)


def _softmax_reference(x: np.ndarray) -> np.ndarray:
    return np.exp(x) / np.exp(x).sum(-1, keepdims=True)


@op("Softmax(logits: T) -> (softmax: T)", T=FLOATING)
class Softmax:
    """exp(logits) / sum(exp(logits)) along the last dimension."""

    shape = _at_least_vector
    cpu = _in_single_precision(_softmax_kernel)
    inplace = True

    def grad(op, grad):
        from pyflow.ops.reduce_functions import reduce_sum

        softmax = op.outputs[0]
        return (grad - reduce_sum(grad * softmax, -1, keepdims=True)) * softmax

    gpu = dispatches(softmax_rule("exp(shifted) / sum"), types=(float32,), widened=True)
    samples = [
        sample([[1.0, -2.0, 0.5], [0.25, 3.0, 1.5]], reference=_softmax_reference),
        sample([1.0, -2.0, 0.5], reference=_softmax_reference),
    ]


@op("LogSoftmax(logits: T) -> (logsoftmax: T)", T=FLOATING)
class LogSoftmax:
    """logits - log(sum(exp(logits))) along the last dimension."""

    shape = _at_least_vector
    cpu = _in_single_precision(_log_softmax_kernel)

    def grad(op, grad):
        from pyflow.ops.math_unary import exp
        from pyflow.ops.reduce_functions import reduce_sum

        softmax = exp(op.outputs[0])
        return grad - reduce_sum(grad, -1, keepdims=True) * softmax

    gpu = dispatches(softmax_rule("shifted - natural_log(sum)"), types=(float32,), widened=True)
    samples = [sample([[1.0, -2.0, 0.5], [0.25, 3.0, 1.5]], reference=lambda x: np.log(_softmax_reference(x)))]


def _along_axis(definition: OpDef, logits: Any, axis: Any, name: str | None) -> Tensor:
    """The op, which works along the last dimension, along another."""
    from pyflow.ops.array import transpose
    from pyflow.ops.array_joining import concat
    from pyflow.ops.array_selection import where
    from pyflow.ops.array_shape import rank
    from pyflow.ops.comparison import less
    from pyflow.ops.math_binary import subtract
    from pyflow.ops.ranges import range

    logits = convert_to_tensor(logits)
    shape = logits.get_shape()
    ndims = shape.ndims
    known = constant_value(axis) if isinstance(axis, Tensor) else axis
    if not isinstance(axis, Tensor) and (axis == -1 or (ndims is not None and axis == ndims - 1)):
        return definition(logits, name=name)
    if known is not None and ndims is not None and not -ndims <= known < ndims:
        raise InvalidArgumentError(
            None,
            None,
            f"Dimension ({known}) must be in the range [{-ndims}, {ndims}) where {ndims} is the number of dimensions "
            "in the input.",
        )

    def swapped(tensor: Tensor, name: str = "transpose") -> Tensor:
        last = subtract(input_rank, 1)
        return transpose(tensor, concat([range(place), [last], range(place + 1, last), [place]], 0), name=name)

    count = rank(logits)
    if isinstance(axis, Tensor):
        axis = where(less(axis, 0), axis + count, axis)
    elif axis < 0:
        axis += count
    input_rank = rank(logits)
    place = axis % (input_rank if ndims is None else ndims)
    output = definition(swapped(logits))
    output = swapped(output, name=name or "transpose")
    output.set_shape(shape)
    return output


@export("nn.softmax", "math.softmax")
def softmax(logits: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """exp(logits) / sum(exp(logits)) along `axis`: positive numbers that sum to 1.

    Args:
      logits: floating-point numbers; at least one dimension.
      axis: an int or scalar tensor; None for the last dimension. `dim` is its older name.

    Raises:
      InvalidArgumentError: there is no such axis.
    """
    axis = renamed_argument("axis", axis, "dim", dim)
    return _along_axis(Softmax, logits, -1 if axis is None else axis, name)


@export("nn.log_softmax", "math.log_softmax")
def log_softmax(logits: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """logits - log(sum(exp(logits))) along `axis`, without overflow.

    Args:
      logits: floating-point numbers; at least one dimension.
      axis: an int or scalar tensor; None for the last dimension. `dim` is its older name.

    Raises:
      InvalidArgumentError: there is no such axis.
    """
    axis = renamed_argument("axis", axis, "dim", dim)
    return _along_axis(LogSoftmax, logits, -1 if axis is None else axis, name)
