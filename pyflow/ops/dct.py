"""Discrete cosine transforms of types I, II and III, by Fourier transforms of twice the length."""

from __future__ import annotations

import math
from typing import Any

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import float32
from pyflow.core.registry import raw
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array import shape
from pyflow.ops.array_filling import fill
from pyflow.ops.array_joining import concat
from pyflow.ops.array_padding import pad
from pyflow.ops.cast import cast
from pyflow.ops.complex_numbers import complex, real
from pyflow.ops.fft_real import irfft, rfft
from pyflow.ops.ranges import range as range_op

_INVERSE = {1: 1, 2: 3, 3: 2}


def _check(x: Any, type: int, n: int | None, axis: int, norm: str | None) -> None:
    if axis != -1:
        raise NotImplementedError(f"axis must be -1. Got: {axis}")
    if n is not None and n < 1:
        raise ValueError("n should be a positive integer or None")
    if type not in _INVERSE:
        raise ValueError("Only Types I, II and III (I)DCT are supported.")
    if type == 1:
        if norm == "ortho":
            raise ValueError("Normalization is not supported for the Type-I DCT.")
        length = getattr(x.shape[-1], "value", x.shape[-1])
        if length is not None and length < 2:
            raise ValueError("Type-I DCT requires the dimension to be greater than one.")
    if norm not in (None, "ortho"):
        raise ValueError(f"Unknown normalization. Expected None or 'ortho', got: {norm}")


def _length(x: Tensor) -> Any:
    """The length of the last axis: an int where it is known, else a tensor."""
    return x.shape[-1].value or shape(x)[-1]


def _of_length(x: Tensor, n: int) -> Tensor:
    """The signals cropped to n samples, or continued with zeros."""
    x = x[..., :n]
    missing = n - _length(x)
    if isinstance(missing, int) and missing == 0:
        return x
    return pad(x, [*[[0, 0]] * (len(x.shape) - 1), [0, missing]])


@export("signal.dct", "spectral.dct")
def dct(
    input: Any, type: int = 2, n: int | None = None, axis: int = -1, norm: str | None = None, name: str | None = None
) -> Tensor:
    """The discrete cosine transform of float32 signals [..., n].

    With N samples, type I gives x_0 + (-1)^k x_{N-1} + 2 sum_{0<j<N-1} x_j cos(pi j k / (N - 1)), type II
    2 sum_j x_j cos(pi k (2 j + 1) / 2 N), and type III x_0 + 2 sum_{j>0} x_j cos(pi j (2 k + 1) / 2 N).
    Source: https://en.wikipedia.org/wiki/Discrete_cosine_transform

    Args:
      type: 1, 2 or 3.
      n: the number of samples to transform; the signals are cropped, or zeros are added. None for all.
      axis: must be -1.
      norm: None, or "ortho" to make types II and III orthogonal, and so each other's inverse.

    Raises:
      ValueError: type, n or norm are not as described, or a type I transform has fewer than two samples.
      NotImplementedError: the axis is not -1.
    """
    _check(input, type, n, axis, norm)
    with name_scope(name, "dct", [input]):
        x = convert_to_tensor(input, dtype=float32)
        if n is not None:
            x = _of_length(x, n)
        if type == 1:
            return real(rfft(concat([x, x[..., -2:0:-1]], axis=-1)))
        length = _length(x)
        samples = cast(length, float32)
        angles = range_op(samples) * (math.pi / 2) / samples
        if type == 2:
            turn = raw.Exp(complex(0.0, -angles))
            result = 2.0 * real(rfft(x, fft_length=[2 * length])[..., :length] * turn)
            if norm == "ortho":
                result *= _orthogonal_weights(raw.Rsqrt(4.0 * samples), samples, length)
            return result
        if norm == "ortho":
            x *= _orthogonal_weights(raw.Rsqrt(samples), samples, length)
        # The inverse transform divides by its length, which is twice the number of samples.
        turn = 2.0 * cast(samples, "complex64") * raw.Exp(complex(0.0, angles))
        return irfft(complex(x, 0.0) * turn, fft_length=[2 * length])[..., :length]


def _orthogonal_weights(first: Tensor, samples: Tensor, length: Any) -> Tensor:
    """What makes types II and III orthogonal: 1 / sqrt(2 N) for each element but the first."""
    return concat([raw.Reshape(first, [1]), fill([length - 1], raw.Rsqrt(2.0 * samples))], 0)


@export("signal.idct", "spectral.idct")
def idct(
    input: Any, type: int = 2, n: int | None = None, axis: int = -1, norm: str | None = None, name: str | None = None
) -> Tensor:
    """The inverse of `dct` of that type, up to a factor: idct(dct(x)) is 2 N x, and 2 (N - 1) x for type I.

    Args:
      type, n, axis: as for `dct`.
      norm: with "ortho" the factor is 1.

    Raises:
      ValueError, NotImplementedError: as `dct`.
    """
    _check(input, type, n, axis, norm)
    return dct(input, type=_INVERSE[type], n=n, axis=axis, norm=norm, name=name)
