"""Discrete Fourier transforms of real numbers: the half of the result that isn't redundant, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import constant_value_as_shape, convert_to_tensor
from pyflow.core.dtypes import complex64, float32, int32
from pyflow.core.registry import NOT_DIFFERENTIABLE, OpDef, ShapeError, op, raw, sample
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array import shape
from pyflow.ops.array_filling import ones, zeros, zeros_like
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_padding import pad
from pyflow.ops.array_shape import rank as rank_of
from pyflow.ops.array_splitting import unstack
from pyflow.ops.cast import cast
from pyflow.ops.complex_numbers import real
from pyflow.ops.fft import IFFT, IFFT2D, check_rank
from pyflow.ops.linalg_rules import invalid
from pyflow.ops.math_binary import maximum
from pyflow.ops.reduce_functions import reduce_prod
from pyflow.ops.shape_rules import with_rank

_REALS = np.arange(8, dtype=np.float32).reshape(1, 2, 4) % 3
_HALVES = np.array([[[1, 2 - 1j, 0.5], [3, -1j, 2]]], np.complex64)


def _half(length: int | None) -> int | None:
    """How many elements of a transform of that length aren't redundant."""
    return None if length is None else length // 2 + 1 if length else 0


def _shape_rule(rank: int, inverse: bool) -> Any:
    def transformed(input, fft_length, fft_length_dims):
        check_rank(input, rank)
        if fft_length is not None:
            at_run = f"fft_length must have shape [{rank}]"
            try:
                (count,) = with_rank(fft_length, 1)
            except ShapeError as error:
                raise ShapeError(str(error), at_run) from None
            if count not in (None, rank):
                raise ShapeError(f"Dimension must be {rank} but is {count}", at_run)
        if input is None:
            return None
        lengths = (None,) * rank if fft_length_dims is None else fft_length_dims
        return (*input[:-rank], *lengths[:-1], lengths[-1] if inverse else _half(lengths[-1]))

    return transformed


def _checked_lengths(input: np.ndarray, fft_length: np.ndarray, rank: int, inverse: bool) -> list[int]:
    """The lengths of the real side.

    Raises:
      InvalidArgumentError: the input is shorter than that.
    """
    lengths = [int(n) for n in fft_length]
    for i, n in enumerate(lengths):
        if n < 0:
            raise invalid(f"fft_length[{i}] must >= 0, but got: {n}")
        axis = input.ndim - rank + i
        least = n // 2 + 1 if inverse and i == rank - 1 else n
        if input.size and input.shape[axis] < least:
            raise invalid(f"Input dimension {axis} must have length of at least {least} but got: {input.shape[axis]}")
    return lengths


def _forward_kernel(rank: int) -> Any:
    def cpu(input, fft_length):
        lengths = _checked_lengths(input, fft_length, rank, inverse=False)
        if input.size == 0 or 0 in lengths:
            return np.zeros((*input.shape[:-rank], *lengths[:-1], _half(lengths[-1])), np.complex64)
        return np.fft.rfftn(input, s=lengths, axes=range(-rank, 0)).astype(np.complex64, copy=False)

    return cpu


def _inverse_kernel(rank: int) -> Any:
    def cpu(input, fft_length):
        lengths = _checked_lengths(input, fft_length, rank, inverse=True)
        if input.size == 0 or 0 in lengths:
            return np.zeros((*input.shape[:-rank], *lengths), np.float32)
        return np.fft.irfftn(input, s=lengths, axes=range(-rank, 0)).astype(np.float32, copy=False)

    return cpu


def _padded_to(x: Tensor, rank: int, lengths: Any) -> Tensor:
    """The tensor with zeros behind, so that its last axes have at least these lengths (an int32 vector)."""
    missing = maximum(0, lengths - shape(x)[-rank:])
    after = concat([zeros([rank_of(x) - rank], int32), missing], 0)
    return raw.Pad(x, stack([zeros_like(after), after], axis=1))


def _forward_gradient(op: Any, dy: Tensor, rank: int, inverse: Any) -> tuple[Tensor, None]:
    """With zeros for the redundant half, the inverse transform without its division; of that the real part."""
    lengths = op.inputs[1]
    size = cast(reduce_prod(lengths), float32)
    dx = real(inverse(_padded_to(dy, rank, lengths))) * size
    # What the transform cropped has no influence.
    return _padded_to(dx, rank, shape(op.inputs[0])[-rank:]), None


def _inverse_gradient(op: Any, dy: Tensor, rank: int, forward: Any) -> tuple[Tensor, None]:
    """The transform divided by the size; what stands for its mirror image too counts twice."""
    lengths = op.inputs[1]
    is_odd = raw.FloorMod(lengths[-1], 2)
    half = lengths[-1] // 2 + 1
    counts = concat([[1.0], 2.0 * ones([half - 2 + is_odd]), ones([1 - is_odd])], 0)
    size = raw.Reciprocal(cast(reduce_prod(lengths), float32))
    dx = forward(dy, lengths) * cast(size * counts, complex64)
    return _padded_to(dx, rank, shape(op.inputs[0])[-rank:]), None


@op("RFFT(input: float32, fft_length: int32) -> (output: complex64)")
class RFFT:
    """The transform of real numbers over the last axis, cropped to `fft_length` [1]: its first half."""

    shape = _shape_rule(1, inverse=False)
    cpu = _forward_kernel(1)

    def grad(op, dy):
        return _forward_gradient(op, dy, 1, IFFT)

    samples = [sample(_REALS, np.array([4], np.int32), grad=False)]


@op("IRFFT(input: complex64, fft_length: int32) -> (output: float32)")
class IRFFT:
    """What undoes RFFT: `fft_length` [1] real numbers."""

    shape = _shape_rule(1, inverse=True)
    cpu = _inverse_kernel(1)

    def grad(op, dy):
        return _inverse_gradient(op, dy, 1, RFFT)

    samples = [sample(_HALVES, np.array([4], np.int32), grad=False)]


@op("RFFT2D(input: float32, fft_length: int32) -> (output: complex64)")
class RFFT2D:
    """The transform of real numbers over the last two axes, cropped to `fft_length` [2]: half of the last axis."""

    shape = _shape_rule(2, inverse=False)
    cpu = _forward_kernel(2)

    def grad(op, dy):
        return _forward_gradient(op, dy, 2, IFFT2D)

    samples = [sample(_REALS, np.array([2, 4], np.int32), grad=False)]


@op("IRFFT2D(input: complex64, fft_length: int32) -> (output: float32)")
class IRFFT2D:
    """What undoes RFFT2D: real numbers of the sizes `fft_length` [2]."""

    shape = _shape_rule(2, inverse=True)
    cpu = _inverse_kernel(2)

    def grad(op, dy):
        return _inverse_gradient(op, dy, 2, RFFT2D)

    samples = [sample(_HALVES, np.array([2, 4], np.int32), grad=False)]


@op("RFFT3D(input: float32, fft_length: int32) -> (output: complex64)")
class RFFT3D:
    """The transform of real numbers over the last three axes, cropped to `fft_length` [3]: half of the last axis."""

    shape = _shape_rule(3, inverse=False)
    cpu = _forward_kernel(3)
    grad = NOT_DIFFERENTIABLE
    samples = [sample(_REALS, np.array([1, 2, 4], np.int32), grad=False)]


@op("IRFFT3D(input: complex64, fft_length: int32) -> (output: float32)")
class IRFFT3D:
    """What undoes RFFT3D: real numbers of the sizes `fft_length` [3]."""

    shape = _shape_rule(3, inverse=True)
    cpu = _inverse_kernel(3)
    grad = NOT_DIFFERENTIABLE
    samples = [sample(_HALVES, np.array([1, 2, 4], np.int32), grad=False)]


def _natural_length(x: Tensor, rank: int, inverse: bool) -> Tensor:
    """The length that fits the input as it is; that of the last axis of an inverse transform is taken to be even."""
    sizes = x.shape[-rank:]
    if sizes.is_fully_defined():
        lengths = sizes.as_list()
        if inverse:
            lengths[-1] = max(0, 2 * (lengths[-1] - 1))
        return convert_to_tensor(lengths, int32)
    if not inverse:
        return shape(x)[-rank:]
    dynamic = unstack(shape(x)[-rank:], rank)
    dynamic[-1] = maximum(0, 2 * (dynamic[-1] - 1))
    return stack(dynamic)


def _padded_for(x: Tensor, rank: int, lengths: Tensor, inverse: bool) -> Tensor:
    """The input with zeros behind, where it is shorter than the transform."""
    known, sizes = constant_value_as_shape(lengths), x._shape_tuple()
    if sizes is not None and 0 in sizes:
        return x
    if sizes is not None and known.is_fully_defined():
        wanted: list[Any] = known.as_list()
        if inverse:
            wanted[-1] = wanted[-1] // 2 + 1
        present = sizes[-len(wanted) :]
        if None not in present:
            missing = [[0, max(n - have, 0)] for n, have in zip(wanted, present)]
            if not any(after for _, after in missing):
                return x
            return pad(x, [[0, 0]] * max(len(sizes) - len(wanted), 0) + missing)
    if inverse:
        lengths = concat([lengths[:-1], lengths[-1:] // 2 + 1], 0)
    return _padded_to(x, rank, lengths)


def _public(definition: OpDef, rank: int, inverse: bool, what: str) -> Any:
    scope = definition.name.lower()

    def transform(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
        with name_scope(name, scope, [input_tensor, fft_length]) as name:
            x = convert_to_tensor(input_tensor, complex64 if inverse else float32)
            x.shape.with_rank_at_least(rank)
            if fft_length is None:
                fft_length = _natural_length(x, rank, inverse)
            else:
                fft_length = convert_to_tensor(fft_length, int32)
            return definition(_padded_for(x, rank, fft_length, inverse), fft_length, name=name)

    transform.__name__ = transform.__qualname__ = scope
    transform.__doc__ = f"""{what}

    Args:
      input_tensor: {"complex64" if inverse else "float32"}, transformed over its last {rank} axes.
      fft_length: the lengths of the real side, an int32 vector [{rank}]; the input is cropped to it or zeros are
        added. None takes them from the input{", the last one to be even" if inverse else ""}.

    Raises:
      ValueError: the input has another dtype or too few axes, or `fft_length` another shape.
    """
    return export(f"signal.{scope}", f"spectral.{scope}")(transform)


rfft = _public(RFFT, 1, False, "The half of the Fourier transform of real numbers that isn't redundant.")
irfft = _public(IRFFT, 1, True, "The real numbers whose Fourier transform has the given half.")
rfft2d = _public(RFFT2D, 2, False, "The half of the Fourier transform of real matrices that isn't redundant.")
irfft2d = _public(IRFFT2D, 2, True, "The real matrices whose Fourier transform has the given half.")
rfft3d = _public(RFFT3D, 3, False, "The half of the Fourier transform of real volumes that isn't redundant.")
irfft3d = _public(IRFFT3D, 3, True, "The real volumes whose Fourier transform has the given half.")
