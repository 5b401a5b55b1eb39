"""tf.contrib.lookup: the lookup tables under their names of that time."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops import lookup, lookup_initializers, lookup_vocabulary
from pyflow.ops import lookup_ops as table_ops
from pyflow.ops.lookup import InitializableLookupTableBaseV1
from pyflow.ops.lookup_vocabulary import FastHashSpec, index_table_from_file

for _module, _names in (
    (lookup, ("InitializableLookupTableBase", "LookupInterface", "MutableHashTable")),
    (
        lookup_initializers,
        ("KeyValueTensorInitializer", "TableInitializerBase", "TextFileIdTableInitializer", "TextFileIndex",
         "TextFileInitializer", "TextFileStringTableInitializer"),
    ),
    (
        lookup_vocabulary,
        ("FastHashSpec", "HasherSpec", "IdTableWithHashBuckets", "StrongHashSpec", "index_table_from_file",
         "index_to_string_table_from_file"),
    ),
):  # fmt: skip
    for _name in _names:
        export(f"contrib.lookup.{_name}")(getattr(_module, _name))
export("contrib.lookup.MutableDenseHashTable")(lookup.DenseHashTable)


@export("contrib.lookup.HashTable")
class HashTable(InitializableLookupTableBaseV1):
    """A table that is filled once, by `tf.tables_initializer()`.

    Args:
      initializer: what fills it.
      default_value: scalar, for keys that are not there.
      shared_name: tables of the same name are one.
    """

    def __init__(self, initializer: Any, default_value: Any, shared_name: str | None = None, name: str | None = None):
        self._shared_name, self._name, self._table_name = shared_name, name or "hash_table", ""
        super().__init__(default_value, initializer)
        self._value_shape = self._default_value.get_shape()

    init: Any = property(lambda self: self.initializer, doc="The operation that fills the table.")

    @property
    def name(self) -> Any:
        return self._table_name

    def _create_resource(self) -> Tensor:
        handle = table_ops.HashTableV2(
            shared_name=self._shared_name, key_dtype=self._initializer.key_dtype,
            value_dtype=self._initializer.value_dtype, name=self._name,
        )  # fmt: skip
        self._table_name = handle.op.name.split("/")[-1]
        return handle

    def export(self, name: str | None = None) -> tuple[Tensor, Tensor]:
        """All keys and their values."""
        with name_scope(name, f"{self.name}_Export", [self.resource_handle]) as scope:
            keys, values = table_ops.LookupTableExportV2(
                self.resource_handle, self._key_dtype, self._value_dtype, name=scope
            )
        values.set_shape(keys.get_shape().concatenate(self._value_shape))
        return keys, values


@export("contrib.lookup.index_table_from_tensor")
def index_table_from_tensor(
    mapping: Any, num_oov_buckets: int = 0, default_value: int = -1, hasher_spec: Any = FastHashSpec,
    dtype: Any = dtypes.string, name: str | None = None,
) -> Any:  # fmt: skip
    """A table from the elements of a vector to their numbers.

    Args:
      mapping: string or integer [n].
      num_oov_buckets: how many hash buckets there are for other keys.
      default_value: for other keys where there are no buckets.
      hasher_spec: `FastHashSpec` or a `StrongHashSpec`.
      dtype: of the keys that are looked up.
    """
    if mapping is None:
        raise ValueError("mapping must be specified.")
    return lookup_vocabulary.index_table_from_tensor(mapping, num_oov_buckets, default_value, hasher_spec, dtype, name)


@export("contrib.lookup.index_to_string_table_from_tensor")
def index_to_string_table_from_tensor(mapping: Any, default_value: str = "UNK", name: str | None = None) -> Any:
    """A table from numbers to the elements of a vector of strings."""
    if mapping is None:
        raise ValueError("mapping must be specified.")
    return lookup_vocabulary.index_to_string_table_from_tensor(mapping, default_value, name)


@export("contrib.lookup.string_to_index_table_from_file")
def string_to_index_table_from_file(
    vocabulary_file: Any = None, num_oov_buckets: int = 0, vocab_size: int | None = None, default_value: int = -1,
    hasher_spec: Any = FastHashSpec, name: str | None = None,
) -> Any:  # fmt: skip
    """The old name of `index_table_from_file`."""
    return index_table_from_file(
        vocabulary_file, num_oov_buckets, vocab_size, default_value, hasher_spec, key_dtype=dtypes.string, name=name
    )


@export("contrib.lookup.string_to_index_table_from_tensor")
def string_to_index_table_from_tensor(
    mapping: Any, num_oov_buckets: int = 0, default_value: int = -1, hasher_spec: Any = FastHashSpec,
    name: str | None = None,
) -> Any:  # fmt: skip
    """The old name of `index_table_from_tensor`, for strings."""
    with name_scope(name, "string_to_index") as scope:
        mapping = convert_to_tensor(mapping)
    if mapping.dtype.base_dtype != dtypes.string:
        raise ValueError("string_to_index_table_from_tensor requires string.")
    return index_table_from_tensor(mapping, num_oov_buckets, default_value, hasher_spec, name=scope)


@export("contrib.lookup.string_to_index")
def string_to_index(tensor: Any, mapping: Any, default_value: int = -1, name: str | None = None) -> Any:
    """The numbers of strings in a vector; the table has to be filled, as all."""
    return index_table_from_tensor(mapping, default_value=default_value, name=name).lookup(tensor)


@export("contrib.lookup.index_to_string")
def index_to_string(tensor: Any, mapping: Any, default_value: str = "UNK", name: str | None = None) -> Any:
    """The strings of numbers in a vector; the table has to be filled, as all."""
    return index_to_string_table_from_tensor(mapping, default_value, name).lookup(tensor)
