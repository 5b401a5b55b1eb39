"""tf.contrib.distributions.bijectors made of others or of functions, and those that move or reshape numbers."""

from __future__ import annotations

import math
from typing import Any, Callable

from pyflow.contrib.bijector import Bijector
from pyflow.contrib.sample_statistics import fill_triangular, fill_triangular_inverse
from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.constants import constant_value
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dimension import dimension_value
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.ops.array import squeeze
from pyflow.ops.array_diagonals import matrix_diag_part, matrix_set_diag
from pyflow.ops.array_filling import zeros_like
from pyflow.ops.array_gather import gather
from pyflow.ops.array_joining import concat
from pyflow.ops.array_search import invert_permutation
from pyflow.ops.array_shape import shape, size
from pyflow.ops.cast import cast
from pyflow.ops.checks import assert_equal, assert_positive
from pyflow.ops.constant import constant
from pyflow.ops.control_flow import with_dependencies
from pyflow.ops.cumulative import cumsum
from pyflow.ops.math_unary import exp, log, sqrt
from pyflow.ops.nn_activations import softplus
from pyflow.ops.nn_softmax import softmax
from pyflow.ops.nn_top_k import top_k
from pyflow.ops.ranges import range as range_
from pyflow.ops.reduce_functions import reduce_logsumexp, reduce_sum

_SPACE = "contrib.distributions.bijectors."


def _least_dimensions(bijectors: Any) -> int:
    """How many of the last dimensions a chain maps together; `bijectors` as (entering, leaving), in order."""
    least = reached = 0
    for entering, leaving in bijectors:
        if reached < entering:
            least += entering - reached
        reached = max(entering, reached) - (entering - leaving)
    return least


@export(_SPACE + "Chain")
class Chain(Bijector):
    """Several bijectors, the last of which is applied first.

    Raises:
      NotImplementedError: one of them is not injective.
      ValueError: they are of several dtypes.
    """

    def __init__(self, bijectors: Any = None, validate_args: bool = False, name: str | None = None):
        self._bijectors = bijectors = () if bijectors is None else bijectors
        for one in bijectors:
            if not one._is_injective:
                raise NotImplementedError(f"Invert is not implemented for non-injective bijector ({one.name})")
        kinds = list({one.dtype for one in bijectors} - {None})
        if len(kinds) > 1:
            raise ValueError(f"incompatible dtypes: {kinds}")
        pairs = [(one.forward_min_event_ndims, one.inverse_min_event_ndims) for one in bijectors]
        super().__init__(
            graph_parents=[parent for one in bijectors for parent in one.graph_parents],
            forward_min_event_ndims=_least_dimensions(reversed(pairs)),
            inverse_min_event_ndims=_least_dimensions((leaving, entering) for entering, leaving in pairs),
            is_constant_jacobian=all(one.is_constant_jacobian for one in bijectors),
            validate_args=validate_args,
            dtype=kinds[0] if kinds else None,
            name=name or ("identity" if not bijectors else "_of_".join(["chain", *(one.name for one in bijectors)])),
        )

    bijectors = property(lambda self: self._bijectors)

    def _shape_through(self, method: str, sizes: Any, bijectors: Any) -> Any:
        for one in bijectors:
            sizes = getattr(one, method)(sizes)
        return sizes

    def _forward_event_shape(self, input_shape: Any) -> Any:
        return self._shape_through("forward_event_shape", input_shape, reversed(self.bijectors))

    def _forward_event_shape_tensor(self, input_shape: Any) -> Any:
        return self._shape_through("forward_event_shape_tensor", input_shape, reversed(self.bijectors))

    def _inverse_event_shape(self, output_shape: Any) -> Any:
        return self._shape_through("inverse_event_shape", output_shape, self.bijectors)

    def _inverse_event_shape_tensor(self, output_shape: Any) -> Any:
        return self._shape_through("inverse_event_shape_tensor", output_shape, self.bijectors)

    def _forward(self, x: Tensor) -> Tensor:
        for one in reversed(self.bijectors):
            x = one.forward(x)
        return x

    def _inverse(self, y: Tensor) -> Tensor:
        for one in self.bijectors:
            y = one.inverse(y)
        return y

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        total, dimensions = cast(0.0, dtype=y.dtype.base_dtype), self.inverse_min_event_ndims
        for one in self.bijectors:
            total += one.inverse_log_det_jacobian(y, event_ndims=dimensions)
            dimensions += one.forward_min_event_ndims - one.inverse_min_event_ndims
            y = one.inverse(y)
        return total

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        total, dimensions = cast(0.0, dtype=x.dtype.base_dtype), self.forward_min_event_ndims
        for one in reversed(self.bijectors):
            total += one.forward_log_det_jacobian(x, event_ndims=dimensions)
            dimensions += one.inverse_min_event_ndims - one.forward_min_event_ndims
            x = one.forward(x)
        return total


@export(_SPACE + "Invert")
class Invert(Bijector):
    """A bijector the other way round."""

    def __init__(self, bijector: Any, validate_args: bool = False, name: str | None = None):
        if not bijector._is_injective:
            raise NotImplementedError("Invert is not implemented for non-injective bijectors.")
        self._bijector = bijector
        super().__init__(
            graph_parents=bijector.graph_parents,
            forward_min_event_ndims=bijector.inverse_min_event_ndims,
            inverse_min_event_ndims=bijector.forward_min_event_ndims,
            is_constant_jacobian=bijector.is_constant_jacobian,
            validate_args=validate_args,
            dtype=bijector.dtype,
            name=name or "_".join(["invert", bijector.name]),
        )

    bijector = property(lambda self: self._bijector)

    def _forward_event_shape(self, input_shape: Any) -> Any:
        return self.bijector._inverse_event_shape(input_shape)

    def _forward_event_shape_tensor(self, input_shape: Any) -> Any:
        return self.bijector._inverse_event_shape_tensor(input_shape)

    def _inverse_event_shape(self, output_shape: Any) -> Any:
        return self.bijector._forward_event_shape(output_shape)

    def _inverse_event_shape_tensor(self, output_shape: Any) -> Any:
        return self.bijector._forward_event_shape_tensor(output_shape)

    def _forward(self, x: Tensor) -> Tensor:
        return self.bijector._inverse(x)

    def _inverse(self, y: Tensor) -> Tensor:
        return self.bijector._forward(y)

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        return self.bijector._forward_log_det_jacobian(y)

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        return self.bijector._inverse_log_det_jacobian(x)


@export(_SPACE + "Inline")
class Inline(Bijector):
    """A bijector of functions."""

    def __init__(
        self,
        forward_fn: Any = None,
        inverse_fn: Any = None,
        inverse_log_det_jacobian_fn: Any = None,
        forward_log_det_jacobian_fn: Any = None,
        forward_event_shape_fn: Any = None,
        forward_event_shape_tensor_fn: Any = None,
        inverse_event_shape_fn: Any = None,
        inverse_event_shape_tensor_fn: Any = None,
        is_constant_jacobian: bool = False,
        validate_args: bool = False,
        forward_min_event_ndims: int | None = None,
        inverse_min_event_ndims: int | None = None,
        name: str = "inline",
    ):
        super().__init__(
            forward_min_event_ndims=forward_min_event_ndims,
            inverse_min_event_ndims=inverse_min_event_ndims,
            is_constant_jacobian=is_constant_jacobian,
            validate_args=validate_args,
            name=name,
        )
        functions = {
            "forward_fn": forward_fn,
            "inverse_fn": inverse_fn,
            "inverse_log_det_jacobian_fn": inverse_log_det_jacobian_fn,
            "forward_log_det_jacobian_fn": forward_log_det_jacobian_fn,
        }
        for name_, function in functions.items():
            setattr(self, f"_{name_.removesuffix('_fn')}", _callable(name_, function))
        for name_, function in (
            ("_forward_event_shape", forward_event_shape_fn),
            ("_forward_event_shape_tensor", forward_event_shape_tensor_fn),
            ("_inverse_event_shape", inverse_event_shape_fn),
            ("_inverse_event_shape_tensor", inverse_event_shape_tensor_fn),
        ):
            if function is not None:
                setattr(self, name_, function)


def _callable(name: str, function: Any) -> Callable:
    if callable(function):
        return function

    def missing(value: Any) -> Any:
        raise NotImplementedError(f"{name} is not a callable function.")

    return missing


@export(_SPACE + "Permute")
class Permute(Bijector):
    """The numbers of the last dimension in another order: y[..., i] = x[..., permutation[i]].

    Raises:
      TypeError, ValueError: it is no permutation.
    """

    def __init__(self, permutation: Any, validate_args: bool = False, name: str | None = None):
        with name_scope(name, "permute", values=[permutation]):
            order = convert_to_tensor(permutation, name="permutation")
            if not order.dtype.is_integer:
                raise TypeError(f"permutation.dtype ({order.dtype.name}) should be `int`-like.")
            known = constant_value(order)
            words = "Permutation over `d` must contain exactly one of each of `{0, 1, ..., d}`."
            if known is not None and set(known.tolist()) != set(range(known.size)):
                raise ValueError(words)
            if known is None and validate_args:
                ordered, _ = top_k(-order, k=shape(order)[-1], sorted=True)
                check = assert_equal(-ordered, range_(size(ordered)), message=words)
                order = with_dependencies([check], order)
            self._permutation = order
        super().__init__(
            forward_min_event_ndims=1, is_constant_jacobian=True, validate_args=validate_args, name=name or "permute"
        )

    permutation = property(lambda self: self._permutation)

    def _forward(self, x: Tensor) -> Tensor:
        return gather(x, self.permutation, axis=-1)

    def _inverse(self, y: Tensor) -> Tensor:
        return gather(y, invert_permutation(self.permutation), axis=-1)

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        return constant(0.0, dtype=y.dtype.base_dtype)

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        return constant(0.0, dtype=x.dtype.base_dtype)


@export(_SPACE + "Ordered")
class Ordered(Bijector):
    """Rising numbers of the last dimension to the first and the logarithms of their distances."""

    def __init__(self, validate_args: bool = False, name: str = "ordered"):
        super().__init__(forward_min_event_ndims=1, validate_args=validate_args, name=name)

    def _forward(self, x: Tensor) -> Tensor:
        x = self._rising(x)
        return concat([x[..., 0, None], log(x[..., 1:] - x[..., :-1])], axis=-1)

    def _inverse(self, y: Tensor) -> Tensor:
        return cumsum(concat([y[..., 0, None], exp(y[..., 1:])], axis=-1), axis=-1)

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        return reduce_sum(y[..., 1:], axis=-1)

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        x = self._rising(x)
        return -reduce_sum(log(x[..., 1:] - x[..., :-1]), axis=-1)

    def _rising(self, x: Tensor) -> Tensor:
        if not self.validate_args:
            return x
        message = "Forward transformation input must be strictly increasing."
        return with_dependencies([assert_positive(x[..., 1:] - x[..., :-1], message=message)], x)


@export(_SPACE + "SoftmaxCentered")
class SoftmaxCentered(Bijector):
    """k numbers to k + 1 shares: the softmax of them and 0."""

    def __init__(self, validate_args: bool = False, name: str = "softmax_centered"):
        super().__init__(forward_min_event_ndims=1, validate_args=validate_args, name=name)

    def _forward_event_shape(self, input_shape: TensorShape) -> TensorShape:
        last = None if input_shape.ndims is None else dimension_value(input_shape[-1])
        return input_shape if last is None else TensorShape([last + 1])

    def _forward_event_shape_tensor(self, input_shape: Any) -> Tensor:
        return (input_shape[-1] + 1)[..., None]

    def _inverse_event_shape(self, output_shape: Any) -> TensorShape:
        last = None if output_shape.ndims is None else dimension_value(output_shape[-1])
        if last is None:
            return output_shape
        if last <= 1:
            raise ValueError(f"output_shape[-1] = {last} <= 1")
        return TensorShape([last - 1])

    def _inverse_event_shape_tensor(self, output_shape: Any) -> Tensor:
        return (output_shape[-1] - 1)[..., None]

    def _forward(self, x: Tensor) -> Tensor:
        return softmax(concat([x, zeros_like(x[..., :1])], axis=-1))

    def _inverse(self, y: Tensor) -> Tensor:
        x = log(y)
        return x[..., :-1] + (-x[..., -1])[..., None]

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        return -reduce_sum(log(y), axis=-1)

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        normalization = softplus(reduce_logsumexp(x, axis=-1, keepdims=True))
        total = -normalization + reduce_sum(x - normalization, axis=-1, keepdims=True)
        return squeeze(total, axis=-1)


@export(_SPACE + "FillTriangular")
class FillTriangular(Bijector):
    """n (n + 1) / 2 numbers to a triangle [n, n], as `fill_triangular`."""

    def __init__(self, upper: bool = False, validate_args: bool = False, name: str = "fill_triangular"):
        self._upper = upper
        super().__init__(forward_min_event_ndims=1, inverse_min_event_ndims=2, validate_args=validate_args, name=name)

    def _forward(self, x: Tensor) -> Tensor:
        return fill_triangular(x, upper=self._upper)

    def _inverse(self, y: Tensor) -> Tensor:
        return fill_triangular_inverse(y, upper=self._upper)

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        return zeros_like(x[..., 0])

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        return zeros_like(y[..., 0, 0])

    def _forward_event_shape(self, input_shape: TensorShape) -> TensorShape:
        count = dimension_value(input_shape[-1])
        side = None if count is None else _side(count)
        return input_shape[:-1].concatenate([side, side])

    def _inverse_event_shape(self, output_shape: Any) -> TensorShape:
        rows, columns = dimension_value(output_shape[-2]), dimension_value(output_shape[-1])
        if rows is None or columns is None:
            return output_shape[:-2].concatenate([None])
        if rows != columns:
            raise ValueError(f"Matrix must be square. (saw [{rows}, {columns}])")
        return output_shape[:-2].concatenate([rows * (rows + 1) // 2])

    def _forward_event_shape_tensor(self, input_shape: Any) -> Tensor:
        side = cast((sqrt(1.0 + 8.0 * cast(input_shape[-1], dtypes.float32)) - 1.0) / 2.0, dtypes.int32)
        return concat([input_shape[:-1], [side, side]], axis=0)

    def _inverse_event_shape_tensor(self, output_shape: Any) -> Tensor:
        return concat([output_shape[:-2], [output_shape[-1] * (output_shape[-1] + 1) // 2]], axis=0)


def _side(count: int) -> int:
    side = (math.isqrt(1 + 8 * count) - 1) // 2
    if side * (side + 1) // 2 != count:
        raise ValueError("Vector length is not a triangular number.")
    return side


@export(_SPACE + "TransformDiagonal")
class TransformDiagonal(Bijector):
    """Matrices whose diagonal a bijector maps."""

    def __init__(self, diag_bijector: Any, validate_args: bool = False, name: str = "transform_diagonal"):
        self._diag_bijector = diag_bijector
        super().__init__(forward_min_event_ndims=2, inverse_min_event_ndims=2, validate_args=validate_args, name=name)

    def _forward(self, x: Tensor) -> Tensor:
        return matrix_set_diag(x, self._diag_bijector.forward(matrix_diag_part(x)))

    def _inverse(self, y: Tensor) -> Tensor:
        return matrix_set_diag(y, self._diag_bijector.inverse(matrix_diag_part(y)))

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        return self._diag_bijector.forward_log_det_jacobian(matrix_diag_part(x), event_ndims=1)

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        return self._diag_bijector.inverse_log_det_jacobian(matrix_diag_part(y), event_ndims=1)
