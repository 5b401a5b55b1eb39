"""Rounding to the values that integers of few bits could hold, in floats: fake_quant_*, quantize_and_dequantize.

B. Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", 2018.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.api import export
from pyflow.core.registry import attr, op, sample
from pyflow.core.tensor import Tensor
from pyflow.ops.gpu import FLOAT32, elementwise
from pyflow.ops.shape_rules import merge, merge_dim, scalar, with_rank, with_rank_at_least

_ARGS = {"num_bits": 8, "narrow_range": False}


def _nudged(low: Any, high: Any, num_bits: int, narrow_range: bool) -> tuple[Any, Any, Any]:
    """(lowest, highest, step) of the grid nearest to [low, high] that has zero on it."""
    if not 2 <= num_bits <= 16:
        raise errors.InvalidArgumentError(None, None, "num_bits must be between 2 and 16, inclusive")
    first, last = np.float32(1 if narrow_range else 0), np.float32((1 << num_bits) - 1)
    step = (np.asarray(high, np.float32) - low) / (last - first)
    zero = np.clip(np.floor(first - np.asarray(low, np.float32) / step + np.float32(0.5)), first, last)
    return (first - zero) * step, (last - zero) * step, step


def _fake_quantized(
    inputs: Any, low: Any, high: Any, num_bits: int, narrow_range: bool, out: Any, multiply: bool = False
) -> None:
    lowest, highest, step = _nudged(low, high, num_bits, narrow_range)
    np.clip(inputs, lowest, highest, out=out)
    out -= lowest
    # TensorFlow's kernels differ in this, and it decides about halves.
    if multiply:
        out *= np.float32(1) / step
    else:
        out /= step
    out += np.float32(0.5)
    np.floor(out, out=out)
    out *= step
    out += lowest
    # A range of nothing but zero gives zeros.
    np.copyto(out, 0, where=np.broadcast_to((np.asarray(low) == 0) & (np.asarray(high) == 0), out.shape))


def _parts(gradients: Any, inputs: Any, low: Any, high: Any, num_bits: int, narrow_range: bool) -> tuple[Any, Any, Any]:
    """The gradient inside the range, below it and above it, elsewhere zero."""
    lowest, highest, _ = _nudged(low, high, num_bits, narrow_range)
    empty = (np.asarray(low) == 0) & (np.asarray(high) == 0)
    below, above = (inputs < lowest) & ~empty, (inputs > highest) & ~empty
    zero = np.float32(0)
    return (
        np.where(below | above, zero, gradients),
        np.where(below, gradients, zero),
        np.where(above, gradients, zero),
    )


def _levels(node: Any) -> str | None:
    """What the shaders' functions take after the bounds, or None where the CPU has an error."""
    bits, bounds = node.attrs["num_bits"], (node.attrs.get("min"), node.attrs.get("max"))
    if not 2 <= bits <= 16 or (bounds[0] is not None and bounds[0] >= bounds[1]):
        return None
    return f"{float(node.attrs['narrow_range'])}, {float((1 << bits) - 1)}"


def _on_grid(node: Any) -> str | None:
    levels = _levels(node)
    multiply = "true" if len(node.inputs) == 1 else "false"
    return levels and f"fake_quantized(inputs, min, max, {levels}, {multiply})"


def _within(node: Any) -> str | None:
    levels = _levels(node)
    return levels and f"select(0.0, gradients, is_on_grid(inputs, min, max, {levels}))"


@op("FakeQuantWithMinMaxArgs(inputs: float32) -> (outputs: float32)", min=-6.0, max=6.0, **_ARGS)
class FakeQuantWithMinMaxArgs:
    """The inputs, clipped to [min, max] and rounded to a grid of 2 ** num_bits values."""

    def shape(inputs):
        return inputs

    def cpu(inputs, min, max, num_bits, narrow_range, out):
        if min >= max:
            words = f"min has to be smaller than max, was: {min:g} >= {max:g}"
            raise errors.InvalidArgumentError(None, None, words)
        _fake_quantized(inputs, np.float32(min), np.float32(max), num_bits, narrow_range, out, multiply=True)

    def grad(op, dy):
        attrs = {name: op.get_attr(name) for name in ("min", "max", "num_bits", "narrow_range")}
        return FakeQuantWithMinMaxArgsGradient(dy, op.inputs[0], **attrs)

    gpu = elementwise(_on_grid, types=FLOAT32)
    samples = [
        sample([-0.26, 0.0, 0.3, 1.9, 7.0], grad=False),
        sample([-2.0, 0.1], min=-1.0, max=1.0, num_bits=4, grad=False),
    ]


@op(
    "FakeQuantWithMinMaxArgsGradient(gradients: float32, inputs: float32) -> (backprops: float32)",
    min=-6.0,
    max=6.0,
    **_ARGS,
)
class FakeQuantWithMinMaxArgsGradient:
    """The gradients where the inputs lie within the range."""

    def shape(gradients, inputs):
        return merge(gradients, inputs)

    def cpu(gradients, inputs, min, max, num_bits, narrow_range, out):
        out[...] = _parts(gradients, inputs, np.float32(min), np.float32(max), num_bits, narrow_range)[0]

    gpu = elementwise(_within, types=FLOAT32)
    samples = [sample([1.0, 2.0, 3.0], [-7.0, 0.1, 6.5], grad=False)]


@op(
    "FakeQuantWithMinMaxVars(inputs: float32, min: float32, max: float32) -> (outputs: float32)",
    **_ARGS,
)
class FakeQuantWithMinMaxVars:
    """`FakeQuantWithMinMaxArgs` with the range as tensors."""

    def shape(inputs, min, max):
        with_rank(min, 0)
        with_rank(max, 0)
        return inputs

    def cpu(inputs, min, max, num_bits, narrow_range, out):
        _fake_quantized(inputs, min, max, num_bits, narrow_range, out)

    def grad(op, dy):
        attrs = {name: op.get_attr(name) for name in _ARGS}
        return tuple(FakeQuantWithMinMaxVarsGradient(dy, *op.inputs, **attrs))

    gpu = elementwise(_on_grid, types=FLOAT32)
    samples = [sample([-0.26, 0.0, 0.3, 1.9, 7.0], -0.2, 2.0, grad=False)]


@op(
    "FakeQuantWithMinMaxVarsGradient(gradients: float32, inputs: float32, min: float32, max: float32)"
    " -> (backprops_wrt_input: float32, backprop_wrt_min: float32, backprop_wrt_max: float32)",
    **_ARGS,
)
class FakeQuantWithMinMaxVarsGradient:
    """The gradients within the range, and the sums of those below and above it."""

    def shape(gradients, inputs, min, max):
        with_rank(min, 0)
        with_rank(max, 0)
        return [merge(gradients, inputs), scalar(), scalar()]

    def cpu(gradients, inputs, min, max, num_bits, narrow_range):
        inside, below, above = _parts(gradients, inputs, min, max, num_bits, narrow_range)
        return inside, below.sum(dtype=np.float32), above.sum(dtype=np.float32)

    samples = [sample([1.0, 2.0, 3.0], [-7.0, 0.1, 6.5], -6.0, 6.0, grad=False)]


def _check_channels(inputs: Any, min: Any, max: Any) -> Any:
    with_rank_at_least(inputs, 1)
    channels = None if inputs is None else inputs[-1]
    merge_dim(merge_dim(channels, with_rank(min, 1)[0]), with_rank(max, 1)[0])
    return inputs


@op(
    "FakeQuantWithMinMaxVarsPerChannel(inputs: float32, min: float32, max: float32) -> (outputs: float32)",
    **_ARGS,
)
class FakeQuantWithMinMaxVarsPerChannel:
    """`FakeQuantWithMinMaxVars` with a range for each position of the last axis."""

    def shape(inputs, min, max):
        return _check_channels(inputs, min, max)

    def cpu(inputs, min, max, num_bits, narrow_range, out):
        _fake_quantized(inputs, min, max, num_bits, narrow_range, out)

    def grad(op, dy):
        attrs = {name: op.get_attr(name) for name in _ARGS}
        return tuple(FakeQuantWithMinMaxVarsPerChannelGradient(dy, *op.inputs, **attrs))

    gpu = elementwise(_on_grid, types=FLOAT32)
    samples = [sample([[-0.26, 0.13], [0.3, 7.0]], [-0.2, 0.0], [2.0, 1.0], grad=False)]


@op(
    "FakeQuantWithMinMaxVarsPerChannelGradient(gradients: float32, inputs: float32, min: float32, max: float32)"
    " -> (backprops_wrt_input: float32, backprop_wrt_min: float32, backprop_wrt_max: float32)",
    **_ARGS,
)
class FakeQuantWithMinMaxVarsPerChannelGradient:
    """`FakeQuantWithMinMaxVarsGradient` for each position of the last axis."""

    def shape(gradients, inputs, min, max):
        channels = (_check_channels(merge(gradients, inputs), min, max) or (None,))[-1]
        channels = merge_dim(channels, with_rank(min, 1)[0])
        return [merge(gradients, inputs), (channels,), (channels,)]

    def cpu(gradients, inputs, min, max, num_bits, narrow_range):
        inside, below, above = _parts(gradients, inputs, min, max, num_bits, narrow_range)
        rows = tuple(range(inputs.ndim - 1))
        return inside, below.sum(rows, dtype=np.float32), above.sum(rows, dtype=np.float32)

    samples = [sample([[1.0, 2.0], [3.0, 4.0]], [[-7.0, 0.1], [6.5, 3.0]], [-6.0, -1.0], [6.0, 1.0], grad=False)]


fake_quant_with_min_max_args = export("quantization.fake_quant_with_min_max_args", "fake_quant_with_min_max_args")(
    FakeQuantWithMinMaxArgs
)
fake_quant_with_min_max_args_gradient = export(
    "quantization.fake_quant_with_min_max_args_gradient", "fake_quant_with_min_max_args_gradient"
)(FakeQuantWithMinMaxArgsGradient)
fake_quant_with_min_max_vars = export("quantization.fake_quant_with_min_max_vars", "fake_quant_with_min_max_vars")(
    FakeQuantWithMinMaxVars
)
fake_quant_with_min_max_vars_gradient = export(
    "quantization.fake_quant_with_min_max_vars_gradient", "fake_quant_with_min_max_vars_gradient"
)(FakeQuantWithMinMaxVarsGradient)
fake_quant_with_min_max_vars_per_channel = export(
    "quantization.fake_quant_with_min_max_vars_per_channel", "fake_quant_with_min_max_vars_per_channel"
)(FakeQuantWithMinMaxVarsPerChannel)
fake_quant_with_min_max_vars_per_channel_gradient = export(
    "quantization.fake_quant_with_min_max_vars_per_channel_gradient",
    "fake_quant_with_min_max_vars_per_channel_gradient",
)(FakeQuantWithMinMaxVarsPerChannelGradient)


def _rounded(input: Any, low: Any, high: Any, signed: bool, num_bits: int, given: bool, mode: str, narrow: bool) -> Any:
    kind = input.dtype.type
    if given and low > high:
        words = f"Invalid range: input_min {float(low):g} > input_max {float(high):g}"
        raise errors.InvalidArgumentError(None, None, words)
    if not given:
        low, high = (input.min(), input.max()) if input.size else (kind(0), kind(0))
    first = (-(1 << (num_bits - 1)) + int(narrow)) if signed else 0
    last = (1 << (num_bits - 1)) - 1 if signed else (1 << num_bits) - 1
    # The larger scale that keeps the range within the integers, and zero on the grid.
    largest = np.finfo(kind).max
    from_low = kind(first) / low if first * low > 0 else largest
    from_high = kind(last) / high if last * high > 0 else largest
    if from_low < from_high:
        scale, step = from_low, low / kind(first)
        high = kind(last) * step
    else:
        scale, step = from_high, high / kind(last)
        low = kind(first) * step
    if given:
        input = np.clip(input, low, high)
    scaled = input * scale
    return (np.rint(scaled) if mode == "HALF_TO_EVEN" else np.floor(scaled + kind(0.5))) * step


def _check_bits(num_bits: int, signed: bool) -> None:
    least = 2 if signed else 1
    if not least <= num_bits <= 62:
        words = f"num_bits is out of range: {num_bits} with signed_input {int(signed)}"
        raise errors.InvalidArgumentError(None, None, words)


@op(
    "QuantizeAndDequantizeV2(input: T, input_min: T, input_max: T) -> (output: T)",
    signed_input=True,
    num_bits=8,
    range_given=False,
    T=dtypes.FLOATING,
    round_mode=attr("string", default="HALF_TO_EVEN", allowed=("HALF_TO_EVEN", "HALF_UP")),
    narrow_range=False,
)
class QuantizeAndDequantizeV2:
    """The input rounded to the values that integers of `num_bits` bits, scaled to its range, can hold."""

    def shape(input, input_min, input_max):
        with_rank(input_min, 0)
        with_rank(input_max, 0)
        return input

    def cpu(input, input_min, input_max, signed_input, num_bits, range_given, round_mode, narrow_range):
        _check_bits(num_bits, signed_input)
        args = (signed_input, num_bits, range_given, round_mode, narrow_range)
        return _rounded(input, input_min[()], input_max[()], *args).astype(input.dtype)

    def grad(op, dy):
        return dy, None, None

    samples = [
        sample([-1.0, -0.5, 0.3, 0.8], 0.0, 0.0, grad=False),
        sample([-1.0, -0.5, 0.3, 0.8], -0.8, 0.4, num_bits=4, range_given=True, grad=False),
    ]


@op(
    "QuantizeAndDequantizeV3(input: T, input_min: T, input_max: T, num_bits: int32) -> (output: T)",
    signed_input=True,
    range_given=True,
    T=dtypes.FLOATING,
    narrow_range=False,
)
class QuantizeAndDequantizeV3:
    """`QuantizeAndDequantizeV2` with the number of bits as a tensor."""

    def shape(input, input_min, input_max, num_bits):
        for bound in (input_min, input_max, num_bits):
            with_rank(bound, 0)
        return input

    def cpu(input, input_min, input_max, num_bits, signed_input, range_given, narrow_range):
        _check_bits(int(num_bits), signed_input)
        args = (signed_input, int(num_bits), range_given, "HALF_TO_EVEN", narrow_range)
        return _rounded(input, input_min[()], input_max[()], *args).astype(input.dtype)

    def grad(op, dy):
        return dy, None, None, None

    samples = [sample([-1.0, -0.5, 0.3, 0.8], -1.0, 1.0, 8, grad=False)]


@export("quantization.quantize_and_dequantize")
def quantize_and_dequantize(
    input: Any,
    input_min: Any,
    input_max: Any,
    signed_input: bool = True,
    num_bits: int = 8,
    range_given: bool = False,
    round_mode: str = "HALF_TO_EVEN",
    name: str | None = None,
    narrow_range: bool = False,
) -> Tensor:
    """`input` rounded as quantisation to integers would; the gradient passes unchanged.

    Args:
      input_min, input_max: the range, used when `range_given`; otherwise that of `input`.
      signed_input: whether the integers have a sign.
      num_bits: how many bits they have.
      round_mode: "HALF_TO_EVEN" or "HALF_UP".
      narrow_range: whether the lowest signed value is left out, so that the range is symmetric.
    """
    return QuantizeAndDequantizeV2(
        input, input_min, input_max, signed_input, num_bits, range_given, round_mode, narrow_range, name=name
    )
