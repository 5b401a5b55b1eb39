"""Special functions: the error function, the gamma function and its relatives, Bessel functions."""

from __future__ import annotations

import math
from typing import Any, Callable

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import float32, float64
from pyflow.core.registry import NOT_DIFFERENTIABLE, op, raw, sample
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.tensor import StaticShape, Tensor
from pyflow.ops import error_function, gamma_function, incomplete_functions
from pyflow.ops.array_filling import zeros_like
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.broadcast_gradients import dynamic_axes, sum_to
from pyflow.ops.complex_numbers import conj
from pyflow.ops.constant import constant
from pyflow.ops.gpu import FLOAT32, elementwise
from pyflow.ops.math_unary import abs, exp, log, reciprocal, sign, square
from pyflow.ops.number_types import FLOATS
from pyflow.ops.reduce_functions import reduce_sum
from pyflow.ops.shape_rules import broadcast, merge, same_as
from pyflow.ops.sparse_values import maps_sparse_values

_REAL = (float32, float64)
_ANY = sample([-2.0, -0.25, 0.25, 1.25])
_POSITIVE = sample([0.25, 0.75, 1.5, 6.0])
_PAIRS = sample([0.5, 2.0, 5.0], [0.75, 1.5, 7.0], grad=False)


def _of_float64(function: Callable[..., np.ndarray]) -> Callable[..., None]:
    """A kernel of a function that computes in float64."""

    def cpu(x: Any, out: np.ndarray) -> None:
        np.copyto(out, function(x), casting="same_kind")

    return cpu


@op("Erf(x: T) -> (y: T)", T=FLOATS)
class Erf:
    """The error function: 2 / sqrt(pi) times the integral of exp(-t²) from 0 to x."""

    shape = same_as("x")
    cpu = _of_float64(error_function.erf)

    def grad(op, grad):
        factor = constant(2 / math.sqrt(math.pi), dtype=grad.dtype)
        with control_dependencies([grad]):
            return grad * factor * exp(-square(conj(op.inputs[0])))

    gpu = elementwise("erf(x)", types=FLOAT32)
    samples = [_ANY]


@op("Erfc(x: T) -> (y: T)", T=FLOATS)
class Erfc:
    """1 - erf(x), exact for large x too."""

    shape = same_as("x")
    cpu = _of_float64(error_function.erfc)

    def grad(op, grad):
        factor = constant(-2 / math.sqrt(math.pi), dtype=grad.dtype)
        with control_dependencies([grad]):
            return grad * factor * exp(-square(conj(op.inputs[0])))

    gpu = elementwise("erfc(x)", types=FLOAT32)
    samples = [_ANY]


@op("Lgamma(x: T) -> (y: T)", T=FLOATS)
class Lgamma:
    """The logarithm of the gamma function's absolute value."""

    shape = same_as("x")
    cpu = _of_float64(gamma_function.log_gamma)

    def grad(op, grad):
        with control_dependencies([grad]):
            return grad * Digamma(conj(op.inputs[0]))

    gpu = elementwise("lgamma(x)", types=FLOAT32)
    samples = [_POSITIVE, sample([-0.5, -1.25])]


@op("Digamma(x: T) -> (y: T)", T=FLOATS)
class Digamma:
    """The derivative of `Lgamma`."""

    shape = same_as("x")
    cpu = _of_float64(gamma_function.digamma)

    def grad(op, grad):
        x = op.inputs[0]
        with control_dependencies([grad]):
            x = conj(x)
            return grad * Polygamma(constant(1, dtype=x.dtype), x)

    gpu = elementwise("digamma(x)", types=FLOAT32)
    samples = [_POSITIVE]


@op("BesselI0e(x: T) -> (y: T)", T=FLOATS)
class BesselI0e:
    """exp(-|x|) times the modified Bessel function of the first kind of order 0."""

    shape = same_as("x")

    def cpu(x, out):
        np.copyto(out, incomplete_functions.scaled_bessel(0, x), casting="same_kind")

    def grad(op, grad):
        x, y = op.inputs[0], op.outputs[0]
        with control_dependencies([grad]):
            return grad * (BesselI1e(x) - sign(x) * y)

    gpu = elementwise("scaled_bessel(0.0, x)", types=FLOAT32)
    samples = [_ANY]


@op("BesselI1e(x: T) -> (y: T)", T=FLOATS)
class BesselI1e:
    """exp(-|x|) times the modified Bessel function of the first kind of order 1."""

    shape = same_as("x")

    def cpu(x, out):
        np.copyto(out, incomplete_functions.scaled_bessel(1, x), casting="same_kind")

    def grad(op, grad):
        x, y = op.inputs[0], op.outputs[0]
        with control_dependencies([grad]):
            # Near 0 the formula would divide by x; the derivative there is 1/2.
            eps = np.finfo(x.dtype.as_numpy_dtype).eps
            zeros = zeros_like(x)
            not_tiny = abs(x) > eps
            safe_x = raw.Select(not_tiny, x, eps + zeros)
            slope = BesselI0e(safe_x) - y * (sign(safe_x) + reciprocal(safe_x))
            return grad * raw.Select(not_tiny, slope, 0.5 + zeros)

    gpu = elementwise("scaled_bessel(1.0, x)", types=FLOAT32)
    samples = [_ANY]


@op("Igamma(a: T, x: T) -> (z: T)", T=_REAL)
class Igamma:
    """The regularised lower incomplete gamma function P(a, x)."""

    shape = broadcast("a", "x")

    def cpu(a, x, out):
        np.copyto(out, incomplete_functions.lower_gamma(a, x), casting="same_kind")

    def grad(op, grad):
        return _igamma_gradient(op, grad)

    samples = [sample([0.5, 2.0, 5.0], [0.75, 1.5, 7.0])]


def _igamma_gradient(op: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
    a, x = op.inputs
    sa, ra, sx, rx = dynamic_axes(a, x)
    with control_dependencies([grad]):
        by_a = IgammaGradA(a, x)
        # In logarithms, for gamma(a) can be huge.
        by_x = exp(-x + (a - 1) * log(x) - Lgamma(a))
        ga = sum_to(by_a * grad, ra, sa)
        return ga, sum_to(by_x * grad, rx, sx)


@op("Igammac(a: T, x: T) -> (z: T)", T=_REAL)
class Igammac:
    """The regularised upper incomplete gamma function Q(a, x) = 1 - P(a, x)."""

    shape = broadcast("a", "x")

    def cpu(a, x, out):
        np.copyto(out, incomplete_functions.upper_gamma(a, x), casting="same_kind")

    def grad(op, grad):
        ga, gx = _igamma_gradient(op, grad)
        return -ga, -gx

    samples = [sample([0.5, 2.0, 5.0], [0.75, 1.5, 7.0])]


@op("IgammaGradA(a: T, x: T) -> (z: T)", T=_REAL)
class IgammaGradA:
    """The derivative of `Igamma` by a."""

    shape = broadcast("a", "x")

    def cpu(a, x, out):
        np.copyto(out, incomplete_functions.lower_gamma_by_a(a, x), casting="same_kind")

    grad = NOT_DIFFERENTIABLE
    samples = [_PAIRS]


def _betainc_shape(a, b, x) -> StaticShape:
    """All of one shape; a scalar goes with any."""
    merged: StaticShape = ()
    for shape in (a, b, x):
        if shape != ():
            merged = shape if merged == () else merge(merged, shape)
    return merged


@op("Betainc(a: T, b: T, x: T) -> (z: T)", T=_REAL)
class Betainc:
    """The regularised incomplete beta function I_x(a, b)."""

    shape = _betainc_shape

    def cpu(a, b, x, out):
        np.copyto(out, incomplete_functions.incomplete_beta(a, b, x), casting="same_kind")

    def grad(op, grad):
        a, b, x = op.inputs
        sa, sx = shape_of(a), shape_of(x)
        _, rx = raw.BroadcastGradientArgs(sa, sx)
        log_beta = Lgamma(a) + Lgamma(b) - Lgamma(a + b)
        by_x = exp((b - 1) * log(1 - x) + (a - 1) * log(x) - log_beta)
        return None, None, sum_to(by_x * grad, rx, sx)

    samples = [sample([0.5, 2.0], [1.5, 3.0], [0.25, 0.75], grad=False)]


@op("Zeta(x: T, q: T) -> (z: T)", T=_REAL)
class Zeta:
    """Hurwitz' zeta function: the sum of (q + n)**-x from n = 0 on."""

    shape = broadcast("x", "q")

    def cpu(x, q, out):
        np.copyto(out, gamma_function.zeta(x, q), casting="same_kind")

    def grad(op, grad):
        x, q = op.inputs
        _, _, sq, rq = dynamic_axes(x, q)
        with control_dependencies([grad]):
            x, q = conj(x), conj(q)
            by_q = -x * Zeta(x + 1, q)
            return None, sum_to(by_q * grad, rq, sq)

    samples = [sample([1.5, 2.0, 5.0], [0.75, 1.5, 7.0], grad=False)]


@op("Polygamma(a: T, x: T) -> (z: T)", T=_REAL)
class Polygamma:
    """The a-th derivative of `Digamma` at x."""

    shape = broadcast("a", "x")

    def cpu(a, x, out):
        np.copyto(out, gamma_function.polygamma(a, x), casting="same_kind")

    def grad(op, grad):
        n, x = op.inputs
        _, _, sx, rx = dynamic_axes(n, x)
        with control_dependencies([grad]):
            n, x = conj(n), conj(x)
            by_x = Polygamma(n + 1, x)
            return None, sum_to(by_x * grad, rx, sx)

    samples = [sample([0.0, 1.0, 4.0], [0.75, 1.5, 7.0], grad=False)]


erf = export("erf", "math.erf")(maps_sparse_values(Erf))
bessel_i0e = export("math.bessel_i0e")(maps_sparse_values(BesselI0e))
bessel_i1e = export("math.bessel_i1e")(maps_sparse_values(BesselI1e))
erfc = export("erfc", "math.erfc")(Erfc)
lgamma = export("lgamma", "math.lgamma")(Lgamma)
digamma = export("digamma", "math.digamma")(Digamma)
igamma = export("igamma", "math.igamma")(Igamma)
igammac = export("igammac", "math.igammac")(Igammac)
betainc = export("betainc", "math.betainc")(Betainc)
zeta = export("zeta", "math.zeta")(Zeta)
polygamma = export("polygamma", "math.polygamma")(Polygamma)


@export("lbeta", "math.lbeta")
def lbeta(x: Any, name: str | None = None) -> Tensor:
    """The logarithm of the beta function of the numbers along the last axis: sum(lgamma(x)) - lgamma(sum(x)).

    An empty last axis gives -infinity.
    """
    with name_scope(name, "lbeta", [x]):
        x = convert_to_tensor(x, name="x")
        numerator = reduce_sum(Lgamma(x), axis=[-1])
        return numerator - Lgamma(reduce_sum(x, axis=[-1]))


@export("math.bessel_i0")
def bessel_i0(x: Any, name: str | None = None) -> Tensor:
    """The modified Bessel function of the first kind of order 0; `bessel_i0e` is the stabler one."""
    with name_scope(name, "bessel_i0", [x]):
        return exp(abs(x)) * bessel_i0e(x)


@export("math.bessel_i1")
def bessel_i1(x: Any, name: str | None = None) -> Tensor:
    """The modified Bessel function of the first kind of order 1; `bessel_i1e` is the stabler one."""
    with name_scope(name, "bessel_i1", [x]):
        return exp(abs(x)) * bessel_i1e(x)
