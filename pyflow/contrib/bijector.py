"""tf.contrib.distributions.bijectors: what all bijectors share, and the one that changes nothing."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any, Callable

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.constants import constant_value
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.ops.array_broadcasting import broadcast_static_shape
from pyflow.ops.array_filling import ones
from pyflow.ops.array_shape import rank, shape
from pyflow.ops.checks import assert_greater_equal
from pyflow.ops.constant import constant
from pyflow.ops.ranges import range as range_
from pyflow.ops.reduce_functions import reduce_sum


def _undefined(of: str) -> Callable:
    def missing(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"{of} not implemented.")

    return missing


@export("contrib.distributions.bijectors.Bijector")
class Bijector:
    """A differentiable map y = forward(x) with an inverse, that knows the logarithm of its Jacobian's determinant.

    A kind defines `_forward`, `_inverse`, and one of `_forward_log_det_jacobian(x)`, `_inverse_log_det_jacobian(y)`.
    What has been computed of a tensor is remembered, so that a density at a sample needs no inverse.

    Args:
      graph_parents: tensors that it is made of.
      is_constant_jacobian: whether the determinant is the same everywhere.
      dtype: of x and y; None for any.
      forward_min_event_ndims, inverse_min_event_ndims: how many of the last dimensions it maps together.
    """

    def __init__(
        self,
        graph_parents: Any = None,
        is_constant_jacobian: bool = False,
        validate_args: bool = False,
        dtype: Any = None,
        forward_min_event_ndims: int | None = None,
        inverse_min_event_ndims: int | None = None,
        name: str | None = None,
    ):
        self._graph_parents = graph_parents or []
        if forward_min_event_ndims is None and inverse_min_event_ndims is None:
            raise ValueError("Must specify at least one of `forward_min_event_ndims` and `inverse_min_event_ndims`.")
        forward = inverse_min_event_ndims if forward_min_event_ndims is None else forward_min_event_ndims
        inverse = forward_min_event_ndims if inverse_min_event_ndims is None else inverse_min_event_ndims
        for kind, count in (("forward", forward), ("inverse", inverse)):
            if not isinstance(count, int):
                raise TypeError(f"Expected {kind}_min_event_ndims to be of type int, got {type(count).__name__}")
            if count < 0:
                raise ValueError(f"{kind}_min_event_ndims must be a non-negative integer.")
        self._forward_min_event_ndims, self._inverse_min_event_ndims = forward, inverse
        self._is_constant_jacobian = is_constant_jacobian
        self._constant_ildj_map: dict[Any, Any] = {}
        self._validate_args, self._dtype = validate_args, dtype
        self._known: dict[tuple[str, Any], dict[Any, Any]] = {}
        self._name = name or _snake_case(type(self).__name__.lstrip("_"))
        for i, parent in enumerate(self._graph_parents):
            if parent is None or not hasattr(parent, "graph"):
                raise ValueError(f"Graph parent item {i} is not a Tensor; {parent}.")

    graph_parents = property(lambda self: self._graph_parents)
    forward_min_event_ndims = property(lambda self: self._forward_min_event_ndims)
    inverse_min_event_ndims = property(lambda self: self._inverse_min_event_ndims)
    is_constant_jacobian = property(lambda self: self._is_constant_jacobian)
    validate_args = property(lambda self: self._validate_args)
    dtype = property(lambda self: self._dtype)
    name = property(lambda self: self._name)
    _is_injective = True

    # What kinds define.
    _forward, _inverse = _undefined("forward"), _undefined("inverse")
    _forward_log_det_jacobian = _undefined("forward_log_det_jacobian")
    _inverse_log_det_jacobian = _undefined("inverse_log_det_jacobian")

    def _forward_event_shape_tensor(self, input_shape: Any) -> Any:
        return input_shape

    def _forward_event_shape(self, input_shape: Any) -> Any:
        return input_shape

    def _inverse_event_shape_tensor(self, output_shape: Any) -> Any:
        return output_shape

    def _inverse_event_shape(self, output_shape: Any) -> Any:
        return TensorShape(output_shape)

    # ---------------------------------------------------------------- public

    def forward_event_shape_tensor(self, input_shape: Any, name: str = "forward_event_shape_tensor") -> Tensor:
        """The shape of the last dimensions of y for those of x."""
        with self._name_scope(name, [input_shape]):
            return self._forward_event_shape_tensor(
                convert_to_tensor(input_shape, dtype=dtypes.int32, name="input_shape")
            )

    def forward_event_shape(self, input_shape: Any) -> TensorShape:
        return self._forward_event_shape(TensorShape(input_shape))

    def inverse_event_shape_tensor(self, output_shape: Any, name: str = "inverse_event_shape_tensor") -> Tensor:
        """The shape of the last dimensions of x for those of y."""
        with self._name_scope(name, [output_shape]):
            return self._inverse_event_shape_tensor(
                convert_to_tensor(output_shape, dtype=dtypes.int32, name="output_shape")
            )

    def inverse_event_shape(self, output_shape: Any) -> TensorShape:
        return self._inverse_event_shape(TensorShape(output_shape))

    def forward(self, x: Any, name: str = "forward") -> Any:
        """y of x."""
        with self._name_scope(name, [x]):
            x = self._converted(x, "x")
            if not self._is_injective:
                return self._forward(x)
            known = self._of("x", x)
            if "y" not in known:
                known["y"] = self._forward(x)
                self._known["y", known["y"]] = known
            return known["y"]

    def inverse(self, y: Any, name: str = "inverse") -> Any:
        """x of y."""
        with self._name_scope(name, [y]):
            y = self._converted(y, "y")
            if not self._is_injective:
                return self._inverse(y)
            known = self._of("y", y)
            if "x" not in known:
                known["x"] = self._inverse(y)
                self._known["x", known["x"]] = known
            return known["x"]

    def inverse_log_det_jacobian(self, y: Any, event_ndims: Any, name: str = "inverse_log_det_jacobian") -> Any:
        """log |det dx/dy| at y, summed over the last `event_ndims` dimensions."""
        with self._name_scope(name, [y]):
            if event_ndims in self._constant_ildj_map:
                return self._constant_ildj_map[event_ndims]
            y = self._converted(y, "y")
            least = self.inverse_min_event_ndims
            with control_dependencies(self._check_valid_event_ndims(least, event_ndims)):
                if not self._is_injective:
                    parts = self._inverse_log_det_jacobian(y)
                    return tuple(self._sum_over_event(y, part, least, event_ndims) for part in parts)
                known = self._of("y", y)
                if ("ildj", event_ndims) not in known:
                    known["ildj", event_ndims] = self._first_defined(
                        lambda: self._sum_over_event(y, self._inverse_log_det_jacobian(y), least, event_ndims),
                        lambda: self._inverse_by_forward(y, known, event_ndims),
                    )
                return self._remembered(known, event_ndims)

    def forward_log_det_jacobian(self, x: Any, event_ndims: Any, name: str = "forward_log_det_jacobian") -> Any:
        """log |det dy/dx| at x, summed over the last `event_ndims` dimensions."""
        if not self._is_injective:
            raise NotImplementedError("forward_log_det_jacobian cannot be implemented for non-injective transforms.")
        least = self.forward_min_event_ndims
        with self._name_scope(name, [x]), control_dependencies(self._check_valid_event_ndims(least, event_ndims)):
            if event_ndims in self._constant_ildj_map:
                return -1.0 * self._constant_ildj_map[event_ndims]
            x = self._converted(x, "x")
            known = self._of("x", x)
            if ("ildj", event_ndims) not in known:
                known["ildj", event_ndims] = self._first_defined(
                    lambda: self._sum_over_event(x, -self._forward_log_det_jacobian(x), least, event_ndims),
                    lambda: self._forward_by_inverse(x, known, event_ndims),
                )
            return -self._remembered(known, event_ndims)

    # ---------------------------------------------------------------- parts

    def _of(self, side: str, tensor: Any) -> dict[Any, Any]:
        return self._known.setdefault((side, tensor), {side: tensor})

    def _remembered(self, known: dict, event_ndims: Any) -> Any:
        if self.is_constant_jacobian:
            self._constant_ildj_map[event_ndims] = known["ildj", event_ndims]
        return known["ildj", event_ndims]

    @staticmethod
    def _first_defined(*ways: Callable) -> Any:
        first: NotImplementedError | None = None
        for way in ways:
            try:
                return way()
            except NotImplementedError as error:
                first = first or error
        raise first or NotImplementedError()

    def _inverse_by_forward(self, y: Any, known: dict, event_ndims: Any) -> Any:
        x = known["x"] if "x" in known else self._inverse(y)
        return self._sum_over_event(x, -self._forward_log_det_jacobian(x), self.forward_min_event_ndims, event_ndims)

    def _forward_by_inverse(self, x: Any, known: dict, event_ndims: Any) -> Any:
        y = known["y"] if "y" in known else self._forward(x)
        return self._sum_over_event(y, self._inverse_log_det_jacobian(y), self.inverse_min_event_ndims, event_ndims)

    def _converted(self, value: Any, name: str) -> Tensor:
        tensor = convert_to_tensor(value, name=name)
        if self.dtype is not None and self.dtype.base_dtype != tensor.dtype.base_dtype:
            raise TypeError(f"Input had dtype {self.dtype} but expected {tensor.dtype}.")
        return tensor

    @contextlib.contextmanager
    def _name_scope(self, name: str | None = None, values: Any = None) -> Iterator[str]:
        with name_scope(self.name), name_scope(name, values=[*(values or []), *self.graph_parents]) as scope:
            yield scope

    def _sum_over_event(self, y: Tensor, ildj: Tensor, least: int, event_ndims: Any) -> Tensor:
        """The sum over the dimensions of an event that the map does not mix."""
        static = _static(event_ndims)
        y_rank = rank(y)
        extent = shape(y)[y_rank - event_ndims : y_rank - least]
        axes: Any = range_(-(event_ndims - least), 0) if static is None else [-i for i in range(1, static - least + 1)]
        total = reduce_sum(ones(extent, ildj.dtype) * ildj, axis=axes)
        if static is not None and y.shape.ndims is not None and ildj.shape.ndims is not None:
            known = y.shape[y.shape.ndims - static : y.shape.ndims - least]
            whole = broadcast_static_shape(ildj.shape, known)
            total.set_shape(whole[: (whole.ndims or 0) - (static - least)])
        return total

    def _check_valid_event_ndims(self, min_event_ndims: int, event_ndims: Any) -> list[Any]:
        tensor = convert_to_tensor(event_ndims, name="event_ndims")
        if not tensor.dtype.is_integer:
            raise ValueError(f"Expected integer dtype, got dtype {tensor.dtype}")
        static = _static(event_ndims)
        if tensor.shape.ndims not in (None, 0):
            raise ValueError(f"Expected scalar event_ndims, got shape {tensor.shape}")
        if static is not None:
            if min_event_ndims > static:
                raise ValueError(f"event_ndims ({static}) must be larger than min_event_ndims ({min_event_ndims})")
            return []
        return [assert_greater_equal(tensor, min_event_ndims)] if self.validate_args else []


def _static(event_ndims: Any) -> int | None:
    value = constant_value(event_ndims) if isinstance(event_ndims, Tensor) else event_ndims
    return None if value is None else int(value)


def _snake_case(name: str) -> str:
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z0-9])([A-Z])", r"\1_\2", name).lower()


@export("contrib.distributions.bijectors.Identity")
class Identity(Bijector):
    """y = x."""

    def __init__(self, validate_args: bool = False, name: str = "identity"):
        super().__init__(forward_min_event_ndims=0, is_constant_jacobian=True, validate_args=validate_args, name=name)

    def _forward(self, x: Tensor) -> Tensor:
        return x

    def _inverse(self, y: Tensor) -> Tensor:
        return y

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        return constant(0.0, dtype=y.dtype)

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        return constant(0.0, dtype=x.dtype)
