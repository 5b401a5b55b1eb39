"""Between float32 and the quantized dtypes: ints that stand for even steps of a range (tf.quantize, tf.dequantize)."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.dtypes import DType, qint8, qint16, qint32, quint8, quint16
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op, sample
from pyflow.core.tensor import Tensor
from pyflow.ops.shape_rules import with_rank

_QUANTIZED = (qint8, quint8, qint32, qint16, quint16)
_MODES = ("MIN_COMBINED", "MIN_FIRST", "SCALED")
_ROUNDINGS = ("HALF_AWAY_FROM_ZERO", "HALF_TO_EVEN")
_FLOAT = np.float32


def _ints_of(dtype: DType) -> np.dtype:
    """The plain integer dtype in which a quantized one is stored."""
    stored = np.dtype(dtype.as_numpy_dtype)
    return stored[0] if stored.names else stored


def _round_away(x: np.ndarray) -> np.ndarray:
    return np.trunc(x + np.copysign(_FLOAT(0.5), x))


def _scalar(value: Any, name: str) -> Any:
    if np.size(value) != 1:
        raise InvalidArgumentError(None, None, f"{name} must be a scalar, got shape {list(np.shape(value))}")
    return _FLOAT(np.reshape(value, -1)[0])


def _half_range(limits: Any) -> Any:
    """Half of the number of steps where the ints have a sign, else 0."""
    return _FLOAT((int(limits.max) - int(limits.min) + 1) / 2.0) if limits.min < 0 else _FLOAT(0)


def _steps(limits: Any) -> float:
    return float(2 ** np.iinfo(limits.dtype).bits)


@op(
    "QuantizeV2(input: float32, min_range: float32, max_range: float32) "
    "-> (output: T, output_min: float32, output_max: float32)",
    T=attr("type", allowed=_QUANTIZED),
    mode=attr("string", default="MIN_COMBINED", allowed=_MODES),
    round_mode=attr("string", default="HALF_AWAY_FROM_ZERO", allowed=_ROUNDINGS),
)
class QuantizeV2:
    """Ints for numbers in a range, and the range that they stand for, which is the given one made to include 0."""

    def shape(input, min_range, max_range):
        with_rank(min_range, 0)
        with_rank(max_range, 0)
        return [input, (), ()]

    def cpu(input, min_range, max_range, T, mode, round_mode):
        low, high = _scalar(min_range, "min_range"), _scalar(max_range, "max_range")
        if low > high:
            raise InvalidArgumentError(None, None, "input_max_range must be larger than input_min_range.")
        least = max(_FLOAT(1), abs(low), abs(high)) / _FLOAT(100)
        low = min(_FLOAT(0), low)
        high = max(_FLOAT(0), max(high, low + least))
        limits = np.iinfo(_ints_of(T))
        if mode == "SCALED":
            ints, low, high = _scaled(input, low, high, limits, round_mode)
        elif round_mode == "HALF_TO_EVEN":
            words = f"Round mode 'HALF_TO_EVEN' only supported for mode 'SCALED', but mode is '{mode}'."
            raise InvalidArgumentError(None, None, words)
        elif mode == "MIN_FIRST":
            ints = _from_the_least(input, low, high, limits)
        else:
            scale = _FLOAT(float(limits.max) - float(limits.min)) / (high - low)
            offset = (np.clip(input, low, high) - low) * scale
            ints = _round_away(offset - _half_range(limits)) if limits.min < 0 else np.floor(offset + _FLOAT(0.5))
        stored = np.clip(ints.astype(np.float64), limits.min, limits.max).astype(limits.dtype)
        return np.asarray(stored).view(T.as_numpy_dtype), low, high

    grad = NOT_DIFFERENTIABLE
    samples = [sample([-1.0, 0.2, 3.0], -1.0, 2.0, T=quint8), sample([-1.0, 0.2], -1.0, 2.0, T=qint8, mode="SCALED")]


def _scaled(input: Any, low: Any, high: Any, limits: Any, round_mode: str) -> tuple[Any, Any, Any]:
    least, most = _FLOAT(limits.min), _FLOAT(limits.max)
    factors = [end / bound for end, bound in ((least, low), (most, high)) if end * bound > 0]
    if not factors:  # an unsigned dtype and no positive number in the range
        return np.zeros(np.shape(input), _FLOAT), _FLOAT(0), _FLOAT(0)
    scale = min(factors)
    low, high = least / scale, most / scale
    rounded = np.rint if round_mode == "HALF_TO_EVEN" else _round_away
    return rounded(np.clip(input, low, high) * scale), low, high


def _from_the_least(input: Any, low: Any, high: Any, limits: Any) -> Any:
    steps = _steps(limits)
    span = (float(high) - float(low)) * steps / (steps - 1.0)
    scale = _FLOAT(steps / span) if span else _FLOAT(0)
    first = _round_away(np.asarray(low * scale))
    return _round_away(input * scale) - (first - _FLOAT(limits.min))


@op(
    "Dequantize(input: T, min_range: float32, max_range: float32) -> (output: float32)",
    T=_QUANTIZED,
    mode=attr("string", default="MIN_COMBINED", allowed=_MODES),
)
class Dequantize:
    """The numbers in a range that quantized ints stand for."""

    def shape(input, min_range, max_range):
        with_rank(min_range, 0)
        with_rank(max_range, 0)
        return input

    def cpu(input, min_range, max_range, T, mode):
        limits = np.iinfo(_ints_of(T))
        numbers = np.asarray(input).view(limits.dtype).astype(_FLOAT)
        low, high = _scalar(min_range, "min_range"), _scalar(max_range, "max_range")
        if mode == "MIN_COMBINED":
            scale = (high - low) / _FLOAT(float(limits.max) - float(limits.min))
            return (numbers + _half_range(limits)) * scale + low
        if mode == "MIN_FIRST":
            steps = _steps(limits)
            step = _FLOAT((float(high) - float(low)) * steps / (steps - 1.0) / steps)
            start = low if low == high else _round_away(np.asarray(low / step)) * step
            return (numbers - _FLOAT(limits.min)) * step + start
        factor = high / _FLOAT(limits.max)
        return numbers * (max(low / _FLOAT(limits.min), factor) if limits.min < 0 else factor)

    grad = NOT_DIFFERENTIABLE
    samples = [
        sample(np.array([0, 51, 255], np.uint8).view(quint8.as_numpy_dtype), -1.0, 2.0),
        sample(np.array([-128, 5], np.int8).view(qint8.as_numpy_dtype), -1.0, 2.0, mode="SCALED"),
    ]


@export("quantize", "quantization.quantize")
def quantize(
    input: Any,
    min_range: Any,
    max_range: Any,
    T: Any,
    mode: str = "MIN_COMBINED",
    round_mode: str = "HALF_AWAY_FROM_ZERO",
    name: str | None = None,
) -> Any:
    """Ints that stand for the numbers of `input` in even steps of a range; what lies outside becomes its nearest end.

    Args:
      T: a quantized dtype.
      mode: how the steps lie: "MIN_COMBINED", "MIN_FIRST" or "SCALED" (0 becomes 0).
      round_mode: "HALF_AWAY_FROM_ZERO", or with "SCALED" also "HALF_TO_EVEN".

    Returns:
      A named tuple: output, output_min, output_max.
    """
    return QuantizeV2(input, min_range, max_range, T=T, mode=mode, round_mode=round_mode, name=name)


@export("quantize_v2")
def quantize_v2(
    input: Any,
    min_range: Any,
    max_range: Any,
    T: Any,
    mode: str = "MIN_COMBINED",
    name: str | None = None,
    round_mode: str = "HALF_AWAY_FROM_ZERO",
) -> Any:
    """`quantize`, with its last arguments in another order; deprecated."""
    return quantize(input, min_range, max_range, T, mode, round_mode, name)


@export("dequantize", "quantization.dequantize")
def dequantize(
    input: Any, min_range: Any, max_range: Any, mode: str = "MIN_COMBINED", name: str | None = None
) -> Tensor:
    """The numbers that the ints of `quantize` stand for: float32, in the range that it gave."""
    return Dequantize(input, min_range, max_range, mode=mode, name=name)
