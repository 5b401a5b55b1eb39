"""`Barrier`: tuples under string keys that are filled component by component."""

from __future__ import annotations

from typing import Any

from pyflow.core.constants import constant_value
from pyflow.core.registry import raw
from pyflow.core.shapes import TensorShape, unknown_shape
from pyflow.ops.queue import as_shape_list, as_type_list


class Barrier:
    """Tuples under string keys, which are taken once they are complete, those that were begun first.

    Args:
      types, shapes: of the components; the shapes may be None.
      shared_name: a name under which all nodes of the session that have it share a barrier.

    Raises:
      ValueError: a component is to have no elements.
    """

    def __init__(self, types: Any, shapes: Any = None, shared_name: str | None = None, name: str = "barrier"):
        self._types = as_type_list(types)
        known = as_shape_list(shapes)
        for i, shape in enumerate(known or ()):
            if shape.num_elements() == 0:
                raise ValueError(f"Empty tensors are not supported, but received shape '{shape}' at index {i}")
        self._shapes = [unknown_shape() for _ in self._types] if known is None else known
        self._barrier_ref = raw.Barrier(
            component_types=self._types, shapes=self._shapes, shared_name=shared_name, name=name
        )
        self._name = self._barrier_ref.op.name.split("/")[-1]

    barrier_ref = property(lambda self: self._barrier_ref, doc="The handle.")
    name = property(lambda self: self._barrier_ref.op.name, doc="The name of the barrier's node.")

    def insert_many(self, component_index: int, keys: Any, values: Any, name: str | None = None) -> Any:
        """The operation that gives a component of the tuples under `keys`, [n], the rows of `values`, [n, ...]."""
        name = name or f"{self._name}_BarrierInsertMany"
        return raw.BarrierInsertMany(self._barrier_ref, keys, values, component_index=component_index, name=name)

    def take_many(
        self, num_elements: Any, allow_small_batch: bool = False, timeout: Any = None, name: str | None = None
    ) -> Any:
        """Complete tuples, taken out; waits for them.

        Args:
          allow_small_batch: whether fewer will do if the barrier is closed, and has any.

        Returns:
          Indices of the insertions that began them (int64 [n], the first one is -2**63), keys [n], and a list of the
          components, [n, ...] each.
        """
        taken = raw.BarrierTakeMany(
            self._barrier_ref,
            num_elements,
            self._types,
            allow_small_batch,
            timeout_ms=timeout,
            name=name or f"{self._name}_BarrierTakeMany",
        )
        node = taken[0].op
        rows = TensorShape([None if allow_small_batch else constant_value(node.inputs[1])])
        for output in node.outputs[:2]:
            output.set_shape(rows)
        for output, shape in zip(node.outputs[2:], self._shapes):
            output.set_shape(rows.concatenate(shape))
        return taken

    def close(self, cancel_pending_enqueues: bool = False, name: str | None = None) -> Any:
        """The operation after which there are no new keys.

        Args:
          cancel_pending_enqueues: whether no tuple is completed any more either.
        """
        return raw.BarrierClose(
            self._barrier_ref,
            cancel_pending_enqueues=cancel_pending_enqueues,
            name=name or f"{self._name}_BarrierClose",
        )

    def ready_size(self, name: str | None = None) -> Any:
        """How many tuples are complete, int32 of shape ()."""
        return raw.BarrierReadySize(self._barrier_ref, name=name or f"{self._name}_BarrierReadySize")

    def incomplete_size(self, name: str | None = None) -> Any:
        """How many tuples are not complete, int32 of shape ()."""
        return raw.BarrierIncompleteSize(self._barrier_ref, name=name or f"{self._name}_BarrierIncompleteSize")
