"""VariableScope: the prefix and the defaults of `get_variable`, and which one is current in a graph."""

from __future__ import annotations

import contextlib
import threading
from typing import Any, Iterator

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import get_collection, get_default_graph, name_scope
from pyflow.ops.variable_base import VariableAggregation, VariableSynchronization
from pyflow.ops.variable_store import VariableStore

# The collections in which a graph keeps its store and its stack of scopes; no strings, so that they aren't exported.
_STORE_KEY = ("__variable_store",)
_SCOPES_KEY = ("__varscope",)


@export("VariableScope")
class VariableScope:
    """The prefix and the defaults of `get_variable` inside a `variable_scope`.

    Attributes:
      name: the prefix, without a slash at the end.
      original_name_scope: the name scope that was opened with it.
      reuse: True, False or AUTO_REUSE.
      initializer, regularizer, caching_device, partitioner, custom_getter, dtype, use_resource, constraint: defaults.
    """

    def __init__(
        self,
        reuse: Any,
        name: str = "",
        initializer: Any = None,
        regularizer: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        custom_getter: Any = None,
        name_scope: str = "",
        dtype: Any = dtypes.float32,
        use_resource: bool | None = None,
        constraint: Any = None,
    ):
        self._name, self._name_scope, self._reuse = name, name_scope, reuse
        self._initializer, self._regularizer, self._constraint = initializer, regularizer, constraint
        self._caching_device, self._partitioner, self._custom_getter = caching_device, partitioner, custom_getter
        self._dtype, self._use_resource = dtype, use_resource

    name: str = property(lambda self: self._name)  # type: ignore[assignment]
    original_name_scope = property(lambda self: self._name_scope)
    reuse = property(lambda self: self._reuse)
    initializer = property(lambda self: self._initializer)
    dtype = property(lambda self: self._dtype)
    use_resource = property(lambda self: self._use_resource)
    regularizer = property(lambda self: self._regularizer)
    caching_device = property(lambda self: self._caching_device)
    partitioner = property(lambda self: self._partitioner)
    custom_getter = property(lambda self: self._custom_getter)
    constraint = property(lambda self: self._constraint)

    def reuse_variables(self) -> None:
        """From now on variables must exist."""
        self._reuse = True

    def set_initializer(self, initializer: Any) -> None:
        self._initializer = initializer

    def set_dtype(self, dtype: Any) -> None:
        self._dtype = dtype

    def set_use_resource(self, use_resource: bool) -> None:
        self._use_resource = use_resource

    def set_regularizer(self, regularizer: Any) -> None:
        self._regularizer = regularizer

    def set_caching_device(self, caching_device: Any) -> None:
        self._caching_device = caching_device

    def set_partitioner(self, partitioner: Any) -> None:
        self._partitioner = partitioner

    def set_custom_getter(self, custom_getter: Any) -> None:
        self._custom_getter = custom_getter

    def get_collection(self, name: Any) -> list:
        """The items of a collection whose names begin with this scope."""
        return get_collection(name, self._name + "/" if self._name else "")

    def trainable_variables(self) -> list:
        return self.get_collection(GraphKeys.TRAINABLE_VARIABLES)

    def global_variables(self) -> list:
        return self.get_collection(GraphKeys.GLOBAL_VARIABLES)

    def local_variables(self) -> list:
        return self.get_collection(GraphKeys.LOCAL_VARIABLES)

    def get_variable(
        self,
        var_store: VariableStore,
        name: str,
        shape: Any = None,
        dtype: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        reuse: Any = None,
        trainable: bool | None = None,
        collections: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        validate_shape: bool = True,
        use_resource: bool | None = None,
        custom_getter: Any = None,
        constraint: Any = None,
        synchronization: Any = VariableSynchronization.AUTO,
        aggregation: Any = VariableAggregation.NONE,
    ) -> Any:
        """`var_store.get_variable` with this scope's prefix and defaults."""
        with name_scope(None):
            if dtype is not None and initializer is not None and not callable(initializer):
                found = convert_to_tensor(initializer).dtype.base_dtype
                if found != dtype:
                    raise ValueError(f"Initializer type '{found}' and explicit dtype '{dtype}' don't match.")
            return var_store.get_variable(
                f"{self.name}/{name}" if self.name else name,
                shape=shape,
                dtype=first_given(dtype, self._dtype),
                initializer=first_given(initializer, self._initializer),
                regularizer=first_given(regularizer, self._regularizer),
                reuse=first_given(reuse, self._reuse),
                trainable=trainable,
                collections=collections,
                caching_device=first_given(caching_device, self._caching_device),
                partitioner=first_given(partitioner, self._partitioner),
                validate_shape=validate_shape,
                use_resource=first_given(use_resource, self._use_resource),
                custom_getter=first_given(custom_getter, self._custom_getter),
                constraint=first_given(constraint, self._constraint),
                synchronization=synchronization,
                aggregation=aggregation,
            )

    def _get_partitioned_variable(
        self,
        var_store: VariableStore,
        name: str | None,
        dtype: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        use_resource: bool | None = None,
        constraint: Any = None,
        **settings: Any,
    ) -> Any:
        if self._custom_getter is not None:
            raise ValueError(
                "Private access to _get_partitioned_variable is not allowed when a custom getter is set.  Current "
                f"custom getter: {self._custom_getter}.  It is likely that you're using create_partitioned_variables. "
                " If so, consider instead using get_variable with a non-empty partitioner parameter instead."
            )
        if partitioner is None and self._partitioner is None:
            raise ValueError("No partitioner was specified")
        with name_scope(None):
            return var_store._get_partitioned_variable(
                "/".join(part for part in (self.name, name) if part),
                dtype=first_given(dtype, self._dtype),
                initializer=first_given(initializer, self._initializer),
                regularizer=first_given(regularizer, self._regularizer),
                caching_device=first_given(caching_device, self._caching_device),
                partitioner=first_given(partitioner, self._partitioner),
                use_resource=first_given(use_resource, self._use_resource),
                constraint=first_given(constraint, self._constraint),
                reuse=self.reuse,
                **settings,
            )


def first_given(value: Any, default: Any) -> Any:
    """`value`, or when it is None the default."""
    return default if value is None else value


class VariableScopeStore(threading.local):
    """The current scope of a thread in a graph, and how often each scope name was opened."""

    def __init__(self) -> None:
        self.current_scope = VariableScope(False)
        self.variable_scopes_count: dict[str, int] = {}

    def open_variable_scope(self, scope_name: str) -> None:
        self.variable_scopes_count[scope_name] = self.variable_scopes_count.get(scope_name, 0) + 1

    def close_variable_subscopes(self, scope_name: str | None) -> None:
        for name in self.variable_scopes_count:
            if scope_name is None or name.startswith(scope_name + "/"):
                self.variable_scopes_count[name] = 0

    def variable_scope_count(self, scope_name: str) -> int:
        return self.variable_scopes_count.get(scope_name, 0)


def _in_graph(key: Any, kind: type) -> Any:
    found = get_collection(key)
    if found:
        return found[0]
    made = kind()
    get_default_graph().get_collection_ref(key).append(made)
    return made


def get_variable_scope_store() -> VariableScopeStore:
    return _in_graph(_SCOPES_KEY, VariableScopeStore)


def _get_default_variable_store() -> VariableStore:
    return _in_graph(_STORE_KEY, VariableStore)


@contextlib.contextmanager
def with_variable_store(store: VariableStore) -> Iterator[None]:
    """Makes `store` the one that `get_variable` of this graph uses inside the block."""
    stores = get_default_graph().get_collection_ref(_STORE_KEY)
    outer = list(stores)
    stores[:] = [store]
    try:
        yield
    finally:
        stores[:] = outer


class EagerVariableStore:
    """Keeps variables of `get_variable` by name, for blocks `with store.as_default()`.

    Args:
      store: the `VariableStore` to use; by default a new one.
    """

    def __init__(self, store: VariableStore | None = None):
        self._store = VariableStore() if store is None else store

    def as_default(self) -> Any:
        """Makes it the graph's store inside a `with` block."""
        return with_variable_store(self._store)

    def variables(self) -> list:
        """Its variables, by name."""
        return sorted(self._store._vars.values(), key=lambda v: v.name)

    def trainable_variables(self) -> list:
        return [v for v in self.variables() if v.trainable]

    def non_trainable_variables(self) -> list:
        return [v for v in self.variables() if not v.trainable]


@export("get_variable_scope")
def get_variable_scope() -> VariableScope:
    """The innermost variable scope."""
    return get_variable_scope_store().current_scope
