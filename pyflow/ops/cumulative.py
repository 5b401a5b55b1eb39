"""Running sums and products along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import INDEX, NUMERIC, float16, float32, float64, int32
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import OpDef, one_of, op, raw, sample
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.gpu import dispatches
from pyflow.ops.gpu_reductions import running
from pyflow.ops.math_unary import exp, log
from pyflow.ops.shape_rules import same_as, text

_AXIS = one_of(INDEX, default=int32)
_MATRIX = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
_SAMPLES = [
    sample(_MATRIX, 1),
    sample(_MATRIX, 0, reverse=True),
    sample(_MATRIX, 1, exclusive=True),
    sample(_MATRIX, 1, exclusive=True, reverse=True),
]


def _running(ufunc: np.ufunc, first: Any, x: Any, axis: Any, exclusive: bool, reverse: bool, out: np.ndarray) -> None:
    """`ufunc` accumulated along `axis`; `first` is what an exclusive run starts from."""
    if axis.shape:
        raise InvalidArgumentError(None, None, f"ScanOp: axis must be a scalar, not {text(axis.shape)}")
    rank, axis = out.ndim, int(axis)
    if not -rank <= axis < rank:
        words = f"ScanOp: Expected scan axis in the range [{-rank}, {rank}), but got {axis}"
        raise InvalidArgumentError(None, None, words)
    x, out = np.moveaxis(x, axis, 0), np.moveaxis(out, axis, 0)
    if reverse:
        x, out = x[::-1], out[::-1]
    if exclusive:
        out[:1] = first
        x, out = x[:-1], out[1:]
    if len(out):
        ufunc.accumulate(x, 0, None, out)


@op("Cumsum(x: T, axis: Tidx) -> (out: T)", exclusive=False, reverse=False, T=NUMERIC, Tidx=_AXIS)
class Cumsum:
    """The running sum along an axis."""

    shape = same_as("x")

    def cpu(x, axis, exclusive, reverse, out):
        _running(np.add, 0, x, axis, exclusive, reverse, out)

    def grad(op, grad):
        exclusive, reverse = op.get_attr("exclusive"), op.get_attr("reverse")
        return [cumsum(grad, op.inputs[1], exclusive=exclusive, reverse=not reverse), None]

    gpu = dispatches(running("a + b", "T(0)"), widened=True)
    samples = _SAMPLES


@op("Cumprod(x: T, axis: Tidx) -> (out: T)", exclusive=False, reverse=False, T=NUMERIC, Tidx=_AXIS)
class Cumprod:
    """The running product along an axis."""

    shape = same_as("x")

    def cpu(x, axis, exclusive, reverse, out):
        _running(np.multiply, 1, x, axis, exclusive, reverse, out)

    def grad(op, grad):
        """As in TensorFlow, NaN where x is 0."""
        x, axis = op.inputs
        exclusive, reverse = op.get_attr("exclusive"), op.get_attr("reverse")
        product = cumprod(x, axis, exclusive=exclusive, reverse=reverse)
        total = cumsum(product * grad, axis, exclusive=exclusive, reverse=not reverse)
        return [total / x, None]

    gpu = dispatches(running("a * b", "T(1)"), widened=True)
    samples = _SAMPLES


@op(
    "CumulativeLogsumexp(x: T, axis: Tidx) -> (out: T)",
    exclusive=False,
    reverse=False,
    T=(float16, float32, float64),
    Tidx=_AXIS,
)
class CumulativeLogsumexp:
    """The logarithm of the running sum of exponentials along an axis."""

    shape = same_as("x")

    def cpu(x, axis, exclusive, reverse, out):
        _running(np.logaddexp, np.finfo(out.dtype).min, x, axis, exclusive, reverse, out)

    def grad(op, grad):
        x, axis = op.inputs
        y = op.outputs[0]
        direction = {"exclusive": op.get_attr("exclusive"), "reverse": not op.get_attr("reverse")}
        lowest = grad.dtype.min
        # Positive and negative parts go through logarithms separately.
        log_positive = raw.SelectV2(raw.Greater(grad, 0), log(grad), lowest)
        log_negative = raw.SelectV2(raw.Less(grad, 0), log(-grad), lowest)
        positive = exp(cumulative_logsumexp(log_positive - y, axis=axis, **direction) + x)
        negative = exp(cumulative_logsumexp(log_negative - y, axis=axis, **direction) + x)
        return [positive - negative, None]

    samples = [_SAMPLES[0], _SAMPLES[1]]


def _scan(definition: OpDef, x: Any, axis: Any, exclusive: bool, reverse: bool, name: str | None) -> Tensor:
    with name_scope(name, definition.name, [x]) as scope:
        x = convert_to_tensor(x, name="x")
        return definition(x, axis, exclusive=exclusive, reverse=reverse, name=scope)


@export("cumsum", "math.cumsum")
def cumsum(
    x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Tensor:
    """The running sum along `axis`.

    Args:
      exclusive: whether an element is left out of its own sum: [a, b, c] gives [0, a, a + b].
      reverse: whether to sum from the end.

    Raises:
      InvalidArgumentError: (when run) `axis` does not exist.
    """
    return _scan(Cumsum, x, axis, exclusive, reverse, name)


@export("cumprod", "math.cumprod")
def cumprod(
    x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Tensor:
    """The running product along `axis`; see `cumsum`, with 1 in the place of 0."""
    return _scan(Cumprod, x, axis, exclusive, reverse, name)


@export("math.cumulative_logsumexp")
def cumulative_logsumexp(
    x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Tensor:
    """log(cumsum(exp(x))) along `axis`, without overflow; an exclusive one starts with the lowest number there is."""
    return _scan(CumulativeLogsumexp, x, axis, exclusive, reverse, name)
