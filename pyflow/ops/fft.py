"""Discrete Fourier transforms of complex numbers, over the last one, two or three axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import complex64, complex128
from pyflow.core.registry import ShapeError, one_of, op, sample
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import StaticShape, Tensor
from pyflow.ops.array import shape
from pyflow.ops.cast import cast
from pyflow.ops.reduce_functions import reduce_prod
from pyflow.ops.shape_rules import text

_COMPLEX = one_of((complex64, complex128), default=complex64)
_SAMPLES = [sample(np.array([[[1, 2 - 1j, 0.5j], [3, -1j, 2 + 2j]]], np.complex64), grad=False)]


def check_rank(given: StaticShape, rank: int) -> None:
    """Raises ShapeError if a tensor of that shape has too few axes."""
    if given is not None and len(given) < rank:
        raise ShapeError(
            f"Shape must be at least rank {rank} but is rank {len(given)}",
            f"Input must have rank of at least {rank} but got: {text(given)}",
        )


def _shape_rule(rank: int) -> Any:
    def same(input):
        check_rank(input, rank)
        return input

    return same


def _kernel(transform: Any, rank: int) -> Any:
    def cpu(input):
        if input.size == 0:
            return input.copy()
        return transform(input, axes=range(-rank, 0)).astype(input.dtype, copy=False)

    return cpu


def _size(dy: Tensor, rank: int) -> Tensor:
    return reduce_prod(shape(dy)[-rank:])


def _times_size(dy: Tensor, inverse: Any, rank: int) -> Tensor:
    """The gradient of a transform: the inverse one, without its division."""
    size = cast(_size(dy, rank), dy.dtype)
    return inverse(dy) * size


def _by_size(dy: Tensor, forward: Any, rank: int) -> Tensor:
    """The gradient of an inverse transform: the other one, divided."""
    inverse_size = cast(1.0 / cast(_size(dy, rank), dy.dtype.real_dtype), dy.dtype)
    return forward(dy) * inverse_size


@op("FFT(input: Tcomplex) -> (output: Tcomplex)", Tcomplex=_COMPLEX)
class FFT:
    """The discrete Fourier transform over the last axis."""

    shape = _shape_rule(1)
    cpu = _kernel(np.fft.fftn, 1)

    def grad(op, dy):
        return _times_size(dy, IFFT, 1)

    samples = _SAMPLES


@op("IFFT(input: Tcomplex) -> (output: Tcomplex)", Tcomplex=_COMPLEX)
class IFFT:
    """The inverse transform over the last axis; it divides by the length."""

    shape = _shape_rule(1)
    cpu = _kernel(np.fft.ifftn, 1)

    def grad(op, dy):
        return _by_size(dy, FFT, 1)

    samples = _SAMPLES


@op("FFT2D(input: Tcomplex) -> (output: Tcomplex)", Tcomplex=_COMPLEX)
class FFT2D:
    """The discrete Fourier transform over the last two axes."""

    shape = _shape_rule(2)
    cpu = _kernel(np.fft.fftn, 2)

    def grad(op, dy):
        return _times_size(dy, IFFT2D, 2)

    samples = _SAMPLES


@op("IFFT2D(input: Tcomplex) -> (output: Tcomplex)", Tcomplex=_COMPLEX)
class IFFT2D:
    """The inverse transform over the last two axes; it divides by the number of their elements."""

    shape = _shape_rule(2)
    cpu = _kernel(np.fft.ifftn, 2)

    def grad(op, dy):
        return _by_size(dy, FFT2D, 2)

    samples = _SAMPLES


@op("FFT3D(input: Tcomplex) -> (output: Tcomplex)", Tcomplex=_COMPLEX)
class FFT3D:
    """The discrete Fourier transform over the last three axes."""

    shape = _shape_rule(3)
    cpu = _kernel(np.fft.fftn, 3)

    def grad(op, dy):
        return _times_size(dy, IFFT3D, 3)

    samples = _SAMPLES


@op("IFFT3D(input: Tcomplex) -> (output: Tcomplex)", Tcomplex=_COMPLEX)
class IFFT3D:
    """The inverse transform over the last three axes; it divides by the number of their elements."""

    shape = _shape_rule(3)
    cpu = _kernel(np.fft.ifftn, 3)

    def grad(op, dy):
        return _by_size(dy, FFT3D, 3)

    samples = _SAMPLES


fft = export("fft", "signal.fft", "spectral.fft")(FFT)
ifft = export("ifft", "signal.ifft", "spectral.ifft")(IFFT)
fft2d = export("fft2d", "signal.fft2d", "spectral.fft2d")(FFT2D)
ifft2d = export("ifft2d", "signal.ifft2d", "spectral.ifft2d")(IFFT2D)
fft3d = export("fft3d", "signal.fft3d", "spectral.fft3d")(FFT3D)
ifft3d = export("ifft3d", "signal.ifft3d", "spectral.ifft3d")(IFFT3D)


def _half_sizes(x: Tensor, axes: Any, sign: int) -> tuple[Any, Any]:
    """(half the sizes along the axes, with a sign; the axes)."""
    if axes is None:
        axes = tuple(range(x.shape.ndims))
    if isinstance(axes, int):
        return sign * int(x.shape[axes] // 2), axes
    return [sign * int(x.shape[axis] // 2) for axis in axes], axes


@export("signal.fftshift")
def fftshift(x: Any, axes: Any = None, name: str | None = None) -> Tensor:
    """The halves of `x` exchanged along `axes` (None for all), which brings frequency zero to the middle."""
    with name_scope(name, "fftshift") as name:
        return _rolled(convert_to_tensor(x), axes, 1, name)


@export("signal.ifftshift")
def ifftshift(x: Any, axes: Any = None, name: str | None = None) -> Tensor:
    """What undoes `fftshift`."""
    with name_scope(name, "ifftshift") as name:
        return _rolled(convert_to_tensor(x), axes, -1, name)


def _rolled(x: Tensor, axes: Any, sign: int, name: str) -> Tensor:
    from pyflow.core.api import PUBLIC

    shift, axes = _half_sizes(x, axes, sign)
    return PUBLIC["roll"](x, shift, axes, name)
