"""What a variable of any kind has, for kinds to define: seen on the class, as programs look it up there."""

from __future__ import annotations

from typing import Any


def _defined_by_kinds(doc: str) -> Any:
    def missing(self: Any) -> Any:
        raise NotImplementedError

    return property(missing, doc=doc)


class VariableMembers:
    """Each member raises NotImplementedError until a kind of variable defines it."""

    name = _defined_by_kinds("The name of the variable.")
    op = _defined_by_kinds("The operation that makes it.")
    dtype = _defined_by_kinds("The `DType` of its values.")
    shape = _defined_by_kinds("Its static `TensorShape`.")
    graph = _defined_by_kinds("The `Graph` it belongs to.")
    device = _defined_by_kinds("The device it is asked to be on.")
    initializer = _defined_by_kinds("The operation that gives it its initial value.")
    initial_value = _defined_by_kinds("The tensor that `initializer` assigns.")
    constraint = _defined_by_kinds("The function that its values are passed through after an update, or None.")
    trainable = _defined_by_kinds("Whether optimizers change it by default.")
    synchronization = _defined_by_kinds("A `VariableSynchronization`.")
    aggregation = _defined_by_kinds("A `VariableAggregation`.")

    def set_shape(self, shape: Any) -> None:
        raise NotImplementedError

    def value(self) -> Any:
        raise NotImplementedError

    def read_value(self) -> Any:
        raise NotImplementedError

    def eval(self, session: Any = None) -> Any:
        raise NotImplementedError

    def assign(self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True) -> Any:
        raise NotImplementedError

    def assign_add(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        raise NotImplementedError

    def assign_sub(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        raise NotImplementedError

    def scatter_sub(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        raise NotImplementedError

    def scatter_add(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        raise NotImplementedError

    def scatter_max(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        raise NotImplementedError

    def scatter_min(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        raise NotImplementedError

    def scatter_mul(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        raise NotImplementedError

    def scatter_div(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        raise NotImplementedError

    def scatter_update(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        raise NotImplementedError

    def batch_scatter_update(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Any:
        raise NotImplementedError

    def scatter_nd_sub(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        raise NotImplementedError

    def scatter_nd_add(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        raise NotImplementedError

    def scatter_nd_update(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        raise NotImplementedError

    def sparse_read(self, indices: Any, name: str | None = None) -> Any:
        raise AttributeError

    def gather_nd(self, indices: Any, name: str | None = None) -> Any:
        raise AttributeError

    def count_up_to(self, limit: int) -> Any:
        raise NotImplementedError

    def to_proto(self, export_scope: str | None = None) -> Any:
        raise NotImplementedError
