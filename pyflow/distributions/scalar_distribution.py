"""What distributions of single numbers share, whose parameters broadcast against each other."""

from __future__ import annotations

import functools
import hashlib
from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.convert import convert_to_tensor
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.distributions.distribution import FULLY_REPARAMETERIZED, Distribution
from pyflow.ops.array_broadcasting import broadcast_dynamic_shape, broadcast_static_shape
from pyflow.ops.array_filling import fill, ones
from pyflow.ops.array_selection import where_v2
from pyflow.ops.array_shape import shape
from pyflow.ops.checks import assert_less
from pyflow.ops.constant import constant
from pyflow.ops.control_flow import with_dependencies


def new_seed(seed: int | None, salt: str) -> int | None:
    """Another seed for another generator within the same samples, the one that TensorFlow takes."""
    if seed is None:
        return None
    return int(hashlib.md5((str(seed) + salt).encode("utf-8")).hexdigest()[:8], 16) & 0x7FFFFFFF


class ScalarDistribution(Distribution):
    """A distribution of numbers; `_parameter_names` are the properties that its parameters are kept under."""

    _parameter_names: tuple[str, ...] = ()

    def _finish(
        self,
        own: dict[str, Any],
        scope: str,
        reparameterization_type: Any = FULLY_REPARAMETERIZED,
        dtype: Any = None,
    ) -> None:
        """The rest of `__init__`, of which `own` are the arguments and `scope` is the scope; the tensors are set."""
        tensors = self._tensors()
        Distribution.__init__(
            self,
            dtype=dtype or tensors[0].dtype,
            reparameterization_type=reparameterization_type,
            validate_args=own["validate_args"],
            allow_nan_stats=own["allow_nan_stats"],
            parameters=own,
            graph_parents=tensors,
            name=scope,
        )

    def _tensors(self) -> list[Tensor]:
        return [getattr(self, name) for name in self._parameter_names]

    @classmethod
    def _param_shapes(cls, sample_shape: Any) -> dict[str, Any]:
        return {name: convert_to_tensor(sample_shape, dtype=dtypes.int32) for name in cls._parameter_names}

    def _batch_shape_tensor(self) -> Tensor:
        return functools.reduce(broadcast_dynamic_shape, [shape(tensor) for tensor in self._tensors()])

    def _batch_shape(self) -> TensorShape:
        return functools.reduce(broadcast_static_shape, [tensor.get_shape() for tensor in self._tensors()])

    def _event_shape_tensor(self) -> Tensor:
        return constant([], dtype=dtypes.int32)

    def _event_shape(self) -> TensorShape:
        return TensorShape([])

    def _ones(self) -> Tensor:
        return ones(self.batch_shape_tensor(), dtype=self.dtype)


def where_defined(distribution: Any, condition: Any, value: Any, least: Any, above: float, message: str) -> Tensor:
    """A statistic that is defined under a condition: elsewhere not-a-number, or an error when it is run.

    Args:
      least, above: the condition once more, for the error: that all of `least` exceed `above`.
    """
    dtype = distribution.dtype
    if distribution.allow_nan_stats:
        nan = fill(shape(value), np.array(np.nan, dtype.as_numpy_dtype), name="nan")
        return where_v2(condition, value, nan)
    return with_dependencies([assert_less(constant(above, dtype), least, message=message)], value)
