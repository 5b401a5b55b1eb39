"""Lookup tables of vocabularies: from words to their numbers, with buckets for those that are not in it, and back."""

from __future__ import annotations

import collections
import functools
import numbers
from typing import Any, Callable

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import name_scope
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops.array_shape import size
from pyflow.ops.cast import cast
from pyflow.ops.control_flow import no_op
from pyflow.ops.lookup import HashTable, LookupInterface, StaticHashTable
from pyflow.ops.lookup_initializers import (
    KeyValueTensorInitializer,
    TextFileIdTableInitializer,
    TextFileIndex,
    TextFileStringTableInitializer,
)
from pyflow.ops.ranges import range
from pyflow.ops.string_formatting import as_string


class HasherSpec(collections.namedtuple("HasherSpec", ["hasher", "key"])):
    """Which hash puts words into buckets: "fasthash", "stronghash" with a key, or "legacy"."""

    __slots__ = ()


FastHashSpec = HasherSpec("fasthash", None)


class StrongHashSpec(HasherSpec):
    """A hash with a key of two ints, without which nobody can aim at a bucket."""

    __slots__ = ()

    def __new__(cls, key: Any) -> StrongHashSpec:
        if len(key) != 2:
            raise ValueError(f"key must have size 2, got {len(key)}.")
        if not all(isinstance(part, numbers.Integral) for part in key):
            raise TypeError(f"Invalid key {key}. Must be unsigned integer values.")
        return super().__new__(cls, "stronghash", key)


def _hash_function(spec: HasherSpec) -> Callable[..., Tensor]:
    if not isinstance(spec, HasherSpec):
        raise TypeError(f"hasher_spec must be of type HasherSpec {spec}")
    if spec.hasher == "fasthash":
        return raw.StringToHashBucketFast
    if spec.hasher == "legacy":
        return raw.StringToHashBucket
    if spec.hasher == "stronghash":
        return functools.partial(raw.StringToHashBucketStrong, key=spec.key)
    raise ValueError(f"Unknown hasher {spec.hasher}")


def _check_key_dtypes(table_dtype: Any, key_dtype: Any) -> None:
    supported = dtypes.int64, dtypes.string
    if table_dtype not in supported:
        raise TypeError(f"Invalid key dtype, expected one of {supported}, but got {key_dtype}.")
    if table_dtype.is_integer != key_dtype.is_integer:
        kind = "integer" if key_dtype.is_integer else "non-integer"
        raise TypeError(f"Invalid key dtype, expected {kind} but got {table_dtype}.")


class _BucketTable(LookupInterface):
    """A table (or none) whose unknown keys get numbers above its own, by their hashes."""

    def __init__(self, table: Any, num_oov_buckets: int, hasher_spec: Any, name: str | None, key_dtype: Any):
        super().__init__(key_dtype, dtypes.int64)
        self._table, self._num_oov_buckets, self._hasher_spec = table, num_oov_buckets, hasher_spec
        self._table_name = name.split("/")[-1] if name else None

    @property
    def initializer(self) -> Any:
        """The operation that fills the table."""
        if self._table is not None:
            return self._table.initializer
        with name_scope(None, "init"):
            return no_op()

    @property
    def resource_handle(self) -> Any:  # type: ignore[override]
        return None if self._table is None else self._table.resource_handle

    @property
    def name(self) -> Any:
        return self._table_name

    def size(self, name: str | None = None) -> Tensor:
        """How many keys and buckets there are; int64."""
        with name_scope(name, f"{self.name}_Size"):
            known = self._table.size() if self._table else convert_to_tensor(0, dtype=dtypes.int64)
            return known + self._num_oov_buckets

    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """The numbers of keys, int64.

        Args:
          keys: a tensor or SparseTensor.

        Raises:
          TypeError: the keys have another dtype than the table's.
        """
        self._check_keys(keys)
        values = keys.values if isinstance(keys, SparseTensor) else keys
        if self._table and self._table.key_dtype.base_dtype == dtypes.int64:
            values = cast(values, dtypes.int64)
        if self._num_oov_buckets == 0:
            ids = self._table.lookup(values, name=name)
        else:
            with name_scope(name, f"{self.name}_Lookup"):
                texts = values if values.dtype.base_dtype == dtypes.string else as_string(values)
                ids = _hash_function(self._hasher_spec)(texts, num_buckets=self._num_oov_buckets, name="hash_bucket")
                if self._table:
                    ids = self._known_or(values, ids)
        return SparseTensor(keys.indices, ids, keys.dense_shape) if isinstance(keys, SparseTensor) else ids

    def _known_or(self, values: Any, buckets: Tensor) -> Tensor:
        ids = self._table.lookup(values)
        buckets = raw.Add(buckets, self._table.size())
        return raw.SelectV2(raw.NotEqual(ids, self._table.default_value), ids, buckets)


class IdTableWithHashBuckets(_BucketTable):
    """The numbers that a table has for keys, and those of hash buckets for keys that it does not have.

    Args:
      table: from strings or int64 to int64; without one there are only buckets.
      num_oov_buckets: how many buckets there are.
      hasher_spec: `FastHashSpec` or a `StrongHashSpec`.
      key_dtype: of the keys; that of the table if None.

    Raises:
      TypeError, ValueError: the dtypes do not go together, or there is neither a table nor a bucket.
    """

    def __init__(
        self, table: Any, num_oov_buckets: int, hasher_spec: Any = FastHashSpec, name: str | None = None,
        key_dtype: Any = None,
    ):  # fmt: skip
        name = name.rstrip("/") if name else name
        if table:
            key_dtype = table.key_dtype if key_dtype is None else key_dtype
            _check_key_dtypes(table.key_dtype, key_dtype)
            if table.value_dtype != dtypes.int64:
                raise TypeError(f"Invalid value dtype, expected {dtypes.int64} but got {table.value_dtype}.")
            name = name or table.name
        else:
            if num_oov_buckets <= 0:
                raise ValueError("oov_buckets must be > 0 if no table is supplied.")
            key_dtype, table, name = dtypes.string if key_dtype is None else key_dtype, None, name or "hash_bucket"
        if not key_dtype.is_integer and key_dtype != dtypes.string:
            raise TypeError(f"Invalid key_dtype, expected integer or string, got {key_dtype}.")
        if not isinstance(hasher_spec, HasherSpec):
            raise TypeError(f"hasher_spec must be of type HasherSpec, got {hasher_spec}")
        super().__init__(table, num_oov_buckets, hasher_spec, name, key_dtype)

    init: Any = property(lambda self: self.initializer, doc="The operation that fills the table.")


@export("lookup.StaticVocabularyTable")
class StaticVocabularyTable(_BucketTable):
    """From words to numbers, with buckets for those that are not in the vocabulary.

    Args:
      initializer: what fills it with pairs of string or int64 and int64; None for buckets alone.
      num_oov_buckets: how many buckets there are, at least one.
      lookup_key_dtype: of the keys; that of the initializer if None.

    Raises:
      TypeError, ValueError: the dtypes do not go together, or there is no bucket.
    """

    def __init__(self, initializer: Any, num_oov_buckets: int, lookup_key_dtype: Any = None, name: str | None = None):
        if num_oov_buckets <= 0:
            raise ValueError("oov_buckets must be > 0.")
        name, table = name.rstrip("/") if name else name, None
        if initializer:
            key_dtype = initializer.key_dtype if lookup_key_dtype is None else lookup_key_dtype
            _check_key_dtypes(initializer.key_dtype, key_dtype)
            if initializer.value_dtype != dtypes.int64:
                raise TypeError(f"Invalid value dtype, expected {dtypes.int64} but got {initializer.value_dtype}.")
            table = HashTable(initializer, default_value=-1)
            name = name or table.name
        else:
            key_dtype, name = dtypes.string, name or "hash_bucket"
        super().__init__(table, num_oov_buckets, FastHashSpec, name, key_dtype)


StaticVocabularyTableV1 = StaticVocabularyTable


def _check_vocabulary_file(vocabulary_file: Any, vocab_size: int | None, detail: str = "") -> None:
    if vocabulary_file is None or (isinstance(vocabulary_file, str) and not vocabulary_file):
        raise ValueError("vocabulary_file must be specified and must not be empty.")
    if vocab_size is not None and vocab_size < 1:
        raise ValueError(f"vocab_size must be greater than 0, got {vocab_size}.{detail}")


def _check_buckets(num_oov_buckets: int) -> None:
    if num_oov_buckets < 0:
        raise ValueError(f"num_oov_buckets must be greater or equal than 0, got {num_oov_buckets}.")


def _with_buckets(table: Any, num_oov_buckets: int, hasher_spec: Any, key_dtype: Any) -> Any:
    if num_oov_buckets:
        return IdTableWithHashBuckets(table, num_oov_buckets, hasher_spec, key_dtype=key_dtype)
    return table


def index_table_from_file(
    vocabulary_file: Any = None, num_oov_buckets: int = 0, vocab_size: int | None = None, default_value: int = -1,
    hasher_spec: Any = FastHashSpec, key_dtype: Any = dtypes.string, name: str | None = None,
    key_column_index: int = TextFileIndex.WHOLE_LINE, value_column_index: int = TextFileIndex.LINE_NUMBER,
    delimiter: str = "\t",
) -> Any:  # fmt: skip
    """A table from the lines of a file to their numbers.

    Args:
      vocabulary_file: the file.
      num_oov_buckets: how many hash buckets there are for keys that are not in the file.
      vocab_size: how many lines are read; all if None.
      default_value: for keys that are not in the file, where there are no buckets.
      hasher_spec: `FastHashSpec` or a `StrongHashSpec`.
      key_dtype: string or an integer dtype.
      key_column_index, value_column_index, delimiter: as of `TextFileInitializer`.
    """
    _check_buckets(num_oov_buckets)
    _check_vocabulary_file(vocabulary_file, vocab_size, f" vocabulary_file: {vocabulary_file}")
    if not key_dtype.is_integer and key_dtype.base_dtype != dtypes.string:
        raise TypeError("Only integer and string keys are supported.")
    with name_scope(name, "string_to_index"):
        with name_scope(None, "hash_table"):
            initializer = TextFileIdTableInitializer(
                vocabulary_file, vocab_size=vocab_size, key_dtype=dtypes.int64 if key_dtype.is_integer else key_dtype,
                name="table_init", key_column_index=key_column_index, value_column_index=value_column_index,
                delimiter=delimiter,
            )  # fmt: skip
            table = StaticHashTable(initializer, default_value)
        return _with_buckets(table, num_oov_buckets, hasher_spec, key_dtype)


def index_table_from_tensor(
    vocabulary_list: Any, num_oov_buckets: int = 0, default_value: int = -1, hasher_spec: Any = FastHashSpec,
    dtype: Any = dtypes.string, name: str | None = None,
) -> Any:  # fmt: skip
    """A table from the elements of a vector to their numbers; the arguments are those of `index_table_from_file`."""
    if vocabulary_list is None:
        raise ValueError("vocabulary_list must be specified.")
    _check_buckets(num_oov_buckets)
    if not dtype.is_integer and dtype.base_dtype != dtypes.string:
        raise TypeError("Only integer and string keys are supported.")
    with name_scope(name, "string_to_index"):
        keys = convert_to_tensor(vocabulary_list)
        if keys.dtype.is_integer != dtype.is_integer:
            raise ValueError(f"Expected {'integer' if dtype.is_integer else 'non-integer'}, got {keys.dtype}.")
        if not dtype.is_integer and keys.dtype.base_dtype != dtype:
            raise ValueError(f"Expected {dtype}, got {keys.dtype}.")
        values = cast(range(size(keys)), dtypes.int64)
        with name_scope(None, "hash_table"):
            keys = cast(keys, dtypes.int64) if keys.dtype.is_integer else keys
            initializer = KeyValueTensorInitializer(
                keys, values, keys.dtype.base_dtype, dtypes.int64, name="table_init"
            )
            table = StaticHashTable(initializer, default_value)
        return _with_buckets(table, num_oov_buckets, hasher_spec, dtype)


def index_to_string_table_from_file(
    vocabulary_file: Any, vocab_size: int | None = None, default_value: str = "UNK", name: str | None = None,
    key_column_index: int = TextFileIndex.LINE_NUMBER, value_column_index: int = TextFileIndex.WHOLE_LINE,
    delimiter: str = "\t",
) -> Any:  # fmt: skip
    """A table from the numbers of lines to the lines of a file."""
    _check_vocabulary_file(vocabulary_file, vocab_size)
    with name_scope(name, "index_to_string"):
        initializer = TextFileStringTableInitializer(
            vocabulary_file, vocab_size=vocab_size, name="table_init", key_column_index=key_column_index,
            value_column_index=value_column_index, delimiter=delimiter,
        )  # fmt: skip
        return StaticHashTable(initializer, default_value)


def index_to_string_table_from_tensor(vocabulary_list: Any, default_value: str = "UNK", name: str | None = None) -> Any:
    """A table from numbers to the elements of a vector of strings."""
    if vocabulary_list is None:
        raise ValueError("vocabulary_list must be specified.")
    with name_scope(name, "index_to_string"):
        vocabulary_list = convert_to_tensor(vocabulary_list, dtypes.string)
        keys = cast(range(size(vocabulary_list)), dtypes.int64)
        initializer = KeyValueTensorInitializer(keys, vocabulary_list, dtypes.int64, dtypes.string, name="table_init")
        return StaticHashTable(initializer, default_value)
