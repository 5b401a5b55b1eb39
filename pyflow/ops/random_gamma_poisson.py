"""Random numbers of the gamma and the Poisson distribution."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import float16, float32, float64, int32, int64
from pyflow.core.registry import NOT_DIFFERENTIABLE, one_of, op, sample
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.seeds import get_seed
from pyflow.core.tensor import Tensor
from pyflow.ops.array import reshape
from pyflow.ops.array_filling import ones, zeros_like
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.gamma_function import log_gamma
from pyflow.ops.incomplete_functions import lower_gamma_by_a
from pyflow.ops.math_binary import maximum
from pyflow.ops.random_ops import sizes_from, stream
from pyflow.ops.ranges import range as range_of
from pyflow.ops.reduce_functions import reduce_sum
from pyflow.ops.rejection_sampling import gamma, poisson
from pyflow.ops.shape_rules import broadcast

_RATE_TYPES = (float16, float32, float64, int32, int64)


def _samples_of_each(shape, value, dims, parameter):
    """The shape that is asked for, followed by that of the parameter."""
    dims = sizes_from(shape, value, dims)
    return None if dims is None or parameter is None else (*dims, *parameter)


@op("RandomGammaGrad(alpha: T, sample: T) -> (output: T)", T=(float32, float64))
class RandomGammaGrad:
    """How a sample of Gamma(alpha, 1) changes with alpha, at a fixed quantile.

    Source: Figurnov, Mohamed, Mnih, "Implicit reparameterization gradients" (2018).
    """

    shape = broadcast("alpha", "sample")

    def cpu(alpha, sample, out):
        a, x = np.broadcast_arrays(alpha.astype(np.float64), sample.astype(np.float64))
        density = np.exp((a - 1) * np.log(x) - x - log_gamma(a))
        slope = -lower_gamma_by_a(a, x) / density
        # So far out that the density is 0: by the normal approximation of the cube root (Wilson and Hilferty, 1931).
        w = np.cbrt(x / a)
        out[...] = np.where(np.isfinite(slope), slope, w**3 - 1.5 * w**2 * (w - 1 - 1 / (9 * a)))

    grad = NOT_DIFFERENTIABLE
    samples = [sample([0.1, 1.0, 10.0, 100.0], [0.05, 0.9, 12.0, 90.0], grad=False)]


@op("RandomGamma(shape: S, alpha: T) -> (output: T)", seed=0, seed2=0, S=dtypes.INDEX, T=(float16, float32, float64))
class RandomGamma:
    """Samples of Gamma(alpha, 1) for each alpha: [*shape, *alpha.shape]."""

    stateful = True

    def shape(shape, shape_value, shape_dims, alpha):
        return _samples_of_each(shape, shape_value, shape_dims, alpha)

    def cpu(shape, alpha, seed, seed2, ctx, out):
        if out.size:
            alpha = np.asarray(alpha)
            place = stream(ctx, seed, seed2).reserve_outputs(out.size)
            out[...] = gamma(place, alpha, out.size // alpha.size).reshape(out.shape)

    def grad(op, dy):
        shape, alpha = op.inputs
        with control_dependencies([dy]):
            sample_rank = shape_of(shape)[0]
            leading = concat([ones([sample_rank], dtype=int32), shape_of(alpha)], axis=0)
            by_alpha = RandomGammaGrad(reshape(alpha, leading), op.outputs[0])
            return None, reduce_sum(dy * by_alpha, axis=range_of(sample_rank))


@op(
    "RandomPoissonV2(shape: S, rate: R) -> (output: dtype)",
    seed=0,
    seed2=0,
    S=dtypes.INDEX,
    R=one_of(_RATE_TYPES, default=float64),
    dtype=one_of(_RATE_TYPES, default=int64),
)
class RandomPoissonV2:
    """Samples of Poisson(rate) for each rate: [*shape, *rate.shape]."""

    stateful = True

    def shape(shape, shape_value, shape_dims, rate):
        return _samples_of_each(shape, shape_value, shape_dims, rate)

    def cpu(shape, rate, seed, seed2, ctx, out):
        if out.size:
            rate = np.asarray(rate)
            place = stream(ctx, seed, seed2).reserve_outputs(out.size)
            out[...] = poisson(place, rate, out.size // rate.size, out.dtype.type).reshape(out.shape)

    grad = NOT_DIFFERENTIABLE


@export("random.gamma", "random_gamma")
def random_gamma(
    shape: Any, alpha: Any, beta: Any = None, dtype: Any = float32, seed: int | None = None, name: str | None = None
) -> Tensor:
    """Samples of the gamma distribution with shape parameter `alpha` and rate `beta`, which are broadcast together.

    Differentiable by both parameters. Returns [*shape, *broadcast shape]; nothing is smaller than the smallest normal
    number of the dtype.
    """
    with name_scope(name, "random_gamma", [shape, alpha, beta]):
        shape = convert_to_tensor(shape, name="shape", dtype=int32)
        alpha = convert_to_tensor(alpha, name="alpha", dtype=dtype)
        beta = convert_to_tensor(1 if beta is None else beta, name="beta", dtype=dtype)
        alpha = alpha + zeros_like(beta)
        seed1, seed2 = get_seed(seed)
        smallest = np.finfo(alpha.dtype.as_numpy_dtype).tiny
        return maximum(smallest, RandomGamma(shape, alpha, seed=seed1, seed2=seed2) / beta)


@export("random.poisson", "random_poisson")
def random_poisson(
    lam: Any, shape: Any, dtype: Any = float32, seed: int | None = None, name: str | None = None
) -> Tensor:
    """Samples of the Poisson distribution with rates `lam`: [*shape, *lam.shape], float or int."""
    with name_scope(name, "random_poisson", [lam, shape]):
        shape = convert_to_tensor(shape, name="shape", dtype=int32)
        seed1, seed2 = get_seed(seed)
        return RandomPoissonV2(shape, lam, dtype=dtype, seed=seed1, seed2=seed2)
