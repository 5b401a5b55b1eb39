"""Lookup tables: tf.lookup's StaticHashTable, and tables whose contents may change."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import DType
from pyflow.core.init_scope import init_scope
from pyflow.core.scopes import add_to_collection, colocate_with, name_scope
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops import lookup_ops
from pyflow.ops.saveable_object import SaveableObject, SaveSpec


class LookupInterface:
    """A table, from keys of one dtype to values of another.

    Attributes:
      key_dtype, value_dtype: of keys and values.
    """

    def __init__(self, key_dtype: Any, value_dtype: Any):
        self._key_dtype = dtypes.as_dtype(key_dtype)
        self._value_dtype = dtypes.as_dtype(value_dtype)
        self._resource_handle: Any = None

    key_dtype: DType = property(lambda self: self._key_dtype, doc="The dtype of the keys.")  # type: ignore
    value_dtype: DType = property(lambda self: self._value_dtype, doc="The dtype of the values.")  # type: ignore
    resource_handle: Any = property(lambda self: self._resource_handle, doc="The handle.")

    @property
    def name(self) -> Any:
        return NotImplementedError

    def size(self, name: str | None = None) -> Tensor:
        raise NotImplementedError

    def lookup(self, keys: Any, name: str | None = None) -> Any:
        raise NotImplementedError

    def _create_resource(self) -> Any:
        raise NotImplementedError

    def _check_keys(self, keys: Any) -> None:
        if keys.dtype.base_dtype != self._key_dtype:
            raise TypeError(f"Signature mismatch. Keys must be dtype {self._key_dtype}, got {keys.dtype}.")


class InitializableLookupTableBase(LookupInterface):
    """A table that an operation fills."""

    def __init__(self, default_value: Any, initializer: Any):
        super().__init__(initializer.key_dtype, initializer.value_dtype)
        self._default_value = convert_to_tensor(default_value, dtype=self._value_dtype)
        self._default_value.get_shape().merge_with([])
        self._initializer = initializer
        with init_scope():
            self._resource_handle = self._create_resource()
            self._init_op = self._initialize()

    default_value: Tensor = property(lambda self: self._default_value, doc="What keys have that are not there.")  # type: ignore
    initializer: Any = property(lambda self: self._init_op, doc="The operation that fills the table.")

    def _initialize(self) -> Any:
        return self._initializer.initialize(self)

    def size(self, name: str | None = None) -> Tensor:
        """How many keys the table has; int64."""
        with name_scope(name, f"{self.name}_Size", [self.resource_handle]):
            return lookup_ops.LookupTableSizeV2(self.resource_handle)

    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """The values of keys, or the default value.

        Args:
          keys: a tensor or SparseTensor.

        Returns:
          A tensor or SparseTensor of the same shape.

        Raises:
          TypeError: the keys have another dtype than the table's.
          FailedPreconditionError: the table has not been filled.
        """
        self._check_keys(keys)
        tensor = keys.values if isinstance(keys, SparseTensor) else keys
        with name_scope(name, f"{self.name}_Lookup", [self.resource_handle, tensor, self._default_value]):
            values = lookup_ops.LookupTableFindV2(self.resource_handle, tensor, self._default_value)
        values.set_shape(tensor.get_shape())
        return SparseTensor(keys.indices, values, keys.dense_shape) if isinstance(keys, SparseTensor) else values


class InitializableLookupTableBaseV1(InitializableLookupTableBase):
    """The same, under TF 1's name."""


@export("lookup.StaticHashTable")
class StaticHashTable(InitializableLookupTableBase):
    """A table that is filled once, by `tf.tables_initializer()`.

    Args:
      initializer: what fills it: `KeyValueTensorInitializer` or `TextFileInitializer`.
      default_value: scalar, for keys that are not there.
    """

    def __init__(self, initializer: Any, default_value: Any, name: str | None = None):
        self._shared_name = initializer._shared_name or f"hash_table_{uuid.uuid4()}"
        self._name = name or "hash_table"
        self._table_name = ""
        super().__init__(default_value, initializer)
        self._value_shape = self._default_value.get_shape()

    @property
    def name(self) -> Any:
        return self._table_name

    def _create_resource(self) -> Tensor:
        handle = lookup_ops.HashTableV2(
            shared_name=self._shared_name, key_dtype=self._initializer.key_dtype,
            value_dtype=self._initializer.value_dtype, name=self._name,
        )  # fmt: skip
        self._table_name = handle.op.name.split("/")[-1]
        return handle

    def export(self, name: str | None = None) -> tuple[Tensor, Tensor]:
        """All keys and their values."""
        with name_scope(name, f"{self.name}_Export", [self.resource_handle]):
            keys, values = lookup_ops.LookupTableExportV2(self.resource_handle, self._key_dtype, self._value_dtype)
        values.set_shape(keys.get_shape().concatenate(self._value_shape))
        return keys, values


StaticHashTableV1 = StaticHashTable


class HashTable(StaticHashTable):
    """A `StaticHashTable` whose initializer has an older name, too."""

    init: Any = property(lambda self: self.initializer, doc="The operation that fills the table.")


class _ChangingTable(LookupInterface):
    """What tables share whose contents may change, and which checkpoints keep."""

    def __init__(self, key_dtype: Any, value_dtype: Any, default_value: Tensor, name: str, checkpoint: bool):
        super().__init__(key_dtype, value_dtype)
        self._default_value, self._name, self._checkpoint = default_value, name, checkpoint
        self._value_shape = default_value.get_shape()
        self._resource_handle = self._create_resource()
        self._table_name = self._resource_handle.op.name.split("/")[-1]
        if checkpoint:
            add_to_collection(GraphKeys.SAVEABLE_OBJECTS, _TableSaveable(self, name))

    @property
    def name(self) -> Any:
        return self._table_name

    def size(self, name: str | None = None) -> Tensor:
        """How many keys the table has; int64."""
        with name_scope(name, f"{self.name}_Size", [self.resource_handle]), colocate_with(self.resource_handle):
            return lookup_ops.LookupTableSizeV2(self.resource_handle)

    def lookup(self, keys: Any, name: str | None = None) -> Tensor:
        """The values of keys, or the default value: the shape of `keys`, then that of one value."""
        with name_scope(name, f"{self.name}_lookup_table_find", [self.resource_handle, keys]):
            keys = convert_to_tensor(keys, dtype=self._key_dtype, name="keys")
            with colocate_with(self.resource_handle):
                return lookup_ops.LookupTableFindV2(self.resource_handle, keys, self._default_value)

    def insert(self, keys: Any, values: Any, name: str | None = None) -> Any:
        """The operation that sets the values of keys."""
        with name_scope(name, f"{self.name}_lookup_table_insert", [self.resource_handle, keys, values]):
            keys = convert_to_tensor(keys, self._key_dtype, name="keys")
            values = convert_to_tensor(values, self._value_dtype, name="values")
            with colocate_with(self.resource_handle):
                return lookup_ops.LookupTableInsertV2(self.resource_handle, keys, values)

    def remove(self, keys: Any, name: str | None = None) -> Any:
        """The operation that takes keys out; those that are not there are no error."""
        self._check_keys(keys)
        with name_scope(name, f"{self.name}_lookup_table_remove", [self.resource_handle, keys, self._default_value]):
            return lookup_ops.LookupTableRemoveV2(self.resource_handle, keys)

    def export(self, name: str | None = None) -> tuple[Tensor, Tensor]:
        """All keys and their values."""
        with name_scope(name, f"{self.name}_lookup_table_export_values", [self.resource_handle]):
            with colocate_with(self.resource_handle):
                keys, values = lookup_ops.LookupTableExportV2(self.resource_handle, self._key_dtype, self._value_dtype)
            values.set_shape(keys.get_shape().concatenate(self._value_shape))
            return keys, values


class _TableSaveable(SaveableObject):
    """A table in a checkpoint: its keys and its values."""

    def __init__(self, table: _ChangingTable, name: str):
        keys, values = table.export()
        super().__init__(table, [SaveSpec(keys, "", f"{name}-keys"), SaveSpec(values, "", f"{name}-values")], name)

    def restore(self, restored_tensors: Sequence[Tensor], restored_shapes: Any, name: str | None = None) -> Any:
        with name_scope(name, f"{self.name}_table_restore"), colocate_with(self.op.resource_handle):
            return lookup_ops.LookupTableImportV2(self.op.resource_handle, *restored_tensors)


class MutableHashTable(_ChangingTable):
    """A table whose contents may change.

    Args:
      key_dtype, value_dtype: of keys and values.
      default_value: for keys that are not there; its shape is that of one value.
      checkpoint: whether checkpoints keep the contents.
    """

    def __init__(
        self, key_dtype: Any, value_dtype: Any, default_value: Any, name: str = "MutableHashTable",
        checkpoint: bool = True,
    ):  # fmt: skip
        super().__init__(
            key_dtype, value_dtype, convert_to_tensor(default_value, dtype=value_dtype), name, checkpoint
        )

    def _create_resource(self) -> Tensor:
        attrs: dict[str, Any] = {
            "use_node_name_sharing": self._checkpoint, "key_dtype": self._key_dtype,
            "value_dtype": self._value_dtype, "name": self._name,
        }  # fmt: skip
        if self._value_shape.ndims == 0:
            return lookup_ops.MutableHashTableV2(**attrs)
        return lookup_ops.MutableHashTableOfTensorsV2(value_shape=self._value_shape, **attrs)


@export("lookup.experimental.DenseHashTable")
class DenseHashTable(_ChangingTable):
    """A table whose contents may change, in one array of buckets.

    Args:
      key_dtype, value_dtype: of keys and values.
      default_value: for keys that are not there; its shape is that of one value.
      empty_key, deleted_key: two keys that stand for nothing, and may not be used.
      initial_num_buckets: a power of two.
      checkpoint: whether checkpoints keep the contents.
    """

    def __init__(
        self, key_dtype: Any, value_dtype: Any, default_value: Any, empty_key: Any, deleted_key: Any,
        initial_num_buckets: int | None = None, name: str = "MutableDenseHashTable", checkpoint: bool = True,
    ):  # fmt: skip
        default_value = convert_to_tensor(default_value, dtype=value_dtype, name="default_value")
        self._initial_num_buckets = initial_num_buckets
        self._empty_key = convert_to_tensor(empty_key, dtype=key_dtype, name="empty_key")
        self._deleted_key = convert_to_tensor(deleted_key, dtype=key_dtype, name="deleted_key")
        super().__init__(key_dtype, value_dtype, default_value, name, checkpoint)

    def _create_resource(self) -> Tensor:
        return lookup_ops.MutableDenseHashTableV2(
            self._empty_key, self._deleted_key, use_node_name_sharing=self._checkpoint,
            value_dtype=self._value_dtype, value_shape=self._value_shape,
            initial_num_buckets=self._initial_num_buckets, name=self._name,
        )  # fmt: skip

    def insert_or_assign(self, keys: Any, values: Any, name: str | None = None) -> Any:
        """The operation that sets the values of keys."""
        return self.insert(keys, values, name)

    def erase(self, keys: Any, name: str | None = None) -> Any:
        """The operation that takes keys out."""
        return self.remove(keys, name)
