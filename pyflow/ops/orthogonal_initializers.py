"""Initializers that give orthogonal matrices, and convolution kernels that preserve norms."""

from __future__ import annotations

import itertools
import math
from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.registry import raw
from pyflow.core.tensor import Tensor
from pyflow.ops.array_filling import zeros
from pyflow.ops.initializers import Initializer, _config, _floating


def _random_orthogonal(shape: Any, dtype: Any, seed: int | None, full_matrices: bool = False) -> Tensor:
    """The Q of a random normal matrix's QR decomposition, with signs that make it uniformly distributed."""
    from pyflow.ops.random import random_normal

    q, r = raw.Qr(random_normal(shape, dtype=dtype, seed=seed), full_matrices=full_matrices)
    return q * raw.Sign(raw.DiagPart(r))


@export("orthogonal_initializer", "initializers.orthogonal")
class Orthogonal(Initializer):
    """`gain` times a random orthogonal matrix; dimensions before the last are taken as one.

    Saxe et al., Exact solutions to the nonlinear dynamics of learning in deep linear neural networks, 2014
    (arXiv:1312.6120).

    Raises:
      ValueError: the shape has fewer than two dimensions, or the dtype is no float.
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None, dtype: Any = dtypes.float32):
        self.gain, self.seed = gain, seed
        self.dtype = _floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        if len(shape) < 2:
            raise ValueError("The tensor to initialize must be at least two-dimensional")
        rows, columns = math.prod(int(d) for d in shape[:-1]), int(shape[-1])
        dtype = self.dtype if dtype is None else dtype
        q = _random_orthogonal((max(rows, columns), min(rows, columns)), dtype, self.seed)
        if rows < columns:
            q = raw.Transpose(q, [1, 0])
        return self.gain * raw.Reshape(q, shape)

    def get_config(self) -> dict[str, Any]:
        return _config(self, "gain", "seed")


def _check_channels(shape: Any) -> None:
    if shape[-2] > shape[-1]:
        raise ValueError("In_filters cannot be greater than out_filters.")


class ConvolutionDeltaOrthogonal(Initializer):
    """A kernel that is a random orthogonal matrix at its centre, and zero elsewhere: [spatial..., in, out].

    Xiao et al., Dynamical Isometry and a Mean Field Theory of CNNs, 2018 (arXiv:1806.05393).
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None, dtype: Any = dtypes.float32):
        self.gain, self.seed = gain, seed
        self.dtype = _floating(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        if len(shape) < 3 or len(shape) > 5:
            raise ValueError("The tensor to initialize must be at least three-dimensional and at most five-dimensional")
        _check_channels(shape)
        dtype = self.dtype if dtype is None else dtype
        q = _random_orthogonal([shape[-1], shape[-1]], dtype, self.seed)
        q = q[: shape[-2], :] * raw.Cast(self.gain, DstT=dtype)
        centre = [[(size - 1) // 2 for size in shape[:-2]]]
        return raw.ScatterNd(centre, raw.ExpandDims(q, 0), shape)

    def get_config(self) -> dict[str, Any]:
        return _config(self, "gain", "seed")


class ConvolutionOrthogonal(Initializer):
    """A kernel [k, ..., k, in, out] of which the convolution is orthogonal; `dimensions` says how many k there are.

    Built from k − 1 random kernels of size 2 by convolving them. Xiao et al., 2018 (arXiv:1806.05393), algorithm 1.
    """

    dimensions = 0
    _number = ""

    def __init__(self, gain: float = 1.0, seed: int | None = None, dtype: Any = dtypes.float32):
        self.gain, self.seed = gain, seed
        self.dtype = _floating(dtype)

    def get_config(self) -> dict[str, Any]:
        return _config(self, "gain", "seed")

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        if self.dimensions == 0:
            raise NotImplementedError
        if len(shape) != self.dimensions + 2:
            raise ValueError(f"The tensor to initialize must be {self._number}-dimensional")
        _check_channels(shape)
        if any(size != shape[0] for size in shape[: self.dimensions]):
            raise ValueError("Kernel sizes must be equal.")
        kernel = self._orthogonal_kernel(shape[0], shape[-2], shape[-1])
        return kernel * raw.Cast(self.gain, DstT=self.dtype if dtype is None else dtype)

    def _next_seed(self) -> int | None:
        seed = self.seed
        if self.seed:
            self.seed += 1
        return seed

    def _orthogonal_matrix(self, n: int) -> Tensor:
        return _random_orthogonal([n, n], self.dtype, self._next_seed())

    def _symmetric_projection(self, n: int) -> Tensor:
        """A random n × n matrix P with P = Pᵀ = P·P."""
        from pyflow.ops.random import random_normal

        q = self._orthogonal_matrix(n)
        chosen = raw.Cast(random_normal([n], seed=self._next_seed()) > 0, DstT=self.dtype)
        columns = q * chosen
        return raw.MatMul(columns, columns, transpose_b=True)

    def _orthogonal_kernel(self, size: int, channels_in: int, channels_out: int) -> Tensor:
        rows = self._orthogonal_matrix(channels_out)[0:channels_in, :]
        if size == 1:
            for _ in range(self.dimensions):
                rows = raw.ExpandDims(rows, 0)
            return rows
        kernel = self._smallest_kernel(channels_out)
        for _ in range(size - 2):
            kernel = self._convolved(kernel, self._smallest_kernel(channels_out), channels_out)
        return self._stacked({place: raw.MatMul(rows, m) for place, m in kernel.items()}, size)

    def _smallest_kernel(self, n: int) -> dict[tuple[int, ...], Tensor]:
        """A random orthogonal kernel of size 2: products of projections and their complements."""
        from pyflow.ops.linalg_basics import eye

        projections = [self._symmetric_projection(n) for _ in range(self.dimensions)]
        identity = eye(n, dtype=self.dtype)
        # In three dimensions TensorFlow puts the projection where it puts the complement in one and two.
        own = 1 if self.dimensions == 3 else 0
        kernel = {}
        for place in itertools.product((0, 1), repeat=self.dimensions):
            factors = [p if index == own else identity - p for index, p in zip(place, projections)]
            product = factors[0]
            for factor in factors[1:]:
                product = raw.MatMul(product, factor)
            kernel[place] = product
        return kernel

    def _convolved(self, m1: dict, m2: dict, n: int) -> dict[tuple[int, ...], Tensor]:
        """The convolution of two kernels of n × n matrices."""
        size1, size2 = (1 + max(place[0] for place in m) for m in (m1, m2))
        result = {}
        for place in itertools.product(range(size1 + size2 - 1), repeat=self.dimensions):
            total: Any = zeros([n, n], self.dtype)
            for first in itertools.product(*(range(min(size1, i + 1)) for i in place)):
                second = tuple(i - j for i, j in zip(place, first))
                if max(second) < size2:
                    total = total + raw.MatMul(m1[first], m2[second])
            result[place] = total
        return result

    def _stacked(self, kernel: dict[tuple[int, ...], Tensor], size: int, place: tuple[int, ...] = ()) -> Tensor:
        if len(place) == self.dimensions:
            return kernel[place]
        return raw.Pack([self._stacked(kernel, size, (*place, i)) for i in range(size)])


class ConvolutionOrthogonal1D(ConvolutionOrthogonal):
    """Orthogonal kernels [k, in, out]."""

    dimensions, _number = 1, "three"


class ConvolutionOrthogonal2D(ConvolutionOrthogonal):
    """Orthogonal kernels [k, k, in, out]."""

    dimensions, _number = 2, "four"


class ConvolutionOrthogonal3D(ConvolutionOrthogonal):
    """Orthogonal kernels [k, k, k, in, out]."""

    dimensions, _number = 3, "five"


orthogonal_initializer = Orthogonal
convolutional_delta_orthogonal = ConvolutionDeltaOrthogonal
convolutional_orthogonal_1d = ConvolutionOrthogonal1D
convolutional_orthogonal_2d = ConvolutionOrthogonal2D
convolutional_orthogonal_3d = ConvolutionOrthogonal3D
