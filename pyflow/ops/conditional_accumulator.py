"""`tf.ConditionalAccumulator` and `tf.SparseConditionalAccumulator`.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/ConditionalAccumulator
"""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.registry import raw
from pyflow.core.shapes import TensorShape, unknown_shape
from pyflow.core.tensor import Tensor
from pyflow.ops.cast import cast


def _step(step: Any) -> Tensor:
    return cast(convert_to_tensor(step), dtypes.int64)


@export("ConditionalAccumulatorBase")
class ConditionalAccumulatorBase:
    """Collects gradients until there are enough; those computed before its time step are dropped.

    Args:
      dtype, shape: of the gradients; the shape may be None.
      accumulator_ref: the handle.
    """

    def __init__(self, dtype: Any, shape: Any, accumulator_ref: Tensor):
        self._dtype = dtype
        self._shape = unknown_shape() if shape is None else TensorShape(shape)
        self._accumulator_ref = accumulator_ref
        self._name = accumulator_ref.op.name.split("/")[-1]

    accumulator_ref = property(lambda self: self._accumulator_ref, doc="The handle.")
    name = property(lambda self: self._name, doc="The name of the node, without its scopes.")
    dtype = property(lambda self: self._dtype, doc="The dtype of the gradients.")

    def _op(self, kind: str) -> Any:
        by_handle = self._accumulator_ref.dtype == dtypes.resource
        return getattr(raw, f"ResourceAccumulator{kind}" if by_handle else f"Accumulator{kind}")

    def num_accumulated(self, name: str | None = None) -> Tensor:
        """How many gradients have been collected, int32 of shape ()."""
        return self._op("NumAccumulated")(self._accumulator_ref, name=name or f"{self._name}_NumAccumulated")

    def set_global_step(self, new_global_step: Any, name: str | None = None) -> Any:
        """The operation that sets the time step; a step that lies before the present one is taken too."""
        return self._op("SetGlobalStep")(self._accumulator_ref, _step(new_global_step), name=name)


@export("ConditionalAccumulator")
class ConditionalAccumulator(ConditionalAccumulatorBase):
    """Collects dense gradients.

    Args:
      dtype, shape: of the gradients; the shape may be None.
      shared_name: a name under which all nodes of the session that have it share an accumulator.
      reduction_type: "MEAN" or "SUM".
    """

    def __init__(
        self,
        dtype: Any,
        shape: Any = None,
        shared_name: str | None = None,
        name: str = "conditional_accumulator",
        reduction_type: str = "MEAN",
    ):
        handle = raw.ResourceConditionalAccumulator(
            dtype=dtype, shape=shape, shared_name=shared_name, name=name, reduction_type=reduction_type
        )
        super().__init__(dtype, shape, handle)

    def apply_grad(self, grad: Any, local_step: Any = 0, name: str | None = None) -> Any:
        """The operation that adds a gradient, unless `local_step` lies before the accumulator's time step.

        Raises:
          ValueError: the gradient has a wrong shape.
        """
        grad = convert_to_tensor(grad, self._dtype)
        grad.get_shape().assert_is_compatible_with(self._shape)
        return self._op("ApplyGradient")(self._accumulator_ref, _step(local_step), grad, name=name)

    def take_grad(self, num_required: Any, name: str | None = None) -> Tensor:
        """The mean (or sum) of the gradients, once there are `num_required`.

        What was collected is dropped then, and the time step increased by one.

        Raises (when it runs):
          InvalidArgumentError: `num_required` < 1.
        """
        taken = self._op("TakeGradient")(self._accumulator_ref, num_required, dtype=self._dtype, name=name)
        taken.set_shape(self._shape)
        return taken


@export("SparseConditionalAccumulator", "sparse.SparseConditionalAccumulator")
class SparseConditionalAccumulator(ConditionalAccumulatorBase):
    """Collects gradients that are `IndexedSlices`; the mean of a row counts the gradients that have it.

    Args:
      dtype, shape: of the gradients; the shape may be None.
      shared_name: a name under which all nodes of the session that have it share an accumulator.
      reduction_type: "MEAN" or "SUM".
    """

    def __init__(
        self,
        dtype: Any,
        shape: Any = None,
        shared_name: str | None = None,
        name: str = "sparse_conditional_accumulator",
        reduction_type: str = "MEAN",
    ):
        reference = raw.SparseConditionalAccumulator(
            dtype=dtype, shape=shape, shared_name=shared_name, name=name, reduction_type=reduction_type
        )
        super().__init__(dtype, shape, reference)

    def apply_indexed_slices_grad(self, grad: IndexedSlices, local_step: Any = 0, name: str | None = None) -> Any:
        """As `apply_grad`, of `IndexedSlices`."""
        return self.apply_grad(grad.indices, grad.values, grad.dense_shape, local_step, name)

    def apply_grad(
        self,
        grad_indices: Any,
        grad_values: Any,
        grad_shape: Any = None,
        local_step: Any = 0,
        name: str | None = None,
    ) -> Any:
        """The operation that adds rows of a gradient, unless `local_step` lies before the accumulator's time step.

        Args:
          grad_indices: which rows, int [n].
          grad_values: the rows, [n, ...].
          grad_shape: the shape of the whole gradient, if it is known.
        """
        step = _step(local_step)
        return raw.SparseAccumulatorApplyGradient(
            self._accumulator_ref,
            step,
            cast(grad_indices, dtypes.int64),
            grad_values,
            cast([] if grad_shape is None else grad_shape, dtypes.int64),
            has_known_shape=grad_shape is not None,
            name=name,
        )

    def take_grad(self, num_required: Any, name: str | None = None) -> Any:
        """Indices, values and shape of the mean (or sum) of the gradients, once there are `num_required`."""
        return raw.SparseAccumulatorTakeGradient(self._accumulator_ref, num_required, dtype=self._dtype, name=name)

    def take_indexed_slices_grad(self, num_required: Any, name: str | None = None) -> IndexedSlices:
        """As `take_grad`, as `IndexedSlices`."""
        taken = self.take_grad(num_required, name)
        return IndexedSlices(indices=taken.indices, values=taken.values, dense_shape=taken.shape)
